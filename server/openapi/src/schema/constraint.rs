//! Constraints as short words, and allowed values.
use super::{
    chip,
    facets::{Facets, property_of},
    kind,
};
use crate::{
    highlight, limits,
    outline::{members, text},
    refer,
};
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

/// Everything short that there is to say.
pub(crate) fn chips(root: &Value, facets: &Facets<'_>) -> Vec<Constraint> {
    let mut chips = chips_plain(facets);
    chips.extend(of_objects(facets));
    chips.extend(of_lists(root, facets));
    for (keyword, label) in [("not", "not"), ("propertyNames", "names are"), ("contentSchema", "holds")] {
        // What is shown in full needs no word.
        let full = keyword == "not" && facets.unions.iter().any(|union| union.label == "Not");
        if let Some(schema) = facets.get(keyword).filter(|schema| schema.is_object() && !full) {
            chips.push(chip(label, kind::brief(root, schema)));
        }
    }
    chips.extend(xml(facets));
    chips
}

/// Those that hang on no other schema.
pub(crate) fn chips_plain(facets: &Facets<'_>) -> Vec<Constraint> {
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
        chips.extend(span(facets, (least, most), (one, many)).map(|words| chip("", words)));
    }
    let yes = Some(&Value::Bool(true));
    if facets.get("uniqueItems") == yes {
        chips.push(chip("", "unique".to_owned()));
    }
    let mut patterns: Vec<String> = facets.all("pattern").map(value_text).collect();
    patterns.dedup();
    chips.extend(patterns.into_iter().take(3).map(|pattern| chip("pattern", pattern)));
    for (keyword, label) in [
        ("multipleOf", "multiple of"),
        ("contentEncoding", "encoding"),
        ("contentMediaType", "media type"),
        ("default", "default"),
    ] {
        if let Some(value) = facets.get(keyword) {
            chips.push(chip(label, value_text(value)));
        }
    }
    chips.extend(examples(facets).into_iter().map(example_chip));
    chips
}

/// Those that fit on one line; the example of the whole shows the others.
fn examples<'f>(facets: &'f Facets<'_>) -> Vec<&'f Value> {
    let short = |example: &&Value| match example {
        Value::Array(items) => items.len() <= 3 && !items.iter().any(|item| item.is_object() || item.is_array()),
        Value::Object(_) => false,
        Value::String(text) => text.len() <= 200,
        _ => true,
    };
    let one = facets.get("example").or_else(|| facets.get("x-example"));
    let listed = facets.get("examples").and_then(Value::as_array).into_iter().flatten();
    one.into_iter().chain(listed.filter(|_| one.is_none())).filter(short).take(3).collect()
}

fn of_lists(root: &Value, facets: &Facets<'_>) -> Vec<Constraint> {
    let mut chips = Vec::new();
    if let Some(schema) = facets.get("contains").filter(|schema| schema.is_object()) {
        let number = |key: &str| facets.get(key).and_then(Value::as_u64);
        let label = match (number("minContains").unwrap_or(1), number("maxContains")) {
            (0, None) => "may contain".to_owned(),
            (1, None) => "contains".to_owned(),
            (least, None) => format!("contains {least} or more of"),
            (least, Some(most)) if least == most => format!("contains {least} of"),
            (least, Some(most)) => format!("contains {least}–{most} of"),
        };
        chips.push(chip(&label, kind::brief(root, schema)));
    }
    let no = Some(&Value::Bool(false));
    if facets.rest == no || facets.get("unevaluatedItems") == no {
        chips.push(chip("", "no other items".to_owned()));
    }
    chips
}

/// How the value is written in XML, where that is not told by its name.
fn xml(facets: &Facets<'_>) -> Option<Constraint> {
    let xml = facets.get("xml")?;
    let is = |key: &str| xml.get(key) == Some(&Value::Bool(true));
    let mut words = Vec::new();
    match text(xml, "nodeType") {
        Some(kind) => words.push(refer::shorten(kind).into_owned()),
        None if is("attribute") => words.push("attribute".to_owned()),
        None if is("wrapped") => words.push("wrapped".to_owned()),
        None => {}
    }
    if let Some(name) = text(xml, "name") {
        let prefix = text(xml, "prefix").map(|prefix| format!("{prefix}:")).unwrap_or_default();
        words.push(format!("<{}{}>", refer::shorten(&prefix), refer::shorten(name)));
    }
    words.extend(text(xml, "namespace").map(|space| format!("namespace {}", refer::shorten(space))));
    (!words.is_empty()).then(|| chip("XML", words.join(", ")))
}

