//! A request on its way to the upstream, and what its answer means for the cache.
use super::{
    Asked, Cache, Credentials, Policy, Ready,
    control::{AnswerControl, RequestControl},
    flight::Lead,
    freshness::Freshness,
    is_strict, push_status, ready,
    recorded::Recording,
    store::{Kept, Place, Selection},
};
use crate::message::fields::Fields;
use http::{Method, StatusCode};
use portico_domain::{Slug, Timestamp};
use std::sync::Arc;

/// What the upstream's answer is to the cache.
pub(crate) enum Outcome {
    /// Passed on, and perhaps recorded on the way.
    Passed(Option<Recording>),
    /// The caller gets this in its place.
    Kept(Ready),
}

/// What becomes of an answer.
pub(crate) enum Pass {
    /// Nothing.
    Idle,
    /// It is told why the cache was not asked.
    Bypass(&'static str),
    /// A good one makes what is kept of the target old.
    Change(Box<Change>),
    /// It may be kept.
    Fetch(Box<Fetch>),
}

pub(crate) struct Change {
    cache: Arc<Cache>,
    target: Target,
}

pub(crate) struct Fetch {
    cache: Arc<Cache>,
    policy: Arc<Policy>,
    key: Box<[u8]>,
    target: Target,
    method: Method,
    /// The request's, as the upstream would get them.
    request: Fields,
    credentials: Credentials,
    reason: &'static str,
    /// What the upstream is asked to confirm, or what stands in for its failure.
    stale: Option<Arc<Kept>>,
    lead: Option<Lead>,
    number: u64,
    asked_at: Timestamp,
}

/// A [`Place`] that outlives its request.
struct Target {
    api: Slug,
    path: Box<str>,
    query: Option<Box<str>>,
    host: Box<[u8]>,
    app: Box<str>,
}

impl From<Place<'_>> for Target {
    fn from(place: Place<'_>) -> Self {
        Self {
            api: place.api.clone(),
            path: place.path.into(),
            query: place.query.map(Into::into),
            host: place.host.into(),
            app: place.app.into(),
        }
    }
}

impl Target {
    fn place(&self) -> Place<'_> {
        Place { api: &self.api, path: &self.path, query: self.query.as_deref(), host: &self.host, app: &self.app }
    }
}

impl Pass {
    pub(super) fn idle() -> Self {
        Self::Idle
    }

    pub(super) fn bypass(reason: &'static str) -> Self {
        Self::Bypass(reason)
    }

    /// Safe methods change nothing (RFC 9110 9.2.1).
    pub(super) fn of_another_method(cache: &Arc<Cache>, asked: Asked<'_>) -> Self {
        if asked.method.is_safe() {
            return Self::Idle;
        }
        Self::Change(Box::new(Change { cache: Arc::clone(cache), target: asked.place.into() }))
    }

    pub(super) fn fetch(
        cache: &Arc<Cache>,
        policy: &Arc<Policy>,
        asked: Asked<'_>,
        key: Box<[u8]>,
        reason: &'static str,
        stale: Option<Arc<Kept>>,
        lead: Option<Lead>,
    ) -> Self {
        Self::Fetch(Box::new(Fetch {
            cache: Arc::clone(cache),
            policy: Arc::clone(policy),
            key,
            target: asked.place.into(),
            method: asked.method.clone(),
            request: asked.fields.clone(),
            credentials: asked.credentials,
            reason,
            stale,
            lead,
            number: cache.store.number(),
            asked_at: cache.now(),
        }))
    }

    /// Changes the request that goes to the upstream: it is asked whether what is kept still holds.
    pub(crate) fn prepare(&self, request: &mut Fields) {
        if let Self::Fetch(fetch) = self
            && let Some(stale) = &fetch.stale
        {
            stale.ask(request);
        }
    }

    /// The upstream's answer is here, up to its body, of which `length` is told where it is known.
    pub(crate) fn answered(self, status: StatusCode, fields: &mut Fields, length: Option<u64>) -> Outcome {
        match self {
            Self::Idle => Outcome::Passed(None),
            Self::Bypass(reason) => {
                push_status(fields, &format!("fwd={reason}"), None);
                Outcome::Passed(None)
            }
            Self::Change(change) => {
                if status.is_success() || status.is_redirection() {
                    change.cache.store.invalidate(change.target.place());
                }
                push_status(fields, "fwd=method", None);
                Outcome::Passed(None)
            }
            Self::Fetch(fetch) => fetch.answered(status, fields, length),
        }
    }

    /// There is no answer: a kept one may stand in (RFC 5861 4).
    pub(crate) fn failed(self) -> Option<Ready> {
        let Self::Fetch(mut fetch) = self else { return None };
        if let Some(lead) = fetch.lead.take() {
            lead.release();
        }
        fetch.stand_in(None)
    }
}

