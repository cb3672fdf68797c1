//! The parts of an API's settings as forms show and send them.
//!
//! An input is named after its setting, so one table of kinds says how all of them are written and read; what may stand
//! in them, the domain says.
use crate::{Control, ControlError, Fault, Who, permit::ManageApis, settings::refused};
use portico_contract::settings::{PartLine, PartPage, SettingsPart};
use portico_domain::{ApiSettings, SettingsPatch, Slug};
use serde_json::{Map, Value, json};

/// How a setting is written in its input.
#[derive(Clone, Copy)]
enum Kind {
    /// A box that says whether an object is there.
    Switch,
    /// A box.
    Flag,
    Number,
    Word,
    /// The number without which the object around it is not there.
    LeadingNumber,
    /// The address of an upstream, without which the object around it is not there.
    LeadingUpstream,
    /// Texts, one a line.
    Lines,
    /// Names of header fields, in small letters, with commas between.
    FieldNames,
    /// Names of methods, in capitals, with commas between.
    Methods,
    Numbers,
    /// Two numbers, e.g. `200-399`.
    Range,
    /// `name: value`, one a line; the names are those of header fields.
    Fields,
    /// `name=value`, one a line.
    Parameters,
    Json,
}

fn kind(field: &str) -> Kind {
    match field {
        "health" | "cors" | "cache" | "maintenance" => Kind::Switch,
        "compress" | "cors.credentials" | "validate.request" | "cache.shared" => Kind::Flag,
        "balance"
        | "connection.protocol"
        | "connection.ca"
        | "connection.client_certificate"
        | "connection.server_name"
        | "health.path"
        | "limits.rate.per"
        | "validate.response"
        | "errors"
        | "mock"
        | "maintenance.message" => Kind::Word,
        "limits.rate.limit" => Kind::LeadingNumber,
        "shadow.upstream" => Kind::LeadingUpstream,
        "hosts" | "allow_ips" | "deny_ips" | "cors.origins" | "maintenance.except_ips" | "transform.query.remove" => {
            Kind::Lines
        }
        "cors.headers" | "cors.expose" | "cache.vary" | "transform.request.remove" | "transform.response.remove" => {
            Kind::FieldNames
        }
        "cors.methods" => Kind::Methods,
        "retry.statuses" => Kind::Numbers,
        "health.expect" => Kind::Range,
        "transform.request.set" | "transform.request.add" | "transform.response.set" | "transform.response.add" => {
            Kind::Fields
        }
        "transform.query.set" => Kind::Parameters,
        "routes" | "operation_settings" => Kind::Json,
        _ => Kind::Number,
    }
}

impl Control {
    pub(super) async fn show_settings_part(
        &self,
        who: &Who,
        slug: &Slug,
        part: SettingsPart,
    ) -> Result<PartPage, ControlError> {
        who.permit::<ManageApis>()?;
        let api = self.find_api(who, slug).await?;
        let everything = json!(ApiSettings::with_everything(slug));
        let written = |settings: &ApiSettings| {
            let settings = json!(settings);
            let write = |field: &&str| ((*field).to_owned(), write(&settings, &everything, field));
            part.fields().iter().map(write).collect()
        };
        let (values, defaults) = (written(&api.settings), written(&ApiSettings::new(slug)));
        let (mut operations, mut strays) = (Vec::new(), Vec::new());
        if part == SettingsPart::Advanced
            && let Some(published) = api.published
        {
            let routes = self.store.routes(published).await?.unwrap_or_default();
            operations.extend(routes.into_iter().map(|route| route.operation));
            let named = api.settings.policies.operations.into_keys();
            strays.extend(named.filter(|name| !operations.contains(name)));
        }
        Ok(PartPage { slug: slug.to_string(), title: api.title, part, values, defaults, operations, strays })
    }

    pub(super) async fn save_settings_part_by_form(
        &self,
        who: &Who,
        slug: &Slug,
        part: SettingsPart,
        fields: &[(String, String)],
    ) -> Result<(), ControlError> {
        let patch = read_part(part, fields)?;
        self.change_settings(who, slug, &patch).await.map_err(|error| at_inputs(error, part))?;
        Ok(())
    }
}

