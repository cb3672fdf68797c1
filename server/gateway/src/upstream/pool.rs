//! One thread's connections to upstreams: the last one used is the first one taken, since it is the least likely to be
//! closed at the other end.
use super::{condition::Load, endpoint::Endpoint};
use crate::{http1::Connection, worker::Worker};
use foldhash::fast::FixedState;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    task::Context,
    time::{Duration, Instant},
};

/// Idle connections kept to one upstream.
const MAX_IDLE: usize = 512;
/// Common servers close theirs after 60 to 75 seconds: stay below.
const MAX_IDLE_TIME: Duration = Duration::from_secs(55);
/// Older ones are not used again, so that a name that has moved is followed.
const MAX_AGE: Duration = Duration::from_mins(5);

/// By the endpoint's id.
#[derive(Default)]
pub(crate) struct Pool(Mutex<HashMap<u64, Host, FixedState>>);

struct Host {
    name: Arc<str>,
    /// Gone when no World has it any more.
    endpoint: Weak<Endpoint>,
    idle: Vec<Idle>,
    open: Arc<AtomicUsize>,
}

struct Idle {
    connection: Box<Connection>,
    since: Instant,
}

/// Counts an open connection until it is dropped.
pub(crate) struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    fn hosts(&self) -> MutexGuard<'_, HashMap<u64, Host, FixedState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that looks alive.
    pub(crate) fn take(&self, endpoint: &Endpoint, now: Instant, cx: &mut Context<'_>) -> Option<Box<Connection>> {
        let mut hosts = self.hosts();
        let idle = &mut hosts.get_mut(&endpoint.id)?.idle;
        while let Some(Idle { mut connection, since }) = idle.pop() {
            let (idle_time, age) = (now.saturating_duration_since(since), connection.age(now));
            if idle_time < MAX_IDLE_TIME && age < MAX_AGE && connection.is_alive(cx) {
                return Some(connection);
            }
        }
        None
    }

    /// Notes a connection that was opened.
    pub(crate) fn opened(&self, endpoint: &Arc<Endpoint>) -> Open {
        let mut hosts = self.hosts();
        let host = hosts.entry(endpoint.id).or_insert_with(|| Host {
            name: Arc::clone(&endpoint.name),
            endpoint: Arc::downgrade(endpoint),
            idle: Vec::new(),
            open: Arc::default(),
        });
        let open = Arc::clone(&host.open);
        open.fetch_add(1, Ordering::Relaxed);
        Open(open)
    }

    /// Closes what idled too long, and forgets upstreams without connections.
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        self.hosts().retain(|_, host| {
            let is_served = host.endpoint.strong_count() > 0;
            let is_good = |idle: &Idle| now - idle.since < MAX_IDLE_TIME && idle.connection.age(now) < MAX_AGE;
            host.idle.retain(|idle| is_served && is_good(idle));
            !host.idle.is_empty() || host.open.load(Ordering::Relaxed) > 0
        });
    }

    /// Closes all that idle.
    pub(crate) fn clear(&self) {
        self.hosts().clear();
    }

    /// Per upstream: connections in use, and idle ones.
    pub(crate) fn counts(&self) -> Vec<(Arc<str>, u64, u64)> {
        let count = |host: &Host| {
            let idle = host.idle.len();
            let active = host.open.load(Ordering::Relaxed).saturating_sub(idle);
            (Arc::clone(&host.name), active as u64, idle as u64)
        };
        self.hosts().values().map(count).collect()
    }
}

/// Where a connection goes back to when it has done its work.
pub(crate) struct Home {
    pub(crate) worker: Arc<Worker>,
    /// About now, without a look at the clock: when its last request began.
    pub(crate) since: Instant,
    /// The endpoint's id.
    pub(crate) endpoint: u64,
    /// Held until the answer's end.
    pub(crate) load: Load,
}

impl Home {
    pub(crate) fn take_back(&self, connection: Box<Connection>) {
        let mut hosts = self.worker.pool.hosts();
        let Some(Host { idle, .. }) = hosts.get_mut(&self.endpoint) else { return };
        if idle.len() < MAX_IDLE {
            idle.push(Idle { connection, since: self.since });
        }
    }
}
