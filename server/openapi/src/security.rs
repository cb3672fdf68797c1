//! How callers make themselves known: schemes in words.
use crate::{
    finding::Findings,
    frame, limits, markdown,
    outline::{members, text},
    refer, slug,
    typed::fit,
};
use openapiv3::{APIKeyLocation, OAuth2Flows, SecurityScheme};
use portico_contract::reference::{Flow, SchemeUse};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// A security scheme, ready to be told.
#[derive(Debug)]
pub(crate) struct Scheme {
    pub(crate) name: String,
    /// E.g. "API key in the header X-Key".
    pub(crate) kind: String,
    pub(crate) description: String,
    pub(crate) deprecated: bool,
    pub(crate) flows: Vec<Flow>,
    /// Of metadata, with what they are.
    pub(crate) addresses: Vec<(String, String)>,
}

impl Scheme {
    /// As the overview tells it.
    pub(crate) fn view(&self) -> portico_contract::reference::SecurityScheme {
        portico_contract::reference::SecurityScheme {
            name: refer::shorten(&self.name).into_owned(),
            anchor: self.anchor(),
            kind: self.kind.clone(),
            deprecated: self.deprecated,
            description_html: markdown::markdown(&self.description, 2),
            flows: self.flows.clone(),
            addresses: self.addresses.clone(),
        }
    }

    /// Where it is asked for.
    pub(crate) fn asked(&self, scopes: Vec<String>) -> SchemeUse {
        let said = |scope: &str| {
            let known = self.flows.iter().flat_map(|flow| &flow.scopes).find(|(name, _)| name == scope);
            known.map(|(_, words)| words.clone()).unwrap_or_default()
        };
        SchemeUse {
            name: refer::shorten(&self.name).into_owned(),
            kind: self.kind.clone(),
            anchor: self.anchor(),
            summary: markdown::sentences(&self.description, 200),
            scopes: scopes
                .into_iter()
                .map(|scope| (said(&scope), scope))
                .map(|(words, scope)| (scope, words))
                .collect(),
        }
    }

    fn anchor(&self) -> String {
        format!("security-{}", slug::words(&self.name))
    }
}

/// The flows of OAuth 2.0 with their addresses and scopes, as the document has them.
fn flows(scheme: &Value) -> Vec<Flow> {
    let known = [
        ("authorizationCode", "Authorization code"),
        ("accessCode", "Authorization code"),
        ("clientCredentials", "Client credentials"),
        ("application", "Client credentials"),
        ("deviceAuthorization", "Device authorization"),
        ("implicit", "Implicit"),
        ("password", "Password"),
    ];
    let of_two = text(scheme, "flow").map(|flow| (flow, scheme));
    let listed = members(scheme.get("flows")).map(|(name, flow)| (name.as_str(), flow));
    let read = listed.chain(of_two).filter_map(|(name, flow)| {
        let (_, kind) = known.iter().find(|(known, _)| *known == name)?;
        let scopes = members(flow.get("scopes")).take(limits::VALUES);
        Some(Flow {
            kind: (*kind).to_owned(),
            addresses: addresses(
                flow,
                &[
                    ("authorizationUrl", "Authorization"),
                    ("deviceAuthorizationUrl", "Device authorization"),
                    ("tokenUrl", "Token"),
                    ("refreshUrl", "Refresh"),
                ],
            ),
            scopes: scopes.map(|(scope, words)| (scope.clone(), scope_words(words))).collect(),
        })
    });
    read.collect()
}

fn scope_words(words: &Value) -> String {
    markdown::plain_up_to(words.as_str().unwrap_or_default(), 300)
}

fn addresses(of: &Value, keys: &[(&str, &str)]) -> Vec<(String, String)> {
    let told = keys.iter().filter_map(|(key, words)| Some(((*words).to_owned(), text(of, key)?)));
    told.map(|(words, address)| (words, refer::shorten(address).into_owned())).collect()
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
        schemes.push(Scheme {
            name: name.clone(),
            kind,
            description,
            deprecated: value.get("deprecated") == Some(&Value::Bool(true)),
            flows: flows(value),
            addresses: addresses(
                value,
                &[("openIdConnectUrl", "OpenID Connect discovery"), ("oauth2MetadataUrl", "OAuth 2.0 metadata")],
            ),
        });
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
