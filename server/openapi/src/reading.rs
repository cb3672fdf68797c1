//! The one way in: bytes to findings and a description.
use crate::{
    check,
    description::Description,
    finding::{Fault, Findings},
    frame::Frame,
    outline::{self, Dialect, Unknown},
    place::Places,
    refer, text, tree,
};
use portico_contract::reference::Finding;

/// What became of an upload.
#[derive(Debug)]
pub struct Reading {
    /// Errors first, then in the order of the document; at most 200.
    pub findings: Vec<Finding>,
    /// `None` exactly when a finding is an error.
    pub description: Option<Description>,
}

/// Reads one OpenAPI or Swagger document. Never panics; time and memory are bounded by the size of `bytes`.
pub fn read(bytes: &[u8]) -> Reading {
    let refused = |fault: Fault| Reading { findings: vec![fault.into_finding()], description: None };
    let text = match text::decode(bytes) {
        Ok(text) => text,
        Err(fault) => return refused(fault),
    };
    let tree = match tree::parse(&text) {
        Ok(tree) => tree,
        Err(fault) => return refused(fault),
    };
    let mut findings = Findings::default();
    for pointer in &tree.repeated {
        let message = "This name stands more than once in its object; only the last one counts. Keep one.";
        findings.warn("duplicate-key", pointer, message);
    }
    let dialect = match Dialect::of(&tree.root) {
        Ok(dialect) => dialect,
        Err(unknown) => {
            tell_unknown(&mut findings, &tree.root, &unknown);
            let places = Places::look(&text, findings.pointers());
            return Reading { findings: findings.placed(&places), description: None };
        }
    };
    let frame = Frame::read(&tree.root, &mut findings);
    let mut outline = outline::outline(&tree.root, dialect, &frame.tags, &mut findings);
    check::all(&tree.root, &mut outline, &mut findings);
    let places = if findings.is_empty() { Places::default() } else { Places::look(&text, findings.pointers()) };
    let refused = findings.any_error();
    let description = (!refused).then(|| Description::new(tree.root, frame, outline, text.format, bytes));
    Reading { findings: findings.placed(&places), description }
}

/// Line and column of each pointer in a document, from 1; `None` for what is not there, and for all where it cannot be
/// read.
pub fn places(bytes: &[u8], pointers: &[&str]) -> Vec<Option<(u32, u32)>> {
    let Ok(text) = text::decode(bytes) else { return vec![None; pointers.len()] };
    let places = Places::look(&text, pointers.iter().copied());
    pointers.iter().map(|pointer| places.find(pointer)).collect()
}

fn tell_unknown(findings: &mut Findings, root: &serde_json::Value, unknown: &Unknown) {
    match unknown {
        Unknown::Version(pointer, version) => findings.error(
            "unsupported-version",
            *pointer,
            format!(
                "\"{}\" is not a version that is read; openapi: 3.0.x, 3.1.x or 3.2.x, or swagger: \"2.0\".",
                refer::shorten(version)
            ),
        ),
        Unknown::Kind if !root.is_object() => {
            findings.error(
                "not-openapi",
                "",
                "The document is not an object; an OpenAPI document begins with openapi: 3.1.0.",
            );
        }
        Unknown::Kind => findings.error(
            "not-openapi",
            "",
            "The document has neither \"openapi\" nor \"swagger\" at its top, so it is not an OpenAPI description; \
             add openapi: 3.1.0 (or the version it is written in).",
        ),
    }
}
