//! API keys: made, narrowed, rotated, revoked, brought along from elsewhere.
use crate::{
    Control, ControlError, Fault, Page, Who,
    accounts::cursor,
    permit::{ManageAllApps, Right as _},
};
use ipnet::IpNet;
use portico_domain::{
    App, AppId, Environment, Key, KeyDigest, KeyId, KeyName, KeyStatus, PublicKeyId, Purpose, SecretToken, Slug,
    Timestamp, TokenKind,
};
use portico_store::StoreError;
use std::{collections::BTreeSet, time::Duration};

/// The old secret works on for at most this long after a rotation.
const LONGEST_OVERLAP: Duration = Duration::from_hours(7 * 24);
/// Rows of one import.
const IMPORT_ROWS: usize = 1_000_000;
/// Written in one transaction, so that other writes get their turn.
const IMPORT_PART: usize = 50_000;

/// What a new key is to be.
#[derive(Clone, Debug)]
pub struct KeyRequest {
    pub name: String,
    pub environment: Environment,
    pub expires_at: Option<Timestamp>,
    pub apis: Vec<Slug>,
    pub operations: Vec<String>,
    pub allow_ips: Vec<IpNet>,
}

/// What to change; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct KeyChange {
    pub name: Option<String>,
    pub expires_at: Option<Option<Timestamp>>,
    pub apis: Option<Vec<Slug>>,
    pub operations: Option<Vec<String>>,
    pub allow_ips: Option<Vec<IpNet>>,
}

/// The outcome of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub imported: u64,
    /// Line in the file and what is wrong with it.
    pub refused: Vec<(u64, String)>,
    /// How many of those taken could be guessed with fewer than 2^128 tries.
    pub weak: u64,
}

