//! How callers make themselves known: schemes in words.
use crate::{
    finding::Findings,
    frame, limits,
    outline::{members, text},
    refer,
    typed::fit,
};
use openapiv3::{APIKeyLocation, OAuth2Flows, SecurityScheme};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// A security scheme, ready to be told.
#[derive(Debug)]
pub(crate) struct Scheme {
    pub(crate) name: String,
    /// E.g. "API key in the header X-Key".
    pub(crate) kind: String,
    pub(crate) description: String,
}

pub(crate) fn schemes(root: &Value, findings: &mut Findings) -> Vec<Scheme> {
    let (place, listed) = listed(root);
    let mut schemes = Vec::new();
    for (name, value) in members(listed).take(limits::SCHEMES) {
        // Lost references are told where references are checked.
        let Ok((value, _)) = refer::resolve(root, value) else { continue };
        let description = text(value, "description").unwrap_or_default().to_owned();
        let kind = match text(value, "type") {
            // Known since 3.1, and there is nothing more to it.
            Some("mutualTLS") => "Client certificate (mutual TLS)".to_owned(),
            kind => {
                let (scheme, misfits) = fit::<SecurityScheme>(as_three(value));
                frame::tell(findings, &refer::under(place, &[name]), misfits);
                let otherwise = || kind.map_or("Not described".into(), |kind| refer::shorten(kind).into_owned());
                scheme.map_or_else(otherwise, |scheme| words(&scheme))
            }
        };
        schemes.push(Scheme { name: name.clone(), kind, description });
    }
    schemes
}

/// As the document has them by name, and where.
pub(crate) fn listed(root: &Value) -> (&'static str, Option<&Value>) {
    match root.pointer("/components/securitySchemes") {
        Some(schemes) => ("/components/securitySchemes", Some(schemes)),
        None => ("/securityDefinitions", root.get("securityDefinitions")),
    }
}

/// The scheme in the words of 3.0.
fn as_three(scheme: &Value) -> Cow<'_, Value> {
    match text(scheme, "type") {
        Some("basic") => Cow::Owned(json!({"type": "http", "scheme": "basic"})),
        Some("oauth2") => {
            // Swagger 2.0 has one flow and writes it into the scheme.
            let of_two = text(scheme, "flow").map(|flow| (flow, scheme));
            let listed = members(scheme.get("flows")).map(|(name, flow)| (name.as_str(), flow));
            let flows: Map<String, Value> = listed.chain(of_two).map(|(name, flow)| as_flow(name, flow)).collect();
            Cow::Owned(json!({"type": "oauth2", "flows": flows}))
        }
        _ => Cow::Borrowed(scheme),
    }
}

/// A flow with all that 3.0 asks of one: its kind is told even where a URL is missing.
fn as_flow(name: &str, flow: &Value) -> (String, Value) {
    let name = match name {
        "accessCode" => "authorizationCode",
        "application" => "clientCredentials",
        // Of 3.2.
        "deviceAuthorization" => DEVICE,
        name => name,
    };
    let url = |key: &str| text(flow, key).unwrap_or_default();
    let urls = json!({"authorizationUrl": url("authorizationUrl"), "tokenUrl": url("tokenUrl"), "scopes": {}});
    (name.to_owned(), urls)
}

const DEVICE: &str = "x-deviceAuthorization";

fn words(scheme: &SecurityScheme) -> String {
    match scheme {
        SecurityScheme::APIKey { location, name, .. } => {
            let place = match location {
                APIKeyLocation::Header => "the header",
                APIKeyLocation::Cookie => "the cookie",
                APIKeyLocation::Query => "the query parameter",
            };
            format!("API key in {place} {}", refer::shorten(name.trim()))
        }
        SecurityScheme::HTTP { scheme, bearer_format, .. } => match scheme.trim().to_lowercase().as_str() {
            "basic" => "HTTP Basic: user name and password".into(),
            "bearer" => match bearer_format.as_deref().map(str::trim).filter(|format| !format.is_empty()) {
                None => "Bearer token".into(),
                Some(format) => format!("Bearer token ({})", refer::shorten(format)),
            },
            other => format!("HTTP {}", refer::shorten(other)),
        },
        SecurityScheme::OAuth2 { flows, .. } => match of_flows(flows).as_slice() {
            [] => "OAuth 2.0".into(),
            flows => format!("OAuth 2.0, {}", flows.join(", ")),
        },
        SecurityScheme::OpenIDConnect { .. } => "OpenID Connect".into(),
    }
}

fn of_flows(flows: &OAuth2Flows) -> Vec<&'static str> {
    let known = [
        (flows.authorization_code.is_some(), "authorization code"),
        (flows.client_credentials.is_some(), "client credentials"),
        (flows.extensions.contains_key(DEVICE), "device authorization"),
        (flows.implicit.is_some(), "implicit"),
        (flows.password.is_some(), "password"),
    ];
    known.into_iter().filter_map(|(there, words)| there.then_some(words)).collect()
}
