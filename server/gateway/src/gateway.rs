//! The gateway as the house holds it.
use crate::{
    entrance::Entrance,
    keyring::Keyring,
    limit::Levels,
    listener::{self, Stop},
    peer::Guest,
    policy::cache::Cache,
    settings::GatewaySettings,
    subscriptions::Subscriptions,
    tally::{Latencies, Merged},
    tls::PairError,
    upstream::{endpoint::Known, health},
    worker::{Arriving, Shared, Worker},
    world::{World, WorldError, WorldSpec},
};
use arc_swap::ArcSwap;
use portico_domain::{
    ApiObservation, Clock, InstallationSecret, Observations, Purpose, RefusalCount, RequestRecord, Slug,
    SubscriptionId, Timestamp, UpstreamConnections, UsageBatch,
};
use rand::Rng as _;
use std::{
    collections::BTreeMap,
    io,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::{
    io::DuplexStream,
    runtime,
    sync::{mpsc, oneshot, watch},
};

/// Bytes on their way between a guest and the gateway, in each direction.
const GUEST_BUFFER: usize = 64 * 1024;
/// Names of upstreams that one thread looks up at once.
const RESOLVERS: usize = 8;

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the gateway cannot listen on {address}: {source}. Free the port, or set PORTICO_GATEWAY_LISTEN")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("a thread of the gateway cannot be started: {0}")]
    Thread(io::Error),
    #[error("the gateway's certificates cannot be used: {0}")]
    Certificates(PairError),
}

/// The data plane: its threads, and the handles by which the control plane feeds it and reads it out.
pub struct Gateway {
    shared: Arc<Shared>,
    workers: Vec<Arc<Worker>>,
    local_addr: SocketAddr,
    stop: watch::Sender<Option<Duration>>,
    ended: Mutex<Vec<oneshot::Receiver<()>>>,
}

impl Gateway {
    /// Listens and serves from now on; nothing but 404 until the first [`Self::publish`].
    pub fn start(
        settings: GatewaySettings,
        clock: Arc<dyn Clock>,
        secret: InstallationSecret,
    ) -> Result<Self, StartError> {
        let listen = settings.listen;
        let entrance = Entrance::open(&settings, &clock)?;
        let failed = |source| StartError::Listen { address: listen, source };
        let listeners = listener::bind(listen, settings.threads.get()).map_err(failed)?;
        let local_addr = listeners.first().map_or(Ok(listen), TcpListener::local_addr).map_err(failed)?;
        let pseudonym = format!("1.1 portico-{:016x}", rand::rng().random::<u64>());
        let secure = settings.public_url.scheme() == "https";
        let shared = Arc::new(Shared {
            cache: Arc::new(Cache::new(settings.cache_bytes, Arc::clone(&clock))),
            clock,
            entrance,
            world: ArcSwap::from_pointee(World::empty()),
            keyring: Keyring::default(),
            subscriptions: Subscriptions::default(),
            levels: Levels::default(),
            digester: secret.digester(Purpose::ApiKey),
            known: Known::new(settings.upstream_tls_dir.clone()),
            probes: watch::Sender::default(),
            started: Instant::now(),
            told: format!("via: {pseudonym}\r\n").into_bytes(),
            pseudonym,
            secure,
            stopping: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            connections_refused: AtomicU64::new(0),
            settings,
        });
        let (stop, stopped) = watch::channel(None);
        let mut gateway = Self { shared, workers: Vec::new(), local_addr, stop, ended: Mutex::default() };
        for (number, listener) in listeners.into_iter().enumerate() {
            let (worker, arriving) = Worker::new(Arc::clone(&gateway.shared));
            let (worker, stop) = (Arc::new(worker), stopped.clone());
            let ended = spawn(number, listener, arriving, Arc::clone(&worker), stop).map_err(StartError::Thread)?;
            gateway.workers.push(worker);
            gateway.ended.lock().unwrap_or_else(PoisonError::into_inner).push(ended);
        }
        Ok(gateway)
    }

    /// Where it listens, with the port that was taken for port 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves this from the next request on. A spec that is wrong changes nothing.
    pub fn publish(&self, spec: WorldSpec) -> Result<(), WorldError> {
        let built = World::build(spec, &self.shared.known, &self.shared.levels);
        let outcome = built.map(|world| {
            let probes = world.probes();
            self.shared.world.store(Arc::new(world));
            self.shared.probes.send_if_modified(|known| {
                let is_new = *known != probes;
                *known = probes;
                is_new
            });
        });
        self.shared.known.tidy();
        self.shared.levels.sweep();
        outcome
    }

    /// A connection from within, on which a guest speaks HTTP/1.1 as on any other: its requests pass the whole pipeline,
    /// and count. `None` while there is no room.
    pub fn welcome(&self, guest: Guest) -> Option<DuplexStream> {
        let worker = self.workers.get(rand::rng().random_range(0..self.workers.len()))?;
        let (ours, theirs) = tokio::io::duplex(GUEST_BUFFER);
        worker.door.try_send((theirs, guest)).ok()?;
        Some(ours)
    }

    /// Forgets what is kept of an API's answers, or of those of a path of its document and all paths below it. Answers how
    /// many targets it were.
    pub fn purge_cache(&self, api: &Slug, path: Option<&str>) -> usize {
        self.shared.cache.purge(api, path)
    }

    pub(crate) fn known(&self) -> &Known {
        &self.shared.known
    }

    pub fn keyring(&self) -> &Keyring {
        &self.shared.keyring
    }

    pub fn subscriptions(&self) -> &Subscriptions {
        &self.shared.subscriptions
    }

