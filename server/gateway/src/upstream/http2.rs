//! HTTP/2 to upstreams: few connections, many calls on each. Frames, flow control and header compression are hyper's.
use super::{condition::Load, dial::connect, endpoint::Endpoint, pool::Open};
use crate::{
    dispatch::upload::{Outgoing, UploadError},
    http1::exchange::{Broken, Io, Patience},
    message::trailers,
    refusal::UpstreamFailure,
    worker::Worker,
};
use bytes::Bytes;
use foldhash::fast::FixedState;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header};
use http_body::{Body, Frame, SizeHint};
use hyper::{body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::{
    collections::HashMap,
    error::Error as _,
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep, timeout};

/// Calls on one connection before another one is opened.
const STREAMS: usize = 100;
/// Connections of one thread to one upstream, whatever the load.
const LINES: usize = 8;
/// So much of a request's body is remembered until its answer begins, should the upstream refuse to look at it.
const REPEATABLE: usize = 64 * 1024;
/// Older ones take no more calls, so that a name that has moved is followed.
const MAX_AGE: Duration = Duration::from_mins(5);
/// As much of an answer waits here for a slow client, and of all answers of a connection together.
const STREAM_WINDOW: u32 = 256 * 1024;
const WINDOW: u32 = 1024 * 1024;
/// Of an answer's fields, as over HTTP/1.1.
const MAX_HEAD: u32 = 64 * 1024;
/// A connection with calls on it that says nothing for so long is asked, and then has to answer.
const PING_AFTER: Duration = Duration::from_secs(20);
const PONG_WITHIN: Duration = Duration::from_secs(10);

/// One thread's connections.
#[derive(Default)]
pub(crate) struct Lines(Mutex<HashMap<u64, Arc<Host>, FixedState>>);

#[derive(Default)]
struct Host {
    open: Mutex<Vec<Line>>,
    /// Held by the one who opens a connection; the others wait for it.
    dialing: tokio::sync::Mutex<()>,
}

struct Line {
    sender: http2::SendRequest<Upload>,
    since: Instant,
    calls: Arc<AtomicUsize>,
    /// The upstream takes no more calls on it.
    retired: bool,
}

/// A call's place on a connection.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An answer whose head has come.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) fields: HeaderMap,
    pub(crate) body: Download,
}

/// Why there is none.
pub(crate) enum NotReplied {
    /// Nothing was sent.
    NoConnection(UpstreamFailure, Outgoing),
    /// The upstream says that it did nothing with the request, or closed the connection before it was sent: it may be
    /// sent again, whatever its method.
    Unprocessed(Avoided, Outgoing),
    Broken(Broken),
}

/// On what terms a request is sent.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    /// The connection on which nothing was done with the same request before.
    pub(crate) avoided: Option<&'a Avoided>,
    pub(crate) connect_within: Duration,
    pub(crate) patience: Patience,
}

/// A connection that a call is not to be sent on again.
pub(crate) struct Avoided(Arc<AtomicUsize>);

impl Lines {
    fn host(&self, endpoint: &Endpoint) -> Arc<Host> {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(hosts.entry(endpoint.id).or_default())
    }

    /// Closes what has served its time and carries no call; forgets upstreams without connections.
    pub(crate) fn sweep(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, host| {
            let mut open = host.open();
            open.retain(|line| line.is_good() || (!line.sender.is_closed() && line.calls() > 0));
            let is_used = !open.is_empty() || host.dialing.try_lock().is_err();
            drop(open);
            is_used
        });
    }

    /// Takes no more calls on any.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Sends a request and waits for the answer's head.
    pub(crate) async fn ask(
        &self,
        worker: &Arc<Worker>,
        endpoint: &Arc<Endpoint>,
        head: Request<()>,
        upload: Outgoing,
        terms: Terms<'_>,
    ) -> Result<Reply, NotReplied> {
        let Terms { avoided, connect_within, patience } = terms;
        let (mut sender, place) = match self.line(worker, endpoint, avoided, connect_within).await {
            Ok(line) => line,
            Err(failure) => return Err(NotReplied::NoConnection(failure, upload)),
        };
        let progress = Arc::new(Progress::new(upload));
        let request = head.map(|()| Upload(Arc::clone(&progress)));
        let answer = sender.try_send_request(request);
        match progress.first_byte(patience, answer).await {
            Ok(Ok(answer)) => {
                progress.upload().answered();
                let (parts, body) = answer.into_parts();
                let body =
                    Download { inner: body, idle: patience.idle, silence: None, _place: place, load: Load::default() };
                Ok(Reply { status: parts.status, fields: parts.headers, body })
            }
            Ok(Err(mut error)) => {
                let refused = Refused::by(error.error());
                if refused == Some(Refused::Connection) {
                    self.host(endpoint).retire(&place);
                }
                let broken_by = progress.broken_by();
                if broken_by.is_none()
                    && (refused.is_some() || error.take_message().is_some())
                    && let Some(upload) = progress.upload().take_back()
                {
                    return Err(NotReplied::Unprocessed(Avoided(Arc::clone(&place.0)), upload));
                }
                Err(NotReplied::Broken(broken_by.map_or(Broken::Lost, Broken::Upload)))
            }
            Err(broken) => Err(NotReplied::Broken(broken)),
        }
    }

    async fn line(
        &self,
        worker: &Arc<Worker>,
        endpoint: &Arc<Endpoint>,
        avoided: Option<&Avoided>,
        within: Duration,
    ) -> Result<(http2::SendRequest<Upload>, Place), UpstreamFailure> {
        let host = self.host(endpoint);
        if let Some(line) = host.pick(avoided) {
            return Ok(line);
        }
        let opened = async {
            let _dialing = host.dialing.lock().await;
            if let Some(line) = host.pick(avoided) {
                return Ok(line);
            }
            let io = connect(worker, endpoint, within).await?;
            let open = worker.pool.opened(endpoint);
            let sender = handshake(io, Some(open)).await.ok_or(UpstreamFailure::Broken)?;
            let calls = Arc::new(AtomicUsize::new(0));
            let line = Line { sender, since: Instant::now(), calls, retired: false };
            let taken = line.take();
            host.open().push(line);
            Ok(taken)
        };
        timeout(within, opened).await.unwrap_or(Err(UpstreamFailure::ConnectTimeout))
    }
}

