use crate::house::House;
use portico_domain::{Role, SecretToken};
use serde_json::{Value, json};

#[tokio::test]
async fn a_key_is_shown_once_narrowed_rotated_and_revoked() {
    let house = House::new().await;
    let (dora, paul) = (house.token("dora", Role::Developer).await, house.token("paul", Role::Publisher).await);
    house.publish_pets(&paul, "pets").await;
    let app = house.new_app(&dora, "Board").await;
    house
        .call(&dora, &format!("POST /apps/{app}/subscriptions"), json!({"api": "pets", "plan": "starter"}))
        .await
        .is(201);

    let new = json!({
        "name": "server", "environment": "test", "expires_at": "2999-01-01T01:00:00+01:00", "apis": ["pets"],
        "operations": ["listPets"], "allow_ips": ["192.0.2.7", "2001:db8::1/32"],
    });
    let made = house.call(&dora, &format!("POST /apps/{app}/keys"), new).await.is(201);
    let secret = made.text("/secret").to_owned();
    assert!(secret.starts_with("ptk_test_") && SecretToken::inspect(&secret).is_ok());
    assert_eq!((made.text("/status"), made.text("/expires_at")), ("active", "2999-01-01T00:00:00Z"));
    assert_eq!(made.body["allow_ips"], json!(["192.0.2.7/32", "2001:db8::/32"]));
    assert!(secret.contains(made.text("/public_id")));

    let path = format!("/keys/{}", made.text("/id"));
    let shown = house.get(&dora, &path).await.is(200).body;
    let mut without_secret = made.body.clone();
    without_secret.as_object_mut().unwrap().remove("secret");
    assert_eq!(shown, without_secret);
    assert_eq!(house.get(&dora, &format!("/apps/{app}/keys")).await.is(200).body["items"], json!([shown]));

    let patch = json!({"name": "server-2", "expires_at": null, "apis": null, "allow_ips": ["198.51.100.0/24"]});
    let changed = house.call(&dora, &format!("PATCH {path}"), patch).await.is(200).body;
    assert_eq!(
        (&changed["name"], &changed["expires_at"], &changed["apis"]),
        (&json!("server-2"), &Value::Null, &json!([]))
    );
    assert_eq!((&changed["operations"], &changed["allow_ips"]), (&json!(["listPets"]), &json!(["198.51.100.0/24"])));

    let rotated = house.call(&dora, &format!("POST {path}/rotate"), json!({"overlap_seconds": 60})).await.is(200);
    assert_ne!(rotated.text("/secret"), secret);
    assert_eq!((rotated.text("/id"), rotated.text("/name")), (made.text("/id"), "server-2"));
    let again = house.call(&dora, &format!("POST {path}/rotate"), Value::Null).await.is(200);
    assert_ne!(again.text("/secret"), rotated.text("/secret"));

    for _ in 0..2 {
        house.call(&dora, &format!("DELETE {path}"), Value::Null).await.is(204);
        assert_eq!(house.get(&dora, &path).await.is(200).text("/status"), "revoked");
    }
    house.call(&dora, &format!("POST {path}/rotate"), Value::Null).await.is_problem(409, "conflict");
}

#[tokio::test]
async fn keys_that_could_not_work_are_refused_where_they_are_wrong() {
    let house = House::new().await;
    let dora = house.token("dora", Role::Developer).await;
    let app = house.new_app(&dora, "Board").await;
    let post = format!("POST /apps/{app}/keys");
    for (body, status, code, pointer) in [
        (json!({"name": "k", "environment": "prod"}), 400, "invalid_body", "/environment"),
        (json!({"name": "k", "allow_ips": ["lan"]}), 400, "invalid_body", "/allow_ips/0"),
        (json!({"name": "k", "expires_at": "tomorrow"}), 400, "invalid_body", "/expires_at"),
        (json!({"name": "k", "operations": [""]}), 400, "invalid_body", "/operations/0"),
        (json!({"name": "k", "expires_at": "2020-01-01T00:00:00Z"}), 409, "conflict", "/expires_at"),
        (json!({"name": "k", "apis": ["pets"]}), 409, "conflict", "/apis/0"),
    ] {
        let answer = house.call(&dora, &post, body.clone()).await;
        assert_eq!(answer.is_problem(status, code).text("/errors/0/pointer"), pointer, "{body}");
    }
    house.call(&dora, &post, json!({"name": "k"})).await.is(201);
    house.call(&dora, &post, json!({"name": "k"})).await.is_problem(409, "conflict");
    house.call(&dora, "POST /apps/0/keys", json!({"name": "k"})).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn an_import_takes_what_is_good_or_nothing() {
    let house = House::new().await;
    let ada = house.token("ada", Role::Admin).await;
    let app = house.new_app(&ada, "Board").await;
    let good = "7Fq2mXwZp0aLr8sVt4uKc6dE";
    let csv = format!("name,key,enabled\none,{good},true\ntwo,short,true\n");
    let import = async |query: &str, csv: &str| {
        house.send_as(&ada, &format!("POST /apps/{app}/keys/import{query}"), "text/csv; charset=utf-8", csv).await
    };

    let nothing = import("?atomic=true", &csv).await.is(200).body;
    assert_eq!((&nothing["imported"], &nothing["refused"][0]["line"]), (&json!(0), &json!(3)));
    assert_eq!(house.get(&ada, &format!("/apps/{app}/keys")).await.body["items"], json!([]));
    let some = import("", &csv).await.is(200).body;
    assert_eq!((&some["imported"], some["refused"].as_array().map(Vec::len)), (&json!(1), Some(1)));
    let keys = house.get(&ada, &format!("/apps/{app}/keys")).await;
    assert_eq!(keys.text("/items/0/name"), "one");
    assert!(!keys.body.to_string().contains(good));
    let twice = import("", &csv).await.is(200).body;
    assert_eq!((&twice["imported"], twice["refused"].as_array().map(Vec::len)), (&json!(0), Some(2)));

    import("", "id,secret\n1,2\n").await.is_problem(400, "invalid_body");
    import("?atomic=maybe", &csv).await.is_problem(400, "invalid_parameters");
    let json = house.send_as(&ada, &format!("POST /apps/{app}/keys/import"), "application/json", "{}").await;
    json.is_problem(415, "unsupported_media_type");
}