    /// Goes on counting a quota from what was stored for the period that began then; for the start, before or after the
    /// subscription is put. A count that is higher already stays.
    pub fn restore_quota(&self, subscription: SubscriptionId, period_start: Timestamp, used: u64) {
        self.shared.subscriptions.restore_quota(subscription, period_start, used);
    }

    /// Calls counted against the quota in the period that holds `now`; 0 where nothing is counted.
    pub fn quota_used(&self, subscription: SubscriptionId, now: Timestamp) -> u64 {
        let Some(entry) = self.shared.subscriptions.by_id(subscription) else { return 0 };
        let world = self.shared.world.load();
        let quota = world.plan(&entry.plan).and_then(|plan| plan.plan.quota);
        quota.map_or(0, |quota| entry.counters.used(quota.per, now))
    }

    /// The exact counts since the last call. To be called once a second, and after [`Self::shutdown`].
    pub fn drain_usage(&self) -> UsageBatch {
        let mut merged = Merged::default();
        for worker in &self.workers {
            let counts = worker.tally().take_counts();
            counts.merge_into(&mut merged);
        }
        merged.into()
    }

    /// Requests that ended since the last call, the oldest first. Of very many, some of those that went well and the latest of the others.
    pub fn drain_records(&self) -> Vec<RequestRecord> {
        let taken: Vec<_> = self.workers.iter().map(|worker| worker.tally().take_records()).collect();
        let mut records: Vec<_> = taken.into_iter().flatten().collect();
        records.sort_by_key(|record| record.at);
        records
    }

    /// How it is at this moment.
    pub fn observe(&self) -> Observations {
        let shared = &self.shared;
        let world = shared.world.load();
        let mut observed = Observations {
            snapshot_version: world.version,
            snapshot_age: (world.version > 0).then(|| world.since.elapsed()),
            in_flight: self.workers.iter().map(|worker| worker.in_flight.load(Ordering::Relaxed)).sum(),
            connections: shared.connections.load(Ordering::Relaxed) as u64,
            connections_refused: shared.connections_refused.load(Ordering::Relaxed),
            certificates: shared.entrance.expiries(),
            ..Observations::default()
        };
        let mut latencies: BTreeMap<Slug, Latencies> = BTreeMap::new();
        let mut refusals: BTreeMap<(Option<Slug>, &'static str), u64> = BTreeMap::new();
        let mut upstreams: BTreeMap<Arc<str>, (u64, u64)> = BTreeMap::new();
        let (mut websockets, mut unfit) = (BTreeMap::<Slug, u64>::new(), BTreeMap::<Slug, u64>::new());
        for worker in &self.workers {
            for (api, count) in worker.websockets.counts() {
                *websockets.entry(api).or_default() += count;
            }
            for (name, active, idle) in worker.pool.counts() {
                let counts = upstreams.entry(name).or_default();
                *counts = (counts.0 + active, counts.1 + idle);
            }
            let tally = worker.tally();
            observed.records_dropped += tally.records_dropped;
            for (api, seen) in tally.latencies() {
                latencies.entry(api.clone()).or_default().add(seen);
            }
            for (api, count) in &tally.unfit_answers {
                *unfit.entry(api.clone()).or_default() += count;
            }
            for (place, count) in &tally.refusals {
                *refusals.entry(place.clone()).or_default() += count;
            }
        }
        let upstream =
            |(name, (active, idle)): (Arc<str>, _)| UpstreamConnections { upstream: name.to_string(), active, idle };
        let api = |(api, Latencies { requests, upstream })| ApiObservation { api, requests, upstream };
        observed.upstream_health = shared.known.conditions().iter().map(|condition| condition.observe()).collect();
        observed.retries = shared.known.retries();
        observed.websockets = websockets.into_iter().collect();
        observed.unfit_answers = unfit.into_iter().collect();
        observed.upstreams = upstreams.into_iter().map(upstream).collect();
        observed.apis = latencies.into_iter().map(api).collect();
        observed.refusals =
            refusals.into_iter().map(|((api, code), count)| RefusalCount { api, code, count }).collect();
        observed
    }

    /// Takes no more connections, lets what is under way end until the deadline, and ends its threads.
    pub async fn shutdown(&self, deadline: Duration) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        self.stop.send_replace(Some(deadline));
        let ended = std::mem::take(&mut *self.ended.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in ended {
            let _ = thread.await;
        }
    }
}

#[cfg(test)]
impl Gateway {
    pub(crate) fn a_worker(&self) -> Arc<Worker> {
        Arc::clone(&self.workers[0])
    }
}

impl Drop for Gateway {
    /// Threads end at once if nobody waited for them.
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        self.stop.send_if_modified(|stop| stop.is_none() && stop.replace(Duration::ZERO).is_none());
    }
}

fn spawn(
    number: usize,
    listener: TcpListener,
    arriving: mpsc::Receiver<Arriving>,
    worker: Arc<Worker>,
    stop: Stop,
) -> io::Result<oneshot::Receiver<()>> {
    // Blocking threads only look names up: a resolver that hangs must not gather more of them.
    let runtime = runtime::Builder::new_current_thread().enable_all().max_blocking_threads(RESOLVERS).build()?;
    let (ending, ended) = oneshot::channel();
    thread::Builder::new().name(format!("gateway-{number}")).spawn(move || {
        if number == 0 {
            runtime.spawn(health::run(Arc::clone(&worker), worker.shared.probes.subscribe()));
        }
        if let Err(error) = runtime.block_on(listener::serve(listener, arriving, worker, stop)) {
            tracing::error!(%error, "a thread of the gateway ended");
        }
        // What the deadline cut off is dropped, and thereby counted, before the end is told.
        drop(runtime);
        let _ = ending.send(());
    })?;
    Ok(ended)
}
