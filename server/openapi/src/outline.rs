//! What there is in a document: its version, operations, groups, webhooks and schemas, by pointers into the value.
use crate::{
    finding::Findings,
    frame, limits, part, refer, sections, slug,
    typed::{self, said},
};
use openapiv3::Tag;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The versions that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Swagger2,
    /// 3.0
    Three,
    /// 3.1 and 3.2: schemas are JSON Schema 2020-12.
    ThreeOne,
}

impl Dialect {
    /// `Err` holds what stands where the version should, in words.
    pub(crate) fn of(root: &Value) -> Result<Self, Unknown> {
        let said = |key: &str| match root.get(key) {
            Some(Value::String(text)) => Some(text.trim().to_owned()),
            Some(other) => Some(other.to_string()),
            None => None,
        };
        match (said("openapi"), said("swagger")) {
            (Some(version), _) => match version.split('.').take(2).collect::<Vec<_>>()[..] {
                ["3", "0"] | ["3"] => Ok(Self::Three),
                ["3", "1" | "2"] => Ok(Self::ThreeOne),
                _ => Err(Unknown::Version("/openapi", version)),
            },
            (None, Some(version)) if version == "2.0" || version == "2" => Ok(Self::Swagger2),
            (None, Some(version)) => Err(Unknown::Version("/swagger", version)),
            (None, None) => Err(Unknown::Kind),
        }
    }

    /// The pointer below which schemas have names.
    pub(crate) const fn schemas(self) -> &'static str {
        match self {
            Self::Swagger2 => "/definitions",
            Self::Three | Self::ThreeOne => "/components/schemas",
        }
    }
}

pub(crate) enum Unknown {
    /// Where, and what stands there.
    Version(&'static str, String),
    /// Neither `openapi` nor `swagger`.
    Kind,
}

/// One operation, found again by its pointers.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) slug: String,
    /// Lower case.
    pub(crate) method: String,
    /// As written; empty for webhooks, an expression for callbacks.
    pub(crate) path: String,
    pub(crate) title: String,
    pub(crate) deprecated: bool,
    pub(crate) secured: bool,
    /// Index into [`Outline::groups`]; of no meaning for webhooks and callbacks.
    pub(crate) group: usize,
    /// Of a callback: index of the operation that causes it.
    pub(crate) cause: Option<usize>,
    /// Of the path item, behind its `$ref`.
    pub(crate) item: String,
    /// Of the operation.
    pub(crate) pointer: String,
    /// Where another operation has its method and path already, or its path cannot be called.
    pub(crate) unroutable: bool,
}

