//! Calls checked against the document, and answers made of it.
use super::{
    house::{Answer, House, Options},
    upstream::{OK, Upstream},
};
use portico_domain::DocumentRules;
use portico_gateway::CompiledDocument;
use serde_json::{Value, json};

/// `GET /pets` takes a number `limit`; `POST /pets` takes a pet with a name; both have examples.
fn document() -> CompiledDocument {
    let rules: DocumentRules = serde_json::from_value(json!({
        "requests": {}, "answers": {}, "notes": [],
        "operations": {
            "get /pets": {
                "template": "/pets",
                "parameters": [{
                    "name": "limit", "location": "query", "required": false, "allow_empty": false, "style": "form",
                    "explode": true, "media_type": null, "kind": {"scalars": ["number"]},
                    "schema": {"type": "integer", "minimum": 1},
                }],
                "body": null,
                "answers": [{"status": {"exact": 200}, "fields": [], "media": [{
                    "media_type": "application/json", "form": null, "schema": {"type": "array"},
                }]}],
                "mocks": [
                    {"status": {"exact": 200}, "example": null, "media_type": "application/json", "body": "[]", "fields": []},
                    {"status": {"exact": 404}, "example": null, "media_type": "application/json", "body": "{}", "fields": []},
                ],
            },
            "post /pets": {
                "template": "/pets", "parameters": [], "answers": [], "mocks": [],
                "body": {"required": true, "media": [{
                    "media_type": "application/json", "form": null,
                    "schema": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
                }]},
            },
        },
    }))
    .unwrap();
    CompiledDocument::compile(&rules).unwrap()
}

async fn open(policies: Value) -> (House, Upstream) {
    let upstream = Upstream::start(OK).await;
    let house = House::open_with(upstream.addr, Options::policies(policies));
    house.publish(|spec| spec.apis[0].document = document());
    (house, upstream)
}

fn problem(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn what_does_not_fit_the_document_never_reaches_the_upstream() {
    let (house, upstream) = open(json!({"validate": {"request": true}})).await;
    let key = ("X-API-Key", house.token.as_str());
    let json = ("Content-Type", "application/json");
    let answer = house.call("GET /shop/pets?limit=none", &[key], "").await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_parameters"));
    assert_eq!(problem(&answer)["errors"][0]["pointer"], "/query/limit");
    for (body, pointer) in [("{}", "/body"), ("{\"name\": 7}", "/body/name"), ("{\"name\"", "/body")] {
        let answer = house.call("POST /shop/pets", &[key, json], body).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_body"), "{body}");
        let errors = problem(&answer)["errors"].clone();
        assert!(errors[0]["pointer"].as_str().unwrap().starts_with(pointer), "{body}: {errors}");
    }
    let answer = house.call("POST /shop/pets", &[key, ("Content-Type", "text/plain")], "x").await;
    assert_eq!((answer.status, answer.code().as_str()), (415, "unsupported_media_type"));
    assert!(answer.body.contains("application/json"), "{answer:?}");
    assert!(upstream.seen().is_empty());
    let explained: Vec<_> = house.gateway.drain_records().into_iter().filter_map(|record| record.refusal).collect();
    let parameters = explained.iter().find(|why| why.code == "invalid_parameters").unwrap();
    assert_eq!(parameters.errors[0].pointer, "/query/limit");
    assert_eq!(explained.iter().filter(|why| why.errors.is_empty()).count(), 1, "a media type has no place");
    assert_eq!(house.call("GET /shop/pets?limit=3", &[key], "").await.status, 200);
    assert_eq!(house.call("POST /shop/pets", &[key, json], "{\"name\":\"Rex\"}").await.status, 200);
    assert!(upstream.seen()[1].ends_with("{\"name\":\"Rex\"}"));
}

#[tokio::test]
async fn examples_answer_where_they_are_asked_to() {
    let (house, upstream) = open(json!({"mock": "always"})).await;
    let key = ("X-API-Key", house.token.as_str());
    let answer = house.call("GET /shop/pets", &[key], "").await;
    assert_eq!((answer.status, answer.body.as_str(), answer.field("x-portico-mock")), (200, "[]", Some("true")));
    assert_eq!(house.call("GET /shop/pets", &[key, ("Prefer", "code=404")], "").await.status, 404);
    assert_eq!(house.call("GET /shop/pets", &[key, ("Prefer", "code=418")], "").await.status, 400);
    assert_eq!(house.call("GET /shop/pets", &[], "").await.status, 401, "a mock opens nothing");
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn examples_stand_in_for_upstreams_that_are_missing() {
    let (house, upstream) = open(json!({"mock": "missing"})).await;
    assert_eq!(house.get("/shop/pets").await.body, "ok");
    house.publish(|spec| {
        spec.apis[0].upstreams.clear();
        spec.apis[0].document = document();
    });
    assert_eq!(house.get("/shop/pets").await.body, "[]");
    assert_eq!(upstream.seen().len(), 1);
}

#[tokio::test]
async fn answers_that_do_not_fit_pass_and_are_counted() {
    let answers = ["[]", "{}", "{"].map(|body| {
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    });
    let teapot = "HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\n\r\n".to_owned();
    let answers = std::sync::Mutex::new(answers.into_iter().chain([teapot]).collect::<std::collections::VecDeque<_>>());
    let upstream = Upstream::start_with(move |_| answers.lock().unwrap().pop_front().unwrap()).await;
    let house = House::open_with(upstream.addr, Options::policies(json!({"validate": {"response": "report"}})));
    house.publish(|spec| spec.apis[0].document = document());
    let unfit = || house.gateway.observe().unfit_answers.iter().map(|(_, count)| *count).sum::<u64>();
    for (body, status, count) in [("[]", 200, 0), ("{}", 200, 1), ("{", 200, 2), ("", 418, 3)] {
        let answer = house.get("/shop/pets").await;
        assert_eq!((answer.body.as_str(), answer.status, unfit()), (body, status, count));
    }
}
