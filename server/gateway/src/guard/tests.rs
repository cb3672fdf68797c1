use super::{
    FAULT_HEAD, Fault, Guard, Patience, Wire,
    head::{MAX_FIELDS, MAX_HEAD, MAX_TARGET},
    scanner::Scanner,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::{sync::Arc, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

/// What passes when the stream arrives in pieces of this size, and the fault that ended it.
fn pass(stream: &[u8], size: usize) -> (Vec<u8>, u32, Option<Fault>) {
    let (mut scanner, mut held, mut passed, mut heads) = (Scanner::new(), Vec::new(), Vec::new(), 0);
    for piece in stream.chunks(size) {
        held.extend_from_slice(piece);
        let scanned = scanner.scan(&held);
        passed.extend(held.drain(..scanned.passed));
        heads += scanned.heads;
        if scanned.fault.is_some() {
            return (passed, heads, scanned.fault);
        }
    }
    (passed, heads, None)
}

/// The same for pieces of any size: boundaries of reads must not matter.
fn pass_anyhow(stream: &[u8]) -> (Vec<u8>, u32, Option<Fault>) {
    let whole = pass(stream, stream.len().max(1));
    for size in [1, 2, 3, 7, 64] {
        let pieces = pass(stream, size);
        let shown = String::from_utf8_lossy(&stream[..stream.len().min(200)]);
        assert_eq!((pieces.1, pieces.2), (whole.1, whole.2), "pieces of {size}: {shown:?}");
        assert_eq!(pieces.0, whole.0, "pieces of {size}: {shown:?}");
    }
    whole
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn whole_messages_pass_as_they_are() {
    for (stream, heads) in [
        (GET.to_owned(), 1),
        (GET.repeat(3), 3),
        (format!("\r\n{GET}"), 1),
        (format!("{GET}\r\n{GET}"), 2),
        ("GET / HTTP/1.0\r\n\r\n".to_owned(), 1),
        ("GET http://a:80/x?y HTTP/1.1\r\nHost: A:80\r\n\r\n".to_owned(), 1),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 1),
        (format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello{GET}"), 2),
        (format!("POST / HTTP/1.1\r\nhost:a\r\ncontent-length:0\r\n\r\n{GET}"), 2),
        (format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n{GET}"), 2),
        (
            format!(
                "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=\"y\"\r\nabc\r\n00A\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\
                 Y:\r\n\r\n{GET}"
            ),
            2,
        ),
        ("POST / HTTP/1.1\r\nHost: [::1]:80\r\nX: \t é ~\r\n\r\n".to_owned(), 1),
        (format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{GET}", GET.len()), 1),
    ] {
        let (passed, counted, fault) = pass_anyhow(stream.as_bytes());
        assert_eq!(fault, None, "{stream:?}");
        assert_eq!(String::from_utf8(passed).unwrap(), stream);
        assert_eq!(counted, heads, "{stream:?}");
    }
}

#[test]
fn a_head_is_held_back_until_it_is_whole() {
    for length in 1..GET.len() {
        assert_eq!(pass_anyhow(&GET.as_bytes()[..length]), (Vec::new(), 0, None));
    }
}

#[test]
fn nothing_of_a_head_with_two_readings_passes() {
    let with = |fields: &str| format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n");
    let line = |line: &str| format!("{line}\r\nHost: a\r\n\r\n");
    for head in [
        // Line ends.
        "GET / HTTP/1.1\nHost: a\n\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\r\n\n".to_owned(),
        format!("\n{GET}"),
        format!("\r\n\r\n{GET}"),
        with("X: a\rY: b"),
        with("X: a\r"),
        // Fields.
        with("X : a"),
        with(" X: a"),
        with("X: a\r\n b"),
        with("X: a\r\n\tb"),
        with(": a"),
        with("X"),
        with("X\0: a"),
        with("X: a\0b"),
        with("X: a\u{b}b"),
        with("X: a\u{7f}"),
        with("é: a"),
        // Hosts.
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        with("Host: a"),
        with("host: b"),
        "GET / HTTP/1.1\r\nHost:\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\"\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: user@a\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n".to_owned(),
        line("GET http://b/ HTTP/1.1"),
        line("GET http:// HTTP/1.1"),
        line("GET http://a@b/ HTTP/1.1"),
        // Framing.
        with("Content-Length: 6\r\nTransfer-Encoding: chunked"),
        with("Transfer-Encoding: chunked\r\nContent-Length: 6"),
        with("Content-Length: 3\r\nContent-Length: 3"),
        with("Content-Length: 3, 3"),
        with("Content-Length: 3, 5"),
        with("Content-Length: +3"),
        with("Content-Length: -3"),
        with("Content-Length: 0x3"),
        with("Content-Length: 03"),
        with("Content-Length: 3 3"),
        with("Content-Length:"),
        with("Content-Length: 99999999999999999999"),
        with("Transfer-Encoding: identity"),
        with("Transfer-Encoding: gzip, chunked"),
        with("Transfer-Encoding: chunked, identity"),
        with("Transfer-Encoding: chunked, chunked"),
        with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        with("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
        with("Transfer-Encoding: \u{b}chunked"),
        with("Transfer-Encoding: \"chunked\""),
        with("Transfer-Encoding: xchunked"),
        with("Transfer-Encoding:"),
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
        // The request line.
        line("get / HTTP/1.1"),
        line("Get / HTTP/1.1"),
        line("refused / HTTP/1.1"),
        line("FOO!BAR / HTTP/1.1"),
        line("ABCDEFGHIJKLMNOPQRSTUVWXYZ / HTTP/1.1"),
        line("CONNECT a:80 HTTP/1.1"),
        line("GET /"),
        line("GET / HTTP/2.0"),
        line("GET / HTTP/1.2"),
        line("GET / http/1.1"),
        line("GET /  HTTP/1.1"),
        line("GET / HTTP/1.1 "),
        line(" GET / HTTP/1.1"),
        line("GET\t/ HTTP/1.1"),
        line("GET /a b HTTP/1.1"),
        line("GET /é HTTP/1.1"),
        line("GET /\0 HTTP/1.1"),
        line("GET /a#b HTTP/1.1"),
        line("GET a HTTP/1.1"),
        line("GET * HTTP/1.1"),
        line("GET ftp://a/ HTTP/1.1"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}\n".to_owned(),
    ] {
        let (passed, heads, fault) = pass_anyhow(head.as_bytes());
        assert!(matches!(fault, Some(Fault::Bad(_))), "{head:?}: {fault:?}");
        assert!(passed.is_empty() || passed == b"\r\n", "{head:?}");
        assert_eq!(heads, 0);
    }
}

#[test]
fn what_is_too_large_is_refused_before_it_is_whole() {
    let target = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(MAX_TARGET));
    assert_eq!(pass_anyhow(target.as_bytes()).2, Some(Fault::TargetTooLong));
    assert_eq!(pass_anyhow(&vec![b'a'; MAX_TARGET + 65]).2, Some(Fault::TargetTooLong));
    let target = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(MAX_TARGET - 1));
    assert_eq!(pass_anyhow(target.as_bytes()).2, None);
    let field = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}", "a".repeat(MAX_HEAD));
    assert_eq!(pass_anyhow(field.as_bytes()).2, Some(Fault::HeadTooLarge));
    let head = |fields: usize| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: a\r\n".repeat(fields - 1));
    assert_eq!(pass_anyhow(head(MAX_FIELDS).as_bytes()).2, None);
    assert_eq!(pass_anyhow(head(MAX_FIELDS + 1).as_bytes()).2, Some(Fault::HeadTooLarge));
}

#[test]
fn a_chunked_body_is_followed_to_its_end_and_not_beyond_a_fault() {
    const HEAD: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (body, good) in [
        ("x", ""),
        ("-1\r\nA\r\n0\r\n\r\n", ""),
        ("0x1\r\nA\r\n", "0"),
        (" 1\r\nA\r\n", ""),
        ("1 \r\nA\r\n", "1"),
        ("\r\n", ""),
        ("1\nA\r\n", "1"),
        ("1;\nA\r\n", "1;"),
        ("1;a\rb", "1;a\r"),
        ("1\r\nAXX0\r\n\r\n", "1\r\nA"),
        ("1\r\nA\n", "1\r\nA"),
        ("1\r\nA\r\r", "1\r\nA\r"),
        ("FFFFFFFFFFFFFFFFF\r\nA\r\n", "FFFFFFFFFFFFFFF"),
        ("0\r\nX\r\n\r\n", "0\r\nX"),
        ("0\r\n X: a\r\n\r\n", "0\r\n"),
        ("0\r\nX: a\n\r\n", "0\r\nX: a"),
        ("0\r\n\n", "0\r\n"),
        ("0\r\nX: \0\r\n", "0\r\nX: "),
    ] {
        let (passed, heads, fault) = pass_anyhow(format!("{HEAD}{body}").as_bytes());
        assert!(matches!(fault, Some(Fault::Bad(_))), "{body:?}");
        assert_eq!((String::from_utf8(passed).unwrap(), heads), (format!("{HEAD}{good}"), 1));
    }
    let long = format!("{HEAD}1;{}\r\nA", "a".repeat(300));
    assert!(pass_anyhow(long.as_bytes()).2.is_some());
    let long = format!("{HEAD}0\r\n{}\r\n", "X: a\r\n".repeat(3_000));
    assert!(pass_anyhow(long.as_bytes()).2.is_some());
}

#[test]
fn a_request_hidden_in_a_body_is_a_body() {
    let hidden = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\nConnection: Content-Length\r\n\r\n{GET}",
        GET.len()
    );
    assert_eq!(pass_anyhow(hidden.as_bytes()).1, 1);
}

const PATIENCE: Patience =
    Patience { head: Duration::from_secs(10), idle: Duration::from_secs(75), write: Duration::from_mins(1) };

fn guard() -> (DuplexStream, Guard<DuplexStream>, Arc<Wire>) {
    let (client, server) = duplex(64 * 1024);
    let wire = Arc::new(Wire::default());
    (client, Guard::new(server, Arc::clone(&wire), PATIENCE), wire)
}

async fn read_some(guard: &mut Guard<DuplexStream>) -> String {
    let mut bytes = vec![0; 1024];
    let length = guard.read(&mut bytes).await.unwrap();
    String::from_utf8(bytes[..length].to_vec()).unwrap()
}

#[tokio::test]
async fn the_parser_sees_one_plain_request_in_place_of_a_bad_one() {
    let (mut client, mut guard, wire) = guard();
    client.write_all(format!("{GET}GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n{GET}").as_bytes()).await.unwrap();
    let seen = read_some(&mut guard).await;
    assert_eq!(seen.as_bytes(), [GET.as_bytes(), FAULT_HEAD].concat());
    assert_eq!(wire.fault(), Some(Fault::Bad("there are several Host fields")));
    let mut byte = [0];
    tokio::select! {
        biased;
        more = guard.read(&mut byte) => panic!("{more:?}"),
        () = std::future::ready(()) => {}
    }
}

#[tokio::test]
async fn a_head_in_pieces_is_handed_over_in_one() {
    let (mut client, mut guard, _) = guard();
    let bytes = format!("{GET}{GET}");
    let reading = tokio::spawn(async move { (read_some(&mut guard).await, read_some(&mut guard).await) });
    for byte in bytes.as_bytes() {
        client.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(reading.await.unwrap(), (GET.to_owned(), GET.to_owned()));
}

#[tokio::test]
async fn a_bad_body_is_an_error_and_not_an_end() {
    let (mut client, mut guard, wire) = guard();
    client.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nAXX").await.unwrap();
    assert!(read_some(&mut guard).await.ends_with("1\r\nA"));
    assert!(guard.read(&mut [0]).await.is_err());
    assert!(wire.fault().is_some());
}

#[tokio::test(start_paused = true)]
async fn half_a_head_is_answered_in_time_and_silence_is_not() {
    let (mut client, mut slow, wire) = guard();
    client.write_all(b"GET / HTTP/1.1\r\nHos").await.unwrap();
    assert_eq!(read_some(&mut slow).await.as_bytes(), FAULT_HEAD);
    assert_eq!(wire.fault(), Some(Fault::HeadTimeout));
    let (_client, mut silent, wire) = guard();
    assert_eq!(read_some(&mut silent).await, "");
    assert_eq!(wire.fault(), None);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_ends_but_not_under_an_answer() {
    let (mut client, mut guard, wire) = guard();
    client.write_all(GET.as_bytes()).await.unwrap();
    assert_eq!(read_some(&mut guard).await, GET);
    let started = tokio::time::Instant::now();
    let ended = tokio::spawn(async move { read_some(&mut guard).await });
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert!(!ended.is_finished(), "its answer is still under way");
    wire.settle();
    assert_eq!(ended.await.unwrap(), "");
    assert!(started.elapsed() < Duration::from_mins(5) + 2 * PATIENCE.idle);
}

#[tokio::test(start_paused = true)]
async fn a_head_begun_late_on_an_idle_connection_has_its_full_time() {
    let (mut client, mut guard, wire) = guard();
    client.write_all(GET.as_bytes()).await.unwrap();
    assert_eq!(read_some(&mut guard).await, GET);
    wire.settle();
    let reading = tokio::spawn(async move { read_some(&mut guard).await });
    tokio::time::sleep(PATIENCE.idle * 9 / 10).await;
    client.write_all(&GET.as_bytes()[..5]).await.unwrap();
    tokio::time::sleep(PATIENCE.head * 9 / 10).await;
    client.write_all(&GET.as_bytes()[5..]).await.unwrap();
    assert_eq!(reading.await.unwrap(), GET);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_given_up() {
    let (_client, mut guard, _) = guard();
    let error = guard.write_all(&vec![0; 128 * 1024]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

/// Whatever the guard lets through, the parser behind reads as the same heads: mutations of whole messages, some of
/// which stay messages.
#[test]
fn the_parser_agrees_with_the_guard() {
    let seeds: [&[u8]; 4] = [
        b"GET /a?b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a:1\r\nContent-Length: 12\r\nY:\tz \r\n\r\n",
        b"POST http://a/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"PUT / HTTP/1.0\r\nContent-Length: 0\r\n\r\n",
    ];
    let pieces: [&[u8]; 12] = [
        b"\r",
        b"\n",
        b"\r\n",
        b" ",
        b"\t",
        b":",
        b"\0",
        b"0",
        b",",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"\r\n ",
    ];
    let mut rng = StdRng::seed_from_u64(2026);
    let mut agreed = 0;
    for _ in 0..40_000 {
        let mut bytes = seeds[rng.random_range(0..seeds.len())].to_vec();
        for _ in 0..rng.random_range(1..4) {
            let place = rng.random_range(0..bytes.len());
            match rng.random_range(0..4) {
                0 => bytes[place] = rng.random(),
                1 => drop(bytes.remove(place)),
                2 => drop(bytes.splice(place..place, pieces[rng.random_range(0..pieces.len())].iter().copied())),
                _ => bytes[place] = bytes[place].wrapping_add(1),
            }
        }
        let mut scanner = Scanner::new();
        let scanned = scanner.scan(&bytes);
        if scanned.heads == 0 {
            continue;
        }
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut parsed = httparse::Request::new(&mut fields);
        let head =
            parsed.parse(&bytes).unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(&bytes)));
        assert!(head.is_complete(), "{:?}", String::from_utf8_lossy(&bytes));
        let count = |name: &str| parsed.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name)).count();
        assert!(count("content-length") + count("transfer-encoding") <= 1);
        assert_eq!(count("host").max(usize::from(parsed.version == Some(0))), 1);
        agreed += 1;
    }
    assert!(agreed > 1_000, "too few messages survived to tell anything: {agreed}");
}
