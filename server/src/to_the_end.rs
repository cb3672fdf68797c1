//! Request bodies that are refused while they are still being sent.
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::{
    future::poll_fn,
    mem,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::timeout;

/// More is not read for nothing; whoever sends it finds the connection closed.
const AT_MOST: u64 = 64 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads the rest and forgets it when nobody wants more. A browser that is still sending does not look at an answer, so
/// its reader would be told of a broken connection instead of what is wrong.
pub(crate) struct ToTheEnd(Body);

impl ToTheEnd {
    pub(crate) fn new(body: Body) -> Self {
        Self(body)
    }
}

impl HttpBody for ToTheEnd {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl Drop for ToTheEnd {
    fn drop(&mut self) {
        let mut rest = mem::take(&mut self.0);
        if !rest.is_end_stream() {
            tokio::spawn(timeout(PATIENCE, async move {
                let mut read = 0;
                while let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut rest).poll_frame(context)).await {
                    read += frame.data_ref().map_or(0, |data| data.len() as u64);
                    if read > AT_MOST {
                        break;
                    }
                }
            }));
        }
    }
}
