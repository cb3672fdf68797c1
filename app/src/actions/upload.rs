//! Reads multipart forms: of a document, by file or as text pasted into the page, and of a picture.
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
/// Most bytes of a picture (2 MiB).
const MAX_IMAGE: usize = 2 << 20;
/// As [`MAX_BODY`], for a picture.
pub(crate) const MAX_IMAGE_BODY: usize = 8 * MAX_IMAGE;
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
        Err(_) => Err(not_whole("file")),
    };
    Sent { form: Form::from_pairs(fields), document }
}

/// A picture with the name of its file; both are empty when none was chosen.
pub(super) async fn read_image(form: Result<Multipart, MultipartRejection>) -> PortalResult<(String, Vec<u8>)> {
    let mut form = form.map_err(|_| not_whole("image"))?;
    let mut image = (String::new(), Vec::new());
    while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error, "image", "2 MiB"))? {
        let is_image = field.name() == Some("image");
        let name = field.file_name().unwrap_or_default().to_owned();
        match bytes_of(field, MAX_IMAGE).await.map_err(|error| unreadable(&error, "image", "2 MiB"))? {
            Some(bytes) if is_image => image = (name, bytes),
            Some(_) => {}
            None => return Err(PortalError::TooLarge { limit: "2 MiB".to_owned() }),
        }
    }
    Ok(image)
}

/// Puts all that is no document into `fields`.
async fn document_of(mut form: Multipart, fields: &mut Vec<(String, String)>) -> PortalResult<Vec<u8>> {
    let (mut file, mut pasted) = (Vec::new(), Vec::new());
    let mut too_large = None;
    while let Some(field) = form.next_field().await.map_err(of_document)? {
        let name = field.name().unwrap_or_default().to_owned();
        let is_document = matches!(name.as_str(), "file" | "document");
        let Some(bytes) =
            bytes_of(field, if is_document { MAX_DOCUMENT } else { MAX_VALUE }).await.map_err(of_document)?
        else {
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
async fn bytes_of(mut field: Field<'_>, limit: usize) -> Result<Option<Vec<u8>>, MultipartError> {
    let mut bytes = Vec::new();
    let mut fits = true;
    while let Some(chunk) = field.chunk().await? {
        fits = fits && bytes.len() + chunk.len() <= limit;
        if fits {
            bytes.extend_from_slice(&chunk);
        } else {
            bytes = Vec::new();
        }
    }
    Ok(fits.then_some(bytes))
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn of_document(error: MultipartError) -> PortalError {
    unreadable(&error, "file", "32 MiB")
}

fn unreadable(error: &MultipartError, field: &str, limit: &str) -> PortalError {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        PortalError::TooLarge { limit: limit.to_owned() }
    } else {
        not_whole(field)
    }
}

fn not_whole(field: &str) -> PortalError {
    PortalError::field(field, "The form did not arrive whole. Send it again.")
}
