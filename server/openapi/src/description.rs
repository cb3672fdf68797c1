//! A document that has been read: what the house asks of it.
use crate::{
    call,
    example::{self, Side},
    frame::Frame,
    limits, markdown, operation,
    outline::{Entry, Group, Outline, text},
    part, refer,
    rules::{self, Wanted},
    schema,
    search::{self, SearchEntry},
    security::Scheme,
    served, server, slug,
    typed::said,
};
use openapiv3::ExternalDocumentation;
use portico_contract::{
    call::{Call, GivenSample},
    form::CallForm,
    reference::{
        Contact, Link, Navigation, NavigationGroup, NavigationOperation, Operation, OperationLine, Overview,
        OverviewGroup, SchemaLine, SchemaReference, Sender,
    },
};
use portico_domain::{DocumentRules, Format, RouteSpec};
use serde_json::Value;
use std::{
    collections::{BTreeSet, HashMap},
    sync::OnceLock,
};

/// One version of an API, described. Keeps the author's value; pages are made when asked for.
#[derive(Debug)]
pub struct Description {
    root: Value,
    frame: Frame,
    outline: Outline,
    format: Format,
    bytes: Box<[u8]>,
    by_slug: HashMap<String, At>,
    /// Which operations name a schema; made at the first page of a schema.
    users: OnceLock<HashMap<String, Vec<usize>>>,
}

/// Where an entry is found in the outline.
#[derive(Clone, Copy, Debug)]
enum At {
    Operation(usize),
    Webhook(usize),
    Callback(usize),
}

impl Description {
    pub(crate) fn new(root: Value, frame: Frame, outline: Outline, format: Format, bytes: &[u8]) -> Self {
        let operations = outline.operations.iter().enumerate().map(|(n, entry)| (entry.slug.clone(), At::Operation(n)));
        let webhooks = outline.webhooks.iter().enumerate().map(|(n, entry)| (entry.slug.clone(), At::Webhook(n)));
        let callbacks = outline.callbacks.iter().enumerate().map(|(n, entry)| (entry.slug.clone(), At::Callback(n)));
        let by_slug = operations.chain(webhooks).chain(callbacks).collect();
        Self { root, frame, outline, format, bytes: bytes.into(), by_slug, users: OnceLock::new() }
    }

