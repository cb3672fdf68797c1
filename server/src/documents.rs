//! An API as one file: its document and collections of its requests, also of older versions.
use crate::conditional;
use axum::{
    Router,
    extract::{Extension, Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use portico_contract::Caller;
use portico_control::{Control, ControlError, Download, DownloadKind, Who};
use portico_domain::Format;
use portico_openapi::Collection;
use std::sync::Arc;

/// What stands behind an API's address: the file's name, what it is, its media type.
const FILES: [(&str, DownloadKind, &str); 4] = [
    ("openapi.json", DownloadKind::OpenApi(Format::Json), "application/json"),
    // RFC 9512
    ("openapi.yaml", DownloadKind::OpenApi(Format::Yaml), "application/yaml"),
    ("postman.json", DownloadKind::Collection(Collection::Postman), "application/json"),
    ("bruno.json", DownloadKind::Collection(Collection::Bruno), "application/json"),
];

pub(crate) fn router(control: Arc<Control>) -> Router {
    let mut router = Router::new();
    for file in FILES {
        let published = move |State(control), caller, headers, Path(api): Path<String>| {
            answer(control, caller, headers, (api, None), file)
        };
        let older = move |State(control), caller, headers, Path((api, version)): Path<(String, String)>| {
            answer(control, caller, headers, (api, Some(version)), file)
        };
        router = router
            .route(&format!("/apis/{{api}}/{}", file.0), get(published))
            .route(&format!("/apis/{{api}}/versions/{{version}}/{}", file.0), get(older));
    }
    router.with_state(control)
}

async fn answer(
    control: Arc<Control>,
    Extension(caller): Extension<Caller>,
    request: HeaderMap,
    (api, version): (String, Option<String>),
    (name, kind, media_type): (&str, DownloadKind, &'static str),
) -> Response {
    let download = Download { api: &api, version: version.as_deref(), kind };
    let found = control.download(&Who::from(&caller), download, |tag| conditional::knows(&request, tag)).await;
    let file = match found {
        Ok(file) => file,
        Err(error) => return refused(&error),
    };
    let mut response = match file.bytes {
        None => StatusCode::NOT_MODIFIED.into_response(),
        Some(bytes) => ([(header::CONTENT_TYPE, media_type)], bytes).into_response(),
    };
    let headers = response.headers_mut();
    // A signed-in reader's answer may carry a cookie of theirs, so nobody else may keep it.
    let shared = file.everyone && caller.account.is_none();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(if shared { "public, no-cache" } else { "private, no-cache" }),
    );
    if file.everyone {
        // Viewers and generators in a browser may read what everybody may.
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("etag, content-disposition"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let version = version.map(|version| format!("-{version}")).unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
    let saved: String = format!("{api}{version}-{name}").chars().filter(|c| plain(*c)).collect();
    // A document is read as well as kept.
    let way = if matches!(kind, DownloadKind::OpenApi(_)) { "inline" } else { "attachment" };
    for (name, value) in [
        (header::ETAG, format!("\"{}\"", file.tag)),
        (header::CONTENT_DISPOSITION, format!("{way}; filename=\"{saved}\"")),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

pub(crate) fn refused(error: &ControlError) -> Response {
    let status = match error {
        ControlError::NotFound { .. } => StatusCode::NOT_FOUND,
        ControlError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, format!("{error}\n")).into_response()
}
