//! Whether settings of an API can work. Asked when they are saved, so that nothing wrong is found at a call.
//!
//! `values` looks at each value by itself, by the rules for texts in `text`; `together` at what values say of each other.
//! The management API's document states the former as schemas, word for word; the latter are its 409.
mod text;
mod together;
mod values;

pub use text::read_upstream_url;
pub(crate) use together::together;
pub(crate) use values::values;

use std::{fmt, ops::RangeInclusive};

/// More faults than anybody reads at once.
const MAX_FAULTS: usize = 100;

/// Everything that is wrong with the settings of an API; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFaults(pub Vec<InvalidSettings>);

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct InvalidSettings {
    /// JSON pointer (RFC 6901) into the settings.
    pub pointer: String,
    /// What is wrong and what would be right, without a capital at its beginning and a full stop.
    pub message: String,
}

impl std::error::Error for SettingsFaults {}

impl fmt::Display for SettingsFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.iter().enumerate() {
            write!(f, "{}{fault}", if place == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// Collects faults while it walks down the settings.
#[derive(Default)]
struct Check {
    pointer: String,
    faults: Vec<InvalidSettings>,
}

impl Check {
    /// Goes one member down for as long as `look` takes.
    fn at(&mut self, member: &str, look: impl FnOnce(&mut Self)) {
        let above = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&member.replace('~', "~0").replace('/', "~1"));
        look(self);
        self.pointer.truncate(above);
    }

    fn wrong(&mut self, message: impl Into<String>) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(InvalidSettings { pointer: self.pointer.clone(), message: message.into() });
        }
    }

    /// What a rule for a text said.
    fn text(&mut self, member: &str, checked: Result<(), String>) {
        if let Err(message) = checked {
            self.at(member, |check| check.wrong(message));
        }
    }

    fn number(&mut self, member: &str, number: impl Into<u64>, range: RangeInclusive<u64>) {
        let number = number.into();
        if !range.contains(&number) {
            let message = format!("{number} is not between {} and {}", range.start(), range.end());
            self.at(member, |check| check.wrong(message));
        }
    }

    /// A number that may be left out.
    fn optional(&mut self, member: &str, number: Option<impl Into<u64>>, range: RangeInclusive<u64>) {
        if let Some(number) = number {
            self.number(member, number, range);
        }
    }

    fn at_most(&mut self, member: &str, count: usize, most: usize, what: &str) {
        if count > most {
            self.at(member, |check| check.wrong(format!("at most {most} {what}, not {count}")));
        }
    }

    /// A list of at most so many texts under one rule, none of them twice.
    fn texts<T: AsRef<str>>(
        &mut self,
        member: &str,
        texts: &[T],
        most: usize,
        rule: impl Fn(&str) -> Result<(), String>,
    ) {
        self.at_most(member, texts.len(), most, "of them");
        self.at(member, |check| {
            for (place, text) in texts.iter().take(most).enumerate() {
                check.text(&place.to_string(), rule(text.as_ref()));
                if texts[..place].iter().any(|other| other.as_ref() == text.as_ref()) {
                    check.at(&place.to_string(), |check| {
                        check.wrong(format!("{} is there twice", shown(text.as_ref())));
                    });
                }
            }
        });
    }

    fn done(self) -> Result<(), SettingsFaults> {
        if self.faults.is_empty() { Ok(()) } else { Err(SettingsFaults(self.faults)) }
    }
}

/// A text of unknown length in a message.
fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(80).collect::<String>())
}

#[cfg(test)]
mod tests;
