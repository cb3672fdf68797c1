//! HTTP/2 (RFC 9113) from clients: agreed by ALPN, or begun by prior knowledge on a plain connection.
//!
//! Frames, compression of fields and flow control are the crate `h2`'s. What is done here is to hold a client to its
//! share: [`meter`] counts what costs us work and the client nothing, [`request`] takes nothing for a request that
//! HTTP/1.1 would not take either, and [`answer`] waits for a slow reader only so long. One connection is one task: its
//! streams are polled within it.

mod answer;
mod meter;
mod request;
mod stream;
#[cfg(test)]
mod tests;

use crate::{
    http1::{Fault, Patience},
    listener::Stop,
    message::{Answer, Request},
    peer::Peer,
    pipeline,
    worker::Worker,
};
use bytes::{Bytes, BytesMut};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use h2::{
    Ping, PingPong, Reason,
    server::{Builder, Connection, SendResponse},
};
use meter::{Meter, Metered};
use std::{
    future::{Future, poll_fn},
    sync::Arc,
    task::Poll,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, sleep_until, timeout},
};

/// Streams that a client may have open at once.
const MAX_STREAMS: u32 = 128;
/// Of a request's fields, unpacked, as RFC 9113 10.5.1 counts them. Beyond it, the answer is 431.
const MAX_HEADER_LIST: u32 = 32 * 1024;
/// What a client may send of one body, and of all, before we have taken it.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// What is kept of an answer for a client that takes it slowly.
const SEND_BUFFER: usize = 64 * 1024;
/// Streams that a client opened and reset before we looked at them, and streams that its faults made us reset. At the
/// first one more, the connection ends.
const MAX_PENDING_RESETS: usize = 20;
const MAX_FAULTY_STREAMS: usize = 128;
/// A client that sends nothing for so long, while streams are open, is asked whether it is still there.
const QUIET: Duration = Duration::from_mins(1);
/// So long it may take to say yes; and to read our last words.
const REPLY: Duration = Duration::from_secs(20);
const FAREWELL: Duration = Duration::from_secs(1);

/// What a connection with HTTP/2 begins with; RFC 9113 3.4.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Whether a connection begins like this: to HTTP/1.1 it is a whole head, with a method and a version that it does not
/// know.
pub(crate) fn begins(read: &[u8]) -> bool {
    read.starts_with(&PREFACE[..18])
}

/// Serves a connection of which `read` was read already.
pub(crate) async fn serve<S>(worker: Arc<Worker>, peer: Arc<Peer>, stream: S, read: BytesMut, stop: Stop)
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let settings = &worker.shared.settings;
    let patience =
        Patience { head: settings.header_timeout, idle: settings.idle_timeout, write: settings.write_timeout };
    let handle = |request: Result<Request, Fault>| {
        let (worker, peer) = (Arc::clone(&worker), Arc::clone(&peer));
        async move {
            let mut answer = match request {
                Ok(request) => pipeline::answer(&worker, &peer, request).await,
                Err(fault) => pipeline::refuse(&worker, &peer, fault),
            };
            if !answer.fields.contains("date") {
                let mut line = Vec::new();
                worker.write_date(None, &mut line);
                answer.fields.push_line(&line, "date".len(), "date: ".len(), line.len() - 2);
            }
            answer
        }
    };
    serve_with(stream, read, patience, stop, handle).await;
}

/// The same with any handler of requests. How a connection ends is the client's business: its requests were counted one
/// by one.
async fn serve_with<S, H, F>(stream: S, read: BytesMut, patience: Patience, stop: Stop, handle: H)
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Fn(Result<Request, Fault>) -> F,
    F: Future<Output = Answer>,
{
    let meter = Arc::new(Meter::default());
    let socket = Metered::new(stream, read, patience.write, Arc::clone(&meter));
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_LIST)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buffer_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .max_local_error_reset_streams(Some(MAX_FAULTY_STREAMS))
        .enable_connect_protocol();
    let Ok(Ok(mut connection)) = timeout(patience.head, builder.handshake::<_, Bytes>(socket)).await else { return };
    let pulse = Pulse::new(connection.ping_pong(), &meter, patience.idle);
    drive(connection, &meter, pulse, patience, stop, &handle).await;
}

