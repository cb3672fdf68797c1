//! Self-service: apps, subscriptions, keys.
use crate::{Limits, Moment, call::Call};
use serde::{Deserialize, Serialize};

/// `/apps`
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AppsPage {
    pub apps: Vec<AppLine>,
    /// Steps of the first run: an app exists, a subscription, a key, a call was seen.
    pub progress: Progress,
}

#[expect(clippy::struct_excessive_bools, reason = "facts that do not exclude each other")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    pub app: bool,
    pub subscription: bool,
    pub key: bool,
    pub call: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AppLine {
    pub id: String,
    pub name: String,
    /// For admins who see others' apps.
    pub owner: String,
    pub keys: u32,
    pub subscriptions: u32,
    pub calls_today: u64,
    pub created: Moment,
}

/// `/apps/{app}`
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AppPage {
    pub id: String,
    pub name: String,
    pub owner: String,
    pub created: Moment,
    pub calls_today: u64,
    pub refused_today: u64,
    pub keys: Vec<KeyLine>,
    pub subscriptions: Vec<SubscriptionLine>,
    /// The owner's other apps, for the sidebar: (id, name), this one included.
    pub siblings: Vec<(String, String)>,
    /// APIs under their plans to which the app may subscribe; those it has are left out.
    pub offers: Vec<Offer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Offer {
    pub api: String,
    pub title: String,
    /// (slug, name, limits, whether a publisher has to approve)
    pub plans: Vec<(String, String, Limits, bool)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeyLine {
    pub id: String,
    pub name: String,
    /// What may be shown, e.g. "ptk_test_9fK2mQ7x…".
    pub shown: String,
    /// "live" or "test"
    pub environment: String,
    pub last_used: Option<Moment>,
    pub expires: Option<Moment>,
    /// "active", "expired" or "revoked"
    pub status: String,
    pub revoked: Option<Moment>,
    pub created: Moment,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SubscriptionLine {
    pub id: String,
    pub api: String,
    pub api_title: String,
    pub plan: String,
    pub limits: Limits,
    /// "pending", "active" or "rejected"
    pub state: String,
    /// Calls of the quota's present period; `None` where the plan has no quota.
    pub used: Option<(u64, u64)>,
    pub created: Moment,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewKey {
    pub name: String,
    /// "live" or "test"
    pub environment: String,
    /// "30", "90", "365" days, or "never".
    pub expires: String,
    /// Slugs; all subscriptions when empty.
    pub apis: Vec<String>,
    /// Addresses or networks, one a line.
    pub allow_ips: String,
    /// Made with the form: sent twice, it makes one key.
    pub once: String,
}

/// `/apps/{app}/keys/new`
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NewKeyPage {
    pub app: String,
    pub app_name: String,
    /// (slug, title) of active subscriptions.
    pub apis: Vec<(String, String)>,
    pub once: String,
}

/// The answer to a new key: the only time that the secret is shown.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeyCreated {
    pub app: String,
    pub app_name: String,
    pub key: String,
    pub name: String,
    /// E.g. "test, all subscribed APIs, until 20 February 2027".
    pub description: String,
    pub secret: String,
    /// A call to paste with the secret in it; `None` without an active subscription.
    pub first_call: Option<Call>,
}

/// What the light beside a new key asks.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FirstCall {
    /// `None` while waiting.
    pub seen: Option<FirstCallSeen>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FirstCallSeen {
    pub status: u16,
    /// E.g. "GET /ports/NOBGO/tides".
    pub call: String,
    /// E.g. "0.3", "184".
    pub milliseconds: String,
}
