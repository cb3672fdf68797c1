//! Words that several parts share.
use serde::{Deserialize, Serialize};

/// Who asks. Made by the server from the session, never from what a form says.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Caller {
    pub account: Option<SignedIn>,
    /// The client's address, for limits on tries.
    pub client: String,
}

impl Caller {
    pub fn signed_in(&self) -> Result<&SignedIn, crate::PortalError> {
        self.account.as_ref().ok_or(crate::PortalError::SignInNeeded)
    }
    pub fn role(&self) -> Option<Role> {
        self.account.as_ref().map(|account| account.role)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    pub id: String,
    pub name: String,
    pub email: String,
    pub role: Role,
}

/// Ordered: each role may do all that the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Developer,
    Publisher,
    Admin,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Developer, Self::Publisher, Self::Admin];
    /// As forms and the management API write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::Publisher => "publisher",
            Self::Admin => "admin",
        }
    }
}

/// A moment, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Moment {
    /// RFC 3339 UTC, for `<time datetime>`.
    pub iso: String,
    /// E.g. "23 Nov 2026, 14:05 UTC".
    pub date: String,
    /// E.g. "2 min ago", "in 94 days", "yesterday", "3 Oct".
    pub relative: String,
}

/// Part of a list, and how to get the next part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing<T> {
    pub items: Vec<T>,
    /// Value of `?after=` for the next part; `None` at the end.
    pub next: Option<String>,
    pub total: u64,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self { items: Vec::new(), next: None, total: 0 }
    }
}

/// A plan's numbers in words.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// E.g. "60 a minute", "100 a second, 200 at once"; "no limit".
    pub rate: String,
    /// E.g. "10,000 a day"; "no limit".
    pub quota: String,
}

/// How the portal looks to everybody.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Brand {
    /// Stands in titles and in the top bar.
    pub name: String,
    /// Address of colours that take the place of the design's own.
    pub stylesheet: Option<String>,
    /// Address of the picture in place of Portico's mark.
    pub logo: Option<String>,
}