    pub(crate) fn root(&self) -> &Value {
        &self.root
    }
    /// As uploaded.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
    pub(crate) fn frame(&self) -> &Frame {
        &self.frame
    }
    pub(crate) fn outline(&self) -> &Outline {
        &self.outline
    }
    pub(crate) fn reader(&self) -> part::Reader<'_> {
        part::Reader { root: &self.root, dialect: self.outline.dialect }
    }
    pub(crate) fn entry(&self, slug: &str) -> Option<&Entry> {
        match *self.by_slug.get(slug)? {
            At::Operation(n) => self.outline.operations.get(n),
            At::Webhook(n) => self.outline.webhooks.get(n),
            At::Callback(n) => self.outline.callbacks.get(n),
        }
    }
    /// By its `operationId`, or by a reference to it.
    pub(crate) fn operation_named(&self, name: &str) -> Option<&Entry> {
        if let Some(pointer) = name.strip_prefix('#') {
            let pointer = percent_encoding::percent_decode_str(pointer).decode_utf8_lossy();
            return self.outline.operations.iter().find(|entry| entry.pointer == pointer);
        }
        let named = |entry: &Entry| {
            let operation = self.root.pointer(&entry.pointer);
            operation.is_some_and(|operation| text(operation, "operationId") == Some(name))
        };
        let by_slug = self.entry(&slug::of_operation(Some(name), "", "")).filter(|entry| named(entry));
        by_slug.or_else(|| self.outline.operations.iter().find(|entry| named(entry)))
    }
    /// Name in URLs of the operation with this `operationId`, or of this name in URLs.
    pub fn operation_slug(&self, name: &str) -> Option<&str> {
        self.entry(name).or_else(|| self.operation_named(name)).map(|entry| entry.slug.as_str())
    }
    pub(crate) fn scheme(&self, name: &str) -> Option<&Scheme> {
        self.frame.schemes.iter().find(|scheme| scheme.name == name)
    }

    /// `info.title`, or a stand-in.
    pub fn title(&self) -> &str {
        &self.frame.info.title
    }

    /// `info.version`; "unversioned" where it is missing.
    pub fn version(&self) -> &str {
        &self.frame.info.version
    }

    /// The writing the author chose.
    pub fn format(&self) -> Format {
        self.format
    }

    pub fn operation_count(&self) -> u32 {
        self.outline.operations.len() as u32
    }

    /// In the order of the document; webhooks are not among them.
    pub fn operation_slugs(&self) -> impl Iterator<Item = &str> {
        self.outline.operations.iter().map(|entry| entry.slug.as_str())
    }

    /// In the order of the document.
    pub fn schema_names(&self) -> impl Iterator<Item = &str> {
        self.outline.schemas.iter().map(String::as_str)
    }

    /// What the gateway serves: no two with the same method and equal templates, none that could not be called.
    pub fn routes(&self) -> Vec<RouteSpec> {
        let routed = self.outline.operations.iter().filter(|entry| !entry.unroutable);
        let route = |entry: &Entry| RouteSpec {
            operation: entry.slug.clone(),
            method: entry.method.to_uppercase(),
            template: entry.path.clone(),
            secured: entry.secured,
            deprecation: rules::deprecation(&self.root, entry),
            key_places: rules::key_places(&self.root, entry),
        };
        routed.map(route).collect()
    }

    /// What calls and answers are checked by, of every operation that has a route.
    pub fn rules(&self, wanted: Wanted) -> DocumentRules {
        rules::of(self, wanted)
    }

    /// `shown` is the slug of the operation on the page.
    pub fn navigation(&self, shown: Option<&str>) -> Navigation {
        let current = shown.and_then(|slug| match self.by_slug.get(slug) {
            Some(At::Operation(n)) => Some(*n),
            // Where its cause stands.
            Some(At::Callback(n)) => self.outline.callbacks.get(*n).and_then(|entry| entry.cause),
            _ => None,
        });
        let of_callback = current.is_some_and(|_| shown.is_some_and(|slug| !self.is_operation(slug)));
        let mut groups: Vec<_> =
            self.outline.groups.iter().map(|group| self.navigation_group(group, current)).collect();
        if of_callback {
            groups.iter_mut().flat_map(|group| &mut group.operations).for_each(|line| line.current = false);
        }
        let all = &self.outline.webhooks;
        let at = shown.and_then(|slug| all.iter().position(|entry| entry.slug == slug));
        let lists = at.is_some() || all.len() + self.outline.operations.len() <= limits::SMALL;
        let listed = if lists { near(all, at.unwrap_or_default()) } else { &[] };
        let webhooks = listed.iter().map(|entry| navigation_line(entry, shown == Some(&entry.slug))).collect();
        let webhook_count = all.len() as u32;
        Navigation { groups, webhooks, webhook_count, schemas: self.outline.schemas.len() as u32 }
    }

    fn is_operation(&self, slug: &str) -> bool {
        matches!(self.by_slug.get(slug), Some(At::Operation(_)))
    }

    pub(crate) fn navigation_group(&self, group: &Group, current: Option<usize>) -> NavigationGroup {
        let at = current.and_then(|current| group.members.iter().position(|member| *member == current));
        let open = at.is_some();
        let shown = if open || self.outline.operations.len() <= limits::SMALL {
            near(&group.members, at.unwrap_or_default())
        } else {
            &[]
        };
        let line = |&member: &usize| navigation_line(&self.outline.operations[member], current == Some(member));
        NavigationGroup {
            name: group.name.clone(),
            section: group.section.clone(),
            anchor: group.anchor.clone(),
            count: group.members.len() as u32,
            operations: shown.iter().map(line).collect(),
            open,
        }
    }

    pub fn overview(&self) -> Overview {
        let Frame { info, summary, docs, tags: _, schemes } = &self.frame;
        let description = said(info.description.as_ref()).unwrap_or_default();
        let summary = match summary {
            Some(summary) => markdown::plain_up_to(summary, 300),
            None => markdown::sentences(description, 200),
        };
        let says_it_all = markdown::plain_up_to(description, 400) == summary;
        Overview {
            title: self.title().to_owned(),
            version: self.version().to_owned(),
            description_html: if says_it_all { String::new() } else { markdown::markdown(description, 1) },
            summary,
            operations: self.operation_count(),
            servers: server::of_document(&self.root, self.outline.dialect),
            groups: self.outline.groups.iter().map(|group| self.overview_group(group)).collect(),
            webhooks: self.outline.webhooks.iter().map(line).collect(),
            schemas: self.outline.schemas.iter().map(|name| self.schema_line(name)).collect(),
            security: schemes.iter().map(Scheme::view).collect(),
            contact: info.contact.as_ref().and_then(contact),
            license: info.license.as_ref().and_then(|license| link(&license.name, license.url.as_ref()?)),
            terms: info.terms_of_service.as_ref().and_then(|href| link("Terms of service", href)),
            external_docs: docs.as_ref().and_then(external_docs),
        }
    }

    fn overview_group(&self, group: &Group) -> OverviewGroup {
        let tag = group.tag.and_then(|at| self.frame.tags.get(at));
        OverviewGroup {
            name: group.name.clone(),
            section: group.section.clone(),
            anchor: group.anchor.clone(),
            description_html: tag
                .and_then(|tag| said(tag.description.as_ref()))
                .map(|text| markdown::markdown(text, 2))
                .unwrap_or_default(),
            operations: group.members.iter().map(|&member| line(&self.outline.operations[member])).collect(),
            external_docs: tag.and_then(|tag| external_docs(tag.external_docs.as_ref()?)),
        }
    }

    fn schema_line(&self, name: &str) -> SchemaLine {
        let value = self.schema_value(name).unwrap_or(&Value::Null);
        SchemaLine {
            name: name.to_owned(),
            kind: schema::kind::at_length(&self.root, value),
            deprecated: value.get("deprecated") == Some(&Value::Bool(true)),
        }
    }

    fn schema_value(&self, name: &str) -> Option<&Value> {
        self.root.pointer(&refer::under(self.outline.dialect.schemas(), &[name]))
    }

    /// The page of an operation, a webhook or a callback.
    pub fn operation(&self, slug: &str) -> Option<Operation> {
        let mut page = operation::page(self, self.entry(slug)?)?;
        match *self.by_slug.get(slug)? {
            At::Operation(n) => self.place_operation(&mut page, n),
            At::Webhook(n) => {
                page.sender = Sender::Webhook;
                let near = |at: Option<usize>| at.and_then(|at| self.outline.webhooks.get(at)).map(line);
                (page.previous, page.next) = (near(n.checked_sub(1)), near(Some(n + 1)));
            }
            At::Callback(n) => {
                let cause = self.outline.operations.get(self.outline.callbacks.get(n)?.cause?)?;
                page.sender = Sender::Callback(Box::new(line(cause)));
                if let Some(group) = self.outline.groups.get(cause.group) {
                    page.group = self.navigation_group(group, None);
                }
            }
        }
        Some(page)
    }

    /// Its group, its neighbours, what it causes.
    fn place_operation(&self, page: &mut Operation, n: usize) {
        let caused = self.outline.callbacks.iter().filter(|entry| entry.cause == Some(n));
        page.callbacks = caused.take(50).map(line).collect();
        let groups = &self.outline.groups;
        let Some(at) = self.outline.operations.get(n).map(|entry| entry.group) else { return };
        let Some(group) = groups.get(at) else { return };
        page.group = self.navigation_group(group, Some(n));
        let within = group.members.iter().position(|member| *member == n).unwrap_or_default();
        let neighbour = |at: Option<usize>| at.and_then(|at| self.outline.operations.get(at)).map(line);
        let before = || groups[..at].iter().rev().find_map(|group| group.members.last().copied());
        let behind = || groups[at + 1..].iter().find_map(|group| group.members.first().copied());
        page.previous = neighbour(within.checked_sub(1).map(|at| group.members[at]).or_else(before));
        page.next = neighbour(group.members.get(within + 1).copied().or_else(behind));
    }

    /// The page of a schema of the components.
    pub fn schema(&self, name: &str) -> Option<SchemaReference> {
        let value = self.schema_value(name)?;
        let users = self.users.get_or_init(|| users(self));
        let used_by = users.get(name).map_or(&[][..], Vec::as_slice);
        let mut page = schema::Page::new(&self.root, limits::PAGE_ELEMENTS);
        Some(SchemaReference {
            name: name.to_owned(),
            title: text(value, "title").unwrap_or(name).to_owned(),
            deprecated: value.get("deprecated") == Some(&Value::Bool(true)),
            schema: page.named(name, value),
            example: example::of_schema(&self.root, value, Side::Answer),
            used_by: used_by.iter().take(50).map(|&at| line(&self.outline.operations[at])).collect(),
            used_by_total: used_by.len() as u32,
        })
    }

    /// A call of the operation, with example values for the reader to replace. `key_variable` names the environment
    /// variable that holds the reader's key; `None` for operations that need none. Only of what readers call.
    pub fn call(&self, slug: &str, base_url: &str, key_variable: Option<&str>) -> Option<Call> {
        call::call(self, self.entry(slug).filter(|entry| entry.is_ours())?, base_url, key_variable)
    }

    /// What can be filled in for such a call.
    pub fn form(&self, slug: &str, base_url: &str, key_variable: Option<&str>) -> Option<CallForm> {
        let entry = self.entry(slug).filter(|entry| entry.is_ours())?;
        call::form(self, entry, call::call(self, entry, base_url, key_variable)?)
    }

    /// Samples of the operation that stand in the document itself.
    pub fn given_samples(&self, slug: &str) -> Vec<GivenSample> {
        let operation = self.entry(slug).and_then(|entry| self.root.pointer(&entry.pointer));
        operation.map(call::given).unwrap_or_default()
    }

    /// The call to begin with: a GET that needs nothing, else the first operation.
    pub fn first_call(&self, base_url: &str, key_variable: Option<&str>) -> Option<Call> {
        let callable = || self.outline.operations.iter().filter(|entry| !entry.unroutable && !entry.deprecated);
        let gets = || callable().filter(|entry| entry.method == "get");
        let plain = gets().take(200).find(|entry| !entry.path.contains('{') && !call::asks(self, entry));
        let entry =
            plain.or_else(|| gets().next()).or_else(|| callable().next()).or(self.outline.operations.first())?;
        call::call(self, entry, base_url, key_variable)
    }

    /// What the search should know.
    pub fn search_entries(&self) -> Vec<SearchEntry> {
        search::entries(self)
    }

    /// The document in one of the writings, with the gateway as its server.
    pub fn written(&self, format: Format, base_url: &str) -> Vec<u8> {
        served::written(self, format, base_url)
    }
}

