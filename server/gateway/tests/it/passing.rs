//! What passes both ways, and what does not.
use super::{
    house::{House, Options, field, read_all},
    upstream::{OK, Upstream},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

#[tokio::test]
async fn the_upstream_is_told_by_us_and_not_by_the_client() {
    let upstream = Upstream::start(OK).await;
    let house = House::open(&upstream);
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let sent = [
        ("X-API-Key", house.token.as_str()),
        ("Authorization", "Basic eDp5"),
        ("Cookie", "a=1; portico=secret; b=2"),
        ("Connection", "X-Hop, X-Forwarded-For, Authorization, X-Portico-App, Host"),
        ("X-Hop", "1"),
        ("Keep-Alive", "5"),
        ("TE", "trailers, deflate"),
        ("Proxy-Authorization", "Basic eDp5"),
        ("Upgrade", "websocket"),
        ("Expect", "200-maybe"),
        ("X-Forwarded-For", "1.2.3.4"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Prefix", "/evil"),
        ("x_forwarded_for", "1.2.3.4"),
        ("X-Real-IP", "1.2.3.4"),
        ("Forwarded", "for=1.2.3.4"),
        ("X-Portico-App", "evil"),
        ("X_Portico_Plan", "evil"),
        ("X-Request-Id", "evil"),
        ("X-Custom", "kept"),
        ("traceparent", trace),
        ("tracestate", "a=b"),
    ];
    let answer = house.call("GET /shop/pets", &sent, "").await;
    assert_eq!(answer.status, 200);
    let seen = upstream.only();
    let has = |name: &str| field(&seen, name);
    assert_eq!(has("host"), Some(upstream.addr.to_string().as_str()));
    assert_eq!(has("authorization"), Some("Basic eDp5"));
    assert_eq!(has("cookie"), Some("a=1; b=2"));
    assert_eq!(has("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(has("x-forwarded-host"), Some("api.example"));
    assert_eq!(has("x-forwarded-proto"), Some("http"));
    assert_eq!(has("x-forwarded-prefix"), Some("/shop"));
    assert_eq!(has("forwarded"), Some("for=127.0.0.1;host=\"api.example\";proto=http"));
    assert_eq!(has("x-portico-app"), Some(house.app.to_string().as_str()));
    assert_eq!(has("x-custom"), Some("kept"));
    assert_eq!((has("traceparent"), has("tracestate")), (Some(trace), Some("a=b")));
    for gone in ["x-hop", "keep-alive", "proxy-authorization", "upgrade", "expect", "x-real-ip", "x-api-key"] {
        assert_eq!(has(gone), None, "{gone}: {seen}");
    }
    // Whoever takes trailers says so anew on each connection (RFC 9110 10.1.4).
    assert_eq!((has("connection"), has("te")), (Some("te"), Some("trailers")));
    assert!(!seen.contains("evil") && !seen.contains("1.2.3.4") && !seen.contains("secret"), "{seen}");
    house
        .call("GET /shop/pets", &[("X-API-Key", &house.token), ("traceparent", "00-0-0-0"), ("tracestate", "a=b")], "")
        .await;
    let second = &upstream.seen()[1];
    assert!(field(second, "traceparent").is_some_and(|made| made.len() == 55 && made != trace));
    assert_eq!(field(second, "tracestate"), None);
}

#[tokio::test]
async fn the_client_gets_the_answer_without_what_is_ours() {
    let upstream = Upstream::start(
        "HTTP/1.1 201 Created\r\nConnection: X-Hop\r\nX-Hop: 1\r\nServer: pets\r\nDate: Mon, 23 Nov 2026 15:00:00 GMT\r\n\
         Set-Cookie: a=1\r\nSet-Cookie: __Host-portico=evil; Path=/; Secure\r\nX-Request-Id: theirs\r\nTransfer-Encoding: chunked\r\n\r\n\
         2\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\n",
    )
    .await;
    let house = House::open(&upstream);
    let answer = house.get("/shop/pets").await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.field("server"), Some("pets"));
    assert_eq!(answer.field("set-cookie"), Some("a=1"));
    assert_eq!(answer.head.to_lowercase().matches("date: ").count(), 1, "{answer:?}");
    assert!(
        !answer.head.contains("portico=") && !answer.head.contains("theirs") && !answer.head.contains("x-hop"),
        "{answer:?}"
    );
    assert_eq!(answer.body, "2\r\nok\r\n0\r\n\r\n");
}

#[tokio::test]
async fn answers_without_bodies_stay_without() {
    let upstream = Upstream::start_with(|request| {
        let status = if request.starts_with("HEAD") { "200 OK" } else { "204 No Content" };
        let length = if request.starts_with("HEAD") { "Content-Length: 1234\r\n" } else { "" };
        format!("HTTP/1.1 {status}\r\n{length}\r\n")
    })
    .await;
    let house = House::open(&upstream);
    let key = [("X-API-Key", house.token.as_str())];
    let head = house.call("HEAD /shop/pets", &key, "").await;
    assert_eq!((head.status, head.field("content-length"), head.body.as_str()), (200, Some("1234"), ""));
    let empty = house.call("DELETE /shop/pets/7", &key, "").await;
    assert_eq!((empty.status, empty.field("content-length"), empty.body.as_str()), (204, None, ""));
    assert!(upstream.seen()[0].starts_with("HEAD /v1/pets "));
    let records = house.gateway.drain_records();
    assert!(records.iter().any(|record| record.method == "HEAD" && record.operation.as_deref() == Some("get /pets")));
}

#[tokio::test]
async fn connections_to_the_upstream_are_used_again() {
    let upstream = Upstream::start(OK).await;
    let house = House::open_with(upstream.addr, Options::with(|settings| settings.threads = 1.try_into().unwrap()));
    let mut client = house.connect().await;
    let request = format!("GET /shop/pets HTTP/1.1\r\nHost: a\r\nX-API-Key: {}\r\n\r\n", house.token);
    for _ in 0..3 {
        client.write_all(request.as_bytes()).await.unwrap();
        let mut buffer = Vec::new();
        assert!(super::upstream::read_message(&mut client, &mut buffer).await.unwrap().ends_with("ok"));
    }
    let observed = house.gateway.observe();
    assert_eq!((observed.upstreams[0].active, observed.upstreams[0].idle), (0, 1), "{observed:?}");
    assert_eq!(observed.upstreams[0].upstream, format!("http://{}", upstream.addr));
    assert_eq!(observed.apis[0].upstream.count(), 3);
    assert_eq!(observed.connections, 1);
}

/// Each side sends its next part only after it has seen the other's: nothing is gathered on the way.
#[tokio::test]
async fn both_directions_stream() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let house = House::open_with(listener.local_addr().unwrap(), Options::default());
    let upstream = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = String::new();
        let mut parts = 0;
        while parts < 3 {
            let mut bytes = [0; 1024];
            let length = stream.read(&mut bytes).await.unwrap();
            seen += std::str::from_utf8(&bytes[..length]).unwrap();
            while seen.contains(&format!("part{parts}")) {
                if parts == 0 {
                    stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await.unwrap();
                }
                stream.write_all(format!("6\r\nsaw{parts}\r\n\r\n").as_bytes()).await.unwrap();
                parts += 1;
            }
        }
        stream.write_all(b"0\r\n\r\n").await.unwrap();
        seen
    });
    let mut client = house.connect().await;
    let head = format!(
        "PUT /shop/upload HTTP/1.1\r\nHost: a\r\nX-API-Key: {}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        house.token
    );
    client.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    for part in 0..3 {
        client.write_all(format!("5\r\npart{part}\r\n").as_bytes()).await.unwrap();
        while !answer.contains(&format!("saw{part}")) {
            let mut bytes = [0; 1024];
            let length = client.read(&mut bytes).await.unwrap();
            assert!(length > 0, "{answer}");
            answer += std::str::from_utf8(&bytes[..length]).unwrap();
        }
    }
    client.write_all(b"0\r\n\r\n").await.unwrap();
    answer += &read_all(&mut client).await;
    assert!(answer.ends_with("0\r\n\r\n"), "{answer}");
    assert_eq!(upstream.await.unwrap().matches("part").count(), 3);
}

