//! One thread's connections to upstreams: the last one used is the first one taken, since it is the least likely to be
//! closed at the other end.
use super::upload::{Progress, State, Upload};
use crate::worker::Worker;
use hyper::client::conn::http1::SendRequest;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// Idle connections kept to one upstream.
const MAX_IDLE: usize = 512;
/// Common servers close theirs after 60 to 75 seconds: stay below.
const MAX_IDLE_TIME: Duration = Duration::from_secs(55);

#[derive(Default)]
pub(crate) struct Pool(Mutex<HashMap<Arc<str>, Host>>);

#[derive(Default)]
struct Host {
    idle: Vec<Idle>,
    open: Arc<AtomicUsize>,
}

struct Idle {
    sender: SendRequest<Upload>,
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
    fn hosts(&self) -> MutexGuard<'_, HashMap<Arc<str>, Host>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that looks alive.
    pub(crate) fn take(&self, endpoint: &str) -> Option<SendRequest<Upload>> {
        let mut hosts = self.hosts();
        let idle = &mut hosts.get_mut(endpoint)?.idle;
        while let Some(Idle { sender, since }) = idle.pop() {
            if !sender.is_closed() && since.elapsed() < MAX_IDLE_TIME {
                return Some(sender);
            }
        }
        None
    }

    /// Notes a connection that was opened.
    pub(crate) fn opened(&self, endpoint: &Arc<str>) -> Open {
        let open = Arc::clone(&self.hosts().entry(Arc::clone(endpoint)).or_default().open);
        open.fetch_add(1, Ordering::Relaxed);
        Open(open)
    }

    /// Closes what idled too long, and forgets upstreams without connections.
    pub(crate) fn sweep(&self) {
        self.hosts().retain(|_, host| {
            host.idle.retain(|idle| !idle.sender.is_closed() && idle.since.elapsed() < MAX_IDLE_TIME);
            !host.idle.is_empty() || host.open.load(Ordering::Relaxed) > 0
        });
    }

    /// Closes all that idle.
    pub(crate) fn clear(&self) {
        self.hosts().clear();
    }

    /// Per upstream: connections in use, and idle ones.
    pub(crate) fn counts(&self) -> Vec<(Arc<str>, u64, u64)> {
        let count = |(name, host): (&Arc<str>, &Host)| {
            let idle = host.idle.iter().filter(|idle| !idle.sender.is_closed()).count();
            let active = host.open.load(Ordering::Relaxed).saturating_sub(idle);
            (Arc::clone(name), active as u64, idle as u64)
        };
        self.hosts().iter().map(count).collect()
    }
}

/// A connection in use. Dropping it closes the connection; giving it back keeps it.
pub(crate) struct Lease {
    pub(crate) worker: Arc<Worker>,
    pub(crate) endpoint: Arc<str>,
    pub(crate) sender: SendRequest<Upload>,
    pub(crate) upload: Option<Arc<Progress>>,
}

impl Lease {
    pub(crate) fn give_back(self) {
        // An answer that came before the whole request was sent leaves the connection in the middle of it.
        if self.upload.is_some_and(|upload| upload.state() != State::Finished) || self.sender.is_closed() {
            return;
        }
        let mut hosts = self.worker.pool.hosts();
        let idle = &mut hosts.entry(self.endpoint).or_default().idle;
        if idle.len() < MAX_IDLE {
            idle.push(Idle { sender: self.sender, since: Instant::now() });
        }
    }
}
