//! Upstreams that misbehave, each beside an API that goes on as if nothing were.
use super::{
    house::{Answer, House, Options, route},
    upstream::{OK, Upstream, read_message},
};
use portico_domain::Access;
use portico_gateway::ApiSpec;
use serde_json::json;
use std::{future::Future, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::interval,
};

/// Calls under way at once to an upstream that misbehaves.
const CALLS: usize = 6;
const PATIENCE: Duration = Duration::from_millis(200);

/// An upstream that does this on each connection.
async fn misbehaving<F: Future<Output = ()> + Send + 'static>(
    on_connection: impl Fn(TcpStream) -> F + Send + Sync + Copy + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move { on_connection(stream).await });
        }
    });
    address
}

/// The API `shop` has the bad upstream, `calm` a good one.
struct Drill {
    house: House,
    calm: Upstream,
}

impl Drill {
    async fn with(bad: SocketAddr) -> Self {
        let calm = Upstream::start(OK).await;
        let mut options = Options::default();
        // What each call comes to is the question here, not how often it may fail.
        options.policies.ejection.failures = 0;
        options.policies.connection.idle_timeout_ms = PATIENCE.as_millis() as u32;
        (options.access, options.timeout, options.max_body_bytes) = (Access::Open, PATIENCE, 8 * 1024 * 1024);
        let house = House::open_with(bad, options);
        let url = format!("http://{}/", calm.addr).parse().unwrap();
        house.publish(|spec| {
            let upstreams = vec![portico_domain::Upstream { url, weight: 1 }];
            let api = spec.apis[0].clone();
            let slug = "calm".parse().unwrap();
            spec.apis.push(ApiSpec {
                slug,
                base_path: "/calm".into(),
                upstreams,
                routes: vec![route("GET", "/it", false)],
                ..api
            });
        });
        Self { house, calm }
    }

    /// Several calls at once to the bad upstream, while the other API is called without a pause. What the calls came to.
    async fn run(&self, line: &str, body: &str) -> Vec<Answer> {
        let calls = futures_util::future::join_all((0..CALLS).map(|_| self.house.call(line, &[], body)));
        tokio::pin!(calls);
        let (mut undisturbed, mut answers) = (0, None);
        while answers.is_none() || undisturbed < 3 {
            tokio::select! {
                biased;
                all = &mut calls, if answers.is_none() => answers = Some(all),
                answer = self.house.call("GET /calm/it", &[], "") => {
                    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
                    undisturbed += 1;
                }
            }
        }
        assert!(self.calm.seen().len() >= undisturbed);
        answers.unwrap()
    }

    /// All calls end the same way.
    async fn ends(&self, line: &str, body: &str, status: u16, text: &str) {
        for answer in self.run(line, body).await {
            assert_eq!(answer.status, status, "{answer:?}");
            assert!(answer.body.contains(text), "{text:?} is not in {answer:?}");
        }
        self.is_quiet().await;
    }

