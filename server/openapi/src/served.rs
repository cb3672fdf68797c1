//! The document as readers get it: it names the gateway's address, and is otherwise its author's.
//!
//! What is asked for in the writing it came in is changed as text, so that comments, order and layout stay. A change of
//! text is a guess about lines; so the result is read again, and where it does not say what it should, the document is
//! written anew from what was read of it.
use crate::{
    description::Description,
    outline::Dialect,
    place::{self, Places},
    refer,
    text::{self, Text},
    tree, writing,
};
use portico_domain::Format;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, ops::Range};

/// `base_url`: where the gateway serves the API, e.g. `https://gw.example.org/pets`.
pub(crate) fn written(description: &Description, format: Format, base_url: &str) -> Vec<u8> {
    let changes = changes(description, base_url);
    let mut root = description.root().clone();
    for change in &changes {
        change.apply(&mut root);
    }
    if description.format() == format
        && let Some(text) = edited(description.bytes(), &changes)
        && says(&text, &root)
    {
        return text.into_bytes();
    }
    match format {
        Format::Json => writing::json(&root),
        Format::Yaml => writing::yaml(&root),
    }
}

fn says(text: &str, root: &Value) -> bool {
    text::decode(text.as_bytes()).and_then(|text| tree::parse(&text)).is_ok_and(|tree| tree.root == *root)
}

/// A member of the document that gets another value, or none.
struct Change {
    pointer: String,
    value: Option<Value>,
}

impl Change {
    /// Pointer of the object it stands in, and its key.
    fn parts(&self) -> (&str, String) {
        let (parent, key) = self.pointer.rsplit_once('/').unwrap_or(("", &self.pointer));
        (parent, key.replace("~1", "/").replace("~0", "~"))
    }

    fn apply(&self, root: &mut Value) {
        let (parent, key) = self.parts();
        let Some(Value::Object(members)) = root.pointer_mut(parent) else { return };
        match (&self.value, members.get_mut(&key)) {
            (None, _) => {
                members.shift_remove(&key);
            }
            (Some(value), Some(present)) => *present = value.clone(),
            (Some(value), None) => {
                let behind_info = members.keys().position(|key| key == "info").map_or(members.len(), |at| at + 1);
                members.shift_insert(behind_info, key, value.clone());
            }
        }
    }
}

/// The servers of the document become the gateway; those that a path or an operation names for itself go, since the
/// gateway serves these too.
fn changes(description: &Description, base_url: &str) -> Vec<Change> {
    let root = description.root();
    let set = |key: &str, value: Value| Change { pointer: refer::under("", &[key]), value: Some(value) };
    let mut changes = match description.outline().dialect {
        Dialect::Three | Dialect::ThreeOne => vec![set("servers", json!([{"url": base_url}]))],
        Dialect::Swagger2 => {
            let (scheme, rest) = base_url.split_once("://").unwrap_or(("https", base_url));
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            // In the order in which they are put behind `info` where they are missing.
            vec![set("schemes", json!([scheme])), set("basePath", format!("/{path}").into()), set("host", host.into())]
        }
    };
    let named = description.outline().operations.iter().flat_map(|entry| [&entry.item, &entry.pointer]);
    let mut named: Vec<String> =
        named.map(|of| refer::under(of, &["servers"])).filter(|pointer| root.pointer(pointer).is_some()).collect();
    named.sort();
    named.dedup();
    changes.extend(named.into_iter().map(|pointer| Change { pointer, value: None }));
    changes.retain(|change| root.pointer(&change.pointer) != change.value.as_ref());
    changes
}

