//! How connections begin: TLS, HTTP/2, proxies in front.
use super::{
    certificates::{Certificates, authority},
    house::{Answer, House, Options},
    upstream::{OK, Upstream},
};
use bytes::Bytes;
use h2::client::{self, SendRequest};
use http::{HeaderMap, Method, Request, StatusCode};
use portico_gateway::GatewaySettings;
use std::sync::Arc;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream, rustls::ClientConfig};

fn open(upstream: &Upstream, change: impl FnOnce(&mut GatewaySettings)) -> House {
    House::open_with(upstream.addr, Options::with(change))
}

async fn secure(house: &House, config: ClientConfig, name: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let name = name.to_owned().try_into().unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, house.connect().await).await
}

fn offering(mut config: ClientConfig, protocol: &str) -> ClientConfig {
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    config
}

async fn http2(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> SendRequest<Bytes> {
    let (sender, connection) = client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn ask(house: &House, method: Method, url: &str) -> http::request::Builder {
    Request::builder().method(method).uri(url).header("x-api-key", &house.token)
}

async fn read_all(mut body: h2::RecvStream) -> (String, Option<HeaderMap>) {
    let mut read = Vec::new();
    while let Some(data) = body.data().await {
        read.extend_from_slice(&data.unwrap());
    }
    (String::from_utf8(read).unwrap(), body.trailers().await.unwrap())
}

/// One request in HTTP/1.1, with these lines in its head.
async fn call(mut stream: impl AsyncRead + AsyncWrite + Unpin, house: &House, lines: &str) -> Answer {
    let request =
        format!("GET /shop/pets/7 HTTP/1.1\r\nX-API-Key: {}\r\nConnection: close\r\n{lines}\r\n", house.token);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    Answer::read(&String::from_utf8(answer).unwrap())
}

fn told(upstream: &Upstream, name: &str) -> Option<String> {
    super::house::field(upstream.seen().last().unwrap(), name).map(str::to_owned)
}

#[tokio::test]
async fn the_client_chooses_the_protocol() {
    let upstream = Upstream::start(OK).await;
    let certificates = Certificates::new();
    certificates.put("a", &["a.example"]);
    let house = open(&upstream, |settings| settings.tls_dir = Some(certificates.path("")));

    let stream = secure(&house, offering(certificates.client(None), "h2"), "a.example").await.unwrap();
    let mut sender = http2(stream).await;
    let request = ask(&house, Method::GET, "https://a.example/shop/pets/7?a=b").body(()).unwrap();
    let answer = sender.send_request(request, true).unwrap().0.await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.headers().contains_key("x-request-id") && answer.headers().contains_key("date"));
    assert_eq!(read_all(answer.into_body()).await.0, "ok");
    assert!(upstream.only().starts_with("GET /v1/pets/7?a=b HTTP/1.1\r\n"));
    assert_eq!(told(&upstream, "x-forwarded-proto").as_deref(), Some("https"));
    assert_eq!(told(&upstream, "x-forwarded-host").as_deref(), Some("a.example"));

    for protocol in ["http/1.1", ""] {
        let config = certificates.client(None);
        let config = if protocol.is_empty() { config } else { offering(config, protocol) };
        let stream = secure(&house, config, "a.example").await.unwrap();
        assert_eq!(call(stream, &house, "Host: a.example\r\n").await.status, 200);
    }
}

#[tokio::test]
async fn without_tls_http2_begins_by_prior_knowledge() {
    let upstream = Upstream::start(OK).await;
    let house = House::open(&upstream);
    let mut sender = http2(house.connect().await).await;
    let request = ask(&house, Method::GET, "http://a.example/shop/pets/7").body(()).unwrap();
    let answer = sender.send_request(request, true).unwrap().0.await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    // What is refused is refused by the same words as in HTTP/1.1.
    let request = ask(&house, Method::GET, "http://a.example/shop/../x").body(()).unwrap();
    let answer = sender.send_request(request, true).unwrap().0.await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let request =
        ask(&house, Method::GET, "http://a.example/shop/pets/7").header("host", "b.example").body(()).unwrap();
    let answer = sender.send_request(request, true).unwrap().0.await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(upstream.seen().len(), 1);
}

#[tokio::test]
async fn trailers_pass_both_ways() {
    let upstream = Upstream::start(
        "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\nTrailer: grpc-status\r\n\r\n\
         2\r\nok\r\n0\r\ngrpc-status: 0\r\n\r\n",
    )
    .await;
    let house = House::open(&upstream);
    let mut sender = http2(house.connect().await).await;
    let request = ask(&house, Method::POST, "http://a.example/shop/pets").header("te", "trailers").body(()).unwrap();
    let (answer, mut sending) = sender.send_request(request, false).unwrap();
    sending.send_data(Bytes::from_static(b"hello"), false).unwrap();
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", "7".parse().unwrap());
    sending.send_trailers(trailers).unwrap();
    let (body, trailers) = read_all(answer.await.unwrap().into_body()).await;
    assert_eq!(body, "ok");
    assert_eq!(trailers.unwrap()["grpc-status"], "0");
    let seen = upstream.only();
    assert!(seen.contains("hello") && seen.to_lowercase().contains("x-checksum: 7"), "{seen}");
}

#[tokio::test]
async fn a_websocket_may_come_by_http2() {
    let upstream = Upstream::start_with(|request| {
        if request.starts_with("GET /v1/pets/7 ") {
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n".to_owned()
        } else {
            format!("heard {request}")
        }
    })
    .await;
    let house = House::open(&upstream);
    let mut sender = http2(house.connect().await).await;
    sender = sender.ready().await.unwrap();
    while !sender.is_extended_connect_protocol_enabled() {
        tokio::task::yield_now().await;
    }
    let mut request = ask(&house, Method::CONNECT, "http://a.example/shop/pets/7")
        .header("sec-websocket-version", "13")
        .body(())
        .unwrap();
    request.extensions_mut().insert(h2::ext::Protocol::from_static("websocket"));
    let (answer, mut sending) = sender.send_request(request, false).unwrap();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    sending.send_data(Bytes::from_static(b"ping\r\n\r\n"), false).unwrap();
    let heard = answer.into_body().data().await.unwrap().unwrap();
    assert!(heard.starts_with(b"heard ping"), "{heard:?}");
    let seen = upstream.seen();
    let head = seen[0].to_lowercase();
    assert!(head.contains("upgrade: websocket") && head.contains("sec-websocket-key: "), "{head}");
}

#[tokio::test]
async fn a_host_may_ask_for_certificates() {
    let upstream = Upstream::start(OK).await;
    let certificates = Certificates::new();
    let partners = authority("partners");
    certificates.put("open", &["open.example"]);
    certificates.put("closed", &["closed.example"]);
    certificates.write("closed.clients.pem", &partners.pem());
    let house = open(&upstream, |settings| settings.tls_dir = Some(certificates.path("")));
    let forged = "Host: closed.example\r\nX-Portico-Client-Certificate: subject=\"CN=forged\"\r\n";

    let stream = secure(&house, certificates.client(Some(&partners)), "closed.example").await.unwrap();
    assert_eq!(call(stream, &house, forged).await.status, 200);
    let value = told(&upstream, "x-portico-client-certificate").unwrap();
    assert!(value.starts_with("subject=\"CN=billing\";serial=\"") && value.contains(";sha256=\""), "{value}");

    let stream = secure(&house, certificates.client(None), "open.example").await.unwrap();
    let answer = call(stream, &house, forged).await;
    assert_eq!((answer.status, answer.code().as_str()), (421, "misdirected"));
    assert_eq!(upstream.seen().len(), 1);
    let stream = secure(&house, certificates.client(None), "open.example").await.unwrap();
    let answer = call(stream, &house, &forged.replace("closed", "open")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(told(&upstream, "x-portico-client-certificate"), None);

    // Without a certificate there is no connection. In TLS 1.3 the client learns it with its first reading.
    if let Ok(mut stream) = secure(&house, certificates.client(None), "closed.example").await {
        let _ = stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await;
        assert!(matches!(stream.read(&mut [0; 1]).await, Err(_) | Ok(0)));
    }
}

#[tokio::test]
async fn certificates_are_replaced_under_traffic() {
    let upstream = Upstream::start(OK).await;
    let certificates = Certificates::new();
    certificates.put("a", &["a.example"]);
    let house = open(&upstream, |settings| settings.tls_dir = Some(certificates.path("")));
    let served = |stream: &TlsStream<TcpStream>| stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();

    let mut before = secure(&house, certificates.client(None), "a.example").await.unwrap();
    let first = served(&before);
    certificates.put("a", &["a.example"]);
    loop {
        // Not one of them fails, whichever certificate it gets.
        let stream = secure(&house, certificates.client(None), "a.example").await.unwrap();
        let now = served(&stream);
        assert_eq!(call(stream, &house, "Host: a.example\r\n").await.status, 200);
        if now != first {
            break;
        }
    }
    let expiries = house.gateway.observe().certificates;
    assert_eq!(expiries.len(), 1);
    assert_eq!(call(&mut before, &house, "Host: a.example\r\n").await.status, 200, "open connections stay");
}

#[tokio::test]
async fn trusted_proxies_say_who_asks() {
    let upstream = Upstream::start(OK).await;
    let house = open(&upstream, |settings| settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]);
    house.put_key(|key| key.allow_ips = vec!["192.0.2.0/24".parse().unwrap()]);
    let told_of = "Host: a.example\r\nX-Forwarded-For: 10.1.1.1, 192.0.2.7\r\nX-Forwarded-Proto: https\r\n";
    assert_eq!(call(house.connect().await, &house, told_of).await.status, 200);
    assert_eq!(told(&upstream, "x-forwarded-for").as_deref(), Some("192.0.2.7"));
    assert_eq!(told(&upstream, "x-forwarded-proto").as_deref(), Some("https"));
    let record = house.gateway.drain_records().pop().unwrap();
    assert_eq!(record.client, "192.0.2.7");

    let other =
        call(house.connect().await, &house, "Host: a.example\r\nX-Forwarded-For: 192.0.2.7, 198.51.100.1\r\n").await;
    assert_eq!(other.code(), "ip_denied");
    let contradiction = "Host: a.example\r\nX-Forwarded-For: 192.0.2.7\r\nForwarded: for=192.0.2.8\r\n";
    assert_eq!(call(house.connect().await, &house, contradiction).await.code(), "bad_request");

    let house = House::open(&upstream);
    assert_eq!(call(house.connect().await, &house, told_of).await.status, 200);
    assert_eq!(told(&upstream, "x-forwarded-for").as_deref(), Some("127.0.0.1"), "nobody is trusted unasked");
    assert_eq!(told(&upstream, "x-forwarded-proto").as_deref(), Some("http"));
}

#[tokio::test]
async fn the_proxy_protocol_says_whose_connection_it_is() {
    let upstream = Upstream::start(OK).await;
    let certificates = Certificates::new();
    certificates.put("a", &["a.example"]);
    let house = open(&upstream, |settings| {
        settings.tls_dir = Some(certificates.path(""));
        settings.proxy_protocol = true;
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    });
    let mut stream = house.connect().await;
    stream.write_all(b"PROXY TCP4 192.0.2.7 192.0.2.8 40000 443\r\n").await.unwrap();
    let name = "a.example".to_owned().try_into().unwrap();
    let stream = TlsConnector::from(Arc::new(certificates.client(None))).connect(name, stream).await.unwrap();
    assert_eq!(call(stream, &house, "Host: a.example\r\n").await.status, 200);
    assert_eq!(told(&upstream, "x-forwarded-for").as_deref(), Some("192.0.2.7"));
    assert!(secure(&house, certificates.client(None), "a.example").await.is_err(), "without it there is no connection");
}
