//! Texts that are made for one reader: Markdown, lists for programs.
use crate::conditional;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use portico_contract::{Caller, PortalError};
use portico_domain::fingerprint;

/// The text, or that the reader has it already.
pub(crate) fn answer(kind: &'static str, request: &HeaderMap, caller: &Caller, text: String) -> Response {
    let tag = fingerprint(text.as_bytes());
    let mut answer = if conditional::knows(request, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, kind)], text).into_response()
    };
    // As pages are kept: a signed-in reader's not at all.
    let caching = if caller.account.is_some() { "no-store" } else { "private, no-cache" };
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{tag}\"")) {
        headers.insert(header::ETAG, tag);
    }
    answer
}

pub(crate) fn refused(error: &PortalError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, format!("{error}\n")).into_response()
}
