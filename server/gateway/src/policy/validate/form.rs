//! Forms (`application/x-www-form-urlencoded`), in bodies or as a whole query, as objects.
use super::{
    Fault,
    parameter::{Escape, Reader, pairs},
};
use portico_domain::ValueKind;
use serde_json::{Map, Value};

/// Fields of a form that are taken.
pub(super) const MAX_FIELDS: usize = 1_000;

/// The form as the object that its schema describes; `name[member]` and `name[]` make objects and lists.
/// `root` is where it stands.
pub(super) fn parse(bytes: &[u8], kind: &ValueKind, root: &str) -> Result<Value, Fault> {
    if bytes.split(|byte| *byte == b'&').nth(MAX_FIELDS).is_some() {
        return Err(Fault::new(root, format!("should have at most {MAX_FIELDS} fields")));
    }
    let pairs = pairs(bytes, b'&');
    if pairs.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    // The first step of a way stands before its brackets.
    let ways: Vec<(String, &[u8])> = pairs
        .iter()
        .map(|(name, value)| {
            let (first, rest) = name.find('[').map_or((name.as_ref(), ""), |at| name.split_at(at));
            (format!("[{first}]{rest}"), *value)
        })
        .collect();
    let reader = Reader { escape: Escape::Form, typed: true };
    Ok(reader.tree(ways.iter().map(|(way, value)| (way.as_str(), *value)), kind))
}
