//! What changed from version to version, and whom that concerns.
use crate::{
    House,
    input::{NoQuery, Path, Query},
    problem::Problem,
};
use axum::{Extension, Json, Router, extract::State, routing::get};
use portico_contract::changes::Changes;
use portico_control::{AffectedCaller, Impact, VersionChanges, Who};
use portico_domain::{ApiVersion, Slug, Timestamp, VersionState};
use serde::{Deserialize, Serialize};

pub(crate) fn router() -> Router<House> {
    Router::new()
        .route("/apis/{api}/versions/{version}/changes", get(changes))
        .route("/apis/{api}/versions/{version}/impact", get(impact))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    from: Option<String>,
}

#[derive(Serialize)]
struct VersionName {
    id: String,
    version: String,
    state: VersionState,
}

impl std::convert::From<&ApiVersion> for VersionName {
    fn from(version: &ApiVersion) -> Self {
        Self { id: version.id.to_string(), version: version.version.clone(), state: version.state }
    }
}

#[derive(Serialize)]
struct ChangesView {
    from: Option<VersionName>,
    to: VersionName,
    #[serde(flatten)]
    changes: Changes,
}

async fn changes(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    Path([api, version]): Path<2>,
    Query(From { from }): Query<From>,
) -> Result<Json<ChangesView>, Problem> {
    let api = known(&house, &who, &api).await?;
    let VersionChanges { from, to, changes } = house.changes_of(&who, &api, &version, from.as_deref()).await?;
    let changes = Changes::clone(&changes);
    Ok(Json(ChangesView { from: from.as_ref().map(VersionName::from), to: (&to).into(), changes }))
}

#[derive(Serialize)]
struct ImpactView {
    /// `null` where nothing would change for anybody.
    from: Option<VersionName>,
    since: Option<Timestamp>,
    breaking: u32,
    callers: Vec<CallerView>,
}

#[derive(Serialize)]
struct CallerView {
    app: String,
    name: String,
    owner: String,
    operation: String,
    requests: u64,
    last: Timestamp,
    breaks: Vec<String>,
}

async fn impact(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    Path([api, version]): Path<2>,
    _: NoQuery,
) -> Result<Json<ImpactView>, Problem> {
    let api = known(&house, &who, &api).await?;
    let Some(Impact { from, since, changes, callers, .. }) = house.impact_of(&who, &api, &version).await? else {
        return Ok(Json(ImpactView { from: None, since: None, breaking: 0, callers: Vec::new() }));
    };
    let view = |caller: AffectedCaller| CallerView {
        app: caller.app.id.to_string(),
        name: caller.app.name,
        owner: caller.owner,
        operation: caller.operation,
        requests: caller.requests,
        last: caller.last,
        breaks: caller.changes.iter().map(|&n| changes.items[n].message.clone()).collect(),
    };
    let callers = callers.into_iter().map(view).collect();
    Ok(Json(ImpactView { from: Some((&from).into()), since: Some(since), breaking: changes.breaking, callers }))
}

/// Tells an unknown API from an unknown version of it.
async fn known(house: &House, who: &Who, api: &str) -> Result<Slug, Problem> {
    let slug = api.parse::<Slug>().map_err(|_| Problem::no_such_api())?;
    house.find_api(who, &slug).await.map_err(Problem::of_api)?;
    Ok(slug)
}
