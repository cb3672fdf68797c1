//! Stands between a client's socket and the HTTP parser, and lets only what has one meaning through.
//!
//! The parser behind is lenient where HTTP lets it be (it drops Content-Length beside Transfer-Encoding, takes LF for
//! CR LF, needs no Host), which is how requests are smuggled past a gateway. So this reads along: a head is held back
//! until it is whole and checked, a body's framing is followed to its last byte. What is wrong is never seen by the
//! parser: in its place it gets one plain request with [`FAULT_METHOD`], which no client can send, so that the refusal
//! takes the same way out as every answer, after those of the requests before it.
//!
//! The connection's timeouts live here too: for a head, for an idle connection, for a reader that stopped reading.

pub(crate) mod head;
pub(crate) mod scanner;
#[cfg(test)]
mod tests;

use scanner::Scanner;
use std::{
    future::Future as _,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// The method of the request that stands for one that was refused. Lower case, which [`head::check`] lets nobody send.
pub(crate) const FAULT_METHOD: &str = "refused";
const FAULT_HEAD: &[u8] = b"refused / HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n\r\n";
/// How much of an unwanted body is read after the answer, so that the client gets to see it, and for how long.
const LINGER_BYTES: usize = 1024 * 1024;
const LINGER_TIME: Duration = Duration::from_secs(2);

/// Why a request could not be taken from the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// What is wrong, in words.
    Bad(&'static str),
    HeadTooLarge,
    TargetTooLong,
    HeadTimeout,
}

/// Timeouts of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// From the first byte of a head (or the opening of the connection) to its last.
    pub(crate) head: Duration,
    /// Without a request.
    pub(crate) idle: Duration,
    /// Without the client taking a byte of an answer.
    pub(crate) write: Duration,
}

/// What the guard and the pipeline tell each other about one connection.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    fault: Mutex<Option<Fault>>,
    /// Heads handed to the parser, and requests among them whose answer has ended.
    passed: AtomicU32,
    settled: AtomicU32,
}

impl Wire {
    /// What was wrong with the connection's last request, if anything.
    pub(crate) fn fault(&self) -> Option<Fault> {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }
    pub(crate) fn settle(&self) {
        self.settled.fetch_add(1, Ordering::Relaxed);
    }
    fn is_busy(&self) -> bool {
        self.passed.load(Ordering::Relaxed) != self.settled.load(Ordering::Relaxed)
    }
    fn raise(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
    }
}

pub(crate) struct Guard<S> {
    socket: S,
    wire: Arc<Wire>,
    patience: Patience,
    scanner: Scanner,
    /// The beginning of a head.
    held: Vec<u8>,
    /// Checked bytes that found no room yet, from this place on.
    released: Vec<u8>,
    released_from: usize,
    end: End,
    clock: Timer,
    /// When the present wait began: for a head's first byte, or for its last.
    waiting_since: Option<Instant>,
    requests: u32,
    stalled: Timer,
    linger: Option<usize>,
}

