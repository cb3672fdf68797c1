//! Which app may call which API under which plan, with the counters that belong to each subscription.
use crate::limit::Counters;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use portico_domain::{AppId, Slug, Subscription, SubscriptionId, SubscriptionState, Timestamp};
use std::{
    hash::BuildHasher,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

const SHARDS: usize = 64;

/// A subscription as calls are admitted by it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: SubscriptionId,
    pub(crate) plan: Slug,
    pub(crate) state: SubscriptionState,
    pub(crate) counters: Arc<Counters>,
}

type Shard = RwLock<HashMap<AppId, Vec<(Slug, Arc<Entry>)>, RandomState>>;

/// Subscriptions by app and API.
pub struct Subscriptions {
    shards: Box<[Shard]>,
    hasher: RandomState,
    /// Also keeps writers apart.
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    places: HashMap<SubscriptionId, Place, RandomState>,
    /// Quotas restored before their subscription was put.
    early: HashMap<SubscriptionId, Arc<Counters>, RandomState>,
}

struct Place {
    app: AppId,
    api: Slug,
    counters: Arc<Counters>,
}

impl Default for Subscriptions {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            hasher: RandomState::default(),
            known: Mutex::default(),
        }
    }
}

impl Subscriptions {
    /// Adds a subscription or replaces what was known of it; its counters stay. The very next request sees it.
    pub fn put(&self, subscription: Subscription) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.put_locked(&mut known, subscription);
    }

    fn put_locked(&self, known: &mut Known, subscription: Subscription) {
        let Subscription { id, app, api, plan, state, .. } = subscription;
        let old = known.places.remove(&id);
        if let Some(old) = &old
            && (old.app != app || old.api != api)
        {
            self.detach(id, old);
        }
        let counters = old.map(|old| old.counters).or_else(|| known.early.remove(&id)).unwrap_or_default();
        known.places.insert(id, Place { app, api: api.clone(), counters: Arc::clone(&counters) });
        let entry = Arc::new(Entry { id, plan, state, counters });
        let mut shard = self.shard(app).write().unwrap_or_else(PoisonError::into_inner);
        let entries = shard.entry(app).or_default();
        match entries.iter_mut().find(|(known, _)| *known == api) {
            Some(place) => place.1 = entry,
            None => entries.push((api, entry)),
        }
    }

    /// Ends a subscription; the very next request is refused.
    pub fn remove(&self, id: SubscriptionId) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.early.remove(&id);
        if let Some(place) = known.places.remove(&id) {
            self.detach(id, &place);
        }
    }

    /// Makes these all the subscriptions there are. Those that stay keep their counters and are never missing meanwhile.
    pub fn replace_all(&self, subscriptions: impl IntoIterator<Item = Subscription>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone: HashSet<_, RandomState> = known.places.keys().copied().collect();
        for subscription in subscriptions {
            gone.remove(&subscription.id);
            self.put_locked(&mut known, subscription);
        }
        for id in gone {
            if let Some(place) = known.places.remove(&id) {
                self.detach(id, &place);
            }
        }
    }

    /// How many subscriptions are known.
    pub fn len(&self) -> usize {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn find(&self, app: AppId, api: &Slug) -> Option<Arc<Entry>> {
        let shard = self.shard(app).read().unwrap_or_else(PoisonError::into_inner);
        shard.get(&app)?.iter().find(|(known, _)| known == api).map(|(_, entry)| Arc::clone(entry))
    }

    /// Goes on counting from what was stored of a period; the subscription may be put later.
    pub(crate) fn restore_quota(&self, id: SubscriptionId, start: Timestamp, used: u64) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let counters = match known.places.get(&id) {
            Some(place) => Arc::clone(&place.counters),
            None => Arc::clone(known.early.entry(id).or_default()),
        };
        counters.restore(start, used);
    }

    pub(crate) fn by_id(&self, id: SubscriptionId) -> Option<Arc<Entry>> {
        let (app, api) = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let place = known.places.get(&id)?;
            (place.app, place.api.clone())
        };
        self.find(app, &api).filter(|entry| entry.id == id)
    }

    fn detach(&self, id: SubscriptionId, place: &Place) {
        let mut shard = self.shard(place.app).write().unwrap_or_else(PoisonError::into_inner);
        if let Some(entries) = shard.get_mut(&place.app) {
            entries.retain(|(_, entry)| entry.id != id);
            if entries.is_empty() {
                shard.remove(&place.app);
            }
        }
    }

    fn shard(&self, app: AppId) -> &Shard {
        // Bits of the hash that the maps within do not choose their places by.
        &self.shards[(self.hasher.hash_one(app) >> 40) as usize % SHARDS]
    }
}
