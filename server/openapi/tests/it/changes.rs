//! What changed between two documents: a rule a line, real documents to themselves, and hostile ones.
use super::{
    corpus::{corpus, documents},
    support::description,
};
use portico_contract::changes::{Change, ChangeClass, ChangeSubject, Changes, Edition};
use portico_domain::Format;
use portico_openapi::{Description, changes, read};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::fs;

/// A small API that has one of everything.
fn base() -> Value {
    json!({
        "openapi": "3.0.3",
        "info": {"title": "Ships", "version": "1", "description": "All of them."},
        "security": [{"key": []}],
        "paths": {
            "/ships": {
                "get": {
                    "operationId": "listShips", "summary": "List ships", "tags": ["Ships"],
                    "parameters": [
                        {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100, "default": 20}},
                        {"name": "flag", "in": "query", "required": true, "schema": {"type": "string", "enum": ["no", "de"]}},
                        {"name": "ids", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}
                    ],
                    "responses": {
                        "200": {"description": "Ships", "headers": {"X-Total": {"required": true, "schema": {"type": "integer"}}},
                            "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Ship"}}}}},
                        "404": {"description": "None"}
                    }
                },
                "post": {
                    "operationId": "addShip",
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ship"}}}},
                    "responses": {"201": {"description": "Added"}},
                    "callbacks": {"arrived": {"{$request.body#/url}": {"post": {
                        "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {"at": {"type": "string"}}}}}},
                        "responses": {"200": {"description": "Seen"}}
                    }}}}
                }
            },
            "/ships/{ship}": {"delete": {
                "operationId": "removeShip",
                "parameters": [{"name": "ship", "in": "path", "required": true, "schema": {"type": "string"}}],
                "responses": {"204": {"description": "Gone"}}
            }}
        },
        "components": {
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
                "login": {"type": "http", "scheme": "bearer"}
            },
            "schemas": {
                "Ship": {"type": "object", "required": ["name"], "properties": {
                    "name": {"type": "string", "maxLength": 40, "description": "What it is called."},
                    "kind": {"type": "string", "enum": ["tug", "ferry"]},
                    "tons": {"type": "integer", "format": "int32"},
                    "owner": {"$ref": "#/components/schemas/Owner"},
                    "cargo": {"oneOf": [{"$ref": "#/components/schemas/Grain"}, {"$ref": "#/components/schemas/Oil"}]},
                    "sister": {"$ref": "#/components/schemas/Ship"}
                }},
                "Owner": {"allOf": [{"$ref": "#/components/schemas/Named"}, {"type": "object", "properties": {"city": {"type": "string"}}}]},
                "Named": {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}},
                "Grain": {"type": "object", "properties": {"sort": {"type": "string"}}},
                "Oil": {"type": "object", "properties": {"grade": {"type": "integer"}}}
            }
        }
    })
}

/// Sets what a pointer names; `null` takes it away.
fn edited(edits: &[(&str, Value)]) -> Value {
    let mut document = base();
    for (pointer, value) in edits {
        let (above, last) = pointer.rsplit_once('/').unwrap();
        let last = last.replace("~1", "/").replace("~0", "~");
        match document.pointer_mut(above).unwrap_or_else(|| panic!("no {above}")) {
            Value::Object(members) if value.is_null() => _ = members.remove(&last).unwrap(),
            Value::Object(members) => _ = members.insert(last, value.clone()),
            Value::Array(items) if value.is_null() => _ = items.remove(last.parse().unwrap()),
            Value::Array(items) if last == "-" => items.push(value.clone()),
            Value::Array(items) => items[last.parse::<usize>().unwrap()] = value.clone(),
            other => panic!("{pointer} leads into {other}"),
        }
    }
    document
}

fn compare(before: &Value, after: &Value) -> Changes {
    changes(&description(before.to_string().as_bytes()), &description(after.to_string().as_bytes()))
}

const LIST: &str = "/paths/~1ships/get";
const ADD: &str = "/paths/~1ships/post";
const SHIP: &str = "/components/schemas/Ship";

/// What is edited; code, class and words forwards; class backwards.
type Rule = (Vec<(String, Value)>, &'static str, ChangeClass, &'static str, ChangeClass);

