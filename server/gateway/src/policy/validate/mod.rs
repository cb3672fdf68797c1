//! Checks calls and answers against the document.
//!
//! [`Validation::compile`] runs off the request path, once for a version of an API. All schemas of a side become one
//! validator, in which what operations share stands once; each operation has entries in it. The pipeline asks
//! [`Validation::operation`] while the World is built and keeps what it gets beside the route. For a call:
//! 1. [`OperationChecks::parameters`], with the head alone;
//! 2. [`OperationChecks::body`], still with the head alone, which says whether the media type is accepted and whether the
//!    body has to be seen whole;
//! 3. [`BodyCheck::check`] with the whole body, at most [`MAX_REQUEST_BODY`] bytes of it.
//!
//! For an answer: [`OperationChecks::answer`], then [`AnswerCheck::check`] with at most [`MAX_ANSWER_BODY`] bytes.
//! What a caller sent is never repeated in a fault's words: they are logged and shown.
mod form;
mod fuel;
mod json;
mod media;
mod parameter;
pub(crate) mod report;
mod words;

use crate::message::Fields;
use jsonschema::{Draft, PatternOptions, Validator};
use parameter::Parameters;
use portico_domain::{AnswerRule, AnswerStatus, DocumentRules, MediaRule, OperationRules, ParameterRule, ValueKind};
use serde_json::{Map, Value, json};
use std::{collections::HashMap, sync::Arc};

/// Bytes of a request's body that is checked; a larger one is refused.
pub(crate) const MAX_REQUEST_BODY: usize = 8 * 1024 * 1024;
/// Bytes of an answer's body that is checked; a larger one passes unseen.
pub(crate) const MAX_ANSWER_BODY: usize = 1024 * 1024;
/// Faults that are told of one call.
const MAX_FAULTS: usize = 50;
/// Beyond so many values only the first fault is looked for, since each takes memory.
const MANY_VALUES: usize = 5_000;
/// How often a check may look at definitions and alternatives: ten times for each value that a body may have.
const STEPS: u32 = 5_000_000;
/// The same for telling faults, where each look may leave one in memory.
const STEPS_TO_TELL: u32 = 50_000;
/// What one regular expression of a document may take.
const PATTERN_BYTES: usize = 1024 * 1024;

/// Something in a call or an answer that does not fit the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// E.g. `/query/limit`, `/path/petId`, `/header/X-Id`, `/cookie/session`, `/body/items/0/name`.
    pub(crate) pointer: String,
    /// What would be right.
    pub(crate) message: String,
}

impl Fault {
    fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into() }
    }
}

/// Why rules were not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer} of {side} cannot be checked: {problem}")]
pub struct InvalidRules {
    /// `requests` or `answers`.
    pub side: &'static str,
    /// JSON pointer into the rules of that side.
    pub pointer: String,
    pub problem: String,
}

/// All checks of one version of an API.
#[derive(Debug)]
pub(crate) struct Validation {
    operations: HashMap<Box<str>, Arc<OperationChecks>>,
}

/// The checks of one operation.
#[derive(Debug)]
pub(crate) struct OperationChecks {
    parameters: Parameters,
    query: Option<Query>,
    body: Option<Body>,
    answers: Vec<Answer>,
}

#[derive(Debug)]
struct Body {
    required: bool,
    media: Vec<Media>,
    accepted: Box<str>,
}

/// A query that is described as a whole.
#[derive(Debug)]
struct Query {
    required: bool,
    /// `None` where it is not looked into.
    form: Option<(Entry, ValueKind)>,
}

#[derive(Debug)]
struct Answer {
    status: AnswerStatus,
    media: Vec<Media>,
    expected: Box<str>,
    fields: Parameters,
}

#[derive(Debug)]
struct Media {
    range: media::Range,
    entry: Option<Entry>,
    form: Option<ValueKind>,
}

/// A schema within the validator of its side.
#[derive(Clone, Debug)]
struct Entry {
    validator: Arc<Validator>,
    key: Box<str>,
}

/// Why a body is refused before it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BodyRefusal {
    /// 415, with what is accepted, e.g. `application/json or text/csv`.
    Unsupported { accepted: String },
    /// 400.
    Missing(Fault),
}

/// A body that has to be seen whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyCheck<'a> {
    entry: &'a Entry,
    form: Option<&'a ValueKind>,
}

/// What is to be done with the body of an answer.
#[derive(Debug)]
pub(crate) struct AnswerCheck<'a> {
    /// What the head shows already.
    pub(crate) faults: Vec<Fault>,
    entry: Option<&'a Entry>,
}

impl Validation {
    pub(crate) fn compile(rules: &DocumentRules) -> Result<Self, InvalidRules> {
        let mut requests = Sheet::default();
        let mut answers = Sheet::default();
        for operation in rules.operations.values() {
            requests.add_parameters(&operation.parameters);
            for media in operation.query.iter().chain(&operation.body).flat_map(|body| &body.media) {
                requests.add_media(media);
            }
            for answer in &operation.answers {
                for media in &answer.media {
                    answers.add_media(media);
                }
                answers.add_parameters(&answer.fields);
            }
        }
        let mut requests = requests.compile("requests", &rules.requests)?;
        let mut answers = answers.compile("answers", &rules.answers)?;
        let checks = rules.operations.iter().map(|(name, rules)| {
            (name.as_str().into(), Arc::new(OperationChecks::new(rules, &mut requests, &mut answers)))
        });
        Ok(Self { operations: checks.collect() })
    }