    /// Nothing is held any more: no request, no client, no connection in use.
    async fn is_quiet(&self) {
        loop {
            let observed = self.house.gateway.observe();
            let active: u64 = observed.upstreams.iter().map(|upstream| upstream.active).sum();
            if (observed.in_flight, observed.connections, active) == (0, 0, 0) {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
}

async fn read_one(stream: &mut TcpStream) {
    let _ = read_message(stream, &mut Vec::new()).await;
}

async fn until_closed(mut stream: TcpStream) {
    while stream.read(&mut [0; 1024]).await.is_ok_and(|length| length > 0) {}
}

#[tokio::test]
async fn one_that_resets() {
    let bad = misbehaving(|mut stream| async move {
        read_one(&mut stream).await;
        stream.set_zero_linger().unwrap();
    });
    Drill::with(bad.await).await.ends("GET /shop/pets", "", 502, "upstream_failed").await;
}

#[tokio::test]
async fn one_that_hangs() {
    let drill = Drill::with(misbehaving(until_closed).await).await;
    drill.ends("GET /shop/pets", "", 504, "upstream_timeout").await;
    drill.ends("POST /shop/pets", "body", 504, "upstream_timeout").await;
}

#[tokio::test]
async fn one_that_takes_nothing_of_a_body() {
    let bad = misbehaving(|stream| async move {
        let _stream = stream;
        std::future::pending::<()>().await;
    });
    let drill = Drill::with(bad.await).await;
    drill.ends("POST /shop/pets", &"a".repeat(8 * 1024 * 1024), 504, "upstream_timeout").await;
}

#[tokio::test]
async fn one_that_answers_garbage() {
    for garbage in [
        "\0\0\0\0",
        "220 mail.example ESMTP\r\n",
        "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 99 Low\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n folded: a\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    ] {
        let calm = Upstream::start(garbage).await;
        Drill::with(calm.addr).await.ends("GET /shop/pets", "", 502, "upstream_failed").await;
    }
}

#[tokio::test]
async fn one_that_sends_ten_thousand_fields_or_one_without_end() {
    for head in [
        || format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "X: a\r\n".repeat(10_000)),
        || format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "a".repeat(1024 * 1024)),
        || "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1_000),
    ] {
        let bad = Upstream::start_with(move |_| head()).await;
        Drill::with(bad.addr).await.ends("GET /shop/pets", "", 502, "upstream_failed").await;
    }
}

#[tokio::test]
async fn one_that_sends_half_a_body() {
    let cut = Upstream::start("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhalf").await;
    Drill::with(cut.addr).await.ends("GET /shop/pets", "", 200, "half").await;
    let bad = misbehaving(|mut stream| async move {
        read_one(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").await;
        until_closed(stream).await;
    });
    Drill::with(bad.await).await.ends("GET /shop/pets", "", 200, "half").await;
    let chunks =
        Upstream::start("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nffffffffffffffffff\r\n")
            .await;
    let drill = Drill::with(chunks.addr).await;
    for answer in drill.run("GET /shop/pets", "").await {
        assert!(answer.body.contains("half") && !answer.body.ends_with("0\r\n\r\n"), "{answer:?}");
    }
    drill.is_quiet().await;
}

#[tokio::test]
async fn one_that_sends_byte_by_byte() {
    const SENT: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nin its time!";
    let bad = misbehaving(|mut stream| async move {
        read_one(&mut stream).await;
        let (head, body) = SENT.split_at(SENT.len() - 12);
        let _ = stream.write_all(head).await;
        for byte in body {
            tokio::time::sleep(PATIENCE / 20).await;
            let _ = stream.write_all(&[*byte]).await;
        }
        until_closed(stream).await;
    });
    Drill::with(bad.await).await.ends("GET /shop/pets", "", 200, "in its time!").await;
}

/// The time for an answer's head is not made longer by parts of it.
#[tokio::test]
async fn one_whose_head_never_ends() {
    let bad = misbehaving(|mut stream| async move {
        read_one(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX: ").await;
        while stream.write_all(b"a").await.is_ok() {
            tokio::time::sleep(PATIENCE / 20).await;
        }
    });
    Drill::with(bad.await).await.ends("GET /shop/pets", "", 504, "upstream_timeout").await;
}

#[tokio::test]
async fn one_that_closes_idle_connections() {
    let bad = misbehaving(|mut stream| async move {
        read_one(&mut stream).await;
        let _ = stream.write_all(OK.as_bytes()).await;
    });
    let drill = Drill::with(bad.await).await;
    for _ in 0..5 {
        drill.ends("GET /shop/pets", "", 200, "ok").await;
    }
}

/// It answers a body it has not read, and closes: what it said is what the client hears.
#[tokio::test]
async fn one_that_answers_before_the_body_is_read() {
    let bad = misbehaving(|mut stream| async move {
        let mut beginning = [0; 1024];
        let _ = stream.read(&mut beginning).await;
        let answer = b"HTTP/1.1 413 Too Much\r\nContent-Length: 8\r\nConnection: close\r\n\r\ntoo much";
        let _ = stream.write_all(answer).await;
    });
    let drill = Drill::with(bad.await).await;
    drill.ends("POST /shop/pets", &"a".repeat(4 * 1024 * 1024), 413, "too much").await;
}

/// The same on a connection that stays: what it reads next is not the rest of that body.
#[tokio::test]
async fn one_that_answers_early_and_listens_on() {
    let bad = misbehaving(|mut stream| async move {
        let mut beginning = [0; 1024];
        while stream.read(&mut beginning).await.is_ok_and(|length| length > 0) {
            if beginning.starts_with(b"GET ") || beginning.starts_with(b"POST ") {
                let _ = stream.write_all(OK.as_bytes()).await;
            }
            beginning.fill(0);
        }
    });
    let drill = Drill::with(bad.await).await;
    let mut client = drill.house.connect().await;
    client.write_all(b"POST /shop/pets HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\nGET /").await.unwrap();
    let text = read_message(&mut client, &mut Vec::new()).await.unwrap();
    assert_eq!(Answer::read(&text).status, 200);
    drop(client);
    drill.ends("GET /shop/pets", "", 200, "ok").await;
}

#[tokio::test]
async fn a_body_that_drips_ends_in_time() {
    for protocol in ["http1", "http2"] {
        let upstream = Upstream::start(OK).await;
        let addr = if protocol == "http2" { http2_sink().await } else { upstream.addr };
        let house = House::open_with(addr, Options::policies(json!({"connection": {"protocol": protocol}})));
        house.publish(|spec| spec.apis[0].policies.connection.idle_timeout_ms = 100);
        let mut client = house.connect().await;
        let (mut reading, mut writing) = client.split();
        let head = format!(
            "PUT /shop/upload HTTP/1.1\r\nHost: a\r\nX-API-Key: {}\r\nContent-Length: 100000\r\n\r\n",
            house.token
        );
        writing.write_all(head.as_bytes()).await.unwrap();
        let drip = async {
            // It never falls silent for as long as would end it.
            let mut drops = interval(Duration::from_millis(20));
            loop {
                drops.tick().await;
                if writing.write_all(b"x").await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let mut answer = Vec::new();
        tokio::select! {
            _ = reading.read_to_end(&mut answer) => {}
            () = drip => {}
        }
        let answer = Answer::read(&String::from_utf8(answer).unwrap());
        assert_eq!((answer.status, answer.code().as_str()), (408, "request_timeout"), "{protocol}");
    }
}

/// Speaks HTTP/2, reads whatever comes, and never answers.
async fn http2_sink() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((request, respond))) = connection.accept().await {
                    tokio::spawn(async move {
                        let mut body = request.into_body();
                        while let Some(Ok(data)) = body.data().await {
                            let _ = body.flow_control().release_capacity(data.len());
                        }
                        drop(respond);
                    });
                }
            });
        }
    });
    addr
}
