//! Samples that the document brings along.
use crate::{limits, markdown, outline::text};
use portico_contract::call::GivenSample;
use serde_json::Value;

/// How many a page shows.
const SHOWN: usize = 20;

/// `x-codeSamples`, or as it was called before; of the same label, the first.
pub(crate) fn samples(operation: &Value) -> Vec<GivenSample> {
    let listed = ["x-codeSamples", "x-code-samples"].iter().find_map(|key| operation.get(key)?.as_array());
    let mut samples: Vec<GivenSample> = Vec::new();
    let mut room = limits::PAGE_EXAMPLES;
    for one in listed.into_iter().flatten() {
        let Some(source) = one.get("source").and_then(Value::as_str).filter(|source| !source.trim().is_empty()) else {
            continue;
        };
        let language = text(one, "lang").unwrap_or_default();
        let label = markdown::plain_up_to(text(one, "label").unwrap_or(language), 60);
        let label = if label.is_empty() { "Sample".to_owned() } else { label };
        let fits = source.len() <= room && samples.len() < SHOWN;
        if fits && samples.iter().all(|known| known.label != label) {
            room -= source.len();
            samples.push(GivenSample { label, source: source.trim_end().to_owned() });
        }
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn samples_have_a_label_of_their_own() {
        let operation = json!({"x-codeSamples": [
            {"lang": "Python", "label": "Python <b>SDK</b>", "source": "a()\n"},
            {"lang": "Go", "source": "b()"},
            {"lang": "Go", "source": "c()"},
            {"lang": "Rust"},
            "no sample"]});
        let labels: Vec<_> = samples(&operation).into_iter().map(|one| (one.label, one.source)).collect();
        assert_eq!(labels[0].1, "a()");
        assert_eq!(labels[1], ("Go".to_owned(), "b()".to_owned()));
        assert_eq!(labels.len(), 2);
        assert_eq!(samples(&json!({"x-code-samples": [{"source": "d()"}]}))[0].label, "Sample");
        assert!(samples(&json!({"x-codeSamples": {}})).is_empty());
    }
}
