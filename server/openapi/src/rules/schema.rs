//! Schemas as a validator of JSON Schema 2020-12 takes them, whatever version of OpenAPI they are written in.
//!
//! Only keywords that check something are kept, and only in a shape that the standard knows: what comes out always
//! compiles, and a slip in one keyword takes away that keyword alone. What a reference leads to is made once and stands
//! under `$defs`, so recursion stays recursion and nothing is written out twice.
use super::Ground;
use crate::{
    example::Side,
    limits, markdown,
    outline::{Dialect, members},
    part::Reader,
    refer,
    schema::facets::flag,
};
use serde_json::{Map, Number, Value, json};
use std::collections::{BTreeSet, HashMap};

pub(crate) struct Schemas<'d> {
    root: &'d Value,
    dialect: Dialect,
    /// The flag of properties that the other side writes: they are not required here.
    foreign: &'static str,
    /// Names of definitions, by where their schema lies in memory: several references may lead to one.
    names: HashMap<*const Value, String>,
    /// Definitions that are named and not yet made.
    pending: Vec<(String, String, &'d Value)>,
    definitions: Map<String, Value>,
    /// Values left.
    room: usize,
    /// What is said for people is kept, and what the other side writes is left out: for who is to fill a value in.
    words: bool,
}

/// The way to a schema, written out only where something is to be said of it.
#[derive(Clone, Copy)]
struct Way<'a> {
    above: Option<&'a Way<'a>>,
    /// A pointer at the top, a single step below.
    step: &'a str,
}

impl Way<'_> {
    fn pointer(self) -> String {
        match self.above {
            None => self.step.to_owned(),
            Some(above) => above.pointer() + &refer::step(self.step),
        }
    }
}

/// What is made of one schema on its way.
struct Making<'a, 'b> {
    way: Way<'a>,
    made: Map<String, Value>,
    /// Properties that the other side writes.
    foreign: &'b BTreeSet<String>,
}

impl<'d> Schemas<'d> {
    pub(crate) fn new(reader: Reader<'d>, side: Side) -> Self {
        Self {
            root: reader.root,
            dialect: reader.dialect,
            foreign: if side == Side::Request { "readOnly" } else { "writeOnly" },
            names: HashMap::new(),
            pending: Vec::new(),
            definitions: Map::new(),
            room: limits::RULES,
            words: false,
        }
    }

    /// Schemas of requests with their descriptions, of at most so many values.
    pub(crate) fn with_words(reader: Reader<'d>, room: usize) -> Self {
        Self { room, words: true, ..Self::new(reader, Side::Request) }
    }

    /// The definitions that were referred to.
    pub(crate) fn finish(self, ground: &mut Ground) -> Map<String, Value> {
        if self.room == 0 {
            let words = "The document's schemas hold more values than are checked; some pass unchecked.";
            ground.notes.add("", words);
        }
        self.definitions
    }

    pub(crate) fn schema(&mut self, schema: &Value, pointer: &str, ground: &mut Ground) -> Value {
        let made = self.one(schema, Way { above: None, step: pointer }, &BTreeSet::new(), ground);
        while let Some((name, pointer, schema)) = self.pending.pop() {
            let definition = self.one(schema, Way { above: None, step: &pointer }, &BTreeSet::new(), ground);
            self.definitions.insert(name, definition);
        }
        made
    }

    fn one(&mut self, schema: &Value, way: Way<'_>, around: &BTreeSet<String>, ground: &mut Ground) -> Value {
        let object = match schema {
            Value::Object(object) => object,
            Value::Bool(whether) => return (*whether).into(),
            _ => {
                ground.notes.add(way.pointer(), "A schema is an object, e.g. {\"type\": \"string\"}; anything passes.");
                return true.into();
            }
        };
        if !self.spend(object.len() + 1) {
            return true.into();
        }
        let mut foreign = around.clone();
        if object.contains_key("required") || object.contains_key("allOf") {
            self.foreign_in(object, 4, &mut foreign);
        }
        let mut making = Making { way, made: Map::new(), foreign: &foreign };
        let reference = object.get("$ref").or_else(|| object.get("$dynamicRef")).and_then(Value::as_str);
        if let Some(reference) = reference
            && let Some(to) = self.reference(reference, way, ground)
        {
            making.made.insert("$ref".into(), to.into());
        }
        // Before 3.1 a reference stands alone.
        if reference.is_none() || self.dialect == Dialect::ThreeOne {
            for (key, value) in object {
                self.keyword(&mut making, object, key, value, ground);
            }
            integer_format(object, &mut making.made);
        }
        let yes = Some(&Value::Bool(true));
        let nullable = object.get("nullable") == yes || object.get("x-nullable") == yes;
        if nullable { or_null(making.made) } else { making.made.into() }
    }

