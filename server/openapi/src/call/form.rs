//! What of an operation can be filled in, and what it starts with.
use super::{
    body, is_reserved, is_token,
    style::{is_query, is_whole, manner, plain},
};
use crate::{
    description::Description,
    example::{self, Side},
    limits,
    outline::{Entry, members, text},
    part::{self, Content, Parameter},
    refer,
    schema::{
        constraint::{value_text, values},
        facets::{Facets, flag, gather},
        kind,
    },
    security, typed,
};
use portico_contract::{
    call::{Body, Call},
    form::{BodyForm, BodyKind, CallForm, Control, Credential, CredentialKind, Input, Place},
    written::Manner,
};
use serde_json::Value;

/// Attributes of a body that have an input of their own; the others are written in the raw body.
const ATTRIBUTES: usize = 80;
/// Media types to choose from.
const BODIES: usize = 12;

/// `call` is of the same operation.
pub(crate) fn form(description: &Description, entry: &Entry, call: Call) -> Option<CallForm> {
    let root = description.root();
    let operation = root.pointer(&entry.pointer)?;
    let item = root.pointer(&entry.item).unwrap_or(operation);
    let reader = description.reader();
    let (parameters, _) = reader.parameters(item, operation);
    let (body, _) = reader.body(item, operation);
    let ours = |name: &str| name.eq_ignore_ascii_case("x-api-key");
    let sent = |one: &&Parameter<'_>| match one.place {
        part::Place::Path | part::Place::Query => true,
        part::Place::Header => is_token(one.name) && !is_reserved(one.name) && !ours(one.name),
        part::Place::Cookie => is_token(one.name),
    };
    let input = |one: &Parameter<'_>| {
        let place = match one.place {
            part::Place::Query if is_query(one) => Place::QueryString,
            part::Place::Path => Place::Path,
            part::Place::Query => Place::Query,
            part::Place::Header => Place::Header,
            part::Place::Cookie => Place::Cookie,
        };
        let manner = manner(reader.dialect, one);
        let mut input = input(root, place, one.name, &[&one.schema], one.required, one.example, manner);
        if is_whole(one) {
            input.control = Control::Line;
        }
        input
    };
    Some(CallForm {
        inputs: parameters.iter().filter(sent).take(limits::PARAMETERS).map(input).collect(),
        body_required: body.as_ref().is_some_and(|body| body.required),
        bodies: body
            .iter()
            .flat_map(|body| &body.contents)
            .take(BODIES)
            .map(|content| of_content(root, content))
            .collect(),
        credentials: credentials(root, operation),
        call,
    })
}

fn input(
    root: &Value,
    place: Place,
    name: &str,
    parts: &[&Value],
    required: bool,
    given: Option<&Value>,
    manner: Manner,
) -> Input {
    let facets = gather(root, parts);
    let (control, is_text) = control(root, &facets);
    let start = match parts {
        [schema] if required => {
            let value = example::of_parameter(root, name, schema, given);
            // A nested value that is only made says less than an empty input.
            in_control(&value, &control)
        }
        _ if required => given.map(|value| in_control(value, &control)).unwrap_or_default(),
        _ => String::new(),
    };
    let hint = facets.get("default").or(given).or(facets.get("example"));
    let hint = hint.filter(|value| !value.is_object()).map(|value| in_control(value, &control)).unwrap_or_default();
    Input {
        place,
        name: name.to_owned(),
        kind: kind::words(root, &facets),
        required,
        secret: facets.get("format").and_then(Value::as_str) == Some("password"),
        control,
        start,
        hint: hint.chars().take(80).collect(),
        text: is_text,
        manner,
    }
}

/// And whether what is typed is a text.
fn control(root: &Value, facets: &Facets<'_>) -> (Control, bool) {
    let is_text = |facets: &Facets<'_>| facets.types.is_empty() || facets.types.contains(&"string");
    let nested = |facets: &Facets<'_>| facets.has_children() || facets.types.contains(&"object");
    let listed = values(facets);
    if !listed.is_empty() && facets.items.is_none() {
        let words = |(value, _): (String, String)| value;
        return (Control::Choice(listed.into_iter().map(words).take(limits::VALUES).collect()), is_text(facets));
    }
    if facets.types.contains(&"array") || facets.items.is_some() {
        let items = facets.items.map(|items| gather(root, &[items]));
        return match items {
            Some(items) if !nested(&items) && !items.types.contains(&"array") => (Control::Lines, is_text(&items)),
            _ => (Control::Json, false),
        };
    }
    match facets.types[..] {
        ["boolean"] => (Control::Choice(vec!["true".into(), "false".into()]), false),
        _ if nested(facets) => (Control::Json, false),
        _ => (Control::Line, is_text(facets)),
    }
}

