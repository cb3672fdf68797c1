//! Reads the multipart form of a document: a file, or text pasted into the page.
use crate::form::Values;
use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use portico_contract::PortalError;

/// Most bytes of a document (32 MiB).
const MAX_DOCUMENT: usize = 32 << 20;
/// Most bytes of any other field.
const MAX_VALUE: usize = 64 << 10;
/// Whole bodies are read up to here even when they are too large: a browser that is cut off while it sends shows "connection
/// reset", not our answer.
pub(super) const MAX_BODY: usize = 4 * MAX_DOCUMENT;
/// Pasted text is given back with the page only up to this size.
const MAX_ECHO: usize = 1 << 20;

/// A form with a document.
pub(super) struct Sent {
    /// The other fields, and the pasted text under `document` when it is short enough to be shown again.
    pub(super) values: Values,
    /// The file, else the text; empty when neither was given.
    pub(super) document: Vec<u8>,
}

pub(super) async fn read(mut form: Multipart) -> Result<Sent, (Values, PortalError)> {
    let mut pairs = Vec::new();
    let (mut file, mut pasted) = (Vec::new(), Vec::new());
    let mut too_large = None;
    loop {
        let field = match form.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => break,
            Err(error) => return Err((pairs.into_iter().collect(), unreadable(&error))),
        };
        let name = field.name().unwrap_or_default().to_owned();
        let (limit, words) =
            if matches!(name.as_str(), "file" | "document") { (MAX_DOCUMENT, "32 MiB") } else { (MAX_VALUE, "64 KiB") };
        let bytes = match bytes_of(field, limit).await {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                too_large.get_or_insert_with(|| PortalError::TooLarge { limit: words.to_owned() });
                continue;
            }
            Err(error) => return Err((pairs.into_iter().collect(), unreadable(&error))),
        };
        match name.as_str() {
            "file" => file = bytes,
            "document" => pasted = bytes,
            _ => pairs.push((name, String::from_utf8_lossy(&bytes).into_owned())),
        }
    }
    if file.is_empty() && pasted.len() <= MAX_ECHO {
        pairs.push(("document".to_owned(), String::from_utf8_lossy(&pasted).into_owned()));
    }
    let values = pairs.into_iter().collect();
    match too_large {
        Some(error) => Err((values, error)),
        None => Ok(Sent { values, document: if file.is_empty() { pasted } else { file } }),
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

fn unreadable(error: &MultipartError) -> PortalError {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        PortalError::TooLarge { limit: "32 MiB".to_owned() }
    } else {
        PortalError::field("file", "The form did not arrive whole. Send it again.")
    }
}
