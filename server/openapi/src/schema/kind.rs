//! What kind of value a schema describes, in words.
use super::facets::{self, Facets, gather};
use crate::refer;
use portico_contract::reference::Constraint;
use serde_json::Value;

/// Of a schema by itself, e.g. "array of Pet".
pub(crate) fn of(root: &Value, schema: &Value) -> String {
    words(root, &gather(root, &[schema]))
}

/// E.g. "object, 7 attributes", "string, one of 4 values".
pub(crate) fn at_length(root: &Value, schema: &Value) -> String {
    let facets = gather(root, &[schema]);
    let kind = words(root, &facets);
    let values = super::constraint::values(&facets).len();
    let count = |n: usize, one: &str, many: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {many}") };
    match (facets.properties.len(), values) {
        (0, 0) => kind,
        (0, 1) => format!("{kind}, always one value"),
        (0, n) => format!("{kind}, one of {n} values"),
        (n, _) => format!("{kind}, {}", count(n, "attribute", "attributes")),
    }
}

/// Of a variant without a name: what it asks for, where it only asks for attributes.
pub(crate) fn of_variant(root: &Value, schema: &Value) -> String {
    let facets = gather(root, &[schema]);
    if facets.types.is_empty() && facets.properties.is_empty() && !facets.required.is_empty() {
        let mut names: Vec<&str> = facets.required.iter().copied().collect();
        names.sort_unstable();
        return format!("with {}", names.join(", "));
    }
    words(root, &facets)
}

pub(crate) fn words(root: &Value, facets: &Facets<'_>) -> String {
    nested(root, facets, 0)
}

fn nested(root: &Value, facets: &Facets<'_>, depth: usize) -> String {
    if facets.never {
        return "nothing".into();
    }
    let mut kinds: Vec<String> = facets.types.iter().map(|name| of_type(root, facets, name, depth)).collect();
    if kinds.is_empty() {
        kinds.push(inferred(root, facets, depth));
    }
    // Of a list the name stands with the items; of a simple value it would say less than its kind.
    if let Some(name) = facets.name.as_deref().filter(|_| depth == 0 && facets.has_children())
        && let Some(kind) = kinds.last_mut()
    {
        *kind = format!("{kind} · {}", refer::shorten(name));
    }
    if facets.nullable && kinds != ["any"] {
        kinds.push("null".into());
    }
    kinds.join(" or ")
}

fn of_type(root: &Value, facets: &Facets<'_>, name: &str, depth: usize) -> String {
    match name {
        "array" => list(root, facets, depth),
        "object" => object(root, facets, depth),
        _ => match facets
            .get("format")
            .and_then(Value::as_str)
            .filter(|_| matches!(name, "string" | "integer" | "number"))
        {
            Some(format) if !format.is_empty() => format!("{name} · {}", refer::shorten(format)),
            _ => refer::shorten(name).into_owned(),
        },
    }
}

/// Where no type is said, what the other keywords tell.
fn inferred(root: &Value, facets: &Facets<'_>, depth: usize) -> String {
    let says = |keywords: &[&str]| keywords.iter().any(|keyword| facets.get(keyword).is_some());
    if !facets.properties.is_empty()
        || !facets.patterns.is_empty()
        || says(&["additionalProperties", "minProperties", "maxProperties"])
    {
        return object(root, facets, depth);
    }
    if facets.items.is_some() || !facets.positions.is_empty() {
        return list(root, facets, depth);
    }
    if let Some(union) = facets.choice() {
        return format!("{} {}", union.label.to_lowercase(), union.schemas.len());
    }
    let first = facets.constants.first().map(|(value, _)| *value);
    let listed = facets.get("enum").and_then(|values| values.get(0));
    if let Some(value) = facets.get("const").or(first).or(listed) {
        return of_value(value).into();
    }
    if says(&["pattern", "minLength", "maxLength", "contentEncoding", "contentMediaType"]) {
        return of_type(root, facets, "string", depth);
    }
    if says(&["minimum", "maximum", "multipleOf"]) {
        return of_type(root, facets, "number", depth);
    }
    match facets.get("format").and_then(Value::as_str) {
        Some(format) if !format.is_empty() => format!("any · {}", refer::shorten(format)),
        _ if facets.nullable
            && facets.parts.iter().any(|part| part.get("type").is_some() || part.contains_key("oneOf")) =>
        {
            "null".into()
        }
        _ => "any".into(),
    }
}

fn of_value(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn list(root: &Value, facets: &Facets<'_>, depth: usize) -> String {
    match facets.items {
        Some(items) if depth < 8 => format!("array of {}", short(root, items, depth + 1)),
        _ => "array".into(),
    }
}

fn object(root: &Value, facets: &Facets<'_>, depth: usize) -> String {
    match facets.additional {
        Some(additional)
            if facets.properties.is_empty() && facets.patterns.is_empty() && additional.is_object() && depth < 8 =>
        {
            match short(root, additional, depth + 1).as_str() {
                "any" => "object".into(),
                kind => format!("map of {kind}"),
            }
        }
        _ => "object".into(),
    }
}

/// A schema's name, or its kind where it has none.
fn short(root: &Value, schema: &Value, depth: usize) -> String {
    // Nothing of a schema with a name is looked at: it may be large.
    if let Some(name) = facets::name_of(root, schema) {
        return refer::shorten(&name).into_owned();
    }
    let kind = nested(root, &gather(root, &[schema]), depth);
    if kind.contains(" or ") { format!("({kind})") } else { kind }
}

/// A schema in one line: its kind, its values and its constraints.
pub(crate) fn brief(root: &Value, schema: &Value) -> String {
    let facets = gather(root, &[schema]);
    let values = super::constraint::values(&facets);
    let kind = of_variant(root, schema);
    let mut words: Vec<String> = Vec::new();
    let telling = |chip: &Constraint| !matches!(chip.label.as_str(), "example" | "default" | "also required");
    for chip in super::constraint::chips_plain(&facets).into_iter().filter(telling) {
        words.push(format!("{} {}", chip.label, chip.value).trim().to_owned());
    }
    if !values.is_empty() {
        let listed: Vec<_> = values.iter().take(10).map(|(value, _)| value.as_str()).collect();
        words.push(listed.join(" | "));
    }
    if kind != "any" || words.is_empty() {
        words.insert(0, kind);
    }
    refer::shorten(&words.join(", ")).into_owned()
}

/// Whether `additionalProperties` deserves a line of its own: the kind alone does not tell all of it.
pub(crate) fn additional_is_told_apart(root: &Value, facets: &Facets<'_>) -> bool {
    let Some(additional) = facets.additional.filter(|additional| additional.is_object()) else { return false };
    let of_additional = gather(root, &[additional]);
    let (inner, _) = facets::innermost(root, &of_additional);
    let composite = of_additional.has_children() || inner.is_some_and(|inner| inner.has_children());
    composite || of_additional.description.is_some() || !facets.properties.is_empty() && !of_additional.types.is_empty()
}