fn in_control(value: &Value, control: &Control) -> String {
    match (control, value) {
        (Control::Json, value) => serde_json::to_string_pretty(value).unwrap_or_default(),
        (Control::Lines, Value::Array(items)) => items.iter().map(plain).collect::<Vec<_>>().join("\n"),
        (Control::Choice(_), value) => value_text(value),
        (Control::File { .. }, _) => String::new(),
        (_, value) => plain(value),
    }
}

fn of_content(root: &Value, content: &Content<'_>) -> BodyForm {
    let media_type = body::media_type(content.media_type);
    let kind = match body::essence(&media_type).as_str() {
        "application/x-www-form-urlencoded" => BodyKind::Form(attributes(root, content, false)),
        "multipart/form-data" => BodyKind::Multipart(attributes(root, content, true)),
        _ => {
            match body::whole(root, content, content.examples.first().map(|example| example.value), media_type.clone())
            {
                Body::Json { text, .. } => BodyKind::Json { text, inputs: attributes(root, content, false) },
                Body::Text { text, .. } => BodyKind::Text(text),
                _ if content.schema.as_deref().is_some_and(|schema| example::is_binary(root, schema)) => BodyKind::File,
                _ if is_legible(&media_type) => BodyKind::Text(String::new()),
                _ => BodyKind::File,
            }
        }
    };
    BodyForm { media_type, kind }
}

/// Whether people could write it.
fn is_legible(media_type: &str) -> bool {
    let essence = body::essence(media_type);
    essence.starts_with("text/") || ["json", "xml", "yaml", "csv"].iter().any(|kind| essence.ends_with(kind))
}

/// Of the object that the body is; none if it is something else.
fn attributes(root: &Value, content: &Content<'_>, files: bool) -> Vec<Input> {
    let Some(schema) = content.schema.as_deref() else { return Vec::new() };
    let facets = gather(root, &[schema]);
    let given = content.examples.first().and_then(|example| example.value.as_object());
    let hidden = Side::Request.hidden();
    let sent = facets.properties.iter().filter(|(_, parts)| !parts.iter().any(|part| flag(root, part, hidden)));
    let input = |(name, parts): (&&str, &Vec<&Value>)| {
        let required = facets.required.contains(*name);
        let mut input = input(
            root,
            Place::Body,
            name,
            parts,
            required,
            given.and_then(|given| given.get(*name)),
            Manner::default(),
        );
        let items = parts.first().and_then(|part| gather(root, &[part]).items);
        let is_file = |schema: Option<&Value>| schema.is_some_and(|schema| example::is_binary(root, schema));
        if files && (is_file(parts.first().copied()) || is_file(items)) {
            input.control = Control::File { many: items.is_some() };
            (input.start, input.hint) = (String::new(), String::new());
        }
        input
    };
    sent.take(ATTRIBUTES).map(input).collect()
}

/// Of the schemes that the operation asks for, what can be filled in by hand.
fn credentials(root: &Value, operation: &Value) -> Vec<Credential> {
    let asked = part::own_security(operation).or_else(|| part::own_security(root));
    let asked = asked.and_then(|asked| typed::security(asked).ok()).unwrap_or_default();
    let mut credentials: Vec<Credential> = Vec::new();
    for (name, _) in asked.into_iter().flatten() {
        let listed = members(security::listed(root).1).find(|(known, _)| **known == name);
        let scheme = listed.and_then(|(_, scheme)| refer::resolve(root, scheme).ok());
        let kind = scheme.and_then(|(scheme, _)| credential(scheme));
        if let Some(kind) = kind.filter(|kind| credentials.iter().all(|known| known.kind != *kind)) {
            credentials.push(Credential { name, kind });
        }
        if credentials.len() == limits::PARAMETERS {
            break;
        }
    }
    credentials
}

