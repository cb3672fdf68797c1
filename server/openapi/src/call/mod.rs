//! The call of an operation that samples, collections and forms are made from: URL, fields and body with example values.
//!
//! A document says here what others will run, so each part is brought to what it may hold: a URL is percent-encoded, a
//! field's name is a token and its value printable, a body is what its media type says. How any of it is quoted is for
//! those who write it down.
pub(crate) mod body;
mod form;
mod given;
pub(crate) mod style;

use crate::{
    description::Description,
    example,
    outline::Entry,
    part::{Parameter, Place, Reader},
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use portico_contract::{
    call::{Call, Pair, PathPart},
    written::encode,
};

pub(crate) use form::form;
pub(crate) use given::samples as given;

/// What the text of a template may not be.
const IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'\'')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'[')
    .add(b']')
    .add(b'#')
    .add(b'?');

/// Whether the operation asks for a parameter or a body.
pub(crate) fn asks(description: &Description, entry: &Entry) -> bool {
    let root = description.root();
    let Some(operation) = root.pointer(&entry.pointer) else { return true };
    let item = root.pointer(&entry.item).unwrap_or(operation);
    let (parameters, _) = description.reader().parameters(item, operation);
    parameters.iter().any(|parameter| parameter.required)
        || description.reader().body(item, operation).0.is_some_and(|body| body.required)
}

pub(crate) fn call(
    description: &Description,
    entry: &Entry,
    base_url: &str,
    key_variable: Option<&str>,
) -> Option<Call> {
    let root = description.root();
    let operation = root.pointer(&entry.pointer)?;
    let item = root.pointer(&entry.item).unwrap_or(operation);
    let reader = description.reader();
    let (parameters, _) = reader.parameters(item, operation);
    let (body, _) = reader.body(item, operation);
    let maker = Maker { reader, parameters, has_key: key_variable.is_some() };
    let method: String = entry.method.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(30).collect();
    Some(Call {
        method: method.to_ascii_uppercase(),
        base_url: base_url.trim_end_matches('/').to_owned(),
        path: maker.path(&entry.path),
        query: maker.query(),
        headers: maker.headers(),
        cookies: maker.cookies(),
        key: key_variable.map(variable),
        body: body.and_then(|body| body::of(root, &body)),
    })
}

/// A name that every language takes for one variable.
fn variable(name: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let fits = !name.is_empty() && name.chars().all(fits) && !name.starts_with(|c: char| c.is_ascii_digit());
    if fits { name.to_owned() } else { "PORTICO_KEY".to_owned() }
}

struct Maker<'d> {
    reader: Reader<'d>,
    parameters: Vec<Parameter<'d>>,
    has_key: bool,
}

impl Maker<'_> {
    fn asked(&self, place: Place) -> impl Iterator<Item = &Parameter<'_>> {
        self.parameters.iter().filter(move |one| one.place == place && one.required)
    }

    fn written(&self, parameter: &Parameter<'_>) -> style::Written {
        let value = example::of_parameter(self.reader.root, parameter.name, &parameter.schema, parameter.example);
        style::Written::of(self.reader.dialect, parameter, &value)
    }

    fn path(&self, template: &str) -> Vec<PathPart> {
        path(template, &self.parameters, |parameter| self.written(parameter).in_path(parameter.name))
    }

    fn query(&self) -> Vec<Pair> {
        self.asked(Place::Query).flat_map(|parameter| self.written(parameter).in_query(parameter)).collect()
    }

    fn headers(&self) -> Vec<Pair> {
        let ours = |name: &str| self.has_key && name.eq_ignore_ascii_case("x-api-key");
        let asked = self.asked(Place::Header).filter(|one| is_token(one.name) && !is_reserved(one.name));
        let asked = asked.filter(|one| !ours(one.name));
        asked.map(|one| Pair::new(one.name, printable(&self.written(one).in_header()))).collect()
    }

    fn cookies(&self) -> Vec<Pair> {
        let asked = self.asked(Place::Cookie).filter(|one| is_token(one.name));
        asked.flat_map(|one| self.written(one).in_cookie(one.name)).collect()
    }
}

/// A template with the values of its parameters, which `written` encodes.
pub(crate) fn path(
    template: &str,
    parameters: &[Parameter<'_>],
    written: impl Fn(&Parameter<'_>) -> String,
) -> Vec<PathPart> {
    let mut parts = Vec::new();
    let text = |text: &str| PathPart::Text(in_path(text));
    let mut rest = template.strip_prefix('/').unwrap_or(template);
    let mut lead = "/".to_owned();
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        lead.push_str(before);
        parts.extend((!lead.is_empty()).then(|| text(&std::mem::take(&mut lead))));
        let bare = name.trim_end_matches(['+', '*']).trim_start_matches(['+', '.', ';', '/']);
        let parameter =
            parameters.iter().find(|one| one.place == Place::Path && (one.name == name || one.name == bare));
        // A segment without a text would be another path.
        let written = parameter.map(&written).filter(|written| !written.is_empty());
        let written = written.unwrap_or_else(|| encode(bare));
        parts.push(PathPart::Parameter { name: bare.to_owned(), text: written });
        rest = after;
    }
    lead.push_str(rest);
    parts.extend((!lead.is_empty()).then(|| text(&lead)));
    parts
}

/// The text of a template, percent-encoded; what is so already stays.
fn in_path(text: &str) -> String {
    let mut encoded = String::new();
    for (n, piece) in text.split('%').enumerate() {
        if n > 0 {
            let is_code = piece.len() >= 2 && piece.bytes().take(2).all(|b| b.is_ascii_hexdigit());
            encoded.push_str(if is_code { "%" } else { "%25" });
        }
        encoded.extend(utf8_percent_encode(piece, IN_PATH));
    }
    encoded
}

pub(crate) fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 200
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Fields that other parts of the call stand for (OpenAPI 3.1, 4.8.12.1), and those that belong to the connection.
pub(crate) fn is_reserved(name: &str) -> bool {
    const RESERVED: [&str; 15] = [
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    RESERVED.contains(&name.to_ascii_lowercase().as_str())
}

/// A field's value: what is neither ASCII nor printable could not be sent by all clients alike.
pub(crate) fn printable(text: &str) -> String {
    let kept: String = text.chars().filter(|c| !c.is_control()).collect();
    utf8_percent_encode(kept.trim(), CONTROLS).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_templates_are_encoded_once() {
        for (text, encoded) in [
            ("/a b", "/a%20b"),
            ("/100%", "/100%25"),
            ("/a%20b", "/a%20b"),
            ("/%zz%4", "/%25zz%254"),
            ("/ü'$(id)", "/%C3%BC%27$(id)"),
        ] {
            assert_eq!(in_path(text), encoded);
        }
        assert_eq!(printable("a\r\nX: ü "), "aX: %C3%BC");
    }
}
