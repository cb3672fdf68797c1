//! `/apis/{api}/cache`: what the gateway keeps of answers.
use crate::{
    House,
    input::{NoQuery, OptionalBody, Path},
    problem::Problem,
};
use axum::{Extension, Json, Router, extract::State, routing::post};
use portico_control::Who;
use serde::{Deserialize, Serialize};

pub(crate) fn router() -> Router<House> {
    Router::new().route("/apis/{api}/cache/purge", post(purge))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Purge {
    #[serde(default)]
    path: Option<PathPrefix>,
}

/// Whole segments of a path, as the document has them.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct PathPrefix(String);

impl TryFrom<String> for PathPrefix {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = text.starts_with('/') && text.len() <= 2_000 && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text)) } else { Err("a path of the document, from / on, e.g. /pets") }
    }
}

#[derive(Serialize)]
struct PurgedView {
    /// Targets of which answers were kept.
    purged: usize,
}

async fn purge(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([api]): Path<1>,
    OptionalBody(purge): OptionalBody<Purge>,
) -> Result<Json<PurgedView>, Problem> {
    let api = api.parse().map_err(|_| Problem::no_such_api())?;
    let path = purge.path.map(|path| path.0);
    let purged = house.purge_cache(&who, &api, path.as_deref()).await.map_err(Problem::of_api)?;
    Ok(Json(PurgedView { purged }))
}
