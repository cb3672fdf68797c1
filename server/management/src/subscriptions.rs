//! `/apps/{app}/subscriptions` and `/subscriptions/{subscription}`: an app's use of an API under a plan.
use crate::{
    House, apps,
    input::{Body, NoQuery, Path, Query, name},
    list::{List, Part, list},
    problem::Problem,
};
use axum::{
    Extension, Json, Router,
    extract::State,
    routing::{get, post},
};
use http::StatusCode;
use portico_control::Who;
use portico_domain::{Slug, Subscription, SubscriptionId, SubscriptionState, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) fn router() -> Router<House> {
    Router::new()
        .route("/apps/{app}/subscriptions", get(index).post(create))
        .route("/subscriptions/{subscription}", get(show).delete(remove))
        .route("/subscriptions/{subscription}/approve", post(approve))
        .route("/subscriptions/{subscription}/reject", post(reject))
}

#[derive(Serialize)]
struct SubscriptionView {
    id: String,
    app: String,
    api: Slug,
    plan: Slug,
    state: SubscriptionState,
    created_at: Timestamp,
}

impl From<Subscription> for SubscriptionView {
    fn from(Subscription { id, app, api, plan, state, created_at }: Subscription) -> Self {
        Self { id: id.to_string(), app: app.to_string(), api, plan, state, created_at }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSubscription {
    api: Slug,
    plan: Slug,
}

async fn index(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    Path([app]): Path<1>,
    Query(part): Query<Part>,
) -> Result<Json<List<SubscriptionView>>, Problem> {
    let page = house.list_subscriptions(&who, apps::id(&app)?, part.after.as_deref(), part.limit.0).await;
    Ok(list(page.map_err(Problem::of_query)?, SubscriptionView::from))
}

async fn create(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([app]): Path<1>,
    Body(NewSubscription { api, plan }): Body<NewSubscription>,
) -> Result<(StatusCode, Json<SubscriptionView>), Problem> {
    let subscription = house.add_subscription(&who, apps::id(&app)?, &api, &plan).await?;
    Ok((StatusCode::CREATED, Json(subscription.into())))
}

async fn show(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([subscription]): Path<1>,
) -> Result<Json<SubscriptionView>, Problem> {
    Ok(Json(house.find_subscription(&who, id(&subscription)?).await?.into()))
}

async fn approve(
    house: State<House>,
    who: Extension<Who>,
    _: NoQuery,
    path: Path<1>,
) -> Result<Json<SubscriptionView>, Problem> {
    decide(house, who, path, true).await
}

async fn reject(
    house: State<House>,
    who: Extension<Who>,
    _: NoQuery,
    path: Path<1>,
) -> Result<Json<SubscriptionView>, Problem> {
    decide(house, who, path, false).await
}

async fn decide(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    Path([subscription]): Path<1>,
    approve: bool,
) -> Result<Json<SubscriptionView>, Problem> {
    Ok(Json(house.decide_subscription(&who, id(&subscription)?, approve).await?.into()))
}

async fn remove(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([subscription]): Path<1>,
) -> Result<StatusCode, Problem> {
    house.remove_subscription(&who, id(&subscription)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn id(text: &str) -> Result<SubscriptionId, Problem> {
    name(text, "such subscription")
}
