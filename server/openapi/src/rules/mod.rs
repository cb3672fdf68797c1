//! The rules that the gateway checks calls and answers by, made from a document.
//!
//! [`schema`] brings schemas to JSON Schema 2020-12 with what they share in one place; [`kind`] says what the text of a
//! parameter stands for; [`style`] how it is written; [`mock`] makes answers; [`facts`] are the few things that a route
//! always says. What cannot be checked is left out and noted: rules are stricter than the document nowhere.
mod facts;
mod kind;
mod mock;
pub(crate) mod pattern;
pub(crate) mod schema;
pub(crate) mod style;

use crate::{
    Description,
    example::Side,
    limits,
    operation::is_json,
    outline::{Entry, members},
    part::{self, Place},
    refer,
};
pub(crate) use facts::{deprecation, key_places};
use pattern::Patterns;
use portico_domain::{
    AnswerRule, AnswerStatus, BodyRule, DocumentRules, KeyPlace, MediaRule, OperationRules, ParameterLocation,
    ParameterRule, RuleNote,
};
use schema::Schemas;
use serde_json::Value;

/// Which rules are to be made: each costs time and memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Rules of parameters and bodies.
    pub requests: bool,
    /// Rules of answers.
    pub answers: bool,
    /// Mock answers.
    pub mocks: bool,
}

/// Notes while they are gathered, no more than anybody reads.
#[derive(Debug, Default)]
pub(crate) struct Notes(Vec<RuleNote>);

impl Notes {
    fn add(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        if self.0.len() < limits::NOTES {
            self.0.push(RuleNote { pointer: pointer.into(), message: message.into() });
        }
    }
}

/// What all rules of a document share while they are made.
#[derive(Default)]
pub(crate) struct Ground {
    patterns: Patterns,
    notes: Notes,
}

pub(crate) fn of(description: &Description, wanted: Wanted) -> DocumentRules {
    let reader = description.reader();
    let mut maker = Maker {
        reader,
        requests: Schemas::new(reader, Side::Request),
        answers: Schemas::new(reader, Side::Answer),
        kinds: kind::Kinds::new(reader.root),
        ground: Ground::default(),
    };
    let mut mocks = mock::Mocks::new(reader);
    let mut rules = DocumentRules::default();
    for entry in description.outline().operations.iter().filter(|entry| !entry.unroutable) {
        let (Some(item), Some(operation)) = (reader.root.pointer(&entry.item), reader.root.pointer(&entry.pointer))
        else {
            continue;
        };
        let mut made = OperationRules { template: entry.path.clone(), ..OperationRules::default() };
        if wanted.requests {
            (made.parameters, made.query) = maker.parameters(entry, item, operation);
            made.body = maker.body(entry, item, operation);
        }
        if wanted.answers {
            made.answers = maker.answers(entry, operation);
        }
        if wanted.mocks {
            made.mocks = mocks.of(operation);
        }
        rules.operations.insert(entry.slug.clone(), made);
    }
    rules.requests = maker.requests.finish(&mut maker.ground);
    rules.answers = maker.answers.finish(&mut maker.ground);
    rules.notes = maker.ground.notes.0;
    rules
}

struct Maker<'d> {
    reader: part::Reader<'d>,
    requests: Schemas<'d>,
    answers: Schemas<'d>,
    kinds: kind::Kinds<'d>,
    ground: Ground,
}

impl<'d> Maker<'d> {
    /// Parameters one by one, and the query as a whole.
    fn parameters(
        &mut self,
        entry: &Entry,
        item: &'d Value,
        operation: &'d Value,
    ) -> (Vec<ParameterRule>, Option<BodyRule>) {
        let (mut rules, mut query) = (Vec::new(), None);
        let keys = key_places(self.reader.root, entry);
        for (pointer, found) in self.reader.raw_parameters((item, &entry.item), (operation, &entry.pointer)) {
            let parameter = match found.map_err(|lost| lost.words()).and_then(|value| self.reader.parameter(value)) {
                Ok(Some(parameter)) => parameter,
                Ok(None) => continue,
                Err(words) => {
                    self.ground.notes.add(pointer, format!("This parameter is not checked: {words}"));
                    continue;
                }
            };
            // The document's own word for the whole query, which is no parameter of it.
            if parameter.source.get("in").and_then(Value::as_str) == Some("querystring") {
                let contents = self.reader.contents(parameter.source);
                let media = contents.iter().filter(|content| is_form(content.media_type));
                let media: Vec<_> = media.map(|content| self.media(content, &pointer)).collect();
                if media.is_empty() {
                    self.ground
                        .notes
                        .add(pointer, "The query as a whole is checked where it is a form, and it is none.");
                }
                query = Some(BodyRule { required: parameter.required, media });
                continue;
            }
            // These three are said elsewhere in a document (OpenAPI 3.1, 4.8.12.1).
            let elsewhere = ["accept", "content-type", "authorization"];
            if parameter.place == Place::Header && elsewhere.contains(&parameter.name.to_lowercase().as_str()) {
                continue;
            }
            // Some documents list the field of an API key once more. A key is looked at as a key, and gone by then.
            let (place, name) = (location(parameter.place), parameter.name);
            let is_named = |key: &KeyPlace| match place {
                ParameterLocation::Header => key.name.eq_ignore_ascii_case(name),
                _ => key.name == name,
            };
            if keys.iter().any(|key| key.location == place && is_named(key)) {
                continue;
            }
            rules.push(rule(self.reader, &mut self.requests, &mut self.kinds, &parameter, &pointer, &mut self.ground));
        }
        (rules, query)
    }

