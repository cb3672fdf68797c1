//! The API's own OpenAPI document, kept as YAML for those who write it and served as JSON for those who read it.
use crate::{House, input::NoQuery};
use axum::{Router, response::IntoResponse, routing::get};
use http::{HeaderValue, header};
use serde_json::Value;
use std::sync::LazyLock;

const YAML: &str = include_str!("../openapi.yaml");

/// The document as JSON, indented.
pub fn openapi_json() -> &'static str {
    static JSON: LazyLock<String> = LazyLock::new(|| {
        let document: Value = serde_saphyr::from_str(YAML).unwrap_or_else(|_| unreachable!("openapi.yaml is YAML"));
        format!("{document:#}\n")
    });
    &JSON
}

/// For everybody: who reads the document need not have a token yet.
pub(crate) fn router() -> Router<House> {
    Router::new().route("/openapi.json", get(show))
}

async fn show(_: NoQuery) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], openapi_json())
}
