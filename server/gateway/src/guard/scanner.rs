//! Finds where heads and bodies begin and end in the raw stream of one connection.
use super::{
    Fault,
    head::{self, Framing, MAX_HEAD, MAX_TARGET, is_token},
};

/// Room for the method and version around the longest target.
const MAX_REQUEST_LINE: usize = MAX_TARGET + 64;
const MAX_CHUNK_EXTENSION: u16 = 256;
const MAX_TRAILERS: u16 = 8 * 1024;

/// Where in the stream the next byte stands. Knows nothing of sockets.
#[derive(Debug)]
pub(crate) struct Scanner {
    place: Place,
    /// Whether one empty line was already skipped before the present head (RFC 9112 2.2 allows for old clients).
    skipped_line: bool,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    /// In a head of which this many bytes were looked at, the last line beginning at `line`.
    Head {
        looked_at: usize,
        line: usize,
    },
    /// In a body with this many bytes to come.
    Body(u64),
    Chunked(Chunked),
}

#[derive(Clone, Copy, Debug)]
enum Chunked {
    Size {
        digits: u8,
        size: u64,
    },
    Extension {
        size: u64,
        length: u16,
    },
    SizeEnd {
        size: u64,
    },
    Data(u64),
    DataCr,
    DataLf,
    /// At the start of a line after the last chunk; so many bytes of trailers came before.
    TrailerStart {
        length: u16,
    },
    TrailerName {
        length: u16,
    },
    TrailerValue {
        length: u16,
    },
    TrailerLf {
        length: u16,
    },
    EndLf,
}

/// What became of the bytes shown to [`Scanner::scan`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Scanned {
    /// This many may go on. The rest is the beginning of a head: to be shown again, with more.
    pub(crate) passed: usize,
    /// Heads among them.
    pub(crate) heads: u32,
    /// The byte after those that passed begins what is wrong; nothing after it has a meaning.
    pub(crate) fault: Option<Fault>,
}

impl Scanner {
    pub(crate) fn new() -> Self {
        Self { place: Place::Head { looked_at: 0, line: 0 }, skipped_line: false }
    }

    /// Whether the next byte belongs to a head, and not to a body.
    pub(crate) fn in_head(&self) -> bool {
        matches!(self.place, Place::Head { .. })
    }

    /// Looks at `bytes`, which begin with the first byte that has not passed yet.
    pub(crate) fn scan(&mut self, bytes: &[u8]) -> Scanned {
        let mut scanned = Scanned { passed: 0, heads: 0, fault: None };
        while scanned.passed < bytes.len() && scanned.fault.is_none() {
            let rest = &bytes[scanned.passed..];
            let step = match self.place {
                Place::Head { looked_at, line } => match self.scan_head(rest, looked_at, line) {
                    Ok(Some(length)) => {
                        scanned.heads += u32::from(length > 2);
                        Ok(length)
                    }
                    Ok(None) => return scanned,
                    Err(fault) => Err(fault),
                },
                Place::Body(left) => {
                    let taken = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    self.place = after_body(left - taken as u64);
                    Ok(taken)
                }
                Place::Chunked(chunked) => self.scan_chunked(rest, chunked),
            };
            match step {
                Ok(length) => scanned.passed += length,
                Err(fault) => scanned.fault = Some(fault),
            }
        }
        scanned
    }

    /// The length of the head (or of an empty line before it) once it is whole.
    fn scan_head(&mut self, bytes: &[u8], mut looked_at: usize, mut line: usize) -> Result<Option<usize>, Fault> {
        while let Some(found) = bytes[looked_at..].iter().position(|byte| *byte == b'\n') {
            let end = looked_at + found;
            if end == 0 || bytes[end - 1] != b'\r' {
                return Err(Fault::Bad("a line ends with LF alone instead of CR LF"));
            }
            if end - line == 1 {
                if line > 0 {
                    return self.end_head(&bytes[..=end]).map(Some);
                }
                if self.skipped_line {
                    return Err(Fault::Bad("there are empty lines before the request line"));
                }
                self.skipped_line = true;
                self.place = Place::Head { looked_at: 0, line: 0 };
                return Ok(Some(2));
            }
            looked_at = end + 1;
            line = looked_at;
        }
        if line == 0 && bytes.len() > MAX_REQUEST_LINE {
            return Err(Fault::TargetTooLong);
        }
        if bytes.len() > MAX_HEAD {
            return Err(Fault::HeadTooLarge);
        }
        self.place = Place::Head { looked_at: bytes.len(), line };
        Ok(None)
    }

