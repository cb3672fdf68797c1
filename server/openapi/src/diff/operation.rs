//! Two operations side by side: parameters, bodies, responses, callbacks.
use super::{
    Comparing,
    operations::{id, path_names},
    schema::Spot,
    words::{self, deprecation},
};
use crate::{
    example::Side,
    limits,
    outline::{Entry, members, text},
    part::{Body, Content, Parameter, Place, Response},
    refer,
    rules::{location, style},
    schema::facets::gather,
};
use ChangeClass::{Breaking, Compatible, Docs};
use portico_contract::changes::{ChangeClass, Edition};
use serde_json::Value;
use std::collections::BTreeMap;

/// What says nothing allows anything.
static ANYTHING: Value = Value::Bool(true);

impl<'d> Comparing<'d> {
    /// `sent`: the API makes the call, and whoever reads this answers it.
    pub(super) fn operation(&mut self, unit: usize, was: &Entry, is: &Entry, sent: bool) {
        let found = (self.before.root.pointer(&was.pointer), self.after.root.pointer(&is.pointer));
        let (Some(before), Some(after)) = found else { return };
        let item = |root: &'d Value, entry: &Entry| root.pointer(&entry.item).unwrap_or(&Value::Null);
        let items = (item(self.before.root, was), item(self.after.root, is));
        self.about(unit, (was, before), (is, after));
        self.security(unit, before, after);
        let names = (path_names(&was.path).collect::<Vec<_>>(), path_names(&is.path).collect::<Vec<_>>());
        self.calls(Call { unit, sent, within: "" }, (items.0, before), (items.1, after), &names);
        self.callbacks(unit, before, after, sent);
    }

