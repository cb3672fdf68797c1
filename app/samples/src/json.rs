//! JSON as tokens, so that a sample shows it as the reader wrote it, in any literal.
use crate::writer::add;
use serde::de::IgnoredAny;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Space,
    /// One of `{}[]:,`
    Mark,
    /// With its quotes.
    Key,
    /// With its quotes.
    Text,
    Number,
    /// `true`, `false`, `null`
    Word,
}

/// `None` for what is no JSON.
pub(crate) fn tokens(text: &str) -> Option<Vec<(Kind, &str)>> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let mut tokens: Vec<(Kind, &str)> = Vec::new();
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let (kind, length) = match first {
            '{' | '}' | '[' | ']' | ':' | ',' => (Kind::Mark, 1),
            '"' => (Kind::Text, string(rest)),
            '-' | '0'..='9' => (Kind::Number, run(rest, |c| c.is_ascii_alphanumeric() || "+-.".contains(c))),
            c if c.is_ascii_alphabetic() => (Kind::Word, run(rest, |c| c.is_ascii_alphabetic())),
            _ => (Kind::Space, run(rest, char::is_whitespace).max(first.len_utf8())),
        };
        let (token, behind) = rest.split_at(length);
        if token == ":"
            && let Some(key) = tokens.iter_mut().rev().find(|(kind, _)| *kind != Kind::Space)
        {
            key.0 = Kind::Key;
        }
        tokens.push((kind, token));
        rest = behind;
    }
    Some(tokens)
}

fn run(text: &str, fits: impl Fn(char) -> bool) -> usize {
    text.find(|c| !fits(c)).unwrap_or(text.len())
}

/// Length of the string that the text begins with.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The characters for which `hide` says so, written as JSON's own escapes: what a literal could trip over.
pub(crate) fn hidden(token: &str, hide: impl Fn(char) -> bool) -> String {
    let mut text = String::with_capacity(token.len());
    for c in token.chars() {
        if hide(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                add(&mut text, format_args!("\\u{unit:04x}"));
            }
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_join_to_the_text() {
        let text = "{\"a\\\"b\": [1, -2.5e+3, true, null, \"c}\"],\n \"d\" : {}}";
        let tokens = tokens(text).unwrap();
        assert_eq!(tokens.iter().map(|(_, token)| *token).collect::<String>(), text);
        let of = |kind| tokens.iter().filter(|(k, _)| *k == kind).map(|(_, token)| *token).collect::<Vec<_>>();
        assert_eq!(of(Kind::Key), ["\"a\\\"b\"", "\"d\""]);
        assert_eq!(of(Kind::Number), ["1", "-2.5e+3"]);
        assert_eq!(of(Kind::Word), ["true", "null"]);
        assert!(super::tokens("{a: 1}").is_none());
        assert!(super::tokens("1 2").is_none());
    }

    #[test]
    fn what_is_hidden_means_the_same() {
        let text = hidden("\"a`\u{202e}\u{1F600}\"", |c| c == '`' || !c.is_ascii());
        assert_eq!(text, "\"a\\u0060\\u202e\\ud83d\\ude00\"");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), "a`\u{202e}\u{1F600}");
    }
}
