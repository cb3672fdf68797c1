//! What the search of the portal knows of a document.
use crate::{description::Description, limits, markdown, outline::text, refer, schema};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchKind {
    Operation,
    Schema,
}

/// One thing that can be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchEntry {
    pub kind: SearchKind,
    /// The slug of an operation, the name of a schema.
    pub slug_or_name: String,
    /// In capitals; empty for schemas.
    pub method: String,
    /// The template as written; empty for schemas.
    pub path: String,
    pub title: String,
    pub group: String,
    /// Plain, at most 300 characters.
    pub text: String,
}

pub(crate) fn entries(description: &Description) -> Vec<SearchEntry> {
    let (root, outline) = (description.root(), description.outline());
    let operations = outline.operations.iter().map(|entry| {
        // Of the author's value: the typed one would be a copy of every text.
        let operation = root.pointer(&entry.pointer);
        SearchEntry {
            kind: SearchKind::Operation,
            slug_or_name: entry.slug.clone(),
            method: entry.method.to_uppercase(),
            path: entry.path.clone(),
            title: entry.title.clone(),
            group: outline.groups.get(entry.group).map(|group| group.name.clone()).unwrap_or_default(),
            text: brief(operation.and_then(|operation| text(operation, "description")).unwrap_or_default()),
        }
    });
    let schemas = outline.schemas.iter().filter_map(|name| {
        let value = root.pointer(&refer::under(outline.dialect.schemas(), &[name]))?;
        Some(SearchEntry {
            kind: SearchKind::Schema,
            slug_or_name: name.clone(),
            method: String::new(),
            path: String::new(),
            title: text(value, "title").unwrap_or(name).to_owned(),
            group: "Schemas".to_owned(),
            text: brief(text(value, "description").unwrap_or(&schema::kind::of(root, value))),
        })
    });
    operations.chain(schemas).collect()
}

/// Parsing the markdown of ten thousand long texts for their first words would be wasted: the beginning is enough.
fn brief(markdown: &str) -> String {
    let beginning = markdown.char_indices().nth(4 * limits::SEARCH_TEXT).map_or(markdown, |(at, _)| &markdown[..at]);
    markdown::plain_up_to(beginning, limits::SEARCH_TEXT)
}
