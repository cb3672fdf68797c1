//! Second phase: which API and which operation is meant?
use crate::{
    account::Account,
    arrive::Arrival,
    closing::Closing,
    message::{Fields, Request},
    policy::{cors, maintenance::Maintenance},
    refusal::Refusal,
    router::Methods,
    world::{Api, Operation, World},
};
use http::Method;
use std::{sync::Arc, time::Duration};

pub(crate) enum Found {
    Route(Route),
    /// `OPTIONS` of a path whose document has no such operation: answered here with `Allow`.
    Options {
        allow: String,
    },
    /// A browser asks whether it may call: the fields of the answer.
    Preflight(Fields),
}

/// What a preflight is told of a path that no operation has: the call itself is then told so, in words a script can read.
const ANY_METHOD: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// An operation that a request asks for.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) api: Arc<Api>,
    pub(crate) operation: Arc<Operation>,
    /// Where the document's path begins in the request's.
    below: usize,
}

impl Route {
    /// To another API with the same base path and no operations.
    pub(crate) fn turn_to(&mut self, api: &Arc<Api>) {
        self.api = Arc::clone(api);
        self.operation = Arc::clone(&api.nowhere);
    }

    /// Whether anybody is there to answer it.
    pub(crate) fn has_upstream(&self, arrival: &Arrival) -> bool {
        !self.api.upstreams.group(self.operation.way, self.path(arrival)).targets().is_empty()
    }

    /// From the request's last byte to the answer's first.
    pub(crate) fn timeout(&self) -> Duration {
        self.operation.timeout.unwrap_or(self.api.timeout)
    }

    pub(crate) fn max_body_bytes(&self) -> u64 {
        self.operation.max_body_bytes.unwrap_or(self.api.max_body_bytes)
    }

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
    let (api, below) = world.find(arrival.fields.get("host"), arrival.path()).ok_or(Refusal::NoSuchApi)?;
    if arrival.peer.guest.as_ref().is_some_and(|guest| guest.api != api.slug) {
        return Err(Refusal::NoSuchApi);
    }
    let found = find_within(api, below, arrival, account);
    if account.operation.is_none() {
        account.operation = Some(Arc::clone(&api.nowhere));
    }
    found
}

fn find_within(api: &Arc<Api>, below: usize, arrival: &Arrival, account: &mut Account) -> Result<Found, Refusal> {
    let path = document_path(arrival.path(), below);
    account.closing = Closing::note(api, &arrival.method, path, &arrival.fields);
    let methods = api.router.find(path);
    if let Some(cors) = &api.policies.cors
        && cors::is_preflight(&arrival.method, &arrival.fields)
    {
        let allow = methods.map_or_else(|| ANY_METHOD.to_owned(), Methods::allow);
        // It says all that is to be said of sharing.
        account.closing = None;
        return Ok(Found::Preflight(cors.preflight(&arrival.fields, &allow)));
    }
    if let Some(addresses) = &api.policies.addresses
        && !addresses.permit(account.client)
    {
        return Err(Refusal::AddressDenied { api: api.slug.clone(), client: account.client.to_canonical() });
    }
    if let Some(maintenance) = &api.policies.maintenance
        && !maintenance.is_open_to(account.client)
    {
        let Maintenance { message, retry_after, .. } = maintenance;
        return Err(Refusal::Maintenance { message: Arc::clone(message), retry_after: *retry_after });
    }
    let methods = methods.ok_or_else(|| Refusal::NoSuchOperation { api: api.slug.clone() })?;
    match methods.get(&arrival.method) {
        Some(operation) => {
            account.operation = Some(Arc::clone(operation));
            Ok(Found::Route(Route { api: Arc::clone(api), operation: Arc::clone(operation), below }))
        }
        None if arrival.method == Method::OPTIONS => Ok(Found::Options { allow: methods.allow() }),
        None => Err(Refusal::MethodNotAllowed { method: arrival.method.to_string(), allow: methods.allow() }),
    }
}

/// Notes to which API a request belongs that was refused before anybody looked for it, so that its answer can be read
/// like all others of that API.
pub(crate) fn note_api(world: &World, request: &Request, account: &mut Account) {
    if let Some((api, _)) = world.find(request.fields.get("host"), request.target.path()) {
        account.operation = Some(Arc::clone(&api.nowhere));
        account.closing = Closing::note(api, &request.method, "", &request.fields);
    }
}
