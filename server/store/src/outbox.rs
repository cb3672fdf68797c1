//! Letters on their way, who does not want which, and how far the log was read for them.
use crate::{Store, StoreError, Tx, row};
use portico_domain::{Account, AccountId, LetterId, MailKind, Slug, Subject, Timestamp};
use serde_json::json;
use uuid::Uuid;

statements! {
    ADD = "INSERT INTO outbox (id, letter, created_at, due_at, attempts) VALUES ($1, $2, $3, $3, 0)";
    DUE = "SELECT id, letter, due_at, attempts FROM outbox WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2";
    TAKE = "UPDATE outbox SET due_at = $3, attempts = attempts + 1 WHERE id = $1 AND due_at = $2";
    LET_GO = "DELETE FROM outbox WHERE id = $1";
    WAITING = "SELECT COUNT(*) FROM outbox";
    TURN_OFF = "INSERT INTO mail_off (account, kind) VALUES ($1, $2) ON CONFLICT (account, kind) DO NOTHING";
    TURN_ON = "DELETE FROM mail_off WHERE account = $1 AND kind = $2";
    IS_OFF = "SELECT COUNT(*) FROM mail_off WHERE account = $1 AND kind = $2";
    SUBSCRIBERS = "SELECT a.id, a.email, a.name, a.role, a.password, a.created_at FROM accounts AS a WHERE EXISTS (SELECT 1 FROM apps AS p JOIN subscriptions AS s ON s.app = p.id WHERE p.owner = a.id AND s.api = $1 AND s.state = 'active') AND NOT EXISTS (SELECT 1 FROM mail_off AS m WHERE m.account = a.id AND m.kind = $2) ORDER BY a.id";
    READER = "SELECT seq FROM log_readers WHERE name = $1";
    MOVE_READER = "UPDATE log_readers SET seq = $3 WHERE name = $1 AND seq = $2";
    PUBLICATIONS = "SELECT detail FROM changes WHERE target = $1 AND subject = 'api' AND action = 'published' AND seq < $2 ORDER BY seq";
}

/// A letter that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueLetter {
    pub id: LetterId,
    /// Sealed by whoever posted it.
    pub letter: Vec<u8>,
    pub due_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
}

#[derive(sqlx::FromRow)]
struct DueRow {
    id: Uuid,
    letter: Vec<u8>,
    due_at: i64,
    attempts: i64,
}

#[derive(serde::Deserialize)]
struct PublishedDetail {
    id: Option<portico_domain::VersionId>,
}

impl Store {
    /// The longest due first.
    pub async fn due_letters(&self, limit: u32) -> Result<Vec<DueLetter>, StoreError> {
        let now = self.clock.now().micros();
        let rows = read!(&self.readers, fetch_all, DueRow, DUE, now, i64::from(limit))?;
        let letters = rows.into_iter().map(|row| DueLetter {
            id: LetterId(row.id),
            letter: row.letter,
            due_at: Timestamp::from_micros(row.due_at),
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
        });
        Ok(letters.collect())
    }

    /// Takes a letter to try it; it comes again at `next` unless it is let go. `false`: somebody else took it.
    pub async fn take_letter(&self, letter: &DueLetter, next: Timestamp) -> Result<bool, StoreError> {
        Ok(execute!(&self.writer, TAKE, letter.id.0, letter.due_at.micros(), next.micros())? == 1)
    }

    /// It was carried, or never can be.
    pub async fn let_letter_go(&self, id: LetterId) -> Result<(), StoreError> {
        execute!(&self.writer, LET_GO, id.0)?;
        Ok(())
    }

    pub async fn letters_waiting(&self) -> Result<u64, StoreError> {
        Ok(row::count(read!(&self.readers, fetch_one, (i64,), WAITING)?.0))
    }

    pub async fn is_mail_off(&self, account: AccountId, kind: MailKind) -> Result<bool, StoreError> {
        Ok(read!(&self.readers, fetch_one, (i64,), IS_OFF, account.0, kind.as_str())?.0 > 0)
    }

    /// The owners of apps that are subscribed to an API, without those who do not want this kind of letter.
    pub async fn subscribers(&self, api: &Slug, kind: MailKind) -> Result<Vec<Account>, StoreError> {
        let rows =
            read!(&self.readers, fetch_all, crate::accounts::AccountRow, SUBSCRIBERS, api.as_str(), kind.as_str())?;
        rows.into_iter().map(crate::accounts::AccountRow::read).collect()
    }

    /// How far a task has read the log.
    pub async fn log_read_by(&self, reader: &str) -> Result<i64, StoreError> {
        let found = read!(&self.readers, fetch_optional, (i64,), READER, reader)?;
        found.map(|(seq,)| seq).ok_or(StoreError::Missing { what: "reader of the log" })
    }

    /// The versions of an API in the order in which they were published, up to a number of the log.
    pub async fn publications_before(&self, api: &str, seq: i64) -> Result<Vec<portico_domain::VersionId>, StoreError> {
        let rows = read!(&self.readers, fetch_all, (String,), PUBLICATIONS, api, seq)?;
        let details = rows.into_iter().map(|(detail,)| row::json::<PublishedDetail>(&detail, "detail of a change"));
        details.filter_map(|detail| detail.map(|detail| detail.id).transpose()).collect()
    }
}

impl Tx {
    /// Posts a letter together with what it tells of. Leaves no row in the log: what was done, did.
    pub async fn post_letter(&mut self, id: LetterId, letter: &[u8]) -> Result<(), StoreError> {
        let now = self.at().micros();
        let posted = execute_in!(&mut self.connection, ADD, id.0, letter, now);
        if posted.is_err() {
            self.wrote(posted)?;
        }
        Ok(())
    }

    /// Notes how far a task has read the log. `false`: another node was faster; drop the transaction.
    pub async fn move_log_reader(&mut self, reader: &str, from: i64, to: i64) -> Result<bool, StoreError> {
        Ok(execute_in!(&mut self.connection, MOVE_READER, reader, from, to)? == 1)
    }

    /// Turns a kind of letters on or off for somebody.
    pub async fn set_mail(&mut self, account: AccountId, kind: MailKind, on: bool) -> Result<(), StoreError> {
        if on {
            change!(self, TURN_ON, account.0, kind.as_str())?;
        } else {
            let off = change!(self, TURN_OFF, account.0, kind.as_str());
            off.map_err(|error| error.missing("account"))?;
        }
        self.record("mail_changed", Subject::Account, account, json!({"kind": kind.as_str(), "on": on})).await
    }
}