    fn about(&mut self, unit: usize, (was, before): (&Entry, &Value), (is, after): (&Entry, &Value)) {
        let here = (Edition::After, None);
        if was.deprecated != is.deprecated {
            let (said, advice) = deprecation(is.deprecated);
            let words = (format!("the operation {said}"), advice);
            self.tell(unit, Compatible, "operation-deprecated", here, words);
        }
        let ids = (id(self.before.root, was), id(self.after.root, is));
        if ids.0 != ids.1 && ids.0.is_some() {
            let name = |id: Option<&str>| id.map_or_else(|| "no name".to_owned(), words::code);
            let message = format!(
                "the operation's name for programs (`operationId`) is {} now, was {}",
                name(ids.1),
                name(ids.0)
            );
            let advice = "Clients made from the document call it by another name.";
            self.tell(
                unit,
                Compatible,
                "operation-renamed",
                (Edition::After, after.get("operationId")),
                (message, advice),
            );
        }
        let said = |of: &'_ Value| -> (Option<String>, Option<String>) {
            (text(of, "summary").map(str::to_owned), text(of, "description").map(str::to_owned))
        };
        if said(before) != said(after) {
            self.reworded(unit);
        }
        let group = |of: &Value| of.get("tags").and_then(|tags| tags.get(0)).and_then(Value::as_str).map(str::to_owned);
        if let (Some(was), Some(is)) = (group(before), group(after))
            && was != is
        {
            let message =
                format!("the operation stands in the group {} now, was in {}", words::code(&is), words::code(&was));
            self.tell(unit, Docs, "operation-regrouped", here, (message, ""));
        }
    }

    fn calls(
        &mut self,
        call: Call<'_>,
        before: (&'d Value, &'d Value),
        after: (&'d Value, &'d Value),
        names: &(Vec<&str>, Vec<&str>),
    ) {
        let (was, _) = self.before.parameters(before.0, before.1);
        let (is, _) = self.after.parameters(after.0, after.1);
        self.parameters(call, was, is, names);
        let (was, _) = self.before.body(before.0, before.1);
        let (is, _) = self.after.body(after.0, after.1);
        self.body(call, was, is);
        let (was, _) = self.before.responses(before.1);
        let (is, _) = self.after.responses(after.1);
        self.responses(call, &was, &is);
    }

    fn parameters(
        &mut self,
        call: Call<'_>,
        was: Vec<Parameter<'d>>,
        is: Vec<Parameter<'d>>,
        names: &(Vec<&str>, Vec<&str>),
    ) {
        let key = |parameter: &Parameter<'_>, names: &[&str]| match parameter.place {
            Place::Path => match names.iter().position(|name| *name == parameter.name) {
                Some(n) => (parameter.place.title(), format!("#{n}")),
                None => (parameter.place.title(), parameter.name.to_owned()),
            },
            Place::Header => (parameter.place.title(), parameter.name.to_lowercase()),
            place => (place.title(), parameter.name.to_owned()),
        };
        let counts = |parameter: &Parameter<'_>| {
            // Said elsewhere in a document (OpenAPI 3.1, 4.8.12.1).
            let elsewhere = ["accept", "content-type", "authorization"];
            parameter.place != Place::Header || !elsewhere.contains(&parameter.name.to_lowercase().as_str())
        };
        let mut before: BTreeMap<_, Parameter<'d>> =
            was.into_iter().filter(counts).map(|parameter| (key(&parameter, &names.0), parameter)).collect();
        let mut new = Vec::new();
        for parameter in is.into_iter().filter(counts) {
            match before.remove(&key(&parameter, &names.1)) {
                Some(was) => self.parameter(call, &was, &parameter),
                None => new.push(parameter),
            }
        }
        for parameter in new {
            let moved = before.iter().find(|(_, was)| was.name == parameter.name).map(|(key, _)| key.clone());
            if let Some(was) = moved.and_then(|key| before.remove(&key)) {
                let message =
                    format!("{} moved there from the {}", lead(call, &parameter), was.place.title().to_lowercase());
                let place = (Edition::After, Some(parameter.source));
                self.tell(call.unit, Breaking, "parameter-moved", place, (message, "Send it at its new place."));
                continue;
            }
            let place = (Edition::After, Some(parameter.source));
            let lead = lead(call, &parameter);
            if parameter.required && !call.sent {
                let words = (format!("{lead} is new and required"), "Always send it.");
                self.tell(call.unit, Breaking, "parameter-added", place, words);
            } else {
                self.tell(call.unit, Compatible, "parameter-added", place, (format!("{lead} is new"), ""));
            }
        }
        for was in before.into_values() {
            let words =
                (format!("{} is gone", lead(call, &was)), "Do not send it any more: it has no effect or is refused.");
            self.tell(call.unit, Breaking, "parameter-removed", (Edition::Before, Some(was.source)), words);
        }
    }

    fn parameter(&mut self, call: Call<'_>, was: &Parameter<'d>, is: &Parameter<'d>) {
        let lead = lead(call, is);
        let place = (Edition::After, Some(is.source));
        if was.name != is.name && was.place == Place::Path {
            let message = format!("{lead} was called {}; calls look the same", words::code(was.name));
            self.tell(call.unit, Docs, "parameter-renamed", place, (message, ""));
        }
        match (was.required, is.required, call.sent) {
            (false, true, false) => {
                let words = (format!("{lead} is required now"), "Always send it.");
                self.tell(call.unit, Breaking, "parameter-required", place, words);
            }
            (true, false, true) => {
                let words = (format!("{lead} may be missing now"), "Be ready for calls without it.");
                self.tell(call.unit, Breaking, "parameter-optional", place, words);
            }
            (true, false, false) => {
                self.tell(
                    call.unit,
                    Compatible,
                    "parameter-optional",
                    place,
                    (format!("{lead} may be left out now"), ""),
                );
            }
            (false, true, true) => {
                self.tell(
                    call.unit,
                    Compatible,
                    "parameter-required",
                    place,
                    (format!("{lead} is always there now"), ""),
                );
            }
            _ => {}
        }
        self.field(call, &lead, was, is, call.side(Side::Request));
    }

    /// What parameters and fields of responses have in common.
    fn field(&mut self, call: Call<'_>, lead: &str, was: &Parameter<'d>, is: &Parameter<'d>, side: Side) {
        let place = (Edition::After, Some(is.source));
        if was.deprecated != is.deprecated {
            let (said, advice) = deprecation(is.deprecated);
            self.tell(call.unit, Compatible, "deprecated", place, (format!("{lead} {said}"), advice));
        }
        if was.description != is.description {
            self.reworded(call.unit);
        }
        let media = |of: &Parameter<'d>| members(of.source.get("content")).next().map(|(media, _)| essence(media));
        let style = |of: &Parameter<'_>, dialect| style::of(dialect, location(of.place), of.source);
        let structured = |root: &Value, of: &Parameter<'_>| {
            let facets = gather(root, &[&of.schema]);
            facets.types.iter().any(|name| matches!(*name, "array" | "object")) || facets.items.is_some()
        };
        let lists = structured(self.before.root, was) && structured(self.after.root, is);
        let written = (style(was, self.before.dialect), style(is, self.after.dialect));
        if media(was) != media(is) || lists && media(is).is_none() && written.0 != written.1 {
            let words = (format!("{lead} is written in another way now"), "Look at how lists and objects are written.");
            self.tell(call.unit, Breaking, "style-changed", place, words);
        }
        self.schemas(&Spot::top(call.unit, side, lead), &[&was.schema], &[&is.schema]);
    }

    fn body(&mut self, call: Call<'_>, was: Option<Body<'d>>, is: Option<Body<'d>>) {
        let lead = call.name("the request body");
        let here = (Edition::After, None);
        match (was, is) {
            (None, None) => {}
            (None, Some(is)) if is.required && !call.sent => {
                let words = (format!("{lead} is new and required"), "Always send one.");
                self.tell(call.unit, Breaking, "body-added", here, words);
            }
            (None, Some(_)) => self.tell(call.unit, Compatible, "body-added", here, (format!("{lead} is new"), "")),
            (Some(_), None) => {
                let advice = if call.sent {
                    "Do without it."
                } else {
                    "Do not send one any more: it has no effect or is refused."
                };
                let words = (format!("{lead} is gone"), advice);
                self.tell(call.unit, Breaking, "body-removed", (Edition::Before, None), words);
            }
            (Some(was), Some(is)) => {
                let required = match (was.required, is.required, call.sent) {
                    (false, true, false) => Some((Breaking, "is required now", "Always send one.")),
                    (true, false, true) => Some((Breaking, "may be missing now", "Be ready for calls without one.")),
                    (false, true, true) => Some((Compatible, "is always there now", "")),
                    (true, false, false) => Some((Compatible, "may be left out now", "")),
                    _ => None,
                };
                if let Some((class, said, advice)) = required {
                    self.tell(call.unit, class, "body-required", here, (format!("{lead} {said}"), advice));
                }
                if was.description != is.description {
                    self.reworded(call.unit);
                }
                self.contents(call, &lead, &was.contents, &is.contents, call.side(Side::Request));
            }
        }
    }

    /// Media types, and what each holds.
    fn contents(&mut self, call: Call<'_>, lead: &str, was: &[Content<'d>], is: &[Content<'d>], side: Side) {
        let of = |content: &Content<'_>| essence(content.media_type);
        let full = |content: &Content<'_>| content.media_type.trim().to_lowercase();
        let several = was.len() > 1 || is.len() > 1;
        let mut answered = vec![false; is.len()];
        for before in was.iter().take(limits::VARIANTS) {
            let exact = is.iter().position(|after| full(after) == full(before));
            let found = exact.or_else(|| is.iter().position(|after| of(after) == of(before)));
            let covered = || is.iter().position(|after| covers(&of(after), &of(before)));
            let within = || is.iter().position(|after| covers(&of(before), &of(after)));
            let target = is.first().and_then(|after| after.schema.as_deref());
            let n = match found.or_else(covered) {
                Some(n) => n,
                None => match within() {
                    // One of a range is left: less may be sent, and less is answered.
                    Some(n) if side == Side::Answer => n,
                    _ => {
                        let said = if side == Side::Request { "is no longer taken as" } else { "no longer comes as" };
                        let advice = if side == Side::Request { "Send another type." } else { "Ask for another type." };
                        let words = (format!("{lead} {said} {}", words::code(before.media_type)), advice);
                        self.tell(call.unit, Breaking, "media-type-removed", (Edition::After, target), words);
                        continue;
                    }
                },
            };
            answered[n] = true;
            let name = if several { format!("{lead} as {}", words::code(is[n].media_type)) } else { lead.to_owned() };
            let schema = |content: &'_ Content<'d>| content.schema.is_some();
            if schema(before) || schema(&is[n]) {
                let (left, right) = (before.schema.as_deref(), is[n].schema.as_deref());
                self.schemas(
                    &Spot::top(call.unit, side, &name),
                    &[left.unwrap_or(&ANYTHING)],
                    &[right.unwrap_or(&ANYTHING)],
                );
            }
        }
        for (after, _) in is.iter().zip(answered).filter(|(_, answered)| !answered).take(limits::VARIANTS) {
            let said = if side == Side::Request { "may be sent as" } else { "also comes as" };
            let message = format!("{lead} {said} {} now", words::code(after.media_type));
            let place = (Edition::After, after.schema.as_deref());
            self.tell(call.unit, Compatible, "media-type-added", place, (message, ""));
        }
    }

    fn responses(&mut self, call: Call<'_>, was: &[Response<'d>], is: &[Response<'d>]) {
        let status = |response: &Response<'_>| response.status.trim().to_uppercase();
        let range = |status: &str| status.chars().next().map(|first| format!("{first}XX"));
        let mut answered = vec![false; is.len()];
        for before in was {
            let wanted = status(before);
            let exact = is.iter().position(|after| status(after) == wanted);
            let wider = || is.iter().position(|after| Some(status(after)) == range(&wanted));
            let success = wanted.starts_with('2') || wanted == "DEFAULT";
            let lead = call.name(&format!("response {}", words::code(before.status)));
            let Some(n) = exact.or_else(wider) else {
                let class = if success && !call.sent { Breaking } else { Compatible };
                let advice =
                    if class == Breaking { "Look at the other responses: one comes in its place." } else { "" };
                self.tell(
                    call.unit,
                    class,
                    "response-removed",
                    (Edition::Before, None),
                    (format!("{lead} is gone"), advice),
                );
                continue;
            };
            answered[n] = true;
            let after = &is[n];
            if before.description != after.description {
                self.reworded(call.unit);
            }
            self.headers(call, &lead, &before.headers, &after.headers);
            let side = call.side(Side::Answer);
            match (before.contents.is_empty(), after.contents.is_empty()) {
                (false, true) => {
                    let words = (format!("{lead} has no body any more"), "Do not wait for one.");
                    self.tell(call.unit, Breaking, "body-removed", (Edition::After, None), words);
                }
                (true, false) => {
                    self.tell(
                        call.unit,
                        Compatible,
                        "body-added",
                        (Edition::After, None),
                        (format!("{lead} has a body now"), ""),
                    );
                }
                _ => self.contents(call, &lead, &before.contents, &after.contents, side),
            }
        }
        for (after, _) in is.iter().zip(answered).filter(|(_, answered)| !answered) {
            let message = format!("{} is new", call.name(&format!("response {}", words::code(after.status))));
            self.tell(call.unit, Compatible, "response-added", (Edition::After, None), (message, ""));
        }
    }

    fn headers(&mut self, call: Call<'_>, of: &str, was: &[Parameter<'d>], is: &[Parameter<'d>]) {
        let counts = |header: &&Parameter<'_>| !header.name.eq_ignore_ascii_case("content-type");
        for before in was.iter().filter(counts) {
            let lead = format!("the header {} of {of}", words::code(before.name));
            let Some(after) = is.iter().find(|after| after.name.eq_ignore_ascii_case(before.name)) else {
                let words = (format!("{lead} is gone"), "Do without it.");
                self.tell(call.unit, Breaking, "header-removed", (Edition::Before, Some(before.source)), words);
                continue;
            };
            let place = (Edition::After, Some(after.source));
            match (before.required, after.required) {
                (true, false) => {
                    let words = (format!("{lead} may be missing now"), "Be ready for answers without it.");
                    self.tell(call.unit, Breaking, "header-optional", place, words);
                }
                (false, true) => {
                    self.tell(
                        call.unit,
                        Compatible,
                        "header-required",
                        place,
                        (format!("{lead} is always there now"), ""),
                    );
                }
                _ => {}
            }
            self.field(call, &lead, before, after, call.side(Side::Answer));
        }
        for after in is.iter().filter(counts) {
            if !was.iter().any(|before| before.name.eq_ignore_ascii_case(after.name)) {
                let message = format!("the header {} of {of} is new", words::code(after.name));
                self.tell(call.unit, Compatible, "header-added", (Edition::After, Some(after.source)), (message, ""));
            }
        }
    }

    /// Calls that the API makes in return.
    fn callbacks(&mut self, unit: usize, before: &'d Value, after: &'d Value, sent: bool) {
        let listed = |root: &'d Value, of: &'d Value| {
            let mut calls: BTreeMap<(&'d str, String), (&'d Value, &'d Value)> = BTreeMap::new();
            for (name, callback) in members(of.get("callbacks")).take(limits::VARIANTS) {
                let Ok((callback, _)) = refer::resolve(root, callback) else { continue };
                for (_, item) in members(Some(callback)).take(limits::VARIANTS) {
                    for (method, operation) in members(Some(item)).filter(|(_, operation)| operation.is_object()) {
                        calls.insert((name, method.to_lowercase()), (item, operation));
                    }
                }
            }
            calls
        };
        let mut was = listed(self.before.root, before);
        for ((name, method), is) in listed(self.after.root, after) {
            let within = format!("the callback {}", words::code(name));
            if let Some(was) = was.remove(&(name, method)) {
                let call = Call { unit, sent: !sent, within: &within };
                self.calls(call, was, is, &(Vec::new(), Vec::new()));
            } else {
                let place = (Edition::After, Some(is.1));
                self.tell(unit, Compatible, "callback-added", place, (format!("{within} is new"), ""));
            }
        }
        for ((name, _), (_, was)) in was {
            let words = (format!("the callback {} is gone", words::code(name)), "Do not wait for it any more.");
            self.tell(unit, Breaking, "callback-removed", (Edition::Before, Some(was)), words);
        }
    }
}