pub(crate) fn line(entry: &Entry) -> OperationLine {
    OperationLine {
        slug: entry.slug.clone(),
        method: entry.method.clone(),
        path: entry.path.clone(),
        title: entry.title.clone(),
        deprecated: entry.deprecated,
    }
}

/// As many as the navigation shows, around one of them.
fn near<T>(all: &[T], at: usize) -> &[T] {
    let from = at.saturating_sub(limits::NAVIGATION / 2).min(all.len().saturating_sub(limits::NAVIGATION));
    &all[from..all.len().min(from + limits::NAVIGATION)]
}

fn navigation_line(entry: &Entry, current: bool) -> NavigationOperation {
    NavigationOperation {
        slug: entry.slug.clone(),
        method: entry.method.clone(),
        title: entry.title.clone(),
        current,
        deprecated: entry.deprecated,
    }
}

/// A link that may be followed, or none.
pub(crate) fn link(words: &str, href: &str) -> Option<Link> {
    let words = markdown::plain_up_to(words, 200);
    let href = markdown::safe_url(href).filter(|href| !href.starts_with('#'))?;
    Some(Link { text: if words.is_empty() { href.to_owned() } else { words }, href: href.to_owned() })
}

pub(crate) fn external_docs(docs: &ExternalDocumentation) -> Option<Link> {
    link(said(docs.description.as_ref()).unwrap_or("More documentation"), &docs.url)
}

