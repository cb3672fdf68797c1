//! Apps.
use crate::{Store, StoreError, Tx, row};
use portico_domain::{AccountId, App, AppId, Subject, Timestamp};
use serde_json::json;
use uuid::Uuid;

statements! {
    ADD = "INSERT INTO apps (id, name, owner, created_at) VALUES ($1, $2, $3, $4)";
    RENAME = "UPDATE apps SET name = $2 WHERE id = $1";
    SET_OWNER = "UPDATE apps SET owner = $2 WHERE id = $1";
    REMOVE = "DELETE FROM apps WHERE id = $1";
    BY_ID = "SELECT id, name, owner, created_at FROM apps WHERE id = $1";
    OF_OWNER = "SELECT id, name, owner, created_at FROM apps WHERE owner = $1 ORDER BY id";
    LIST = "SELECT id, name, owner, created_at FROM apps WHERE id > $1 ORDER BY id LIMIT $2";
    COUNT = "SELECT COUNT(*) FROM apps";
}

#[derive(sqlx::FromRow)]
struct AppRow {
    id: Uuid,
    name: String,
    owner: Uuid,
    created_at: i64,
}

impl From<AppRow> for App {
    fn from(row: AppRow) -> Self {
        Self {
            id: AppId(row.id),
            name: row.name,
            owner: AccountId(row.owner),
            created_at: Timestamp::from_micros(row.created_at),
        }
    }
}

impl Store {
    pub async fn app(&self, id: AppId) -> Result<Option<App>, StoreError> {
        Ok(read!(&self.readers, fetch_optional, AppRow, BY_ID, id.0)?.map(App::from))
    }

    /// Oldest first.
    pub async fn apps_of(&self, owner: AccountId) -> Result<Vec<App>, StoreError> {
        Ok(read!(&self.readers, fetch_all, AppRow, OF_OWNER, owner.0)?.into_iter().map(App::from).collect())
    }

    /// Everybody's, oldest first, behind `after`.
    pub async fn apps(&self, after: Option<AppId>, limit: u32) -> Result<Vec<App>, StoreError> {
        let after = after.map_or(Uuid::nil(), |id| id.0);
        Ok(read!(&self.readers, fetch_all, AppRow, LIST, after, i64::from(limit))?.into_iter().map(App::from).collect())
    }

    pub async fn count_apps(&self) -> Result<u64, StoreError> {
        Ok(row::count(read!(&self.readers, fetch_one, (i64,), COUNT)?.0))
    }
}

impl Tx {
    pub async fn add_app(&mut self, app: &App) -> Result<(), StoreError> {
        let added =
            change!(self, ADD, app.id.0, row::without_nul(&app.name).as_ref(), app.owner.0, app.created_at.micros());
        added.map_err(|error| error.missing("account"))?;
        self.record("created", Subject::App, app.id, json!({"name": app.name, "owner": app.owner.to_string()})).await
    }

    pub async fn rename_app(&mut self, id: AppId, name: &str) -> Result<(), StoreError> {
        let touched = change!(self, RENAME, id.0, row::without_nul(name).as_ref())?;
        self.found(touched, "app")?;
        self.record("renamed", Subject::App, id, json!({"name": name})).await
    }

    /// Gives an app to another account.
    pub async fn set_app_owner(&mut self, id: AppId, owner: AccountId) -> Result<(), StoreError> {
        let touched = change!(self, SET_OWNER, id.0, owner.0).map_err(|error| error.missing("account"))?;
        self.found(touched, "app")?;
        self.record("owner_changed", Subject::App, id, json!({"owner": owner.to_string()})).await
    }

    /// With its keys and subscriptions.
    pub async fn remove_app(&mut self, id: AppId) -> Result<(), StoreError> {
        let touched = change!(self, REMOVE, id.0)?;
        self.found(touched, "app")?;
        self.record("removed", Subject::App, id, json!({})).await
    }
}