/// What was set in each part.
pub(super) fn part_lines(slug: &Slug, settings: &ApiSettings) -> Vec<PartLine> {
    let (now, new) = (json!(settings), json!(ApiSettings::new(slug)));
    let lines = SettingsPart::ALL.into_iter().map(|part| {
        let mut set: Vec<String> = part.fields().iter().map(|field| member(field).to_owned()).collect();
        set.dedup();
        set.retain(|member| now.get(member) != new.get(member));
        PartLine { part, set }
    });
    lines.collect()
}

fn member(field: &str) -> &str {
    field.split('.').next().unwrap_or(field)
}

fn pointer(field: &str) -> String {
    format!("/{}", field.replace('.', "/"))
}

/// What stands in an input. Where the object around it is not there, it shows what a new one would have.
fn write(settings: &Value, everything: &Value, field: &str) -> String {
    let (kind, pointer) = (kind(field), pointer(field));
    let around = pointer.rsplit_once('/').map_or("", |(around, _)| around);
    let there = settings.pointer(around).is_some_and(|around| !around.is_null());
    if !there && matches!(kind, Kind::LeadingNumber | Kind::LeadingUpstream) {
        return String::new();
    }
    let value = if there { settings.pointer(&pointer) } else { everything.pointer(&pointer) };
    let value = value.unwrap_or(&Value::Null);
    match kind {
        Kind::Switch => if value.is_null() { "" } else { "on" }.to_owned(),
        Kind::Flag => if value == &Value::Bool(true) { "on" } else { "" }.to_owned(),
        Kind::Number | Kind::LeadingNumber | Kind::Word => text(value),
        Kind::LeadingUpstream => text(value.get("url").unwrap_or(&Value::Null)),
        Kind::Lines => texts(value).join("\n"),
        Kind::FieldNames | Kind::Methods | Kind::Numbers => texts(value).join(", "),
        Kind::Range => texts(value).join("-"),
        Kind::Fields => pairs(value, ": "),
        Kind::Parameters => pairs(value, "="),
        Kind::Json => {
            let empty = value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty);
            if empty {
                String::new()
            } else {
                serde_json::to_string_pretty(&without_defaults(value)).unwrap_or_default()
            }
        }
    }
}

/// Operations are shown with what was set for them, not with the many members that say nothing.
fn without_defaults(value: &Value) -> Value {
    let says_something = |value: &Value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    };
    match value {
        Value::Object(members) => {
            let kept = members.iter().map(|(name, value)| (name.clone(), without_defaults(value)));
            Value::Object(kept.filter(|(_, value)| says_something(value)).collect())
        }
        other => other.clone(),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}

fn pairs(value: &Value, between: &str) -> String {
    let pairs = value.as_object().into_iter().flatten();
    pairs.map(|(name, value)| format!("{name}{between}{}", text(value))).collect::<Vec<_>>().join("\n")
}

/// The part as a patch; every fault at its input.
fn read_part(part: SettingsPart, sent: &[(String, String)]) -> Result<SettingsPatch, ControlError> {
    let sent = |field: &str| sent.iter().find(|(name, _)| name == field).map(|(_, value)| value.trim());
    let mut members = Map::new();
    for field in part.fields() {
        // What no input says has its default again.
        members.insert(member(field).to_owned(), Value::Null);
    }
    let missing = |object: &str| {
        let leading = part.fields().iter().find(|field| match kind(field) {
            Kind::Switch => **field == object,
            Kind::LeadingNumber | Kind::LeadingUpstream => {
                field.rsplit_once('.').is_some_and(|(around, _)| around == object)
            }
            _ => false,
        });
        leading.is_some_and(|field| sent(field).is_none_or(str::is_empty))
    };
    let mut faults = Vec::new();
    for field in part.fields() {
        let around = field.rsplit_once('.').map_or("", |(around, _)| around);
        if missing(around) {
            continue;
        }
        match read(kind(field), sent(field)) {
            Ok(Some(value)) => put(&mut members, field, value),
            Ok(None) => {}
            Err(message) => {
                faults.push(Fault { pointer: pointer(field), field: (*field).to_owned(), message });
            }
        }
    }
    if !faults.is_empty() {
        return Err(ControlError::Invalid(faults));
    }
    SettingsPatch::read_whole(members).map_err(|invalid| at_inputs(refused(invalid), part))
}

