//! Examples: as given, or made from a schema.
use crate::{
    highlight, limits,
    outline::text,
    refer,
    schema::facets::{self, Facets, Variants, gather},
};
use portico_contract::reference::{Code, Token};
use serde_json::{Map, Value, json};

/// A given example. Documents often write JSON into a text: that is shown as the JSON it is.
pub(crate) fn code(value: &Value, room: usize) -> Code {
    let Value::String(text) = value else { return highlight::json(value, room) };
    if let Ok(parsed @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
        return highlight::json(&parsed, room);
    }
    let end = text.char_indices().map(|(at, _)| at).find(|at| *at >= room);
    let text = end.map_or(text.clone(), |end| format!("{}\n…", &text[..end]));
    Code { spans: vec![(Token::Plain, text)] }
}

/// An example of a schema as code; none where nothing is known of the value.
pub(crate) fn of_schema(root: &Value, schema: &Value, side: Side) -> Option<Code> {
    let value = made(root, schema, side)?;
    Some(highlight::json(&value, limits::EXAMPLE))
}

/// An example of the schema where its value is of one variant of the union that decides what it looks like.
pub(crate) fn of_variant(root: &Value, schema: &Value, variant: usize, side: Side) -> Option<Value> {
    let mut maker = Maker { root, side, room: 300, around: Vec::new(), pick: Some(variant) };
    let value = maker.value(&[schema], "", 0);
    (!value.is_null()).then_some(value)
}

/// How many variants that union has, of the value or of each item of a list; 0 without one.
pub(crate) fn variants(root: &Value, schema: &Value) -> usize {
    choosing(root, schema, |union| union.schemas.len()).unwrap_or_default()
}

/// Which variant a given example is of, if it can be of one only.
pub(crate) fn variant_of(root: &Value, schema: &Value, value: &Value) -> Option<usize> {
    let value = value.as_array().map_or(Some(value), |items| items.first())?;
    choosing(root, schema, |union| {
        let said = union.discriminator.and_then(|property| value.get(property)?.as_str());
        if let Some(at) = said.and_then(|said| union.values.iter().position(|one| one == said)) {
            return Some(at);
        }
        let mut fitting = (0..union.schemas.len()).filter(|at| fits(root, &union.schemas[*at], value));
        let (only, other) = (fitting.next(), fitting.next());
        only.filter(|_| other.is_none())
    })?
}

fn choosing<T>(root: &Value, schema: &Value, tell: impl FnOnce(&Variants<'_>) -> T) -> Option<T> {
    let facets = gather(root, &[schema]);
    let (inner, _) = facets::innermost(root, &facets);
    inner.as_ref().unwrap_or(&facets).choice().map(tell)
}

/// Whether nothing that is seen at a glance speaks against the value being of the variant.
fn fits(root: &Value, variant: &Value, value: &Value) -> bool {
    let facets = gather(root, &[variant]);
    let Some(members) = value.as_object() else {
        let kind = match value {
            Value::String(_) => "string",
            Value::Bool(_) => "boolean",
            Value::Array(_) => "array",
            Value::Number(_) => "number",
            _ => return facets.nullable,
        };
        return facets.types.iter().any(|one| *one == kind || kind == "number" && *one == "integer");
    };
    let agrees = |name: &str, parts: &[&Value]| {
        let Some(value) = members.get(name) else { return true };
        let facets = gather(root, parts);
        let listed = facets.get("enum").and_then(Value::as_array);
        facets.get("const").is_none_or(|only| only == value) && listed.is_none_or(|values| values.contains(value))
    };
    facets.required.iter().all(|name| members.contains_key(*name))
        && facets.properties.iter().all(|(name, parts)| agrees(name, parts))
        && (facets.properties.is_empty() || members.keys().any(|name| facets.properties.contains_key(name.as_str())))
        && (facets.types.is_empty() || facets.types.contains(&"object"))
}

/// Who writes the value: read-only attributes are no part of a request, write-only ones none of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    Request,
    Answer,
}

impl Side {
    /// What bears this flag is not written by this side.
    pub(crate) const fn hidden(self) -> &'static str {
        match self {
            Self::Request => "readOnly",
            Self::Answer => "writeOnly",
        }
    }
}

