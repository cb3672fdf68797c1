//! From JSON pointers to line and column.
//!
//! A second look at the characters, only when there are findings and only along the pointers wanted: most documents
//! have few or none, and a tree that carries places would cost every document memory.
use crate::{refer, text::Text, tree};
use portico_domain::Format;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    fmt,
    ops::Range,
};

/// Where the pointers asked for stand: the key of a member, the beginning of an item.
#[derive(Debug, Default)]
pub(crate) struct Places {
    at: HashMap<String, (u32, u32)>,
}

impl Places {
    pub(crate) fn look<'p>(text: &Text<'_>, pointers: impl Iterator<Item = &'p str>) -> Self {
        let wanted = wanted(pointers);
        let mut places = Self::default();
        match text.format {
            Format::Json => {
                for Found { pointer, line, line_start, span } in scan(text, &wanted) {
                    let before = text.characters.get(line_start..span.start);
                    let column = before.map_or(0, |before| before.chars().count()) + 1;
                    places.at.insert(pointer, (line, column as u32));
                }
            }
            Format::Yaml => {
                let found = RefCell::default();
                let options = tree::yaml_options(text.characters.len());
                // The document was readable a moment ago; should it not be now, findings go without their places.
                let _ = serde_saphyr::with_deserializer_from_str_with_options(text.characters, options, |parser| {
                    Walk { wanted: &wanted, found: &found, pointer: String::new() }.deserialize(parser)
                });
                places.at = found.into_inner();
            }
        }
        places
    }

    /// The place of `pointer` itself, if it was asked for and is there.
    pub(crate) fn exact(&self, pointer: &str) -> Option<(u32, u32)> {
        self.at.get(pointer).copied()
    }

    /// The place of `pointer`, or of the nearest thing around it.
    pub(crate) fn find(&self, pointer: &str) -> Option<(u32, u32)> {
        let mut pointer = pointer;
        loop {
            if let Some(place) = self.at.get(pointer) {
                return Some(*place);
            }
            match pointer.rfind('/') {
                Some(at) => pointer = &pointer[..at],
                None => return Some((1, 1)),
            }
        }
    }
}

/// Where members of a JSON text stand that has been parsed before, each from its key to the end of its value.
pub(crate) fn members<'p>(text: &Text<'_>, pointers: impl Iterator<Item = &'p str>) -> HashMap<String, Range<usize>> {
    scan(text, &wanted(pointers)).into_iter().map(|found| (found.pointer, found.span)).collect()
}

/// The pointers, and all on the way to them.
fn wanted<'p>(pointers: impl Iterator<Item = &'p str>) -> HashSet<String> {
    let mut wanted = HashSet::new();
    for pointer in pointers {
        let ends = pointer.match_indices('/').map(|(at, _)| at).skip(1).chain([pointer.len()]);
        wanted.extend(ends.map(|end| pointer[..end].to_owned()));
    }
    wanted.remove("");
    wanted
}

fn scan(text: &Text<'_>, wanted: &HashSet<String>) -> Vec<Found> {
    let mut scan = Scan { bytes: text.characters.as_bytes(), at: 0, line: 1, line_start: 0, wanted, found: Vec::new() };
    scan.value(&mut String::new(), true);
    scan.found
}

/// What stands in a JSON text.
struct Found {
    pointer: String,
    line: u32,
    /// Offset of the line.
    line_start: usize,
    /// Of a member from its key on.
    span: Range<usize>,
}

/// Steps over JSON that has been parsed before: it takes every shortcut valid JSON allows.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
    line_start: usize,
    wanted: &'a HashSet<String>,
    found: Vec<Found>,
}

