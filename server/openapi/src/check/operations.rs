//! Paths, operations, parameters, security.
use crate::{
    finding::Findings,
    outline::{Dialect, Entry, METHODS, Outline, members, text},
    part::Reader,
    refer::{self, shorten},
    security,
    typed::{self, Misfit},
};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

pub(super) fn check(root: &Value, outline: &mut Outline, findings: &mut Findings) {
    for (path, item) in members(root.get("paths")).filter(|(path, _)| !path.starts_with("x-")) {
        path_item(root, path, item, findings);
    }
    let mut seen = Seen::default();
    let reader = Reader { root, dialect: outline.dialect };
    for entry in &mut outline.operations {
        template(entry, &mut seen, findings);
        operation(reader, entry, &mut seen, findings);
    }
    for entry in &outline.webhooks {
        operation(reader, entry, &mut seen, findings);
    }
    security_names(root, &root["security"], "/security", findings);
    trailing_slashes(outline, findings);
    if let Some(pointer) = &seen.undescribed {
        let total = counted(seen.undescribed_total, "response stands", "responses stand");
        let words = format!("{total} without a description; say in a sentence what each means.");
        findings.info("undescribed-response", pointer, words);
    }
    if let Some(pointer) = &seen.fragment {
        let words = format!(
            "{} a ? or #, which is no part of a path: the operations are documented, but cannot be called. \
             Describe what comes behind ? as query parameters.",
            counted(seen.fragments, "path holds", "paths hold")
        );
        findings.warn("query-in-path", pointer, words);
    }
}

fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// What one operation can only do if no other has.
#[derive(Default)]
struct Seen {
    ids: HashMap<String, String>,
    routes: HashMap<(String, String), String>,
    operations: HashSet<String>,
    fragment: Option<String>,
    fragments: usize,
    undescribed: Option<String>,
    undescribed_total: usize,
}

fn path_item(root: &Value, path: &str, item: &Value, findings: &mut Findings) {
    let pointer = refer::under("", &["paths", path]);
    let Ok((item, _)) = refer::resolve(root, item) else { return };
    let Some(item) = item.as_object() else {
        return findings.warn(
            "not-a-path-item",
            pointer,
            "A path maps methods to operations, e.g. {\"get\": {…}}; this one is left out.",
        );
    };
    let others = ["summary", "description", "servers", "parameters", "$ref", "additionalOperations"];
    for (key, value) in item {
        let below = || refer::under(&pointer, &[key]);
        if METHODS.contains(&key.as_str()) {
            if !value.is_object() {
                findings.warn(
                    "not-an-operation",
                    below(),
                    "An operation is an object with responses; this one is left out.",
                );
            }
        } else if key.starts_with("x-amazon-apigateway-any-method") {
            findings.info(
                "any-method",
                below(),
                "An operation for any method is not read; describe the methods one by one.",
            );
        } else if METHODS.contains(&key.to_lowercase().as_str()) {
            let words =
                format!("Methods are written in lower case: {}. This operation is left out.", key.to_lowercase());
            findings.warn("unknown-method", below(), words);
        } else if !key.starts_with("x-") && !others.contains(&key.as_str()) {
            let words = format!(
                "\"{}\" is no method (get, put, post, delete, options, head, patch, trace, query); it is left out.",
                shorten(key)
            );
            findings.warn("unknown-method", below(), words);
        }
    }
}

/// The names in braces, or what is wrong with the braces.
fn names(template: &str) -> Result<Vec<&str>, &'static str> {
    let (mut names, mut rest) = (Vec::new(), template);
    while let Some(at) = rest.find(['{', '}']) {
        if rest[at..].starts_with('}') {
            return Err("a } has no { before it");
        }
        let Some((name, after)) = rest[at + 1..].split_once('}') else { return Err("a { is not closed") };
        if name.is_empty() || name.contains(['{', '/']) {
            return Err("between { and } stands no name");
        }
        names.push(name.trim_end_matches('+'));
        rest = after;
    }
    Ok(names)
}

/// The template without the names: what tells routes apart.
fn shape(template: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in template.chars() {
        match c {
            '{' => inside = true,
            '}' => inside = false,
            _ if inside => continue,
            _ => {}
        }
        out.push(c);
    }
    out
}

