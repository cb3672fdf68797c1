//! What the gateway does with the calls of an API, beyond passing them on: settings as people write them.
//!
//! Everything here has a default, so an API that says nothing about a policy has what is right for most.
use crate::{Rate, Upstream};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// Policies of one API. Part of [`crate::ApiSettings`], whose JSON object they share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policies {
    /// Host names under which the API stands alone, e.g. `api.example.com`: it is served there at `/`, and no longer at
    /// its base path. No two APIs share one.
    pub hosts: Vec<String>,
    /// Upstreams for paths below a prefix of the document's paths; the longest prefix wins.
    pub routes: Vec<UpstreamRoute>,
    /// How a call's upstream is chosen among several.
    pub balance: Balance,
    /// How upstreams are reached.
    pub connection: Connection,
    /// Asks each upstream on its own account whether it is well.
    pub health: Option<HealthCheck>,
    /// Takes an upstream out for a while when its answers fail.
    pub ejection: Ejection,
    pub retry: Retry,
    pub cors: Option<Cors>,
    pub validate: Validate,
    pub cache: Option<Cache>,
    /// An upstream's answer with a larger body is not passed on. `None` for any size.
    pub max_answer_bytes: Option<u64>,
    /// Compresses answers that the upstream sent plain, for clients that ask for it.
    pub compress: bool,
    pub transform: Transform,
    /// Clients that may call; empty for all.
    #[serde(deserialize_with = "networks")]
    pub allow_ips: Vec<IpNet>,
    /// Clients that may not, whatever `allow_ips` says.
    #[serde(deserialize_with = "networks")]
    pub deny_ips: Vec<IpNet>,
    /// Of all callers of the API together.
    pub limits: Limits,
    pub mock: Mock,
    /// Answers 503 instead of calling upstreams.
    pub maintenance: Option<Maintenance>,
    /// Sends a copy of calls elsewhere and forgets its answers.
    pub shadow: Option<Shadow>,
    pub errors: ErrorStyle,
    /// What differs for single operations, by their name. In JSON `operation_settings`, since `operations` is the number of
    /// them where an API is shown.
    #[serde(rename = "operation_settings")]
    pub operations: BTreeMap<String, OperationSettings>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamRoute {
    /// Whole segments of the document's path, e.g. `/orders`.
    pub prefix: String,
    pub upstreams: Vec<Upstream>,
}

/// How a call's upstream is chosen among several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    /// By chance, in proportion to the weights.
    #[default]
    Weighted,
    /// The one with the fewest calls under way for its weight, of two taken by chance.
    LeastLoaded,
    /// One caller (the app, or the client's address where there is none) keeps to one upstream, by the weights.
    Sticky,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Connection {
    pub protocol: Protocol,
    /// Name look-up, TCP and TLS together.
    pub connect_timeout_ms: u32,
    /// Between two parts of a body, either way.
    pub idle_timeout_ms: u32,
    /// From the call's first byte to the answer's last; `None` for streams without end.
    pub total_timeout_ms: Option<u32>,
    /// A WebSocket or another upgraded connection may be silent for so long.
    pub upgrade_idle_seconds: u32,
    /// It ends after so long whatever happens on it; `None` for never.
    pub upgrade_lifetime_seconds: Option<u32>,
    /// A certificate authority to trust instead of the public ones: the name of a file `<name>.ca.pem` in
    /// `PORTICO_UPSTREAM_TLS_DIR`.
    pub ca: Option<String>,
    /// What the gateway shows upstreams that ask: the name of a pair `<name>.crt.pem`, `<name>.key.pem` there.
    pub client_certificate: Option<String>,
    /// The name that an upstream's certificate must have, where it is not its address's.
    pub server_name: Option<String>,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            protocol: Protocol::Http1,
            connect_timeout_ms: 5_000,
            idle_timeout_ms: 60_000,
            total_timeout_ms: None,
            upgrade_idle_seconds: 600,
            upgrade_lifetime_seconds: None,
            ca: None,
            client_certificate: None,
            server_name: None,
        }
    }
}

/// What is spoken to upstreams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    #[default]
    Http1,
    /// Over TLS by ALPN, without TLS by prior knowledge. For gRPC.
    Http2,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HealthCheck {
    /// Below the upstream's own path.
    pub path: String,
    pub interval_seconds: u32,
    pub timeout_ms: u32,
    /// So many good answers in a row bring an upstream back.
    pub healthy_after: u32,
    /// So many bad ones take it out.
    pub unhealthy_after: u32,
    /// First and last status that is good.
    pub expect: [u16; 2],
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            path: "/".to_owned(),
            interval_seconds: 10,
            timeout_ms: 2_000,
            healthy_after: 2,
            unhealthy_after: 3,
            expect: [200, 399],
        }
    }
}

/// Passive health: what calls themselves show. It is also the circuit breaker: with every upstream out, calls are
/// refused at once until one of them is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ejection {
    /// Failures in a row (no connection, no answer in time, a broken one, 502, 503, 504) that take an upstream out;
    /// 0 for never.
    pub failures: u32,
    /// For so long, times the number of its ejections in a row, up to ten times.
    pub seconds: u32,
    /// At most this share of an API's upstreams is out at once. 100 lets the last one out too: a circuit breaker.
    pub max_percent: u8,
}

