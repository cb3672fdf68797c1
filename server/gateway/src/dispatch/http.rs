//! Proxies a request to one of the API's upstreams over HTTP/1.1, streaming both ways.
use super::{
    dial::dial,
    download::Download,
    fields::{self, Told},
    pool::Lease,
    upload::{Progress, State, Upload},
};
use crate::{
    account::Account,
    admit::Permit,
    arrive::Arrival,
    body::Body,
    guard::Wire,
    refusal::{Refusal, UpstreamFailure},
    worker::Worker,
    world::Target,
};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use http_body::Body as _;
use hyper::{body::Incoming, client::conn::http1::SendRequest};
use rand::Rng as _;
use std::{
    future::Future,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

/// A connection that was given back needs a turn of its task before it takes the next request; not much more.
const SETTLING: Duration = Duration::from_millis(100);

pub(crate) async fn forward(
    worker: &Arc<Worker>,
    wire: &Wire,
    permit: &Permit,
    mut arrival: Arrival,
    account: &mut Account,
) -> Result<Response<Body>, Refusal> {
    let body = take_body(&mut arrival, permit, account);
    let asked = Instant::now();
    let (answer, lease) = ask_one(worker, wire, permit, &arrival, account, body).await?;
    account.upstream_answered(asked.elapsed());
    let (mut parts, body) = answer.into_parts();
    let bodiless = arrival.parts.method == Method::HEAD || parts.status == StatusCode::NOT_MODIFIED;
    fields::clean_answer(&mut parts.headers, bodiless);
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    let patience = worker.shared.settings.body_idle_timeout;
    Ok(Response::from_parts(parts, Body::stream(Download::new(body, lease, patience))))
}

/// Asks an upstream, and another one where no connection to it could be had.
async fn ask_one(
    worker: &Arc<Worker>,
    wire: &Wire,
    permit: &Permit,
    arrival: &Arrival,
    account: &Account,
    mut body: Upload,
) -> Result<Asked, Refusal> {
    let mut left: Vec<&Target> = permit.route.api.targets.iter().collect();
    let mut refusal = Refusal::UpstreamUnavailable;
    while let Some(place) = choose(&left) {
        let target = left.swap_remove(place);
        let outbound = Outbound::new(worker, permit, target, arrival, account)?;
        match ask(worker, wire, permit, target, &outbound, body).await {
            Ok(asked) => return Ok(asked),
            Err(NotAsked::NoConnection(failure, unsent)) => {
                body = *unsent;
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

fn take_body(arrival: &mut Arrival, permit: &Permit, account: &Account) -> Upload {
    match arrival.body.take() {
        Some(body) if !body.is_end_stream() => {
            Upload::new(body, permit.route.api.max_body_bytes, Arc::clone(&account.bytes_in))
        }
        _ => Upload::none(),
    }
}

/// The head of the request to the upstream; made anew for a second try.
struct Outbound<'a> {
    arrival: &'a Arrival,
    uri: Uri,
    told: Told,
}

impl<'a> Outbound<'a> {
    fn new(
        worker: &Worker,
        permit: &Permit,
        target: &Target,
        arrival: &'a Arrival,
        account: &Account,
    ) -> Result<Self, Refusal> {
        let path = permit.route.path(arrival);
        let uri = match arrival.parts.uri.query() {
            Some(query) => format!("{}{path}?{query}", target.path),
            None => format!("{}{path}", target.path),
        };
        let uri = Uri::try_from(uri).map_err(|_| Refusal::BadRequest("its target cannot be forwarded"))?;
        let told = tell(worker, permit, target, arrival, account).ok_or(Refusal::Internal)?;
        Ok(Self { arrival, uri, told })
    }

    fn request(&self, body: Upload) -> Request<Upload> {
        let mut request = Request::new(body);
        *request.method_mut() = self.arrival.parts.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = fields::for_upstream(self.arrival, &self.told);
        request
    }
}

/// `None` only if something of ours did not fit a field.
fn tell(worker: &Worker, permit: &Permit, target: &Target, arrival: &Arrival, account: &Account) -> Option<Told> {
    let proto = if worker.shared.settings.public_url.scheme() == "https" { "https" } else { "http" };
    let node = match account.client.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("\"[{ip}]\""),
    };
    let host = arrival.parts.headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    // A host was checked to hold neither quotes nor backslashes.
    let host = host.map(|host| format!(";host=\"{host}\"")).unwrap_or_default();
    let traceparent = match arrival.parts.headers.get("traceparent") {
        Some(value) if fields::is_traceparent(value) => value.clone(),
        _ => new_traceparent()?,
    };
    let key = permit.identity.key.as_ref();
    Some(Told {
        host: target.endpoint.authority.clone(),
        forwarded_for: account.client.to_canonical().to_string().try_into().ok()?,
        forwarded_proto: proto,
        forwarded_prefix: permit.route.api.prefix.clone(),
        forwarded: HeaderValue::try_from(format!("for={node}{host};proto={proto}")).ok(),
        traceparent,
        request_id: account.id.to_string().try_into().ok()?,
        via: worker.shared.pseudonym.clone(),
        app: key.and_then(|key| key.app.to_string().try_into().ok()),
        key: key.and_then(|key| key.id.to_string().try_into().ok()),
        plan: permit.plan.as_ref().and_then(|plan| plan.name.clone()),
        drop_authorization: permit.identity.in_authorization,
    })
}

/// Begins a trace that is not sampled: who collects traces decides that, and nobody here does yet.
fn new_traceparent() -> Option<HeaderValue> {
    let mut rng = rand::rng();
    let (trace, parent): (u128, u64) = (rng.random(), rng.random());
    HeaderValue::try_from(format!("00-{:032x}-{:016x}-00", trace.max(1), parent.max(1))).ok()
}

/// An answer that has begun, and the connection it comes on.
type Asked = (Response<Incoming>, Lease);

/// Why there is no answer.
enum NotAsked {
    /// Nothing was sent: another upstream may be asked.
    NoConnection(UpstreamFailure, Box<Upload>),
    Refused(Refusal),
}

impl From<Refusal> for NotAsked {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Sends the request on a pooled connection, or on a new one. A pooled one may have been closed at the other end just
/// now: then, if nothing can have been done there, it is sent once more on a new one.
async fn ask(
    worker: &Arc<Worker>,
    wire: &Wire,
    permit: &Permit,
    target: &Target,
    outbound: &Outbound<'_>,
    body: Upload,
) -> Result<Asked, NotAsked> {
    let endpoint = &target.endpoint;
    let upload = body.progress();
    let repeatable = upload.is_none() && is_idempotent(&outbound.arrival.parts.method);
    let mut request = outbound.request(body);
    if let Some(mut sender) = worker.pool.take(&endpoint.name)
        && is_ready(&mut sender).await
    {
        let answer = sender.try_send_request(request);
        match first_byte(worker, permit, upload.as_deref(), answer).await? {
            Ok(answer) => {
                let lease = Lease { worker: Arc::clone(worker), endpoint: Arc::clone(&endpoint.name), sender, upload };
                return checked(answer, lease);
            }
            Err(mut error) => match error.take_message() {
                Some(unsent) => request = unsent,
                None if repeatable && !error.error().is_parse() => request = outbound.request(Upload::none()),
                None => return Err(why(wire, permit, upload.as_deref()).into()),
            },
        }
    }
    let mut sender = match dial(worker, endpoint).await {
        Ok(sender) => sender,
        Err(failure) => return Err(NotAsked::NoConnection(failure, Box::new(request.into_body()))),
    };
    let answer = sender.try_send_request(request);
    match first_byte(worker, permit, upload.as_deref(), answer).await? {
        Ok(answer) => {
            let lease = Lease { worker: Arc::clone(worker), endpoint: Arc::clone(&endpoint.name), sender, upload };
            checked(answer, lease)
        }
        Err(_) => Err(why(wire, permit, upload.as_deref()).into()),
    }
}

/// Whether a pooled connection has done with its last answer.
async fn is_ready(sender: &mut SendRequest<Upload>) -> bool {
    sender.is_ready() || timeout(SETTLING, sender.ready()).await.is_ok_and(|ready| ready.is_ok())
}

/// Nobody asked to switch protocols.
fn checked(answer: Response<Incoming>, lease: Lease) -> Result<Asked, NotAsked> {
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Refusal::UpstreamFailed(UpstreamFailure::Broken).into());
    }
    Ok((answer, lease))
}

fn is_idempotent(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE | Method::PUT | Method::DELETE)
}

/// Why an exchange broke: often it is the request's own body.
fn why(wire: &Wire, permit: &Permit, upload: Option<&Progress>) -> Refusal {
    let limit = permit.route.api.max_body_bytes;
    match upload.map(Progress::state) {
        Some(State::TooLarge) => Refusal::BodyTooLarge { limit },
        Some(State::Failed) => wire.fault().map_or(Refusal::BadRequest("its body broke off"), Refusal::from),
        _ => Refusal::UpstreamFailed(UpstreamFailure::Broken),
    }
}

/// Waits for the answer's head. The API's timeout runs from the request's last byte; until that, something must move.
async fn first_byte<A: Future>(
    worker: &Worker,
    permit: &Permit,
    upload: Option<&Progress>,
    answer: A,
) -> Result<A::Output, Refusal> {
    let limit = permit.route.api.timeout;
    let patience = worker.shared.settings.body_idle_timeout;
    let mut answer = std::pin::pin!(answer);
    let mut wait = if upload.is_some() { limit.min(patience) } else { limit };
    loop {
        tokio::select! {
            biased;
            answer = &mut answer => return Ok(answer),
            () = sleep(wait) => {}
        }
        let Some(upload) = upload else { return Err(Refusal::UpstreamTimeout { after: limit }) };
        let under_way = upload.state() == State::UnderWay;
        let allowed = if under_way { patience } else { limit };
        match allowed.checked_sub(upload.still()) {
            Some(rest) if rest > Duration::ZERO => wait = rest,
            _ if under_way && upload.waits_for_client() => return Err(Refusal::RequestTimeout),
            _ => return Err(Refusal::UpstreamTimeout { after: limit }),
        }
    }
}
