//! The API's own document: that it describes these routes, and no others.
use crate::house::House;
use portico_domain::Role;
use serde_json::Value;
use std::collections::BTreeSet;

const METHODS: [&str; 5] = ["GET", "PUT", "POST", "PATCH", "DELETE"];

fn document() -> Value {
    serde_json::from_str(portico_management::openapi_json()).unwrap()
}

/// `GET /apis/{api}` for each operation of the document.
fn described() -> BTreeSet<String> {
    let mut calls = BTreeSet::new();
    for (path, item) in document()["paths"].as_object().unwrap() {
        for method in METHODS.iter().filter(|method| item.get(method.to_lowercase()).is_some()) {
            calls.insert(format!("{method} {path}"));
        }
    }
    calls
}

/// The same for each `.route(…)` in the sources.
fn routed() -> BTreeSet<String> {
    let mut calls = BTreeSet::new();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for route in source.split(".route(\"").skip(1) {
            let (path, rest) = route.split_once('"').unwrap();
            let methods = rest.split([';', '\n']).next().unwrap().split_whitespace().collect::<String>();
            for method in METHODS {
                if methods.contains(&format!("{}(", method.to_lowercase())) {
                    calls.insert(format!("{method} {path}"));
                }
            }
        }
    }
    calls
}

#[test]
fn the_document_describes_every_route_and_no_other() {
    let (described, routed) = (described(), routed());
    assert!(routed.len() > 30);
    assert_eq!(described.difference(&routed).collect::<Vec<_>>(), Vec::<&String>::new(), "described, but not routed");
    assert_eq!(routed.difference(&described).collect::<Vec<_>>(), Vec::<&String>::new(), "routed, but not described");
}

/// Each method of each path is answered by its own handler or with 405, as the document says.
#[tokio::test]
async fn the_router_agrees_with_the_document() {
    let house = House::new().await;
    let token = house.token("ada", Role::Admin).await;
    let described = described();
    for path in document()["paths"].as_object().unwrap().keys() {
        let real = path.replace("{version}", "1").replace(['{', '}'], "");
        for method in METHODS {
            let answer = house.call(&token, &format!("{method} {real}"), Value::Null).await;
            let code = answer.body["code"].as_str().unwrap_or_default();
            let there = !matches!(code, "method_not_allowed" | "no_such_operation");
            assert_eq!(there, described.contains(&format!("{method} {path}")), "{method} {path}: {}", answer.body);
        }
    }
}

#[test]
fn every_operation_is_named_tagged_and_summarised() {
    let document = document();
    let tags: BTreeSet<_> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters") {
            let place = format!("{method} {path}");
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{place}");
            assert!(tags.contains(operation["tags"][0].as_str().unwrap()), "{place}");
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{place}");
        }
    }
}

#[tokio::test]
async fn the_document_is_there_for_everybody_and_good() {
    let house = House::new().await;
    let answer = house.get("", "/openapi.json").await.is(200);
    assert_eq!(answer.body, document());
    let token = house.token("paul", Role::Publisher).await;
    let uploaded = house.call(&token, "PUT /apis/portico", document()).await.is(201).body;
    assert_eq!(uploaded["findings"], serde_json::json!([]));
}
