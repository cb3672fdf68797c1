//! One request and its answer on a connection to an upstream: the request's body goes out while the answer comes in.
use super::{
    Timer, buffers,
    framing::Decoder,
    outbox::{Delimited, Outbox},
    turn::Turn,
};
use crate::{
    dispatch::upload::{Outgoing, UploadError},
    http1::head::{AnswerHead, read_answer},
    upstream::pool::{Home, Open},
};
use bytes::{Bytes, BytesMut};
use http_body::Frame;
use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Instant,
};
use tokio_rustls::client::TlsStream;

/// Answers before the answer, such as `103 Early Hints`.
const MAX_INTERIM: u8 = 8;

/// A connection to an upstream.
pub(crate) struct Connection {
    io: Io,
    read: BytesMut,
    timer: Timer,
    /// Counts it among the open ones.
    open: Open,
    since: std::time::Instant,
}

/// In the clear or by TLS.
pub(crate) enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Why an exchange came to nothing.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The connection ended before the first byte of an answer.
    Lost,
    /// The answer is none, or broke off in its head.
    Garbage,
    /// The request's own body failed.
    Upload(UploadError),
    /// The client sent nothing more of the body.
    ClientTooSlow,
    Timeout,
}

/// How long an upstream may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// From the request's last byte to the answer's first.
    pub(crate) answer: Duration,
    /// Between two parts of a body.
    pub(crate) idle: Duration,
}

/// An exchange under way. It and its connection are handed on often and stand in boxes.
pub(crate) struct Exchange {
    connection: Box<Connection>,
    outbox: Outbox,
    upload: Outgoing,
    uploaded: bool,
    /// Whether any byte of the request has left.
    begun: bool,
    turn: Turn,
    /// Whether the upstream takes nothing more. It may have answered before: that is still read.
    deaf: bool,
    /// The part of the body that waits to leave with the head.
    first: Option<Bytes>,
    /// Since when nothing has moved.
    still_since: Option<Instant>,
    patience: Patience,
}

impl Connection {
    #[expect(clippy::unnecessary_box_returns, reason = "it is handed on often, and never out of its box")]
    pub(crate) fn new(io: Io, open: Open) -> Box<Self> {
        Box::new(Self { io, read: BytesMut::new(), timer: Timer::default(), open, since: std::time::Instant::now() })
    }

    pub(crate) fn age(&self, now: std::time::Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    /// Whether an idle connection is still good: its other side has neither closed it nor said anything.
    pub(crate) fn is_alive(&mut self, cx: &mut Context<'_>) -> bool {
        let mut room = [0; 1];
        Pin::new(&mut self.io).poll_read(cx, &mut ReadBuf::new(&mut room)).is_pending()
    }

    pub(crate) fn into_parts(self) -> (Io, BytesMut, Open) {
        (self.io, self.read, self.open)
    }
}

impl Exchange {
    /// `head` is a whole head, which says that the body is `delimited`.
    pub(crate) fn new(connection: Box<Connection>, head: Vec<u8>, upload: Outgoing, patience: Patience) -> Box<Self> {
        let delimited = match upload.length() {
            Some(0) => Delimited::Nothing,
            Some(_) => Delimited::Length,
            None => Delimited::Chunks,
        };
        let uploaded = delimited == Delimited::Nothing;
        let outbox = Outbox::new(head, delimited);
        Box::new(Self {
            connection,
            outbox,
            upload,
            uploaded,
            begun: false,
            turn: Turn::default(),
            deaf: false,
            first: None,
            still_since: None,
            patience,
        })
    }

    /// Waits for the answer's head. `head_only` for `HEAD`, whose answer has no body whatever it says.
    pub(crate) async fn answer(&mut self, head_only: bool) -> Result<AnswerHead, Broken> {
        let mut interim = 0;
        loop {
            let head = poll_fn(|cx| self.poll_head(cx, head_only)).await?;
            if head.status.is_informational() && head.status != http::StatusCode::SWITCHING_PROTOCOLS {
                interim += 1;
                if interim > MAX_INTERIM {
                    return Err(Broken::Garbage);
                }
                continue;
            }
            self.upload.answered();
            return Ok(head);
        }
    }

