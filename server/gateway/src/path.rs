//! The one canonical form of a path: what is matched is what is forwarded, byte for byte.
//!
//! Percent-encodings of unreserved characters are decoded, others written with capital digits, and characters that a
//! URI cannot hold are encoded (RFC 3986 6.2.2). Whatever a server behind might read in another way than we do is
//! refused: dot segments, empty segments, encoded slashes and control characters.
use std::borrow::Cow;

/// What makes a path ambiguous, in words.
pub(crate) type Ambiguity = &'static str;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Brings the path of a request into its canonical form. A path that is in it already is not copied.
pub(crate) fn canonical(path: &str) -> Result<Cow<'_, str>, Ambiguity> {
    if !path.starts_with('/') {
        return Err("the path does not begin with /");
    }
    let path = encode(path)?;
    let mut segments = path[1..].split('/').peekable();
    while let Some(segment) = segments.next() {
        if segment.is_empty() && segments.peek().is_some() {
            return Err("the path has an empty segment (//)");
        }
        check_segment(segment)?;
    }
    Ok(path)
}

fn encode(path: &str) -> Result<Cow<'_, str>, Ambiguity> {
    if path.bytes().all(is_plain) {
        return Ok(Cow::Borrowed(path));
    }
    let bytes = path.as_bytes();
    let mut out = String::with_capacity(path.len() + 8);
    let mut place = 0;
    while let Some(&byte) = bytes.get(place) {
        place += 1;
        if byte == b'%' {
            let digit = |at: usize| bytes.get(at).and_then(|digit| char::from(*digit).to_digit(16));
            let (Some(high), Some(low)) = (digit(place), digit(place + 1)) else {
                return Err("the path has a % that is not followed by two hexadecimal digits");
            };
            place += 2;
            push_encoded(&mut out, (high * 16 + low) as u8)?;
        } else if is_plain(byte) {
            out.push(char::from(byte));
        } else {
            push_raw(&mut out, byte)?;
        }
    }
    Ok(Cow::Owned(out))
}

/// A byte that was percent-encoded.
fn push_encoded(out: &mut String, byte: u8) -> Result<(), Ambiguity> {
    match byte {
        b'/' => Err("the path has an encoded slash (%2F)"),
        b'\\' => Err("the path has an encoded backslash (%5C)"),
        0..=0x1f | 0x7f => Err("the path has an encoded control character"),
        _ if is_unreserved(byte) => {
            out.push(char::from(byte));
            Ok(())
        }
        _ => {
            push_percent(out, byte);
            Ok(())
        }
    }
}

/// A byte that stands for itself although a URI has no room for it.
fn push_raw(out: &mut String, byte: u8) -> Result<(), Ambiguity> {
    match byte {
        b'\\' => Err("the path has a backslash"),
        0..=0x20 | 0x7f..=0xff | b'?' | b'#' => Err("the path has a character that must be percent-encoded"),
        _ => {
            push_percent(out, byte);
            Ok(())
        }
    }
}

fn push_percent(out: &mut String, byte: u8) {
    out.push('%');
    out.push(char::from(HEX[usize::from(byte >> 4)]));
    out.push(char::from(HEX[usize::from(byte & 15)]));
}

fn check_segment(segment: &str) -> Result<(), Ambiguity> {
    if segment.contains('%') {
        let bytes = decode(segment);
        let Ok(text) = std::str::from_utf8(&bytes) else {
            return Err("the path is not UTF-8 once it is decoded");
        };
        return check_dots(text);
    }
    check_dots(segment)
}

fn check_dots(segment: &str) -> Result<(), Ambiguity> {
    match segment.split(';').next() {
        Some("." | "..") => Err("the path has a . or .. segment"),
        _ => Ok(()),
    }
}

/// Decodes a segment in canonical form.
fn decode(segment: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || bytes.next().and_then(|digit| char::from(digit).to_digit(16)).unwrap_or(0) as u8;
            let high = digit();
            out.push(high * 16 + digit());
        } else {
            out.push(byte);
        }
    }
    out
}

