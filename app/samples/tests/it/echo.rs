//! A server on loopback that keeps what arrives.
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread,
};

/// A request as it came over the wire, its body put together.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Arrived {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

pub(crate) struct Echo {
    pub(crate) address: SocketAddr,
    arrived: Receiver<Arrived>,
}

impl Echo {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, arrived) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Clients may open connections that they do not use.
                let Some(request) = receive(&stream) else { continue };
                // Kept before it is answered: who has seen the answer finds the request here.
                if sender.send(request).is_err() {
                    break;
                }
                let _ = (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
            }
        });
        Self { address, arrived }
    }

    /// What arrived since it was last asked; a client that has ended has been answered, and so its request is here.
    pub(crate) fn take(&self) -> Vec<Arrived> {
        self.arrived.try_iter().collect()
    }
}

fn receive(stream: &TcpStream) -> Option<Arrived> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.trim_end().splitn(3, ' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut fields = Vec::new();
    loop {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).ok()?;
        let line = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        fields.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut arrived = Arrived { method, target, fields, body: Vec::new() };
    if arrived.field("Expect").is_some() {
        (&*stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    if let Some(length) = arrived.field("Content-Length") {
        arrived.body = vec![0; length.parse().ok()?];
        reader.read_exact(&mut arrived.body).ok()?;
    } else if arrived.field("Transfer-Encoding").is_some() {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let mut chunk = vec![0; usize::from_str_radix(size.trim(), 16).ok()? + 2];
            reader.read_exact(&mut chunk).ok()?;
            chunk.truncate(chunk.len() - 2);
            if chunk.is_empty() {
                break;
            }
            arrived.body.extend(chunk);
        }
    }
    Some(arrived)
}
