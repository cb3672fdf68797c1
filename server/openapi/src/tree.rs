//! Characters to one `Value`, under limits: depth, values, characters; with the keys that stand twice.
use crate::{finding::Fault, limits, refer, text::Text};
use portico_domain::Format;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, map::Entry};
use std::{cell::RefCell, fmt};

/// A document as its author wrote it.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) root: Value,
    /// Pointers of keys that stand more than once in their object; the last one counts.
    pub(crate) repeated: Vec<String>,
}

pub(crate) fn parse(text: &Text<'_>) -> Result<Tree, Fault> {
    let budget = RefCell::new(Budget {
        values: limits::values(text.characters.len()),
        characters: limits::characters(text.characters.len()),
        path: Vec::new(),
        repeated: Vec::new(),
        spent: None,
    });
    let root = match text.format {
        Format::Json => parse_json(text.characters, &budget)?,
        Format::Yaml => parse_yaml(text.characters, &budget)?,
    };
    Ok(Tree { root, repeated: budget.into_inner().repeated })
}

fn parse_json(characters: &str, budget: &RefCell<Budget>) -> Result<Value, Fault> {
    let mut parser = serde_json::Deserializer::from_str(characters);
    let parsed = Seed(budget).deserialize(&mut parser).and_then(|value| parser.end().map(|()| value));
    parsed.map_err(|error| {
        let fault = budget.borrow_mut().spent.take().unwrap_or_else(|| {
            // The parser's words are for programmers; these are for authors.
            let words = error.to_string();
            let says = |part: &str| words.starts_with(part);
            let what = if error.is_eof() {
                "The document ends too early: a quote, bracket or brace is not closed."
            } else if says("trailing comma") {
                "A comma stands before the closing bracket; remove it."
            } else if says("trailing characters") {
                "The document goes on after its end; one document is one JSON object."
            } else if says("expected `:`") {
                "A colon is missing between a name and its value."
            } else if says("expected `,` or") {
                "A comma or a closing bracket is missing here."
            } else if says("key must be a string") {
                "A name is not in double quotes, or a comma stands before the closing brace."
            } else if says("invalid escape") || says("lone leading surrogate") || says("unexpected end of hex escape") {
                "A backslash escape is not valid; JSON knows \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX."
            } else if says("control character") {
                "A text holds a bare line break or control character; write it as \\n, \\t or \\uXXXX."
            } else if says("number out of range") || says("invalid number") {
                "This is not a number JSON can hold: digits, at most one point, and an exponent up to 308."
            } else if says("recursion limit") {
                return Fault::new("too-deep", "Brackets are nested more than 128 deep; no description needs that.");
            } else {
                "A value is missing or misspelt here; JSON knows texts in double quotes, numbers, true, false, null, [ ] and { }."
            };
            Fault::new("unreadable-json", format!("This is not readable JSON. {what}"))
        });
        fault.at(error.line() as u64, error.column() as u64)
    })
}

/// How YAML is read, here and where places are sought.
pub(crate) fn yaml_options(document: usize) -> serde_saphyr::Options {
    let mut options = serde_saphyr::options! {
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        no_schema: false,
        with_snippet: false,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 3 * limits::values(document) },
    };
    options.non_finite_float_policy = serde_saphyr::NonFiniteFloatPolicy::AsString;
    options.budget = serde_saphyr::budget! {
        max_reader_input_bytes: Some(limits::DOCUMENT),
        max_events: 3 * limits::values(document),
        max_nodes: limits::values(document),
        max_depth: limits::DEPTH,
        // A second one is an error of its own, which is told better than a spent budget.
        max_documents: 2,
        max_total_scalar_bytes: limits::characters(document),
        enforce_alias_anchor_ratio: false,
    };
    options
}

fn parse_yaml(characters: &str, budget: &RefCell<Budget>) -> Result<Value, Fault> {
    let options = yaml_options(characters.len());
    let parsed = serde_saphyr::with_deserializer_from_str_with_options(characters, options, |parser| {
        Seed(budget).deserialize(parser)
    });
    parsed.map_err(|error| {
        use serde_saphyr::Error as E;
        let spent = budget.borrow_mut().spent.take();
        let fault = spent.unwrap_or_else(|| {
            let error = error.without_snippet();
            let what = match error {
                E::Budget { .. }
                | E::AliasReplayLimitExceeded { .. }
                | E::AliasExpansionLimitExceeded { .. }
                | E::AliasReplayStackDepthExceeded { .. } => return too_much(),
                // An alias's target wraps the reason in one of its own.
                error if error.to_string().starts_with("budget") => return too_much(),
                E::MultipleDocuments { .. } => "The file holds more than one YAML document (---); upload one.",
                E::UnknownAnchor { .. } => "An alias (*name) has no anchor (&name) before it.",
                E::Eof { .. } => "The document ends too early.",
                _ => {
                    "Common reasons: indentation, a tab, a colon without a space behind it, a quote that is not closed, \
                     or a text with \": \" or \" #\" in it that needs quotes."
                }
            };
            Fault::new("unreadable-yaml", format!("This is not readable YAML. {what}"))
        });
        let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
        fault.at(line, column)
    })
}

