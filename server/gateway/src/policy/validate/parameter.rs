//! Parameters: from the text of a path, a query, fields and cookies to the values that schemas speak of.
use super::{Entry, Fault, MAX_FAULTS, json};
use crate::{message::Fields, policy::transform::Place};
use percent_encoding::percent_decode;
use portico_domain::{ParameterLocation, ParameterRule, ParameterStyle, Scalar, ValueKind};
use serde_json::{Map, Number, Value};
use std::borrow::Cow;

/// Parts of a query, a field or a value that are looked at: more than fit a head.
const MAX_PARTS: usize = 20_000;

/// The parameters of one operation, or the fields of one answer.
#[derive(Debug)]
pub(super) struct Parameters {
    rules: Vec<Rule>,
    /// Over an object of places, which are objects of parameters.
    entry: Entry,
    query: bool,
    cookies: bool,
}

#[derive(Debug)]
struct Rule {
    name: Box<str>,
    /// In lower case, for fields.
    field: Box<str>,
    pointer: Box<str>,
    location: ParameterLocation,
    /// Where it stands in the path; `None` for others, and where the template has it not.
    segment: Option<Place>,
    required: bool,
    allow_empty: bool,
    style: ParameterStyle,
    explode: bool,
    content: Content,
    kind: ValueKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// As its style says.
    Styled,
    Json,
    /// A text that is not looked into.
    Other,
}

/// Where values are found.
pub(super) struct Found<'a> {
    /// The document's path, in canonical form.
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) fields: &'a Fields,
}

/// Names and values of a query or of cookies, as they were sent.
type Pairs<'a> = Vec<(Cow<'a, str>, &'a [u8])>;

/// What became of one parameter.
enum Reading {
    Absent,
    Value(Value),
    Wrong(&'static str),
}

pub(super) const fn place(location: ParameterLocation) -> &'static str {
    match location {
        ParameterLocation::Path => "path",
        ParameterLocation::Query => "query",
        ParameterLocation::Header => "header",
        ParameterLocation::Cookie => "cookie",
    }
}

impl Parameters {
    pub(super) fn new(rules: &[ParameterRule], template: &str, entry: Entry) -> Self {
        let at = |location| rules.iter().any(|rule| rule.location == location);
        Self {
            entry,
            query: at(ParameterLocation::Query),
            cookies: at(ParameterLocation::Cookie),
            rules: rules.iter().map(|rule| Rule::new(rule, template)).collect(),
        }
    }

    pub(super) fn check(&self, found: &Found<'_>) -> Vec<Fault> {
        if self.rules.is_empty() {
            return Vec::new();
        }
        let query = if self.query { pairs(found.query.as_bytes(), b'&') } else { Vec::new() };
        let cookies = if self.cookies { cookies(found.fields) } else { Vec::new() };
        let mut faults = Vec::new();
        let mut places = Map::new();
        for rule in &self.rules {
            match rule.read(found, &query, &cookies, true) {
                Reading::Value(value) => put(&mut places, rule, value),
                // A path that was found has what its template asks for.
                Reading::Absent if rule.required && rule.location != ParameterLocation::Path => {
                    faults.push(Fault::new(&*rule.pointer, "is required"));
                }
                Reading::Absent => {}
                Reading::Wrong(message) => faults.push(Fault::new(&*rule.pointer, message)),
            }
        }
        if !places.is_empty() {
            let mut told = self.entry.check(places.into(), "", 0);
            if !told.is_empty() {
                self.take_as_text(&mut told, found, &query, &cookies);
            }
            faults.append(&mut told);
        }
        faults.truncate(MAX_FAULTS);
        faults
    }