async fn drive<S, H, F>(
    mut connection: Connection<Metered<S>, Bytes>,
    meter: &Meter,
    mut pulse: Pulse<'_>,
    patience: Patience,
    mut stop: Stop,
    handle: &H,
) where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Fn(Result<Request, Fault>) -> F,
    F: Future<Output = Answer>,
{
    let mut streams = FuturesUnordered::new();
    let mut leaving = stop.borrow().is_some();
    if leaving {
        connection.graceful_shutdown();
    }
    loop {
        let busy = !streams.is_empty();
        tokio::select! {
            accepted = connection.accept() => match accepted {
                Some(Ok((request, respond))) => streams.push(serve_stream(request, respond, meter, patience, handle)),
                Some(Err(_)) | None => return,
            },
            Some(()) = streams.next(), if busy => {}
            () = meter.overdrawn() => {
                connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
                let _ = timeout(FAREWELL, poll_fn(|cx| connection.poll_closed(cx))).await;
                return;
            }
            _ = stop.changed(), if !leaving => {
                leaving = true;
                connection.graceful_shutdown();
            }
            end = pulse.next(busy) => match end {
                Beat::On => {}
                Beat::Idle if !leaving => {
                    leaving = true;
                    connection.graceful_shutdown();
                }
                // Idle although told to go, or gone.
                Beat::Idle | Beat::Lost => return,
            },
        }
        // Whoever was told to go has a moment to say that it knows, or to take what is still on its way.
        if leaving && streams.is_empty() {
            let moment = if connection.has_streams() { patience.write } else { FAREWELL };
            match timeout(moment, connection.accept()).await {
                Ok(Some(Ok((request, respond)))) => {
                    streams.push(serve_stream(request, respond, meter, patience, handle));
                }
                _ => return,
            }
        }
    }
}

/// One request and its answer.
async fn serve_stream<H, F>(
    request: http::Request<h2::RecvStream>,
    mut respond: SendResponse<Bytes>,
    meter: &Meter,
    patience: Patience,
    handle: &H,
) where
    H: Fn(Result<Request, Fault>) -> F,
    F: Future<Output = Answer>,
{
    let request::Read { request, head_only, connect, mut wanted } = request::read(request);
    let answer = {
        let mut answering = std::pin::pin!(handle(request));
        loop {
            tokio::select! {
                answer = answering.as_mut() => break answer,
                // The client changed its mind: with the future, the upstream's work ends.
                _ = poll_fn(|cx| respond.poll_reset(cx)) => return,
                Some(()) = request::body_is_wanted(&mut wanted) => {
                    let go_on = http::Response::builder().status(http::StatusCode::CONTINUE).body(());
                    if let Ok(go_on) = go_on && respond.send_informational(go_on).is_err() {
                        return;
                    }
                }
            }
        }
    };
    if answer::send(answer, respond, head_only, connect, patience.write).await {
        meter.answered();
    }
}

/// Tells when a connection has been quiet for too long.
struct Pulse<'a> {
    pings: Option<PingPong>,
    meter: &'a Meter,
    idle: Duration,
    /// Since when no stream is open.
    idle_since: Option<Instant>,
    /// When the client was asked for a sign of life.
    asked: Option<Instant>,
}

enum Beat {
    /// All is well.
    On,
    Idle,
    Lost,
}

impl<'a> Pulse<'a> {
    fn new(pings: Option<PingPong>, meter: &'a Meter, idle: Duration) -> Self {
        Self { pings, meter, idle, idle_since: None, asked: None }
    }

    async fn next(&mut self, busy: bool) -> Beat {
        if !busy {
            self.asked = None;
            let since = *self.idle_since.get_or_insert_with(Instant::now);
            sleep_until(since + self.idle).await;
            return Beat::Idle;
        }
        self.idle_since = None;
        let last = self.meter.last_read();
        let Some(asked) = self.asked else {
            sleep_until(last + QUIET).await;
            if self.meter.last_read() == last
                && let Some(pings) = &mut self.pings
            {
                // It fails where an earlier one is unanswered, which is as good a question.
                let _ = pings.send_ping(Ping::opaque());
                self.asked = Some(Instant::now());
            }
            return Beat::On;
        };
        // Anything that it sends is a sign of life.
        if last <= asked {
            sleep_until(asked + REPLY).await;
            if self.meter.last_read() <= asked {
                return Beat::Lost;
            }
        }
        self.asked = None;
        if let Some(pings) = &mut self.pings {
            // Takes the reply, if it was one, so that the next question can be asked.
            poll_fn(|cx| Poll::Ready(pings.poll_pong(cx).is_ready())).await;
        }
        Beat::On
    }
}
