//! Postman Collection 2.1.0 (schema.getpostman.com/json/collection/v2.1.0).
use super::{
    BASE_URL, Folder, KEY, about, plain,
    request::{Answer, Field, Request},
};
use crate::description::Description;
use portico_contract::call::{Body, PartContent};
use serde_json::{Value, json};

pub(super) fn write(description: &Description, folders: &[Folder], base_url: &str) -> Value {
    let variable = |name: &str| format!("{{{{{name}}}}}");
    let pair = |key: &str, value: &str| json!({"key": key, "value": value, "type": "string"});
    json!({
        "info": {
            "name": plain(&format!("{} {}", description.title(), description.version())),
            "description": markdown(&about(description)),
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "item": folders.iter().map(folder).collect::<Vec<_>>(),
        "auth": {
            "type": "apikey",
            "apikey": [pair("key", "X-API-Key"), pair("value", &variable(KEY)), pair("in", "header")],
        },
        "variable": [
            pair(BASE_URL, base_url),
            {
                "key": KEY,
                "value": "",
                "type": "string",
                "description": markdown("Your key of the portal. Keep it among the values that are not shared."),
            },
        ],
    })
}

fn markdown(words: &str) -> Value {
    json!({"content": plain(words), "type": "text/markdown"})
}

fn folder(folder: &Folder) -> Value {
    json!({
        "name": plain(&folder.name),
        "description": markdown(&folder.description),
        "item": folder.requests.iter().map(item).collect::<Vec<_>>(),
    })
}

fn item(one: &Request) -> Value {
    let request = request(one);
    let answers: Vec<Value> = one.answers.iter().map(|each| answer(each, &request)).collect();
    json!({"name": plain(&one.name), "request": request, "response": answers})
}

fn request(request: &Request) -> Value {
    let mut written = json!({
        "method": request.method,
        "header": request.headers.iter().map(field).collect::<Vec<_>>(),
        "url": {
            "raw": format!("{{{{{BASE_URL}}}}}{}", request.target()),
            "host": [format!("{{{{{BASE_URL}}}}}")],
            "path": request.path,
            "query": request.query.iter().map(field).collect::<Vec<_>>(),
            "variable": request.path_parameters.iter().map(field).collect::<Vec<_>>(),
        },
        "description": markdown(&request.description),
    });
    if let Some(body) = &request.body {
        written["body"] = self::body(body);
    }
    if !request.needs_key {
        written["auth"] = json!({"type": "noauth"});
    }
    written
}

fn field(field: &Field) -> Value {
    json!({
        "key": field.name,
        "value": field.value,
        "description": markdown(&field.description),
        "disabled": !field.required,
    })
}

fn body(body: &Body) -> Value {
    match body {
        Body::Json { text, .. } => {
            json!({"mode": "raw", "raw": plain(text), "options": {"raw": {"language": "json"}}})
        }
        Body::Text { text, .. } => {
            json!({"mode": "raw", "raw": plain(text), "options": {"raw": {"language": "text"}}})
        }
        Body::Form(pairs) => {
            let pairs = pairs.iter().map(|pair| json!({"key": plain(&pair.name), "value": plain(&pair.value)}));
            json!({"mode": "urlencoded", "urlencoded": pairs.collect::<Vec<_>>()})
        }
        Body::Multipart(parts) => {
            let parts = parts.iter().map(|part| {
                let mut written = match &part.content {
                    PartContent::Text(text) => json!({"key": plain(&part.name), "value": plain(text), "type": "text"}),
                    PartContent::File(_) => json!({"key": plain(&part.name), "src": [], "type": "file"}),
                };
                if let Some(media_type) = &part.media_type {
                    written["contentType"] = plain(media_type).into();
                }
                written
            });
            json!({"mode": "formdata", "formdata": parts.collect::<Vec<_>>()})
        }
        Body::File { .. } => json!({"mode": "file", "file": {}}),
    }
}

fn answer(answer: &Answer, request: &Value) -> Value {
    let header = if answer.media_type.is_empty() {
        json!([])
    } else {
        json!([{"key": "Content-Type", "value": answer.media_type}])
    };
    json!({
        "name": format!("{} {}", answer.status, answer.reason).trim(),
        "originalRequest": request,
        "status": answer.reason,
        "code": answer.status,
        "header": header,
        "body": answer.body,
    })
}