pub(crate) fn made(root: &Value, schema: &Value, side: Side) -> Option<Value> {
    let mut maker = Maker { root, side, room: 300, around: Vec::new(), pick: None };
    let value = maker.value(&[schema], "", 0);
    (!value.is_null()).then_some(value)
}

/// A value to stand for a parameter.
pub(crate) fn of_parameter(root: &Value, name: &str, schema: &Value, given: Option<&Value>) -> Value {
    if let Some(given) = given {
        return given.clone();
    }
    let mut maker = Maker { root, side: Side::Request, room: 20, around: Vec::new(), pick: None };
    maker.value(&[schema], name, 3)
}

struct Maker<'a> {
    root: &'a Value,
    side: Side,
    /// Values left to make.
    room: usize,
    around: Vec<String>,
    /// The variant that the first union is to be of.
    pick: Option<usize>,
}

impl Maker<'_> {
    fn value(&mut self, parts: &[&Value], name: &str, depth: usize) -> Value {
        let root = self.root;
        let Some(room) = self.room.checked_sub(1) else { return Value::Null };
        self.room = room;
        let facets = gather(root, parts);
        // A given example is of a variant of its author's choice.
        if let Some(given) = given(&facets).filter(|_| self.pick.is_none()) {
            return given;
        }
        if depth > 6 || facets.name.as_ref().is_some_and(|name| self.around.contains(name)) {
            return if of_lists(&facets) { json!([]) } else { json!({}) };
        }
        let named = facets.name.clone();
        self.around.extend(named.clone());
        let value = self.by_type(&facets, name, depth);
        if named.is_some() {
            self.around.pop();
        }
        value
    }

    fn by_type(&mut self, facets: &Facets<'_>, name: &str, depth: usize) -> Value {
        if !facets.properties.is_empty() || facets.additional.is_some_and(Value::is_object) {
            return self.object(facets, depth);
        }
        if let Some(union) = facets.choice() {
            return self.variant(union, name, depth);
        }
        if let Some(items) = facets.items {
            return Value::Array(vec![self.value(&[items], name, depth + 1)]);
        }
        if !facets.positions.is_empty() {
            return facets.positions.iter().take(10).map(|item| self.value(&[item], name, depth + 1)).collect();
        }
        match facets.types.first().copied() {
            Some("integer") => number(facets, true),
            Some("number") => number(facets, false),
            Some("boolean") => true.into(),
            Some("object") => json!({}),
            Some("array") => json!([]),
            Some("string" | "file") => string(facets, name).into(),
            _ if facets.get("pattern").is_some() || facets.get("format").is_some() => string(facets, name).into(),
            _ => Value::Null,
        }
    }

    fn object(&mut self, facets: &Facets<'_>, depth: usize) -> Value {
        let mut members = Map::new();
        let hidden = self.side.hidden();
        let pick = self.pick.take_if(|_| facets.choice().is_some());
        let mut listed: Vec<_> = facets.properties.iter().collect();
        // What is required comes into the example before the room is spent.
        let keeps = |name: &str| facets.required.contains(name);
        if listed.len() > 25 {
            listed.sort_by_key(|(name, _)| !keeps(name));
            listed.truncate(25);
        }
        for (name, parts) in listed {
            let bears = |flag: &str| parts.iter().any(|part| facets::flag(self.root, part, flag));
            if bears(hidden) || bears("deprecated") && !keeps(name) {
                continue;
            }
            let value = self.value(parts, name, depth + 1);
            if !value.is_null() || keeps(name) {
                members.insert((*name).to_owned(), value);
            }
        }
        // Beside what all variants have stands what one of them has.
        if let Some(union) = facets.choice() {
            self.pick = pick;
            if let Value::Object(more) = self.variant(union, "", depth) {
                for (name, value) in more {
                    let said = union.discriminator == Some(name.as_str());
                    if said || !members.contains_key(&name) {
                        members.insert(name, value);
                    }
                }
            }
        }
        if let Some(additional) = facets.additional.filter(|additional| additional.is_object() && members.is_empty()) {
            let value = self.value(&[additional], "", depth + 1);
            members.insert("name".into(), value);
        }
        members.into()
    }
}