fn template(entry: &mut Entry, seen: &mut Seen, findings: &mut Findings) {
    let pointer = refer::under("", &["paths", &entry.path]);
    if !entry.path.starts_with('/') {
        entry.unroutable = true;
        return findings.warn(
            "path-without-slash",
            pointer,
            "A path begins with a slash; its operations cannot be called as it stands.",
        );
    }
    if entry.path.contains(['?', '#']) {
        entry.unroutable = true;
        if seen.fragment.as_ref() != Some(&pointer) {
            seen.fragments += 1;
        }
        seen.fragment.get_or_insert(pointer);
        return;
    }
    if let Err(what) = names(&entry.path) {
        entry.unroutable = true;
        return findings.warn(
            "bad-template",
            pointer,
            format!("In this path {what}; its operations cannot be called as it stands."),
        );
    }
    match seen.routes.entry((entry.method.clone(), shape(&entry.path))) {
        std::collections::hash_map::Entry::Vacant(free) => {
            free.insert(entry.path.clone());
        }
        std::collections::hash_map::Entry::Occupied(first) => {
            entry.unroutable = true;
            let words = format!(
                "{} of \"{}\" answers the same calls as that of \"{}\", which comes first and gets them all.",
                entry.method.to_uppercase(),
                shorten(&entry.path),
                shorten(first.get())
            );
            findings.warn("ambiguous-path", pointer, words);
        }
    }
}

fn operation(reader: Reader<'_>, entry: &Entry, seen: &mut Seen, findings: &mut Findings) {
    let root = reader.root;
    let Some(operation) = root.pointer(&entry.pointer) else { return };
    let below = |key: &str| refer::under(&entry.pointer, &[key]);
    // What is no text is told where operations are read.
    if let Some(Value::String(id)) = operation.get("operationId") {
        if let Some(first) = seen.ids.get(id).filter(|first| **first != entry.pointer) {
            let words = format!(
                "The operationId \"{}\" is taken by {}; give each operation its own.",
                shorten(id),
                shorten(first)
            );
            findings.warn("duplicate-operation-id", below("operationId"), words);
        } else {
            seen.ids.insert(id.clone(), entry.pointer.clone());
        }
    }
    parameters(reader, entry, operation, findings);
    // What does not hang on the path is told once, however many paths refer to the operation.
    if !seen.operations.insert(entry.pointer.clone()) {
        return;
    }
    match operation.get("responses") {
        Some(Value::Object(responses)) => {
            for (status, response) in responses.iter().filter(|(status, _)| !status.starts_with("x-")) {
                let fits = status == "default"
                    || status.len() == 3
                        && status.starts_with(|c: char| ('1'..='5').contains(&c))
                        && (status[1..].bytes().all(|b| b.is_ascii_digit()) || status[1..].eq_ignore_ascii_case("xx"));
                let pointer = || refer::under(&entry.pointer, &["responses", status]);
                if !fits {
                    let words = format!("\"{}\" is no status; write 200, 4XX or default.", shorten(status));
                    findings.warn("unknown-status", pointer(), words);
                }
                if !response.is_object() {
                    findings.warn("not-a-response", pointer(), "A response is an object with a description.");
                } else if response.get("$ref").is_none()
                    && text(response, "description").or_else(|| text(response, "summary")).is_none()
                {
                    seen.undescribed.get_or_insert_with(pointer);
                    seen.undescribed_total += 1;
                }
            }
        }
        Some(_) => findings.warn(
            "responses-not-object",
            below("responses"),
            "\"responses\" maps statuses to responses, e.g. {\"200\": {…}}.",
        ),
        None => findings.info(
            "missing-responses",
            &entry.pointer,
            "The operation tells nothing of its responses; add at least the successful one.",
        ),
    }
    if let Some(body) = operation.get("requestBody").filter(|body| body.get("$ref").is_none())
        && body.get("content").and_then(Value::as_object).is_none()
    {
        findings.warn(
            "body-without-content",
            below("requestBody"),
            "A request body says its media types in \"content\", e.g. {\"application/json\": {…}}.",
        );
    }
    security_names(root, &operation["security"], &below("security"), findings);
}

