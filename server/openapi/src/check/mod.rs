//! What is wrong or odd in a document.
//!
//! An error is what makes a document unusable; a warning, what is left out, cannot be called, or is likely not meant;
//! an info, what works all the same. Codes are stable: pages, programs and people's scripts know them.
mod operations;
mod references;

use crate::{
    finding::Findings,
    limits,
    outline::{Dialect, Outline},
};
use serde_json::Value;

pub(crate) fn all(root: &Value, outline: &mut Outline, findings: &mut Findings) {
    paths(root, outline, findings);
    references::check(root, findings);
    // A document in pieces has holes everywhere: one reason is enough.
    if !findings.any_error() {
        operations::check(root, outline, findings);
        nothing_to_call(root, outline, findings);
    }
}

fn paths(root: &Value, outline: &Outline, findings: &mut Findings) {
    let others = ["webhooks", "components"].iter().any(|key| root.get(key).is_some());
    match root.get("paths") {
        Some(Value::Object(_)) => {}
        Some(_) => {
            findings.error("paths-not-object", "/paths", "\"paths\" is not an object; it maps templates like /pets to their operations.");
        }
        None if outline.dialect == Dialect::ThreeOne && others => {}
        None => findings.error(
            "missing-paths",
            "",
            "The document has no \"paths\", so it describes nothing that can be called; add them, e.g. paths: {\"/pets\": {\"get\": …}}.",
        ),
    }
    if outline.operations.len() > limits::OPERATIONS || outline.webhooks.len() > limits::OPERATIONS {
        findings.error(
            "too-many-operations",
            "/paths",
            "The document describes more than 50000 operations; split it into several APIs.",
        );
    }
}

fn nothing_to_call(root: &Value, outline: &Outline, findings: &mut Findings) {
    if outline.operations.is_empty() && outline.webhooks.is_empty() {
        let words = "The document describes no operations: its pages can be read, but nothing can be called.";
        findings.warn("no-operations", if root.get("paths").is_some() { "/paths" } else { "" }, words);
    }
}
