//! A body that has to be over by a given time.
use crate::message::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::{
    future::Future as _,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Sleep, sleep};

pub(crate) struct Limited {
    inner: Body,
    end: Pin<Box<Sleep>>,
}

impl Limited {
    pub(crate) fn new(inner: Body, left: Duration) -> Self {
        Self { inner, end: Box::pin(sleep(left)) }
    }
}

impl http_body::Body for Limited {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.end.as_mut().poll(cx).is_ready() {
            this.inner = Body::empty();
            return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
        }
        this.inner.poll_next(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_over()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.length().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