impl Scan<'_> {
    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.at)? {
                b'\n' => {
                    self.at += 1;
                    self.line += 1;
                    self.line_start = self.at;
                }
                b' ' | b'\t' | b'\r' | b',' | b':' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    /// The text that begins here, with its quotes.
    fn string(&mut self) -> &[u8] {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'"' => break,
                _ => {}
            }
        }
        self.at = self.at.min(self.bytes.len());
        &self.bytes[start..self.at]
    }

    fn value(&mut self, pointer: &mut String, inside: bool) {
        match self.peek() {
            Some(b'{') if inside => self.members(pointer),
            Some(b'[') if inside => self.items(pointer),
            Some(b'{' | b'[') => self.skip(),
            Some(b'"') => {
                self.string();
            }
            _ => {
                while self
                    .bytes
                    .get(self.at)
                    .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-'))
                {
                    self.at += 1;
                }
            }
        }
    }

    /// Over a whole object or array.
    fn skip(&mut self) {
        let mut open = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'{' | b'[' => open += 1,
                b'}' | b']' => open -= 1,
                b'"' => {
                    self.string();
                    continue;
                }
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return;
            }
        }
    }

    fn members(&mut self, pointer: &mut String) {
        self.at += 1;
        while self.peek().is_some_and(|byte| byte == b'"') {
            let (line, start, at) = (self.line, self.line_start, self.at);
            let key: String = serde_json::from_slice(self.string()).unwrap_or_default();
            self.step(pointer, &key, (line, start, at));
        }
        self.at += 1;
    }

    fn items(&mut self, pointer: &mut String) {
        self.at += 1;
        for n in 0_usize.. {
            match self.peek() {
                None | Some(b']') => break,
                Some(_) => {
                    let place = (self.line, self.line_start, self.at);
                    let before = self.at;
                    self.step(pointer, &n.to_string(), place);
                    if self.at == before {
                        break;
                    }
                }
            }
        }
        self.at += 1;
    }

    fn step(&mut self, pointer: &mut String, part: &str, (line, start, at): (u32, usize, usize)) {
        let length = pointer.len();
        pointer.push_str(&refer::step(part));
        let inside = self.wanted.contains(pointer.as_str());
        let found = self.found.len();
        if inside {
            self.found.push(Found { pointer: pointer.clone(), line, line_start: start, span: at..at });
        }
        self.value(pointer, inside);
        if inside {
            self.found[found].span.end = self.at;
        }
        pointer.truncate(length);
    }
}

/// The same for YAML, by way of its parser.
struct Walk<'a> {
    wanted: &'a HashSet<String>,
    found: &'a RefCell<HashMap<String, (u32, u32)>>,
    pointer: String,
}

impl Walk<'_> {
    fn under(&self, part: &str) -> Option<Walk<'_>> {
        let pointer = format!("{}{}", self.pointer, refer::step(part));
        self.wanted.contains(&pointer).then_some(Walk { wanted: self.wanted, found: self.found, pointer })
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        for n in 0_usize.. {
            let next = match self.under(&n.to_string()) {
                Some(inside) => from.next_element_seed(inside)?,
                None => from.next_element::<IgnoredAny>()?.map(|_| ()),
            };
            if next.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let mut first = true;
        while let Some(key) = from.next_key::<Spanned<String>>()? {
            let place = (key.referenced.line() as u32, key.referenced.column() as u32);
            if std::mem::take(&mut first) && !self.pointer.is_empty() {
                // An item of a list has no key: it begins where its first member does.
                self.found.borrow_mut().entry(self.pointer.clone()).or_insert(place);
            }
            match self.under(&key.value) {
                Some(inside) => {
                    self.found.borrow_mut().insert(inside.pointer.clone(), place);
                    from.next_value_seed(inside)?;
                }
                None => {
                    from.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    fn places(document: &str, pointers: &[&str]) -> Vec<Option<(u32, u32)>> {
        let text = text::decode(document.as_bytes()).unwrap();
        let places = Places::look(&text, pointers.iter().copied());
        pointers.iter().map(|pointer| places.find(pointer)).collect()
    }

    #[test]
    fn json_members_stand_where_their_key_does() {
        let document =
            "{\n  \"a\": {\"x\\\"y\": [1, {\"é\": 2, \"b\": 3}]},\n  \"a\": {\"c/d\": \"}\"}, \"e\": null\n}";
        let found = places(document, &["/a/c~1d", "/e", "/gone/away", "/a/x\"y/1/b"]);
        assert_eq!(found, [Some((3, 9)), Some((3, 22)), Some((1, 1)), Some((2, 30))]);
    }

    #[test]
    fn yaml_members_stand_where_their_key_does() {
        let document = "a:\n  b:\n    - c: 1\n    - d: 2\n      e: 3\nf: {g: 4, 'h/i': 5}\n";
        let found = places(document, &["/a/b/1", "/a/b/1/e", "/f/h~1i", "/a/b/9"]);
        assert_eq!(found, [Some((4, 7)), Some((5, 7)), Some((6, 11)), Some((2, 3))]);
    }
}
