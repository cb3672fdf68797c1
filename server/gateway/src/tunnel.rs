//! What a connection becomes after a switch of protocols: bytes both ways, of which nothing is read.
use crate::{
    account::Account,
    http1::{Timer, buffers, exchange::Io},
    upstream::{condition::Load, pool::Open},
    websocket::OpenSocket,
};
use bytes::{Buf as _, BytesMut};
use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

/// The far end of an upgraded connection.
pub(crate) struct Tunnel {
    pub(crate) upstream: Io,
    /// What the upstream sent behind its answer's head.
    pub(crate) read: BytesMut,
    /// Counts the connection among the open ones.
    pub(crate) open: Open,
    /// Held as long as it lasts.
    pub(crate) load: Load,
    /// Where it is a WebSocket, counts it among those.
    pub(crate) socket: Option<OpenSocket>,
    /// How long both sides may be silent.
    pub(crate) idle: Duration,
    /// How long it lasts at most.
    pub(crate) lifetime: Option<Duration>,
    /// Of the request that asked for it.
    pub(crate) account: Option<Box<Account>>,
}

/// Carries bytes until both sides are done, or one is gone, or time is up.
pub(crate) async fn run(mut client: impl AsyncRead + AsyncWrite + Unpin, read: BytesMut, tunnel: Tunnel) {
    let Tunnel { mut upstream, read: answered, open, load, socket, idle, lifetime, mut account } = tunnel;
    let (mut up, mut down) = (Way::new(read), Way::new(answered));
    let (mut timer, started) = (Timer::default(), Instant::now());
    let mut still_since = started;
    let end = lifetime.map(|lifetime| started + lifetime);
    let _ = poll_fn(|cx| -> Poll<io::Result<()>> {
        let before = up.carried + down.carried;
        let polled = (up.poll(cx, &mut client, &mut upstream)?, down.poll(cx, &mut upstream, &mut client)?);
        if polled.0.is_ready() && polled.1.is_ready() {
            return Poll::Ready(Ok(()));
        }
        if up.carried + down.carried > before {
            still_since = Instant::now();
        }
        let silent = still_since + idle;
        ready!(timer.poll_until(cx, end.map_or(silent, |end| end.min(silent))));
        Poll::Ready(Ok(()))
    })
    .await;
    if let Some(account) = &mut account {
        account.carried(up.carried, down.carried);
    }
    drop((open, load, socket, account));
}

/// One direction.
struct Way {
    /// Read and not yet written.
    buffer: BytesMut,
    carried: u64,
    /// The reading side has ended.
    ended: bool,
    /// So has the writing side been told.
    closed: bool,
}

impl Way {
    fn new(buffer: BytesMut) -> Self {
        Self { buffer, carried: 0, ended: false, closed: false }
    }

    /// Ready when nothing more goes this way.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<io::Result<()>> {
        loop {
            while !self.buffer.is_empty() {
                let written = ready!(Pin::new(&mut *to).poll_write(cx, &self.buffer))?;
                if written == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                self.buffer.advance(written);
                self.carried += written as u64;
            }
            buffers::rest(&mut self.buffer);
            if self.ended {
                if !self.closed {
                    ready!(Pin::new(&mut *to).poll_shutdown(cx))?;
                    self.closed = true;
                }
                return Poll::Ready(Ok(()));
            }
            match buffers::poll_read(from, cx, &mut self.buffer) {
                Poll::Ready(Ok(0)) => self.ended = true,
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    ready!(Pin::new(&mut *to).poll_flush(cx))?;
                    return Poll::Pending;
                }
            }
        }
    }
}