/// Which call is compared.
#[derive(Clone, Copy)]
struct Call<'c> {
    unit: usize,
    /// Whether the API makes it.
    sent: bool,
    /// The callback it is; empty for the operation itself.
    within: &'c str,
}

impl Call<'_> {
    /// Who bears what: of a call that the API makes, the request is what readers get.
    fn side(self, side: Side) -> Side {
        match (self.sent, side) {
            (false, side) => side,
            (true, Side::Request) => Side::Answer,
            (true, Side::Answer) => Side::Request,
        }
    }

    fn name(self, part: &str) -> String {
        if self.within.is_empty() { part.to_owned() } else { format!("{part} of {}", self.within) }
    }
}

fn lead(call: Call<'_>, parameter: &Parameter<'_>) -> String {
    let place = match parameter.place {
        Place::Path => "path parameter",
        Place::Query => "query parameter",
        Place::Header => "header",
        Place::Cookie => "cookie",
    };
    call.name(&format!("the {place} {}", words::code(parameter.name)))
}

/// A media type without its parameters.
fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_lowercase()
}

/// Whether a range such as `image/*` holds a media type.
fn covers(range: &str, media_type: &str) -> bool {
    range == "*/*" || range.strip_suffix('*').is_some_and(|kind| kind.ends_with('/') && media_type.starts_with(kind))
}
