//! How this process was told to run: flags, then environment, then `portico.toml`, then defaults.
//!
//! Everything wrong is told at once, each with its name, its place and what would be right, and then nothing starts.
//! One more setting is one more row in [`KNOWN`], one flag in [`SettingFlags`], one field of [`Settings`] and its line in
//! [`Settings::load`].

mod flags;
mod parse;

pub(crate) use flags::SettingFlags;

use ipnet::IpNet;
use portico_gateway::GatewaySettings;
use std::{
    ffi::{OsStr, OsString},
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroUsize,
    path::{Path, PathBuf},
};
use toml::de::{DeTable, DeValue};
use url::Url;

/// Every setting under its name in the file. Its variable is `PORTICO_` and the name in capitals, its flag `--` and the
/// name with hyphens. In the order in which people read them.
const KNOWN: [&str; 21] = [
    "data_dir",
    "database_url",
    "redis_url",
    "portal_listen",
    "portal_public_url",
    "gateway_listen",
    "gateway_public_url",
    "gateway_threads",
    "gateway_max_connections",
    "gateway_cache_bytes",
    "gateway_tls_dir",
    "gateway_proxy_protocol",
    "gateway_trusted_proxies",
    "ops_listen",
    "mail_url",
    "mail_from",
    "upstream_allow",
    "upstream_tls_dir",
    "secret_file",
    "log",
    "log_format",
];

/// Variables of the build, the tests and the samples: they may stand in the environment and set nothing here.
const NOT_SETTINGS: [&str; 6] =
    ["PORTICO_BIN", "PORTICO_CORPUS", "PORTICO_CSS", "PORTICO_KEY", "PORTICO_PKG", "PORTICO_SKIP_WASM"];

const MAX_CONNECTIONS: NonZeroUsize = NonZeroUsize::new(GatewaySettings::MAX_CONNECTIONS).expect("it is not zero");

/// Read where `--config` does not say otherwise; it need not exist.
const FILE: &str = "portico.toml";

/// Checked one by one; whether a port is free or a folder writable shows when it is used.
pub(crate) struct Settings {
    pub(crate) data_dir: PathBuf,
    /// `sqlite://` or `postgres://`. May hold a password: show [`Settings::list`]'s text instead.
    pub(crate) database_url: String,
    pub(crate) portal_listen: SocketAddr,
    /// `None`: from the listener, by [`public_url_of`].
    pub(crate) portal_public_url: Option<Url>,
    pub(crate) gateway_listen: SocketAddr,
    /// `None`: from the listener, by [`public_url_of`].
    pub(crate) gateway_public_url: Option<Url>,
    /// `None`: one per core.
    pub(crate) gateway_threads: Option<NonZeroUsize>,
    /// Of clients, at once.
    pub(crate) gateway_max_connections: NonZeroUsize,
    /// For answers that the gateway keeps, all APIs together.
    pub(crate) gateway_cache_bytes: u64,
    /// Where certificates are; `None`: the gateway speaks HTTP without TLS.
    pub(crate) gateway_tls_dir: Option<PathBuf>,
    /// Whether each connection begins with the PROXY protocol.
    pub(crate) gateway_proxy_protocol: bool,
    /// Proxies in front of the gateway, whose word about their clients is taken.
    pub(crate) gateway_trusted_proxies: Vec<IpNet>,
    pub(crate) ops_listen: SocketAddr,
    /// `smtp://` or `smtps://`, with its password; `None`: mail is written to the data directory.
    pub(crate) mail_url: Option<Url>,
    /// `None`: `portico@` and the portal's host.
    pub(crate) mail_from: Option<String>,
    pub(crate) upstream_allow: Vec<IpNet>,
    /// Where client certificates and authorities for upstreams are.
    pub(crate) upstream_tls_dir: Option<PathBuf>,
    pub(crate) secret_file: PathBuf,
    /// A filter of `tracing-subscriber`, e.g. `info,portico_gateway=debug`.
    pub(crate) log: String,
    pub(crate) log_format: LogFormat,
    listed: Vec<Listed>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// One setting as people may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) name: &'static str,
    /// Without passwords.
    pub(crate) value: String,
    pub(crate) origin: Origin,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag(String),
    Environment(String),
    File { path: PathBuf, line: usize },
    Default,
}

