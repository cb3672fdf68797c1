//! What is to be written next: small parts together, large ones from where they are. The same towards clients and
//! upstreams.
use super::buffers;
use bytes::{Buf as _, Bytes};
use http::HeaderMap;
use std::{
    io::{self, Write as _},
    task::{Poll, ready},
};

/// Parts of bodies up to this size are copied behind what waits already; larger ones are written from where they are.
const COPIED: usize = 16 * 1024;

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delimited {
    /// It has none, whatever its fields say.
    Nothing,
    Length,
    Chunks,
    /// By closing: to clients of HTTP/1.0.
    Close,
}

pub(super) struct Outbox {
    /// What is to be written, from `written` on, and then the tail.
    text: Vec<u8>,
    written: usize,
    tail: Bytes,
    /// A large chunk's end is still to be written.
    in_chunk: bool,
    delimited: Delimited,
}

impl Outbox {
    /// Takes a head that is whole.
    pub(super) fn new(head: Vec<u8>, delimited: Delimited) -> Self {
        Self { text: head, written: 0, tail: Bytes::new(), in_chunk: false, delimited }
    }

    pub(super) fn delimited(&self) -> Delimited {
        self.delimited
    }

    pub(super) fn is_empty(&self) -> bool {
        self.written == self.text.len() && self.tail.is_empty()
    }

    /// Takes a part of the body. Only when [`Self::is_full`] says no.
    pub(super) fn push(&mut self, data: Bytes) {
        if data.is_empty() {
            return;
        }
        let chunked = self.delimited == Delimited::Chunks;
        if chunked {
            self.end_chunk();
            let _ = write!(self.text, "{:x}\r\n", data.len());
            self.in_chunk = true;
        }
        if self.text.len() - self.written + data.len() > COPIED {
            self.tail = data;
            return;
        }
        self.text.extend_from_slice(&data);
        if chunked {
            self.end_chunk();
        }
    }

    /// Whether what is in here must be written before more is taken.
    pub(super) fn is_full(&self) -> bool {
        !self.tail.is_empty() || self.text.len() - self.written > COPIED
    }

    /// Whether nothing in here is somebody else's.
    pub(super) fn is_copied(&self) -> bool {
        self.tail.is_empty()
    }

    fn end_chunk(&mut self) {
        if std::mem::take(&mut self.in_chunk) {
            self.text.extend_from_slice(b"\r\n");
        }
    }

    /// The body is over.
    pub(super) fn end(&mut self, trailers: Option<&HeaderMap>) {
        if self.delimited != Delimited::Chunks {
            return;
        }
        self.end_chunk();
        self.text.extend_from_slice(b"0\r\n");
        for (name, value) in trailers.into_iter().flatten() {
            self.text.extend_from_slice(name.as_str().as_bytes());
            self.text.extend_from_slice(b": ");
            self.text.extend_from_slice(value.as_bytes());
            self.text.extend_from_slice(b"\r\n");
        }
        self.text.extend_from_slice(b"\r\n");
    }

    /// Ready when all is written. `write` takes what comes first and what comes after it.
    pub(super) fn poll(
        &mut self,
        mut write: impl FnMut(&[u8], &[u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let head = &self.text[self.written..];
            let written = ready!(write(head, &self.tail))?;
            let of_head = written.min(head.len());
            self.written += of_head;
            self.tail.advance(written - of_head);
        }
        self.text.clear();
        self.written = 0;
        // A large part held its reader's buffer.
        self.tail = Bytes::new();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        buffers::give_write(std::mem::take(&mut self.text));
    }
}
