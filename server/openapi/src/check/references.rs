//! One walk over the whole value: references, and slips in schemas.
use crate::{
    finding::Findings,
    outline::members,
    refer::{self, Lost, shorten},
    rules::pattern::Patterns,
};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// What the keys of an object are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// Keywords of OpenAPI.
    Words,
    /// Keywords of a schema.
    Schema,
    /// Names chosen by the author, of schemas or of something else.
    Names(bool),
}

pub(super) fn check(root: &Value, findings: &mut Findings) {
    let mut walk = Walk {
        root,
        findings,
        path: Vec::new(),
        known: HashMap::new(),
        files: HashSet::new(),
        ids: HashSet::new(),
        patterns: Patterns::default(),
    };
    collect_ids(root, &mut walk.ids);
    walk.value(root, Keys::Words);
}

/// Schemas that name themselves by a URL (2020-12): references to them stay within the document.
fn collect_ids<'a>(root: &'a Value, ids: &mut HashSet<&'a str>) {
    let mut pending = vec![root];
    while let Some(value) = pending.pop() {
        match value {
            Value::Array(items) => pending.extend(items),
            Value::Object(members) => {
                ids.extend(members.get("$id").and_then(Value::as_str));
                pending.extend(members.values());
            }
            _ => {}
        }
    }
}

struct Walk<'a, 'f> {
    root: &'a Value,
    findings: &'f mut Findings,
    path: Vec<std::borrow::Cow<'a, str>>,
    /// References that have been followed.
    known: HashMap<&'a str, Option<Lost>>,
    files: HashSet<&'a str>,
    ids: HashSet<&'a str>,
    patterns: Patterns,
}

impl<'a> Walk<'a, '_> {
    fn here(&self, key: &str) -> String {
        let mut pointer: String = self.path.iter().map(|part| refer::step(part)).collect();
        if !key.is_empty() {
            pointer.push_str(&refer::step(key));
        }
        pointer
    }

    fn value(&mut self, value: &'a Value, keys: Keys) {
        match value {
            Value::Object(object) => {
                if !matches!(keys, Keys::Names(_)) {
                    if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
                        self.reference(value, reference);
                    }
                    if keys == Keys::Schema {
                        self.schema(object);
                    }
                }
                for (key, value) in object {
                    if value.is_object() || value.is_array() {
                        self.member(key, value, keys);
                    }
                }
            }
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate().filter(|(_, item)| item.is_object() || item.is_array()) {
                    self.path.push(n.to_string().into());
                    self.value(item, keys);
                    self.path.pop();
                }
            }
            _ => {}
        }
    }

    fn member(&mut self, key: &'a str, value: &'a Value, keys: Keys) {
        let inner = match (keys, key) {
            (Keys::Names(true), _) | (Keys::Words, "schema" | "itemSchema") => Keys::Schema,
            (Keys::Names(false), _) => Keys::Words,
            // Data, not description: whatever stands there means nothing to us.
            (_, "example" | "default" | "enum" | "const" | "value" | "dataValue")
            | (Keys::Schema, "examples" | "discriminator" | "externalDocs" | "xml") => return,
            (_, key) if key.starts_with("x-") && key != "x-webhooks" => return,
            (Keys::Schema, "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas") => {
                Keys::Names(true)
            }
            (Keys::Words, "schemas" | "definitions") => Keys::Names(true),
            // A list of parameters is written out, a map of them has names.
            (
                Keys::Words,
                "paths"
                | "webhooks"
                | "x-webhooks"
                | "responses"
                | "parameters"
                | "requestBodies"
                | "headers"
                | "securitySchemes"
                | "links"
                | "callbacks"
                | "content"
                | "pathItems"
                | "examples"
                | "mediaTypes"
                | "additionalOperations",
            ) if value.is_object() => Keys::Names(false),
            (keys, _) => keys,
        };
        self.path.push(key.into());
        self.value(value, inner);
        self.path.pop();
    }

    fn reference(&mut self, value: &'a Value, reference: &'a str) {
        if !self.known.contains_key(reference) {
            let lost = refer::resolve(self.root, value).err();
            self.known.insert(reference, lost);
        }
        let Some(Some(lost)) = self.known.get(reference) else { return };
        match lost {
            Lost::External(to) => {
                let file = to.split('#').next().unwrap_or(to);
                let (to, file) = (shorten(to).into_owned(), shorten(file).into_owned());
                let key = reference.split('#').next().unwrap_or(reference);
                if self.ids.contains(key) {
                    let words = format!(
                        "\"{to}\" refers to a schema by its $id, which is not followed; refer to it by its place, e.g. #/components/schemas/Pet."
                    );
                    self.findings.warn("reference-by-id", self.here("$ref"), words);
                } else if self.files.insert(key) {
                    let words = format!(
                        "The document refers to \"{to}\", but \"{file}\" is not part of the upload. Bundle all files into one document first."
                    );
                    self.findings.error("external-reference", self.here("$ref"), words);
                }
            }
            lost @ Lost::Missing(_) => {
                let words = format!(
                    "The reference {}; what would stand here is not shown. Add it, or mend the reference.",
                    lost.words()
                );
                self.findings.warn("unresolved-reference", self.here("$ref"), words);
            }
            lost @ Lost::Endless(_) => {
                let words = format!(
                    "The reference {} and never to a description; what would stand here is not shown.",
                    lost.words()
                );
                self.findings.warn("endless-reference", self.here("$ref"), words);
            }
        }
    }

    fn schema(&mut self, object: &'a Map<String, Value>) {
        if object.get("enum").and_then(Value::as_array).is_some_and(Vec::is_empty) {
            self.findings.warn(
                "empty-enum",
                self.here("enum"),
                "No value is allowed by an empty \"enum\"; list the values, or leave it out.",
            );
        }
        let types = ["string", "number", "integer", "boolean", "object", "array", "null", "file"];
        match object.get("type") {
            Some(Value::String(name)) if !types.contains(&name.as_str()) => {
                let words = format!(
                    "\"{}\" is no type; JSON Schema knows string, number, integer, boolean, object, array and null.",
                    shorten(name)
                );
                self.findings.warn("unknown-type", self.here("type"), words);
            }
            None | Some(Value::String(_) | Value::Array(_)) => {}
            Some(_) => self.findings.warn("unknown-type", self.here("type"), "A type is a word, e.g. string."),
        }
        if let Some(Err(why)) =
            object.get("pattern").and_then(Value::as_str).map(|pattern| self.patterns.usable(pattern))
        {
            let words = format!("Calls are not checked against this pattern: {why}.");
            self.findings.warn("pattern-not-checked", self.here("pattern"), words);
        }
        if object.get("required").is_some_and(Value::is_string) {
            self.findings.warn(
                "required-not-list",
                self.here("required"),
                "\"required\" is a list of attribute names, e.g. [id, name].",
            );
        }
        if object.get("properties").is_some_and(|properties| !properties.is_object()) {
            self.findings.warn(
                "properties-not-object",
                self.here("properties"),
                "\"properties\" is not an object; it maps names to schemas.",
            );
        }
        for (name, value) in members(object.get("properties")) {
            if !value.is_object() && !value.is_boolean() {
                let pointer = refer::under(&self.here("properties"), &[name]);
                self.findings.warn("not-a-schema", pointer, "A schema is an object, e.g. {\"type\": \"string\"}.");
            }
        }
    }
}
