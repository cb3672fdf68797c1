//! Several upstreams: which one answers, what becomes of those that fail, and what is spoken to them.
use super::{
    house::{House, Options},
    upstream::{OK, Upstream, read_message},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{RootCertStore, ServerConfig, crypto::ring, pki_types::PrivateKeyDer, server::WebPkiClientVerifier};
use serde_json::json;
use std::{
    collections::VecDeque,
    convert::Infallible,
    fs,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";

fn upstream(address: SocketAddr, weight: u16) -> portico_domain::Upstream {
    portico_domain::Upstream { url: format!("http://{address}/v1").parse().unwrap(), weight }
}

fn open(first: &Upstream, others: &[&Upstream], policies: serde_json::Value) -> House {
    let house = House::open_with(first.addr, Options::policies(policies));
    house.publish(|spec| spec.apis[0].upstreams.extend(others.iter().map(|other| upstream(other.addr, 1))));
    house
}

#[tokio::test]
async fn an_upstream_whose_calls_fail_is_taken_out() {
    let (good, bad) = (Upstream::start(OK).await, Upstream::start(BUSY).await);
    let house = open(&good, &[&bad], json!({"ejection": {"failures": 3, "seconds": 600}, "retry": {"attempts": 0}}));
    let mut failed = 0;
    for _ in 0..100 {
        failed += u32::from(house.get("/shop/pets").await.status == 503);
    }
    assert_eq!((failed, bad.seen().len(), good.seen().len()), (3, 3, 97));
    let observed = house.gateway.observe();
    let mut health: Vec<_> = observed.upstream_health.iter().map(|health| (health.healthy, health.ejections)).collect();
    health.sort_unstable();
    assert_eq!(health, [(false, 1), (true, 0)]);
    house.publish(|spec| {
        spec.apis[0].upstreams.push(upstream(bad.addr, 9));
        spec.apis[0].timeout = std::time::Duration::from_secs(7);
    });
    assert_eq!(house.get("/shop/pets").await.status, 200, "a publication does not let it in again");
}

#[tokio::test]
async fn with_all_upstreams_out_calls_are_refused_at_once() {
    let bad = Upstream::start(BUSY).await;
    let house = open(&bad, &[], json!({"ejection": {"failures": 2, "seconds": 600}}));
    for _ in 0..2 {
        assert_eq!(house.get("/shop/pets").await.body, "busy");
    }
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "upstream_unavailable"));
    let seconds: u32 = answer.field("retry-after").unwrap().parse().unwrap();
    assert!((500..=600).contains(&seconds), "{seconds}");
    assert_eq!(bad.seen().len(), 2);
}

#[tokio::test]
async fn what_may_be_repeated_is_sent_elsewhere_and_counted() {
    let (good, bad) = (Upstream::start(OK).await, Upstream::start(BUSY).await);
    let policies = json!({"ejection": {"failures": 0}, "retry": {"statuses": [503]}});
    let house = open(&good, &[&bad], policies);
    house.publish(|spec| spec.apis[0].upstreams = vec![upstream(good.addr, 1), upstream(bad.addr, u16::MAX)]);
    let statuses = [house.get("/shop/pets").await.status, house.get("/shop/pets").await.status];
    assert_eq!((statuses, good.seen().len(), bad.seen().len()), ([200, 200], 2, 2));
    assert_eq!(house.call("POST /shop/pets", &[("X-API-Key", &house.token)], "once").await.status, 503);
    assert_eq!((good.seen().len(), bad.seen().len()), (2, 3));
    let retries = house.gateway.observe().retries;
    assert_eq!(retries.iter().map(|(api, count)| (api.as_str(), *count)).collect::<Vec<_>>(), [("shop", 2)]);
}

#[tokio::test]
async fn retries_do_not_double_the_load_of_a_failing_upstream() {
    let bad = Upstream::start(BUSY).await;
    let house = open(&bad, &[], json!({"ejection": {"failures": 0}, "retry": {"statuses": [503], "attempts": 3}}));
    for _ in 0..100 {
        assert_eq!(house.get("/shop/pets").await.body, "busy");
    }
    let seen = bad.seen().len();
    assert!((103..=120).contains(&seen), "{seen}");
}

#[tokio::test]
async fn prefixes_and_operations_have_upstreams_of_their_own() {
    let (own, pets, posts) = (Upstream::start(OK).await, Upstream::start(OK).await, Upstream::start(OK).await);
    let policies = json!({
        "routes": [{"prefix": "/pets", "upstreams": [{"url": format!("http://{}/p", pets.addr)}]}],
        "operation_settings": {"post /pets": {"upstreams": [{"url": format!("http://{}/o", posts.addr)}]}},
    });
    let house = House::open_with(own.addr, Options::policies(policies));
    let key = [("X-API-Key", house.token.as_str())];
    for line in ["GET /shop/pets", "GET /shop/pets/7", "POST /shop/pets", "GET /shop/admin/x"] {
        assert_eq!(house.call(line, &key, "").await.status, 200);
    }
    let lines = |upstream: &Upstream| -> Vec<String> {
        upstream.seen().iter().map(|seen| seen.split(" HTTP").next().unwrap().to_owned()).collect()
    };
    assert_eq!(lines(&pets), ["GET /p/pets", "GET /p/pets/7"]);
    assert_eq!(lines(&posts), ["POST /o/pets"]);
    assert_eq!(lines(&own), ["GET /v1/admin/x"]);
}

