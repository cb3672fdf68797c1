//! Operations as tools: what arguments become, and that a tool of any document is whole and of bearable size.
use super::{
    corpus::{corpus, documents},
    support::description,
};
use portico_openapi::{Description, ToolCall, read};
use serde_json::{Value, json};
use std::{collections::HashSet, fs};

fn document() -> Description {
    let parameter = |name: &str, place: &str, more: Value| {
        let mut one = json!({"name": name, "in": place, "schema": {"type": "string"}});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    };
    let form = |kind: &str| json!({"required": true, "content": {kind: {"schema": {"type": "object"}}}});
    let document = json!({
        "openapi": "3.1.0", "info": {"title": "A", "version": "1"},
        "components": {"securitySchemes": {"own": {"type": "apiKey", "in": "query", "name": "token"}}},
        "security": [{"own": []}],
        "paths": {
            "/a/{id}": {"get": {"operationId": "get", "parameters": [
                parameter("id", "path", json!({"required": true})),
                parameter("id", "query", json!({})),
                parameter("filter[name]", "query", json!({"style": "deepObject", "explode": true, "schema": {"type": "object"}})),
                parameter("X-Trace", "header", json!({})),
                parameter("session", "cookie", json!({})),
                parameter("token", "query", json!({})),
                parameter("Accept", "header", json!({})),
            ]}},
            "/form": {"post": {"operationId": "form", "requestBody": form("application/x-www-form-urlencoded")}},
            "/parts": {"post": {"operationId": "parts", "requestBody": form("multipart/form-data")}},
            "/text": {"post": {"operationId": "text", "requestBody": form("text/plain")}},
        },
    });
    description(document.to_string().as_bytes())
}

fn call(operation: &str, arguments: Value) -> Result<ToolCall, String> {
    document().tool_call(operation, arguments.as_object().unwrap())
}

#[test]
fn arguments_stand_where_their_parameters_do() {
    let schema = document().tool("get", "get").unwrap().input_schema;
    let names: Vec<_> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["id", "id-2", "filter_name_", "X-Trace", "session"],
        "keys and what others say are no arguments"
    );
    assert_eq!((&schema["required"], &schema["additionalProperties"]), (&json!(["id"]), &json!(false)));
    assert_eq!(schema["properties"]["id-2"]["description"], "Query parameter id.");
    let many: Vec<u32> = (0..300).collect();
    let made = call(
        "get",
        json!({"id": "a/b", "id-2": "ü", "filter_name_": {"a": "1", "b": many}, "X-Trace": "x\r\nHost: y", "session": "s"}),
    );
    let made = made.unwrap();
    assert!(
        made.target.starts_with("/a/a%2Fb?id=%C3%BC&filter%5Bname%5D%5Ba%5D=1&filter%5Bname%5D%5Bb%5D="),
        "{}",
        made.target
    );
    assert!(made.target.ends_with("299%5D"), "nothing is left out of what is sent: {}", made.target);
    let fields: Vec<_> = made.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(fields, [("X-Trace", "xHost: y"), ("cookie", "session=s")]);
    assert_eq!((made.method.as_str(), made.body.len()), ("GET", 0));
}

#[test]
fn bodies_are_written_as_the_document_takes_them() {
    let body = |operation: &str, value: Value| {
        let made = call(operation, json!({"body": value})).unwrap();
        (made.fields[0].1.clone(), String::from_utf8(made.body).unwrap())
    };
    let (kind, form) = body("form", json!({"a": "x&y", "b": [1, 2]}));
    assert_eq!((kind.as_str(), form.as_str()), ("application/x-www-form-urlencoded", "a=x%26y&b=1&b=2"));
    let (kind, parts) = body("parts", json!({"a\"": "1\r\n--portico-part--", "b": {"c": 2}}));
    assert_eq!(kind, "multipart/form-data; boundary=portico-partx");
    assert!(parts.contains("name=\"a%22\"\r\n\r\n1\r\n--portico-part--\r\n--portico-partx\r\n"), "{parts}");
    assert!(parts.ends_with("name=\"b\"\r\n\r\n{\"c\":2}\r\n--portico-partx--\r\n"), "{parts}");
    assert_eq!(body("text", json!("plain")), ("text/plain".to_owned(), "plain".to_owned()));
    assert!(call("text", json!({"body": {}})).unwrap_err().contains("is a text"));
    assert!(call("form", json!({"body": "a=1"})).unwrap_err().contains("is an object"));
}

#[test]
fn real_documents_become_tools() {
    let Some(folder) = corpus() else { return };
    for path in documents(&folder).into_iter().filter(|path| fs::metadata(path).unwrap().len() < 1_500_000) {
        let Some(read) = read(&fs::read(&path).unwrap()).description else { continue };
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let tools = read.tools();
        let names: HashSet<&String> = tools.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), tools.len(), "{name}");
        for (tool, operation) in tools.iter().step_by(5).take(60) {
            let tool = read.tool(operation, tool).unwrap_or_else(|| panic!("{name}: {operation}"));
            let written = tool.input_schema.to_string();
            assert!(written.len() < 256 * 1024, "{name} {operation}: {} bytes", written.len());
            let definitions = tool.input_schema.get("$defs").and_then(Value::as_object);
            for reference in written.split("\"$ref\":\"#/$defs/").skip(1) {
                let to = reference.split('"').next().unwrap();
                assert!(definitions.is_some_and(|known| known.contains_key(to)), "{name} {operation}: {to}");
            }
            for argument in tool.input_schema["properties"].as_object().unwrap().keys() {
                assert!(argument.len() <= 64 && !argument.is_empty(), "{name} {operation}: {argument}");
            }
        }
    }
}
