use super::{
    Fault,
    framing::{Decoder, Found, HeadScanner},
    head::{self, MAX_FIELDS, MAX_HEAD, MAX_TARGET},
    wire::{Patience, Wire},
};
use bytes::{Buf as _, BytesMut};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::{future::poll_fn, time::Duration};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

/// What was read of a stream: how many heads, the bytes of all bodies, and the fault that ended it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    heads: u32,
    bodies: Vec<u8>,
    fault: Option<Fault>,
}

/// Reads a stream that arrives in pieces of this size.
fn pass(stream: &[u8], size: usize) -> Seen {
    let (mut scanner, mut decoder, mut read) = (HeadScanner::default(), Decoder::Over, BytesMut::new());
    let mut seen = Seen::default();
    for piece in stream.chunks(size) {
        read.extend_from_slice(piece);
        if let Err(fault) = advance(&mut scanner, &mut decoder, &mut read, &mut seen) {
            seen.fault = Some(fault);
            break;
        }
    }
    seen
}

fn advance(
    scanner: &mut HeadScanner,
    decoder: &mut Decoder,
    read: &mut BytesMut,
    seen: &mut Seen,
) -> Result<(), Fault> {
    while !read.is_empty() {
        if decoder.is_over() {
            match scanner.scan(read)? {
                Found::Head(length) => {
                    *decoder = head::read(&read[..length])?.framing.into();
                    read.advance(length);
                    seen.heads += 1;
                }
                Found::EmptyLine => read.advance(2),
                Found::Part => break,
            }
        } else if let Some(frame) = decoder.next(read)? {
            seen.bodies.extend_from_slice(frame.data_ref().map_or(&[], |data| &data[..]));
        }
    }
    Ok(())
}

/// The same for pieces of any size: boundaries of reads must not matter.
fn pass_anyhow(stream: &[u8]) -> Seen {
    let whole = pass(stream, stream.len().max(1));
    for size in [1, 2, 3, 7, 64] {
        let shown = String::from_utf8_lossy(&stream[..stream.len().min(200)]);
        assert_eq!(pass(stream, size), whole, "pieces of {size}: {shown:?}");
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
        let seen = pass_anyhow(stream.as_bytes());
        assert_eq!((seen.fault, seen.heads), (None, heads), "{stream:?}");
    }
}

#[test]
fn a_head_is_held_back_until_it_is_whole() {
    for length in 1..GET.len() {
        assert_eq!(pass_anyhow(&GET.as_bytes()[..length]), Seen::default());
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
        let seen = pass_anyhow(head.as_bytes());
        assert!(matches!(seen.fault, Some(Fault::Bad(_))), "{head:?}: {seen:?}");
        assert_eq!(seen.heads, 0, "{head:?}");
    }
}

#[test]
fn what_is_too_large_is_refused_before_it_is_whole() {
    let target = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(MAX_TARGET));
    assert_eq!(pass_anyhow(target.as_bytes()).fault, Some(Fault::TargetTooLong));
    assert_eq!(pass_anyhow(&vec![b'a'; MAX_TARGET + 65]).fault, Some(Fault::TargetTooLong));
    let target = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(MAX_TARGET - 1));
    assert_eq!(pass_anyhow(target.as_bytes()).fault, None);
    let field = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}", "a".repeat(MAX_HEAD));
    assert_eq!(pass_anyhow(field.as_bytes()).fault, Some(Fault::HeadTooLarge));
    let head = |fields: usize| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: a\r\n".repeat(fields - 1));
    assert_eq!(pass_anyhow(head(MAX_FIELDS).as_bytes()).fault, None);
    assert_eq!(pass_anyhow(head(MAX_FIELDS + 1).as_bytes()).fault, Some(Fault::HeadTooLarge));
}

#[test]
fn a_chunked_body_is_followed_to_its_end_and_not_beyond_a_fault() {
    const HEAD: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (body, good) in [
        ("x", ""),
        ("-1\r\nA\r\n0\r\n\r\n", ""),
        ("0x1\r\nA\r\n", ""),
        (" 1\r\nA\r\n", ""),
        ("1 \r\nA\r\n", ""),
        ("\r\n", ""),
        ("1\nA\r\n", ""),
        ("1;\nA\r\n", ""),
        ("1;a\rb", ""),
        ("1\r\nAXX0\r\n\r\n", "A"),
        ("1\r\nA\n", "A"),
        ("1\r\nA\r\r", "A"),
        ("FFFFFFFFFFFFFFFFF\r\nA\r\n", ""),
        ("0\r\nX\r\n\r\n", ""),
        ("0\r\n X: a\r\n\r\n", ""),
        ("0\r\nX: a\n\r\n", ""),
        ("0\r\n\n", ""),
        ("0\r\nX: \0\r\n", ""),
    ] {
        let seen = pass_anyhow(format!("{HEAD}{body}").as_bytes());
        assert!(matches!(seen.fault, Some(Fault::Bad(_))), "{body:?}");
        assert_eq!((seen.bodies, seen.heads), (good.into(), 1), "{body:?}");
    }
    let long = format!("{HEAD}1;{}\r\nA", "a".repeat(300));
    assert!(pass_anyhow(long.as_bytes()).fault.is_some());
    let long = format!("{HEAD}0\r\n{}\r\n", "X: a\r\n".repeat(3_000));
    assert!(pass_anyhow(long.as_bytes()).fault.is_some());
}

#[test]
fn a_request_hidden_in_a_body_is_a_body() {
    let hidden = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\nConnection: Content-Length\r\n\r\n{GET}",
        GET.len()
    );
    let seen = pass_anyhow(hidden.as_bytes());
    assert_eq!((seen.heads, &seen.bodies[..]), (1, GET.as_bytes()));
}

