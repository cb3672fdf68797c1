//! What a document changes against an older one, as `portico check --against` tells it.
use super::sarif_result;
use portico_contract::changes::{Change, ChangeClass, ChangeSubject, Changes, Edition};
use portico_openapi::Description;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Two files, and what changed from one to the other.
pub(super) struct Comparison {
    before: String,
    after: String,
    /// As the documents say them: the older, the later.
    versions: (String, String),
    changes: Changes,
    /// Line and column of each change.
    places: Vec<(u32, u32)>,
}

/// Name, bytes and description of a file.
type File<'a> = (&'a str, &'a [u8], &'a Description);

impl Comparison {
    pub(super) fn new(before: File<'_>, after: File<'_>) -> Self {
        let changes = portico_openapi::changes(before.2, after.2);
        let pointers: Vec<&str> = changes.items.iter().map(|change| change.pointer.as_str()).collect();
        let (older, later) =
            (portico_openapi::places(before.1, &pointers), portico_openapi::places(after.1, &pointers));
        let found = older.into_iter().zip(later);
        let place = |(change, (older, later)): (&Change, (Option<_>, Option<_>))| {
            let found = if change.edition == Edition::Before { older } else { later };
            // What is not at a place is about the whole, and stands at its beginning.
            found.unwrap_or((1, 1))
        };
        let places = changes.items.iter().zip(found).map(place).collect();
        Self {
            before: before.0.to_owned(),
            after: after.0.to_owned(),
            versions: (before.2.version().to_owned(), after.2.version().to_owned()),
            places,
            changes,
        }
    }

    pub(super) const fn breaks(&self) -> bool {
        self.changes.breaking > 0
    }

    fn each(&self) -> impl Iterator<Item = (&Change, &str, (u32, u32))> {
        self.changes.items.iter().zip(&self.places).map(|(change, place)| {
            let file = if change.edition == Edition::Before { &self.before } else { &self.after };
            (change, file.as_str(), *place)
        })
    }

    /// One line a change: file:line:column: class: where: message [code] pointer
    pub(super) fn text(&self) -> String {
        let mut lines = String::new();
        for (change, file, (line, column)) in self.each() {
            let words = sentence(change).replace(['\r', '\n'], " ");
            let (class, pointer) = (change.class.as_str(), change.pointer.replace(['\r', '\n'], " "));
            // Writing to a string does not fail.
            let _ = write!(lines, "{file}:{line}:{column}: {class}: {words} [{}]", change.code);
            lines.push_str(if pointer.is_empty() { "" } else { " " });
            lines.push_str(&pointer);
            lines.push('\n');
        }
        lines
    }

    pub(super) fn summary(&self) -> String {
        let Changes { breaking, compatible, docs, cut, .. } = &self.changes;
        let (from, to) = &self.versions;
        let more = if *cut { " (there is more than is told here)" } else { "" };
        format!("{from} to {to}: {breaking} breaking, {compatible} compatible, {docs} in words alone{more}")
    }

    pub(super) fn as_json(&self) -> Value {
        json!({ "file": self.before, "version": self.versions.0, "changes": self.changes })
    }

    pub(super) fn results(&self) -> Vec<Value> {
        let result = |(change, file, place): (&Change, &str, (u32, u32))| {
            let level = match change.class {
                ChangeClass::Breaking => "error",
                ChangeClass::Compatible | ChangeClass::Docs => "note",
            };
            sarif_result((&change.code, level, &sentence(change)), file, place, &change.pointer)
        };
        self.each().map(result).collect()
    }
}

/// What changed, with what it concerns and what to do.
fn sentence(change: &Change) -> String {
    let subject = match &change.subject {
        ChangeSubject::Document => String::new(),
        ChangeSubject::Operation { method, path, title, .. } => {
            format!("{} {}: ", method.to_uppercase(), if path.is_empty() { title } else { path })
        }
        ChangeSubject::Schema { name, .. } => format!("schema {name}: "),
    };
    let space = if change.advice.is_empty() { "" } else { " " };
    format!("{subject}{}.{space}{}", change.message, change.advice)
}