    /// A text such as 12 may be a number or a text, where the schema allows both: faults of the one reading are none if
    /// the other has none.
    fn take_as_text(&self, faults: &mut Vec<Fault>, found: &Found<'_>, query: &Pairs<'_>, cookies: &Pairs<'_>) {
        let of = |fault: &Fault, rule: &Rule| {
            fault.pointer.strip_prefix(&*rule.pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let open = |rule: &&Rule| ambiguous(&rule.kind) && faults.iter().any(|fault| of(fault, rule));
        let open: Vec<&Rule> = self.rules.iter().filter(open).collect();
        if open.is_empty() {
            return;
        }
        let mut places = Map::new();
        for rule in &open {
            if let Reading::Value(value) = rule.read(found, query, cookies, false) {
                put(&mut places, rule, value);
            }
        }
        let again = self.entry.check(places.into(), "", 0);
        let settled = |rule: &&&Rule| !again.iter().any(|fault| of(fault, rule));
        let settled: Vec<&&Rule> = open.iter().filter(settled).collect();
        faults.retain(|fault| !settled.iter().any(|rule| of(fault, rule)));
    }
}

fn put(places: &mut Map<String, Value>, rule: &Rule, value: Value) {
    let place = places.entry(place(rule.location)).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(members) = place {
        members.insert(rule.name.as_ref().to_owned(), value);
    }
}

/// Whether a text may stand for itself or for something else.
fn ambiguous(kind: &ValueKind) -> bool {
    let own = kind.scalars.len() > 1 && kind.scalars.contains(&Scalar::Text);
    own || kind.items.as_deref().is_some_and(ambiguous)
        || kind.members.iter().flat_map(|members| members.values()).any(ambiguous)
}

impl Rule {
    fn new(rule: &ParameterRule, template: &str) -> Self {
        let content = match rule.media_type.as_deref() {
            None => Content::Styled,
            Some(media_type)
                if super::media::essence(media_type).is_some_and(|essence| super::media::is_json(&essence)) =>
            {
                Content::Json
            }
            Some(_) => Content::Other,
        };
        let step = rule.name.replace('~', "~0").replace('/', "~1");
        Self {
            pointer: format!("/{}/{step}", place(rule.location)).into(),
            field: rule.name.to_ascii_lowercase().into(),
            name: rule.name.as_str().into(),
            location: rule.location,
            segment: Place::of(&rule.name, template).filter(|_| rule.location == ParameterLocation::Path),
            required: rule.required,
            allow_empty: rule.allow_empty,
            style: rule.style,
            explode: rule.explode,
            content,
            kind: rule.kind.clone(),
        }
    }

    /// `typed`: whether texts may stand for numbers and their kind.
    fn read(&self, found: &Found<'_>, query: &Pairs<'_>, cookies: &Pairs<'_>, typed: bool) -> Reading {
        match self.location {
            ParameterLocation::Path => {
                let text = self.segment.as_ref().map_or("", |segment| segment.find(found.path));
                if text.is_empty() {
                    return Reading::Absent;
                }
                self.one(text.as_bytes(), Escape::Percent, typed)
            }
            ParameterLocation::Header => {
                let mut lines = found.fields.get_all(&self.field);
                let Some(first) = lines.next() else { return Reading::Absent };
                let mut whole = Cow::Borrowed(first);
                for line in lines {
                    whole.to_mut().extend_from_slice(b",");
                    whole.to_mut().extend_from_slice(line);
                }
                self.one(&whole, Escape::None, typed)
            }
            ParameterLocation::Query => self.of_pairs(query, Escape::Form, typed),
            ParameterLocation::Cookie => self.of_pairs(cookies, Escape::Percent, typed),
        }
    }

    /// A value that stands by itself: in the path or in a field.
    fn one(&self, text: &[u8], escape: Escape, typed: bool) -> Reading {
        match self.content {
            Content::Json => return as_json(&escape.undo(text)),
            Content::Other => return Reading::Value(Value::Null),
            Content::Styled => {}
        }
        let kind = &self.kind;
        let reader = Reader { escape, typed };
        let simple = kind.items.is_none() && kind.members.is_none();
        let text = match self.style {
            ParameterStyle::Label => match text.strip_prefix(b".") {
                Some(text) => text,
                None => return Reading::Wrong("should begin with a dot, e.g. .5"),
            },
            ParameterStyle::Matrix => return self.matrix(text, &reader),
            _ => text,
        };
        if simple {
            return Reading::Value(reader.scalar(text, kind));
        }
        let separator = match (self.style, self.explode) {
            (ParameterStyle::Label, true) => b'.',
            (style, _) => separator(style),
        };
        let parts: Vec<&[u8]> = if text.is_empty() { Vec::new() } else { split(text, separator) };
        let parts = if escape == Escape::None { parts.into_iter().map(<[u8]>::trim_ascii).collect() } else { parts };
        reader.parts(&parts, kind, self.explode)
    }

    /// `;name=value`, a list as `;name=a,b` or `;name=a;name=b`, an object as `;name=a,1` or `;a=1;b=2`.
    fn matrix(&self, text: &[u8], reader: &Reader) -> Reading {
        let Some(text) = text.strip_prefix(b";") else {
            return Reading::Wrong("should begin with a semicolon and the parameter's name, e.g. ;id=5");
        };
        let kind = &self.kind;
        if self.explode && kind.members.is_some() {
            return reader.parts(&split(text, b';'), kind, true);
        }
        let values: Option<Vec<&[u8]>> = split(text, b';').into_iter().map(|part| self.own(part, reader)).collect();
        let Some(values) = values else {
            return Reading::Wrong("should begin with a semicolon and the parameter's name, e.g. ;id=5");
        };
        match (values.as_slice(), kind.items.is_some()) {
            ([one], false) if kind.members.is_none() => Reading::Value(reader.scalar(one, kind)),
            ([one], _) if !self.explode => reader.parts(&split(one, b','), kind, false),
            (_, true) => reader.parts(&values, kind, true),
            _ => Reading::Wrong("should stand once"),
        }
    }

    /// The value of `name=value`, where it is this parameter's name.
    fn own<'t>(&self, part: &'t [u8], reader: &Reader) -> Option<&'t [u8]> {
        let (name, value) = cut(part, b'=');
        (reader.escape.undo(name) == *self.name).then_some(value)
    }

