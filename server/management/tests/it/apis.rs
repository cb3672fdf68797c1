use crate::house::{House, PETS};
use portico_domain::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn a_document_becomes_an_api_and_its_next_version() {
    let house = House::new().await;
    let token = house.token("paul", Role::Publisher).await;
    let put = "PUT /apis/pets?upstream=http://127.0.0.1:9000/v1&upstream=https://b.example";
    let first = house.send_as(&token, put, "application/yaml", PETS).await.is(201).body;
    assert_eq!((&first["api"], &first["title"], &first["version"]), (&json!("pets"), &json!("Pets"), &json!("1.0.0")));
    assert_eq!((&first["state"], &first["operations"]), (&json!("draft"), &json!(1)));
    assert!(first["findings"].is_array());

    let api = house.get(&token, "/apis/pets").await.is(200).body;
    assert_eq!(api["state"], "draft");
    let upstreams =
        json!([{"url": "http://127.0.0.1:9000/v1", "weight": 1}, {"url": "https://b.example/", "weight": 1}]);
    assert_eq!(api["upstreams"], upstreams);
    assert_eq!(
        (&api["access"], &api["base_path"], &api["plans"]),
        (&json!("key"), &json!("/pets"), &json!(["starter"]))
    );

    // As JSON, published at once.
    let json = json!({"openapi": "3.1.0", "info": {"title": "Pets", "version": "2.0.0"}, "paths": {}});
    let second = house.call(&token, "PUT /apis/pets?publish=true", json).await.is(200).body;
    assert_eq!((&second["version"], &second["state"]), (&json!("2.0.0"), &json!("published")));
    assert_eq!(house.get(&token, "/apis/pets").await.body["upstreams"], upstreams, "kept without ?upstream=");

    let versions = house.get(&token, "/apis/pets/versions").await.is(200).body;
    let texts: Vec<_> =
        versions["items"].as_array().unwrap().iter().map(|version| version["version"].as_str().unwrap()).collect();
    assert_eq!(texts, ["2.0.0", "1.0.0"]);
}

#[tokio::test]
async fn going_back_and_off_and_on_are_one_call() {
    let house = House::new().await;
    let token = house.token("paul", Role::Publisher).await;
    house.publish_pets(&token, "pets").await;
    house.send_as(&token, "PUT /apis/pets", "text/yaml", &PETS.replace("1.0.0", "2.0.0")).await.is(200);
    let version = async |call: &str| {
        let api = house.call(&token, call, Value::Null).await.is(200).body;
        (api["version"].as_str().unwrap().to_owned(), api["state"].as_str().unwrap().to_owned())
    };
    let published = |text: &str| (text.to_owned(), "published".to_owned());
    assert_eq!(version("GET /apis/pets").await, published("1.0.0"));
    assert_eq!(version("POST /apis/pets/publish").await, published("2.0.0"));
    assert_eq!(version("POST /apis/pets/versions/1.0.0/publish").await, published("1.0.0"));
    assert_eq!(version("POST /apis/pets/unpublish").await, ("2.0.0".to_owned(), "draft".to_owned()));
    let newest = house.get(&token, "/apis/pets/versions?limit=1").await;
    let id = newest.text("/items/0/id");
    assert_eq!(version(&format!("POST /apis/pets/versions/{id}/publish")).await, published("2.0.0"));
    house.call(&token, "POST /apis/pets/versions/9.9/publish", Value::Null).await.is_problem(404, "not_found");
    house.call(&token, "POST /apis/cats/versions/9.9/publish", Value::Null).await.is_problem(404, "no_such_api");
}

#[tokio::test]
async fn a_document_that_cannot_be_read_changes_nothing() {
    let house = House::new().await;
    let token = house.token("paul", Role::Publisher).await;
    house.publish_pets(&token, "pets").await;
    let before = house.get(&token, "/apis/pets").await.body;
    for (media_type, bad) in [("application/json", "{"), ("application/yaml", "hello: world"), ("application/yaml", "")]
    {
        let refused = house.send_as(&token, "PUT /apis/pets?publish=true", media_type, bad).await;
        let finding = &refused.is_problem(422, "unreadable_document").body["findings"][0];
        assert_eq!(finding["severity"], "error", "{bad}");
        assert!(!finding["message"].as_str().unwrap().is_empty());
    }
    assert_eq!(house.get(&token, "/apis/pets").await.body, before);
    house.send_as(&token, "PUT /apis/cats", "application/json", "{").await.is_problem(422, "unreadable_document");
    house.get(&token, "/apis/cats").await.is_problem(404, "no_such_api");
}

