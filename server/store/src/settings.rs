//! Settings that are changed in the portal.
use crate::{Store, StoreError, Tx, row};
use portico_domain::Subject;
use serde_json::{Value, json};

statements! {
    PUT = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    GET = "SELECT value FROM settings WHERE name = $1";
}

impl Store {
    pub async fn setting(&self, name: &str) -> Result<Option<Value>, StoreError> {
        let found = read!(&self.readers, fetch_optional, (String,), GET, name)?;
        found.map(|(value,)| row::json(&value, "setting")).transpose()
    }
}

impl Tx {
    /// The log keeps the name only: a value may be a secret.
    pub async fn put_setting(&mut self, name: &str, value: &Value) -> Result<(), StoreError> {
        change!(self, PUT, name, row::to_json(value)?)?;
        self.record("changed", Subject::Setting, name, json!({})).await
    }
}
