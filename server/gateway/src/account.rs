//! The last phase, which always runs: one account per request, settled when its answer has ended or its client has gone.
use crate::{
    after::Standing,
    closing::Closing,
    keyring::KeyRef,
    limit::Places,
    message::Request,
    refusal::{Refusal, UpstreamFailure},
    tally::Finished,
    worker::Worker,
    world::Operation,
};
use http::Method;
use portico_domain::{Explanation, PublicKeyId, SubscriptionId, Timestamp};
use rand::RngCore as _;
use std::{
    fmt, io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Recorded when the client went away before it was answered.
const CLIENT_GONE: u16 = 499;
/// Paths are remembered up to this length.
const MAX_PATH: usize = 512;

/// The name of one request, made here: a client's own is not to be trusted in our records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(Uuid);

impl RequestId {
    /// A UUIDv7: ordered by time, told apart by chance.
    pub(crate) fn new(at: Timestamp) -> Self {
        let mut random = [0; 10];
        rand::rng().fill_bytes(&mut random);
        let millis = u64::try_from(at.micros() / 1_000).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

impl RequestId {
    /// As UUIDs are usually written.
    pub(crate) fn hyphenated(self) -> String {
        self.0.hyphenated().to_string()
    }

    pub(crate) fn write(self, text: &mut Vec<u8>) {
        text.extend_from_slice(self.0.as_simple().encode_lower(&mut uuid::Uuid::encode_buffer()).as_bytes());
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_simple())
    }
}

/// What is known of a request so far. Each phase writes down what it learns; dropping it settles it.
pub(crate) struct Account {
    worker: Arc<Worker>,
    pub(crate) id: RequestId,
    pub(crate) at: Timestamp,
    started: Instant,
    /// `None` where the request could not be read.
    pub(crate) method: Option<Method>,
    pub(crate) path: Box<str>,
    pub(crate) client: IpAddr,
    /// The operation, or the API's stand-in for none.
    pub(crate) operation: Option<Arc<Operation>>,
    /// The key that was presented and is valid.
    pub(crate) key: Option<KeyRef>,
    /// The key that was named, valid or not.
    pub(crate) named_key: Option<PublicKeyId>,
    pub(crate) standing: Option<Standing>,
    pub(crate) closing: Option<Box<Closing>>,
    /// Kept until the account is settled.
    pub(crate) places: Places,
    status: Option<u16>,
    checks: Option<Duration>,
    upstream: Option<Duration>,
    bytes_in: Option<Arc<AtomicU64>>,
    pub(crate) bytes_out: u64,
    refusal: Option<(&'static str, Explanation)>,
    counts: bool,
}

impl Account {
    pub(crate) fn open(worker: &Arc<Worker>, client: IpAddr, request: &Request) -> Self {
        Self::new(worker, client, Some(&request.method), request.target.path())
    }

    /// Of a request that could not be read: neither method nor path is known.
    pub(crate) fn open_unread(worker: &Arc<Worker>, client: IpAddr) -> Self {
        Self::new(worker, client, None, "")
    }

    fn new(worker: &Arc<Worker>, client: IpAddr, method: Option<&Method>, path: &str) -> Self {
        worker.in_flight.fetch_add(1, Ordering::Relaxed);
        let at = worker.shared.clock.now();
        Self {
            worker: Arc::clone(worker),
            id: RequestId::new(at),
            at,
            started: Instant::now(),
            method: method.cloned(),
            path: cut(path, MAX_PATH).into(),
            client,
            operation: None,
            key: None,
            named_key: None,
            standing: None,
            closing: None,
            counts: true,
            places: Places::default(),
            status: None,
            checks: None,
            upstream: None,
            bytes_in: None,
            bytes_out: 0,
            refusal: None,
        }
    }

    /// For a second request on behalf of this one, of which nobody hears.
    pub(crate) fn aside(&self) -> Self {
        Self {
            worker: Arc::clone(&self.worker),
            id: self.id,
            at: self.at,
            started: self.started,
            method: self.method.clone(),
            path: self.path.clone(),
            client: self.client,
            operation: self.operation.clone(),
            key: self.key.clone(),
            named_key: self.named_key,
            standing: self.standing.clone(),
            closing: None,
            places: Places::default(),
            status: None,
            checks: None,
            upstream: None,
            bytes_in: None,
            bytes_out: 0,
            refusal: None,
            counts: false,
        }
    }

    /// What counts the bytes of the request's body.
    pub(crate) fn count_upload(&mut self) -> Arc<AtomicU64> {
        Arc::clone(self.bytes_in.get_or_insert_default())
    }

    /// An upgraded connection has carried so much.
    pub(crate) fn carried(&mut self, up: u64, down: u64) {
        self.count_upload().fetch_add(up, Ordering::Relaxed);
        self.bytes_out += down;
    }

    pub(crate) fn refused(&mut self, refusal: &Refusal) {
        self.refusal = Some((refusal.code(), refusal.explain(self.named_key)));
    }

    pub(crate) fn answered(&mut self, status: http::StatusCode) {
        self.status = Some(status.as_u16());
    }

    /// Every check is passed.
    pub(crate) fn admitted(&mut self) {
        self.checks = Some(self.started.elapsed());
    }

    /// The upstream's first byte has come, or none will.
    pub(crate) fn upstream_done(&mut self) {
        self.upstream = Some(self.started.elapsed().saturating_sub(self.checks.unwrap_or_default()));
    }

    /// The answer that is passed on ended before it was whole.
    pub(crate) fn broke_off(&mut self, error: &io::Error) {
        let failure = match error.kind() {
            // The client's own doing.
            io::ErrorKind::ConnectionAborted => return,
            io::ErrorKind::TimedOut => UpstreamFailure::Silent,
            io::ErrorKind::FileTooLarge => UpstreamFailure::TooLarge,
            _ => UpstreamFailure::BrokeOff,
        };
        self.refused(&Refusal::UpstreamFailed(failure));
    }

    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// When the last of what is known of it happened.
    pub(crate) fn answered_at(&self) -> Timestamp {
        self.at.plus(self.checks.unwrap_or_default() + self.upstream.unwrap_or_default())
    }

    /// One call was taken from a quota.
    pub(crate) fn spent(&self, subscription: SubscriptionId, period: Timestamp) {
        self.worker.tally().spend(subscription, period);
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        if !self.counts {
            return;
        }
        let total = self.started.elapsed();
        let finished = Finished {
            id: self.id,
            at: self.at,
            ended: self.at.plus(total),
            method: self.method.take(),
            path: std::mem::take(&mut self.path),
            client: self.client,
            operation: self.operation.take(),
            key: self.key.take(),
            status: self.status.unwrap_or(CLIENT_GONE),
            total,
            checks: self.checks,
            upstream: self.upstream,
            bytes_in: self.bytes_in.as_ref().map_or(0, |bytes| bytes.load(Ordering::Relaxed)),
            bytes_out: self.bytes_out,
            refusal: self.refusal.take(),
        };
        self.worker.tally().settle(finished);
        self.worker.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

fn cut(text: &str, length: usize) -> &str {
    if text.len() <= length {
        return text;
    }
    let end = (0..=length).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}
