//! Reads a request, as strictly as HTTP/1.1 ones are read: what passes has one meaning in either version.
//!
//! `h2` has refused already what RFC 9113 8.2 and 8.3 call malformed: capital letters in names, control characters,
//! fields of one connection, pseudo-fields that are missing or unknown, a length that is not the body's.
use crate::{
    http1::{
        Fault,
        head::{MAX_FIELDS, MAX_TARGET, check_authority, check_method, check_target},
    },
    message::{Body, Fields, Request, Target, Version, fields::is_value, trailers},
};
use bytes::Bytes;
use h2::RecvStream;
use http::{HeaderMap, Method, request::Parts};
use http_body::{Frame, SizeHint};
use std::{
    future::pending,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::sync::oneshot;

/// A request, and what its answer must know of it.
pub(super) struct Read {
    pub(super) request: Result<Request, Fault>,
    pub(super) head_only: bool,
    /// The client's half of a tunnel, if it asks for one (RFC 8441).
    pub(super) connect: Option<RecvStream>,
    /// Told when the body is first asked for, if the client waits for that.
    pub(super) wanted: Option<oneshot::Receiver<()>>,
}

pub(super) fn read(request: http::Request<RecvStream>) -> Read {
    let (parts, received) = request.into_parts();
    let head_only = parts.method == Method::HEAD;
    let (request, connect, wanted) = match read_head(&parts) {
        Err(fault) => (Err(fault), None, None),
        Ok(mut request) if request.upgrade.is_some() => {
            request.method = Method::GET;
            (Ok(request), Some(received), None)
        }
        Ok(mut request) => {
            let waits = request.fields.get("expect").is_some_and(|value| value.eq_ignore_ascii_case(b"100-continue"));
            let (want, wanted) = if waits { Some(oneshot::channel()).unzip() } else { (None, None) };
            if !received.is_end_stream() {
                request.body = Body::wrap(Upload::new(received, &parts.headers, want));
            }
            (Ok(request), None, wanted)
        }
    };
    Read { request, head_only, connect, wanted }
}

/// Whether the client is to be told that it may send its body; never, where it does not wait for that.
pub(super) async fn body_is_wanted(wanted: &mut Option<oneshot::Receiver<()>>) -> Option<()> {
    match wanted {
        None => pending().await,
        Some(told) => {
            let told = told.await.ok();
            *wanted = None;
            told
        }
    }
}

fn read_head(parts: &Parts) -> Result<Request, Fault> {
    check_method(parts.method.as_str().as_bytes())?;
    let upgrade = match (parts.method == Method::CONNECT, parts.extensions.get::<h2::ext::Protocol>()) {
        (true, None) => return Err(Fault::Bad("CONNECT is for forward proxies, which this is not")),
        (true, Some(protocol)) if protocol.as_str() == "websocket" => Some("websocket".into()),
        (_, Some(_)) => return Err(Fault::Bad("the only :protocol understood is websocket")),
        (false, None) => None,
    };
    if parts.uri.scheme().is_some_and(|scheme| !matches!(scheme.as_str(), "http" | "https")) {
        return Err(Fault::Bad("a request's :scheme is http or https"));
    }
    // A fragment is gone by now: the library cuts it off unseen. So it is part of neither what is matched nor what is sent.
    let target = parts.uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
    if target.len() > MAX_TARGET {
        return Err(Fault::TargetTooLong);
    }
    let target = check_target(target.as_bytes())?;
    if !target.starts_with('/') && (target != "*" || parts.method != Method::OPTIONS) {
        return Err(Fault::Bad("a request's :path begins with /"));
    }
    let fields = read_fields(&parts.headers, parts.uri.authority().map(http::uri::Authority::as_str))?;
    let mut request = Request {
        method: parts.method.clone(),
        target: Target::new(target),
        fields,
        body: Body::empty(),
        version: Version::Http2,
        upgrade,
    };
    if request.upgrade.is_some() {
        add_key(&mut request.fields);
    }
    Ok(request)
}

fn read_fields(sent: &HeaderMap, authority: Option<&str>) -> Result<Fields, Fault> {
    // Crumbs of one cookie (RFC 9113 8.2.3) count as the one field that they become.
    let crumbs = sent.get_all(http::header::COOKIE).iter().count();
    if sent.len() - crumbs + crumbs.min(1) > MAX_FIELDS {
        return Err(Fault::HeadTooLarge);
    }
    let mut fields = Fields::with_capacity(64 + sent.len() * 40, sent.len() + 4);
    fields.push("host", read_host(sent, authority)?);
    let mut cookie = Vec::new();
    for (name, value) in sent {
        let value = value.as_bytes();
        if !is_value(value) {
            return Err(Fault::Bad("a field's value holds a control character"));
        }
        if matches!(value, [b' ' | b'\t', ..] | [.., b' ' | b'\t']) {
            return Err(Fault::Bad("a field's value begins or ends with white space, which HTTP/2 does not allow"));
        }
        match name.as_str() {
            "host" => {}
            "connection" | "keep-alive" | "proxy-connection" | "transfer-encoding" | "upgrade" | "http2-settings" => {
                return Err(Fault::Bad("a field belongs to HTTP/1.1 connections, which this is not"));
            }
            "te" if value != b"trailers" => return Err(Fault::Bad("the only TE that HTTP/2 knows is trailers")),
            "cookie" => {
                if !cookie.is_empty() {
                    cookie.extend_from_slice(b"; ");
                }
                cookie.extend_from_slice(value);
            }
            "content-length" if !is_length(value) || fields.contains("content-length") => {
                return Err(Fault::Bad("a Content-Length is one plain decimal number"));
            }
            name => fields.push(name, value),
        }
    }
    if !cookie.is_empty() {
        fields.push("cookie", cookie);
    }
    Ok(fields)
}

/// The one host that `:authority` and `Host` name.
fn read_host<'a>(sent: &'a HeaderMap, authority: Option<&'a str>) -> Result<&'a [u8], Fault> {
    let mut hosts = sent.get_all(http::header::HOST).iter().map(http::HeaderValue::as_bytes);
    let host = match (authority.map(str::as_bytes), hosts.next()) {
        (_, Some(_)) if hosts.next().is_some() => return Err(Fault::Bad("there are several Host fields")),
        (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(host) => {
            return Err(Fault::Bad("the request's :authority names another host than its Host field"));
        }
        (Some(host), _) | (None, Some(host)) => host,
        (None, None) => return Err(Fault::Bad("HTTP/2 asks for an :authority")),
    };
    check_authority(host)?;
    Ok(host)
}

fn is_length(value: &[u8]) -> bool {
    let plain = matches!(value, [b'0'] | [b'1'..=b'9', ..]);
    plain && value.len() <= 18 && value.iter().all(u8::is_ascii_digit)
}

/// HTTP/1.1 upstreams ask for a key, which HTTP/2 has no use for. It only has to be new each time.
fn add_key(fields: &mut Fields) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let random: [u8; 16] = rand::random();
    // 16 bytes are 21 digits of 6 bits and one of 2, which the zeros fill up.
    let digit = |place: usize| {
        let bit = place * 6;
        let pair = u16::from(random[bit / 8]) << 8 | u16::from(random.get(bit / 8 + 1).copied().unwrap_or(0));
        DIGITS[usize::from(pair >> (10 - bit % 8)) & 63]
    };
    let key: Vec<u8> = (0..22).map(digit).chain(*b"==").collect();
    fields.set("sec-websocket-key", key);
}

/// A request's body. What was handed on is given back to the client's window when more is asked for: so no more than a
/// window of it is ever kept.
struct Upload {
    received: RecvStream,
    /// Bytes of the window to give back.
    taken: usize,
    /// Bytes to come, where the client said so.
    left: Option<u64>,
    want: Option<oneshot::Sender<()>>,
    at_trailers: bool,
}

impl Upload {
    fn new(received: RecvStream, fields: &HeaderMap, want: Option<oneshot::Sender<()>>) -> Self {
        let length = fields.get(http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        Self { received, taken: 0, left: length, want, at_trailers: false }
    }
}

impl http_body::Body for Upload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if let Some(want) = this.want.take() {
            // Nobody listens any more once there is an answer.
            let _ = want.send(());
        }
        if this.taken > 0 {
            let _ = this.received.flow_control().release_capacity(std::mem::take(&mut this.taken));
        }
        if !this.at_trailers {
            match ready!(this.received.poll_data(cx)) {
                Some(Ok(data)) => {
                    this.taken = data.len();
                    this.left = this.left.map(|left| left.saturating_sub(data.len() as u64));
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(into_io(error)))),
                None => this.at_trailers = true,
            }
        }
        Poll::Ready(match ready!(this.received.poll_trailers(cx)) {
            Ok(Some(mut trailers)) => {
                trailers::clean(&mut trailers);
                Some(Ok(Frame::trailers(trailers)))
            }
            Ok(None) => None,
            Err(error) => Some(Err(into_io(error))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.received.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match self.left {
            Some(left) => SizeHint::with_exact(left),
            None if self.received.is_end_stream() => SizeHint::with_exact(0),
            None => SizeHint::default(),
        }
    }
}

pub(super) fn into_io(error: h2::Error) -> io::Error {
    if error.is_io() {
        error.into_io().unwrap_or_else(|| io::ErrorKind::ConnectionReset.into())
    } else {
        io::Error::new(io::ErrorKind::ConnectionReset, error)
    }
}
