use crate::house::{Answer, House, request};
use http::header;
use portico_domain::Role;
use serde_json::{Value, json};

async fn post(house: &House, token: &str, path: &str, key: &str, body: Value) -> Answer {
    let request = request(token, &format!("POST {path}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", key);
    house.send(request.body(body.to_string().into()).unwrap()).await
}

#[tokio::test]
async fn a_repeated_call_is_answered_again_and_done_once() {
    let house = House::new().await;
    let (dora, other) = (house.token("dora", Role::Developer).await, house.token("dorian", Role::Developer).await);
    let app = house.new_app(&dora, "Board").await;
    let path = format!("/apps/{app}/keys");
    let first = post(&house, &dora, &path, "k-1", json!({"name": "server"})).await.is(201);
    let again = post(&house, &dora, &path, "k-1", json!({"name": "server"})).await.is(201);
    assert_eq!(first.body, again.body);
    assert_eq!(first.headers[header::CONTENT_TYPE], again.headers[header::CONTENT_TYPE]);
    assert_eq!(
        (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"].to_str().ok()),
        (None, Some("true"))
    );
    assert_eq!(house.get(&dora, &path).await.body["items"].as_array().map(Vec::len), Some(1));

    // Another call under the same key.
    post(&house, &dora, &path, "k-1", json!({"name": "server-2"})).await.is_problem(422, "idempotency_key_reused");
    post(&house, &dora, "/apps", "k-1", json!({"name": "server"})).await.is_problem(422, "idempotency_key_reused");
    // Somebody else's key is another key, and other keys are other calls.
    post(&house, &other, "/apps", "k-1", json!({"name": "Theirs"})).await.is(201);
    post(&house, &dora, &path, "k-2", json!({"name": "server-2"})).await.is(201);
}

#[tokio::test]
async fn a_refused_call_may_be_tried_again_under_its_key() {
    let house = House::new().await;
    let paul = house.token("paul", Role::Publisher).await;
    post(&house, &paul, "/plans", "k", json!({"plan": "Gold"})).await.is_problem(400, "invalid_body");
    post(&house, &paul, "/plans", "k", json!({"plan": "gold"})).await.is(201);
}

#[tokio::test]
async fn a_key_is_a_short_visible_text() {
    let house = House::new().await;
    let paul = house.token("paul", Role::Publisher).await;
    for key in ["", "a\tb", &"x".repeat(256)] {
        post(&house, &paul, "/plans", key, json!({"plan": "gold"})).await.is_problem(400, "invalid_parameters");
    }
    let get = request(&paul, "GET /plans").header("idempotency-key", "").body(axum::body::Body::empty()).unwrap();
    house.send(get).await.is(200);
}