fn credential(scheme: &Value) -> Option<CredentialKind> {
    let is = |key: &str, word: &str| text(scheme, key).is_some_and(|text| text.eq_ignore_ascii_case(word));
    if is("type", "basic") || is("type", "http") && is("scheme", "basic") {
        return Some(CredentialKind::Basic);
    }
    if is("type", "oauth2") || is("type", "openIdConnect") || is("type", "http") && is("scheme", "bearer") {
        return Some(CredentialKind::Bearer);
    }
    let name = text(scheme, "name").filter(|name| is_token(name))?;
    let place = match text(scheme, "in")? {
        // This one is Portico's own, and never reaches a service.
        "header" if name.eq_ignore_ascii_case("x-api-key") => return None,
        "header" => Place::Header,
        "query" => Place::Query,
        "cookie" => Place::Cookie,
        _ => return None,
    };
    is("type", "apiKey").then(|| CredentialKind::Key { place, name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(document: &Value, slug: &str) -> CallForm {
        let read = crate::read(document.to_string().as_bytes());
        read.description.unwrap().form(slug, "https://gw.example/shop", Some("KEY")).unwrap()
    }

    fn document(operation: Value) -> Value {
        json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"},
            "paths": {"/pets/{id}": {"post": operation}},
            "components": {"securitySchemes": {
                "ours": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "query": {"type": "apiKey", "in": "query", "name": "token"},
                "basic": {"type": "http", "scheme": "Basic"},
                "id": {"type": "oauth2", "flows": {}}}}})
    }

    #[test]
    fn parameters_become_inputs_of_their_kind() {
        let form = of(
            &document(json!({"operationId": "a", "responses": {}, "parameters": [
                {"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 7}},
                {"name": "sort", "in": "query", "schema": {"enum": ["up", "down"], "default": "up", "type": "string"}},
                {"name": "full", "in": "query", "schema": {"type": "boolean"}},
                {"name": "tags", "in": "query", "required": true, "explode": false,
                 "schema": {"type": "array", "items": {"type": "string"}}, "example": ["a", "b"]},
                {"name": "where", "in": "query", "style": "deepObject", "schema": {"type": "object"}},
                {"name": "filter", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}},
                {"name": "Authorization", "in": "header", "schema": {"type": "string"}},
                {"name": "x-api-key", "in": "header", "schema": {"type": "string"}},
                {"name": "X-Pin", "in": "header", "schema": {"type": "string", "format": "password"}}]})),
            "a",
        );
        let told: Vec<_> =
            form.inputs.iter().map(|one| (one.name.as_str(), &one.control, one.start.as_str(), one.text)).collect();
        let choice = |values: &[&str]| Control::Choice(values.iter().map(|&value| value.to_owned()).collect());
        assert_eq!(
            told,
            [
                ("id", &Control::Line, "7", false),
                ("sort", &choice(&["up", "down"]), "", true),
                ("full", &choice(&["true", "false"]), "", false),
                ("tags", &Control::Lines, "a\nb", true),
                ("where", &Control::Json, "", false),
                ("filter", &Control::Line, "", false),
                ("X-Pin", &Control::Line, "", true),
            ]
        );
        assert_eq!(form.inputs[1].hint, "up");
        assert!(form.inputs[6].secret && !form.inputs[3].manner.explode);
    }

    #[test]
    fn bodies_are_forms_of_their_media_type() {
        let schema = json!({"type": "object", "required": ["name", "photo"], "properties": {
            "id": {"type": "integer", "readOnly": true}, "name": {"type": "string"}, "age": {"type": "integer"},
            "home": {"type": "object", "properties": {"town": {"type": "string"}}},
            "photo": {"type": "string", "format": "binary"},
            "more": {"type": "array", "items": {"type": "string", "format": "binary"}}}});
        let form = of(
            &document(json!({"operationId": "a", "responses": {},
                "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
                "requestBody": {"required": true, "content": {
                    "application/json": {"schema": schema}, "multipart/form-data": {"schema": schema},
                    "application/x-www-form-urlencoded": {"schema": schema}, "application/xml": {"schema": schema},
                    "image/*": {"schema": {"type": "string", "format": "binary"}}, "text/plain": {"example": "hello"}}}})),
            "a",
        );
        assert!(form.body_required);
        let names = |inputs: &[Input]| inputs.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
        let [json, multipart, form, xml, image, text] = &form.bodies[..] else { panic!("{:?}", form.bodies) };
        let BodyKind::Json { text: json, inputs } = &json.kind else { panic!("{json:?}") };
        assert!(json.contains("\"town\"") && !json.contains("\"id\""), "{json}");
        assert_eq!(names(inputs), ["name", "age", "home", "photo", "more"]);
        assert_eq!((&inputs[1].control, inputs[1].text, &inputs[2].control), (&Control::Line, false, &Control::Json));
        let BodyKind::Multipart(inputs) = &multipart.kind else { panic!("{multipart:?}") };
        let files: Vec<_> = inputs.iter().map(|one| matches!(one.control, Control::File { .. })).collect();
        assert_eq!(files, [false, false, false, true, true]);
        assert_eq!(inputs[4].control, Control::File { many: true });
        assert!(matches!(&form.kind, BodyKind::Form(inputs) if inputs.len() == 5));
        assert_eq!((&xml.kind, &image.kind), (&BodyKind::Text(String::new()), &BodyKind::File));
        assert_eq!((image.media_type.as_str(), &text.kind), ("image/png", &BodyKind::Text("hello".into())));
    }

    #[test]
    fn credentials_are_those_that_the_service_asks_for() {
        let form = of(
            &document(json!({"operationId": "a", "responses": {},
                "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
                "security": [{"ours": []}, {"query": [], "basic": []}, {"id": ["a"]}, {"id": ["b"]}, {"lost": []}]})),
            "a",
        );
        let kinds: Vec<_> = form.credentials.into_iter().map(|one| one.kind).collect();
        let token = CredentialKind::Key { place: Place::Query, name: "token".into() };
        assert_eq!(kinds, [token, CredentialKind::Basic, CredentialKind::Bearer]);
    }
}
