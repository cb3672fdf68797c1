//! Fifth phase: policies that change a request, or answer it without its upstream.
use crate::{
    account::Account,
    admit::Permit,
    arrive::Arrival,
    closing::with_values,
    dispatch,
    message::{Answer, Body, Target},
    pace::{Pace, TooSlow},
    policy::{
        cache::{self, Asked, Credentials, Outcome, Pass, Place, Ready, Recorded, Step},
        mock::{NoSuchMock, OperationMocks},
        shadow::{self, Copied},
        validate::{BodyRefusal, MAX_REQUEST_BODY, OperationChecks},
    },
    refusal::Refusal,
    worker::Worker,
    world::Shadow,
};
use bytes::{Bytes, BytesMut};
use portico_domain::Mock;
use rand::Rng as _;
use std::{
    future::{Future as _, poll_fn},
    io,
    sync::Arc,
    task::Poll,
    time::Duration,
};
use tokio::time::{sleep, timeout};

/// A caller waits no longer for what another one fetches.
const MAX_PATIENCE: Duration = Duration::from_secs(10);

pub(crate) enum Before {
    Answered(Answer),
    /// Ask the upstream, and hand its answer to [`finish`].
    Forward(Option<Pass>),
}

/// Whether anything is set that this phase looks after.
pub(crate) fn applies(permit: &Permit) -> bool {
    permit.route.operation.policies.precedes() || permit.route.api.shadow.is_some()
}

pub(crate) async fn before(
    worker: &Arc<Worker>,
    permit: &mut Permit,
    arrival: &mut Arrival,
    account: &Account,
) -> Result<Before, Refusal> {
    let operation = Arc::clone(&permit.route.operation);
    let policies = &operation.policies;
    if std::mem::take(&mut permit.identity.in_authorization) {
        // Our own key ends here, and what rules put in its place does not.
        arrival.fields.remove("authorization");
    }
    if let Some(checks) = &policies.call_checks {
        check_call(checks, permit, arrival).await?;
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
    if let (mode, Some(mocks)) = &policies.mock
        && (*mode == Mock::Always || !permit.route.has_upstream(arrival))
    {
        return mock(mocks, arrival).map(Before::Answered);
    }
    let pass = match policies.cache.as_ref().filter(|_| arrival.upgrade.is_none()) {
        None => None,
        Some(policy) => match ask_cache(worker, policy, permit, arrival, account, credentials).await? {
            Before::Answered(answer) => return Ok(Before::Answered(answer)),
            Before::Forward(pass) => pass,
        },
    };
    if let Some(shadow) = &permit.route.api.shadow {
        send_copy(worker, shadow, permit, arrival, account);
    }
    Ok(Before::Forward(pass))
}

/// Checks a call against the document: its parameters, and its body where the document describes that. Only such a body is
/// gathered, up to a limit.
async fn check_call(checks: &OperationChecks, permit: &Permit, arrival: &mut Arrival) -> Result<(), Refusal> {
    let faults =
        checks.parameters(permit.route.path(arrival), arrival.target.query().unwrap_or_default(), &arrival.fields);
    if !faults.is_empty() {
        return Err(Refusal::InvalidParameters(faults));
    }
    let check = match checks.body(&arrival.fields, !arrival.body.is_over()) {
        Ok(None) => return Ok(()),
        Ok(Some(check)) => check,
        Err(BodyRefusal::Missing(fault)) => return Err(Refusal::InvalidBody(vec![fault])),
        Err(BodyRefusal::Unsupported { accepted }) => return Err(Refusal::UnsupportedMediaType { accepted }),
    };
    let limit = permit.route.max_body_bytes().min(MAX_REQUEST_BODY as u64);
    let mut whole = BytesMut::new();
    let idle = permit.route.api.upstreams.patience.idle;
    let (mut patience, mut pace) = (Box::pin(sleep(idle)), Pace::new(idle));
    while let Some(frame) = poll_fn(|cx| match arrival.body.poll_next(cx) {
        Poll::Pending => {
            pace.waits();
            patience.as_mut().poll(cx).map(|()| Some(Err(io::ErrorKind::TimedOut.into())))
        }
        frame @ Poll::Ready(_) => frame,
    })
    .await
    {
        let frame = frame.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => Refusal::RequestTimeout,
            _ => dispatch::upload::UploadError::from(&error).refusal(limit),
        })?;
        if let Ok(data) = frame.into_data() {
            if (whole.len() + data.len()) as u64 > limit {
                return Err(Refusal::BodyTooLarge { limit });
            }
            whole.extend_from_slice(&data);
            pace.moved(data.len()).map_err(|TooSlow| Refusal::RequestTimeout)?;
            patience.as_mut().reset(tokio::time::Instant::now() + idle);
        }
    }
    let whole = whole.freeze();
    let faults = check.check(&whole);
    arrival.body = Body::full(whole);
    if faults.is_empty() { Ok(()) } else { Err(Refusal::InvalidBody(faults)) }
}

