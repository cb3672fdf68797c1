//! Header fields as the lines they are on the wire.
//!
//! A proxy passes most fields on as they came. So they stay text in one buffer, in order, and a head is written out by
//! copying lines. To find a field is to walk over some ten lines and compare lengths first, which costs less than
//! hashing them all into a map once.
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;

/// In order; names compare without regard to case and are given in lower case. Names and values in here are always
/// well-formed: whoever parses checks, and what is added is checked here.
#[derive(Clone, Default)]
pub(crate) struct Fields {
    /// Whole lines `name: value\r\n`. Those that were removed stay as gaps.
    text: Vec<u8>,
    lines: Vec<Line>,
}

#[derive(Clone, Copy)]
struct Line {
    start: u32,
    value: u32,
    value_end: u32,
    end: u32,
    name_length: u16,
}

impl Fields {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn with_capacity(bytes: usize, lines: usize) -> Self {
        Self { text: Vec::with_capacity(bytes), lines: Vec::with_capacity(lines) }
    }

    /// Takes a checked line as it stands on the wire, with its end: `name_length` bytes of name, a colon, and the value
    /// between `value` and `value_end`.
    pub(crate) fn push_line(&mut self, line: &[u8], name_length: usize, value: usize, value_end: usize) {
        let start = self.text.len();
        self.text.extend_from_slice(line);
        self.lines.push(Line {
            start: start as u32,
            value: (start + value) as u32,
            value_end: (start + value_end) as u32,
            end: self.text.len() as u32,
            name_length: name_length as u16,
        });
    }

    /// Adds a field behind the others. One whose name or value does not fit a line is left out: nothing that is added
    /// can end a line or a head.
    pub(crate) fn push(&mut self, name: &str, value: impl AsRef<[u8]>) {
        let value = value.as_ref();
        if !is_name(name) || !is_value(value) {
            return;
        }
        let start = self.text.len();
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b": ");
        let at = self.text.len();
        self.text.extend_from_slice(value);
        self.close_line(start, name.len(), at);
    }

    /// Adds a field whose value is written in parts, without a buffer between.
    pub(crate) fn push_with(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.text.len();
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b": ");
        let at = self.text.len();
        write(&mut self.text);
        if !is_name(name) || !is_value(&self.text[at..]) {
            self.text.truncate(start);
            return;
        }
        self.close_line(start, name.len(), at);
    }

    fn close_line(&mut self, start: usize, name_length: usize, value: usize) {
        let value_end = self.text.len();
        self.text.extend_from_slice(b"\r\n");
        self.lines.push(Line {
            start: start as u32,
            value: value as u32,
            value_end: value_end as u32,
            end: self.text.len() as u32,
            name_length: name_length as u16,
        });
    }

    /// In place of all fields of that name.
    pub(crate) fn set(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.remove(name);
        self.push(name, value);
    }

    /// The first of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.lines.iter().find(|line| self.is_named(line, name)).map(|line| self.value(line))
    }

    /// The first of that name, where it is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    pub(crate) fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.lines.iter().filter(move |line| self.is_named(line, name)).map(|line| self.value(line))
    }

    /// The members of a list field (RFC 9110 5.6.1) over all its lines, without the space around them.
    pub(crate) fn members<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let members = self.get_all(name).flat_map(|value| value.split(|byte| *byte == b','));
        members.map(<[u8]>::trim_ascii).filter(|member| !member.is_empty())
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Names as they came, and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.lines.iter().map(|line| (self.name(line), self.value(line)))
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(crate) fn remove(&mut self, name: &str) {
        let (text, lines) = (&self.text, &mut self.lines);
        lines.retain(|line| !is_named(text, line, name));
    }

    /// Keeps the fields of which this is true, given their names as they came and their values.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&[u8], &[u8]) -> bool) {
        let (text, lines) = (&self.text, &mut self.lines);
        lines.retain(|line| keep(name_bytes(text, line), &text[line.value as usize..line.value_end as usize]));
    }

    /// These and then those.
    pub(crate) fn joined(&self, others: &Self) -> Self {
        let mut all = self.clone();
        for (name, value) in others.iter() {
            all.push(name, value);
        }
        all
    }

    /// All lines, for a head.
    pub(crate) fn write_to(&self, out: &mut Vec<u8>) {
        let mut run: Option<(u32, u32)> = None;
        // Neighbours are copied together.
        for line in &self.lines {
            run = match run {
                Some((start, end)) if end == line.start => Some((start, line.end)),
                Some((start, end)) => {
                    out.extend_from_slice(&self.text[start as usize..end as usize]);
                    Some((line.start, line.end))
                }
                None => Some((line.start, line.end)),
            };
        }
        if let Some((start, end)) = run {
            out.extend_from_slice(&self.text[start as usize..end as usize]);
        }
    }

    /// The lines of which this is true. It may write others in their places.
    pub(crate) fn write_where(&self, out: &mut Vec<u8>, mut keep: impl FnMut(&mut Vec<u8>, &[u8], &[u8]) -> bool) {
        for line in &self.lines {
            if keep(out, name_bytes(&self.text, line), self.value(line)) {
                out.extend_from_slice(&self.text[line.start as usize..line.end as usize]);
            }
        }
    }

    /// Bytes that [`Self::write_to`] writes, at most.
    pub(crate) fn size(&self) -> usize {
        self.text.len()
    }

    /// For HTTP/2, whose library has this form.
    pub(crate) fn to_map(&self) -> HeaderMap {
        let mut map = HeaderMap::with_capacity(self.len());
        for (name, value) in self.iter() {
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value)) {
                map.append(name, value);
            }
        }
        map
    }

    pub(crate) fn from_map(map: &HeaderMap) -> Self {
        let mut fields = Self::with_capacity(map.len() * 40, map.len() + 8);
        for (name, value) in map {
            fields.push(name.as_str(), value.as_bytes());
        }
        fields
    }

    fn name(&self, line: &Line) -> &str {
        name_of(&self.text, line)
    }
    fn value(&self, line: &Line) -> &[u8] {
        &self.text[line.value as usize..line.value_end as usize]
    }
    fn is_named(&self, line: &Line, name: &str) -> bool {
        is_named(&self.text, line, name)
    }
}

