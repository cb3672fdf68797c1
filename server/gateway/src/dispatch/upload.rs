//! A request's body on its way to the upstream.
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

/// What the upstream gets: the client's body up to the API's limit, without trailers.
pub(crate) struct Upload {
    body: Option<(Incoming, u64)>,
    progress: Option<Arc<Progress>>,
}

/// How far an upload is, as the one who waits for the answer sees it.
pub(crate) struct Progress {
    started: Instant,
    /// When something last moved, in milliseconds since the start.
    moved: AtomicU64,
    waits_for_client: AtomicBool,
    state: AtomicU8,
    bytes: Arc<AtomicU64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    UnderWay,
    Finished,
    TooLarge,
    /// The client broke off, or what it sent has no meaning.
    Failed,
}

impl Upload {
    pub(crate) fn none() -> Self {
        Self { body: None, progress: None }
    }

    /// `bytes` counts what passes.
    pub(crate) fn new(body: Incoming, limit: u64, bytes: Arc<AtomicU64>) -> Self {
        let progress = Progress {
            started: Instant::now(),
            moved: AtomicU64::new(0),
            waits_for_client: AtomicBool::new(false),
            state: AtomicU8::new(State::UnderWay as u8),
            bytes,
        };
        Self { body: Some((body, limit)), progress: Some(Arc::new(progress)) }
    }

    pub(crate) fn progress(&self) -> Option<Arc<Progress>> {
        self.progress.clone()
    }
}

impl Progress {
    pub(crate) fn state(&self) -> State {
        match self.state.load(Ordering::Relaxed) {
            1 => State::Finished,
            2 => State::TooLarge,
            3 => State::Failed,
            _ => State::UnderWay,
        }
    }
    /// How long nothing has moved.
    pub(crate) fn still(&self) -> Duration {
        self.started.elapsed().saturating_sub(Duration::from_millis(self.moved.load(Ordering::Relaxed)))
    }
    /// Whether it is the client that sends nothing, and not the upstream that takes nothing.
    pub(crate) fn waits_for_client(&self) -> bool {
        self.waits_for_client.load(Ordering::Relaxed)
    }
    fn end(&self, state: State) {
        self.moved();
        self.state.store(state as u8, Ordering::Relaxed);
    }
    fn moved(&self) {
        self.moved.store(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        let (Some((body, left)), Some(progress)) = (&mut this.body, &this.progress) else { return Poll::Ready(None) };
        loop {
            let polled = Pin::new(&mut *body).poll_frame(cx);
            progress.waits_for_client.store(polled.is_pending(), Ordering::Relaxed);
            match ready!(polled) {
                None => {
                    progress.end(State::Finished);
                    return Poll::Ready(None);
                }
                Some(Err(_)) => {
                    progress.end(State::Failed);
                    return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())));
                }
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else { continue };
                    let length = data.len() as u64;
                    if length > *left {
                        progress.end(State::TooLarge);
                        return Poll::Ready(Some(Err(io::ErrorKind::FileTooLarge.into())));
                    }
                    *left -= length;
                    progress.bytes.fetch_add(length, Ordering::Relaxed);
                    if body.is_end_stream() {
                        progress.end(State::Finished);
                    } else {
                        progress.moved();
                    }
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(|(body, _)| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), |(body, _)| body.size_hint())
    }
}
