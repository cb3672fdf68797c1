//! Answers that are given again when a program repeats a call with the same `Idempotency-Key`. Sealed at rest, since an
//! answer may hold a new secret: the key is made from the installation's secret and the `Idempotency-Key` itself.
use crate::{Control, ControlError, Who};
use chacha20poly1305::{AeadInPlace as _, ChaCha20Poly1305, KeyInit as _};
use portico_domain::{KeyDigest, Purpose};
use portico_store::{Remembered, StoreError};

/// Bytes of a nonce; it stands before what it sealed.
const NONCE: usize = 12;

/// An answer as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RememberedAnswer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Control {
    /// What was answered to this call before; a conflict when the key came with another call.
    pub async fn remembered(
        &self,
        who: &Who,
        key: &str,
        request: &KeyDigest,
    ) -> Result<Option<RememberedAnswer>, ControlError> {
        let Some(found) = self.store.remembered(&caller(who), &self.name(key)).await? else { return Ok(None) };
        if found.request != *request {
            return Err(ControlError::invalid_at(
                "",
                "Idempotency-Key",
                "This Idempotency-Key was sent with another call before. Use a new one for a new call.",
            ));
        }
        let unsealed = found.answer.split_first_chunk::<NONCE>().and_then(|(nonce, sealed)| {
            let mut body = sealed.to_vec();
            self.cipher(key).decrypt_in_place(nonce.into(), &found.status.to_be_bytes(), &mut body).ok()?;
            Some(body)
        });
        let body = unsealed.ok_or_else(|| ControlError::internal(&"a remembered answer cannot be unsealed"))?;
        Ok(Some(RememberedAnswer { status: found.status, body }))
    }

    /// Remembers an answer. Of two calls that race with one key, the first is kept.
    pub async fn remember(
        &self,
        who: &Who,
        key: &str,
        request: &KeyDigest,
        answer: &RememberedAnswer,
    ) -> Result<(), ControlError> {
        let nonce: [u8; NONCE] = rand::random();
        let mut body = answer.body.clone();
        self.cipher(key)
            .encrypt_in_place(&nonce.into(), &answer.status.to_be_bytes(), &mut body)
            .map_err(|_| ControlError::internal(&"an answer cannot be sealed"))?;
        let sealed = [nonce.as_slice(), &body].concat();
        let remembered =
            Remembered { request: *request, status: answer.status, answer: sealed, created_at: self.clock.now() };
        let mut tx = self.store.begin(who.actor()).await?;
        match tx.remember(&caller(who), &self.name(key), &remembered).await {
            Ok(()) => _ = tx.commit().await?,
            Err(StoreError::Taken { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// How the key is stored: not itself, since it unseals.
    fn name(&self, key: &str) -> KeyDigest {
        self.secret.digest(Purpose::Idempotency, &format!("name {key}"))
    }

    fn cipher(&self, key: &str) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&self.secret.digest(Purpose::Idempotency, &format!("seal {key}")).0.into())
    }
}

fn caller(who: &Who) -> String {
    who.account().map_or_else(|| who.client().to_owned(), |id| id.to_string())
}
