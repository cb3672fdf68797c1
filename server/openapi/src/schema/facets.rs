//! Everything one schema says, its references followed and its `allOf` read as one.
use crate::{
    limits,
    outline::{members, text},
    refer,
};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use std::{borrow::Cow, collections::HashSet, ptr};

#[derive(Debug, Default)]
pub(crate) struct Facets<'a> {
    /// Of the component, if the schema is nothing but one.
    pub(crate) name: Option<String>,
    /// The objects that hold together.
    pub(crate) parts: Vec<&'a Map<String, Value>>,
    pub(crate) title: Option<&'a str>,
    pub(crate) description: Option<&'a str>,
    pub(crate) types: Vec<&'a str>,
    pub(crate) nullable: bool,
    /// `false`: nothing fits.
    pub(crate) never: bool,
    /// An attribute may be described by several parts, all of which hold.
    pub(crate) properties: IndexMap<&'a str, Vec<&'a Value>>,
    pub(crate) patterns: Vec<(&'a str, &'a Value)>,
    /// `additionalProperties`, else `unevaluatedProperties`.
    pub(crate) additional: Option<&'a Value>,
    pub(crate) required: HashSet<&'a str>,
    pub(crate) items: Option<&'a Value>,
    /// `items` or `additionalItems` behind `positions`, and `unevaluatedItems`.
    pub(crate) rest: Option<&'a Value>,
    /// `prefixItems`, and the list form of `items`.
    pub(crate) positions: Vec<&'a Value>,
    pub(crate) unions: Vec<Variants<'a>>,
    /// Values with a title or description each, written as a union of constants.
    pub(crate) constants: Vec<(&'a Value, &'a str)>,
    pub(crate) lost: Vec<refer::Lost>,
}

#[derive(Debug, Default)]
pub(crate) struct Variants<'a> {
    pub(crate) label: &'static str,
    pub(crate) discriminator: Option<&'a str>,
    /// Owned where only a discriminator names them.
    pub(crate) schemas: Vec<Cow<'a, Value>>,
    /// Where variants have names that are not their own.
    pub(crate) titles: Vec<String>,
    /// What the discriminator says of each; empty where there is none.
    pub(crate) values: Vec<String>,
    /// By way of an `allOf`.
    inherited: bool,
}

impl Variants<'_> {
    /// Whether a value is of one of them.
    pub(crate) fn is_choice(&self) -> bool {
        matches!(self.label, "One of" | "Any of")
    }
}

