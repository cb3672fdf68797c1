//! All keys this installation knows, by their public id. It stands beside the World because keys change one by one.
use portico_domain::{AppId, Key, KeyDigest, KeyId, PublicKeyId, Slug, Timestamp};
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

const SHARDS: usize = 64;

/// A key as the gateway checks it.
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
    /// What narrows the key, if anything does: most keys have none of it, and there may be millions.
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

impl KeyEntry {
    fn public_ids(&self) -> impl Iterator<Item = PublicKeyId> {
        let previous = self.previous.map(|(id, _, _)| id).filter(|id| *id != self.public_id);
        std::iter::once(self.public_id).chain(previous)
    }

    /// Which of its secrets a digest belongs to.
    fn secret(&self, digest: &KeyDigest) -> Option<Secret> {
        if self.digest == *digest {
            return Some(Secret::Present);
        }
        self.previous.filter(|(_, known, _)| known == digest).map(|(_, _, until)| Secret::Previous(until))
    }
}

/// The secret by which a key was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    Present,
    /// Before the last rotation; valid until then.
    Previous(Timestamp),
}

/// Public ids are short and random, and those of imported keys come from a digest: two may be equal by chance.
enum Holders {
    One(Arc<KeyEntry>),
    Several(Box<[Arc<KeyEntry>]>),
}

impl Holders {
    fn iter(&self) -> impl Iterator<Item = &Arc<KeyEntry>> {
        match self {
            Self::One(entry) => std::slice::from_ref(entry).iter(),
            Self::Several(entries) => entries.iter(),
        }
    }
}

type Shard = RwLock<HashMap<PublicKeyId, Holders>>;

/// Keys by their public id. Revoked and expired keys stay, so that their use can be told from that of unknown ones.
pub struct Keyring {
    shards: Box<[Shard]>,
    hasher: RandomState,
    /// Also keeps writers apart, so that a key's ids change together.
    by_key: Mutex<HashMap<KeyId, Arc<KeyEntry>>>,
}

impl Default for Keyring {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            hasher: RandomState::new(),
            by_key: Mutex::default(),
        }
    }
}

impl Keyring {
    /// Adds a key or replaces what was known of it. The very next request sees it.
    pub fn put(&self, entry: KeyEntry) {
        let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        self.put_locked(&mut by_key, Arc::new(entry));
    }

    fn put_locked(&self, by_key: &mut HashMap<KeyId, Arc<KeyEntry>>, entry: Arc<KeyEntry>) {
        let old = by_key.insert(entry.id, Arc::clone(&entry));
        for id in entry.public_ids() {
            self.attach(id, &entry);
        }
        for id in old.iter().flat_map(|old| old.public_ids()) {
            if entry.public_ids().all(|kept| kept != id) {
                self.detach(id, entry.id);
            }
        }
    }

    /// Forgets a key altogether. A revoked key is not removed but put with its `revoked_at`.
    pub fn remove(&self, key: KeyId) {
        let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        for id in by_key.remove(&key).iter().flat_map(|old| old.public_ids()) {
            self.detach(id, key);
        }
    }

    /// Makes these all the keys there are. Keys that stay are never missing meanwhile.
    pub fn replace_all(&self, entries: impl IntoIterator<Item = KeyEntry>) {
        let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone = std::mem::take(&mut *by_key);
        for entry in entries {
            let entry = Arc::new(entry);
            if let Some(old) = gone.remove(&entry.id) {
                by_key.insert(old.id, old);
            }
            self.put_locked(&mut by_key, entry);
        }
        for (key, old) in gone {
            for id in old.public_ids() {
                self.detach(id, key);
            }
        }
    }

