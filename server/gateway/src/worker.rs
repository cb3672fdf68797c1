//! What all threads of a gateway share, and what each has for itself.
use crate::{
    dispatch::pool::Pool, entrance::Entrance, keyring::Keyring, settings::GatewaySettings,
    subscriptions::Subscriptions, tally::Tally, world::World,
};
use arc_swap::ArcSwap;
use http::HeaderValue;
use portico_domain::{Clock, Digester};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize},
    },
    time::Instant,
};

pub(crate) struct Shared {
    pub(crate) settings: GatewaySettings,
    pub(crate) entrance: Entrance,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) world: ArcSwap<World>,
    pub(crate) keyring: Keyring,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) digester: Digester,
    pub(crate) tls: Arc<rustls::ClientConfig>,
    /// Limits count in nanoseconds since then, which never jump.
    pub(crate) started: Instant,
    /// By which this gateway recognises a request that it sent itself; goes into `Via`.
    pub(crate) pseudonym: HeaderValue,
    pub(crate) connections: AtomicUsize,
    pub(crate) connections_refused: AtomicU64,
    pub(crate) in_flight: AtomicU64,
}

impl Shared {
    pub(crate) fn monotonic_nanos(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// One thread's own. Others only look at it to read the counts out.
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) pool: Pool,
    tally: Mutex<Tally>,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, pool: Pool::default(), tally: Mutex::default() }
    }
    pub(crate) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
