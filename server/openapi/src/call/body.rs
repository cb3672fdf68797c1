//! The body of a call, by its media type.
use super::style::plain;
use crate::{
    example::{self, Side},
    limits, operation,
    part::{self, Content},
    schema::facets::gather,
};
use portico_contract::call::{Body, Pair, Part, PartContent};
use serde_json::Value;

/// Stands for the reader's file.
const FILE: &str = "file";

/// The body to begin with: JSON where the operation takes it, with the first example.
pub(crate) fn of(root: &Value, body: &part::Body<'_>) -> Option<Body> {
    let json = body.contents.iter().find(|content| operation::is_json(content.media_type));
    let content = json.or(body.contents.first())?;
    with(root, content, content.examples.first().map(|example| example.value))
}

/// A body in this media type with the given value; without one it is made from the schema.
pub(crate) fn with(root: &Value, content: &Content<'_>, given: Option<&Value>) -> Option<Body> {
    let media_type = media_type(content.media_type);
    match essence(&media_type).as_str() {
        "application/x-www-form-urlencoded" => {
            let fields = fields(root, content, given, |name| !name.contains('\0'));
            let pairs = fields.into_iter().flat_map(|(name, _, value)| {
                let texts = if let Value::Array(items) = &value {
                    items.iter().map(plain).collect()
                } else {
                    vec![plain(&value)]
                };
                texts.into_iter().map(move |text| Pair::new(name.clone(), text))
            });
            Some(Body::Form(pairs.collect())).filter(|body| !matches!(body, Body::Form(pairs) if pairs.is_empty()))
        }
        "multipart/form-data" => {
            let parts: Vec<Part> = fields(root, content, given, is_part_name).into_iter().flat_map(parts).collect();
            (!parts.is_empty()).then_some(Body::Multipart(parts))
        }
        _ => Some(whole(root, content, given, media_type)),
    }
}

/// One that can be sent: ranges are none.
pub(super) fn media_type(written: &str) -> String {
    let written: String = written.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(120).collect();
    match essence(&written).as_str() {
        "" | "*/*" | "*" => "application/json".into(),
        "text/*" => "text/plain".into(),
        "image/*" => "image/png".into(),
        range if range.ends_with("/*") => "application/octet-stream".into(),
        _ => written.trim().to_owned(),
    }
}

pub(super) fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

pub(super) fn whole(root: &Value, content: &Content<'_>, given: Option<&Value>, media_type: String) -> Body {
    let schema = content.schema.as_deref();
    let made = || example::made(root, schema?, Side::Request);
    let value = given.cloned().or_else(made);
    let file = |media_type| Body::File { media_type, file: FILE.into() };
    if schema.is_some_and(|schema| example::is_binary(root, schema)) {
        return file(media_type);
    }
    match value {
        Some(value) if operation::is_json(&media_type) => {
            let is_text = || schema.is_some_and(|schema| gather(root, &[schema]).types.contains(&"string"));
            match &value {
                Value::String(text) => match serde_json::from_str(text) {
                    // Documents often write JSON into a text.
                    Ok(parsed @ (Value::Object(_) | Value::Array(_))) => json(media_type, &parsed),
                    _ if is_text() => json(media_type, &value),
                    _ => self::text(media_type, text.clone()),
                },
                value => json(media_type, value),
            }
        }
        Some(Value::String(text)) => self::text(media_type, text),
        Some(Value::Array(items)) if is_json_lines(&media_type) => {
            let lines: Vec<String> = items.iter().map(Value::to_string).collect();
            self::text(media_type, lines.join("\n") + "\n")
        }
        Some(value @ (Value::Bool(_) | Value::Number(_))) => self::text(media_type, value.to_string()),
        // XML and the like: how the value is written is not known.
        Some(_) | None => file(media_type),
    }
}

fn is_json_lines(media_type: &str) -> bool {
    matches!(essence(media_type).as_str(), "application/jsonl" | "application/x-ndjson" | "application/ndjson")
}

/// The same from a file, where a page has no room for it; forms stay, they are short.
pub(crate) fn from_file(body: Body) -> Body {
    match body {
        Body::Json { media_type, .. } | Body::Text { media_type, .. } => Body::File { media_type, file: FILE.into() },
        short => short,
    }
}

/// Nothing may be left out of what is meant to be sent: what is too long to show comes from a file.
fn json(media_type: String, value: &Value) -> Body {
    match serde_json::to_string_pretty(value) {
        Ok(text) if text.len() <= 4 * limits::EXAMPLE => Body::Json { media_type, text },
        _ => Body::File { media_type, file: FILE.into() },
    }
}

fn text(media_type: String, text: String) -> Body {
    let text: String = text.chars().filter(|c| *c != '\0').collect();
    if text.len() <= 4 * limits::EXAMPLE {
        Body::Text { media_type, text }
    } else {
        Body::File { media_type, file: FILE.into() }
    }
}

/// What clients write into a part's head alike; they do not agree on how the rest is escaped.
fn is_part_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-.[]$: ".contains(c)) && name.trim() == name
}

