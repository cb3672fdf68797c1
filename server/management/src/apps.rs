//! `/apps`: what developers build.
use crate::{
    House,
    input::{Body, NoQuery, Patch, Path, Query, given, name},
    list::{List, Part, list},
    problem::Problem,
    shape::{Email, Name},
};
use axum::{Extension, Json, Router, extract::State, routing::get};
use http::StatusCode;
use portico_control::{AppChange, Who};
use portico_domain::{App, AppId, EmailAddress, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) fn router() -> Router<House> {
    Router::new().route("/apps", get(index).post(create)).route("/apps/{app}", get(show).patch(change).delete(remove))
}

#[derive(Serialize)]
struct AppView {
    id: String,
    name: String,
    owner: EmailAddress,
    created_at: Timestamp,
}

impl From<(App, EmailAddress)> for AppView {
    fn from((app, owner): (App, EmailAddress)) -> Self {
        Self { id: app.id.to_string(), name: app.name, owner, created_at: app.created_at }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewApp {
    name: Name,
    owner: Option<Email>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppPatch {
    #[serde(default, deserialize_with = "given")]
    name: Option<Name>,
    #[serde(default, deserialize_with = "given")]
    owner: Option<Email>,
}

async fn index(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    Query(part): Query<Part>,
) -> Result<Json<List<AppView>>, Problem> {
    let page = house.list_apps(&who, part.after.as_deref(), part.limit.0).await.map_err(Problem::of_query)?;
    Ok(list(page, AppView::from))
}

async fn create(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Body(new): Body<NewApp>,
) -> Result<(StatusCode, Json<AppView>), Problem> {
    let app = house.create_app(&who, &new.name.0, new.owner.as_ref().map(|owner| &owner.0)).await?;
    Ok((StatusCode::CREATED, Json(app.into())))
}

async fn show(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([app]): Path<1>,
) -> Result<Json<AppView>, Problem> {
    Ok(Json(house.find_app(&who, id(&app)?).await?.into()))
}

async fn change(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([app]): Path<1>,
    Patch(AppPatch { name, owner }): Patch<AppPatch>,
) -> Result<Json<AppView>, Problem> {
    let change = AppChange { name: name.map(|name| name.0), owner: owner.map(|owner| owner.0) };
    Ok(Json(house.change_app(&who, id(&app)?, change).await?.into()))
}

async fn remove(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([app]): Path<1>,
) -> Result<StatusCode, Problem> {
    house.remove_app(&who, id(&app)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) fn id(text: &str) -> Result<AppId, Problem> {
    name(text, "such app")
}
