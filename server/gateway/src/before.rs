//! Fifth phase: policies that change a request, or answer it without its upstream.
use crate::{
    account::Account,
    admit::Permit,
    arrive::Arrival,
    closing::with_values,
    dispatch,
    message::{Answer, Body, Target},
    policy::cache::{self, Asked, Credentials, Outcome, Pass, Place, Ready, Recorded, Step},
    refusal::Refusal,
    worker::Worker,
};
use std::{future::poll_fn, sync::Arc, time::Duration};

/// A caller waits no longer for what another one fetches.
const MAX_PATIENCE: Duration = Duration::from_secs(10);

pub(crate) enum Before {
    Answered(Answer),
    /// Ask the upstream, and hand its answer to [`finish`].
    Forward(Option<Pass>),
}

pub(crate) async fn before(
    worker: &Arc<Worker>,
    permit: &mut Permit,
    arrival: &mut Arrival,
    account: &Account,
) -> Result<Before, Refusal> {
    let operation = Arc::clone(&permit.route.operation);
    let policies = &operation.policies;
    if !policies.precedes() {
        return Ok(Before::Forward(None));
    }
    if std::mem::take(&mut permit.identity.in_authorization) {
        // Our own key ends here, and what rules put in its place does not.
        arrival.fields.remove("authorization");
    }
    let credentials = Credentials::of(&arrival.fields);
    if let Some(transform) = &policies.transform {
        let path = permit.route.path(arrival).to_owned();
        with_values(account, &path, |values| {
            if let Some(query) = transform.query(arrival.target.query(), values) {
                let mark = if query.is_empty() { "" } else { "?" };
                arrival.target = Target::new(format!("{}{mark}{query}", arrival.target.path()));
            }
            transform.request(&mut arrival.fields, &mut arrival.added, values);
        });
    }
    let Some(policy) = policies.cache.as_ref().filter(|_| arrival.upgrade.is_none()) else {
        return Ok(Before::Forward(None));
    };
    let app = account.key.as_ref().map(|key| key.app.to_string()).unwrap_or_default();
    let all = (!arrival.added.is_empty()).then(|| arrival.fields.joined(&arrival.added));
    let asked = Asked {
        method: &arrival.method,
        place: Place {
            api: &permit.route.api.slug,
            path: permit.route.path(arrival),
            query: arrival.target.query(),
            host: arrival.fields.get("host").unwrap_or_default(),
            app: policy.owner(&app),
        },
        fields: all.as_ref().unwrap_or(&arrival.fields),
        credentials,
        has_body: !arrival.body.is_over(),
    };
    let patience = permit.route.api.timeout.min(MAX_PATIENCE);
    match cache::look_up(&worker.shared.cache, policy, asked, patience).await {
        Step::Answer(ready) => Ok(Before::Answered(answer(ready))),
        Step::AnswerAndRefresh(ready, pass) => {
            let mut aside = arrival.aside();
            pass.prepare(&mut aside.fields);
            tokio::spawn(refresh(Arc::clone(worker), permit.again(), aside, account.aside(), pass));
            Ok(Before::Answered(answer(ready)))
        }
        Step::Forward(pass) => {
            pass.prepare(&mut arrival.fields);
            Ok(Before::Forward(Some(pass)))
        }
        Step::Refuse => Err(Refusal::NotKept),
    }
}

/// Fetches an answer anew while callers get the old one. There is one at a time for a target, and it ends when the upstream
/// has answered or its time is over.
async fn refresh(worker: Arc<Worker>, permit: Permit, arrival: Arrival, mut account: Account, pass: Pass) {
    let answered = dispatch::http::forward(&worker, &permit, arrival, &mut account).await;
    if let Ok(mut answer) = finish(pass, answered) {
        while let Some(Ok(_)) = poll_fn(|cx| answer.body.poll_next(cx)).await {}
    }
}

/// What becomes of the upstream's answer, or of its failure.
pub(crate) fn finish(pass: Pass, answered: Result<Answer, Refusal>) -> Result<Answer, Refusal> {
    let mut upstream = match answered {
        Ok(upstream) => upstream,
        Err(refusal) if refusal.status().is_server_error() => return pass.failed().map(answer).ok_or(refusal),
        Err(refusal) => return Err(refusal),
    };
    match pass.answered(upstream.status, &mut upstream.fields, upstream.body.length()) {
        Outcome::Kept(ready) => Ok(answer(ready)),
        Outcome::Passed(None) => Ok(upstream),
        Outcome::Passed(Some(recording)) => {
            upstream.body = Body::wrap(Recorded::new(upstream.body, recording));
            Ok(upstream)
        }
    }
}

fn answer(ready: Ready) -> Answer {
    let Ready { status, fields, body } = ready;
    let body = if body.is_empty() { Body::empty() } else { Body::full(body) };
    Answer { status, fields, body, tunnel: None }
}
