//! Usage and requests.
use crate::Moment;
use serde::{Deserialize, Serialize};

/// What `/usage` and `/admin/analytics` ask for.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UsageQuery {
    /// "today", "7d", "30d" or "90d"; "today" when empty.
    pub range: String,
    /// Id of one app; all of the caller's when empty.
    pub app: String,
    /// Slug of one API; all when empty.
    pub api: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UsagePage {
    pub query: UsageQuery,
    /// (id, name) to choose from.
    pub apps: Vec<(String, String)>,
    /// (slug, title) to choose from.
    pub apis: Vec<(String, String)>,
    pub calls: u64,
    /// Answers of 400 and above.
    pub errors: u64,
    pub p50_ms: Option<String>,
    pub p95_ms: Option<String>,
    /// Hours of today, or days; every one of the range, also the empty ones.
    pub bars: Vec<UsageBar>,
    pub by_api: Vec<UsageLine>,
    pub by_operation: Vec<UsageLine>,
    pub by_key: Vec<UsageLine>,
    pub by_status: Vec<UsageLine>,
    pub quotas: Vec<QuotaLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UsageBar {
    /// E.g. "14:00", "23 Nov".
    pub label: String,
    /// Answers of 2xx and 3xx, 4xx, 5xx.
    pub ok: u64,
    pub refused: u64,
    pub failed: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UsageLine {
    pub name: String,
    /// A second line, e.g. the app of a key; may be empty.
    pub sub: String,
    pub calls: u64,
    pub errors: u64,
    pub p95_ms: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct QuotaLine {
    pub app: String,
    pub api: String,
    pub plan: String,
    pub used: u64,
    pub limit: u64,
    /// When the period ends.
    pub until: Moment,
}

/// What `/requests` asks for.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RequestsQuery {
    /// Part of a request id or path.
    pub q: String,
    /// "", "refused" or "failed"
    pub result: String,
    /// Id of one key; all when empty.
    pub key: String,
    /// The request to show whole; one whose id is `q` is shown as well.
    pub id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RequestsPage {
    pub query: RequestsQuery,
    /// (id, name) to choose from.
    pub keys: Vec<(String, String)>,
    /// Newest first, at most 50 of those still remembered.
    pub requests: Vec<RequestLine>,
    pub total: u64,
    /// `None` also where the id that was asked for is not known, or is another's.
    pub selected: Option<RequestDetail>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RequestLine {
    pub id: String,
    /// Time of day, e.g. "11:42:07.318".
    pub time: String,
    pub at: Moment,
    pub status: u16,
    /// E.g. "Rate limited", "Created".
    pub result: String,
    /// Whether the gateway refused it, or its upstream failed: that can be after a good status was sent.
    pub refused: bool,
    /// Lower case.
    pub method: String,
    pub path: String,
    /// Name of the key, with its app where that may be another's; or of the API where no key is known.
    pub sub: String,
    /// E.g. "0.3", "184".
    pub milliseconds: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RequestDetail {
    pub line: RequestLine,
    /// E.g. "23 Nov 2026, 11:42:07.318 UTC".
    pub moment: String,
    /// Slugs; empty where none was found.
    pub api: String,
    pub operation: String,
    /// The key's name and its app's; empty where no valid key came.
    pub key: String,
    pub app: String,
    pub client: String,
    /// Milliseconds in words: until every check was passed or one said no, then until the upstream's first byte or its
    /// failure (`None` when it was not asked), then until the last byte was with the client; and all of them.
    pub checks_ms: String,
    pub upstream_ms: Option<String>,
    pub transfer_ms: String,
    pub total_ms: String,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub refusal: Option<Refusal>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Refusal {
    pub code: String,
    pub phase: Phase,
    /// E.g. "rate of the plan".
    pub check: String,
    pub expected: String,
    pub found: String,
    /// Where the call does not fit the document: (JSON pointer, what would be right), every place.
    pub errors: Vec<(String, String)>,
    /// Public id of the key that was named, valid or not; empty when none was.
    pub named_key: String,
}

/// What a call passes on its way through the gateway, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Whether it can be read, and in one way only.
    #[default]
    Request,
    /// The API, whether it is open to the client now, and the operation.
    Address,
    Key,
    /// Of the key's app, and what the key is narrowed to.
    Subscription,
    Limits,
    /// What the API's settings ask for: the rules of its document, mock answers, the cache.
    Policies,
    Upstream,
}