impl Facets<'_> {
    pub(crate) fn has_children(&self) -> bool {
        !(self.properties.is_empty() && self.patterns.is_empty() && self.positions.is_empty() && self.unions.is_empty())
            || self.additional.is_some_and(Value::is_object)
            || self.rest.is_some_and(Value::is_object)
    }

    /// The union that decides what the value looks like.
    pub(crate) fn choice(&self) -> Option<&Variants<'_>> {
        self.unions.iter().find(|union| union.is_choice())
    }

    /// All values that parts have for a keyword.
    pub(crate) fn all(&self, keyword: &str) -> impl Iterator<Item = &Value> {
        self.parts.iter().filter_map(move |part| part.get(keyword))
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
    let mut gathering = Gathering {
        root,
        facets: Facets::default(),
        followed: beside.iter().copied().collect(),
        room: limits::ALL_OF,
        inherited: false,
        family: None,
    };
    for part in parts {
        gathering.add(part);
    }
    gathering.settle();
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
    /// Within an `allOf`.
    inherited: bool,
    /// A schema with a discriminator of its own.
    family: Option<(&'a Map<String, Value>, &'a Value)>,
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
        let reference = ["$ref", "$dynamicRef", "$recursiveRef"].iter().find_map(|key| object.get(*key)?.as_str());
        if let Some(reference) = reference
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
        self.facets.title = self.facets.title.or_else(|| schema_text("title").filter(|_| !self.inherited));
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
        let unevaluated = || object.get("unevaluatedProperties");
        self.facets.additional =
            self.facets.additional.or_else(|| object.get("additionalProperties").or_else(unevaluated));
        self.items(object);
        self.parts(object);
        for (key, label) in [("oneOf", "One of"), ("anyOf", "Any of")] {
            if let Some(variants) = object.get(key).and_then(Value::as_array) {
                self.variants(object, label, variants);
            }
        }
        self.conditions(object);
    }

    fn items(&mut self, object: &'a Map<String, Value>) {
        let before = self.facets.positions.len();
        match object.get("items") {
            Some(Value::Array(positions)) => self.facets.positions.extend(positions),
            Some(items) if object.contains_key("prefixItems") => self.facets.rest = Some(items),
            Some(items @ Value::Object(_)) => self.facets.items = self.facets.items.or(Some(items)),
            _ => {}
        }
        if let Some(positions) = object.get("prefixItems").and_then(Value::as_array) {
            self.facets.positions.extend(positions);
        }
        if self.facets.positions.len() > before {
            let rest = object.get("additionalItems").or_else(|| object.get("unevaluatedItems"));
            self.facets.rest = self.facets.rest.or(rest);
        }
    }

    fn parts(&mut self, object: &'a Map<String, Value>) {
        let Some(parts) = object.get("allOf").and_then(Value::as_array) else {
            return self.lead(object);
        };
        // A reference that stands alone in an `allOf`, at the top, is 3.0's way of saying more beside it.
        let beside = parts.len() == 1 && self.facets.parts.len() == 1 && !object.contains_key("properties");
        let outer = self.inherited;
        self.inherited = outer || !beside;
        for part in parts {
            self.add(part);
        }
        self.inherited = outer;
        self.lead(object);
    }

    /// Notes a discriminator that is not inherited and has no list of variants beside it.
    fn lead(&mut self, object: &'a Map<String, Value>) {
        let listed = object.contains_key("oneOf") || object.contains_key("anyOf");
        if let Some(discriminator) = object.get("discriminator").filter(|_| !self.inherited && !listed) {
            self.family = self.family.or(Some((object, discriminator)));
        }
    }

    /// What can be said when all parts are known.
    fn settle(&mut self) {
        // A child whose parent lists its children is none of its own variants.
        let facets = &mut self.facets;
        let (root, parts) = (self.root, &facets.parts);
        let own = |variant: &Value| {
            let target = refer::resolve(root, variant).ok().and_then(|(target, _)| target.as_object());
            target.is_some_and(|target| parts.iter().any(|part| ptr::eq(*part, target)))
        };
        facets.unions.retain(|union| !(union.inherited && union.schemas.iter().any(|variant| own(variant))));
        if facets.choice().is_none()
            && let Some((object, discriminator)) = self.family
        {
            let family = family(root, object, discriminator);
            facets.unions.extend(family.filter(|family| !family.schemas.iter().any(|variant| own(variant))));
        }
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
                let told = object.get("discriminator");
                let discriminator = told.and_then(property_of);
                let values = some.iter().map(|variant| match (discriminator, told) {
                    (Some(property), Some(told)) => value_of(self.root, property, told, variant),
                    _ => String::new(),
                });
                let values = values.collect();
                let schemas = some.into_iter().map(Cow::Borrowed).collect();
                let inherited = self.inherited;
                let union = Variants { label, discriminator, schemas, values, inherited, ..Variants::default() };
                self.facets.unions.push(union);
            }
        }
    }

    fn conditions(&mut self, object: &'a Map<String, Value>) {
        let mut tell = |label, told: Vec<(String, &'a Value)>| {
            let (titles, schemas) = told.into_iter().map(|(title, schema)| (title, Cow::Borrowed(schema))).unzip();
            self.facets.unions.push(Variants { label, schemas, titles, ..Variants::default() });
        };
        if let Some(condition) = object.get("if") {
            let branches = [("then", "Then"), ("else", "Else")];
            let branches = branches.iter().filter_map(|(key, title)| Some(((*title).to_owned(), object.get(*key)?)));
            let told: Vec<_> = std::iter::once((condition_words(condition), condition)).chain(branches).collect();
            if told.len() > 1 {
                tell("Conditional", told);
            }
        }
        // `dependencies` of older drafts holds names or schemas.
        let dependent = ["dependentSchemas", "dependencies"].iter().flat_map(|key| members(object.get(*key)));
        let dependent = dependent.filter(|(_, schema)| schema.is_object());
        let told: Vec<_> =
            dependent.take(20).map(|(name, schema)| (format!("With {}", refer::shorten(name)), schema)).collect();
        if !told.is_empty() {
            tell("Depending", told);
        }
        let telling = ["properties", "oneOf", "anyOf", "allOf", "items"];
        if let Some(not) = object.get("not").filter(|not| telling.iter().any(|key| not.get(key).is_some())) {
            tell("Not", vec![("What must not fit".to_owned(), not)]);
        }
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

/// The property a discriminator names; Swagger 2.0 writes nothing but the name.
pub(crate) fn property_of(discriminator: &Value) -> Option<&str> {
    discriminator.as_str().or_else(|| text(discriminator, "propertyName"))
}

/// What a discriminator says of a variant: the constant in it, else what is mapped to it, else its name.
fn value_of(root: &Value, property: &str, discriminator: &Value, variant: &Value) -> String {
    let constant = refer::resolve(root, variant).ok().and_then(|(schema, _)| {
        let property = schema.get("properties")?.get(property)?;
        let only = || property.get("enum")?.as_array().filter(|values| values.len() == 1)?.first();
        property.get("const").or_else(only)?.as_str()
    });
    if let Some(constant) = constant {
        return constant.to_owned();
    }
    let reference = variant.get("$ref").and_then(Value::as_str).unwrap_or_default();
    let name = refer::schema_name(reference).unwrap_or_default();
    let leads_here = |target: &Value| target.as_str().is_some_and(|to| to == reference || to == name);
    let mapped = members(discriminator.get("mapping")).find(|(_, target)| !name.is_empty() && leads_here(target));
    refer::shorten(mapped.map_or(name.as_str(), |(value, _)| value)).into_owned()
}

/// The variants of a schema that only names the property they are told apart by: those mapped, and all that hold it in
/// an `allOf`, at however many removes.
fn family<'a>(root: &'a Value, object: &Map<String, Value>, discriminator: &'a Value) -> Option<Variants<'a>> {
    let property = property_of(discriminator)?;
    let mut told: Vec<(String, String)> = Vec::new();
    for (value, target) in members(discriminator.get("mapping")).take(limits::VARIANTS) {
        let Some(target) = target.as_str() else { continue };
        let reference = if target.contains(['#', '/']) {
            target.to_owned()
        } else {
            format!("#/components/schemas{}", refer::step(target))
        };
        told.push((refer::shorten(value).into_owned(), reference));
    }
    let (place, components) = ["/components/schemas", "/definitions"]
        .iter()
        .find_map(|place| Some((*place, root.pointer(place)?.as_object()?)))?;
    let own = components.iter().find(|(_, schema)| schema.as_object().is_some_and(|one| ptr::eq(one, object)));
    let mut parents: Vec<&str> = own.map(|(name, _)| name.as_str()).into_iter().collect();
    let mut seen: HashSet<&str> = parents.iter().copied().collect();
    while let Some(parent) = parents.pop() {
        let holds_parent = |schema: &Value| {
            let parts = schema.get("allOf").and_then(Value::as_array);
            let named = parts.into_iter().flatten().filter_map(|part| refer::schema_name(part.get("$ref")?.as_str()?));
            named.take(limits::ALL_OF).any(|name| name == parent)
        };
        for (name, _) in components.iter().filter(|(_, schema)| holds_parent(schema)) {
            if told.len() > limits::VARIANTS || !seen.insert(name) {
                continue;
            }
            parents.push(name);
            let reference = format!("#{place}{}", refer::step(name));
            if !told.iter().any(|(_, known)| *known == reference) {
                told.push((name.clone(), reference));
            }
        }
    }
    if told.is_empty() {
        return None;
    }
    let (values, references): (Vec<_>, Vec<_>) = told.into_iter().unzip();
    let schemas = references.into_iter().map(|reference| Cow::Owned(json!({"$ref": reference}))).collect();
    Some(Variants { label: "One of", discriminator: Some(property), schemas, values, ..Variants::default() })
}

/// "If kind is bulk", where a condition is nothing but values of attributes.
fn condition_words(condition: &Value) -> String {
    let mut told = Vec::new();
    for (name, schema) in members(condition.get("properties")).take(3) {
        let listed = || schema.get("enum").and_then(Value::as_array).map(|values| values.iter().take(4).collect());
        let values: Option<Vec<&Value>> = schema.get("const").map(|value| vec![value]).or_else(listed);
        let Some(values) = values else { return "If".into() };
        let values: Vec<_> = values.into_iter().map(super::constraint::value_text).collect();
        told.push(format!("{} is {}", refer::shorten(name), values.join(" or ")));
    }
    if told.is_empty() { "If".into() } else { format!("If {}", told.join(" and ")) }
}
