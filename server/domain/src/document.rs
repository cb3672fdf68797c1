//! What the gateway and the store need to know of an OpenAPI document.
use serde::{Deserialize, Serialize};

/// How a document was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}
