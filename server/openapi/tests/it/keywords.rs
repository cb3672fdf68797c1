//! Every keyword that a reader can use, each in a small document of its own.
use super::support::{chips, description, property};
use portico_contract::reference::{Content, Operation, Schema, Sender};
use portico_openapi::Description;
use serde_json::{Value, json};

/// A document with these parts beside the usual ones.
fn document(parts: Value) -> Description {
    let mut root = json!({"openapi": "3.2.0", "info": {"title": "a", "version": "b"}, "paths": {}});
    let (Value::Object(root), Value::Object(parts)) = (&mut root, parts) else { panic!("parts are an object") };
    root.extend(parts);
    description(&serde_json::to_vec(&root).unwrap())
}

/// The page of the operation `a`, a POST of `/a`, beside these components.
fn page(operation: Value, components: Value) -> Operation {
    let mut operation = operation;
    operation["operationId"] = "a".into();
    let document = document(json!({"paths": {"/a": {"post": operation}}, "components": components}));
    let page = document.operation("a").unwrap();
    assert_eq!(page.faults, Vec::<String>::new());
    page
}

/// A schema as the answer of an operation shows it.
fn shown(schema: Value) -> Schema {
    shown_among(schema, json!({}))
}

fn shown_among(schema: Value, schemas: Value) -> Schema {
    let answer = json!({"200": {"description": "d", "content": {"application/json": {"schema": schema}}}});
    let page = page(json!({"responses": answer}), json!({"schemas": schemas}));
    page.responses[0].contents[0].schema.clone().unwrap()
}

fn sent(content: Value, schemas: Value) -> Content {
    let operation = json!({"requestBody": {"content": content}, "responses": {"204": {"description": "d"}}});
    page(operation, json!({"schemas": schemas})).body.unwrap().contents[0].clone()
}

fn parameter(parameter: Value) -> Vec<String> {
    let mut parameter = parameter;
    parameter["name"] = "p".into();
    let page = page(json!({"parameters": [parameter], "responses": {}}), json!({}));
    chips(&page.parameters[0].properties[0].schema)
}

fn names(schema: &Schema) -> Vec<&str> {
    schema.properties.iter().map(|property| property.name.as_str()).collect()
}

fn titles(schema: &Schema, label: &str) -> Vec<String> {
    let union = schema.unions.iter().find(|union| union.label == label).unwrap_or_else(|| panic!("no {label}"));
    union.variants.iter().map(|variant| variant.title.clone()).collect()
}

fn examples(content: &Content) -> Vec<Value> {
    content.examples.iter().map(|example| serde_json::from_str(&example.code.text()).unwrap()).collect()
}

