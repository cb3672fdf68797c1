//! Proxies a request to one of the API's upstreams over HTTP/1.1, streaming both ways.
use super::{
    fields::{self, Told},
    upload::{Outgoing, UploadError},
};
use crate::{
    account::Account,
    admit::Permit,
    arrive::Arrival,
    http1::{
        Connection, Download, buffers,
        exchange::{Broken, Exchange, Patience},
        head::AnswerHead,
    },
    message::{Answer, Body},
    refusal::{Refusal, UpstreamFailure},
    tunnel::Tunnel,
    upstream::{dial::dial, pool::Home},
    worker::Worker,
    world::Target,
};
use http::{Method, StatusCode};
use rand::Rng as _;
use std::{future::poll_fn, sync::Arc, task::Poll, time::Duration};

/// An upgraded connection may be silent for so long, and lasts no longer than this.
const UPGRADE_IDLE: Duration = Duration::from_mins(10);
const UPGRADE_LIFETIME: Duration = Duration::from_hours(2);

pub(crate) async fn forward(
    worker: &Arc<Worker>,
    permit: &Permit,
    mut arrival: Arrival,
    account: &mut Account,
) -> Result<Answer, Refusal> {
    let body = std::mem::take(&mut arrival.body);
    let upload = if body.is_over() {
        Outgoing::none()
    } else {
        Outgoing::new(body, permit.route.api.max_body_bytes, account.count_upload())
    };
    let (head, exchange, home) = ask_one(worker, permit, &arrival, account, upload).await?;
    account.upstream_answered();
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return switch(&arrival, head, exchange);
    }
    let download = Download::new(exchange, &head, home);
    let AnswerHead { status, fields: mut kept, .. } = head;
    let bodiless = arrival.method == Method::HEAD || status == StatusCode::NOT_MODIFIED;
    fields::clean_answer(&mut kept, bodiless);
    Ok(Answer { status, fields: kept, body: Body::download(download), tunnel: None })
}

/// The upstream takes the switch of protocols that the client asked for.
fn switch(arrival: &Arrival, head: AnswerHead, exchange: Box<Exchange>) -> Result<Answer, Refusal> {
    if arrival.upgrade.is_none() {
        return Err(Refusal::UpstreamFailed(UpstreamFailure::Broken));
    }
    let (upstream, read, open) = exchange.into_connection().into_parts();
    let tunnel = Tunnel { upstream, read, open, idle: UPGRADE_IDLE, lifetime: Some(UPGRADE_LIFETIME), account: None };
    let mut kept = head.fields;
    let protocol = kept.get("upgrade").map(<[u8]>::to_vec).unwrap_or_default();
    fields::clean_answer(&mut kept, false);
    kept.push("connection", "upgrade");
    kept.push("upgrade", protocol);
    Ok(Answer { status: head.status, fields: kept, body: Body::empty(), tunnel: Some(Box::new(tunnel)) })
}

/// An answer that has begun, the exchange it belongs to, and where the connection goes afterwards.
type Asked = (AnswerHead, Box<Exchange>, Home);

/// Why there is no answer.
enum NotAsked {
    /// Nothing was sent: another upstream may be asked.
    NoConnection(UpstreamFailure, Outgoing),
    Refused(Refusal),
}

/// Asks an upstream, and another one where no connection to it could be had.
async fn ask_one(
    worker: &Arc<Worker>,
    permit: &Permit,
    arrival: &Arrival,
    account: &Account,
    mut upload: Outgoing,
) -> Result<Asked, Refusal> {
    let mut left: Vec<&Target> = permit.route.api.targets.iter().collect();
    let mut refusal = Refusal::UpstreamUnavailable;
    while let Some(place) = choose(&left) {
        let target = left.swap_remove(place);
        match ask(worker, permit, target, arrival, account, upload).await {
            Ok(asked) => return Ok(asked),
            Err(NotAsked::NoConnection(failure, unsent)) => {
                upload = unsent;
                refusal = Refusal::UpstreamFailed(failure);
            }
            Err(NotAsked::Refused(refusal)) => return Err(refusal),
        }
    }
    Err(refusal)
}

/// A place among the targets, by their weights.
fn choose(targets: &[&Target]) -> Option<usize> {
    if targets.len() < 2 {
        return targets.len().checked_sub(1);
    }
    let total = targets.iter().map(|target| target.weight).sum();
    let mut place = rand::rng().random_range(0..total);
    targets.iter().position(|target| {
        let found = place < target.weight;
        place = place.saturating_sub(target.weight);
        found
    })
}

/// Sends the request on a pooled connection, or on a new one. A pooled one may have been closed at the other end just
/// now: then, if nothing can have been done there, it is sent once more on a new one.
async fn ask(
    worker: &Arc<Worker>,
    permit: &Permit,
    target: &Target,
    arrival: &Arrival,
    account: &Account,
    upload: Outgoing,
) -> Result<Asked, NotAsked> {
    let endpoint = &target.endpoint;
    let told = Told::new(worker, permit, arrival, account);
    let patience = Patience { answer: permit.route.api.timeout, idle: worker.shared.settings.body_idle_timeout };
    let home = || Home { worker: Arc::clone(worker), endpoint: Arc::clone(&endpoint.name), since: account.started() };
    let head_only = arrival.method == Method::HEAD;
    let has_body = upload.length() != Some(0);
    let begin = |connection: Box<Connection>, upload: Outgoing| {
        let mut head = buffers::take_write();
        fields::write_request(&mut head, permit, target, arrival, &told, upload.length());
        Exchange::new(connection, head, upload, patience)
    };
    let mut upload = upload;
    let pooled = poll_fn(|cx| Poll::Ready(worker.pool.take(&endpoint.name, account.started(), cx))).await;
    if let Some(connection) = pooled {
        let mut exchange = begin(connection, upload);
        match exchange.answer(head_only).await {
            Ok(head) => return Ok((head, exchange, home())),
            Err(Broken::Lost) if exchange.is_unsent() => upload = exchange.into_upload(),
            Err(Broken::Lost) if !has_body && arrival.method.is_idempotent() => upload = Outgoing::none(),
            Err(broken) => return Err(NotAsked::Refused(why(permit, broken))),
        }
    }
    let connection = match dial(worker, endpoint).await {
        Ok(connection) => connection,
        Err(failure) => return Err(NotAsked::NoConnection(failure, upload)),
    };
    let mut exchange = begin(connection, upload);
    match exchange.answer(head_only).await {
        Ok(head) => Ok((head, exchange, home())),
        Err(broken) => Err(NotAsked::Refused(why(permit, broken))),
    }
}

/// Why an exchange broke: often it is the request's own body.
fn why(permit: &Permit, broken: Broken) -> Refusal {
    let api = &permit.route.api;
    match broken {
        Broken::Upload(UploadError::TooLarge) => Refusal::BodyTooLarge { limit: api.max_body_bytes },
        Broken::Upload(UploadError::Fault(fault)) => fault.into(),
        Broken::Upload(UploadError::Gone) => Refusal::BadRequest("its body broke off"),
        Broken::ClientTooSlow => Refusal::RequestTimeout,
        Broken::Timeout => Refusal::UpstreamTimeout { after: api.timeout },
        Broken::Lost | Broken::Garbage => Refusal::UpstreamFailed(UpstreamFailure::Broken),
    }
}
