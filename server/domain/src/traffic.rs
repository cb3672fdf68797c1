//! What the gateway tells about traffic: counts that are exact, and single requests that can be explained.
use crate::{AppId, KeyId, PublicKeyId, Slug, SubscriptionId, Timestamp};
use serde::{Deserialize, Serialize};

/// Latencies are counted in this many buckets; see [`latency_bucket`].
pub const LATENCY_BUCKETS: usize = 64;

/// The bucket of a latency: four a doubling, from below 128 µs to above 4 s, so a quantile read back is at most 19 % off.
pub fn latency_bucket(micros: u64) -> u8 {
    if micros < 128 {
        return 0;
    }
    let power = 63 - micros.leading_zeros() as usize;
    let quarter = ((micros >> (power - 2)) & 3) as usize;
    (1 + (power - 7) * 4 + quarter).min(LATENCY_BUCKETS - 1) as u8
}

/// The latency that everything in a bucket stayed under, but for the last bucket, which has no end.
pub fn latency_bucket_edge(bucket: u8) -> std::time::Duration {
    std::time::Duration::from_secs_f64(bucket_edge_ms(usize::from(bucket).min(LATENCY_BUCKETS - 1)) / 1_000.0)
}

/// The upper edge of a bucket in milliseconds.
fn bucket_edge_ms(bucket: usize) -> f64 {
    if bucket == 0 {
        return 0.128;
    }
    let (power, quarter) = ((bucket - 1) / 4 + 7, (bucket - 1) % 4);
    let base = (1_u64 << power) as f64;
    (base + base * (quarter as f64 + 1.0) / 4.0) / 1_000.0
}

/// The latency in milliseconds that a share (0 to 1) of the counted requests stayed under; `None` if there were none.
pub fn quantile_ms(buckets: &[u64; LATENCY_BUCKETS], share: f64) -> Option<f64> {
    let total: u64 = buckets.iter().sum();
    if total == 0 {
        return None;
    }
    let wanted = ((total as f64 * share).ceil() as u64).clamp(1, total);
    let mut seen = 0;
    let place = buckets.iter().position(|n| {
        seen += n;
        seen >= wanted
    })?;
    Some(bucket_edge_ms(place))
}

/// Counts since the last batch. `(node, seq)` is unique, so a batch written twice counts once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageBatch {
    pub rows: Vec<UsageRow>,
    /// Calls admitted against a quota: subscription, first moment of the period, how many.
    pub quotas: Vec<(SubscriptionId, Timestamp, u64)>,
    /// The last use of each key seen.
    pub last_used: Vec<(KeyId, Timestamp)>,
}

impl UsageBatch {
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.quotas.is_empty() && self.last_used.is_empty()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRow {
    /// First moment of the minute in which the answers ended.
    pub minute: Timestamp,
    pub api: Slug,
    /// Empty when no operation was found.
    pub operation: String,
    pub app: Option<AppId>,
    pub key: Option<KeyId>,
    pub status: u16,
    pub latency_bucket: u8,
    pub requests: u64,
}

/// One request as its owner and the admins may see it. Holds no header values, no bodies, no query values, no secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// As `X-Request-Id` told the client.
    pub id: String,
    pub at: Timestamp,
    pub method: String,
    /// Path without query, cut at 512 bytes.
    pub path: String,
    pub api: Option<Slug>,
    pub operation: Option<String>,
    pub app: Option<AppId>,
    pub key: Option<KeyId>,
    pub client: String,
    pub status: u16,
    /// From the request's first byte to the answer's last, in microseconds.
    pub total_micros: u64,
    /// Until every check was passed; `None` when one said no.
    pub checks_micros: Option<u64>,
    /// From then until the upstream's first byte, or until none would come any more; `None` when it was not asked.
    pub upstream_micros: Option<u64>,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub refusal: Option<Explanation>,
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The error's `code`.
    pub code: String,
    pub phase: Phase,
    /// Which check said no, in words.
    pub check: String,
    pub expected: String,
    pub found: String,
    /// The key that was named, when one was, whether it exists or not.
    pub key: Option<PublicKeyId>,
    /// Where a call does not fit the document: every place, up to a bound. `found` has the first one and their number.
    pub errors: Vec<Mismatch>,
}