#[test]
fn schemas_say_all_they_know() {
    for (schema, told) in [
        (json!({"type": "array", "contains": {"type": "string"}, "minContains": 2}), "contains 2 or more of: string"),
        (json!({"type": "array", "prefixItems": [{"type": "string"}], "items": false}), "no other items"),
        (json!({"type": "object", "propertyNames": {"pattern": "^x"}}), "names are: string, pattern ^x"),
        (json!({"not": {"enum": ["a", "b"]}}), "not: string, a | b"),
        (json!({"properties": {"a": true}, "dependentRequired": {"a": ["b"]}}), "a needs b"),
        (json!({"properties": {"a": true}, "dependencies": {"a": ["b"]}}), "a needs b"),
        (json!({"properties": {"a": true}, "unevaluatedProperties": false}), "no other attributes"),
        (json!({"properties": {"a": true}, "additionalProperties": false}), "no other attributes"),
        (json!({"type": "string", "contentEncoding": "base64"}), "encoding: base64"),
        (json!({"type": "string", "contentMediaType": "image/png"}), "media type: image/png"),
        (json!({"type": "string", "contentSchema": {"type": "integer"}}), "holds: integer"),
        (json!({"type": "integer", "multipleOf": 5}), "multiple of: 5"),
        (json!({"const": 4}), "always: 4"),
        (json!({"type": "string", "default": "x"}), "default: x"),
        (json!({"type": "string", "examples": ["one", "two"]}), "example: two"),
        (json!({"type": "string", "xml": {"attribute": true, "name": "key"}}), "XML: attribute, <key>"),
        (json!({"type": "string", "xml": {"nodeType": "cdata"}}), "XML: cdata"),
        (json!({"allOf": [{"minimum": 1}, {"minimum": 5, "maximum": 9}, {"maximum": 7}]}), "5 ≤ n ≤ 7"),
        (json!({"allOf": [{"pattern": "a"}, {"pattern": "b"}]}), "pattern: b"),
    ] {
        let told_of = chips(&shown(schema.clone()));
        assert!(told_of.contains(&told.to_owned()), "{schema}: {told_of:?}");
    }
    for (schema, kind) in [
        (json!({"type": ["string", "null"]}), "string or null"),
        (json!({"type": ["string", "integer"], "format": "int64"}), "string · int64 or integer · int64"),
        (json!({"type": "object", "additionalProperties": {"type": "integer"}}), "map of integer"),
        (json!({"$dynamicRef": "#/components/schemas/Named"}), "string"),
        (json!(false), "nothing"),
    ] {
        assert_eq!(shown_among(schema.clone(), json!({"Named": {"type": "string"}})).kind, kind, "{schema}");
    }
}

