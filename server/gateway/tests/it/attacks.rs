//! Attacks on what a request is, each with what must come of it: statuses, and how many requests the upstream may see.
//!
//! The API has an open operation and a guarded one on neighbouring paths, so that whatever confuses the two shows.
use super::{
    house::{Answer, House, Options, field, read_all, route},
    upstream::{OK, Upstream},
};
use portico_domain::Access;
use std::{fmt::Write as _, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

mod collected;

/// A connection on which nothing more is asked for ends soon, so that a test can read to its end.
const SHORT: Duration = Duration::from_millis(60);

/// `/open/{p}` is for everybody, `/guarded/{p}` for keys only.
pub(super) fn open_house(upstream: &Upstream) -> House {
    let mut options = Options { access: Access::Document, max_body_bytes: 64 * 1024, ..Options::default() };
    options.settings.idle_timeout = SHORT;
    options.policies.connection.idle_timeout_ms = SHORT.as_millis() as u32;
    let house = House::open_with(upstream.addr, options);
    set_routes(&house, "open", "guarded");
    house
}

pub(super) fn set_routes(house: &House, open: &str, guarded: &str) {
    let folders = [(open, false), (guarded, true)].into_iter();
    let routes = folders.flat_map(|(folder, secured)| {
        ["GET", "POST"].map(|method| route(method, &format!("/{folder}/{{p}}"), secured))
    });
    let routes: Vec<_> = routes.collect();
    house.publish(|spec| spec.apis[0].routes = routes);
}

/// The status of each answer that a connection gave.
pub(super) fn statuses(text: &str) -> Vec<u16> {
    text.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3)?.parse().ok()).collect()
}

