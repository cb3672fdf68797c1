//! The line or block that a proxy in front of the gateway puts before a connection's first byte, to say whose connection
//! it is: HAProxy's PROXY protocol, versions 1 and 2 (<https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>).
//!
//! It stands before TLS, and only exactly its bytes are taken off the socket, so whatever reads next begins where the
//! client does. Whoever may write it can claim any address: [`read`] is for connections of trusted proxies alone.
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};
use tokio::{io::AsyncReadExt, net::TcpStream};

/// What begins every block of version 2.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// The signature, version and command, family, and the length of the rest.
const FIXED: usize = 16;
/// A line of version 1 with its end, by the standard.
const MAX_LINE: usize = 107;
/// What follows the fixed part of version 2: addresses and extensions. Real ones stay far below.
const MAX_REST: usize = 4096;

/// Whose connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A client's, which the proxy carries on.
    Client(SocketAddr),
    /// The proxy's own, to see whether we are there; or one of which it does not know the client's address.
    Proxy,
}

/// Why a connection is closed before anything is read from it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PreludeError {
    #[error("it does not begin with the PROXY protocol: {0}")]
    Malformed(&'static str),
    #[error("it ended before the PROXY protocol did: {0}")]
    Io(#[from] io::Error),
}

use PreludeError::Malformed;

/// Takes the prelude off a new connection. How long that may take is the caller's to say.
pub(crate) async fn read(stream: &mut TcpStream) -> Result<Origin, PreludeError> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    match first[0] {
        b'P' => parse_line(&read_line(stream).await?),
        0x0d => {
            let mut fixed = [0; FIXED];
            stream.read_exact(&mut fixed).await?;
            let block = Block::parse(&fixed)?;
            let mut rest = vec![0; block.length];
            stream.read_exact(&mut rest).await?;
            block.origin(&rest)
        }
        _ => Err(Malformed("there is neither a line PROXY … nor the signature of version 2")),
    }
}

/// A line with its end. Looks before it takes, so that nothing behind the line is lost.
async fn read_line(stream: &mut TcpStream) -> Result<Vec<u8>, PreludeError> {
    let mut line = Vec::with_capacity(MAX_LINE);
    loop {
        let mut seen = [0; MAX_LINE];
        let room = MAX_LINE - line.len();
        let count = stream.peek(&mut seen[..room]).await?;
        if count == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let end = seen[..count].iter().position(|byte| *byte == b'\n').map(|place| place + 1);
        let take = end.unwrap_or(count);
        stream.read_exact(&mut seen[..take]).await?;
        line.extend_from_slice(&seen[..take]);
        if end.is_some() {
            return Ok(line);
        }
        if line.len() == MAX_LINE {
            return Err(Malformed("a line of version 1 is longer than 107 bytes"));
        }
    }
}

/// Version 1: `PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n`.
fn parse_line(line: &[u8]) -> Result<Origin, PreludeError> {
    const SHAPE: PreludeError = Malformed("a line of version 1 is PROXY TCP4 or TCP6, two addresses and two ports");
    let line = line.strip_suffix(b"\r\n").ok_or(Malformed("a line of version 1 ends with CR LF"))?;
    let text = std::str::from_utf8(line).map_err(|_| SHAPE)?;
    let mut words = text.split(' ');
    if words.next() != Some("PROXY") {
        return Err(SHAPE);
    }
    let (source, destination) = match words.next() {
        // What follows is to be ignored.
        Some("UNKNOWN") => return Ok(Origin::Proxy),
        Some("TCP4") => (address::<Ipv4Addr>(words.next()), address::<Ipv4Addr>(words.next())),
        Some("TCP6") => (address::<Ipv6Addr>(words.next()), address::<Ipv6Addr>(words.next())),
        _ => return Err(SHAPE),
    };
    let (source_port, destination_port) = (port(words.next()), port(words.next()));
    match (source, destination, source_port, destination_port, words.next()) {
        (Some(source), Some(_), Some(port), Some(_), None) => Ok(Origin::Client(SocketAddr::new(source, port))),
        _ => Err(SHAPE),
    }
}

fn address<A: FromStr + Into<IpAddr>>(word: Option<&str>) -> Option<IpAddr> {
    word?.parse::<A>().ok().map(|address| address.into().to_canonical())
}

/// Decimal, with no zero before it and no sign.
fn port(word: Option<&str>) -> Option<u16> {
    let word = word?;
    let plain = word.bytes().all(|byte| byte.is_ascii_digit()) && (word == "0" || !word.starts_with('0'));
    if plain { word.parse().ok() } else { None }
}

/// The fixed part of version 2.
struct Block {
    command: Command,
    family: Family,
    /// Of what follows.
    length: usize,
}

#[derive(PartialEq, Eq)]
enum Command {
    Local,
    Proxy,
}

