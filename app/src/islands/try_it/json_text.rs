//! Finds its way in the text of a JSON document without taking it apart: numbers stay as they were written, and of a
//! large document only what is looked at costs anything.
use serde::de::IgnoredAny;
use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Array,
    Text,
    Number,
    /// `true`, `false`, `null`
    Word,
}

/// A member of an object, or an item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// With its quotes.
    pub(super) key: Option<Range<usize>>,
    pub(super) value: Range<usize>,
}

/// Where the document's value stands; `None` for what is no JSON.
pub(super) fn document(text: &str) -> Option<Range<usize>> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let start = text.len() - text.trim_start().len();
    Some(start..text.trim_end().len())
}

pub(super) fn kind(text: &str, value: &Range<usize>) -> Kind {
    match text.as_bytes().get(value.start) {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::Text,
        Some(b'-' | b'0'..=b'9') => Kind::Number,
        _ => Kind::Word,
    }
}

/// Of an object or list in a document that is JSON.
pub(super) fn members(text: &str, of: &Range<usize>) -> Vec<Member> {
    let bytes = text.as_bytes();
    let is_object = kind(text, of) == Kind::Object;
    let end = of.end.saturating_sub(1);
    let mut members = Vec::new();
    let mut at = of.start + 1;
    loop {
        at = past_space(bytes, at, end);
        if at >= end {
            return members;
        }
        let key = is_object.then(|| at..past_text(bytes, at, end));
        if let Some(key) = &key {
            // Behind the colon.
            at = past_space(bytes, past_space(bytes, key.end, end) + 1, end);
        }
        let value = at..past_value(bytes, at, end);
        // Behind the comma.
        at = past_space(bytes, value.end, end) + 1;
        members.push(Member { key, value });
    }
}

fn past_space(bytes: &[u8], mut at: usize, end: usize) -> usize {
    while at < end && bytes[at].is_ascii_whitespace() {
        at += 1;
    }
    at
}

/// Behind the closing quote.
fn past_text(bytes: &[u8], start: usize, end: usize) -> usize {
    let mut at = start + 1;
    while at < end {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    end
}

fn past_value(bytes: &[u8], start: usize, end: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < end {
        match bytes[at] {
            b'"' => {
                at = past_text(bytes, at, end);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            byte if depth == 0 && (byte == b',' || byte.is_ascii_whitespace()) => return at,
            _ => {}
        }
        at += 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(Option<&str>, &str)> {
        let root = document(text).unwrap();
        let members = members(text, &root).into_iter();
        members.map(|member| (member.key.map(|key| &text[key]), &text[member.value])).collect()
    }

    #[test]
    fn members_are_found_as_they_are_written() {
        assert_eq!(
            told("  { \"a\" : 1.50 , \"b\\\"]\":[1,{\"c\":\"}\"}] ,\"d\":\"x\\\\\", \"e\": true}\n"),
            [
                (Some("\"a\""), "1.50"),
                (Some("\"b\\\"]\""), "[1,{\"c\":\"}\"}]"),
                (Some("\"d\""), "\"x\\\\\""),
                (Some("\"e\""), "true"),
            ]
        );
        assert_eq!(told("[ -1e400 ,null,[],\"ü\"]"), [(None, "-1e400"), (None, "null"), (None, "[]"), (None, "\"ü\"")]);
        assert_eq!((told("[]"), told("{ }")), (Vec::new(), Vec::new()));
    }

    #[test]
    fn only_json_is_json() {
        for text in ["", "<html>", "{\"a\":1", "{} {}", "nul"] {
            assert_eq!(document(text), None, "{text}");
        }
        assert_eq!(document(" 7 "), Some(1..2));
        assert_eq!(kind("true", &(0..4)), Kind::Word);
    }
}
