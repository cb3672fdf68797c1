//! From text to value, one function for each kind of setting. Each error says what would be right, and never repeats a
//! text that may hold a password.
use super::LogFormat;
use ipnet::IpNet;
use portico_mail::Post;
use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroUsize,
    path::PathBuf,
};
use tracing_subscriber::EnvFilter;
use url::Url;

pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    if text.trim().is_empty() { Err("it is empty; a path is needed".into()) } else { Ok(PathBuf::from(text)) }
}

pub(super) fn optional_path(text: &str) -> Result<Option<PathBuf>, String> {
    path(text).map(Some)
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.trim() {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("\"{}\" is neither on nor off", short(text))),
    }
}

pub(super) fn max_connections(text: &str) -> Result<NonZeroUsize, String> {
    let number = text.trim().parse().ok().filter(|number: &NonZeroUsize| number.get() <= 1_000_000);
    number.ok_or_else(|| format!("\"{}\" is not a number from 1 to 1000000", short(text)))
}

pub(super) fn cache_bytes(text: &str) -> Result<u64, String> {
    const LEAST: u64 = 1024 * 1024;
    const MOST: u64 = 1024 * 1024 * 1024 * 1024;
    let number = text.trim().parse().ok().filter(|number| (LEAST..=MOST).contains(number));
    number.ok_or_else(|| format!("\"{}\" is not a number of bytes from {LEAST} to {MOST}", short(text)))
}

pub(super) fn database_url(text: &str) -> Result<String, String> {
    let right = "sqlite:///var/lib/portico/portico.db or postgres://user:password@host/database";
    if let Some(path) = text.strip_prefix("sqlite://") {
        return if path.is_empty() { Err(format!("it names no file, e.g. {right}")) } else { Ok(text.to_owned()) };
    }
    let url = Url::parse(text).map_err(|_| format!("it is not a database's URL, e.g. {right}"))?;
    match url.scheme() {
        "postgres" | "postgresql" => Ok(text.to_owned()),
        other => Err(format!("{other}: is not a database Portico knows, e.g. {right}")),
    }
}

/// Refused rather than ignored: limits that are believed to be shared and are not would be wrong without a sign.
pub(super) fn redis(_: &str) -> Result<(), String> {
    Err("counters shared by several nodes are not available in this version; leave it out and run one node".into())
}

pub(super) fn listener(text: &str) -> Result<SocketAddr, String> {
    text.trim()
        .parse()
        .map_err(|_| format!("\"{}\" is not an address with a port, e.g. 127.0.0.1:8080 or [::]:8080", short(text)))
}

pub(super) fn public_url(text: &str) -> Result<Option<Url>, String> {
    let right = "e.g. https://portal.example.org";
    let url = Url::parse(text.trim()).map_err(|_| format!("\"{}\" is not a URL, {right}", short(text)))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(format!("it begins with http:// or https:// and names a host, {right}"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(format!("it holds no user name, password, ? or #, {right}"));
    }
    if url.path() != "/" {
        return Err(format!("it has no path: the portal and the gateway each need a host of their own, {right}"));
    }
    Ok(Some(url))
}

pub(super) fn threads(text: &str) -> Result<Option<NonZeroUsize>, String> {
    let number = text.trim().parse().ok().filter(|number: &NonZeroUsize| number.get() <= 1024);
    number.map(Some).ok_or_else(|| format!("\"{}\" is not a number from 1 to 1024", short(text)))
}

pub(super) fn mail_url(text: &str) -> Result<Option<Url>, String> {
    let right = "e.g. smtps://user:password@mail.example.org:465";
    let url = Url::parse(text.trim()).map_err(|_| format!("it is not a URL, {right}"))?;
    if !matches!(url.scheme(), "smtp" | "smtps") || url.host_str().is_none_or(str::is_empty) {
        return Err(format!("it begins with smtp:// or smtps:// and names a host, {right}"));
    }
    Ok(Some(url))
}

pub(super) fn mail_from(text: &str) -> Result<Option<String>, String> {
    let text = text.trim();
    match Post::into_folder(std::path::PathBuf::new(), text) {
        Ok(_) => Ok(Some(text.to_owned())),
        Err(_) => Err("it is no sender's address, e.g. Portico <portico@example.org>".to_owned()),
    }
}

/// Networks apart by commas or spaces; an address alone is a network of one.
pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let words = text.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let network = word.parse::<IpNet>().or_else(|_| word.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| format!("\"{}\" is not a network, e.g. 127.0.0.0/8 or fd00::/8", short(word)))
        })
        .collect()
}

pub(super) fn log(text: &str) -> Result<String, String> {
    EnvFilter::builder()
        .parse(text)
        .map(|_| text.to_owned())
        .map_err(|_| format!("\"{}\" is not a filter, e.g. info or warn,portico_gateway=debug", short(text)))
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text.trim() {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("\"{}\" is not a format: text or json", short(text))),
    }
}

/// A URL as it may be shown: its password, in the authority or as a parameter, as dots. Other text as it is.
pub(super) fn without_password(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return text.to_owned() };
    if !text.contains("://") || url.scheme() == "sqlite" {
        return text.to_owned();
    }
    if url.password().is_some() && url.set_password(Some("...")).is_err() {
        return format!("{}://...", url.scheme());
    }
    if url.query().is_some() {
        url.set_query(Some("..."));
    }
    url.to_string()
}

fn short(text: &str) -> String {
    text.chars().take(80).collect::<String>().escape_debug().to_string()
}
