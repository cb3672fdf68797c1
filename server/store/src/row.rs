//! From columns to the types of the domain. What does not fit was not written by this program.
use crate::StoreError;
use portico_domain::{KeyDigest, Timestamp};
use serde::{
    Serialize,
    de::{
        DeserializeOwned, IntoDeserializer,
        value::{Error, StrDeserializer},
    },
};
use std::borrow::Cow;

/// A value that is written as one word: slugs, e-mail addresses, states.
pub(crate) fn word<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, StoreError> {
    let from: StrDeserializer<'_, Error> = text.into_deserializer();
    T::deserialize(from).map_err(|_| StoreError::Corrupt { what })
}

pub(crate) fn json<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt { what })
}

pub(crate) fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Internal)
}

pub(crate) fn digest(bytes: &[u8], what: &'static str) -> Result<KeyDigest, StoreError> {
    bytes.try_into().map(KeyDigest).map_err(|_| StoreError::Corrupt { what })
}

pub(crate) fn time(micros: Option<i64>) -> Option<Timestamp> {
    micros.map(Timestamp::from_micros)
}

pub(crate) fn micros(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::micros)
}

/// Counts are never negative, and never reach the end of 63 bits.
pub(crate) fn count(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

pub(crate) fn to_count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Text from a document, without NUL, which PostgreSQL's text cannot hold.
pub(crate) fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}
