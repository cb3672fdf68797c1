//! Why a use case says no.
use portico_contract::{FieldError, PortalError, reference::Finding};
use portico_store::StoreError;
use std::fmt::Write as _;

/// Every text is fit for the person who asked; what is not for them goes to the log under a reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// Also for what the caller may not see. `what` completes "There is no …".
    #[error("There is no {what}.")]
    NotFound { what: String },
    #[error("Sign in first.")]
    SignInNeeded,
    #[error("{why}")]
    Forbidden { why: String },
    /// Never empty.
    #[error("{}", .0.iter().map(|fault| fault.message.as_str()).collect::<Vec<_>>().join(" "))]
    Invalid(Vec<Fault>),
    /// A document that cannot be taken; at least one finding is an error.
    #[error("The document cannot be used: {}", first_error(.0))]
    Document(Vec<Finding>),
    #[error("{why}")]
    Conflict { why: String },
    #[error("That is too large: at most {limit}.")]
    TooLarge { limit: String },
    #[error("Too many tries. Try again in {seconds} seconds.")]
    TooManyTries { seconds: u32 },
    #[error("Nothing was changed: the database cannot be reached just now. Try again in a moment.")]
    Unavailable,
    #[error("Something went wrong here. If it stays, report {reference}.")]
    Internal { reference: String },
}

/// One input to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer into the body of a management call.
    pub pointer: String,
    /// Name of the input in the page's form.
    pub field: String,
    /// A sentence: what is wrong and what would be right.
    pub message: String,
}

impl ControlError {
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound { what: what.into() }
    }
    pub fn conflict(why: impl Into<String>) -> Self {
        Self::Conflict { why: why.into() }
    }
    /// One faulty input, named alike in the form and in the management API.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::invalid_at(&format!("/{field}"), field, message)
    }
    pub fn invalid_at(pointer: &str, field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault { pointer: pointer.to_owned(), field: field.to_owned(), message: message.into() }])
    }
    /// Logs what happened and hands out a reference to it.
    pub(crate) fn internal(happened: &dyn std::fmt::Display) -> Self {
        let mut reference = String::new();
        for byte in rand::random::<[u8; 5]>() {
            // Writing to a string does not fail.
            let _ = write!(reference, "{byte:02X}");
        }
        tracing::error!(%reference, "{happened}");
        Self::Internal { reference }
    }
}

fn first_error(findings: &[Finding]) -> &str {
    findings
        .iter()
        .find(|finding| finding.severity == portico_contract::reference::Severity::Error)
        .map_or("it has errors", |finding| finding.message.as_str())
}

impl From<StoreError> for ControlError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. } => Self::Unavailable,
            StoreError::Taken { what } => Self::conflict(format!("{} is taken already.", capital(&what.to_string()))),
            StoreError::Missing { what } => Self::not_found(format!("such {what}")),
            StoreError::InUse { what, by, count } => {
                Self::conflict(format!("The {what} is used by {count} {by}; remove those first."))
            }
            StoreError::Corrupt { .. } | StoreError::Internal => Self::internal(&error),
        }
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

impl From<ControlError> for PortalError {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::NotFound { what } => Self::NotFound { what },
            ControlError::SignInNeeded => Self::SignInNeeded,
            ControlError::Forbidden { why } => Self::Forbidden { why },
            ControlError::Invalid(faults) => Self::Invalid(
                faults.into_iter().map(|fault| FieldError { field: fault.field, message: fault.message }).collect(),
            ),
            ControlError::Document(_) => Self::field("document", error.to_string()),
            ControlError::Conflict { why } => Self::Conflict { why },
            ControlError::TooLarge { limit } => Self::TooLarge { limit },
            ControlError::TooManyTries { seconds } => Self::TooManyTries { seconds },
            ControlError::Unavailable => Self::Unavailable,
            ControlError::Internal { reference } => Self::Internal { reference },
        }
    }
}
