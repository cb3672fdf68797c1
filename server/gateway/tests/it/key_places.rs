//! Keys in the places that an API's document names.
use super::{
    house::{House, Options, route},
    upstream::{OK, Upstream},
};
use portico_domain::{Access, KeyPlace, ParameterLocation, Purpose};
use serde_json::json;

/// `/pets` takes its key in the field `X-Token`, the parameter `api key` and the cookie `sid`, and `/pets/{id}` does not.
fn name_places(house: &House) {
    house.publish(|spec| {
        let place = |location, name: &str| KeyPlace { location, name: name.to_owned() };
        let mut pets = route("GET", "/pets", true);
        pets.key_places = vec![
            place(ParameterLocation::Header, "X-Token"),
            place(ParameterLocation::Query, "api key"),
            place(ParameterLocation::Cookie, "sid"),
        ];
        spec.apis[0].routes = vec![pets, route("GET", "/pets/{id}", true)];
    });
}

async fn open(options: Options) -> (House, Upstream) {
    let upstream = Upstream::start(OK).await;
    let house = House::open_with(upstream.addr, options);
    name_places(&house);
    (house, upstream)
}

#[tokio::test]
async fn a_key_may_stand_where_the_document_says_and_goes_no_further() {
    let (house, upstream) = open(Options::default()).await;
    let key = house.token.clone();
    let escaped = key.replace('_', "%5F");
    let cookie = format!("a=1; sid={key}; b=2");
    for (line, fields) in [
        ("GET /shop/pets".to_owned(), vec![("x-token", key.as_str())]),
        (format!("GET /shop/pets?a=1&api%20key={key}&b=2"), vec![]),
        (format!("GET /shop/pets?api+key={escaped}"), vec![]),
        ("GET /shop/pets".to_owned(), vec![("Cookie", cookie.as_str())]),
        (format!("GET /shop/pets?api%20key={key}"), vec![("X-API-Key", key.as_str()), ("X-Token", &key)]),
    ] {
        let answer = house.call(&line, &fields, "").await;
        assert_eq!(answer.status, 200, "{line}: {answer:?}");
    }
    let seen = upstream.seen();
    for request in &seen {
        assert!(!request.contains(&key[..20]) && !request.contains(&escaped[..20]), "{request}");
        assert!(!request.to_lowercase().contains("x-token"), "{request}");
    }
    assert!(seen[1].starts_with("GET /v1/pets?a=1&b=2 HTTP/1.1\r\n"), "{}", seen[1]);
    assert!(seen[2].starts_with("GET /v1/pets HTTP/1.1\r\n"), "{}", seen[2]);
    assert!(seen[3].contains("cookie: a=1; b=2\r\n"), "{}", seen[3]);
    let records = format!("{:?}", house.gateway.drain_records());
    assert!(records.contains("/shop/pets") && !records.contains(&key[..20]), "{records}");
}

#[tokio::test]
async fn other_operations_know_no_such_places() {
    let (house, _upstream) = open(Options::default()).await;
    let line = format!("GET /shop/pets/7?api%20key={}", house.token);
    assert_eq!(house.call(&line, &[("X-Token", &house.token)], "").await.code(), "key_missing");
}

#[tokio::test]
async fn two_keys_that_differ_are_refused_wherever_they_stand() {
    let (house, upstream) = open(Options::default()).await;
    let key = house.token.as_str();
    let other = format!("{}A", &key[..key.len() - 1]);
    let other = other.as_str();
    for (line, fields) in [
        (format!("GET /shop/pets?api%20key={other}"), vec![("X-API-Key", key)]),
        (format!("GET /shop/pets?api%20key={key}&api%20key={other}"), vec![]),
        ("GET /shop/pets".to_owned(), vec![("X-Token", key), ("X-Token", other)]),
    ] {
        let answer = house.call(&line, &fields, "").await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{line}");
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn what_is_no_key_of_ours_is_the_upstreams() {
    let (house, upstream) = open(Options { access: Access::Open, ..Options::default() }).await;
    let line = "GET /shop/pets?api%20key=theirs&a=1";
    assert_eq!(house.call(line, &[("X-Token", "theirs"), ("Cookie", "sid=theirs")], "").await.status, 200);
    let request = upstream.only();
    assert!(request.starts_with("GET /v1/pets?api%20key=theirs&a=1 "), "{request}");
    assert!(request.contains("X-Token: theirs\r\n") && request.contains("Cookie: sid=theirs\r\n"), "{request}");
    let (house, _upstream) = open(Options::default()).await;
    assert_eq!(house.call("GET /shop/pets?api%20key=wrong", &[], "").await.code(), "key_unknown");
}

#[tokio::test]
async fn a_key_that_was_made_elsewhere_is_one_of_ours() {
    const IMPORTED: &str = "an-imported-key-of-another-house";
    let (house, upstream) = open(Options::default()).await;
    house.put_key(|key| {
        key.digest = house.secret.digest(Purpose::ApiKey, IMPORTED);
        key.public_id = portico_domain::PublicKeyId::of_imported(&key.digest);
    });
    let line = format!("GET /shop/pets?api%20key={IMPORTED}&a=1");
    assert_eq!(house.call(&line, &[], "").await.status, 200);
    assert_eq!(house.call(&line, &[("X-API-Key", IMPORTED)], "").await.status, 200);
    for request in upstream.seen() {
        assert!(request.starts_with("GET /v1/pets?a=1 "), "{request}");
    }
}

#[tokio::test]
async fn copies_and_the_cache_see_the_request_without_its_key() {
    let (sent, mut copies) = tokio::sync::mpsc::unbounded_channel();
    let shadow = Upstream::start_with(move |request| {
        let _ = sent.send(request.to_owned());
        OK.to_owned()
    })
    .await;
    let policies = json!({
        "cache": {"ttl_seconds": 60},
        "shadow": {"upstream": {"url": format!("http://{}/", shadow.addr), "weight": 1}},
    });
    let (house, upstream) = open(Options::policies(policies)).await;
    let cookie = format!("sid={}", house.token);
    let with_key = format!("GET /shop/pets?api%20key={}", house.token);
    assert_eq!(house.call(&with_key, &[("Cookie", &cookie)], "").await.status, 200);
    let copy = copies.recv().await.unwrap();
    assert!(copy.starts_with("GET /pets HTTP/1.1\r\n") && !copy.contains(&house.token[..20]), "{copy}");
    assert!(!copy.to_lowercase().contains("cookie"), "{copy}");
    // The same target, and the same app's: one entry, whatever place its key stands in.
    let again = house.get("/shop/pets").await;
    assert!(again.field("cache-status").unwrap().contains("hit"), "{again:?}");
    assert_eq!(upstream.seen().len(), 1);
}
