//! What all threads of a gateway share, and what each has for itself.
use crate::{
    entrance::Entrance,
    keyring::Keyring,
    limit::Levels,
    peer::Guest,
    policy::{cache::Cache, shadow::Places},
    settings::GatewaySettings,
    subscriptions::Subscriptions,
    tally::Tally,
    upstream::{
        endpoint::Known,
        health::Probe,
        http2::Lines,
        names::{self, Names},
        pool::Pool,
    },
    websocket::OpenSockets,
    world::World,
};
use arc_swap::ArcSwap;
use portico_domain::{Clock, Digester, Timestamp};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize},
    },
    time::{Duration, Instant, SystemTime},
};
use tokio::{
    io::DuplexStream,
    sync::{mpsc, watch},
};

/// Guests that were brought in and not yet taken.
const AT_THE_DOOR: usize = 64;

pub(crate) struct Shared {
    pub(crate) settings: GatewaySettings,
    pub(crate) entrance: Entrance,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) world: ArcSwap<World>,
    pub(crate) cache: Arc<Cache>,
    pub(crate) keyring: Keyring,
    pub(crate) subscriptions: Subscriptions,
    /// What is counted for APIs and operations, whichever World they stand in.
    pub(crate) levels: Levels,
    pub(crate) digester: Digester,
    /// What is known of upstreams, whichever Worlds come and go.
    pub(crate) known: Known,
    /// Upstreams to be asked whether they are well.
    pub(crate) probes: watch::Sender<Vec<Probe>>,
    /// Limits count in nanoseconds since then, which never jump.
    pub(crate) started: Instant,
    /// By which this gateway recognises a request that it sent itself; goes into `Via`.
    pub(crate) pseudonym: String,
    /// Whether clients reach it by TLS, as its public address says.
    pub(crate) secure: bool,
    /// Fields that every upstream is told.
    pub(crate) told: Vec<u8>,
    /// Whether connections are to end after their present requests.
    pub(crate) stopping: AtomicBool,
    pub(crate) connections: AtomicUsize,
    pub(crate) connections_refused: AtomicU64,
}

impl Shared {
    pub(crate) fn monotonic_nanos(&self) -> u64 {
        self.nanos_at(Instant::now())
    }

    /// The same of a moment that was taken before.
    pub(crate) fn nanos_at(&self, moment: Instant) -> u64 {
        u64::try_from(moment.saturating_duration_since(self.started).as_nanos()).unwrap_or(u64::MAX)
    }
}

/// A guest, and the other end of its connection.
pub(crate) type Arriving = (DuplexStream, Guest);

/// One thread's own. Others only look at it to read the counts out.
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    /// To upstreams, for HTTP/1.1.
    pub(crate) pool: Pool,
    /// And for HTTP/2.
    pub(crate) lines: Lines,
    pub(crate) names: Names,
    /// For copies of calls.
    pub(crate) shadows: Places,
    pub(crate) websockets: OpenSockets,
    /// Where the house brings its guests in.
    pub(crate) door: mpsc::Sender<Arriving>,
    /// Requests that are not settled yet.
    pub(crate) in_flight: AtomicU64,
    tally: Mutex<Tally>,
    date: Mutex<Date>,
}

/// The `Date` line of the present second.
#[derive(Default)]
struct Date {
    second: i64,
    line: Vec<u8>,
}

impl Worker {
    /// And where its guests arrive.
    pub(crate) fn new(shared: Arc<Shared>) -> (Self, mpsc::Receiver<Arriving>) {
        let (door, arriving) = mpsc::channel(AT_THE_DOOR);
        let worker = Self {
            shared,
            door,
            pool: Pool::default(),
            lines: Lines::default(),
            names: Names::new(names::system()),
            shadows: Places::default(),
            websockets: OpenSockets::default(),
            in_flight: AtomicU64::new(0),
            tally: Mutex::default(),
            date: Mutex::default(),
        };
        (worker, arriving)
    }

    pub(crate) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets go of what was not used lately. To be called every few seconds.
    pub(crate) fn sweep(&self) {
        self.pool.sweep();
        self.lines.sweep();
        self.names.sweep();
    }

    /// Closes connections to upstreams as soon as nothing is under way on them.
    pub(crate) fn hang_up(&self) {
        self.pool.clear();
        self.lines.clear();
    }

    /// Writes the `Date` field (RFC 9110 6.6.1) for an answer whose maker wrote none; of now, where no time is given.
    pub(crate) fn write_date(&self, at: Option<Timestamp>, head: &mut Vec<u8>) {
        let second = at.unwrap_or_else(|| self.shared.clock.now()).seconds();
        let mut date = self.date.lock().unwrap_or_else(PoisonError::into_inner);
        if date.second != second || date.line.is_empty() {
            date.second = second;
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(second.unsigned_abs());
            date.line = format!("date: {}\r\n", httpdate::fmt_http_date(at)).into_bytes();
        }
        head.extend_from_slice(&date.line);
    }
}
