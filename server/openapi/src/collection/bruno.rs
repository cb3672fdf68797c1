//! What Bruno exports as one file and imports again: its own model of a collection, without the ids that it gives itself.
use super::{
    BASE_URL, Folder, KEY, about, plain,
    request::{Field, Request},
};
use crate::description::Description;
use portico_contract::call::{Body, PartContent};
use serde_json::{Value, json};

pub(super) fn write(description: &Description, folders: &[Folder], base_url: &str) -> Value {
    let name = named(&format!("{} {}", description.title(), description.version()), "API");
    let variable = |name: &str, value: &str, secret: bool| json!({"name": name, "value": value, "type": "text", "enabled": true, "secret": secret});
    json!({
        "name": name,
        "version": "1",
        "items": folders.iter().enumerate().map(|(n, each)| folder(each, n + 1)).collect::<Vec<_>>(),
        "environments": [{
            "name": "Portico",
            "variables": [variable(BASE_URL, base_url, false), variable(KEY, "", true)],
        }],
        "root": {
            "request": {
                "auth": {
                    "mode": "apikey",
                    "apikey": {"key": "X-API-Key", "value": format!("{{{{{KEY}}}}}"), "placement": "header"},
                },
            },
            "docs": plain(&about(description)),
        },
        "brunoConfig": {"version": "1", "name": name, "type": "collection", "ignore": ["node_modules", ".git"]},
    })
}

/// Bruno makes files of names.
fn named(text: &str, otherwise: &str) -> String {
    let fits = |c: char| if c.is_control() || "<>:\"/\\|?*".contains(c) { '-' } else { c };
    let name: String = plain(text).chars().map(fits).take(100).collect();
    let name = name.trim_matches([' ', '.', '-']).to_owned();
    if name.is_empty() { otherwise.to_owned() } else { name }
}

fn folder(folder: &Folder, seq: usize) -> Value {
    let name = named(&folder.name, "Operations");
    json!({
        "type": "folder",
        "name": name,
        "seq": seq,
        "root": {"docs": plain(&folder.description), "meta": {"name": name, "seq": seq}},
        "items": folder.requests.iter().enumerate().map(|(n, each)| item(each, n + 1)).collect::<Vec<_>>(),
    })
}

fn item(request: &Request, seq: usize) -> Value {
    let of_path = request.path_parameters.iter().map(|each| parameter(each, "path"));
    let of_query = request.query.iter().map(|each| parameter(each, "query"));
    let headers = request.headers.iter().map(|each| {
        json!({"name": each.name, "value": each.value, "description": plain(&each.description), "enabled": each.required})
    });
    json!({
        "type": "http",
        "name": named(&request.name, "Request"),
        "seq": seq,
        "request": {
            "url": format!("{{{{{BASE_URL}}}}}{}", request.target()),
            "method": request.method,
            "headers": headers.collect::<Vec<_>>(),
            "params": of_query.chain(of_path).collect::<Vec<_>>(),
            "auth": {"mode": if request.needs_key { "inherit" } else { "none" }},
            "body": body(request.body.as_ref()),
            "script": {},
            "vars": {"req": [], "res": []},
            "assertions": [],
            "tests": "",
            "docs": plain(&request.description),
        },
    })
}

fn parameter(field: &Field, kind: &str) -> Value {
    json!({
        "name": field.name,
        "value": field.value,
        "description": plain(&field.description),
        "type": kind,
        "enabled": field.required,
    })
}

fn body(body: Option<&Body>) -> Value {
    match body {
        None => json!({"mode": "none"}),
        Some(Body::Json { text, .. }) => json!({"mode": "json", "json": plain(text)}),
        Some(Body::Text { media_type, text }) if media_type.contains("xml") => {
            json!({"mode": "xml", "xml": plain(text)})
        }
        Some(Body::Text { text, .. }) => json!({"mode": "text", "text": plain(text)}),
        Some(Body::Form(pairs)) => {
            let pairs = pairs.iter().map(|pair| {
                json!({"name": plain(&pair.name), "value": plain(&pair.value), "description": "", "enabled": true})
            });
            json!({"mode": "formUrlEncoded", "formUrlEncoded": pairs.collect::<Vec<_>>()})
        }
        Some(Body::Multipart(parts)) => {
            let parts = parts.iter().map(|part| {
                let (kind, value) = match &part.content {
                    PartContent::Text(text) => ("text", json!(plain(text))),
                    PartContent::File(_) => ("file", json!([])),
                };
                let media_type = part.media_type.as_deref().map(plain).unwrap_or_default();
                json!({
                    "type": kind,
                    "name": plain(&part.name),
                    "value": value,
                    "description": "",
                    "contentType": media_type,
                    "enabled": true,
                })
            });
            json!({"mode": "multipartForm", "multipartForm": parts.collect::<Vec<_>>()})
        }
        Some(Body::File { media_type, .. }) => {
            json!({"mode": "file", "file": [{"filePath": "", "contentType": plain(media_type), "selected": true}]})
        }
    }
}
