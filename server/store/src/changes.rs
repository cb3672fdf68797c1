//! The log of changes, read two ways: onwards by the publisher, backwards by people.
//!
//! | subject | target | actions |
//! |---|---|---|
//! | account | id | `created`, `changed`, `password_changed`, `link_added`, `link_used`, `removed` (`detail.apps`: the apps that went with it) |
//! | api | slug | `created`, `settings_changed`, `title_changed`, `version_added`, `published`, `unpublished`, `removed` (its subscriptions went with it) |
//! | app | id | `created`, `renamed`, `owner_changed`, `removed` (its keys and subscriptions went with it) |
//! | key | id; of `imported` the app's | `created`, `changed`, `rotated`, `revoked`, `imported` |
//! | plan | slug | `created`, `changed`, `removed` |
//! | subscription | id | `created`, `approved`, `rejected`, `suspended`, `plan_changed`, `removed` |
//! | token | id | `created`, `revoked` |
//! | setting | name | `changed` |
use crate::{Store, StoreError, row};
use portico_domain::{AccountId, Actor, Change, Subject, Timestamp};

statements! {
    AFTER = "SELECT seq, at, actor, action, subject, target, detail FROM changes WHERE seq > $1 ORDER BY seq LIMIT $2";
    HEAD = "SELECT seq FROM log_head WHERE one = 1";
    AUDIT = "SELECT seq, at, actor, action, subject, target, detail FROM changes WHERE seq < $1 AND (CAST($2 AS TEXT) IS NULL OR actor = $2) AND (CAST($3 AS TEXT) IS NULL OR subject = $3) AND (CAST($4 AS TEXT) IS NULL OR target = $4) AND (CAST($5 AS TEXT) IS NULL OR action = $5) AND at >= $6 AND at < $7 ORDER BY seq DESC LIMIT $8";
}

/// Which changes to list; everything unless narrowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub actor: Option<Actor>,
    pub subject: Option<Subject>,
    /// Id or slug of what was touched.
    pub target: Option<String>,
    pub action: Option<String>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub to: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct ChangeRow {
    seq: i64,
    at: i64,
    actor: String,
    action: String,
    subject: String,
    target: String,
    detail: String,
}

impl ChangeRow {
    fn read(self) -> Result<Change, StoreError> {
        Ok(Change {
            seq: self.seq,
            at: Timestamp::from_micros(self.at),
            actor: actor_from_text(&self.actor)?,
            action: self.action,
            subject: row::word(&self.subject, "subject")?,
            target: self.target,
            detail: row::json(&self.detail, "detail of a change")?,
        })
    }
}

pub(crate) fn actor_to_text(actor: &Actor) -> String {
    match actor {
        Actor::System => "system".to_owned(),
        Actor::CommandLine => "command_line".to_owned(),
        Actor::Visitor => "visitor".to_owned(),
        Actor::Account(id) => format!("account:{id}"),
    }
}

fn actor_from_text(text: &str) -> Result<Actor, StoreError> {
    match text {
        "system" => Ok(Actor::System),
        "command_line" => Ok(Actor::CommandLine),
        "visitor" => Ok(Actor::Visitor),
        _ => {
            let id = text.strip_prefix("account:").and_then(|id| id.parse::<AccountId>().ok());
            id.map(Actor::Account).ok_or(StoreError::Corrupt { what: "actor" })
        }
    }
}

impl Store {
    /// Onwards from `after`, which itself is left out; none is ever skipped.
    pub async fn changes_after(&self, after: i64, limit: u32) -> Result<Vec<Change>, StoreError> {
        let rows = read!(&self.readers, fetch_all, ChangeRow, AFTER, after, i64::from(limit))?;
        rows.into_iter().map(ChangeRow::read).collect()
    }

    /// The number of the last change; 0 before the first.
    pub async fn last_change(&self) -> Result<i64, StoreError> {
        Ok(read!(&self.readers, fetch_one, (i64,), HEAD)?.0)
    }

    /// Whether anything was written since: one row read, cheap enough to ask often.
    pub async fn changed(&self, after: i64) -> Result<bool, StoreError> {
        Ok(self.last_change().await? > after)
    }

    /// Newest first, below the number `before`.
    pub async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Change>, StoreError> {
        let rows = read!(
            &self.readers,
            fetch_all,
            ChangeRow,
            AUDIT,
            before.unwrap_or(i64::MAX),
            filter.actor.as_ref().map(actor_to_text),
            filter.subject.map(Subject::as_str),
            filter.target.as_deref(),
            filter.action.as_deref(),
            filter.from.map_or(i64::MIN, Timestamp::micros),
            filter.to.map_or(i64::MAX, Timestamp::micros),
            i64::from(limit),
        )?;
        rows.into_iter().map(ChangeRow::read).collect()
    }
}
