//! API keys: digests, never secrets.
use crate::{
    Store, StoreError, Tx,
    db::{Many, ROWS_AT_ONCE},
    row,
};
use portico_domain::{AppId, Key, KeyDigest, KeyId, KeyName, PublicKeyId, Subject, Timestamp};
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

/// What is read of a key, `last_used_at` among it.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT k.id, k.app, k.name, k.environment, k.public_id, k.digest, k.previous_public_id, k.previous_digest, ",
            "k.previous_until, k.expires_at, k.revoked_at, k.apis, k.operations, k.allow_ips, k.created_at, u.at AS last_used_at ",
            "FROM keys AS k LEFT JOIN key_uses AS u ON u.key = k.id ",
            $rest
        )
    };
}

statements! {
    REPLACE = "UPDATE keys SET name = $2, expires_at = $3, apis = $4, operations = $5, allow_ips = $6 WHERE id = $1";
    ROTATE = "UPDATE keys SET previous_public_id = public_id, previous_digest = digest, previous_until = $4, public_id = $2, digest = $3 WHERE id = $1 AND revoked_at IS NULL";
    ROTATE_AT_ONCE = "UPDATE keys SET previous_public_id = NULL, previous_digest = NULL, previous_until = NULL, public_id = $2, digest = $3 WHERE id = $1 AND revoked_at IS NULL";
    REVOKE = "UPDATE keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    EXISTS = "SELECT COUNT(*) FROM keys WHERE id = $1";
    BY_ID = select!("WHERE k.id = $1");
    BY_PUBLIC_ID = select!("WHERE k.public_id = $1 OR k.previous_public_id = $1");
    OF_APP = select!("WHERE k.app = $1 ORDER BY k.id");
    OF_APP_PART = select!("WHERE k.app = $1 AND k.id > $2 ORDER BY k.id LIMIT $3");
    COUNT_NAMED = "SELECT COUNT(*) FROM keys WHERE app = $1 AND name = $2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3)";
    LIST = select!("WHERE k.id > $1 ORDER BY k.id LIMIT $2");
}

const ADD: Many = Many {
    head: "INSERT INTO keys (id, app, name, environment, public_id, digest, previous_public_id, previous_digest, previous_until, \
        expires_at, revoked_at, apis, operations, allow_ips, created_at) VALUES",
    columns: 15,
    tail: "",
};
const ADD_NEW: Many = Many { tail: "ON CONFLICT DO NOTHING", ..ADD };
pub(crate) const MANY: &[(&str, Many)] = &[("ADD", ADD), ("ADD_NEW", ADD_NEW)];

/// The outcome of [`Tx::import_keys`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportedKeys {
    pub added: usize,
    /// Places in the slice whose secret is a key already, of this app or another, or stood further up in the slice.
    pub taken: Vec<usize>,
}

#[derive(sqlx::FromRow)]
struct KeyRow {
    id: Uuid,
    app: Uuid,
    name: String,
    environment: String,
    public_id: String,
    digest: Vec<u8>,
    previous_public_id: Option<String>,
    previous_digest: Option<Vec<u8>>,
    previous_until: Option<i64>,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    apis: String,
    operations: String,
    allow_ips: String,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl KeyRow {
    fn read(self) -> Result<Key, StoreError> {
        let previous = match (self.previous_public_id, self.previous_digest, self.previous_until) {
            (Some(id), Some(digest), Some(until)) => {
                Some((row::word(&id, "key id")?, row::digest(&digest, "key digest")?, Timestamp::from_micros(until)))
            }
            _ => None,
        };
        Ok(Key {
            id: KeyId(self.id),
            app: AppId(self.app),
            name: row::word(&self.name, "key name")?,
            environment: row::word(&self.environment, "environment")?,
            public_id: row::word(&self.public_id, "key id")?,
            digest: row::digest(&self.digest, "key digest")?,
            previous,
            expires_at: row::time(self.expires_at),
            revoked_at: row::time(self.revoked_at),
            apis: row::json(&self.apis, "list of APIs")?,
            operations: row::json(&self.operations, "list of operations")?,
            allow_ips: row::json(&self.allow_ips, "list of networks")?,
            created_at: Timestamp::from_micros(self.created_at),
            last_used_at: row::time(self.last_used_at),
        })
    }
}

impl Store {
    pub async fn key(&self, id: KeyId) -> Result<Option<Key>, StoreError> {
        read!(&self.readers, fetch_optional, KeyRow, BY_ID, id.0)?.map(KeyRow::read).transpose()
    }

    /// The key whose present or previous secret has this public id.
    pub async fn key_by_public_id(&self, id: PublicKeyId) -> Result<Option<Key>, StoreError> {
        read!(&self.readers, fetch_optional, KeyRow, BY_PUBLIC_ID, id.as_str())?.map(KeyRow::read).transpose()
    }

    /// Oldest first, revoked ones among them.
    pub async fn keys_of(&self, app: AppId) -> Result<Vec<Key>, StoreError> {
        let rows = read!(&self.readers, fetch_all, KeyRow, OF_APP, app.0)?;
        rows.into_iter().map(KeyRow::read).collect()
    }

    /// Oldest first, revoked ones among them, behind `after`: an app may have a million.
    pub async fn keys_of_behind(&self, app: AppId, after: Option<KeyId>, limit: u32) -> Result<Vec<Key>, StoreError> {
        let after = after.map_or(Uuid::nil(), |id| id.0);
        let rows = read!(&self.readers, fetch_all, KeyRow, OF_APP_PART, app.0, after, i64::from(limit))?;
        rows.into_iter().map(KeyRow::read).collect()
    }