    /// A value among the pairs of a query or of cookies.
    fn of_pairs(&self, pairs: &Pairs<'_>, escape: Escape, typed: bool) -> Reading {
        let reader = Reader { escape, typed };
        let kind = &self.kind;
        let values: Vec<&[u8]> =
            pairs.iter().filter(|(name, _)| *name == self.name.as_ref()).map(|(_, value)| *value).collect();
        match (self.content, values.as_slice()) {
            (Content::Styled, _) => {}
            (_, []) => return Reading::Absent,
            (Content::Json, [one]) => return as_json(&escape.undo(one)),
            (Content::Json, _) => return Reading::Wrong("should stand once"),
            (Content::Other, _) => return Reading::Value(Value::Null),
        }
        if let Some(members) = &kind.members {
            let object = match self.style {
                // Written as `name[member]=value`; many write it so whatever the document says.
                _ if pairs.iter().any(|(name, _)| bracketed(name, &self.name).is_some()) => {
                    let own = pairs.iter().filter_map(|(name, value)| Some((bracketed(name, &self.name)?, *value)));
                    Some(reader.tree(own, kind))
                }
                ParameterStyle::Form if self.explode => {
                    let own = pairs.iter().filter_map(|(name, value)| {
                        let (name, kind) = members.get_key_value(name.as_ref())?;
                        Some((name.clone(), reader.scalar(value, kind)))
                    });
                    let own: Map<String, Value> = own.collect();
                    (!own.is_empty()).then(|| own.into())
                }
                _ => None,
            };
            if let Some(object) = object {
                return Reading::Value(object);
            }
        }
        // Lists are also written with brackets behind their name.
        let listed: Vec<&[u8]> = if values.is_empty() && kind.items.is_some() {
            let own = pairs.iter().filter(|(name, _)| bracketed(name, &self.name) == Some("[]"));
            own.map(|(_, value)| *value).collect()
        } else {
            values
        };
        match listed.as_slice() {
            [] => Reading::Absent,
            [value] if value.is_empty() && self.allow_empty => Reading::Absent,
            [value] if kind.items.is_none() && kind.members.is_none() => Reading::Value(reader.scalar(value, kind)),
            [value] if !self.explode => {
                let parts = match (self.style, value.is_empty()) {
                    (_, true) => Vec::new(),
                    // These separators may or may not be escaped.
                    (ParameterStyle::SpaceDelimited, _) => split_any(value, &[b"%20", b"+", b" "]),
                    (ParameterStyle::PipeDelimited, _) => split_any(value, &[b"%7C", b"%7c", b"|"]),
                    (ParameterStyle::TabDelimited, _) => split_any(value, &[b"%09", b"\t"]),
                    _ => split(value, b','),
                };
                reader.parts(&parts, kind, false)
            }
            several if kind.items.is_some() && (self.explode || several.len() > 1) => {
                // One value that is allowed to be no list is none.
                match several {
                    [one] if !kind.scalars.is_empty() => Reading::Value(reader.scalar(one, kind)),
                    _ => reader.parts(several, kind, true),
                }
            }
            [value] => Reading::Value(reader.scalar(value, kind)),
            _ => Reading::Wrong("should stand once"),
        }
    }
}

