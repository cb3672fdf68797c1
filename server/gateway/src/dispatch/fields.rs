//! Which fields pass a gateway, and which it writes itself.
//!
//! Fields of one connection end here (RFC 9110 7.6.1), framing is made anew by the HTTP library, and whatever an
//! upstream may trust as coming from us is removed from the client's request before ours is added.
use crate::arrive::Arrival;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Of one connection only; never forwarded either way. `Host`, `Content-Length` and `Transfer-Encoding` are not forwarded
/// either but written anew.
const HOP_BY_HOP: [HeaderName; 11] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-authentication-info"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("http2-settings"),
];

/// What a client may say about itself, but not to our upstreams: they believe it because it comes from us. With `_` for
/// `-` too, since some servers fold them.
const OURS: [&str; 11] = [
    "forwarded",
    "via",
    "traceparent",
    "tracestate",
    "x-api-key",
    "x-real-ip",
    "x-request-id",
    "x-original-url",
    "x-rewrite-url",
    "expect",
    "host",
];
const OUR_PREFIXES: [&str; 2] = ["x-forwarded-", "x-portico-"];

/// Fields for all recipients: naming them in `Connection` does not remove them (RFC 9110 7.6.1).
const FOR_EVERYBODY: [&str; 8] = [
    "accept",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "host",
];

/// Cookies of the portal, which share no origin with the gateway but may share a host name.
const RESERVED_COOKIES: [&str; 3] = ["portico", "__Host-portico", "__Secure-portico"];

/// What the upstream is told by us.
pub(crate) struct Told {
    pub(crate) host: HeaderValue,
    pub(crate) forwarded_for: HeaderValue,
    pub(crate) forwarded_proto: &'static str,
    pub(crate) forwarded_prefix: HeaderValue,
    pub(crate) forwarded: Option<HeaderValue>,
    pub(crate) traceparent: HeaderValue,
    pub(crate) request_id: HeaderValue,
    pub(crate) via: HeaderValue,
    pub(crate) app: Option<HeaderValue>,
    pub(crate) key: Option<HeaderValue>,
    pub(crate) plan: Option<HeaderValue>,
    /// Whether `Authorization` carried our key.
    pub(crate) drop_authorization: bool,
}

/// The fields of the request to the upstream.
pub(crate) fn for_upstream(arrival: &Arrival, told: &Told) -> HeaderMap {
    let sent = &arrival.parts.headers;
    let named = Named::of(sent);
    let trace_kept = sent.get("traceparent") == Some(&told.traceparent);
    let mut fields = HeaderMap::with_capacity(sent.len() + 12);
    for (name, value) in sent {
        let text = name.as_str();
        if HOP_BY_HOP.contains(name) || name == header::CONTENT_LENGTH || is_ours(text) || named.contains(text) {
            continue;
        }
        if name == header::AUTHORIZATION && told.drop_authorization {
            continue;
        }
        if name == header::COOKIE {
            if let Some(kept) = without_reserved_cookies(value) {
                fields.append(name.clone(), kept);
            }
            continue;
        }
        fields.append(name.clone(), value.clone());
    }
    fields.insert(header::HOST, told.host.clone());
    fields.insert("x-forwarded-for", told.forwarded_for.clone());
    fields.insert("x-forwarded-proto", HeaderValue::from_static(told.forwarded_proto));
    fields.insert("x-forwarded-prefix", told.forwarded_prefix.clone());
    if let Some(host) = sent.get(header::HOST) {
        fields.insert("x-forwarded-host", host.clone());
    }
    if let Some(forwarded) = &told.forwarded {
        fields.insert(header::FORWARDED, forwarded.clone());
    }
    fields.insert("traceparent", told.traceparent.clone());
    if trace_kept && let Some(state) = sent.get("tracestate") {
        fields.insert("tracestate", state.clone());
    }
    fields.insert("x-request-id", told.request_id.clone());
    fields.insert(header::VIA, told.via.clone());
    for (name, value) in [("x-portico-app", &told.app), ("x-portico-key-id", &told.key), ("x-portico-plan", &told.plan)]
    {
        if let Some(value) = value {
            fields.insert(name, value.clone());
        }
    }
    fields
}

