//! One part of the keyring: a slab of records and the table by which they are found.
use super::{Found, KeyRef, KeyScope};
use hashbrown::HashTable;
use portico_domain::{AppId, KeyDigest, KeyId, PublicKeyId, Timestamp};
use std::sync::Arc;

/// One secret of a key. A rotated key has two while the old one is valid.
pub(super) struct Record {
    pub(super) public_id: PublicKeyId,
    pub(super) digest: KeyDigest,
    pub(super) key: KeyId,
    pub(super) app: AppId,
    pub(super) extras: Option<Box<Extras>>,
}

/// What few keys have.
#[derive(Default)]
pub(super) struct Extras {
    /// The secret before this one, recorded beside it.
    pub(super) previous: Option<(PublicKeyId, KeyDigest)>,
    /// The end of this secret, where a newer one stands beside it.
    pub(super) valid_until: Option<Timestamp>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) revoked_at: Option<Timestamp>,
    pub(super) scope: Option<Arc<KeyScope>>,
}

impl Extras {
    /// `None` when there is nothing in it.
    pub(super) fn boxed(self) -> Option<Box<Self>> {
        let Self { previous: None, valid_until: None, expires_at: None, revoked_at: None, scope: None } = self else {
            return Some(Box::new(self));
        };
        None
    }
}

impl Record {
    pub(super) fn found(&self) -> Found {
        let bare = KeyRef { id: self.key, app: self.app, scope: None };
        match &self.extras {
            None => Found { key: bare, revoked_at: None, ends_at: None },
            Some(extras) => Found {
                key: KeyRef { scope: extras.scope.clone(), ..bare },
                revoked_at: extras.revoked_at,
                ends_at: extras.expires_at.into_iter().chain(extras.valid_until).min(),
            },
        }
    }
}

#[derive(Default)]
pub(super) struct Shard {
    slab: Vec<Record>,
    /// Slots of the slab, by the hash of their public id. Public ids are short and random, and those of imported keys
    /// come from a digest: two may be equal by chance.
    table: HashTable<u32>,
    vacant: Vec<u32>,
}

impl Shard {
    pub(super) fn at(&self, slot: u32) -> &Record {
        &self.slab[slot as usize]
    }

    /// All secrets, in no order.
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        self.table.iter().map(|slot| self.at(*slot))
    }

    pub(super) fn find(&self, hash: u64, id: PublicKeyId, digest: &KeyDigest) -> Option<&Record> {
        let slot = self.table.find(hash, |slot| {
            let record = self.at(*slot);
            record.public_id == id && record.digest == *digest
        });
        slot.map(|slot| self.at(*slot))
    }

    /// Writes a secret down, over what was known of it, and tells its slot. `hash` is that of its public id.
    pub(super) fn write(&mut self, hash: u64, record: Record, hasher: impl Fn(PublicKeyId) -> u64) -> u32 {
        if let Some(slot) = self.slot(hash, record.public_id, &record.digest, record.key) {
            self.slab[slot as usize] = record;
            return slot;
        }
        let slot = if let Some(slot) = self.vacant.pop() {
            self.slab[slot as usize] = record;
            slot
        } else {
            if self.slab.len() == self.slab.capacity() {
                // By a quarter rather than by all of it: half-empty slabs would be most of what a key takes.
                self.slab.reserve_exact(self.slab.len() / 4 + 4);
            }
            self.slab.push(record);
            self.slab.len() as u32 - 1
        };
        let slab = &self.slab;
        self.table.insert_unique(hash, slot, |slot| hasher(slab[*slot as usize].public_id));
        slot
    }

    pub(super) fn erase(&mut self, hash: u64, id: PublicKeyId, digest: &KeyDigest, key: KeyId) {
        let Some(slot) = self.slot(hash, id, digest, key) else { return };
        if let Ok(entry) = self.table.find_entry(hash, |known| *known == slot) {
            entry.remove();
        }
        let record = &mut self.slab[slot as usize];
        (record.digest, record.extras) = (KeyDigest([0; 32]), None);
        self.vacant.push(slot);
    }

    fn slot(&self, hash: u64, id: PublicKeyId, digest: &KeyDigest, key: KeyId) -> Option<u32> {
        let same = |slot: &u32| {
            let record = self.at(*slot);
            record.key == key && record.public_id == id && record.digest == *digest
        };
        self.table.find(hash, same).copied()
    }
}
