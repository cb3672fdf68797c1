//! Everything one schema says, its references followed and its `allOf` read as one.
use crate::{
    limits,
    outline::{members, text},
    refer,
};
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::collections::HashSet;

#[derive(Debug, Default)]
pub(crate) struct Facets<'a> {
    /// Of the component, if the schema is nothing but one.
    pub(crate) name: Option<String>,
    /// The objects that hold together.
    pub(crate) parts: Vec<&'a Map<String, Value>>,
    pub(crate) description: Option<&'a str>,
    pub(crate) types: Vec<&'a str>,
    pub(crate) nullable: bool,
    /// `false`: nothing fits.
    pub(crate) never: bool,
    /// An attribute may be described by several parts, all of which hold.
    pub(crate) properties: IndexMap<&'a str, Vec<&'a Value>>,
    pub(crate) patterns: Vec<(&'a str, &'a Value)>,
    pub(crate) additional: Option<&'a Value>,
    pub(crate) required: HashSet<&'a str>,
    pub(crate) items: Option<&'a Value>,
    /// `prefixItems`, and the list form of `items`.
    pub(crate) positions: Vec<&'a Value>,
    pub(crate) unions: Vec<Variants<'a>>,
    /// Values with a title or description each, written as a union of constants.
    pub(crate) constants: Vec<(&'a Value, &'a str)>,
    pub(crate) lost: Vec<refer::Lost>,
}

#[derive(Debug)]
pub(crate) struct Variants<'a> {
    pub(crate) label: &'static str,
    pub(crate) discriminator: Option<&'a str>,
    pub(crate) schemas: Vec<&'a Value>,
    /// Where variants have names that are not their own.
    pub(crate) titles: Vec<&'static str>,
}

impl Facets<'_> {
    pub(crate) fn has_children(&self) -> bool {
        !(self.properties.is_empty() && self.patterns.is_empty() && self.positions.is_empty() && self.unions.is_empty())
            || self.additional.is_some_and(Value::is_object)
    }

    /// The first value any part has for a keyword.
    pub(crate) fn get(&self, keyword: &str) -> Option<&Value> {
        self.parts.iter().find_map(|part| part.get(keyword))
    }
}

/// Reads `parts` as one.
pub(crate) fn gather<'a>(root: &'a Value, parts: &[&'a Value]) -> Facets<'a> {
    gather_beside(root, parts, &[])
}

/// Reads `parts` as one, without what the references in `beside` lead to.
pub(crate) fn gather_beside<'a>(root: &'a Value, parts: &[&'a Value], beside: &[&'a str]) -> Facets<'a> {
    let followed = beside.iter().copied().collect();
    let mut gathering = Gathering { root, facets: Facets::default(), followed, room: limits::ALL_OF };
    for part in parts {
        gathering.add(part);
    }
    let mut facets = gathering.facets;
    if let [part] = parts {
        facets.name = name_of(root, part);
    }
    facets
}

/// The component a schema is: by its reference, which may also stand alone in an `allOf` (3.0's way of saying more beside it)
/// or beside `null`.
pub(crate) fn name_of(root: &Value, schema: &Value) -> Option<String> {
    name_within(root, schema, limits::REFERENCE_CHAIN)
}

fn name_within(root: &Value, schema: &Value, hops: usize) -> Option<String> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let further = || name_within(root, refer::find(root, reference).ok()?, hops.checked_sub(1)?);
        return refer::schema_name(reference).or_else(further);
    }
    let object = schema.as_object()?;
    if object.contains_key("properties") {
        return None;
    }
    for key in ["allOf", "oneOf", "anyOf"] {
        let Some(listed) = object.get(key).and_then(Value::as_array) else { continue };
        let mut some = listed.iter().filter(|variant| !is_null(variant));
        let (only, other) = (some.next(), some.next());
        return match (only, other) {
            (Some(only), None) => refer::schema_name(only.get("$ref")?.as_str()?),
            _ => None,
        };
    }
    None
}

/// The facets of the items of a list, of the lists in it and so on, and how many lists that are.
pub(crate) fn innermost<'a>(root: &'a Value, facets: &Facets<'a>) -> (Option<Facets<'a>>, usize) {
    let (mut inner, mut nesting) = (None, 0);
    let mut items = facets.items;
    while let Some(item) = items.filter(|_| nesting < 8) {
        let of_item = gather(root, &[item]);
        items = of_item.items;
        inner = Some(of_item);
        nesting += 1;
    }
    (inner, nesting)
}

/// Whether the schema or what it refers to bears a flag.
pub(crate) fn flag(root: &Value, schema: &Value, key: &str) -> bool {
    let set = |schema: &Value| matches!(schema.get(key), Some(Value::Bool(true)));
    let through = |schema: &Value| refer::resolve(root, schema).is_ok_and(|(target, _)| set(target));
    set(schema)
        || through(schema)
        || schema.get("allOf").and_then(Value::as_array).is_some_and(|all| all.iter().take(20).any(through))
}

pub(crate) fn is_null(schema: &Value) -> bool {
    let only_null = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text == "null",
        Some(Value::Array(listed)) => !listed.is_empty() && listed.iter().all(|one| one.is_null() || one == "null"),
        _ => false,
    };
    only_null(schema.get("type")) || only_null(schema.get("enum")) || schema.get("const").is_some_and(Value::is_null)
}

struct Gathering<'a> {
    root: &'a Value,
    facets: Facets<'a>,
    followed: HashSet<&'a str>,
    room: usize,
}

