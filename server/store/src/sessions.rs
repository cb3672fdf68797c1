//! Browser sessions, by the digest of their id: who reads the database cannot take one over.
use crate::{Store, StoreError, db::Db, row};
use async_trait::async_trait;
use portico_domain::{AccountId, Clock, InstallationSecret, Purpose};
use std::{fmt, sync::Arc};
use time::OffsetDateTime;
use tower_sessions_core::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};
use uuid::Uuid;

statements! {
    CREATE = "INSERT INTO sessions (digest, account, data, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT (digest) DO NOTHING";
    SAVE = "INSERT INTO sessions (digest, account, data, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT (digest) DO UPDATE SET account = excluded.account, data = excluded.data, expires_at = excluded.expires_at";
    LOAD = "SELECT data, expires_at FROM sessions WHERE digest = $1 AND expires_at > $2";
    DELETE = "DELETE FROM sessions WHERE digest = $1";
    DELETE_EXPIRED = "DELETE FROM sessions WHERE expires_at <= $1";
    COUNT_OF = "SELECT COUNT(*) FROM sessions WHERE account = $1 AND expires_at > $2";
    DELETE_OF = "DELETE FROM sessions WHERE account = $1";
}

/// Where tower-sessions keeps them. Who is signed in stands in `data["account"]`, as an account's id is written.
#[derive(Clone)]
pub struct Sessions {
    db: Db,
    readers: Db,
    secret: InstallationSecret,
    clock: Arc<dyn Clock>,
}

impl Store {
    pub fn sessions(&self, secret: &InstallationSecret) -> Sessions {
        Sessions {
            db: self.writer.clone(),
            readers: self.readers.clone(),
            secret: secret.clone(),
            clock: Arc::clone(&self.clock),
        }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

struct Columns {
    digest: Vec<u8>,
    account: Option<Uuid>,
    data: String,
    expires_at: i64,
}

impl Sessions {
    fn digest(&self, id: &Id) -> Vec<u8> {
        self.secret.digest(Purpose::Session, &id.to_string()).0.to_vec()
    }

    fn columns(&self, record: &Record) -> Result<Columns> {
        let account = record.data.get("account").and_then(|id| id.as_str()).and_then(|id| id.parse::<AccountId>().ok());
        Ok(Columns {
            digest: self.digest(&record.id),
            account: account.map(|id| id.0),
            data: row::to_json(&record.data).map_err(|error| Error::Encode(error.to_string()))?,
            expires_at: portico_domain::Timestamp::from_utc(record.expiry_date).micros(),
        })
    }

    /// How many devices an account is signed in on.
    pub async fn count(&self, account: AccountId) -> std::result::Result<u64, StoreError> {
        let now = self.clock.now().micros();
        Ok(row::count(read!(&self.readers, fetch_one, (i64,), COUNT_OF, account.0, now)?.0))
    }

    /// Ends every session of an account; how many there were.
    pub async fn sign_out_everywhere(&self, account: AccountId) -> std::result::Result<u64, StoreError> {
        execute!(&self.db, DELETE_OF, account.0)
    }

    /// Removes what can no longer be loaded; how many there were.
    pub async fn delete_expired(&self) -> std::result::Result<u64, StoreError> {
        execute!(&self.db, DELETE_EXPIRED, self.clock.now().micros())
    }
}

fn backend(error: StoreError) -> Error {
    Error::Backend(error.to_string())
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        loop {
            let new = self.columns(record)?;
            if execute!(&self.db, CREATE, new.digest, new.account, new.data, new.expires_at).map_err(backend)? > 0 {
                return Ok(());
            }
            // 128 random bits met twice: take others, never the other's session.
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let new = self.columns(record)?;
        execute!(&self.db, SAVE, new.digest, new.account, new.data, new.expires_at).map_err(backend)?;
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let found =
            read!(&self.readers, fetch_optional, (String, i64), LOAD, self.digest(id), self.clock.now().micros())
                .map_err(backend)?;
        let Some((data, expires_at)) = found else { return Ok(None) };
        let data = row::json(&data, "session").map_err(|error| Error::Decode(error.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp_nanos(i128::from(expires_at) * 1_000)
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        execute!(&self.db, DELETE, self.digest(id)).map_err(backend)?;
        Ok(())
    }
}
