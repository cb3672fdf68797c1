//! A client's connection: what was read of it, where in a message it stands, and how long it may take.
use super::{
    Fault, Timer, buffers,
    framing::{Decoder, Found, HeadScanner},
    head::{self, Head},
};
use crate::{
    http2,
    pace::{Pace, TooSlow},
};
use bytes::{Buf as _, Bytes, BytesMut};
use http_body::Frame;
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

/// So much of further requests is read while one is being answered.
const MAX_AHEAD: usize = 64 * 1024;
/// How much of an unwanted body is read after the answer, so that the client gets to see it, and for how long.
const LINGER_BYTES: usize = 1024 * 1024;
const LINGER_TIME: Duration = Duration::from_secs(2);
/// A part of a head that waits for its rest keeps no more room than this.
const SMALL: usize = 4096;

/// Timeouts of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// From the first byte of a head (or the opening of the connection) to its last.
    pub(crate) head: Duration,
    /// Without a request.
    pub(crate) idle: Duration,
    /// Without the client taking a byte of an answer; and how far it may fall behind its pace.
    pub(crate) write: Duration,
}

/// Client and gateway both read and write on it within one task: its lock is never waited for.
pub(crate) struct Wire<S> {
    io: S,
    read: BytesMut,
    scanner: HeadScanner,
    /// Of the present request's body.
    body: Decoder,
    /// Whether the client waits for `100 Continue` before it sends the body.
    owes_continue: bool,
    closed: bool,
    patience: Patience,
    /// For the client's next byte, or for it to take one.
    timer: Timer,
    waiting_since: Option<Instant>,
    /// At which the client takes what is written.
    pace: Pace,
    is_first: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(io: S, read: BytesMut, patience: Patience) -> Self {
        Self {
            io,
            read,
            scanner: HeadScanner::default(),
            body: Decoder::Over,
            owes_continue: false,
            closed: false,
            patience,
            timer: Timer::default(),
            waiting_since: None,
            pace: Pace::new(patience.write),
            is_first: true,
        }
    }

    /// The next request's head; `None` when the client closed or did not send one in time.
    pub(crate) fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Head, Fault>>> {
        loop {
            if !self.read.is_empty() {
                match self.scanner.scan(&self.read) {
                    Ok(Found::Head(length)) => return Poll::Ready(Some(self.take_head(length))),
                    Ok(Found::EmptyLine) => {
                        self.read.advance(2);
                        continue;
                    }
                    Ok(Found::Part) => {}
                    Err(fault) => return Poll::Ready(Some(Err(fault))),
                }
            }
            if self.closed {
                return Poll::Ready(None);
            }
            let was_empty = self.read.is_empty();
            match self.poll_read(cx) {
                Poll::Ready(Ok(0) | Err(_)) => self.closed = true,
                Poll::Ready(Ok(_)) => {
                    if was_empty {
                        self.waiting_since = None;
                    }
                }
                Poll::Pending => {
                    self.keep_small();
                    return self.poll_patience(cx);
                }
            }
        }
    }

    /// Whether some of a request's head has come.
    pub(crate) fn is_in_head(&self) -> bool {
        !self.read.is_empty()
    }

    fn take_head(&mut self, length: usize) -> Result<Head, Fault> {
        self.waiting_since = None;
        let head = head::read(&self.read[..length])?;
        self.is_first = false;
        self.read.advance(length);
        self.body = head.framing.into();
        self.owes_continue = head.expects_continue && !self.body.is_over();
        if self.read.is_empty() {
            buffers::rest(&mut self.read);
        }
        Ok(head)
    }

    /// Whether the connection began with HTTP/2 by prior knowledge.
    pub(crate) fn began_with_http2(&self) -> bool {
        self.is_first && http2::begins(&self.read)
    }