#[test]
fn parts_of_schemas_are_attributes_and_variants() {
    let tuple = shown(json!({"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "integer"}}));
    assert_eq!(names(&tuple), ["[0]", "[1…]"]);
    let maps = shown(json!({"patternProperties": {"^x-": {"type": "string"}},
        "additionalProperties": {"type": "object", "properties": {"a": true}}}));
    assert_eq!(names(&maps), ["/^x-/", "*"]);
    let named =
        shown(json!({"additionalProperties": {"x-additionalPropertiesName": "sku", "properties": {"a": true}}}));
    assert_eq!(names(&named), ["<sku>"]);
    let conditional =
        shown(json!({"if": {"properties": {"kind": {"const": "bulk"}}}, "then": {"required": ["tonnes"]},
        "else": {"required": ["teu"]}}));
    assert_eq!(titles(&conditional, "Conditional"), ["If kind is bulk", "Then", "Else"]);
    let depending = shown(json!({"dependentSchemas": {"card": {"properties": {"billing": {"type": "string"}}}}}));
    assert_eq!(titles(&depending, "Depending"), ["With card"]);
    let not = shown(json!({"not": {"properties": {"a": {"const": 1}}}}));
    assert_eq!(titles(&not, "Not"), ["What must not fit"]);
    let titled = shown(json!({"properties": {"a": {"title": "The first letter", "type": "string"}}}));
    assert_eq!(property(&titled, "a").schema.description_html, "<p>The first letter</p>");
}

#[test]
fn values_are_those_that_all_parts_allow() {
    let values = |schema| shown(schema).values;
    let pair = |value: &str, words: &str| (value.to_owned(), words.to_owned());
    let listed = json!({"allOf": [{"enum": ["a", "b", "c"]}, {"enum": ["b", "c", "d"]}]});
    assert_eq!(values(listed), [pair("b", ""), pair("c", "")]);
    let described = json!({"enum": ["a", "b"], "x-enumDescriptions": {"a": "first", "b": "second"}});
    assert_eq!(values(described), [pair("a", "first"), pair("b", "second")]);
    let microsoft = json!({"enum": ["a"], "x-ms-enum": {"values": [{"value": "a", "description": "first"}]}});
    assert_eq!(values(microsoft), [pair("a", "first")]);
}

#[test]
fn each_direction_shows_its_own_attributes() {
    let user = json!({"User": {"properties": {"id": {"type": "string", "readOnly": true},
        "password": {"type": "string", "writeOnly": true}, "name": {"type": "string"}}}});
    let content = json!({"application/json": {"schema": {"$ref": "#/components/schemas/User"}}});
    let operation = json!({"requestBody": {"content": content},
        "responses": {"200": {"description": "d", "content": content}},
        "callbacks": {"done": {"{$url}": {"post": {"requestBody": {"content": content}, "responses": {}}}}}});
    let document = document(json!({"paths": {"/a": {"post": operation}}, "components": {"schemas": user}}));
    let page = document.operation("post-a").unwrap();
    let body = |page: &Operation| page.body.as_ref().unwrap().contents[0].clone();
    assert_eq!(names(body(&page).schema.as_ref().unwrap()), ["password", "name"]);
    assert_eq!(examples(&body(&page)), [json!({"password": "password", "name": "name"})]);
    assert_eq!(names(page.responses[0].contents[0].schema.as_ref().unwrap()), ["id", "name"]);
    let callback = document.operation(&page.callbacks[0].slug).unwrap();
    assert_eq!(names(body(&callback).schema.as_ref().unwrap()), ["id", "name"], "a callback's body is of the API");
    assert_eq!(document.schema("User").unwrap().schema.properties.len(), 3);
}

#[test]
fn a_discriminator_names_its_variants_over_several_levels() {
    let schemas = json!({
        "Pet": {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}},
            "discriminator": {"propertyName": "kind", "mapping": {"feline": "#/components/schemas/Cat"}}},
        "Cat": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"properties": {"lives": {"type": "integer"}}}]},
        "Dog": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"properties": {"bark": {"type": "string"}}}],
            "discriminator": {"propertyName": "breed", "mapping": {"pug": "Pug"}},
            "properties": {"breed": {"type": "string"}}},
        "Pug": {"allOf": [{"$ref": "#/components/schemas/Dog"}, {"properties": {"snores": {"type": "boolean"}}}]},
    });
    let pet = shown_among(json!({"$ref": "#/components/schemas/Pet"}), schemas.clone());
    assert_eq!(titles(&pet, "One of"), ["Cat", "Dog", "Pug"]);
    let union = pet.leading().unwrap();
    assert_eq!(union.discriminator.as_deref(), Some("kind"));
    assert_eq!(
        union.variants.iter().map(|variant| variant.value.as_str()).collect::<Vec<_>>(),
        ["feline", "Dog", "Pug"]
    );
    let cat = &union.variants[0].schema;
    assert_eq!((names(cat), cat.unions.len()), (vec!["kind", "lives"], 0), "a child is none of its own variants");
    assert_eq!(titles(&union.variants[1].schema, "One of"), ["Pug"], "a level below");
    let content = sent(json!({"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}), schemas);
    assert_eq!(content.examples.iter().map(|example| example.variant).collect::<Vec<_>>(), [Some(0), Some(1), Some(2)]);
    assert_eq!(examples(&content)[0], json!({"kind": "feline", "lives": 1}));
    assert_eq!(examples(&content)[2]["snores"], true);

    let swagger = json!({"swagger": "2.0", "info": {"title": "a", "version": "b"}, "paths": {}, "definitions": {
        "Pet": {"type": "object", "discriminator": "kind", "properties": {"kind": {"type": "string"}}},
        "Cat": {"allOf": [{"$ref": "#/definitions/Pet"}, {"properties": {"lives": {"type": "integer"}}}]}}});
    let pet = description(swagger.to_string().as_bytes()).schema("Pet").unwrap().schema;
    assert_eq!(titles(&pet, "One of"), ["Cat"]);
    let circular = json!({
        "Base": {"oneOf": [{"$ref": "#/components/schemas/A"}], "anyOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]},
        "A": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"a": true}}]},
        "B": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"b": true}}]}});
    assert!(shown_among(json!({"$ref": "#/components/schemas/Base"}), circular).unions.len() < 3);
}

