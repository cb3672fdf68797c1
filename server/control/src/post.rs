//! Letters on their way: sealed into the outbox, tried until they are carried, and how somebody turns them off.
use crate::{Control, ControlError, Who};
use chacha20poly1305::{AeadInPlace as _, ChaCha20Poly1305, KeyInit as _};
use portico_domain::{AccountId, Actor, LetterId, MailKind, Purpose, Timestamp};
use portico_mail::{Letter, Undelivered};
use portico_store::{DueLetter, Tx};
use std::time::{Duration, SystemTime};
use url::Url;

/// How often the outbox is looked into.
const PERIOD: Duration = Duration::from_secs(2);
/// Letters taken in one go.
const BATCH: u32 = 50;
/// How long after each try the next one is made; behind the last one a letter is given up.
const TRIES: [Duration; 9] = [
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_hours(1),
    Duration::from_hours(3),
    Duration::from_hours(6),
    Duration::from_hours(12),
    Duration::from_hours(24),
    Duration::from_hours(24),
];
/// Bytes of a nonce; it stands before what it sealed.
const NONCE: usize = 12;

impl Control {
    /// Posts a letter in a transaction: it leaves the house only if that is committed.
    pub(crate) async fn post_letter(&self, tx: &mut Tx, id: LetterId, letter: &Letter) -> Result<(), ControlError> {
        let nonce: [u8; NONCE] = rand::random();
        let mut bytes = serde_json::to_vec(letter).map_err(|error| ControlError::internal(&error))?;
        self.letter_cipher()
            .encrypt_in_place(&nonce.into(), id.0.as_bytes(), &mut bytes)
            .map_err(|_| ControlError::internal(&"a letter cannot be sealed"))?;
        tx.post_letter(id, &[nonce.as_slice(), &bytes].concat()).await?;
        Ok(())
    }

    fn letter_cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&self.secret.derive(Purpose::Letter).into())
    }

    fn unseal(&self, due: &DueLetter) -> Option<Letter> {
        let (nonce, sealed) = due.letter.split_first_chunk::<NONCE>()?;
        let mut bytes = sealed.to_vec();
        self.letter_cipher().decrypt_in_place(nonce.into(), due.id.0.as_bytes(), &mut bytes).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Tells subscribers of what was published, and carries letters, until the task is dropped.
    pub async fn deliver(&self) {
        let mut tick = tokio::time::interval(PERIOD);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut down = false;
        loop {
            tick.tick().await;
            let outcome = match self.announce().await {
                Ok(()) => self.carry_letters().await.map(|_| ()),
                Err(error) => Err(error),
            };
            match outcome {
                Err(error) if !down => {
                    tracing::warn!(%error, "letters wait");
                    down = true;
                }
                Err(_) => {}
                Ok(()) => down = false,
            }
        }
    }

    /// Tries every letter that is due once; how many were carried.
    pub async fn carry_letters(&self) -> Result<u32, ControlError> {
        let Some(post) = &self.post else { return Ok(0) };
        let mut carried = 0;
        loop {
            let due = self.store.due_letters(BATCH).await?;
            let whole = due.len() == BATCH as usize;
            for letter in due {
                carried += u32::from(self.carry(post, &letter).await?);
            }
            if !whole {
                return Ok(carried);
            }
        }
    }

    async fn carry(&self, post: &portico_mail::Post, due: &DueLetter) -> Result<bool, ControlError> {
        let now = self.clock.now();
        let tried = due.attempts as usize;
        // A crash from here on costs no more than the time until the next try.
        let next = now.plus(TRIES.get(tried).copied().unwrap_or(TRIES[TRIES.len() - 1]));
        if !self.store.take_letter(due, next).await? {
            return Ok(false);
        }
        let Some(letter) = self.unseal(due) else {
            tracing::error!(letter = %due.id, "a letter cannot be unsealed and is thrown away");
            self.store.let_letter_go(due.id).await?;
            return Ok(false);
        };
        match post.carry(&letter, system_time(now)).await {
            Ok(()) => {
                self.store.let_letter_go(due.id).await?;
                Ok(true)
            }
            Err(Undelivered::Never(reason)) => {
                tracing::warn!(letter = %due.id, reason, "a letter was refused for good and is thrown away");
                self.store.let_letter_go(due.id).await?;
                Ok(false)
            }
            Err(Undelivered::Later(reason)) if tried >= TRIES.len() => {
                tracing::warn!(letter = %due.id, reason, "a letter is given up");
                self.store.let_letter_go(due.id).await?;
                Ok(false)
            }
            Err(Undelivered::Later(reason)) => {
                tracing::warn!(letter = %due.id, reason, next = %next, "a letter was not carried and is tried again");
                Ok(false)
            }
        }
    }

    /// Where somebody turns a kind of letters off without signing in.
    pub(crate) fn turn_off_url(&self, account: AccountId, kind: MailKind) -> Url {
        let mut url = self.portal_url.clone();
        url.set_path("/mail/off");
        let token = format!("{account}.{}.{}", kind.as_str(), self.turn_off_proof(account, kind));
        url.query_pairs_mut().append_pair("token", &token);
        url
    }

    fn turn_off_proof(&self, account: AccountId, kind: MailKind) -> String {
        let digest = self.secret.digest(Purpose::TurnOff, &format!("{account} {}", kind.as_str()));
        digest.0[..16].iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }

    /// Whose letters a link from one of them turns off.
    pub(crate) async fn check_turn_off_link(
        &self,
        token: &str,
    ) -> Result<(portico_domain::Account, MailKind), ControlError> {
        let missing = || ControlError::not_found("such a link".to_owned());
        let mut parts = token.splitn(3, '.');
        let (account, kind, proof) = (parts.next(), parts.next(), parts.next());
        let account: AccountId = account.and_then(|id| id.parse().ok()).ok_or_else(missing)?;
        let kind = kind.and_then(MailKind::parse).ok_or_else(missing)?;
        let proof = proof.unwrap_or_default();
        // Digests of both are compared, so that the time it takes tells nothing.
        let digest = |proof: &str| self.secret.digest(Purpose::TurnOff, proof);
        if digest(&self.turn_off_proof(account, kind)) != digest(proof) {
            return Err(missing());
        }
        let account = self.store.account(account).await?.ok_or_else(missing)?;
        Ok((account, kind))
    }

    /// By a link from a letter.
    pub(crate) async fn turn_mail_off_by(&self, token: &str) -> Result<(), ControlError> {
        let (account, kind) = self.check_turn_off_link(token).await?;
        self.set_mail(Actor::Account(account.id), account.id, kind, false).await
    }

    /// By oneself, signed in.
    pub(crate) async fn set_own_mail(&self, who: &Who, kind: MailKind, on: bool) -> Result<(), ControlError> {
        let account = self.own_account(who).await?;
        self.set_mail(who.actor(), account.id, kind, on).await
    }

    async fn set_mail(&self, actor: Actor, account: AccountId, kind: MailKind, on: bool) -> Result<(), ControlError> {
        if self.store.is_mail_off(account, kind).await? != on {
            return Ok(());
        }
        let mut tx = self.store.begin(actor).await?;
        tx.set_mail(account, kind, on).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn system_time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(at.micros().max(0).unsigned_abs())
}
