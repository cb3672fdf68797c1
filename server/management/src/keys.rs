//! `/apps/{app}/keys` and `/keys/{key}`: what opens the gateway.
use crate::{
    House, apps,
    input::{Body, NoQuery, OptionalBody, Patch, Path, Query, expect_type, given, name, read},
    list::{List, Part, list},
    problem::Problem,
    shape::{Between, Name, Network, OperationName},
};
use axum::{
    Extension, Json, Router,
    extract::{Request, State},
    routing::{get, post},
};
use bytes::Bytes;
use http::StatusCode;
use ipnet::IpNet;
use portico_control::{ControlError, Imported, KeyChange, KeyRequest, Who};
use portico_domain::{
    Clock as _, Environment, Key, KeyId, KeyStatus, PublicKeyId, Role, SecretToken, Slug, SystemClock, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A million lines of 128 bytes.
const IMPORT_LIMIT: usize = 128 * 1024 * 1024;

pub(crate) fn router() -> Router<House> {
    Router::new()
        .route("/apps/{app}/keys", get(index).post(create))
        .route("/apps/{app}/keys/import", post(import))
        .route("/keys/{key}", get(show).patch(change).delete(revoke))
        .route("/keys/{key}/rotate", post(rotate))
}

#[derive(Serialize)]
struct KeyView {
    id: String,
    app: String,
    name: String,
    environment: Environment,
    /// The part of the secret that may be shown.
    public_id: PublicKeyId,
    status: &'static str,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    apis: Vec<Slug>,
    operations: Vec<String>,
    allow_ips: Vec<IpNet>,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
    /// In the answer that makes it, and nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl KeyView {
    fn new(key: Key, secret: Option<&SecretToken>) -> Self {
        let status = match key.status(SystemClock.now()) {
            KeyStatus::Active => "active",
            KeyStatus::Expired => "expired",
            KeyStatus::Revoked => "revoked",
        };
        Self {
            id: key.id.to_string(),
            app: key.app.to_string(),
            name: key.name.into(),
            environment: key.environment,
            public_id: key.public_id,
            status,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            apis: key.apis,
            operations: key.operations,
            allow_ips: key.allow_ips,
            created_at: key.created_at,
            last_used_at: key.last_used_at,
            secret: secret.map(|secret| secret.reveal().to_owned()),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKey {
    name: Name,
    #[serde(default = "live")]
    environment: Environment,
    expires_at: Option<Timestamp>,
    #[serde(default)]
    apis: Vec<Slug>,
    #[serde(default)]
    operations: Vec<OperationName>,
    #[serde(default)]
    allow_ips: Vec<Network>,
}

fn live() -> Environment {
    Environment::Live
}

fn networks(networks: Vec<Network>) -> Vec<IpNet> {
    networks.into_iter().map(|network| network.0).collect()
}

fn operation_names(names: Vec<OperationName>) -> Vec<String> {
    names.into_iter().map(|name| name.0).collect()
}

/// `null` takes a restriction away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyPatch {
    #[serde(default, deserialize_with = "given")]
    name: Option<Name>,
    #[serde(default, deserialize_with = "given")]
    expires_at: Option<Option<Timestamp>>,
    #[serde(default, deserialize_with = "given")]
    apis: Option<Option<Vec<Slug>>>,
    #[serde(default, deserialize_with = "given")]
    operations: Option<Option<Vec<OperationName>>>,
    #[serde(default, deserialize_with = "given")]
    allow_ips: Option<Option<Vec<Network>>>,
}

/// How long the old secret works on; not at all unless said.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    overlap_seconds: Option<Between<0, 604_800>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImportQuery {
    #[serde(default)]
    atomic: bool,
}

#[derive(Serialize)]
struct ImportedView {
    imported: u64,
    refused: Vec<RefusedLine>,
    weak: u64,
}

#[derive(Serialize)]
struct RefusedLine {
    line: u64,
    message: String,
}

async fn index(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    Path([app]): Path<1>,
    Query(part): Query<Part>,
) -> Result<Json<List<KeyView>>, Problem> {
    let page = house.list_keys(&who, apps::id(&app)?, part.after.as_deref(), part.limit.0).await;
    Ok(list(page.map_err(Problem::of_query)?, |key| KeyView::new(key, None)))
}

async fn create(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([app]): Path<1>,
    Body(new): Body<NewKey>,
) -> Result<(StatusCode, Json<KeyView>), Problem> {
    let NewKey { name, environment, expires_at, apis, operations, allow_ips } = new;
    let (operations, allow_ips) = (operation_names(operations), networks(allow_ips));
    let request = KeyRequest { name: name.0, environment, expires_at, apis, operations, allow_ips };
    let (key, secret) = house.add_key(&who, apps::id(&app)?, request).await?;
    Ok((StatusCode::CREATED, Json(KeyView::new(key, Some(&secret)))))
}

async fn show(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([key]): Path<1>,
) -> Result<Json<KeyView>, Problem> {
    let key = house.find_key(&who, id(&key)?).await?;
    Ok(Json(KeyView::new(key, None)))
}

async fn change(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([key]): Path<1>,
    Patch(patch): Patch<KeyPatch>,
) -> Result<Json<KeyView>, Problem> {
    let change = KeyChange {
        name: patch.name.map(|name| name.0),
        expires_at: patch.expires_at,
        apis: patch.apis.map(Option::unwrap_or_default),
        operations: patch.operations.map(|list| operation_names(list.unwrap_or_default())),
        allow_ips: patch.allow_ips.map(|list| networks(list.unwrap_or_default())),
    };
    let key = house.change_key(&who, id(&key)?, change).await?;
    Ok(Json(KeyView::new(key, None)))
}

async fn rotate(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([key]): Path<1>,
    OptionalBody(rotation): OptionalBody<Rotation>,
) -> Result<Json<KeyView>, Problem> {
    let overlap = Duration::from_secs(rotation.overlap_seconds.map_or(0, |seconds| seconds.0));
    let (key, secret) = house.rotate_key(&who, id(&key)?, overlap).await?;
    Ok(Json(KeyView::new(key, Some(&secret))))
}

/// Answers once the key has stopped.
async fn revoke(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([key]): Path<1>,
) -> Result<StatusCode, Problem> {
    house.revoke_key(&who, id(&key)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn import(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    Path([app]): Path<1>,
    Query(query): Query<ImportQuery>,
    request: Request,
) -> Result<Json<ImportedView>, Problem> {
    let app = apps::id(&app)?;
    expect_type(request.headers(), &["text/csv"])?;
    // Who may not import is told so by the house, and need not be listened to before.
    let admin = who.role() == Some(Role::Admin);
    let csv = if admin { read(request, IMPORT_LIMIT, "128 MiB").await? } else { Bytes::new() };
    let outcome = house.import_keys(&who, app, &csv, query.atomic).await;
    let Imported { imported, refused, weak } = outcome.map_err(|error| match error {
        ControlError::Invalid(_) => Problem::body(String::new(), error.to_string()),
        error => error.into(),
    })?;
    let refused = refused.into_iter().map(|(line, message)| RefusedLine { line, message }).collect();
    Ok(Json(ImportedView { imported, refused, weak }))
}

fn id(text: &str) -> Result<KeyId, Problem> {
    name(text, "such key")
}
