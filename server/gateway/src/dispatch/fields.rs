//! Which fields pass a gateway, and which it writes itself.
//!
//! Fields of one connection end here (RFC 9110 7.6.1), framing is made anew by the HTTP engine, and whatever an
//! upstream may trust as coming from us is removed from the client's request before ours is added.
use crate::{
    account::{Account, RequestId},
    admit::Permit,
    arrive::Arrival,
    keyring::KeyRef,
    message::Fields,
    upstream::{group::Target, http2::uri},
    worker::Worker,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use rand::RngCore as _;
use std::{io::Write as _, net::IpAddr};
use uuid::Uuid;

/// Longer names are nobody's we know, but for those with a prefix of ours.
const LONGEST: usize = 32;

/// What becomes of a client's field on the way to an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Passes,
    /// It ends here: of one connection only, made anew, or ours to say.
    Ends,
    Authorization,
    Cookie,
    /// Passes unless we begin the trace.
    TraceState,
}

/// By a name in lower case, with `-` for all that is neither letter nor digit, since some servers fold them.
fn fate(name: &[u8]) -> Fate {
    match name {
        // Of one connection.
        b"connection" | b"keep-alive" | b"proxy-connection" | b"proxy-authenticate" | b"proxy-authorization"
        | b"proxy-authentication-info" | b"te" | b"trailer" | b"transfer-encoding" | b"upgrade" | b"http2-settings"
        // Made anew.
        | b"host" | b"content-length" | b"expect"
        // What a client may say about itself, but not to our upstreams: they believe it because it comes from us.
        | b"forwarded" | b"via" | b"traceparent" | b"x-api-key" | b"x-real-ip" | b"x-request-id" | b"x-original-url"
        | b"x-rewrite-url" => Fate::Ends,
        b"authorization" => Fate::Authorization,
        b"cookie" => Fate::Cookie,
        b"tracestate" => Fate::TraceState,
        _ if name.starts_with(b"x-forwarded-") || name.starts_with(b"x-portico-") => Fate::Ends,
        _ => Fate::Passes,
    }
}

fn fate_of(name: &[u8]) -> Fate {
    let mut folded = [0; LONGEST];
    let length = name.len().min(LONGEST);
    for (to, from) in folded.iter_mut().zip(name.iter().copied()) {
        *to = if from.is_ascii_alphanumeric() { from.to_ascii_lowercase() } else { b'-' };
    }
    let folded = &folded[..length];
    match fate(folded) {
        Fate::Passes => Fate::Passes,
        // A longer name that begins like one we know is another name, unless it is the prefix that counts.
        _ if name.len() > LONGEST && !folded.starts_with(b"x-") => Fate::Passes,
        found => found,
    }
}

/// Whether a client's field of this name reaches upstreams as it came, unless the gateway has a reason of the call.
pub(crate) fn may_pass(name: &[u8]) -> bool {
    matches!(fate_of(name), Fate::Passes | Fate::Authorization)
}

/// Fields for all recipients: naming them in `Connection` does not remove them (RFC 9110 7.6.1).
const FOR_EVERYBODY: [&[u8]; 8] = [
    b"accept",
    b"authorization",
    b"cache-control",
    b"content-encoding",
    b"content-length",
    b"content-type",
    b"cookie",
    b"host",
];

/// Cookies of the portal, which share no origin with the gateway but may share a host name.
const RESERVED_COOKIES: [&str; 3] = ["portico", "__Host-portico", "__Secure-portico"];

/// What the upstream is told by us, beside what is the same for all its calls.
pub(crate) struct Told<'a> {
    worker: &'a Worker,
    client: IpAddr,
    secure: bool,
    /// That the client showed.
    certificate: Option<&'a str>,
    id: RequestId,
    /// Of a trace that begins here; none where the client's goes on.
    trace: Option<[u8; 24]>,
    key: Option<&'a KeyRef>,
    /// Under which the call was counted.
    plan: Option<&'a str>,
}

impl<'a> Told<'a> {
    pub(crate) fn new(worker: &'a Worker, permit: &'a Permit, arrival: &'a Arrival, account: &'a Account) -> Self {
        let goes_on = arrival.fields.get("traceparent").is_some_and(is_traceparent);
        let trace = (!goes_on).then(|| {
            let mut random = [0; 24];
            rand::rng().fill_bytes(&mut random);
            // Ids of zeros mean none.
            random[0] |= 1;
            random[16] |= 1;
            random
        });
        let client = account.client.to_canonical();
        Self {
            worker,
            client,
            secure: arrival.secure,
            certificate: arrival.peer.secured.as_ref().and_then(|secured| secured.told.as_deref()),
            id: account.id,
            trace,
            key: permit.identity.key.as_ref(),
            plan: account.standing.as_ref().map(|standing| standing.plan.plan.slug.as_str()),
        }
    }
}