impl Maker<'_> {
    /// A value of the variant that was picked, else of the first, with what tells it apart.
    fn variant(&mut self, union: &Variants<'_>, name: &str, depth: usize) -> Value {
        let at = self.pick.take().unwrap_or_default();
        let Some(schema) = union.schemas.get(at) else { return Value::Null };
        let mut value = self.value(&[schema], name, depth + 1);
        if let (Some(property), Some(said), Value::Object(members)) =
            (union.discriminator, union.values.get(at).filter(|said| !said.is_empty()), &mut value)
        {
            members.insert(property.to_owned(), said.as_str().into());
        }
        value
    }
}

fn of_lists(facets: &Facets<'_>) -> bool {
    facets.types.first() == Some(&"array") || facets.items.is_some()
}

/// What the document offers itself, if it is not out of proportion.
fn given(facets: &Facets<'_>) -> Option<Value> {
    let listed = |key: &str| facets.get(key).and_then(|values| values.get(0));
    let given = facets
        .get("example")
        .or_else(|| listed("examples"))
        .or_else(|| facets.get("x-example"))
        .or_else(|| facets.get("const"))
        .or_else(|| facets.get("default").filter(|value| !value.is_null()))
        .or_else(|| facets.get("enum")?.as_array()?.iter().find(|value| !value.is_null()))
        .or(facets.constants.first().map(|(value, _)| *value))?;
    (highlight::compact(given, limits::EXAMPLE).len() <= limits::EXAMPLE).then(|| given.clone())
}

fn number(facets: &Facets<'_>, whole: bool) -> Value {
    let bound = |keyword: &str| facets.get(keyword).and_then(Value::as_f64);
    let step = if whole { 1.0 } else { 0.5 };
    let above = |least: f64, open: bool| if open { least + step } else { least };
    let open = |keyword: &str| facets.get(keyword) == Some(&Value::Bool(true));
    let least = bound("minimum")
        .map(|n| above(n, open("exclusiveMinimum")))
        .or(bound("exclusiveMinimum").map(|n| above(n, true)));
    let most = bound("maximum").or(bound("exclusiveMaximum").map(|n| n - step));
    let start: f64 = if whole { 1.0 } else { 1.5 };
    let n = least.map_or(start, |least| start.max(least));
    let n = most.map_or(n, |most| n.min(most));
    if n.fract() == 0.0 && n.abs() < 9e15 { json!(n as i64) } else { json!(n) }
}

fn string(facets: &Facets<'_>, name: &str) -> String {
    let made = match facets.get("format").and_then(Value::as_str).unwrap_or_default() {
        "date-time" => "2026-01-15T09:30:00Z",
        "date" => "2026-01-15",
        "time" => "09:30:00Z",
        "duration" => "PT15M",
        "uuid" => "7f3c2b9e-5a10-4d0c-9a57-2f1f0c6d8e11",
        "email" | "idn-email" => "someone@example.com",
        "hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uri" | "url" | "iri" | "uri-reference" => "https://example.com/",
        "byte" => "cG9ydGljbw==",
        "binary" => "(bytes)",
        "password" => "(password)",
        _ => "",
    };
    if !made.is_empty() {
        return made.into();
    }
    let word = if name.is_empty() { "string" } else { name };
    let mut word: String = word.chars().take(40).collect();
    let bound = |keyword: &str| facets.get(keyword).and_then(Value::as_u64);
    if let Some(most) = bound("maxLength") {
        word = word.chars().take(most.max(1) as usize).collect();
    }
    if let Some(least) = bound("minLength").filter(|least| *least <= 64) {
        while (word.chars().count() as u64) < least {
            word.push('x');
        }
    }
    word
}

/// The text of a parameter's value, lists joined.
pub(crate) fn parameter_texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().take(5).flat_map(parameter_texts).collect(),
        Value::String(text) => vec![text.chars().take(200).collect()],
        Value::Object(_) => vec![highlight::compact(value, 200)],
        Value::Null => vec![String::new()],
        other => vec![other.to_string()],
    }
}

/// Whether the reference of a schema, followed, is of a binary.
pub(crate) fn is_binary(root: &Value, schema: &Value) -> bool {
    refer::resolve(root, schema).is_ok_and(|(schema, _)| {
        text(schema, "format") == Some("binary") || text(schema, "contentMediaType") == Some("application/octet-stream")
    })
}
