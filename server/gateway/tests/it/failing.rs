//! Upstreams that fail, in each of their ways.
use super::{
    house::{House, Options},
    upstream::{OK, Upstream},
};
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

async fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_a_502_that_tells_no_more() {
    let house = House::open_with(free_port().await, Options::default());
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.status, answer.code().as_str()), (502, "upstream_failed"));
    assert!(!answer.body.contains("127.0.0.1") && !answer.body.contains("refused"), "{}", answer.body);
    house.publish(|spec| spec.apis[0].upstreams.clear());
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "upstream_unavailable"));
}

#[tokio::test]
async fn an_upstream_that_proves_no_identity_is_not_spoken_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        while stream.read(&mut [0; 1024]).await.is_ok_and(|length| length > 0) {}
    });
    let house = House::open_with(addr, Options::default());
    let url = format!("https://{addr}/v1").parse().unwrap();
    house.publish(|spec| spec.apis[0].upstreams[0].url = url);
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.status, answer.code().as_str()), (502, "upstream_failed"));
    let records = house.gateway.drain_records();
    assert!(records[0].refusal.as_ref().unwrap().found.contains("TLS"), "{records:?}");
}

#[tokio::test]
async fn another_upstream_is_asked_where_one_takes_no_connection() {
    let upstream = Upstream::start(OK).await;
    let house = House::open(&upstream);
    let gone = format!("http://{}/gone", free_port().await).parse().unwrap();
    house.publish(|spec| spec.apis[0].upstreams.push(portico_domain::Upstream { url: gone, weight: 9 }));
    for _ in 0..20 {
        assert_eq!(house.call("POST /shop/pets", &[("X-API-Key", &house.token)], "hi").await.status, 200);
    }
    assert!(upstream.seen().iter().all(|seen| seen.starts_with("POST /v1/pets ") && seen.ends_with("\r\n\r\nhi")));
}

#[tokio::test]
async fn an_upstream_inside_the_house_is_not_reached() {
    let inside = Upstream::start(OK).await;
    let allowed = vec!["10.0.0.0/8".parse().unwrap()];
    let house = House::open_with(inside.addr, Options::with(|settings| settings.upstream_allow = allowed));
    for host in ["127.0.0.1", "127.1", "0x7f000001", "[::ffff:127.0.0.1]", "localhost"] {
        let url = format!("http://{host}:{}/v1", inside.addr.port()).parse().unwrap();
        house.publish(|spec| spec.apis[0].upstreams[0].url = url);
        let answer = house.get("/shop/pets").await;
        assert_eq!((answer.status, answer.code().as_str()), (502, "upstream_failed"), "{host}");
    }
    assert!(inside.seen().is_empty());
    let records = house.gateway.drain_records();
    assert!(records[0].refusal.as_ref().unwrap().found.contains("PORTICO_UPSTREAM_ALLOW"), "{records:?}");
}

#[tokio::test]
async fn an_upstream_that_does_not_answer_in_time_is_a_504() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = Options { timeout: Duration::from_millis(100), ..Options::default() };
    let house = House::open_with(listener.local_addr().unwrap(), options);
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.status, answer.code().as_str()), (504, "upstream_timeout"));
    let answer = house.call("POST /shop/pets", &[("X-API-Key", &house.token)], "hello").await;
    assert_eq!((answer.status, answer.code().as_str()), (504, "upstream_timeout"));
}

#[tokio::test]
async fn nonsense_from_an_upstream_is_a_502() {
    for nonsense in [
        "",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: close\r\n\r\n",
    ] {
        let upstream = Upstream::start_with(move |_| nonsense.to_owned()).await;
        let house = House::open(&upstream);
        let answer = house.get("/shop/pets").await;
        assert_eq!((answer.status, answer.code().as_str()), (502, "upstream_failed"), "{nonsense:?}");
    }
}

#[tokio::test]
async fn what_an_upstream_sends_beyond_its_answer_poisons_nobody() {
    let upstream = Upstream::start(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison",
    )
    .await;
    let house = House::open(&upstream);
    for _ in 0..4 {
        let answer = house.get("/shop/pets").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    }
}

#[tokio::test]
async fn an_answer_cut_short_is_not_passed_off_as_whole() {
    let upstream = Upstream::start("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhalf").await;
    let house = House::open(&upstream);
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.field("content-length"), answer.body.as_str()), (Some("10"), "half"));
    let upstream =
        Upstream::start("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n4\r\nhalf\r\n")
            .await;
    let house = House::open(&upstream);
    let answer = house.get("/shop/pets").await;
    assert!(!answer.body.contains("0\r\n\r\n"), "{answer:?}");
}

/// The upstream closes each connection after its first answer without saying so.
#[tokio::test]
async fn a_stale_connection_is_replaced_where_that_is_safe() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let opened = std::sync::Arc::new(AtomicU32::new(0));
    let count = std::sync::Arc::clone(&opened);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut buffer = Vec::new();
                let _ = super::upstream::read_message(&mut stream, &mut buffer).await;
                let _ = stream.write_all(OK.as_bytes()).await;
                // The second request is read, so that it surely arrived, and then left without an answer.
                let _ = stream.read(&mut [0; 1024]).await;
            });
        }
    });
    let house = House::open_with(addr, Options::with(|settings| settings.threads = 1.try_into().unwrap()));
    assert_eq!(house.get("/shop/pets").await.status, 200);
    assert_eq!(house.get("/shop/pets").await.status, 200, "sent again on a new connection");
    assert_eq!(opened.load(Ordering::SeqCst), 2);
    let answer = house.call("POST /shop/pets", &[("X-API-Key", &house.token)], "once").await;
    assert_eq!(answer.status, 502, "a body is never sent twice");
    assert_eq!(opened.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_gateway_that_leads_back_to_itself_notices() {
    let house =
        House::open_with(free_port().await, Options { access: portico_domain::Access::Open, ..Options::default() });
    let itself = format!("http://{}/shop", house.gateway.local_addr()).parse().unwrap();
    house.publish(|spec| spec.apis[0].upstreams[0].url = itself);
    let answer = house.call("GET /shop/pets", &[], "").await;
    assert!(answer.status == 400 && answer.body.contains("bad_request"), "{answer:?}");
    assert_eq!(house.gateway.drain_records().len(), 2, "one hop and no more");
}

#[tokio::test]
async fn an_answer_that_stops_in_its_middle_is_cut_off() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let house = House::open_with(addr, Options::default());
    house.publish(|spec| spec.apis[0].policies.connection.idle_timeout_ms = 50);
    let upstream = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        super::upstream::read_message(&mut stream, &mut Vec::new()).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").await.unwrap();
        while stream.read(&mut [0; 1024]).await.is_ok_and(|length| length > 0) {}
    });
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "half"));
    upstream.await.unwrap();
}
