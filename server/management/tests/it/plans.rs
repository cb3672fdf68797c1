use crate::house::House;
use portico_domain::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn a_plan_is_made_changed_and_removed() {
    let house = House::new().await;
    let token = house.token("paul", Role::Publisher).await;
    let gold = json!({
        "plan": "gold", "name": "Gold", "rate": {"limit": 100, "per": "second", "burst": 200},
        "quota": {"limit": 10_000, "per": "day"}, "approval": "manual",
    });
    assert_eq!(house.call(&token, "POST /plans", gold.clone()).await.is(201).body, gold);
    assert_eq!(house.get(&token, "/plans/gold").await.is(200).body, gold);
    house.call(&token, "POST /plans", gold).await.is_problem(409, "conflict");

    // RFC 7396: what is left out stays, null takes away, objects merge.
    let patch = json!({"name": "Golden", "rate": {"limit": 50}, "quota": null});
    let changed = house.call(&token, "PATCH /plans/gold", patch).await.is(200).body;
    assert_eq!(changed["name"], "Golden");
    assert_eq!(changed["rate"], json!({"limit": 50, "per": "second", "burst": 200}));
    assert_eq!((&changed["quota"], &changed["approval"]), (&Value::Null, &json!("manual")));
    let changed = house.call(&token, "PATCH /plans/gold", json!({"rate": {"burst": null}})).await.is(200).body;
    assert_eq!(changed["rate"]["burst"], 50);
    house.call(&token, "PATCH /plans/gold", json!({"quota": {"limit": 7}})).await.is_problem(409, "conflict");
    house.call(&token, "PATCH /plans/gold", json!({"name": null})).await.is_problem(400, "invalid_body");
    house.call(&token, "PATCH /plans/gold", json!({"plan": "silver"})).await.is_problem(400, "invalid_body");
    let merge = house.send_as(&token, "PATCH /plans/gold", "application/merge-patch+json", "{}").await.is(200).body;
    assert_eq!(merge, changed);

    house.call(&token, "DELETE /plans/gold", Value::Null).await.is(204);
    for call in ["GET /plans/gold", "DELETE /plans/gold", "GET /plans/Not-A-Slug"] {
        house.call(&token, call, Value::Null).await.is_problem(404, "not_found");
    }
}

#[tokio::test]
async fn limits_beside_the_rate_are_kept_and_patched() {
    let house = House::new().await;
    let token = house.token("paul", Role::Publisher).await;
    let each = json!({"limit": 5, "per": "second", "burst": 9});
    let gold = json!({
        "plan": "gold", "name": "Gold", "rate": null, "quota": null, "approval": "auto",
        "concurrency": 10, "per_key": each, "operations": {"getPet": each, "get /pets": each},
    });
    assert_eq!(house.call(&token, "POST /plans", gold.clone()).await.is(201).body, gold);
    assert_eq!(house.get(&token, "/plans/gold").await.is(200).body, gold);
    let patch = json!({"per_key": {"burst": null}, "operations": {"getPet": {"limit": 6}, "get /pets": null}});
    let changed = house.call(&token, "PATCH /plans/gold", patch).await.is(200).body;
    assert_eq!(changed["per_key"], json!({"limit": 5, "per": "second", "burst": 5}));
    assert_eq!(changed["operations"], json!({"getPet": {"limit": 6, "per": "second", "burst": 9}}));
    let patch = json!({"operations": {"new": {"limit": 6}}});
    house.call(&token, "PATCH /plans/gold", patch).await.is_problem(409, "conflict");
    for wrong in [json!({"concurrency": 0}), json!({"operations": {"": each}}), json!({"per_key": {"per": "day"}})] {
        house.call(&token, "PATCH /plans/gold", wrong).await.is_problem(400, "invalid_body");
    }
    let patch = json!({"concurrency": null, "per_key": null, "operations": null});
    let changed = house.call(&token, "PATCH /plans/gold", patch).await.is(200).body;
    let bare = json!({"plan": "gold", "name": "Gold", "rate": null, "quota": null, "approval": "auto"});
    assert_eq!(changed, bare);
}

#[tokio::test]
async fn a_plan_in_use_stays() {
    let house = House::new().await;
    let token = house.token("paul", Role::Publisher).await;
    house.publish_pets(&token, "pets").await;
    house.call(&token, "DELETE /plans/starter", Value::Null).await.is_problem(409, "conflict");
}

#[tokio::test]
async fn a_plan_without_words_is_called_by_its_address() {
    let house = House::new().await;
    let token = house.token("paul", Role::Publisher).await;
    let plan = house.call(&token, "POST /plans", json!({"plan": "free"})).await.is(201).body;
    assert_eq!(plan, json!({"plan": "free", "name": "free", "rate": null, "quota": null, "approval": "auto"}));
}
