//! Collections, held against what their programs ask of one.
//!
//! Postman publishes a schema (schema.getpostman.com/json/collection/v2.1.0), Bruno has one in its sources
//! (packages/bruno-schema); neither can be fetched here, so what they require is asserted member by member.
use super::{
    corpus::{corpus, documents},
    support::description,
};
use portico_domain::Access;
use portico_openapi::{Collection, Description, read};
use serde_json::{Value, json};
use std::fs;

const GATEWAY: &str = "https://gw.example/harbour";

fn collection(description: &Description, kind: Collection) -> Value {
    serde_json::from_slice(&description.collection(kind, GATEWAY, Access::Document)).unwrap()
}

fn texts<'a>(value: &'a Value, members: &[&str]) -> Vec<&'a str> {
    members
        .iter()
        .map(|name| value[name].as_str().unwrap_or_else(|| panic!("{name} is no text in {value:#}")))
        .collect()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap_or_else(|| panic!("{name} is no list in {value:#}"))
}

/// Collection, folders, requests with their answers.
fn is_postman(collection: &Value) {
    let schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
    assert_eq!(collection["info"]["schema"], schema);
    texts(&collection["info"], &["name"]);
    let auth = |auth: &Value| match auth["type"].as_str().unwrap() {
        "apikey" => list(auth, "apikey").iter().for_each(|one| assert!(!texts(one, &["key", "value"])[0].is_empty())),
        "noauth" => {}
        other => panic!("{other}"),
    };
    auth(&collection["auth"]);
    for variable in list(collection, "variable") {
        texts(variable, &["key", "value"]);
    }
    for folder in list(collection, "item") {
        texts(folder, &["name"]);
        assert_eq!(folder["description"]["type"], "text/markdown");
        for item in list(folder, "item") {
            texts(item, &["name"]);
            is_request(&item["request"]);
            if let Some(own) = item["request"].get("auth") {
                auth(own);
            }
            for answer in list(item, "response") {
                texts(answer, &["name", "status", "body"]);
                assert!(answer["code"].is_u64());
                is_request(&answer["originalRequest"]);
                for field in list(answer, "header") {
                    texts(field, &["key", "value"]);
                }
            }
        }
    }
}

fn is_request(request: &Value) {
    texts(request, &["method"]);
    let url = &request["url"];
    assert!(texts(url, &["raw"])[0].starts_with("{{baseUrl}}/"), "{url:#}");
    assert_eq!(url["host"], json!(["{{baseUrl}}"]));
    assert!(list(url, "path").iter().all(Value::is_string));
    for field in list(request, "header").iter().chain(list(url, "query")).chain(list(url, "variable")) {
        texts(field, &["key", "value"]);
        assert!(field["disabled"].is_boolean());
    }
    for parameter in list(url, "variable") {
        let name = format!(":{}", parameter["key"].as_str().unwrap());
        assert!(list(url, "path").iter().any(|segment| *segment == *name), "{url:#}");
    }
    let Some(body) = request.get("body") else { return };
    match texts(body, &["mode"])[0] {
        "raw" => _ = texts(body, &["raw"]),
        "urlencoded" => list(body, "urlencoded").iter().for_each(|one| _ = texts(one, &["key", "value"])),
        "formdata" => list(body, "formdata").iter().for_each(|one| _ = texts(one, &["key", "type"])),
        "file" => assert!(body["file"].is_object()),
        other => panic!("{other}"),
    }
}

/// Members that Bruno's schema knows, which takes no others.
fn is_bruno(collection: &Value) {
    only(collection, &["name", "version", "items", "environments", "root", "brunoConfig"]);
    assert_eq!(
        (collection["version"].as_str(), collection["brunoConfig"]["type"].as_str()),
        (Some("1"), Some("collection"))
    );
    assert_eq!(collection["root"]["request"]["auth"]["apikey"]["placement"], "header");
    for environment in list(collection, "environments") {
        only(environment, &["name", "variables"]);
        for variable in list(environment, "variables") {
            only(variable, &["name", "value", "type", "enabled", "secret"]);
            assert_eq!(variable["type"], "text");
        }
    }
    for folder in list(collection, "items") {
        only(folder, &["type", "name", "seq", "root", "items"]);
        assert_eq!(folder["type"], "folder");
        for item in list(folder, "items") {
            only(item, &["type", "name", "seq", "request"]);
            assert!(item["type"] == "http" && item["seq"].as_u64() >= Some(1) && !texts(item, &["name"])[0].is_empty());
            let request = &item["request"];
            only(
                request,
                &[
                    "url",
                    "method",
                    "headers",
                    "params",
                    "auth",
                    "body",
                    "script",
                    "vars",
                    "assertions",
                    "tests",
                    "docs",
                ],
            );
            assert!(texts(request, &["url", "method", "docs"])[0].starts_with("{{baseUrl}}/"));
            for field in list(request, "headers") {
                only(field, &["name", "value", "description", "enabled"]);
            }
            for parameter in list(request, "params") {
                only(parameter, &["name", "value", "description", "type", "enabled"]);
                assert!(parameter["type"] == "query" || parameter["type"] == "path");
            }
            assert!(request["auth"] == json!({"mode": "inherit"}) || request["auth"] == json!({"mode": "none"}));
            let mode = texts(&request["body"], &["mode"])[0];
            let known = ["none", "json", "text", "xml", "formUrlEncoded", "multipartForm", "file"];
            assert!(known.contains(&mode) && (mode == "none" || !request["body"][mode].is_null()), "{mode}");
        }
    }
}