enum Family {
    V4,
    V6,
    /// Unspecified, or a local socket.
    Without,
}

impl Block {
    fn parse(fixed: &[u8; FIXED]) -> Result<Self, PreludeError> {
        let (signature, fields) = fixed.split_at(SIGNATURE.len());
        if signature != SIGNATURE {
            return Err(Malformed("the signature of version 2 is not whole"));
        }
        let command = match fields[0] {
            0x20 => Command::Local,
            0x21 => Command::Proxy,
            _ => return Err(Malformed("version 2 knows the commands LOCAL and PROXY")),
        };
        let family = match fields[1] {
            0x11 => Family::V4,
            0x21 => Family::V6,
            0x00 | 0x31 => Family::Without,
            _ if command == Command::Local => Family::Without,
            _ => return Err(Malformed("only TCP connections are taken over")),
        };
        let length = usize::from(u16::from_be_bytes([fields[2], fields[3]]));
        if length > MAX_REST {
            return Err(Malformed("a block of version 2 is longer than 4096 bytes"));
        }
        Ok(Self { command, family, length })
    }

    /// What the addresses say; extensions behind them are passed over.
    fn origin(&self, rest: &[u8]) -> Result<Origin, PreludeError> {
        const SHORT: PreludeError = Malformed("a block of version 2 is too short for its addresses");
        if self.command == Command::Local {
            return Ok(Origin::Proxy);
        }
        let (source, ports, extensions) = match self.family {
            Family::Without => return Ok(Origin::Proxy),
            Family::V4 => {
                let (addresses, extensions) = rest.split_at_checked(12).ok_or(SHORT)?;
                let source: [u8; 4] = addresses[..4].try_into().map_err(|_| SHORT)?;
                (IpAddr::from(source), &addresses[8..], extensions)
            }
            Family::V6 => {
                let (addresses, extensions) = rest.split_at_checked(36).ok_or(SHORT)?;
                let source: [u8; 16] = addresses[..16].try_into().map_err(|_| SHORT)?;
                (IpAddr::from(source).to_canonical(), &addresses[32..], extensions)
            }
        };
        check_extensions(extensions)?;
        Ok(Origin::Client(SocketAddr::new(source, u16::from_be_bytes([ports[0], ports[1]]))))
    }
}