    fn end_head(&mut self, head: &[u8]) -> Result<usize, Fault> {
        if head.len() > MAX_HEAD {
            return Err(Fault::HeadTooLarge);
        }
        self.skipped_line = false;
        self.place = match head::check(head)? {
            Framing::Length(length) => after_body(length),
            Framing::Chunked => Place::Chunked(Chunked::Size { digits: 0, size: 0 }),
        };
        Ok(head.len())
    }

    fn scan_chunked(&mut self, bytes: &[u8], mut place: Chunked) -> Result<usize, Fault> {
        let mut taken = 0;
        while taken < bytes.len() {
            if let Chunked::Data(left) = place {
                let now = (bytes.len() - taken).min(usize::try_from(left).unwrap_or(usize::MAX));
                taken += now;
                let left = left - now as u64;
                place = if left == 0 { Chunked::DataCr } else { Chunked::Data(left) };
                continue;
            }
            match place.step(bytes[taken]) {
                Ok(Some(next)) => place = next,
                Ok(None) => {
                    self.place = after_body(0);
                    return Ok(taken + 1);
                }
                // What stood before the bad byte passes; the fault is met again at once, as the first byte.
                Err(fault) if taken == 0 => return Err(fault),
                Err(_) => break,
            }
            taken += 1;
        }
        self.place = Place::Chunked(place);
        Ok(taken)
    }
}

fn after_body(left: u64) -> Place {
    if left == 0 { Place::Head { looked_at: 0, line: 0 } } else { Place::Body(left) }
}

impl Chunked {
    /// Where the byte leads; `None` when it was the last of the body.
    fn step(self, byte: u8) -> Result<Option<Self>, Fault> {
        const SIZE: Fault = Fault::Bad("a chunk begins with its size in hexadecimal digits and CR LF");
        const TRAILER: Fault = Fault::Bad("a trailer field is malformed");
        let visible = (0x20..0x7f).contains(&byte) || byte == b'\t' || byte >= 0x80;
        Ok(Some(match self {
            Self::Size { digits, size } => match (byte, char::from(byte).to_digit(16)) {
                (_, Some(digit)) if digits < 15 => {
                    Self::Size { digits: digits + 1, size: size * 16 + u64::from(digit) }
                }
                (b';', _) if digits > 0 => Self::Extension { size, length: 0 },
                (b'\r', _) if digits > 0 => Self::SizeEnd { size },
                _ => return Err(SIZE),
            },
            Self::Extension { size, length } => match byte {
                b'\r' => Self::SizeEnd { size },
                _ if visible && length < MAX_CHUNK_EXTENSION => Self::Extension { size, length: length + 1 },
                _ => return Err(Fault::Bad("a chunk's extension is too long or malformed")),
            },
            Self::SizeEnd { size: 0 } if byte == b'\n' => Self::TrailerStart { length: 0 },
            Self::SizeEnd { size } if byte == b'\n' => Self::Data(size),
            Self::DataCr if byte == b'\r' => Self::DataLf,
            Self::DataLf if byte == b'\n' => Self::Size { digits: 0, size: 0 },
            Self::SizeEnd { .. } | Self::DataCr | Self::DataLf => return Err(SIZE),
            // Data is taken in runs by the caller; a byte of it leads nowhere else.
            Self::Data(left) => Self::Data(left),
            Self::TrailerStart { .. } if byte == b'\r' => Self::EndLf,
            Self::EndLf if byte == b'\n' => return Ok(None),
            Self::TrailerStart { length } | Self::TrailerName { length } if is_token(byte) && length < MAX_TRAILERS => {
                Self::TrailerName { length: length + 1 }
            }
            Self::TrailerName { length } if byte == b':' => Self::TrailerValue { length },
            Self::TrailerValue { length } if byte == b'\r' => Self::TrailerLf { length },
            Self::TrailerValue { length } if visible && length < MAX_TRAILERS => {
                Self::TrailerValue { length: length + 1 }
            }
            Self::TrailerLf { length } if byte == b'\n' => Self::TrailerStart { length },
            Self::TrailerStart { .. }
            | Self::TrailerName { .. }
            | Self::TrailerValue { .. }
            | Self::TrailerLf { .. }
            | Self::EndLf => return Err(TRAILER),
        }))
    }
}
