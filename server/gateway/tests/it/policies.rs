//! Policies of an API as its callers and its upstream meet them.
use super::{
    house::{House, Options, field},
    upstream::{OK, Upstream},
};
use serde_json::{Value, json};
use std::time::Duration;

async fn house(answer: &'static str, policies: Value) -> (House, Upstream) {
    let upstream = Upstream::start(answer).await;
    let house = House::open_with(upstream.addr, Options::policies(policies));
    (house, upstream)
}

#[tokio::test]
async fn a_preflight_needs_no_key_and_reaches_no_upstream() {
    let (house, upstream) = house(OK, json!({"cors": {"origins": ["https://app.example"]}})).await;
    let asked = [("Origin", "https://app.example"), ("Access-Control-Request-Method", "POST")];
    let answer = house.call("OPTIONS /shop/pets", &asked, "").await;
    assert_eq!((answer.status, answer.field("access-control-allow-origin")), (204, Some("https://app.example")));
    assert_eq!(answer.field("access-control-allow-methods"), Some("GET, POST, HEAD, OPTIONS"));
    let other = [("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST")];
    assert_eq!(house.call("OPTIONS /shop/pets", &other, "").await.field("access-control-allow-origin"), None);
    assert_eq!(house.call("OPTIONS /shop/nowhere", &asked, "").await.status, 204);
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn every_answer_can_be_read_across_origins() {
    let with_cors = "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 2\r\n\r\nok";
    let (house, _upstream) = house(with_cors, json!({"cors": {"origins": ["https://app.example"]}})).await;
    let origin = ("Origin", "https://app.example");
    for (line, key, status) in [
        ("GET /shop/pets", true, 200),
        ("GET /shop/pets", false, 401),
        ("GET /shop/nowhere", true, 404),
        ("PATCH /shop/pets", true, 405),
        ("GET /shop/pets//7", true, 400),
    ] {
        let mut fields = vec![origin];
        if key {
            fields.push(("X-API-Key", &house.token));
        }
        let answer = house.call(line, &fields, "").await;
        assert_eq!(answer.status, status, "{line}");
        assert_eq!(answer.field("access-control-allow-origin"), Some("https://app.example"), "{answer:?}");
        assert_eq!(answer.head.matches("ccess-control-allow-origin").count(), 1, "{answer:?}");
        assert_eq!(answer.field("vary"), Some("Origin"), "{answer:?}");
        assert!(answer.field("access-control-expose-headers").unwrap().contains("x-request-id"));
    }
}

#[tokio::test]
async fn without_the_policy_cors_is_the_upstreams() {
    let with_cors = "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: https://own.example\r\nContent-Length: 0\r\n\r\n";
    let (house, _upstream) = house(with_cors, json!({})).await;
    assert_eq!(house.get("/shop/pets").await.field("access-control-allow-origin"), Some("https://own.example"));
}

#[tokio::test]
async fn rules_change_what_passes() {
    let answer = "HTTP/1.1 200 OK\r\nServer: secret\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok";
    let (house, upstream) = house(
        answer,
        json!({
            "transform": {
                "request": {
                    "remove": ["x-debug"],
                    "set": {"authorization": "Basic dXA6c3RyZWFt", "x-api-key": "upstreams-own"},
                    "add": {"x-caller": "{app}/{operation}"},
                },
                "response": {"remove": ["server"], "set": {"x-a": "{plan} {path.id}"}},
                "query": {"remove": ["debug"], "set": {"id": "{path.id}"}},
            },
        }),
    )
    .await;
    let bearer = format!("Bearer {}", house.token);
    let fields = [("Authorization", bearer.as_str()), ("X-Debug", "1"), ("X-Caller", "forged")];
    let answer = house.call("GET /shop/pets/a%26b?debug=1&q=2&id=9", &fields, "").await;
    assert_eq!((answer.field("server"), answer.field("x-a")), (None, Some("starter a%26b")));
    let seen = upstream.only();
    assert!(seen.starts_with("GET /v1/pets/a%26b?q=2&id=a%26b HTTP/1.1\r\n"), "{seen}");
    assert_eq!(field(&seen, "authorization"), Some("Basic dXA6c3RyZWFt"));
    assert_eq!(field(&seen, "x-api-key"), Some("upstreams-own"));
    assert_eq!(field(&seen, "x-debug"), None);
    let caller = format!("x-caller: {}/get%20%2Fpets%2F%7Bid%7D\r\n", house.app);
    assert!(seen.contains("X-Caller: forged\r\n") && seen.contains(&caller), "{seen}");
    assert!(!seen.contains("ptk_"), "{seen}");
    assert_eq!(house.call("GET /shop/nowhere", &[], "").await.field("x-a"), None);
}

#[tokio::test]
async fn addresses_and_maintenance_come_before_keys() {
    let (house, upstream) = house(OK, json!({"deny_ips": ["127.0.0.0/8"]})).await;
    let answer = house.call("GET /shop/pets", &[], "").await;
    assert_eq!((answer.status, answer.code()), (403, "ip_denied".to_owned()));
    let maintenance = |except: &str| {
        let settings = json!({"maintenance": {
            "message": "Back at six.", "retry_after_seconds": 90, "except_ips": [except],
        }});
        serde_json::from_value(settings).unwrap()
    };
    house.publish(|spec| spec.apis[0].policies = maintenance("192.0.2.0/24"));
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.status, answer.code()), (503, "upstream_unavailable".to_owned()));
    assert_eq!(answer.field("retry-after"), Some("90"));
    assert!(answer.body.contains("Back at six."));
    assert!(upstream.seen().is_empty());
    house.publish(|spec| spec.apis[0].policies = maintenance("127.0.0.0/8"));
    assert_eq!(house.get("/shop/pets").await.status, 200);
}