    /// Whether nothing of the request has left, so that it may be sent elsewhere.
    pub(crate) fn is_unsent(&self) -> bool {
        !self.begun
    }

    /// The body of a request that is unsent, whole.
    pub(crate) fn into_upload(mut self: Box<Self>) -> Outgoing {
        if let Some(first) = self.first.take() {
            self.upload.put_back(first);
        }
        self.upload
    }

    #[expect(clippy::unnecessary_box_returns, reason = "the box is there already")]
    pub(crate) fn into_connection(self: Box<Self>) -> Box<Connection> {
        self.connection
    }

    fn poll_head(&mut self, cx: &mut Context<'_>, head_only: bool) -> Poll<Result<AnswerHead, Broken>> {
        loop {
            ready!(self.turn.poll(cx));
            // Before the first byte has left, nothing can have come.
            let sent = self.poll_send(cx);
            if let Poll::Ready(Err(broken)) = sent {
                return Poll::Ready(Err(broken));
            }
            match read_answer(&mut self.connection.read, head_only) {
                Ok(Some(head)) => {
                    self.still_since = None;
                    return Poll::Ready(Ok(head));
                }
                Ok(None) => {}
                Err(()) => return Poll::Ready(Err(Broken::Garbage)),
            }
            let Connection { io, read, .. } = &mut *self.connection;
            match buffers::poll_read(io, cx, read) {
                Poll::Ready(Ok(0) | Err(_)) => {
                    let broken = if self.connection.read.is_empty() { Broken::Lost } else { Broken::Garbage };
                    return Poll::Ready(Err(broken));
                }
                Poll::Ready(Ok(_)) => {}
                Poll::Pending => {
                    ready!(self.poll_patience(cx));
                    let slow = !self.uploaded && self.upload.waits_for_client();
                    return Poll::Ready(Err(if slow { Broken::ClientTooSlow } else { Broken::Timeout }));
                }
            }
        }
    }

    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let since = *self.still_since.get_or_insert_with(Instant::now);
        let patience = if self.uploaded { self.patience.answer } else { self.patience.idle };
        self.connection.timer.poll_until(cx, since + patience)
    }

    /// Sends on of the request. Ready when all is sent.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        while !self.deaf {
            // One part leaves with the head; the others wait until it is known that anything leaves at all.
            while !self.uploaded && !self.outbox.is_full() && (self.begun || self.first.is_none()) {
                match self.upload.poll_frame(cx) {
                    Poll::Ready(Some(Ok(frame))) => {
                        self.still_since = None;
                        match frame.into_data() {
                            Ok(data) => {
                                if !self.begun {
                                    self.first = Some(data.clone());
                                }
                                self.outbox.push(data);
                                self.end_upload_at_last_byte();
                            }
                            Err(frame) => self.end_upload(frame.into_trailers().ok().as_ref()),
                        }
                    }
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(Broken::Upload(error))),
                    Poll::Ready(None) => self.end_upload(None),
                    Poll::Pending => break,
                }
            }
            if self.outbox.is_empty() {
                return if self.uploaded { Poll::Ready(Ok(())) } else { Poll::Pending };
            }
            let (io, begun, still_since) = (&mut self.connection.io, &mut self.begun, &mut self.still_since);
            let first = &mut self.first;
            let written = self.outbox.poll(|head, tail| {
                let written = io.poll_write_both(cx, head, tail);
                if let Poll::Ready(Ok(1..)) = written {
                    *begun = true;
                    *first = None;
                    *still_since = None;
                }
                written
            });
            let mut sent = ready!(written);
            if sent.is_ok() {
                sent = ready!(Pin::new(&mut self.connection.io).poll_flush(cx));
            }
            if sent.is_err() {
                if !self.begun {
                    return Poll::Ready(Err(Broken::Lost));
                }
                self.deaf = true;
            }
        }
        Poll::Pending
    }

    /// A body of known length has no other end than its last byte.
    fn end_upload_at_last_byte(&mut self) {
        if self.outbox.delimited() == Delimited::Length && self.upload.is_over() {
            self.uploaded = true;
        }
    }

    fn end_upload(&mut self, trailers: Option<&http::HeaderMap>) {
        self.outbox.end(trailers);
        self.uploaded = true;
    }
}

