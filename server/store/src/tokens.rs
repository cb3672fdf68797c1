//! Management tokens: digests, never secrets.
use crate::{Store, StoreError, Tx, accounts::AccountRow, row};
use portico_domain::{Account, AccountId, KeyDigest, ManagementToken, Subject, Timestamp, TokenId};
use serde_json::json;
use uuid::Uuid;

statements! {
    ADD = "INSERT INTO management_tokens (id, account, name, digest, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    REVOKE = "DELETE FROM management_tokens WHERE id = $1";
    BY_ID = "SELECT id AS token_id, account, name AS token_name, digest, expires_at, created_at AS token_created_at FROM management_tokens WHERE id = $1";
    OF_ACCOUNT = "SELECT id AS token_id, account, name AS token_name, digest, expires_at, created_at AS token_created_at FROM management_tokens WHERE account = $1 ORDER BY id";
    BY_DIGEST = "SELECT t.id AS token_id, t.account, t.name AS token_name, t.digest, t.expires_at, t.created_at AS token_created_at, a.id, a.email, a.name, a.role, a.password, a.created_at FROM management_tokens AS t JOIN accounts AS a ON a.id = t.account WHERE t.digest = $1";
}

#[derive(sqlx::FromRow)]
struct TokenRow {
    token_id: Uuid,
    account: Uuid,
    token_name: String,
    digest: Vec<u8>,
    expires_at: Option<i64>,
    token_created_at: i64,
}

#[derive(sqlx::FromRow)]
struct TokenWithAccount {
    #[sqlx(flatten)]
    token: TokenRow,
    #[sqlx(flatten)]
    account: AccountRow,
}

impl TokenRow {
    fn read(self) -> Result<ManagementToken, StoreError> {
        Ok(ManagementToken {
            id: TokenId(self.token_id),
            account: AccountId(self.account),
            name: self.token_name,
            digest: row::digest(&self.digest, "token digest")?,
            expires_at: row::time(self.expires_at),
            created_at: Timestamp::from_micros(self.token_created_at),
        })
    }
}

impl Store {
    pub async fn token(&self, id: TokenId) -> Result<Option<ManagementToken>, StoreError> {
        read!(&self.readers, fetch_optional, TokenRow, BY_ID, id.0)?.map(TokenRow::read).transpose()
    }

    /// The token of this digest and whose it is. Expired ones are found too: the caller compares times.
    pub async fn token_by_digest(&self, digest: &KeyDigest) -> Result<Option<(ManagementToken, Account)>, StoreError> {
        let found = read!(&self.readers, fetch_optional, TokenWithAccount, BY_DIGEST, digest.0.as_slice())?;
        found.map(|row| Ok((row.token.read()?, row.account.read()?))).transpose()
    }

    /// Oldest first.
    pub async fn tokens_of(&self, account: AccountId) -> Result<Vec<ManagementToken>, StoreError> {
        let rows = read!(&self.readers, fetch_all, TokenRow, OF_ACCOUNT, account.0)?;
        rows.into_iter().map(TokenRow::read).collect()
    }
}

impl Tx {
    pub async fn add_token(&mut self, token: &ManagementToken) -> Result<(), StoreError> {
        let added = change!(
            self,
            ADD,
            token.id.0,
            token.account.0,
            row::without_nul(&token.name).as_ref(),
            token.digest.0.as_slice(),
            row::micros(token.expires_at),
            token.created_at.micros(),
        );
        added.map_err(|error| error.missing("account"))?;
        let detail = json!({"account": token.account.to_string(), "name": token.name, "expires_at": token.expires_at});
        self.record("created", Subject::Token, token.id, detail).await
    }

    pub async fn revoke_token(&mut self, id: TokenId) -> Result<(), StoreError> {
        let touched = change!(self, REVOKE, id.0)?;
        self.found(touched, "token")?;
        self.record("revoked", Subject::Token, id, json!({})).await
    }
}