#[tokio::test]
async fn open_websockets_are_counted() {
    let upstream = Upstream::start_with(|request| {
        if request.starts_with("GET ") {
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n".to_owned()
        } else {
            format!("heard {request}")
        }
    })
    .await;
    let house = House::open(&upstream);
    let open = |house: &House| house.gateway.observe().websockets.first().map(|(api, count)| (api.to_string(), *count));
    assert_eq!(open(&house), None);
    let mut client = house.connect().await;
    let head = format!(
        "GET /shop/pets/7 HTTP/1.1\r\nHost: a\r\nX-API-Key: {}\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        house.token
    );
    client.write_all(head.as_bytes()).await.unwrap();
    let mut buffer = Vec::new();
    let answer = super::upstream::read_message(&mut client, &mut buffer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    client.write_all(b"ping\r\n\r\n").await.unwrap();
    assert!(super::upstream::read_message(&mut client, &mut buffer).await.unwrap().starts_with("heard ping"));
    assert_eq!(open(&house), Some(("shop".to_owned(), 1)));
    drop(client);
    while open(&house) != Some(("shop".to_owned(), 0)) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_streamed_body_over_the_limit_is_cut_off() {
    let upstream = Upstream::start(OK).await;
    let house = House::open_with(upstream.addr, Options { max_body_bytes: 10, ..Options::default() });
    let request = format!(
        "PUT /shop/upload HTTP/1.1\r\nHost: a\r\nX-API-Key: {}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n6\r\n123456\r\n0\r\n\r\n",
        house.token
    );
    let answer = super::house::Answer::read(&house.raw(request.as_bytes()).await);
    assert_eq!((answer.status, answer.code().as_str()), (413, "body_too_large"));
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn a_client_that_waits_for_a_hundred_gets_it_once_it_may_go_on() {
    let upstream = Upstream::start(OK).await;
    let house = House::open(&upstream);
    let mut client = house.connect().await;
    let head = |key: &str| {
        format!(
            "POST /shop/pets HTTP/1.1\r\nHost: a\r\nX-API-Key: {key}\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
    };
    client.write_all(head(&house.token).as_bytes()).await.unwrap();
    let mut buffer = Vec::new();
    let first = super::upstream::read_message(&mut client, &mut buffer).await.unwrap();
    assert!(first.starts_with("HTTP/1.1 100 "), "{first}");
    client.write_all(b"hi").await.unwrap();
    let answer = super::upstream::read_message(&mut client, &mut buffer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let refused = house.raw(head("nonsense").as_bytes()).await;
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
}

/// Closing under a client that still sends would reset the connection, and the answer with it.
#[tokio::test]
async fn a_client_that_sends_on_still_reads_why_it_was_refused() {
    let upstream = Upstream::start(OK).await;
    let house = House::open(&upstream);
    let body = "a".repeat(600_000);
    for _ in 0..10 {
        let answer = house.call("PUT /shop/upload", &[], &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "key_missing"));
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn trailers_say_nothing_that_belongs_before_a_body() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\nSet-Cookie: a=b\r\nContent-Length: 9\r\nContent-Digest: sha-256=:aaaa:\r\n\r\n";
    let upstream = Upstream::start(answer).await;
    let house = House::open(&upstream);
    let request = format!(
        "POST /shop/pets HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nX-API-Key: {}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 8\r\nX-Portico-App: forged\r\nHost: forged\r\nContent-Type: forged\r\n\r\n",
        house.token
    );
    let answer = house.raw(request.as_bytes()).await;
    assert!(answer.ends_with("0\r\nx-sum: 7\r\ncontent-digest: sha-256=:aaaa:\r\n\r\n"), "{answer}");
    let seen = upstream.only();
    assert!(seen.ends_with("0\r\nx-sum: 8\r\n\r\n") && !seen.contains("forged"), "{seen}");
}
