//! Texts that need no parser: paragraphs of words and code, as most descriptions are.
//!
//! What is made here is, letter by letter, what the parser and the sanitiser would make; anything they could see more
//! in is left to them.
use super::escape_text;

/// Bytes of a text worth trying.
const SHORT: usize = 8 * 1024;

pub(super) fn html(text: &str) -> Option<String> {
    if text.len() > SHORT || text.contains("``") {
        return None;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (n, paragraph) in text.split("\n\n").enumerate() {
        if !paragraph.split('\n').all(is_words) {
            return None;
        }
        out.push_str(if n == 0 { "<p>" } else { "\n<p>" });
        let mut pieces = paragraph.split('`');
        let mut plain = pieces.next()?;
        loop {
            if !means_nothing(plain) {
                return None;
            }
            escape_text(&mut out, plain);
            let Some(code) = pieces.next() else { break };
            out.push_str("<code>");
            escape_text(&mut out, &unpadded(code));
            out.push_str("</code>");
            // A backtick without a second is for the parser.
            plain = pieces.next()?;
        }
        out.push_str("</p>");
    }
    Some(out)
}

/// A line that begins nothing but words, and does not end in a break.
fn is_words(line: &str) -> bool {
    line.starts_with(|c: char| c.is_alphabetic() || matches!(c, '`' | '(' | '"')) && !line.ends_with(' ')
}

/// No character that markdown or HTML reads within a line; `_` stands within words.
fn means_nothing(text: &str) -> bool {
    let harmless = |c: char| c.is_alphanumeric() || " \n.,;:()'\"-/?%=+#{}@$|!>_".contains(c);
    let within_word = |at: usize| {
        let beside = [text[..at].chars().next_back(), text[at + 1..].chars().next()];
        beside.into_iter().all(|c| c.is_some_and(char::is_alphanumeric))
    };
    text.chars().all(harmless) && text.match_indices('_').all(|(at, _)| within_word(at))
}

/// A line's end in code is a space, and one space at both sides is for looks (CommonMark 0.31, 6.1).
fn unpadded(code: &str) -> String {
    let code = code.replace('\n', " ");
    let inner = code.strip_prefix(' ').and_then(|code| code.strip_suffix(' '));
    inner.filter(|_| !code.trim_matches(' ').is_empty()).map(str::to_owned).unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::parsed;
    use proptest::prelude::*;

    #[test]
    fn descriptions_of_words_and_code_are_simple() {
        for (text, made) in [
            ("See https://a.example/b_c#d-e: 1 > 0.", "<p>See https://a.example/b_c#d-e: 1 &gt; 0.</p>"),
            ("One\ntwo.\n\nThree `a<b` four.", "<p>One\ntwo.</p>\n<p>Three <code>a&lt;b</code> four.</p>"),
        ] {
            assert_eq!(html(text).as_deref(), Some(made));
        }
        for text in ["*a*", "_a_", "a\n- b", "a\n===", "a `b", "<b>", "a &amp; b", "a  \nb", "[a](b)", "1. a"] {
            assert_eq!(html(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn simple_texts_become_what_the_parser_makes(text in r#"[a-c1é`_ \n.:"'(){}=+#|!>/$@%-]{0,40}"#) {
            let text = text.trim();
            if let Some(made) = html(text) {
                let parsed = parsed(text, 1);
                prop_assert_eq!(made, parsed.trim_end());
            }
        }
    }
}