    fn spend(&mut self, values: usize) -> bool {
        let enough = self.room >= values;
        self.room = if enough { self.room - values } else { 0 };
        enough
    }

    /// `#/$defs/…` for what a reference leads to.
    fn reference(&mut self, reference: &str, way: Way<'_>, ground: &mut Ground) -> Option<String> {
        let target = match refer::find(self.root, reference) {
            Ok(target) => target,
            Err(lost) => {
                ground.notes.add(way.pointer(), format!("Anything passes here: {}.", lost.words()));
                return None;
            }
        };
        let next = self.names.len();
        let name = self.names.entry(std::ptr::from_ref(target)).or_insert_with(|| {
            let name = format!("s{next}");
            let pointer = reference.trim_start_matches('#').to_owned();
            self.pending.push((name.clone(), pointer, target));
            name
        });
        Some(format!("#/$defs/{name}"))
    }

    /// Names of properties that the other side writes, here and in what holds together with this.
    fn foreign_in(&self, object: &Map<String, Value>, depth: usize, names: &mut BTreeSet<String>) {
        let properties = members(object.get("properties")).take(limits::SCHEMA_PROPERTIES);
        let theirs = properties.filter(|(_, schema)| flag(self.root, schema, self.foreign));
        names.extend(theirs.map(|(name, _)| name.clone()));
        let Some(depth) = depth.checked_sub(1) else { return };
        for part in object.get("allOf").and_then(Value::as_array).into_iter().flatten().take(limits::VARIANTS) {
            if let Ok((Value::Object(part), _)) = refer::resolve(self.root, part) {
                self.foreign_in(part, depth, names);
            }
        }
    }