/// The author's text with the changes in it; `None` where they find no place.
fn edited(bytes: &[u8], changes: &[Change]) -> Option<String> {
    let text = text::decode(bytes).ok()?;
    let mut edits: BTreeMap<usize, (Range<usize>, String)> = BTreeMap::new();
    let mut put = |range: Range<usize>, new: &str| {
        let (known, told) = edits.entry(range.start).or_insert_with(|| (range.clone(), String::new()));
        told.insert_str(0, new);
        // Two of them at one place can only be what is put in.
        (*known == range).then_some(())
    };
    let anchors = changes.iter().map(|change| change.pointer.as_str()).chain(["/info"]);
    match text.format {
        Format::Json => {
            let spans = place::members(&text, anchors);
            for change in changes {
                let (_, key) = change.parts();
                let member = |value: &Value| format!("{}: {value}", Value::from(key.as_str()));
                match (&change.value, spans.get(&change.pointer)) {
                    (Some(value), Some(span)) => put(span.clone(), &member(value))?,
                    (Some(value), None) => {
                        let behind = spans.get("/info")?.end;
                        put(behind..behind, &format!(",\n  {}", member(value)))?;
                    }
                    (None, span) => put(with_comma(text.characters, span?), "")?,
                }
            }
        }
        Format::Yaml => {
            let places = Places::look(&text, anchors);
            let lines = Lines::of(&text);
            for change in changes {
                let (_, key) = change.parts();
                let member = |value: &Value| {
                    let member = Map::from_iter([(key.clone(), value.clone())]);
                    String::from_utf8(writing::yaml(&member.into())).ok()
                };
                match (&change.value, places.exact(&change.pointer)) {
                    (Some(value), Some(place)) => put(lines.member(place)?, &member(value)?)?,
                    (Some(value), None) => {
                        let behind = lines.member(places.exact("/info")?)?.end;
                        let ends = text.characters[..behind].ends_with('\n');
                        let member = member(value)?;
                        put(behind..behind, &if ends { member } else { format!("\n{member}") })?;
                    }
                    (None, place) => put(lines.member(place?)?, "")?,
                }
            }
        }
    }
    let mut out = String::with_capacity(text.characters.len() + 200);
    let mut at = 0;
    for (range, new) in edits.into_values() {
        out.push_str(text.characters.get(at..range.start)?);
        out.push_str(&new);
        at = range.end;
    }
    out.push_str(text.characters.get(at..)?);
    Some(out)
}

/// A member of an object and the comma that goes with it.
fn with_comma(characters: &str, span: &Range<usize>) -> Range<usize> {
    let (before, behind) = (&characters[..span.start], &characters[span.end..]);
    let rest = behind.trim_start();
    if let Some(rest) = rest.strip_prefix(',') {
        return span.start..characters.len() - rest.trim_start().len();
    }
    let kept = before.trim_end();
    kept.strip_suffix(',').unwrap_or(kept).len()..span.end
}

/// Where the lines of a text begin.
struct Lines<'a> {
    characters: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &Text<'a>) -> Self {
        let ends = text.characters.match_indices('\n').map(|(at, _)| at + 1);
        Self { characters: text.characters, starts: [0].into_iter().chain(ends).collect() }
    }

    fn start(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.characters.len())
    }

    /// The lines of a member in block style: its own, and what is further in. Comments behind it belong to what follows.
    fn member(&self, (line, column): (u32, u32)) -> Option<Range<usize>> {
        let (first, indent) = ((line as usize).checked_sub(1)?, (column as usize).checked_sub(1)?);
        let own = self.characters.get(self.start(first)..self.start(first + 1))?;
        if own.len() - own.trim_start_matches(' ').len() != indent {
            return None;
        }
        let mut end = first + 1;
        for line in first + 1..self.starts.len() {
            let text = self.characters[self.start(line)..self.start(line + 1)].trim_end();
            let inner = text.trim_start_matches(' ');
            let depth = text.len() - inner.len();
            if inner.is_empty() || inner.starts_with('#') {
                continue;
            }
            let item = depth == indent && (inner == "-" || inner.starts_with("- "));
            if depth <= indent && !item {
                break;
            }
            end = line + 1;
        }
        Some(self.start(first)..self.start(end))
    }
}