const PATIENCE: Patience =
    Patience { head: Duration::from_secs(10), idle: Duration::from_secs(75), write: Duration::from_mins(1) };

fn wire() -> (DuplexStream, Wire<DuplexStream>) {
    let (client, server) = duplex(64 * 1024);
    (client, Wire::new(server, BytesMut::new(), PATIENCE))
}

/// The next head's target, or the fault in its place.
async fn next(wire: &mut Wire<DuplexStream>) -> Option<Result<String, Fault>> {
    poll_fn(|cx| wire.poll_head(cx)).await.map(|head| head.map(|head| head.target.path().to_owned()))
}

#[tokio::test]
async fn requests_before_a_bad_one_are_read() {
    let (mut client, mut wire) = wire();
    client.write_all(format!("{GET}GET /b HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n{GET}").as_bytes()).await.unwrap();
    assert_eq!(next(&mut wire).await, Some(Ok("/".to_owned())));
    assert_eq!(next(&mut wire).await, Some(Err(Fault::Bad("there are several Host fields"))));
}

#[tokio::test(start_paused = true)]
async fn half_a_head_is_answered_in_time_and_silence_is_not() {
    let (mut client, mut slow) = wire();
    client.write_all(b"GET / HTTP/1.1\r\nHos").await.unwrap();
    assert_eq!(next(&mut slow).await, Some(Err(Fault::HeadTimeout)));
    let (_client, mut silent) = wire();
    assert_eq!(next(&mut silent).await, None);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_ends() {
    let (mut client, mut wire) = wire();
    client.write_all(GET.as_bytes()).await.unwrap();
    assert!(next(&mut wire).await.is_some());
    let started = tokio::time::Instant::now();
    assert_eq!(next(&mut wire).await, None);
    assert!((PATIENCE.idle..PATIENCE.idle * 2).contains(&started.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn a_head_begun_late_on_an_idle_connection_has_its_full_time() {
    let (mut client, mut wire) = wire();
    client.write_all(GET.as_bytes()).await.unwrap();
    assert!(next(&mut wire).await.is_some());
    let reading = tokio::spawn(async move { next(&mut wire).await });
    tokio::time::sleep(PATIENCE.idle * 9 / 10).await;
    client.write_all(&GET.as_bytes()[..5]).await.unwrap();
    tokio::time::sleep(PATIENCE.head * 9 / 10).await;
    client.write_all(&GET.as_bytes()[5..]).await.unwrap();
    assert_eq!(reading.await.unwrap(), Some(Ok("/".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_a_byte_now_and_then_is_given_up() {
    let (mut client, server) = duplex(1);
    let mut wire = Wire::new(server, BytesMut::new(), PATIENCE);
    let reading = tokio::spawn(async move {
        let mut taken = 0;
        while client.read_u8().await.is_ok() {
            taken += 1;
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        taken
    });
    let error = loop {
        if let Err(error) = poll_fn(|cx| wire.poll_write(cx, &[0; 1000], &[])).await {
            break error;
        }
    };
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    drop(wire);
    let taken = reading.await.unwrap();
    assert!((12..=16).contains(&taken), "{taken}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_given_up() {
    let (_client, mut wire) = wire();
    let part = vec![0; 16 * 1024];
    let error = loop {
        if let Err(error) = poll_fn(|cx| wire.poll_write(cx, &part, &[])).await {
            break error;
        }
    };
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

/// Whatever is read here, another parser reads as the same head: mutations of whole messages, some of which stay
/// messages.
#[test]
fn another_parser_agrees() {
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
        let Ok(Found::Head(length)) = HeadScanner::default().scan(&bytes) else { continue };
        let Ok(head) = head::read(&bytes[..length]) else { continue };
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut parsed = httparse::Request::new(&mut fields);
        let other =
            parsed.parse(&bytes).unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(&bytes)));
        assert!(other.is_complete(), "{:?}", String::from_utf8_lossy(&bytes));
        assert_eq!(parsed.method, Some(head.method.as_str()));
        let fields = parsed.headers.iter().map(|field| (field.name, field.value));
        assert!(fields.eq(head.fields.iter()), "{:?}", String::from_utf8_lossy(&bytes));
        let count = |name: &str| parsed.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name)).count();
        assert!(count("content-length") + count("transfer-encoding") <= 1);
        assert_eq!(count("host").max(usize::from(parsed.version == Some(0))), 1);
        agreed += 1;
    }
    assert!(agreed > 1_000, "too few messages survived to tell anything: {agreed}");
}

/// A request's head as it is read, and its body's length where that is known; `None` where there is no such head.
pub(crate) fn parse_for_test(bytes: &[u8]) -> Option<(head::Head, Option<u64>)> {
    let mut bytes = bytes;
    let mut scanner = HeadScanner::default();
    loop {
        match scanner.scan(bytes).ok()? {
            Found::Head(length) => {
                let head = head::read(&bytes[..length]).ok()?;
                let length = Decoder::from(head.framing).length();
                return Some((head, length));
            }
            Found::EmptyLine => bytes = &bytes[2..],
            Found::Part => return None,
        }
    }
}

/// A chunked body that arrives in pieces of this size: what it holds and whether it is over, or what is wrong with it.
pub(crate) fn decode_for_test(bytes: &[u8], size: usize) -> Result<(Vec<u8>, bool), Fault> {
    let (mut decoder, mut read, mut body) = (Decoder::from(head::Framing::Chunked), BytesMut::new(), Vec::new());
    for piece in bytes.chunks(size) {
        read.extend_from_slice(piece);
        while let Some(frame) = decoder.next(&mut read)? {
            body.extend_from_slice(frame.data_ref().map_or(&[], |data| &data[..]));
        }
    }
    Ok((body, decoder.is_over()))
}
