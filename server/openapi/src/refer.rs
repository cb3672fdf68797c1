//! References: from `#/components/schemas/Pet` to what stands there.
use crate::limits;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::borrow::Cow;

/// One step of a JSON pointer (RFC 6901), escaped, with its slash.
pub(crate) fn step(part: &str) -> String {
    format!("/{}", part.replace('~', "~0").replace('/', "~1"))
}

/// `pointer` and further steps.
pub(crate) fn under(pointer: &str, parts: &[&str]) -> String {
    parts.iter().fold(pointer.to_owned(), |mut pointer, part| {
        pointer.push_str(&step(part));
        pointer
    })
}

/// Why a reference leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// Into another file.
    External(String),
    Missing(String),
    /// References that only lead to references.
    Endless(String),
}

impl Lost {
    pub(crate) fn words(&self) -> String {
        match self {
            Self::External(to) => format!("\"{}\" is in another file", shorten(to)),
            Self::Missing(to) => format!("\"{}\" does not exist in this document", shorten(to)),
            Self::Endless(to) => format!("\"{}\" leads back to itself", shorten(to)),
        }
    }
}

pub(crate) fn shorten(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(200) {
        Some((at, _)) => format!("{}…", &text[..at]).into(),
        None => text.into(),
    }
}

/// What `value` stands for, and the last reference on the way there.
pub(crate) fn resolve<'a>(root: &'a Value, value: &'a Value) -> Result<(&'a Value, Option<&'a str>), Lost> {
    let (mut value, mut last) = (value, None);
    for _ in 0..limits::REFERENCE_CHAIN {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Ok((value, last)) };
        value = find(root, reference)?;
        last = Some(reference);
    }
    Err(Lost::Endless(last.unwrap_or_default().to_owned()))
}

/// What a reference names, itself perhaps a reference.
pub(crate) fn find<'a>(root: &'a Value, reference: &str) -> Result<&'a Value, Lost> {
    let Some(fragment) = reference.strip_prefix('#') else { return by_own_name(root, reference) };
    let pointer = percent_decode_str(fragment).decode_utf8_lossy();
    let found = root.pointer(&pointer).or_else(|| root.pointer(fragment)).or_else(|| anchored(root, &pointer));
    found.ok_or_else(|| Lost::Missing(reference.to_owned()))
}

/// By the address that the document gives itself (3.2's `$self`), or a schema of the components (`$id`).
fn by_own_name<'a>(root: &'a Value, reference: &str) -> Result<&'a Value, Lost> {
    let external = || Lost::External(reference.to_owned());
    let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let is_base = |value: &Value, key: &str| value.get(key).and_then(Value::as_str) == Some(base);
    if is_base(root, "$self") && !fragment.is_empty() {
        return find(root, &format!("#{fragment}"));
    }
    let schemas = root.get("components").and_then(|parts| parts.get("schemas")?.as_object());
    let schema = schemas.and_then(|schemas| schemas.values().find(|schema| is_base(schema, "$id")));
    let pointer = percent_decode_str(fragment).decode_utf8_lossy();
    schema.ok_or_else(external)?.pointer(&pointer).ok_or_else(|| Lost::Missing(reference.to_owned()))
}

/// A schema that names itself by `$anchor` (3.1), among those of the components.
fn anchored<'a>(root: &'a Value, anchor: &str) -> Option<&'a Value> {
    if anchor.is_empty() || anchor.starts_with('/') {
        return None;
    }
    let schemas = root.get("components")?.get("schemas")?.as_object()?;
    let names_itself = |schema: &&Value| {
        ["$anchor", "$dynamicAnchor"].iter().any(|key| schema.get(key).and_then(Value::as_str) == Some(anchor))
    };
    schemas.values().find(names_itself)
}

/// The name of the schema a reference leads to, if that has a page of its own.
pub(crate) fn schema_name(reference: &str) -> Option<String> {
    let name = reference.strip_prefix("#/components/schemas/").or_else(|| reference.strip_prefix("#/definitions/"))?;
    if name.contains('/') {
        return None;
    }
    let name = percent_decode_str(name).decode_utf8_lossy();
    Some(name.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_are_followed_to_their_end_and_no_further() {
        let root = json!({"a": {"$ref": "#/b%20c"}, "b c": {"x": 1}, "d": {"$ref": "#/e"}, "e": {"$ref": "#/d"}});
        assert_eq!(resolve(&root, &root["a"]).unwrap().0, &json!({"x": 1}));
        assert!(matches!(resolve(&root, &root["d"]), Err(Lost::Endless(_))));
        assert!(matches!(find(&root, "other.yaml#/x"), Err(Lost::External(_))));
        assert!(matches!(find(&root, "#/nowhere"), Err(Lost::Missing(_))));
    }

    #[test]
    fn a_document_knows_itself_and_its_schemas_by_their_addresses() {
        let root = json!({"$self": "https://a.example/api.yaml", "components": {"schemas": {
            "Pet": {"$id": "https://a.example/pet", "properties": {"name": {"type": "string"}}}}}});
        let pet = &root["components"]["schemas"]["Pet"];
        assert_eq!(find(&root, "https://a.example/api.yaml#/components/schemas/Pet").unwrap(), pet);
        assert_eq!(find(&root, "https://a.example/pet").unwrap(), pet);
        assert_eq!(find(&root, "https://a.example/pet#/properties/name").unwrap(), &json!({"type": "string"}));
        assert!(matches!(find(&root, "https://a.example/dog"), Err(Lost::External(_))));
    }

    #[test]
    fn names_of_schemas_are_unescaped() {
        assert_eq!(schema_name("#/components/schemas/a~1b%7Bc%7D").unwrap(), "a/b{c}");
        assert_eq!(schema_name("#/definitions/Pet").unwrap(), "Pet");
        assert_eq!(schema_name("#/components/schemas/Pet/properties/id"), None);
    }
}
