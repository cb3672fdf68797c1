//! An answer on its way to an HTTP/1.1 client: its head made, its body passed on as it comes.
use super::{
    buffers,
    outbox::{Delimited, Outbox},
    server::Asked,
    turn::Turn,
    wire::{Wire, lock},
};
use crate::{
    message::{Answer, Body, Version},
    worker::Worker,
};
use http::StatusCode;
use std::{
    io::{self, Write as _},
    sync::Mutex,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite};

pub(super) struct Sending {
    body: Body,
    outbox: Outbox,
    takes_trailers: bool,
    flush: bool,
    over: bool,
    turn: Turn,
    /// The body broke off: to be told once what came before it is written.
    broken: Option<io::Error>,
}

impl Sending {
    /// Makes the head. Takes the wish for another request back where the answer ends by closing.
    pub(super) fn new(answer: Answer, asked: &mut Asked, worker: &Worker) -> Self {
        let Answer { status, fields, body, .. } = answer;
        let length = body.length();
        let delimited = match status {
            StatusCode::SWITCHING_PROTOCOLS | StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => Delimited::Nothing,
            _ if asked.head_only => Delimited::Nothing,
            _ if length.is_some() => Delimited::Length,
            _ if asked.version == Version::Http10 => Delimited::Close,
            _ => Delimited::Chunks,
        };
        asked.keep_alive &= delimited != Delimited::Close;
        let mut head = buffers::take_write();
        write_status(&mut head, status);
        fields.write_to(&mut head);
        if !fields.contains("date") {
            worker.write_date(body.made_at(), &mut head);
        }
        match delimited {
            Delimited::Length => {
                head.extend_from_slice(b"content-length: ");
                head.extend_from_slice(itoa::Buffer::new().format(length.unwrap_or(0)).as_bytes());
                head.extend_from_slice(b"\r\n");
            }
            Delimited::Chunks => head.extend_from_slice(b"transfer-encoding: chunked\r\n"),
            // The answer to HEAD may tell the length of the body that is not there.
            Delimited::Nothing | Delimited::Close => {}
        }
        if status != StatusCode::SWITCHING_PROTOCOLS {
            match (asked.keep_alive, asked.version) {
                (false, _) => head.extend_from_slice(b"connection: close\r\n"),
                (true, Version::Http10) => head.extend_from_slice(b"connection: keep-alive\r\n"),
                (true, _) => {}
            }
        }
        head.extend_from_slice(b"\r\n");
        let over = delimited == Delimited::Nothing || body.is_over() && delimited == Delimited::Length;
        let outbox = Outbox::new(head, delimited);
        Self {
            body,
            outbox,
            takes_trailers: asked.takes_trailers,
            flush: over,
            over,
            turn: Turn::default(),
            broken: None,
        }
    }

    /// Ready when all of it is written. The connection is free while the body is asked: that may read from it too.
    pub(super) fn poll<S: AsyncRead + AsyncWrite + Unpin + Send>(
        &mut self,
        cx: &mut Context<'_>,
        wire: &Mutex<Wire<S>>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.flush {
                ready!(self.turn.poll(cx));
                // The request is counted and the upstream's connection free before the client can know of its end.
                if self.over && self.outbox.is_copied() {
                    self.body = Body::empty();
                }
                let mut wire = lock(wire);
                ready!(self.outbox.poll(|head, tail| wire.poll_write(cx, head, tail)))?;
                ready!(wire.poll_flush(cx))?;
                self.flush = false;
                if self.over {
                    return Poll::Ready(self.broken.take().map_or(Ok(()), Err));
                }
            }
            match self.body.poll_next(cx) {
                Poll::Pending if self.outbox.is_empty() => {
                    ready!(lock(wire).poll_gone(cx));
                    return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
                }
                // What is here goes out now: who streams wants each part at once.
                Poll::Pending => self.flush = true,
                Poll::Ready(Some(Err(error))) => {
                    self.broken = Some(error);
                    self.over = true;
                    self.flush = true;
                }
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => {
                        self.outbox.push(data);
                        // A body of known length has no other end than its last byte.
                        let whole = self.outbox.delimited() == Delimited::Length && self.body.is_over();
                        self.over |= whole;
                        self.flush |= whole || self.outbox.is_full();
                    }
                    Err(frame) => {
                        let trailers = frame.into_trailers().ok().filter(|_| self.takes_trailers);
                        self.end(trailers.as_ref());
                    }
                },
                Poll::Ready(None) => self.end(None),
            }
        }
    }

    fn end(&mut self, trailers: Option<&http::HeaderMap>) {
        self.outbox.end(trailers);
        self.over = true;
        self.flush = true;
    }
}

fn write_status(out: &mut Vec<u8>, status: StatusCode) {
    if status == StatusCode::OK {
        out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
    } else {
        let _ = write!(out, "HTTP/1.1 {} {}\r\n", status.as_u16(), status.canonical_reason().unwrap_or_default());
    }
}