/// What a call passes on its way through the gateway, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Whether it can be read, and in one way only.
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

/// Something in a call that does not fit the API's document. What the caller sent is not repeated in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// E.g. `/query/limit`, `/body/items/0/name`.
    pub pointer: String,
    /// What would be right.
    pub message: String,
}

/// Latencies since the start, in buckets, with their sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    pub buckets: [u64; LATENCY_BUCKETS],
    pub sum_micros: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: [0; LATENCY_BUCKETS], sum_micros: 0 }
    }
}

impl Histogram {
    pub fn observe(&mut self, micros: u64) {
        self.buckets[usize::from(latency_bucket(micros))] += 1;
        self.sum_micros = self.sum_micros.saturating_add(micros);
    }
    pub fn add(&mut self, other: &Self) {
        for (mine, others) in self.buckets.iter_mut().zip(other.buckets) {
            *mine += others;
        }
        self.sum_micros = self.sum_micros.saturating_add(other.sum_micros);
    }
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }
}

/// How the gateway is at this moment, beside what it counts for usage. Counts run since its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observations {
    /// Of the routes that are served; 0 before the first were published.
    pub snapshot_version: u64,
    /// Since those routes were published; `None` before.
    pub snapshot_age: Option<std::time::Duration>,
    /// Requests whose answer has not ended.
    pub in_flight: u64,
    /// Open connections of clients.
    pub connections: u64,
    /// Connections turned away because too many were open.
    pub connections_refused: u64,
    /// Records that fell out of the rings before anybody read them.
    pub records_dropped: u64,
    /// Requests let through beyond a limit. Limits of one node are exact: always 0 until nodes share counters.
    pub overshoot: u64,
    pub upstreams: Vec<UpstreamConnections>,
    pub upstream_health: Vec<UpstreamHealth>,
    /// Calls that were sent once more, by API.
    pub retries: Vec<(Slug, u64)>,
    pub apis: Vec<ApiObservation>,
    pub refusals: Vec<RefusalCount>,
    /// WebSocket connections that are open, by API.
    pub websockets: Vec<(Slug, u64)>,
    /// Answers that did not fit their API's document, where they are looked at.
    pub unfit_answers: Vec<(Slug, u64)>,
    /// Of the gateway's own TLS, by name.
    pub certificates: Vec<CertificateExpiry>,
}

/// When a certificate ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateExpiry {
    /// The part of its file names before the endings.
    pub name: String,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamConnections {
    /// Scheme, host and port, e.g. `https://pets.example.com:443`.
    pub upstream: String,
    pub active: u64,
    pub idle: u64,
}

/// How an upstream of an API is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamHealth {
    pub api: Slug,
    /// Scheme, host, port and path.
    pub upstream: String,
    /// Neither ejected for failed calls, nor found unwell by checks.
    pub healthy: bool,
    pub ejections: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiObservation {
    pub api: Slug,
    /// From a request's first byte to its answer's last.
    pub requests: Histogram,
    /// From asking the upstream to its answer's first byte.
    pub upstream: Histogram,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalCount {
    /// `None` when no API was found.
    pub api: Option<Slug>,
    pub code: &'static str,
    pub count: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_grow_with_latency_and_quantiles_stay_close() {
        let mut last = 0;
        for micros in 0..200_000 {
            let bucket = latency_bucket(micros);
            assert!(bucket == last || bucket == last + 1, "{micros}");
            last = bucket;
        }
        assert_eq!(usize::from(latency_bucket(u64::MAX)), LATENCY_BUCKETS - 1);
        for micros in [130_u64, 1_000, 5_500, 250_000, 3_900_000] {
            let mut buckets = [0; LATENCY_BUCKETS];
            buckets[usize::from(latency_bucket(micros))] = 1;
            let read = quantile_ms(&buckets, 0.95).unwrap() * 1_000.0;
            assert!(read >= micros as f64 && read <= micros as f64 * 1.26, "{micros} read as {read}");
        }
        assert_eq!(quantile_ms(&[0; LATENCY_BUCKETS], 0.5), None);
    }
}
