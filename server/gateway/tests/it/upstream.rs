//! A small upstream that keeps the bytes it was sent.
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";

/// Answers every request with the same bytes.
pub(crate) struct Upstream {
    pub(crate) addr: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Upstream {
    pub(crate) async fn start(answer: &'static str) -> Self {
        Self::start_with(move |_| answer.to_owned()).await
    }

    /// The connection is closed after an empty answer, and after one that says so.
    pub(crate) async fn start_with(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let (recorded, answer) = (Arc::clone(&seen), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (recorded, answer) = (Arc::clone(&recorded), Arc::clone(&answer));
                tokio::spawn(async move {
                    let mut buffer = Vec::new();
                    while let Some(request) = read_message(&mut stream, &mut buffer).await {
                        let text = answer(&request);
                        recorded.lock().unwrap().push(request);
                        if stream.write_all(text.as_bytes()).await.is_err()
                            || text.is_empty()
                            || text.contains("Connection: close")
                        {
                            break;
                        }
                    }
                });
            }
        });
        Self { addr, seen }
    }

    /// Requests so far, as they came.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// The only request so far.
    pub(crate) fn only(&self) -> String {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.into_iter().next().unwrap()
    }
}

/// Reads one message with its body; `None` at the end of the connection.
pub(crate) async fn read_message(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(length) = message_length(buffer) {
            let rest = buffer.split_off(length);
            let message = std::mem::replace(buffer, rest);
            return Some(String::from_utf8_lossy(&message).into_owned());
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

fn message_length(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&buffer[..head]).to_lowercase();
    if text.contains("transfer-encoding: chunked") {
        return chunked_length(&buffer[head..]).map(|length| head + length);
    }
    let length =
        text.split("content-length: ").nth(1).map_or(0, |rest| rest.split("\r\n").next().unwrap().parse().unwrap());
    (buffer.len() >= head + length).then_some(head + length)
}

/// Of chunks, with the trailers behind them.
fn chunked_length(body: &[u8]) -> Option<usize> {
    let line_end = |from: usize| Some(from + body.get(from..)?.windows(2).position(|two| two == b"\r\n")?);
    let mut place = 0;
    loop {
        let end = line_end(place)?;
        let size = String::from_utf8_lossy(&body[place..end]);
        let size = usize::from_str_radix(size.split(';').next()?, 16).unwrap();
        place = end + 2;
        if size == 0 {
            break;
        }
        place += size + 2;
    }
    loop {
        let end = line_end(place)?;
        if end == place {
            return Some(end + 2);
        }
        place = end + 2;
    }
}
