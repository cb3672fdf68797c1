//! Callers that want the same answer at the same time wait for the one that fetches it.
use super::store::Kept;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use portico_domain::Timestamp;
use std::{
    hash::BuildHasher as _,
    iter,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{sync::watch, time::timeout};

/// Waiting callers of one flight; further ones go on their own.
const MAX_WAITING: usize = 1_024;
/// For so long nobody waits for an answer whose like could not be kept.
const REMEMBERED_SECONDS: u32 = 10;
/// Keys share these by hash: at worst somebody goes alone who could have waited.
const MEMORY_SLOTS: usize = 4_096;

/// The fetches that are under way on this node.
pub(crate) struct Flights {
    under_way: Mutex<HashMap<Box<[u8]>, Arc<Flight>, RandomState>>,
    /// Keys whose answers cannot be kept, as the upper half of their hash and the second until which that is believed.
    loners: Box<[AtomicU64]>,
    hasher: RandomState,
}

struct Flight {
    state: watch::Sender<State>,
    waiting: AtomicUsize,
}

#[derive(Clone)]
enum State {
    UnderWay,
    Landed(Arc<Kept>),
    /// The answer is for its caller alone.
    Private,
    /// Whoever fetched it has gone.
    Abandoned,
}

pub(crate) enum Joined {
    /// Fetch it for all.
    Lead(Lead),
    Wait(Wait),
    /// Fetch it for this caller.
    Alone,
}

/// The duty to tell those who wait; dropping it hands it over to one of them.
pub(crate) struct Lead {
    flights: Arc<Flights>,
    key: Box<[u8]>,
    flight: Arc<Flight>,
}

pub(crate) struct Wait {
    flight: Arc<Flight>,
    state: watch::Receiver<State>,
}

/// What waiting brought.
pub(crate) enum Waited {
    Kept(Arc<Kept>),
    /// Look again: nobody fetches it now.
    Again,
    Alone,
}

impl Default for Flights {
    fn default() -> Self {
        Self {
            under_way: Mutex::default(),
            loners: iter::repeat_with(AtomicU64::default).take(MEMORY_SLOTS).collect(),
            hasher: RandomState::default(),
        }
    }
}

impl Flights {
    pub(crate) fn join(self: &Arc<Self>, key: &[u8], now: Timestamp) -> Joined {
        if self.is_lonely(key, now) {
            return Joined::Alone;
        }
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = under_way.get(key) {
            if flight.waiting.fetch_add(1, Ordering::Relaxed) >= MAX_WAITING {
                flight.waiting.fetch_sub(1, Ordering::Relaxed);
                return Joined::Alone;
            }
            return Joined::Wait(Wait { state: flight.state.subscribe(), flight: Arc::clone(flight) });
        }
        let flight = Arc::new(Flight { state: watch::Sender::new(State::UnderWay), waiting: AtomicUsize::new(0) });
        under_way.insert(key.into(), Arc::clone(&flight));
        Joined::Lead(Lead { flights: Arc::clone(self), key: key.into(), flight })
    }

    fn is_lonely(&self, key: &[u8], now: Timestamp) -> bool {
        let hash = self.hasher.hash_one(key);
        let remembered = self.loners[hash as usize % MEMORY_SLOTS].load(Ordering::Relaxed);
        remembered >> 32 == hash >> 32 && remembered as u32 > now.seconds() as u32
    }

    fn remember(&self, key: &[u8], now: Timestamp) {
        let hash = self.hasher.hash_one(key);
        let until = u64::from((now.seconds() as u32).saturating_add(REMEMBERED_SECONDS));
        self.loners[hash as usize % MEMORY_SLOTS].store(hash >> 32 << 32 | until, Ordering::Relaxed);
    }
}

impl Lead {
    pub(crate) fn land(self, kept: Arc<Kept>) {
        self.tell(State::Landed(kept));
    }

    /// The answer cannot be kept: everybody goes on alone.
    pub(crate) fn release(self) {
        self.tell(State::Private);
    }

    /// Nor will the next one be: for a while nobody waits for its like.
    pub(crate) fn release_for_long(self, now: Timestamp) {
        self.flights.remember(&self.key, now);
        self.release();
    }

    /// The first word counts.
    fn tell(&self, state: State) {
        // Who comes from now on begins anew.
        let mut under_way = self.flights.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if under_way.get(&self.key).is_some_and(|flight| Arc::ptr_eq(flight, &self.flight)) {
            under_way.remove(&self.key);
        }
        drop(under_way);
        self.flight.state.send_if_modified(|current| {
            let first = matches!(current, State::UnderWay);
            if first {
                *current = state;
            }
            first
        });
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.tell(State::Abandoned);
    }
}

impl Wait {
    /// Not longer than this.
    pub(crate) async fn landing(mut self, patience: Duration) -> Waited {
        let told = timeout(patience, self.state.wait_for(|state| !matches!(state, State::UnderWay))).await;
        match told {
            Ok(Ok(state)) => match &*state {
                State::Landed(kept) => Waited::Kept(Arc::clone(kept)),
                State::Abandoned => Waited::Again,
                State::UnderWay | State::Private => Waited::Alone,
            },
            Ok(Err(_)) | Err(_) => Waited::Alone,
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.flight.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        message::fields::Fields,
        policy::cache::{control::AnswerControl, freshness::Freshness, store::Selection},
    };

    const LONG: Duration = Duration::from_mins(1);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    fn lead(flights: &Arc<Flights>) -> Lead {
        match flights.join(b"key", at(0)) {
            Joined::Lead(lead) => lead,
            _ => panic!("somebody leads already"),
        }
    }

    fn wait(flights: &Arc<Flights>) -> Wait {
        match flights.join(b"key", at(0)) {
            Joined::Wait(wait) => wait,
            _ => panic!("nobody leads"),
        }
    }

    fn kept() -> Arc<Kept> {
        let fields = Fields::new();
        let control = AnswerControl::default();
        Arc::new(Kept {
            status: http::StatusCode::OK,
            body: bytes::Bytes::from_static(b"body"),
            control,
            freshness: Freshness::of(&fields, control, 5, at(0), at(0)).unwrap(),
            vary: Selection::of(&[], &fields, &fields).unwrap(),
            fields,
            number: 1,
        })
    }

    #[tokio::test]
    async fn all_who_wait_get_the_answer() {
        let flights = Arc::new(Flights::default());
        let lead = lead(&flights);
        let waits: Vec<_> = (0..5).map(|_| wait(&flights)).collect();
        assert!(matches!(flights.join(b"other", at(0)), Joined::Lead(_)));
        lead.land(kept());
        for wait in waits {
            assert!(matches!(wait.landing(LONG).await, Waited::Kept(kept) if &kept.body[..] == b"body"));
        }
        assert!(matches!(flights.join(b"key", at(0)), Joined::Lead(_)));
        assert!(flights.under_way.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn one_of_those_who_wait_takes_over() {
        let flights = Arc::new(Flights::default());
        let first = lead(&flights);
        let (one, two) = (wait(&flights), wait(&flights));
        drop(first);
        assert!(matches!(one.landing(LONG).await, Waited::Again));
        let second = lead(&flights);
        assert!(matches!(two.landing(LONG).await, Waited::Again));
        let three = wait(&flights);
        second.land(kept());
        assert!(matches!(three.landing(LONG).await, Waited::Kept(_)));
    }

    #[tokio::test]
    async fn nobody_waits_for_what_cannot_be_kept() {
        let flights = Arc::new(Flights::default());
        let lead = lead(&flights);
        let wait = wait(&flights);
        lead.release_for_long(at(0));
        assert!(matches!(wait.landing(LONG).await, Waited::Alone));
        assert!(matches!(flights.join(b"key", at(9)), Joined::Alone));
        assert!(matches!(flights.join(b"other", at(9)), Joined::Lead(_)));
        assert!(matches!(flights.join(b"key", at(10)), Joined::Lead(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn patience_and_places_are_bounded() {
        let flights = Arc::new(Flights::default());
        let _lead = lead(&flights);
        let mut waits: Vec<_> = (0..MAX_WAITING).map(|_| wait(&flights)).collect();
        assert!(matches!(flights.join(b"key", at(0)), Joined::Alone));
        let last = waits.pop().unwrap();
        assert!(matches!(last.landing(LONG).await, Waited::Alone));
        assert!(matches!(flights.join(b"key", at(0)), Joined::Wait(_)));
    }
}
