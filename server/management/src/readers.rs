//! `/apis/{api}/readers`: the accounts that may read a private API.
use crate::{
    House,
    input::{Body, NoQuery, Path, Query, name},
    list::{List, Part, list},
    problem::Problem,
    shape::Email,
};
use axum::{
    Extension, Json, Router,
    extract::State,
    routing::{delete, get},
};
use http::StatusCode;
use portico_control::Who;
use portico_domain::{AccountId, EmailAddress, Reader, Slug, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) fn router() -> Router<House> {
    Router::new()
        .route("/apis/{api}/readers", get(index).post(create))
        .route("/apis/{api}/readers/{account}", delete(remove))
}

#[derive(Serialize)]
struct ReaderView {
    /// Of the account.
    id: String,
    email: EmailAddress,
    name: String,
    added_at: Timestamp,
}

impl From<Reader> for ReaderView {
    fn from(Reader { account, email, name, added_at }: Reader) -> Self {
        Self { id: account.to_string(), email, name, added_at }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewReader {
    email: Email,
}

async fn index(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    Path([api]): Path<1>,
    Query(part): Query<Part>,
) -> Result<Json<List<ReaderView>>, Problem> {
    let page = house.list_readers(&who, &slug(&api)?, part.after.as_deref(), part.limit.0).await;
    Ok(list(page.map_err(Problem::of_query)?, ReaderView::from))
}

async fn create(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([api]): Path<1>,
    Body(NewReader { email }): Body<NewReader>,
) -> Result<(StatusCode, Json<ReaderView>), Problem> {
    let reader = house.add_reader(&who, &slug(&api)?, &email.0).await?;
    Ok((StatusCode::CREATED, Json(reader.into())))
}

async fn remove(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([api, account]): Path<2>,
) -> Result<StatusCode, Problem> {
    let account: AccountId = name(&account, "such reader")?;
    house.remove_reader(&who, &slug(&api)?, account).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn slug(text: &str) -> Result<Slug, Problem> {
    name(text, "such API")
}
