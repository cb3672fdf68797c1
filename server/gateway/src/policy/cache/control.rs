//! `Cache-Control` of requests and answers (RFC 9111 5.2, RFC 5861). All of it is hostile: a directive that cannot be
//! read is taken in its most careful sense.
use crate::message::fields::{Fields, is_token};

/// Longer times are cut to this: 2^31 seconds (RFC 9111 1.2.2).
const FOREVER: u32 = 1 << 31;

/// What an answer says of its keeping.
#[expect(clippy::struct_excessive_bools, reason = "each is a directive that is there or not")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AnswerControl {
    pub(crate) no_store: bool,
    /// Also when only some fields are meant: which, is more than we keep apart.
    pub(crate) no_cache: bool,
    pub(crate) private: bool,
    pub(crate) public: bool,
    pub(crate) must_revalidate: bool,
    pub(crate) max_age: Option<u32>,
    pub(crate) s_maxage: Option<u32>,
    pub(crate) stale_while_revalidate: Option<u32>,
    pub(crate) stale_if_error: Option<u32>,
}

/// What a caller asks of a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RequestControl {
    pub(crate) no_store: bool,
    pub(crate) no_cache: bool,
    pub(crate) only_if_cached: bool,
    pub(crate) max_age: Option<u32>,
    pub(crate) min_fresh: Option<u32>,
    pub(crate) max_stale: Option<u32>,
    pub(crate) stale_if_error: Option<u32>,
}

impl AnswerControl {
    pub(crate) fn read(fields: &Fields) -> Self {
        let mut control = Self::default();
        for line in fields.get_all("cache-control") {
            for (name, value) in directives(line) {
                match &*name.to_ascii_lowercase() {
                    b"no-store" => control.no_store = true,
                    b"no-cache" => control.no_cache = true,
                    b"private" => control.private = true,
                    b"public" => control.public = true,
                    b"must-revalidate" | b"proxy-revalidate" => control.must_revalidate = true,
                    b"max-age" => lower(&mut control.max_age, value),
                    b"s-maxage" => lower(&mut control.s_maxage, value),
                    b"stale-while-revalidate" => lower(&mut control.stale_while_revalidate, value),
                    b"stale-if-error" => lower(&mut control.stale_if_error, value),
                    _ => {}
                }
            }
        }
        control
    }
}

impl RequestControl {
    pub(crate) fn read(fields: &Fields) -> Self {
        let mut control = Self::default();
        for line in fields.get_all("cache-control") {
            for (name, value) in directives(line) {
                match &*name.to_ascii_lowercase() {
                    b"no-store" => control.no_store = true,
                    b"no-cache" => control.no_cache = true,
                    b"only-if-cached" => control.only_if_cached = true,
                    b"max-age" => lower(&mut control.max_age, value),
                    b"min-fresh" => control.min_fresh = Some(seconds(value).unwrap_or(FOREVER)),
                    // Without a value any staleness will do.
                    b"max-stale" if value.is_none() => control.max_stale = Some(FOREVER),
                    b"max-stale" => lower(&mut control.max_stale, value),
                    b"stale-if-error" => lower(&mut control.stale_if_error, value),
                    _ => {}
                }
            }
        }
        // For caches that know no Cache-Control (RFC 9111 5.4).
        control.no_cache |= !fields.contains("cache-control")
            && fields.members("pragma").any(|member| member.eq_ignore_ascii_case(b"no-cache"));
        control
    }
}

/// Of several values the lowest counts; one that cannot be read is 0, the least fresh (RFC 9111 4.2.1).
fn lower(place: &mut Option<u32>, value: Option<&[u8]>) {
    let seconds = seconds(value).unwrap_or(0);
    *place = Some(place.map_or(seconds, |before| before.min(seconds)));
}

/// Whole seconds (RFC 9111 1.2.2).
pub(crate) fn seconds(value: Option<&[u8]>) -> Option<u32> {
    let digits = value.filter(|value| !value.is_empty() && value.iter().all(u8::is_ascii_digit))?;
    let add = |sum: u32, digit: &u8| sum.saturating_mul(10).saturating_add(u32::from(digit - b'0')).min(FOREVER);
    Some(digits.iter().fold(0, add))
}

