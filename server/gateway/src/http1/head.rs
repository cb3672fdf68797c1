//! Checks one request head, byte by byte where HTTP/1.1 (RFC 9112) leaves room for two readings.
//!
//! What passes here has exactly one meaning to every parser behind: that is the whole point, so anything unusual is
//! refused even where a lenient reading exists.
use super::{Fault, framing::Decoder};
use crate::message::{
    Fields, Target, Version,
    fields::{is_token, is_value},
};
use bytes::{Buf as _, BytesMut};
use http::{Method, StatusCode};
use memchr::memchr;

/// Heads longer than this are refused.
pub(crate) const MAX_HEAD: usize = 32 * 1024;
/// Request targets longer than this are refused.
pub(crate) const MAX_TARGET: usize = 8 * 1024;
/// More fields than this are refused.
pub(crate) const MAX_FIELDS: usize = 100;
/// Longer names of fields are no names.
const MAX_NAME: usize = 256;
/// Answers may say more than requests, but not without end.
const MAX_ANSWER_HEAD: usize = 64 * 1024;
const MAX_ANSWER_FIELDS: usize = 200;

/// How long the body after a head is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
}

/// A request's head that has one meaning.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) fields: Fields,
    pub(crate) version: Version,
    pub(crate) framing: Framing,
    /// Whether the client wants to send more requests on the connection.
    pub(crate) keep_alive: bool,
    /// Whether it waits for `100 Continue` before it sends the body.
    pub(crate) expects_continue: bool,
    /// The protocol it asks to switch to.
    pub(crate) upgrade: Option<Box<str>>,
}

/// Reads a whole head, with the empty line at its end.
pub(crate) fn read(head: &[u8]) -> Result<Head, Fault> {
    let mut lines = Lines(head);
    let line = read_request_line(lines.next().unwrap_or_default())?;
    let mut fields = Fields::with_capacity(head.len(), 24);
    let mut seen = Seen::default();
    for line in lines {
        if line.len() == 2 {
            break;
        }
        if fields.len() == MAX_FIELDS {
            return Err(Fault::HeadTooLarge);
        }
        read_field(line, &mut seen, &mut fields)?;
    }
    if let (Some(authority), Some(host)) = (line.authority, seen.host)
        && !authority.eq_ignore_ascii_case(host)
    {
        return Err(Fault::Bad("the request target names another host than the Host field"));
    }
    let version = line.version;
    if seen.host.is_none() && version == Version::Http11 {
        return Err(Fault::Bad("HTTP/1.1 asks for a Host field"));
    }
    let framing = match (seen.length, seen.chunked) {
        (Some(_), true) => {
            return Err(Fault::Bad("Content-Length and Transfer-Encoding contradict each other: send one of them"));
        }
        (None, true) if version == Version::Http10 => return Err(Fault::Bad("HTTP/1.0 has no Transfer-Encoding")),
        (None, true) => Framing::Chunked,
        (length, false) => Framing::Length(length.unwrap_or(0)),
    };
    let upgrade = match seen.upgrade {
        // A body and a switch of protocols would leave open where the new protocol begins.
        Some(name) if seen.wants_upgrade && version == Version::Http11 && framing == Framing::Length(0) => {
            first_protocol(name)
        }
        _ => None,
    };
    Ok(Head {
        method: Method::from_bytes(line.method).map_err(|_| Fault::Bad("a method is written in capital letters"))?,
        target: Target::new(line.target),
        fields,
        version,
        framing,
        keep_alive: if version == Version::Http11 { !seen.close } else { seen.keep_alive },
        expects_continue: seen.expects_continue && version == Version::Http11,
        upgrade,
    })
}

/// The first protocol of an `Upgrade` field; HTTP/2 without TLS begins by prior knowledge here, and by no other way.
fn first_protocol(value: &[u8]) -> Option<Box<str>> {
    let first = value.split(|byte| *byte == b',').next()?.trim_ascii();
    let name = std::str::from_utf8(first).ok()?.to_ascii_lowercase();
    let fits = !name.is_empty() && name.bytes().all(|byte| is_token(byte) || byte == b'/') && !name.starts_with("h2");
    fits.then(|| name.into())
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each stands for a word that was or was not there")]
struct Seen<'a> {
    host: Option<&'a [u8]>,
    length: Option<u64>,
    chunked: bool,
    close: bool,
    keep_alive: bool,
    wants_upgrade: bool,
    upgrade: Option<&'a [u8]>,
    expects_continue: bool,
}

/// Lines with the CR LF at their ends, which [`super::framing::HeadScanner`] made sure of; the last is empty but for it.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];
    fn next(&mut self) -> Option<&'a [u8]> {
        let end = memchr(b'\n', self.0)?;
        let (line, rest) = self.0.split_at(end + 1);
        self.0 = rest;
        Some(line)
    }
}

struct RequestLine<'a> {
    method: &'a [u8],
    /// Path and query.
    target: &'a str,
    /// Of an absolute-form target.
    authority: Option<&'a [u8]>,
    version: Version,
}

