//! One-time links: digests, never secrets.
use crate::{Store, StoreError, Tx, row};
use portico_domain::{AccountId, KeyDigest, Subject, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

statements! {
    ADD = "INSERT INTO links (digest, purpose, account, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
    REPLACE_OLDER = "DELETE FROM links WHERE purpose = $1 AND used_at IS NULL AND COALESCE(account, $3) = COALESCE($2, $3)";
    USE = "UPDATE links SET used_at = $3 WHERE digest = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 RETURNING digest, purpose, account, created_at, expires_at";
    USABLE = "SELECT digest, purpose, account, created_at, expires_at FROM links WHERE digest = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3";
}

/// A link that works once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub digest: KeyDigest,
    pub purpose: LinkPurpose,
    /// Whose it is; nobody's for the first administrator.
    pub account: Option<AccountId>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPurpose {
    FirstAdministrator,
    VerifyEmail,
    ResetPassword,
}

impl LinkPurpose {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstAdministrator => "first_administrator",
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
        }
    }
}

#[derive(sqlx::FromRow)]
struct LinkRow {
    digest: Vec<u8>,
    purpose: String,
    account: Option<Uuid>,
    created_at: i64,
    expires_at: i64,
}

impl LinkRow {
    fn read(self) -> Result<Link, StoreError> {
        Ok(Link {
            digest: row::digest(&self.digest, "link digest")?,
            purpose: row::word(&self.purpose, "link purpose")?,
            account: self.account.map(AccountId),
            created_at: Timestamp::from_micros(self.created_at),
            expires_at: Timestamp::from_micros(self.expires_at),
        })
    }
}

impl Store {
    /// Whether a link would work now, e.g. to show its form; uses nothing up.
    pub async fn usable_link(&self, purpose: LinkPurpose, digest: &KeyDigest) -> Result<Option<Link>, StoreError> {
        let now = self.clock.now().micros();
        read!(&self.readers, fetch_optional, LinkRow, USABLE, digest.0.as_slice(), purpose.as_str(), now)?
            .map(LinkRow::read)
            .transpose()
    }
}

impl Tx {
    /// Adds a link. Older ones of the same purpose and account stop working.
    pub async fn add_link(&mut self, link: &Link) -> Result<(), StoreError> {
        let account = link.account.map(|id| id.0);
        change!(self, REPLACE_OLDER, link.purpose.as_str(), account, Uuid::nil())?;
        let added = change!(
            self,
            ADD,
            link.digest.0.as_slice(),
            link.purpose.as_str(),
            account,
            link.created_at.micros(),
            link.expires_at.micros(),
        );
        added.map_err(|error| error.missing("account"))?;
        self.record(
            "link_added",
            Subject::Account,
            target(link.account),
            json!({"purpose": link.purpose, "expires_at": link.expires_at}),
        )
        .await
    }

    /// Uses a link up; `None` when it is unknown, expired, of another purpose or used before. Of two that try at once,
    /// one gets it.
    pub async fn use_link(&mut self, purpose: LinkPurpose, digest: &KeyDigest) -> Result<Option<Link>, StoreError> {
        let now = self.at().micros();
        let used =
            read_in!(&mut self.connection, fetch_optional, LinkRow, USE, digest.0.as_slice(), purpose.as_str(), now)?;
        let Some(link) = used.map(LinkRow::read).transpose()? else { return Ok(None) };
        self.wrote(Ok(()))?;
        self.record("link_used", Subject::Account, target(link.account), json!({"purpose": purpose})).await?;
        Ok(Some(link))
    }
}

fn target(account: Option<AccountId>) -> String {
    account.map_or_else(|| "first-administrator".to_owned(), |id| id.to_string())
}
