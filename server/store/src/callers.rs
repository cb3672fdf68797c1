//! Which apps called which operations of an API.
use crate::{Store, StoreError, row};
use portico_domain::{AppId, Slug, Timestamp};
use uuid::Uuid;

statements! {
    CALLERS = "SELECT app, operation, CAST(SUM(requests) AS BIGINT) AS requests, MAX(minute) AS last FROM usage WHERE api = $1 AND minute >= $2 AND app <> $3 AND operation <> '' GROUP BY app, operation ORDER BY requests DESC, app, operation LIMIT $4";
}

/// An app's calls of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    pub app: AppId,
    pub operation: String,
    pub requests: u64,
    /// The minute of the last one.
    pub last: Timestamp,
}

#[derive(sqlx::FromRow)]
struct CallsRow {
    app: Uuid,
    operation: String,
    requests: i64,
    last: i64,
}

impl Store {
    /// Calls of an API from a moment on, the most first; those of nobody's app are not among them.
    pub async fn callers(&self, api: &Slug, from: Timestamp, limit: u32) -> Result<Vec<Calls>, StoreError> {
        let (api, from, nobody) = (api.as_str(), from.micros(), Uuid::nil());
        let rows = read!(&self.readers, fetch_all, CallsRow, CALLERS, api, from, nobody, i64::from(limit))?;
        let calls = rows.into_iter().map(|row| Calls {
            app: AppId(row.app),
            operation: row.operation,
            requests: row::count(row.requests),
            last: Timestamp::from_micros(row.last),
        });
        Ok(calls.collect())
    }
}