impl Default for Ejection {
    fn default() -> Self {
        Self { failures: 5, seconds: 10, max_percent: 100 }
    }
}

/// When a call is sent once more. Only what may be repeated is, and never after a byte of an answer was passed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// Tries after the first one.
    pub attempts: u8,
    /// Statuses that count as failures here, of 500, 502, 503, 504 and 429.
    pub statuses: Vec<u16>,
    /// Retries may be at most this share of an API's calls, and never more than 20.
    pub budget_percent: u8,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 1, statuses: Vec::new(), budget_percent: 20 }
    }
}

/// Cross-origin calls, answered for the whole API at once (Fetch standard, CORS protocol).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cors {
    /// `*`, `https://app.example.com`, or `https://*.example.com` for all its subdomains.
    pub origins: Vec<String>,
    /// Empty for those of the operation's path.
    pub methods: Vec<String>,
    /// Request fields; `*` for all.
    pub headers: Vec<String>,
    /// Fields of answers that scripts may read, beside those that they always may.
    pub expose: Vec<String>,
    /// Not together with `*` among the origins.
    pub credentials: bool,
    pub max_age_seconds: u32,
}

impl Default for Cors {
    fn default() -> Self {
        Self {
            origins: vec!["*".to_owned()],
            methods: Vec::new(),
            headers: vec!["*".to_owned()],
            expose: Vec::new(),
            credentials: false,
            max_age_seconds: 600,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Validate {
    /// Refuses calls whose parameters or JSON body do not fit the document.
    pub request: bool,
    pub response: ValidateResponse,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValidateResponse {
    #[default]
    Off,
    /// Passes the answer on and notes what does not fit.
    Report,
}

/// Keeps answers (RFC 9111), on each node for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cache {
    /// For answers that say nothing about their freshness; 0 keeps only those that do.
    pub ttl_seconds: u32,
    /// Callers with different identities never share an answer unless this is set.
    pub shared: bool,
    /// Request fields that tell answers apart, beside those that the answer's `Vary` names.
    pub vary: Vec<String>,
    pub max_answer_bytes: u32,
}

impl Default for Cache {
    fn default() -> Self {
        Self { ttl_seconds: 0, shared: false, vary: Vec::new(), max_answer_bytes: 1024 * 1024 }
    }
}

/// Changes to fields and query on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Transform {
    pub request: FieldRules,
    pub response: FieldRules,
    pub query: QueryRules,
}

/// In this order: remove, set, add. A value may hold `{request_id}`, `{app}`, `{plan}`, `{operation}`, `{client_ip}` and
/// `{path.name}` for a path parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FieldRules {
    pub remove: BTreeSet<String>,
    pub set: BTreeMap<String, String>,
    pub add: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueryRules {
    pub remove: BTreeSet<String>,
    pub set: BTreeMap<String, String>,
}

/// On each node for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    pub rate: Option<Rate>,
    /// Calls under way at once.
    pub concurrency: Option<u32>,
}

/// Answers made from the document's examples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mock {
    #[default]
    Off,
    /// Where the API or the operation has no upstream.
    Missing,
    Always,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Maintenance {
    /// Told to callers.
    pub message: String,
    /// `Retry-After`.
    pub retry_after_seconds: Option<u32>,
    /// Clients that are let through meanwhile.
    #[serde(deserialize_with = "networks")]
    pub except_ips: Vec<IpNet>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shadow {
    pub upstream: Upstream,
    /// Of calls without a body or with one of at most 64 KiB.
    #[serde(default = "every_call")]
    pub percent: u8,
}

/// How refusals look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorStyle {
    /// RFC 9457.
    #[default]
    Problem,
    /// As Amazon API Gateway answers.
    Aws,
}

/// What differs for one operation; `None` and empty mean what the API says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OperationSettings {
    pub upstreams: Vec<Upstream>,
    pub timeout_ms: Option<u32>,
    pub max_body_bytes: Option<u64>,
    pub max_answer_bytes: Option<u64>,
    pub limits: Limits,
    pub validate: Option<Validate>,
    /// Where the API has a cache.
    pub cache: Option<OperationCache>,
    pub mock: Option<Mock>,
    pub transform: Transform,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OperationCache {
    /// `false` takes the operation out of the API's cache.
    pub enabled: bool,
    /// The API's where it is not set.
    pub ttl_seconds: Option<u32>,
}

impl Default for OperationCache {
    fn default() -> Self {
        Self { enabled: true, ttl_seconds: None }
    }
}

fn every_call() -> u8 {
    100
}

/// Networks, or single addresses, with the bits behind a network's prefix cleared.
fn networks<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let read = |text: &String| {
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(|network| network.trunc()).map_err(|_| {
            let shown: String = text.chars().take(80).collect();
            D::Error::custom(format!("{shown:?} is not an address or a network, e.g. 192.0.2.7 or 2001:db8::/32"))
        })
    };
    texts.iter().map(read).collect()
}
