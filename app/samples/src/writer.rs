//! How code is put together: source of our own as it stands, everything else quoted.
use crate::json::{self, Kind};
use portico_contract::{
    call::{Body, Call},
    reference::{Code, Token},
};
use std::fmt;

/// What tells one language from another.
pub(crate) struct Grammar {
    pub(crate) keywords: &'static [&'static str],
    /// Begins a comment that ends with its line.
    pub(crate) comment: &'static str,
    /// How a text becomes a literal.
    pub(crate) quote: fn(&str) -> Quote,
}

/// How the characters of one literal are written.
#[derive(Clone, Copy)]
pub(crate) struct Quote {
    pub(crate) open: &'static str,
    pub(crate) close: &'static str,
    pub(crate) escape: fn(char, &mut String),
}

pub(crate) struct Writer {
    code: Code,
    grammar: &'static Grammar,
}

/// Tokens of JSON in a sample, spaces among them, up to which each has its colour: each is an element of the page.
const LONG: usize = 300;

/// Text in pieces; true ones are the reader's to replace.
pub(crate) type Pieces = Vec<(bool, String)>;

pub(crate) fn fixed(text: impl Into<String>) -> Pieces {
    vec![(false, text.into())]
}

pub(crate) fn fill(text: impl Into<String>) -> Pieces {
    vec![(true, text.into())]
}

impl Writer {
    pub(crate) fn new(grammar: &'static Grammar) -> Self {
        Self { code: Code::default(), grammar }
    }

    pub(crate) fn done(self) -> Code {
        self.code
    }

    pub(crate) fn put(&mut self, token: Token, text: &str) {
        self.code.push(token, text);
    }

    /// Source as it stands. Only what this crate writes itself, and what [`crate::safe`] made a plain name.
    pub(crate) fn source(&mut self, source: &str) {
        let mut rest = source;
        while let Some(first) = rest.chars().next() {
            let (token, length) = self.lexeme(rest, first);
            let (piece, behind) = rest.split_at(length);
            self.put(token, piece);
            rest = behind;
        }
    }

    fn lexeme(&self, rest: &str, first: char) -> (Token, usize) {
        let run = |fits: fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
        if rest.starts_with(self.grammar.comment) {
            return (Token::Comment, rest.find('\n').unwrap_or(rest.len()));
        }
        match first {
            '"' | '\'' => {
                let close = rest[1..].find(['\n', first]).filter(|at| rest[1 + at..].starts_with(first));
                close.map_or((Token::Plain, 1), |at| (Token::Text, at + 2))
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let length = run(|c| c.is_ascii_alphanumeric() || c == '_');
                let is_keyword = self.grammar.keywords.contains(&&rest[..length]);
                (if is_keyword { Token::Keyword } else { Token::Plain }, length)
            }
            c if c.is_ascii_digit() => (Token::Number, run(|c| c.is_ascii_digit())),
            c => (Token::Plain, c.len_utf8()),
        }
    }

    /// Any text, as a literal of the language.
    pub(crate) fn literal(&mut self, pieces: &[(bool, String)]) {
        let whole: String = pieces.iter().map(|(_, text)| text.as_str()).collect();
        let quote = (self.grammar.quote)(&whole);
        self.put(Token::Text, quote.open);
        self.escaped(pieces, quote.escape);
        self.put(Token::Text, quote.close);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.literal(&fixed(text));
    }

    pub(crate) fn escaped(&mut self, pieces: &[(bool, String)], escape: fn(char, &mut String)) {
        for (is_fill, text) in pieces {
            let mut escaped = String::with_capacity(text.len());
            text.chars().for_each(|c| escape(c, &mut escaped));
            self.put(if *is_fill { Token::Fill } else { Token::Text }, &escaped);
        }
    }

    /// JSON within a literal that `map` makes its tokens fit for; lines after the first begin with `indent`.
    pub(crate) fn json(&mut self, text: &str, indent: &str, map: impl Fn(Kind, &str) -> String) {
        let tokens = json::tokens(text).unwrap_or_default();
        let is_long = tokens.len() > LONG;
        for (kind, token) in tokens {
            let painted = match kind {
                Kind::Space | Kind::Mark => Token::Plain,
                _ if is_long => Token::Plain,
                Kind::Key => Token::Property,
                Kind::Text => Token::Text,
                Kind::Number => Token::Number,
                Kind::Word => Token::Keyword,
            };
            if kind == Kind::Space {
                self.put(painted, &token.replace('\r', "").replace('\n', &format!("\n{indent}")));
            } else {
                self.put(painted, &map(kind, token));
            }
        }
    }
}

/// Characters that could hide what a text says from who reads it, or that some language does not take in a literal:
/// controls, and marks that turn the direction of writing or show nothing.
pub(crate) fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

pub(crate) fn add(out: &mut String, text: fmt::Arguments<'_>) {
    out.push_str(&text.to_string());
}

/// `\n`, `\r` and `\t`, which all languages with a backslash share; false for others.
pub(crate) fn common_escape(c: char, out: &mut String) -> bool {
    out.push_str(match c {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ => return false,
    });
    true
}

/// `\u` with four digits, in pairs where needed.
pub(crate) fn utf16_escape(c: char, out: &mut String) {
    let mut units = [0; 2];
    for unit in c.encode_utf16(&mut units) {
        add(out, format_args!("\\u{unit:04x}"));
    }
}

/// `\u{…}`
pub(crate) fn braced_escape(c: char, out: &mut String) {
    add(out, format_args!("\\u{{{:x}}}", u32::from(c)));
}

/// What a field of the request holds.
pub(crate) enum Value {
    /// The value of this environment variable.
    Variable(String),
    Pieces(Pieces),
}

/// All fields of a call but its body's media type.
pub(crate) fn fields(call: &Call) -> Vec<(String, Value)> {
    let key = call.key.iter().map(|variable| ("X-API-Key".to_owned(), Value::Variable(variable.clone())));
    let others = call.headers.iter().filter(|pair| call.key.is_none() || !pair.name.eq_ignore_ascii_case("x-api-key"));
    let others = others.map(|pair| (pair.name.clone(), Value::Pieces(fill(&pair.value))));
    let cookies = (!call.cookies.is_empty()).then(|| ("Cookie".to_owned(), Value::Pieces(call.cookie_pieces())));
    key.chain(others).chain(cookies).collect()
}

/// All fields of a call, with the media type of its body where that is to be told.
pub(crate) fn fields_with_type(call: &Call) -> Vec<(String, Value)> {
    let mut fields = fields(call);
    if let Some(media_type) = call.body.as_ref().and_then(Body::media_type) {
        fields.push(("Content-Type".to_owned(), Value::Pieces(fixed(media_type))));
    }
    fields
}