#[test]
#[expect(clippy::too_many_lines, reason = "one rule a line")]
fn every_rule_has_its_class_in_both_directions() {
    use ChangeClass::{Breaking as B, Compatible as C, Docs as D};
    let at = |base: &str, rest: &str| format!("{base}{rest}");
    let limit = at(LIST, "/parameters/0");
    let ids = at(LIST, "/parameters/2");
    let body = at(ADD, "/requestBody");
    let ok = at(LIST, "/responses/200");
    let is_there = json!({"type": "string"});
    let body_schema = at(&body, "/content/application~1json/schema");
    let answer_schema = at(&ok, "/content/application~1json/schema");
    let callback =
        at(ADD, "/callbacks/arrived/{$request.body#~1url}/post/requestBody/content/application~1json/schema");
    let number = |n: i64| json!({"type": "integer", "maximum": n});
    let rules: Vec<Rule> = vec![
        // Operations
        (
            vec![("/paths/~1ships~1{ship}".into(), Value::Null)],
            "operation-removed",
            B,
            "gone; it was not deprecated",
            C,
        ),
        (vec![(at(LIST, "/deprecated"), json!(true))], "operation-deprecated", C, "is deprecated now", C),
        (vec![(at(LIST, "/operationId"), json!("ships"))], "operation-renamed", C, "`ships` now, was `listShips`", C),
        (vec![(at(LIST, "/tags"), json!(["Fleet"]))], "operation-regrouped", D, "`Fleet`", D),
        (vec![(at(LIST, "/summary"), json!("Ships"))], "reworded", D, "reworded", D),
        // Parameters
        (
            vec![(
                at(LIST, "/parameters/-"),
                json!({"name": "q", "in": "query", "required": true, "schema": is_there}),
            )],
            "parameter-added",
            B,
            "query parameter `q` is new and required",
            B,
        ),
        (
            vec![(at(LIST, "/parameters/-"), json!({"name": "q", "in": "query", "schema": is_there}))],
            "parameter-added",
            C,
            "query parameter `q` is new",
            B,
        ),
        (vec![(at(&limit, "/required"), json!(true))], "parameter-required", B, "`limit` is required now", C),
        (
            vec![(at(&limit, "/schema"), json!({"type": "string", "default": 20}))],
            "type-changed",
            B,
            "`limit` is `string` now, was `integer`",
            B,
        ),
        (vec![(at(&limit, "/schema/maximum"), json!(50))], "limit-changed", B, "is at most 50 now, was 100", C),
        (
            vec![(at(&limit, "/schema/default"), json!(10))],
            "default-changed",
            B,
            "means `10` now where it is left out; it was `20`",
            B,
        ),
        (vec![(at(&limit, "/in"), json!("header"))], "parameter-moved", B, "moved there from the query", B),
        (vec![(at(&limit, "/deprecated"), json!(true))], "deprecated", C, "is deprecated now", C),
        (vec![(at(LIST, "/parameters/1/schema/enum/1"), Value::Null)], "values-removed", B, "is no longer `de`", C),
        (vec![(at(&ids, "/explode"), json!(false))], "style-changed", B, "`ids` is written in another way", B),
        (vec![(at(&ids, "/schema/uniqueItems"), json!(true))], "unique-changed", B, "holds no item twice", C),
        (vec![(at(&ids, "/schema/minItems"), json!(1))], "limit-changed", B, "has at least this many items: 1 now", C),
        (
            vec![("/paths/~1ships~1{ship}/delete/parameters/0/schema/pattern".into(), json!("^[a-z]+$"))],
            "pattern-changed",
            B,
            "has to match `^[a-z]+$`",
            C,
        ),
        // Bodies of requests
        (vec![(body.clone(), Value::Null)], "body-removed", B, "request body is gone", C),
        (vec![(at(&body, "/required"), json!(true))], "body-required", B, "request body is required now", C),
        (
            vec![(at(&body, "/content/text~1csv"), json!({"schema": is_there}))],
            "media-type-added",
            C,
            "may be sent as `text/csv` now",
            B,
        ),
        // A schema in place: one direction
        (
            vec![(body_schema.clone(), json!({"$ref": "#/components/schemas/Ship", "nullable": true}))],
            "nullable-changed",
            C,
            "may be `null`",
            B,
        ),
        (
            vec![(
                callback.clone(),
                json!({"type": "object", "required": ["at"], "properties": {"at": {"type": "string"}}}),
            )],
            "property-required",
            C,
            "`at` of the request body of the callback `arrived` is always there now",
            B,
        ),
        // Responses
        (vec![(at(LIST, "/responses/404"), Value::Null)], "response-removed", C, "response `404` is gone", C),
        (vec![(ok.clone(), Value::Null)], "response-removed", B, "response `200` is gone", C),
        (
            vec![(at(&ok, "/headers/X-Total"), Value::Null)],
            "header-removed",
            B,
            "header `X-Total` of response `200` is gone",
            C,
        ),
        (vec![(at(&ok, "/headers/X-Total/required"), json!(false))], "header-optional", B, "may be missing now", C),
        (vec![(at(&ok, "/headers/X-Total/schema"), number(9))], "limit-changed", C, "is at most 9 now", B),
        (vec![(at(&ok, "/content"), Value::Null)], "body-removed", B, "has no body any more", C),
        (
            vec![(at(&ok, "/content/text~1csv"), json!({"schema": is_there}))],
            "media-type-added",
            C,
            "also comes as `text/csv`",
            B,
        ),
        (vec![(at(&answer_schema, "/maxItems"), json!(10))], "limit-changed", C, "has at most this many items: 10", B),
        (
            vec![(at(LIST, "/responses/201"), json!({"description": "More"}))],
            "response-added",
            C,
            "response `201` is new",
            B,
        ),
        // Named schemas, in both directions
        (vec![(at(SHIP, "/properties/length"), json!({"type": "number"}))], "property-added", C, "`length` is new", B),
        (
            vec![(at(SHIP, "/required/-"), json!("kind"))],
            "property-required",
            B,
            "In requests, `kind` is required now",
            B,
        ),
        (
            vec![(at(SHIP, "/properties/kind/enum/-"), json!("barge"))],
            "values-added",
            B,
            "In responses, `kind` may be `barge` now",
            B,
        ),
        (
            vec![(at(SHIP, "/properties/name/maxLength"), json!(80))],
            "limit-changed",
            B,
            "In responses, `name` has at most this many characters: 80 now, was 40",
            B,
        ),
        (
            vec![(at(SHIP, "/properties/tons/format"), json!("int64"))],
            "format-changed",
            B,
            "In responses, `tons` has the format `int64` now, was `int32`",
            B,
        ),
        (
            vec![(at(SHIP, "/properties/tons/type"), json!("number"))],
            "type-changed",
            B,
            "In responses, `tons` is `number` now, was `integer`",
            B,
        ),
        (
            vec![(at(SHIP, "/properties/name/nullable"), json!(true))],
            "nullable-changed",
            B,
            "In responses, `name` may be `null` now",
            B,
        ),
        (
            vec![(at(SHIP, "/properties/name/readOnly"), json!(true))],
            "property-removed",
            B,
            "In requests, `name` is only read now",
            B,
        ),
        (vec![(at(SHIP, "/properties/name/description"), json!("Its name."))], "reworded", D, "reworded", D),
        (
            vec![(at(SHIP, "/additionalProperties"), json!(false))],
            "additional-properties",
            B,
            "In requests, the schema takes no other attributes",
            C,
        ),
        (
            vec![(at(SHIP, "/properties/cargo/oneOf/-"), json!({"type": "string"}))],
            "alternatives-added",
            B,
            "In responses, `cargo` may be a value of type `string` now",
            B,
        ),
        (
            vec![(at(SHIP, "/properties/tons/multipleOf"), json!(2))],
            "multiple-changed",
            B,
            "In requests, `tons` is a multiple of 2 now",
            B,
        ),
        (
            vec![("/components/schemas/Named/properties/title/deprecated".into(), json!(true))],
            "deprecated",
            C,
            "`title` is deprecated now",
            C,
        ),
        // Who may call
        (
            vec![(at(LIST, "/security"), json!([{"login": []}]))],
            "security-stricter",
            B,
            "`key` no longer suffices; calls need `login`",
            B,
        ),
        (
            vec![(at(LIST, "/security"), json!([{"login": [], "key": []}]))],
            "security-stricter",
            B,
            "`key` no longer suffices",
            C,
        ),
        (
            vec![(at(LIST, "/security"), json!([{"key": []}, {"login": []}]))],
            "security-looser",
            C,
            "`login` suffices now",
            B,
        ),
        (vec![(at(LIST, "/security"), json!([]))], "security-looser", C, "need nothing", B),
        (
            vec![("/components/securitySchemes/key/name".into(), json!("X-Other"))],
            "security-stricter",
            B,
            "no longer suffices",
            B,
        ),
        // The whole
        (
            vec![("/servers".into(), json!([{"url": "https://a.example"}]))],
            "servers-changed",
            C,
            "`https://a.example`",
            C,
        ),
        (vec![("/info/title".into(), json!("Boats"))], "title-changed", D, "`Boats` now, was `Ships`", D),
        (vec![("/info/description".into(), json!("Some."))], "reworded", D, "reworded", D),
    ];
    let gravest = |changes: &Changes| changes.items.first().map(|change| change.class);
    for (edits, code, class, words, back) in rules {
        let edits: Vec<(&str, Value)> =
            edits.iter().map(|(pointer, value)| (pointer.as_str(), value.clone())).collect();
        let after = edited(&edits);
        let forwards = compare(&base(), &after);
        let told = forwards.items.iter().any(|change| {
            change.code == code
                && change.class == class
                && change.message.to_lowercase().contains(&words.to_lowercase())
        });
        assert!(told, "{edits:?} should be {code}, {class:?}, {words:?}: {forwards:#?}");
        assert_eq!(gravest(&forwards), Some(class), "{edits:?}: {forwards:#?}");
        let backwards = compare(&after, &base());
        assert_eq!(gravest(&backwards), Some(back), "{edits:?} backwards: {backwards:#?}");
        for change in forwards.items.iter().chain(&backwards.items) {
            assert!(change.class != ChangeClass::Breaking || !change.advice.is_empty(), "no advice: {change:#?}");
            assert!(change.message.starts_with(|c: char| c.is_uppercase() || c == '`'), "{}", change.message);
        }
        // What a change points to is there.
        for (changes, before, after) in [(&forwards, &base(), &after), (&backwards, &after, &base())] {
            for Change { edition, pointer, .. } in &changes.items {
                let document = if *edition == Edition::Before { before } else { after };
                assert!(document.pointer(pointer).is_some(), "{pointer} is not in the document: {changes:#?}");
            }
        }
    }
}

