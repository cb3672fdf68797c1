use crate::house::{House, request};
use axum::body::Body;
use http::header;
use portico_domain::Role;
use serde_json::{Value, json};

const STEPS: &str =
    "---\ntitle: First steps\norder: 5\ndraft: true\nauthor: Ann\n---\nSee [pets](op:listPets) and [more](more.md).\n";

#[tokio::test]
async fn a_file_becomes_a_guide() {
    let house = House::new().await;
    let (token, reader) = (house.token("paul", Role::Publisher).await, house.token("dora", Role::Developer).await);
    house.publish_pets(&token, "pets").await;
    for (base, findings) in [("/apis/pets", 2), ("", 3)] {
        let path = format!("{base}/guides/first-steps");
        let put = format!("PUT {path}");
        let written = house.send_as(&token, &put, "text/markdown; charset=utf-8", STEPS).await.is(201).body;
        assert_eq!(
            (&written["title"], &written["order"], &written["draft"]),
            (&json!("First steps"), &json!(5), &json!(true))
        );
        assert_eq!(written["text"], "See [pets](op:listPets) and [more](more.md).\n");
        let found = written["findings"].as_array().unwrap();
        assert_eq!(found.len(), findings, "{found:?}");
        assert_eq!((&found[0]["code"], &found[0]["line"]), (&json!("unknown-field"), &json!(5)));
        let last = found.last().unwrap();
        assert_eq!((&last["code"], &last["line"], &last["column"]), (&json!("broken-link"), &json!(7), &json!(29)));

        // A draft is for publishers.
        house.get(&reader, &path).await.is_problem(404, "not_found");
        assert_eq!(house.get(&reader, &format!("{base}/guides")).await.is(200).body["items"], json!([]));
        house.send_as(&token, &put, "text/markdown", "# Shown\n").await.is(200);
        assert_eq!(house.get(&reader, &path).await.is(200).body["title"], "Shown");
        let list = house.get(&reader, &format!("{base}/guides")).await.is(200).body;
        assert_eq!(
            list["items"],
            json!([{"guide": "first-steps", "title": "Shown", "description": "", "order": 0, "draft": false}])
        );

        house.send_as(&reader, &put, "text/markdown", "# No\n").await.is_problem(403, "denied");
        house.send_as(&token, &put, "text/html", "# No\n").await.is_problem(415, "unsupported_media_type");
        house.send_as(&token, &put, "text/markdown", &"x".repeat(300 * 1024)).await.is_problem(413, "body_too_large");
        house.call(&token, &format!("DELETE {path}"), Value::Null).await.is(204);
        house.call(&token, &format!("DELETE {path}"), Value::Null).await.is_problem(404, "not_found");
    }
    house.get(&token, "/apis/none/guides").await.is_problem(404, "no_such_api");
    house.send_as(&token, "PUT /apis/none/guides/a", "text/markdown", "x").await.is_problem(404, "not_found");
    house.send_as(&token, "PUT /guides/A", "text/markdown", "x").await.is_problem(400, "invalid_parameters");
}

#[tokio::test]
async fn lists_of_guides_come_in_parts() {
    let house = House::new().await;
    let token = house.token("paul", Role::Publisher).await;
    for (name, order) in [("a", 3), ("b", 1), ("c", 2)] {
        let guide = format!("---\norder: {order}\n---\n# {name}\n");
        house.send_as(&token, &format!("PUT /guides/{name}"), "text/markdown", &guide).await.is(201);
    }
    let first = house.get(&token, "/guides?limit=2").await.is(200).body;
    assert_eq!(
        (&first["items"][0]["guide"], &first["items"][1]["guide"], &first["next"]),
        (&json!("b"), &json!("c"), &json!("c"))
    );
    let second = house.get(&token, "/guides?limit=2&after=c").await.is(200).body;
    assert_eq!((&second["items"][0]["guide"], &second["next"]), (&json!("a"), &Value::Null));
    house.get(&token, "/guides?after=%2F").await.is_problem(400, "invalid_parameters");
}

#[tokio::test]
async fn pictures_are_kept_and_listed() {
    let house = House::new().await;
    let token = house.token("paul", Role::Publisher).await;
    let put = async |name: &str, bytes: &'static [u8]| {
        let request = request(&token, &format!("PUT /guide-images/{name}")).header(header::CONTENT_TYPE, "image/png");
        house.send(request.body(Body::from(bytes)).unwrap()).await
    };
    let made = put("form.png", b"\x89PNG\r\n\x1a\nx").await.is(201).body;
    assert_eq!(
        (&made["image"], &made["bytes"], &made["media_type"]),
        (&json!("form.png"), &json!(9), &json!("image/png"))
    );
    put("form.png", b"\x89PNG\r\n\x1a\n").await.is(200);
    put("form.gif", b"\x89PNG\r\n\x1a\n").await.is_problem(409, "conflict");
    put("form.svg", b"<svg/>").await.is_problem(400, "invalid_parameters");
    let list = house.get(&token, "/guide-images").await.is(200).body;
    assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["bytes"]), (1, &json!(8)));
    house.call(&token, "DELETE /guide-images/form.png", Value::Null).await.is(204);
    house.get(&token, "/guide-images/form.png").await.is_problem(404, "not_found");
}
