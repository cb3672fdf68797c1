//! Accounts, and the audit log of what was done to them.
use crate::house::House;
use portico_domain::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn an_account_is_made_changed_and_removed() {
    let house = House::new().await;
    let ada = house.token("ada", Role::Admin).await;
    let new = json!({"email": "Dora@Example.org", "role": "developer", "password": "tugs leave at dawn"});
    let made = house.call(&ada, "POST /accounts", new.clone()).await.is(201);
    assert_eq!(
        (made.text("/email"), made.text("/name"), made.text("/role")),
        ("dora@example.org", "dora", "developer")
    );
    assert!(made.body.get("password").is_none());
    house.call(&ada, "POST /accounts", new).await.is_problem(409, "conflict");

    let path = format!("/accounts/{}", made.text("/id"));
    assert_eq!(house.get(&ada, &path).await.is(200).body, made.body);
    let patch = json!({"name": "Dora", "role": "publisher"});
    let changed = house.call(&ada, &format!("PATCH {path}"), patch).await.is(200);
    assert_eq!(
        (changed.text("/name"), changed.text("/role"), changed.text("/email")),
        ("Dora", "publisher", "dora@example.org")
    );
    let taken = house.call(&ada, &format!("PATCH {path}"), json!({"email": "ada@example.org"})).await;
    taken.is_problem(409, "conflict");
    house.call(&ada, &format!("DELETE {path}"), Value::Null).await.is(204);
    house.get(&ada, &path).await.is_problem(404, "not_found");

    for (body, pointer) in [
        (json!({"email": "dora", "role": "developer"}), "/email"),
        (json!({"email": "d@example.org", "role": "king"}), "/role"),
        (json!({"email": "d@example.org", "role": "admin", "password": "short"}), "/password"),
    ] {
        let answer = house.call(&ada, "POST /accounts", body).await;
        assert_eq!(answer.is_problem(400, "invalid_body").text("/errors/0/pointer"), pointer);
    }
    let guessed = json!({"email": "d@example.org", "role": "admin", "password": "passwordpassword"});
    let answer = house.call(&ada, "POST /accounts", guessed).await;
    assert_eq!(answer.is_problem(409, "conflict").text("/errors/0/pointer"), "/password");
}

#[tokio::test]
async fn the_last_admin_stays() {
    let house = House::new().await;
    let ada = house.token("ada", Role::Admin).await;
    let list = house.get(&ada, "/accounts").await.is(200);
    let path = format!("/accounts/{}", list.text("/items/0/id"));
    house.call(&ada, &format!("PATCH {path}"), json!({"role": "developer"})).await.is_problem(409, "conflict");
    house.call(&ada, &format!("DELETE {path}"), Value::Null).await.is_problem(409, "conflict");
}

#[tokio::test]
async fn the_audit_log_tells_who_did_what() {
    let house = House::new().await;
    let ada = house.token("ada", Role::Admin).await;
    house.call(&ada, "POST /plans", json!({"plan": "gold"})).await.is(201);
    let log = house.get(&ada, "/audit?subject=plan&target=gold").await.is(200);
    assert_eq!(log.body["items"].as_array().map(Vec::len), Some(1));
    let admin = house.get(&ada, "/accounts").await;
    assert_eq!(log.text("/items/0/actor"), admin.text("/items/0/id"));
    let mine = house.get(&ada, &format!("/audit?limit=1&actor={}", admin.text("/items/0/id"))).await.is(200);
    assert_eq!(mine.text("/items/0/target"), "gold");
    let system = house.get(&ada, "/audit?actor=command_line&subject=account").await.is(200);
    assert_eq!(system.text("/items/0/subject"), "account");
    assert_eq!(house.get(&ada, "/audit?to=2020-01-01T00:00:00Z").await.is(200).body["items"], json!([]));
    for query in ["subject=planet", "actor=me", "from=today", "target=%00", "after=x"] {
        house.get(&ada, &format!("/audit?{query}")).await.is_problem(400, "invalid_parameters");
    }
}
