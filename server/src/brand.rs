//! `/brand.css` and `/brand/logo`: what an owner set in place of Portico's own colours and mark.
use crate::conditional;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use portico_control::Control;
use portico_domain::fingerprint;
use std::sync::Arc;

pub(crate) fn router(control: Arc<Control>) -> Router {
    Router::new().route("/brand.css", get(stylesheet)).route("/brand/logo", get(logo)).with_state(control)
}

async fn stylesheet(State(control): State<Arc<Control>>, headers: HeaderMap) -> Response {
    match control.brand().await.accent {
        Some(accent) => kept("text/css; charset=utf-8", accent.shades().stylesheet().into_bytes(), &headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn logo(State(control): State<Arc<Control>>, headers: HeaderMap) -> Response {
    match &control.brand().await.logo {
        Some(logo) => kept(logo.media_type.as_str(), logo.bytes.clone(), &headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Pages ask with the digest in the address, which changes with what stands there.
fn kept(kind: &'static str, bytes: Vec<u8>, headers: &HeaderMap) -> Response {
    let tag = fingerprint(&bytes);
    let mut response = if conditional::knows(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        bytes.into_response()
    };
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // A picture that is opened by itself is a document of ours: an SVG runs nothing there.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{tag}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
