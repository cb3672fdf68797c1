//! Constraints as short words, and allowed values.
use super::{chip, facets::Facets, kind};
use crate::{highlight, limits, outline::members, refer};
use portico_contract::reference::Constraint;
use serde_json::Value;

/// A value on one line: texts without quotes, everything else as JSON.
pub(crate) fn value_text(value: &Value) -> String {
    let words = match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.clone(),
        other => highlight::compact(other, 500),
    };
    match words.char_indices().nth(120) {
        Some((at, _)) => format!("{}…", &words[..at]),
        None => words,
    }
}

pub(crate) fn example_chip(value: &Value) -> Constraint {
    chip("example", value_text(value))
}

pub(crate) fn chips(root: &Value, facets: &Facets<'_>) -> Vec<Constraint> {
    let mut chips = Vec::new();
    for lost in facets.lost.iter().take(3) {
        chips.push(chip("not found", lost.words()));
    }
    if let Some(value) = facets.get("const") {
        chips.push(chip("always", value_text(value)));
    }
    chips.extend(numbers(facets).map(|words| chip("", words)));
    for (least, most, one, many) in [
        ("minLength", "maxLength", "character", "characters"),
        ("minItems", "maxItems", "item", "items"),
        ("minProperties", "maxProperties", "attribute", "attributes"),
    ] {
        chips.extend(span(facets.get(least), facets.get(most), one, many).map(|words| chip("", words)));
    }
    let yes = Some(&Value::Bool(true));
    if facets.get("uniqueItems") == yes {
        chips.push(chip("", "unique".to_owned()));
    }
    for (keyword, label) in [
        ("multipleOf", "multiple of"),
        ("pattern", "pattern"),
        ("contentEncoding", "encoding"),
        ("contentMediaType", "media type"),
        ("default", "default"),
    ] {
        if let Some(value) = facets.get(keyword) {
            chips.push(chip(label, value_text(value)));
        }
    }
    if let Some(example) = example(facets) {
        chips.push(example_chip(example));
    }
    chips.extend(of_objects(root, facets));
    for (keyword, label) in [("not", "not"), ("contains", "contains"), ("propertyNames", "names are")] {
        if let Some(schema) = facets.get(keyword).filter(|schema| schema.is_object()) {
            chips.push(chip(label, kind::of_variant(root, schema)));
        }
    }
    chips
}

/// A scalar to show on one line; larger examples are shown as code.
fn example<'f>(facets: &'f Facets<'_>) -> Option<&'f Value> {
    let first = || facets.get("examples").and_then(|listed| listed.get(0));
    let example = facets.get("example").or_else(first).or_else(|| facets.get("x-example"))?;
    let short = match example {
        Value::Array(items) => items.len() <= 3 && !items.iter().any(|item| item.is_object() || item.is_array()),
        Value::Object(_) => false,
        Value::String(text) => text.len() <= 200,
        _ => true,
    };
    short.then_some(example)
}

fn of_objects(root: &Value, facets: &Facets<'_>) -> Vec<Constraint> {
    let mut chips = Vec::new();
    let no = Some(&Value::Bool(false));
    if facets.get("additionalProperties") == no && !facets.properties.is_empty()
        || facets.get("unevaluatedProperties") == no
    {
        chips.push(chip("", "no other attributes".to_owned()));
    }
    for (name, needs) in members(facets.get("dependentRequired")).take(5) {
        let needs: Vec<&str> = needs.as_array().into_iter().flatten().filter_map(Value::as_str).take(10).collect();
        chips.push(chip("", format!("{} needs {}", refer::shorten(name), needs.join(", "))));
    }
    for (name, schema) in members(facets.get("dependentSchemas")).take(5) {
        chips.push(chip("", format!("{} asks for {}", refer::shorten(name), kind::of_variant(root, schema))));
    }
    // Required without being described: nothing else would tell of them.
    let mut bare: Vec<&str> =
        facets.required.iter().copied().filter(|name| !facets.properties.contains_key(name)).collect();
    bare.sort_unstable();
    if !bare.is_empty() {
        let names: Vec<_> = bare.iter().take(10).map(|name| refer::shorten(name)).collect();
        chips.push(chip("also required", names.join(", ")));
    }
    if facets.unions.is_empty()
        && let Some(discriminator) = facets.get("discriminator")
    {
        let property = discriminator.as_str().or_else(|| discriminator.get("propertyName")?.as_str());
        let mapped: Vec<_> =
            members(discriminator.get("mapping")).take(10).map(|(value, _)| refer::shorten(value)).collect();
        match property {
            Some(property) if mapped.is_empty() => {
                chips.push(chip("variants by", refer::shorten(property).into_owned()));
            }
            Some(property) => {
                chips.push(chip("variants by", format!("{}: {}", refer::shorten(property), mapped.join(", "))));
            }
            None => {}
        }
    }
    chips
}

