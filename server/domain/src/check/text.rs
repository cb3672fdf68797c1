//! Rules for single texts. Each answers with what would be right.
use super::shown;
use url::Url;

/// Fields that say how a message is framed or that hold for one connection alone (RFC 9110 7.6.1, RFC 9112 6), and the
/// gateway's own.
const REQUEST_FIELDS: [&str; 17] = [
    "connection",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-request-id",
];
const RESPONSE_FIELDS: [&str; 14] = [
    "connection",
    "content-encoding",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "ratelimit",
    "ratelimit-policy",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-request-id",
];
const REQUEST_PREFIXES: [&str; 2] = ["x-portico-", "x-forwarded-"];
const RESPONSE_PREFIXES: [&str; 2] = ["x-portico-", "access-control-"];

/// Which way a message goes.
#[derive(Clone, Copy)]
pub(super) enum Way {
    Request,
    Response,
}

/// The address of an upstream: http or https, a host, nothing behind the path, and written as it is read.
pub fn read_upstream_url(text: &str) -> Result<Url, String> {
    let wrong = |why: &str| {
        Err(format!("{} is not an upstream's address: {why}, e.g. https://pets.example.com/v1", shown(text)))
    };
    let Ok(url) = Url::parse(text) else { return wrong("it is no URL") };
    match check_upstream_url(&url) {
        Err(why) => wrong(why),
        Ok(()) if url.as_str() != text && !is_plain(text) => wrong("it would be read otherwise than it is written"),
        Ok(()) => Ok(url),
    }
}

pub(super) fn check_upstream_url(url: &Url) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err("it begins with http:// or https://");
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("it names a host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it holds no user name or password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it has no ? or # part, since the path of the call is put behind it");
    }
    if url.as_str().len() > 2_000 {
        return Err("it has at most 2,000 characters");
    }
    if !is_plain(url.as_str()) {
        return Err("its path is made of what a URL can hold, all else percent-encoded");
    }
    Ok(())
}

/// Whether nothing in an address would be read otherwise than it is written: a URL parser drops, folds and escapes much.
fn is_plain(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    matches!(scheme, "http" | "https")
        && !authority.is_empty()
        && authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:[]-_".contains(&byte))
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%".contains(&byte))
        && path.split('%').skip(1).all(|rest| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2)
}

pub(super) fn check_base_path(path: &str) -> Result<(), String> {
    if path == "/" || (path.len() <= 200 && segments_fit(path, b"-._~")) {
        return Ok(());
    }
    Err(format!(
        "{} is not a base path: / and then segments of letters, digits, -, ., _ and ~, without / at the end, e.g. /pets/v2",
        shown(path)
    ))
}

/// Whole segments of a path in its canonical form.
pub(super) fn check_prefix(prefix: &str) -> Result<(), String> {
    if prefix.len() <= 200 && segments_fit(prefix, b"-._~!$'()*+,=:@&") {
        return Ok(());
    }
    Err(format!(
        "{} is not the beginning of a path: / and whole segments, without / at the end, e.g. /orders",
        shown(prefix)
    ))
}

fn segments_fit(path: &str, others: &[u8]) -> bool {
    let fits = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
    };
    path.starts_with('/') && path[1..].split('/').all(fits)
}

/// The path, and perhaps a query, of a health check.
pub(super) fn check_probe(path: &str) -> Result<(), String> {
    let fits = path.starts_with('/')
        && path.len() <= 1_000
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%?".contains(&byte));
    if fits { Ok(()) } else { Err(format!("{} is not a path as it is sent, e.g. /health?deep=1", shown(path))) }
}

/// A name of DNS in lower case, e.g. `api.example.com`. The last label begins with a letter, so no address is one.
pub(super) fn check_host(host: &str) -> Result<(), String> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    if host.len() <= 253 && host.split('.').all(label) && last.starts_with(|first: char| first.is_ascii_lowercase()) {
        return Ok(());
    }
    Err(format!("{} is not a host's name: lower case, without scheme, port and *, e.g. api.example.com", shown(host)))
}

/// As browsers send it in `Origin` (RFC 6454 6.2); `https://*.example.com` stands for all subdomains.
pub(super) fn check_origin(origin: &str) -> Result<(), String> {
    let fits =
        origin == "*" || origin.split_once("://").is_some_and(|(scheme, rest)| is_scheme(scheme) && is_place(rest));
    if fits && origin.len() <= 253 {
        return Ok(());
    }
    Err(format!(
        "{} is not an origin: *, or scheme and host in lower case with at most a port, e.g. https://app.example.com or https://*.example.com",
        shown(origin)
    ))
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte))
}