fn too_much() -> Fault {
    Fault::new(
        "too-much",
        "The document unfolds to more values or text than a description of this size has, or is nested too deep: \
         aliases of aliases, or a list without end.",
    )
}

struct Budget {
    values: usize,
    characters: usize,
    path: Vec<String>,
    repeated: Vec<String>,
    spent: Option<Fault>,
}

impl Budget {
    fn spend<E: serde::de::Error>(&mut self, characters: usize) -> Result<(), E> {
        let left = (self.values.checked_sub(1), self.characters.checked_sub(characters));
        let (Some(values), Some(characters)) = left else {
            self.spent = Some(too_much());
            return Err(E::custom("over the limits"));
        };
        (self.values, self.characters) = (values, characters);
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Seed<'b>(&'b RefCell<Budget>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        self.0.borrow_mut().spend(0)?;
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok((value as f64).into())
    }
    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok((value as f64).into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.0.borrow_mut().spend(value.len())?;
        Ok(value.into())
    }
    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        self.0.borrow_mut().spend(value.len())?;
        Ok(value.into())
    }
    fn visit_bytes<E: serde::de::Error>(self, value: &[u8]) -> Result<Value, E> {
        self.visit_str(&String::from_utf8_lossy(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        self.0.borrow_mut().path.push("0".into());
        while let Some(item) = from.next_element_seed(self)? {
            items.push(item);
            if let Some(last) = self.0.borrow_mut().path.last_mut() {
                *last = items.len().to_string();
            }
        }
        self.0.borrow_mut().path.pop();
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(key) = from.next_key::<String>()? {
            self.0.borrow_mut().spend::<A::Error>(key.len())?;
            self.0.borrow_mut().path.push(key.clone());
            let value = from.next_value_seed(self)?;
            let mut budget = self.0.borrow_mut();
            match members.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(value);
                }
                Entry::Occupied(mut entry) => {
                    entry.insert(value);
                    if budget.repeated.len() < limits::FINDINGS {
                        let pointer = budget.path.iter().map(|part| refer::step(part)).collect();
                        budget.repeated.push(pointer);
                    }
                }
            }
            budget.path.pop();
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    fn tree(characters: &str) -> Result<Tree, Fault> {
        parse(&text::decode(characters.as_bytes())?)
    }

    #[test]
    fn keys_that_stand_twice_are_known_in_both_writings() {
        for document in ["{\"a\":[{\"b/c\":1,\"b/c\":2}]}", "a:\n  - b/c: 1\n    b/c: 2\n"] {
            let tree = tree(document).unwrap();
            assert_eq!(tree.repeated, ["/a/0/b~1c"], "{document}");
            assert_eq!(tree.root["a"][0]["b/c"], 2);
        }
    }

    #[test]
    fn the_place_of_a_slip_is_told() {
        let fault = tree("{\n  \"a\": 1,\n}").unwrap_err();
        assert_eq!((fault.code, fault.line, fault.column), ("unreadable-json", Some(3), Some(1)));
        assert!(fault.message.contains("comma"), "{}", fault.message);
        let fault = tree("a: 1\nb: [1, 2\nc: 3\n").unwrap_err();
        assert_eq!(fault.code, "unreadable-yaml");
        assert!(fault.line.is_some_and(|line| line >= 2));
    }

    #[test]
    fn keys_of_any_scalar_are_texts() {
        let tree = tree("200: {a: yes}\ntrue: 1.10\n2020-01-01: ~\n").unwrap();
        assert_eq!(tree.root.to_string(), r#"{"200":{"a":"yes"},"true":1.1,"2020-01-01":null}"#);
    }

    #[test]
    fn aliases_of_aliases_are_stopped() {
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for n in 1..12 {
            let line = format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(","));
            bomb.push_str(&line);
        }
        assert_eq!(tree(&bomb).unwrap_err().code, "too-much");
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), vec!["*a"; 100].join(","));
        assert_eq!(tree(&long).unwrap_err().code, "too-much");
    }
}
