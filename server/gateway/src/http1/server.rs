//! One client's connection: request after request, until one side has had enough.
use super::{
    Fault,
    answer::Sending,
    head::{Framing, Head},
    turn,
    wire::{Patience, Upload, Wire, lock},
};
use crate::{
    http2,
    listener::Stop,
    message::{Answer, Body, Request, Version},
    peer::Peer,
    pipeline, tunnel,
    worker::Worker,
};
use bytes::BytesMut;
use http::Method;
use std::{
    future::{Future as _, poll_fn},
    pin::pin,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    task::Poll,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

/// What a connection can be.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for S {}

/// What is to become of the connection after an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Again,
    Close,
    /// The client may still be sending.
    Linger,
}

/// What of a request matters for how its answer is written.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) version: Version,
    pub(crate) head_only: bool,
    pub(crate) keep_alive: bool,
    /// Whether it named `trailers` in `TE`.
    pub(crate) takes_trailers: bool,
}

impl Asked {
    /// By a request that could not be read, or was not.
    const UNREAD: Self = Self { version: Version::Http11, head_only: false, keep_alive: false, takes_trailers: false };
}

/// Serves a connection of which `read` was read already.
pub(crate) async fn serve<S: Stream>(worker: Arc<Worker>, peer: Arc<Peer>, stream: S, read: BytesMut, mut stop: Stop) {
    let wire = Arc::new(Mutex::new(Wire::new(stream, read, patience(&worker))));
    // HTTP/2 waits for the same, should it be what follows.
    let for_http2 = stop.clone();
    let mut stopped = pin!(stop.changed());
    let mut waits_for_stop = false;
    loop {
        let head = poll_fn(|cx| {
            if let Poll::Ready(head) = lock(&wire).poll_head(cx) {
                return Poll::Ready(head);
            }
            // It wakes this task however often the task has woken since: once is enough.
            let mut told = false;
            if !waits_for_stop {
                waits_for_stop = true;
                told = stopped.as_mut().poll(cx).is_ready();
            }
            // A request that has begun is still read to its end, and answered.
            let ends = (told || worker.shared.stopping.load(Ordering::Relaxed)) && !lock(&wire).is_in_head();
            if ends { Poll::Ready(None) } else { Poll::Pending }
        });
        let head = match head.await {
            None => last_head(&wire).await,
            head => head,
        };
        let then = match head {
            Some(Ok(head)) => {
                let asked = Asked {
                    version: head.version,
                    head_only: head.method == Method::HEAD,
                    keep_alive: head.keep_alive,
                    takes_trailers: head.fields.members("te").any(|member| member.eq_ignore_ascii_case(b"trailers")),
                };
                let request = into_request(head, &wire);
                let Some(mut answer) = answer_one(&worker, &peer, &wire, request).await else { break };
                if let Some(tunnel) = answer.tunnel.take() {
                    if Box::pin(write(&worker, &wire, answer, asked)).await.is_ok()
                        && let Some(wire) = Arc::into_inner(wire)
                    {
                        let wire = wire.into_inner().unwrap_or_else(PoisonError::into_inner);
                        let (stream, read) = wire.into_parts();
                        Box::pin(tunnel::run(stream, read, *tunnel)).await;
                    }
                    return;
                }
                Box::pin(write(&worker, &wire, answer, asked)).await
            }
            Some(Err(_)) if lock(&wire).began_with_http2() => {
                if let Some(wire) = Arc::into_inner(wire) {
                    let (stream, read) = wire.into_inner().unwrap_or_else(PoisonError::into_inner).into_parts();
                    // In a box of its own: a connection that stays with HTTP/1.1 needs no room for it.
                    Box::pin(http2::serve(worker, peer, stream, read, for_http2)).await;
                }
                return;
            }
            Some(Err(fault)) => {
                let answer = pipeline::refuse(&worker, &peer, fault);
                Box::pin(write(&worker, &wire, answer, Asked::UNREAD)).await.map(|_| Then::Linger)
            }
            None => break,
        };
        match then {
            Ok(Then::Again) => {}
            Ok(then) => {
                close(&wire, then).await;
                break;
            }
            // A broken answer is cut off, so that nobody takes it for a whole one.
            Err(_) => break,
        }
    }
}

