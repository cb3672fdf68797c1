//! Counts: how they are asked for.
use crate::{Store, StoreError, row};
use portico_domain::{AppId, KeyId, LATENCY_BUCKETS, Slug, Timestamp, quantile_ms};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How long a row of the answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    Minute,
    Hour,
    /// In UTC.
    Day,
}

impl Bucket {
    const fn micros(self) -> i64 {
        match self {
            Self::Minute => 60_000_000,
            Self::Hour => 3_600_000_000,
            Self::Day => 86_400_000_000,
        }
    }
}

/// What the counts are told apart by.
#[expect(clippy::struct_excessive_bools, reason = "a set of five names, each in it or not")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct By {
    pub api: bool,
    pub app: bool,
    pub key: bool,
    pub operation: bool,
    pub status: bool,
}

/// Which requests are counted; all unless narrowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageFilter {
    pub api: Option<Slug>,
    /// Only those of these apps; none at all if the list is empty.
    pub apps: Option<Vec<AppId>>,
    pub key: Option<KeyId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageQuery {
    /// From this minute on.
    pub from: Timestamp,
    /// Before this minute.
    pub to: Timestamp,
    pub bucket: Bucket,
    pub by: By,
    pub filter: UsageFilter,
}

/// One row of the answer. What was not asked for in `by` is `None`; so is what was not known of a request, such as the
/// key of one that carried none.
#[derive(Clone, Debug, PartialEq)]
pub struct UsageSum {
    /// First moment of the bucket.
    pub bucket: Timestamp,
    pub api: Option<Slug>,
    pub operation: Option<String>,
    pub app: Option<AppId>,
    pub key: Option<KeyId>,
    pub status: Option<u16>,
    pub requests: u64,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
}

/// The sums over a whole range.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UsageTotals {
    pub requests: u64,
    /// Answered with 4xx.
    pub client_errors: u64,
    /// Answered with 5xx.
    pub server_errors: u64,
    /// `None` when there was no request.
    pub p50_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub p99_ms: Option<f64>,
}

/// Columns that were not asked for are folded into one value, so that one statement serves every `by`. Positions in
/// GROUP BY, since PostgreSQL does not see that two expressions with parameters are the same.
const SUMS: &str = "SELECT minute / $1 * $1 AS bucket, \
    CASE WHEN $2 THEN api ELSE '' END AS api, \
    CASE WHEN $3 THEN operation ELSE '' END AS operation, \
    CASE WHEN $4 THEN app ELSE $7 END AS app, \
    CASE WHEN $5 THEN key ELSE $7 END AS key, \
    CASE WHEN $6 THEN status ELSE 0 END AS status, \
    latency_bucket, CAST(SUM(requests) AS BIGINT) AS requests \
    FROM usage WHERE minute >= $8 AND minute < $9 \
    AND (CAST($10 AS TEXT) IS NULL OR api = $10) AND ($11 OR key = $12)";
const GROUPS: &str = " GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1";

/// The statement for so many apps; `None` for all of them.
fn sums(apps: Option<usize>) -> String {
    let mut sql = SUMS.to_owned();
    if let Some(apps) = apps {
        let places: Vec<_> = (0..apps).map(|n| format!("${}", n + 13)).collect();
        sql = format!("{sql} AND app IN ({})", places.join(", "));
    }
    sql + GROUPS
}

pub(crate) fn statements() -> Vec<(&'static str, String)> {
    vec![("SUMS", sums(None)), ("SUMS_OF_APPS", sums(Some(2)))]
}

#[derive(sqlx::FromRow)]
struct SumRow {
    bucket: i64,
    api: String,
    operation: String,
    app: Uuid,
    key: Uuid,
    status: i64,
    latency_bucket: i64,
    requests: i64,
}

/// Counts by latency.
type Latencies = [u64; LATENCY_BUCKETS];

fn add(latencies: &mut Latencies, bucket: i64, requests: i64) {
    let place = usize::try_from(bucket).unwrap_or(0).min(LATENCY_BUCKETS - 1);
    latencies[place] = latencies[place].saturating_add(row::count(requests));
}

