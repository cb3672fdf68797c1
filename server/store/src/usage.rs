//! Counts: how they come in. They are no records of the house and leave no row in the log of changes.
use crate::{
    Store, StoreError,
    db::{Many, ROWS_AT_ONCE},
    row,
};
use portico_domain::{SubscriptionId, Timestamp, UsageBatch, UsageRow};
use std::{borrow::Cow, collections::BTreeMap};
use uuid::Uuid;

statements! {
    ADD_BATCH = "INSERT INTO usage_batches (node, seq, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    LAST_BATCH = "SELECT MAX(seq) FROM usage_batches WHERE node = $1";
    QUOTA_USED = "SELECT used FROM quota_usage WHERE subscription = $1 AND period_start = $2";
    QUOTAS_SINCE = "SELECT subscription, period_start, used FROM quota_usage WHERE period_start >= $1";
}

const ADD_ROWS: Many = Many {
    head: "INSERT INTO usage (minute, api, operation, app, key, status, latency_bucket, requests) VALUES",
    columns: 8,
    tail: "ON CONFLICT (minute, api, operation, app, key, status, latency_bucket) DO UPDATE SET requests = usage.requests + excluded.requests",
};
const ADD_QUOTAS: Many = Many {
    head: "INSERT INTO quota_usage (subscription, period_start, used) VALUES",
    columns: 3,
    tail: "ON CONFLICT (subscription, period_start) DO UPDATE SET used = quota_usage.used + excluded.used",
};
const ADD_USES: Many = Many {
    head: "INSERT INTO key_uses (key, at) VALUES",
    columns: 2,
    tail: "ON CONFLICT (key) DO UPDATE SET at = excluded.at WHERE excluded.at > key_uses.at",
};
pub(crate) const MANY: &[(&str, Many)] = &[("ADD_ROWS", ADD_ROWS), ("ADD_QUOTAS", ADD_QUOTAS), ("ADD_USES", ADD_USES)];

/// What a row counts: its columns but the last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Counter<'a> {
    minute: i64,
    api: &'a str,
    operation: Cow<'a, str>,
    app: Uuid,
    key: Uuid,
    status: i64,
    bucket: i64,
}

impl<'a> Counter<'a> {
    fn of(row: &'a UsageRow) -> Self {
        Self {
            minute: row.minute.micros(),
            api: row.api.as_str(),
            operation: row::without_nul(&row.operation),
            app: row.app.map_or(Uuid::nil(), |id| id.0),
            key: row.key.map_or(Uuid::nil(), |id| id.0),
            status: row.status.into(),
            bucket: row.latency_bucket.into(),
        }
    }
}

/// One statement may touch a row once only (PostgreSQL), and rows are locked in this order, so that nodes never wait for
/// each other in a circle.
fn merged<K: Ord, V: Copy>(pairs: impl Iterator<Item = (K, V)>, merge: impl Fn(V, V) -> V) -> Vec<(K, V)> {
    let mut sorted = BTreeMap::new();
    for (key, value) in pairs {
        sorted.entry(key).and_modify(|known| *known = merge(*known, value)).or_insert(value);
    }
    sorted.into_iter().collect()
}

impl Store {
    /// Adds a node's counts in one transaction. `Ok(false)`: this batch was added before, and nothing changed.
    pub async fn add_usage(&self, node: &str, seq: i64, batch: &UsageBatch) -> Result<bool, StoreError> {
        let mut connection = self.writer.begin().await?;
        if execute_in!(&mut connection, ADD_BATCH, node, seq, self.clock.now().micros())? == 0 {
            return Ok(false);
        }
        let rows = merged(batch.rows.iter().map(|row| (Counter::of(row), row.requests)), u64::saturating_add);
        for chunk in rows.chunks(ROWS_AT_ONCE) {
            insert_many!(&mut connection, ADD_ROWS, chunk, |query, (counter, requests)| query
                .bind(counter.minute)
                .bind(counter.api)
                .bind(counter.operation.as_ref())
                .bind(counter.app)
                .bind(counter.key)
                .bind(counter.status)
                .bind(counter.bucket)
                .bind(row::to_count(*requests)))?;
        }
        let quotas =
            merged(batch.quotas.iter().map(|(id, start, used)| ((id.0, start.micros()), *used)), u64::saturating_add);
        for chunk in quotas.chunks(ROWS_AT_ONCE) {
            insert_many!(&mut connection, ADD_QUOTAS, chunk, |query, ((id, start), used)| query
                .bind(*id)
                .bind(*start)
                .bind(row::to_count(*used)))?;
        }
        let uses = merged(batch.last_used.iter().map(|(id, at)| (id.0, at.micros())), i64::max);
        for chunk in uses.chunks(ROWS_AT_ONCE) {
            insert_many!(&mut connection, ADD_USES, chunk, |query, (id, at)| query.bind(*id).bind(*at))?;
        }
        connection.commit().await?;
        Ok(true)
    }

    /// The last batch a node has added, so that it goes on counting behind it.
    pub async fn last_usage_batch(&self, node: &str) -> Result<Option<i64>, StoreError> {
        Ok(read!(&self.readers, fetch_one, (Option<i64>,), LAST_BATCH, node)?.0)
    }

    /// Calls counted against a quota in the period that begins then.
    pub async fn quota_used(&self, subscription: SubscriptionId, period_start: Timestamp) -> Result<u64, StoreError> {
        let found = read!(&self.readers, fetch_optional, (i64,), QUOTA_USED, subscription.0, period_start.micros())?;
        Ok(found.map_or(0, |(used,)| row::count(used)))
    }

    /// Calls counted in all periods that begin at `from` or later: subscription, first moment of the period, how many.
    pub async fn quotas_since(&self, from: Timestamp) -> Result<Vec<(SubscriptionId, Timestamp, u64)>, StoreError> {
        let rows = read!(&self.readers, fetch_all, (Uuid, i64, i64), QUOTAS_SINCE, from.micros())?;
        Ok(rows
            .into_iter()
            .map(|(id, start, used)| (SubscriptionId(id), Timestamp::from_micros(start), row::count(used)))
            .collect())
    }
}
