//! Proxies a request to one of the API's upstreams, streaming both ways.
use super::{
    fields::{self, Told},
    limited::Limited,
    upload::Outgoing,
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
    message::{Answer, Body, Fields},
    refusal::{Refusal, UpstreamFailure},
    tunnel::Tunnel,
    upstream::{
        condition::Load,
        dial::dial,
        group::{Outcome, Target, Tried},
        http2::{self, NotReplied, Terms},
        plan,
        pool::Home,
        retry::{Sent, may_repeat},
    },
    websocket::OpenSocket,
    worker::Worker,
};
use foldhash::quality::FixedState;
use http::{Method, StatusCode};
use portico_domain::Protocol;
use std::{
    future::poll_fn,
    hash::BuildHasher as _,
    net::IpAddr,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};
use tokio::time::timeout;

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
        Outgoing::new(
            body,
            permit.route.max_body_bytes(),
            account.count_upload(),
            permit.route.api.upstreams.patience.idle,
        )
    };
    let patience = &permit.route.api.upstreams.patience;
    let call = Call::new(worker, permit, &arrival, account, upload.length() != Some(0));
    let replied = match patience.total {
        None => call.ask_any(upload).await,
        // Each wait is shorter than this; all of them together may not be.
        Some(total) => {
            let asked = timeout(total, Box::pin(call.ask_any(upload))).await;
            asked.unwrap_or(Err(Refusal::UpstreamTimeout { after: total }))
        }
    };
    if !matches!(replied, Err(Refusal::UpstreamUnavailable { .. })) {
        account.upstream_done();
    }
    let mut answer = replied?.into_answer(worker, permit, &arrival)?;
    if let Some(limit) = permit.route.operation.max_answer_bytes {
        match answer.body.length() {
            Some(length) if length > limit => return Err(Refusal::UpstreamFailed(UpstreamFailure::TooLarge)),
            Some(_) => {}
            None => answer.body = Body::wrap(Limited::in_size(answer.body, limit)),
        }
    }
    if let Some(total) = patience.total
        && !answer.body.is_over()
    {
        answer.body = Body::wrap(Limited::in_time(answer.body, total.saturating_sub(account.started().elapsed())));
    }
    Ok(answer)
}

/// A request on its way to whichever upstream takes it.
struct Call<'a> {
    worker: &'a Arc<Worker>,
    permit: &'a Permit,
    arrival: &'a Arrival,
    told: Told<'a>,
    client: IpAddr,
    /// About now, for what need not be exact.
    started: Instant,
    has_body: bool,
    patience: Patience,
    connect_within: Duration,
}

/// An answer that has begun.
enum Reply {
    Http1 { head: AnswerHead, exchange: Box<Exchange>, home: Home },
    Http2(http2::Reply, Load),
}

/// Why an upstream gave none.
struct Failed {
    refusal: Refusal,
    sent: Sent,
    /// The request's body, where nothing of it is gone.
    upload: Outgoing,
    /// Whether it says something about the upstream.
    is_its_fault: bool,
}

impl<'a> Call<'a> {
    fn new(
        worker: &'a Arc<Worker>,
        permit: &'a Permit,
        arrival: &'a Arrival,
        account: &'a Account,
        has_body: bool,
    ) -> Self {
        let patience = &permit.route.api.upstreams.patience;
        let within = |wait: Duration| patience.total.map_or(wait, |total| wait.min(total));
        Self {
            worker,
            permit,
            arrival,
            told: Told::new(worker, permit, arrival, account),
            client: account.client,
            started: account.started(),
            has_body,
            connect_within: within(patience.connect),
            patience: Patience { answer: within(permit.route.timeout()), idle: patience.idle },
        }
    }

