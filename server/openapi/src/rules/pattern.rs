//! Regular expressions of documents: which of them may be matched against what callers send.
//!
//! They are matched by an engine whose time is linear in the text, since a document's author must not be able to stop the
//! gateway by a slip or on purpose. What that engine does not know (look-around, back references) is not checked.
use crate::limits;
use regex::RegexBuilder;
use std::collections::HashMap;

/// Patterns that were looked at, and how much room there is for more of them.
pub(crate) struct Patterns {
    known: HashMap<String, Result<(), &'static str>>,
    large: usize,
}

impl Default for Patterns {
    fn default() -> Self {
        Self { known: HashMap::new(), large: limits::PATTERNS_LARGE }
    }
}

impl Patterns {
    /// `Err` says why a pattern is not matched.
    pub(crate) fn usable(&mut self, pattern: &str) -> Result<(), &'static str> {
        if let Some(known) = self.known.get(pattern) {
            return *known;
        }
        if self.known.len() >= limits::PATTERNS {
            return Err("the document has more patterns than are looked at");
        }
        let usable = self.look_at(pattern);
        self.known.insert(pattern.to_owned(), usable);
        usable
    }

    fn look_at(&mut self, pattern: &str) -> Result<(), &'static str> {
        const UNKNOWN: &str =
            "it is not understood; look-around and back references are not supported, since they can take for ever";
        if pattern.len() > limits::PATTERN {
            return Err("it is longer than 2000 bytes");
        }
        let written = jsonschema_regex::to_rust_regex(pattern).map_err(|()| UNKNOWN)?;
        let fits = |size: usize| RegexBuilder::new(&written).size_limit(size).build().map(drop);
        match fits(limits::PATTERN_SMALL) {
            Ok(()) => Ok(()),
            Err(regex::Error::CompiledTooBig(_)) => {
                self.large = self.large.checked_sub(1).ok_or("the document has too many large patterns")?;
                fits(limits::PATTERN_LARGE).map_err(|_| "it is too large: count less or name fewer characters")
            }
            Err(_) => Err(UNKNOWN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_in_linear_time_is_used() {
        let mut patterns = Patterns::default();
        for pattern in [r"^\d{3}-[A-Za-z]+$", r"^\/v1\/", r"^[\w\-. ]{1,64}$", r"^\p{L}+$", "", r"^(a+)+$"] {
            assert_eq!(patterns.usable(pattern), Ok(()), "{pattern}");
        }
        for pattern in ["(", r"^(?!x)", r"(a)\1", "x{100000}{10000}"] {
            assert!(patterns.usable(pattern).is_err(), "{pattern}");
        }
        assert!(patterns.usable(&"a".repeat(3_000)).is_err());
    }

    #[test]
    fn large_ones_are_few() {
        let mut patterns = Patterns::default();
        let used = (0..limits::PATTERNS_LARGE + 6)
            .filter(|n| patterns.usable(&format!(r"^\p{{L}}{{1,20}}x{n}$")).is_ok())
            .count();
        assert_eq!(used, limits::PATTERNS_LARGE);
    }
}
