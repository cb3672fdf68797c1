//! pingora as it is meant to be used, with what a gateway must do per call: `bench-pingora PORT UPSTREAM THREADS [KEYS]`.
//!
//! With a file of keys, one a line: SHA-256 of the key, look-up, rate (GCRA in one atomic number), quota, counts per
//! key and a histogram. Without: a plain proxy.
use async_trait::async_trait;
use pingora_core::{
    Result,
    server::{Server, configuration::ServerConf},
    upstreams::peer::HttpPeer,
};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::{ProxyHttp, Session, http_proxy_service};
use sha2::{Digest as _, Sha256};
use std::{
    array,
    collections::HashMap,
    env, fs,
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Instant,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const INTERVAL_NANOS: u64 = 1_000;
const BURST_NANOS: u64 = 1_000_000_000;
const QUOTA: u64 = 1_000_000_000_000;

struct Gate {
    keys: HashMap<[u8; 32], Caller>,
    histogram: [AtomicU64; 32],
    started: Instant,
}

struct Caller {
    name: String,
    full_at: AtomicU64,
    used: AtomicU64,
    server_errors: AtomicU64,
}

impl Gate {
    fn open(keys: &str) -> Self {
        let caller = |(number, key): (usize, &str)| {
            let digest = Sha256::digest(key.trim()).into();
            (digest, Caller { name: number.to_string(), full_at: 0.into(), used: 0.into(), server_errors: 0.into() })
        };
        Self {
            keys: keys.lines().enumerate().map(caller).collect(),
            histogram: array::from_fn(|_| AtomicU64::new(0)),
            started: Instant::now(),
        }
    }

    fn admit(&self, key: Option<&[u8]>) -> Result<&Caller, u16> {
        let caller = self.keys.get::<[u8; 32]>(&Sha256::digest(key.ok_or(401_u16)?).into()).ok_or(403_u16)?;
        let now = self.started.elapsed().as_nanos() as u64;
        let take = |full_at: u64| {
            let from = full_at.max(now);
            (from - now <= BURST_NANOS).then_some(from + INTERVAL_NANOS)
        };
        caller.full_at.fetch_update(Relaxed, Relaxed, take).map_err(|_| 429_u16)?;
        if caller.used.fetch_add(1, Relaxed) >= QUOTA { Err(429) } else { Ok(caller) }
    }
}

struct Proxy {
    gate: Option<&'static Gate>,
    upstream: String,
}

struct Call {
    caller: Option<&'static Caller>,
    begun: Instant,
}

#[async_trait]
impl ProxyHttp for Proxy {
    type CTX = Call;

    fn new_ctx(&self) -> Call {
        Call { caller: None, begun: Instant::now() }
    }

    async fn request_filter(&self, session: &mut Session, call: &mut Call) -> Result<bool> {
        let Some(gate) = self.gate else { return Ok(false) };
        match gate.admit(session.req_header().headers.get("x-api-key").map(|key| key.as_bytes())) {
            Ok(caller) => {
                call.caller = Some(caller);
                Ok(false)
            }
            Err(status) => {
                session.respond_error(status).await?;
                Ok(true)
            }
        }
    }

    async fn upstream_peer(&self, _: &mut Session, _: &mut Call) -> Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new(self.upstream.as_str(), false, String::new())))
    }

    async fn upstream_request_filter(&self, _: &mut Session, head: &mut RequestHeader, call: &mut Call) -> Result<()> {
        head.insert_header("x-forwarded-for", "127.0.0.1")?;
        if let Some(caller) = call.caller {
            head.remove_header("x-api-key");
            head.insert_header("x-consumer-id", caller.name.as_str())?;
        }
        Ok(())
    }

    async fn response_filter(&self, _: &mut Session, head: &mut ResponseHeader, call: &mut Call) -> Result<()> {
        if let (Some(gate), Some(caller)) = (self.gate, call.caller) {
            let micros = call.begun.elapsed().as_micros() as u64;
            gate.histogram[(64 - micros.leading_zeros() as usize).min(31)].fetch_add(1, Relaxed);
            caller.server_errors.fetch_add(u64::from(head.status.is_server_error()), Relaxed);
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let ([port, upstream, threads] | [port, upstream, threads, _]) = &words[..] else {
        eprintln!("usage: bench-pingora PORT UPSTREAM THREADS [KEYS]");
        return ExitCode::FAILURE;
    };
    let gate = match words.get(3).map(fs::read_to_string).transpose() {
        Ok(keys) => keys.map(|keys| &*Box::leak(Box::new(Gate::open(&keys)))),
        Err(error) => {
            eprintln!("the file of keys cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    // A runtime a thread: its work-stealing costs more than it brings here.
    let settings = ServerConf {
        threads: threads.parse().unwrap_or(1),
        work_stealing: false,
        upstream_keepalive_pool_size: 512,
        ..ServerConf::default()
    };
    let mut server = Server::new_with_opt_and_conf(None, settings);
    server.bootstrap();
    let mut service = http_proxy_service(&server.configuration, Proxy { gate, upstream: upstream.clone() });
    service.add_tcp(&format!("127.0.0.1:{port}"));
    server.add_service(service);
    server.run_forever()
}