/// A type, a length and a value each, to the very end of the block.
fn check_extensions(mut rest: &[u8]) -> Result<(), PreludeError> {
    while let [_, high, low, values @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        rest = values.get(length..).ok_or(Malformed("an extension in a block of version 2 reaches beyond its end"))?;
    }
    if rest.is_empty() { Ok(()) } else { Err(Malformed("a block of version 2 ends in the middle of an extension")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{io::AsyncWriteExt, net::TcpListener};

    fn block(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let mut block = SIGNATURE.to_vec();
        block.extend([command, family]);
        block.extend(u16::try_from(rest.len()).unwrap().to_be_bytes());
        block.extend(rest);
        block
    }

    /// 192.0.2.7:40000 to 198.51.100.1:443.
    const V4: [u8; 12] = [192, 0, 2, 7, 198, 51, 100, 1, 0x9c, 0x40, 1, 0xbb];

    /// What is understood of these bytes, and what is left for whoever reads next.
    async fn sent(parts: &[&[u8]]) -> (Result<Origin, PreludeError>, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let parts: Vec<Vec<u8>> = parts.iter().map(|part| part.to_vec()).collect();
        let writing = tokio::spawn(async move {
            for part in parts {
                client.write_all(&part).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        let origin = read(&mut stream).await;
        writing.await.unwrap();
        let mut left = Vec::new();
        if origin.is_ok() {
            stream.read_to_end(&mut left).await.unwrap();
        }
        (origin, left)
    }

    fn client(text: &str) -> Origin {
        Origin::Client(text.parse().unwrap())
    }

    #[tokio::test]
    async fn only_the_prelude_is_taken() {
        let (origin, left) = sent(&[b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\nGET / HTTP/1.1\r\n"]).await;
        assert_eq!(origin.unwrap(), client("192.0.2.7:40000"));
        assert_eq!(left, b"GET / HTTP/1.1\r\n");

        let (origin, left) = sent(&[&block(0x21, 0x11, &V4), &[0x16, 3, 1]]).await;
        assert_eq!(origin.unwrap(), client("192.0.2.7:40000"));
        assert_eq!(left, [0x16, 3, 1]);
    }

    #[tokio::test]
    async fn it_may_come_in_pieces() {
        let (origin, left) = sent(&[b"P", b"ROXY TCP6 2001:db8::1 ", b"2001:db8::2 1 2\r", b"\nrest"]).await;
        assert_eq!(origin.unwrap(), client("[2001:db8::1]:1"));
        assert_eq!(left, b"rest");
        let whole = block(0x21, 0x11, &V4);
        let pieces: Vec<&[u8]> = whole.chunks(5).collect();
        assert_eq!(sent(&pieces).await.0.unwrap(), client("192.0.2.7:40000"));
    }

    #[tokio::test]
    async fn what_is_no_prelude_closes_the_connection() {
        for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x16\x03\x01", b"", b"PROX", b"\r\n\r\n\0\r\nQUIT"] {
            assert!(sent(&[bytes]).await.0.is_err(), "{bytes:?}");
        }
        let endless = [&b"PROXY TCP4 "[..], &[b'1'; 200]].concat();
        assert!(matches!(sent(&[&endless]).await.0, Err(Malformed(_))));
    }

    #[test]
    fn lines_are_read_strictly() {
        for (line, origin) in [
            ("PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n", client("192.0.2.7:40000")),
            ("PROXY TCP6 ::ffff:192.0.2.7 ::1 0 65535\r\n", client("192.0.2.7:0")),
            ("PROXY UNKNOWN\r\n", Origin::Proxy),
            ("PROXY UNKNOWN whatever it says\r\n", Origin::Proxy),
        ] {
            assert_eq!(parse_line(line.as_bytes()).unwrap(), origin, "{line}");
        }
        for line in [
            "PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\n",
            "PROXY TCP4 192.0.2.7 198.51.100.1 40000 443 1\r\n",
            "PROXY TCP4 192.0.2.7 198.51.100.1 40000 \r\n",
            "PROXY TCP4 192.0.2.7 198.51.100.1 40000\r\n",
            "PROXY TCP4 192.0.2.7  198.51.100.1 40000 443\r\n",
            "PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n",
            "PROXY TCP4 192.0.2.7 198.51.100.1 +1 443\r\n",
            "PROXY TCP4 192.0.2.7 198.51.100.1 01 443\r\n",
            "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
            "PROXY TCP6 192.0.2.7 192.0.2.8 1 2\r\n",
            "PROXY TCP4 192.0.2.07 198.51.100.1 1 2\r\n",
            "PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n",
            "PROXY\r\n",
            "PROXYTCP4\r\n",
            "POST / HTTP/1.1\r\n",
            "PROXY TCP4 \u{661} 198.51.100.1 1 2\r\n",
        ] {
            assert!(parse_line(line.as_bytes()).is_err(), "{line:?}");
        }
    }

    fn parse_block(bytes: &[u8]) -> Result<Origin, PreludeError> {
        let (fixed, rest) = bytes.split_at(FIXED);
        let block = Block::parse(fixed.try_into().unwrap())?;
        assert_eq!(block.length, rest.len());
        block.origin(rest)
    }

    #[test]
    fn blocks_are_read_strictly() {
        let v6 = [&[0x20, 1, 0xd, 0xb8][..], &[0; 11], &[1], &[0; 16], &[0x9c, 0x40, 1, 0xbb]].concat();
        let extended = [&V4[..], &[4, 0, 2, 9, 9, 0x20, 0, 0]].concat();
        for (bytes, origin) in [
            (block(0x21, 0x11, &V4), client("192.0.2.7:40000")),
            (block(0x21, 0x21, &v6), client("[2001:db8::1]:40000")),
            (block(0x21, 0x11, &extended), client("192.0.2.7:40000")),
            (block(0x20, 0x00, &[]), Origin::Proxy),
            (block(0x20, 0x11, &V4), Origin::Proxy),
            (block(0x21, 0x00, &[1, 2, 3]), Origin::Proxy),
            (block(0x21, 0x31, &[0; 216]), Origin::Proxy),
        ] {
            assert_eq!(parse_block(&bytes).unwrap(), origin, "{bytes:?}");
        }
        for bytes in [
            block(0x21, 0x11, &V4[..11]),
            block(0x21, 0x21, &V4),
            block(0x21, 0x12, &V4),
            block(0x22, 0x11, &V4),
            block(0x11, 0x11, &V4),
            block(0x21, 0x11, &[&V4[..], &[4, 0, 3, 9, 9]].concat()),
            block(0x21, 0x11, &[&V4[..], &[4, 0]].concat()),
            block(0x21, 0x11, &vec![0; MAX_REST + 1]),
        ] {
            assert!(parse_block(&bytes).is_err(), "{bytes:?}");
        }
        let mut broken = block(0x21, 0x11, &V4);
        broken[11] = b'\r';
        assert!(parse_block(&broken).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let _ = parse_line(&bytes);
            if let Some((fixed, rest)) = bytes.split_at_checked(FIXED) {
                let mut fixed: [u8; FIXED] = fixed.try_into().unwrap();
                fixed[..12].copy_from_slice(&SIGNATURE);
                if let Ok(block) = Block::parse(&fixed) {
                    let _ = block.origin(rest);
                }
            }
        }
    }
}
