//! The installation's secret: a file of its own, made at the first start, never in the database.
use anyhow::{Context as _, anyhow, bail};
use portico_domain::{Actor, InstallationSecret};
use portico_store::Store;
use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

/// The setting under which a database remembers which secret its digests were made with.
const FINGERPRINT: &str = "secret fingerprint";

/// Reads the secret that belongs to the database, or makes both at the first start.
pub(crate) async fn open(file: &Path, store: &Store) -> anyhow::Result<InstallationSecret> {
    let known = known_fingerprint(store).await?;
    let secret = match (read(file)?, &known) {
        (Some(secret), _) => secret,
        (None, Some(_)) => return Err(missing(file)),
        (None, None) => make(file)?,
    };
    check(file, &secret, known.as_deref())?;
    if known.is_none() {
        let mut tx = store.begin(Actor::System).await?;
        tx.put_setting(FINGERPRINT, &secret.fingerprint().into()).await?;
        tx.commit().await?;
    }
    Ok(secret)
}

/// Says in words how it stands with the secret, and changes nothing. `store` is `None` when it cannot be opened.
pub(crate) async fn inspect(file: &Path, store: Option<&Store>) -> anyhow::Result<String> {
    let known = match store {
        Some(store) => known_fingerprint(store).await?,
        None => None,
    };
    match (read(file)?, known) {
        (Some(secret), known) => {
            check(file, &secret, known.as_deref())?;
            Ok(format!("{}, fingerprint {}", file.display(), secret.fingerprint()))
        }
        (None, Some(_)) => Err(missing(file)),
        (None, None) => Ok(format!("{} will be made at the first start", file.display())),
    }
}

async fn known_fingerprint(store: &Store) -> anyhow::Result<Option<String>> {
    // Before the first migration there is no table to look in.
    if !store.pending_migrations().await?.is_empty() {
        return Ok(None);
    }
    Ok(store.setting(FINGERPRINT).await?.and_then(|value| value.as_str().map(str::to_owned)))
}

fn missing(file: &Path) -> anyhow::Error {
    anyhow!(
        "the secret file {} is missing, and the database was made with one: put it back, or name its place with \
         PORTICO_SECRET_FILE. Without it no key and no session of this database can be verified",
        file.display()
    )
}

fn check(file: &Path, secret: &InstallationSecret, known: Option<&str>) -> anyhow::Result<()> {
    match known {
        Some(known) if known != secret.fingerprint() => bail!(
            "the secret in {} is not the one this database was made with (its fingerprint is {}, the database's {known}): \
             put the right one there, or name its place with PORTICO_SECRET_FILE",
            file.display(),
            secret.fingerprint()
        ),
        _ => Ok(()),
    }
}

fn read(file: &Path) -> anyhow::Result<Option<InstallationSecret>> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("the secret file {} cannot be read", file.display())),
    };
    let mode = fs::metadata(file)?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!("the secret file {} can be read by others: chmod 600 it", file.display());
    }
    let secret = InstallationSecret::from_hex(&text);
    let secret =
        secret.with_context(|| format!("the secret file {} does not hold 64 hexadecimal digits", file.display()))?;
    Ok(Some(secret))
}

fn make(file: &Path) -> anyhow::Result<InstallationSecret> {
    let secret = InstallationSecret::generate(&mut rand::rng());
    let mut open = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .with_context(|| format!("the secret file {} cannot be made", file.display()))?;
    writeln!(open, "{}", secret.to_hex())?;
    open.sync_all()?;
    Ok(secret)
}