fn only(value: &Value, known: &[&str]) {
    let members = value.as_object().unwrap_or_else(|| panic!("{value:#} is no object"));
    assert!(members.keys().all(|name| known.contains(&name.as_str())), "{:?}", members.keys());
}

#[test]
fn a_request_holds_what_its_operation_takes() {
    let harbour = description(include_bytes!("../documents/harbour-3.1.yaml"));
    let postman = collection(&harbour, Collection::Postman);
    is_postman(&postman);
    assert_eq!(postman["variable"][0], json!({"key": "baseUrl", "value": GATEWAY, "type": "string"}));
    assert_eq!(
        (postman["variable"][1]["key"].as_str(), postman["variable"][1]["value"].as_str()),
        (Some("apiKey"), Some(""))
    );
    assert_eq!(postman["auth"]["apikey"][1]["value"], "{{apiKey}}");
    let orders = &postman["item"][0];
    assert_eq!(
        (orders["name"].as_str(), orders["description"]["content"].as_str()),
        (Some("Orders"), Some("What has been *ordered*."))
    );
    let listed = &orders["item"][0]["request"];
    assert_eq!(listed["url"]["path"], json!(["ports", ":port_id", "orders"]));
    let query: Vec<_> = list(&listed["url"], "query")
        .iter()
        .map(|one| (one["key"].as_str().unwrap(), one["disabled"].as_bool().unwrap()))
        .collect();
    assert_eq!(query, [("limit", true), ("state", false)]);
    assert!(listed["url"]["raw"].as_str().unwrap().ends_with("/orders?state=booked"), "{listed:#}");
    let posted = &orders["item"][1]["request"];
    assert_eq!(
        (posted["body"]["mode"].as_str(), posted["header"][0]["value"].as_str()),
        (Some("raw"), Some("application/json"))
    );
    assert!(posted["body"]["raw"].as_str().unwrap().contains("\"movement\": \"arrival\""), "{posted:#}");
    assert_eq!(posted["auth"]["type"], "noauth", "one of its alternatives asks for nothing");
    assert!(listed.get("auth").is_none());
    assert_eq!(orders["item"][1]["response"][0]["code"], 201);

    let bruno = collection(&harbour, Collection::Bruno);
    is_bruno(&bruno);
    let listed = &bruno["items"][0]["items"][0]["request"];
    assert_eq!(listed["url"], "{{baseUrl}}/ports/:port_id/orders?state=booked");
    assert_eq!((&listed["params"][2]["type"], &listed["params"][2]["name"]), (&json!("path"), &json!("port_id")));
    assert_eq!(
        bruno["environments"][0]["variables"][1],
        json!({"name": "apiKey", "value": "", "type": "text", "enabled": true, "secret": true})
    );
}

#[test]
fn nothing_of_a_document_is_a_variable() {
    let name = "{{apiKey}}";
    let document = json!({
        "openapi": "3.1.0", "info": {"title": name, "version": name, "description": name},
        "tags": [{"name": name, "description": name}],
        "paths": {"/a/{id}/{{apiKey}}": {"post": {"summary": name, "description": name, "tags": [name],
            "parameters": [
                {"name": "id", "in": "path", "required": true, "example": name, "schema": {}},
                {"name": name, "in": "query", "required": true, "example": name, "schema": {}},
                {"name": "h", "in": "header", "required": true, "example": name, "description": name, "schema": {}},
                {"name": "c", "in": "cookie", "required": true, "example": name, "schema": {}}],
            "requestBody": {"content": {"application/json": {"example": {"a": name}}}},
            "responses": {"200": {"description": name, "content": {"text/plain": {"example": name}}}}}}},
    });
    let hostile = description(document.to_string().as_bytes());
    for kind in [Collection::Postman, Collection::Bruno] {
        let written = collection(&hostile, kind).to_string();
        let uses = written.matches("{{").count();
        let ours = written.matches("{{baseUrl}}").count() + 1;
        assert_eq!((uses, written.matches("{{apiKey}}").count()), (ours, 1), "{written}");
    }
}

#[test]
fn real_documents_become_collections() {
    let Some(folder) = corpus() else { return };
    for path in documents(&folder).into_iter().filter(|path| fs::metadata(path).unwrap().len() < 1_500_000) {
        let Some(read) = read(&fs::read(&path).unwrap()).description else { continue };
        is_postman(&collection(&read, Collection::Postman));
        is_bruno(&collection(&read, Collection::Bruno));
    }
}
