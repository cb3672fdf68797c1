//! What a route always says of its operation: its end, and where a key may stand.
use crate::{
    limits,
    outline::{Entry, text},
    part, refer, security, typed,
};
use portico_domain::{Deprecation, KeyPlace, ParameterLocation, Timestamp};
use serde_json::Value;

pub(crate) fn deprecation(root: &Value, entry: &Entry) -> Option<Deprecation> {
    let operation = root.pointer(&entry.pointer)?;
    let sunset = moment(operation, "x-sunset");
    if !entry.deprecated && sunset.is_none() {
        return None;
    }
    let docs = || text(operation.get("externalDocs")?, "url");
    let link = text(operation, "x-deprecation-link").or_else(docs).filter(|url| fits_a_field(url));
    Some(Deprecation {
        deprecated: entry.deprecated,
        since: moment(operation, "x-deprecated-at"),
        sunset,
        link: link.map(str::to_owned),
    })
}

/// A date, or a date and time, as RFC 3339 writes them.
fn moment(operation: &Value, key: &str) -> Option<Timestamp> {
    let written = text(operation, key)?;
    Timestamp::parse(written).or_else(|| Timestamp::parse(&format!("{written}T00:00:00Z")))
}

/// A URL that may stand in a `Link` field.
fn fits_a_field(url: &str) -> bool {
    let web = ["https://", "http://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
    web && url.len() <= 2_000 && url.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"\\^`{|}".contains(&byte))
}

/// Places of the API key schemes that the operation's `security` names, or the document's where it has none of its own.
pub(crate) fn key_places(root: &Value, entry: &Entry) -> Vec<KeyPlace> {
    let operation = root.pointer(&entry.pointer);
    let Some(security) = operation.and_then(part::own_security).or_else(|| part::own_security(root)) else {
        return Vec::new();
    };
    let Ok(alternatives) = typed::security(security) else { return Vec::new() };
    let (_, schemes) = security::listed(root);
    let mut places: Vec<KeyPlace> = Vec::new();
    for name in alternatives.iter().flat_map(|schemes| schemes.keys()) {
        let place = schemes.and_then(|schemes| key_place(root, schemes.get(name)?));
        if let Some(place) = place.filter(|place| !places.contains(place)) {
            places.push(place);
        }
    }
    places.truncate(limits::KEY_PLACES);
    places
}

fn key_place(root: &Value, scheme: &Value) -> Option<KeyPlace> {
    let (scheme, _) = refer::resolve(root, scheme).ok()?;
    if !text(scheme, "type")?.eq_ignore_ascii_case("apiKey") {
        return None;
    }
    let location = match text(scheme, "in")? {
        "header" => ParameterLocation::Header,
        "query" => ParameterLocation::Query,
        "cookie" => ParameterLocation::Cookie,
        _ => return None,
    };
    let name = text(scheme, "name")?;
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let fits = location == ParameterLocation::Query || name.bytes().all(token);
    (fits && name.len() <= 100).then(|| KeyPlace { location, name: name.to_owned() })
}
