//! The way of one request through the gateway, phase by phase. Each phase is a file; each may refuse.
use crate::{
    account::Account,
    admit, after,
    arrive::{self, Arrival},
    before::{self, Before},
    client_address::Caller,
    dispatch,
    find::{self, Found},
    http1::Fault,
    identify,
    message::{Answer, Request},
    peer::Peer,
    policy::validate::report,
    refusal::Refusal,
    worker::Worker,
};
use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

/// Answers one request. Should the client go away meanwhile, this is dropped, and the account with it, which counts it.
pub(crate) async fn answer(worker: &Arc<Worker>, peer: &Arc<Peer>, request: Request) -> Answer {
    let shared = &worker.shared;
    let caller = shared.entrance.caller(peer, shared.secure, &request.fields);
    let client = caller.map_or(peer.address, |caller| caller.address);
    let mut account = Box::new(Account::open(worker, client, &request));
    let answered = {
        let mut running = pin!(run(worker, peer, caller, &mut account, request));
        poll_fn(|cx| caught(running.as_mut(), cx)).await
    };
    after::after(answered.unwrap_or(Err(Refusal::Internal)), account)
}

/// Answers what could not be read as a request; it is counted like one.
pub(crate) fn refuse(worker: &Arc<Worker>, peer: &Peer, fault: Fault) -> Answer {
    after::after(Err(fault.into()), Box::new(Account::open_unread(worker, peer.address)))
}

/// Answers a connection for which there is no room; it is counted like a request.
pub(crate) fn turn_away(worker: &Arc<Worker>, peer: &Peer) -> Answer {
    after::after(Err(Refusal::Overloaded), Box::new(Account::open_unread(worker, peer.address)))
}

async fn run(
    worker: &Arc<Worker>,
    peer: &Arc<Peer>,
    caller: Result<Caller, &'static str>,
    account: &mut Account,
    request: Request,
) -> Result<Answer, Refusal> {
    let shared = &worker.shared;
    let world = shared.world.load_full();
    let checked = arrive::check(shared, peer, caller, &request);
    let checked = checked.inspect_err(|_| {
        find::note_api(&world, &request, account);
        identify::note_key(shared, peer, &request.fields, account);
    })?;
    let mut arrival = Arrival::new(request, peer, checked);
    let found = find::find(&world, &arrival, account);
    let route = match found.inspect_err(|_| identify::note_key(shared, peer, &arrival.fields, account))? {
        Found::Route(route) => route,
        Found::Options { allow } => return Ok(after::options(allow)),
        Found::Preflight(fields) => return Ok(after::preflight(fields)),
    };
    let identity = identify::identify(shared, &route, &mut arrival, account)?;
    let mut permit = admit::admit(shared, &world, route, identity, &arrival, account)?;
    // Most calls need nothing of it, so it has no room in the future of each.
    let before = if before::applies(&permit) {
        Box::pin(before::before(worker, &mut permit, &mut arrival, account)).await?
    } else {
        Before::Forward(None)
    };
    let pass = match before {
        Before::Answered(answer) => return Ok(answer),
        Before::Forward(pass) => pass,
    };
    account.admitted();
    let mut answered = dispatch::http::forward(worker, &permit, arrival, account).await;
    let operation = &permit.route.operation;
    if let (Ok(answer), Some(checks)) = (&mut answered, &operation.policies.answer_checks) {
        report::watch(worker, answer, operation, checks, account.id);
    }
    match pass {
        Some(pass) => before::finish(pass, answered),
        None => answered,
    }
}

/// `None` when the future panicked: one request's bug is answered and counted like any failure. What it shares with
/// others is behind locks that outlive a panic.
fn caught<F: Future>(future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
    match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
        Ok(polled) => polled.map(Some),
        Err(_) => Poll::Ready(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_one_request_only() {
        let mut fine = pin!(async { 7 });
        assert_eq!(poll_fn(|cx| caught(fine.as_mut(), cx)).await, Some(7));
        let mut bug = pin!(async { assert!(!std::hint::black_box(true), "a bug, shown by the test of it") });
        assert_eq!(poll_fn(|cx| caught(bug.as_mut(), cx)).await, None);
    }
}