#[test]
fn a_change_of_a_shared_schema_stands_once_and_knows_its_operations() {
    let after = edited(&[("/components/schemas/Named/properties/title/type", json!("integer"))]);
    let found = compare(&base(), &after);
    let [change] = &found.items[..] else { panic!("{found:#?}") };
    assert_eq!(change.subject, ChangeSubject::Schema { name: "Named".into(), edition: Edition::After });
    assert_eq!(change.pointer, "/components/schemas/Named/properties/title");
    assert_eq!(change.message, "`title` is `integer` now, was `string`");
    let operations: Vec<_> = change.operations.iter().map(|names| names.after.as_deref().unwrap()).collect();
    assert_eq!(operations, ["addShip", "listShips"]);
    // What breaks answers alone reaches only those that answer with it.
    let after = edited(&[("/components/schemas/Ship/properties/kind/enum/-", json!("barge"))]);
    let found = compare(&base(), &after);
    let operations: Vec<_> = found.items[0].operations.iter().map(|names| names.before.as_deref().unwrap()).collect();
    assert_eq!(operations, ["listShips"]);
}

#[test]
fn a_moved_operation_is_known_by_its_id() {
    let mut after = base();
    let paths = after["paths"].as_object_mut().unwrap();
    let item = paths.remove("/ships/{ship}").unwrap();
    paths.insert("/fleet/{ship}".into(), item);
    let found = compare(&base(), &after);
    let [change] = &found.items[..] else { panic!("{found:#?}") };
    assert_eq!((change.code.as_str(), change.class), ("operation-moved", ChangeClass::Breaking));
    assert_eq!(change.message, "The operation moved from `DELETE /ships/{ship}` to `DELETE /fleet/{ship}`");
}