    fn keyword(
        &mut self,
        making: &mut Making<'_, '_>,
        object: &Map<String, Value>,
        key: &str,
        value: &Value,
        ground: &mut Ground,
    ) {
        let way = Way { above: Some(&making.way), step: key };
        let none = &BTreeSet::new();
        let mut misfit = |right: &str| {
            ground.notes.add(way.pointer(), format!("\"{key}\" is not checked: it should be {right}."));
        };
        match key {
            "type" => {
                if let Some(types) = types(value, misfit) {
                    making.made.insert(key.into(), types);
                }
            }
            "enum" => match value.as_array().filter(|values| !values.is_empty()) {
                Some(values) if self.spend(values.len()) => _ = making.made.insert(key.into(), value.clone()),
                Some(_) => {}
                None => misfit("a list of values"),
            },
            "const" => _ = making.made.insert(key.into(), value.clone()),
            "maximum" | "minimum" if value.is_number() => {
                let open = if key == "maximum" { "exclusiveMaximum" } else { "exclusiveMinimum" };
                let key = if object.get(open) == Some(&Value::Bool(true)) { open } else { key };
                making.made.insert(key.into(), value.clone());
            }
            // Before 3.1 a word about the limit beside it.
            "exclusiveMaximum" | "exclusiveMinimum" if value.is_boolean() => {}
            "exclusiveMaximum" | "exclusiveMinimum" if value.is_number() => {
                making.made.insert(key.into(), value.clone());
            }
            "maximum" | "minimum" | "exclusiveMaximum" | "exclusiveMinimum" => misfit("a number"),
            "multipleOf" => match value.as_f64().filter(|number| *number > 0.0) {
                Some(_) => _ = making.made.insert(key.into(), value.clone()),
                None => misfit("a number above 0"),
            },
            "maxLength" | "minLength" | "maxItems" | "minItems" | "maxProperties" | "minProperties" | "maxContains"
            | "minContains" => match count(value) {
                Some(count) => _ = making.made.insert(key.into(), count.into()),
                None => misfit("a whole number from 0"),
            },
            "pattern" => match value.as_str().map(|pattern| ground.patterns.usable(pattern)) {
                Some(Ok(())) => _ = making.made.insert(key.into(), value.clone()),
                Some(Err(why)) => {
                    ground.notes.add(way.pointer(), format!("This pattern is not checked: {why}."));
                }
                None => misfit("a text"),
            },
            "format" => {
                if let Some(format) = value.as_str().filter(|format| FORMATS.contains(format)) {
                    making.made.insert(key.into(), format.into());
                }
            }
            "description" | "title" if self.words => {
                let words = markdown::plain_up_to(value.as_str().unwrap_or_default(), limits::TOOL_WORDS);
                if !words.is_empty() {
                    making.made.insert(key.into(), words.into());
                }
            }
            "default" if self.words => _ = making.made.insert(key.into(), value.clone()),
            "uniqueItems" if value == &Value::Bool(true) => _ = making.made.insert(key.into(), true.into()),
            "required" => {
                let names = value.as_array().into_iter().flatten().filter_map(Value::as_str);
                let names: BTreeSet<&str> = names.filter(|name| !making.foreign.contains(*name)).collect();
                if !names.is_empty() && self.spend(names.len()) {
                    making.made.insert(key.into(), names.into_iter().collect());
                }
            }
            "dependentRequired" => {
                let listed = members(Some(value)).filter_map(|(name, others)| {
                    let others: BTreeSet<&str> = others.as_array()?.iter().filter_map(Value::as_str).collect();
                    Some((name.clone(), others.into_iter().collect::<Value>()))
                });
                let listed: Map<String, Value> = listed.collect();
                if self.spend(listed.len()) {
                    making.made.insert(key.into(), listed.into());
                }
            }
            "properties" | "patternProperties" | "dependentSchemas" => {
                let mut schemas = Map::new();
                for (name, schema) in members(Some(value)) {
                    if self.words && flag(self.root, schema, self.foreign) {
                        continue;
                    }
                    let way = Way { above: Some(&way), step: name };
                    if key == "patternProperties"
                        && let Err(why) = ground.patterns.usable(name)
                    {
                        ground.notes.add(way.pointer(), format!("This pattern is not checked: {why}."));
                        continue;
                    }
                    schemas.insert(name.clone(), self.one(schema, way, none, ground));
                }
                if !schemas.is_empty() {
                    making.made.insert(key.into(), schemas.into());
                }
            }
            // A list of schemas before 2020-12.
            "items" if value.is_array() => {
                if let Some(schemas) = self.listed(value, way, none, ground) {
                    making.made.insert("prefixItems".into(), schemas);
                }
                if let Some(others) = object.get("additionalItems") {
                    let others =
                        self.one(others, Way { above: Some(&making.way), step: "additionalItems" }, none, ground);
                    making.made.insert("items".into(), others);
                }
            }
            "items"
            | "contains"
            | "additionalProperties"
            | "unevaluatedProperties"
            | "unevaluatedItems"
            | "propertyNames"
            | "not"
            | "if"
            | "then"
            | "else" => {
                let schema = self.one(value, way, none, ground);
                making.made.insert(key.into(), schema);
            }
            "prefixItems" => {
                if let Some(schemas) = self.listed(value, way, none, ground) {
                    making.made.insert(key.into(), schemas);
                }
            }
            "allOf" => {
                if let Some(schemas) = self.listed(value, way, making.foreign, ground) {
                    making.made.insert(key.into(), schemas);
                }
            }
            "anyOf" | "oneOf" => {
                if let Some(schemas) = self.listed(value, way, making.foreign, ground) {
                    // A discriminator tells apart what schemas alone need not.
                    let key = if object.contains_key("discriminator") { "anyOf" } else { key };
                    making.made.entry(key).or_insert(schemas);
                }
            }
            _ => {}
        }
    }

