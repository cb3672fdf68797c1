//! The bytes of one stream, under flow control.
use super::request::into_io;
use crate::pace::Pace;
use bytes::{Buf as _, Bytes};
use h2::{Reason, RecvStream, SendStream};
use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::timeout,
};

/// Sends data as the client's windows have room. A client that opens none for longer than `patience`, or opens them too
/// slowly, loses the stream. Whether all was sent.
pub(super) async fn send_all(
    sending: &mut SendStream<Bytes>,
    mut data: Bytes,
    last: bool,
    patience: Duration,
    pace: &mut Pace,
) -> bool {
    if data.is_empty() {
        return sending.send_data(data, last).is_ok();
    }
    while !data.is_empty() {
        sending.reserve_capacity(data.len());
        let capacity = poll_fn(|cx| {
            let polled = sending.poll_capacity(cx);
            if polled.is_pending() {
                pace.waits();
            }
            polled
        });
        let room = match timeout(patience, capacity).await {
            Ok(Some(Ok(room))) if pace.moved(room.min(data.len())).is_ok() => room.min(data.len()),
            Ok(None | Some(Err(_))) => return false,
            _ => {
                sending.send_reset(Reason::CANCEL);
                return false;
            }
        };
        if room > 0 {
            let part = data.split_to(room);
            if sending.send_data(part, last && data.is_empty()).is_err() {
                return false;
            }
        }
    }
    true
}

/// A stream as a connection of its own, for what follows an extended CONNECT (RFC 8441).
pub(super) struct Tunnelled {
    received: RecvStream,
    read: Bytes,
    sending: SendStream<Bytes>,
}

impl Tunnelled {
    pub(super) fn new(received: RecvStream, sending: SendStream<Bytes>) -> Self {
        Self { received, read: Bytes::new(), sending }
    }
}

impl AsyncRead for Tunnelled {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.read.is_empty() {
            match ready!(this.received.poll_data(cx)) {
                Some(Ok(data)) => this.read = data,
                Some(Err(error)) => return Poll::Ready(Err(into_io(error))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let count = this.read.len().min(into.remaining());
        into.put_slice(&this.read[..count]);
        this.read.advance(count);
        let _ = this.received.flow_control().release_capacity(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tunnelled {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        this.sending.reserve_capacity(bytes.len());
        let room = match ready!(this.sending.poll_capacity(cx)) {
            Some(Ok(room)) => room.min(bytes.len()),
            Some(Err(error)) => return Poll::Ready(Err(into_io(error))),
            None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        };
        this.sending.send_data(Bytes::copy_from_slice(&bytes[..room]), false).map_err(into_io)?;
        Poll::Ready(Ok(room))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The connection's own task sends what is here.
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Once only: what was closed cannot be closed again.
        let _ = self.get_mut().sending.send_data(Bytes::new(), true);
        Poll::Ready(Ok(()))
    }
}
