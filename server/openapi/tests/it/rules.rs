//! What the gateway gets of documents: facts of routes, rules, mock answers.
use super::support::description;
use portico_domain::{
    AnswerStatus, DocumentRules, KeyPlace, MockAnswer, ParameterLocation, ParameterStyle, Scalar, Timestamp,
};
use portico_openapi::Wanted;
use serde_json::json;

const ALL: Wanted = Wanted { requests: true, answers: true, mocks: true };

fn rules(document: &serde_json::Value) -> DocumentRules {
    description(document.to_string().as_bytes()).rules(ALL)
}

#[test]
fn routes_say_their_end_and_where_keys_stand() {
    let document = json!({
        "openapi": "3.1.0", "info": {"title": "a", "version": "1"},
        "security": [{"query": []}],
        "components": {"securitySchemes": {
            "query": {"type": "apiKey", "in": "query", "name": "api key"},
            "field": {"type": "apiKey", "in": "header", "name": "X-Token"},
            "cookie": {"$ref": "#/components/securitySchemes/named"},
            "named": {"type": "apiKey", "in": "cookie", "name": "sid"},
            "bad": {"type": "apiKey", "in": "header", "name": "a b"},
            "bearer": {"type": "http", "scheme": "bearer"}
        }},
        "paths": {
            "/old": {"get": {"deprecated": true, "x-sunset": "2027-01-31", "x-deprecated-at": "2026-01-01T12:00:00+01:00",
                "externalDocs": {"url": "https://docs.example.com/old"}, "responses": {}}},
            "/odd": {"get": {"deprecated": true, "x-sunset": "soon", "externalDocs": {"url": "javascript:alert(1)"}, "responses": {}}},
            "/new": {"get": {"security": [{"field": [], "bad": []}, {"cookie": []}, {"bearer": []}], "responses": {}}},
            "/open": {"get": {"security": [], "responses": {}}}
        }
    });
    let routes = description(document.to_string().as_bytes()).routes();
    let place = |location, name: &str| KeyPlace { location, name: name.to_owned() };
    let old = routes[0].deprecation.clone().unwrap();
    assert!(old.deprecated);
    assert_eq!(old.sunset, Timestamp::parse("2027-01-31T00:00:00Z"));
    assert_eq!(old.since, Timestamp::parse("2026-01-01T11:00:00Z"));
    assert_eq!(old.link.as_deref(), Some("https://docs.example.com/old"));
    assert_eq!(routes[0].key_places, [place(ParameterLocation::Query, "api key")]);
    let odd = routes[1].deprecation.clone().unwrap();
    assert_eq!((odd.sunset, odd.link), (None, None));
    assert_eq!(routes[2].deprecation, None);
    let places = [place(ParameterLocation::Header, "X-Token"), place(ParameterLocation::Cookie, "sid")];
    assert_eq!(routes[2].key_places, places);
    assert!(routes[3].key_places.is_empty());
}

#[test]
fn a_key_is_no_parameter() {
    let document = json!({
        "openapi": "3.1.0", "info": {"title": "a", "version": "1"},
        "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "key"}}},
        "paths": {"/a": {
            "parameters": [
                {"name": "key", "in": "query", "required": true, "schema": {"type": "string"}},
                {"name": "key", "in": "header", "schema": {"type": "string"}}
            ],
            "get": {"operationId": "guarded", "security": [{"key": []}], "responses": {}},
            "put": {"operationId": "open", "responses": {}}
        }}
    });
    let rules = rules(&document);
    let places = |name: &str| rules.operations[name].parameters.iter().map(|rule| rule.location).collect::<Vec<_>>();
    assert_eq!(places("guarded"), [ParameterLocation::Header]);
    assert_eq!(places("open"), [ParameterLocation::Query, ParameterLocation::Header]);
}

#[test]
fn forms_are_read_wherever_they_stand() {
    let schema = json!({"type": "object", "properties": {"limit": {"type": "integer"}}});
    let form = |encoding: serde_json::Value| json!({"application/x-www-form-urlencoded": {"schema": schema, "encoding": encoding}});
    let query =
        |content: serde_json::Value| json!([{"name": "q", "in": "querystring", "required": true, "content": content}]);
    let document = json!({
        "openapi": "3.2.0", "info": {"title": "a", "version": "1"},
        "paths": {"/a": {
            "get": {"operationId": "plain", "parameters": query(form(json!({}))), "responses": {}},
            "put": {"operationId": "json", "parameters": query(json!({"application/json": {"schema": schema}})), "responses": {}},
            "post": {"operationId": "encoded", "requestBody": {"content": form(json!({"limit": {"explode": false}}))}, "responses": {}}
        }}
    });
    let rules = rules(&document);
    let query = rules.operations["plain"].query.as_ref().unwrap();
    assert!(query.required && query.media[0].schema.is_some());
    assert_eq!(query.media[0].form.as_ref().unwrap().members.as_ref().unwrap()["limit"].scalars, [Scalar::Number]);
    assert!(rules.operations["json"].query.as_ref().unwrap().media.is_empty());
    let body = rules.operations["encoded"].body.as_ref().unwrap();
    assert!(body.media[0].schema.is_none() && body.media[0].form.is_none());
    let notes: Vec<_> = rules.notes.iter().map(|note| note.message.as_str()).collect();
    assert!(notes.len() == 2 && notes[0].contains("query as a whole") && notes[1].contains("encoding"), "{notes:?}");
}

