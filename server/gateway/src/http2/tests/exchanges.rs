//! What works.
use super::{raw::*, *};
use crate::message::Body;
use h2::client;
use http::{HeaderMap, HeaderValue, Method};
use http_body::{Body as _, Frame as BodyFrame};
use std::{io, task::Context};
use tokio::sync::mpsc;

type Sender = client::SendRequest<Bytes>;

async fn connect(handler: Handler) -> (Sender, watch::Sender<Option<Duration>>, JoinHandle<()>) {
    let Served { client, stop, ended } = serve_by(handler);
    let (sender, connection) = client::handshake(client).await.unwrap();
    tokio::spawn(connection);
    (sender, stop, ended)
}

fn request(method: Method, path: &str) -> http::Request<()> {
    http::Request::builder().method(method).uri(format!("https://a.example{path}")).body(()).unwrap()
}

async fn read_all(mut body: h2::RecvStream) -> (Vec<u8>, Option<HeaderMap>) {
    let mut read = Vec::new();
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        body.flow_control().release_capacity(data.len()).unwrap();
        read.extend_from_slice(&data);
    }
    (read, body.trailers().await.unwrap())
}

/// A body from a channel.
struct Parts(mpsc::Receiver<io::Result<BodyFrame<Bytes>>>);

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = io::Error;
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<BodyFrame<Bytes>>>> {
        self.0.poll_recv(cx)
    }
}

/// Sends back what it gets, frame by frame, trailers among them.
fn echo() -> Handler {
    Arc::new(|request| {
        let mut request = request.unwrap();
        Box::pin(async move {
            let (sender, parts) = mpsc::channel(1);
            tokio::spawn(async move {
                while let Some(frame) = poll_fn(|cx| Pin::new(&mut request.body).poll_frame(cx)).await {
                    let _ = sender.send(frame).await;
                }
            });
            Answer::new(StatusCode::OK).with("grpc-encoding", "identity").with_body(Body::wrap(Parts(parts)))
        })
    })
}

#[tokio::test]
async fn bodies_and_trailers_pass_both_ways() {
    let (mut sender, _stop, _) = connect(echo()).await;
    let (answer, mut sending) = sender.send_request(request(Method::POST, "/s/M"), false).unwrap();
    sending.send_data(Bytes::from_static(b"one"), false).unwrap();
    let answer = answer.await.unwrap();
    assert_eq!(answer.headers()["grpc-encoding"], "identity");
    let mut body = answer.into_body();
    // What is sent comes back before the request has ended.
    assert_eq!(body.data().await.unwrap().unwrap(), "one");
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    trailers.insert("x-portico-app", HeaderValue::from_static("forged"));
    sending.send_trailers(trailers).unwrap();
    let (rest, trailers) = read_all(body).await;
    assert!(rest.is_empty());
    let trailers = trailers.unwrap();
    assert_eq!(trailers["grpc-status"], "0");
    assert!(!trailers.contains_key("x-portico-app"));
}

#[tokio::test]
async fn large_bodies_pass_both_ways() {
    let (mut sender, _stop, _) = connect(echo()).await;
    let (answer, mut sending) = sender.send_request(request(Method::PUT, "/large"), false).unwrap();
    let sent = Bytes::from(vec![7; 3 * 1024 * 1024]);
    let uploading = {
        let sent = sent.clone();
        let mut pace = crate::pace::Pace::new(PATIENCE.write);
        tokio::spawn(async move { super::stream::send_all(&mut sending, sent, true, PATIENCE.write, &mut pace).await })
    };
    let (read, _) = read_all(answer.await.unwrap().into_body()).await;
    assert!(uploading.await.unwrap());
    assert_eq!(read.len(), sent.len());
}

#[tokio::test]
async fn requests_come_as_http1_would_bring_them() {
    let seen = Arc::new(Mutex::new(String::new()));
    let handler: Handler = {
        let seen = Arc::clone(&seen);
        Arc::new(move |request| {
            let request = request.unwrap();
            let mut text = Vec::new();
            request.fields.write_to(&mut text);
            *seen.lock().unwrap() = format!(
                "{} {} {:?} {:?} {:?}\r\n{}",
                request.method,
                request.target.path(),
                request.target.query(),
                request.version,
                request.upgrade,
                String::from_utf8(text).unwrap()
            );
            Box::pin(async { Answer::new(StatusCode::NO_CONTENT).with("connection", "close").with("x-a", "b") })
        })
    };
    let mut raw = Raw::start(Arc::clone(&handler), &[]).await;
    let fields: [Field<'_>; 8] = [
        (b":method", b"DELETE"),
        (b":scheme", b"http"),
        (b":path", b"/pets/7?a=b?c"),
        (b":authority", b"a.example:8443"),
        (b"cookie", b"a=1"),
        (b"host", b"A.EXAMPLE:8443"),
        (b"cookie", b"b=2"),
        (b"te", b"trailers"),
    ];
    raw.write(&headers(1, END_STREAM, &fields)).await;
    let answer = raw.read_one_of(&[HEADERS, RST_STREAM]).await.unwrap();
    // 0x89 is 204; a field of HTTP/1.1 would be malformed, and is left out.
    assert_eq!((answer.kind, answer.payload[0], answer.flags & END_STREAM), (HEADERS, 0x89, END_STREAM));
    let expected = "DELETE /pets/7 Some(\"a=b?c\") Http2 None\r\n\
                    host: a.example:8443\r\nte: trailers\r\ncookie: a=1; b=2\r\n";
    assert_eq!(*seen.lock().unwrap(), expected);

    let mut fields: Vec<_> = GOOD.to_vec();
    fields[0].1 = b"CONNECT";
    fields.push((b":protocol", b"websocket"));
    raw.write(&headers(3, END_STREAM, &fields)).await;
    assert_eq!(raw.read_one_of(&[HEADERS, RST_STREAM]).await.unwrap().kind, HEADERS);
    let seen = seen.lock().unwrap().clone();
    assert!(seen.starts_with("GET /good None Http2 Some(\"websocket\")\r\nhost: a.example\r\nsec-websocket-key: "));
    let key = seen.trim_end().rsplit(' ').next().unwrap();
    assert!(key.len() == 24 && key.ends_with("=="), "{key}");
}

