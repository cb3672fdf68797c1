//! JSON of strangers: read whole or refused with the place of the fault.
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::{cell::Cell, fmt};

/// A value takes some 30 to 100 bytes of memory, a body's byte as little as half a value.
const MAX_VALUES: usize = 500_000;

/// The value and how many values are in it; else what is wrong, in words.
///
/// A name that stands twice in an object is refused: which of the two counts differs from reader to reader, and the
/// upstream might take the one that was not checked.
pub(super) fn parse(bytes: &[u8]) -> Result<(Value, usize), String> {
    let values = Cell::new(0);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = One { values: &values }.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    read.map(|value| (value, values.get())).map_err(|error| words(&error))
}

fn words(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let whole = error.to_string();
    // Its own place stands behind the words.
    let reason = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(reason, _)| reason);
    format!("This is not JSON that can be taken: {reason}, at line {line}, column {column}.")
}

#[derive(Clone, Copy)]
struct One<'a> {
    values: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        self.values.set(self.values.get() + 1);
        if self.values.get() > MAX_VALUES {
            return Err(D::Error::custom(format_args!("more than {MAX_VALUES} values")));
        }
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for One<'_> {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
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
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(self)?;
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a name stands twice in one object"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_serde_reads() {
        let text = r#"{"a": [1, -2, 3.5, true, null, "x\u00e9"], "b": {"c": {}}, "": 18446744073709551615}"#;
        let (value, values) = parse(text.as_bytes()).unwrap();
        assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(values, 11);
    }

    #[test]
    fn faults_have_a_place() {
        for (text, words) in [
            ("{\n  \"a\": 1,\n}", "trailing comma, at line 3, column 1"),
            ("", "EOF while parsing a value, at line 1, column 0"),
            ("{} {}", "trailing characters, at line 1, column 4"),
            ("{\"a\": 1, \"a\": 2}", "a name stands twice in one object, at line 1"),
            ("NaN", "expected value, at line 1"),
        ] {
            let told = parse(text.as_bytes()).unwrap_err();
            assert!(told.contains(words), "{text}: {told}");
        }
        let deep = "[".repeat(100_000);
        assert!(parse(deep.as_bytes()).unwrap_err().contains("recursion limit"));
        let many = format!("[{}1]", "1,".repeat(MAX_VALUES));
        assert!(parse(many.as_bytes()).unwrap_err().contains("more than 500000 values"));
    }
}