fn read_request_line(line: &[u8]) -> Result<RequestLine<'_>, Fault> {
    const SHAPE: Fault = Fault::Bad("a request begins with a line like GET /path HTTP/1.1");
    let line = line.strip_suffix(b"\r\n").unwrap_or(line);
    let mut parts = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(SHAPE);
    };
    let version = match version {
        b"HTTP/1.1" => Version::Http11,
        b"HTTP/1.0" => Version::Http10,
        _ => return Err(Fault::Bad("only HTTP/1.1 and HTTP/1.0 are spoken here")),
    };
    check_method(method)?;
    if method == b"CONNECT" {
        return Err(Fault::Bad("CONNECT is for forward proxies, which this is not"));
    }
    if target.len() > MAX_TARGET {
        return Err(Fault::TargetTooLong);
    }
    let target = check_target(target)?;
    if target.starts_with('/') || (target == "*" && method == b"OPTIONS") {
        return Ok(RequestLine { method, target, authority: None, version });
    }
    let scheme = ["http://", "https://"].into_iter().find(|scheme| {
        target.len() > scheme.len() && target.as_bytes()[..scheme.len()].eq_ignore_ascii_case(scheme.as_bytes())
    });
    let Some(scheme) = scheme else { return Err(Fault::Bad("a request target begins with /")) };
    let rest = &target[scheme.len()..];
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    check_authority(authority.as_bytes())?;
    match target.as_bytes().first() {
        None => Ok(RequestLine { method, target: "/", authority: Some(authority.as_bytes()), version }),
        Some(b'/') => Ok(RequestLine { method, target, authority: Some(authority.as_bytes()), version }),
        Some(_) => Err(Fault::Bad("a request target has a / between host and query")),
    }
}

/// Shared with HTTP/2, as are the next two.
pub(crate) fn check_method(method: &[u8]) -> Result<(), Fault> {
    if method.is_empty() || method.len() > 24 || !method.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'-') {
        return Err(Fault::Bad("a method is written in capital letters, e.g. GET"));
    }
    Ok(())
}

pub(crate) fn check_target(target: &[u8]) -> Result<&str, Fault> {
    const INVISIBLE: Fault =
        Fault::Bad("a request target holds visible ASCII characters only; others are percent-encoded");
    let odd = target.iter().find(|byte| !matches!(byte, b'!'..=b'"' | b'$'..=b';' | b'=' | b'?'..=b'_' | b'a'..=b'~'));
    match odd {
        None if target.is_empty() => Err(INVISIBLE),
        None => std::str::from_utf8(target).map_err(|_| INVISIBLE),
        Some(b'#') => Err(Fault::Bad("a request target has no # part")),
        Some(b'<' | b'>' | b'`') => Err(Fault::Bad("a request target holds a character that must be percent-encoded")),
        Some(_) => Err(INVISIBLE),
    }
}

pub(crate) fn check_authority(text: &[u8]) -> Result<(), Fault> {
    let fits = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':' | b'[' | b']' | b'%')
            || matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b';' | b'=')
    };
    if text.is_empty() || text.len() > 255 || !text.iter().all(fits) {
        return Err(Fault::Bad("a host is a name or an address, with a port if need be, e.g. api.example.com:8081"));
    }
    Ok(())
}

fn read_field<'a>(line: &'a [u8], seen: &mut Seen<'a>, fields: &mut Fields) -> Result<(), Fault> {
    if matches!(line[0], b' ' | b'\t') {
        return Err(Fault::Bad("a field is continued on a second line, which HTTP no longer allows"));
    }
    let Some(colon) = memchr(b':', line) else {
        return Err(Fault::Bad("a field has no colon"));
    };
    let name = &line[..colon];
    if name.is_empty() || name.len() > MAX_NAME || !name.iter().all(|byte| is_token(*byte)) {
        return Err(Fault::Bad("a field's name holds letters, digits and -, with no space before the colon"));
    }
    let (mut start, mut end) = (colon + 1, line.len() - 2);
    while start < end && matches!(line[start], b' ' | b'\t') {
        start += 1;
    }
    while end > start && matches!(line[end - 1], b' ' | b'\t') {
        end -= 1;
    }
    let value = &line[start..end];
    if !is_value(value) {
        return Err(Fault::Bad("a field's value holds a control character"));
    }
    note(name, value, seen)?;
    fields.push_line(line, colon, start, end);
    Ok(())
}

/// What a field means for the connection, if anything.
fn note<'a>(name: &[u8], value: &'a [u8], seen: &mut Seen<'a>) -> Result<(), Fault> {
    let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
    match name.len() {
        4 if is(b"host") => {
            check_authority(value)?;
            if seen.host.replace(value).is_some() {
                return Err(Fault::Bad("there are several Host fields"));
            }
        }
        14 if is(b"content-length") => {
            let another = seen.length.replace(read_length(value)?);
            if another.is_some() {
                return Err(Fault::Bad("there are several Content-Length fields"));
            }
        }
        17 if is(b"transfer-encoding") => {
            if seen.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Fault::Bad("the only Transfer-Encoding understood is one field that says chunked"));
            }
            seen.chunked = true;
        }
        10 if is(b"connection") => {
            for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                seen.close |= option.eq_ignore_ascii_case(b"close");
                seen.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                seen.wants_upgrade |= option.eq_ignore_ascii_case(b"upgrade");
            }
        }
        7 if is(b"upgrade") => seen.upgrade = seen.upgrade.or(Some(value)),
        6 if is(b"expect") => seen.expects_continue |= value.eq_ignore_ascii_case(b"100-continue"),
        _ => {}
    }
    Ok(())
}