impl Origin {
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Flag(_) => "flag",
            Self::Environment(_) => "environment",
            Self::File { .. } => "file",
            Self::Default => "default",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Environment(name) => f.write_str(name),
            Self::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// All that is wrong, one sentence each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub(crate) struct SettingsError(Vec<String>);

/// What [`Settings::load`] reads; a parameter, so that it can be tested without a process of its own.
pub(crate) struct Surroundings {
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// The settings file and its text, where there is one.
    pub(crate) file: Option<(PathBuf, String)>,
    /// Whether people read the log as it is written.
    pub(crate) terminal: bool,
}

impl Settings {
    /// Reads this process's own surroundings.
    pub(crate) fn of_process(flags: &SettingFlags) -> Result<Self, SettingsError> {
        use std::io::IsTerminal as _;
        let surroundings = Surroundings {
            environment: std::env::vars_os().collect(),
            file: read_file(flags.config.as_deref())?,
            terminal: std::io::stderr().is_terminal(),
        };
        Self::load(flags, &surroundings)
    }

    pub(crate) fn load(flags: &SettingFlags, surroundings: &Surroundings) -> Result<Self, SettingsError> {
        let mut from = Sources::gather(flags, surroundings);

        let data_dir = from.take("data_dir", (PathBuf::from("./portico-data"), "./portico-data"), parse::path);
        let database = format!("sqlite://{}", data_dir.join("portico.db").display());
        let secret = data_dir.join("secret");
        let portal = SocketAddr::from(([127, 0, 0, 1], 8080));
        let gateway = SocketAddr::from(([127, 0, 0, 1], 8081));
        let ops = SocketAddr::from(([127, 0, 0, 1], 8082));
        let format = if surroundings.terminal { LogFormat::Text } else { LogFormat::Json };

        from.take("redis_url", ((), "none"), parse::redis);
        let settings = Self {
            database_url: from.take("database_url", (database.clone(), &database), parse::database_url),
            portal_listen: from.take("portal_listen", (portal, &portal.to_string()), parse::listener),
            portal_public_url: from.take("portal_public_url", (None, "from the listener"), parse::public_url),
            gateway_listen: from.take("gateway_listen", (gateway, &gateway.to_string()), parse::listener),
            gateway_public_url: from.take("gateway_public_url", (None, "from the listener"), parse::public_url),
            gateway_threads: from.take("gateway_threads", (None, "one per core"), parse::threads),
            gateway_max_connections: from.take(
                "gateway_max_connections",
                (MAX_CONNECTIONS, &MAX_CONNECTIONS.to_string()),
                parse::max_connections,
            ),
            gateway_cache_bytes: from.take(
                "gateway_cache_bytes",
                (GatewaySettings::CACHE_BYTES, &GatewaySettings::CACHE_BYTES.to_string()),
                parse::cache_bytes,
            ),
            gateway_tls_dir: from.take("gateway_tls_dir", (None, "none: HTTP without TLS"), parse::optional_path),
            gateway_proxy_protocol: from.take("gateway_proxy_protocol", (false, "off"), parse::switch),
            gateway_trusted_proxies: from.take("gateway_trusted_proxies", (Vec::new(), "none"), parse::networks),
            ops_listen: from.take("ops_listen", (ops, &ops.to_string()), parse::listener),
            mail_url: from.take("mail_url", (None, "none: written to the data directory"), parse::mail_url),
            mail_from: from.take("mail_from", (None, "portico@ and the portal's host"), parse::mail_from),
            upstream_allow: from.take("upstream_allow", (Vec::new(), "public addresses only"), parse::networks),
            upstream_tls_dir: from.take("upstream_tls_dir", (None, "none"), parse::optional_path),
            secret_file: from.take("secret_file", (secret.clone(), &secret.display().to_string()), parse::path),
            log: from.take("log", ("info".to_owned(), "info"), parse::log),
            log_format: from.take("log_format", (format, format.as_str()), parse::log_format),
            data_dir,
            listed: Vec::new(),
        };
        from.check_together(&settings);
        let listed = from.finish()?;
        Ok(Self { listed, ..settings })
    }

