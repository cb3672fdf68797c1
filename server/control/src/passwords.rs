//! argon2id on a bounded number of threads, so that a storm of sign-ins cannot take the machine.
use crate::ControlError;
use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// At least 12 characters, at most 1,024 bytes (NIST SP 800-63B-4, 3.1.1: length, no rules of composition).
const MIN_CHARACTERS: usize = 12;
const MAX_BYTES: usize = 1024;
/// So many may wait before the next is told to come back.
const QUEUE: usize = 64;

/// Passwords that everybody tries first, of those long enough to pass.
const COMMON: [&str; 12] = [
    "123456789012",
    "1234567890123",
    "password1234",
    "password12345",
    "passwordpassword",
    "qwertyuiop12",
    "qwertyuiopasdf",
    "administrator",
    "letmeinletmein",
    "iloveyouiloveyou",
    "changemechangeme",
    "correct horse battery staple",
];

/// What an unknown account's password is compared with, so that the answer takes as long. It is no password's hash: to
/// compute one at each start would cost the 19 MiB that hashing takes, for good.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyBpdC4uLg$dGhlcmUgaXMgbm8gcGFzc3dvcmQgYmVoaW5kIHRoaXM";

#[derive(Clone)]
pub(crate) struct Passwords {
    workers: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        let workers = std::thread::available_parallelism().map_or(1, usize::from).div_ceil(2);
        Self { workers: Arc::new(Semaphore::new(workers)), queue: Arc::new(Semaphore::new(QUEUE)) }
    }

    /// Says what would be a better password, or nothing.
    pub(crate) fn check(password: &str, email: &str, name: &str) -> Result<(), String> {
        if password.chars().count() < MIN_CHARACTERS {
            return Err(format!("Use {MIN_CHARACTERS} characters or more. A sentence is better than symbols."));
        }
        if password.len() > MAX_BYTES {
            return Err(format!("Use at most {MAX_BYTES} bytes."));
        }
        let lower = password.to_lowercase();
        let one_letter = lower.chars().next().is_some_and(|first| lower.chars().all(|c| c == first));
        let own = [email, name].into_iter().any(|own| own.chars().count() >= 4 && lower == own.to_lowercase());
        if one_letter || own || COMMON.contains(&lower.as_str()) {
            return Err("Many people would guess this password. Use a sentence of your own.".into());
        }
        Ok(())
    }

    pub(crate) async fn hash(&self, password: String) -> Result<String, ControlError> {
        self.work(move || hash(&password)).await?
    }

    /// Whether the password is right; takes as long when there is no such account (`stored` is `None`).
    pub(crate) async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, ControlError> {
        self.work(move || {
            let known = stored.is_some();
            let stored = stored.as_deref().unwrap_or(NOBODY);
            let right = PasswordHash::new(stored)
                .is_ok_and(|stored| argon2id().verify_password(password.as_bytes(), &stored).is_ok());
            right && known
        })
        .await
    }

    async fn work<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, ControlError> {
        let busy = |_| ControlError::TooManyTries { seconds: 2 };
        let _place = self.queue.clone().try_acquire_owned().map_err(|_| ControlError::TooManyTries { seconds: 2 })?;
        let _turn = self.workers.clone().acquire_owned().await.map_err(busy)?;
        tokio::task::spawn_blocking(job).await.map_err(|error| ControlError::internal(&error))
    }
}

/// 19 MiB, two passes, one lane: OWASP's Password Storage Cheat Sheet, first recommendation.
fn argon2id() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19 * 1024, 2, 1, None).unwrap_or_default())
}

fn hash(password: &str) -> Result<String, ControlError> {
    argon2id()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| ControlError::internal(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_verified_and_nobody_has_none() {
        let passwords = Passwords::new();
        let stored = passwords.hash("a sentence of my own".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        // What is compared with nobody's costs as much: the same numbers, salt and length.
        let shape =
            |hash: &str| hash.split('$').take(4).map(str::to_owned).chain([hash.len().to_string()]).collect::<Vec<_>>();
        assert_eq!(shape(NOBODY), shape(&stored));
        assert!(PasswordHash::new(NOBODY).is_ok());
        assert!(passwords.verify("a sentence of my own".into(), Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify("a sentence of my owm".into(), Some(stored)).await.unwrap());
        assert!(!passwords.verify("a password that nobody has".into(), None).await.unwrap());
    }

    #[test]
    fn passwords_that_are_tried_first_are_refused() {
        for bad in ["short", "aaaaaaaaaaaaaaaa", "Password1234", "ingrid@nordlys.example", &"x".repeat(1025)] {
            assert!(Passwords::check(bad, "ingrid@nordlys.example", "Ingrid").is_err(), "{bad}");
        }
        assert_eq!(Passwords::check("tugs leave at dawn", "ingrid@nordlys.example", "Ingrid"), Ok(()));
    }
}