#[tokio::test]
async fn refusals_speak_as_amazons_do() {
    let (house, _upstream) = house(OK, json!({"errors": "aws"})).await;
    for (line, key, status, error, body) in [
        ("GET /shop/pets", false, 403, "ForbiddenException", r#"{"message":"Forbidden"}"#),
        (
            "GET /shop/nowhere",
            true,
            403,
            "MissingAuthenticationTokenException",
            r#"{"message":"Missing Authentication Token"}"#,
        ),
        (
            "PATCH /shop/pets",
            true,
            403,
            "MissingAuthenticationTokenException",
            r#"{"message":"Missing Authentication Token"}"#,
        ),
        ("GET /shop/pets//7", true, 400, "BadRequestException", r#"{"message":"Bad Request"}"#),
    ] {
        let key = [("X-API-Key", house.token.as_str())].into_iter().filter(|_| key).collect::<Vec<_>>();
        let answer = house.call(line, &key, "").await;
        assert_eq!((answer.status, &*answer.body), (status, body), "{line}");
        assert_eq!(answer.field("x-amzn-errortype"), Some(error));
        assert_eq!(answer.field("content-type"), Some("application/json"));
        let id = answer.field("x-amzn-requestid").unwrap().replace('-', "");
        assert_eq!(Some(id.as_str()), answer.field("x-request-id"));
    }
}

/// An answer of this many bytes of text.
fn text(length: usize, fields: &str) -> String {
    let body = "portico ".repeat(length / 8);
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_ask() {
    let upstream = Upstream::start_with(|_| text(8_000, "ETag: \"a\"\r\nAccept-Ranges: bytes\r\n")).await;
    let house = House::open_with(upstream.addr, Options::policies(json!({"compress": true})));
    for (accepted, coding) in [("gzip", Some("gzip")), ("br;q=0.5, zstd", Some("zstd")), ("identity", None)] {
        let fields = [("X-API-Key", house.token.as_str()), ("Accept-Encoding", accepted)];
        let answer = house.call("GET /shop/pets", &fields, "").await;
        assert_eq!((answer.status, answer.field("content-encoding")), (200, coding), "{accepted}");
        assert_eq!(answer.field("vary"), Some("Accept-Encoding"));
        assert_eq!(answer.field("etag"), Some(if coding.is_some() { "W/\"a\"" } else { "\"a\"" }));
        assert_eq!(answer.body.len() < 1_000, coding.is_some(), "{accepted}: {}", answer.body.len());
    }
    let fields = [("X-API-Key", house.token.as_str()), ("Accept-Encoding", "gzip")];
    let head = house.call("HEAD /shop/pets", &fields, "").await;
    assert_eq!((head.field("content-encoding"), head.body.len()), (None, 0));
}

const KEPT: &str = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nETag: \"1\"\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn kept_answers_are_counted_like_others() {
    let (house, upstream) = house(KEPT, json!({"cache": {}})).await;
    let first = house.get("/shop/pets?a=1").await;
    assert_eq!(first.field("cache-status"), Some("portico; fwd=miss; stored"));
    house.clock.advance(Duration::from_secs(5));
    let second = house.get("/shop/pets?a=1").await;
    assert_eq!((second.status, &*second.body), (200, "ok"));
    assert_eq!((second.field("age"), second.field("cache-status")), (Some("5"), Some("portico; hit; ttl=55")));
    assert_eq!(second.field("content-length"), Some("2"));
    assert_ne!(first.field("x-request-id"), second.field("x-request-id"));
    let fields = [("X-API-Key", house.token.as_str()), ("If-None-Match", "\"1\"")];
    assert_eq!(house.call("GET /shop/pets?a=1", &fields, "").await.status, 304);
    let head = house.call("HEAD /shop/pets?a=1", &[("X-API-Key", house.token.as_str())], "").await;
    assert_eq!((head.status, head.field("content-length"), &*head.body), (200, Some("2"), ""));
    upstream.only();
    // A key is asked for all the same.
    assert_eq!(house.call("GET /shop/pets?a=1", &[], "").await.status, 401);
    house.get("/shop/pets?a=2").await;
    assert_eq!(upstream.seen().len(), 2);
    let only = [("X-API-Key", house.token.as_str()), ("Cache-Control", "only-if-cached")];
    assert_eq!(house.call("GET /shop/pets?a=3", &only, "").await.code(), "upstream_timeout");
}

#[tokio::test]
async fn changes_and_purges_make_the_cache_forget() {
    let (house, upstream) = house(KEPT, json!({"cache": {}})).await;
    let hit = async |path: &str| house.get(path).await.field("cache-status").unwrap().starts_with("portico; hit");
    for path in ["/shop/pets", "/shop/pets/7"] {
        assert!(!hit(path).await);
        assert!(hit(path).await);
    }
    assert_eq!(house.call("DELETE /shop/pets/7", &[("X-API-Key", &house.token)], "").await.status, 200);
    assert!(!hit("/shop/pets/7").await);
    assert!(hit("/shop/pets").await);
    let api = "shop".parse().unwrap();
    assert_eq!(house.gateway.purge_cache(&api, Some("/pets/7")), 1);
    assert!(!hit("/shop/pets/7").await);
    assert!(hit("/shop/pets").await);
    assert_eq!(house.gateway.purge_cache(&api, None), 2);
    assert!(!hit("/shop/pets").await);
    assert_eq!(upstream.seen().len(), 6);
}

#[tokio::test]
async fn a_stale_answer_is_confirmed_and_stands_in_for_failures() {
    let upstream = Upstream::start_with(|request| {
        if request.contains("/pets/7") {
            return String::new();
        }
        match field(request, "if-none-match") {
            Some("\"1\"") => "HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\n\r\n".to_owned(),
            _ => KEPT.to_owned(),
        }
    })
    .await;
    let house = House::open_with(upstream.addr, Options::policies(json!({"cache": {}})));
    house.get("/shop/pets").await;
    house.clock.advance(Duration::from_secs(61));
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.status, &*answer.body), (200, "ok"));
    assert_eq!(answer.field("cache-status"), Some("portico; fwd=stale; fwd-status=304; ttl=60"));
    assert_eq!(house.get("/shop/pets").await.field("cache-status"), Some("portico; hit; ttl=60"));
    assert_eq!(upstream.seen().len(), 2);
    assert_eq!(house.get("/shop/pets/7").await.status, 502);
}

