//! Two loads that wrk cannot make, against 127.0.0.1; each prints one line of JSON.
//!
//! `client paced PORT PATH KEY CONNECTIONS SECONDS RATE`: so many requests a second, whatever the answers take.
//! `client ws PORT PATH KEY CONNECTIONS SECONDS`: WebSocket messages of 64 bytes, each sent when the last came back.
use std::{
    env,
    io::{self, Read as _, Write as _},
    net::TcpStream,
    process::ExitCode,
    str::FromStr,
    thread,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    runtime,
};

const MESSAGE: usize = 64;

/// What one connection saw.
struct Seen {
    latencies: Vec<Duration>,
    failed: bool,
}

struct Load {
    port: u16,
    path: String,
    key: String,
    connections: u32,
    length: Duration,
    rate: u32,
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let Some(load) = Load::read(&words) else {
        eprintln!("usage: client paced|ws PORT PATH KEY CONNECTIONS SECONDS [RATE]");
        return ExitCode::FAILURE;
    };
    let seen = if words[0] == "paced" { paced(&load) } else { web_socket(&load) };
    let failed = seen.iter().filter(|seen| seen.failed).count();
    let mut latencies: Vec<_> = seen.into_iter().flat_map(|seen| seen.latencies).collect();
    latencies.sort_unstable();
    let at =
        |part: usize| latencies.get(latencies.len() * part / 1000).map_or(0, |at| at.as_nanos() / 100) as f64 / 10.0;
    println!("{{\"requests\":{},\"failed\":{failed},\"p50_us\":{},\"p99_us\":{}}}", latencies.len(), at(500), at(990));
    ExitCode::SUCCESS
}

impl Load {
    fn read(words: &[String]) -> Option<Self> {
        fn number<T: FromStr>(word: Option<&String>) -> Option<T> {
            word?.parse().ok()
        }
        Some(Self {
            port: number(words.get(1))?,
            path: words.get(2)?.clone(),
            key: words.get(3)?.clone(),
            connections: number(words.get(4))?,
            length: Duration::from_secs(number(words.get(5))?),
            rate: if words[0] == "paced" { number(words.get(6))? } else { 1 },
        })
    }

    fn head(&self, more: &str) -> String {
        format!("GET {} HTTP/1.1\r\nHost: bench.example\r\nX-API-Key: {}\r\n{more}\r\n", self.path, self.key)
    }
}

/// A thread a connection, and each with its own share of the rate. Blocking sockets and the kernel's timers: a timer of
/// an event loop is coarser than what is measured here.
fn paced(load: &Load) -> Vec<Seen> {
    let request = load.head("");
    let step = Duration::from_secs(1) * load.connections / load.rate;
    let start = Instant::now() + Duration::from_millis(50);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..load.connections)
            .map(|number| {
                let first = start + step * number / load.connections;
                let request = request.as_bytes();
                scope.spawn(move || {
                    let mut latencies = Vec::new();
                    let run = pace(load, request, first, step, start + load.length, &mut latencies);
                    Seen { latencies, failed: run.is_err() }
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    })
}

/// A request that had to wait for the answer before it is counted from the moment it was due, so that a proxy that
/// stalls cannot hide what it made wait. One that was sent late by the timer alone is counted from its sending.
fn pace(
    load: &Load,
    request: &[u8],
    first: Instant,
    step: Duration,
    end: Instant,
    latencies: &mut Vec<Duration>,
) -> io::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", load.port))?;
    stream.set_nodelay(true)?;
    let mut input = vec![0; 64 * 1024];
    let mut due = first;
    while due < end {
        let now = Instant::now();
        let from = if now < due {
            thread::sleep(due - now);
            Instant::now()
        } else {
            due
        };
        stream.write_all(request)?;
        answer(&mut stream, &mut input)?;
        latencies.push(from.elapsed());
        due += step;
    }
    Ok(())
}

/// Reads one answer with a `Content-Length` or in chunks of which the last stands at the end of what was read.
fn answer(stream: &mut TcpStream, input: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    loop {
        let here = stream.read(&mut input[filled..])?;
        if here == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        filled += here;
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut answer = httparse::Response::new(&mut fields);
        let httparse::Status::Complete(head) = answer.parse(&input[..filled]).map_err(io::Error::other)? else {
            continue;
        };
        if answer.code != Some(200) {
            return Err(io::Error::other(format!("status {:?}", answer.code)));
        }
        let length = answer.headers.iter().find(|field| field.name.eq_ignore_ascii_case("content-length"));
        let length = length.and_then(|field| std::str::from_utf8(field.value).ok()?.parse::<usize>().ok());
        let whole = match length {
            Some(length) => filled >= head + length,
            None => input[..filled].ends_with(b"0\r\n\r\n"),
        };
        if whole {
            return Ok(());
        }
    }
}

fn web_socket(load: &Load) -> Vec<Seen> {
    let Ok(runtime) = runtime::Builder::new_current_thread().enable_io().build() else { return Vec::new() };
    runtime.block_on(async {
        let end = Instant::now() + load.length;
        let opening = load.head(
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n",
        );
        let connections: Vec<_> = (0..load.connections)
            .map(|_| {
                let (port, opening) = (load.port, opening.clone());
                tokio::spawn(async move {
                    let mut latencies = Vec::new();
                    let run = talk(port, &opening, end, &mut latencies).await;
                    Seen { latencies, failed: run.is_err() }
                })
            })
            .collect();
        let mut seen = Vec::new();
        for connection in connections {
            seen.extend(connection.await);
        }
        seen
    })
}

async fn talk(port: u16, opening: &str, end: Instant, latencies: &mut Vec<Duration>) -> io::Result<()> {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    stream.write_all(opening.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    if !head.starts_with(b"HTTP/1.1 101 ") {
        return Err(io::Error::other("no WebSocket was opened"));
    }
    // A binary message under a mask, which clients must set, and what comes back without one.
    let mut message = vec![0x82, 0x80 | MESSAGE as u8, 1, 2, 3, 4];
    message.extend([7; MESSAGE]);
    let mut back = [0; 2 + MESSAGE];
    while Instant::now() < end {
        let sent = Instant::now();
        stream.write_all(&message).await?;
        stream.read_exact(&mut back).await?;
        latencies.push(sent.elapsed());
    }
    Ok(())
}