fn parameters(reader: Reader<'_>, entry: &Entry, operation: &Value, findings: &mut Findings) {
    let root = reader.root;
    let item = root.pointer(&entry.item).filter(|_| entry.item != entry.pointer).unwrap_or(&Value::Null);
    let mut seen: HashSet<(&str, &str)> = HashSet::new();
    let in_path: Vec<&str> = names(&entry.path).unwrap_or_default();
    let mut defined: Vec<&str> = Vec::new();
    for (pointer, found) in reader.raw_parameters((item, &entry.item), (operation, &entry.pointer)) {
        // Lost references are told where references are checked.
        let Ok(value) = found else { continue };
        let Some(name) = text(value, "name") else {
            findings.warn(
                "parameter-without-name",
                pointer,
                "A parameter has a name and a place, e.g. name: limit, in: query.",
            );
            continue;
        };
        let place = text(value, "in").unwrap_or_default();
        let known = match reader.dialect {
            Dialect::Swagger2 => matches!(place, "path" | "query" | "header" | "body" | "formData"),
            Dialect::Three | Dialect::ThreeOne => {
                matches!(place, "path" | "query" | "header" | "cookie" | "querystring")
            }
        };
        if !known {
            let words = match reader.dialect {
                Dialect::Swagger2 => "path, query, header, formData or body",
                Dialect::Three | Dialect::ThreeOne => "path, query, header or cookie",
            };
            let words = format!(
                "The parameter \"{}\" is \"in\": \"{}\"; that should be {words}.",
                shorten(name),
                shorten(place)
            );
            findings.warn("unknown-parameter-place", pointer, words);
            continue;
        }
        if !seen.insert((name, place)) {
            let words = format!("The {place} parameter \"{}\" is described twice.", shorten(name));
            findings.warn("duplicate-parameter", &pointer, words);
        }
        if place == "path" {
            defined.push(name);
            if !entry.path.is_empty() && !in_path.contains(&name) {
                let words = format!(
                    "The path parameter \"{}\" does not stand in the path \"{}\"; write it there as {{{}}}, or say \"in\": \"query\".",
                    shorten(name),
                    shorten(&entry.path),
                    shorten(name)
                );
                findings.warn("unused-path-parameter", &pointer, words);
            } else if value.get("required") != Some(&Value::Bool(true)) {
                let words = format!("The path parameter \"{}\" is always required; add required: true.", shorten(name));
                findings.info("optional-path-parameter", &pointer, words);
            }
        }
        let described = ["schema", "content"].iter().any(|key| value.get(key).is_some());
        if !described && reader.dialect != Dialect::Swagger2 {
            let words = format!(
                "The parameter \"{}\" has neither schema nor content; say what it is, e.g. schema: {{type: string}}.",
                shorten(name)
            );
            findings.info("parameter-without-schema", pointer, words);
        }
    }
    for name in in_path.iter().filter(|name| !defined.contains(name)) {
        let words = format!(
            "The path \"{}\" has {{{}}}, but no parameter with that name and \"in\": \"path\" is described; add one.",
            shorten(&entry.path),
            shorten(name)
        );
        findings.warn("missing-path-parameter", &entry.pointer, words);
    }
}

fn security_names(root: &Value, asked: &Value, pointer: &str, findings: &mut Findings) {
    let alternatives = match typed::security(asked) {
        Ok(alternatives) => alternatives,
        Err(_) if asked.is_null() => return,
        Err(Misfit { pointer: at, reason }) => {
            let words = format!(
                "\"security\" is a list of alternatives, e.g. [{{\"key\": []}}]: {reason}. \
                 Until this is mended, a key is taken to be asked for."
            );
            return findings.warn("security-not-list", format!("{pointer}{at}"), words);
        }
    };
    let (_, schemes) = security::listed(root);
    let known = |name: &str| schemes.is_some_and(|schemes| schemes.get(name).is_some());
    for (n, alternative) in alternatives.iter().enumerate() {
        // 3.2 lets a scheme be named by a reference.
        for name in alternative.keys().filter(|name| !known(name) && !name.contains('/')) {
            let pointer = refer::under(pointer, &[&n.to_string(), name]);
            let words =
                format!("The security scheme \"{}\" is not described; add it to the security schemes.", shorten(name));
            findings.warn("unknown-security-scheme", pointer, words);
        }
    }
}

fn trailing_slashes(outline: &Outline, findings: &mut Findings) {
    let routed: HashSet<(&str, &str)> = outline
        .operations
        .iter()
        .filter(|entry| !entry.unroutable)
        .map(|entry| (entry.method.as_str(), entry.path.as_str()))
        .collect();
    for (method, path) in &routed {
        if let Some(bare) = path.strip_suffix('/').filter(|bare| routed.contains(&(*method, *bare))) {
            let pointer = refer::under("", &["paths", path]);
            let words = format!(
                "This path and \"{}\" differ only by the slash at the end; both can be called, and are easily mistaken.",
                shorten(bare)
            );
            findings.info("trailing-slash", pointer, words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_taken_apart() {
        assert_eq!(names("/a/{b}/{c+}.{d}"), Ok(vec!["b", "c", "d"]));
        for bad in ["/{a", "/a}", "/{}", "/{a{b}}", "/{a/b}"] {
            assert!(names(bad).is_err(), "{bad}");
        }
        assert_eq!(shape("/a/{b}/c-{d}"), "/a/{}/c-{}");
    }
}