#[tokio::test]
async fn answers_keep_their_shape() {
    let handler: Handler = Arc::new(|request| {
        let request = request.unwrap();
        Box::pin(async move {
            match request.target.path() {
                "/known" => Answer::new(StatusCode::OK).with_body(Body::full("four")),
                "/empty" => Answer::new(StatusCode::OK),
                "/head" => Answer::new(StatusCode::OK).with("content-length", "12"),
                _ => {
                    let (sender, parts) = mpsc::channel(2);
                    sender.try_send(Ok(BodyFrame::data(Bytes::from_static(b"half")))).unwrap();
                    sender.try_send(Err(io::ErrorKind::ConnectionReset.into())).unwrap();
                    Answer::new(StatusCode::OK).with_body(Body::wrap(Parts(parts)))
                }
            }
        })
    });
    let (mut sender, _stop, _) = connect(handler).await;
    let mut ask = |method, path| sender.send_request(request(method, path), true).unwrap().0;
    let known = ask(Method::GET, "/known").await.unwrap();
    assert_eq!(known.headers()["content-length"], "4");
    assert_eq!(read_all(known.into_body()).await.0, b"four");
    let empty = ask(Method::GET, "/empty").await.unwrap();
    assert_eq!(empty.headers()["content-length"], "0");
    assert!(empty.body().is_end_stream());
    let head = ask(Method::HEAD, "/head").await.unwrap();
    assert_eq!(head.headers()["content-length"], "12");
    assert!(head.body().is_end_stream());
    // Nobody takes it for a whole one, however much of it had left.
    let error = match ask(Method::GET, "/broken").await {
        Err(error) => error,
        Ok(answer) => {
            let mut body = answer.into_body();
            loop {
                match body.data().await {
                    Some(Ok(data)) => assert_eq!(data, "half"),
                    Some(Err(error)) => break error,
                    None => panic!("it ended as if it were whole"),
                }
            }
        }
    };
    assert_eq!(error.reason(), Some(Reason::INTERNAL_ERROR));
}

#[tokio::test]
async fn who_waits_for_a_hundred_gets_it_when_the_body_is_wanted() {
    let log = Log::default();
    let mut raw = Raw::start(echo(), &[]).await;
    let mut fields = GOOD.to_vec();
    fields[0].1 = b"POST";
    fields.push((b"expect", b"100-continue"));
    raw.write(&headers(1, 0, &fields)).await;
    // 100 has no place in HPACK's table: a literal whose name is the table's 8th.
    let go_on = raw.read_one_of(&[HEADERS, RST_STREAM]).await.unwrap();
    assert!(go_on.kind == HEADERS && go_on.payload[0] & 0x3f == 8, "{go_on:?}");
    raw.write(&frame(DATA, END_STREAM, 1, b"body")).await;
    assert_eq!(raw.read_one_of(&[DATA]).await.unwrap().payload, b"body");

    let mut refused = Raw::start(log.handler(), &[]).await;
    refused.write(&headers(1, 0, &fields)).await;
    assert_eq!(refused.read_one_of(&[HEADERS]).await.unwrap().payload[0], 0x88, "an answer needs no body");
}

#[tokio::test]
async fn who_gives_up_ends_the_work() {
    let log = Log::default();
    let (mut sender, _stop, _) = connect(log.patient_handler()).await;
    let (answer, mut sending) = sender.send_request(request(Method::POST, "/slow"), false).unwrap();
    others().await;
    assert_eq!((log.started(), log.finished.load(Ordering::SeqCst)), (1, 0));
    sending.send_reset(Reason::CANCEL);
    drop(answer);
    others().await;
    assert_eq!(log.finished.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_end_waits_for_what_is_under_way() {
    let gate = Arc::new(tokio::sync::Notify::new());
    let handler: Handler = {
        let gate = Arc::clone(&gate);
        Arc::new(move |_| {
            let gate = Arc::clone(&gate);
            Box::pin(async move {
                gate.notified().await;
                Answer::new(StatusCode::OK).with_body(Body::full("done"))
            })
        })
    };
    let (mut sender, stop, ended) = connect(handler).await;
    let (answer, _) = sender.send_request(request(Method::GET, "/slow"), true).unwrap();
    others().await;
    stop.send(Some(Duration::from_secs(30))).unwrap();
    others().await;
    assert!(!ended.is_finished());
    assert!(sender.ready().await.is_err(), "no new requests after GOAWAY");
    gate.notify_one();
    assert_eq!(read_all(answer.await.unwrap().into_body()).await.0, b"done");
    ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn idle_connections_are_told_to_go() {
    let mut raw = Raw::start(Log::default().handler(), &[]).await;
    let farewell = raw.read_one_of(&[GOAWAY]).await.unwrap();
    assert_eq!(farewell.code(), 0);
    raw.served.ended.await.unwrap();
}

#[test]
fn a_preface_is_known_by_its_head() {
    for read in [PREFACE, &PREFACE[..18]] {
        assert!(begins(read));
    }
    for read in [&b""[..], &PREFACE[..17], b"PRI * HTTP/2.1\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"] {
        assert!(!begins(read));
    }
}
