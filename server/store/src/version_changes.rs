//! What changed between versions, as it was told once.
use crate::{Store, StoreError};
use portico_domain::VersionId;

statements! {
    KEEP = "INSERT INTO version_changes (before, after, rules, changes) VALUES ($1, $2, $3, $4) ON CONFLICT (after, before) DO UPDATE SET rules = excluded.rules, changes = excluded.changes";
    KEPT = "SELECT changes FROM version_changes WHERE before = $1 AND after = $2 AND rules = $3";
}

impl Store {
    /// As it was kept, if by these rules.
    pub async fn version_changes(
        &self,
        before: VersionId,
        after: VersionId,
        rules: i64,
    ) -> Result<Option<String>, StoreError> {
        let found = read!(&self.readers, fetch_optional, (String,), KEPT, before.0, after.0, rules)?;
        Ok(found.map(|(changes,)| changes))
    }

    /// Keeps what can be told again: no change of the house, so it leaves no row in the log. A version that is gone is
    /// [`StoreError::Missing`].
    pub async fn keep_version_changes(
        &self,
        before: VersionId,
        after: VersionId,
        rules: i64,
        changes: &str,
    ) -> Result<(), StoreError> {
        let kept = execute!(&self.writer, KEEP, before.0, after.0, rules, changes);
        kept.map_err(|error| error.missing("version"))?;
        Ok(())
    }
}
