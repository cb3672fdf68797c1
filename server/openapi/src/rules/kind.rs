//! What a text stands for: a parameter or a field of a form is text, and its schema speaks of numbers and lists.
use crate::{
    limits,
    schema::facets::{self, Facets},
};
use portico_domain::{Scalar, ValueKind};
use serde_json::Value;

pub(super) struct Kinds<'d> {
    root: &'d Value,
    /// Values left for the one that is being looked at.
    room: usize,
}

impl<'d> Kinds<'d> {
    pub(super) fn new(root: &'d Value) -> Self {
        Self { root, room: 0 }
    }

    pub(super) fn of(&mut self, schema: &Value) -> ValueKind {
        self.room = limits::KINDS;
        self.parts(&[schema], 0)
    }

    fn parts(&mut self, parts: &[&Value], depth: usize) -> ValueKind {
        let Some(room) = self.room.checked_sub(1).filter(|_| depth < limits::KIND_DEPTH) else {
            return ValueKind::default();
        };
        self.room = room;
        let root = self.root;
        self.facets(&facets::gather(root, parts), depth)
    }

    fn facets(&mut self, facets: &Facets<'_>, depth: usize) -> ValueKind {
        let mut kind = ValueKind::default();
        let said = |name: &str| facets.types.contains(&name);
        for name in &facets.types {
            match *name {
                "integer" | "number" => add(&mut kind, Scalar::Number),
                "boolean" => add(&mut kind, Scalar::Boolean),
                "string" => add(&mut kind, Scalar::Text),
                _ => {}
            }
        }
        if facets.types.is_empty() {
            let listed = facets.get("enum").and_then(Value::as_array).into_iter().flatten();
            let constants = facets.constants.iter().map(|(value, _)| *value);
            for value in listed.take(limits::VALUES).chain(constants.take(limits::VALUES)).chain(facets.get("const")) {
                match value {
                    Value::Number(_) => add(&mut kind, Scalar::Number),
                    Value::Bool(_) => add(&mut kind, Scalar::Boolean),
                    Value::String(_) => add(&mut kind, Scalar::Text),
                    _ => {}
                }
            }
        }
        if facets.nullable {
            add(&mut kind, Scalar::Null);
        }
        if said("array") || facets.types.is_empty() && facets.items.is_some() {
            kind.items = Some(Box::new(facets.items.map(|items| self.parts(&[items], depth + 1)).unwrap_or_default()));
        }
        if said("object") || facets.types.is_empty() && !facets.properties.is_empty() {
            let properties = facets.properties.iter().take(limits::KINDS);
            let known = properties.map(|(name, parts)| ((*name).to_owned(), self.parts(parts, depth + 1)));
            kind.members = Some(known.collect());
        }
        for union in facets.unions.iter().filter(|union| union.is_choice()) {
            for variant in union.schemas.iter().take(limits::VARIANTS) {
                let other = self.parts(&[variant], depth + 1);
                merge(&mut kind, other);
            }
        }
        kind
    }
}

fn add(kind: &mut ValueKind, scalar: Scalar) {
    if let Err(at) = kind.scalars.binary_search(&scalar) {
        kind.scalars.insert(at, scalar);
    }
}

fn merge(kind: &mut ValueKind, other: ValueKind) {
    if other == ValueKind::default() {
        // A variant that anything fits.
        return add(kind, Scalar::Text);
    }
    for scalar in other.scalars {
        add(kind, scalar);
    }
    match (&mut kind.items, other.items) {
        (Some(items), Some(others)) => merge(items, *others),
        (items @ None, others) => *items = others,
        (Some(_), None) => {}
    }
    match (&mut kind.members, other.members) {
        (Some(members), Some(others)) => {
            for (name, other) in others {
                match members.get_mut(&name) {
                    Some(member) => merge(member, other),
                    None => _ = members.insert(name, other),
                }
            }
        }
        (members @ None, others) => *members = others,
        (Some(_), None) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn kinds_are_what_schemas_say() {
        let root = json!({"components": {"schemas": {"Id": {"type": "integer"}, "Tree": {"type": "object",
            "properties": {"child": {"$ref": "#/components/schemas/Tree"}}}}}});
        let scalars = |schema: Value| Kinds::new(&root).of(&schema).scalars;
        assert_eq!(scalars(json!({"$ref": "#/components/schemas/Id"})), [Scalar::Number]);
        assert_eq!(
            scalars(json!({"type": ["string", "integer", "null"]})),
            [Scalar::Number, Scalar::Null, Scalar::Text]
        );
        assert_eq!(scalars(json!({"enum": [1, true, "a"]})), [Scalar::Number, Scalar::Boolean, Scalar::Text]);
        let kind = Kinds::new(&root).of(&json!({"anyOf": [
            {"type": "integer"},
            {"type": "object", "properties": {"gt": {"type": "integer"}}},
            {"type": "array", "items": {"type": "boolean"}}
        ]}));
        assert_eq!(kind.scalars, [Scalar::Number]);
        assert_eq!(kind.members.unwrap()["gt"].scalars, [Scalar::Number]);
        assert_eq!(kind.items.unwrap().scalars, [Scalar::Boolean]);
        // What holds itself ends.
        let mut tree = Kinds::new(&root).of(&json!({"$ref": "#/components/schemas/Tree"}));
        let mut depth = 0;
        while let Some(child) = tree.members.take().and_then(|mut members| members.remove("child")) {
            tree = child;
            depth += 1;
        }
        assert_eq!(depth, limits::KIND_DEPTH);
    }
}
