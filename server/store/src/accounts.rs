//! People.
use crate::{Store, StoreError, Tx, row};
use portico_domain::{Account, AccountId, EmailAddress, Role, Subject, Timestamp};
use serde_json::json;
use uuid::Uuid;

statements! {
    ADD = "INSERT INTO accounts (id, email, name, role, password, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    CHANGE = "UPDATE accounts SET email = $2, name = $3, role = $4 WHERE id = $1";
    CHANGE_PASSWORD = "UPDATE accounts SET password = $2 WHERE id = $1";
    REMOVE = "DELETE FROM accounts WHERE id = $1";
    REMOVE_SESSIONS = "DELETE FROM sessions WHERE account = $1";
    BY_ID = "SELECT id, email, name, role, password, created_at FROM accounts WHERE id = $1";
    BY_EMAIL = "SELECT id, email, name, role, password, created_at FROM accounts WHERE email = $1";
    LIST = "SELECT id, email, name, role, password, created_at FROM accounts WHERE id > $1 ORDER BY id LIMIT $2";
    COUNT = "SELECT COUNT(*) FROM accounts";
    COUNT_ROLE = "SELECT COUNT(*) FROM accounts WHERE role = $1";
    APPS = "SELECT id FROM apps WHERE owner = $1 ORDER BY id";
}

#[derive(sqlx::FromRow)]
pub(crate) struct AccountRow {
    id: Uuid,
    email: String,
    name: String,
    role: String,
    password: String,
    created_at: i64,
}

impl AccountRow {
    pub(crate) fn read(self) -> Result<Account, StoreError> {
        Ok(Account {
            id: AccountId(self.id),
            email: row::word(&self.email, "e-mail address")?,
            name: self.name,
            role: row::word(&self.role, "role")?,
            password: self.password,
            created_at: Timestamp::from_micros(self.created_at),
        })
    }
}

impl Store {
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        read!(&self.readers, fetch_optional, AccountRow, BY_ID, id.0)?.map(AccountRow::read).transpose()
    }

    pub async fn account_by_email(&self, email: &EmailAddress) -> Result<Option<Account>, StoreError> {
        read!(&self.readers, fetch_optional, AccountRow, BY_EMAIL, email.as_str())?.map(AccountRow::read).transpose()
    }

    /// Oldest first, behind `after`.
    pub async fn accounts(&self, after: Option<AccountId>, limit: u32) -> Result<Vec<Account>, StoreError> {
        let after = after.map_or(Uuid::nil(), |id| id.0);
        let rows = read!(&self.readers, fetch_all, AccountRow, LIST, after, i64::from(limit))?;
        rows.into_iter().map(AccountRow::read).collect()
    }

    pub async fn count_accounts(&self) -> Result<u64, StoreError> {
        Ok(row::count(read!(&self.readers, fetch_one, (i64,), COUNT)?.0))
    }

    /// Whether anybody looks after this installation.
    pub async fn has_admin(&self) -> Result<bool, StoreError> {
        Ok(row::count(read!(&self.readers, fetch_one, (i64,), COUNT_ROLE, Role::Admin.as_str())?.0) > 0)
    }
}

impl Tx {
    /// How many accounts have exactly this role; stays true until the commit.
    pub async fn count_accounts_with(&mut self, role: Role) -> Result<u64, StoreError> {
        Ok(row::count(read_in!(&mut self.connection, fetch_one, (i64,), COUNT_ROLE, role.as_str())?.0))
    }

    pub async fn add_account(&mut self, account: &Account) -> Result<(), StoreError> {
        change!(
            self,
            ADD,
            account.id.0,
            account.email.as_str(),
            row::without_nul(&account.name).as_ref(),
            account.role.as_str(),
            account.password.as_str(),
            account.created_at.micros(),
        )?;
        let detail = json!({"email": account.email, "role": account.role});
        self.record("created", Subject::Account, account.id, detail).await
    }

    /// Replaces e-mail address, name and role; not the password.
    pub async fn change_account(&mut self, account: &Account) -> Result<(), StoreError> {
        let touched = change!(
            self,
            CHANGE,
            account.id.0,
            account.email.as_str(),
            row::without_nul(&account.name).as_ref(),
            account.role.as_str()
        )?;
        self.found(touched, "account")?;
        let detail = json!({"email": account.email, "role": account.role});
        self.record("changed", Subject::Account, account.id, detail).await
    }

    /// `password` is a PHC string.
    pub async fn change_password(&mut self, id: AccountId, password: &str) -> Result<(), StoreError> {
        let touched = change!(self, CHANGE_PASSWORD, id.0, password)?;
        self.found(touched, "account")?;
        self.record("password_changed", Subject::Account, id, json!({})).await
    }

    /// With its apps, their keys and subscriptions, its tokens, links and sessions. The change names the apps.
    pub async fn remove_account(&mut self, id: AccountId) -> Result<(), StoreError> {
        let apps = read_in!(&mut self.connection, fetch_all, (Uuid,), APPS, id.0)?;
        change!(self, REMOVE_SESSIONS, id.0)?;
        let touched = change!(self, REMOVE, id.0)?;
        self.found(touched, "account")?;
        let apps: Vec<_> = apps.into_iter().map(|(app,)| portico_domain::AppId(app).to_string()).collect();
        self.record("removed", Subject::Account, id, json!({"apps": apps})).await
    }
}