impl Store {
    /// Counts by bucket and by what was asked for, oldest first. Buckets without requests have no row.
    pub async fn usage(&self, query: &UsageQuery) -> Result<Vec<UsageSum>, StoreError> {
        let mut sums: BTreeMap<_, Latencies> = BTreeMap::new();
        for row in self.sums(query).await? {
            let group = (row.bucket, row.api, row.operation, row.app, row.key, row.status);
            add(sums.entry(group).or_insert([0; LATENCY_BUCKETS]), row.latency_bucket, row.requests);
        }
        let known = |id: Uuid| (!id.is_nil()).then_some(id);
        sums.into_iter()
            .map(|((bucket, api, operation, app, key, status), latencies)| {
                let quantile = |share| quantile_ms(&latencies, share).unwrap_or_default();
                Ok(UsageSum {
                    bucket: Timestamp::from_micros(bucket),
                    api: if api.is_empty() { None } else { Some(row::word(&api, "API name")?) },
                    operation: (!operation.is_empty()).then_some(operation),
                    app: known(app).map(AppId),
                    key: known(key).map(KeyId),
                    status: if query.by.status { u16::try_from(status).ok() } else { None },
                    requests: latencies.iter().sum(),
                    p50_ms: quantile(0.5),
                    p95_ms: quantile(0.95),
                    p99_ms: quantile(0.99),
                })
            })
            .collect()
    }

    /// The sums over a range: requests, errors, quantiles.
    pub async fn usage_totals(
        &self,
        from: Timestamp,
        to: Timestamp,
        filter: &UsageFilter,
    ) -> Result<UsageTotals, StoreError> {
        let by = By { status: true, ..By::default() };
        let query = UsageQuery { from, to, bucket: Bucket::Day, by, filter: filter.clone() };
        let mut totals = UsageTotals::default();
        let mut latencies = [0; LATENCY_BUCKETS];
        for row in self.sums(&query).await? {
            let requests = row::count(row.requests);
            totals.requests += requests;
            match row.status {
                400..500 => totals.client_errors += requests,
                500.. => totals.server_errors += requests,
                _ => {}
            }
            add(&mut latencies, row.latency_bucket, row.requests);
        }
        totals.p50_ms = quantile_ms(&latencies, 0.5);
        totals.p95_ms = quantile_ms(&latencies, 0.95);
        totals.p99_ms = quantile_ms(&latencies, 0.99);
        Ok(totals)
    }

    async fn sums(&self, query: &UsageQuery) -> Result<Vec<SumRow>, StoreError> {
        let UsageQuery { from, to, bucket, by, filter } = query;
        let apps = filter.apps.as_deref();
        if apps.is_some_and(<[_]>::is_empty) {
            return Ok(Vec::new());
        }
        macro_rules! rows {
            ($pool:expr) => {{
                let mut statement = sqlx::query_as::<_, SumRow>(sqlx::AssertSqlSafe(sums(apps.map(<[_]>::len))))
                    .bind(bucket.micros())
                    .bind(by.api)
                    .bind(by.operation)
                    .bind(by.app)
                    .bind(by.key)
                    .bind(by.status)
                    .bind(Uuid::nil())
                    // Rows stand at the beginning of their minute: a moment within one asks for all of it.
                    .bind(from.minute().micros())
                    .bind(to.micros())
                    .bind(filter.api.as_ref().map(Slug::as_str))
                    .bind(filter.key.is_none())
                    .bind(filter.key.map_or(Uuid::nil(), |id| id.0));
                for app in apps.unwrap_or_default() {
                    statement = statement.bind(app.0);
                }
                statement.fetch_all($pool).await
            }};
        }
        let rows = match &self.readers {
            crate::db::Db::Sqlite(pool) => rows!(pool),
            crate::db::Db::Postgres(pool) => rows!(pool),
        };
        Ok(rows?)
    }
}
