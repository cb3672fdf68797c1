//! The upstream that all contenders share: `upstream PORT THREADS`.
//!
//! It shares its processor with the load generator, so it does as little as an HTTP/1.1 server can: answers are made
//! once, a head is read once, bodies need a `Content-Length`. The last segment of the path says what is asked for:
//! `1k`, `64k` and `10m` are answers of that size, `echo` sends a body back, `sink` swallows it, `ws` is a WebSocket
//! that echoes, and anything else is as `1k`.
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::{Buf as _, BytesMut};
use sha1::{Digest as _, Sha1};
use socket2::{Domain, Socket, Type};
use std::{env, io, net::SocketAddr, process::ExitCode, sync::Arc, thread};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime,
};

const BLOCK: usize = 64 * 1024;
const LARGE: usize = 10 * 1024 * 1024;
const MOST_FIELDS: usize = 64;

struct Answers {
    small: Vec<u8>,
    medium: Vec<u8>,
    block: Vec<u8>,
}

enum Ask {
    Small,
    Medium,
    Large,
    Echo,
    Sink,
    WebSocket(String),
}

struct Head {
    length: usize,
    body: usize,
    ask: Ask,
}

fn main() -> ExitCode {
    let numbers: Vec<u16> = env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let [port, threads] = numbers[..] else {
        eprintln!("usage: upstream PORT THREADS");
        return ExitCode::FAILURE;
    };
    let answers =
        Arc::new(Answers { small: answer(&[b'x'; 1024]), medium: answer(&[b'y'; BLOCK]), block: vec![b'z'; BLOCK] });
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let answers = Arc::clone(&answers);
            thread::spawn(move || listen(port, answers))
        })
        .collect();
    for worker in workers {
        if let Ok(Err(error)) = worker.join() {
            eprintln!("the upstream cannot serve on port {port}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn answer(body: &[u8]) -> Vec<u8> {
    let mut answer = head(body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

fn head(length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {length}\r\n\r\n")
}

fn listen(port: u16, answers: Arc<Answers>) -> io::Result<()> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], port)).into())?;
    socket.listen(4096)?;
    runtime::Builder::new_current_thread().enable_io().build()?.block_on(async {
        let listener = TcpListener::from_std(socket.into())?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            // A connection that breaks is the proxy's business; what it lost is seen at the load generator.
            tokio::spawn(serve(stream, Arc::clone(&answers)));
        }
    })
}

async fn serve(mut stream: TcpStream, answers: Arc<Answers>) -> io::Result<()> {
    let mut input = BytesMut::with_capacity(16 * 1024);
    loop {
        let Some(head) = next_head(&mut stream, &mut input).await? else { return Ok(()) };
        input.advance(head.length);
        match head.ask {
            Ask::Small => stream.write_all(&answers.small).await?,
            Ask::Medium => stream.write_all(&answers.medium).await?,
            Ask::Large => {
                stream.write_all(self::head(LARGE).as_bytes()).await?;
                for _ in 0..LARGE / BLOCK {
                    stream.write_all(&answers.block).await?;
                }
            }
            Ask::Echo => {
                while input.len() < head.body {
                    read(&mut stream, &mut input).await?;
                }
                let body = input.split_to(head.body);
                stream.write_all(&answer(&body)).await?;
            }
            Ask::Sink => {
                let mut left = head.body;
                while left > 0 {
                    if input.is_empty() {
                        read(&mut stream, &mut input).await?;
                    }
                    let here = left.min(input.len());
                    input.advance(here);
                    left -= here;
                }
                stream.write_all(&answers.small).await?;
            }
            Ask::WebSocket(accept) => {
                let opened = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Accept: {accept}\r\n\r\n"
                );
                stream.write_all(opened.as_bytes()).await?;
                return echo_frames(stream, input).await;
            }
        }
    }
}

/// `None` at the connection's end.
async fn next_head(stream: &mut TcpStream, input: &mut BytesMut) -> io::Result<Option<Head>> {
    loop {
        if let Some(head) = parse(input)? {
            return Ok(Some(head));
        }
        input.reserve(BLOCK);
        if stream.read_buf(input).await? == 0 {
            return Ok(None);
        }
    }
}

async fn read(stream: &mut TcpStream, input: &mut BytesMut) -> io::Result<()> {
    input.reserve(BLOCK);
    match stream.read_buf(input).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

fn parse(input: &[u8]) -> io::Result<Option<Head>> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let length = match request.parse(input).map_err(io::Error::other)? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial => return Ok(None),
    };
    let field = |name: &str| {
        let field = request.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(field.value).ok()
    };
    let body = field("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let path = request.path.unwrap_or_default();
    let ask = match path.rsplit('/').next().unwrap_or_default() {
        "64k" => Ask::Medium,
        "10m" => Ask::Large,
        "echo" => Ask::Echo,
        "sink" => Ask::Sink,
        "ws" => Ask::WebSocket(accept(field("sec-websocket-key").unwrap_or_default())),
        _ => Ask::Small,
    };
    Ok(Some(Head { length, body, ask }))
}

/// RFC 6455, 4.2.2.
fn accept(key: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    BASE64_STANDARD.encode(hash.finalize())
}

/// Frames of at most 125 bytes, as the client here sends them: unmasked, and sent back as one frame each.
async fn echo_frames(mut stream: TcpStream, mut input: BytesMut) -> io::Result<()> {
    let mut output = Vec::with_capacity(256);
    loop {
        while input.len() >= 6 {
            let payload = usize::from(input[1] & 0x7f);
            if input.len() < 6 + payload {
                break;
            }
            let frame = input.split_to(6 + payload);
            output.extend_from_slice(&[frame[0], frame[1] & 0x7f]);
            output.extend(frame[6..].iter().enumerate().map(|(place, byte)| byte ^ frame[2 + place % 4]));
        }
        if !output.is_empty() {
            stream.write_all(&output).await?;
            output.clear();
        }
        read(&mut stream, &mut input).await?;
    }
}