/// Writes the head of the request to the upstream. `length` is the body's, where it is known.
pub(crate) fn write_request(
    head: &mut Vec<u8>,
    permit: &Permit,
    target: &Target,
    arrival: &Arrival,
    told: &Told<'_>,
    length: Option<u64>,
) {
    head.extend_from_slice(arrival.method.as_str().as_bytes());
    head.push(b' ');
    head.extend_from_slice(target.path.as_bytes());
    head.extend_from_slice(permit.route.path(arrival).as_bytes());
    head.extend_from_slice(arrival.target.query_suffix().as_bytes());
    head.extend_from_slice(b" HTTP/1.1\r\nhost: ");
    head.extend_from_slice(target.endpoint.authority.as_bytes());
    head.extend_from_slice(b"\r\n");
    write_fields(head, permit, arrival, told);
    if let Some(protocol) = &arrival.upgrade {
        let _ = write!(head, "connection: upgrade\r\nupgrade: {protocol}\r\n");
    }
    if arrival.fields.members("te").any(|member| member.eq_ignore_ascii_case(b"trailers")) {
        head.extend_from_slice(b"connection: te\r\nte: trailers\r\n");
    }
    match length {
        Some(0) if !needs_length(&arrival.method) => {}
        Some(length) => {
            head.extend_from_slice(b"content-length: ");
            head.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        None => head.extend_from_slice(b"transfer-encoding: chunked\r\n"),
    }
    head.extend_from_slice(b"\r\n");
}

/// The same for HTTP/2, whose library takes it in this form. `None` for a target that it does not take.
pub(crate) fn http2_request(
    permit: &Permit,
    target: &Target,
    arrival: &Arrival,
    told: &Told<'_>,
) -> Option<http::Request<()>> {
    let path = format!("{}{}{}", target.path, permit.route.path(arrival), arrival.target.query_suffix());
    let mut lines = Vec::with_capacity(1024);
    write_fields(&mut lines, permit, arrival, told);
    // The only word that HTTP/2 leaves to this field (RFC 9113 8.2.2).
    if arrival.fields.members("te").any(|member| member.eq_ignore_ascii_case(b"trailers")) {
        lines.extend_from_slice(b"te: trailers\r\n");
    }
    let mut request = http::Request::new(());
    *request.method_mut() = arrival.method.clone();
    *request.uri_mut() = uri(&target.endpoint, &path)?;
    *request.headers_mut() = to_map(&lines);
    Some(request)
}

/// Fields that are the same whatever is spoken.
fn write_fields(head: &mut Vec<u8>, permit: &Permit, arrival: &Arrival, told: &Told<'_>) {
    write_kept(head, permit, &arrival.fields, told);
    write_told(head, permit, &arrival.fields, told);
    arrival.added.write_to(head);
}

/// Of lines that were checked.
fn to_map(lines: &[u8]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for line in lines.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            map.append(name, value);
        }
    }
    map
}

/// Methods whose requests are taken for broken without a length (RFC 9110 8.6).
fn needs_length(method: &http::Method) -> bool {
    matches!(*method, http::Method::POST | http::Method::PUT | http::Method::PATCH)
}

/// What the client sent and the upstream gets as it is.
fn write_kept(head: &mut Vec<u8>, permit: &Permit, sent: &Fields, told: &Told<'_>) {
    let named = Named::of(sent);
    sent.write_where(head, |head, name, value| match fate_of(name) {
        Fate::Passes => named.is_none() || !named.contains(name),
        Fate::Ends => false,
        Fate::Authorization => !permit.identity.in_authorization,
        Fate::TraceState => told.trace.is_none(),
        Fate::Cookie => match without_reserved_cookies(value) {
            Kept::All => true,
            Kept::Some(rest) => {
                head.extend_from_slice(b"cookie: ");
                head.extend_from_slice(&rest);
                head.extend_from_slice(b"\r\n");
                false
            }
            Kept::Nothing => false,
        },
    });
}

