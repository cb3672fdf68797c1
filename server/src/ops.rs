//! The operations listener: is it alive, is it ready, how is it doing.
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use portico_gateway::Gateway;
use portico_telemetry::Metrics;
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// What the listener tells about.
pub(crate) struct Ops {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) draining: AtomicBool,
}

pub(crate) fn router(ops: Arc<Ops>) -> Router {
    Router::new()
        .route("/live", get(|| async { "alive\n" }))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(ops)
}

async fn ready(State(ops): State<Arc<Ops>>) -> Response {
    let seen = ops.gateway.observe();
    if ops.draining.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"snapshot": seen.snapshot_version, "draining": true})))
            .into_response();
    }
    let Some(age) = seen.snapshot_age else {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"snapshot": null}))).into_response();
    };
    Json(json!({"snapshot": seen.snapshot_version, "age_seconds": age.as_secs()})).into_response()
}

async fn metrics(State(ops): State<Arc<Ops>>) -> impl IntoResponse {
    // Exposition format 0.0.4 of Prometheus.
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], ops.metrics.render())
}