    /// Asks one upstream. Another is asked where no connection to the first could be had, since nothing was done then;
    /// and where the first failed, if the call may be repeated, tries are left, and the budget has room.
    async fn ask_any(&self, mut upload: Outgoing) -> Result<Reply, Refusal> {
        let (route, worker) = (&self.permit.route, self.worker);
        let upstreams = &route.api.upstreams;
        let group = upstreams.group(route.operation.way, route.path(self.arrival));
        let now = || worker.shared.monotonic_nanos();
        let (mut tried, mut tries_left) = (Tried::default(), upstreams.retry.attempts);
        let mut last: Option<Result<Reply, Refusal>> = None;
        let mut is_retry = false;
        upstreams.retry.called();
        loop {
            let choose = |tried| group.choose(tried, || self.caller(), now, &mut rand::rng());
            let chosen = match choose(tried) {
                // A retry goes to the same upstream where there is no other.
                Err(_) if is_retry => choose(Tried::default()),
                chosen => chosen,
            };
            let mut choice = match chosen {
                Ok(choice) => choice,
                Err(unavailable) => return last.unwrap_or(Err(unavailable.into())),
            };
            tried.add(&choice);
            let load = std::mem::take(&mut choice.load);
            let sent = match self.ask(choice.target, load, upload).await {
                Ok(reply) => {
                    group.report(&mut choice, Outcome::Answered(reply.status()), now);
                    if !upstreams.retry.asks_again_for(reply.status()) {
                        return Ok(reply);
                    }
                    last = Some(Ok(reply));
                    upload = Outgoing::none();
                    if self.has_body { Sent::PartOfBody } else { Sent::WithoutBody }
                }
                Err(failed) => {
                    if failed.is_its_fault {
                        group.report(&mut choice, Outcome::Failed, now);
                    }
                    last = Some(Err(failed.refusal));
                    upload = failed.upload;
                    failed.sent
                }
            };
            let may_go_on = match sent {
                Sent::Nothing => self.started.elapsed() < self.patience.answer,
                sent => {
                    let may = tries_left > 0 && may_repeat(&self.arrival.method, sent) && upstreams.retry.take(now());
                    tries_left = tries_left.saturating_sub(1);
                    is_retry = may;
                    may
                }
            };
            if !may_go_on {
                return last.unwrap_or(Err(Refusal::Internal));
            }
        }
    }

    /// By what callers that keep to one upstream are told apart; the same on every node.
    fn caller(&self) -> u64 {
        let state = FixedState::default();
        match &self.permit.identity.key {
            Some(key) => state.hash_one(key.app),
            None => state.hash_one(self.client.to_canonical()),
        }
    }

    async fn ask(&self, target: &Target, load: Load, upload: Outgoing) -> Result<Reply, Failed> {
        match target.endpoint.protocol {
            Protocol::Http1 => self.ask_http1(target, load, upload).await,
            Protocol::Http2 => Box::pin(self.ask_http2(target, load, upload)).await,
        }
    }

    /// Sends the request on a pooled connection, or on a new one. A pooled one may have been closed at the other end
    /// just now: then, if nothing can have been done there, it is sent once more on a new one.
    async fn ask_http1(&self, target: &Target, load: Load, mut upload: Outgoing) -> Result<Reply, Failed> {
        let (worker, endpoint) = (self.worker, &target.endpoint);
        let head_only = self.arrival.method == Method::HEAD;
        let home = |load| Home { worker: Arc::clone(worker), endpoint: endpoint.id, since: self.started, load };
        let begin = |connection: Box<Connection>, upload: Outgoing| {
            let mut head = buffers::take_write();
            fields::write_request(&mut head, self.permit, target, self.arrival, &self.told, upload.length());
            Exchange::new(connection, head, upload, self.patience)
        };
        let pooled = poll_fn(|cx| Poll::Ready(worker.pool.take(endpoint, self.started, cx))).await;
        if let Some(connection) = pooled {
            let mut exchange = begin(connection, upload);
            match exchange.answer(head_only).await {
                Ok(head) => return Ok(Reply::Http1 { head, exchange, home: home(load) }),
                Err(Broken::Lost) if exchange.is_unsent() => upload = exchange.into_upload(),
                Err(Broken::Lost) if !self.has_body && self.arrival.method.is_idempotent() => {
                    upload = Outgoing::none();
                }
                Err(broken) => return Err(self.failed(broken)),
            }
        }
        // In a box, as most calls find a connection in the pool and need no room for this.
        let connection = match Box::pin(dial(worker, endpoint, self.connect_within)).await {
            Ok(connection) => connection,
            Err(failure) => return Err(no_connection(failure, upload)),
        };
        let mut exchange = begin(connection, upload);
        match exchange.answer(head_only).await {
            Ok(head) => Ok(Reply::Http1 { head, exchange, home: home(load) }),
            Err(Broken::Lost) if exchange.is_unsent() => {
                Err(no_connection(UpstreamFailure::Broken, exchange.into_upload()))
            }
            Err(broken) => Err(self.failed(broken)),
        }
    }

