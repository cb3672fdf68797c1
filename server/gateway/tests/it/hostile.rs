//! Requests that mean to be read in two ways.
use super::{
    house::{Answer, House, Options},
    upstream::{OK, Upstream},
};
use portico_domain::Access;

fn open_house(upstream: &Upstream) -> House {
    House::open_with(upstream.addr, Options { access: Access::Document, ..Options::default() })
}

/// How many answers a connection gave.
fn answers(text: &str) -> usize {
    text.split("HTTP/1.1 ").skip(1).filter(|answer| answer.starts_with(|first: char| first.is_ascii_digit())).count()
}

#[tokio::test]
async fn ambiguous_paths_are_refused_before_a_key_is_looked_at() {
    let upstream = Upstream::start(OK).await;
    let house = open_house(&upstream);
    for path in [
        "/shop/public/../admin/x",
        "/shop/public/%2e%2e/admin/x",
        "/shop/public/.%2E/admin/x",
        "/shop/public/..%2fadmin/x",
        "/shop/public%2f..%2fadmin%2fx",
        "/shop/public/..;/admin/x",
        "/shop/public/..;a=b/admin/x",
        "/shop/%2e/admin/x",
        "/shop//admin/x",
        "/shop/admin//x",
        "//shop/admin/x",
        "/shop/admin/x/.",
        "/shop/public\\..\\admin\\x",
        "/shop/pets/a%5cb",
        "/shop/public/a%3f/../../admin/x",
        "/shop/pets/%c0%ae%c0%ae",
        "/shop/admin%09/x",
        "/shop/admin/x%0d%0aX-Scope:%20admin",
        "/shop/admin/%00",
        "/shop/pets/%zz",
        "/shop/pets/%2",
        "/shop/pets/a`b",
        "/shop/pets/<b>",
        "/shop/pets?q=<b>",
    ] {
        let answer = house.get(path).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{path}");
    }
    for path in [
        "/shop../admin/x",
        "/shop;/admin/x",
        "/shop/ADMIN/x",
        "/shop/admin/x/",
        "/shop/admin;v=1/x",
        "/SHOP/pets",
        "/metrics",
        "/",
    ] {
        let answer = house.get(path).await;
        assert!(matches!(answer.code().as_str(), "no_such_api" | "no_such_operation"), "{path}: {answer:?}");
        assert_eq!(answer.status, 404);
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn the_path_that_was_matched_is_forwarded_byte_for_byte() {
    let upstream = Upstream::start(OK).await;
    let house = open_house(&upstream);
    for (path, forwarded) in [
        ("/shop/%70ets/%7Ea", "/v1/pets/~a"),
        ("/shop/pets/a%c3%a9?q=%zz|{}", "/v1/pets/a%C3%A9?q=%zz|{}"),
        ("/shop/pets/..a", "/v1/pets/..a"),
        ("/shop/pets/;id=5", "/v1/pets/;id=5"),
    ] {
        assert_eq!(house.get(path).await.status, 200, "{path}");
        let seen = upstream.seen();
        let line = seen.last().unwrap().split("\r\n").next().unwrap();
        assert_eq!(line, format!("GET {forwarded} HTTP/1.1"));
    }
}

#[tokio::test]
async fn ambiguous_framing_ends_the_connection_with_one_problem() {
    let upstream = Upstream::start(OK).await;
    let house = open_house(&upstream);
    let hidden = "GET /shop/pets HTTP/1.1\r\nHost: x\r\n\r\n";
    for request in [
        "POST /shop/pets HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
        "POST /shop/pets HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 5\r\n\r\nabcde",
        "POST /shop/pets HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
        "POST /shop/pets HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST /shop/pets HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /shop/pets HTTP/1.1\r\n\r\n",
        "GET /shop/pets HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /shop/pets HTTP/1.1\nHost: a\n\n",
        "GET /shop/pets HTTP/1.1\r\nHost: a\r\nX-A: a\rX-Scope: admin\r\n\r\n",
        "GET /shop/pets HTTP/1.1\r\nHost: a\r\nX-A: a\r\n folded\r\n\r\n",
        "GET /shop/pets HTTP/1.1\r\nHost: a\r\nX-A : a\r\n\r\n",
        "get /shop/pets HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://127.0.0.1:1/shop/pets HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ] {
        let text = house.raw(format!("{request}{hidden}").as_bytes()).await;
        assert_eq!(answers(&text), 1, "{request:?}: {text}");
        assert_eq!(Answer::read(&text).code(), "bad_request", "{request:?}");
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn requests_before_a_bad_one_are_answered_first() {
    let upstream = Upstream::start(OK).await;
    let house = open_house(&upstream);
    let good = "GET /shop/pets HTTP/1.1\r\nHost: a\r\n\r\n";
    let text = house.raw(format!("{good}{good}BAD\r\n\r\n{good}").as_bytes()).await;
    let statuses: Vec<_> = text.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "200", "400"], "{text}");
    assert_eq!(upstream.seen().len(), 2);
}

#[tokio::test]
async fn a_broken_chunked_body_is_the_clients_fault() {
    let upstream = Upstream::start(OK).await;
    let house = open_house(&upstream);
    let key = &house.token;
    for body in [
        "FFFFFFFFFFFFFFFFF\r\nA\r\n0\r\n\r\n",
        "1\r\nAXX0\r\n\r\n",
        "1;\nA\r\n0\r\n\r\n",
        "-1\r\nA\r\n0\r\n\r\n",
        "0x1\r\nA\r\n",
    ] {
        let request = format!(
            "POST /shop/pets HTTP/1.1\r\nHost: a\r\nX-API-Key: {key}\r\nTransfer-Encoding: chunked\r\n\r\n{body}"
        );
        let text = house.raw(request.as_bytes()).await;
        assert_eq!(answers(&text), 1, "{text}");
        assert_eq!(Answer::read(&text).code(), "bad_request", "{body:?}");
    }
    assert!(upstream.seen().is_empty(), "no whole request reached the upstream");
}

#[tokio::test]
async fn a_refused_body_is_never_read_as_a_request() {
    let upstream = Upstream::start(OK).await;
    let house = open_house(&upstream);
    let hidden = "GET /shop/pets HTTP/1.1\r\nHost: x\r\n\r\n";
    let length = hidden.len();
    let text = house.raw(format!("POST /shop/pets HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\nConnection: Content-Length, close\r\n\r\n{hidden}").as_bytes()).await;
    assert_eq!((answers(&text), Answer::read(&text).code().as_str()), (1, "key_missing"));
    assert!(upstream.seen().is_empty());
    let key = &house.token;
    let text = house.raw(format!("POST /shop/pets HTTP/1.1\r\nHost: a\r\nX-API-Key: {key}\r\nContent-Length: {length}\r\nConnection: Content-Length, close\r\n\r\n{hidden}").as_bytes()).await;
    assert_eq!(answers(&text), 1);
    let seen = upstream.only();
    assert!(seen.contains(&format!("content-length: {length}\r\n")) && seen.ends_with(hidden), "{seen}");
}

#[tokio::test]
async fn sizes_have_limits() {
    let upstream = Upstream::start(OK).await;
    let house = open_house(&upstream);
    let long = house.get(&format!("/shop/pets/{}", "a".repeat(9_000))).await;
    assert_eq!((long.status, long.code().as_str()), (414, "uri_too_long"));
    let large = house.call("GET /shop/pets", &[("X-A", &"a".repeat(40_000))], "").await;
    assert_eq!((large.status, large.code().as_str()), (431, "headers_too_large"));
    // With Host and Connection, a hundred.
    assert_eq!(house.call("GET /shop/pets/7", &vec![("X-A", "a"); 98], "").await.code(), "key_missing");
    let many = vec![("X-A", "a"); 99];
    assert_eq!(house.call("GET /shop/pets", &many, "").await.code(), "headers_too_large");
    let records = house.gateway.drain_records();
    let long = records.iter().find(|record| record.status == 414).unwrap();
    assert_eq!((long.method.as_str(), long.path.as_str(), long.refusal.is_some()), ("-", "", true));
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn methods_are_those_of_the_document() {
    let upstream = Upstream::start(OK).await;
    let house = open_house(&upstream);
    let answer = house.call("DELETE /shop/pets", &[], "").await;
    assert_eq!((answer.status, answer.code().as_str()), (405, "method_not_allowed"));
    assert_eq!(answer.field("allow"), Some("GET, POST, HEAD, OPTIONS"));
    assert_eq!(house.call("BREW /shop/pets", &[], "").await.status, 405);
    let answer = house.call("OPTIONS /shop/pets/7", &[], "").await;
    assert_eq!((answer.status, answer.field("allow")), (204, Some("GET, DELETE, HEAD, OPTIONS")));
    assert_eq!(answer.field("content-length"), None);
    assert!(upstream.seen().is_empty());
    let answer = house.call("HEAD /shop/admin/x", &[], "").await;
    assert_eq!((answer.status, answer.body.as_str()), (401, ""));
}

#[tokio::test]
async fn requests_that_never_end_are_given_up() {
    let upstream = Upstream::start(OK).await;
    let short = std::time::Duration::from_millis(50);
    let house = House::open_with(upstream.addr, Options::with(|settings| settings.header_timeout = short));
    house.publish(|spec| spec.apis[0].policies.connection.idle_timeout_ms = 50);
    let text = house.raw(b"GET /shop/pets HTTP/1.1\r\nHos").await;
    assert_eq!(Answer::read(&text).code(), "request_timeout");
    assert_eq!(house.raw(b"").await, "", "who says nothing is told nothing");
    let key = &house.token;
    let head = format!("POST /shop/pets HTTP/1.1\r\nHost: a\r\nX-API-Key: {key}\r\nContent-Length: 5\r\n\r\nhe");
    let answer = Answer::read(&house.raw(head.as_bytes()).await);
    assert_eq!((answer.status, answer.code().as_str()), (408, "request_timeout"));
    assert!(upstream.seen().is_empty());
}
