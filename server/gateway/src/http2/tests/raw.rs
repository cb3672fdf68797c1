//! A client that writes any frame it likes.
use super::{Handler, Served, serve_by};
use crate::http2::PREFACE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

pub(super) const PROTOCOL_ERROR: u32 = 1;
pub(super) const CANCEL: u32 = 8;
pub(super) const ENHANCE_YOUR_CALM: u32 = 11;

#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// Of RST_STREAM or GOAWAY.
    pub(super) fn code(&self) -> u32 {
        let place = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[place..place + 4].try_into().unwrap())
    }
}

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Fields in HPACK, each as a literal that is not indexed.
pub(super) fn block(fields: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut block = Vec::new();
    let text = |block: &mut Vec<u8>, text: &[u8]| {
        if text.len() < 127 {
            block.push(u8::try_from(text.len()).unwrap());
        } else {
            block.push(127);
            let mut rest = text.len() - 127;
            while rest >= 128 {
                block.push(u8::try_from(rest % 128).unwrap() | 128);
                rest /= 128;
            }
            block.push(u8::try_from(rest).unwrap());
        }
        block.extend_from_slice(text);
    };
    for (name, value) in fields {
        block.push(0);
        text(&mut block, name);
        text(&mut block, value);
    }
    block
}

pub(super) type Field<'a> = (&'a [u8], &'a [u8]);
pub(super) const GOOD: [Field<'static>; 4] =
    [(b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/good"), (b":authority", b"a.example")];

/// HEADERS, with CONTINUATION as need be.
pub(super) fn headers(stream: u32, flags: u8, fields: &[Field<'_>]) -> Vec<u8> {
    let block = block(fields);
    let mut parts = block.chunks(16_384).peekable();
    let mut frames = Vec::new();
    let (mut kind, mut flags) = (HEADERS, flags);
    loop {
        let part = parts.next().unwrap_or_default();
        let end = if parts.peek().is_none() { END_HEADERS } else { 0 };
        frames.extend(frame(kind, flags | end, stream, part));
        if end != 0 {
            return frames;
        }
        (kind, flags) = (CONTINUATION, 0);
    }
}

pub(super) struct Raw {
    pub(super) served: Served,
}

impl Raw {
    /// Begins a connection with these settings.
    pub(super) async fn start(handler: Handler, settings: &[(u16, u32)]) -> Self {
        let mut raw = Self { served: serve_by(handler) };
        let payload: Vec<u8> =
            settings.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()).collect();
        assert!(raw.write(&[PREFACE, &frame(SETTINGS, 0, 0, &payload)].concat()).await);
        raw
    }

    /// Whether the gateway still takes it.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> bool {
        self.served.client.write_all(bytes).await.is_ok()
    }

    /// The next frame; `None` at the end.
    pub(super) async fn read(&mut self) -> Option<Frame> {
        let mut header = [0; 9];
        self.served.client.read_exact(&mut header).await.ok()?;
        let length = usize::from(header[0]) << 16 | usize::from(header[1]) << 8 | usize::from(header[2]);
        let mut payload = vec![0; length];
        self.served.client.read_exact(&mut payload).await.ok()?;
        let stream = u32::from_be_bytes(header[5..9].try_into().unwrap());
        Some(Frame { kind: header[3], flags: header[4], stream, payload })
    }

    /// The next frame of one of these kinds.
    pub(super) async fn read_one_of(&mut self, kinds: &[u8]) -> Option<Frame> {
        loop {
            let frame = self.read().await?;
            if kinds.contains(&frame.kind) {
                return Some(frame);
            }
        }
    }

    /// Writes the same again and again until the gateway has had enough, while reading what it says. Its last word: the
    /// code of its GOAWAY.
    pub(super) async fn flood(
        self,
        times: usize,
        mut bytes: impl FnMut(u32) -> Vec<u8> + Send + 'static,
    ) -> Option<u32> {
        let (mut read, mut write) = tokio::io::split(self.served.client);
        let writing = tokio::spawn(async move {
            for number in 0..times {
                if write.write_all(&bytes(u32::try_from(number).unwrap())).await.is_err() {
                    return;
                }
            }
        });
        let mut said = Vec::new();
        let _ = read.read_to_end(&mut said).await;
        writing.abort();
        self.served.ended.await.unwrap();
        let mut code = None;
        let mut rest = &said[..];
        while rest.len() >= 9 {
            let length = usize::from(rest[0]) << 16 | usize::from(rest[1]) << 8 | usize::from(rest[2]);
            if rest[3] == GOAWAY {
                code = Some(u32::from_be_bytes(rest[13..17].try_into().unwrap()));
            }
            rest = &rest[9 + length..];
        }
        code
    }
}
