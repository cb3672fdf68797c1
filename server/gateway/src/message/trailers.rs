//! Fields behind a body. Some recipients take them for fields of the head, so only those pass that change nothing there.
use http::{HeaderMap, HeaderName};

/// Longer names are nobody's we know, but for those with a prefix.
const LONGEST: usize = 32;

/// Removes what has its place before a body only, or is the gateway's to say: framing, routing, controls and conditions of
/// a request, authentication, what describes the content, control data of an answer (RFC 9110 6.5.1), and fields of one
/// connection.
pub(crate) fn clean(trailers: &mut HeaderMap) {
    let barred: Vec<HeaderName> = trailers.keys().filter(|name| is_barred(name.as_str())).cloned().collect();
    for name in barred {
        trailers.remove(name);
    }
}

/// By a name in lower case. Some servers fold what is neither letter nor digit.
fn is_barred(name: &str) -> bool {
    let mut folded = [0; LONGEST];
    let length = name.len().min(LONGEST);
    for (to, from) in folded.iter_mut().zip(name.bytes()) {
        *to = if from.is_ascii_alphanumeric() { from } else { b'-' };
    }
    match &folded[..length] {
        // Made for this place (RFC 9530 2).
        b"content-digest" => false,
        b"connection"
        | b"keep-alive"
        | b"te"
        | b"trailer"
        | b"transfer-encoding"
        | b"upgrade"
        | b"http2-settings"
        | b"host"
        | b"forwarded"
        | b"via"
        | b"x-real-ip"
        | b"x-request-id"
        | b"x-original-url"
        | b"x-rewrite-url"
        | b"traceparent"
        | b"tracestate"
        | b"authorization"
        | b"x-api-key"
        | b"cookie"
        | b"set-cookie"
        | b"www-authenticate"
        | b"expect"
        | b"max-forwards"
        | b"cache-control"
        | b"pragma"
        | b"range"
        | b"age"
        | b"date"
        | b"expires"
        | b"location"
        | b"retry-after"
        | b"vary"
        | b"warning"
        | b"allow"
        | b"origin"
        | b"strict-transport-security" => name.len() <= LONGEST,
        name => {
            let prefixes: [&[u8]; 8] = [
                b"content-",
                b"proxy-",
                b"if-",
                b"sec-",
                b"access-control-",
                b"x-forwarded-",
                b"x-portico-",
                b"ratelimit",
            ];
            prefixes.iter().any(|prefix| name.starts_with(prefix))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_belongs_behind_a_body_passes() {
        for name in [
            "transfer-encoding",
            "content-length",
            "content_type",
            "host",
            "authorization",
            "set-cookie",
            "x-portico-app",
            "x_forwarded_for",
            "x-api-key",
            "cache-control",
            "if-match",
            "proxy-authenticate",
            "trailer",
            "location",
            "access-control-allow-origin",
            "content-security-policy-report-only-and-more",
        ] {
            assert!(is_barred(name), "{name}");
        }
        for name in [
            "grpc-status",
            "grpc-message",
            "grpc-status-details-bin",
            "x-checksum",
            "digest",
            "content-digest",
            "repr-digest",
            "etag",
            "server-timing",
            "authentication-info",
            "host-name",
            "dates",
        ] {
            assert!(!is_barred(name), "{name}");
        }
        let mut trailers = HeaderMap::new();
        trailers.append("set-cookie", "a=1".parse().unwrap());
        trailers.append("set-cookie", "b=2".parse().unwrap());
        trailers.append("etag", "\"1\"".parse().unwrap());
        clean(&mut trailers);
        assert_eq!(trailers.keys().collect::<Vec<_>>(), ["etag"]);
    }
}
