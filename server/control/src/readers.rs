//! Who may read a private API, beside publishers and admins.
use crate::{Control, ControlError, Page, Who, accounts::cursor, permit::ManageApis};
use portico_domain::{AccountId, EmailAddress, Reader, Slug};
use portico_store::StoreError;

impl Control {
    /// In the order in which their accounts were made.
    pub async fn list_readers(
        &self,
        who: &Who,
        slug: &Slug,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Reader>, ControlError> {
        who.permit::<ManageApis>()?;
        self.find_api(who, slug).await?;
        let readers = self.store.api_readers(slug, cursor(after)?, limit + 1).await?;
        Ok(Page::cut(readers, limit, |reader| reader.account.to_string()))
    }

    /// From the answer on the account finds and reads the API, if it is published and private.
    pub async fn add_reader(&self, who: &Who, slug: &Slug, email: &EmailAddress) -> Result<Reader, ControlError> {
        let permit = who.permit::<ManageApis>()?;
        self.find_api(who, slug).await?;
        let Some(account) = self.store.account_by_email(email).await? else {
            let message = format!("No account has the address {email}. Ask them to sign up first.");
            return Err(ControlError::invalid("email", message));
        };
        let mut tx = self.store.begin(permit.actor()).await?;
        tx.add_api_reader(slug, account.id).await.map_err(|error| match error {
            StoreError::Taken { .. } => ControlError::conflict(format!("{email} may read {slug} already.")),
            other => other.into(),
        })?;
        let added_at = tx.at();
        tx.commit().await?;
        Ok(Reader { account: account.id, email: account.email, name: account.name, added_at })
    }

    /// From the answer on the account reads nothing of the API. Its apps keep their subscriptions: those are ended one by
    /// one.
    pub async fn remove_reader(&self, who: &Who, slug: &Slug, account: AccountId) -> Result<(), ControlError> {
        let permit = who.permit::<ManageApis>()?;
        self.find_api(who, slug).await?;
        let mut tx = self.store.begin(permit.actor()).await?;
        tx.remove_api_reader(slug, account).await?;
        tx.commit().await?;
        Ok(())
    }
}
