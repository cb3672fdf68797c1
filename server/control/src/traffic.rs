//! Counts and requests: from the gateway to the store once a second, and back for those who may see them.
use crate::{Control, ControlError, Page, Who, permit::SeeAllTraffic};
use portico_domain::{AppId, Clock, KeyId, Period, RequestRecord, Slug, Timestamp, UsageBatch, UsageRow};
use portico_gateway::Gateway;
use portico_store::{Bucket, By, UsageFilter, UsageQuery, UsageSum};
use portico_telemetry::Filter;
use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};
use tokio::sync::Mutex;

/// A kill loses the counts of at most this long.
const PERIOD: Duration = Duration::from_secs(1);

/// Batches on their way to the store.
pub(crate) struct Flush(Mutex<Waiting>);

struct Waiting {
    /// Names this run of the program: a batch is known by it and its number, so writing it twice counts once.
    node: String,
    seq: i64,
    /// Only the first may have been tried before; see [`Waiting::push`].
    batches: VecDeque<(i64, UsageBatch)>,
}

impl Flush {
    pub(crate) fn new(clock: &dyn Clock) -> Self {
        // An id is unique per run: a restarted node never takes up the numbers of the one before.
        Self(Mutex::new(Waiting { node: KeyId::new(clock).to_string(), seq: 0, batches: VecDeque::new() }))
    }
}

impl Waiting {
    /// While the store is away, all but the first batch are folded into one, so what waits stays as small as the number
    /// of pairs in use, however long it takes.
    fn push(&mut self, batch: UsageBatch) {
        if batch.is_empty() {
            return;
        }
        if self.batches.len() >= 2
            && let Some((_, last)) = self.batches.back_mut()
        {
            fold(last, batch);
            return;
        }
        self.seq += 1;
        self.batches.push_back((self.seq, batch));
    }
    fn requests(&self) -> u64 {
        self.batches.iter().flat_map(|(_, batch)| &batch.rows).map(|row| row.requests).sum()
    }
}

/// Adds the counts of `more` to those of `batch`.
fn fold(batch: &mut UsageBatch, more: UsageBatch) {
    let mut rows: HashMap<_, u64> = HashMap::new();
    for row in batch.rows.drain(..).chain(more.rows) {
        let place = (row.minute, row.api, row.operation, row.app, row.key, row.status, row.latency_bucket);
        *rows.entry(place).or_default() += row.requests;
    }
    batch.rows = rows
        .into_iter()
        .map(|((minute, api, operation, app, key, status, latency_bucket), requests)| UsageRow {
            minute,
            api,
            operation,
            app,
            key,
            status,
            latency_bucket,
            requests,
        })
        .collect();
    let mut quotas: HashMap<_, u64> = HashMap::new();
    for (subscription, period, used) in batch.quotas.drain(..).chain(more.quotas) {
        *quotas.entry((subscription, period)).or_default() += used;
    }
    batch.quotas = quotas.into_iter().map(|((subscription, period), used)| (subscription, period, used)).collect();
    let mut last_used: HashMap<KeyId, Timestamp> = HashMap::new();
    for (key, at) in batch.last_used.drain(..).chain(more.last_used) {
        let last = last_used.entry(key).or_insert(at);
        *last = at.max(*last);
    }
    batch.last_used = last_used.into_iter().collect();
}

/// Which counts to read.
#[derive(Clone, Debug)]
pub struct UsageRequest {
    pub from: Timestamp,
    pub to: Timestamp,
    pub bucket: Bucket,
    pub by: By,
    pub api: Option<Slug>,
    pub app: Option<AppId>,
    pub key: Option<KeyId>,
}

/// Which requests to list.
#[derive(Clone, Debug, Default)]
pub struct RequestQuery {
    /// Part of an id or a path.
    pub text: Option<String>,
    pub api: Option<Slug>,
    pub app: Option<AppId>,
    pub key: Option<KeyId>,
    pub status: Option<u16>,
    /// Only those that the gateway refused.
    pub refused: bool,
    /// Only those that ended with 5xx.
    pub failed: bool,
}

impl Control {
    /// Moves counts and requests from the gateway to metrics, the recent requests and the store; what the store cannot
    /// take now waits. Called once a second, and once more at the end.
    pub async fn flush_traffic(&self) {
        let Some(gateway) = &self.gateway else { return };
        let mut waiting = self.flush.0.lock().await;
        let batch = gateway.drain_usage();
        self.metrics.absorb(&batch);
        self.metrics.observe(gateway.observe());
        self.read_records();
        waiting.push(batch);
        while let Some((seq, batch)) = waiting.batches.front() {
            match self.store.add_usage(&waiting.node, *seq, batch).await {
                Ok(_) => _ = waiting.batches.pop_front(),
                Err(error) => {
                    tracing::warn!(%error, waiting = waiting.requests(), "usage waits for the database");
                    break;
                }
            }
        }
        self.metrics.set_unflushed(waiting.requests());
    }

    /// Moves requests from the gateway to the recent ones.
    fn read_records(&self) {
        if let Some(gateway) = &self.gateway {
            self.recent.add(gateway.drain_records());
        }
    }