    /// The checks of an operation; `None` for one that the document does not have.
    pub(crate) fn operation(&self, name: &str) -> Option<Arc<OperationChecks>> {
        self.operations.get(name).cloned()
    }
}

/// The schemas of one side on their way into one validator, under keys that count up.
#[derive(Default)]
struct Sheet(Map<String, Value>);

impl Sheet {
    fn add(&mut self, schema: Value) {
        self.0.insert(self.0.len().to_string(), schema);
    }

    fn add_parameters(&mut self, rules: &[ParameterRule]) {
        let mut places = Map::new();
        for rule in rules {
            let place = places.entry(parameter::place(rule.location)).or_insert_with(|| json!({"properties": {}}));
            place["properties"][&rule.name] = rule.schema.clone();
        }
        self.add(json!({"properties": places}));
    }

    fn add_media(&mut self, rule: &MediaRule) {
        if let Some(schema) = &rule.schema {
            self.add(schema.clone());
        }
    }

    fn compile(self, side: &'static str, definitions: &Map<String, Value>) -> Result<Entries, InvalidRules> {
        let mut schema = json!({"$defs": definitions, "properties": self.0});
        fuel::count_in(&mut schema);
        let patterns = PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES);
        let options = jsonschema::options().with_draft(Draft::Draft202012).with_pattern_options(patterns);
        let options = options.with_keyword(fuel::KEYWORD, |_, _, _| Ok(Box::new(fuel::Step)));
        let validator = options.should_validate_formats(true).build(&schema).map_err(|error| InvalidRules {
            side,
            pointer: error.instance_path().as_str().to_owned(),
            problem: error.masked().to_string(),
        })?;
        Ok(Entries { validator: Arc::new(validator), next: 0 })
    }
}

/// Gives entries out in the order in which they were put into the [`Sheet`].
struct Entries {
    validator: Arc<Validator>,
    next: usize,
}

impl Entries {
    fn next(&mut self) -> Entry {
        let key = self.next.to_string().into();
        self.next += 1;
        Entry { validator: Arc::clone(&self.validator), key }
    }

    fn media(&mut self, rules: &[MediaRule]) -> Vec<Media> {
        let media = rules.iter().map(|rule| Media {
            range: media::Range::new(&rule.media_type),
            entry: rule.schema.is_some().then(|| self.next()),
            form: rule.form.clone(),
        });
        media.collect()
    }
}

impl Entry {
    /// Faults of a value, with pointers that begin with `root`.
    fn check(&self, value: Value, root: &str, values: usize) -> Vec<Fault> {
        let mut whole = Map::with_capacity(1);
        whole.insert(self.key.as_ref().to_owned(), value);
        let whole = Value::Object(whole);
        let mut words = words::Words::new(self.key.len() + 1, root);
        let mut tell = || {
            if values <= MANY_VALUES {
                self.validator.iter_errors(&whole).for_each(|error| words.tell(&error));
            } else if let Err(error) = self.validator.validate(&whole) {
                words.tell(&error);
            }
        };
        let found = fuel::within(STEPS, || self.validator.is_valid(&whole));
        let found = found.and_then(|valid| if valid { Ok(()) } else { fuel::within(STEPS_TO_TELL, &mut tell) });
        let mut faults = words.faults();
        if found.is_err() && faults.is_empty() {
            let message = "does not fit the document, and nests too many alternatives for saying where";
            faults.push(Fault::new(root, message));
        }
        faults
    }
}

impl OperationChecks {
    fn new(rules: &OperationRules, requests: &mut Entries, answers: &mut Entries) -> Self {
        Self {
            parameters: Parameters::new(&rules.parameters, &rules.template, requests.next()),
            query: rules.query.as_ref().map(|query| {
                let media = requests.media(&query.media);
                let form = media.into_iter().find_map(|media| Some((media.entry?, media.form?)));
                Query { required: query.required, form }
            }),
            body: rules.body.as_ref().map(|body| Body {
                required: body.required,
                media: requests.media(&body.media),
                accepted: media::listed(&body.media),
            }),
            answers: rules.answers.iter().map(|rule| Answer::new(rule, answers)).collect(),
        }
    }

    /// Checks path, query, header fields and cookies. The path is the document's, in canonical form as it was matched; the
    /// query is without its `?`. Parameters that the document does not know pass.
    pub(crate) fn parameters(&self, path: &str, query: &str, fields: &Fields) -> Vec<Fault> {
        let mut faults = self.parameters.check(&parameter::Found { path, query, fields });
        if let Some(whole) = &self.query {
            faults.extend(whole.check(query));
            faults.truncate(MAX_FAULTS);
        }
        faults
    }