#[test]
fn examples_follow_the_variants() {
    let variants = json!({"oneOf": [
        {"title": "Card", "required": ["number"], "properties": {"number": {"type": "string"}}},
        {"title": "Bank", "required": ["iban"], "properties": {"iban": {"type": "string"}}}],
        "properties": {"amount": {"type": "integer"}}});
    let content = sent(json!({"application/json": {"schema": variants}}), json!({}));
    assert_eq!(examples(&content), [json!({"amount": 1, "number": "number"}), json!({"amount": 1, "iban": "iban"})]);
    let given = json!({"application/json": {"schema": variants, "examples": {"b": {"summary": "By bank", "value": {"iban": "DE1"}}}}});
    let content = sent(given, json!({}));
    let told: Vec<_> = content.examples.iter().map(|example| (example.title.as_str(), example.variant)).collect();
    assert_eq!(told, [("By bank", Some(1)), ("Example", Some(0))]);
    let listed = sent(json!({"application/json": {"schema": {"type": "array", "items": variants}}}), json!({}));
    assert_eq!(examples(&listed)[1], json!([{"amount": 1, "iban": "iban"}]));
}

#[test]
fn examples_are_told_whatever_they_are_given_as() {
    let content = sent(
        json!({"application/json": {"schema": {"type": "object"}, "examples": {
            "plain": {"value": {"a": 1}, "description": "The *plain* one."},
            "data": {"dataValue": {"a": 2}},
            "sent": {"serializedValue": "{\"a\": 3}"},
            "far": {"summary": "Far away", "externalValue": "https://example.com/a.json"},
            "wrong": {"externalValue": "javascript:alert(1)"}}}}),
        json!({}),
    );
    assert_eq!(content.examples[0].description_html, "<p>The <em>plain</em> one.</p>\n");
    let values: Vec<_> = content.examples[..3].iter().map(|one| one.code.text().replace(['\n', ' '], "")).collect();
    assert_eq!(values, ["{\"a\":1}", "{\"a\":2}", "{\"a\":3}"]);
    assert_eq!(content.examples[3].link.as_ref().unwrap().href, "https://example.com/a.json");
    assert_eq!(content.examples[4].link, None);
}

#[test]
fn forms_tell_how_their_parts_are_written() {
    let content = sent(
        json!({"multipart/form-data": {"schema": {"properties": {"photo": {"type": "string", "format": "binary"}}},
            "encoding": {"photo": {"contentType": "image/png", "style": "form", "explode": true, "allowReserved": true,
                "headers": {"X-Size": {"description": "In bytes.", "schema": {"type": "integer"}}}}}}}),
        json!({}),
    );
    let photo = &content.encodings[0];
    assert_eq!((photo.name.as_str(), photo.schema.kind.as_str()), ("photo", "image/png"));
    assert_eq!(chips(&photo.schema), ["style: form", "each value apart", "reserved characters as they are"]);
    assert_eq!(photo.schema.properties[0].schema.description_html, "<p>In bytes.</p>");
    let placed = sent(
        json!({"multipart/mixed": {"prefixEncoding": [{"contentType": "text/plain"}], "itemEncoding": {"contentType": "image/*"}}}),
        json!({}),
    );
    assert_eq!(placed.encodings.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["[0]", "each item"]);
}

#[test]
fn parameters_tell_how_they_are_written() {
    let list = json!({"type": "array", "items": {"type": "string"}});
    let object = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    for (one, told) in [
        (json!({"in": "query", "schema": list}), "written: p=a&p=b"),
        (json!({"in": "query", "schema": list, "explode": false}), "written: p=a,b"),
        (json!({"in": "query", "schema": list, "style": "pipeDelimited"}), "written: p=a|b"),
        (json!({"in": "query", "schema": object, "style": "deepObject"}), "written: p[key]=a&p[other]=b"),
        (json!({"in": "header", "schema": list}), "written: a,b"),
        (json!({"in": "path", "schema": list, "style": "matrix"}), "written: ;p=a,b"),
        (json!({"in": "query", "schema": {"type": "string"}, "allowEmptyValue": true}), "may be empty"),
        (json!({"in": "query", "allowReserved": true}), "reserved characters as they are"),
        (json!({"in": "query", "content": {"application/json": {"schema": object}}}), "written as: application/json"),
        (json!({"in": "querystring", "content": {"text/plain": {}}}), "the whole query as: text/plain"),
        (json!({"in": "query", "examples": {"a": {"summary": "First", "value": 1}, "b": {"value": 2}}}), "First: 1"),
    ] {
        let told_of = parameter(one.clone());
        assert!(told_of.contains(&told.to_owned()), "{one}: {told_of:?}");
    }
}