    /// Whether an app has a key of this name that works at `now`.
    pub async fn has_key_named(&self, app: AppId, name: &KeyName, now: Timestamp) -> Result<bool, StoreError> {
        let (found,) = read!(&self.readers, fetch_one, (i64,), COUNT_NAMED, app.0, name.as_str(), now.micros())?;
        Ok(found > 0)
    }

    /// Everybody's, oldest first, behind `after`: a node that starts reads them page by page, 10,000 at a time or so.
    pub async fn keys(&self, after: Option<KeyId>, limit: u32) -> Result<Vec<Key>, StoreError> {
        let after = after.map_or(Uuid::nil(), |id| id.0);
        let rows = read!(&self.readers, fetch_all, KeyRow, LIST, after, i64::from(limit))?;
        rows.into_iter().map(KeyRow::read).collect()
    }
}

impl Tx {
    pub async fn add_key(&mut self, key: &Key) -> Result<(), StoreError> {
        let added = self.insert_keys(std::slice::from_ref(key), ADD).await;
        self.wrote(added).map_err(|error| error.missing("app"))?;
        let detail = json!({"app": key.app.to_string(), "name": key.name, "public_id": key.public_id, "expires_at": key.expires_at});
        self.record("created", Subject::Key, key.id, detail).await
    }

    /// Adds many keys of one app with one row in the log, whose target is the app. Keys that are there already are left
    /// out and named in the answer; drop the transaction to have all or nothing. At most some 100,000 at a time: other
    /// writes wait meanwhile.
    pub async fn import_keys(&mut self, app: AppId, keys: &[Key]) -> Result<ImportedKeys, StoreError> {
        let mut outcome = ImportedKeys::default();
        for (chunk_number, chunk) in keys.chunks(ROWS_AT_ONCE).enumerate() {
            let added = self.insert_keys(chunk, ADD_NEW).await;
            let added = self.wrote(added).map_err(|error| error.missing("app"))?;
            outcome.added += usize::try_from(added).unwrap_or(0);
            if added < chunk.len() as u64 {
                let present = self.present(chunk).await?;
                let missing = chunk.iter().enumerate().filter(|(_, key)| !present.contains(&key.id.0));
                outcome.taken.extend(missing.map(|(place, _)| chunk_number * ROWS_AT_ONCE + place));
            }
        }
        let detail = json!({"app": app.to_string(), "added": outcome.added, "taken": outcome.taken.len()});
        self.record("imported", Subject::Key, app, detail).await?;
        Ok(outcome)
    }

    async fn insert_keys(&mut self, keys: &[Key], many: Many) -> Result<u64, StoreError> {
        let mut texts = Vec::with_capacity(keys.len());
        for key in keys {
            texts.push((row::to_json(&key.apis)?, row::to_json(&key.operations)?, row::to_json(&key.allow_ips)?));
        }
        let rows = keys.iter().zip(&texts);
        insert_many!(&mut self.connection, many, rows, |query, (key, (apis, operations, allow_ips))| query
            .bind(key.id.0)
            .bind(key.app.0)
            .bind(key.name.as_str())
            .bind(key.environment.as_str())
            .bind(key.public_id.to_string())
            .bind(key.digest.0.to_vec())
            .bind(key.previous.map(|(id, _, _)| id.to_string()))
            .bind(key.previous.map(|(_, digest, _)| digest.0.to_vec()))
            .bind(key.previous.map(|(_, _, until)| until.micros()))
            .bind(row::micros(key.expires_at))
            .bind(row::micros(key.revoked_at))
            .bind(apis.as_str())
            .bind(operations.as_str())
            .bind(allow_ips.as_str())
            .bind(key.created_at.micros()))
    }

    async fn present(&mut self, keys: &[Key]) -> Result<HashSet<Uuid>, StoreError> {
        let mut present = HashSet::new();
        for key in keys {
            let (found,) = read_in!(&mut self.connection, fetch_one, (i64,), EXISTS, key.id.0)?;
            if found > 0 {
                present.insert(key.id.0);
            }
        }
        Ok(present)
    }

    /// Replaces name, expiry, scopes and networks; not the secret.
    pub async fn replace_key(&mut self, key: &Key) -> Result<(), StoreError> {
        let touched = change!(
            self,
            REPLACE,
            key.id.0,
            key.name.as_str(),
            row::micros(key.expires_at),
            row::to_json(&key.apis)?,
            row::to_json(&key.operations)?,
            row::to_json(&key.allow_ips)?,
        )?;
        self.found(touched, "key")?;
        let detail = json!({
            "name": key.name,
            "expires_at": key.expires_at,
            "apis": key.apis,
            "operations": key.operations,
            "allow_ips": key.allow_ips,
        });
        self.record("changed", Subject::Key, key.id, detail).await
    }

    /// Gives a key that is not revoked a new secret. The present one stays valid until `overlap_until`, or ends at once.
    pub async fn rotate_key(
        &mut self,
        id: KeyId,
        public_id: PublicKeyId,
        digest: &KeyDigest,
        overlap_until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let digest = digest.0.to_vec();
        let touched = match overlap_until {
            Some(until) => change!(self, ROTATE, id.0, public_id.as_str(), digest, until.micros())?,
            None => change!(self, ROTATE_AT_ONCE, id.0, public_id.as_str(), digest)?,
        };
        self.found(touched, "key")?;
        self.record("rotated", Subject::Key, id, json!({"public_id": public_id, "overlap_until": overlap_until})).await
    }

    /// Revokes for good, as of this transaction's time. [`StoreError::Missing`] when it was revoked before.
    pub async fn revoke_key(&mut self, id: KeyId) -> Result<(), StoreError> {
        let now = self.at().micros();
        let touched = change!(self, REVOKE, id.0, now)?;
        self.found(touched, "key")?;
        self.record("revoked", Subject::Key, id, json!({})).await
    }
}
