//! JSON as coloured pieces, indented by two, within a number of bytes.
use portico_contract::reference::{Code, Token};
use serde_json::Value;
use std::io::{self, Write};

/// The value as far as `room` bytes reach; what is left out is told by a comment.
pub(crate) fn json(value: &Value, room: usize) -> Code {
    let mut writer = Writer { code: Code::default(), room };
    writer.value(value, 1);
    writer.code
}

/// One line of JSON, cut after about `room` bytes.
pub(crate) fn compact(value: &Value, room: usize) -> String {
    struct Bounded(Vec<u8>, usize);
    impl Write for Bounded {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0.len() > self.1 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            let some = &bytes[..bytes.len().min(self.1 + 1)];
            self.0.extend_from_slice(some);
            Ok(some.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut out = Bounded(Vec::new(), room);
    // A full buffer is no failure: it holds as much as is wanted.
    let _ = serde_json::to_writer(&mut out, value);
    String::from_utf8_lossy(&out.0).into_owned()
}

struct Writer {
    code: Code,
    room: usize,
}

impl Writer {
    fn push(&mut self, token: Token, text: &str) {
        // A span costs its reader more than its text.
        self.room = self.room.saturating_sub(text.len() + 4);
        self.code.push(token, text);
    }

    fn value(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Null => self.push(Token::Keyword, "null"),
            Value::Bool(yes) => self.push(Token::Keyword, if *yes { "true" } else { "false" }),
            Value::Number(number) => self.push(Token::Number, &number.to_string()),
            Value::String(text) => self.text(Token::Text, text),
            Value::Array(items) if items.is_empty() => self.push(Token::Plain, "[]"),
            Value::Object(members) if members.is_empty() => self.push(Token::Plain, "{}"),
            Value::Array(items) => {
                self.push(Token::Plain, "[");
                for (n, item) in items.iter().enumerate() {
                    if self.shortened(n, items.len(), depth) {
                        break;
                    }
                    self.value(item, depth + 1);
                }
                self.line(depth - 1);
                self.push(Token::Plain, "]");
            }
            Value::Object(members) => {
                self.push(Token::Plain, "{");
                for (n, (key, value)) in members.iter().enumerate() {
                    if self.shortened(n, members.len(), depth) {
                        break;
                    }
                    self.text(Token::Property, key);
                    self.push(Token::Plain, ": ");
                    self.value(value, depth + 1);
                }
                self.line(depth - 1);
                self.push(Token::Plain, "}");
            }
        }
    }

    fn text(&mut self, token: Token, text: &str) {
        let room = self.room.max(60);
        let quoted = match text.char_indices().map(|(at, _)| at).find(|at| *at >= room) {
            Some(at) => Value::String(format!("{}…", &text[..at])).to_string(),
            None => Value::String(text.to_owned()).to_string(),
        };
        self.push(token, &quoted);
    }

    /// Goes to the line of the next entry, or says how many there would have been.
    fn shortened(&mut self, n: usize, of: usize, depth: usize) -> bool {
        let full = self.room == 0;
        if n > 0 && !full {
            self.push(Token::Plain, ",");
        }
        self.line(depth);
        if full {
            self.code.push(Token::Comment, &format!("// … {} more", of - n));
        }
        full
    }

    fn line(&mut self, depth: usize) {
        self.code.push(Token::Plain, "\n");
        self.code.push(Token::Plain, &"  ".repeat(depth.min(64)));
        self.room = self.room.saturating_sub(2 * depth);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pieces_join_to_the_text() {
        let value = json!({"a": [1, true, null, {}], "b": "x\"y", "c": {"d": []}});
        assert_eq!(json(&value, 1000).text(), serde_json::to_string_pretty(&value).unwrap());
    }

    #[test]
    fn long_values_end_in_time_and_say_so() {
        let value = json!({"list": (0..10_000).collect::<Vec<_>>(), "text": "x".repeat(10_000)});
        let code = json(&value, 500);
        assert!(code.text().len() < 2000);
        assert!(code.spans.iter().any(|(token, text)| *token == Token::Comment && text.contains("more")));
        assert!(compact(&value, 100).len() < 250);
    }
}
