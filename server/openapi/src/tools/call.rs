//! The call that given arguments make.
use super::arguments::{Argument, What, essence};
use crate::{
    call::{self, style::Written, style::text},
    description::Description,
    operation::is_json,
    outline::Entry,
    part::{Content, Parameter, Place},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use portico_contract::call::{Pair, PathPart};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// One call of the gateway, without a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// Upper case.
    pub method: String,
    /// Path of the document and query, percent-encoded, e.g. `/pets/7?full=true`.
    pub target: String,
    /// Printable ASCII.
    pub fields: Vec<(String, String)>,
    /// Empty for none; its media type is among the fields.
    pub body: Vec<u8>,
}

pub(super) fn call(
    description: &Description,
    entry: &Entry,
    arguments: &[Argument<'_>],
    given: &Map<String, Value>,
) -> Result<ToolCall, String> {
    if let Some(unknown) = given.keys().find(|name| arguments.iter().all(|argument| argument.name != **name)) {
        let known: Vec<&str> = arguments.iter().map(|argument| argument.name.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(format!("There is no argument {unknown:?}. The arguments are: {known}."));
    }
    let dialect = description.outline().dialect;
    let mut values: HashMap<&str, &Value> = HashMap::new();
    let mut sent = Sent { query: Vec::new(), cookies: Vec::new(), fields: Vec::new(), body: Vec::new() };
    for argument in arguments {
        // Leaving a value out and giving none are the same to who fills a form in.
        let value = given.get(&argument.name).filter(|value| !value.is_null());
        let Some(value) = value else {
            if argument.required {
                return Err(format!("The argument {:?} is required.", argument.name));
            }
            continue;
        };
        match &argument.what {
            What::Parameter(parameter) => {
                sent.parameter(&argument.name, parameter, &Written::whole(dialect, parameter, value))?;
                if parameter.place == Place::Path {
                    values.insert(parameter.name, value);
                }
            }
            What::Body { content, .. } => sent.body(&argument.name, content, value)?,
        }
    }
    let of_path: Vec<Parameter<'_>> = arguments
        .iter()
        .filter_map(|argument| match &argument.what {
            What::Parameter(parameter) if parameter.place == Place::Path => Some(parameter.clone()),
            _ => None,
        })
        .collect();
    let written = |parameter: &Parameter<'_>| {
        let value = values.get(parameter.name).copied().unwrap_or(&Value::Null);
        Written::whole(dialect, parameter, value).in_path(parameter.name)
    };
    let mut target = String::new();
    for part in call::path(&entry.path, &of_path, written) {
        target.push_str(match &part {
            PathPart::Text(text) | PathPart::Parameter { text, .. } => text,
        });
    }
    for (n, Pair { name, value }) in sent.query.iter().enumerate() {
        target.extend([if n == 0 { "?" } else { "&" }, name, "=", value]);
    }
    if !sent.cookies.is_empty() {
        let cookies: Vec<String> = sent.cookies.iter().map(|pair| format!("{}={}", pair.name, pair.value)).collect();
        sent.fields.push(("cookie".to_owned(), cookies.join("; ")));
    }
    Ok(ToolCall { method: entry.method.to_uppercase(), target, fields: sent.fields, body: sent.body })
}

struct Sent {
    query: Vec<Pair>,
    cookies: Vec<Pair>,
    fields: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Sent {
    fn parameter(&mut self, name: &str, parameter: &Parameter<'_>, written: &Written) -> Result<(), String> {
        match parameter.place {
            Place::Path if written.in_path(parameter.name).is_empty() => {
                return Err(format!("The argument {name:?} stands in the path and may not be empty."));
            }
            Place::Path => {}
            Place::Query => self.query.extend(written.in_query(parameter)),
            Place::Header if call::is_token(parameter.name) => {
                self.fields.push((parameter.name.to_owned(), call::printable(&written.in_header())));
            }
            Place::Cookie if call::is_token(parameter.name) => self.cookies.extend(written.in_cookie(parameter.name)),
            Place::Header | Place::Cookie => {
                return Err(format!("The argument {name:?} cannot be sent: its name is no field's name."));
            }
        }
        Ok(())
    }

    fn body(&mut self, name: &str, content: &Content<'_>, value: &Value) -> Result<(), String> {
        let media_type = content.media_type;
        let mut kind = call::printable(media_type);
        self.body = match essence(media_type).as_str() {
            _ if is_json(media_type) => value.to_string().into_bytes(),
            "application/x-www-form-urlencoded" => form(members(name, value)?).into_bytes(),
            "multipart/form-data" => {
                let (boundary, body) = multipart(members(name, value)?);
                kind = format!("multipart/form-data; boundary={boundary}");
                body
            }
            _ => match value {
                Value::String(text) => text.clone().into_bytes(),
                _ => return Err(format!("The argument {name:?} is a text: it is sent as {media_type}.")),
            },
        };
        self.fields.push(("content-type".to_owned(), kind));
        Ok(())
    }
}

fn members<'v>(name: &str, value: &'v Value) -> Result<&'v Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("The argument {name:?} is an object: its members are the form's fields."))
}

/// Lists are fields that come again.
fn fields(members: &Map<String, Value>) -> impl Iterator<Item = (&str, String)> {
    members.iter().flat_map(|(name, value)| {
        let values = match value {
            Value::Array(items) => items.iter().map(text).collect(),
            value => vec![text(value)],
        };
        values.into_iter().map(move |value| (name.as_str(), value))
    })
}

fn form(members: &Map<String, Value>) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> =
        fields(members).map(|(name, value)| format!("{}={}", encode(name), encode(&value))).collect();
    pairs.join("&")
}

/// The boundary, which stands nowhere in the parts, and the body.
fn multipart(members: &Map<String, Value>) -> (String, Vec<u8>) {
    let parts: Vec<(&str, String)> = fields(members).collect();
    let mut boundary = "portico-part".to_owned();
    while parts.iter().any(|(name, value)| name.contains(&boundary) || value.contains(&boundary)) {
        boundary.push('x');
    }
    let mut body = String::new();
    for (name, value) in parts {
        // As browsers escape names (HTML, 4.10.21.8).
        let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        body.extend([
            "--",
            &boundary,
            "\r\nContent-Disposition: form-data; name=\"",
            &name,
            "\"\r\n\r\n",
            &value,
            "\r\n",
        ]);
    }
    body.extend(["--", &boundary, "--\r\n"]);
    (boundary, body.into_bytes())
}