impl Entry {
    /// Whether clients send it to the API: it is no webhook and no callback.
    pub(crate) fn is_ours(&self) -> bool {
        !self.path.is_empty() && self.cause.is_none()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// Heading over this group and its neighbours; empty for none.
    pub(crate) section: String,
    pub(crate) anchor: String,
    /// Index into the tags of the frame.
    pub(crate) tag: Option<usize>,
    /// Indices into [`Outline::operations`].
    pub(crate) members: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct Outline {
    pub(crate) dialect: Dialect,
    pub(crate) operations: Vec<Entry>,
    pub(crate) webhooks: Vec<Entry>,
    pub(crate) callbacks: Vec<Entry>,
    pub(crate) groups: Vec<Group>,
    pub(crate) schemas: Vec<String>,
}

pub(crate) const METHODS: [&str; 9] = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

pub(crate) fn outline(root: &Value, dialect: Dialect, tags: &[Tag], findings: &mut Findings) -> Outline {
    let asks_by_default = part::own_security(root).is_some_and(part::asks);
    let mut frames = Frames { asks_by_default, read: HashMap::new() };
    let mut names = slug::Unique::default();
    let mut operations = Vec::new();
    let mut keys = Vec::new();
    for (path, item) in members(root.get("paths")) {
        if path.starts_with("x-") {
            continue;
        }
        let base = refer::under("", &["paths", path]);
        for (method, base, pointer, operation) in operations_of(root, item, base) {
            // One more than is allowed, for the check to see.
            if operations.len() > limits::OPERATIONS {
                break;
            }
            let facts = frames.of(operation, &pointer, findings);
            keys.push(facts.tag.clone());
            let slug = names.take(slug::of_operation(facts.id.as_deref(), &method, path));
            operations.push(entry(slug, method, path, (base, pointer), facts));
        }
    }
    let mut webhooks = Vec::new();
    for key in ["webhooks", "x-webhooks"] {
        for (name, item) in members(root.get(key)) {
            let base = refer::under("", &[key, name]);
            for (method, base, pointer, operation) in operations_of(root, item, base) {
                if webhooks.len() > limits::OPERATIONS {
                    break;
                }
                let facts = frames.of(operation, &pointer, findings);
                let words = format!("webhook {}", facts.id.as_ref().unwrap_or(name));
                let slug = names.take(slug::words(&words));
                let mut entry = entry(slug, method, "", (base, pointer), facts);
                if facts.summary.is_none() {
                    name.clone_into(&mut entry.title);
                }
                webhooks.push(entry);
            }
        }
    }
    let callbacks = callbacks(root, &operations, &mut frames, &mut names, findings);
    let groups = sections::arrange(root, tags, group(tags, &mut operations, keys), &mut operations);
    let schemas = members(root.pointer(dialect.schemas())).map(|(name, _)| name.clone()).collect();
    Outline { dialect, operations, webhooks, callbacks, groups, schemas }
}

/// What operations make the API call.
fn callbacks(
    root: &Value,
    operations: &[Entry],
    frames: &mut Frames,
    names: &mut slug::Unique,
    findings: &mut Findings,
) -> Vec<Entry> {
    let mut callbacks = Vec::new();
    for (cause, operation) in operations.iter().enumerate() {
        let listed = root.pointer(&operation.pointer).and_then(|value| value.get("callbacks"));
        for (name, callback) in members(listed) {
            let base = refer::under(&operation.pointer, &["callbacks", name]);
            let Ok((callback, base)) = resolve_at(root, callback, base) else { continue };
            for (expression, item) in members(Some(callback)).filter(|(key, _)| !key.starts_with("x-")) {
                let base = refer::under(&base, &[expression]);
                for (method, base, pointer, call) in operations_of(root, item, base) {
                    if callbacks.len() >= limits::OPERATIONS {
                        return callbacks;
                    }
                    let facts = frames.of(call, &pointer, findings);
                    let slug = names.take(slug::words(&format!("{} callback {name} {method}", operation.slug)));
                    let mut entry = entry(slug, method, expression, (base, pointer), facts);
                    if facts.summary.is_none() {
                        entry.title = refer::shorten(name).into_owned();
                    }
                    entry.cause = Some(cause);
                    callbacks.push(entry);
                }
            }
        }
    }
    callbacks
}

/// What stands for `value`, and the pointer of that.
fn resolve_at<'a>(root: &'a Value, value: &'a Value, base: String) -> Result<(&'a Value, String), refer::Lost> {
    let (resolved, reference) = refer::resolve(root, value)?;
    let base = match reference {
        Some(to) => percent_encoding::percent_decode_str(to.trim_start_matches('#')).decode_utf8_lossy().into_owned(),
        None => base,
    };
    Ok((resolved, base))
}

pub(crate) fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// A text that says something.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// What the frames of operations tell, by their pointers: many paths may refer to one operation, which is read once.
struct Frames {
    /// Whether operations without a `security` of their own are secured.
    asks_by_default: bool,
    read: HashMap<String, Facts>,
}

/// Texts that say something.
struct Facts {
    summary: Option<String>,
    id: Option<String>,
    /// The first one.
    tag: Option<String>,
    deprecated: bool,
    secured: bool,
}

impl Frames {
    fn of(&mut self, operation: &Value, pointer: &str, findings: &mut Findings) -> &Facts {
        self.read.entry(pointer.to_owned()).or_insert_with(|| {
            let (frame, misfits) = typed::operation(operation);
            frame::tell(findings, pointer, misfits);
            Facts {
                summary: said(frame.summary.as_ref()).map(str::to_owned),
                id: said(frame.operation_id.as_ref()).map(str::to_owned),
                tag: frame.tags.iter().find_map(|tag| said(Some(tag))).map(str::to_owned),
                deprecated: frame.deprecated,
                secured: part::own_security(operation).map_or(self.asks_by_default, part::asks),
            }
        })
    }
}

/// Method, pointer of the path item, pointer of the operation, operation.
fn operations_of<'a>(root: &'a Value, item: &'a Value, base: String) -> Vec<(String, String, String, &'a Value)> {
    let Ok((resolved, base)) = resolve_at(root, item, base) else { return Vec::new() };
    let mut found: Vec<_> = METHODS
        .iter()
        .filter_map(|method| Some((*method, resolved.get(method).filter(|operation| operation.is_object())?)))
        .map(|(method, operation)| (method.to_owned(), base.clone(), refer::under(&base, &[method]), operation))
        .collect();
    for (method, operation) in
        members(resolved.get("additionalOperations")).filter(|(_, operation)| operation.is_object())
    {
        let pointer = refer::under(&base, &["additionalOperations", method]);
        found.push((method.to_lowercase(), base.clone(), pointer, operation));
    }
    found
}