/// The canonical form of a template's fixed text. A document may write anything there.
pub(crate) fn canonical_literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut place = 0;
    while let Some(&byte) = bytes.get(place) {
        place += 1;
        let digit = |at: usize| bytes.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        match (byte, digit(place), digit(place + 1)) {
            (b'%', Some(high), Some(low)) => {
                place += 2;
                let decoded = (high * 16 + low) as u8;
                if is_unreserved(decoded) { out.push(char::from(decoded)) } else { push_percent(&mut out, decoded) }
            }
            _ if is_plain(byte) => out.push(char::from(byte)),
            _ => push_percent(&mut out, byte),
        }
    }
    out
}

/// Unreserved characters, sub-delimiters, `:` `@` and `/`: what a path holds as it is (RFC 3986 3.3).
fn is_plain(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,;=:@/".contains(&byte)
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

    #[test]
    fn equal_paths_have_one_form() {
        for (sent, form) in [
            ("/", "/"),
            ("/pets/7", "/pets/7"),
            ("/pets/", "/pets/"),
            ("/%70ets/%7e", "/pets/~"),
            ("/a%c3%a9", "/a%C3%A9"),
            ("/a|b^{c}", "/a%7Cb%5E%7Bc%7D"),
            ("/a%3ab:c", "/a%3Ab:c"),
            ("/users/;id=5", "/users/;id=5"),
            ("/a%252e", "/a%252e"),
            ("/...", "/..."),
            ("/v1/{name}:cancel", "/v1/%7Bname%7D:cancel"),
        ] {
            assert_eq!(canonical(sent).as_deref(), Ok(form), "{sent}");
            assert_eq!(canonical(form).as_deref(), Ok(form), "{form} is its own form");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for path in [
            "",
            "*",
            "a",
            "//",
            "/a//b",
            "//a",
            "/a//",
            "/..",
            "/.",
            "/a/../b",
            "/a/./b",
            "/a/..",
            "/%2e",
            "/%2E%2e/a",
            "/.%2e/a",
            "/a/..;/b",
            "/a/..;x=y/b",
            "/a/%2e%2e%3bx/b",
            "/a/.;/b",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/a%00",
            "/a%0d%0ab",
            "/a%7f",
            "/a%09",
            "/%zz",
            "/%2",
            "/%",
            "/a%",
            "/%c0%ae",
            "/%ff",
            "/a b",
            "/é",
        ] {
            assert!(canonical(path).is_err(), "{path}");
        }
    }

    #[test]
    fn fixed_text_of_templates_meets_the_paths_of_requests() {
        for text in ["/a b", "/{x}", "/100%", "/%7Ea", "/%zz", "/a|b", "/é"] {
            let form = canonical_literal(text);
            assert_eq!(canonical(&form).as_deref(), Ok(form.as_str()), "{text}");
        }
    }

    /// Whatever comes out is its own form, and no server that strips `;parameters` or folds backslashes
    /// finds another path in it.
    #[test]
    fn no_path_that_passes_leads_elsewhere() {
        let pieces = [
            "/", "/", "a", ".", "..", "%2e", "%2E", "%2f", "%5c", "\\", ";", "%3b", "%", "%25", "2e", "é", "%c3",
            "%a9", "~", "%7e", " ",
        ];
        let mut rng = StdRng::seed_from_u64(2026);
        let mut passed = 0;
        for _ in 0..50_000 {
            let path: String = (0..rng.random_range(1..8)).map(|_| pieces[rng.random_range(0..pieces.len())]).collect();
            let path = format!("/{path}");
            let Ok(form) = canonical(&path) else { continue };
            passed += 1;
            assert_eq!(canonical(&form).as_deref(), Ok(&*form), "{path}");
            assert!(form.bytes().all(|byte| byte == b'%' || is_plain(byte)), "{form}");
            for segment in form[1..].split('/') {
                let decoded = String::from_utf8(decode(segment)).unwrap();
                assert!(!decoded.contains(['/', '\\', '\0']), "{form}");
                assert!(!matches!(decoded.split(';').next(), Some("." | "..")), "{form}");
            }
        }
        assert!(passed > 1_000, "too few paths passed to tell anything: {passed}");
    }
}
