//! What a document asks of calls and answers: plain data that the gateway compiles.
//!
//! All versions of OpenAPI are brought to one form here. Schemas are JSON Schema 2020-12; what they share stands once, in
//! [`DocumentRules::requests`] and [`DocumentRules::answers`], and is referred to as `#/$defs/<name>`.
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The rules of one version of an API.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DocumentRules {
    /// Schemas that the rules of requests refer to. Read-only properties are not required in them.
    pub requests: Map<String, Value>,
    /// Schemas that the rules of answers refer to. Write-only properties are not required in them.
    pub answers: Map<String, Value>,
    /// By the operation's name, see [`crate::RouteSpec::operation`].
    pub operations: BTreeMap<String, OperationRules>,
    /// What the document says and the rules do not hold; at most 100.
    pub notes: Vec<RuleNote>,
}

/// Something that cannot be checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleNote {
    /// JSON pointer into the document; in a part put together anew, of the nearest place that is in it.
    pub pointer: String,
    pub message: String,
}

/// The rules of one operation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OperationRules {
    /// As the document writes it, e.g. `/pets/{petId}`.
    pub template: String,
    pub parameters: Vec<ParameterRule>,
    /// The query as a whole, described as if it were a body (`in: querystring`); of forms alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<BodyRule>,
    /// `None` where the document says nothing of a body; one that comes all the same is not looked at.
    pub body: Option<BodyRule>,
    /// Empty unless the rules were made for checking answers.
    pub answers: Vec<AnswerRule>,
    /// Empty unless the rules were made for mock answers. In the document's order.
    pub mocks: Vec<MockAnswer>,
}

/// A parameter, or a field of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParameterRule {
    pub name: String,
    pub location: ParameterLocation,
    pub required: bool,
    /// A parameter that is there without a value passes (`allowEmptyValue`).
    pub allow_empty: bool,
    pub style: ParameterStyle,
    pub explode: bool,
    /// The media type that the value is written in, where the document says one instead of a style.
    pub media_type: Option<String>,
    /// What the text of a value is read as before the schema looks at it.
    pub kind: ValueKind,
    pub schema: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParameterLocation {
    Path,
    Query,
    Header,
    Cookie,
}

/// How a list or an object is written (OpenAPI 3.1, 4.8.12.2); 2.0's collection formats are among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ParameterStyle {
    Simple,
    Label,
    Matrix,
    Form,
    SpaceDelimited,
    PipeDelimited,
    /// 2.0's `tsv`.
    TabDelimited,
    DeepObject,
}

/// What a text may stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueKind {
    /// Single values, in the order in which they are tried; empty for any text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scalars: Vec<Scalar>,
    /// The items, where it may be a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Box<ValueKind>>,
    /// The known members, where it may be an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<BTreeMap<String, ValueKind>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scalar {
    Number,
    Boolean,
    Null,
    Text,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BodyRule {
    pub required: bool,
    /// What is accepted; empty for anything.
    pub media: Vec<MediaRule>,
}

/// One media type of a body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MediaRule {
    /// As the document writes it: a media type or a range such as `image/*`.
    pub media_type: String,
    pub schema: Option<Value>,
    /// What the fields of a form are read as; of forms alone.
    pub form: Option<ValueKind>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnswerRule {
    pub status: AnswerStatus,
    /// What may come; empty for anything.
    pub media: Vec<MediaRule>,
    pub fields: Vec<ParameterRule>,
}

/// Which statuses an answer of the document stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerStatus {
    Exact(u16),
    /// The first digit: `4XX` is 4.
    Class(u8),
    /// Those that no other answer stands for.
    Default,
}

impl AnswerStatus {
    /// Reads the name of an answer in a document: `404`, `4XX` or `default`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("default") {
            return Some(Self::Default);
        }
        match text.as_bytes() {
            [class @ b'1'..=b'5', b'x' | b'X', b'x' | b'X'] => Some(Self::Class(class - b'0')),
            [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9'] => text.parse().ok().map(Self::Exact),
            _ => None,
        }
    }

    /// How closely it names a status; `None` where it does not stand for it.
    pub fn closeness(self, status: u16) -> Option<u8> {
        match self {
            Self::Exact(exact) => (exact == status).then_some(3),
            Self::Class(class) => (u16::from(class) == status / 100).then_some(2),
            Self::Default => Some(1),
        }
    }
}

/// An answer that stands in the document, or is made from its schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MockAnswer {
    pub status: AnswerStatus,
    /// The example's name in the document; `None` for one that has none or was made.
    pub example: Option<String>,
    /// `None` for an answer without a body.
    pub media_type: Option<String>,
    pub body: String,
    /// Further fields, beside `Content-Type`.
    pub fields: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_of_documents_are_understood() {
        for (text, status) in [
            ("200", Some(AnswerStatus::Exact(200))),
            ("4XX", Some(AnswerStatus::Class(4))),
            ("5xx", Some(AnswerStatus::Class(5))),
            ("default", Some(AnswerStatus::Default)),
            ("20", None),
            ("2X0", None),
            ("x-200", None),
        ] {
            assert_eq!(AnswerStatus::parse(text), status, "{text}");
        }
        let closest = |status: u16| {
            let all = [AnswerStatus::Default, AnswerStatus::Class(4), AnswerStatus::Exact(404)];
            all.into_iter().max_by_key(|one| one.closeness(status)).unwrap()
        };
        assert_eq!(closest(404), AnswerStatus::Exact(404));
        assert_eq!(closest(400), AnswerStatus::Class(4));
        assert_eq!(closest(200), AnswerStatus::Default);
    }
}