fn entry(slug: String, method: String, path: &str, (item, pointer): (String, String), facts: &Facts) -> Entry {
    let title = facts.summary.as_ref().or(facts.id.as_ref());
    let title =
        title.map_or_else(|| format!("{} {path}", method.to_uppercase()), |title| refer::shorten(title).into_owned());
    Entry {
        slug,
        path: path.to_owned(),
        title,
        deprecated: facts.deprecated,
        secured: facts.secured,
        group: 0,
        cause: None,
        item,
        pointer,
        unroutable: false,
        method,
    }
}

/// The name of the group of operations without a tag.
const UNTAGGED: &str = "Operations";

/// Sorts operations into groups by their first tag, in the order of the document's `tags`, then of appearance.
/// Large documents without any tags are grouped by the first word of the path that tells operations apart.
fn group(tags: &[Tag], operations: &mut [Entry], mut keys: Vec<Option<String>>) -> Vec<Group> {
    if operations.len() > limits::SMALL && keys.iter().all(Option::is_none) {
        keys = by_path(operations).unwrap_or(keys);
    }
    let mut order: Vec<(String, Option<usize>)> = Vec::new();
    order.extend(tags.iter().enumerate().map(|(at, tag)| (tag.name.trim().to_owned(), Some(at))));
    order.extend(keys.iter().flatten().map(|name| (name.clone(), None)));
    order.push((UNTAGGED.to_owned(), None));

    let mut at: HashMap<String, usize> = HashMap::new();
    let mut anchors = slug::Unique::default();
    let mut groups: Vec<Group> = Vec::new();
    for (name, tag) in order {
        at.entry(name).or_insert_with_key(|name| {
            let display = tag.map(|at| frame::display_name(&tags[at]));
            let words = slug::words(name);
            let anchor = anchors.take(format!("group-{}", if words.is_empty() { "other" } else { &words }));
            let name = refer::shorten(display.unwrap_or(name)).into_owned();
            groups.push(Group { name, section: String::new(), anchor, tag, members: Vec::new() });
            groups.len() - 1
        });
    }
    for (index, key) in keys.into_iter().enumerate() {
        let group = key.and_then(|key| at.get(&key)).or_else(|| at.get(UNTAGGED)).copied().unwrap_or_default();
        operations[index].group = group;
        groups[group].members.push(index);
    }
    groups
}

fn by_path(operations: &[Entry]) -> Option<Vec<Option<String>>> {
    let words = |path: &str| -> Vec<String> {
        path.split('/').filter(|word| !word.is_empty() && !word.starts_with('{')).map(str::to_owned).collect()
    };
    let paths: Vec<Vec<String>> = operations.iter().map(|entry| words(&entry.path)).collect();
    let common =
        (0..).take_while(|&n| paths[0].get(n).is_some() && paths.iter().all(|path| path.get(n) == paths[0].get(n)));
    let common = common.count();
    let keys: Vec<Option<String>> = paths.iter().map(|path| path.get(common).cloned()).collect();
    let mut distinct: Vec<_> = keys.iter().collect();
    distinct.sort();
    distinct.dedup();
    // A group for nearly every operation says nothing.
    (distinct.len() * 3 <= operations.len()).then_some(keys)
}