/// Names and values of a line; values in quotes without them. A comma in quotes parts nothing. A quote without its
/// partner goes to the line's end.
fn directives(line: &[u8]) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
    let mut rest = line;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            let mut quoted = false;
            let mut escaped = false;
            let end = rest.iter().position(|byte| {
                let found = *byte == b',' && !quoted;
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' if quoted => escaped = true,
                    b'"' => quoted = !quoted,
                    _ => {}
                }
                found
            });
            let (directive, after) = rest.split_at(end.unwrap_or(rest.len()));
            rest = after.get(1..).unwrap_or_default();
            let (name, value) = match directive.iter().position(|byte| *byte == b'=') {
                Some(place) => (directive[..place].trim_ascii(), Some(directive[place + 1..].trim_ascii())),
                None => (directive.trim_ascii(), None),
            };
            if !name.is_empty() && name.iter().all(|byte| is_token(*byte)) {
                return Some((name, value.map(unquoted)));
            }
        }
    })
}

fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").map_or(value, |inner| inner.strip_suffix(b"\"").unwrap_or(inner))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answer(line: &str) -> AnswerControl {
        let mut fields = Fields::new();
        fields.push("cache-control", line);
        AnswerControl::read(&fields)
    }

    fn request(line: &str) -> RequestControl {
        let mut fields = Fields::new();
        fields.push("cache-control", line);
        RequestControl::read(&fields)
    }

    #[test]
    fn directives_are_read() {
        let none = AnswerControl::default();
        for (line, control) in [
            ("max-age=60, public", AnswerControl { max_age: Some(60), public: true, ..none }),
            ("MAX-AGE=\"60\",S-MaxAge = 5", AnswerControl { max_age: Some(60), s_maxage: Some(5), ..none }),
            ("no-cache=\"set-cookie, no-store\", x=y", AnswerControl { no_cache: true, ..none }),
            ("private=\"a\\\", no-store\"", AnswerControl { private: true, ..none }),
            ("proxy-revalidate", AnswerControl { must_revalidate: true, ..none }),
            // Of two the lower counts, and what is no number is none.
            ("max-age=60, max-age=5", AnswerControl { max_age: Some(5), ..none }),
            ("max-age=60, max-age=x", AnswerControl { max_age: Some(0), ..none }),
            ("max-age=-1", AnswerControl { max_age: Some(0), ..none }),
            ("max-age=1.5", AnswerControl { max_age: Some(0), ..none }),
            ("max-age", AnswerControl { max_age: Some(0), ..none }),
            ("max-age=99999999999999999999", AnswerControl { max_age: Some(FOREVER), ..none }),
            (
                "max-age=1, stale-while-revalidate=2, stale-if-error=3",
                AnswerControl { max_age: Some(1), stale_while_revalidate: Some(2), stale_if_error: Some(3), ..none },
            ),
            (",, no-store ,", AnswerControl { no_store: true, ..none }),
            ("no store, =5, no-store2", none),
        ] {
            assert_eq!(answer(line), control, "{line}");
        }
        let none = RequestControl::default();
        for (line, control) in [
            ("only-if-cached, max-stale", RequestControl { only_if_cached: true, max_stale: Some(FOREVER), ..none }),
            ("max-stale=5, min-fresh=x", RequestControl { max_stale: Some(5), min_fresh: Some(FOREVER), ..none }),
            ("max-age=0", RequestControl { max_age: Some(0), ..none }),
        ] {
            assert_eq!(request(line), control, "{line}");
        }
    }

    #[test]
    fn pragma_speaks_where_cache_control_is_silent() {
        let mut fields = Fields::new();
        fields.push("pragma", "No-Cache");
        assert!(RequestControl::read(&fields).no_cache);
        fields.push("cache-control", "max-age=5");
        assert!(!RequestControl::read(&fields).no_cache);
    }

    proptest! {
        #[test]
        fn no_bytes_confuse_it(line in proptest::collection::vec(any::<u8>(), 0..120)) {
            for (name, value) in directives(&line) {
                prop_assert!(!name.is_empty() && name.iter().all(|byte| is_token(*byte)));
                prop_assert!(name.len() + value.map_or(0, <[u8]>::len) <= line.len());
            }
        }

        #[test]
        fn no_store_at_the_end_of_anything_plain_is_seen(line in "[ -!#-~]{0,80}") {
            let control = answer(&format!("{line},no-store"));
            prop_assert!(control.no_store);
        }
    }
}
