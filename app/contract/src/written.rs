//! How the values of parameters become the text of a call (OpenAPI 3.1, 4.8.12.2 to 4.8.12.4): the one place for samples,
//! which the server prepares, and for what readers type into a form.
use crate::call::Pair;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// Beside letters and digits, what a value may be within a URL.
const UNRESERVED: &str = "-._~";
/// The same where the document allows reserved characters; those that end a value, or that some clients write
/// otherwise, are encoded all the same.
const RESERVED: &str = "-._~:/?@!$()*,;";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Style {
    #[default]
    Simple,
    Label,
    Matrix,
    Form,
    SpaceDelimited,
    PipeDelimited,
    TabDelimited,
    DeepObject,
}

/// How a parameter is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manner {
    pub style: Style,
    /// Items of a list stand apart.
    pub explode: bool,
    /// Reserved characters stay as they are.
    pub reserved: bool,
}

/// A value, as far as its style cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    One(String),
    List(Vec<String>),
    Object(Vec<(String, String)>),
}

impl Manner {
    /// Percent-encoded; may be empty.
    pub fn in_path(self, name: &str, shape: &Shape) -> String {
        let name = encode(name);
        let (lead, between) = match (self.style, self.explode) {
            (Style::Label, true) => (".".to_owned(), "."),
            (Style::Label, false) => (".".to_owned(), ","),
            (Style::Matrix, true) => (";".to_owned(), ";"),
            (Style::Matrix, false) => (format!(";{name}="), ","),
            _ => (String::new(), ","),
        };
        let matrix = self.style == Style::Matrix && self.explode;
        let texts: Vec<String> = match shape {
            Shape::One(text) if matrix => vec![format!("{name}={}", encode(text))],
            Shape::One(text) => vec![encode(text)],
            Shape::List(items) if matrix => items.iter().map(|item| format!("{name}={}", encode(item))).collect(),
            Shape::List(items) => items.iter().map(|item| encode(item)).collect(),
            Shape::Object(members) if self.explode => {
                members.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect()
            }
            Shape::Object(members) => members.iter().flat_map(|(k, v)| [encode(k), encode(v)]).collect(),
        };
        let text = texts.join(between);
        if text.is_empty() { text } else { lead + &text }
    }

    /// Percent-encoded.
    pub fn in_query(self, name: &str, shape: &Shape) -> Vec<Pair> {
        let separator = match self.style {
            Style::SpaceDelimited => "%20",
            Style::PipeDelimited => "%7C",
            Style::TabDelimited => "%09",
            _ => ",",
        };
        let kept = if self.reserved { RESERVED } else { UNRESERVED };
        self.pairs(&encode(name), shape, separator, kept)
    }

    /// Percent-encoded.
    pub fn in_cookie(self, name: &str, shape: &Shape) -> Vec<Pair> {
        // A comma is none of the characters that a cookie's value is made of (RFC 6265, 4.1.1).
        Self { style: Style::Form, ..self }.pairs(name, shape, "%2C", UNRESERVED)
    }

    fn pairs(self, name: &str, shape: &Shape, separator: &str, kept: &str) -> Vec<Pair> {
        let one = |value: String| vec![Pair::new(name, value)];
        let encode_value = |text: &str| encode_but(text, kept);
        match shape {
            Shape::One(text) => one(encode_value(text)),
            Shape::List(items) if self.explode && !items.is_empty() => {
                items.iter().map(|item| Pair::new(name, encode_value(item))).collect()
            }
            Shape::List(items) => one(joined(items.iter().map(|item| encode_value(item)), separator)),
            Shape::Object(members) if self.style == Style::DeepObject => {
                let key = |key: &str| format!("{name}%5B{}%5D", encode(key));
                members.iter().map(|(k, v)| Pair::new(key(k), encode_value(v))).collect()
            }
            Shape::Object(members) if self.explode => {
                members.iter().map(|(k, v)| Pair::new(encode(k), encode_value(v))).collect()
            }
            Shape::Object(members) => {
                one(joined(members.iter().flat_map(|(k, v)| [encode_value(k), encode_value(v)]), separator))
            }
        }
    }

    /// As it is: what a field's value may hold is for who sends it.
    pub fn in_header(self, shape: &Shape) -> String {
        match shape {
            Shape::One(text) => text.clone(),
            Shape::List(items) => items.join(","),
            Shape::Object(members) => {
                let sign = if self.explode { '=' } else { ',' };
                joined(members.iter().map(|(key, value)| format!("{key}{sign}{value}")), ",")
            }
        }
    }
}

/// Of a parameter that is the query itself (3.2's `in: querystring`), written as a form.
pub fn whole_query(shape: &Shape) -> Vec<Pair> {
    match shape {
        Shape::Object(members) => members.iter().map(|(k, v)| Pair::new(encode(k), encode(v))).collect(),
        Shape::One(text) => vec![Pair::new(encode(text), "")],
        Shape::List(_) => Vec::new(),
    }
}

/// Everything but letters, digits and `-._~`.
pub fn encode(text: &str) -> String {
    encode_but(text, UNRESERVED)
}

fn encode_but(text: &str, kept: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let char = char::from(byte);
        if char.is_ascii_alphanumeric() || char.is_ascii() && kept.contains(char) {
            encoded.push(char);
        } else {
            // A text takes everything.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn joined(texts: impl Iterator<Item = String>, separator: &str) -> String {
    texts.collect::<Vec<_>>().join(separator)
}
