//! Keeps answers, as a shared cache does (RFC 9111), on each node for itself.
//!
//! [`look_up`] says what is to be done with a request: answer it from here, or ask the upstream with a [`Pass`], which
//! then takes the upstream's word. Answers of one app never reach another unless the API's settings say that they may.
//! An answer to a request with credentials of its own (`Authorization`, `Cookie`) is kept only where the upstream says so
//! in plain words, and only such an answer is used for one.
mod conditional;
mod control;
mod flight;
mod freshness;
mod pass;
mod recorded;
mod store;

pub(crate) use pass::{Outcome, Pass};
pub(crate) use recorded::Recorded;
pub(crate) use store::Place;

use crate::message::fields::Fields;
use bytes::Bytes;
use control::RequestControl;
use flight::{Flights, Joined, Waited};
use http::{Method, StatusCode};
use portico_domain::{Clock, OperationCache, Slug, Timestamp};
use std::{fmt::Write as _, sync::Arc, time::Duration};
use store::{Found, Kept, Store};

/// Times that a caller takes over from, or waits for, another one.
const ROUNDS: usize = 3;

/// How answers of one operation are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Answers are kept; if not, changes of targets are watched all the same.
    enabled: bool,
    /// Seconds, for answers that say nothing themselves.
    ttl: u32,
    shared: bool,
    vary: Box<[Box<str>]>,
    max_bytes: usize,
}

impl Policy {
    pub(crate) fn compile(api: &portico_domain::Cache, operation: Option<OperationCache>) -> Self {
        Self {
            enabled: operation.is_none_or(|operation| operation.enabled),
            ttl: operation.and_then(|operation| operation.ttl_seconds).unwrap_or(api.ttl_seconds),
            shared: api.shared,
            vary: api.vary.iter().map(|name| name.to_ascii_lowercase().into()).collect(),
            max_bytes: api.max_answer_bytes as usize,
        }
    }

    /// Whose answers a caller gets; `app` is empty where there is none.
    pub(crate) fn owner<'a>(&self, app: &'a str) -> &'a str {
        if self.shared { "" } else { app }
    }
}

/// A node's cache.
pub(crate) struct Cache {
    store: Store,
    flights: Arc<Flights>,
    clock: Arc<dyn Clock>,
}

impl Cache {
    pub(crate) fn new(bytes: u64, clock: Arc<dyn Clock>) -> Self {
        Self { store: Store::new(bytes), flights: Arc::default(), clock }
    }

    /// Forgets the answers of an API, or those of a path and all below it; answers how many targets it were.
    pub(crate) fn purge(&self, api: &Slug, path: Option<&str>) -> usize {
        self.store.purge(api, path)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// A request as a cache sees it.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a Method,
    pub(crate) place: Place<'a>,
    /// As the upstream will get them.
    pub(crate) fields: &'a Fields,
    pub(crate) credentials: Credentials,
    pub(crate) has_body: bool,
}

/// What a caller brings for the upstream itself; what rules of the API put there is the same for all callers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Credentials {
    authorization: bool,
    cookie: bool,
}

impl Credentials {
    /// Of a caller's fields, without our own key.
    pub(crate) fn of(fields: &Fields) -> Self {
        Self { authorization: fields.contains("authorization"), cookie: fields.contains("cookie") }
    }

    fn are_there(self) -> bool {
        self.authorization || self.cookie
    }

    /// Whether an answer may be kept for, or used for, a request with these (RFC 9111 3.5; of cookies it says nothing,
    /// and they are as good as credentials).
    fn are_settled_by(self, kept: &Kept) -> bool {
        let said = kept.control.public || kept.control.s_maxage.is_some() || kept.control.must_revalidate;
        said || (!self.authorization && (!self.cookie || kept.vary.names("cookie")))
    }
}

/// An answer that is here.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) status: StatusCode,
    pub(crate) fields: Fields,
    /// Empty for HEAD, whose fields tell its length.
    pub(crate) body: Bytes,
}

pub(crate) enum Step {
    Answer(Ready),
    /// A stale answer may be used while it is fetched anew, which nobody does yet.
    AnswerAndRefresh(Ready, Pass),
    /// Ask the upstream.
    Forward(Pass),
    /// The caller wants no answer but one from here, and there is none: 504.
    Refuse,
}

