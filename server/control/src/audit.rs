//! The audit log, for reading. It is written by every [`portico_store::Tx`].
use crate::{Control, ControlError, Page, Who, accounts::cursor, permit::ReadAudit};
use portico_domain::Change;
pub use portico_store::AuditFilter as AuditQuery;

impl Control {
    /// Newest first.
    pub async fn list_audit(
        &self,
        who: &Who,
        query: &AuditQuery,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Change>, ControlError> {
        who.permit::<ReadAudit>()?;
        let before: Option<i64> = cursor(after)?;
        let changes = self.store.audit(query, before, limit + 1).await?;
        Ok(Page::cut(changes, limit, |change| change.seq.to_string()))
    }
}
