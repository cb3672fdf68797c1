//! Second phase: which API and which operation is meant?
use crate::{
    account::Account,
    arrive::Arrival,
    refusal::Refusal,
    world::{Api, Operation, World},
};
use http::Method;
use std::sync::Arc;

pub(crate) enum Found {
    Route(Route),
    /// `OPTIONS` of a path whose document has no such operation: answered here with `Allow`.
    Options {
        allow: String,
    },
}

/// An operation that a request asks for.
pub(crate) struct Route {
    pub(crate) api: Arc<Api>,
    pub(crate) operation: Arc<Operation>,
    /// Where the document's path begins in the request's.
    below: usize,
}

impl Route {
    /// The document's path, as it was matched.
    pub(crate) fn path<'a>(&self, arrival: &'a Arrival) -> &'a str {
        document_path(arrival.path(), self.below)
    }
}

fn document_path(path: &str, below: usize) -> &str {
    match &path[below..] {
        // The base path alone stands for the document's root.
        "" => "/",
        rest => rest,
    }
}

pub(crate) fn find(world: &World, arrival: &Arrival, account: &mut Account) -> Result<Found, Refusal> {
    let (api, below) = world.find(arrival.path()).ok_or(Refusal::NoSuchApi)?;
    account.operation = Some(Arc::clone(&api.nowhere));
    let methods = api
        .router
        .find(document_path(arrival.path(), below))
        .ok_or_else(|| Refusal::NoSuchOperation { api: api.slug.clone() })?;
    let method = arrival.method.as_str();
    match methods.get(method) {
        Some(operation) => {
            account.operation = Some(Arc::clone(operation));
            Ok(Found::Route(Route { api: Arc::clone(api), operation: Arc::clone(operation), below }))
        }
        None if arrival.method == Method::OPTIONS => Ok(Found::Options { allow: methods.allow() }),
        None => Err(Refusal::MethodNotAllowed { method: method.to_owned(), allow: methods.allow() }),
    }
}