/// What is to be done with a request. Waits, for `patience` at most, while another one fetches the same.
pub(crate) async fn look_up(cache: &Arc<Cache>, policy: &Arc<Policy>, asked: Asked<'_>, patience: Duration) -> Step {
    let is_get = *asked.method == Method::GET;
    if !is_get && *asked.method != Method::HEAD {
        return Step::Forward(Pass::of_another_method(cache, asked));
    }
    if !policy.enabled {
        return Step::Forward(Pass::idle());
    }
    let control = RequestControl::read(asked.fields);
    let bypass = |reason| if control.only_if_cached { Step::Refuse } else { Step::Forward(Pass::bypass(reason)) };
    if conditional::is_beyond(asked.fields) || asked.has_body {
        return bypass("bypass");
    }
    if control.no_store {
        return bypass("request");
    }
    let key: Box<[u8]> = asked.place.key().into();
    for _ in 0..ROUNDS {
        let now = cache.now();
        let (reason, stale) = match cache.store.find(&key, asked.place, asked.fields) {
            Found::Nothing => ("miss", None),
            Found::Otherwise => ("vary-miss", None),
            Found::Kept(kept) if !asked.credentials.are_settled_by(&kept) => ("miss", None),
            Found::Kept(kept) => match judge(&kept, &control, now) {
                Use::AsItIs => return Step::Answer(ready(&kept, asked, now, "hit")),
                Use::WhileItIsFetched => {
                    let answer = ready(&kept, asked, now, "hit");
                    return match cache.flights.join(&flight_key(&key, policy, asked.fields), now) {
                        Joined::Lead(lead) if is_get => {
                            let pass = Pass::fetch(cache, policy, asked, key, "stale", Some(kept), Some(lead));
                            Step::AnswerAndRefresh(answer, pass)
                        }
                        _ => Step::Answer(answer),
                    };
                }
                Use::OnceItIsConfirmed if control.no_cache || control.max_age.is_some() => ("request", Some(kept)),
                Use::OnceItIsConfirmed => ("stale", Some(kept)),
            },
        };
        if control.only_if_cached {
            return Step::Refuse;
        }
        let alone = |stale| Step::Forward(Pass::fetch(cache, policy, asked, key.clone(), reason, stale, None));
        let conditional = stale.is_none() && conditional::CONDITIONS.iter().any(|name| asked.fields.contains(name));
        if !is_get || conditional || asked.credentials.are_there() {
            return alone(stale);
        }
        match cache.flights.join(&flight_key(&key, policy, asked.fields), now) {
            Joined::Alone => return alone(stale),
            Joined::Lead(lead) => {
                return Step::Forward(Pass::fetch(cache, policy, asked, key, reason, stale, Some(lead)));
            }
            Joined::Wait(wait) => match wait.landing(patience).await {
                Waited::Again => {}
                Waited::Alone => return alone(stale),
                Waited::Kept(kept) => {
                    let now = cache.now();
                    let fits = kept.vary.fits(asked.fields) && matches!(judge(&kept, &control, now), Use::AsItIs);
                    if fits {
                        return Step::Answer(ready(&kept, asked, now, &format!("fwd={reason}; collapsed")));
                    }
                    return alone(stale);
                }
            },
        }
    }
    Step::Forward(Pass::fetch(cache, policy, asked, key, "miss", None, None))
}

/// Callers wait for each other where the answer will probably be the same for both. What an answer varies by is not known
/// yet; by these it often does.
fn flight_key(key: &[u8], policy: &Policy, request: &Fields) -> Vec<u8> {
    let mut all = key.to_vec();
    let usual = ["accept", "accept-encoding", "accept-language", "origin"];
    for name in usual.into_iter().chain(policy.vary.iter().map(|name| &**name)) {
        all.push(0);
        for line in request.get_all(name) {
            all.extend_from_slice(line);
            all.push(b',');
        }
    }
    all
}

/// How a kept answer may be used for a request.
enum Use {
    AsItIs,
    WhileItIsFetched,
    OnceItIsConfirmed,
}

fn judge(kept: &Kept, request: &RequestControl, now: Timestamp) -> Use {
    let (left, age) = (kept.freshness.left(now), kept.freshness.age(now));
    if kept.control.no_cache || request.no_cache || request.max_age.is_some_and(|most| age > most) {
        return Use::OnceItIsConfirmed;
    }
    if left > 0 {
        let fresh_enough = left >= i64::from(request.min_fresh.unwrap_or(0));
        return if fresh_enough { Use::AsItIs } else { Use::OnceItIsConfirmed };
    }
    if is_strict(kept) || request.min_fresh.is_some() {
        return Use::OnceItIsConfirmed;
    }
    if request.max_stale.is_some_and(|most| -left <= i64::from(most)) {
        return Use::AsItIs;
    }
    let while_fetched = kept.control.stale_while_revalidate.is_some_and(|most| -left <= i64::from(most));
    if while_fetched { Use::WhileItIsFetched } else { Use::OnceItIsConfirmed }
}

/// Whether an answer is never used once it is stale (RFC 9111 4.2.4).
fn is_strict(kept: &Kept) -> bool {
    kept.control.must_revalidate || kept.control.no_cache || kept.control.s_maxage.is_some()
}

/// A kept answer as this caller gets it.
fn ready(kept: &Kept, asked: Asked<'_>, now: Timestamp, status: &str) -> Ready {
    let mut fields = kept.fields.clone();
    fields.push("age", kept.freshness.age(now).to_string());
    push_status(&mut fields, status, Some(kept.freshness.left(now)));
    let held = kept.status == StatusCode::OK && conditional::is_held(asked.fields, &kept.fields);
    if held {
        conditional::keep_not_modified(&mut fields);
        return Ready { status: StatusCode::NOT_MODIFIED, fields, body: Bytes::new() };
    }
    if *asked.method == Method::HEAD {
        fields.push("content-length", kept.body.len().to_string());
        return Ready { status: kept.status, fields, body: Bytes::new() };
    }
    Ready { status: kept.status, fields, body: kept.body.clone() }
}

/// `Cache-Status` (RFC 9211): ours comes behind those of caches nearer to the origin.
fn push_status(fields: &mut Fields, status: &str, ttl: Option<i64>) {
    let mut text = String::with_capacity(48);
    let _ = write!(text, "portico; {status}");
    if let Some(ttl) = ttl {
        let _ = write!(text, "; ttl={ttl}");
    }
    fields.push("cache-status", text);
}

#[cfg(test)]
mod tests;