fn put(members: &mut Map<String, Value>, field: &str, value: Value) {
    let Some((first, rest)) = field.split_once('.') else {
        members.insert(field.to_owned(), value);
        return;
    };
    let inner = members.entry(first).or_insert(Value::Null);
    if !inner.is_object() {
        *inner = json!({});
    }
    if let Value::Object(inner) = inner {
        put(inner, rest, value);
    }
}

/// What an input says; `None` leaves the setting at its default.
fn read(kind: Kind, sent: Option<&str>) -> Result<Option<Value>, String> {
    let text = sent.unwrap_or_default();
    Ok(match kind {
        Kind::Switch => sent.map(|_| json!({})),
        Kind::Flag => Some(json!(sent.is_some())),
        _ if text.is_empty() => None,
        Kind::Number | Kind::LeadingNumber => Some(number(text)?),
        Kind::Word => Some(json!(text)),
        Kind::LeadingUpstream => Some(json!({ "url": text })),
        Kind::Lines => Some(json!(lines(text).collect::<Vec<_>>())),
        Kind::FieldNames => Some(json!(words(text).map(str::to_ascii_lowercase).collect::<Vec<_>>())),
        Kind::Methods => Some(json!(words(text).map(str::to_ascii_uppercase).collect::<Vec<_>>())),
        Kind::Numbers => Some(Value::Array(words(text).map(number).collect::<Result<_, _>>()?)),
        Kind::Range => {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            Some(json!([number(first.trim())?, number(last.trim())?]))
        }
        Kind::Fields => Some(map(text, ':', "a line is a header and its value, e.g. x-frame-options: DENY", true)?),
        Kind::Parameters => Some(map(text, '=', "a line is a parameter and its value, e.g. units=metric", false)?),
        Kind::Json => {
            let wrong = |error: serde_json::Error| format!("This is not JSON: {error}.");
            Some(serde_json::from_str(text).map_err(wrong)?)
        }
    })
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty())
}

fn number(text: &str) -> Result<Value, String> {
    // People group digits; nobody means a fraction here.
    let digits: String = text.chars().filter(|c| !matches!(c, ',' | ' ' | '_' | '\u{a0}')).collect();
    digits.parse::<u64>().map(|number| json!(number)).map_err(|_| "A whole number, e.g. 500.".to_owned())
}

fn map(text: &str, between: char, what: &str, fold: bool) -> Result<Value, String> {
    let mut map = Map::new();
    for (place, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let place = place + 1;
        let (name, value) = line.split_once(between).ok_or_else(|| format!("Line {place}: {what}."))?;
        let name = if fold { name.trim().to_ascii_lowercase() } else { name.trim().to_owned() };
        if map.contains_key(&name) {
            return Err(format!("Line {place}: {name} is there twice."));
        }
        map.insert(name, json!(value.trim()));
    }
    Ok(Value::Object(map))
}