fn read_length(value: &[u8]) -> Result<u64, Fault> {
    let odd = value.is_empty() || value.len() > 18 || (value.len() > 1 && value[0] == b'0');
    if odd || !value.iter().all(u8::is_ascii_digit) {
        return Err(Fault::Bad("a Content-Length is one plain decimal number"));
    }
    Ok(value.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

/// An answer's head that has one meaning.
#[derive(Debug)]
pub(crate) struct AnswerHead {
    pub(crate) status: StatusCode,
    pub(crate) fields: Fields,
    pub(crate) keep_alive: bool,
    framing: Option<Framing>,
    /// Whether it can have no body, whatever its fields say.
    bodiless: bool,
}

impl AnswerHead {
    pub(super) fn decoder(&self) -> Decoder {
        match self.framing {
            _ if self.bodiless => Decoder::Over,
            Some(framing) => framing.into(),
            None => Decoder::UntilClose,
        }
    }
}

/// Reads an answer's head out of what came, and what follows it stays; `None` when it is not whole yet. Answers are
/// read like requests, but that a line may end with LF alone: some servers do that, and it means nothing else there.
pub(super) fn read_answer(read: &mut BytesMut, head_only: bool) -> Result<Option<AnswerHead>, ()> {
    let Some(end) = end_of_answer(read) else {
        // What is no answer shows at once, and is not waited for.
        const BEGINNING: &[u8] = b"HTTP/1.";
        let begun = read.len().min(BEGINNING.len());
        if read[..begun] != BEGINNING[..begun] {
            return Err(());
        }
        return if read.len() > MAX_ANSWER_HEAD { Err(()) } else { Ok(None) };
    };
    if end > MAX_ANSWER_HEAD {
        return Err(());
    }
    let mut lines = Lines(&read[..end]);
    let (status, version) = read_status_line(lines.next().unwrap_or_default()).ok_or(())?;
    let mut fields = Fields::with_capacity(end + 512, 24);
    let mut seen = Seen::default();
    for line in lines {
        if is_empty_line(line) {
            break;
        }
        if fields.len() == MAX_ANSWER_FIELDS {
            return Err(());
        }
        if line.ends_with(b"\r\n") {
            read_field(line, &mut seen, &mut fields).map_err(drop)?;
        } else {
            // In a line of its own, so that nothing but CR LF is sent on.
            let line = [&line[..line.len() - 1], b"\r\n"].concat();
            read_lone_field(&line, &mut seen, &mut fields)?;
        }
    }
    let framing = match (seen.length, seen.chunked) {
        (Some(_), true) => return Err(()),
        (None, true) if version == Version::Http10 => return Err(()),
        (None, true) => Some(Framing::Chunked),
        (length, false) => length.map(Framing::Length),
    };
    let keep_alive = if version == Version::Http11 { !seen.close } else { seen.keep_alive };
    let bodiless =
        head_only || status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let head = AnswerHead { status, fields, keep_alive, framing, bodiless };
    read.advance(end);
    Ok(Some(head))
}

/// Where an answer's head ends: behind its first empty line.
fn end_of_answer(read: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let end = from + memchr(b'\n', &read[from..])? + 1;
        if from > 0 && is_empty_line(&read[from..end]) {
            return Some(end);
        }
        from = end;
    }
}

/// Of a line with its end.
fn is_empty_line(line: &[u8]) -> bool {
    line.len() == 1 || line.len() == 2 && line[0] == b'\r'
}

fn read_status_line(line: &[u8]) -> Option<(StatusCode, Version)> {
    let (version, rest) = line.split_at_checked(9)?;
    let version = match version {
        b"HTTP/1.1 " => Version::Http11,
        b"HTTP/1.0 " => Version::Http10,
        _ => return None,
    };
    let (code, rest) = rest.split_at_checked(3)?;
    let ends = matches!(rest.first(), Some(b' ' | b'\r' | b'\n'));
    let status = StatusCode::from_bytes(code).ok().filter(|_| ends)?;
    Some((status, version))
}

fn read_lone_field(line: &[u8], seen: &mut Seen<'_>, fields: &mut Fields) -> Result<(), ()> {
    let mut alone = Seen::default();
    read_field(line, &mut alone, fields).map_err(drop)?;
    if alone.length.is_some() && seen.length.is_some() || alone.chunked && seen.chunked {
        return Err(());
    }
    seen.length = seen.length.or(alone.length);
    seen.chunked |= alone.chunked;
    seen.close |= alone.close;
    seen.keep_alive |= alone.keep_alive;
    Ok(())
}