#[test]
fn answers_lead_on_by_links() {
    let paths = json!({
        "/users": {"post": {"operationId": "add", "responses": {"201": {"description": "d", "links": {
            "get": {"operationId": "users/get", "parameters": {"id": "$response.body#/id"}, "description": "Then *read* it."},
            "by": {"operationRef": "#/paths/~1users~1{id}/get", "requestBody": {"a": 1}},
            "lost": {"operationId": "nowhere"}}}}}},
        "/users/{id}": {"get": {"operationId": "users/get", "summary": "Read a user",
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}], "responses": {}}},
    });
    let page = document(json!({"paths": paths})).operation("add").unwrap();
    let links = &page.responses[0].links;
    assert_eq!(links[0].operation.as_ref().unwrap().title, "Read a user");
    assert_eq!(links[0].values, [("id".to_owned(), "$response.body#/id".to_owned())]);
    assert!(links[0].description_html.contains("<em>read</em>"));
    assert_eq!(links[1].operation.as_ref().unwrap().slug, "users-get");
    assert_eq!(links[1].body, "{\"a\":1}");
    assert_eq!((links[2].operation.as_ref(), links[2].target.as_str()), (None, "nowhere"));
}

#[test]
fn servers_stand_where_they_are_named() {
    let server = json!({"url": "https://{region}.example.com", "description": "Main", "name": "main", "variables": {
        "region": {"default": "eu", "enum": ["eu", "us"], "description": "Where"}}});
    let get = json!({"operationId": "a", "responses": {}});
    let other = json!({"operationId": "b", "responses": {}, "servers": [{"url": "/own"}]});
    let document = document(json!({"servers": [server],
        "paths": {"/a": {"get": get, "post": other}, "/b": {"servers": [{"url": "/path"}], "get": {"responses": {}}}}}));
    let servers = document.overview().servers;
    assert_eq!((servers[0].name.as_str(), servers[0].variables[0].default.as_str()), ("main", "eu"));
    assert_eq!(servers[0].variables[0].values, ["eu", "us"]);
    let of = |slug: &str| document.operation(slug).unwrap().servers.into_iter().map(|one| one.url).collect::<Vec<_>>();
    assert_eq!((of("a"), of("b"), of("get-b")), (vec![], vec!["/own".to_owned()], vec!["/path".to_owned()]));
    let swagger = json!({"swagger": "2.0", "info": {"title": "a", "version": "b"}, "paths": {}, "host": "a.example",
        "basePath": "/v1", "schemes": ["https", "http"]});
    let urls: Vec<_> =
        description(swagger.to_string().as_bytes()).overview().servers.into_iter().map(|one| one.url).collect();
    assert_eq!(urls, ["https://a.example/v1", "http://a.example/v1"]);
}

