//! What time makes useless.
use crate::{Store, StoreError};
use std::time::Duration;

statements! {
    SESSIONS = "DELETE FROM sessions WHERE expires_at <= $1";
    LINKS = "DELETE FROM links WHERE expires_at <= $1";
    ANSWERS = "DELETE FROM idempotency WHERE created_at <= $1";
    BATCHES = "DELETE FROM usage_batches WHERE at <= $1 AND seq < (SELECT MAX(b.seq) FROM usage_batches AS b WHERE b.node = usage_batches.node)";
    USES = "DELETE FROM key_uses WHERE NOT EXISTS (SELECT 1 FROM keys AS k WHERE k.id = key_uses.key)";
    QUOTAS = "DELETE FROM quota_usage WHERE period_start <= $1 OR NOT EXISTS (SELECT 1 FROM subscriptions AS s WHERE s.id = quota_usage.subscription)";
}

const DAY: Duration = Duration::from_hours(24);

impl Store {
    /// Removes expired sessions and links, answers remembered for a day, batch numbers older than a week, counts against
    /// quotas older than three months, and what belonged to keys and subscriptions that are gone. To be called once an
    /// hour or so; none of it is a change anybody could notice.
    pub async fn sweep(&self) -> Result<u64, StoreError> {
        let now = self.clock.now();
        let mut swept = execute!(&self.writer, SESSIONS, now.micros())?;
        swept += execute!(&self.writer, LINKS, now.micros())?;
        swept += execute!(&self.writer, ANSWERS, now.minus(DAY).micros())?;
        swept += execute!(&self.writer, BATCHES, now.minus(DAY * 7).micros())?;
        swept += execute!(&self.writer, USES)?;
        swept += execute!(&self.writer, QUOTAS, now.minus(DAY * 93).micros())?;
        Ok(swept)
    }
}