/// What the upstream is told by us.
fn write_told(head: &mut Vec<u8>, permit: &Permit, sent: &Fields, told: &Told<'_>) {
    let host = sent.get("host").unwrap_or_default();
    let (client, shared) = (told.client, &told.worker.shared);
    head.extend_from_slice(b"x-forwarded-for: ");
    let at = head.len();
    write_address(head, client);
    let address = at..head.len();
    let scheme: &[u8] = if told.secure { b"https" } else { b"http" };
    if !host.is_empty() {
        head.extend_from_slice(b"\r\nx-forwarded-host: ");
        head.extend_from_slice(host);
    }
    let (before, after): (&[u8], &[u8]) = if client.is_ipv6() { (b"\"[", b"]\"") } else { (b"", b"") };
    head.extend_from_slice(b"\r\nforwarded: for=");
    head.extend_from_slice(before);
    head.extend_from_within(address);
    head.extend_from_slice(after);
    if !host.is_empty() {
        // A host was checked to hold neither quotes nor backslashes.
        head.extend_from_slice(b";host=\"");
        head.extend_from_slice(host);
        head.push(b'"');
    }
    head.extend_from_slice(b";proto=");
    head.extend_from_slice(scheme);
    head.extend_from_slice(b"\r\nx-forwarded-proto: ");
    head.extend_from_slice(scheme);
    head.extend_from_slice(b"\r\n");
    head.extend_from_slice(&permit.route.api.told);
    head.extend_from_slice(&shared.told);
    if let Some(certificate) = told.certificate {
        let _ = write!(head, "x-portico-client-certificate: {certificate}\r\n");
    }
    head.extend_from_slice(b"traceparent: ");
    match &told.trace {
        // Not sampled: who collects traces decides that, and nobody here does yet.
        Some(ids) => {
            head.extend_from_slice(b"00-");
            write_hex(head, &ids[..16]);
            head.push(b'-');
            write_hex(head, &ids[16..]);
            head.extend_from_slice(b"-00");
        }
        None => head.extend_from_slice(sent.get("traceparent").unwrap_or_default()),
    }
    head.extend_from_slice(b"\r\nx-request-id: ");
    told.id.write(head);
    head.extend_from_slice(b"\r\n");
    if let Some(key) = told.key {
        head.extend_from_slice(b"x-portico-app: ");
        write_uuid(head, key.app.0);
        head.extend_from_slice(b"\r\nx-portico-key-id: ");
        write_uuid(head, key.id.0);
        head.extend_from_slice(b"\r\n");
    }
    if let Some(plan) = told.plan {
        head.extend_from_slice(b"x-portico-plan: ");
        head.extend_from_slice(plan.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
}

fn write_address(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            for (place, octet) in address.octets().into_iter().enumerate() {
                if place > 0 {
                    out.push(b'.');
                }
                out.extend_from_slice(itoa::Buffer::new().format(octet).as_bytes());
            }
        }
        IpAddr::V6(address) => _ = write!(out, "{address}"),
    }
}

fn write_uuid(out: &mut Vec<u8>, id: Uuid) {
    out.extend_from_slice(id.as_simple().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
}

fn write_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// Removes from an upstream's answer what ends here. `keep_length` for answers that have a length but no body.
pub(crate) fn clean_answer(fields: &mut Fields, keep_length: bool) {
    let named = Named::of(fields);
    let mut lengths = 0;
    fields.retain(|name, value| {
        if !named.is_none() && named.contains(name) {
            return false;
        }
        match name.len() {
            10 => {
                !(is(name, b"connection") || is(name, b"keep-alive") || is(name, b"set-cookie") && sets_reserved(value))
            }
            14 => {
                lengths += usize::from(is(name, b"content-length"));
                !is(name, b"content-length") || (keep_length && lengths == 1)
            }
            2 => !is(name, b"te"),
            7 => !is(name, b"trailer") && !is(name, b"upgrade"),
            16 => !is(name, b"proxy-connection"),
            17 => !is(name, b"transfer-encoding"),
            18 => !is(name, b"proxy-authenticate"),
            25 => !is(name, b"proxy-authentication-info"),
            _ => true,
        }
    });
}

fn is(name: &[u8], known: &[u8]) -> bool {
    name.eq_ignore_ascii_case(known)
}

fn sets_reserved(value: &[u8]) -> bool {
    is_reserved(value.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii())
}

/// The fields that `Connection` names, but for those that it cannot take away.
struct Named(Vec<Box<[u8]>>);

impl Named {
    fn of(fields: &Fields) -> Self {
        let names = fields.members("connection").map(<[u8]>::to_ascii_lowercase);
        // Options of the connection itself are no fields that could be there.
        let names = names.filter(|name| !matches!(&name[..], b"close" | b"keep-alive" | b"upgrade"));
        Self(names.filter(|name| !FOR_EVERYBODY.contains(&&name[..])).map(Into::into).collect())
    }
    fn is_none(&self) -> bool {
        self.0.is_empty()
    }
    fn contains(&self, name: &[u8]) -> bool {
        self.0.iter().any(|named| named.eq_ignore_ascii_case(name))
    }
}

/// Whether a cookie is the portal's, by its name.
pub(crate) fn is_reserved(cookie: &[u8]) -> bool {
    RESERVED_COOKIES.iter().any(|name| name.as_bytes() == cookie)
}

/// What is left of a `Cookie` field without the portal's.
#[derive(Debug, PartialEq, Eq)]
enum Kept {
    All,
    Some(Vec<u8>),
    Nothing,
}

fn without_reserved_cookies(value: &[u8]) -> Kept {
    let reserved = |pair: &&[u8]| is_reserved(pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii());
    let pairs = || value.split(|byte| *byte == b';');
    if !pairs().any(|pair| reserved(&pair)) {
        return Kept::All;
    }
    let kept: Vec<&[u8]> =
        pairs().filter(|pair| !reserved(pair)).map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty()).collect();
    if kept.is_empty() { Kept::Nothing } else { Kept::Some(kept.join(&b"; "[..])) }
}