#[test]
fn how_a_schema_is_written_is_no_change() {
    let alike = [
        json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "nullable": true}, "b": {"type": "integer"}}}),
        json!({"allOf": [{"type": "object", "properties": {"a": {"type": "string", "nullable": true}}},
            {"type": "object", "required": ["a"], "properties": {"b": {"type": "integer"}}}]}),
        json!({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/components/schemas/Text"}, "b": {"type": "integer"}}}),
    ];
    let three_one = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": ["string", "null"]}, "b": {"type": "integer"}}});
    let union = json!({"type": "object", "required": ["a"], "properties": {"a": {"oneOf": [{"type": "string"}, {"type": "null"}]}, "b": {"type": "integer"}}});
    let document = |version: &str, schema: &Value| {
        let text = if version == "3.0.3" {
            json!({"type": "string", "nullable": true})
        } else {
            json!({"type": ["string", "null"]})
        };
        json!({"openapi": version, "info": {"title": "A", "version": "1"},
            "paths": {"/a": {"post": {
                "requestBody": {"content": {"application/json": {"schema": schema}}},
                "responses": {"200": {"description": "A", "content": {"application/json": {"schema": schema}}}}
            }}},
            "components": {"schemas": {"Text": text}}})
    };
    let mut documents: Vec<Value> = alike.iter().map(|schema| document("3.0.3", schema)).collect();
    documents.extend([document("3.1.0", &three_one), document("3.1.0", &union)]);
    for before in &documents {
        for after in &documents {
            let found = compare(before, after);
            assert!(found.is_empty(), "{before}\n{after}\n{found:#?}");
        }
    }
}

