//! How large pages get: large documents make many pages, not long ones.
use crate::{Admin, Portico, agent, read};
use portico_testing::Folder;
use serde_json::{Value, json};
use std::{env, fs, path::Path};

/// Elements of the page of an operation at most.
const ELEMENTS: usize = 2_500;

struct House {
    admin: Admin,
    portico: Portico,
    _folder: Folder,
}

impl House {
    fn new() -> Self {
        let folder = Folder::new();
        let portico = Portico::start(&folder, None);
        let admin = Admin::new(&folder, None, &portico);
        Self { admin, portico, _folder: folder }
    }

    fn publish(&self, api: &str, document: &[u8]) {
        let sent = agent()
            .put(format!("{}/apis/{api}?publish=true&upstream=http://127.0.0.1:9", self.admin.base))
            .header("authorization", format!("Bearer {}", self.admin.token))
            .header("content-type", "application/json")
            .send(document);
        let (status, answer) = read(sent);
        assert_eq!(status, 201, "{answer}");
    }

    fn elements(&self, path: &str) -> usize {
        let mut answer = agent().get(format!("{}{path}", self.portico.portal)).call().unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let page = answer.body_mut().read_to_string().unwrap();
        page.as_bytes().windows(2).filter(|pair| pair[0] == b'<' && pair[1].is_ascii_alphabetic()).count()
    }

    fn small(&self, api: &str, operations: &[String]) {
        let long: Vec<(usize, &String)> = operations
            .iter()
            .map(|operation| (self.elements(&format!("/apis/{api}/operations/{operation}")), operation))
            .filter(|(elements, _)| *elements > ELEMENTS)
            .collect();
        assert!(long.is_empty(), "of {}, these are too long: {long:?}", operations.len());
    }
}

/// 1,200 operations in 60 groups; each takes and answers more than a page can bear.
fn large() -> Value {
    let reference = |name: String| json!({"$ref": format!("#/components/schemas/{name}")});
    let attribute = |n: usize| {
        json!({"type": "string", "minLength": n, "maxLength": n + 9, "pattern": "^[a-z]+$", "example": "a",
            "description": format!("The *{n}th* of `many`, with [a link](https://example.com/{n}).\n\nAnd **more**.")})
    };
    let schema = |of: usize| {
        let mut properties: serde_json::Map<String, Value> =
            (0..60).map(|n| (format!("attribute_{n}"), attribute(n))).collect();
        properties.extend((1..4).map(|n| (format!("part_{n}"), reference(format!("Thing{}", (of + n) % 20)))));
        json!({"type": "object", "properties": properties})
    };
    let parameter = |n: usize| {
        json!({"name": format!("parameter_{n}"), "in": "query", "description": format!("Number *{n}*."),
            "schema": {"type": "string", "enum": ["one", "two", "three"]}})
    };
    let content = |n: usize| {
        json!({"application/json": {"schema": reference(format!("Thing{n}"))},
            "application/vnd.thing+json": {"schema": reference(format!("Thing{}", (n + 1) % 20))}})
    };
    let mut paths = serde_json::Map::new();
    for n in 0..1_200_usize {
        let answers: serde_json::Map<String, Value> = ["200", "201", "400", "401", "403", "404", "409", "422", "500"]
            .iter()
            .enumerate()
            .map(|(at, status)| {
                ((*status).to_owned(), json!({"description": "As *told*.", "content": content((n + at) % 20)}))
            })
            .collect();
        let parameters: Vec<Value> = (0..20).map(parameter).collect();
        let operation = json!({"operationId": format!("call{n}"), "tags": [format!("Group {}", n % 60)],
            "summary": format!("Call number {n}"), "parameters": parameters,
            "requestBody": {"content": content(n % 20)}, "responses": answers});
        paths.insert(format!("/things/{n}"), json!({"post": operation}));
    }
    let schemas: serde_json::Map<String, Value> = (0..20).map(|n| (format!("Thing{n}"), schema(n))).collect();
    json!({"openapi": "3.1.0", "info": {"title": "Large", "version": "1"}, "paths": paths,
        "components": {"schemas": schemas}})
}

#[test]
fn no_page_of_a_large_document_is_long() {
    let house = House::new();
    house.publish("large", &serde_json::to_vec(&large()).unwrap());
    house.small("large", &[0, 600, 1_199].map(|n| format!("call{n}")));
}

#[test]
fn no_page_of_a_real_document_is_long() {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|above| above.join("shared/corpus"));
    let folder = env::var_os("PORTICO_CORPUS").map(Into::into).or_else(|| above.into_iter().find(|f| f.is_dir()));
    let Some(document) = folder.and_then(|folder| fs::read(folder.join("github-api.json")).ok()) else { return };
    let house = House::new();
    house.publish("github", &document);
    let parsed: Value = serde_json::from_slice(&document).unwrap();
    let operations = parsed["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let ids = operations.filter_map(|operation| operation["operationId"].as_str());
    let ids: Vec<String> = ids.step_by(15).map(|id| id.replace('/', "-")).collect();
    assert!(ids.len() > 50);
    house.small("github", &ids);
}