#[tokio::test]
async fn a_caller_keeps_to_one_upstream() {
    let (one, other) = (Upstream::start(OK).await, Upstream::start(OK).await);
    let house = open(&one, &[&other], json!({"balance": "sticky"}));
    for _ in 0..20 {
        assert_eq!(house.get("/shop/pets").await.status, 200);
    }
    let mut seen = [one.seen().len(), other.seen().len()];
    seen.sort_unstable();
    assert_eq!(seen, [0, 20]);
}

#[tokio::test]
async fn an_upstream_that_fails_its_check_gets_no_calls() {
    let checked = Upstream::start_with(|request| {
        let is_check = request.starts_with("GET /v1/health ");
        if is_check { BUSY } else { OK }.to_owned()
    })
    .await;
    let check = json!({"path": "/health", "interval_seconds": 1, "unhealthy_after": 1});
    let house = open(&checked, &[], json!({"health": check}));
    while house.gateway.observe().upstream_health[0].healthy {
        tokio::task::yield_now().await;
    }
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "upstream_unavailable"));
    house.publish(|spec| spec.apis[0].policies.health = None);
    while !house.gateway.observe().upstream_health[0].healthy {
        tokio::task::yield_now().await;
    }
    assert_eq!(house.get("/shop/pets").await.status, 200);
}

#[tokio::test]
async fn connections_outlive_publications() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let opened = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&opened);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut buffer = Vec::new();
                while read_message(&mut stream, &mut buffer).await.is_some() {
                    stream.write_all(OK.as_bytes()).await.unwrap();
                }
            });
        }
    });
    let house = House::open_with(address, Options::with(|settings| settings.threads = 1.try_into().unwrap()));
    for round in 0..5 {
        assert_eq!(house.get("/shop/pets").await.status, 200);
        house.publish(|spec| spec.version += round);
    }
    assert_eq!(opened.load(Ordering::SeqCst), 1);
}

/// A body of data and trailers.
struct Parts(VecDeque<Frame<Bytes>>);

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

/// Speaks HTTP/2 by prior knowledge, and answers what it was asked.
async fn http2_upstream() -> (SocketAddr, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let opened = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&opened);
    let answer = |request: Request<Incoming>| async move {
        let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("-");
        let told =
            format!("{} {} te={} prefix={}", request.method(), request.uri(), text("te"), text("x-forwarded-prefix"));
        let trailers =
            ["grpc-status", "content-type"].map(|name| (name.parse().unwrap(), HeaderValue::from_static("0")));
        let trailers = HeaderMap::from_iter(trailers);
        let body = Parts([Frame::data(told.into()), Frame::trailers(trailers)].into());
        Ok::<_, Infallible>(Response::new(body))
    };
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let connection = http2::Builder::new(TokioExecutor::new());
            tokio::spawn(async move { connection.serve_connection(TokioIo::new(stream), service_fn(answer)).await });
        }
    });
    (address, opened)
}

#[tokio::test]
async fn http2_is_spoken_to_upstreams_and_trailers_come_back() {
    let (address, opened) = http2_upstream().await;
    let mut options = Options::policies(json!({"connection": {"protocol": "http2"}}));
    options.settings.threads = 1.try_into().unwrap();
    let house = House::open_with(address, options);
    for _ in 0..3 {
        let fields = [("X-API-Key", house.token.as_str()), ("TE", "trailers"), ("Connection", "close, TE")];
        let answer = house.call("POST /shop/pets?x=1", &fields, "hello").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let told = format!("POST http://{address}/v1/pets?x=1 te=trailers prefix=/shop");
        assert!(answer.body.contains(&told), "{answer:?}");
        assert!(answer.body.ends_with("0\r\ngrpc-status: 0\r\n\r\n"), "{answer:?}");
    }
    assert_eq!(opened.load(Ordering::SeqCst), 1, "calls share a connection");
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    house.publish(|spec| spec.apis[0].upstreams = vec![upstream(gone, 1)]);
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.status, answer.code().as_str()), (502, "upstream_failed"));
}

/// Takes connections of those who show a certificate of its own authority. Answers the folder with the gateway's files.
async fn tls_upstream(name: &str) -> (SocketAddr, std::path::PathBuf) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let pair = |name: &str| {
        let key = KeyPair::generate().unwrap();
        (CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap(), key)
    };
    let dir = std::env::temp_dir().join(format!("portico-upstream-tls-{}-{name}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    let (certificate, key) = pair("portico.example");
    fs::write(dir.join("ours.ca.pem"), authority.pem()).unwrap();
    fs::write(dir.join("ours.crt.pem"), certificate.pem()).unwrap();
    fs::write(dir.join("ours.key.pem"), key.serialize_pem()).unwrap();

    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let (certificate, key) = pair("inside.example");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut byte = [0; 4096];
                while tokio::io::AsyncReadExt::read(&mut stream, &mut byte).await.is_ok_and(|length| length > 0) {
                    stream.write_all(OK.as_bytes()).await.unwrap();
                    stream.flush().await.unwrap();
                }
            });
        }
    });
    (address, dir)
}