    /// What the gateway's own listener speaks.
    pub(crate) fn gateway_scheme(&self) -> Scheme {
        if self.gateway_tls_dir.is_some() { Scheme::Https } else { Scheme::Http }
    }

    /// Every setting with where it came from, in the order of the manual, without passwords.
    pub(crate) fn list(&self) -> &[Listed] {
        &self.listed
    }
}

impl LogFormat {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// The address at which a listener without a public URL is reached: its own, or this machine's where it listens on all.
pub(crate) fn public_url_of(scheme: Scheme, listener: SocketAddr) -> String {
    let host = match listener.ip() {
        ip if ip.is_unspecified() => match ip {
            IpAddr::V4(_) => IpAddr::from(Ipv4Addr::LOCALHOST),
            IpAddr::V6(_) => IpAddr::from(Ipv6Addr::LOCALHOST),
        },
        ip => ip,
    };
    format!("{}://{}", scheme.as_str(), SocketAddr::new(host, listener.port()))
}

fn read_file(named: Option<&Path>) -> Result<Option<(PathBuf, String)>, SettingsError> {
    let path = named.unwrap_or(Path::new(FILE));
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some((path.to_owned(), text))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => Ok(None),
        Err(error) => {
            Err(SettingsError(vec![format!("{}: the settings file cannot be read: {error}", path.display())]))
        }
    }
}

/// A value before it is understood.
struct Given {
    text: String,
    origin: Origin,
}

/// What was given for each setting, the strongest source first to come; and what was wrong so far.
struct Sources {
    given: Vec<(&'static str, Given)>,
    listed: Vec<Listed>,
    problems: Vec<String>,
}

impl Sources {
    fn gather(flags: &SettingFlags, surroundings: &Surroundings) -> Self {
        let mut sources = Self { given: Vec::new(), listed: Vec::new(), problems: Vec::new() };
        for (name, text) in flags.given() {
            sources.give(name, text, Origin::Flag(flag_of(name)));
        }
        for (variable, value) in &surroundings.environment {
            sources.read_variable(variable, value);
        }
        if let Some((path, text)) = &surroundings.file {
            sources.read_toml(path, text);
        }
        sources
    }

    fn give(&mut self, name: &'static str, text: String, origin: Origin) {
        if !self.given.iter().any(|(known, _)| *known == name) {
            self.given.push((name, Given { text, origin }));
        }
    }

    /// An empty variable counts as one that is not there, as container tools write it.
    fn read_variable(&mut self, variable: &OsStr, value: &OsStr) {
        let Some(variable) = variable.to_str().filter(|name| name.starts_with("PORTICO_")) else { return };
        if NOT_SETTINGS.contains(&variable) || variable.starts_with("PORTICO_TEST_") {
            return;
        }
        let Some(name) = KNOWN.into_iter().find(|name| variable_of(name) == variable) else {
            let near = nearest(variable, KNOWN.map(variable_of));
            self.problems.push(format!("{variable} in the environment is not a setting{near}"));
            return;
        };
        match value.to_str() {
            Some("") => {}
            Some(text) => self.give(name, text.to_owned(), Origin::Environment(variable.to_owned())),
            None => self.problems.push(format!("{variable}: its value is not UTF-8 text")),
        }
    }

