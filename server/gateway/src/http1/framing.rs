//! Where heads end, and where the parts of a body begin and end.
use super::{
    Fault,
    head::{Framing, MAX_HEAD, MAX_TARGET},
};
use crate::message::{fields::is_value, trailers};
use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::Frame;
use memchr::memchr;

/// Room for the method and version around the longest target.
const MAX_REQUEST_LINE: usize = MAX_TARGET + 64;
const MAX_CHUNK_EXTENSION: u16 = 256;
/// So much of a body's framing may be more than [`FRAMING_A_CHUNK`] a chunk and twice what is in it.
const MAX_EXCESS: u64 = 16 * 1024;
const FRAMING_A_CHUNK: u64 = 16;
const MAX_TRAILERS: usize = 8 * 1024;
const MALFORMED_TRAILER: Fault = Fault::Bad("a trailer field is malformed");

/// Looks for the end of a head while it arrives, each byte once.
#[derive(Debug, Default)]
pub(crate) struct HeadScanner {
    /// So many bytes were looked at.
    looked_at: usize,
    /// Where the last line begins.
    line: usize,
    /// Whether one empty line was already skipped before the head (RFC 9112 2.2 allows for old clients).
    skipped_line: bool,
}

/// What the bytes shown begin with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A head of this length, with the empty line at its end.
    Head(usize),
    /// An empty line, to be dropped.
    EmptyLine,
    /// The beginning of a head: to be shown again, with more.
    Part,
}

impl HeadScanner {
    /// Looks at a head from its first byte on.
    pub(crate) fn scan(&mut self, bytes: &[u8]) -> Result<Found, Fault> {
        while let Some(found) = memchr(b'\n', &bytes[self.looked_at..]) {
            let end = self.looked_at + found;
            if end == 0 || bytes[end - 1] != b'\r' {
                return Err(Fault::Bad("a line ends with LF alone instead of CR LF"));
            }
            if end - self.line == 1 {
                if self.line > 0 {
                    *self = Self::default();
                    return if end < MAX_HEAD { Ok(Found::Head(end + 1)) } else { Err(Fault::HeadTooLarge) };
                }
                if self.skipped_line {
                    return Err(Fault::Bad("there are empty lines before the request line"));
                }
                *self = Self { skipped_line: true, ..Self::default() };
                return Ok(Found::EmptyLine);
            }
            self.looked_at = end + 1;
            self.line = self.looked_at;
        }
        if self.line == 0 && bytes.len() > MAX_REQUEST_LINE {
            return Err(Fault::TargetTooLong);
        }
        if bytes.len() > MAX_HEAD {
            return Err(Fault::HeadTooLarge);
        }
        self.looked_at = bytes.len();
        Ok(Found::Part)
    }
}

/// Where in a body the next byte stands.
#[derive(Debug)]
pub(crate) enum Decoder {
    Over,
    /// So many bytes are to come.
    Length(u64),
    Chunked(Chunked),
    /// An answer that ends with its connection.
    UntilClose,
    /// It made no sense, and nothing after that has a meaning.
    Faulty(Fault),
}

impl From<Framing> for Decoder {
    fn from(framing: Framing) -> Self {
        match framing {
            Framing::Length(0) => Self::Over,
            Framing::Length(length) => Self::Length(length),
            Framing::Chunked => Self::Chunked(Chunked::new()),
        }
    }
}

impl Decoder {
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Self::Over)
    }

    /// Bytes to come, where that is known.
    pub(crate) fn length(&self) -> Option<u64> {
        match self {
            Self::Over => Some(0),
            Self::Length(length) => Some(*length),
            Self::Chunked(..) | Self::UntilClose | Self::Faulty(_) => None,
        }
    }

    /// Takes the next part of the body out of what was read; `None` when more must be read first, or nothing is to come.
    /// A fault comes again whenever this is asked again.
    pub(crate) fn next(&mut self, read: &mut BytesMut) -> Result<Option<Frame<Bytes>>, Fault> {
        let part = self.take(read);
        if let Err(fault) = part {
            *self = Self::Faulty(fault);
        }
        part
    }

    fn take(&mut self, read: &mut BytesMut) -> Result<Option<Frame<Bytes>>, Fault> {
        match self {
            Self::Faulty(fault) => Err(*fault),
            Self::Over => Ok(None),
            _ if read.is_empty() => Ok(None),
            Self::Length(left) => {
                let taken = read.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= taken as u64;
                if *left == 0 {
                    *self = Self::Over;
                }
                Ok(Some(Frame::data(read.split_to(taken).freeze())))
            }
            Self::UntilClose => Ok(Some(Frame::data(read.split().freeze()))),
            Self::Chunked(chunked) => match chunked.next(read)? {
                Part::Data(data) => Ok(Some(Frame::data(data))),
                Part::Missing => Ok(None),
                Part::End(trailers) => {
                    *self = Self::Over;
                    Ok(trailers.map(Frame::trailers))
                }
            },
        }
    }
}

