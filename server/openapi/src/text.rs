//! Bytes to characters: size, encoding, and the writing a document is in.
use crate::{finding::Fault, limits};
use portico_domain::Format;

/// The characters of a document and their writing.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    pub(crate) characters: &'a str,
    pub(crate) format: Format,
}

/// Checks what can be said of bytes alone.
pub(crate) fn decode(bytes: &[u8]) -> Result<Text<'_>, Fault> {
    if bytes.len() > limits::DOCUMENT {
        return Err(Fault::new(
            "too-large",
            format!("The document has {} bytes; at most 33554432 (32 MiB) are read.", bytes.len()),
        ));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, _, ..] | [_, 0, ..] = bytes {
        return Err(Fault::new("not-utf-8", "The document is written in UTF-16 or UTF-32; save it as UTF-8."));
    }
    let characters = match std::str::from_utf8(bytes) {
        Ok(characters) => characters,
        Err(error) => {
            let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
            let fault = Fault::new("not-utf-8", "Here stands a byte that is not UTF-8; save the document as UTF-8.");
            return Err(fault.behind(&before));
        }
    };
    if let Some(at) = characters.find('\0') {
        let fault =
            Fault::new("not-text", "Here stands a NUL character, which neither JSON nor YAML allows; remove it.");
        return Err(fault.behind(&characters[..at]));
    }
    let begin = characters.trim_start();
    if begin.is_empty() {
        return Err(Fault::new(
            "empty",
            "The document is empty; an OpenAPI document begins with openapi: 3.1.0 or the like.",
        ));
    }
    // A quote may begin the first key of a YAML document; a JSON text that is only a string is none.
    let format = if begin.starts_with(['{', '[']) { Format::Json } else { Format::Yaml };
    Ok(Text { characters, format })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writing_is_known_by_the_first_character() {
        assert_eq!(decode(b"\n {\"openapi\":1}").unwrap().format, Format::Json);
        assert_eq!(decode(b"\xEF\xBB\xBFopenapi: 3.0.0").unwrap().format, Format::Yaml);
        assert_eq!(decode(b"\"openapi\": \"3.0.0\"").unwrap().format, Format::Yaml, "a quoted first key is YAML");
    }

    #[test]
    fn what_is_no_utf_8_says_where_and_what_to_do() {
        let fault = decode(b"openapi: 3.0.0\ninfo:\n  title: caf\xe9\n").unwrap_err();
        assert_eq!((fault.code, fault.line, fault.column), ("not-utf-8", Some(3), Some(13)));
        for wide in [&b"\xFF\xFEo\0p\0"[..], b"\0{\0}", b"{\0}\0"] {
            assert!(decode(wide).unwrap_err().message.contains("save it as UTF-8"));
        }
        assert_eq!(decode(b"ab\0").unwrap_err().code, "not-text");
        assert_eq!(decode(b" \n").unwrap_err().code, "empty");
    }
}