impl Control {
    pub async fn list_keys(
        &self,
        who: &Who,
        app: AppId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Key>, ControlError> {
        self.app_for(who, app).await?;
        let after: Option<KeyId> = cursor(after)?;
        // One more than asked for tells whether there are more.
        let keys = self.store.keys_of_behind(app, after, limit.saturating_add(1)).await?;
        Ok(Page::cut(keys, limit, |key| key.id.to_string()))
    }

    pub async fn find_key(&self, who: &Who, id: KeyId) -> Result<Key, ControlError> {
        let missing = || ControlError::not_found("such key");
        who.role().ok_or(ControlError::SignInNeeded)?;
        let key = self.store.key(id).await?.ok_or_else(missing)?;
        self.app_for(who, key.app).await.map_err(|error| match error {
            ControlError::NotFound { .. } => missing(),
            other => other,
        })?;
        Ok(key)
    }

    /// The secret is in the answer, and nowhere else ever again. The key works when this returns.
    pub async fn add_key(
        &self,
        who: &Who,
        app: AppId,
        request: KeyRequest,
    ) -> Result<(Key, SecretToken), ControlError> {
        let app = self.app_for(who, app).await?;
        let now = self.clock.now();
        let name = checked_key_name(request.name)?;
        self.check_scopes(&app, request.expires_at, &request.apis).await?;
        let secret = SecretToken::generate(TokenKind::ApiKey(request.environment), &mut rand::rng());
        let key = Key {
            id: KeyId::new(&*self.clock),
            app: app.id,
            name,
            environment: request.environment,
            public_id: secret.public_id(),
            digest: self.secret.digest(Purpose::ApiKey, secret.reveal()),
            previous: None,
            expires_at: request.expires_at,
            revoked_at: None,
            apis: request.apis,
            operations: request.operations,
            allow_ips: request.allow_ips,
            created_at: now,
            last_used_at: None,
        };
        let mut tx = self.store.begin(who.actor()).await?;
        if self.store.has_key_named(app.id, &key.name, now).await? {
            let name = key.name.as_str();
            let message = format!("Another key of this app is called {name}. Try {name}-2.");
            return Err(ControlError::invalid("name", message));
        }
        tx.add_key(&key).await?;
        tx.commit().await?;
        self.catch_up().await?;
        Ok((key, secret))
    }

    pub async fn change_key(&self, who: &Who, id: KeyId, change: KeyChange) -> Result<Key, ControlError> {
        // Begun first, so that of two changes at once neither undoes the other.
        let mut tx = self.store.begin(who.actor()).await?;
        let mut key = self.find_key(who, id).await?;
        let app = self.app_for(who, key.app).await?;
        if let Some(name) = change.name {
            key.name = checked_key_name(name)?;
        }
        key.expires_at = change.expires_at.unwrap_or(key.expires_at);
        key.apis = change.apis.unwrap_or(key.apis);
        key.operations = change.operations.unwrap_or(key.operations);
        key.allow_ips = change.allow_ips.unwrap_or(key.allow_ips);
        let new_end = change.expires_at.flatten();
        self.check_scopes(&app, new_end, &key.apis).await?;
        tx.replace_key(&key).await?;
        tx.commit().await?;
        self.catch_up().await?;
        Ok(key)
    }

    /// A new secret for the same key; the old one works on for `overlap`.
    pub async fn rotate_key(
        &self,
        who: &Who,
        id: KeyId,
        overlap: Duration,
    ) -> Result<(Key, SecretToken), ControlError> {
        let key = self.find_key(who, id).await?;
        if overlap > LONGEST_OVERLAP {
            return Err(ControlError::invalid(
                "overlap_seconds",
                "The old secret can work on for at most 604800 seconds (7 days).",
            ));
        }
        if key.status(self.clock.now()) == KeyStatus::Revoked {
            return Err(ControlError::conflict("A revoked key cannot be rotated; create a new one."));
        }
        let secret = SecretToken::generate(TokenKind::ApiKey(key.environment), &mut rand::rng());
        let digest = self.secret.digest(Purpose::ApiKey, secret.reveal());
        let until = (!overlap.is_zero()).then(|| self.clock.now().plus(overlap));
        let mut tx = self.store.begin(who.actor()).await?;
        tx.rotate_key(id, secret.public_id(), &digest, until).await?;
        tx.commit().await?;
        self.catch_up().await?;
        Ok((self.find_key(who, id).await?, secret))
    }

    /// The key has stopped when this returns. Revoking twice is no error.
    pub async fn revoke_key(&self, who: &Who, id: KeyId) -> Result<Key, ControlError> {
        let key = self.find_key(who, id).await?;
        if key.status(self.clock.now()) == KeyStatus::Revoked {
            return Ok(key);
        }
        let mut tx = self.store.begin(who.actor()).await?;
        match tx.revoke_key(id).await {
            Ok(()) => _ = tx.commit().await?,
            // Somebody was faster.
            Err(StoreError::Missing { .. }) => drop(tx),
            Err(error) => return Err(error.into()),
        }
        self.catch_up().await?;
        self.find_key(who, id).await
    }

    /// Keys from elsewhere: CSV with a header line and the columns `name,key` and optionally `enabled`, others ignored,
    /// so that Amazon's key files fit. `atomic`: all rows or none.
    pub async fn import_keys(&self, who: &Who, app: AppId, csv: &[u8], atomic: bool) -> Result<Imported, ControlError> {
        if !who.may::<ManageAllApps>() {
            // A developer could otherwise find out whether a secret is somebody's key.
            return Err(ControlError::Forbidden { why: format!("{} may import keys.", ManageAllApps::WHO) });
        }
        let app = self.app_for(who, app).await?;
        let mut file = ImportFile::open(csv)?;
        let mut outcome = Imported::default();
        // Part by part, so that a million keys do not stand in memory at once; all or nothing needs all of them.
        let part = if atomic { IMPORT_ROWS } else { IMPORT_PART };
        loop {
            let lines = self.read_import(&app, &mut file, part, &mut outcome);
            if lines.is_empty() && file.ended {
                break;
            }
            if atomic && !outcome.refused.is_empty() {
                return Ok(Imported { refused: outcome.refused, ..Imported::default() });
            }
            let (numbers, keys): (Vec<u64>, Vec<Key>) = lines.into_iter().unzip();
            let mut tx = self.store.begin(who.actor()).await?;
            let written = tx.import_keys(app.id, &keys).await?;
            let taken = written.taken.iter().map(|place| (numbers[*place], "this secret is a key already".to_owned()));
            outcome.refused.extend(taken);
            if atomic && !written.taken.is_empty() {
                return Ok(Imported { refused: outcome.refused, ..Imported::default() });
            }
            tx.commit().await?;
            outcome.imported += written.added as u64;
        }
        outcome.refused.sort();
        self.catch_up().await?;
        Ok(outcome)
    }

    /// The next keys of a file with the lines they stand in, at most `part`. What is wrong with other lines is noted.
    fn read_import(
        &self,
        app: &App,
        file: &mut ImportFile<'_>,
        part: usize,
        outcome: &mut Imported,
    ) -> Vec<(u64, Key)> {
        let mut keys = Vec::new();
        while keys.len() < part {
            let Some(record) = file.records.next() else {
                file.ended = true;
                break;
            };
            file.row += 1;
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    let line = error.position().map_or(file.row + 1, csv::Position::line);
                    outcome.refused.push((line, "this line is not CSV in UTF-8".into()));
                    continue;
                }
            };
            let line = record.position().map_or(file.row + 1, csv::Position::line);
            let field = |place: usize| record.get(place).unwrap_or_default();
            match self.read_import_line(app, field(file.name_at), field(file.key_at), file.enabled_at.map(field)) {
                Ok((key, weak)) if file.seen.insert(key.public_id) => {
                    outcome.weak += u64::from(weak);
                    keys.push((line, key));
                }
                Ok(_) => outcome.refused.push((line, "this secret stands further up already".into())),
                Err(message) => outcome.refused.push((line, message)),
            }
        }
        keys
    }

    fn read_import_line(
        &self,
        app: &App,
        name: &str,
        secret: &str,
        enabled: Option<&str>,
    ) -> Result<(Key, bool), String> {
        let now = self.clock.now();
        let name = KeyName::try_from(name.to_owned())?;
        if !(20..=128).contains(&secret.len()) || !secret.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("a key has 20 to 128 visible ASCII characters".into());
        }
        let revoked_at = match enabled.map(str::to_ascii_lowercase).as_deref() {
            None | Some("" | "true" | "yes" | "1") => None,
            Some("false" | "no" | "0") => Some(now),
            Some(other) => {
                return Err(format!("enabled is true or false, not {}", other.chars().take(20).collect::<String>()));
            }
        };
        let digest: KeyDigest = self.secret.digest(Purpose::ApiKey, secret);
        let (environment, public_id) = match SecretToken::inspect(secret) {
            Ok((TokenKind::ApiKey(environment), id)) => (environment, id),
            _ => (Environment::Live, PublicKeyId::of_imported(&digest)),
        };
        let key = Key {
            id: KeyId::new(&*self.clock),
            app: app.id,
            name,
            environment,
            public_id,
            digest,
            previous: None,
            expires_at: None,
            revoked_at,
            apis: Vec::new(),
            operations: Vec::new(),
            allow_ips: Vec::new(),
            created_at: now,
            last_used_at: None,
        };
        Ok((key, bits(secret) < 128.0))
    }

    async fn check_scopes(&self, app: &App, expires_at: Option<Timestamp>, apis: &[Slug]) -> Result<(), ControlError> {
        let mut faults = Vec::new();
        if expires_at.is_some_and(|end| end <= self.clock.now()) {
            let message = "This moment has passed: choose one that lies ahead.".to_owned();
            faults.push(Fault { pointer: "/expires_at".into(), field: "expires".into(), message });
        }
        let subscribed = self.store.subscriptions_of(app.id).await?;
        for (place, api) in apis.iter().enumerate() {
            if !subscribed.iter().any(|subscription| subscription.api == *api) {
                let message = format!("{} is not subscribed to {api}.", app.name);
                faults.push(Fault { pointer: format!("/apis/{place}"), field: "apis".into(), message });
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(ControlError::Invalid(faults)) }
    }
}

