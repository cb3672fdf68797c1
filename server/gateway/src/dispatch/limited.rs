//! A body that has to be over by a given time, or may be so large.
use crate::message::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::{
    future::Future as _,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Sleep, sleep};

pub(crate) struct Limited {
    inner: Body,
    end: Option<Pin<Box<Sleep>>>,
    /// Bytes that may still come.
    left: u64,
}

impl Limited {
    pub(crate) fn in_time(inner: Body, left: Duration) -> Self {
        Self { inner, end: Some(Box::pin(sleep(left))), left: u64::MAX }
    }

    pub(crate) fn in_size(inner: Body, left: u64) -> Self {
        Self { inner, end: None, left }
    }

    fn break_off(&mut self, kind: io::ErrorKind) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.inner = Body::empty();
        Poll::Ready(Some(Err(kind.into())))
    }
}

impl http_body::Body for Limited {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.end.as_mut().is_some_and(|end| end.as_mut().poll(cx).is_ready()) {
            return this.break_off(io::ErrorKind::TimedOut);
        }
        let frame = ready!(this.inner.poll_next(cx));
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            let length = data.len() as u64;
            if length > this.left {
                return this.break_off(io::ErrorKind::FileTooLarge);
            }
            this.left -= length;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_over()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.length().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
