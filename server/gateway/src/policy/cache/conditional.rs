//! Conditional requests that a kept answer decides (RFC 9110 13, RFC 9111 4.3.2).
use super::freshness::date;
use crate::message::fields::Fields;

/// Fields with which a caller asks for an answer only if it differs.
pub(crate) const CONDITIONS: [&str; 2] = ["if-none-match", "if-modified-since"];

/// Requests with one of these are the upstream's business as a whole.
const BEYOND: [&str; 4] = ["range", "if-range", "if-match", "if-unmodified-since"];

/// Fields of a 304 (RFC 9110 15.4.5); others add nothing to what the caller has.
const NOT_MODIFIED: [&str; 9] =
    ["age", "cache-control", "cache-status", "content-location", "date", "etag", "expires", "vary", "last-modified"];

pub(crate) fn is_beyond(request: &Fields) -> bool {
    BEYOND.iter().any(|name| request.contains(name))
}

/// Whether the caller has this answer already.
pub(crate) fn is_held(request: &Fields, kept: &Fields) -> bool {
    if request.contains("if-none-match") {
        let tag = kept.get("etag").map(opaque);
        return entity_tags(request).any(|asked| asked == b"*" || Some(opaque(asked)) == tag);
    }
    match (date(request, "if-modified-since"), date(kept, "last-modified")) {
        (Some(since), Some(modified)) => modified <= since,
        _ => false,
    }
}

/// Leaves a 304's fields.
pub(crate) fn keep_not_modified(fields: &mut Fields) {
    fields.retain(|name, _| NOT_MODIFIED.iter().any(|kept| name.eq_ignore_ascii_case(kept.as_bytes())));
}

/// The members of `If-None-Match`. A comma may stand within an entity tag.
fn entity_tags(request: &Fields) -> impl Iterator<Item = &[u8]> {
    request.get_all("if-none-match").flat_map(|line| {
        let mut rest = line;
        std::iter::from_fn(move || {
            rest = rest.trim_ascii_start();
            while let Some(after) = rest.strip_prefix(b",") {
                rest = after.trim_ascii_start();
            }
            if rest.is_empty() {
                return None;
            }
            let open = if rest.starts_with(b"\"") { Some(0) } else { rest.starts_with(b"W/\"").then_some(2) };
            let end = match open {
                Some(open) => {
                    let close = rest[open + 1..].iter().position(|byte| *byte == b'"');
                    close.map_or(rest.len(), |close| open + close + 2)
                }
                None => rest.iter().position(|byte| *byte == b',').unwrap_or(rest.len()),
            };
            let (tag, after) = rest.split_at(end);
            rest = after;
            Some(tag.trim_ascii_end())
        })
    })
}

/// What weak comparison compares (RFC 9110 8.8.3.2).
fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(lines: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.push(name, value);
        }
        fields
    }

    #[test]
    fn entity_tags_are_compared_weakly() {
        let kept = fields(&[("ETag", "\"a,b\""), ("Last-Modified", "Wed, 02 Dec 2026 12:00:00 GMT")]);
        for (asked, held) in [
            ("\"a,b\"", true),
            ("W/\"a,b\"", true),
            ("\"x\", W/\"a,b\"", true),
            (",,\"x\" , \"a,b\",", true),
            ("*", true),
            ("\"a\"", false),
            ("a,b", false),
            ("\"a,b", false),
            ("", false),
        ] {
            assert_eq!(is_held(&fields(&[("if-none-match", asked)]), &kept), held, "{asked:?}");
            // A date beside it is not looked at (RFC 9110 13.1.3).
            let both = fields(&[("if-none-match", asked), ("if-modified-since", "Wed, 02 Dec 2026 12:00:00 GMT")]);
            assert_eq!(is_held(&both, &kept), held, "{asked:?} with a date");
        }
        assert!(!is_held(&fields(&[("if-none-match", "\"a\"")]), &Fields::new()));
    }

    #[test]
    fn dates_are_compared_where_there_is_no_tag() {
        let kept = fields(&[("last-modified", "Wed, 02 Dec 2026 12:00:00 GMT")]);
        for (since, held) in [
            ("Wed, 02 Dec 2026 12:00:00 GMT", true),
            ("Wed, 02 Dec 2026 12:00:01 GMT", true),
            ("Wed, 02 Dec 2026 11:59:59 GMT", false),
            ("Sunday, 06-Nov-94 08:49:37 GMT", false),
            ("soon", false),
        ] {
            assert_eq!(is_held(&fields(&[("if-modified-since", since)]), &kept), held, "{since}");
        }
    }

    #[test]
    fn requests_for_a_part_are_beyond() {
        for name in BEYOND {
            assert!(is_beyond(&fields(&[(name, "x")])));
        }
        assert!(!is_beyond(&fields(&[("if-none-match", "x")])));
    }

    proptest! {
        #[test]
        fn no_bytes_confuse_it(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            let mut request = Fields::new();
            request.push("if-none-match", &line);
            for tag in entity_tags(&request) {
                prop_assert!(!tag.is_empty() && tag.len() <= line.len());
            }
        }
    }
}