#[test]
fn alternatives_belong_together_by_what_they_are() {
    let document = |alternatives: Value| {
        json!({"openapi": "3.1.0", "info": {"title": "A", "version": "1"}, "paths": {"/a": {"post": {
            "requestBody": {"content": {"application/json": {"schema": {"oneOf": alternatives}}}},
            "responses": {"200": {"description": "A"}}
        }}}})
    };
    let titled = |title: &str, kind: &str| json!({"type": "object", "properties": {"title": {"const": title}, "size": {"type": kind}}});
    let before = document(json!([titled("a", "string"), titled("b", "string"), titled("c", "string")]));
    // Another order is no change, and one that changed is compared with the one that is left.
    let turned = document(json!([titled("c", "string"), titled("a", "string"), titled("b", "string")]));
    assert!(compare(&before, &turned).is_empty());
    let after = document(json!([titled("c", "string"), titled("b", "integer"), titled("a", "string")]));
    let found = compare(&before, &after);
    let [change] = &found.items[..] else { panic!("{found:#?}") };
    assert_eq!(change.message, "`size` of the request body is `integer` now, was `string`");
}

#[test]
fn another_version_of_openapi_is_no_change() {
    let two = description(include_bytes!("../documents/store-2.0.json"));
    let three = description(include_bytes!("../documents/store-3.1.json"));
    let words =
        |changes: Changes| changes.items.into_iter().map(|change| (change.class, change.message)).collect::<Vec<_>>();
    let renamed = |now: &str, was: &str| {
        (ChangeClass::Docs, format!("The path parameter `{now}` was called `{was}`; calls look the same"))
    };
    assert_eq!(words(changes(&two, &three)), [renamed("petId", "id")]);
    assert_eq!(words(changes(&three, &two)), [renamed("id", "petId")]);
}

#[test]
fn hostile_documents_are_compared_within_bounds() {
    // Two circles of different length, and schemas that are all of each other.
    let circle = |length: usize| {
        let schema = |n: usize| {
            let next = json!({"$ref": format!("#/components/schemas/S{}", (n + 1) % length)});
            (
                format!("S{n}"),
                json!({"type": "object", "allOf": [next.clone()], "oneOf": [next.clone(), next.clone()],
                "properties": {"next": next, "deep": {"properties": {"next": {"$ref": "#/components/schemas/S0"}}}}}),
            )
        };
        let schemas: Map<String, Value> = (0..length).map(schema).collect();
        json!({"openapi": "3.0.0", "info": {"title": "A", "version": "1"}, "components": {"schemas": schemas},
            "paths": {"/a": {"get": {"responses": {"200": {"description": "", "content":
                {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}}}}}}})
    };
    compare(&circle(7), &circle(11));
    compare(&circle(1), &circle(200));
    // Very many changes are counted, and the gravest are told.
    let many = |kind: &str| {
        let properties: Map<String, Value> = (0..1_900).map(|n| (format!("p{n}"), json!({"type": kind}))).collect();
        let schemas: Map<String, Value> =
            (0..20).map(|n| (format!("S{n}"), json!({"type": "object", "properties": properties}))).collect();
        let of = |n: usize| {
            (
                format!("/{n}"),
                json!({"get": {"responses": {"200": {"description": "",
            "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/S{n}")}}}}}}}),
            )
        };
        let paths: Map<String, Value> = (0..20).map(of).collect();
        json!({"openapi": "3.0.0", "info": {"title": "A", "version": "1"}, "components": {"schemas": schemas}, "paths": paths})
    };
    let found = compare(&many("string"), &many("integer"));
    assert_eq!((found.items.len(), found.breaking, found.cut), (1_000, 38_000, true));
}