/// An answer from the document.
fn mock(mocks: &OperationMocks, arrival: &Arrival) -> Result<Answer, Refusal> {
    let reply = mocks.choose(&arrival.fields).map_err(|NoSuchMock(why)| Refusal::NoSuchMock(why))?;
    let mut answer = Answer::new(reply.status);
    reply.write_to(&mut answer.fields);
    let body = reply.body.clone();
    Ok(answer.with_body(if body.is_empty() { Body::empty() } else { Body::full(body) }))
}

async fn ask_cache(
    worker: &Arc<Worker>,
    policy: &Arc<cache::Policy>,
    permit: &Permit,
    arrival: &mut Arrival,
    account: &Account,
    credentials: Credentials,
) -> Result<Before, Refusal> {
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

/// Sends a copy of the call to the API's shadow, once its body has passed, if the dice and the places say so.
fn send_copy(worker: &Arc<Worker>, shadow: &Shadow, permit: &Permit, arrival: &mut Arrival, account: &Account) {
    let too_long = arrival.body.length().is_some_and(|length| length > shadow::MAX_BODY as u64);
    if too_long || arrival.upgrade.is_some() || !shadow::is_chosen(shadow.percent, rand::rng().random_range(0..100)) {
        return;
    }
    let Some(place) = worker.shadows.take() else { return };
    let mut permit = permit.again();
    permit.route.turn_to(&shadow.api);
    let mut copy = arrival.aside();
    let (name, value) = shadow::FIELD;
    copy.added.push(name, value);
    let (worker, mut account) = (Arc::clone(worker), account.aside());
    let send = move |body: Bytes| {
        copy.body = if body.is_empty() { Body::empty() } else { Body::full(body) };
        let patience = permit.route.api.timeout;
        tokio::spawn(async move {
            let forwarding = async {
                if let Ok(answer) = dispatch::http::forward(&worker, &permit, copy, &mut account).await {
                    drain(answer).await;
                }
            };
            // Nobody waits for it, so neither does it outlive what callers would wait for.
            let _ = timeout(patience, forwarding).await;
            drop(place);
        });
    };
    if arrival.body.is_over() {
        send(Bytes::new());
    } else {
        arrival.body = Body::wrap(Copied::new(std::mem::take(&mut arrival.body), send));
    }
}

async fn drain(mut answer: Answer) {
    while let Some(Ok(_)) = poll_fn(|cx| answer.body.poll_next(cx)).await {}
}

/// Fetches an answer anew while callers get the old one. There is one at a time for a target, and it ends when the upstream
/// has answered or its time is over.
async fn refresh(worker: Arc<Worker>, permit: Permit, arrival: Arrival, mut account: Account, pass: Pass) {
    let answered = dispatch::http::forward(&worker, &permit, arrival, &mut account).await;
    if let Ok(answer) = finish(pass, answered) {
        drain(answer).await;
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
