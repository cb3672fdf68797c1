//! The one way to write a record.
use crate::{Store, StoreError, db::Connection, row};
use portico_domain::{Actor, Subject, Timestamp};
use serde_json::Value;
use std::fmt::Display;

statements! {
    TAKE_HEAD = "UPDATE log_head SET seq = seq WHERE one = 1 RETURNING seq";
    MOVE_HEAD = "UPDATE log_head SET seq = $1 WHERE one = 1";
    ADD_CHANGE = "INSERT INTO changes (seq, at, actor, action, subject, target, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)";
}

/// A transaction on behalf of somebody. Dropped without [`Tx::commit`], nothing of it remains.
///
/// Transactions follow one another, on both engines: each takes the head of the log first and holds it to its end. So
/// what a `Tx` reads stays true until it commits, and the log's numbers become visible in their order. Keep them short.
///
/// A unique value that is there already is [`StoreError::Taken`], a record to be changed that is not there is
/// [`StoreError::Missing`]. After an error the transaction can only be dropped.
pub struct Tx {
    pub(crate) connection: Connection,
    actor: Actor,
    at: Timestamp,
    /// The last number in the log.
    seq: i64,
    first: i64,
    /// What was written since the last row of the log.
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Recorded,
    Unrecorded,
    Failed,
}

impl Store {
    /// Begins to write. SQLite: waits for the one writer, 5 s at most.
    pub async fn begin(&self, actor: Actor) -> Result<Tx, StoreError> {
        let mut connection = self.writer.begin().await?;
        let (seq,) = read_in!(&mut connection, fetch_one, (i64,), TAKE_HEAD)?;
        Ok(Tx { connection, actor, at: self.clock.now(), seq, first: seq, state: State::Recorded })
    }
}

impl Tx {
    /// When this transaction began: the time of all its changes.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Makes everything durable; the number of the last change. After `Ok` it survives a crash and a power cut.
    pub async fn commit(mut self) -> Result<i64, StoreError> {
        if self.state != State::Recorded {
            tracing::error!("a transaction that failed, or that wrote without recording it, was not committed");
            return Err(StoreError::Internal);
        }
        if self.seq != self.first {
            execute_in!(&mut self.connection, MOVE_HEAD, self.seq)?;
        }
        self.connection.commit().await?;
        Ok(self.seq)
    }

    /// Takes note of a statement's outcome; see [`State`].
    pub(crate) fn wrote<T>(&mut self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        self.state = if outcome.is_ok() && self.state != State::Failed { State::Unrecorded } else { State::Failed };
        outcome
    }

    /// Fails with [`StoreError::Missing`] unless a row was touched.
    pub(crate) fn found(&mut self, touched: u64, what: &'static str) -> Result<(), StoreError> {
        let outcome = if touched == 0 { Err(StoreError::Missing { what }) } else { Ok(()) };
        self.wrote(outcome)
    }

    /// Adds the row of the log that goes with what was just written. `detail` never holds a secret.
    pub(crate) async fn record(
        &mut self,
        action: &str,
        subject: Subject,
        target: impl Display,
        detail: Value,
    ) -> Result<(), StoreError> {
        let seq = self.seq + 1;
        let (actor, detail) = (crate::changes::actor_to_text(&self.actor), row::to_json(&detail)?);
        let added = execute_in!(
            &mut self.connection,
            ADD_CHANGE,
            seq,
            self.at.micros(),
            actor.as_str(),
            action,
            subject.as_str(),
            target.to_string(),
            detail.as_str(),
        );
        self.wrote(added)?;
        self.seq = seq;
        if self.state == State::Unrecorded {
            self.state = State::Recorded;
        }
        Ok(())
    }
}
