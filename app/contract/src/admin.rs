//! What publishers and admins do.
use crate::{
    Limits, Listing, Moment, Role,
    catalogue::{Access, Visibility},
    changes::Changes,
    reference::Finding,
    settings::PartLine,
};
use serde::{Deserialize, Serialize};

/// `/admin`
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Overview {
    pub calls_today: u64,
    pub errors_today: u64,
    pub p95_ms: Option<String>,
    pub developers: u64,
    pub apis: u64,
    pub pending: Vec<PendingSubscription>,
    pub pending_total: u64,
    /// Part, state, tone class ("ok", "warn", "danger"), detail.
    pub health: Vec<HealthLine>,
    pub latest: Vec<AuditLine>,
    /// Calls in the last 24 hours, hour by hour.
    pub hours: Vec<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HealthLine {
    pub part: String,
    pub state: String,
    pub tone: String,
    pub detail: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PendingSubscription {
    pub id: String,
    pub app: String,
    pub owner: String,
    pub api: String,
    pub plan: String,
    pub since: Moment,
}

/// `/admin/subscriptions`
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SubscriptionLine {
    pub id: String,
    pub app: String,
    pub owner: String,
    pub api: String,
    pub plan: String,
    /// "pending", "active" or "rejected"
    pub state: String,
    pub since: Moment,
}

/// `/admin/apis`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiLine {
    pub slug: String,
    pub title: String,
    /// The published version.
    pub version: Option<String>,
    /// A newer one that is not published.
    pub draft: Option<String>,
    pub operations: u32,
    pub access: Access,
    pub visibility: Visibility,
    pub upstreams: u32,
    pub calls_today: u64,
    pub changed: Moment,
}

/// `/admin/apis/{api}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiPage {
    pub slug: String,
    pub title: String,
    pub settings: ApiSettings,
    /// The rest of the settings, which have pages of their own.
    pub parts: Vec<PartLine>,
    /// Newest first.
    pub versions: Vec<VersionLine>,
    /// Findings of the newest version.
    pub findings: Vec<Finding>,
    /// All plans: (slug, name).
    pub plans: Vec<(String, String)>,
    /// The gateway's address, e.g. `https://gw.example.org/petstore`.
    pub base_url: String,
    pub subscriptions: u64,
    pub calls_today: u64,
    /// What publishing the newest version would mean; `None` where nothing is published, or where it is that version.
    pub impact: Option<Impact>,
}

/// What a version would change for those who call the published one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    /// The version that callers meet now.
    pub from: String,
    /// Where its pages begin.
    pub from_root: String,
    pub to: String,
    pub to_root: String,
    pub changes: Changes,
    /// Subscribed apps that called what would break in the last 30 days, the most calls first; at most 100.
    pub callers: Vec<AffectedCaller>,
    /// All of them.
    pub callers_total: u64,
    /// How many apps that are.
    pub apps_total: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AffectedCaller {
    pub app: String,
    /// E-mail of its owner.
    pub owner: String,
    pub operation: String,
    pub calls: u64,
    pub last: Moment,
    /// What would break for it.
    pub messages: Vec<String>,
}

/// `/admin/apis/{api}/readers`: who may read a private API, beside publishers and admins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadersPage {
    pub slug: String,
    pub title: String,
    pub visibility: Visibility,
    pub readers: Listing<ReaderLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderLine {
    /// Of the account.
    pub id: String,
    pub name: String,
    pub email: String,
    pub since: Moment,
}

/// As the form writes it; see the management API for the meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiSettings {
    /// One a line; a weight may stand behind the address, e.g. `https://a.example 3`.
    pub upstreams: String,
    pub access: Access,
    pub visibility: Visibility,
    pub base_path: String,
    pub plans: Vec<String>,
    pub timeout_ms: String,
    pub max_body_bytes: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionLine {
    pub id: String,
    pub version: String,
    /// "draft", "published" or "retired"
    pub state: String,
    pub operations: u32,
    pub uploaded: Moment,
    pub published: Option<Moment>,
}

/// A document on its way in, by file or pasted.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Upload {
    /// Its address; made from the title when empty.
    pub slug: String,
    pub document: Vec<u8>,
    /// First upstream; kept as it is when empty.
    pub upstream: String,
    pub publish: bool,
}

/// What became of it. With an error among the findings nothing was kept and `slug` is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Uploaded {
    pub slug: Option<String>,
    pub title: String,
    pub version: String,
    pub published: bool,
    pub operations: u32,
    pub findings: Vec<Finding>,
}

/// A plan, as `/admin/plans` lists it and its form writes it.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PlanForm {
    pub slug: String,
    pub name: String,
    /// Empty: no limit.
    pub rate_limit: String,
    /// "second", "minute" or "hour"
    pub rate_per: String,
    /// Empty: the same as the limit.
    pub burst: String,
    /// Empty: no limit.
    pub quota_limit: String,
    /// "day", "week" or "month"
    pub quota_per: String,
    /// Calls under way at once. Empty: no limit.
    pub concurrency: String,
    /// Of each key. Empty: no limit of its own.
    pub key_limit: String,
    /// "second", "minute" or "hour"
    pub key_per: String,
    /// Empty: the same as the limit.
    pub key_burst: String,
    /// Rates of single operations, a line each, e.g. "getPet 10/minute burst 20".
    pub operations: String,
    pub manual: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PlanLine {
    pub form: PlanForm,
    pub limits: Limits,
    pub subscriptions: u64,
    pub apis: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLine {
    pub id: String,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub apps: u64,
    pub created: Moment,
    /// The caller's own: its role cannot be changed by itself.
    pub you: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AuditLine {
    pub at: Moment,
    pub actor: String,
    /// E.g. "revoked".
    pub action: String,
    /// E.g. "key".
    pub subject: String,
    pub target: String,
    /// Readable, without secrets; may be empty.
    pub detail: String,
}

/// How the portal looks, as its form writes it.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BrandForm {
    /// Empty: Portico's own.
    pub name: String,
    /// `#rrggbb`; empty: Portico's own.
    pub accent: String,
    /// What that colour is on light and on dark pages, where it can be read.
    pub drawn: Option<(String, String)>,
    /// Address of the logo.
    pub logo: Option<String>,
}

/// `/admin/settings`: how the portal looks, to be changed; how this installation runs, for reading.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SettingsPage {
    pub brand: BrandForm,
    /// Name, value, where it came from (flag, environment, file, default).
    pub settings: Vec<(String, String, String)>,
    pub version: String,
}
