//! Values as the API's document describes them: each type here is a schema there, with the same limits.
use ipnet::IpNet;
use portico_domain::EmailAddress;
use serde::{
    Deserialize, Deserializer,
    de::{Error, Unexpected, Visitor},
};
use std::fmt;

/// Text that people read: 1 to 80 characters, not all of them white, none a control character.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Name(pub(crate) String);

impl TryFrom<String> for Name {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = text.chars().count() <= 80 && !text.chars().any(char::is_control) && !text.trim().is_empty();
        if fits { Ok(Self(text)) } else { Err("a name has 1 to 80 characters, none of them a control character") }
    }
}

/// An operation's name: 1 to 200 characters, none a control character.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct OperationName(pub(crate) String);

impl TryFrom<String> for OperationName {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text)) } else { Err("an operation's name has 1 to 200 characters, none a control character") }
    }
}

/// An e-mail address.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Email(pub(crate) EmailAddress);

/// 12 to 1,024 characters.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Password(pub(crate) String);

impl TryFrom<String> for Password {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = (12..=256).contains(&text.chars().count());
        if fits { Ok(Self(text)) } else { Err("a password has 12 to 256 characters") }
    }
}

/// A network, or one address.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Network(pub(crate) IpNet);

impl TryFrom<String> for Network {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
        let wrong = |_: std::net::AddrParseError| "not an address or a network, e.g. 192.0.2.7 or 2001:db8::/32";
        network.map(|network| Self(network.trunc())).map_err(wrong)
    }
}

/// A whole number between two ends. `1.0` is whole, too (JSON Schema 2020-12, validation, 6.1.1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Between<const LOW: u64, const HIGH: u64>(pub(crate) u64);

impl<'de, const LOW: u64, const HIGH: u64> Deserialize<'de> for Between<LOW, HIGH> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Whole::<LOW, HIGH>)
    }
}

struct Whole<const LOW: u64, const HIGH: u64>;

impl<const LOW: u64, const HIGH: u64> Visitor<'_> for Whole<LOW, HIGH> {
    type Value = Between<LOW, HIGH>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {LOW} to {HIGH}")
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        let wrong = || E::invalid_value(Unexpected::Unsigned(number), &self);
        if (LOW..=HIGH).contains(&number) { Ok(Between(number)) } else { Err(wrong()) }
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        let wrong = || E::invalid_value(Unexpected::Signed(number), &self);
        u64::try_from(number).map_err(|_| wrong()).and_then(|number| self.visit_u64(number))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        // Every end is far below 2^53, up to which doubles hold whole numbers exactly.
        let whole = number.fract() == 0.0 && (LOW as f64..=HIGH as f64).contains(&number);
        if whole { Ok(Between(number as u64)) } else { Err(E::invalid_value(Unexpected::Float(number), &self)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_whole_however_written() {
        let read = |text| serde_json::from_str::<Between<1, 100>>(text).map(|number| number.0).ok();
        assert_eq!([read("1"), read("100"), read("7.0"), read("1e1")], [Some(1), Some(100), Some(7), Some(10)]);
        for wrong in ["0", "101", "-1", "7.5", "1e3", "\"7\"", "null", "true"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
