//! The settings as flags. Plain text here: flags are understood where environment and file are, with the same words.
use clap::Args;
use std::path::PathBuf;

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Settings (flag, then PORTICO_… variable, then portico.toml, then default)")]
pub(crate) struct SettingFlags {
    /// Settings file [default: portico.toml in the working directory, if it is there]
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) config: Option<PathBuf>,
    /// Where database, secret and outgoing mail are kept [default: ./portico-data]
    #[arg(long, global = true, value_name = "PATH")]
    data_dir: Option<String>,
    /// sqlite://… or postgres://… [default: an SQLite file in the data directory]
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Shared counters for many nodes; not available in this version
    #[arg(long, global = true, value_name = "URL", hide = true)]
    redis_url: Option<String>,
    /// Portal and management API [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    portal_listen: Option<String>,
    /// How browsers reach the portal [default: from the listener]
    #[arg(long, global = true, value_name = "URL")]
    portal_public_url: Option<String>,
    /// The published APIs [default: 127.0.0.1:8081]
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    gateway_listen: Option<String>,
    /// How clients reach the gateway [default: from the listener]
    #[arg(long, global = true, value_name = "URL")]
    gateway_public_url: Option<String>,
    /// Threads of the gateway [default: one per core]
    #[arg(long, global = true, value_name = "N")]
    gateway_threads: Option<String>,
    /// Connections of clients that the gateway has at once; further ones are refused [default: 16384, and at most
    /// three quarters of the files that the process may open]
    #[arg(long, global = true, value_name = "N")]
    gateway_max_connections: Option<String>,
    /// Memory for answers that the gateway keeps, in bytes, all APIs together [default: 67108864]
    #[arg(long, global = true, value_name = "BYTES")]
    gateway_cache_bytes: Option<String>,
    /// Certificates of the gateway: NAME.crt.pem with NAME.key.pem, and NAME.clients.pem where clients must show a
    /// certificate [default: none, HTTP without TLS]
    #[arg(long, global = true, value_name = "PATH")]
    gateway_tls_dir: Option<String>,
    /// on: each connection to the gateway begins with the PROXY protocol, from a trusted proxy [default: off]
    #[arg(long, global = true, value_name = "on|off")]
    gateway_proxy_protocol: Option<String>,
    /// Network of proxies in front of the gateway that say who their clients are; repeatable [default: none]
    #[arg(long, global = true, value_name = "CIDR")]
    gateway_trusted_proxies: Vec<String>,
    /// /live, /ready and /metrics [default: 127.0.0.1:8082]
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    ops_listen: Option<String>,
    /// smtp://user:pass@host:port or smtps://… [default: mail is written to the data directory]
    #[arg(long, global = true, value_name = "URL")]
    mail_url: Option<String>,
    /// Who letters come from, e.g. "Portico <portico@example.org>" [default: portico@ and the portal's host]
    #[arg(long, global = true, value_name = "ADDRESS")]
    mail_from: Option<String>,
    /// Network that upstreams may also be in, e.g. 127.0.0.0/8; repeatable [default: public addresses only]
    #[arg(long, global = true, value_name = "CIDR")]
    upstream_allow: Vec<String>,
    /// Client certificates and authorities for upstreams [default: none]
    #[arg(long, global = true, value_name = "PATH")]
    upstream_tls_dir: Option<String>,
    /// The installation's secret [default: the file "secret" in the data directory, made at the first start]
    #[arg(long, global = true, value_name = "PATH")]
    secret_file: Option<String>,
    /// What to log, e.g. info or info,portico_gateway=debug [default: info]
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
    /// text or json [default: text on a terminal, else json]
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
}

impl SettingFlags {
    /// Name and text of each setting that stands on the command line.
    pub(super) fn given(&self) -> impl Iterator<Item = (&'static str, String)> {
        let joined = |networks: &[String]| (!networks.is_empty()).then(|| networks.join(","));
        let all = [
            ("data_dir", self.data_dir.clone()),
            ("database_url", self.database_url.clone()),
            ("redis_url", self.redis_url.clone()),
            ("portal_listen", self.portal_listen.clone()),
            ("portal_public_url", self.portal_public_url.clone()),
            ("gateway_listen", self.gateway_listen.clone()),
            ("gateway_public_url", self.gateway_public_url.clone()),
            ("gateway_threads", self.gateway_threads.clone()),
            ("gateway_max_connections", self.gateway_max_connections.clone()),
            ("gateway_cache_bytes", self.gateway_cache_bytes.clone()),
            ("gateway_tls_dir", self.gateway_tls_dir.clone()),
            ("gateway_proxy_protocol", self.gateway_proxy_protocol.clone()),
            ("gateway_trusted_proxies", joined(&self.gateway_trusted_proxies)),
            ("ops_listen", self.ops_listen.clone()),
            ("mail_url", self.mail_url.clone()),
            ("mail_from", self.mail_from.clone()),
            ("upstream_allow", joined(&self.upstream_allow)),
            ("upstream_tls_dir", self.upstream_tls_dir.clone()),
            ("secret_file", self.secret_file.clone()),
            ("log", self.log.clone()),
            ("log_format", self.log_format.clone()),
        ];
        all.into_iter().filter_map(|(name, text)| Some((name, text?)))
    }
}
