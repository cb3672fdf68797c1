//! The names by which APIs and plans are addressed.
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::{fmt, str::FromStr, sync::Arc};

/// `[a-z0-9][a-z0-9-]{0,62}`: fits a URL segment, a host label and a metric's label alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Slug(Arc<str>);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a name for an address: 1 to 63 of a–z, 0–9 and -, not beginning with -, e.g. petstore-v2")]
pub struct InvalidSlug(String);

impl Slug {
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The nearest slug to a title, e.g. "Harbour Pilotage API" becomes `harbour-pilotage-api`; `None` if no letter fits.
    pub fn suggest(title: &str) -> Option<Self> {
        let mut text = String::new();
        for character in title.chars() {
            if character.is_ascii_alphanumeric() {
                text.push(character.to_ascii_lowercase());
            } else if !text.is_empty() && !text.ends_with('-') {
                text.push('-');
            }
        }
        text.truncate(63);
        text.trim_end_matches('-').parse().ok()
    }
}

impl FromStr for Slug {
    type Err = InvalidSlug;
    fn from_str(text: &str) -> Result<Self, InvalidSlug> {
        let fits = (1..=63).contains(&text.len())
            && !text.starts_with('-')
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(text.into())) } else { Err(InvalidSlug(text.chars().take(80).collect())) }
    }
}
impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for Slug {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_strict_and_suggestions_are_slugs() {
        for good in ["a", "petstore", "v2-0", "0"] {
            assert!(good.parse::<Slug>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "A", "a_b", "a/b", "é", &"a".repeat(64)] {
            assert!(bad.parse::<Slug>().is_err(), "{bad}");
        }
        assert_eq!(Slug::suggest("Harbour Pilotage API (v2)").unwrap().as_str(), "harbour-pilotage-api-v2");
        assert_eq!(Slug::suggest("港"), None);
    }
}