#[tokio::test]
async fn an_upstream_with_an_authority_of_its_own_and_the_gateway_know_each_other() {
    let (address, dir) = tls_upstream("known").await;
    let options = Options::with(|settings| settings.upstream_tls_dir = Some(dir.clone()));
    let house = House::open_with(address, options);
    let publish = |connection: serde_json::Value| {
        house.publish(|spec| {
            spec.apis[0].upstreams[0].url = format!("https://{address}/v1").parse().unwrap();
            spec.apis[0].policies.connection = serde_json::from_value(connection).unwrap();
        });
    };
    let whole = json!({"ca": "ours", "client_certificate": "ours", "server_name": "inside.example"});
    publish(whole.clone());
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    for missing in ["ca", "client_certificate", "server_name"] {
        let mut connection = whole.clone();
        connection.as_object_mut().unwrap().remove(missing);
        publish(connection);
        let answer = house.get("/shop/pets").await;
        assert_eq!((answer.status, answer.code().as_str()), (502, "upstream_failed"), "without {missing}");
    }
    fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn a_setting_that_names_no_file_is_refused_where_it_stands() {
    let upstream = Upstream::start(OK).await;
    let house = House::open(&upstream);
    house.publish(|spec| {
        spec.apis[0].upstreams[0].url = "https://inside.example/v1".parse().unwrap();
        let mut api = spec.apis[0].clone();
        api.policies.connection.ca = Some("missing".to_owned());
        let error = api.check(Some(&house.gateway)).unwrap_err();
        assert_eq!(error.pointer.as_deref(), Some("/connection/ca"));
        assert!(error.problem.contains("PORTICO_UPSTREAM_TLS_DIR"), "{error}");
    });
}

/// What a scripted upstream does with its first request.
#[derive(Clone, Copy)]
enum First {
    Refuse,
    GoAway,
    /// Reads it, and leaves without a word.
    Vanish,
}

/// Speaks HTTP/2, does with the first request of all what it is told, and answers others with their bodies.
async fn moody_upstream(first: First) -> (SocketAddr, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&seen);
    tokio::spawn(async move {
        if matches!(first, First::GoAway) {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(go_away(stream));
        }
        while let Ok((stream, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((mut request, mut respond))) = connection.accept().await {
                    let is_first = count.fetch_add(1, Ordering::SeqCst) == 0;
                    match first {
                        First::Refuse if is_first => {
                            tokio::spawn(async move {
                                let _ = request.body_mut().data().await;
                                respond.send_reset(h2::Reason::REFUSED_STREAM);
                            });
                            continue;
                        }
                        First::Vanish if is_first => break,
                        _ => {}
                    }
                    tokio::spawn(async move {
                        let (parts, mut body) = request.into_parts();
                        let mut answer = respond.send_response(Response::new(()), false).unwrap();
                        let _ = answer.send_data(parts.method.as_str().to_owned().into(), false);
                        while let Some(Ok(data)) = body.data().await {
                            let _ = body.flow_control().release_capacity(data.len());
                            let _ = answer.send_data(data, false);
                        }
                        let _ = answer.send_data(Bytes::new(), true);
                    });
                }
            });
        }
    });
    (address, seen)
}

/// Waits for a request, says that it looks at none, and stays.
async fn go_away(mut stream: TcpStream) {
    const PREFACE: usize = 24;
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
    let mut read = Vec::new();
    let mut at = PREFACE;
    loop {
        while read.len() < at + 9 {
            assert!(stream.read_buf(&mut read).await.unwrap() > 0);
        }
        if read[at + 3] == 1 {
            break;
        }
        at += 9 + usize::from(read[at + 1]) * 256 + usize::from(read[at + 2]);
    }
    stream.write_all(&[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).await.unwrap();
    while stream.read_buf(&mut read).await.is_ok_and(|bytes| bytes > 0) {}
}

#[tokio::test]
async fn what_an_http2_upstream_did_nothing_with_is_sent_again() {
    let open = |address| House::open_with(address, Options::policies(json!({"connection": {"protocol": "http2"}})));
    let call = async |house: &House, line: &str| {
        let fields = [("X-API-Key", house.token.as_str()), ("Connection", "close")];
        house.call(line, &fields, "a body").await
    };
    for (first, requests) in [(First::Refuse, 2), (First::GoAway, 1)] {
        let (address, seen) = moody_upstream(first).await;
        let house = open(address);
        let answer = call(&house, "POST /shop/pets").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.body.contains("POST") && answer.body.contains("a body"), "{answer:?}");
        assert_eq!(seen.load(Ordering::SeqCst), requests);
    }
    let (address, seen) = moody_upstream(First::Vanish).await;
    let house = open(address);
    assert_eq!(call(&house, "POST /shop/pets").await.status, 502, "it may have been processed");
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}