#[test]
fn security_tells_schemes_flows_and_scopes() {
    let schemes = json!({
        "oauth": {"type": "oauth2", "description": "Ask for *a token*. Then send it.", "deprecated": true, "flows": {
            "authorizationCode": {"authorizationUrl": "https://id.example/a", "tokenUrl": "https://id.example/t",
                "refreshUrl": "https://id.example/r", "scopes": {"read": "Read all", "write": "Write all"}},
            "deviceAuthorization": {"deviceAuthorizationUrl": "https://id.example/d", "tokenUrl": "https://id.example/t", "scopes": {}}}},
        "oidc": {"type": "openIdConnect", "openIdConnectUrl": "https://id.example/.well-known/openid-configuration"},
        "mtls": {"type": "mutualTLS"}, "key": {"type": "apiKey", "in": "cookie", "name": "sid"},
    });
    let asked = json!([{"oauth": ["read"], "mtls": []}, {"key": []}, {}, {"unknown": ["x"]}]);
    let document = document(json!({"components": {"securitySchemes": schemes},
        "paths": {"/a": {"get": {"operationId": "a", "security": asked, "responses": {}}}}}));
    let security = document.operation("a").unwrap().security;
    let sizes: Vec<_> = security.iter().map(|alternative| alternative.schemes.len()).collect();
    assert_eq!(sizes, [2, 1, 0, 1]);
    let oauth = &security[0].schemes[0];
    assert_eq!(oauth.scopes, [("read".to_owned(), "Read all".to_owned())]);
    assert_eq!(
        (oauth.kind.as_str(), oauth.anchor.as_str()),
        ("OAuth 2.0, authorization code, device authorization", "security-oauth")
    );
    assert_eq!(oauth.summary, "Ask for a token. Then send it.");
    assert_eq!((security[3].schemes[0].kind.as_str(), security[3].schemes[0].anchor.as_str()), ("", ""));
    let told = document.overview().security;
    assert!(told[0].deprecated);
    assert_eq!(told[0].flows[0].addresses.len(), 3);
    assert_eq!(told[0].flows[0].scopes.len(), 2);
    assert_eq!(told[0].flows[1].addresses[0].0, "Device authorization");
    assert_eq!(told[1].addresses[0].0, "OpenID Connect discovery");
}

#[test]
fn callbacks_and_webhooks_have_pages_full_of_parts() {
    let call = json!({"requestBody": {"content": {"application/json": {"schema": {"properties": {"at": {"type": "string"}}}}}},
        "responses": {"204": {"description": "Seen."}}});
    let document = document(json!({
        "paths": {"/a": {"post": {"operationId": "order", "responses": {}, "callbacks": {
            "changed": {"{$request.body#/url}": {"post": call}}, "shared": {"$ref": "#/components/callbacks/Done"}}}}},
        "webhooks": {"ping": {"post": call}, "pong": {"$ref": "#/components/pathItems/Pong"}},
        "components": {"callbacks": {"Done": {"{$url}": {"put": call}}}, "pathItems": {"Pong": {"post": call}}}}));
    let order = document.operation("order").unwrap();
    let slugs: Vec<_> = order.callbacks.iter().map(|line| line.slug.as_str()).collect();
    assert_eq!(slugs, ["order-callback-changed-post", "order-callback-shared-put"]);
    for slug in slugs {
        let callback = document.operation(slug).unwrap();
        assert!(matches!(&callback.sender, Sender::Callback(cause) if cause.slug == "order"));
        assert_eq!(names(callback.body.unwrap().contents[0].schema.as_ref().unwrap()), ["at"]);
        assert_eq!(callback.responses[0].status, "204");
        assert_eq!(document.call(slug, "https://gw.example", None), None, "nobody calls it through the gateway");
    }
    let navigation = document.navigation(Some("webhook-pong"));
    assert_eq!(navigation.webhooks.iter().map(|line| line.current).collect::<Vec<_>>(), [false, true]);
    let ping = document.operation("webhook-ping").unwrap();
    assert_eq!((ping.sender, ping.next.map(|next| next.slug)), (Sender::Webhook, Some("webhook-pong".into())));
    assert!(
        document.navigation(Some("order-callback-changed-post")).groups[0].operations.iter().all(|line| !line.current)
    );
}

