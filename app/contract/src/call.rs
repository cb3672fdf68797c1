//! A call of an operation that a reader could make: what samples in all languages, collections for other programs and
//! forms are made from. Made from a document by `portico-openapi`; written out by `portico-samples`.
use serde::{Deserialize, Serialize};

/// One request, as it should arrive. Values that are the reader's to replace are told from what the document fixes.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Call {
    /// Upper case, a token of RFC 9110.
    pub method: String,
    /// Scheme, host and base path, without a slash at the end.
    pub base_url: String,
    /// What follows the base URL, percent-encoded; begins with a slash.
    pub path: Vec<PathPart>,
    pub query: Vec<Pair>,
    /// Without those that other parts stand for: the key, cookies and the body's media type.
    pub headers: Vec<Pair>,
    pub cookies: Vec<Pair>,
    /// Name of the environment variable that holds the reader's key, which goes into the field `X-API-Key`; `None`
    /// where no key is needed.
    pub key: Option<String>,
    pub body: Option<Body>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PathPart {
    /// Percent-encoded.
    Text(String),
    Parameter {
        /// As the document names it.
        name: String,
        /// Percent-encoded, written in the parameter's style.
        text: String,
    },
}

/// A name with a value: percent-encoded in queries and cookies, as it is in headers (printable ASCII only).
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pair {
    pub name: String,
    pub value: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    Json {
        media_type: String,
        /// JSON, or what the reader takes for it; sent as it means, not byte for byte.
        text: String,
    },
    /// `application/x-www-form-urlencoded`; names and values are plain text.
    Form(Vec<Pair>),
    /// `multipart/form-data`
    Multipart(Vec<Part>),
    Text {
        media_type: String,
        text: String,
    },
    /// The bytes of a file.
    File {
        media_type: String,
        /// Name of the file, for the reader to replace.
        file: String,
    },
}

/// One part of a multipart form.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Part {
    /// Plain text without quotes, backslashes or control characters.
    pub name: String,
    /// Its own `Content-Type`, where it is more than plain text.
    pub media_type: Option<String>,
    pub content: PartContent,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartContent {
    Text(String),
    /// Name of the file, for the reader to replace.
    File(String),
}

impl Default for PartContent {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// A sample that the document brings along (`x-codeSamples`).
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GivenSample {
    /// For the list of languages, e.g. "Python SDK".
    pub label: String,
    pub source: String,
}

impl Pair {
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

impl Call {
    /// Scheme, host, path and query.
    pub fn url(&self) -> String {
        self.url_pieces().into_iter().map(|(_, text)| text).collect()
    }

    /// The URL in pieces; true ones are the reader's to replace.
    pub fn url_pieces(&self) -> Vec<(bool, String)> {
        let mut pieces = vec![(false, self.base_url.clone())];
        pieces.extend(self.path.iter().map(|part| match part {
            PathPart::Text(text) => (false, text.clone()),
            PathPart::Parameter { text, .. } => (true, text.clone()),
        }));
        for (n, Pair { name, value }) in self.query.iter().enumerate() {
            let sign = if n == 0 { '?' } else { '&' };
            pieces.push((false, format!("{sign}{name}=")));
            pieces.push((true, value.clone()));
        }
        pieces
    }

    /// The whole `Cookie` field.
    pub fn cookie_pieces(&self) -> Vec<(bool, String)> {
        let mut pieces = Vec::new();
        for (n, Pair { name, value }) in self.cookies.iter().enumerate() {
            let between = if n == 0 { "" } else { "; " };
            pieces.push((false, format!("{between}{name}=")));
            pieces.push((true, value.clone()));
        }
        pieces
    }
}

impl Body {
    /// `None` for multipart, whose boundary the sender chooses.
    pub fn media_type(&self) -> Option<&str> {
        match self {
            Self::Json { media_type, .. } | Self::Text { media_type, .. } | Self::File { media_type, .. } => {
                Some(media_type)
            }
            Self::Form(_) => Some("application/x-www-form-urlencoded"),
            Self::Multipart(_) => None,
        }
    }
}
