//! People and what they may do.
use crate::{AccountId, Timestamp, TokenId};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::{fmt, str::FromStr};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub email: EmailAddress,
    pub name: String,
    pub role: Role,
    /// PHC string of argon2id.
    pub password: String,
    pub created_at: Timestamp,
}

/// An account that was chosen to read a private API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    pub account: AccountId,
    pub email: EmailAddress,
    pub name: String,
    pub added_at: Timestamp,
}

/// Each role may do all that the ones below it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Own apps, keys and subscriptions.
    Developer,
    /// And APIs, plans and the approval of subscriptions.
    Publisher,
    /// And accounts, the audit log, and everybody's apps.
    Admin,
}

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::Publisher => "publisher",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "admin" => Ok(Self::Admin),
            "publisher" => Ok(Self::Publisher),
            "developer" => Ok(Self::Developer),
            _ => Err(format!("\"{text}\" is not a role: admin, publisher or developer")),
        }
    }
}

/// An address as people write it, kept in lower case, so that one mailbox has one account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address: something@host.example, at most 254 characters")]
pub struct InvalidEmail;

impl EmailAddress {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl FromStr for EmailAddress {
    type Err = InvalidEmail;
    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        let (local, host) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let plain =
            |text: &str| !text.chars().any(|c| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"@".contains(c));
        let host_fits =
            !host.is_empty() && !host.starts_with(['.', '-']) && !host.ends_with(['.', '-']) && !host.contains("..");
        if text.len() > 254 || local.is_empty() || local.len() > 64 || !plain(local) || !plain(host) || !host_fits {
            return Err(InvalidEmail);
        }
        Ok(Self(text.to_lowercase()))
    }
}
impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// A secret for programs that manage Portico (`ptm_…`); acts as its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagementToken {
    pub id: TokenId,
    pub account: AccountId,
    pub name: String,
    pub digest: crate::KeyDigest,
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_folded() {
        assert_eq!(" Ingrid@Example.ORG ".parse::<EmailAddress>().unwrap().as_str(), "ingrid@example.org");
        for bad in ["", "a", "@b.c", "a@", "a b@c.d", "a@b@c", "a@.c", "a@b\r\nBcc: x@y.z", "<a@b.c>"] {
            assert!(bad.parse::<EmailAddress>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn roles_are_ordered_by_what_they_may() {
        assert!(Role::Admin > Role::Publisher && Role::Publisher > Role::Developer);
    }
}