/// How the path of a forwarded request reads to a server that decodes twice, folds backslashes and case, drops
/// parameters, and resolves dots.
pub(super) fn as_read_by_a_lenient_server(request: &str) -> String {
    let target = request.split(' ').nth(1).unwrap_or_default();
    let mut path = target.split('?').next().unwrap_or_default().to_owned();
    for _ in 0..2 {
        path = decode(&path);
    }
    let path = path.replace('\\', "/").to_lowercase();
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/').map(|segment| segment.split(';').next().unwrap_or_default().trim()) {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    format!("/{}", segments.join("/"))
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut place = 0;
    while let Some(&byte) = bytes.get(place) {
        let hex = text.get(place + 1..place + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let decoded = hex.filter(|_| byte == b'%');
        out.push(decoded.unwrap_or(byte));
        place += if decoded.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Sends each of these on a connection of its own. None may reach the guarded operation, none may leave more answers
/// than requests, and after all of them the gateway is as good as before.
async fn attack(attacks: &[(&str, String, &[u16], usize)]) {
    let upstream = Upstream::start(OK).await;
    let house = open_house(&upstream);
    for (name, sent, expected, hits) in attacks {
        let before = upstream.seen().len();
        let text = house.raw(sent.as_bytes()).await;
        assert_eq!(statuses(&text), *expected, "{name}: {text}");
        let seen = upstream.seen();
        assert_eq!(seen.len() - before, *hits, "{name}: {seen:?}");
        for request in &seen[before..] {
            let read = as_read_by_a_lenient_server(request);
            assert!(!read.starts_with("/v1/guarded"), "{name}: {read}");
        }
        if let Some(status) = expected.last().filter(|status| **status >= 400 && !sent.starts_with("HEAD")) {
            let last = text.rfind(&format!("HTTP/1.1 {status} ")).unwrap();
            assert!(!Answer::read(&text[last..]).code().is_empty(), "{name}");
        }
    }
    assert_eq!(house.get("/shop/guarded/a").await.status, 200);
    while house.gateway.observe().connections > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(house.gateway.observe().in_flight, 0);
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n")
}

fn with(fields: &str) -> String {
    format!("GET /shop/open/a HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n{fields}\r\n\r\n")
}

fn post(fields: &str, body: &str) -> String {
    format!("POST /shop/open/a HTTP/1.1\r\nHost: api.example\r\n{fields}\r\n\r\n{body}")
}

#[tokio::test]
async fn a_path_is_what_it_says_or_nothing() {
    let bad: &[u16] = &[400];
    let paths = [
        "/shop/open/b/../../guarded/1",
        "/shop/open/%2E%2e/guarded/1",
        "/shop/open/.%2e/guarded/1",
        "/shop/open/..%2Fguarded/1",
        "/shop/open%2f%2e%2e%2fguarded%2f1",
        "/shop/open/..;jsessionid=1/guarded/1",
        "/shop/open/.;/../guarded/1",
        "/shop/open/%2e%2e;/guarded/1",
        "/shop/open/..%3b/guarded/1",
        "/shop/./guarded/1",
        "/shop//guarded/1",
        "///shop/guarded/1",
        "/shop/guarded//1",
        "/shop/guarded/1/..",
        "/shop/open\\guarded\\1",
        "/shop/open/..\\guarded\\1",
        "/shop/open/%5c..%5cguarded",
        "/shop/open/%c0%af%c0%ae",
        "/shop/open/%e0%80%ae",
        "/shop/open/%ed%a0%80",
        "/shop/guarded/%00",
        "/shop/open/a%0aX-Portico-App:%20x",
        "/shop/open/a%7F",
        "/shop/open/%",
        "/shop/open/%4",
        "/shop/open/%g1",
        "/shop/open/%u002e%u002e",
        "/shop/open/a#/../guarded/1",
    ];
    let mut attacks: Vec<_> = paths.iter().map(|path| (*path, get(path), bad, 0)).collect();
    let unknown: &[u16] = &[404];
    for path in
        ["/shop../guarded/1", "/shop;x/guarded/1", "/Shop/open/1", "/shop/OPEN/1", "/shop/open/1/", "/shop/open", "/"]
    {
        attacks.push((path, get(path), unknown, 0));
    }
    let guarded: &[u16] = &[401];
    for path in ["/shop/guarded/1", "/shop/%67uarded/1", "/shop/guarded/;1", "/shop/guarded/..."] {
        attacks.push((path, get(path), guarded, 0));
    }
    for path in ["/shop/guarded;v=2/1", "/shop/guarded%3bv=2/1"] {
        attacks.push((path, get(path), unknown, 0));
    }
    // Twice encoded is a name like any other, and passes as it is.
    attacks.push(("twice", get("/shop/open/%25252e%25252e"), &[200], 1));
    attack(&attacks).await;
}

#[tokio::test]
async fn a_request_line_has_one_meaning() {
    let line = |line: &str| format!("{line}\r\nHost: api.example\r\nConnection: close\r\n\r\n");
    attack(&[
        ("lower case", line("post /shop/open/a HTTP/1.1"), &[400], 0),
        ("mixed case", line("Get /shop/open/a HTTP/1.1"), &[400], 0),
        ("a method of signs", line("GE$T /shop/open/a HTTP/1.1"), &[400], 0),
        ("an unknown method", line("BREW /shop/open/a HTTP/1.1"), &[405], 0),
        ("trace", line("TRACE /shop/open/a HTTP/1.1"), &[405], 0),
        ("track", line("TRACK /shop/open/a HTTP/1.1"), &[405], 0),
        ("another origin", line("GET http://127.0.0.1:9/shop/open/a HTTP/1.1"), &[400], 0),
        ("this origin", line("GET http://api.example/shop/open/a HTTP/1.1"), &[200], 1),
        ("a user in the authority", line("GET http://u@api.example/shop/open/a HTTP/1.1"), &[400], 0),
        ("no path before the query", line("GET http://api.example?/shop/open/a HTTP/1.1"), &[400], 0),
        ("another scheme", line("GET gopher://api.example/shop/open/a HTTP/1.1"), &[400], 0),
        ("a host alone", line("GET api.example HTTP/1.1"), &[400], 0),
        ("a tunnel", line("CONNECT 127.0.0.1:22 HTTP/1.1"), &[400], 0),
        ("the server itself", line("OPTIONS * HTTP/1.1"), &[400], 0),
        ("a star for a path", line("GET * HTTP/1.1"), &[400], 0),
        ("options of a path", line("OPTIONS /shop/open/a HTTP/1.1"), &[204], 0),
        ("head of what needs a key", line("HEAD /shop/guarded/a HTTP/1.1"), &[401], 0),
        ("head", line("HEAD /shop/open/a HTTP/1.1"), &[200], 1),
        ("old", line("GET /shop/open/a HTTP/0.9"), &[400], 0),
        ("older", "GET /shop/open/a\r\n".to_owned() + "\r\n", &[400], 0),
        ("new", line("GET /shop/open/a HTTP/3.0"), &[400], 0),
        ("a long version", line("GET /shop/open/a HTTP/1.10"), &[400], 0),
        ("two spaces", line("GET  /shop/open/a HTTP/1.1"), &[400], 0),
        ("a tab", line("GET\t/shop/open/a\tHTTP/1.1"), &[400], 0),
        ("a space in the path", line("GET /shop/open/a b HTTP/1.1"), &[400], 0),
        ("bytes above ASCII", line("GET /shop/open/\u{e4} HTTP/1.1"), &[400], 0),
        ("the end of a tag", line("GET /shop/open/a?<script> HTTP/1.1"), &[400], 0),
        ("the operations listener", get("/metrics"), &[404], 0),
        ("management", get("/api/v1/apis"), &[404], 0),
    ])
    .await;
}

#[tokio::test]
async fn a_body_has_one_end() {
    let hidden = "GET /shop/guarded/x HTTP/1.1\r\nHost: a\r\n\r\n";
    let chunked = "Transfer-Encoding: chunked";
    let behind = |body: &str| post(chunked, &format!("{body}{hidden}"));
    attack(&[
        ("length and chunks", post("Content-Length: 4\r\nTransfer-Encoding: chunked", "0\r\n\r\nX"), &[400], 0),
        ("chunks and length", post("Transfer-Encoding: chunked\r\nContent-Length: 4", "0\r\n\r\nX"), &[400], 0),
        ("two lengths that differ", post("Content-Length: 1\r\nContent-Length: 2", "ab"), &[400], 0),
        ("two lengths alike", post("Content-Length: 2\r\nContent-Length: 2", "ab"), &[400], 0),
        ("a list of lengths", post("Content-Length: 2,2", "ab"), &[400], 0),
        ("a signed length", post("Content-Length: +2", "ab"), &[400], 0),
        ("an octal length", post("Content-Length: 02", "ab"), &[400], 0),
        ("a length in hexadecimal", post("Content-Length: 0x2", "ab"), &[400], 0),
        ("a length in parts", post("Content-Length: 2 2", "ab"), &[400], 0),
        ("a length beyond numbers", post("Content-Length: 18446744073709551618", "ab"), &[400], 0),
        ("a length beyond the limit", post("Content-Length: 100000000000000000", "ab"), &[413], 0),
        ("an empty length", post("Content-Length: ", ""), &[400], 0),
        ("gzip and chunked", post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"), &[400], 0),
        ("chunked twice", post("Transfer-Encoding: chunked, chunked", "0\r\n\r\n"), &[400], 0),
        ("chunked in two fields", post(&format!("{chunked}\r\n{chunked}"), "0\r\n\r\n"), &[400], 0),
        ("not chunked at last", post("Transfer-Encoding: chunked, identity", "0\r\n\r\n"), &[400], 0),
        ("identity", post("Transfer-Encoding: identity", "ab"), &[400], 0),
        ("a form feed", post("Transfer-Encoding: \u{c}chunked", "0\r\n\r\n"), &[400], 0),
        ("quotes", post("Transfer-Encoding: 'chunked'", "0\r\n\r\n"), &[400], 0),
        ("a parameter", post("Transfer-Encoding: chunked;q=1", "0\r\n\r\n"), &[400], 0),
        ("a space before the colon", post("Transfer-Encoding : chunked", "0\r\n\r\n"), &[400], 0),
        ("a folded line", post("Transfer-Encoding:\r\n chunked", "0\r\n\r\n"), &[400], 0),
        ("an underscore", post("Transfer_Encoding: chunked\r\nConnection: close", "0\r\n\r\n"), &[200], 1),
        ("old chunks", post(chunked, "0\r\n\r\n").replace("HTTP/1.1", "HTTP/1.0"), &[400], 0),
        ("a size beyond numbers", behind("10000000000000000\r\nA\r\n0\r\n\r\n"), &[400], 0),
        ("a negative size", behind("-0\r\n\r\n"), &[400], 0),
        ("a size with a prefix", behind("0x0\r\n\r\n"), &[400], 0),
        ("a size with an underscore", behind("0_0\r\n\r\n"), &[400], 0),
        ("a space behind a size", behind("0 \r\n\r\n"), &[400], 0),
        ("a line feed for an end", behind("0\n\r\n"), &[400], 0),
        ("a line feed in an extension", behind("1;a\nA\r\n0\r\n\r\n"), &[400], 0),
        ("a carriage return in an extension", behind("1;a\rb\r\nA\r\n0\r\n\r\n"), &[400], 0),
        ("a chunk that goes on", behind("1\r\nAB\r\n0\r\n\r\n"), &[400], 0),
        ("a long extension", behind(&format!("1;{}\r\nA\r\n0\r\n\r\n", "e".repeat(20_000))), &[400], 0),
        ("a fault whose rest would make sense", behind("1\r\nA\r\n5;\0ab\r\n0\r\n\r\n"), &[400], 0),
        ("a body in the trailers", behind("0\r\nno trailer\r\n\r\n"), &[400], 0),
        ("a zero byte in the trailers", behind("0\r\nX: a\0\r\n\r\n"), &[400], 0),
        (
            "chunks of next to nothing",
            behind(&format!("{}0\r\n\r\n", format!("1;{}\r\na\r\n", "x".repeat(200)).repeat(120))),
            &[400],
            0,
        ),
        ("endless trailers", behind(&format!("0\r\n{}\r\n", "X: a\r\n".repeat(2_000))), &[400], 0),
        (
            "more than the limit",
            post(chunked, &format!("{:x}\r\n{}\r\n0\r\n\r\n", 70_000, "a".repeat(70_000))),
            &[413],
            0,
        ),
        (
            "a request in a refused body",
            format!("POST /shop/guarded/x HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{hidden}", hidden.len()),
            &[401],
            0,
        ),
        (
            "a request in a body whose length is named in Connection",
            post(&format!("Content-Length: {}\r\nConnection: close, content-length", hidden.len()), hidden),
            &[200],
            1,
        ),
        (
            "a request behind the last",
            post("Content-Length: 2\r\nConnection: close", &format!("ab{hidden}")),
            &[200],
            1,
        ),
        ("a request behind a body", post("Content-Length: 2", &format!("ab{hidden}")), &[200, 401], 1),
    ])
    .await;
}

#[tokio::test]
async fn a_head_is_read_as_it_stands() {
    let many = |count: usize| (0..count).fold(String::new(), |text, n| text + &format!("X-{n}: a\r\n"));
    attack(&[
        ("no host", "GET /shop/open/a HTTP/1.1\r\n\r\n".to_owned(), &[400], 0),
        ("two hosts", with("Host: other.example"), &[400], 0),
        ("two hosts alike", with("host: api.example"), &[400], 0),
        ("a list of hosts", get("/shop/open/a").replace("api.example", "a, b"), &[400], 0),
        ("an empty host", get("/shop/open/a").replace("api.example", ""), &[400], 0),
        ("a path in the host", get("/shop/open/a").replace("api.example", "a/b"), &[400], 0),
        ("a quote in the host", get("/shop/open/a").replace("api.example", "a\""), &[400], 0),
        ("a line feed alone", "GET /shop/open/a HTTP/1.1\nHost: a\n\n".to_owned(), &[400], 0),
        ("one line feed", "GET /shop/open/a HTTP/1.1\r\nHost: a\nX: b\r\n\r\n".to_owned(), &[400], 0),
        ("a carriage return alone", with("X: a\rX-Portico-App: b"), &[400], 0),
        ("a zero byte", with("X: a\0b"), &[400], 0),
        ("an escape", with("User-Agent: \u{1b}[2J"), &[400], 0),
        ("no name", with(": a"), &[400], 0),
        ("a space in a name", with("X Y: a"), &[400], 0),
        ("no colon", with("X"), &[400], 0),
        ("a folded line", with("X: a\r\n\tb"), &[400], 0),
        ("a folded first line", "GET /shop/open/a HTTP/1.1\r\n Host: a\r\n\r\n".to_owned(), &[400], 0),
        ("too many fields", with(many(200).trim_end()), &[431], 0),
        ("as many as may be", with(many(90).trim_end()), &[200], 1),
        ("a long value", with(&format!("X: {}", "a".repeat(40_000))), &[431], 0),
        ("a long name", with(&format!("{}: a", "x".repeat(300))), &[400], 0),
        ("a long target", get(&format!("/shop/open/{}", "a".repeat(9_000))), &[414], 0),
        ("a target without end", "GET /".to_owned() + &"a".repeat(40_000), &[414], 0),
        ("many parameters", get(&format!("/shop/open/a?{}", "a=1&".repeat(2_000))), &[200], 1),
        ("two keys", with("X-API-Key: a\r\nX-API-Key: b").replace("/open/", "/guarded/"), &[400], 0),
        ("an unknown expectation", with("Expect: 200-maybe"), &[200], 1),
        ("an expectation without a body", with("Expect: 100-continue"), &[200], 1),
        ("two cookies of many crumbs", with(&format!("Cookie: {}", "a=1; ".repeat(900).trim_end())), &[200], 1),
        ("a thousand ranges", with(&format!("Range: bytes={}0-", "0-,".repeat(1_000))), &[200], 1),
        ("empty lines first", format!("\r\n{}", get("/shop/open/a")), &[200], 1),
        ("many empty lines first", format!("\r\n\r\n\r\n{}", get("/shop/open/a")), &[400], 0),
        ("TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\n".to_owned(), &[400], 0),
    ])
    .await;
}

#[tokio::test]
async fn an_upgrade_is_whole_or_none() {
    const KEY: &str = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==";
    const UPGRADE: &str = "Connection: upgrade\r\nUpgrade: websocket";
    let open = |fields: &str| format!("GET /shop/open/a HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n");
    let hidden = "GET /shop/guarded/x HTTP/1.1\r\nHost: a\r\n\r\n";
    // The upstream answers none of them with 101: each is a request like any other, or refused.
    attack(&[
        ("declined", open(&format!("{UPGRADE}\r\nSec-WebSocket-Version: 13\r\n{KEY}")) + hidden, &[200, 401], 1),
        ("an old version", open(&format!("{UPGRADE}\r\nSec-WebSocket-Version: 7\r\n{KEY}")) + hidden, &[400, 401], 0),
        ("no version", open(&format!("{UPGRADE}\r\n{KEY}")), &[400], 0),
        ("no key", open(&format!("{UPGRADE}\r\nSec-WebSocket-Version: 13")), &[400], 0),
        ("two keys", open(&format!("{UPGRADE}\r\nSec-WebSocket-Version: 13\r\n{KEY}\r\n{KEY}")), &[400], 0),
        (
            "by POST",
            open(&format!("{UPGRADE}\r\nSec-WebSocket-Version: 13\r\n{KEY}")).replace("GET", "POST"),
            &[400],
            0,
        ),
        (
            "without a key of the API",
            open(&format!("{UPGRADE}\r\nSec-WebSocket-Version: 13\r\n{KEY}")).replace("open", "guarded"),
            &[401],
            0,
        ),
        ("not of this connection", open("Upgrade: websocket"), &[200], 1),
        (
            "in the clear to HTTP/2",
            open("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__"),
            &[200],
            1,
        ),
        ("with a body", post(&format!("{UPGRADE}\r\nContent-Length: {}", hidden.len()), hidden), &[200], 1),
        ("by HTTP/1.0", open(UPGRADE).replace("HTTP/1.1", "HTTP/1.0"), &[200], 1),
    ])
    .await;
}

#[tokio::test]
async fn nothing_of_an_upgrade_is_left_where_none_was_agreed() {
    let upstream = Upstream::start(OK).await;
    let house = open_house(&upstream);
    for fields in ["Connection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__", "Upgrade: websocket"] {
        house.raw(with(fields).as_bytes()).await;
        let seen = upstream.seen().pop().unwrap();
        for name in ["upgrade", "http2-settings", "connection"] {
            assert_eq!(field(&seen, name), None, "{seen}");
        }
    }
}

#[tokio::test]
async fn an_upstream_switches_to_what_was_asked_for_or_fails() {
    for answer in [
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\n",
    ] {
        let upstream = Upstream::start(answer).await;
        let house = open_house(&upstream);
        let asked = with(
            "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        );
        let text = house.raw(asked.as_bytes()).await;
        assert_eq!(statuses(&text), [502], "{text}");
    }
}

#[tokio::test]
async fn what_the_gateway_tells_cannot_be_told_by_clients() {
    let upstream = Upstream::start(OK).await;
    let house = open_house(&upstream);
    let mut fields =
        String::from("TE: trailers, deflate\r\nConnection: x-portico-app, x-forwarded-for, x-request-id\r\n");
    for name in [
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-Prefix",
        "X-Forwarded-Anything",
        "Forwarded",
        "X-Real-IP",
        "X-Portico-App",
        "X-Portico-Key-Id",
        "X-Portico-Plan",
        "x_portico_app",
        "X.Portico.App",
        "X-Portico_Plan",
        "x_forwarded_for",
        "X-Original-URL",
        "X-Rewrite-URL",
        "Via",
        "X-Request-Id",
        "Traceparent",
        "Proxy-Authorization",
        "X_API_Key",
    ] {
        write!(fields, "{name}: forged\r\n").unwrap();
    }
    let key = &house.token;
    let request = format!(
        "POST /shop/guarded/a HTTP/1.1\r\nHost: api.example\r\nX-API-Key: {key}\r\nAuthorization: Bearer {key}\r\n\
         Connection: close\r\n{fields}Transfer-Encoding: chunked\r\n\r\n\
         1\r\na\r\n0\r\nX-Portico-App: forged\r\nAuthorization: {key}\r\nX-Forwarded-For: forged\r\nX-Sum: good\r\n\r\n"
    );
    assert_eq!(statuses(&house.raw(request.as_bytes()).await), [200]);
    let seen = upstream.only();
    assert!(!seen.contains("forged") && !seen.contains(key.as_str()), "{seen}");
    assert!(seen.to_lowercase().contains("x-sum: good"), "{seen}");
    for name in ["x-forwarded-for", "x-portico-app", "x-request-id", "forwarded", "traceparent", "via"] {
        assert!(field(&seen, name).is_some(), "{name}: {seen}");
    }
    assert_eq!(field(&seen, "te"), Some("trailers"));
}

/// Reads until the gateway closes, which it does by itself.
async fn ends(house: &House, sent: &[u8]) -> Vec<u16> {
    let mut stream = house.connect().await;
    stream.write_all(sent).await.unwrap();
    statuses(&read_all(&mut stream).await)
}

#[tokio::test]
async fn clients_without_haste_are_cut_off() {
    let upstream = Upstream::start(OK).await;
    let mut options = Options::with(|settings| {
        settings.header_timeout = SHORT;
        settings.idle_timeout = SHORT;
    });
    options.access = Access::Open;
    options.policies.connection.idle_timeout_ms = SHORT.as_millis() as u32;
    let house = House::open_with(upstream.addr, options);
    assert_eq!(ends(&house, b"").await, [0; 0]);
    assert_eq!(ends(&house, b"GET /shop/pets HTTP/1.1\r\nHos").await, [408]);
    assert_eq!(ends(&house, b"\r\n").await, [0; 0]);
    let whole = "GET /shop/pets HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(ends(&house, whole.as_bytes()).await, [200]);
    assert_eq!(ends(&house, format!("{whole}GET").as_bytes()).await, [200, 408]);
    let before = upstream.seen().len();
    let body = "POST /shop/pets HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc";
    assert_eq!(ends(&house, body.as_bytes()).await, [408]);
    let body = "POST /shop/pets HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    assert_eq!(ends(&house, body.as_bytes()).await, [408]);
    assert_eq!(upstream.seen().len(), before);
    while house.gateway.observe().connections > 0 {
        tokio::task::yield_now().await;
    }
}

/// A byte now and then does not make a head's time longer.
#[tokio::test]
async fn a_head_that_drips_is_cut_off_however_often_it_drips() {
    let upstream = Upstream::start(OK).await;
    let house = House::open_with(upstream.addr, Options::with(|settings| settings.header_timeout = SHORT));
    let (mut reading, mut writing) = house.connect().await.into_split();
    writing.write_all(b"GET /shop/pets HTTP/1.1\r\nHost: a\r\nX: ").await.unwrap();
    let dripping = tokio::spawn(async move {
        while writing.write_all(b"a").await.is_ok() {
            tokio::time::sleep(SHORT / 20).await;
        }
    });
    let mut text = Vec::new();
    let _ = reading.read_to_end(&mut text).await;
    assert_eq!(statuses(&String::from_utf8_lossy(&text)), [408]);
    dripping.abort();
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_cut_off() {
    const PART: usize = 1024 * 1024;
    let upstream = Upstream::start_with(|_| {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", 16 * PART, "a".repeat(16 * PART))
    })
    .await;
    let mut options = Options::with(|settings| settings.write_timeout = SHORT);
    options.access = Access::Open;
    let house = House::open_with(upstream.addr, options);
    let mut stream = house.connect().await;
    stream.write_all(b"GET /shop/pets HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    while upstream.seen().is_empty() || house.gateway.observe().connections > 0 {
        tokio::task::yield_now().await;
    }
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text).await;
    assert!(text.len() < 16 * PART, "nobody takes it for whole");
    assert_eq!(house.gateway.observe().in_flight, 0);
}
