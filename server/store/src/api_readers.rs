//! Accounts that may read a private API.
use crate::{Store, StoreError, Tx, row};
use portico_domain::{AccountId, EmailAddress, Reader, Slug, Subject, Timestamp};
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

statements! {
    ADD = "INSERT INTO readers (api, account, added_at) VALUES ($1, $2, $3)";
    REMOVE = "DELETE FROM readers WHERE api = $1 AND account = $2";
    LIST = "SELECT readers.account, accounts.email, accounts.name, readers.added_at FROM readers JOIN accounts ON accounts.id = readers.account WHERE readers.api = $1 AND readers.account > $2 ORDER BY readers.account LIMIT $3";
    ONE = "SELECT readers.account, accounts.email, accounts.name, readers.added_at FROM readers JOIN accounts ON accounts.id = readers.account WHERE readers.api = $1 AND readers.account = $2";
    COUNT = "SELECT COUNT(*) FROM readers WHERE api = $1";
    APIS_OF = "SELECT api FROM readers WHERE account = $1";
}

#[derive(sqlx::FromRow)]
struct ReaderRow {
    account: Uuid,
    email: String,
    name: String,
    added_at: i64,
}

impl ReaderRow {
    fn read(self) -> Result<Reader, StoreError> {
        Ok(Reader {
            account: AccountId(self.account),
            email: row::word::<EmailAddress>(&self.email, "e-mail address")?,
            name: self.name,
            added_at: Timestamp::from_micros(self.added_at),
        })
    }
}

impl Store {
    /// Those chosen for an API, by account, behind `after`.
    pub async fn api_readers(
        &self,
        api: &Slug,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<Reader>, StoreError> {
        let after = after.map_or(Uuid::nil(), |id| id.0);
        let rows = read!(&self.readers, fetch_all, ReaderRow, LIST, api.as_str(), after, i64::from(limit))?;
        rows.into_iter().map(ReaderRow::read).collect()
    }

    pub async fn api_reader(&self, api: &Slug, account: AccountId) -> Result<Option<Reader>, StoreError> {
        read!(&self.readers, fetch_optional, ReaderRow, ONE, api.as_str(), account.0)?.map(ReaderRow::read).transpose()
    }

    pub async fn count_api_readers(&self, api: &Slug) -> Result<u64, StoreError> {
        Ok(row::count(read!(&self.readers, fetch_one, (i64,), COUNT, api.as_str())?.0))
    }

    /// The APIs an account was chosen for.
    pub async fn apis_read_by(&self, account: AccountId) -> Result<BTreeSet<Slug>, StoreError> {
        let rows = read!(&self.readers, fetch_all, (String,), APIS_OF, account.0)?;
        rows.into_iter().map(|(api,)| row::word(&api, "API name")).collect()
    }
}

impl Tx {
    /// [`StoreError::Taken`] when it is a reader already.
    pub async fn add_api_reader(&mut self, api: &Slug, account: AccountId) -> Result<(), StoreError> {
        let at = self.at().micros();
        let added = change!(self, ADD, api.as_str(), account.0, at);
        added.map_err(|error| error.missing("API or account"))?;
        self.record("reader_added", Subject::Api, api, json!({"account": account.to_string()})).await
    }

    pub async fn remove_api_reader(&mut self, api: &Slug, account: AccountId) -> Result<(), StoreError> {
        let touched = change!(self, REMOVE, api.as_str(), account.0)?;
        self.found(touched, "reader")?;
        self.record("reader_removed", Subject::Api, api, json!({"account": account.to_string()})).await
    }
}