    /// A request with which the upstream did nothing is sent once more, on another connection: an upstream that is about
    /// to stop says so, and fails no call.
    async fn ask_http2(&self, target: &Target, load: Load, mut upload: Outgoing) -> Result<Reply, Failed> {
        let (worker, endpoint) = (self.worker, &target.endpoint);
        let mut avoided = None;
        loop {
            let head = fields::http2_request(self.permit, target, self.arrival, &self.told);
            let Some(head) = head else {
                let refusal = Refusal::BadRequest("its target cannot be sent over HTTP/2");
                return Err(Failed { refusal, sent: Sent::PartOfBody, upload, is_its_fault: false });
            };
            let (connect_within, patience) = (self.connect_within, self.patience);
            let terms = Terms { avoided: avoided.as_ref(), connect_within, patience };
            match worker.lines.ask(worker, endpoint, head, upload, terms).await {
                Ok(reply) => return Ok(Reply::Http2(reply, load)),
                Err(NotReplied::NoConnection(failure, upload)) => return Err(no_connection(failure, upload)),
                Err(NotReplied::Unprocessed(line, again)) if avoided.is_none() => {
                    (avoided, upload) = (Some(line), again);
                }
                Err(NotReplied::Unprocessed(_, upload)) => return Err(no_connection(UpstreamFailure::Broken, upload)),
                Err(NotReplied::Broken(broken)) => return Err(self.failed(broken)),
            }
        }
    }

    /// Why an exchange broke: often it is the request's own body.
    fn failed(&self, broken: Broken) -> Failed {
        let (refusal, is_its_fault) = match broken {
            Broken::Upload(error) => (error.refusal(self.permit.route.max_body_bytes()), false),
            Broken::ClientTooSlow => (Refusal::RequestTimeout, false),
            Broken::Timeout => (Refusal::UpstreamTimeout { after: self.patience.answer }, true),
            Broken::Lost | Broken::Garbage => (Refusal::UpstreamFailed(UpstreamFailure::Broken), true),
        };
        // After a timeout the time for an answer is used up: another try would double it.
        let is_repeatable = matches!(broken, Broken::Lost | Broken::Garbage) && !self.has_body;
        let sent = if is_repeatable { Sent::WithoutBody } else { Sent::PartOfBody };
        Failed { refusal, sent, upload: Outgoing::none(), is_its_fault }
    }
}

fn no_connection(failure: UpstreamFailure, upload: Outgoing) -> Failed {
    let (refusal, is_its_fault) = match failure {
        UpstreamFailure::OutOfFiles => (Refusal::Overloaded, false),
        failure => (Refusal::UpstreamFailed(failure), true),
    };
    Failed { refusal, sent: Sent::Nothing, upload, is_its_fault }
}

impl Reply {
    fn status(&self) -> StatusCode {
        match self {
            Self::Http1 { head, .. } => head.status,
            Self::Http2(reply, _) => reply.status,
        }
    }

    fn into_answer(self, worker: &Arc<Worker>, permit: &Permit, arrival: &Arrival) -> Result<Answer, Refusal> {
        let status = self.status();
        let (mut kept, body) = match self {
            Self::Http1 { head, exchange, home } if status == StatusCode::SWITCHING_PROTOCOLS => {
                return switch(worker, permit, arrival, head, exchange, home.load);
            }
            Self::Http1 { head, exchange, home } => {
                let download = Download::new(exchange, &head, home);
                (head.fields, Body::download(download))
            }
            Self::Http2(reply, load) => (Fields::from_map(&reply.fields), Body::wrap(reply.body.holding(load))),
        };
        let bodiless = arrival.method == Method::HEAD || status == StatusCode::NOT_MODIFIED;
        fields::clean_answer(&mut kept, bodiless);
        Ok(Answer { status, fields: kept, body, tunnel: None })
    }
}

/// The upstream takes the switch of protocols that the client asked for.
fn switch(
    worker: &Arc<Worker>,
    permit: &Permit,
    arrival: &Arrival,
    head: AnswerHead,
    exchange: Box<Exchange>,
    load: Load,
) -> Result<Answer, Refusal> {
    let agreed = head
        .fields
        .text("upgrade")
        .is_some_and(|protocol| arrival.upgrade.as_deref().is_some_and(|asked| asked.eq_ignore_ascii_case(protocol)));
    if !agreed {
        return Err(Refusal::UpstreamFailed(UpstreamFailure::Broken));
    }
    let (upstream, read, open) = exchange.into_connection().into_parts();
    let api = &permit.route.api;
    let socket = (arrival.upgrade.as_deref() == Some("websocket")).then(|| OpenSocket::count(worker, &api.slug));
    let plan::Patience { upgrade_idle: idle, upgrade_lifetime: lifetime, .. } = api.upstreams.patience;
    let tunnel = Tunnel { upstream, read, open, load, socket, idle, lifetime, account: None };
    let mut kept = head.fields;
    let protocol = kept.get("upgrade").map(<[u8]>::to_vec).unwrap_or_default();
    fields::clean_answer(&mut kept, false);
    kept.push("connection", "upgrade");
    kept.push("upgrade", protocol);
    Ok(Answer { status: head.status, fields: kept, body: Body::empty(), tunnel: Some(Box::new(tunnel)) })
}