/// RFC 9112 7.1.
#[derive(Debug)]
pub(crate) struct Chunked {
    place: Place,
    /// Bytes of framing that what was framed has not paid for.
    excess: u64,
    /// Lines after the last chunk, as far as they came.
    trailers: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Size { digits: u8, size: u64 },
    Extension { size: u64, length: u16 },
    SizeEnd { size: u64 },
    Data(u64),
    DataCr,
    DataLf,
    Trailers,
}

enum Part {
    Data(Bytes),
    /// More bytes must be read first.
    Missing,
    End(Option<HeaderMap>),
}

impl Chunked {
    fn new() -> Self {
        Self { place: Place::Size { digits: 0, size: 0 }, excess: 0, trailers: Vec::new() }
    }

    fn next(&mut self, read: &mut BytesMut) -> Result<Part, Fault> {
        let mut looked_at = 0;
        while looked_at < read.len() {
            match self.place {
                Place::Data(left) => {
                    read.advance(looked_at);
                    let taken = read.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    let left = left - taken as u64;
                    self.place = if left == 0 { Place::DataCr } else { Place::Data(left) };
                    return Ok(Part::Data(read.split_to(taken).freeze()));
                }
                Place::Trailers => {
                    if self.end_of_trailers(read[looked_at])? {
                        read.advance(looked_at + 1);
                        return read_trailers(&self.trailers).map(Part::End);
                    }
                }
                place => {
                    self.place = place.step(read[looked_at])?;
                    self.weigh()?;
                }
            }
            looked_at += 1;
        }
        read.clear();
        Ok(Part::Missing)
    }

    /// Counts a byte of framing. Chunks of a byte each with a long extension would cost us much and carry little.
    fn weigh(&mut self) -> Result<(), Fault> {
        self.excess += 1;
        if let Place::Data(size) = self.place {
            self.excess = self.excess.saturating_sub(FRAMING_A_CHUNK.saturating_add(size.saturating_mul(2)));
        }
        if self.excess > MAX_EXCESS {
            return Err(Fault::Bad("its chunks are small and their extensions long"));
        }
        Ok(())
    }

    /// Takes one more byte of the trailers; whether it was their last.
    fn end_of_trailers(&mut self, byte: u8) -> Result<bool, Fault> {
        if self.trailers.len() == MAX_TRAILERS {
            return Err(Fault::Bad("the trailer fields are too long"));
        }
        if byte == b'\n' && self.trailers.last() != Some(&b'\r') {
            return Err(Fault::Bad("a line ends with LF alone instead of CR LF"));
        }
        if !matches!(byte, b'\r' | b'\n') && (!is_value(&[byte]) || self.trailers.last() == Some(&b'\r')) {
            return Err(MALFORMED_TRAILER);
        }
        self.trailers.push(byte);
        Ok(self.trailers == b"\r\n" || self.trailers.ends_with(b"\r\n\r\n"))
    }
}

impl Place {
    fn step(self, byte: u8) -> Result<Self, Fault> {
        const SIZE: Fault = Fault::Bad("a chunk begins with its size in hexadecimal digits and CR LF");
        match (self, byte) {
            (Self::Size { digits, size }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') if digits < 15 => {
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                Ok(Self::Size { digits: digits + 1, size: size * 16 + u64::from(digit) })
            }
            (Self::Size { digits: 1.., size }, b';') => Ok(Self::Extension { size, length: 0 }),
            (Self::Size { digits: 1.., size } | Self::Extension { size, .. }, b'\r') => Ok(Self::SizeEnd { size }),
            (Self::Extension { size, length }, _) if is_value(&[byte]) && length < MAX_CHUNK_EXTENSION => {
                Ok(Self::Extension { size, length: length + 1 })
            }
            (Self::Extension { .. }, _) => Err(Fault::Bad("a chunk's extension is too long or malformed")),
            (Self::SizeEnd { size: 0 }, b'\n') => Ok(Self::Trailers),
            (Self::SizeEnd { size }, b'\n') => Ok(Self::Data(size)),
            (Self::DataCr, b'\r') => Ok(Self::DataLf),
            (Self::DataLf, b'\n') => Ok(Self::Size { digits: 0, size: 0 }),
            _ => Err(SIZE),
        }
    }
}

/// Reads the lines after the last chunk.
fn read_trailers(text: &[u8]) -> Result<Option<HeaderMap>, Fault> {
    let mut map = HeaderMap::new();
    for line in text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)) {
        if line.is_empty() {
            continue;
        }
        let colon = memchr(b':', line).ok_or(MALFORMED_TRAILER)?;
        let name = HeaderName::from_bytes(&line[..colon]).map_err(|_| MALFORMED_TRAILER)?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).map_err(|_| MALFORMED_TRAILER)?;
        map.append(name, value);
    }
    trailers::clean(&mut map);
    Ok((!map.is_empty()).then_some(map))
}