/// "1 ≤ n ≤ 100"; exclusive bounds are flags in 3.0 and numbers in 3.1.
fn numbers(facets: &Facets<'_>) -> Option<String> {
    let bound = |inclusive: &str, exclusive: &str| match facets.get(exclusive) {
        Some(number @ Value::Number(_)) => Some((number.clone(), true)),
        flag => {
            let number = facets.get(inclusive).filter(|number| number.is_number())?;
            Some((number.clone(), flag == Some(&Value::Bool(true))))
        }
    };
    let sign = |exclusive: bool| if exclusive { '<' } else { '≤' };
    match (bound("minimum", "exclusiveMinimum"), bound("maximum", "exclusiveMaximum")) {
        (None, None) => None,
        (Some((least, open)), None) => Some(format!("n {} {least}", if open { '>' } else { '≥' })),
        (None, Some((most, open))) => Some(format!("n {} {most}", sign(open))),
        (Some((least, after)), Some((most, before))) => {
            Some(format!("{least} {} n {} {most}", sign(after), sign(before)))
        }
    }
}

/// "8–64 characters".
fn span(least: Option<&Value>, most: Option<&Value>, one: &str, many: &str) -> Option<String> {
    // Sizes are whole, but some documents write 1.0, and some 1e300.
    let number = |value: Option<&Value>| value.and_then(Value::as_f64).filter(|n| *n >= 0.0).map(|n| n as u64);
    let noun = |n: u64| if n == 1 { one } else { many };
    match (number(least).filter(|n| *n > 0), number(most)) {
        (None, None) => None,
        (Some(least), None) => Some(format!("≥ {least} {}", noun(least))),
        (None, Some(most)) => Some(format!("≤ {most} {}", noun(most))),
        (Some(least), Some(most)) if least == most => Some(format!("exactly {most} {}", noun(most))),
        (Some(least), Some(most)) => Some(format!("{least}–{most} {}", noun(most))),
    }
}

/// Allowed values with what is said of each.
pub(crate) fn values(facets: &Facets<'_>) -> Vec<(String, String)> {
    if !facets.constants.is_empty() {
        return facets.constants.iter().map(|(value, words)| (value_text(value), (*words).to_owned())).collect();
    }
    let Some(part) = facets.parts.iter().find(|part| part.get("enum").is_some_and(Value::is_array)) else {
        return Vec::new();
    };
    let listed = part.get("enum").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let told = ["x-enumDescriptions", "x-enum-descriptions", "x-enum-varnames", "x-enumNames", "x-enum-names"];
    let told = told.iter().find_map(|key| part.get(*key));
    let words = |n: usize, value: &str| match told {
        Some(Value::Array(words)) => words.get(n).and_then(Value::as_str),
        Some(Value::Object(words)) => words.get(value).and_then(Value::as_str),
        _ => None,
    };
    let shown =
        listed.iter().enumerate().take(20 * limits::VALUES).filter(|(_, value)| !(value.is_null() && facets.nullable));
    let pair = |(n, value): (usize, &Value)| {
        let value = value_text(value);
        let words = words(n, &value).filter(|words| *words != value).unwrap_or_default().to_owned();
        (value, words)
    };
    shown.map(pair).collect()
}

/// A schema's constraints without its page, for tests of their words.
#[cfg(test)]
fn words_of(schema: &Value) -> Vec<String> {
    let told =
        |chip: Constraint| if chip.label.is_empty() { chip.value } else { format!("{}: {}", chip.label, chip.value) };
    chips(schema, &super::facets::gather(schema, &[schema])).into_iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn constraints_are_short_words_in_every_dialect() {
        for (schema, words) in [
            (json!({"minimum": 1, "maximum": 100}), vec!["1 ≤ n ≤ 100"]),
            (json!({"minimum": 0, "exclusiveMinimum": true, "maximum": 460}), vec!["0 < n ≤ 460"]),
            (json!({"exclusiveMinimum": 0}), vec!["n > 0"]),
            (json!({"minLength": 8, "maxLength": 64}), vec!["8–64 characters"]),
            (json!({"minLength": 5, "maxLength": 5}), vec!["exactly 5 characters"]),
            (json!({"maxItems": 1, "uniqueItems": true}), vec!["≤ 1 item", "unique"]),
            (json!({"const": "x"}), vec!["always: x"]),
            (json!({"default": "", "example": 3}), vec!["default: \"\"", "example: 3"]),
            (json!({"required": ["b", "a"]}), vec!["also required: a, b"]),
            (json!({"not": {"type": "string"}}), vec!["not: string"]),
        ] {
            assert_eq!(words_of(&schema), words, "{schema}");
        }
    }
}