#[test]
fn tags_stand_under_their_headings() {
    let get = |tag: &str| json!({"get": {"tags": [tag], "responses": {}}});
    let paths = json!({"/a": get("a"), "/b": get("b"), "/c": get("c")});
    let sections = |description: &Description| -> Vec<String> {
        let groups = description.overview().groups;
        groups.into_iter().map(|group| format!("{}: {}", group.section, group.name)).collect()
    };
    let listed = document(
        json!({"paths": paths, "x-tagGroups": [{"name": "Second", "tags": ["b"]}, {"name": "First", "tags": ["a"]}]}),
    );
    assert_eq!(sections(&listed), ["Second: b", "First: a", "Other: c"]);
    assert_eq!(listed.operation("get-b").unwrap().next.unwrap().slug, "get-a");
    assert_eq!(listed.operation("get-c").unwrap().group.name, "c");
    let tags = json!([{"name": "a", "summary": "Letters"}, {"name": "b", "parent": "a"}, {"name": "deep", "parent": "b"},
        {"name": "c"}, {"name": "guide", "description": "How to *begin*."}]);
    let paths = json!({"/a": get("a"), "/b": get("b"), "/c": get("c"), "/d": get("deep")});
    let nested = document(json!({"paths": paths, "tags": tags}));
    assert_eq!(sections(&nested), [": c", ": guide", "Letters: Letters", "Letters: b", "Letters: b / deep"]);
    let ring = document(json!({"paths": paths, "tags": [{"name": "a", "parent": "b"}, {"name": "b", "parent": "a"}]}));
    assert_eq!(ring.overview().groups.len(), 4);
}

#[test]
fn what_is_new_in_3_2_is_read() {
    let stream = json!({"200": {"description": "d", "content": {"application/jsonl": {"itemSchema": {"properties": {"at": {"type": "string"}}}}}}});
    let document = document(json!({
        "$self": "https://a.example/api.yaml",
        "paths": {"/a": {
            "query": {"operationId": "search", "responses": stream},
            "get": {"operationId": "read", "responses": {"200": {"summary": "All", "content": {"application/json": {"$ref": "#/components/mediaTypes/Pet"}}}}},
            "additionalOperations": {"LINK": {"operationId": "link", "responses": {}, "x-badges": [{"name": "Beta"}]}}}},
        "components": {"mediaTypes": {"Pet": {"schema": {"$ref": "https://a.example/api.yaml#/components/schemas/Pet"}}},
            "schemas": {"Pet": {"properties": {"name": {"type": "string"}}}}}}));
    let search = document.operation("search").unwrap();
    let content = &search.responses[0].contents[0];
    assert_eq!((search.method.as_str(), content.stream), ("query", true));
    assert_eq!(names(content.schema.as_ref().unwrap()), ["at"]);
    assert_eq!(names(document.operation("read").unwrap().responses[0].contents[0].schema.as_ref().unwrap()), ["name"]);
    let link = document.operation("link").unwrap();
    assert_eq!((link.method.as_str(), link.badges, link.id.as_str()), ("link", vec!["Beta".to_owned()], "link"));
}

#[test]
fn a_fault_takes_only_its_own_part_away() {
    let document = document(json!({"paths": {"/a": {
        "post": {"operationId": "a", "summary": 7, "parameters": [{"$ref": "#/nowhere"}, {"name": "ok", "in": "query"}],
            "requestBody": {"$ref": "#/nowhere"}, "responses": {"200": {"$ref": "#/nowhere"}, "404": {"description": "d"}}},
        "get": {"operationId": "b", "summary": "Fine", "responses": {}}}}}));
    let page = document.operation("a").unwrap();
    assert_eq!(page.faults.len(), 4, "{:?}", page.faults);
    assert!(page.faults.iter().all(|fault| fault.contains("not shown") || fault.contains("left out")));
    assert_eq!((page.parameters[0].properties[0].name.as_str(), page.responses[0].status.as_str()), ("ok", "404"));
    assert_eq!(document.operation("b").unwrap().faults.len(), 0);
}
