//! Documents made to hurt: refused or read, quickly, without a panic.
use portico_domain::Format;
use portico_openapi::{Description, read};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fmt::Write as _;

fn refused(document: &[u8]) -> String {
    let reading = read(document);
    assert!(reading.description.is_none());
    reading.findings[0].code.clone()
}

/// Makes every page there is.
fn turn_all_pages(description: &Description) {
    description.overview();
    description.navigation(None);
    description.routes();
    description.search_entries();
    let slugs: Vec<String> = description.operation_slugs().map(str::to_owned).collect();
    for slug in slugs.iter().take(50) {
        assert!(description.operation(slug).is_some());
        description.call(slug, "https://gw.example", Some("K"));
        description.navigation(Some(slug));
    }
    for name in description.schema_names().take(50) {
        assert!(description.schema(name).is_some());
    }
    description.first_call("https://gw.example", None);
    description.written(Format::Json, "https://gw.example");
    description.written(Format::Yaml, "https://gw.example");
}

#[test]
fn depth_is_bounded_in_both_writings() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        assert_eq!(refused(deep.as_bytes()), "too-deep", "{open}");
        assert!(["unreadable-yaml", "too-much"].contains(&refused(format!("a: {deep}").as_bytes()).as_str()), "{open}");
    }
    assert_eq!(refused("[".repeat(1_000_000).as_bytes()), "too-deep");
    let indented: String = (0..2000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    assert!(["unreadable-yaml", "too-much"].contains(&refused(indented.as_bytes()).as_str()));
    let dashes = "- ".repeat(100_000);
    assert!(["unreadable-yaml", "too-much"].contains(&refused(dashes.as_bytes()).as_str()));
}

#[test]
fn expansion_is_bounded() {
    let mut bomb = String::from("openapi: 3.0.0\nx0: &x0 [a,a,a,a,a,a,a,a,a]\n");
    for n in 1..30 {
        let aliases = vec![format!("*x{}", n - 1); 9].join(",");
        writeln!(bomb, "x{n}: &x{n} [{aliases}]").unwrap();
    }
    assert_eq!(refused(bomb.as_bytes()), "too-much");
}

#[test]
fn long_lists_are_lists() {
    let listed: Vec<u32> = (0..1_000_000).collect();
    let document = json!({"openapi": "3.1.0", "info": {"title": "a", "version": "b"},
        "paths": {"/a": {"get": {"operationId": "a", "responses": {"200": {"description": "d", "content": {"application/json": {"schema": {"enum": listed, "default": listed, "example": listed}}}}}}}}});
    let description = read(document.to_string().as_bytes()).description.unwrap();
    let page = serde_json::to_string(&description.operation("a").unwrap()).unwrap();
    assert!(page.len() < 60_000, "{}", page.len());
    let zeros = format!("[{}0]", "0,".repeat(1_000_000));
    assert_eq!(refused(zeros.as_bytes()), "too-much", "two bytes a value is no description");
}