impl fmt::Debug for Fields {
    /// Names only: values may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

fn name_bytes<'a>(text: &'a [u8], line: &Line) -> &'a [u8] {
    let start = line.start as usize;
    &text[start..start + usize::from(line.name_length)]
}

fn name_of<'a>(text: &'a [u8], line: &Line) -> &'a str {
    // Names were checked to be ASCII tokens.
    std::str::from_utf8(name_bytes(text, line)).unwrap_or_default()
}

fn is_named(text: &[u8], line: &Line, name: &str) -> bool {
    let start = line.start as usize;
    usize::from(line.name_length) == name.len() && text[start..start + name.len()].eq_ignore_ascii_case(name.as_bytes())
}

/// A token of RFC 9110 5.6.2, short enough for a line.
fn is_name(name: &str) -> bool {
    (1..=u16::MAX as usize).contains(&name.len()) && name.bytes().all(is_token)
}

/// What a field's value may hold: visible characters, spaces, tabs and bytes beyond ASCII.
#[expect(clippy::needless_bitwise_bool, reason = "without a branch many bytes are looked at together")]
pub(crate) fn is_value(value: &[u8]) -> bool {
    value.iter().fold(true, |fits, byte| fits & ((*byte == b'\t') | ((*byte >= 0x20) & (*byte != 0x7f))))
}

/// Whether a byte may stand in a token (RFC 9110 5.6.2).
pub(crate) const fn is_token(byte: u8) -> bool {
    TOKEN[byte as usize]
}

/// Looked up rather than compared, since each byte of each name is.
static TOKEN: [bool; 256] = {
    let mut token = [false; 256];
    let mut byte = 0;
    while byte < token.len() {
        token[byte] = matches!(byte as u8,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
            | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z');
        byte += 1;
    }
    token
};

#[cfg(test)]
mod tests {
    use super::*;

    fn written(fields: &Fields) -> String {
        let mut out = Vec::new();
        fields.write_to(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn some() -> Fields {
        let mut fields = Fields::new();
        fields.push_line(b"Accept:  text/html \r\n", 6, 9, 18);
        fields.push("x-one", "1");
        fields.push("X-Two", "2");
        fields.push("x-one", "3, 4");
        fields
    }

    #[test]
    fn lines_go_out_as_they_came() {
        assert_eq!(written(&some()), "Accept:  text/html \r\nx-one: 1\r\nX-Two: 2\r\nx-one: 3, 4\r\n");
    }

    #[test]
    fn names_have_no_case() {
        let fields = some();
        assert_eq!(fields.get("accept"), Some(&b"text/html"[..]));
        assert_eq!(fields.get("x-two"), Some(&b"2"[..]));
        assert_eq!(fields.get_all("x-one").count(), 2);
        assert_eq!(fields.members("x-one").collect::<Vec<_>>(), [b"1", b"3", b"4"]);
        assert!(!fields.contains("x-three"));
    }

    #[test]
    fn what_is_removed_is_not_written() {
        let mut fields = some();
        fields.remove("x-two");
        assert_eq!(written(&fields), "Accept:  text/html \r\nx-one: 1\r\nx-one: 3, 4\r\n");
        fields.set("x-one", "5");
        fields.retain(|name, _| name != b"Accept");
        assert_eq!(written(&fields), "x-one: 5\r\n");
    }

    #[test]
    fn nothing_added_ends_a_line() {
        for value in ["a\r\nb: c", "a\nb", "a\0b", "\u{7f}"] {
            assert!(!is_value(value.as_bytes()), "{value:?}");
        }
        assert!(is_value("tab\tand ümlaut".as_bytes()));
        assert!(!is_name("a b") && !is_name("") && !is_name("a:"));
    }
}