impl Fetch {
    fn answered(mut self, status: StatusCode, fields: &mut Fields, length: Option<u64>) -> Outcome {
        let now = self.cache.now();
        let reason = self.reason;
        if status == StatusCode::NOT_MODIFIED
            && let Some(stale) = self.stale.take_if(|stale| stale.has_validator())
        {
            let renewed = stale.renewed(fields, self.policy.ttl, self.asked_at, now, self.number);
            return Outcome::Kept(self.renewed(Arc::new(renewed), now));
        }
        if matches!(status.as_u16(), 500 | 502..=504)
            && let Some(ready) = self.stand_in(Some(status))
        {
            if let Some(lead) = self.lead.take() {
                lead.release();
            }
            return Outcome::Kept(ready);
        }
        if let Some(kept) = self.keep(status, fields, length, now) {
            push_status(fields, &format!("fwd={reason}; stored"), None);
            let limit = self.policy.max_bytes.min(self.cache.store.largest());
            return Outcome::Passed(Some(Recording::new(
                self.cache,
                self.target.api,
                self.key,
                self.lead,
                kept,
                limit,
            )));
        }
        push_status(fields, &format!("fwd={reason}"), None);
        match self.lead {
            // A failure passes; an answer that cannot be kept is of its operation's nature.
            Some(lead) if status.is_server_error() => lead.release(),
            Some(lead) => lead.release_for_long(now),
            None => {}
        }
        Outcome::Passed(None)
    }

    fn renewed(mut self, kept: Arc<Kept>, now: Timestamp) -> Ready {
        let status = format!("fwd={}; fwd-status=304", self.reason);
        let ready = ready(&kept, self.asked(), now, &status);
        self.cache.store.insert(&self.key, &self.target.api, Arc::clone(&kept));
        if let Some(lead) = self.lead.take() {
            lead.land(kept);
        }
        ready
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            method: &self.method,
            place: self.target.place(),
            fields: &self.request,
            credentials: self.credentials,
            has_body: false,
        }
    }

    /// What is kept, where it or the caller says that it may be used although the upstream fails.
    fn stand_in(&self, status: Option<StatusCode>) -> Option<Ready> {
        let kept = self.stale.as_ref().filter(|stale| !is_strict(stale))?;
        let now = self.cache.now();
        let control = RequestControl::read(&self.request);
        let most = kept.control.stale_if_error.max(control.stale_if_error)?;
        if -kept.freshness.left(now) > i64::from(most) {
            return None;
        }
        let mut text = format!("hit; fwd={}", self.reason);
        if let Some(status) = status {
            text.push_str("; fwd-status=");
            text.push_str(status.as_str());
        }
        Some(ready(kept, self.asked(), now, &text))
    }

    /// The answer without its body, if it may be kept (RFC 9111 3).
    fn keep(&self, status: StatusCode, fields: &Fields, length: Option<u64>, now: Timestamp) -> Option<Kept> {
        let control = AnswerControl::read(fields);
        let limit = self.policy.max_bytes.min(self.cache.store.largest()) as u64;
        let events = fields.get("content-type").is_some_and(|value| {
            value.get(..17).is_some_and(|essence| essence.eq_ignore_ascii_case(b"text/event-stream"))
        });
        let never = self.method != Method::GET
            || control.no_store
            || control.private
            || fields.contains("set-cookie")
            || fields.contains("content-range")
            || events
            || length.is_some_and(|length| length > limit);
        if never || !is_understood(status) {
            return None;
        }
        let ttl = if is_cacheable_by_default(status) { self.policy.ttl } else { 0 };
        let freshness = Freshness::of(fields, control, ttl, self.asked_at, now)?;
        let vary = Selection::of(&self.policy.vary, fields, &self.request)?;
        let mut kept_fields = fields.clone();
        for name in ["age", "content-length", "connection", "transfer-encoding", "trailer", "x-request-id"] {
            kept_fields.remove(name);
        }
        let kept = Kept {
            status,
            fields: kept_fields,
            body: bytes::Bytes::new(),
            control,
            freshness,
            vary,
            number: self.number,
        };
        let of_use = freshness.left(now) > 0
            || kept.has_validator()
            || control.stale_while_revalidate.is_some()
            || control.stale_if_error.is_some();
        (of_use && self.credentials.are_settled_by(&kept)).then_some(kept)
    }
}

/// Statuses of which it is known what keeping them means.
fn is_understood(status: StatusCode) -> bool {
    is_cacheable_by_default(status) || matches!(status.as_u16(), 302 | 303 | 307 | 308 | 405 | 414 | 451 | 501)
}

/// Statuses that settings may give a time of freshness.
fn is_cacheable_by_default(status: StatusCode) -> bool {
    matches!(status.as_u16(), 200 | 203 | 204 | 300 | 301 | 404 | 410)
}