impl<'a> Gathering<'a> {
    fn add(&mut self, schema: &'a Value) {
        let Some(room) = self.room.checked_sub(1) else { return };
        self.room = room;
        let object = match schema {
            Value::Object(object) => object,
            Value::Bool(false) => return self.facets.never = true,
            _ => return,
        };
        // What stands beside a reference comes first: it was written for this place.
        self.keywords(object);
        if let Some(reference) = object.get("$ref").and_then(Value::as_str)
            && self.followed.insert(reference)
        {
            match refer::find(self.root, reference) {
                Ok(target) => self.add(target),
                Err(lost) => self.facets.lost.push(lost),
            }
        }
    }

    fn keywords(&mut self, object: &'a Map<String, Value>) {
        self.facets.parts.push(object);
        let schema_text =
            |key: &str| object.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        if self.facets.description.is_none() {
            self.facets.description = schema_text("description");
        }
        self.types(object);
        let room = limits::SCHEMA_PROPERTIES;
        for (name, property) in members(object.get("properties")) {
            if self.facets.properties.len() >= room && !self.facets.properties.contains_key(name.as_str()) {
                break;
            }
            self.facets.properties.entry(name).or_default().push(property);
        }
        self.facets
            .patterns
            .extend(members(object.get("patternProperties")).map(|(name, value)| (name.as_str(), value)));
        if let Some(listed) = object.get("required").and_then(Value::as_array) {
            self.facets.required.extend(listed.iter().filter_map(Value::as_str).take(room));
        }
        if let Some(additional) = object.get("additionalProperties") {
            self.facets.additional = self.facets.additional.or(Some(additional));
        }
        match object.get("items") {
            Some(Value::Array(positions)) => self.facets.positions.extend(positions),
            Some(items @ Value::Object(_)) => self.facets.items = self.facets.items.or(Some(items)),
            _ => {}
        }
        if let Some(positions) = object.get("prefixItems").and_then(Value::as_array) {
            self.facets.positions.extend(positions);
        }
        for part in object.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.add(part);
        }
        for (key, label) in [("oneOf", "One of"), ("anyOf", "Any of")] {
            if let Some(variants) = object.get(key).and_then(Value::as_array) {
                self.variants(object, label, variants);
            }
        }
        self.conditions(object);
    }

    fn types(&mut self, object: &'a Map<String, Value>) {
        let said: Vec<&str> = match object.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).take(10).collect(),
            _ => Vec::new(),
        };
        for name in said {
            if name == "null" {
                self.facets.nullable = true;
            } else if !self.facets.types.contains(&name) {
                self.facets.types.push(name);
            }
        }
        let yes = Some(&Value::Bool(true));
        if object.get("nullable") == yes || object.get("x-nullable") == yes {
            self.facets.nullable = true;
        }
    }

    fn variants(&mut self, object: &'a Map<String, Value>, label: &'static str, variants: &'a [Value]) {
        let variants = &variants[..variants.len().min(limits::SCHEMA_PROPERTIES)];
        let some: Vec<&Value> = variants.iter().filter(|variant| !is_null(variant)).collect();
        self.facets.nullable |= some.len() < variants.len();
        let constants: Vec<_> = some.iter().filter_map(|variant| constant(variant)).collect();
        if !constants.is_empty() && constants.len() == some.len() {
            self.facets.constants.extend(constants);
            return;
        }
        // Nothing but types is said shorter as "string or integer".
        let bare: Vec<&str> = some.iter().filter_map(|variant| bare_type(variant)).collect();
        if some.len() > 1 && bare.len() == some.len() && self.facets.types.is_empty() {
            for name in bare {
                if !self.facets.types.contains(&name) {
                    self.facets.types.push(name);
                }
            }
            return;
        }
        match some[..] {
            [] => {}
            [only] => self.add(only),
            _ => {
                let discriminator = match object.get("discriminator") {
                    Some(Value::String(name)) => Some(name.as_str()),
                    Some(value) => text(value, "propertyName"),
                    None => None,
                };
                self.facets.unions.push(Variants { label, discriminator, schemas: some, titles: Vec::new() });
            }
        }
    }

    fn conditions(&mut self, object: &'a Map<String, Value>) {
        let Some(condition) = object.get("if") else { return };
        let (mut variants, mut titles) = (vec![condition], vec!["If"]);
        for (key, title) in [("then", "Then"), ("else", "Else")] {
            if let Some(branch) = object.get(key) {
                variants.push(branch);
                titles.push(title);
            }
        }
        self.facets.unions.push(Variants { label: "Conditional", discriminator: None, schemas: variants, titles });
    }
}

/// A variant that is a simple type and says no more.
fn bare_type(variant: &Value) -> Option<&str> {
    let name = variant.get("type").and_then(Value::as_str)?;
    let simple = matches!(name, "string" | "integer" | "number" | "boolean");
    (simple && variant.as_object().is_some_and(|keywords| keywords.len() == 1)).then_some(name)
}

/// A variant that is one value, with what is said of it.
fn constant(variant: &Value) -> Option<(&Value, &str)> {
    let value = variant.get("const").or_else(|| match variant.get("enum")?.as_array()?.as_slice() {
        [only] => Some(only),
        _ => None,
    })?;
    let plain = ["properties", "$ref", "oneOf", "anyOf", "allOf"].iter().all(|key| variant.get(key).is_none());
    plain.then(|| (value, text(variant, "description").or_else(|| text(variant, "title")).unwrap_or_default()))
}