fn contact(contact: &openapiv3::Contact) -> Option<Contact> {
    let (name, email, url) = (said(contact.name.as_ref()), said(contact.email.as_ref()), said(contact.url.as_ref()));
    let target = email.map(|email| (email, format!("mailto:{email}"))).or_else(|| url.map(|url| (url, url.to_owned())));
    let link = target.and_then(|(words, href)| link(words, &href));
    let name = refer::shorten(name.unwrap_or_default()).into_owned();
    (!name.is_empty() || link.is_some()).then_some(Contact { name, link })
}

/// For each schema the operations that name it, themselves or by way of parameters, bodies, responses and headers.
fn users(description: &Description) -> HashMap<String, Vec<usize>> {
    let mut known: HashMap<&str, BTreeSet<String>> = HashMap::new();
    let mut users: HashMap<String, Vec<usize>> = HashMap::new();
    let mut room = 500_000_usize;
    for (at, entry) in description.outline.operations.iter().enumerate() {
        let mut names = BTreeSet::new();
        let parts =
            [description.root.pointer(&entry.pointer), description.root.pointer(&format!("{}/parameters", entry.item))];
        for part in parts.into_iter().flatten() {
            named_in(&description.root, part, &mut names, &mut known, 0);
        }
        room = room.saturating_sub(names.len() + 1);
        if room == 0 {
            break;
        }
        for name in names {
            users.entry(name).or_default().push(at);
        }
    }
    users
}

