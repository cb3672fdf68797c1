//! A request's body on its way to the upstream: what comes from the client, up to the API's limit.
use crate::{
    http1::Fault,
    message::Body,
    pace::{Pace, TooSlow},
    refusal::Refusal,
};
use bytes::Bytes;
use http_body::Frame;
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

/// Counts what passes, and ends what grows too large.
pub(crate) struct Outgoing {
    body: Body,
    /// What was taken and not sent.
    ahead: Option<Bytes>,
    left: u64,
    counted: Option<Arc<AtomicU64>>,
    waits_for_client: bool,
    /// Until the answer has begun: then both sides may take turns as slowly as they like.
    pace: Option<Pace>,
}

/// Why a request's body cannot be sent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UploadError {
    #[error("it is too large")]
    TooLarge,
    /// What was sent has no meaning.
    #[error("{0}")]
    Fault(Fault),
    #[error("it comes too slowly")]
    TooSlow,
    /// The client broke off.
    #[error("it broke off")]
    Gone,
}

impl UploadError {
    /// `limit` is the largest body that is taken.
    pub(crate) fn refusal(self, limit: u64) -> Refusal {
        match self {
            Self::TooLarge => Refusal::BodyTooLarge { limit },
            Self::Fault(fault) => fault.into(),
            Self::TooSlow => Refusal::RequestTimeout,
            Self::Gone => Refusal::BadRequest("its body broke off"),
        }
    }
}

impl Outgoing {
    pub(crate) fn none() -> Self {
        Self { body: Body::empty(), ahead: None, left: 0, counted: None, waits_for_client: false, pace: None }
    }

    /// `counted` is told what passes. A client that falls behind its pace by more than `patience` is too slow.
    pub(crate) fn new(body: Body, limit: u64, counted: Arc<AtomicU64>, patience: Duration) -> Self {
        let pace = Some(Pace::new(patience));
        Self { body, ahead: None, left: limit, counted: Some(counted), waits_for_client: false, pace }
    }

    /// The answer has begun.
    pub(crate) fn answered(&mut self) {
        self.pace = None;
    }

    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        if let Some(ahead) = self.ahead.take() {
            return Poll::Ready(Some(Ok(Frame::data(ahead))));
        }
        let polled = self.body.poll_next(cx);
        self.waits_for_client = polled.is_pending();
        if let (true, Some(pace)) = (self.waits_for_client, &mut self.pace) {
            pace.waits();
        }
        let frame = match ready!(polled) {
            None => return Poll::Ready(None),
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Poll::Ready(Some(Err(UploadError::from(&error)))),
        };
        if let Some(data) = frame.data_ref() {
            let length = data.len() as u64;
            if length > self.left {
                return Poll::Ready(Some(Err(UploadError::TooLarge)));
            }
            self.left -= length;
            if let Some(Err(TooSlow)) = self.pace.as_mut().map(|pace| pace.moved(data.len())) {
                return Poll::Ready(Some(Err(UploadError::TooSlow)));
            }
            if let Some(counted) = &self.counted {
                counted.fetch_add(length, Ordering::Relaxed);
            }
        }
        Poll::Ready(Some(Ok(frame)))
    }

    /// Takes back the only part that was taken, for another try.
    pub(crate) fn put_back(&mut self, part: Bytes) {
        self.ahead = Some(part);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.ahead.is_none() && self.body.is_over()
    }

    /// Bytes to come, where that is known.
    pub(crate) fn length(&self) -> Option<u64> {
        let ahead = self.ahead.as_ref().map_or(0, |ahead| ahead.len() as u64);
        self.body.length().map(|length| length + ahead)
    }

    /// Whether it is the client that sends nothing, and not the upstream that takes nothing.
    pub(crate) fn waits_for_client(&self) -> bool {
        self.waits_for_client
    }
}

impl From<&io::Error> for UploadError {
    fn from(error: &io::Error) -> Self {
        let fault = error.get_ref().and_then(|inner| inner.downcast_ref::<Fault>());
        fault.map_or(Self::Gone, |fault| Self::Fault(*fault))
    }
}

/// For HTTP/2, whose library takes this form.
impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = UploadError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        self.get_mut().poll_frame(cx)
    }
    fn is_end_stream(&self) -> bool {
        self.is_over()
    }
    fn size_hint(&self) -> http_body::SizeHint {
        self.length().map_or_else(http_body::SizeHint::default, http_body::SizeHint::with_exact)
    }
}