    /// What is to be done with a request's body, by its head. `Ok(None)`: it may pass unseen.
    pub(crate) fn body(&self, fields: &Fields, has_body: bool) -> Result<Option<BodyCheck<'_>>, BodyRefusal> {
        let Some(body) = &self.body else { return Ok(None) };
        if !has_body {
            let message = match body.accepted.as_ref() {
                "" => "A body is required.".to_owned(),
                accepted => format!("A body is required; send {accepted}."),
            };
            return if body.required { Err(BodyRefusal::Missing(Fault::new("/body", message))) } else { Ok(None) };
        }
        if body.media.is_empty() {
            return Ok(None);
        }
        let unsupported = |accepted: String| Err(BodyRefusal::Unsupported { accepted });
        // Of two, the upstream might take the other one.
        let only = fields.get_all("content-type").nth(1).is_none();
        let sent = fields.text("content-type").filter(|_| only).and_then(media::essence);
        let found = sent.as_deref().and_then(|sent| Some((sent, media::closest(&body.media, sent)?)));
        let Some((sent, media)) = found else { return unsupported(body.accepted.to_string()) };
        let Some(entry) = &media.entry else { return Ok(None) };
        let form = match &media.form {
            Some(form) => Some(form),
            None if media::is_json(sent) => None,
            None => return Ok(None),
        };
        // What is packed could not be seen, and an upstream might unpack it.
        if fields.members("content-encoding").any(|coding| !coding.eq_ignore_ascii_case(b"identity")) {
            return unsupported(format!("{} without Content-Encoding", body.accepted));
        }
        Ok(Some(BodyCheck { entry, form }))
    }

    /// Whether any answer of the operation is described.
    pub(crate) fn checks_answers(&self) -> bool {
        !self.answers.is_empty()
    }

    /// What an answer's head shows, and whether its body is to be checked.
    pub(crate) fn answer(&self, status: u16, fields: &Fields, has_body: bool) -> AnswerCheck<'_> {
        let nothing = |faults| AnswerCheck { faults, entry: None };
        let known = self.answers.iter().filter_map(|answer| Some((answer.status.closeness(status)?, answer)));
        let Some((_, answer)) = known.max_by_key(|(closeness, _)| *closeness) else {
            if self.answers.is_empty() {
                return nothing(Vec::new());
            }
            return nothing(vec![Fault::new("/status", format!("The document does not know the status {status}."))]);
        };
        let mut faults = answer.fields.check(&parameter::Found { path: "", query: "", fields });
        if !has_body || answer.media.is_empty() {
            return nothing(faults);
        }
        let sent = fields.text("content-type").and_then(media::essence);
        let found = sent.as_deref().and_then(|sent| Some((sent, media::closest(&answer.media, sent)?)));
        let Some((sent, media)) = found else {
            let message = format!("should be {}", answer.expected);
            faults.push(Fault::new("/header/Content-Type", message));
            return nothing(faults);
        };
        let packed = fields.contains("content-encoding");
        AnswerCheck { faults, entry: media.entry.as_ref().filter(|_| media::is_json(sent) && !packed) }
    }
}

impl Query {
    fn check(&self, query: &str) -> Vec<Fault> {
        const PLACE: &str = "/query";
        let Some((entry, kind)) = self.form.as_ref().filter(|_| !query.is_empty()) else {
            let is_missing = self.required && query.is_empty();
            return if is_missing { vec![Fault::new(PLACE, "is required")] } else { Vec::new() };
        };
        match form::parse(query.as_bytes(), kind, PLACE) {
            Ok(value) => entry.check(value, PLACE, form::MAX_FIELDS),
            Err(fault) => vec![fault],
        }
    }
}

impl Answer {
    fn new(rule: &AnswerRule, entries: &mut Entries) -> Self {
        let media = entries.media(&rule.media);
        let fields = Parameters::new(&rule.fields, "", entries.next());
        Self { status: rule.status, media, expected: media::listed(&rule.media), fields }
    }
}

impl BodyCheck<'_> {
    /// Faults of a whole body.
    pub(crate) fn check(self, bytes: &[u8]) -> Vec<Fault> {
        let (value, values) = match self.form {
            Some(kind) => match form::parse(bytes, kind, "/body") {
                Ok(value) => (value, form::MAX_FIELDS),
                Err(fault) => return vec![fault],
            },
            None => match json::parse(bytes) {
                Ok(parsed) => parsed,
                Err(message) => return vec![Fault::new("/body", message)],
            },
        };
        self.entry.check(value, "/body", values)
    }
}

impl AnswerCheck<'_> {
    /// Whether [`AnswerCheck::check`] has something to look for.
    pub(crate) fn needs_body(&self) -> bool {
        self.entry.is_some()
    }

    /// All faults, those of the head first.
    pub(crate) fn check(mut self, bytes: &[u8]) -> Vec<Fault> {
        let Some(entry) = self.entry else { return self.faults };
        match json::parse(bytes) {
            Ok((value, values)) => self.faults.extend(entry.check(value, "/body", values)),
            Err(message) => self.faults.push(Fault::new("/body", message)),
        }
        self.faults.truncate(MAX_FAULTS);
        self.faults
    }
}

#[cfg(test)]
mod tests;
