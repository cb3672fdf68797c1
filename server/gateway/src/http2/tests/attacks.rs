//! What must not get through, and what must not cost us much.
use super::{raw::*, *};

/// What becomes of one request.
#[derive(Debug, PartialEq)]
enum Fate {
    /// Refused by these words, or answered with this first byte of a head: 0x88 is 200 in HPACK, 0x8c is 400.
    Answered(u8),
    Reset(u32),
    GoneAway(u32),
}

/// Sends the fields as a request, and afterwards a good one, which must be answered unless the connection ended.
async fn fate(fields: &[Field<'_>], body: Option<&[u8]>) -> (Fate, Vec<String>) {
    let log = Log::default();
    let mut raw = Raw::start(log.handler(), &[]).await;
    let flags = if body.is_some() { 0 } else { END_STREAM };
    raw.write(&headers(1, flags, fields)).await;
    if let Some(body) = body {
        raw.write(&frame(DATA, END_STREAM, 1, body)).await;
    }
    let first = raw.read_one_of(&[HEADERS, RST_STREAM, GOAWAY]).await.expect("an answer of some kind");
    let fate = match first.kind {
        HEADERS => Fate::Answered(first.payload[0]),
        RST_STREAM => Fate::Reset(first.code()),
        _ => return (Fate::GoneAway(first.code()), log.lines()),
    };
    raw.write(&headers(3, END_STREAM, &GOOD)).await;
    loop {
        let next = raw.read_one_of(&[HEADERS, GOAWAY]).await.expect("the connection goes on");
        assert_eq!(next.kind, HEADERS, "{next:?}");
        if next.stream == 3 {
            assert_eq!(next.payload[0], 0x88);
            break;
        }
    }
    let mut lines = log.lines();
    assert_eq!(lines.pop().as_deref(), Some("GET /good a.example"));
    (fate, lines)
}

/// The good request with one field changed, or one more.
fn changed<'a>(changes: &[Field<'a>]) -> Vec<Field<'a>> {
    let mut fields: Vec<Field<'a>> = GOOD.to_vec();
    for (name, value) in changes {
        match fields.iter_mut().find(|(known, _)| known == name) {
            Some(field) => field.1 = value,
            None => fields.push((name, value)),
        }
    }
    fields
}

