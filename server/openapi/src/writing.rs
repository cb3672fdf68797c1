//! A document in the other writing.
use serde_json::Value;
use std::fmt::Write;

pub(crate) fn json(root: &Value) -> Vec<u8> {
    let mut out = serde_json::to_vec_pretty(root).unwrap_or_default();
    out.push(b'\n');
    out
}

/// Block style, texts quoted wherever a reader could take them for something else.
pub(crate) fn yaml(root: &Value) -> Vec<u8> {
    let mut out = String::new();
    block(&mut out, root, 0, false);
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out.into_bytes()
}

/// `inline`: something stands on the line already (a key, a dash).
fn block(out: &mut String, value: &Value, depth: usize, after_key: bool) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            if after_key {
                out.push('\n');
            }
            for (n, (key, value)) in members.iter().enumerate() {
                // Behind a dash the first member shares the line.
                if n > 0 || after_key {
                    indent(out, depth);
                }
                scalar(out, key, depth, false);
                out.push(':');
                member(out, value, depth);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            if after_key {
                out.push('\n');
            }
            for (n, item) in items.iter().enumerate() {
                if n > 0 || after_key {
                    indent(out, depth);
                }
                out.push('-');
                match item {
                    Value::Object(members) if !members.is_empty() => {
                        out.push(' ');
                        block(out, item, depth + 1, false);
                    }
                    _ => member(out, item, depth),
                }
            }
        }
        _ => leaf(out, value, depth),
    }
}

/// What follows a colon or a dash.
fn member(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(members) if !members.is_empty() => block(out, value, depth + 1, true),
        Value::Array(items) if !items.is_empty() => block(out, value, depth + 1, true),
        _ => {
            out.push(' ');
            leaf(out, value, depth + 1);
            if !out.ends_with('\n') {
                out.push('\n');
            }
        }
    }
}

fn leaf(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
        Value::String(text) => scalar(out, text, depth, true),
        other => {
            // Writing to a String cannot fail.
            let _ = write!(out, "{other}");
        }
    }
}

fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

/// Plain where nothing can be mistaken, a block for many lines, else in JSON's quotes, which YAML 1.2 reads as JSON does.
fn scalar(out: &mut String, text: &str, depth: usize, may_be_block: bool) {
    let words =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.' | '-' | ' ' | '(' | ')' | '$' | '+' | ';');
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '$' | '_'));
    let reserved = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    if begins && !reserved && !text.ends_with(' ') && text.chars().all(words) {
        return out.push_str(text);
    }
    let fits_block = may_be_block
        && text.trim_end_matches('\n').contains('\n')
        && !text.ends_with("\n\n")
        && !text.starts_with([' ', '\n', '\t'])
        && text.chars().all(|c| c == '\n' || !c.is_control() && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}'))
        // A line of nothing but spaces would change its meaning.
        && text.lines().all(|line| line.is_empty() || !line.trim().is_empty());
    if fits_block {
        out.push_str(if text.ends_with('\n') { "|\n" } else { "|-\n" });
        for line in text.lines() {
            if !line.is_empty() {
                indent(out, depth);
                out.push_str(line);
            }
            out.push('\n');
        }
        return;
    }
    let _ = write!(out, "{}", Value::from(text));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{text, tree};
    use serde_json::json;

    #[test]
    fn yaml_reads_back_as_what_was_written() {
        let value = json!({
            "openapi": "3.1.0",
            "on": ["yes", "1", 1, -1.5, 1e30, null, true, "", " a", "a ", "a: b", "- a", "#", "é", "~", "=", "a\tb", "0x1", "1_0", "<<"],
            "lists": [[1, [2, []]], [{"a": {"b": [{}]}, "c": 1}], {}],
            "texts": {"a": "one\ntwo", "b": "one\n\n  two\n", "c": "x\n\n", "d": "\nx", "e": "a\r\nb", "f": "  \nx\ny", "g": "x\n \ny"},
            "/pets/{id}": {"2XX": 1, "x y": "z"},
            "- k": {"": "v"},
        });
        let written = String::from_utf8(yaml(&value)).unwrap();
        let read = tree::parse(&text::decode(written.as_bytes()).unwrap()).unwrap();
        assert_eq!(read.root, value, "{written}");
    }
}