    fn read_toml(&mut self, path: &Path, text: &str) {
        let line_of = |place: usize| text.get(..place).unwrap_or(text).matches('\n').count() + 1;
        let table = match DeTable::parse(text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(span.start));
                self.problems.push(format!("{}, line {line}: not TOML: {}", path.display(), error.message()));
                return;
            }
        };
        for (key, value) in table {
            let origin = Origin::File { path: path.to_owned(), line: line_of(key.span().start) };
            let Some(name) = KNOWN.into_iter().find(|name| *name == key.get_ref().as_ref()) else {
                let near = nearest(key.get_ref(), KNOWN.map(str::to_owned));
                self.problems.push(format!("{origin}: \"{}\" is not a setting{near}", key.get_ref().escape_debug()));
                continue;
            };
            match text_of(value.get_ref()) {
                Some(text) => self.give(name, text, origin),
                None => {
                    self.problems.push(format!("{origin}: {name} is a text in quotes, a number or a list of texts"));
                }
            }
        }
    }

    /// The value of one setting. What cannot be understood is noted, and the default stands in until the end.
    fn take<T>(&mut self, name: &'static str, default: (T, &str), parse: impl FnOnce(&str) -> Result<T, String>) -> T {
        let (default, default_text) = default;
        let Some(place) = self.given.iter().position(|(known, _)| *known == name) else {
            self.listed.push(Listed { name, value: default_text.to_owned(), origin: Origin::Default });
            return default;
        };
        let (_, Given { text, origin }) = self.given.swap_remove(place);
        match parse(&text) {
            Ok(value) => {
                self.listed.push(Listed { name, value: parse::without_password(&text), origin });
                value
            }
            Err(problem) => {
                let subject = if matches!(origin, Origin::File { .. }) {
                    format!("{origin}: {name}")
                } else {
                    origin.to_string()
                };
                self.problems.push(format!("{subject}: {problem}"));
                default
            }
        }
    }

    /// What no single setting shows.
    fn check_together(&mut self, settings: &Settings) {
        if settings.gateway_proxy_protocol && settings.gateway_trusted_proxies.is_empty() {
            self.problems.push(
                "gateway_proxy_protocol is on, but gateway_trusted_proxies names nobody who may speak it: set it to the \
                 networks of the proxies, e.g. 10.0.0.0/8"
                    .to_owned(),
            );
        }
        let listeners = [
            ("portal_listen", settings.portal_listen),
            ("gateway_listen", settings.gateway_listen),
            ("ops_listen", settings.ops_listen),
        ];
        for (n, (name, address)) in listeners.iter().enumerate() {
            if let Some((other, _)) = listeners[..n].iter().find(|(_, other)| other == address && address.port() != 0) {
                self.problems
                    .push(format!("{other} and {name} are both {address}: each listener needs an address of its own"));
            }
        }
    }

    fn finish(mut self) -> Result<Vec<Listed>, SettingsError> {
        if !self.problems.is_empty() {
            return Err(SettingsError(self.problems));
        }
        self.listed.sort_by_key(|listed| KNOWN.iter().position(|name| *name == listed.name));
        Ok(self.listed)
    }
}

fn variable_of(name: &str) -> String {
    format!("PORTICO_{}", name.to_uppercase())
}

fn flag_of(name: &str) -> String {
    format!("--{}", name.replace('_', "-"))
}

/// A value of the file as the environment would write it.
fn text_of(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(|item| item.get_ref().as_str()).collect();
            Some(items?.join(","))
        }
        _ => None,
    }
}

/// The end of a sentence about an unknown name: the known one that was probably meant.
fn nearest<const N: usize>(unknown: &str, known: [String; N]) -> String {
    let near = known.iter().map(|name| (distance(unknown, name), name)).min().filter(|(steps, _)| *steps <= 4);
    near.map_or_else(|| format!("; there are {}", known.join(", ")), |(_, name)| format!("; did you mean {name}?"))
}

/// How many characters must be added, removed or changed to make one word of the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (n, character) in from.chars().take(100).enumerate() {
        let mut diagonal = row[0];
        row[0] = n + 1;
        for (m, other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(character != *other);
            diagonal = row[m + 1];
            row[m + 1] = changed.min(diagonal + 1).min(row[m] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests;