#[test]
fn bytes_that_are_no_text_say_what_to_do() {
    for (bytes, code) in [
        (&b"openapi: \xff\xfe"[..], "not-utf-8"),
        (b"\xff\xfe{\0}\0", "not-utf-8"),
        (b"\xfe\xff\0{\0}", "not-utf-8"),
        (b"{\"openapi\": \"3.0\0\"}", "not-text"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\x1f\x8b\x08\x00", "not-utf-8"),
    ] {
        assert_eq!(refused(bytes), code, "{bytes:?}");
    }
    assert_eq!(refused(&vec![b' '; 33 * 1024 * 1024]), "too-large");
    let marked = "\u{feff}openapi: 3.0.0\ninfo: {title: a, version: b}\npaths: {/a: {get: {responses: {}}}}\n";
    assert_eq!(read(marked.as_bytes()).description.unwrap().operation_count(), 1);
}

#[test]
fn numbers_beyond_numbers() {
    let document = r#"{"openapi":"3.0.0","info":{"title":"a","version":"b"},"paths":{"/a":{"get":{"parameters":[{"name":"n","in":"query","required":true,"schema":{"type":"integer","minimum":-9223372036854776000,"maximum":123456789012345678901234567890,"multipleOf":1e-320,"minLength":-5,"maxLength":1e300}}],"responses":{}}}}}"#;
    turn_all_pages(&read(document.as_bytes()).description.unwrap());
    let yaml = "openapi: 3.0.0\ninfo: {title: a, version: b}\npaths: {}\nx: [.inf, -.inf, .nan, 0x7fffffffffffffffffff, 1e999, -9223372036854776000]\n";
    turn_all_pages(&read(yaml.as_bytes()).description.unwrap());
    assert_eq!(refused(b"{\"a\": 1e999}"), "unreadable-json");
}

#[test]
fn references_in_circles_end() {
    let document = json!({"openapi": "3.1.0", "info": {"title": "a", "version": "b"},
    "paths": {
        "/a": {"$ref": "#/paths/~1a"},
        "/b": {"$ref": "#/paths/~1c"}, "/c": {"$ref": "#/paths/~1b"},
        "/d": {"get": {"operationId": "d", "parameters": [{"$ref": "#/components/parameters/P"}],
            "requestBody": {"$ref": "#/components/requestBodies/B"},
            "responses": {"200": {"description": "x", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tree"}}}},
                "201": {"description": "x", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Self"}}}},
                "202": {"description": "x", "content": {"application/json": {"schema": {"$ref": "#"}}}},
                "203": {"description": "x", "content": {"application/json": {"schema": {"$ref": "#/paths/~1d/get"}}}}}}}},
    "components": {
        "parameters": {"P": {"$ref": "#/components/parameters/P"}},
        "requestBodies": {"B": {"$ref": "#/components/requestBodies/B"}},
        "schemas": {
            "Self": {"$ref": "#/components/schemas/Self"},
            "All": {"allOf": [{"$ref": "#/components/schemas/All"}, {"$ref": "#/components/schemas/One"}]},
            "One": {"oneOf": [{"$ref": "#/components/schemas/All"}, {"$ref": "#/components/schemas/One"}, {"type": "string"}]},
            "List": {"type": "array", "items": {"$ref": "#/components/schemas/List"}},
            "Map": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Map"}},
            "Not": {"not": {"$ref": "#/components/schemas/Not"}},
            "Nested": {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Nested/properties/a"}, "b": {"$ref": "#/components/schemas/Nested/properties"}}},
            "Tree": {"type": "object", "properties": {"left": {"$ref": "#/components/schemas/Tree"}, "right": {"$ref": "#/components/schemas/Tree"},
                "a": {"type": "object", "properties": {"b": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}}}}}}});
    let description = read(document.to_string().as_bytes()).description.unwrap();
    turn_all_pages(&description);
    assert_eq!(description.operation("d").unwrap().faults.len(), 2);
}

#[test]
fn names_of_any_letters_are_anchors() {
    let status = format!("{}é", "\"ü ".repeat(100));
    let schema =
        json!({"properties": {format!("{}<", "ß\" ".repeat(50)): {"properties": {"\u{202e}x": {"type": "string"}}}}});
    let response = json!({"description": "d", "headers": {"ä": {"schema": schema}}, "content": {"application/json": {"schema": schema}}});
    let document = json!({"openapi": "3.1.0", "info": {"title": "a", "version": "b"},
        "paths": {"/ö/{ñ}": {"get": {"responses": {status: response}}}}});
    let description = read(document.to_string().as_bytes()).description.unwrap();
    turn_all_pages(&description);
    let page = serde_json::to_value(description.operation("get").unwrap()).unwrap();
    let anchor = page.pointer("/responses/0/contents/0/schema/properties/0/anchor").unwrap().as_str().unwrap();
    assert!(
        anchor.len() <= 210 && anchor.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)),
        "{anchor}"
    );
}

/// Without names to link to, only the budget ends it.
#[test]
fn wide_and_deep_schemas_are_cut() {
    let mut schema = json!({"type": "string"});
    for _ in 0..12 {
        schema = json!({"oneOf": [{"type": "object", "properties": {"a": schema}}, {"allOf": [{"properties": {"b": {"$ref": "#/x-deep"}}}]}]});
    }
    let document = json!({"openapi": "3.1.0", "info": {"title": "a", "version": "b"}, "x-deep": schema,
        "paths": {"/a": {"get": {"responses": {"200": {"description": "x", "content": {"application/json": {"schema": {"$ref": "#/x-deep"}}}}}}}}});
    let bytes = document.to_string();
    let description = read(bytes.as_bytes()).description.unwrap();
    turn_all_pages(&description);
    let mut all = json!({});
    for n in 0..3000 {
        all[format!("S{n}")] = json!({"allOf": (0..20).map(|m| json!({"$ref": format!("#/components/schemas/S{}", (n + m * 7 + 1) % 3000)})).collect::<Vec<_>>(), "properties": {format!("p{n}"): {"$ref": format!("#/components/schemas/S{}", (n * 31 + 1) % 3000)}}});
    }
    let document = json!({"openapi": "3.1.0", "info": {"title": "a", "version": "b"}, "components": {"schemas": all},
        "paths": {"/a": {"get": {"responses": {"200": {"description": "x", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}}}}}}});
    let description = read(document.to_string().as_bytes()).description.unwrap();
    description.operation("get-a").unwrap();
    description.schema("S7").unwrap();
}

fn json_value() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "openapi",
        "swagger",
        "3.1.0",
        "2.0",
        "info",
        "title",
        "version",
        "paths",
        "/a",
        "/a/{b}",
        "get",
        "post",
        "parameters",
        "name",
        "in",
        "query",
        "path",
        "schema",
        "type",
        "object",
        "array",
        "string",
        "properties",
        "items",
        "$ref",
        "#",
        "#/paths",
        "#/components/schemas/A",
        "components",
        "schemas",
        "A",
        "responses",
        "200",
        "content",
        "application/json",
        "allOf",
        "oneOf",
        "enum",
        "required",
        "example",
        "requestBody",
        "description",
        "security",
        "tags",
        "definitions",
        "const",
        "if",
        "then",
        "additionalProperties",
        "prefixItems",
        "",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words.clone().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((words.clone(), inner), 0..6).prop_map(|members| Value::Object(
                members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            )),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let reading = read(&bytes);
        prop_assert!(reading.description.is_some() || !reading.findings.is_empty());
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(openapi: 3.1.0\n)?[-a-z:\\[\\]{}\"'&*#|> \n]{0,80}") {
        let reading = read(text.as_bytes());
        prop_assert!(reading.description.is_some() || !reading.findings.is_empty());
    }

    #[test]
    fn anything_below_the_keywords_makes_pages(paths in json_value(), operation in json_value(), schema in json_value(), swagger in any::<bool>()) {
        let version = if swagger { ("swagger", "2.0") } else { ("openapi", "3.1.0") };
        let document = json!({
            version.0: version.1, "info": paths, "tags": schema, "security": operation, "definitions": {"A": schema},
            "paths": {"/a": operation, "/b/{c}": {"get": operation, "post": {"responses": operation, "parameters": [operation, {"name": "q", "in": "query", "schema": schema}], "requestBody": {"content": {"application/json": {"schema": schema, "examples": operation}}}}}},
            "components": {"schemas": {"A": schema, "B": {"properties": schema, "items": operation}}, "securitySchemes": operation, "parameters": paths},
        });
        let reading = read(document.to_string().as_bytes());
        if let Some(description) = reading.description {
            turn_all_pages(&description);
            let yaml = description.written(Format::Yaml, "https://gw.example");
            let again = read(&yaml);
            prop_assert!(again.description.is_some(), "{}\n{:?}", String::from_utf8_lossy(&yaml), again.findings);
        }
    }
}
