//! What the gateway and the store need to know of an OpenAPI document.
use crate::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// How a document was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Json,
    Yaml,
}

impl Format {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Yaml => "yaml",
        }
    }
}

/// One operation, as the gateway routes it. Kept with the version, so that a node starts without reading documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteSpec {
    /// The operation's name in URLs, usage and metrics: its `operationId`, or method and path words.
    pub operation: String,
    /// In capitals, e.g. `GET`.
    pub method: String,
    /// As the document writes it, e.g. `/pets/{petId}`.
    pub template: String,
    /// Whether the document asks for any credentials here; read by [`crate::Access::Document`].
    pub secured: bool,
    /// Set where the document calls the operation deprecated or says when it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecation: Option<Deprecation>,
    /// Where callers may put their key, beside the usual fields: what the document's API key schemes for this operation
    /// say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_places: Vec<KeyPlace>,
}

/// That an operation should not be used in new programs, and until when it can be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deprecation {
    /// Whether the document calls it deprecated. If not, it only says that it ends.
    #[serde(default)]
    pub deprecated: bool,
    /// From when on; `x-deprecated-at`. Where the document does not say, a stored version has what the version before it
    /// had, if there was one.
    pub since: Option<Timestamp>,
    /// When it stops; `x-sunset`.
    pub sunset: Option<Timestamp>,
    /// Where more is said: `x-deprecation-link`, else the operation's `externalDocs`. An absolute `http` or `https` URL.
    pub link: Option<String>,
}

/// Where a key stands in a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPlace {
    /// Never [`crate::ParameterLocation::Path`].
    pub location: crate::ParameterLocation,
    /// Of the field, the query parameter or the cookie.
    pub name: String,
}

/// A name for these bytes and no others, e.g. for an `ETag`: 32 hexadecimal digits.
pub fn fingerprint(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().take(16).fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
