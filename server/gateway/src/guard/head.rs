//! Checks one request head, byte by byte where HTTP/1.1 (RFC 9112) leaves room for two readings.
//!
//! What passes here has exactly one meaning to every parser behind: that is the whole point, so anything unusual is
//! refused even where a lenient reading exists.
use super::Fault;

/// Heads longer than this are refused.
pub(crate) const MAX_HEAD: usize = 32 * 1024;
/// Request targets longer than this are refused.
pub(crate) const MAX_TARGET: usize = 8 * 1024;
/// More fields than this are refused.
pub(crate) const MAX_FIELDS: usize = 100;

/// How long the body after a head is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
}

/// Reads a whole head, with the empty line at its end.
pub(crate) fn check(head: &[u8]) -> Result<Framing, Fault> {
    let mut lines = Lines(head);
    let request_line = lines.next().unwrap_or_default();
    let (authority, minor) = check_request_line(request_line)?;
    let mut seen = Seen::default();
    let mut count = 0;
    for line in lines {
        if line.is_empty() {
            break;
        }
        count += 1;
        if count > MAX_FIELDS {
            return Err(Fault::HeadTooLarge);
        }
        check_field(line, &mut seen)?;
    }
    if let (Some(authority), Some(host)) = (authority, seen.host)
        && !authority.eq_ignore_ascii_case(host)
    {
        return Err(Fault::Bad("the request target names another host than the Host field"));
    }
    if seen.host.is_none() && minor == b'1' {
        return Err(Fault::Bad("HTTP/1.1 asks for a Host field"));
    }
    match (seen.length, seen.chunked) {
        (Some(_), true) => {
            Err(Fault::Bad("Content-Length and Transfer-Encoding contradict each other: send one of them"))
        }
        (None, true) if minor == b'0' => Err(Fault::Bad("HTTP/1.0 has no Transfer-Encoding")),
        (None, true) => Ok(Framing::Chunked),
        (Some(length), false) => Ok(Framing::Length(length)),
        (None, false) => Ok(Framing::Length(0)),
    }
}

#[derive(Default)]
struct Seen<'a> {
    host: Option<&'a [u8]>,
    length: Option<u64>,
    chunked: bool,
}

/// Splits at CR LF; the last line is the empty one.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];
    fn next(&mut self) -> Option<&'a [u8]> {
        let end = self.0.windows(2).position(|pair| pair == b"\r\n")?;
        let (line, rest) = self.0.split_at(end);
        self.0 = &rest[2..];
        Some(line)
    }
}

/// The authority of an absolute-form target, if it is one, and the minor version as a digit.
fn check_request_line(line: &[u8]) -> Result<(Option<&[u8]>, u8), Fault> {
    const SHAPE: Fault = Fault::Bad("a request begins with a line like GET /path HTTP/1.1");
    let mut parts = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(SHAPE);
    };
    let minor = match version {
        b"HTTP/1.1" => b'1',
        b"HTTP/1.0" => b'0',
        _ => return Err(Fault::Bad("only HTTP/1.1 and HTTP/1.0 are spoken here")),
    };
    // Lower case is kept for the request by which the guard reports a fault; no registered method uses it.
    if method.is_empty() || method.len() > 24 || !method.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'-') {
        return Err(Fault::Bad("a method is written in capital letters, e.g. GET"));
    }
    if method == b"CONNECT" {
        return Err(Fault::Bad("CONNECT is for forward proxies, which this is not"));
    }
    if target.len() > MAX_TARGET {
        return Err(Fault::TargetTooLong);
    }
    if target.is_empty() || !target.iter().all(|byte| (0x21..=0x7e).contains(byte)) {
        return Err(Fault::Bad("a request target holds visible ASCII characters only; others are percent-encoded"));
    }
    if target.contains(&b'#') {
        return Err(Fault::Bad("a request target has no # part"));
    }
    // The parser behind has its own list of characters; what it would not take is refused here, in our words.
    if http::Uri::try_from(target).is_err() {
        return Err(Fault::Bad("a request target holds a character that must be percent-encoded"));
    }
    if target[0] == b'/' || (target == b"*" && method == b"OPTIONS") {
        return Ok((None, minor));
    }
    let scheme = [&b"http://"[..], b"https://"]
        .into_iter()
        .find(|scheme| target.len() > scheme.len() && target[..scheme.len()].eq_ignore_ascii_case(scheme));
    let Some(scheme) = scheme else { return Err(Fault::Bad("a request target begins with /")) };
    let rest = &target[scheme.len()..];
    let authority = &rest[..rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len())];
    check_authority(authority)?;
    Ok((Some(authority), minor))
}

fn check_authority(text: &[u8]) -> Result<(), Fault> {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:[]%!$&'()*+;=".contains(byte);
    if text.is_empty() || text.len() > 255 || !text.iter().all(fits) {
        return Err(Fault::Bad("a host is a name or an address, with a port if need be, e.g. api.example.com:8081"));
    }
    Ok(())
}

fn check_field<'a>(line: &'a [u8], seen: &mut Seen<'a>) -> Result<(), Fault> {
    if matches!(line[0], b' ' | b'\t') {
        return Err(Fault::Bad("a field is continued on a second line, which HTTP no longer allows"));
    }
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return Err(Fault::Bad("a field has no colon"));
    };
    let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
    if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
        return Err(Fault::Bad("a field's name holds letters, digits and -, with no space before the colon"));
    }
    if value.iter().any(|byte| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f) {
        return Err(Fault::Bad("a field's value holds a control character"));
    }
    if name.eq_ignore_ascii_case(b"host") {
        check_authority(value)?;
        if seen.host.replace(value).is_some() {
            return Err(Fault::Bad("there are several Host fields"));
        }
    } else if name.eq_ignore_ascii_case(b"content-length") {
        if seen.length.replace(read_length(value)?).is_some() {
            return Err(Fault::Bad("there are several Content-Length fields"));
        }
    } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
        if seen.chunked || !value.eq_ignore_ascii_case(b"chunked") {
            return Err(Fault::Bad("the only Transfer-Encoding understood is one field that says chunked"));
        }
        seen.chunked = true;
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

/// Removes the optional white space around a value: spaces and tabs, nothing else.
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Characters of a token, RFC 9110 5.6.2.
pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
