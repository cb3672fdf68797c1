//! Apps and their subscriptions.
use crate::house::House;
use portico_domain::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn an_app_is_made_renamed_handed_over_and_removed() {
    let house = House::new().await;
    let (dora, ada) = (house.token("dora", Role::Developer).await, house.token("ada", Role::Admin).await);
    let app = house.call(&dora, "POST /apps", json!({"name": "Board"})).await.is(201);
    let (id, path) = (app.text("/id"), format!("/apps/{}", app.text("/id")));
    assert_eq!((app.text("/name"), app.text("/owner")), ("Board", "dora@example.org"));
    assert_eq!(house.get(&dora, &path).await.is(200).body, app.body);
    let renamed = house.call(&dora, &format!("PATCH {path}"), json!({"name": "Display"})).await.is(200);
    assert_eq!((renamed.text("/name"), renamed.text("/id")), ("Display", id));

    // Only admins hand over; to others an address is as good as unknown.
    for owner in ["ada@example.org", "nobody@example.org"] {
        let body = json!({ "owner": owner });
        house.call(&dora, &format!("PATCH {path}"), body).await.is_problem(409, "conflict");
        house.call(&dora, "POST /apps", json!({"name": "x", "owner": owner})).await.is_problem(409, "conflict");
    }
    let handed = house.call(&ada, &format!("PATCH {path}"), json!({"owner": "ada@example.org"})).await.is(200);
    assert_eq!(handed.text("/owner"), "ada@example.org");
    house.get(&dora, &path).await.is_problem(404, "not_found");
    house.call(&ada, &format!("DELETE {path}"), Value::Null).await.is(204);
    house.get(&ada, &path).await.is_problem(404, "not_found");
    for name in [json!(""), json!(" \t "), json!("x".repeat(81)), json!("a\u{0}b"), json!(null), json!(5)] {
        house.call(&dora, "POST /apps", json!({ "name": name })).await.is_problem(400, "invalid_body");
    }
}

#[tokio::test]
async fn an_app_subscribes_once_and_a_publisher_decides() {
    let house = House::new().await;
    let (dora, paul) = (house.token("dora", Role::Developer).await, house.token("paul", Role::Publisher).await);
    house.publish_pets(&paul, "pets").await;
    house.publish_pets(&paul, "cats").await;
    house.call(&paul, "POST /plans", json!({"plan": "gold", "approval": "manual"})).await.is(201);
    house.call(&paul, "PATCH /apis/cats", json!({"plans": ["gold"]})).await.is(200);
    let app = house.new_app(&dora, "Board").await;
    let path = format!("/apps/{app}/subscriptions");
    let subscribe = async |api: &str, plan: &str| {
        house.call(&dora, &format!("POST {path}"), json!({ "api": api, "plan": plan })).await
    };

    let active = subscribe("pets", "starter").await.is(201);
    assert_eq!((active.text("/state"), active.text("/app")), ("active", app.as_str()));
    subscribe("pets", "starter").await.is_problem(409, "conflict");
    subscribe("dogs", "starter").await.is_problem(409, "conflict");
    subscribe("pets", "gold").await.is_problem(409, "conflict");
    let unknown = subscribe("pets", "silver").await;
    assert_eq!(unknown.is_problem(409, "conflict").text("/errors/0/pointer"), "/plan");

    let pending = subscribe("cats", "gold").await.is(201);
    assert_eq!(pending.text("/state"), "pending");
    let one = format!("/subscriptions/{}", pending.text("/id"));
    house.call(&dora, &format!("POST {one}/approve"), Value::Null).await.is_problem(403, "denied");
    let approved = house.call(&paul, &format!("POST {one}/approve"), Value::Null).await.is(200);
    assert_eq!(approved.text("/state"), "active");
    let rejected = house.call(&paul, &format!("POST {one}/reject"), Value::Null).await.is(200);
    assert_eq!(house.get(&dora, &one).await.is(200).body, rejected.body);

    let list = house.get(&dora, &format!("{path}?limit=1")).await.is(200);
    assert_eq!(list.text("/items/0/api"), "pets");
    let rest = house.get(&dora, &format!("{path}?after={}", list.text("/next"))).await.is(200);
    assert_eq!((rest.text("/items/0/state"), &rest.body["next"]), ("rejected", &Value::Null));
    house.call(&dora, &format!("DELETE {one}"), Value::Null).await.is(204);
    house.get(&dora, &one).await.is_problem(404, "not_found");
}
