//! What every answer has: an id, no place in any cache, and its problem written down.
use crate::problem::Problem;
use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderName, HeaderValue, header};

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(crate) async fn envelope(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let id = format!("{:032x}", rand::random::<u128>());
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        if problem.status.is_server_error() {
            tracing::warn!(request_id = %id, code = problem.code, "a management call failed");
        }
        problem.write(&mut response, &id);
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(&REQUEST_ID, id);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
