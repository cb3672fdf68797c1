//! A form for a call: what of an operation can be filled in, and what it starts with. Made from a document by
//! `portico-openapi`; what readers type becomes a [`Call`] again.
use crate::{call::Call, written::Manner};
use serde::{Deserialize, Serialize};

/// All that a reader needs to make a call of an operation from its page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TryForm {
    /// Who fills it in: tells histories of different readers in one browser apart. Empty for visitors.
    pub reader: String,
    pub form: CallForm,
    pub needs_key: bool,
    /// The reader's own keys that fit this API.
    pub keys: Vec<OwnKey>,
}

/// A key by its name; its secret is nobody's to send.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnKey {
    pub id: String,
    pub name: String,
    pub app: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallForm {
    /// With example values for what is required. Inputs replace the parameters of their names.
    pub call: Call,
    pub inputs: Vec<Input>,
    pub bodies: Vec<BodyForm>,
    pub body_required: bool,
    /// What the document's own schemes ask for, for services that want it beside Portico's key.
    pub credentials: Vec<Credential>,
}

/// One thing to fill in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    pub place: Place,
    pub name: String,
    /// In words, e.g. "integer".
    pub kind: String,
    pub required: bool,
    pub control: Control,
    /// What it starts with, in the control's text; empty for what is not sent unless it is filled in.
    pub start: String,
    /// A value to give an idea, where it starts empty; e.g. the default.
    pub hint: String,
    /// What is typed is a text. Otherwise it is JSON: a number, a truth value.
    pub text: bool,
    /// Not to be shown or kept: a password, a token.
    pub secret: bool,
    pub manner: Manner,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    Path,
    #[default]
    Query,
    /// The whole query.
    QueryString,
    Header,
    Cookie,
    /// An attribute of the body.
    Body,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Control {
    #[default]
    Line,
    /// One of these.
    Choice(Vec<String>),
    /// A list, an item a line.
    Lines,
    /// Anything nested, as JSON.
    Json,
    File {
        many: bool,
    },
}

/// A body in one media type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyForm {
    /// One that can be sent, no range.
    pub media_type: String,
    pub kind: BodyKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BodyKind {
    Json {
        /// What it starts with.
        text: String,
        /// The attributes at the top, where it is an object.
        inputs: Vec<Input>,
    },
    /// `application/x-www-form-urlencoded`
    Form(Vec<Input>),
    Multipart(Vec<Input>),
    /// With what it starts with.
    Text(String),
    File,
}

impl Default for BodyKind {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// A scheme of the document's that a reader can fill in by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// As the document names it.
    pub name: String,
    pub kind: CredentialKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CredentialKind {
    /// Name and password (RFC 7617).
    Basic,
    /// A token in `Authorization` (RFC 6750), wherever it comes from.
    Bearer,
    /// In a place of its own.
    Key { place: Place, name: String },
}
