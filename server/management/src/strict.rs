//! A JSON value taken strictly: a name that comes twice is refused, and a whole number is whole however it is written.
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Doubles hold whole numbers exactly up to here.
const EXACT: f64 = 9_007_199_254_740_992.0;

pub(crate) struct Strict(pub(crate) Value);

/// An object of which nothing is known yet.
pub(crate) struct Members(pub(crate) Map<String, Value>);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Any).map(Self)
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match from.deserialize_any(Any)? {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(D::Error::custom("the body is an object")),
        }
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    /// `1.0` is whole, too (JSON Schema 2020-12, validation, 6.1.1).
    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        if value.fract() == 0.0 && value.abs() < EXACT {
            return Ok((value as i64).into());
        }
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number that is too large"))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = from.next_element()? {
            items.push(item);
        }
        Ok(items.into())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = from.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format_args!(
                    "{:?} is there twice",
                    name.chars().take(80).collect::<String>()
                )));
            }
            let Strict(value) = from.next_value()?;
            members.insert(name, value);
        }
        Ok(members.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_there_twice_and_numbers_are_what_they_mean() {
        let read = |text: &str| serde_json::from_str::<Strict>(text).map(|read| read.0.to_string());
        assert_eq!(read(r#"{"a":[1.0,-2e1,0.5,null,true,"x"]}"#).unwrap(), r#"{"a":[1,-20,0.5,null,true,"x"]}"#);
        assert!(read(r#"{"a":{"b":1,"b":2}}"#).unwrap_err().to_string().contains("\"b\" is there twice"));
        assert!(read(&"[".repeat(10_000)).is_err());
        assert!(serde_json::from_str::<Members>("[]").is_err());
    }
}