    /// `None` for a list without schemas, of which the standard does not know.
    fn listed(&mut self, value: &Value, way: Way<'_>, around: &BTreeSet<String>, ground: &mut Ground) -> Option<Value> {
        let listed = value.as_array().filter(|listed| !listed.is_empty());
        let Some(listed) = listed else {
            ground.notes.add(way.pointer(), "This is not checked: it should be a list of schemas.");
            return None;
        };
        let mut schemas = Vec::with_capacity(listed.len());
        for (n, schema) in listed.iter().enumerate() {
            schemas.push(self.one(schema, Way { above: Some(&way), step: &n.to_string() }, around, ground));
        }
        Some(schemas.into())
    }
}

/// Formats of which it is clear what they ask for. Others are words for people.
const FORMATS: [&str; 7] = ["date-time", "date", "uuid", "email", "ipv4", "ipv6", "uri"];

fn types(value: &Value, misfit: impl FnOnce(&str)) -> Option<Value> {
    let known = |name: &Value| {
        let known = ["null", "boolean", "object", "array", "number", "string", "integer"];
        name.as_str().is_some_and(|name| known.contains(&name))
    };
    match value {
        one if known(one) => Some(one.clone()),
        // Swagger 2.0's word for bytes.
        Value::String(name) if name == "file" => None,
        Value::Array(several) if !several.is_empty() && several.iter().all(known) => {
            let mut distinct: Vec<&Value> = Vec::new();
            for name in several {
                if !distinct.contains(&name) {
                    distinct.push(name);
                }
            }
            Some(distinct.into_iter().cloned().collect())
        }
        _ => {
            misfit("one of string, number, integer, boolean, array, object and null");
            None
        }
    }
}

/// A whole number, also where it is written 5.0.
fn count(value: &Value) -> Option<u64> {
    let written = || value.as_f64().filter(|number| number.fract() == 0.0 && (0.0..9e15).contains(number));
    value.as_u64().or_else(|| written().map(|number| number as u64))
}

/// `int32` and `int64` are ranges.
fn integer_format(object: &Map<String, Value>, made: &mut Map<String, Value>) {
    if made.get("type").and_then(Value::as_str) != Some("integer") {
        return;
    }
    let (least, most) = match object.get("format").and_then(Value::as_str) {
        Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        Some("int64") => (i64::MIN, i64::MAX),
        _ => return,
    };
    for (key, open, limit) in [("minimum", "exclusiveMinimum", least), ("maximum", "exclusiveMaximum", most)] {
        if !made.contains_key(key) && !made.contains_key(open) {
            made.insert(key.into(), Number::from(limit).into());
        }
    }
}