/// How the text of a value is escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    None,
    Percent,
    /// As percent, and `+` is a space.
    Form,
}

impl Escape {
    pub(super) fn undo(self, text: &[u8]) -> Cow<'_, str> {
        let text = match self {
            Self::None => Cow::Borrowed(text),
            Self::Form if text.contains(&b'+') => {
                let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
                Cow::Owned(percent_decode(&spaced).collect())
            }
            Self::Percent | Self::Form => percent_decode(text).into(),
        };
        match text {
            Cow::Borrowed(text) => String::from_utf8_lossy(text),
            Cow::Owned(text) => String::from_utf8(text)
                .map_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned().into(), Cow::Owned),
        }
    }
}

/// Makes values of texts.
pub(super) struct Reader {
    pub(super) escape: Escape,
    /// Whether texts may stand for numbers and their kind.
    pub(super) typed: bool,
}

impl Reader {
    pub(super) fn scalar(&self, text: &[u8], kind: &ValueKind) -> Value {
        let text = self.escape.undo(text);
        let only_text = !self.typed && kind.scalars.contains(&Scalar::Text);
        let read = kind.scalars.iter().filter(|_| !only_text).find_map(|scalar| match scalar {
            Scalar::Number => serde_json::from_str::<Number>(&text).ok().map(Value::Number),
            Scalar::Boolean => text.parse().ok().map(Value::Bool),
            Scalar::Null => matches!(text.as_ref(), "" | "null").then_some(Value::Null),
            Scalar::Text => None,
        });
        read.unwrap_or_else(|| Value::String(text.into_owned()))
    }

    /// Parts of a list, or of an object: `name=value` each where it is exploded, else names and values in turn.
    fn parts(&self, parts: &[&[u8]], kind: &ValueKind, explode: bool) -> Reading {
        if let Some(items) = &kind.items {
            return Reading::Value(parts.iter().map(|part| self.scalar(part, items)).collect());
        }
        let Some(members) = &kind.members else {
            return Reading::Wrong("should stand once");
        };
        let any = ValueKind::default();
        let mut object = Map::new();
        let pairs: Vec<(&[u8], &[u8])> = if explode {
            parts.iter().map(|part| cut(part, b'=')).collect()
        } else if parts.len().is_multiple_of(2) {
            parts.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
        } else {
            return Reading::Wrong("should hold names and values in turn, e.g. R,100,G,200");
        };
        for (name, value) in pairs {
            let name = self.escape.undo(name).into_owned();
            let value = self.scalar(value, members.get(&name).unwrap_or(&any));
            object.insert(name, value);
        }
        Reading::Value(object.into())
    }