/// Answers a connection that is not served, whatever it asks for, and closes it.
pub(crate) async fn turn_away<S: Stream>(worker: Arc<Worker>, peer: Peer, stream: S) {
    let wire = Arc::new(Mutex::new(Wire::new(stream, BytesMut::new(), patience(&worker))));
    let answer = pipeline::turn_away(&worker, &peer);
    if write(&worker, &wire, answer, Asked::UNREAD).await.is_ok() {
        // Its request may be on the way.
        close(&wire, Then::Linger).await;
    }
}

fn patience(worker: &Worker) -> Patience {
    let settings = &worker.shared.settings;
    Patience { head: settings.header_timeout, idle: settings.idle_timeout, write: settings.write_timeout }
}

/// Looks once more before a connection is closed: a request may have come that the runtime has not told of yet.
async fn last_head<S: Stream>(wire: &Mutex<Wire<S>>) -> Option<Result<Head, Fault>> {
    tokio::task::yield_now().await;
    poll_fn(|cx| {
        let mut wire = lock(wire);
        match wire.poll_head(cx) {
            Poll::Pending if !wire.is_in_head() => Poll::Ready(None),
            polled => polled,
        }
    })
    .await
}

fn into_request<S: Stream>(head: Head, wire: &Arc<Mutex<Wire<S>>>) -> Request {
    let body = match head.framing {
        Framing::Length(0) => Body::empty(),
        Framing::Length(length) => Body::upload(Upload::new(wire.clone(), Some(length))),
        Framing::Chunked => Body::upload(Upload::new(wire.clone(), None)),
    };
    let Head { method, target, fields, version, upgrade, .. } = head;
    Request { method, target, fields, body, version, upgrade }
}

/// The pipeline's answer; `None` when the client went away before there was one.
async fn answer_one<S: Stream>(
    worker: &Arc<Worker>,
    peer: &Arc<Peer>,
    wire: &Mutex<Wire<S>>,
    request: Request,
) -> Option<Answer> {
    // In a box of its own, so that a connection without a request is small.
    let mut answering = Box::pin(pipeline::answer(worker, peer, request));
    poll_fn(|cx| match turn::watch(|| answering.as_mut().poll(cx)) {
        (Poll::Ready(answer), _) => Poll::Ready(Some(answer)),
        (Poll::Pending, true) => Poll::Pending,
        (Poll::Pending, false) => lock(wire).poll_gone(cx).map(|()| None),
    })
    .await
}

/// Writes an answer as its body comes.
async fn write<S: Stream>(
    worker: &Worker,
    wire: &Arc<Mutex<Wire<S>>>,
    answer: Answer,
    mut asked: Asked,
) -> std::io::Result<Then> {
    // Nobody reads the rest of the request any more: unless all of it is here, this answer is the last.
    let unread = Arc::strong_count(wire) == 1 && !lock(wire).is_at_end();
    asked.keep_alive &= !unread && !worker.shared.stopping.load(Ordering::Relaxed);
    let mut sending = Sending::new(answer, &mut asked, worker);
    poll_fn(|cx| sending.poll(cx, wire)).await?;
    drop(sending);
    let at_end = lock(wire).is_at_end();
    Ok(match (asked.keep_alive, at_end) {
        (true, true) => Then::Again,
        (false, true) => Then::Close,
        (_, false) => Then::Linger,
    })
}

/// Says that nothing more comes.
async fn close<S: Stream>(wire: &Mutex<Wire<S>>, then: Then) {
    if poll_fn(|cx| lock(wire).poll_shutdown(cx)).await.is_err() || then != Then::Linger {
        return;
    }
    let (mut left, since) = (Wire::<S>::LINGER_BYTES, Instant::now());
    poll_fn(|cx| lock(wire).poll_linger(cx, &mut left, since)).await;
}
