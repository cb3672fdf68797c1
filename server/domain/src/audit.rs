//! What every write leaves behind: one row that is both the audit log's entry and the publisher's wake-up.
use crate::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// Portico itself: first start, expiry, rollups.
    System,
    /// The command line on the machine.
    CommandLine,
    Account(AccountId),
    /// Somebody not signed in, e.g. who signs up.
    Visitor,
}

/// What kind of thing a change touched; the publisher rebuilds what depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Account,
    Api,
    App,
    Key,
    Plan,
    Subscription,
    Token,
    Setting,
    Guide,
}

impl Subject {
    pub const ALL: [Self; 9] = [
        Self::Account,
        Self::Api,
        Self::App,
        Self::Key,
        Self::Plan,
        Self::Subscription,
        Self::Token,
        Self::Setting,
        Self::Guide,
    ];
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Api => "api",
            Self::App => "app",
            Self::Key => "key",
            Self::Plan => "plan",
            Self::Subscription => "subscription",
            Self::Token => "token",
            Self::Setting => "setting",
            Self::Guide => "guide",
        }
    }
}

/// One row of the change log. `detail` never holds a secret.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its place in the log; given by the store.
    pub seq: i64,
    pub at: Timestamp,
    pub actor: Actor,
    /// A verb in the past, e.g. `created`, `revoked`, `published`.
    pub action: String,
    pub subject: Subject,
    /// Id or slug of what was touched.
    pub target: String,
    pub detail: serde_json::Value,
}
