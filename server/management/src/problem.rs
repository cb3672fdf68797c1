//! Every answer that is not what was asked for: `application/problem+json` (RFC 9457).
//!
//! A handler returns a [`Problem`]; [`crate::envelope`] writes it down, since only there the request's id is known.
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use portico_contract::reference::Finding;
use portico_control::{ControlError, Fault};
use portico_domain::{InvalidSettings, SettingsFaults};
use serde::Serialize;

#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    detail: String,
    errors: Vec<Error>,
    findings: Vec<FindingView>,
    retry_after: Option<u32>,
}

/// One value of the body to change.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Error {
    /// RFC 6901, into the body that was sent.
    pub(crate) pointer: String,
    pub(crate) message: String,
}

/// Something wrong or odd in an OpenAPI document.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FindingView {
    severity: &'static str,
    code: String,
    pointer: String,
    line: Option<u32>,
    column: Option<u32>,
    message: String,
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        let Finding { severity, code, pointer, line, column, message } = finding;
        Self { severity: severity.as_str(), code, pointer, line, column, message }
    }
}

#[derive(Serialize)]
struct Written<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Error],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    findings: &'a [FindingView],
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), errors: Vec::new(), findings: Vec::new(), retry_after: None }
    }
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no {what}."))
    }
    pub(crate) fn no_such_api() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no_such_api", "There is no API of this name.")
    }
    pub(crate) fn token_invalid(detail: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "token_invalid", detail)
    }
    pub(crate) fn parameter(name: &str, message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_parameters", format!("{name}: {message}."))
    }
    pub(crate) fn body(pointer: String, message: String) -> Self {
        let problem = Self::new(StatusCode::BAD_REQUEST, "invalid_body", message.clone());
        Self { errors: vec![Error { pointer, message }], ..problem }
    }
    /// Settings that could be those of no API.
    pub(crate) fn settings(invalid: SettingsFaults) -> Self {
        let errors = invalid.0.into_iter().map(|InvalidSettings { pointer, message }| Error { pointer, message });
        let errors: Vec<_> = errors.collect();
        let detail = match errors.as_slice() {
            [one] => one.message.clone(),
            more => format!("{} settings are wrong.", more.len()),
        };
        Self { errors, ..Self::new(StatusCode::BAD_REQUEST, "invalid_body", detail) }
    }
    pub(crate) fn too_large(limit: &str) -> Self {
        let detail = format!("The body is too large: at most {limit}.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
    }
    pub(crate) fn media_type(expected: &str) -> Self {
        let detail = format!("The body is sent with Content-Type {expected}.");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    }

    /// What the house finds wrong with a query.
    pub(crate) fn of_query(error: ControlError) -> Self {
        match error {
            ControlError::Invalid(_) => Self::new(StatusCode::BAD_REQUEST, "invalid_parameters", error.to_string()),
            error => error.into(),
        }
    }
    /// What the house says of an API in the path, or of the query.
    pub(crate) fn of_api_or_query(error: ControlError) -> Self {
        match error {
            ControlError::NotFound { .. } => Self::of_api(error),
            error => Self::of_query(error),
        }
    }
    /// What the house says of an API in the path.
    pub(crate) fn of_api(error: ControlError) -> Self {
        match error {
            ControlError::NotFound { .. } => Self::new(StatusCode::NOT_FOUND, "no_such_api", error.to_string()),
            error => error.into(),
        }
    }

    /// Shapes are checked before the house is asked, as the API's document states them. What it still finds wrong is
    /// that a value does not fit what is there now: a name is taken, a thing it names is not there, a moment has passed.
    fn beyond_shape(faults: Vec<Fault>, detail: String) -> Self {
        let errors = faults.into_iter().map(|Fault { pointer, message, .. }| Error { pointer, message }).collect();
        Self { errors, ..Self::new(StatusCode::CONFLICT, "conflict", detail) }
    }

    /// Turns the problem that a response carries into its body.
    pub(crate) fn write(&self, response: &mut Response, request_id: &str) {
        let written = Written {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            request_id,
            errors: &self.errors,
            findings: &self.findings,
        };
        // Texts and numbers alone: they can always be written.
        *response.body_mut() = serde_json::to_vec(&written).unwrap_or_default().into();
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        let detail = error.to_string();
        match error {
            ControlError::NotFound { .. } => Self::new(StatusCode::NOT_FOUND, "not_found", detail),
            ControlError::SignInNeeded => Self::token_invalid(&detail),
            ControlError::Forbidden { .. } => Self::new(StatusCode::FORBIDDEN, "denied", detail),
            ControlError::Invalid(faults) => Self::beyond_shape(faults, detail),
            ControlError::Document(findings) => Self {
                findings: findings.into_iter().map(FindingView::from).collect(),
                ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable_document", detail)
            },
            ControlError::Conflict { .. } => Self::new(StatusCode::CONFLICT, "conflict", detail),
            ControlError::TooLarge { limit } => Self::too_large(&limit),
            ControlError::TooManyTries { seconds } => {
                Self { retry_after: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail) }
            }
            ControlError::Unavailable => {
                Self { retry_after: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail) }
            }
            ControlError::Internal { .. } => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail),
        }
    }
}
