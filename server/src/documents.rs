//! The documents themselves: `/apis/{api}/openapi.json` and `.yaml`, also of older versions.
use axum::{
    Router,
    extract::{Extension, Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use portico_contract::Caller;
use portico_control::{Control, ControlError, Who};
use portico_domain::{Format, Slug};
use std::sync::Arc;

pub(crate) fn router(control: Arc<Control>) -> Router {
    let json = |State(control), caller, Path(api): Path<String>| answer(control, caller, api, None, Format::Json);
    let yaml = |State(control), caller, Path(api): Path<String>| answer(control, caller, api, None, Format::Yaml);
    let old_json = |State(control), caller, Path((api, version)): Path<(String, String)>| {
        answer(control, caller, api, Some(version), Format::Json)
    };
    let old_yaml = |State(control), caller, Path((api, version)): Path<(String, String)>| {
        answer(control, caller, api, Some(version), Format::Yaml)
    };
    Router::new()
        .route("/apis/{api}/openapi.json", get(json))
        .route("/apis/{api}/openapi.yaml", get(yaml))
        .route("/apis/{api}/versions/{version}/openapi.json", get(old_json))
        .route("/apis/{api}/versions/{version}/openapi.yaml", get(old_yaml))
        .with_state(control)
}

async fn answer(
    control: Arc<Control>,
    Extension(caller): Extension<Caller>,
    api: String,
    version: Option<String>,
    format: Format,
) -> Response {
    let found = match api.parse::<Slug>() {
        Ok(slug) => control.document(&Who::from(&caller), &slug, version.as_deref(), format).await,
        Err(_) => Err(ControlError::NotFound { what: format!("API {api}") }),
    };
    let bytes = match found {
        Ok(bytes) => bytes,
        Err(error) => {
            let status = match error {
                ControlError::NotFound { .. } => StatusCode::NOT_FOUND,
                ControlError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            return (status, format!("{error}\n")).into_response();
        }
    };
    let (media_type, ending) = match format {
        Format::Json => ("application/json", "json"),
        // RFC 9512
        Format::Yaml => ("application/yaml", "yaml"),
    };
    let mut response = (
        [
            (header::CONTENT_TYPE, media_type),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CACHE_CONTROL, "private, no-cache"),
        ],
        bytes,
    )
        .into_response();
    // A slug needs no quoting; what is uploaded is never shown as a page of ours.
    if let Ok(value) = HeaderValue::from_str(&format!("inline; filename=\"{api}.{ending}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