/// How reading ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    /// The client closed, or nothing came in time.
    Closed,
    /// After a fault in a head: the parser has its last request and need not ask again.
    Silent,
    /// After a fault in a body.
    Broken,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Guard<S> {
    pub(crate) fn new(socket: S, wire: Arc<Wire>, patience: Patience) -> Self {
        Self {
            socket,
            wire,
            patience,
            scanner: Scanner::new(),
            held: Vec::new(),
            released: Vec::new(),
            released_from: 0,
            end: End::Open,
            clock: Timer::default(),
            waiting_since: None,
            requests: 0,
            stalled: Timer::default(),
            linger: None,
        }
    }

    /// Reads from the socket straight into the parser's buffer, and takes back what it must not see yet.
    fn read_through(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let start = buf.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buf))?;
        let bytes = &buf.filled()[start..];
        if bytes.is_empty() {
            self.end = End::Closed;
            return Poll::Ready(Ok(()));
        }
        let scanned = self.scanner.scan(bytes);
        self.note_heads(scanned.heads);
        if scanned.fault.is_none() && scanned.passed < bytes.len() {
            self.held.extend_from_slice(&bytes[scanned.passed..]);
            self.waiting_since = None;
        }
        buf.set_filled(start + scanned.passed);
        if let Some(fault) = scanned.fault {
            self.raise(fault);
        }
        Poll::Ready(Ok(()))
    }

    /// Reads on in a head of which the beginning is held.
    fn read_held(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut room = [0; 4096];
        let mut buf = ReadBuf::new(&mut room);
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buf))?;
        if buf.filled().is_empty() {
            self.end = End::Closed;
            return Poll::Ready(Ok(()));
        }
        self.held.extend_from_slice(buf.filled());
        let scanned = self.scanner.scan(&self.held);
        self.note_heads(scanned.heads);
        self.released.extend(self.held.drain(..scanned.passed));
        if self.held.is_empty() {
            // A head may come in many pieces once and the connection idle for long.
            self.held = Vec::new();
        }
        if let Some(fault) = scanned.fault {
            self.held.clear();
            self.raise(fault);
        }
        Poll::Ready(Ok(()))
    }

    fn note_heads(&mut self, heads: u32) {
        if heads > 0 {
            self.requests = self.requests.saturating_add(heads);
            self.wire.passed.fetch_add(heads, Ordering::Relaxed);
            self.waiting_since = None;
        }
    }

    fn raise(&mut self, fault: Fault) {
        self.wire.raise(fault);
        if self.scanner.in_head() {
            self.held = Vec::new();
            self.released.extend_from_slice(FAULT_HEAD);
            self.wire.passed.fetch_add(1, Ordering::Relaxed);
            self.end = End::Silent;
        } else {
            self.end = End::Broken;
        }
    }

    /// Called when the socket has nothing. Ready when a timeout changed what is to be done.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.scanner.in_head() {
            return Poll::Pending;
        }
        loop {
            let now = Instant::now();
            let in_head = !self.held.is_empty();
            if !in_head && self.wire.is_busy() {
                self.waiting_since = Some(now);
            }
            let since = *self.waiting_since.get_or_insert(now);
            let patience = if in_head || self.requests == 0 { self.patience.head } else { self.patience.idle };
            ready!(self.clock.poll_until(cx, since + patience));
            // While an answer is under way, the connection is not idle: the wait begins anew.
            if !in_head && self.wire.is_busy() {
                continue;
            }
            if in_head {
                self.raise(Fault::HeadTimeout);
            } else {
                self.end = End::Closed;
            }
            return Poll::Ready(());
        }
    }

    /// Reads and forgets what a client still sends, so that closing does not reset the connection under its answer.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = *self.waiting_since.get_or_insert_with(|| Instant::now() + LINGER_TIME);
        let mut left = self.linger.unwrap_or(0);
        let mut room = [0; 4096];
        while left > 0 {
            let mut buf = ReadBuf::new(&mut room);
            match Pin::new(&mut self.socket).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => left = left.saturating_sub(buf.filled().len()),
                Poll::Ready(_) => left = 0,
                Poll::Pending => {
                    self.linger = Some(left);
                    return self.clock.poll_until(cx, deadline);
                }
            }
        }
        self.linger = Some(0);
        Poll::Ready(())
    }

    /// Turns a write that found no room into an error once the client has taken nothing for too long.
    fn watch_write<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled.stop();
            return written;
        }
        let deadline = self.stalled.deadline.unwrap_or_else(|| Instant::now() + self.patience.write);
        ready!(self.stalled.poll_until(cx, deadline));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Guard<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let start = buf.filled().len();
        loop {
            if this.released_from < this.released.len() {
                let rest = &this.released[this.released_from..];
                let taken = rest.len().min(buf.remaining());
                buf.put_slice(&rest[..taken]);
                this.released_from += taken;
            }
            if this.released_from == this.released.len() && this.released_from > 0 {
                this.released = Vec::new();
                this.released_from = 0;
            }
            if buf.filled().len() > start || buf.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            match this.end {
                End::Open => {}
                End::Closed => return Poll::Ready(Ok(())),
                End::Silent => return Poll::Pending,
                End::Broken => return Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
            }
            let read = if this.held.is_empty() { this.read_through(cx, buf) } else { this.read_held(cx) };
            match read {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => ready!(this.poll_patience(cx)),
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write(cx, buf);
        this.watch_write(cx, written)
    }
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write_vectored(cx, bufs);
        this.watch_write(cx, written)
    }
    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.linger.is_none() {
            ready!(Pin::new(&mut this.socket).poll_shutdown(cx))?;
            let whole = this.scanner.in_head() && this.held.is_empty() && this.end != End::Silent;
            this.linger = Some(if whole || this.end == End::Closed { 0 } else { LINGER_BYTES });
            this.waiting_since = None;
        }
        ready!(this.poll_linger(cx));
        Poll::Ready(Ok(()))
    }
}

/// A timer that is made at its first use and moved afterwards.
#[derive(Default)]
struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    deadline: Option<Instant>,
}

impl Timer {
    fn stop(&mut self) {
        self.deadline = None;
    }
    fn poll_until(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        self.deadline = Some(deadline);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        // A sleep that ends earlier is left alone until it does: moving one costs more than waking once too often.
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        loop {
            ready!(sleep.as_mut().poll(cx));
            if sleep.deadline() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
    }
}
