//! Reads the multipart form of a document: a file, or text pasted into the page.
use crate::form::Form;
use axum::{
    extract::{
        Multipart,
        multipart::{Field, MultipartError, MultipartRejection},
    },
    http::StatusCode,
};
use portico_contract::{PortalError, PortalResult};

/// Most bytes of a document (32 MiB).
const MAX_DOCUMENT: usize = 32 << 20;
/// Most bytes of any other field.
const MAX_VALUE: usize = 64 << 10;
/// Whole bodies are read up to here even when they are too large: a browser that is cut off while it sends shows "connection
/// reset", not our answer.
pub(crate) const MAX_BODY: usize = 4 * MAX_DOCUMENT;
/// Pasted text is given back with the page only up to this size.
const MAX_ECHO: usize = 1 << 20;

/// A form with a document.
pub(super) struct Sent {
    /// The other fields, and the pasted text under `document` when it is short enough to be shown again.
    pub(super) form: Form,
    /// The file, else the text; empty when neither was given.
    pub(super) document: PortalResult<Vec<u8>>,
}

pub(super) async fn read(form: Result<Multipart, MultipartRejection>) -> Sent {
    let mut fields = Vec::new();
    let document = match form {
        Ok(form) => document_of(form, &mut fields).await,
        Err(_) => Err(not_whole()),
    };
    Sent { form: Form::from_pairs(fields), document }
}

/// Puts all that is no document into `fields`.
async fn document_of(mut form: Multipart, fields: &mut Vec<(String, String)>) -> PortalResult<Vec<u8>> {
    let (mut file, mut pasted) = (Vec::new(), Vec::new());
    let mut too_large = None;
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        let name = field.name().unwrap_or_default().to_owned();
        let is_document = matches!(name.as_str(), "file" | "document");
        let Some(bytes) = bytes_of(field, if is_document { MAX_DOCUMENT } else { MAX_VALUE }).await? else {
            too_large = too_large.or(Some(if is_document { "32 MiB" } else { "64 KiB" }));
            continue;
        };
        match name.as_str() {
            "file" => file = bytes,
            "document" => pasted = bytes,
            _ => fields.push((name, String::from_utf8_lossy(&bytes).into_owned())),
        }
    }
    if pasted.len() <= MAX_ECHO {
        fields.push(("document".to_owned(), String::from_utf8_lossy(&pasted).into_owned()));
    }
    match too_large {
        Some(limit) => Err(PortalError::TooLarge { limit: limit.to_owned() }),
        None => Ok(if file.is_empty() { pasted } else { file }),
    }
}

/// `None` when there are more than `limit`; the rest is read and dropped.
async fn bytes_of(mut field: Field<'_>, limit: usize) -> PortalResult<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut fits = true;
    while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
        fits = fits && bytes.len() + chunk.len() <= limit;
        if fits {
            bytes.extend_from_slice(&chunk);
        } else {
            bytes = Vec::new();
        }
    }
    Ok(fits.then_some(bytes))
}

fn unreadable(error: MultipartError) -> PortalError {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        PortalError::TooLarge { limit: "32 MiB".to_owned() }
    } else {
        not_whole()
    }
}

fn not_whole() -> PortalError {
    PortalError::field("file", "The form did not arrive whole. Send it again.")
}