    /// Nothing can be read at the moment: ready when that has lasted too long.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Head, Fault>>> {
        let in_head = !self.read.is_empty();
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let patience = if in_head || self.is_first { self.patience.head } else { self.patience.idle };
        ready!(self.timer.poll_until(cx, since + patience));
        Poll::Ready(in_head.then_some(Err(Fault::HeadTimeout)))
    }

    /// Many clients that each sent a few bytes must not hold a large buffer each.
    fn keep_small(&mut self) {
        if (1..=SMALL).contains(&self.read.len()) && self.read.capacity() > 2 * SMALL {
            let part = BytesMut::from(&self.read[..]);
            let mut large = std::mem::replace(&mut self.read, part);
            large.clear();
            buffers::rest(&mut large);
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        buffers::poll_read(&mut self.io, cx, &mut self.read)
    }

    /// While a request is answered: ready when its client has gone. What it sends meanwhile waits.
    pub(crate) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // A body is read by whoever needs it.
        while self.body.is_over() && self.read.len() < MAX_AHEAD && !self.closed {
            match ready!(self.poll_read(cx)) {
                Ok(0) | Err(_) => self.closed = true,
                Ok(_) => {}
            }
        }
        if self.closed && self.read.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Whether all of the present request has been read, or can be from what is here already.
    pub(crate) fn is_at_end(&mut self) -> bool {
        // Nobody waits for more of it: what is here is dropped.
        while let Ok(Some(_)) = self.body.next(&mut self.read) {}
        self.body.is_over()
    }

    /// Ready when some of it is written; an error when the client has taken nothing, or too little, for too long.
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>, head: &[u8], tail: &[u8]) -> Poll<io::Result<usize>> {
        let written = if tail.is_empty() {
            Pin::new(&mut self.io).poll_write(cx, head)
        } else if head.is_empty() {
            Pin::new(&mut self.io).poll_write(cx, tail)
        } else {
            Pin::new(&mut self.io).poll_write_vectored(cx, &[io::IoSlice::new(head), io::IoSlice::new(tail)])
        };
        match written {
            Poll::Ready(Ok(0)) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Poll::Ready(Ok(written)) => Poll::Ready(
                self.pace.moved(written).map(|()| written).map_err(|TooSlow| io::ErrorKind::TimedOut.into()),
            ),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let since = self.pace.waits();
                ready!(self.timer.poll_until(cx, since + self.patience.write));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    /// Reads and forgets what a client still sends, so that closing does not reset the connection under its answer.
    pub(crate) fn poll_linger(&mut self, cx: &mut Context<'_>, left: &mut usize, since: Instant) -> Poll<()> {
        while *left > 0 {
            match buffers::poll_discard(&mut self.io, cx) {
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(read)) => *left = left.saturating_sub(read),
                Poll::Pending => return self.timer.poll_until(cx, since + LINGER_TIME),
            }
        }
        Poll::Ready(())
    }

    pub(crate) const LINGER_BYTES: usize = LINGER_BYTES;

    /// For what the connection becomes after a switch of protocols: with what was read already.
    pub(crate) fn into_parts(self) -> (S, BytesMut) {
        (self.io, self.read)
    }
}

/// A request's body on the connection it comes by.
pub(crate) struct Upload {
    feed: Arc<Mutex<dyn Feed>>,
    length: Option<u64>,
    over: bool,
}

/// What an [`Upload`] reads from: a [`Wire`] of whatever kind.
pub(crate) trait Feed: Send {
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>>;
    fn is_over(&self) -> bool;
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Feed for Wire<S> {
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            match self.body.next(&mut self.read) {
                Ok(Some(frame)) => return Poll::Ready(Some(Ok(frame))),
                Ok(None) if self.body.is_over() => return Poll::Ready(None),
                Ok(None) => {}
                Err(fault) => {
                    // Nothing after it has a meaning.
                    self.closed = true;
                    return Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::InvalidData, fault))));
                }
            }
            if self.closed {
                return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
            }
            if self.owes_continue {
                const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
                if ready!(self.poll_write(cx, CONTINUE, &[]))? < CONTINUE.len() {
                    return Poll::Ready(Some(Err(io::ErrorKind::WriteZero.into())));
                }
                self.owes_continue = false;
                ready!(self.poll_flush(cx))?;
            }
            match ready!(self.poll_read(cx)) {
                Ok(0) => self.closed = true,
                Ok(_) => {}
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }

    fn is_over(&self) -> bool {
        self.body.is_over()
    }
}

impl Upload {
    pub(crate) fn new(feed: Arc<Mutex<dyn Feed>>, length: Option<u64>) -> Self {
        Self { feed, length, over: false }
    }

    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.over {
            return Poll::Ready(None);
        }
        let mut feed = lock(&self.feed);
        let polled = ready!(feed.poll_body(cx));
        self.over = feed.is_over() || !matches!(polled, Some(Ok(_)));
        if let (Some(left), Some(Ok(frame))) = (&mut self.length, &polled) {
            *left = left.saturating_sub(frame.data_ref().map_or(0, |data| data.len() as u64));
        }
        Poll::Ready(polled)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }
}

pub(crate) fn lock<T: ?Sized>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