#[test]
fn a_document_of_2_0_has_rules_as_one_of_3_has() {
    let document = json!({
        "swagger": "2.0", "info": {"title": "a", "version": "1"},
        "consumes": ["application/json"], "produces": ["application/json"],
        "definitions": {"Pet": {"type": "object", "required": ["id", "name"], "properties": {
            "id": {"type": "integer", "readOnly": true}, "name": {"type": "string", "x-nullable": true}}}},
        "paths": {"/pets/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": true, "type": "integer", "format": "int64"}],
            "put": {
                "operationId": "put",
                "parameters": [
                    {"name": "tags", "in": "query", "type": "array", "items": {"type": "string"}, "collectionFormat": "pipes"},
                    {"name": "Accept", "in": "header", "type": "string", "required": true},
                    {"name": "pet", "in": "body", "required": true, "schema": {"$ref": "#/definitions/Pet"}}
                ],
                "responses": {"200": {"description": "ok", "schema": {"$ref": "#/definitions/Pet"},
                    "headers": {"X-Left": {"type": "integer"}}}}
            },
            "post": {
                "operationId": "post", "consumes": ["application/x-www-form-urlencoded"],
                "parameters": [{"name": "age", "in": "formData", "type": "integer", "required": true}],
                "responses": {"204": {"description": "done"}}
            }
        }}
    });
    let rules = rules(&document);
    assert!(rules.notes.is_empty(), "{:?}", rules.notes);
    let put = &rules.operations["put"];
    let named: Vec<_> = put.parameters.iter().map(|rule| (rule.name.as_str(), rule.style, rule.required)).collect();
    assert_eq!(named, [("id", ParameterStyle::Simple, true), ("tags", ParameterStyle::PipeDelimited, false)]);
    assert_eq!(put.parameters[0].kind.scalars, [Scalar::Number]);
    assert_eq!(put.parameters[0].schema["maximum"], json!(i64::MAX));
    let body = put.body.as_ref().unwrap();
    assert!(body.required);
    assert_eq!(body.media[0].schema, Some(json!({"$ref": "#/$defs/s0"})));
    assert_eq!(rules.requests["s0"]["required"], json!(["name"]));
    assert_eq!(rules.answers["s0"]["required"], json!(["id", "name"]));
    assert_eq!(rules.requests["s0"]["properties"]["name"]["type"], json!(["string", "null"]));
    assert_eq!(put.answers[0].status, AnswerStatus::Exact(200));
    assert_eq!(put.answers[0].fields[0].name, "X-Left");
    let form = rules.operations["post"].body.as_ref().unwrap().media[0].form.clone().unwrap();
    assert_eq!(form.members.unwrap()["age"].scalars, [Scalar::Number]);
}

#[test]
fn mocks_are_what_stands_in_the_document_or_is_made() {
    let document = json!({
        "openapi": "3.0.3", "info": {"title": "a", "version": "1"},
        "paths": {"/pets": {"get": {
            "operationId": "list",
            "responses": {
                "200": {
                    "description": "ok",
                    "headers": {"X-Total": {"schema": {"type": "integer", "example": 7}}},
                    "content": {
                        "application/json": {"examples": {
                            "one": {"summary": "One pet", "value": [{"name": "rex"}]},
                            "none": {"value": []},
                            "text": {"value": "{\"written\": true}"}
                        }},
                        "text/csv": {"example": "name\nrex"},
                        "application/xml": {"example": {"no": "xml"}}
                    }
                },
                "4XX": {"description": "no", "content": {"application/problem+json": {"schema": {"type": "object",
                    "properties": {"title": {"type": "string", "example": "Gone"}, "secret": {"type": "string", "writeOnly": true}}}}}},
                "204": {"description": "nothing"}
            }
        }}}
    });
    let mocks = rules(&document).operations["list"].mocks.clone();
    let mock =
        |status, example: Option<&str>, media_type: Option<&str>, body: &str, fields: &[(&str, &str)]| MockAnswer {
            status,
            example: example.map(str::to_owned),
            media_type: media_type.map(str::to_owned),
            body: body.to_owned(),
            fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        };
    let (ok, total) = (AnswerStatus::Exact(200), [("X-Total", "7")]);
    let json = Some("application/json");
    assert_eq!(
        mocks,
        [
            mock(ok, Some("one"), json, r#"[{"name":"rex"}]"#, &total),
            mock(ok, Some("none"), json, "[]", &total),
            mock(ok, Some("text"), json, r#"{"written": true}"#, &total),
            mock(ok, None, Some("text/csv"), "name\nrex", &total),
            mock(AnswerStatus::Class(4), None, Some("application/problem+json"), r#"{"title":"Gone"}"#, &[]),
            mock(AnswerStatus::Exact(204), None, None, "", &[]),
        ]
    );
}

#[test]
fn what_is_too_much_is_left_out_and_said() {
    let properties: serde_json::Map<_, _> = (0..10_000)
        .map(|n| {
            (
                format!("p{n}"),
                json!({"type": "string", "enum": (0..50).map(|n| format!("value {n}")).collect::<Vec<_>>()}),
            )
        })
        .collect();
    let document = json!({
        "openapi": "3.0.3", "info": {"title": "a", "version": "1"},
        "components": {"schemas": {"Wide": {"type": "object", "properties": properties}}},
        "paths": {"/": {"post": {
            "operationId": "post",
            "requestBody": {"content": {"application/json": {"schema": {"allOf": [
                {"$ref": "#/components/schemas/Wide"}, {"$ref": "#/components/schemas/Wide/properties/p0"}]}}}},
            "responses": {}
        }}}
    });
    let rules = rules(&document);
    assert_eq!(rules.requests.len(), 2);
    assert!(rules.requests["s0"].to_string().len() < 10_000_000);
    assert_eq!(
        rules.notes[0].message,
        "The document's schemas hold more values than are checked; some pass unchecked."
    );
}