    /// Flushes until the task is dropped.
    pub async fn count(&self) {
        let mut tick = tokio::time::interval(PERIOD);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            self.flush_traffic().await;
        }
    }

    /// Clears what has expired, every ten minutes, until the task is dropped.
    pub async fn sweep(&self) {
        let mut tick = tokio::time::interval(Duration::from_mins(10));
        loop {
            tick.tick().await;
            if let Err(error) = self.store.sweep().await {
                tracing::warn!(%error, "what has expired could not be cleared");
            }
        }
    }

    /// Tells the gateway what was used of each quota before it started.
    pub(crate) async fn restore_quotas(&self, gateway: &Gateway) -> Result<(), ControlError> {
        let (month, _) = Period::Month.around(self.clock.now());
        let (week, _) = Period::Week.around(self.clock.now());
        for (subscription, period, used) in self.store.quotas_since(month.min(week)).await? {
            gateway.restore_quota(subscription, period, used);
        }
        Ok(())
    }

    /// Counts by time and by what was asked for: of the caller's own apps, or of all.
    pub async fn usage_rows(&self, who: &Who, request: UsageRequest) -> Result<Vec<UsageSum>, ControlError> {
        if request.to <= request.from {
            return Err(ControlError::invalid("to", "The range ends before it begins: to has to lie after from."));
        }
        let filter = self.usage_filter(who, request.app, request.api, request.key).await?;
        let UsageRequest { from, to, bucket, by, .. } = request;
        Ok(self.store.usage(&UsageQuery { from, to, bucket, by, filter }).await?)
    }

    /// What of the traffic the caller may see, narrowed as asked.
    pub(crate) async fn usage_filter(
        &self,
        who: &Who,
        app: Option<AppId>,
        api: Option<Slug>,
        key: Option<KeyId>,
    ) -> Result<UsageFilter, ControlError> {
        let apps = match app {
            Some(app) if who.may::<SeeAllTraffic>() => Some(vec![app]),
            Some(app) => Some(vec![self.app_for(who, app).await?.id]),
            None => self.visible_apps(who).await?,
        };
        Ok(UsageFilter { api, apps, key })
    }

    /// The apps whose traffic the caller may see; `None` is all, and calls of nobody's app too.
    pub(crate) async fn visible_apps(&self, who: &Who) -> Result<Option<Vec<AppId>>, ControlError> {
        if who.may::<SeeAllTraffic>() {
            return Ok(None);
        }
        Ok(Some(self.own_apps(who).await?))
    }

    pub(crate) async fn own_apps(&self, who: &Who) -> Result<Vec<AppId>, ControlError> {
        Ok(self.store.apps_of(who.signed_in()?).await?.into_iter().map(|app| app.id).collect())
    }

    /// The recent requests, newest first.
    pub async fn list_requests(
        &self,
        who: &Who,
        query: &RequestQuery,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<RequestRecord>, ControlError> {
        let apps = match query.app {
            Some(app) if who.may::<SeeAllTraffic>() => Some(vec![app]),
            Some(app) => Some(vec![self.app_for(who, app).await?.id]),
            None => self.visible_apps(who).await?,
        };
        let before: Option<u64> = crate::accounts::cursor(after)?;
        let found = self.recent.list(&recent_filter(query, apps), limit as usize, before);
        let items = found.records.iter().map(|record| as_seen_by(who, record)).collect();
        Ok(Page { items, next: found.next.map(|next| next.to_string()) })
    }

    /// One request, with the reason when it was refused. Its id may be written as UUIDs usually are.
    pub async fn find_request(&self, who: &Who, id: &str) -> Result<RequestRecord, ControlError> {
        let id = id.replace('-', "");
        if self.recent.find(&id).is_none() {
            // It may have been answered just now.
            self.read_records();
        }
        let apps = self.visible_apps(who).await?;
        let own =
            |record: &RequestRecord| apps.as_ref().is_none_or(|apps| record.app.is_some_and(|app| apps.contains(&app)));
        let found = self.recent.find(&id).filter(|record| own(record)).map(|record| as_seen_by(who, &record));
        found.ok_or_else(|| ControlError::not_found(format!("request {id} of yours among those remembered")))
    }
}

/// What went wrong with an upstream is told to who runs it: its addresses and networks are not the caller's business.
fn as_seen_by(who: &Who, record: &RequestRecord) -> RequestRecord {
    let mut record = record.clone();
    if !who.may::<SeeAllTraffic>()
        && let Some(refusal) = record.refusal.as_mut().filter(|refusal| refusal.code == "upstream_failed")
    {
        "no proper answer; the API's publishers can see why".clone_into(&mut refusal.found);
    }
    record
}

pub(crate) fn recent_filter(query: &RequestQuery, apps: Option<Vec<AppId>>) -> Filter {
    Filter {
        apps: apps.map(|apps| apps.into_iter().collect()),
        text: query.text.clone(),
        api: query.api.clone(),
        key: query.key,
        status: query.status,
        refused: query.refused.then_some(true),
        failed: query.failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(requests: u64, used: u64) -> UsageBatch {
        let row = UsageRow {
            minute: Timestamp::from_micros(0),
            api: "pets".parse().unwrap(),
            operation: "listPets".into(),
            app: None,
            key: None,
            status: 200,
            latency_bucket: 3,
            requests,
        };
        let clock = portico_domain::MockClock::at(Timestamp::from_micros(0));
        let subscription = portico_domain::SubscriptionId::new(&clock);
        UsageBatch { rows: vec![row], quotas: vec![(subscription, Timestamp::from_micros(0), used)], last_used: vec![] }
    }

    #[test]
    fn what_waits_for_the_store_stays_small_and_exact() {
        let mut waiting = Waiting { node: "n".into(), seq: 0, batches: VecDeque::new() };
        for requests in 1..=100 {
            waiting.push(batch(requests, 1));
        }
        assert_eq!(waiting.batches.len(), 2, "the first may have been tried and keeps its number; the rest is one");
        assert_eq!(waiting.requests(), 5_050);
        assert_eq!(waiting.batches[1].1.rows.len(), 1);
        assert_eq!(waiting.batches[1].1.quotas.iter().map(|quota| quota.2).sum::<u64>(), 99);
        waiting.push(UsageBatch::default());
        assert_eq!(waiting.seq, 2);
    }
}