/// Each fault at the input that says the setting.
fn at_inputs(error: ControlError, part: SettingsPart) -> ControlError {
    let ControlError::Invalid(faults) = error else { return error };
    let moved = faults.into_iter().map(|mut fault| {
        let below = |field: &&&str| {
            let place = pointer(field);
            fault.pointer == place || fault.pointer.starts_with(&format!("{place}/"))
        };
        let input = part.fields().iter().filter(below).max_by_key(|field| field.len());
        if let Some(input) = input {
            if matches!(kind(input), Kind::Json) {
                let inner = &fault.pointer[pointer(input).len()..];
                if !inner.is_empty() {
                    fault.message = format!("At {inner}: {}", fault.message);
                }
            }
            fault.field = (*input).to_owned();
        } else if let Some(first) = part.fields().iter().find(|field| member(field) == fault.field) {
            fault.field = (*first).to_owned();
        }
        fault
    });
    let mut moved: Vec<_> = moved.collect();
    // From the top of the page down.
    moved.sort_by_key(|fault| part.fields().iter().position(|field| *field == fault.field));
    ControlError::Invalid(moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug() -> Slug {
        "pets".parse().unwrap()
    }

    fn shown(settings: &ApiSettings, part: SettingsPart) -> Vec<(String, String)> {
        let (now, everything) = (json!(settings), json!(ApiSettings::with_everything(&slug())));
        let fields = part.fields().iter().map(|field| ((*field).to_owned(), write(&now, &everything, field)));
        // A browser sends no box that is not checked.
        fields.filter(|(field, value)| !value.is_empty() || !matches!(kind(field), Kind::Switch | Kind::Flag)).collect()
    }

    fn all(settings: &Value, path: &str, found: &mut Vec<String>) {
        let name = path.rsplit('.').next();
        let map = matches!(name, Some("set" | "add")) || matches!(path, "operation_settings" | "shadow.upstream");
        let members = settings.as_object().filter(|members| !map && !members.is_empty());
        let Some(members) = members else { return found.push(path.to_owned()) };
        for (name, value) in members {
            all(value, &if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, found);
        }
    }

    #[test]
    fn every_setting_has_one_input() {
        let mut settings = Vec::new();
        all(&json!(ApiSettings::with_everything(&slug())), "", &mut settings);
        let general = ["upstreams", "access", "visibility", "base_path", "plans", "timeout_ms", "max_body_bytes"];
        settings.retain(|setting| !general.contains(&setting.as_str()));
        let inputs = SettingsPart::ALL.into_iter().flat_map(|part| part.fields().iter().copied());
        let mut inputs: Vec<_> = inputs.filter(|field| !matches!(kind(field), Kind::Switch)).collect();
        settings.sort();
        inputs.sort_unstable();
        assert_eq!(settings, inputs);
    }

    #[test]
    fn a_form_sent_as_it_was_shown_changes_nothing() {
        let mut full = ApiSettings::with_everything(&slug());
        full.policies.transform.request.set.insert("x-a".into(), "1: {app}".into());
        full.policies.transform.query.set.insert("q".into(), "a=b".into());
        full.policies.retry.statuses = vec![502, 503];
        full.policies.hosts = vec!["a.example".into(), "b.example".into()];
        for settings in [ApiSettings::new(&slug()), full] {
            for part in SettingsPart::ALL {
                let patch = read_part(part, &shown(&settings, part)).unwrap();
                assert_eq!(patch.apply(&settings, &slug()).unwrap(), settings, "{part:?}");
            }
        }
    }

    #[test]
    fn a_box_that_is_not_checked_takes_its_object_away() {
        let full = ApiSettings::with_everything(&slug());
        let mut form = shown(&full, SettingsPart::Cors);
        form.retain(|(name, _)| name != "cors");
        let patch = read_part(SettingsPart::Cors, &form).unwrap();
        assert_eq!(patch.apply(&full, &slug()).unwrap().policies.cors, None);
    }

    #[test]
    fn faults_stand_at_their_inputs() {
        let faults = |part, fields: &[(&str, &str)]| {
            let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            match read_part(part, &fields) {
                Err(ControlError::Invalid(faults)) => faults.into_iter().map(|fault| fault.field).collect(),
                other => panic!("{other:?}"),
            }
        };
        let fields: Vec<String> = faults(
            SettingsPart::Routing,
            &[("hosts", "A\nb.example"), ("shadow.upstream", "ftp://a"), ("connection.ca", "x")],
        );
        assert_eq!(fields, ["hosts", "shadow.upstream"]);
        let fields = faults(SettingsPart::Limits, &[("limits.rate.limit", "many"), ("limits.rate.per", "second")]);
        assert_eq!(fields, ["limits.rate.limit"]);
        let fields =
            faults(SettingsPart::Headers, &[("transform.request.set", "Host: a"), ("transform.query.set", "a")]);
        assert_eq!(fields, ["transform.query.set"], "what cannot be read comes first");
        let fields = faults(SettingsPart::Advanced, &[("operation_settings", "{\"a\": {\"timeout_ms\": 1}}")]);
        assert_eq!(fields, ["operation_settings"]);
    }
}