#[tokio::test]
async fn an_answer_is_renewed_behind_its_callers() {
    let says = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60, stale-while-revalidate=60\r\nContent-Length: 2\r\n\r\nok";
    let (house, upstream) = house(says, json!({"cache": {}})).await;
    house.get("/shop/pets").await;
    house.clock.advance(Duration::from_secs(61));
    assert_eq!(house.get("/shop/pets").await.field("cache-status"), Some("portico; hit; ttl=-1"));
    // The renewal runs on its own: the next answer that is fresh shows that it has ended.
    while house.get("/shop/pets").await.field("cache-status") != Some("portico; hit; ttl=60") {
        tokio::task::yield_now().await;
    }
    assert_eq!(upstream.seen().len(), 2);
    // Nobody called for the renewal, so it counts for nobody.
    let paths: Vec<_> = house.gateway.drain_records().into_iter().map(|record| record.status).collect();
    assert!(paths.iter().all(|status| *status == 200), "{paths:?}");
}

#[tokio::test]
async fn callers_at_the_same_time_make_one_call() {
    let (house, upstream) = house(KEPT, json!({"cache": {}})).await;
    let calls = futures_util::future::join_all((0..20).map(|_| house.get("/shop/pets"))).await;
    assert!(calls.iter().all(|answer| answer.status == 200 && answer.body == "ok"), "{calls:?}");
    upstream.only();
}

