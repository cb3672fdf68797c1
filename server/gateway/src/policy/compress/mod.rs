//! Compresses answers that the upstream sent plain, for clients that ask for it (RFC 9110 8.4, 12.5.3).
mod encoder;
mod negotiate;

pub(crate) use encoder::Compressed;
pub(crate) use negotiate::negotiate;

use super::vary;
use crate::message::fields::Fields;
use http::StatusCode;

/// A shorter body gains less than its frame and the time cost.
const MIN_BYTES: u64 = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Zstd,
    Brotli,
    Gzip,
}

impl Coding {
    /// As content codings are named (RFC 9110 18.6).
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }
}

/// An answer before its body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) to_head_request: bool,
    pub(crate) status: StatusCode,
    pub(crate) fields: &'a Fields,
    /// Bytes of its body, where that is known.
    pub(crate) length: Option<u64>,
}

/// Whether another client, or this one, may get this answer compressed. Then it depends on `Accept-Encoding`.
pub(crate) fn is_compressible(head: Head<'_>) -> bool {
    let Head { to_head_request, status, fields, length } = head;
    let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED);
    !to_head_request
        && !bodiless
        && status != StatusCode::PARTIAL_CONTENT
        && length.is_none_or(|length| length >= MIN_BYTES)
        && fields.get("content-type").is_some_and(is_compressible_type)
        && !fields.contains("content-encoding")
        && !fields.contains("content-range")
        && !fields.members("cache-control").any(|member| member.eq_ignore_ascii_case(b"no-transform"))
}

/// What the head of an answer says once its body is compressed; without a coding, once it might have been.
pub(crate) fn rewrite(fields: &mut Fields, coding: Option<Coding>) {
    vary::add(fields, "Accept-Encoding");
    let Some(coding) = coding else { return };
    fields.push("content-encoding", coding.name());
    // Of the plain bytes, all of them.
    for name in ["content-length", "accept-ranges", "content-md5", "digest", "content-digest", "repr-digest"] {
        fields.remove(name);
    }
    // The bytes are no longer the same, only what they mean (RFC 9110 8.8.1).
    if let Some(tag) = fields.get("etag")
        && tag.starts_with(b"\"")
    {
        let weak = [b"W/", tag].concat();
        fields.set("etag", weak);
    }
}

/// Types that are text in truth. Events are left alone: their readers wait for each of them.
fn is_compressible_type(content_type: &[u8]) -> bool {
    const TYPES: [&[u8]; 13] = [
        b"application/graphql",
        b"application/javascript",
        b"application/json",
        b"application/manifest+json",
        b"application/ndjson",
        b"application/openapi",
        b"application/rtf",
        b"application/toml",
        b"application/wasm",
        b"application/x-javascript",
        b"application/x-ndjson",
        b"application/xml",
        b"application/yaml",
    ];
    let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
    let ends = |suffix: &[u8]| essence.ends_with(suffix);
    if essence == b"text/event-stream" {
        return false;
    }
    essence.starts_with(b"text/") || TYPES.contains(&&*essence) || ends(b"+json") || ends(b"+xml") || ends(b"+yaml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.push(name, value);
        }
        fields
    }

    fn is(status: u16, length: Option<u64>, lines: &[(&str, &str)]) -> bool {
        let fields = fields(lines);
        let status = StatusCode::from_u16(status).unwrap();
        is_compressible(Head { to_head_request: false, status, fields: &fields, length })
    }

    #[test]
    fn what_is_compressed() {
        let json = ("Content-Type", "application/json; charset=utf-8");
        assert!(is(200, Some(512), &[json]) && is(200, None, &[json]) && is(404, None, &[json]));
        assert!(!is(200, Some(511), &[json]));
        for status in [204, 205, 206, 304] {
            assert!(!is(status, None, &[json]), "{status}");
        }
        for line in
            [("content-encoding", "br"), ("content-range", "bytes 0-1/9"), ("cache-control", "max-age=5, No-Transform")]
        {
            assert!(!is(200, None, &[json, line]), "{line:?}");
        }
        let fields = fields(&[json]);
        assert!(!is_compressible(Head {
            to_head_request: true,
            status: StatusCode::OK,
            fields: &fields,
            length: None
        }));
        for (content_type, compressed) in [
            ("text/html", true),
            ("TEXT/Plain;charset=utf-8", true),
            ("image/svg+xml", true),
            ("application/problem+json", true),
            ("application/vnd.oai.openapi+yaml", true),
            ("text/event-stream", false),
            ("text/event-stream; charset=utf-8", false),
            ("image/png", false),
            ("application/grpc", false),
            ("application/octet-stream", false),
            ("", false),
        ] {
            assert_eq!(is(200, None, &[("content-type", content_type)]), compressed, "{content_type}");
        }
        assert!(!is(200, None, &[]));
    }

    #[test]
    fn a_head_says_what_its_body_became() {
        let mut head = fields(&[
            ("Content-Length", "900"),
            ("Accept-Ranges", "bytes"),
            ("ETag", "\"a\""),
            ("Vary", "Accept"),
            ("Repr-Digest", "sha-256=:x:"),
        ]);
        rewrite(&mut head, Some(Coding::Brotli));
        let shown: Vec<_> =
            head.iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value))).collect();
        assert_eq!(shown, ["Vary: Accept", "vary: Accept-Encoding", "content-encoding: br", "etag: W/\"a\""]);
        let mut plain = fields(&[("etag", "\"a\""), ("content-length", "9")]);
        rewrite(&mut plain, None);
        assert_eq!(plain.get("etag"), Some(&b"\"a\""[..]));
        assert_eq!(plain.get("vary"), Some(&b"Accept-Encoding"[..]));
        let mut weak = fields(&[("etag", "W/\"a\"")]);
        rewrite(&mut weak, Some(Coding::Gzip));
        assert_eq!(weak.get("etag"), Some(&b"W/\"a\""[..]));
    }
}