    /// How many keys are known.
    pub fn len(&self) -> usize {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key with this public id and this digest, compared in constant time.
    pub(crate) fn find(&self, id: PublicKeyId, digest: &KeyDigest) -> Option<(Arc<KeyEntry>, Secret)> {
        let shard = self.shard(id).read().unwrap_or_else(PoisonError::into_inner);
        shard.get(&id)?.iter().find_map(|entry| Some((Arc::clone(entry), entry.secret(digest)?)))
    }

    fn attach(&self, id: PublicKeyId, entry: &Arc<KeyEntry>) {
        let mut shard = self.shard(id).write().unwrap_or_else(PoisonError::into_inner);
        let others: Vec<_> = match shard.get(&id) {
            Some(holders) => holders.iter().filter(|other| other.id != entry.id).cloned().collect(),
            None => Vec::new(),
        };
        let holders = if others.is_empty() {
            Holders::One(Arc::clone(entry))
        } else {
            Holders::Several(others.into_iter().chain([Arc::clone(entry)]).collect())
        };
        shard.insert(id, holders);
    }

    fn detach(&self, id: PublicKeyId, key: KeyId) {
        let mut shard = self.shard(id).write().unwrap_or_else(PoisonError::into_inner);
        let Some(holders) = shard.get(&id) else { return };
        let mut others: Vec<_> = holders.iter().filter(|other| other.id != key).cloned().collect();
        match (others.pop(), others.is_empty()) {
            (None, _) => shard.remove(&id),
            (Some(last), true) => shard.insert(id, Holders::One(last)),
            (Some(last), false) => {
                others.push(last);
                shard.insert(id, Holders::Several(others.into()))
            }
        };
    }

    fn shard(&self, id: PublicKeyId) -> &Shard {
        &self.shards[self.hasher.hash_one(id) as usize % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_domain::MockClock;

    fn entry(public_id: &str, digest: u8) -> KeyEntry {
        let clock = MockClock::at(Timestamp::from_micros(1));
        KeyEntry {
            id: KeyId::new(&clock),
            app: AppId::new(&clock),
            public_id: public_id.parse().unwrap(),
            digest: KeyDigest([digest; 32]),
            previous: None,
            expires_at: None,
            revoked_at: None,
            scope: None,
        }
    }

    fn finds(keyring: &Keyring, id: &str, digest: u8) -> Option<KeyId> {
        keyring.find(id.parse().unwrap(), &KeyDigest([digest; 32])).map(|(entry, _)| entry.id)
    }

    #[test]
    fn a_key_is_found_by_both_its_secrets_until_it_is_put_without_the_old_one() {
        let keyring = Keyring::default();
        let mut key = entry("aaaaaaaa", 1);
        key.previous = Some(("bbbbbbbb".parse().unwrap(), KeyDigest([2; 32]), Timestamp::from_micros(9)));
        keyring.put(key.clone());
        assert_eq!(finds(&keyring, "aaaaaaaa", 1), Some(key.id));
        assert_eq!(finds(&keyring, "bbbbbbbb", 2), Some(key.id));
        assert_eq!(finds(&keyring, "aaaaaaaa", 3), None);
        key.previous = None;
        keyring.put(key.clone());
        assert_eq!(finds(&keyring, "bbbbbbbb", 2), None);
        keyring.remove(key.id);
        assert_eq!(finds(&keyring, "aaaaaaaa", 1), None);
        assert!(keyring.is_empty());
    }

    #[test]
    fn two_keys_may_share_a_public_id() {
        let keyring = Keyring::default();
        let (one, two, three) = (entry("aaaaaaaa", 1), entry("aaaaaaaa", 2), entry("aaaaaaaa", 3));
        for key in [&one, &two, &three] {
            keyring.put(key.clone());
        }
        assert_eq!(finds(&keyring, "aaaaaaaa", 1), Some(one.id));
        assert_eq!(finds(&keyring, "aaaaaaaa", 2), Some(two.id));
        keyring.remove(one.id);
        keyring.remove(three.id);
        assert_eq!(finds(&keyring, "aaaaaaaa", 1), None);
        assert_eq!(finds(&keyring, "aaaaaaaa", 2), Some(two.id));
    }

    #[test]
    fn replacing_all_forgets_what_is_not_named() {
        let keyring = Keyring::default();
        let (one, two) = (entry("aaaaaaaa", 1), entry("bbbbbbbb", 2));
        keyring.put(one.clone());
        keyring.replace_all([two.clone()]);
        assert_eq!(finds(&keyring, "aaaaaaaa", 1), None);
        assert_eq!(finds(&keyring, "bbbbbbbb", 2), Some(two.id));
        assert_eq!(keyring.len(), 1);
    }
}
