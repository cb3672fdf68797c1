//! Sends a copy of calls elsewhere. What comes of it is thrown away, and the call itself never waits for it.
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

/// Longer bodies are not copied.
pub(crate) const MAX_BODY: usize = 64 * 1024;
/// Copies under way at once on one thread; further ones are left out.
pub(crate) const MAX_UNDER_WAY: usize = 64;
/// Tells an upstream that it sees a copy.
pub(crate) const FIELD: (&str, &str) = ("x-portico-shadow", "true");

/// Whether a call is copied: `chance` is a number below 100, drawn for it.
pub(crate) fn is_chosen(percent: u8, chance: u8) -> bool {
    chance < percent
}

/// The copies that a thread has under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(Arc<AtomicUsize>);

/// One of them; dropping it makes room.
#[derive(Debug)]
pub(crate) struct Taken(Arc<AtomicUsize>);

impl Places {
    pub(crate) fn take(&self) -> Option<Taken> {
        let taken = Taken(Arc::clone(&self.0));
        (self.0.fetch_add(1, Ordering::Relaxed) < MAX_UNDER_WAY).then_some(taken)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A request's body that hands out a copy once all of it has passed. One that is too long, or breaks off, leaves none.
pub(crate) struct Copied<B, F> {
    body: B,
    copy: Option<(Vec<u8>, F)>,
}

impl<B: Body<Data = Bytes, Error = io::Error> + Unpin, F: FnOnce(Bytes) + Unpin> Copied<B, F> {
    pub(crate) fn new(body: B, send: F) -> Self {
        let mut copied = Self { body, copy: Some((Vec::new(), send)) };
        copied.end();
        copied
    }

    /// A body whose end is known is not asked again once it is reached.
    fn end(&mut self) {
        if self.body.is_end_stream() {
            self.hand_out();
        }
    }

    fn hand_out(&mut self) {
        if let Some((bytes, send)) = self.copy.take() {
            send(bytes.into());
        }
    }
}

impl<B: Body<Data = Bytes, Error = io::Error> + Unpin, F: FnOnce(Bytes) + Unpin> Body for Copied<B, F> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                if let (Some((bytes, _)), Some(data)) = (&mut this.copy, frame.data_ref()) {
                    if bytes.len() + data.len() > MAX_BODY {
                        this.copy = None;
                    } else {
                        bytes.extend_from_slice(data);
                    }
                }
                this.end();
            }
            Some(Err(_)) => this.copy = None,
            None => this.hand_out(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::VecDeque, task::Waker};

    struct Script(VecDeque<io::Result<Frame<Bytes>>>);

    impl Body for Script {
        type Data = Bytes;
        type Error = io::Error;
        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            Poll::Ready(self.0.pop_front())
        }
        fn is_end_stream(&self) -> bool {
            self.0.is_empty()
        }
    }

    fn copy(parts: Vec<io::Result<Frame<Bytes>>>) -> Option<Bytes> {
        let mut copy = None;
        let mut body = Copied::new(Script(parts.into()), |bytes| copy = Some(bytes));
        while let Poll::Ready(Some(Ok(_))) = Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop())) {}
        drop(body);
        copy
    }

    #[expect(clippy::unnecessary_wraps, reason = "as scripts have it")]
    fn part(bytes: usize) -> io::Result<Frame<Bytes>> {
        Ok(Frame::data(vec![b'x'; bytes].into()))
    }

    #[test]
    fn only_whole_and_small_bodies_are_copied() {
        assert_eq!(copy(vec![]).map(|bytes| bytes.len()), Some(0));
        assert_eq!(copy(vec![part(3), part(4)]).map(|bytes| bytes.len()), Some(7));
        assert_eq!(copy(vec![part(MAX_BODY)]).map(|bytes| bytes.len()), Some(MAX_BODY));
        assert_eq!(copy(vec![part(MAX_BODY), part(1)]), None);
        assert_eq!(copy(vec![part(3), Err(io::ErrorKind::ConnectionReset.into())]), None);
        let mut trailers = http::HeaderMap::new();
        trailers.insert("x-sum", http::HeaderValue::from_static("1"));
        assert_eq!(copy(vec![part(3), Ok(Frame::trailers(trailers))]).map(|bytes| bytes.len()), Some(3));
    }

    #[test]
    fn places_come_back() {
        let places = Places::default();
        let mut taken: Vec<_> = (0..MAX_UNDER_WAY).map(|_| places.take().unwrap()).collect();
        assert!(places.take().is_none());
        taken.pop();
        assert!(places.take().is_some());
    }

    #[test]
    fn the_share_is_what_it_says() {
        let chosen = |percent| (0..100).filter(|chance| is_chosen(percent, *chance)).count();
        assert_eq!((chosen(0), chosen(7), chosen(100)), (0, 7, 100));
    }
}