    /// An object of pairs whose names are ways in brackets, e.g. `[a][b]`, `[tags][]`, `[0][name]`.
    pub(super) fn tree<'p>(&self, pairs: impl Iterator<Item = (&'p str, &'p [u8])>, kind: &ValueKind) -> Value {
        let mut root = Node::default();
        for (way, value) in pairs.take(MAX_PARTS) {
            let steps = way.trim_start_matches('[').trim_end_matches(']').split("][");
            let mut node = &mut root;
            // Deeper ones are no forms but attacks.
            for step in steps.take(16) {
                let at = node.members.iter().position(|(name, _)| name == step);
                let at = at.unwrap_or_else(|| {
                    node.members.push((step.to_owned(), Node::default()));
                    node.members.len() - 1
                });
                node = &mut node.members[at].1;
            }
            node.values.push(value.to_vec());
        }
        self.grown(root, kind)
    }

    /// A value by itself. An object may stand in a form as JSON (OpenAPI 3.1, 4.8.15.1).
    fn leaf(&self, text: &[u8], kind: &ValueKind) -> Value {
        let object = || json::parse(self.escape.undo(text).as_bytes()).ok().filter(|(value, _)| value.is_object());
        let object = kind.members.as_ref().and_then(|_| object());
        object.map_or_else(|| self.scalar(text, kind), |(value, _)| value)
    }

    fn grown(&self, node: Node, kind: &ValueKind) -> Value {
        let any = ValueKind::default();
        let items = kind.items.as_deref().unwrap_or(&any);
        if node.members.is_empty() {
            return match (node.values.as_slice(), &kind.items) {
                ([one], None) => self.leaf(one, kind),
                ([one], Some(_)) if !kind.scalars.is_empty() => self.leaf(one, kind),
                (several, _) => several.iter().map(|one| self.leaf(one, items)).collect(),
            };
        }
        // `[]` and `[0]` are places in a list, unless an object is meant.
        let placed = |name: &str| name.is_empty() || name.len() <= 4 && name.bytes().all(|byte| byte.is_ascii_digit());
        let list = kind.items.is_some() || kind.members.is_none();
        if list && node.members.iter().all(|(name, _)| placed(name)) {
            let mut list = Vec::new();
            for (name, member) in node.members {
                if name.is_empty() && member.members.is_empty() {
                    list.extend(member.values.iter().map(|value| self.scalar(value, items)));
                } else {
                    list.push(self.grown(member, items));
                }
            }
            return list.into();
        }
        let known = |name: &str| kind.members.as_ref().and_then(|members| members.get(name)).unwrap_or(&any);
        let grown = node.members.into_iter().map(|(name, member)| {
            let value = self.grown(member, known(&name));
            (name, value)
        });
        Value::Object(grown.collect())
    }
}

/// A value of a form on its way to an object.
#[derive(Default)]
struct Node {
    members: Vec<(String, Node)>,
    values: Vec<Vec<u8>>,
}

fn as_json(text: &str) -> Reading {
    match json::parse(text.as_bytes()) {
        Ok((value, _)) => Reading::Value(value),
        Err(_) => Reading::Wrong("should be JSON"),
    }
}

const fn separator(style: ParameterStyle) -> u8 {
    match style {
        ParameterStyle::SpaceDelimited => b' ',
        ParameterStyle::PipeDelimited => b'|',
        ParameterStyle::TabDelimited => b'\t',
        _ => b',',
    }
}

fn split(text: &[u8], separator: u8) -> Vec<&[u8]> {
    text.split(|byte| *byte == separator).take(MAX_PARTS).collect()
}

fn split_any<'a>(text: &'a [u8], separators: &[&[u8]]) -> Vec<&'a [u8]> {
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    while at < text.len() && parts.len() < MAX_PARTS {
        match separators.iter().find(|separator| text[at..].starts_with(separator)) {
            Some(separator) => {
                parts.push(&text[start..at]);
                at += separator.len();
                start = at;
            }
            None => at += 1,
        }
    }
    parts.push(&text[start..]);
    parts
}

fn cut(part: &[u8], at: u8) -> (&[u8], &[u8]) {
    match part.iter().position(|byte| *byte == at) {
        Some(place) => (&part[..place], &part[place + 1..]),
        None => (part, b""),
    }
}

/// What stands in brackets behind a name: `[a]` of `name[a]`.
fn bracketed<'n>(name: &'n str, base: &str) -> Option<&'n str> {
    name.strip_prefix(base).filter(|way| way.starts_with('[') && way.ends_with(']'))
}

/// The pairs of a query, or of a form.
pub(super) fn pairs(text: &[u8], separator: u8) -> Pairs<'_> {
    let parts = text.split(|byte| *byte == separator).filter(|part| !part.is_empty());
    let pair = |part| {
        let (name, value) = cut(part, b'=');
        (Escape::Form.undo(name), value)
    };
    parts.take(MAX_PARTS).map(pair).collect()
}

fn cookies(fields: &Fields) -> Pairs<'_> {
    let parts = fields.get_all("cookie").flat_map(|line| line.split(|byte| *byte == b';'));
    let pair = |part| {
        let (name, value) = cut(part, b'=');
        (String::from_utf8_lossy(name), value)
    };
    parts.map(<[u8]>::trim_ascii).filter(|part| !part.is_empty()).take(MAX_PARTS).map(pair).collect()
}
