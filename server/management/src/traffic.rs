//! `/usage` and `/requests`: what went through the gateway.
use crate::{
    House, apps,
    input::{Limit, NoQuery, Path, Query, name},
    list::{List, list},
    problem::Problem,
};
use axum::{Extension, Json, Router, extract::State, routing::get};
use portico_control::{RequestQuery, UsageRequest, Who};
use portico_domain::{Clock as _, Explanation, KeyId, RequestRecord, Slug, SystemClock, Timestamp};
use portico_store::{Bucket, By, UsageSum};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::time::Duration;

pub(crate) fn router() -> Router<House> {
    Router::new()
        .route("/usage", get(usage))
        .route("/requests", get(requests))
        .route("/requests/{request}", get(request))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UsageParameters {
    /// A day before `to` unless given.
    from: Option<Timestamp>,
    /// Now unless given.
    to: Option<Timestamp>,
    #[serde(default)]
    bucket: BucketName,
    #[serde(default, deserialize_with = "by")]
    by: By,
    api: Option<Slug>,
    app: Option<String>,
    key: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum BucketName {
    Minute,
    #[default]
    Hour,
    Day,
}

impl From<BucketName> for Bucket {
    fn from(name: BucketName) -> Self {
        match name {
            BucketName::Minute => Self::Minute,
            BucketName::Hour => Self::Hour,
            BucketName::Day => Self::Day,
        }
    }
}

/// Names apart by commas.
fn by<'de, D: Deserializer<'de>>(from: D) -> Result<By, D::Error> {
    let mut by = By::default();
    for name in String::deserialize(from)?.split(',').filter(|name| !name.is_empty()) {
        *match name {
            "api" => &mut by.api,
            "app" => &mut by.app,
            "key" => &mut by.key,
            "operation" => &mut by.operation,
            "status" => &mut by.status,
            _ => return Err(D::Error::custom("api, app, key, operation and status, apart by commas")),
        } = true;
    }
    Ok(by)
}

/// Fields that were asked for are there even when the value is not known; others are left out.
#[derive(Serialize)]
struct UsageView {
    bucket: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<Option<Slug>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Option<u16>>,
    requests: u64,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
}

impl UsageView {
    fn new(sum: UsageSum, by: By) -> Self {
        Self {
            bucket: sum.bucket,
            api: by.api.then_some(sum.api),
            app: by.app.then_some(sum.app.map(|id| id.to_string())),
            key: by.key.then_some(sum.key.map(|id| id.to_string())),
            operation: by.operation.then_some(sum.operation),
            status: by.status.then_some(sum.status),
            requests: sum.requests,
            p50_ms: sum.p50_ms,
            p95_ms: sum.p95_ms,
            p99_ms: sum.p99_ms,
        }
    }
}

async fn usage(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    Query(asked): Query<UsageParameters>,
) -> Result<Json<List<UsageView>>, Problem> {
    let to = asked.to.unwrap_or_else(|| SystemClock.now());
    let from = asked.from.unwrap_or_else(|| to.minus(Duration::from_hours(24)));
    let (app, key) = (asked.app.as_deref(), asked.key.as_deref());
    let request = UsageRequest {
        from,
        to,
        bucket: asked.bucket.into(),
        by: asked.by,
        api: asked.api,
        app: app.map(apps::id).transpose()?,
        key: key.map(key_id).transpose()?,
    };
    // A range that ends before it begins holds nothing.
    let sums = if from < to { house.usage_rows(&who, request).await.map_err(Problem::of_query)? } else { Vec::new() };
    let items = sums.into_iter().map(|sum| UsageView::new(sum, asked.by)).collect();
    Ok(Json(List { items, next: None }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestParameters {
    #[serde(default)]
    limit: Limit,
    after: Option<String>,
    /// Part of an id or a path.
    q: Option<String>,
    api: Option<Slug>,
    app: Option<String>,
    key: Option<String>,
    status: Option<Status>,
    result: Option<Outcome>,
}

/// An HTTP status.
#[derive(Deserialize)]
#[serde(try_from = "u16")]
struct Status(u16);

impl TryFrom<u16> for Status {
    type Error = &'static str;
    fn try_from(number: u16) -> Result<Self, Self::Error> {
        if (100..=599).contains(&number) { Ok(Self(number)) } else { Err("a number from 100 to 599") }
    }
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Refused,
    Failed,
}

/// Latencies in milliseconds, as everywhere in the API.
#[derive(Serialize)]
struct RequestView {
    id: String,
    at: Timestamp,
    method: String,
    path: String,
    api: Option<Slug>,
    operation: Option<String>,
    app: Option<String>,
    key: Option<String>,
    client: String,
    status: u16,
    total_ms: f64,
    checks_ms: Option<f64>,
    upstream_ms: Option<f64>,
    bytes_in: u64,
    bytes_out: u64,
    refusal: Option<Explanation>,
}

impl From<RequestRecord> for RequestView {
    fn from(from: RequestRecord) -> Self {
        let milliseconds = |micros: u64| micros as f64 / 1_000.0;
        Self {
            id: from.id,
            at: from.at,
            method: from.method,
            path: from.path,
            api: from.api,
            operation: from.operation,
            app: from.app.map(|id| id.to_string()),
            key: from.key.map(|id| id.to_string()),
            client: from.client,
            status: from.status,
            total_ms: milliseconds(from.total_micros),
            checks_ms: from.checks_micros.map(milliseconds),
            upstream_ms: from.upstream_micros.map(milliseconds),
            bytes_in: from.bytes_in,
            bytes_out: from.bytes_out,
            refusal: from.refusal,
        }
    }
}

async fn requests(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    Query(asked): Query<RequestParameters>,
) -> Result<Json<List<RequestView>>, Problem> {
    let (app, key) = (asked.app.as_deref(), asked.key.as_deref());
    let query = RequestQuery {
        text: asked.q,
        api: asked.api,
        app: app.map(apps::id).transpose()?,
        key: key.map(key_id).transpose()?,
        status: asked.status.map(|status| status.0),
        refused: asked.result == Some(Outcome::Refused),
        failed: asked.result == Some(Outcome::Failed),
    };
    let page = house.list_requests(&who, &query, asked.after.as_deref(), asked.limit.0).await;
    Ok(list(page.map_err(Problem::of_query)?, RequestView::from))
}

async fn request(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([request]): Path<1>,
) -> Result<Json<RequestView>, Problem> {
    Ok(Json(house.find_request(&who, &request).await?.into()))
}

fn key_id(text: &str) -> Result<KeyId, Problem> {
    name(text, "such key")
}