    fn body(&mut self, entry: &Entry, item: &'d Value, operation: &'d Value) -> Option<BodyRule> {
        let (body, faults) = self.reader.body(item, operation);
        for fault in faults {
            self.ground.notes.add(&entry.pointer, format!("The body is not checked: {fault}"));
        }
        let body = body?;
        let pointer = refer::under(&entry.pointer, &["requestBody"]);
        let media = body.contents.iter().map(|content| self.media(content, &pointer));
        Some(BodyRule { required: body.required, media: media.collect() })
    }

    /// What a request may hold, of a `content` below the pointer.
    fn media(&mut self, content: &part::Content<'d>, pointer: &str) -> MediaRule {
        let pointer = refer::under(pointer, &["content", content.media_type, "schema"]);
        let form = is_form(content.media_type).then(|| {
            if content.encoded {
                self.ground
                    .notes
                    .add(&*pointer, "Forms whose properties have an encoding of their own are not checked.");
                return None;
            }
            let schema = content.schema.as_deref();
            schema.map(|schema| self.kinds.of(schema)).filter(|kind| kind.members.is_some())
        });
        let checked = match &form {
            Some(kind) => kind.is_some(),
            None => may_be_json(content.media_type),
        };
        let schema = content.schema.as_deref().filter(|_| checked);
        let schema = schema.map(|schema| self.requests.schema(schema, &pointer, &mut self.ground));
        MediaRule { media_type: content.media_type.to_owned(), schema, form: form.flatten() }
    }

    fn answers(&mut self, entry: &Entry, operation: &'d Value) -> Vec<AnswerRule> {
        let (responses, faults) = self.reader.responses(operation);
        for fault in faults {
            self.ground.notes.add(&entry.pointer, format!("An answer is not checked: {fault}"));
        }
        let mut rules = Vec::new();
        for response in responses {
            let pointer = refer::under(&entry.pointer, &["responses", response.status]);
            let Some(status) = AnswerStatus::parse(response.status) else {
                self.ground.notes.add(pointer, "This answer is not checked: its name is no status such as 404 or 4XX.");
                continue;
            };
            let media = response.contents.iter().map(|content| {
                let pointer = refer::under(&pointer, &["content", content.media_type, "schema"]);
                let schema = content.schema.as_deref().filter(|_| may_be_json(content.media_type));
                let schema = schema.map(|schema| self.answers.schema(schema, &pointer, &mut self.ground));
                MediaRule { media_type: content.media_type.to_owned(), schema, form: None }
            });
            let media = media.collect();
            let fields = response.headers.iter().filter(|field| !field.name.eq_ignore_ascii_case("content-type"));
            let fields = fields.map(|field| {
                let pointer = refer::under(&pointer, &["headers", field.name]);
                rule(self.reader, &mut self.answers, &mut self.kinds, field, &pointer, &mut self.ground)
            });
            let fields = fields.collect();
            rules.push(AnswerRule { status, media, fields });
        }
        rules
    }
}

fn rule<'d>(
    reader: part::Reader<'d>,
    schemas: &mut Schemas<'d>,
    kinds: &mut kind::Kinds<'d>,
    parameter: &part::Parameter<'d>,
    pointer: &str,
    ground: &mut Ground,
) -> ParameterRule {
    let location = location(parameter.place);
    let content = members(parameter.source.get("content")).next().map(|(media_type, _)| media_type.clone());
    let (style, explode) = style::of(reader.dialect, location, parameter.source);
    let readable = content.as_deref().is_none_or(is_json);
    let pointer = refer::under(pointer, &["schema"]);
    let schema = if readable { schemas.schema(&parameter.schema, &pointer, ground) } else { true.into() };
    ParameterRule {
        name: parameter.name.to_owned(),
        location,
        required: parameter.required,
        allow_empty: parameter.source.get("allowEmptyValue") == Some(&Value::Bool(true)),
        style,
        explode,
        media_type: content,
        kind: kinds.of(&parameter.schema),
        schema,
    }
}

pub(crate) const fn location(place: Place) -> ParameterLocation {
    match place {
        Place::Path => ParameterLocation::Path,
        Place::Query => ParameterLocation::Query,
        Place::Header => ParameterLocation::Header,
        Place::Cookie => ParameterLocation::Cookie,
    }
}

fn is_form(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Whether a media type or range may stand for JSON.
fn may_be_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    is_json(media_type) || matches!(essence, "*/*" | "application/*" | "*")
}