#[tokio::test]
async fn an_upload_is_read_strictly() {
    let house = House::new().await;
    let token = house.token("paul", Role::Publisher).await;
    for query in [
        "upstream=ftp://a.example",
        "upstream=http://u:p@a.example",
        "publish=yes",
        "publish=true&publish=true",
        "force=true",
    ] {
        let answer = house.send_as(&token, &format!("PUT /apis/pets?{query}"), "application/yaml", PETS).await;
        answer.is_problem(400, "invalid_parameters");
    }
    house.send_as(&token, "PUT /apis/Pets", "application/yaml", PETS).await.is_problem(400, "invalid_parameters");
    house.send_as(&token, "PUT /apis/pets", "application/xml", PETS).await.is_problem(415, "unsupported_media_type");
    let large = "#".repeat(32 * 1024 * 1024 + 1);
    house.send_as(&token, "PUT /apis/pets", "application/yaml", &large).await.is_problem(413, "body_too_large");
    house.get(&token, "/apis/pets").await.is_problem(404, "no_such_api");
}

#[tokio::test]
async fn settings_are_patched() {
    let house = House::new().await;
    let token = house.token("paul", Role::Publisher).await;
    house.publish_pets(&token, "pets").await;
    let patch = json!({
        "upstreams": [{"url": "https://a.example/v1"}, {"url": "https://b.example", "weight": 0}],
        "access": "open", "visibility": "signed-in", "base_path": "/zoo/v1", "timeout_ms": 500, "max_body_bytes": 0,
    });
    let changed = house.call(&token, "PATCH /apis/pets", patch).await.is(200).body;
    assert_eq!(changed["upstreams"][0], json!({"url": "https://a.example/v1", "weight": 1}));
    assert_eq!(
        (&changed["access"], &changed["base_path"], &changed["timeout_ms"]),
        (&json!("open"), &json!("/zoo/v1"), &json!(500))
    );
    assert_eq!(changed["plans"], json!(["starter"]), "left out, so it stays");
    for (patch, pointer) in [
        (json!({"upstreams": [{"url": "ftp://a"}]}), "/upstreams/0/url"),
        (json!({"upstreams": [null]}), "/upstreams/0"),
        (json!({"routes": [{"prefix": "/a/b/", "upstreams": [{"url": "https://a.example"}]}]}), "/routes/0/prefix"),
        (json!({"connection": {"colour": "red"}}), "/connection/colour"),
        (json!({"cors": {"origins": ["app.example"]}}), "/cors/origins/0"),
        (json!({"retry": {"attempts": 1.5}}), "/retry/attempts"),
        (json!({"deny_ips": ["10.0.0.0/33"]}), "/deny_ips"),
        (json!({"colour": "red"}), "/colour"),
        (json!({"base_path": "/a/"}), "/base_path"),
        (json!({"access": "none"}), "/access"),
        (json!({"timeout_ms": 99}), "/timeout_ms"),
        (json!({"plans": ["Gold"]}), "/plans/0"),
    ] {
        let answer = house.call(&token, "PATCH /apis/pets", patch.clone()).await;
        assert_eq!(answer.is_problem(400, "invalid_body").text("/errors/0/pointer"), pointer, "{patch}");
    }
    let unknown = house.call(&token, "PATCH /apis/pets", json!({"plans": ["gold"]})).await;
    assert_eq!(unknown.is_problem(409, "conflict").text("/errors/0/pointer"), "/plans/0");
    house.publish_pets(&token, "cats").await;
    let taken = house.call(&token, "PATCH /apis/cats", json!({"base_path": "/zoo/v1"})).await;
    assert_eq!(taken.is_problem(409, "conflict").text("/errors/0/pointer"), "/base_path");
    house.call(&token, "PATCH /apis/dogs", json!({})).await.is_problem(404, "no_such_api");
}

