//! What one thread counts. Only that thread writes it, and it is read out once a second, so its lock is never waited for.
use crate::{account::RequestId, keyring::KeyRef, world::Operation};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use http::Method;
use portico_domain::{
    AppId, Explanation, Histogram, KeyId, RequestRecord, Slug, SubscriptionId, Timestamp, UsageBatch, UsageRow,
    latency_bucket,
};
use smallvec::SmallVec;
use std::{collections::VecDeque, net::IpAddr, sync::Arc, time::Duration};
use uuid::Uuid;

/// Requests of each kind that a thread remembers until they are read.
const RING: usize = 4096;

#[derive(Default)]
pub(crate) struct Tally {
    usage: HashMap<UsageKey, Used, RandomState>,
    quotas: HashMap<(SubscriptionId, Timestamp), u64, RandomState>,
    /// Those that went well: the first ones since the last reading. What goes well so often needs no list of all.
    ordinary: Vec<Finished>,
    /// Those that somebody may ask about: the last ones since the last reading.
    notable: VecDeque<Finished>,
    pub(crate) records_dropped: u64,
    /// Since the last batch, by the place of an API's name in memory, which the value keeps from being used again.
    recent_latencies: HashMap<usize, (Slug, Latencies), RandomState>,
    /// Before that.
    latencies: HashMap<Slug, Latencies, RandomState>,
    /// Answers that did not fit the document, since the start.
    pub(crate) unfit_answers: HashMap<Slug, u64, RandomState>,
    pub(crate) refusals: HashMap<(Option<Slug>, &'static str), u64, RandomState>,
}

#[derive(Clone, Default)]
pub(crate) struct Latencies {
    pub(crate) requests: Histogram,
    pub(crate) upstream: Histogram,
}

impl Latencies {
    pub(crate) fn add(&mut self, other: &Self) {
        self.requests.add(&other.requests);
        self.upstream.add(&other.upstream);
    }
}

/// A request whose answer has ended.
pub(crate) struct Finished {
    pub(crate) id: RequestId,
    pub(crate) at: Timestamp,
    pub(crate) ended: Timestamp,
    pub(crate) method: Option<Method>,
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

/// What is counted together. Plain numbers, so that one look-up a request stays cheap: an operation is told by its place
/// in memory, which the map's value keeps from being used again.
#[derive(PartialEq, Eq, Hash)]
struct UsageKey {
    operation: usize,
    /// 0 without a key.
    key: u128,
    /// The first microsecond of the minute.
    minute: i64,
    status: u16,
}

struct Used {
    operation: Arc<Operation>,
    app: Option<AppId>,
    requests: ByLatency,
    /// When the key was last used, if it was: one that is refused for what it is, e.g. revoked, was not.
    last: Option<Timestamp>,
}

/// How many requests, by their latency's bucket. Those of one kind take about as long, so few buckets are in use.
#[derive(Default)]
struct ByLatency(SmallVec<[(u8, u64); 4]>);

impl ByLatency {
    fn add(&mut self, bucket: u8, requests: u64) {
        match self.0.iter_mut().find(|(known, _)| *known == bucket) {
            Some((_, count)) => *count += requests,
            None => self.0.push((bucket, requests)),
        }
    }
}

impl Tally {
    pub(crate) fn spend(&mut self, subscription: SubscriptionId, period: Timestamp) {
        *self.quotas.entry((subscription, period)).or_default() += 1;
    }

    pub(crate) fn settle(&mut self, finished: Finished) {
        let total = micros(finished.total);
        let operation = finished.operation.as_ref();
        if let Some((operation, api)) = operation.and_then(|operation| Some((operation, operation.api.as_ref()?))) {
            let key = UsageKey {
                operation: Arc::as_ptr(operation).addr(),
                key: finished.key.as_ref().map_or(0, |key| key.id.0.as_u128()),
                minute: finished.ended.minute().micros(),
                status: finished.status,
            };
            let used = self.usage.entry(key).or_insert_with(|| Used {
                operation: Arc::clone(operation),
                app: finished.key.as_ref().map(|key| key.app),
                requests: ByLatency::default(),
                last: None,
            });
            used.requests.add(latency_bucket(total), 1);
            if finished.key.is_some() && finished.refusal.as_ref().is_none_or(|(code, _)| !code.starts_with("key_")) {
                used.last = used.last.max(Some(finished.at));
            }
            let recent = self.recent_latencies.entry(api.as_str().as_ptr().addr());
            let (_, latencies) = recent.or_insert_with(|| (api.clone(), Latencies::default()));
            latencies.requests.observe(total);
            if let Some(upstream) = finished.upstream {
                latencies.upstream.observe(micros(upstream));
            }
        }
        if let Some((code, _)) = &finished.refusal {
            *self.refusals.entry((operation.and_then(|operation| operation.api.clone()), code)).or_default() += 1;
        }
        self.remember(finished);
    }