/// The document as readers get it, and its value.
fn as_json(document: &Description) -> (Description, Value) {
    let bytes = document.written(Format::Json, "https://gw.example");
    (description(&bytes), serde_json::from_slice(&bytes).unwrap())
}

#[test]
fn real_documents_are_like_themselves_in_both_writings() {
    let Some(folder) = corpus() else { return };
    for path in documents(&folder) {
        let Some(before) = read(&fs::read(&path).unwrap()).description else { continue };
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (before, mut after) = as_json(&before);
        after["x-written"] = "again".into();
        let after = description(after.to_string().as_bytes());
        let found = changes(&before, &after);
        assert!(found.is_empty() && !found.cut, "{name}: {found:#?}");
    }
}

/// Real documents with something taken out or turned: nothing panics, and every change has a place.
#[test]
fn real_documents_may_lose_anything() {
    let Some(folder) = corpus() else { return };
    for path in documents(&folder).into_iter().filter(|path| fs::metadata(path).unwrap().len() < 500_000) {
        let Some(before) = read(&fs::read(&path).unwrap()).description else { continue };
        let (before, root) = as_json(&before);
        for seed in 0..6 {
            let mut after = root.clone();
            let mut count = seed;
            thin(&mut after, &mut count, 0);
            let Some(after) = read(after.to_string().as_bytes()).description else { continue };
            changes(&before, &after);
            changes(&after, &before);
        }
    }
}

/// Takes some members out below the first levels.
fn thin(value: &mut Value, count: &mut u64, depth: usize) {
    let mut keep = || {
        *count = count.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        depth < 4 || !(*count >> 33).is_multiple_of(23)
    };
    match value {
        Value::Object(members) => {
            members.retain(|_, _| keep());
            for member in members.values_mut() {
                thin(member, count, depth + 1);
            }
        }
        Value::Array(items) => {
            items.retain(|_| keep());
            for item in items {
                thin(item, count, depth + 1);
            }
        }
        _ => {}
    }
}

fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({"type": "string"})),
        Just(json!({"type": "integer", "minimum": 1})),
        Just(json!({"enum": ["a", "b"]})),
        Just(json!({"$ref": "#/components/schemas/A"})),
        Just(json!({"$ref": "#/components/schemas/B"})),
        Just(json!(true)),
        Just(json!({})),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone(), any::<bool>()).prop_map(|(a, b, required)| {
                let required = if required { json!(["a"]) } else { json!([]) };
                json!({"type": "object", "required": required, "properties": {"a": a, "b": b}})
            }),
            inner.clone().prop_map(|items| json!({"type": "array", "items": items})),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| json!({"oneOf": [a, b]})),
            (inner.clone(), inner).prop_map(|(a, b)| json!({"allOf": [a, b]})),
        ]
    })
}

fn document(body: &Value, answer: &Value, a: &Value, b: &Value) -> Value {
    json!({"openapi": "3.1.0", "info": {"title": "A", "version": "1"},
        "paths": {"/a": {"post": {
            "requestBody": {"content": {"application/json": {"schema": body}}},
            "responses": {"200": {"description": "A", "content": {"application/json": {"schema": answer}}}}
        }}},
        "components": {"schemas": {"A": a, "B": b}}})
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_changed_is_no_change(body in schema(), answer in schema(), a in schema(), b in schema()) {
        let before = document(&body, &answer, &a, &b);
        let mut after = before.clone();
        after["x-written"] = "again".into();
        let found = compare(&before, &after);
        prop_assert!(found.is_empty(), "{before}\n{found:#?}");
    }

    #[test]
    fn any_two_are_compared(body in schema(), other in schema(), a in schema(), b in schema()) {
        let found = compare(&document(&body, &other, &a, &b), &document(&other, &body, &b, &a));
        prop_assert!(!found.cut);
    }

    /// A value more for requests is a value more for answers, and the other way back.
    #[test]
    fn directions_are_each_others_mirror(first in 0..40_i64, second in 0..40_i64) {
        prop_assume!(first != second);
        let bounded = |n: i64| json!({"type": "integer", "maximum": n});
        let request = |n| document(&bounded(n), &json!({}), &json!({}), &json!({}));
        let answer = |n| document(&json!({}), &bounded(n), &json!({}), &json!({}));
        let breaking = |before: &Value, after: &Value| compare(before, after).breaking > 0;
        prop_assert_eq!(breaking(&request(first), &request(second)), second < first);
        prop_assert_eq!(breaking(&answer(first), &answer(second)), second > first);
    }
}