#[tokio::test]
async fn policies_are_settings_like_others() {
    let house = House::new().await;
    let token = house.token("paul", Role::Publisher).await;
    house.publish_pets(&token, "pets").await;
    let api = house.get(&token, "/apis/pets").await.is(200).body;
    assert_eq!((&api["cors"], &api["retry"]["attempts"], &api["operations"]), (&Value::Null, &json!(1), &json!(1)));

    let cors = json!({"origins": ["https://app.example"], "credentials": true});
    let patch = json!({
        "hosts": ["pets.example"], "cors": cors, "retry": {"attempts": 2.0}, "allow_ips": ["192.0.2.7"],
        "operation_settings": {"listPets": {"timeout_ms": 500}},
    });
    let changed = house.call(&token, "PATCH /apis/pets", patch).await.is(200).body;
    assert_eq!((&changed["cors"]["origins"], &changed["retry"]["attempts"]), (&cors["origins"], &json!(2)));
    assert_eq!(changed["allow_ips"], json!(["192.0.2.7/32"]));
    assert_eq!(changed["operation_settings"]["listPets"]["timeout_ms"], 500);
    assert_eq!(house.get(&token, "/apis/pets").await.body, changed);
    let listed = &house.get(&token, "/apis").await.is(200).body["items"][0];
    assert_eq!((&listed["cors"], listed.get("operation_settings")), (&changed["cors"], None));

    let dora = house.token("dora", Role::Developer).await;
    let seen = house.get(&dora, "/apis/pets").await.is(200).body;
    assert_eq!((&seen["hosts"], &seen["cors"]["credentials"]), (&json!(["pets.example"]), &json!(true)));
    for hidden in ["upstreams", "routes", "connection", "transform", "allow_ips", "shadow", "operation_settings"] {
        assert!(seen.get(hidden).is_none(), "{hidden}");
    }
    let reset = json!({"hosts": null, "cors": null, "retry": null, "allow_ips": null, "operation_settings": null});
    let mut reset = house.call(&token, "PATCH /apis/pets", reset).await.is(200).body;
    reset["changed_at"] = api["changed_at"].clone();
    assert_eq!(reset, api);
}

#[tokio::test]
async fn what_does_not_go_together_is_a_conflict_with_its_place() {
    let house = House::new().await;
    let token = house.token("paul", Role::Publisher).await;
    house.publish_pets(&token, "pets").await;
    house.publish_pets(&token, "cats").await;
    house.call(&token, "PATCH /apis/cats", json!({"hosts": ["cats.example"]})).await.is(200);
    for (patch, pointer) in [
        (json!({"cors": {"credentials": true}}), "/cors/credentials"),
        (json!({"shadow": {"percent": 5}}), "/shadow"),
        (json!({"hosts": ["pets.example", "cats.example"]}), "/hosts/1"),
        (json!({"operation_settings": {"flyPets": {}}}), "/operation_settings/flyPets"),
        (json!({"plans": ["gold"]}), "/plans/0"),
    ] {
        let answer = house.call(&token, "PATCH /apis/pets", patch.clone()).await;
        assert_eq!(answer.is_problem(409, "conflict").text("/errors/0/pointer"), pointer, "{patch}");
    }
    let both = json!({"hosts": ["Pets"], "cors": {"origins": []}, "limits": {"concurrency": 0}});
    let answer = house.call(&token, "PATCH /apis/pets", both).await;
    assert_eq!(answer.is_problem(400, "invalid_body").body["errors"].as_array().unwrap().len(), 3);

    // An operation that went away keeps its settings: going back to the version that had it finds them.
    house
        .call(&token, "PATCH /apis/pets", json!({"operation_settings": {"listPets": {"mock": "always"}}}))
        .await
        .is(200);
    let next = PETS.replace("listPets", "allPets");
    house.send_as(&token, "PUT /apis/pets?publish=true", "application/yaml", &next).await.is(200);
    let kept = house.call(&token, "PATCH /apis/pets", json!({"timeout_ms": 500})).await.is(200).body;
    assert_eq!(kept["operation_settings"]["listPets"]["mock"], "always");
}

#[tokio::test]
async fn drafts_and_private_apis_are_for_publishers() {
    let house = House::new().await;
    let (paul, dora) = (house.token("paul", Role::Publisher).await, house.token("dora", Role::Developer).await);
    house.send_as(&paul, "PUT /apis/draft", "application/yaml", PETS).await.is(201);
    house.publish_pets(&paul, "public").await;
    house.publish_pets(&paul, "private").await;
    house.call(&paul, "PATCH /apis/private", json!({"visibility": "private"})).await.is(200);
    let names = async |token: &str| {
        let list = house.get(token, "/apis").await.is(200).body;
        list["items"].as_array().unwrap().iter().map(|api| api["api"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&paul).await, ["draft", "private", "public"]);
    assert_eq!(names(&dora).await, ["public"]);
    let upstreams = async |token: &str| house.get(token, "/apis/public").await.is(200).body.get("upstreams").is_some();
    assert_eq!((upstreams(&paul).await, upstreams(&dora).await), (true, false));
    for path in ["/apis/draft", "/apis/private", "/apis/private/versions"] {
        house.get(&dora, path).await.is_problem(404, "no_such_api");
    }
    house.call(&paul, "DELETE /apis/public", Value::Null).await.is(204);
    assert!(names(&dora).await.is_empty());
}