fn named_in<'a>(
    root: &'a Value,
    value: &'a Value,
    names: &mut BTreeSet<String>,
    known: &mut HashMap<&'a str, BTreeSet<String>>,
    hops: usize,
) {
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        match value {
            Value::Array(items) => pending.extend(items),
            Value::Object(members) => {
                pending.extend(members.values());
                let Some(reference) = members.get("$ref").and_then(Value::as_str) else { continue };
                if let Some(name) = refer::schema_name(reference) {
                    names.insert(name);
                } else if let Some(found) = known.get(reference) {
                    names.extend(found.iter().cloned());
                } else if hops < limits::REFERENCE_CHAIN
                    && let Ok(target) = refer::find(root, reference)
                {
                    known.insert(reference, BTreeSet::new());
                    let mut found = BTreeSet::new();
                    named_in(root, target, &mut found, known, hops + 1);
                    names.extend(found.iter().cloned());
                    known.insert(reference, found);
                }
            }
            _ => {}
        }
    }
}

/// An anchor of letters that no other on its page has. With its prefix and the dot it is no id of the page's frame either.
#[derive(Debug, Default)]
pub(crate) struct Anchors(slug::Unique);

impl Anchors {
    pub(crate) fn take(&mut self, prefix: &str, name: &str) -> String {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        // Prefixes are of the document, too: a status may be any text.
        let parts = prefix.chars().chain(['.']).chain(name.chars().take(60));
        let anchor: String = parts.map(|c| if fits(c) { c } else { '-' }).collect();
        let start = anchor.len().saturating_sub(200);
        self.0.take(anchor[start..].to_owned())
    }
}
