//! Answers that are given again when a call with the same `Idempotency-Key` comes again.
use crate::{Store, StoreError, Tx, row};
use portico_domain::{KeyDigest, Timestamp};

statements! {
    REMEMBER = "INSERT INTO idempotency (caller, key_digest, request_digest, status, answer, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    RECALL = "SELECT request_digest, status, answer, created_at FROM idempotency WHERE caller = $1 AND key_digest = $2";
}

/// An answer given once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Tells the same call from another one under the same key.
    pub request: KeyDigest,
    pub status: u16,
    /// Sealed by the caller, since it may hold a new secret.
    pub answer: Vec<u8>,
    pub created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct RememberedRow {
    request_digest: Vec<u8>,
    status: i64,
    answer: Vec<u8>,
    created_at: i64,
}

impl RememberedRow {
    fn read(self) -> Result<Remembered, StoreError> {
        Ok(Remembered {
            request: row::digest(&self.request_digest, "request digest")?,
            status: u16::try_from(self.status).map_err(|_| StoreError::Corrupt { what: "status" })?,
            answer: self.answer,
            created_at: Timestamp::from_micros(self.created_at),
        })
    }
}

impl Store {
    pub async fn remembered(&self, caller: &str, key: &KeyDigest) -> Result<Option<Remembered>, StoreError> {
        let found = read!(&self.readers, fetch_optional, RememberedRow, RECALL, caller, key.0.as_slice())?;
        found.map(RememberedRow::read).transpose()
    }
}

impl Tx {
    /// Remembers the answer together with what it answers. [`StoreError::Taken`] when another call with this key was
    /// faster: drop the transaction and give that one's answer. Leaves no row in the log: what was done, did.
    pub async fn remember(&mut self, caller: &str, key: &KeyDigest, answer: &Remembered) -> Result<(), StoreError> {
        let added = execute_in!(
            &mut self.connection,
            REMEMBER,
            caller,
            key.0.as_slice(),
            answer.request.0.as_slice(),
            i64::from(answer.status),
            answer.answer.as_slice(),
            answer.created_at.micros(),
        );
        if added.is_err() {
            self.wrote(added)?;
        }
        Ok(())
    }
}
