//! All keys this installation knows, by their public id. It stands beside the World because keys change one by one.
//!
//! There may be millions of keys, so what most of them have is a record of 80 bytes in a shard's slab, found through a
//! table of four-byte places; what few have (an end, a scope, a secret before this one) stands in a box of its own.
mod shard;
#[cfg(test)]
mod tests;

use foldhash::fast::RandomState;
use hashbrown::{HashSet, HashTable};
use portico_domain::{AppId, Key, KeyDigest, KeyId, PublicKeyId, Slug, Timestamp};
use shard::{Extras, Record, Shard};
use std::{
    hash::BuildHasher,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

/// So many that a shard of a million keys grows in less time than a request is noticed to wait.
const SHARDS: usize = 256;
const SHARD_BITS: u32 = SHARDS.ilog2();

/// A key as the gateway is told of it.
#[derive(Clone, Debug)]
pub struct KeyEntry {
    pub id: KeyId,
    pub app: AppId,
    pub public_id: PublicKeyId,
    pub digest: KeyDigest,
    /// The secret before the last rotation, valid until then.
    pub previous: Option<(PublicKeyId, KeyDigest, Timestamp)>,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// What narrows the key, if anything does.
    pub scope: Option<Box<KeyScope>>,
}

/// Where and for what a key may be used; what is empty does not narrow it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyScope {
    pub apis: Vec<Slug>,
    pub operations: Vec<String>,
    pub allow_ips: Vec<ipnet::IpNet>,
}

impl From<&Key> for KeyEntry {
    fn from(key: &Key) -> Self {
        let narrowed = !(key.apis.is_empty() && key.operations.is_empty() && key.allow_ips.is_empty());
        Self {
            id: key.id,
            app: key.app,
            public_id: key.public_id,
            digest: key.digest,
            previous: key.previous,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            scope: narrowed.then(|| {
                Box::new(KeyScope {
                    apis: key.apis.clone(),
                    operations: key.operations.clone(),
                    allow_ips: key.allow_ips.clone(),
                })
            }),
        }
    }
}

/// A key as a request carries it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyRef {
    pub(crate) id: KeyId,
    pub(crate) app: AppId,
    pub(crate) scope: Option<Arc<KeyScope>>,
}

/// A key whose secret was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) key: KeyRef,
    pub(crate) revoked_at: Option<Timestamp>,
    /// The end of the key, or of the secret shown if that comes earlier.
    pub(crate) ends_at: Option<Timestamp>,
}

/// Where a key's present secret is recorded: the shard in the low bits, the place in its slab above them.
#[derive(Clone, Copy)]
struct Place(u32);

/// Keys by their public id. Revoked and expired keys stay, so that their use can be told from that of unknown ones.
pub struct Keyring {
    shards: Box<[RwLock<Shard>]>,
    hasher: RandomState,
    /// Also keeps writers apart, so that a key's secrets change together. Requests from outside never take it.
    by_key: Mutex<HashTable<Place>>,
}

impl Default for Keyring {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            hasher: RandomState::default(),
            by_key: Mutex::default(),
        }
    }
}

impl Keyring {
    /// Adds a key or replaces what was known of it. The very next request sees it.
    pub fn put(&self, entry: KeyEntry) {
        let mut by_key = self.writing();
        let (key, app) = (entry.id, entry.app);
        let old = self.secrets(&by_key, key);
        let scope = entry.scope.map(Arc::from);
        let same = |id, digest: &KeyDigest| id == entry.public_id && *digest == entry.digest;
        let previous = entry.previous.filter(|(id, digest, _)| !same(*id, digest));
        let present = Record {
            public_id: entry.public_id,
            digest: entry.digest,
            key,
            app,
            extras: Extras {
                previous: previous.map(|(id, digest, _)| (id, digest)),
                valid_until: None,
                expires_at: entry.expires_at,
                revoked_at: entry.revoked_at,
                scope: scope.clone(),
            }
            .boxed(),
        };
        let place = self.write(present);
        if let Some((public_id, digest, until)) = previous {
            let extras = Extras {
                previous: None,
                valid_until: Some(until),
                expires_at: entry.expires_at,
                revoked_at: entry.revoked_at,
                scope,
            };
            self.write(Record { public_id, digest, key, app, extras: extras.boxed() });
        }
        self.index(&mut by_key, key, place);
        let kept = |id, digest: &KeyDigest| {
            same(id, digest) || previous.is_some_and(|(known, secret, _)| known == id && secret == *digest)
        };
        for (id, digest) in old.into_iter().flatten() {
            if !kept(id, &digest) {
                self.erase(id, &digest, key);
            }
        }
    }

    /// Forgets a key altogether. A revoked key is not removed but put with its `revoked_at`.
    pub fn remove(&self, key: KeyId) {
        self.remove_locked(&mut self.writing(), key);
    }

