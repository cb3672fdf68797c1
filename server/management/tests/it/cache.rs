use crate::house::House;
use portico_domain::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn publishers_purge_an_api_or_a_path() {
    let house = House::new().await;
    let token = house.token("paul", Role::Publisher).await;
    house.publish_pets(&token, "pets").await;
    let purge = "POST /apis/pets/cache/purge";
    for body in [Value::Null, json!({}), json!({"path": null}), json!({"path": "/pets"})] {
        assert_eq!(house.call(&token, purge, body).await.is(200).body, json!({"purged": 0}));
    }
    let ada = house.token("ada", Role::Admin).await;
    let log = house.get(&ada, "/audit?subject=api&target=pets").await.is(200);
    assert_eq!((log.text("/items/0/action"), log.text("/items/0/detail/path")), ("purged", "/pets"));
    for body in [json!({"path": "pets"}), json!({"path": ""}), json!({"path": 7}), json!({"paths": []})] {
        house.call(&token, purge, body).await.is_problem(400, "invalid_body");
    }
    house.call(&token, "POST /apis/cats/cache/purge", Value::Null).await.is_problem(404, "no_such_api");
    let developer = house.token("dora", Role::Developer).await;
    house.call(&developer, purge, Value::Null).await.is_problem(403, "denied");
}
