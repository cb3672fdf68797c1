//! Why the house says no, in words that may be shown.
use serde::{Deserialize, Serialize};

pub type PortalResult<T> = Result<T, PortalError>;

/// Every variant's text is meant for people; nothing in it is secret or internal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum PortalError {
    /// 404. `what` completes "There is no …", e.g. "operation createPilotOrder in version 2.3.0 of Petstore".
    #[error("There is no {what}.")]
    NotFound { what: String },
    /// 401: the page asks to sign in and comes back.
    #[error("Sign in first.")]
    SignInNeeded,
    /// 403. `why` is a sentence.
    #[error("{why}")]
    Forbidden { why: String },
    /// 422: inputs to change. Never empty.
    #[error("{}", .0.iter().map(|e| e.message.as_str()).collect::<Vec<_>>().join(" "))]
    Invalid(Vec<FieldError>),
    /// 409: what was asked cannot be done in the present state. `why` is a sentence.
    #[error("{why}")]
    Conflict { why: String },
    /// 413. `limit` is readable, e.g. "32 MiB".
    #[error("That is too large: at most {limit}.")]
    TooLarge { limit: String },
    /// 429
    #[error("Too many tries. Try again in {seconds} seconds.")]
    TooManyTries { seconds: u32 },
    /// 503: the store cannot be written or read just now.
    #[error("Nothing was changed: the database cannot be reached just now. Try again in a moment.")]
    Unavailable,
    /// 500. The reference finds the cause in the log.
    #[error("Something went wrong here, not with you. If it stays, report {reference}.")]
    Internal { reference: String },
}

/// One input to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The input's name in its form, which is also its element's id.
    pub field: String,
    /// A sentence: what is wrong and what would be right.
    pub message: String,
}

impl PortalError {
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field: field.to_owned(), message: message.into() }])
    }
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound { what: what.into() }
    }
    pub fn status(&self) -> u16 {
        match self {
            Self::NotFound { .. } => 404,
            Self::SignInNeeded => 401,
            Self::Forbidden { .. } => 403,
            Self::Invalid(_) => 422,
            Self::Conflict { .. } => 409,
            Self::TooLarge { .. } => 413,
            Self::TooManyTries { .. } => 429,
            Self::Unavailable => 503,
            Self::Internal { .. } => 500,
        }
    }
}
