//! Forms on their way in, and back again when something is wrong with them.
use axum::{
    RequestExt as _,
    extract::{FromRequest, Request},
    response::{IntoResponse as _, Response},
};
use portico_contract::PortalError;

/// Far more than any form without a file needs.
const MAX_BYTES: usize = 64 * 1024;

/// Of a form with a long text, url-encoded.
const MAX_LONG: usize = 1 << 20;

/// Never written back into a page.
const SECRET: [&str; 2] = ["password", "current"];

/// The fields of a form in the order they were sent. As an extractor it reads url-encoded bodies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// For forms with files, whose handlers read the parts themselves.
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }
    /// As sent, for an action that passes on a form whose fields only the portal knows.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
    /// First value; empty when the form has none, as for an unchecked box.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
    pub fn text(&self, name: &str) -> String {
        self.get(name).to_owned()
    }
    /// All values of a repeated field.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }
    /// A box that is checked.
    pub fn checked(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        read(request, MAX_BYTES).await.map(Self)
    }
}

async fn read(request: Request, most: usize) -> Result<Vec<(String, String)>, Response> {
    let bytes = axum::body::to_bytes(request.into_limited_body(), most)
        .await
        .map_err(|_| axum::http::StatusCode::PAYLOAD_TOO_LARGE.into_response())?;
    Ok(url::form_urlencoded::parse(&bytes).into_owned().collect())
}

/// A [`Form`] with a long text in it, such as a guide's.
pub(crate) struct LongForm(pub(crate) Form);

impl<S: Send + Sync> FromRequest<S> for LongForm {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        read(request, MAX_LONG).await.map(|pairs| Self(Form(pairs)))
    }
}

/// A refused form, for the page that draws it again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormState {
    values: Vec<(String, String)>,
    error: Option<PortalError>,
}

impl FormState {
    pub(crate) fn refused(form: Form, error: PortalError) -> Self {
        let values = form.0.into_iter().filter(|(name, _)| !SECRET.contains(&name.as_str())).collect();
        Self { values, error: Some(error) }
    }
    /// Whether a form came at all: then an absent box was unchecked on purpose.
    pub fn sent(&self) -> bool {
        self.error.is_some()
    }
    pub fn error(&self) -> Option<&PortalError> {
        self.error.as_ref()
    }
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.values.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }
    /// What is wrong with one input.
    pub fn error_of(&self, field: &str) -> Option<&str> {
        let Some(PortalError::Invalid(errors)) = &self.error else { return None };
        errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }
}
