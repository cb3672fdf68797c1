//! What a document says of itself as a whole: who, what, how to sign in. Read once, with the typed model.
use crate::{
    finding::Findings,
    outline::text,
    refer,
    security::{self, Scheme},
    typed::{Misfit, fit, said},
};
use openapiv3::{ExternalDocumentation, Info, Tag};
use serde_json::{Map, Value};
use std::borrow::Cow;

#[derive(Debug)]
pub(crate) struct Frame {
    /// With a title and a version at any rate.
    pub(crate) info: Info,
    /// 3.1's `info.summary`, which 3.0 has not.
    pub(crate) summary: Option<String>,
    pub(crate) docs: Option<ExternalDocumentation>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) schemes: Vec<Scheme>,
}

impl Frame {
    pub(crate) fn read(root: &Value, findings: &mut Findings) -> Self {
        let docs = root.get("externalDocs").map(|docs| fit(Cow::Borrowed(docs)));
        let (docs, misfits) = docs.unwrap_or_default();
        tell(findings, "/externalDocs", misfits);
        Self {
            info: info(root, findings),
            summary: root.get("info").and_then(|info| text(info, "summary")).map(str::to_owned),
            docs,
            tags: tags(root, findings),
            schemes: security::schemes(root, findings),
        }
    }
}

/// Tells of what was left out of a part.
pub(crate) fn tell(findings: &mut Findings, part: &str, misfits: Vec<Misfit>) {
    for Misfit { pointer, reason } in misfits {
        let words = format!("What stands here does not fit and is left out: {reason}.");
        findings.warn("wrong-shape", format!("{part}{pointer}"), words);
    }
}

fn info(root: &Value, findings: &mut Findings) -> Info {
    let given = root.get("info").and_then(Value::as_object);
    if given.is_none() {
        let message = "The document has no \"info\"; add one with a title and a version.";
        findings.warn("missing-info", if root.get("info").is_some() { "/info" } else { "" }, message);
    }
    let mut info = given.cloned().unwrap_or_default();
    for (key, example, otherwise) in [("title", "Petstore", "Untitled API"), ("version", "1.0.0", "unversioned")] {
        let said = match info.get(key) {
            Some(Value::String(said)) if !said.trim().is_empty() => refer::shorten(said.trim()).into_owned(),
            // A version without quotes is a number to YAML, but still what its author calls it.
            Some(value @ (Value::Number(_) | Value::Bool(_))) => {
                findings.warn(
                    &format!("{key}-not-text"),
                    refer::under("/info", &[key]),
                    format!("The {key} is read as the number or word {value}; put it in quotes, e.g. \"{example}\"."),
                );
                value.to_string()
            }
            _ if given.is_none() => otherwise.to_owned(),
            _ => {
                findings.warn(
                    &format!("missing-{key}"),
                    "/info",
                    format!("\"info\" has no {key}; add one, e.g. {key}: \"{example}\"."),
                );
                otherwise.to_owned()
            }
        };
        info.insert(key.to_owned(), said.into());
    }
    if let Some(Value::Object(license)) = info.get_mut("license") {
        identified(license);
    }
    let (info, misfits) = fit::<Info>(Cow::Owned(info.into()));
    tell(findings, "/info", misfits);
    info.unwrap_or_default()
}

/// 3.1 may say a licence by its SPDX identifier instead of a URL.
fn identified(license: &mut Map<String, Value>) {
    let Some(identifier) = license.get("identifier").and_then(Value::as_str).map(str::to_owned) else { return };
    license.entry("url").or_insert_with(|| format!("https://spdx.org/licenses/{identifier}.html").into());
    license.entry("name").or_insert_with(|| identifier.into());
}

fn tags(root: &Value, findings: &mut Findings) -> Vec<Tag> {
    let listed = match root.get("tags") {
        Some(Value::Array(listed)) => listed,
        None | Some(Value::Null) => return Vec::new(),
        Some(_) => {
            let message = "\"tags\" is a list, e.g. [{\"name\": \"Pets\"}]; as it stands it is left out.";
            findings.warn("wrong-shape", "/tags", message);
            return Vec::new();
        }
    };
    let mut tags = Vec::new();
    for (n, tag) in listed.iter().enumerate() {
        let mut tag = Cow::Borrowed(tag);
        // 3.2's name for readers is an extension to 3.0.
        if let Some(summary) = text(&tag, "summary").filter(|_| tag.get("x-displayName").is_none()) {
            let summary = Value::from(summary);
            tag.to_mut()["x-displayName"] = summary;
        }
        let (tag, misfits) = fit::<Tag>(tag);
        tell(findings, &refer::under("/tags", &[&n.to_string()]), misfits);
        tags.extend(tag.filter(|tag| said(Some(&tag.name)).is_some()));
    }
    tags
}

/// The name of a tag for readers.
pub(crate) fn display_name(tag: &Tag) -> &str {
    let given = tag.extensions.get("x-displayName").and_then(Value::as_str).map(str::trim);
    given.filter(|name| !name.is_empty()).unwrap_or(tag.name.trim())
}