/// A file of keys, as far as it has been read.
struct ImportFile<'a> {
    records: csv::StringRecordsIntoIter<&'a [u8]>,
    name_at: usize,
    key_at: usize,
    enabled_at: Option<usize>,
    /// Records read so far.
    row: u64,
    seen: BTreeSet<PublicKeyId>,
    ended: bool,
}

impl<'a> ImportFile<'a> {
    /// Refuses a file without the columns that are needed, and one that is too long, before any of it is taken.
    fn open(csv: &'a [u8]) -> Result<Self, ControlError> {
        let unreadable = |message: String| ControlError::invalid_at("", "file", message);
        let open = || csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(csv);
        if open().byte_records().take(IMPORT_ROWS + 1).count() > IMPORT_ROWS {
            return Err(ControlError::TooLarge { limit: "1,000,000 keys a file".into() });
        }
        let mut reader = open();
        let header = reader.headers().map_err(|error| unreadable(format!("The file is not CSV: {error}.")))?;
        let column = |name: &str| {
            header.iter().position(|title| title.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name))
        };
        let (Some(name_at), Some(key_at)) = (column("name"), column("key")) else {
            return Err(unreadable("The first line has to name the columns: name,key and optionally enabled.".into()));
        };
        let enabled_at = column("enabled");
        let records = reader.into_records();
        Ok(Self { records, name_at, key_at, enabled_at, row: 0, seen: BTreeSet::new(), ended: false })
    }
}

fn checked_key_name(name: String) -> Result<KeyName, ControlError> {
    KeyName::try_from(name).map_err(|_| ControlError::invalid("name", "A key needs a name of 1 to 80 characters."))
}

/// The most that a secret's length and letters promise, in bits.
fn bits(secret: &str) -> f64 {
    let has = |class: fn(&u8) -> bool| secret.as_bytes().iter().any(class);
    let letters = [
        (has(u8::is_ascii_digit), 10),
        (has(u8::is_ascii_lowercase), 26),
        (has(u8::is_ascii_uppercase), 26),
        (has(u8::is_ascii_punctuation), 32),
    ];
    let alphabet: u32 = letters.into_iter().filter_map(|(used, size)| used.then_some(size)).sum();
    secret.len() as f64 * f64::from(alphabet.max(1)).log2()
}

#[cfg(test)]
mod tests {
    #[test]
    fn strength_counts_length_and_letters() {
        assert!(super::bits("01234567890123456789") < 128.0);
        assert!(super::bits("aZ0aZ0aZ0aZ0aZ0aZ0aZ0aZ0") > 128.0);
    }
}
