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
use std::{
    future::{Future, poll_fn},
    net::IpAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::Poll,
};

/// Answers one request. Should the client go away meanwhile, this is dropped, and the account with it, which counts it.
pub(crate) async fn answer(
    worker: Arc<Worker>,
    wire: Arc<Wire>,
    client: IpAddr,
    request: Request<Incoming>,
) -> Response<Body> {
    let mut account = Box::new(Account::open(&worker, &wire, client, &request));
    let answered = caught(run(&worker, &wire, &mut account, request)).await;
    let answer = match answered.unwrap_or(Err(Refusal::Internal)) {
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

/// `None` when the future panicked: one request's bug is answered and counted like any failure. What it shares with
/// others is behind locks that outlive a panic.
async fn caught<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(polled) => polled.map(Some),
        Err(_) => Poll::Ready(None),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_one_request_only() {
        assert_eq!(caught(async { 7 }).await, Some(7));
        let bug = async { assert!(!std::hint::black_box(true), "a bug, shown by the test of it") };
        assert_eq!(caught(bug).await, None);
    }
}
