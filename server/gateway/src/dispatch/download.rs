//! An upstream's answer on its way to the client.
use super::pool::Lease;
use bytes::Bytes;
use http_body::{Body as _, SizeHint};
use hyper::body::Incoming;
use std::{
    future::Future as _,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Sleep, sleep};

/// Gives its connection back once the answer has ended well; trailers are left behind.
pub(crate) struct Download {
    inner: Incoming,
    lease: Option<Lease>,
    patience: Duration,
    silence: Option<Pin<Box<Sleep>>>,
}

impl Download {
    pub(crate) fn new(inner: Incoming, lease: Lease, patience: Duration) -> Self {
        let mut download = Self { inner, lease: Some(lease), patience, silence: None };
        download.note_end();
        download
    }

    pub(crate) fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) else {
                let patience = self.patience;
                let silence = self.silence.get_or_insert_with(|| Box::pin(sleep(patience)));
                ready!(silence.as_mut().poll(cx));
                self.lease = None;
                return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
            };
            self.silence = None;
            match frame {
                Some(Ok(frame)) => {
                    self.note_end();
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Some(Err(_)) => {
                    self.lease = None;
                    return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())));
                }
                None => {
                    self.give_back();
                    return Poll::Ready(None);
                }
            }
        }
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }

    /// The server does not ask again after the last byte of a body whose length it knows.
    fn note_end(&mut self) {
        if self.inner.is_end_stream() {
            self.give_back();
        }
    }

    fn give_back(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.give_back();
        }
    }
}
