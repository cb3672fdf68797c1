//! Parts of a document as the typed model of OpenAPI 3.0 (`openapiv3`) has them.
//!
//! One part at a time, and what does not fit takes only itself away: a fault at a contact's address leaves the contact
//! its name. What other versions write differently is brought to the words of 3.0 by whoever asks for the part.
use crate::refer;
use openapiv3::{Operation, SecurityRequirement};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};
use std::borrow::Cow;

/// Something that does not fit where it stands.
#[derive(Debug)]
pub(crate) struct Misfit {
    /// Below the part that was read; empty for all of it.
    pub(crate) pointer: String,
    /// In serde's words, e.g. "invalid type: integer `3`, expected a string".
    pub(crate) reason: String,
}

/// Single faults that are mended in one part; behind them whole members go.
const MENDED: usize = 8;

/// The part without what does not fit in it; `None` where nothing is left of it.
pub(crate) fn fit<T: DeserializeOwned>(part: Cow<'_, Value>) -> (Option<T>, Vec<Misfit>) {
    if let Ok(fits) = T::deserialize(&*part) {
        return (Some(fits), Vec::new());
    }
    let (mut part, mut misfits) = (part.into_owned(), Vec::new());
    // No part holds more than one list of its own: what is gone from it has moved up what stands behind.
    let mut gone = 0;
    loop {
        let error = match serde_path_to_error::deserialize::<_, T>(&part) {
            Ok(fits) => return (Some(fits), misfits),
            Err(error) => error,
        };
        let way = known(error.path());
        let way = if misfits.len() < MENDED { &way[..] } else { &way[..way.len().min(1)] };
        misfits.push(Misfit { pointer: pointer(way, gone), reason: reason(error.inner()) });
        let Some((last, above)) = way.split_last() else { return (None, misfits) };
        match (part.pointer_mut(&pointer(above, 0)), last) {
            (Some(Value::Object(members)), Segment::Map { key }) if members.contains_key(key) => {
                members.remove(key);
            }
            (Some(Value::Array(items)), Segment::Seq { index }) if *index < items.len() => {
                items.remove(*index);
                gone += 1;
            }
            _ => return (None, misfits),
        }
    }
}

/// Serde's words, without the names that only programs know.
fn reason(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let objects = ["expected struct ", "expected internally tagged enum "];
    let words = match objects.iter().find_map(|expected| words.split_once(expected)) {
        Some((before, _)) => format!("{before}expected an object"),
        None => words,
    };
    refer::shorten(&words).into_owned()
}

/// The way to a fault as far as it is known: serde forgets it where it has to read twice.
fn known(path: &Path) -> Vec<&Segment> {
    path.iter().take_while(|step| matches!(step, Segment::Seq { .. } | Segment::Map { .. })).collect()
}

/// `gone`: how many items no longer stand before those numbered.
fn pointer(way: &[&Segment], gone: usize) -> String {
    let step = |segment: &&Segment| match segment {
        Segment::Seq { index } => refer::step(&(index + gone).to_string()),
        Segment::Map { key } => refer::step(key),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    };
    way.iter().map(step).collect()
}

/// An operation's frame: tags, summary, description, links, id. What holds schemas stays with the author's value, and
/// so does `security`, of which no piece may be left out.
pub(crate) fn operation(value: &Value) -> (Operation, Vec<Misfit>) {
    let framing = ["tags", "summary", "description", "externalDocs", "operationId", "deprecated"];
    let mut frame: Map<String, Value> =
        framing.iter().filter_map(|key| Some(((*key).to_owned(), value.get(key)?.clone()))).collect();
    // Without them there is no operation to 3.0.
    frame.insert("responses".into(), Map::new().into());
    let (operation, misfits) = fit::<Operation>(Cow::Owned(frame.into()));
    (operation.unwrap_or_default(), misfits)
}

/// The alternatives of a `security`, or where they cannot be understood.
pub(crate) fn security(value: &Value) -> Result<Vec<SecurityRequirement>, Misfit> {
    let mut value = Cow::Borrowed(value);
    let empty = |scopes: &Value| scopes.is_null();
    let alternatives = || value.as_array().into_iter().flatten().filter_map(Value::as_object);
    // `key:` with nothing behind it is YAML's null, and asks for the key all the same.
    if alternatives().any(|schemes| schemes.values().any(empty)) {
        let alternatives = value.to_mut().as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut);
        for scopes in alternatives.flat_map(Map::values_mut).filter(|scopes| empty(scopes)) {
            *scopes = Value::Array(Vec::new());
        }
    }
    serde_path_to_error::deserialize::<_, Vec<SecurityRequirement>>(&*value)
        .map_err(|error| Misfit { pointer: pointer(&known(error.path()), 0), reason: reason(error.inner()) })
}

/// A text that says something.
pub(crate) fn said(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use openapiv3::Info;
    use serde_json::json;

    fn told(misfits: &[Misfit]) -> Vec<String> {
        misfits.iter().map(|misfit| format!("{}: {}", misfit.pointer, misfit.reason)).collect()
    }

    #[test]
    fn a_misfit_takes_only_itself_away() {
        let info = json!({"title": "a", "version": "1", "description": 7, "contact": {"name": "Desk", "email": [1]}});
        let (info, misfits) = fit::<Info>(Cow::Owned(info));
        let info = info.unwrap();
        assert_eq!((info.title.as_str(), info.contact.unwrap().name.as_deref()), ("a", Some("Desk")));
        assert_eq!(
            told(&misfits),
            [
                "/description: invalid type: integer `7`, expected a string",
                "/contact/email: invalid type: sequence, expected a string"
            ]
        );
        let (nothing, misfits) = fit::<Info>(Cow::Owned(json!("words")));
        assert!(nothing.is_none());
        assert_eq!(told(&misfits), [": invalid type: string \"words\", expected an object"]);
    }

    #[test]
    fn numbers_of_misfits_are_those_of_the_document() {
        let (operation, misfits) = operation(&json!({"tags": [1, "a", 2, "b"], "summary": "s"}));
        assert_eq!((operation.tags, operation.summary.as_deref()), (vec!["a".into(), "b".into()], Some("s")));
        let pointers: Vec<_> = misfits.iter().map(|misfit| misfit.pointer.as_str()).collect();
        assert_eq!(pointers, ["/tags/0", "/tags/2"]);
    }

    #[test]
    fn many_misfits_cost_little() {
        let (operation, misfits) = operation(&json!({"tags": vec![7; 100_000], "summary": "s"}));
        assert_eq!((operation.tags.len(), operation.summary.as_deref()), (0, Some("s")));
        assert_eq!(misfits.len(), MENDED + 1);
    }
}