fn of_objects(facets: &Facets<'_>) -> Vec<Constraint> {
    let mut chips = Vec::new();
    let no = Some(&Value::Bool(false));
    if facets.get("additionalProperties") == no && !facets.properties.is_empty()
        || facets.get("unevaluatedProperties") == no
    {
        chips.push(chip("", "no other attributes".to_owned()));
    }
    let dependencies = || members(facets.get("dependencies")).filter(|(_, needs)| needs.is_array());
    for (name, needs) in members(facets.get("dependentRequired")).chain(dependencies()).take(5) {
        let needs: Vec<&str> = needs.as_array().into_iter().flatten().filter_map(Value::as_str).take(10).collect();
        chips.push(chip("", format!("{} needs {}", refer::shorten(name), needs.join(", "))));
    }
    // Required without being described: nothing else would tell of them.
    let mut bare: Vec<&str> =
        facets.required.iter().copied().filter(|name| !facets.properties.contains_key(name)).collect();
    bare.sort_unstable();
    if !bare.is_empty() {
        let names: Vec<_> = bare.iter().take(10).map(|name| refer::shorten(name)).collect();
        chips.push(chip("also required", names.join(", ")));
    }
    let discriminator = facets.get("discriminator");
    if facets.unions.is_empty()
        && let Some(property) = discriminator.and_then(property_of)
    {
        chips.push(chip("variants by", refer::shorten(property).into_owned()));
    }
    if let Some(target) = discriminator.and_then(|discriminator| text(discriminator, "defaultMapping")) {
        let name = refer::schema_name(target).unwrap_or_else(|| target.to_owned());
        chips.push(chip("otherwise", refer::shorten(&name).into_owned()));
    }
    chips
}

/// "1 ≤ n ≤ 100"; exclusive bounds are flags in 3.0 and numbers in 3.1.
fn numbers(facets: &Facets<'_>) -> Option<String> {
    let of_part = |part: &serde_json::Map<String, Value>, inclusive: &str, exclusive: &str| match part.get(exclusive) {
        Some(number @ Value::Number(_)) => Some((number.clone(), true)),
        flag => {
            let number = part.get(inclusive).filter(|number| number.is_number())?;
            Some((number.clone(), flag == Some(&Value::Bool(true))))
        }
    };
    // All parts hold: of several bounds the strictest counts.
    let bound = |inclusive: &str, exclusive: &str| {
        let bounds = facets.parts.iter().filter_map(|part| of_part(part, inclusive, exclusive));
        bounds.reduce(|one, other| {
            let number = |(value, _): &(Value, bool)| value.as_f64().unwrap_or_default();
            let stricter =
                if inclusive == "minimum" { number(&other) > number(&one) } else { number(&other) < number(&one) };
            if stricter { other } else { one }
        })
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
fn span(facets: &Facets<'_>, (least, most): (&str, &str), (one, many): (&str, &str)) -> Option<String> {
    // Sizes are whole, but some documents write 1.0, and some 1e300.
    let number = |value: &Value| value.as_f64().filter(|n| *n >= 0.0).map(|n| n as u64);
    let noun = |n: u64| if n == 1 { one } else { many };
    let least = facets.all(least).filter_map(number).max();
    match (least.filter(|n| *n > 0), facets.all(most).filter_map(number).min()) {
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
    let mut listing = facets.parts.iter().filter(|part| part.get("enum").is_some_and(Value::is_array));
    let Some(part) = listing.next() else { return Vec::new() };
    // All parts hold: what another list leaves out is not allowed.
    let others: Vec<&Vec<Value>> = listing.take(5).filter_map(|part| part.get("enum")?.as_array()).collect();
    let listed = part.get("enum").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let told = ["x-enumDescriptions", "x-enum-descriptions", "x-enum-varnames", "x-enumNames", "x-enum-names"];
    let told = told.iter().find_map(|key| part.get(*key));
    let words = |n: usize, value: &str| match told {
        Some(Value::Array(words)) => words.get(n).and_then(Value::as_str),
        Some(Value::Object(words)) => words.get(value).and_then(Value::as_str),
        _ => of_microsoft(part, n),
    };
    let allowed = |value: &Value| others.iter().all(|other| other.contains(value));
    let shown = listed
        .iter()
        .enumerate()
        .take(20 * limits::VALUES)
        .filter(|(_, value)| !(value.is_null() && facets.nullable) && allowed(value));
    let pair = |(n, value): (usize, &Value)| {
        let value = value_text(value);
        let words = words(n, &value).filter(|words| *words != value).unwrap_or_default().to_owned();
        (value, words)
    };
    shown.map(pair).collect()
}

/// `x-ms-enum`, which lists its values anew.
fn of_microsoft(part: &serde_json::Map<String, Value>, n: usize) -> Option<&str> {
    let value = part.get("x-ms-enum")?.get("values")?.get(n)?;
    text(value, "description").or_else(|| text(value, "name"))
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