/// Whether a `traceparent` may be passed on: version 00, with ids that are not zero (W3C Trace Context 3.2).
fn is_traceparent(value: &[u8]) -> bool {
    let hex = |part: &[u8]| part.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let zero = |part: &[u8]| part.iter().all(|byte| *byte == b'0');
    let parts: Vec<&[u8]> = value.split(|byte| *byte == b'-').take(5).collect();
    match parts[..] {
        [version, trace, parent, flags] => {
            version == b"00"
                && (trace.len(), parent.len(), flags.len()) == (32, 16, 2)
                && hex(trace)
                && hex(parent)
                && hex(flags)
                && !zero(trace)
                && !zero(parent)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_portals_cookies_are_kept_back() {
        for (sent, kept) in [
            ("a=1; b=2", Some("a=1; b=2")),
            ("a=1; portico=s", Some("a=1")),
            ("portico=s", None),
            (" __Host-portico =s; portico2=x;portico=y", Some("portico2=x")),
            ("portico", None),
        ] {
            let expected = match kept {
                Some(kept) if kept == sent => Kept::All,
                Some(kept) => Kept::Some(kept.into()),
                None => Kept::Nothing,
            };
            assert_eq!(without_reserved_cookies(sent.as_bytes()), expected, "{sent}");
        }
    }

    #[test]
    fn an_answer_keeps_what_is_for_the_client() {
        let mut fields = Fields::new();
        for (name, value) in [
            ("connection", "x-hop, content-type"),
            ("x-hop", "1"),
            ("content-type", "text/plain"),
            ("transfer-encoding", "chunked"),
            ("keep-alive", "5"),
            ("set-cookie", "a=1"),
            ("set-cookie", "__Host-portico=evil; Path=/"),
            ("set-cookie", "b=2"),
        ] {
            fields.push(name, value);
        }
        clean_answer(&mut fields, false);
        let left: Vec<_> =
            fields.iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value))).collect();
        assert_eq!(left, ["content-type: text/plain", "set-cookie: a=1", "set-cookie: b=2"]);
    }

    #[test]
    fn names_that_servers_fold_are_ours_too() {
        for name in [
            "x-forwarded-for",
            "x_forwarded_host",
            "x_portico_app",
            "x-portico-anything",
            "x_api_key",
            "forwarded",
            "x-real_ip",
            "x.portico.app",
            "x~api|key",
        ] {
            assert_eq!(fate_of(name.as_bytes()), Fate::Ends, "{name}");
        }
        for name in ["x-forward", "content_type", "x-porticoapp", "accept"] {
            assert_eq!(fate_of(name.as_bytes()), Fate::Passes, "{name}");
        }
    }

    #[test]
    fn a_traceparent_is_kept_only_when_it_is_one() {
        let is = |text: &str| is_traceparent(text.as_bytes());
        assert!(is("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        assert!(!is("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"));
        assert!(!is("00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
        assert!(!is("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"));
        assert!(!is("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        assert!(!is("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"));
    }
}