/// Removes from an upstream's answer what ends here. `keep_length` for answers that have a length but no body.
pub(crate) fn clean_answer(fields: &mut HeaderMap, keep_length: bool) {
    for name in Named::of(fields).0 {
        fields.remove(&name);
    }
    for name in &HOP_BY_HOP {
        fields.remove(name);
    }
    if !keep_length || fields.get_all(header::CONTENT_LENGTH).iter().count() > 1 {
        fields.remove(header::CONTENT_LENGTH);
    }
    let sets_reserved = |value: &HeaderValue| {
        let name = value.as_bytes().split(|byte| *byte == b'=').next().unwrap_or_default();
        is_reserved(name.trim_ascii())
    };
    if fields.get_all(header::SET_COOKIE).iter().any(sets_reserved) {
        let kept: Vec<_> =
            fields.get_all(header::SET_COOKIE).iter().filter(|value| !sets_reserved(value)).cloned().collect();
        fields.remove(header::SET_COOKIE);
        for value in kept {
            fields.append(header::SET_COOKIE, value);
        }
    }
}

/// The fields that `Connection` names, but for those that it cannot take away.
struct Named(Vec<String>);

impl Named {
    fn of(fields: &HeaderMap) -> Self {
        let values = fields.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
        let names = values.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase());
        Self(names.filter(|name| !name.is_empty() && !FOR_EVERYBODY.contains(&name.as_str())).collect())
    }
    fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|named| named == name)
    }
}

fn is_ours(name: &str) -> bool {
    let matches = |name: &str| OURS.contains(&name) || OUR_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    matches(name) || (name.contains('_') && matches(&name.replace('_', "-")))
}

fn is_reserved(cookie: &[u8]) -> bool {
    RESERVED_COOKIES.iter().any(|name| name.as_bytes() == cookie)
}

/// A `Cookie` field without the portal's; `None` when nothing is left.
fn without_reserved_cookies(value: &HeaderValue) -> Option<HeaderValue> {
    let reserved = |pair: &&[u8]| is_reserved(pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii());
    let pairs = || value.as_bytes().split(|byte| *byte == b';');
    if !pairs().any(|pair| reserved(&pair)) {
        return Some(value.clone());
    }
    let kept: Vec<&[u8]> =
        pairs().filter(|pair| !reserved(pair)).map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty()).collect();
    if kept.is_empty() { None } else { HeaderValue::from_bytes(&kept.join(&b"; "[..])).ok() }
}

/// Whether a `traceparent` may be passed on: version 00, with ids that are not zero (W3C Trace Context 3.2).
pub(crate) fn is_traceparent(value: &HeaderValue) -> bool {
    let hex = |part: &[u8]| part.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let zero = |part: &[u8]| part.iter().all(|byte| *byte == b'0');
    let parts: Vec<&[u8]> = value.as_bytes().split(|byte| *byte == b'-').collect();
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
            let value = without_reserved_cookies(&HeaderValue::from_str(sent).unwrap());
            assert_eq!(value.as_ref().map(|value| value.to_str().unwrap()), kept, "{sent}");
        }
    }

    #[test]
    fn an_answer_keeps_what_is_for_the_client() {
        let mut fields = HeaderMap::new();
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
            fields.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        clean_answer(&mut fields, false);
        let left: Vec<_> = fields.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
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
        ] {
            assert!(is_ours(name), "{name}");
        }
        for name in ["x-forward", "content_type", "x-porticoapp", "accept"] {
            assert!(!is_ours(name), "{name}");
        }
    }

    #[test]
    fn a_traceparent_is_kept_only_when_it_is_one() {
        let is = |text: &'static str| is_traceparent(&HeaderValue::from_static(text));
        assert!(is("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        assert!(!is("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"));
        assert!(!is("00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
        assert!(!is("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"));
        assert!(!is("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        assert!(!is("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"));
    }
}