    fn remember(&mut self, finished: Finished) {
        if finished.is_notable() {
            if self.notable.len() == RING {
                self.notable.pop_front();
                self.records_dropped += 1;
            }
            self.notable.push_back(finished);
        } else if self.ordinary.len() < RING {
            self.ordinary.push(finished);
        } else {
            self.records_dropped += 1;
        }
    }

    /// Latencies since the start; an API may come twice.
    pub(crate) fn latencies(&self) -> impl Iterator<Item = (&Slug, &Latencies)> {
        self.latencies.iter().chain(self.recent_latencies.values().map(|(api, latencies)| (api, latencies)))
    }

    /// Takes the counts since the last call out. They are merged once the thread can count on.
    pub(crate) fn take_counts(&mut self) -> Counts {
        for (_, (api, latencies)) in self.recent_latencies.drain() {
            self.latencies.entry(api).or_default().add(&latencies);
        }
        // The next second will be like this one.
        let next = HashMap::with_capacity_and_hasher(self.usage.len(), RandomState::default());
        Counts { usage: std::mem::replace(&mut self.usage, next), quotas: std::mem::take(&mut self.quotas) }
    }

    /// Takes the requests out that ended since the last call.
    pub(crate) fn take_records(&mut self) -> impl Iterator<Item = RequestRecord> + use<> {
        let room = Vec::with_capacity(self.ordinary.len());
        let (ordinary, notable) = (std::mem::replace(&mut self.ordinary, room), std::mem::take(&mut self.notable));
        ordinary.into_iter().chain(notable).map(Finished::into_record)
    }
}

/// What one thread counted.
pub(crate) struct Counts {
    usage: HashMap<UsageKey, Used, RandomState>,
    quotas: HashMap<(SubscriptionId, Timestamp), u64, RandomState>,
}

impl Counts {
    pub(crate) fn merge_into(self, merged: &mut Merged) {
        for (key, used) in self.usage {
            let Some(api) = used.operation.api.clone() else { continue };
            let owner = (key.key != 0).then(|| KeyId(Uuid::from_u128(key.key)));
            if let (Some(owner), Some(at)) = (owner, used.last) {
                let last = merged.last_used.entry(owner).or_insert(at);
                *last = at.max(*last);
            }
            let row = Row {
                minute: Timestamp::from_micros(key.minute),
                api,
                operation: used.operation.name.clone(),
                app: used.app,
                key: owner,
                status: key.status,
            };
            let merged = merged.rows.entry(row).or_default();
            used.requests.0.into_iter().for_each(|(bucket, requests)| merged.add(bucket, requests));
        }
        for (place, count) in self.quotas {
            *merged.quotas.entry(place).or_default() += count;
        }
    }
}

/// Counts of several threads, joined.
#[derive(Default)]
pub(crate) struct Merged {
    rows: HashMap<Row, ByLatency, RandomState>,
    quotas: HashMap<(SubscriptionId, Timestamp), u64, RandomState>,
    last_used: HashMap<KeyId, Timestamp, RandomState>,
}

#[derive(PartialEq, Eq, Hash)]
struct Row {
    minute: Timestamp,
    api: Slug,
    operation: Box<str>,
    app: Option<AppId>,
    key: Option<KeyId>,
    status: u16,
}

impl From<Merged> for UsageBatch {
    fn from(merged: Merged) -> Self {
        let rows = |(row, requests): (Row, ByLatency)| {
            requests.0.into_iter().map(move |(latency_bucket, requests)| UsageRow {
                minute: row.minute,
                api: row.api.clone(),
                operation: row.operation.to_string(),
                app: row.app,
                key: row.key,
                status: row.status,
                latency_bucket,
                requests,
            })
        };
        Self {
            rows: merged.rows.into_iter().flat_map(rows).collect(),
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
    /// Refused, failed, or given up by the client.
    fn is_notable(&self) -> bool {
        self.refusal.is_some() || self.status >= 400
    }

    fn into_record(self) -> RequestRecord {
        let operation =
            self.operation.as_ref().map(|operation| operation.name.to_string()).filter(|name| !name.is_empty());
        RequestRecord {
            id: self.id.to_string(),
            at: self.at,
            method: self.method.as_ref().map_or("-", Method::as_str).to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use portico_domain::Clock as _;
    use std::net::Ipv4Addr;

    fn finished(operation: &Arc<Operation>, key: Option<u128>, at: i64, status: u16) -> Finished {
        let id = |number| Uuid::from_u128(number);
        let at = Timestamp::from_micros(at);
        Finished {
            id: RequestId::new(portico_domain::MockClock::at(at).now()),
            at,
            ended: at,
            method: Some(Method::GET),
            path: "/".into(),
            client: Ipv4Addr::LOCALHOST.into(),
            operation: Some(Arc::clone(operation)),
            key: key.map(|key| KeyRef { id: KeyId(id(key)), app: AppId(id(key % 10)), scope: None }),
            status,
            total: Duration::from_micros(500),
            checks: None,
            upstream: Some(Duration::from_micros(300)),
            bytes_in: 0,
            bytes_out: 0,
            refusal: None,
        }
    }

    fn operation(name: &str) -> Arc<Operation> {
        Arc::new(Operation { api: Some("pets".parse().unwrap()), ..Operation::named(name) })
    }

    #[test]
    fn counts_are_exact_whatever_is_counted_together() {
        let mut tally = Tally::default();
        // The same operation of two publications, which stand in two places.
        let (old, new) = (operation("getPet"), operation("getPet"));
        for (operation, key, at, status, times) in [
            (&old, Some(11), 5, 200, 3),
            (&new, Some(11), 7, 200, 4),
            (&new, Some(11), 6, 404, 1),
            (&new, Some(12), 60_000_000, 200, 2),
            (&new, None, 8, 200, 6),
        ] {
            for _ in 0..times {
                tally.settle(finished(operation, key, at, status));
            }
        }
        let refused = Explanation {
            code: "key_revoked".to_owned(),
            phase: portico_domain::Phase::Key,
            check: String::new(),
            expected: String::new(),
            found: String::new(),
            key: None,
            errors: Vec::new(),
        };
        tally.settle(Finished { refusal: Some(("key_revoked", refused)), ..finished(&new, Some(13), 9, 401) });
        let observed = |tally: &Tally| tally.latencies().map(|(_, latencies)| latencies.requests.count()).sum::<u64>();
        assert_eq!(observed(&tally), 17);
        let mut merged = Merged::default();
        tally.take_counts().merge_into(&mut merged);
        assert_eq!((observed(&tally), tally.latencies().count()), (17, 1));
        let mut batch = UsageBatch::from(merged);
        batch.rows.sort_by_key(|row| (row.key, row.minute, row.status));
        let rows = batch.rows.iter().map(|row| {
            let key = row.key.map_or(0, |key| key.0.as_u128());
            assert_eq!(row.app.map(|app| app.0.as_u128()), row.key.map(|key| key.0.as_u128() % 10));
            (key, row.minute.micros(), row.status, row.requests)
        });
        let expected = [(0, 0, 200, 6), (11, 0, 200, 7), (11, 0, 404, 1), (12, 60_000_000, 200, 2), (13, 0, 401, 1)];
        assert_eq!(rows.collect::<Vec<_>>(), expected);
        batch.last_used.sort();
        let used = batch.last_used.iter().map(|(key, at)| (key.0.as_u128(), at.micros()));
        assert_eq!(used.collect::<Vec<_>>(), [(11, 7), (12, 60_000_000)], "a revoked key was not used");
        let mut merged = Merged::default();
        tally.take_counts().merge_into(&mut merged);
        assert!(UsageBatch::from(merged).is_empty());
    }

    #[test]
    fn failures_that_nobody_reads_make_room_for_newer_ones_only() {
        let mut tally = Tally::default();
        let operation = operation("getPet");
        for number in 0..RING as i64 + 3 {
            tally.settle(finished(&operation, None, number, 200));
            tally.settle(finished(&operation, None, number, 502));
        }
        assert_eq!(tally.records_dropped, 6);
        let kept: Vec<_> = tally.take_records().map(|record| (record.status, record.at.micros())).collect();
        assert_eq!((kept.len(), kept[0], kept[RING]), (2 * RING, (200, 0), (502, 3)));
        assert_eq!(tally.take_records().count(), 0);
    }
}
