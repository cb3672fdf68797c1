//! How a gateway listens, and how patient it is.
use ipnet::IpNet;
use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    path::PathBuf,
    thread::available_parallelism,
    time::Duration,
};
use url::Url;

#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// Port 0 takes a free one, which [`crate::Gateway::local_addr`] tells.
    pub listen: SocketAddr,
    /// Each with its own runtime, listening socket and upstream connections.
    pub threads: NonZeroUsize,
    /// Where clients reach the gateway; its scheme is what upstreams are told.
    pub public_url: Url,
    /// Where certificates are; `None` for HTTP without TLS.
    pub tls_dir: Option<PathBuf>,
    /// Whether every connection must begin with the PROXY protocol and come from a trusted proxy.
    pub proxy_protocol: bool,
    /// Proxies in front of the gateway, whose word about their clients is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// Networks that upstreams may be in although they are not public.
    pub upstream_allow: Vec<IpNet>,
    /// Where client certificates and authorities for upstreams are.
    pub upstream_tls_dir: Option<PathBuf>,
    /// For answers that policies keep, all APIs together. One answer takes an eighth of it at most.
    pub cache_bytes: u64,
    /// Of clients. Further ones are answered 503 and closed, or only closed where TLS would have to be spoken first.
    pub max_connections: usize,
    /// For a request's head, from its first byte (or the opening of the connection) to its last.
    pub header_timeout: Duration,
    /// For a client's connection without a request.
    pub idle_timeout: Duration,
    /// For a client that takes nothing of its answer.
    pub write_timeout: Duration,
}

impl GatewaySettings {
    /// [`Self::max_connections`] unless set otherwise.
    pub const MAX_CONNECTIONS: usize = 16_384;
    /// [`Self::cache_bytes`] unless set otherwise.
    pub const CACHE_BYTES: u64 = 64 * 1024 * 1024;
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8081).into(),
            threads: available_parallelism().unwrap_or(NonZeroUsize::MIN),
            public_url: Url::parse("http://127.0.0.1:8081").unwrap_or_else(|_| unreachable!("a literal address")),
            tls_dir: None,
            proxy_protocol: false,
            trusted_proxies: Vec::new(),
            upstream_allow: Vec::new(),
            upstream_tls_dir: None,
            cache_bytes: Self::CACHE_BYTES,
            max_connections: Self::MAX_CONNECTIONS,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            write_timeout: Duration::from_mins(1),
        }
    }
}
