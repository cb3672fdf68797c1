//! The way of one request through the gateway, phase by phase. Each phase is a file; each may refuse.
use crate::{
    account::Account,
    admit, after, arrive,
    body::Body,
    dispatch,
    find::{self, Found},
    guard::Wire,
    identify,
    refusal::Refusal,
    worker::Worker,
};
use http::{Request, Response};
use hyper::body::Incoming;
use std::{net::IpAddr, sync::Arc};

/// Answers one request. Should the client go away meanwhile, this is dropped, and the account with it, which counts it.
pub(crate) async fn answer(
    worker: Arc<Worker>,
    wire: Arc<Wire>,
    client: IpAddr,
    request: Request<Incoming>,
) -> Response<Body> {
    let mut account = Box::new(Account::open(&worker, &wire, client, &request));
    let answer = match run(&worker, &wire, &mut account, request).await {
        Ok(answer) => answer,
        Err(refusal) => {
            account.refused(&refusal);
            refusal.into_answer(account.id)
        }
    };
    after::after(answer, account)
}

async fn run(
    worker: &Arc<Worker>,
    wire: &Arc<Wire>,
    account: &mut Account,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let shared = &worker.shared;
    let arrival = arrive::arrive(shared, wire, request)?;
    let world = shared.world.load_full();
    let route = match find::find(&world, &arrival, account)? {
        Found::Route(route) => route,
        Found::Options { allow } => return Ok(after::options(allow)),
    };
    let identity = identify::identify(shared, &route, &arrival, account)?;
    let permit = admit::admit(shared, &world, route, identity, &arrival, account)?;
    dispatch::http::forward(worker, wire, &permit, arrival, account).await
}
