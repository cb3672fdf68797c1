//! What changed from version to version.
use crate::house::{House, PETS};
use portico_domain::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn a_version_tells_what_it_changed() {
    let house = House::new().await;
    let (publisher, reader) = (house.token("paul", Role::Publisher).await, house.token("dora", Role::Developer).await);
    house.publish_pets(&publisher, "pets").await;
    let first = house.get(&reader, "/apis/pets/versions/1.0.0/changes").await.is(200).body;
    assert_eq!((&first["from"], &first["items"]), (&Value::Null, &json!([])));

    let second = PETS.replace("1.0.0", "2.0.0").replace("/pets:", "/animals:");
    house.send_as(&publisher, "PUT /apis/pets", "application/yaml", &second).await.is(200);
    house.get(&reader, "/apis/pets/versions/2.0.0/changes").await.is(404);
    let draft = house.get(&publisher, "/apis/pets/versions/2.0.0/changes").await.is(200).body;
    assert_eq!((&draft["from"]["version"], &draft["to"]["state"]), (&json!("1.0.0"), &json!("draft")));
    assert_eq!((&draft["breaking"], &draft["items"][0]["code"]), (&json!(1), &json!("operation-moved")));

    let impact = house.get(&publisher, "/apis/pets/versions/2.0.0/impact").await.is(200).body;
    assert_eq!((&impact["breaking"], &impact["callers"]), (&json!(1), &json!([])));
    house.get(&reader, "/apis/pets/versions/1.0.0/impact").await.is_problem(403, "denied");

    house.call(&publisher, "POST /apis/pets/versions/2.0.0/publish", Value::Null).await.is(200);
    let read = house.get(&reader, "/apis/pets/versions/2.0.0/changes").await.is(200).body;
    assert_eq!(read["items"], draft["items"]);
    let back = house.get(&reader, "/apis/pets/versions/1.0.0/changes?from=2.0.0").await.is(200).body;
    assert_eq!(back["items"][0]["code"], "operation-moved");
    house.get(&reader, "/apis/pets/versions/1.0.0/changes?from=9").await.is(404);
    house.get(&reader, "/apis/pets/versions/1.0.0/changes?form=1").await.is_problem(400, "invalid_parameters");
    let none = house.get(&publisher, "/apis/pets/versions/2.0.0/impact").await.is(200).body;
    assert_eq!(none["from"], Value::Null);
}