impl Io {
    fn poll_write_both(&mut self, cx: &mut Context<'_>, head: &[u8], tail: &[u8]) -> Poll<io::Result<usize>> {
        let written = if tail.is_empty() {
            ready!(Pin::new(self).poll_write(cx, head))?
        } else if head.is_empty() {
            ready!(Pin::new(self).poll_write(cx, tail))?
        } else {
            ready!(Pin::new(self).poll_write_vectored(cx, &[io::IoSlice::new(head), io::IoSlice::new(tail)]))?
        };
        Poll::Ready(if written == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(written) })
    }
}

impl AsyncRead for Io {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Io {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }
    fn is_write_vectored(&self) -> bool {
        true
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(_) => Poll::Ready(Ok(())),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// An answer's body. Its connection goes back to where it came from once both messages are whole.
pub(crate) struct Download {
    exchange: Option<Box<Exchange>>,
    decoder: Decoder,
    /// Whether the connection may carry another request after this.
    keep: bool,
    home: Home,
}

impl Download {
    pub(crate) fn new(mut exchange: Box<Exchange>, head: &AnswerHead, home: Home) -> Self {
        exchange.still_since = None;
        Self { exchange: Some(exchange), decoder: head.decoder(), keep: head.keep_alive, home }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.decoder.is_over()
    }

    pub(crate) fn length(&self) -> Option<u64> {
        self.decoder.length()
    }

    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(exchange) = &mut self.exchange else { return Poll::Ready(None) };
        match ready!(poll_part(exchange, &mut self.decoder, &mut self.keep, cx)) {
            Ok(part) => Poll::Ready(part.map(Ok)),
            Err(error) => {
                self.exchange = None;
                Poll::Ready(Some(Err(error)))
            }
        }
    }
}

fn poll_part(
    exchange: &mut Exchange,
    decoder: &mut Decoder,
    keep: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<io::Result<Option<Frame<Bytes>>>> {
    loop {
        let garbage = |_| io::Error::from(io::ErrorKind::InvalidData);
        if let Some(frame) = decoder.next(&mut exchange.connection.read).map_err(garbage)? {
            exchange.still_since = None;
            return Poll::Ready(Ok(Some(frame)));
        }
        if decoder.is_over() {
            return Poll::Ready(Ok(None));
        }
        if let Poll::Ready(Err(_)) = exchange.poll_send(cx) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let Connection { io, read, .. } = &mut *exchange.connection;
        match buffers::poll_read(io, cx, read) {
            Poll::Ready(Ok(0)) if matches!(decoder, Decoder::UntilClose) => {
                (*decoder, *keep) = (Decoder::Over, false);
            }
            Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            Poll::Ready(Ok(_)) => {}
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => {
                let since = *exchange.still_since.get_or_insert_with(Instant::now);
                ready!(exchange.connection.timer.poll_until(cx, since + exchange.patience.idle));
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        let Some(exchange) = self.exchange.take() else { return };
        // An answer that came before the whole request was sent leaves the connection in the middle of it.
        if self.keep && self.decoder.is_over() && exchange.uploaded && !exchange.deaf && exchange.outbox.is_empty() {
            let mut connection = exchange.connection;
            if connection.read.is_empty() {
                buffers::rest(&mut connection.read);
                self.home.take_back(connection);
            }
        }
    }
}
