//! Where a document says that its API is served.
use crate::{
    limits, markdown,
    outline::{Dialect, members, text},
    refer,
};
use portico_contract::reference::{Server, ServerVariable};
use serde_json::Value;

/// Of the document as a whole.
pub(crate) fn of_document(root: &Value, dialect: Dialect) -> Vec<Server> {
    match dialect {
        Dialect::Swagger2 => of_two(root),
        Dialect::Three | Dialect::ThreeOne => own(root),
    }
}

/// Those that an operation or its path names for itself; empty where it has those of the document.
pub(crate) fn of_operation(item: &Value, operation: &Value) -> Vec<Server> {
    let own_first = [operation, item].into_iter().map(own).find(|servers| !servers.is_empty());
    own_first.unwrap_or_default()
}

fn own(of: &Value) -> Vec<Server> {
    let listed = of.get("servers").and_then(Value::as_array).into_iter().flatten();
    listed.filter_map(server).take(limits::SERVERS).collect()
}

fn server(value: &Value) -> Option<Server> {
    let short = |value: &str| refer::shorten(value).into_owned();
    let variables = members(value.get("variables")).take(limits::SERVERS).map(|(name, variable)| {
        let values = variable.get("enum").and_then(Value::as_array).into_iter().flatten();
        ServerVariable {
            name: short(name),
            default: match variable.get("default") {
                Some(Value::String(text)) => short(text),
                Some(other) => other.to_string(),
                None => String::new(),
            },
            values: values.filter_map(Value::as_str).take(limits::VALUES).map(short).collect(),
            description_html: markdown::markdown(text(variable, "description").unwrap_or_default(), 3),
        }
    });
    Some(Server {
        name: text(value, "name").map(short).unwrap_or_default(),
        url: short(text(value, "url")?),
        description_html: markdown::markdown(text(value, "description").unwrap_or_default(), 3),
        variables: variables.collect(),
    })
}

/// Swagger 2.0 has one server, in pieces.
fn of_two(root: &Value) -> Vec<Server> {
    let Some(host) = text(root, "host") else { return Vec::new() };
    let path = text(root, "basePath").unwrap_or_default().trim_end_matches('/');
    let listed = root.get("schemes").and_then(Value::as_array).into_iter().flatten();
    let mut schemes: Vec<&str> = listed.filter_map(Value::as_str).take(limits::SERVERS).collect();
    if schemes.is_empty() {
        schemes.push("https");
    }
    let url = |scheme: &str| refer::shorten(&format!("{scheme}://{host}{path}")).into_owned();
    schemes.into_iter().map(|scheme| Server { url: url(scheme), ..Server::default() }).collect()
}
