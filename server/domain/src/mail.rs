//! Kinds of letters that people may turn off. What somebody asked for, such as a reset of a password, is of no kind.
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailKind {
    /// A new version of an API that one's app is subscribed to.
    Versions,
}

impl MailKind {
    pub const ALL: [Self; 1] = [Self::Versions];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Versions => "versions",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}