impl Host {
    fn open(&self) -> MutexGuard<'_, Vec<Line>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection with the most calls that has room for one more, so that others run empty and age. With all of
    /// them full, the one with the fewest.
    fn pick(&self, avoided: Option<&Avoided>) -> Option<(http2::SendRequest<Upload>, Place)> {
        let mut open = self.open();
        open.retain(|line| !line.sender.is_closed() && (line.is_good() || line.calls() > 0));
        let is_avoided = |line: &Line| avoided.is_some_and(|avoided| Arc::ptr_eq(&avoided.0, &line.calls));
        let good = || open.iter().filter(|line| line.is_good() && !is_avoided(line));
        let roomy = good().filter(|line| line.calls() < STREAMS).max_by_key(|line| line.calls());
        let is_full = || (good().count() >= LINES).then(|| good().min_by_key(|line| line.calls())).flatten();
        roomy.or_else(is_full).map(Line::take)
    }

    /// Takes no more calls on a connection, and lets those end that are on it.
    fn retire(&self, place: &Place) {
        if let Some(line) = self.open().iter_mut().find(|line| Arc::ptr_eq(&line.calls, &place.0)) {
            line.retired = true;
        }
    }
}

impl Line {
    fn is_good(&self) -> bool {
        !self.retired && !self.sender.is_closed() && self.since.elapsed() < MAX_AGE
    }
    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
    fn take(&self) -> (http2::SendRequest<Upload>, Place) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        (self.sender.clone(), Place(Arc::clone(&self.calls)))
    }
}

/// How an upstream says that it did nothing with a request (RFC 9113 8.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    Stream,
    /// And takes no more on the connection.
    Connection,
}

impl Refused {
    fn by(error: &hyper::Error) -> Option<Self> {
        let error = error.source()?.downcast_ref::<h2::Error>().filter(|error| error.is_remote())?;
        // Of the requests on a connection, GOAWAY ends those that were not processed.
        if error.is_go_away() {
            return Some(Self::Connection);
        }
        (error.reason() == Some(h2::Reason::REFUSED_STREAM)).then_some(Self::Stream)
    }
}

async fn handshake(io: Io, open: Option<Open>) -> Option<http2::SendRequest<Upload>> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_header_list_size(MAX_HEAD)
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PONG_WITHIN);
    let (sender, connection) = builder.handshake(TokioIo::new(io)).await.ok()?;
    tokio::spawn(async move {
        // How it ended is seen by whoever waits for an answer.
        let _ = connection.await;
        drop(open);
    });
    Some(sender)
}

/// The address of a request on a connection to an endpoint. `target` is path and query.
pub(crate) fn uri(endpoint: &Endpoint, target: &str) -> Option<Uri> {
    let scheme = if endpoint.tls.is_some() { "https" } else { "http" };
    Uri::builder().scheme(scheme).authority(&*endpoint.authority).path_and_query(target).build().ok()
}

/// One request on a connection of its own; nothing but the status is waited for.
pub(crate) async fn get(io: Io, endpoint: &Endpoint, path: &str) -> Option<StatusCode> {
    let mut sender = handshake(io, None).await?;
    let mut request = Request::new(Upload(Arc::new(Progress::new(Outgoing::none()))));
    *request.method_mut() = Method::GET;
    *request.uri_mut() = uri(endpoint, path)?;
    request.headers_mut().insert(header::USER_AGENT, header::HeaderValue::from_static("portico-health"));
    sender.send_request(request).await.ok().map(|answer: Response<Incoming>| answer.status())
}

/// A request's body, watched by the one who waits for the answer.
struct Upload(Arc<Progress>);