    fn remove_locked(&self, by_key: &mut HashTable<Place>, key: KeyId) {
        let old = self.secrets(by_key, key);
        if let Ok(found) = by_key.find_entry(self.hasher.hash_one(key), |place| self.key_at(*place) == key) {
            found.remove();
        }
        for (id, digest) in old.into_iter().flatten() {
            self.erase(id, &digest, key);
        }
    }

    /// Forgets the keys of these apps.
    pub fn remove_of(&self, apps: &[AppId]) {
        let mut by_key = self.writing();
        let mut gone = HashSet::<KeyId, RandomState>::default();
        for shard in &self.shards {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            gone.extend(shard.records().filter(|record| apps.contains(&record.app)).map(|record| record.key));
        }
        for key in gone {
            self.remove_locked(&mut by_key, key);
        }
    }

    /// Makes these all the keys there are. Keys that stay are never missing meanwhile.
    pub fn replace_all(&self, entries: impl IntoIterator<Item = KeyEntry>) {
        let mut replacement = self.replacement();
        for entry in entries {
            replacement.put(entry);
        }
        replacement.finish();
    }

    /// Does what [`Self::replace_all`] does, for keys that come bit by bit.
    pub fn replacement(&self) -> Replacement<'_> {
        let by_key = self.writing();
        Replacement { keyring: self, unnamed: by_key.iter().map(|place| self.key_at(*place)).collect() }
    }

    /// How many keys are known.
    pub fn len(&self) -> usize {
        self.writing().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key with this public id and this digest, compared in constant time.
    pub(crate) fn find(&self, id: PublicKeyId, digest: &KeyDigest) -> Option<Found> {
        let hash = self.hasher.hash_one(id);
        let shard = self.shards[shard_of(hash)].read().unwrap_or_else(PoisonError::into_inner);
        shard.find(hash, id, digest).map(Record::found)
    }

    /// The key itself, by its present secret, for whom the house has made sure of.
    pub(crate) fn of_id(&self, key: KeyId) -> Option<Found> {
        let by_key = self.writing();
        let place = by_key.find(self.hasher.hash_one(key), |place| self.key_at(*place) == key)?;
        Some(self.at(*place, Record::found))
    }

    fn writing(&self) -> MutexGuard<'_, HashTable<Place>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a secret down, over what was known of it.
    fn write(&self, record: Record) -> Place {
        let hash = self.hasher.hash_one(record.public_id);
        let number = shard_of(hash);
        let mut shard = self.shards[number].write().unwrap_or_else(PoisonError::into_inner);
        let slot = shard.write(hash, record, |id| self.hasher.hash_one(id));
        Place(slot << SHARD_BITS | number as u32)
    }

    fn erase(&self, id: PublicKeyId, digest: &KeyDigest, key: KeyId) {
        let hash = self.hasher.hash_one(id);
        let mut shard = self.shards[shard_of(hash)].write().unwrap_or_else(PoisonError::into_inner);
        shard.erase(hash, id, digest, key);
    }

    /// Notes where a key's present secret stands.
    fn index(&self, by_key: &mut HashTable<Place>, key: KeyId, place: Place) {
        let hash = self.hasher.hash_one(key);
        match by_key.find_mut(hash, |known| self.key_at(*known) == key) {
            Some(known) => *known = place,
            None => {
                by_key.insert_unique(hash, place, |known| self.hasher.hash_one(self.key_at(*known)));
            }
        }
    }

    /// The present secret of a key and the one before it.
    fn secrets(&self, by_key: &HashTable<Place>, key: KeyId) -> [Option<(PublicKeyId, KeyDigest)>; 2] {
        let found = by_key.find(self.hasher.hash_one(key), |place| self.key_at(*place) == key);
        found.map_or([None, None], |place| {
            self.at(*place, |record| {
                [Some((record.public_id, record.digest)), record.extras.as_ref().and_then(|extras| extras.previous)]
            })
        })
    }

    fn key_at(&self, place: Place) -> KeyId {
        self.at(place, |record| record.key)
    }

    fn at<T>(&self, Place(place): Place, look: impl FnOnce(&Record) -> T) -> T {
        let shard = &self.shards[place as usize % SHARDS];
        look(shard.read().unwrap_or_else(PoisonError::into_inner).at(place >> SHARD_BITS))
    }
}

/// All keys anew, while the old ones go on working. Dropped before [`Self::finish`], it forgets none.
pub struct Replacement<'a> {
    keyring: &'a Keyring,
    /// Known before, and not put since.
    unnamed: HashSet<KeyId, RandomState>,
}

impl Replacement<'_> {
    pub fn put(&mut self, entry: KeyEntry) {
        self.unnamed.remove(&entry.id);
        self.keyring.put(entry);
    }

    /// Forgets the keys that were not put.
    pub fn finish(self) {
        let mut by_key = self.keyring.writing();
        for key in self.unnamed {
            self.keyring.remove_locked(&mut by_key, key);
        }
    }
}

/// Bits that the tables within the shards do not use: they take their places from the low ones and their tags from the
/// highest seven.
fn shard_of(hash: u64) -> usize {
    (hash >> 40) as usize % SHARDS
}
