//! For languages whose tools are seldom at hand: their literals, read by their rules. What is left of a sample without its
//! literals is the same whatever values a call has; a value that broke out of its literal would show there.
use super::calls::{self, NASTY};
use portico_contract::call::{Body, Call, PartContent};
use portico_samples::{Language, write};

/// The same call with values that mean nothing anywhere.
fn harmless(call: &Call) -> Call {
    let mut call = call.clone();
    call.headers.iter_mut().for_each(|pair| pair.value = "x".into());
    match &mut call.body {
        Some(Body::Json { text, .. } | Body::Text { text, .. }) => {
            // What is no JSON is written as a text, and so is its twin.
            let is_json = serde_json::from_str::<serde_json::Value>(text).is_ok();
            *text = if is_json { "\"x\"".into() } else { "x".into() };
        }
        Some(Body::Form(pairs)) => pairs.iter_mut().for_each(|pair| pair.value = "x".into()),
        Some(Body::Multipart(parts)) => {
            for part in parts {
                if let PartContent::Text(text) = &mut part.content {
                    *text = "x".into();
                }
            }
        }
        Some(Body::File { .. }) | None => {}
    }
    call
}

/// Code with each literal as one `_`. Panics where a literal has no end.
fn skeleton(language: Language, code: &str) -> String {
    let mut left = String::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let length = match language {
            Language::Rust => rust(rest),
            Language::Swift => swift(rest),
            _ => powershell(rest),
        };
        left.push(if length.is_some() { '_' } else { first });
        rest = &rest[length.unwrap_or(first.len_utf8())..];
    }
    left
}

/// Length of a literal up to `end`, with characters that `escape` takes the meaning from.
fn until(text: &str, open: usize, end: &str, escape: Option<char>) -> usize {
    let mut escaped = false;
    for (at, c) in text[open..].char_indices() {
        if escaped {
            escaped = false;
        } else if Some(c) == escape {
            escaped = true;
        } else if text[open + at..].starts_with(end) {
            return open + at + end.len();
        } else {
            assert!(c != '\n' || end.len() > 1, "a line ends within {}", &text[..open + at]);
        }
    }
    panic!("no end of {text}");
}

fn rust(rest: &str) -> Option<usize> {
    if let Some(behind) = rest.strip_prefix('r')
        && behind.starts_with('#')
    {
        let hashes = behind.len() - behind.trim_start_matches('#').len();
        return Some(until(rest, 2 + hashes, &format!("\"{}", "#".repeat(hashes)), None));
    }
    rest.starts_with('"').then(|| until(rest, 1, "\"", Some('\\')))
}

fn swift(rest: &str) -> Option<usize> {
    if rest.starts_with("#\"\"\"\n") {
        let length = until(rest, 5, "\n\"\"\"#", None);
        assert!(!rest[..length].contains("\\#"), "{rest}");
        return Some(length);
    }
    let length = rest.starts_with('"').then(|| until(rest, 1, "\"", Some('\\')))?;
    assert!(!rest[..length].replace("\\\\", "").contains("\\("), "{rest}");
    Some(length)
}

/// Typographic quotes count as quotes; one that stands twice is one of the text.
fn powershell(rest: &str) -> Option<usize> {
    let single = |c: char| matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}');
    let double = |c: char| matches!(c, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}');
    if rest.starts_with("@'\n") {
        return Some(until(rest, 2, "\n'@", None));
    }
    let first = rest.chars().next()?;
    let mut characters = rest.char_indices().skip(1).peekable();
    if single(first) {
        while let Some((at, c)) = characters.next() {
            if single(c) && characters.next_if(|(_, next)| single(*next)).is_none() {
                return Some(at + c.len_utf8());
            }
        }
        panic!("no end of {rest}");
    }
    if double(first) {
        while let Some((at, c)) = characters.next() {
            match c {
                '`' => drop(characters.next()),
                '$' => panic!("expanded: {rest}"),
                c if double(c) => return Some(at + c.len_utf8()),
                _ => {}
            }
        }
        panic!("no end of {rest}");
    }
    None
}

fn values_stay_in_their_literals(language: Language) {
    for (name, call) in calls::all("https://gw.example/base") {
        let of = |call: &Call| skeleton(language, &write(call, language).text());
        assert_eq!(of(&call), of(&harmless(&call)), "{name}");
    }
    // One by one, so that none hides behind another.
    for nasty in NASTY {
        let body = |text: &str| Body::Text { media_type: "text/plain".into(), text: text.into() };
        let call = |text: &str| Call { method: "POST".into(), body: Some(body(text)), ..Call::default() };
        let of = |text: &str| skeleton(language, &write(&call(text), language).text());
        assert_eq!(of(nasty), of("x"), "{nasty:?}");
    }
}

#[test]
fn rust_keeps_values_in_their_literals() {
    values_stay_in_their_literals(Language::Rust);
}

#[test]
fn swift_keeps_values_in_their_literals() {
    values_stay_in_their_literals(Language::Swift);
}

#[test]
fn powershell_keeps_values_in_their_literals() {
    values_stay_in_their_literals(Language::PowerShell);
}

/// A call may come from a reader's form as well; what is no name is left out or made one.
#[test]
fn names_that_are_none_write_nothing() {
    use portico_contract::call::Pair;
    for language in Language::ALL {
        let call = Call {
            method: "GET'; id #".into(),
            base_url: "https://gw.example/'\"\n$(id)".into(),
            key: Some("x; id".into()),
            headers: vec![Pair::new("X: y\r\nZ", "b"), Pair::new("X-A", "a\r\nX-Evil: 1")],
            ..Call::default()
        };
        let text = write(&call, language).text();
        assert!(text.contains("PORTICO_KEY") && !text.contains("x; id") && !text.contains("X: y"), "{text}");
        assert!(text.contains("aX-Evil: 1") && !text.contains("\nX-Evil"), "{text}");
        assert!(!text.contains("/'") && !text.contains("GET'"), "{text}");
    }
}