#[tokio::test]
async fn what_has_two_readings_is_refused_in_words() {
    let long = [b"/", &[b'a'; 9_000][..]].concat();
    let cases: [(&[Field<'_>], &str); 13] = [
        (&[(b"host", b"b.example")], "another host"),
        (&[(b":authority", b"user@a.example")], "a host is a name"),
        (&[(b":method", b"get")], "capital letters"),
        (&[(b":method", b"X'")], "capital letters"),
        (&[(b":path", b"*")], "begins with /"),
        (&[(b":path", &long)], "target is too long"),
        (&[(b":scheme", b"ftp")], "http or https"),
        (&[(b"x-a", b" a")], "white space"),
        (&[(b"x-a", b"a\t")], "white space"),
        (&[(b"http2-settings", b"AAMAAABkAAQAAP__")], "HTTP/1.1 connections"),
        (&[(b":method", b"CONNECT"), (b":protocol", b"connect-udp")], "only :protocol"),
        (&[(b":path", "/\u{e4}".as_bytes())], "visible ASCII"),
        (&[(b"host", b"")], "another host"),
    ];
    for (change, words) in cases {
        let (fate, lines) = fate(&changed(change), None).await;
        assert_eq!(fate, Fate::Answered(0x8c), "{change:?}");
        assert!(lines[0].contains(words), "{change:?}: {lines:?}");
    }
    let connect: [Field<'_>; 2] = [(b":method", b"CONNECT"), (b":authority", b"a.example:443")];
    let (answered, lines) = fate(&connect, None).await;
    assert_eq!(answered, Fate::Answered(0x8c));
    assert!(lines[0].contains("forward proxies"));
    let nameless: [Field<'_>; 3] = [GOOD[0], GOOD[1], GOOD[2]];
    assert!(fate(&nameless, None).await.1[0].contains("asks for an :authority"));
    let mut twice = changed(&[]);
    twice.extend([(&b"host"[..], &b"a.example"[..]), (b"host", b"a.example")]);
    assert!(fate(&twice, None).await.1[0].contains("several Host"));
}

#[tokio::test]
async fn what_is_malformed_never_becomes_a_request() {
    let cases: [&[Field<'_>]; 24] = [
        &[(b"transfer-encoding", b"chunked")],
        &[(b"connection", b"close")],
        &[(b"connection", b"x-portico-app")],
        &[(b"keep-alive", b"1")],
        &[(b"proxy-connection", b"close")],
        &[(b"upgrade", b"websocket")],
        &[(b"te", b"gzip, trailers")],
        &[(b"X-Upper", b"a")],
        &[(b"x-a", b"a\r\nx-portico-app: b")],
        &[(b"x-a", b"a\nb")],
        &[(b"x-a", b"a\0b")],
        &[(b"x-a\r\nx-b", b"c")],
        &[(b"x a", b"b")],
        &[(b"", b"b")],
        &[(b":path", b"GET /x HTTP/1.1\r\nHost: b\r\n\r\n")],
        &[(b":path", b"/a b")],
        &[(b":path", b"/a<b")],
        &[(b":path", b"")],
        &[(b":path", b"a/b")],
        &[(b":path", b"http://a.example/good")],
        &[(b":method", b"GET /x HTTP/1.1\r\n")],
        &[(b":authority", b"a.example\r\nhost: b")],
        &[(b":protocol", b"websocket")],
        &[(b":status", b"200")],
    ];
    for change in cases {
        let (fate, lines) = fate(&changed(change), None).await;
        assert!(matches!(fate, Fate::Reset(PROTOCOL_ERROR) | Fate::GoneAway(PROTOCOL_ERROR)), "{change:?}: {fate:?}");
        assert!(lines.is_empty(), "{change:?}: {lines:?}");
    }
}

#[tokio::test]
async fn a_length_is_the_bodys() {
    let fields = changed(&[(b":method", b"POST"), (b"content-length", b"3")]);
    for body in [&b"ab"[..], b"abcd"] {
        let log = Log::default();
        let mut raw = Raw::start(log.patient_handler(), &[]).await;
        raw.write(&headers(1, 0, &fields)).await;
        raw.write(&frame(DATA, END_STREAM, 1, body)).await;
        let reset = raw.read_one_of(&[RST_STREAM, GOAWAY]).await.unwrap();
        assert_eq!((reset.kind, reset.code()), (RST_STREAM, PROTOCOL_ERROR), "{body:?}");
    }
}

#[tokio::test]
async fn too_many_fields_are_too_many() {
    let names: Vec<String> = (0..110).map(|number| format!("x-{number}")).collect();
    let mut fields = changed(&[]);
    fields.extend(names.iter().map(|name| (name.as_bytes(), &b"1"[..])));
    let (_, lines) = fate(&fields, None).await;
    assert_eq!(lines, ["the head is too large"]);

    // 4,000 crumbs are beyond what is unpacked at all: 431, without a request.
    let mut fields = changed(&[]);
    fields.extend(std::iter::repeat_n((&b"cookie"[..], &b"a=b"[..]), 4_000));
    let (_, lines) = fate(&fields, None).await;
    assert!(lines.is_empty(), "{lines:?}");
}

#[tokio::test]
async fn rapid_resets_end_the_connection() {
    let log = Log::default();
    let raw = Raw::start(log.patient_handler(), &[]).await;
    let code = raw.flood(100_000, |number| {
        let stream = 2 * number + 1;
        [headers(stream, END_STREAM, &GOOD), frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes())].concat()
    });
    assert_eq!(code.await, Some(ENHANCE_YOUR_CALM));
    assert!(log.started() < 1_100, "{} were started", log.started());
    assert_eq!(log.started(), log.finished.load(Ordering::SeqCst), "what was begun was ended");
}

#[tokio::test]
async fn resets_that_wait_for_the_request_to_begin_end_the_connection_too() {
    let log = Log::default();
    let mut raw = Raw::start(log.patient_handler(), &[]).await;
    let mut last = None;
    for number in 0..100_000u32 {
        let stream = 2 * number + 1;
        raw.write(&headers(stream, END_STREAM, &GOOD)).await;
        others().await;
        if !raw.write(&frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes())).await {
            break;
        }
        if log.started() > 1_100 {
            break;
        }
    }
    while let Some(frame) = raw.read_one_of(&[GOAWAY]).await {
        last = Some(frame.code());
    }
    assert_eq!(last, Some(ENHANCE_YOUR_CALM));
    assert!(log.started() < 300, "{}", log.started());
}

#[tokio::test]
async fn resets_that_a_client_brings_about_end_the_connection() {
    // MadeYouReset, CVE-2025-8671: an increment of 0 is a fault of the stream, and the reset is ours.
    let log = Log::default();
    let raw = Raw::start(log.patient_handler(), &[]).await;
    let code = raw.flood(100_000, |number| {
        let stream = 2 * number + 1;
        [headers(stream, END_STREAM, &GOOD), frame(8, 0, stream, &[0; 4])].concat()
    });
    assert!(code.await.is_some_and(|code| code == ENHANCE_YOUR_CALM || code == PROTOCOL_ERROR));
    assert!(log.started() < 1_100, "{} were started", log.started());
}

#[tokio::test]
async fn floods_of_small_frames_end_the_connection() {
    for (what, bytes) in [
        ("PING", frame(PING, 0, 0, &[0; 8])),
        ("SETTINGS", frame(SETTINGS, 0, 0, &[])),
        ("PRIORITY", frame(PRIORITY, 0, 1, &[0, 0, 0, 3, 1])),
        ("PRIORITY on itself", frame(PRIORITY, 0, 1, &[0, 0, 0, 1, 1])),
        ("unknown", frame(0xfa, 0, 0, &[])),
        ("WINDOW_UPDATE", frame(8, 0, 0, &[0, 0, 0, 1])),
    ] {
        let raw = Raw::start(Log::default().handler(), &[]).await;
        let code = raw.flood(100_000, move |_| bytes.clone()).await;
        assert_eq!(code, Some(ENHANCE_YOUR_CALM), "{what}");
    }
}

#[tokio::test]
async fn floods_within_a_request_end_the_connection() {
    let post = changed(&[(b":method", b"POST")]);
    let begun = headers(1, 0, &post);
    let raw = Raw::start(Log::default().patient_handler(), &[]).await;
    let code = raw.flood(100_000, move |number| if number == 0 { begun.clone() } else { frame(DATA, 0, 1, &[]) }).await;
    assert_eq!(code, Some(ENHANCE_YOUR_CALM), "empty DATA");

    let part = block(&GOOD);
    let raw = Raw::start(Log::default().handler(), &[]).await;
    let code = raw.flood(100_000, move |number| {
        if number == 0 { frame(HEADERS, END_STREAM, 1, &part) } else { frame(CONTINUATION, 0, 1, &[]) }
    });
    assert_eq!(code.await, Some(ENHANCE_YOUR_CALM), "CONTINUATION");
}

/// A client that asks and never reads fills what lies between, and then waits, and then is gone.
#[tokio::test(start_paused = true)]
async fn who_never_reads_is_left() {
    let mut raw = Raw::start(Log::default().handler(), &[]).await;
    let mut taken = 0;
    let ping = frame(PING, 0, 0, &[0; 8]);
    while raw.write(&ping).await {
        taken += 1;
        assert!(taken < 100_000);
    }
    raw.served.ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn streams_that_take_nothing_are_reset() {
    let handler: Handler = Arc::new(|_| {
        Box::pin(async { Answer::new(StatusCode::OK).with_body(crate::message::Body::full(vec![b'x'; 1024 * 1024])) })
    });
    // SETTINGS_INITIAL_WINDOW_SIZE is 0.
    let mut raw = Raw::start(handler, &[(4, 0)]).await;
    for number in 0..100 {
        assert!(raw.write(&headers(2 * number + 1, END_STREAM, &GOOD)).await);
    }
    for _ in 0..100 {
        let reset = raw.read_one_of(&[RST_STREAM, GOAWAY]).await.unwrap();
        assert_eq!((reset.kind, reset.code()), (RST_STREAM, CANCEL));
    }
}

#[tokio::test(start_paused = true)]
async fn streams_that_take_a_byte_now_and_then_are_reset() {
    const WINDOW_UPDATE: u8 = 8;
    let handler: Handler = Arc::new(|_| {
        Box::pin(async { Answer::new(StatusCode::OK).with_body(crate::message::Body::full(vec![b'x'; 1024])) })
    });
    let mut raw = Raw::start(handler, &[(4, 0)]).await;
    assert!(raw.write(&headers(1, END_STREAM, &GOOD)).await);
    for taken in 0..20 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(raw.write(&frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1])).await);
        let answer = raw.read_one_of(&[DATA, RST_STREAM, GOAWAY]).await.unwrap();
        if answer.kind != DATA {
            assert_eq!((answer.kind, answer.code()), (RST_STREAM, CANCEL));
            assert!((10..15).contains(&taken), "{taken}");
            return;
        }
    }
    panic!("it went on for as long as the client liked");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_never_begins_ends() {
    let served = serve_by(Log::default().handler());
    served.ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_gone_is_noticed() {
    let mut raw = Raw::start(Log::default().patient_handler(), &[]).await;
    raw.write(&headers(1, END_STREAM, &GOOD)).await;
    // It is asked, and does not answer.
    let asked = loop {
        let frame = raw.read_one_of(&[PING]).await.unwrap();
        if frame.flags == 0 {
            break frame;
        }
    };
    assert_eq!(asked.payload.len(), 8);
    raw.served.ended.await.unwrap();
}
