//! The last calls of a reader, in the browser's storage: what was filled in, never a secret.
use super::values::{self, Values};
use crate::islands::browser;
use portico_contract::form::{BodyKind, CallForm, Input};
use serde::{Deserialize, Serialize};
use serde_json::Value;

const PLACE: &str = "portico.calls";
/// Calls kept, of all APIs together.
const KEPT: usize = 20;
/// Bytes of one text kept; a longer one is left out.
const TEXT: usize = 16 * 1024;

/// A call that was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Milliseconds since 1970; tells entries apart.
    pub(super) at: u64,
    pub(super) reader: String,
    pub(super) api: String,
    pub(super) operation: String,
    pub(super) method: String,
    /// Path and query, without secrets.
    pub(super) target: String,
    pub(super) status: u16,
    pub(super) values: Values,
}

/// Of this reader and API, the last first.
pub(super) fn entries(reader: &str, api: &str) -> Vec<Entry> {
    let mut entries = all();
    entries.retain(|entry| entry.reader == reader && entry.api == api);
    entries
}

pub(super) fn keep(entry: Entry) {
    let mut entries = all();
    entries.insert(0, entry);
    entries.truncate(KEPT);
    browser::store(PLACE, &serde_json::to_string(&entries).unwrap_or_default());
}

pub(super) fn forget() {
    browser::store(PLACE, "[]");
}

fn all() -> Vec<Entry> {
    browser::stored(PLACE).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// What of the values may be kept: no credentials, nothing that is called like a secret, and of bodies only what has
/// names that say so.
pub(super) fn harmless(form: &CallForm, values: &Values) -> Values {
    let secret = |input: &Input| input.secret || sounds_secret(&input.name);
    let mut kept = values.clone();
    kept.retain(|name, text| !values::is_credential(name) && text.len() <= TEXT);
    for input in form.inputs.iter().filter(|input| secret(input)) {
        kept.remove(&values::of_input(input));
    }
    for (at, body) in form.bodies.iter().enumerate() {
        match &body.kind {
            BodyKind::Json { inputs, .. } => {
                let known: Vec<&str> =
                    inputs.iter().filter(|input| input.secret).map(|input| input.name.as_str()).collect();
                let raw = values::raw(at);
                // What is no JSON is not kept.
                if let Some(text) = kept.remove(&raw)
                    && let Ok(mut body) = serde_json::from_str::<Value>(&text)
                {
                    // One without secrets stays as it was typed.
                    let found = without_secrets(&mut body, &known);
                    kept.insert(
                        raw,
                        if found { serde_json::to_string_pretty(&body).unwrap_or_default() } else { text },
                    );
                }
            }
            BodyKind::Form(inputs) | BodyKind::Multipart(inputs) => {
                for input in inputs.iter().filter(|input| secret(input)) {
                    kept.remove(&values::of_attribute(at, input));
                }
            }
            // Nothing tells what in it is secret.
            BodyKind::Text(_) => drop(kept.remove(&values::raw(at))),
            BodyKind::File => {}
        }
    }
    kept
}

/// Whether any were taken out.
fn without_secrets(value: &mut Value, known: &[&str]) -> bool {
    match value {
        Value::Object(members) => {
            let before = members.len();
            members.retain(|name, _| !sounds_secret(name) && !known.contains(&name.as_str()));
            let mut found = members.len() < before;
            for value in members.values_mut() {
                found |= without_secrets(value, &[]);
            }
            found
        }
        Value::Array(items) => {
            let mut found = false;
            for item in items {
                found |= without_secrets(item, &[]);
            }
            found
        }
        _ => false,
    }
}

/// Rather one name too many: what is not kept must be typed again, and nothing worse.
fn sounds_secret(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "token",
        "apikey",
        "accesskey",
        "privatekey",
        "credential",
        "authorization",
    ]
    .iter()
    .any(|word| name.contains(word))
        || ["cookie", "session", "sessionid", "pin", "cvv", "cvc", "otp"].contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_contract::form::{BodyForm, Credential, CredentialKind, Place};

    #[test]
    fn secrets_are_not_kept() {
        let input = |place, name: &str, secret| Input { place, name: name.into(), secret, ..Input::default() };
        let body = |kind| BodyForm { media_type: "a/b".into(), kind };
        let form = CallForm {
            inputs: vec![
                input(Place::Query, "limit", false),
                input(Place::Query, "access_token", false),
                input(Place::Header, "X-Pin", true),
            ],
            bodies: vec![
                body(BodyKind::Json { text: String::new(), inputs: vec![input(Place::Body, "pin", true)] }),
                body(BodyKind::Form(vec![input(Place::Body, "client-secret", false), input(Place::Body, "a", false)])),
                body(BodyKind::Text(String::new())),
            ],
            credentials: vec![Credential { name: "b".into(), kind: CredentialKind::Bearer }],
            ..CallForm::default()
        };
        let json = r#"{"pin": 1, "a": [{"Password": "x", "b": 1}]}"#;
        let filled = [
            ("query.limit", "5"),
            ("query.access_token", "x"),
            ("header.X-Pin", "x"),
            ("credential.0.secret", "x"),
            ("raw.0", json),
            ("field.1.client-secret", "x"),
            ("field.1.a", "1"),
            ("raw.2", "<password>x</password>"),
        ];
        let filled: Values = filled.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let kept = harmless(&form, &filled);
        assert_eq!(kept.keys().map(String::as_str).collect::<Vec<_>>(), ["field.1.a", "query.limit", "raw.0"]);
        assert_eq!(kept["raw.0"].replace(['\n', ' '], ""), r#"{"a":[{"b":1}]}"#);
        for (text, stays) in [("{ \"a\":  1.50 }", true), ("{broken", false)] {
            let filled = Values::from([("raw.0".to_owned(), text.to_owned())]);
            assert_eq!(harmless(&form, &filled).get("raw.0").map(String::as_str), stays.then_some(text));
        }
        let long = Values::from([("query.limit".to_owned(), "x".repeat(TEXT + 1))]);
        assert!(harmless(&form, &long).is_empty());
    }
}