fn is_place(place: &str) -> bool {
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (place, None),
    };
    let address = || {
        host.parse::<std::net::Ipv4Addr>().is_ok()
            || host
                .strip_prefix('[')
                .and_then(|host| host.strip_suffix(']'))
                .is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok_and(|address| address.to_string() == host))
    };
    let port_fits = port.is_none_or(|port| {
        !port.starts_with('0') && port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
    });
    port_fits && (check_host(host.strip_prefix("*.").unwrap_or(host)).is_ok() || address())
}

pub(super) fn check_method(method: &str) -> Result<(), String> {
    let fits = (1..=32).contains(&method.len()) && method.bytes().all(|byte| byte.is_ascii_uppercase());
    if fits { Ok(()) } else { Err(format!("{} is not a method in capitals, e.g. PATCH", shown(method))) }
}

/// The name of a field (RFC 9110 5.1), in lower case.
pub(super) fn check_field_name(name: &str) -> Result<(), String> {
    let token = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let fits = (1..=100).contains(&name.len()) && name.bytes().all(token);
    if fits { Ok(()) } else { Err(format!("{} is not a header's name in lower case, e.g. x-trace", shown(name))) }
}

pub(super) fn check_field_name_or_all(name: &str) -> Result<(), String> {
    if name == "*" { Ok(()) } else { check_field_name(name) }
}

/// A field that rules may touch.
pub(super) fn check_free_field(name: &str, way: Way) -> Result<(), String> {
    check_field_name(name)?;
    let (names, prefixes): (&[&str], &[&str]) = match way {
        Way::Request => (&REQUEST_FIELDS, &REQUEST_PREFIXES),
        Way::Response => (&RESPONSE_FIELDS, &RESPONSE_PREFIXES),
    };
    if names.contains(&name) || prefixes.iter().any(|prefix| name.starts_with(prefix)) {
        return Err(format!("{name} is the gateway's own: rules cannot touch it"));
    }
    Ok(())
}

/// What a rule writes into a field: visible ASCII with spaces between, and placeholders.
pub(super) fn check_field_value(value: &str) -> Result<(), String> {
    if value.len() > 2_000 {
        return Err("a value has at most 2,000 characters".into());
    }
    if !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) || value.trim() != value {
        return Err(format!("{} is not a header's value: visible ASCII, and no space at its ends", shown(value)));
    }
    check_placeholders(value)
}

/// What a rule writes into the query, before it is percent-encoded.
pub(super) fn check_query_value(value: &str) -> Result<(), String> {
    if value.chars().count() > 2_000 || value.chars().any(char::is_control) {
        return Err("a value has at most 2,000 characters, none of them a control character".into());
    }
    check_placeholders(value)
}

pub(super) fn check_query_name(name: &str) -> Result<(), String> {
    let fits = (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits {
        Ok(())
    } else {
        Err("a parameter's name has 1 to 100 characters, none of them a control character".into())
    }
}

/// Every brace belongs to a placeholder that there is.
fn check_placeholders(value: &str) -> Result<(), String> {
    let wrong = |text: &str| {
        Err(format!(
            "{} is not a placeholder: {{request_id}}, {{app}}, {{plan}}, {{operation}}, {{client_ip}} or {{path.name}} for a path parameter; braces stand for nothing else",
            shown(text)
        ))
    };
    let mut rest = value;
    while let Some(place) = rest.find(['{', '}']) {
        let from = &rest[place..];
        let Some((name, after)) = from.strip_prefix('{').and_then(|inner| inner.split_once('}')) else {
            return wrong(from);
        };
        let known = matches!(name, "request_id" | "app" | "plan" | "operation" | "client_ip");
        if !known && !name.strip_prefix("path.").is_some_and(is_parameter) {
            return wrong(&format!("{{{name}}}"));
        }
        rest = after;
    }
    Ok(())
}

fn is_parameter(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// The name of files in the folder of upstream certificates; it cannot lead out of there.
pub(super) fn check_tls_name(name: &str) -> Result<(), String> {
    let fits = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if fits {
        Ok(())
    } else {
        Err(format!("{} is not a name of 1 to 64 of a–z, 0–9 and -, e.g. partner-2026", shown(name)))
    }
}

/// An operation's name, as the portal writes it.
pub(super) fn check_operation(name: &str) -> Result<(), String> {
    let fits = (1..=200).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits {
        Ok(())
    } else {
        Err("an operation's name has 1 to 200 characters, none of them a control character".into())
    }
}

pub(super) fn check_message(message: &str) -> Result<(), String> {
    let fits = message.chars().count() <= 500 && !message.chars().any(char::is_control);
    if fits { Ok(()) } else { Err("a message has at most 500 characters on one line".into()) }
}
