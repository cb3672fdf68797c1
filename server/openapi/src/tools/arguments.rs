//! How the parameters and the body of an operation are called as members of one object.
use super::Names;
use crate::{
    description::Description,
    operation::is_json,
    outline::Entry,
    part::{Content, Parameter, Place},
    rules,
};

pub(super) struct Argument<'d> {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) what: What<'d>,
}

pub(super) enum What<'d> {
    Parameter(Parameter<'d>),
    Body {
        content: Content<'d>,
        /// What the document says of the body.
        words: &'d str,
    },
}

impl Argument<'_> {
    /// Whether the value is what its schema says; else it is sent as a text.
    pub(super) fn is_structured(&self) -> bool {
        match &self.what {
            What::Parameter(_) => true,
            What::Body { content, .. } => is_json(content.media_type) || is_form(content.media_type),
        }
    }
}

pub(super) fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_form(media_type: &str) -> bool {
    matches!(essence(media_type).as_str(), "application/x-www-form-urlencoded" | "multipart/form-data")
}

/// In the document's order, the body last.
pub(super) fn of<'d>(description: &'d Description, entry: &Entry) -> Option<Vec<Argument<'d>>> {
    let root = description.root();
    let operation = root.pointer(&entry.pointer)?;
    let item = root.pointer(&entry.item).unwrap_or(operation);
    let reader = description.reader();
    let keys = rules::key_places(root, entry);
    let (parameters, _) = reader.parameters(item, operation);
    let mut names = Names::default();
    let mut arguments = Vec::new();
    for parameter in parameters {
        // Where a key may stand, the caller's own stands.
        let is_key = keys.iter().any(|key| {
            key.location == rules::location(parameter.place) && key.name.eq_ignore_ascii_case(parameter.name)
        });
        let is_ours = parameter.place == Place::Header
            && (crate::call::is_reserved(parameter.name) || parameter.name.eq_ignore_ascii_case("x-api-key"));
        if is_key || is_ours {
            continue;
        }
        let name = names.take(parameter.name);
        arguments.push(Argument { name, required: parameter.required, what: What::Parameter(parameter) });
    }
    let (body, _) = reader.body(item, operation);
    if let Some(mut body) = body {
        let wanted = |content: &Content<'_>| match essence(content.media_type).as_str() {
            _ if is_json(content.media_type) => 0,
            "application/x-www-form-urlencoded" => 1,
            "multipart/form-data" => 2,
            kind if kind.starts_with("text/") => 3,
            _ => 4,
        };
        body.contents.sort_by_key(wanted);
        if let Some(mut content) = body.contents.into_iter().next() {
            if essence(content.media_type).ends_with("*/*") {
                content.media_type = "application/json";
            }
            let what = What::Body { content, words: body.description };
            arguments.push(Argument { name: names.take("body"), required: body.required, what });
        }
    }
    Some(arguments)
}