/// The schema, or nothing.
fn or_null(mut made: Map<String, Value>) -> Value {
    let plain = ["$ref", "allOf", "anyOf", "oneOf", "not", "if", "const"].iter().all(|key| !made.contains_key(*key));
    if !plain {
        return json!({"anyOf": [made, {"type": "null"}]});
    }
    match made.get_mut("type") {
        Some(Value::Array(types)) if !types.contains(&"null".into()) => types.push("null".into()),
        Some(one @ Value::String(_)) if one != "null" => *one = json!([one.take(), "null"]),
        _ => {}
    }
    if let Some(values) = made.get_mut("enum").and_then(Value::as_array_mut)
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    made.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A schema of a document with these others, made for one side.
    fn made(dialect: Dialect, side: Side, others: Value, schema: Value) -> (Value, Map<String, Value>, Vec<String>) {
        let root = json!({"components": {"schemas": others}});
        let mut schemas = Schemas::new(Reader { root: &root, dialect }, side);
        let mut ground = Ground::default();
        let made = schemas.schema(&schema, "/here", &mut ground);
        let definitions = schemas.finish(&mut ground);
        (made, definitions, ground.notes.0.into_iter().map(|note| note.pointer + ": " + &note.message).collect())
    }

    #[test]
    fn each_version_is_brought_to_one_form() {
        for (dialect, schema, expected) in [
            (
                Dialect::Three,
                json!({"type": "string", "nullable": true, "example": "a"}),
                json!({"type": ["string", "null"]}),
            ),
            (
                Dialect::Three,
                json!({"type": "integer", "minimum": 1, "exclusiveMinimum": true, "exclusiveMaximum": false, "maximum": 9}),
                json!({"type": "integer", "exclusiveMinimum": 1, "maximum": 9}),
            ),
            (Dialect::ThreeOne, json!({"exclusiveMinimum": 1, "const": 2}), json!({"exclusiveMinimum": 1, "const": 2})),
            (Dialect::Three, json!({"enum": ["a"], "nullable": true}), json!({"enum": ["a", null]})),
            (
                Dialect::Three,
                json!({"allOf": [{"type": "object"}], "nullable": true}),
                json!({"anyOf": [{"allOf": [{"type": "object"}]}, {"type": "null"}]}),
            ),
            (Dialect::Swagger2, json!({"type": "file"}), json!({})),
            (
                Dialect::Three,
                json!({"type": "integer", "format": "int32", "minimum": 0}),
                json!({"type": "integer", "minimum": 0, "maximum": i32::MAX}),
            ),
            (
                Dialect::Three,
                json!({"items": [{"type": "string"}], "additionalItems": false}),
                json!({"prefixItems": [{"type": "string"}], "items": false}),
            ),
            (
                Dialect::Three,
                json!({"oneOf": [{"type": "object"}], "discriminator": {"propertyName": "kind"}}),
                json!({"anyOf": [{"type": "object"}]}),
            ),
            (
                Dialect::Three,
                json!({"properties": {"pattern": {"format": "uuid"}}}),
                json!({"properties": {"pattern": {"format": "uuid"}}}),
            ),
            (
                Dialect::ThreeOne,
                json!({"type": ["string", "null"], "minLength": 5.0}),
                json!({"type": ["string", "null"], "minLength": 5}),
            ),
        ] {
            let (made, _, notes) = made(dialect, Side::Request, json!({}), schema.clone());
            assert_eq!((made, notes), (expected, Vec::new()), "{schema}");
        }
    }

    #[test]
    fn what_the_other_side_writes_is_not_required() {
        let others = json!({
            "Base": {"type": "object", "properties": {"id": {"readOnly": true}, "secret": {"$ref": "#/components/schemas/Secret"}}},
            "Secret": {"type": "string", "writeOnly": true}
        });
        let schema = json!({"allOf": [{"$ref": "#/components/schemas/Base"}, {"required": ["id", "secret", "name"]}]});
        let required = |side| {
            let (made, ..) = made(Dialect::Three, side, others.clone(), schema.clone());
            made["allOf"][1]["required"].clone()
        };
        assert_eq!(required(Side::Request), json!(["name", "secret"]));
        assert_eq!(required(Side::Answer), json!(["id", "name"]));
    }

    #[test]
    fn references_stay_references() {
        let others = json!({"Tree": {"type": "object", "properties": {"children": {"type": "array",
            "items": {"$ref": "#/components/schemas/Tree"}}}}});
        let schema = json!({"$ref": "#/components/schemas/Tree", "maxProperties": 3});
        let (three, definitions, _) = made(Dialect::Three, Side::Request, others.clone(), schema.clone());
        assert_eq!(three, json!({"$ref": "#/$defs/s0"}));
        assert_eq!(definitions["s0"]["properties"]["children"]["items"], json!({"$ref": "#/$defs/s0"}));
        let (newer, ..) = made(Dialect::ThreeOne, Side::Request, others, schema);
        assert_eq!(newer, json!({"$ref": "#/$defs/s0", "maxProperties": 3}));
    }

    #[test]
    fn what_does_not_fit_takes_only_itself_away() {
        let schema = json!({"type": "text", "minLength": -1, "maximum": "9", "pattern": "(?!x)", "required": true,
            "enum": [], "anyOf": [], "properties": {"a": 7, "b": {"$ref": "other.yaml#/x"}}, "title": "t"});
        let (made, _, notes) = made(Dialect::Three, Side::Request, json!({}), schema);
        assert_eq!(made, json!({"properties": {"a": true, "b": {}}}));
        let places: BTreeSet<&str> = notes.iter().filter_map(|note| note.split(':').next()).collect();
        let expected = [
            "/here/anyOf",
            "/here/enum",
            "/here/maximum",
            "/here/minLength",
            "/here/pattern",
            "/here/properties/a",
            "/here/properties/b",
            "/here/type",
        ];
        assert_eq!(places, BTreeSet::from(expected));
    }
}
