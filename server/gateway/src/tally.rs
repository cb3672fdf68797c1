//! What one thread counts. Only that thread writes it, and it is read out once a second, so its lock is never waited for.
use crate::{account::RequestId, keyring::KeyRef, world::Operation};
use portico_domain::{
    AppId, Explanation, Histogram, KeyId, RequestRecord, Slug, SubscriptionId, Timestamp, UsageBatch, UsageRow,
    latency_bucket,
};
use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::Arc,
    time::Duration,
};

/// Requests remembered per thread until they are read.
const RING: usize = 4096;

#[derive(Default)]
pub(crate) struct Tally {
    usage: HashMap<UsageKey, (Arc<Operation>, u64)>,
    quotas: HashMap<(SubscriptionId, Timestamp), u64>,
    last_used: HashMap<KeyId, Timestamp>,
    ring: VecDeque<Finished>,
    pub(crate) records_dropped: u64,
    pub(crate) latencies: HashMap<Slug, Latencies>,
    pub(crate) refusals: HashMap<(Option<Slug>, &'static str), u64>,
}

#[derive(Default)]
pub(crate) struct Latencies {
    pub(crate) requests: Histogram,
    pub(crate) upstream: Histogram,
}

/// A request whose answer has ended.
pub(crate) struct Finished {
    pub(crate) id: RequestId,
    pub(crate) at: Timestamp,
    pub(crate) ended: Timestamp,
    pub(crate) method: Box<str>,
    pub(crate) path: Box<str>,
    pub(crate) client: IpAddr,
    pub(crate) operation: Option<Arc<Operation>>,
    pub(crate) key: Option<KeyRef>,
    pub(crate) status: u16,
    pub(crate) total: Duration,
    pub(crate) checks: Option<Duration>,
    pub(crate) upstream: Option<Duration>,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    pub(crate) refusal: Option<(&'static str, Explanation)>,
}

/// An operation is told by its place in memory, which the map's value keeps from being used again.
#[derive(PartialEq, Eq, Hash)]
struct UsageKey {
    operation: usize,
    minute: Timestamp,
    key: Option<KeyId>,
    app: Option<AppId>,
    status: u16,
    latency_bucket: u8,
}

impl Tally {
    pub(crate) fn spend(&mut self, subscription: SubscriptionId, period: Timestamp) {
        *self.quotas.entry((subscription, period)).or_default() += 1;
    }

    pub(crate) fn settle(&mut self, finished: Finished) {
        let total = micros(finished.total);
        let api = finished.operation.as_ref().and_then(|operation| operation.api.clone());
        if let (Some(operation), Some(api)) = (&finished.operation, &api) {
            let key = UsageKey {
                operation: Arc::as_ptr(operation).addr(),
                minute: finished.ended.minute(),
                key: finished.key.as_ref().map(|key| key.id),
                app: finished.key.as_ref().map(|key| key.app),
                status: finished.status,
                latency_bucket: latency_bucket(total),
            };
            self.usage.entry(key).or_insert_with(|| (Arc::clone(operation), 0)).1 += 1;
            if !self.latencies.contains_key(api) {
                self.latencies.insert(api.clone(), Latencies::default());
            }
            if let Some(latencies) = self.latencies.get_mut(api) {
                latencies.requests.observe(total);
                if let Some(upstream) = finished.upstream {
                    latencies.upstream.observe(micros(upstream));
                }
            }
        }
        // A key that is refused for what it is, e.g. revoked, was not used.
        let usable = finished.refusal.as_ref().is_none_or(|(code, _)| !code.starts_with("key_"));
        if let (Some(key), true) = (&finished.key, usable) {
            self.last_used.insert(key.id, finished.at);
        }
        if let Some((code, _)) = &finished.refusal {
            *self.refusals.entry((api, code)).or_default() += 1;
        }
        if self.ring.len() == RING {
            self.ring.pop_front();
            self.records_dropped += 1;
        }
        self.ring.push_back(finished);
    }

    /// Moves the counts since the last call into a batch.
    pub(crate) fn drain_usage(&mut self, merged: &mut Merged) {
        for (key, (operation, requests)) in self.usage.drain() {
            let Some(api) = operation.api.clone() else { continue };
            let row = Row {
                minute: key.minute,
                api,
                operation: operation.name.to_string(),
                app: key.app,
                key: key.key,
                status: key.status,
                latency_bucket: key.latency_bucket,
            };
            *merged.rows.entry(row).or_default() += requests;
        }
        for (place, count) in self.quotas.drain() {
            *merged.quotas.entry(place).or_default() += count;
        }
        for (key, at) in self.last_used.drain() {
            let last = merged.last_used.entry(key).or_insert(at);
            *last = at.max(*last);
        }
    }

    pub(crate) fn drain_records(&mut self) -> impl Iterator<Item = RequestRecord> {
        std::mem::take(&mut self.ring).into_iter().map(Finished::into_record)
    }
}

/// Counts of several threads, joined.
#[derive(Default)]
pub(crate) struct Merged {
    rows: HashMap<Row, u64>,
    quotas: HashMap<(SubscriptionId, Timestamp), u64>,
    last_used: HashMap<KeyId, Timestamp>,
}

#[derive(PartialEq, Eq, Hash)]
struct Row {
    minute: Timestamp,
    api: Slug,
    operation: String,
    app: Option<AppId>,
    key: Option<KeyId>,
    status: u16,
    latency_bucket: u8,
}

impl From<Merged> for UsageBatch {
    fn from(merged: Merged) -> Self {
        let row = |(row, requests): (Row, u64)| UsageRow {
            minute: row.minute,
            api: row.api,
            operation: row.operation,
            app: row.app,
            key: row.key,
            status: row.status,
            latency_bucket: row.latency_bucket,
            requests,
        };
        Self {
            rows: merged.rows.into_iter().map(row).collect(),
            quotas: merged
                .quotas
                .into_iter()
                .map(|((subscription, period), count)| (subscription, period, count))
                .collect(),
            last_used: merged.last_used.into_iter().collect(),
        }
    }
}

impl Finished {
    fn into_record(self) -> RequestRecord {
        let operation =
            self.operation.as_ref().map(|operation| operation.name.to_string()).filter(|name| !name.is_empty());
        RequestRecord {
            id: self.id.to_string(),
            at: self.at,
            method: self.method.into_string(),
            path: self.path.into_string(),
            api: self.operation.and_then(|operation| operation.api.clone()),
            operation,
            app: self.key.as_ref().map(|key| key.app),
            key: self.key.as_ref().map(|key| key.id),
            client: self.client.to_string(),
            status: self.status,
            total_micros: micros(self.total),
            checks_micros: self.checks.map(micros),
            upstream_micros: self.upstream.map(micros),
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            refusal: self.refusal.map(|(_, explanation)| explanation),
        }
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