#[tokio::test]
async fn a_shadow_sees_copies_and_nobody_sees_its_answers() {
    let shadow = Upstream::start("HTTP/1.1 500 Broken\r\nContent-Length: 6\r\n\r\nshadow").await;
    let upstream = Upstream::start(OK).await;
    let settings = json!({"shadow": {"upstream": {"url": format!("http://{}/copy", shadow.addr)}, "percent": 100}});
    let house = House::open_with(upstream.addr, Options::policies(settings));
    let key = ("X-API-Key", house.token.as_str());
    assert_eq!(house.call("POST /shop/pets?a=1", &[key], "a body").await.body, "ok");
    assert_eq!(house.get("/shop/pets/7").await.body, "ok");
    let large = "x".repeat(100_000);
    assert_eq!(house.call("PUT /shop/upload", &[key], &large).await.status, 200);
    while shadow.seen().len() < 2 {
        tokio::task::yield_now().await;
    }
    let mut seen = shadow.seen();
    seen.sort();
    assert!(seen[0].starts_with("GET /copy/pets/7 HTTP/1.1\r\n"), "{seen:?}");
    assert!(seen[1].starts_with("POST /copy/pets?a=1 HTTP/1.1\r\n") && seen[1].ends_with("\r\n\r\na body"), "{seen:?}");
    for copy in &seen {
        assert_eq!((field(copy, "x-portico-shadow"), field(copy, "x-portico-plan")), (Some("true"), Some("starter")));
    }
    assert!(upstream.seen().iter().all(|request| field(request, "x-portico-shadow").is_none()));
    assert_eq!(house.gateway.drain_records().len(), 3);
}

#[tokio::test]
async fn a_shadow_that_is_not_there_harms_nobody() {
    let upstream = Upstream::start(OK).await;
    let settings = json!({"shadow": {"upstream": {"url": "http://127.0.0.1:1"}, "percent": 100}});
    let house = House::open_with(upstream.addr, Options::policies(settings));
    assert_eq!(house.get("/shop/pets").await.status, 200);
    upstream.only();
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_passed_on() {
    let of =
        |bytes: u64| json!({"max_answer_bytes": 1, "operation_settings": {"get /pets": {"max_answer_bytes": bytes}}});
    let declared = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n12345678";
    let in_chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n4\r\n5678\r\n0\r\n\r\n";
    for answer in [declared, in_chunks] {
        let (house, _upstream) = house(answer, of(8)).await;
        assert!(house.get("/shop/pets").await.head.contains("200 OK"), "{answer}");
        assert_eq!(house.call("HEAD /shop/pets", &[("X-API-Key", &house.token)], "").await.status, 200);
    }
    let (declaring, _upstream) = house(declared, of(7)).await;
    let refused = declaring.get("/shop/pets").await;
    assert_eq!((refused.status, refused.code()), (502, "upstream_failed".to_owned()));
    let found = |house: &House| house.gateway.drain_records().pop().unwrap().refusal.unwrap().found;
    assert_eq!(found(&declaring), "its answer is larger than max_answer_bytes allows");
    let (streaming, _upstream) = house(in_chunks, of(7)).await;
    let request = format!("GET /shop/pets HTTP/1.1\r\nHost: a\r\nX-API-Key: {}\r\n\r\n", streaming.token);
    let broken = streaming.raw(request.as_bytes()).await;
    assert!(broken.contains("1234") && !broken.contains("5678") && !broken.contains("\r\n0\r\n"), "{broken}");
    assert_eq!(found(&streaming), "its answer is larger than max_answer_bytes allows");
}