/// Names, whether the value is a file, and values. The required ones; where none is, a few simple ones show how fields
/// are written.
fn fields(
    root: &Value,
    content: &Content<'_>,
    given: Option<&Value>,
    fits: impl Fn(&str) -> bool,
) -> Vec<(String, bool, Value)> {
    let Some(schema) = content.schema.as_deref() else { return Vec::new() };
    let facets = gather(root, &[schema]);
    let given = given.and_then(Value::as_object);
    let simple = |part: &Value| {
        let facets = gather(root, &[part]);
        matches!(facets.types[..], ["string" | "integer" | "number" | "boolean"])
    };
    let none_required = facets.required.is_empty();
    let shown = facets.properties.iter().filter(|(name, parts)| {
        let given = given.is_some_and(|given| given.contains_key(**name));
        given
            || if none_required {
                parts.first().is_some_and(|part| simple(part))
            } else {
                facets.required.contains(*name)
            }
    });
    let shown = shown.filter(|(name, _)| fits(name)).take(if none_required { 3 } else { 20 });
    let field = |(name, parts): (&&str, &Vec<&Value>)| {
        let part = parts.first()?;
        let items = gather(root, &[part]).items;
        let is_file = example::is_binary(root, part) || items.is_some_and(|items| example::is_binary(root, items));
        let given = given.and_then(|given| given.get(*name));
        Some(((*name).to_owned(), is_file, example::of_parameter(root, name, part, given)))
    };
    shown.filter_map(field).collect()
}

/// Items of a list are parts of their own, objects are JSON (OpenAPI 3.1, 4.8.15.1).
fn parts((name, is_file, value): (String, bool, Value)) -> Vec<Part> {
    let part = |media_type: Option<&str>, content| Part {
        name: name.clone(),
        media_type: media_type.map(str::to_owned),
        content,
    };
    if is_file {
        return vec![part(None, PartContent::File(FILE.into()))];
    }
    let one = |value: &Value| match value {
        Value::Object(_) | Value::Array(_) => part(Some("application/json"), PartContent::Text(value.to_string())),
        value => part(None, PartContent::Text(plain(value))),
    };
    match &value {
        Value::Array(items) => items.iter().take(5).map(one).collect(),
        value => vec![one(value)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::borrow::Cow;

    fn body(media_type: &str, schema: Value, example: Option<Value>) -> Option<Body> {
        let examples: Vec<part::Example<'_>> = example
            .iter()
            .map(|value| part::Example { name: None, title: "Example", description: "", value })
            .collect();
        let contents = vec![Content { media_type, schema: Some(Cow::Owned(schema)), examples, ..Content::default() }];
        of(&json!({}), &part::Body { required: true, description: "", contents })
    }

    #[test]
    fn a_body_is_what_its_media_type_says() {
        let text = json!({"type": "string"});
        let object = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        let json = |media_type: &str, text: &str| Body::Json { media_type: media_type.into(), text: text.into() };
        let plain = |media_type: &str, text: &str| Body::Text { media_type: media_type.into(), text: text.into() };
        let file = |media_type: &str| Body::File { media_type: media_type.into(), file: "file".into() };
        for (media_type, schema, example, expected) in [
            ("application/json", &text, Some(json!("a\"b")), json("application/json", r#""a\"b""#)),
            ("application/json", &object, Some(json!("{\"a\": 1}")), json("application/json", "{\n  \"a\": 1\n}")),
            ("application/json", &object, Some(json!("a=1")), plain("application/json", "a=1")),
            ("*/*", &text, Some(json!(7)), json("application/json", "7")),
            ("application/vnd.a+json; v=1", &text, Some(json!(true)), json("application/vnd.a+json; v=1", "true")),
            ("text/plain", &text, Some(json!("a\0b")), plain("text/plain", "ab")),
            ("application/xml", &object, Some(json!("<a/>")), plain("application/xml", "<a/>")),
            ("application/xml", &object, None, file("application/xml")),
            ("image/*", &json!({}), None, file("image/png")),
            (
                "application/x-ndjson",
                &json!({}),
                Some(json!([{"a": 1}, 2])),
                plain("application/x-ndjson", "{\"a\":1}\n2\n"),
            ),
        ] {
            assert_eq!(body(media_type, schema.clone(), example.clone()), Some(expected), "{media_type} {example:?}");
        }
        assert_eq!(body("application/json", text, Some(json!("x".repeat(40_000)))), Some(file("application/json")));
    }

    #[test]
    fn forms_have_fields_and_multipart_has_parts() {
        let schema = json!({"type": "object", "required": ["f", "m", "l", "b\"d"], "properties": {
            "f": {"type": "string", "format": "binary"},
            "m": {"type": "object", "properties": {"k": {"type": "integer"}}},
            "l": {"type": "array", "items": {"type": "string", "enum": ["x"]}},
            "b\"d": {"type": "string"},
            "o": {"type": "string"}}});
        let Some(Body::Multipart(parts)) =
            body("multipart/form-data", schema, Some(json!({"l": ["p", "q"], "o": "é"})))
        else {
            panic!("no multipart");
        };
        let text = |name: &str, text: &str| Part {
            name: name.into(),
            content: PartContent::Text(text.into()),
            ..Part::default()
        };
        assert_eq!(parts[0], Part { name: "f".into(), content: PartContent::File("file".into()), ..Part::default() });
        assert_eq!(parts[1].media_type.as_deref(), Some("application/json"));
        assert_eq!(parts[1].content, PartContent::Text("{\"k\":1}".into()));
        assert_eq!(parts[2..], [text("l", "p"), text("l", "q"), text("o", "é")]);
        let schema = json!({"type": "object", "properties": {"a&b": {"type": "string", "default": "1+1"}, "n": {"type": "array"}}});
        let form = body("application/x-www-form-urlencoded", schema, None);
        assert_eq!(form, Some(Body::Form(vec![Pair::new("a&b", "1+1")])));
    }
}
