//! What is written down of requests that were refused, or that their upstreams failed: for whom, why, and how long each
//! phase took.
use super::{
    house::{Answer, House, Options},
    upstream::{OK, Upstream},
};
use portico_domain::{Clock as _, RequestRecord};
use serde_json::json;
use std::time::Duration;
use tokio::net::TcpListener;

fn record(house: &House, answer: &Answer) -> RequestRecord {
    let id = answer.field("x-request-id").unwrap();
    house.gateway.drain_records().into_iter().find(|record| record.id == id).unwrap()
}

#[tokio::test]
async fn a_refusal_belongs_to_the_key_that_came_with_it_wherever_it_happened() {
    let upstream = Upstream::start(OK).await;
    let house = House::open(&upstream);
    for (line, policies, code) in [
        ("GET /shop/pets", json!({"deny_ips": ["127.0.0.0/8"]}), "ip_denied"),
        ("GET /shop/pets", json!({"maintenance": {}}), "upstream_unavailable"),
        ("GET /shop/nothing", json!({}), "no_such_operation"),
        ("DELETE /shop/pets", json!({}), "method_not_allowed"),
        ("GET /shop//pets", json!({}), "bad_request"),
        ("GET /nowhere", json!({}), "no_such_api"),
    ] {
        house.publish(|spec| spec.apis[0].policies = serde_json::from_value(policies).unwrap());
        let answer = house.call(line, &[("X-API-Key", &house.token)], "").await;
        assert_eq!(answer.code(), code, "{line}");
        let found = record(&house, &answer);
        assert_eq!((found.app, found.key), (Some(house.app), Some(house.key.id)), "{code}");
        let why = found.refusal.unwrap();
        assert_eq!((why.code.as_str(), why.key), (code, Some(house.key.public_id)));
        assert!(!why.check.is_empty() && !why.expected.is_empty() && !why.found.is_empty(), "{why:?}");
        assert_eq!((found.checks_micros, found.upstream_micros), (None, None), "{code}");
    }
    house.put_key(|key| key.revoked_at = Some(house.clock.now()));
    let answer = house.get("/shop/nothing").await;
    assert_eq!(record(&house, &answer).key, None, "what a revoked key asks for is nobody's");
}

#[tokio::test]
async fn an_upstream_that_fails_has_taken_its_time() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = Options { timeout: Duration::from_millis(50), ..Options::default() };
    let house = House::open_with(silent.local_addr().unwrap(), options);
    let answer = house.get("/shop/pets").await;
    let found = record(&house, &answer);
    assert_eq!(found.refusal.unwrap().expected, "an answer within 50 ms");
    assert!(found.checks_micros.is_some());
    assert!(found.upstream_micros.is_some_and(|micros| micros >= 50_000), "it was waited for");

    house.publish(|spec| spec.apis[0].upstreams.clear());
    let answer = house.get("/shop/pets").await;
    let found = record(&house, &answer);
    assert_eq!((answer.code().as_str(), found.upstream_micros), ("upstream_unavailable", None), "nobody was asked");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_failure_of_the_upstream() {
    let upstream = Upstream::start("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhalf").await;
    let house = House::open(&upstream);
    let answer = house.get("/shop/pets").await;
    let found = record(&house, &answer);
    assert_eq!((found.status, found.bytes_out), (200, 4));
    let why = found.refusal.unwrap();
    assert_eq!((why.code.as_str(), why.found.as_str()), ("upstream_failed", "its answer broke off"));
}