/// A request's body, and what has passed of it while it may have to be sent again.
struct Repeatable {
    body: Outgoing,
    /// `None` when it cannot be.
    passed: Option<Vec<Bytes>>,
    bytes: usize,
}

impl Repeatable {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        let polled = self.body.poll_frame(cx);
        if let (Poll::Ready(Some(Ok(frame))), Some(passed)) = (&polled, &mut self.passed) {
            match frame.data_ref() {
                Some(data) if self.bytes + data.len() <= REPEATABLE => {
                    self.bytes += data.len();
                    passed.push(data.clone());
                }
                _ => self.passed = None,
            }
        }
        polled
    }

    /// It is not sent again any more.
    fn answered(&mut self) {
        self.passed = None;
        self.body.answered();
    }

    /// The whole body, to be sent again.
    fn take_back(&mut self) -> Option<Outgoing> {
        let passed = self.passed.take()?;
        let mut body = std::mem::replace(&mut self.body, Outgoing::none());
        if !passed.is_empty() {
            body.put_back(passed.concat().into());
        }
        Some(body)
    }
}

struct Progress {
    started: Instant,
    /// When something last moved, in milliseconds since the start.
    moved: AtomicU64,
    state: AtomicU8,
    broken_by: Mutex<Option<UploadError>>,
    /// Sent by the connection's task, and asked for again by the one who waits.
    upload: Mutex<Repeatable>,
}

const UNDER_WAY: u8 = 0;
const WAITS_FOR_CLIENT: u8 = 1;
const SENT: u8 = 2;

impl Progress {
    fn new(body: Outgoing) -> Self {
        let (moved, state) = (AtomicU64::new(0), AtomicU8::new(UNDER_WAY));
        let upload = Mutex::new(Repeatable { body, passed: Some(Vec::new()), bytes: 0 });
        Self { started: Instant::now(), moved, state, broken_by: Mutex::default(), upload }
    }

    fn upload(&self) -> MutexGuard<'_, Repeatable> {
        self.upload.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moved(&self, state: u8) {
        self.moved.store(self.started.elapsed().as_millis() as u64, Ordering::Relaxed);
        self.state.store(state, Ordering::Relaxed);
    }

    fn still(&self) -> Duration {
        self.started.elapsed().saturating_sub(Duration::from_millis(self.moved.load(Ordering::Relaxed)))
    }

    fn broken_by(&self) -> Option<UploadError> {
        *self.broken_by.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time for an answer runs from the request's last byte; until that, something must move.
    async fn first_byte<A: Future>(&self, patience: Patience, answer: A) -> Result<A::Output, Broken> {
        let mut answer = std::pin::pin!(answer);
        let mut wait = patience.answer.min(patience.idle);
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => return Ok(answer),
                () = sleep(wait) => {}
            }
            let state = self.state.load(Ordering::Relaxed);
            let allowed = if state == SENT { patience.answer } else { patience.idle };
            wait = match (allowed.checked_sub(self.still()), state) {
                (Some(rest), _) if rest > Duration::ZERO => rest,
                (_, WAITS_FOR_CLIENT) => return Err(Broken::ClientTooSlow),
                _ => return Err(Broken::Timeout),
            };
        }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = UploadError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        let progress = &self.0;
        let mut upload = progress.upload();
        let polled = upload.poll_frame(cx);
        match &polled {
            Poll::Pending => progress.state.store(WAITS_FOR_CLIENT, Ordering::Relaxed),
            Poll::Ready(Some(Ok(_))) => progress.moved(if upload.body.is_over() { SENT } else { UNDER_WAY }),
            Poll::Ready(Some(Err(error))) => {
                *progress.broken_by.lock().unwrap_or_else(PoisonError::into_inner) = Some(*error);
            }
            Poll::Ready(None) => progress.moved(SENT),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        let is_over = self.0.upload().body.is_over();
        if is_over {
            self.0.state.store(SENT, Ordering::Relaxed);
        }
        is_over
    }

    fn size_hint(&self) -> SizeHint {
        self.0.upload().body.length().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Download {
    /// Keeps a count until its end.
    pub(crate) fn holding(mut self, load: Load) -> Self {
        self.load = load;
        self
    }
}

/// An answer's body, with its trailers. Dropped before its end, it takes its stream back and leaves the connection.
pub(crate) struct Download {
    inner: Incoming,
    idle: Duration,
    silence: Option<Pin<Box<Sleep>>>,
    /// On its connection.
    _place: Place,
    /// Of the upstream among others.
    load: Load,
}

impl Body for Download {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) else {
            let idle = this.idle;
            let silence = this.silence.get_or_insert_with(|| Box::pin(sleep(idle)));
            ready!(silence.as_mut().poll(cx));
            return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
        };
        this.silence = None;
        let cleaned = frame.map(|frame| {
            frame.map(|mut frame| {
                if let Some(trailers) = frame.trailers_mut() {
                    trailers::clean(trailers);
                }
                frame
            })
        });
        Poll::Ready(cleaned.map(|frame| frame.map_err(|_| io::ErrorKind::ConnectionAborted.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
