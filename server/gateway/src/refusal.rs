//! Every way in which a request is refused, and the only place that turns one into an answer.
//!
//! One more: a variant, its line in [`Refusal::status`] and [`Refusal::code`], and its words. A detail says what is wrong,
//! where, and what would be right; secrets, inner errors and addresses of upstreams are left out.
mod aws;

use crate::{
    account::RequestId,
    http1::{
        Fault,
        head::{MAX_FIELDS, MAX_HEAD, MAX_TARGET},
    },
    message::{Answer, Body},
    policy::validate,
    upstream::group::Unavailable,
};
use http::StatusCode;
use portico_domain::{ErrorStyle, Explanation, Mismatch, Phase, PublicKeyId, Rate, Slug, SubscriptionState, Timestamp};
use std::{net::IpAddr, sync::Arc, time::Duration};

/// Bytes of a call's faults that are remembered for its explanation: thousands of those are kept.
const MAX_REMEMBERED: usize = 4 * 1024;

#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    BadRequest(&'static str),
    KeyMissing,
    KeyUnknown(UnknownKey),
    KeyExpired(Timestamp),
    KeyRevoked(Timestamp),
    NotSubscribed {
        api: Slug,
        state: Option<SubscriptionState>,
    },
    /// The subscription's plan is not there any more.
    PlanGone {
        plan: Slug,
    },
    SubscriptionPending {
        api: Slug,
    },
    ScopeDenied {
        scope: Scope,
        asked: String,
        allowed: Vec<String>,
    },
    IpDenied {
        client: IpAddr,
        allowed: Vec<String>,
    },
    /// By a list of the API.
    AddressDenied {
        api: Slug,
        client: IpAddr,
    },
    NoSuchApi,
    NoSuchOperation {
        api: Slug,
    },
    MethodNotAllowed {
        method: String,
        allow: String,
    },
    /// They do not fit the document.
    InvalidParameters(Vec<validate::Fault>),
    /// It does not fit the document.
    InvalidBody(Vec<validate::Fault>),
    UnsupportedMediaType {
        /// What the document takes.
        accepted: String,
    },
    /// What `Prefer` asked of a mock is not in the document.
    NoSuchMock(String),
    RequestTimeout,
    BodyTooLarge {
        limit: u64,
    },
    UriTooLong,
    HeadersTooLarge,
    /// The host asks for a client certificate that the connection did not show.
    Misdirected,
    RateLimited {
        limit: RateLimit,
        rate: Rate,
        retry_after: u64,
    },
    /// Too many calls are under way.
    TooManyAtOnce {
        limit: RateLimit,
        calls: u32,
    },
    QuotaExceeded {
        plan: Slug,
        limit: u64,
        per: &'static str,
        retry_after: u64,
    },
    /// No upstream may be called.
    UpstreamUnavailable {
        /// Seconds until one may be tried; `None` when there is none at all.
        retry_after: Option<u64>,
    },
    Maintenance {
        message: Arc<str>,
        retry_after: Option<u32>,
    },
    /// The caller takes a kept answer only.
    NotKept,
    /// Too many connections are open.
    Overloaded,
    UpstreamFailed(UpstreamFailure),
    UpstreamTimeout {
        after: Duration,
    },
    Internal,
}

/// Whose rate or number of calls at once it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RateLimit {
    Plan { plan: Slug },
    Key { plan: Slug },
    PlanOperation { plan: Slug, operation: Box<str> },
    Operation { operation: Box<str> },
    Api { api: Slug },
}

impl RateLimit {
    /// Who allows how much to whom, e.g. with `60 calls a minute`.
    fn words(&self, calls: &str) -> String {
        match self {
            Self::Plan { plan } => format!("The plan {plan} allows {calls}."),
            Self::Key { plan } => format!("The plan {plan} allows each key {calls}."),
            Self::PlanOperation { plan, operation } => format!("The plan {plan} allows {calls} of {operation}."),
            Self::Operation { operation } => format!("The operation {operation} takes {calls} from all its callers."),
            Self::Api { api } => format!("{api} takes {calls} from all its callers."),
        }
    }

    /// What the portal calls the checks of the rate and of the calls at once, and whose they are.
    fn checks(&self) -> (&'static str, &'static str, String) {
        match self {
            Self::Plan { plan } => ("rate of the plan", "calls at once of the plan", plan.to_string()),
            Self::Key { plan } => ("rate of the key", "calls at once of the key", format!("each key of {plan}")),
            Self::PlanOperation { plan, operation } => {
                ("rate of the operation", "calls at once of the operation", format!("{operation} in {plan}"))
            }
            Self::Operation { operation } => {
                ("rate of the operation", "calls at once of the operation", format!("{operation}, all callers"))
            }
            Self::Api { api } => ("rate of the API", "calls at once of the API", format!("{api}, all callers")),
        }
    }
}

/// Why a key is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnknownKey {
    Shape,
    Checksum,
    /// It is a management token.
    Management,
    NotFound,
}

/// What a key is limited to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Api,
    Operation,
}

/// What went wrong between us and the upstream. The client is told no more than that something did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UpstreamFailure {
    NotResolved,
    /// No address of it may be reached.
    Forbidden,
    Connect,
    ConnectTimeout,
    /// We may open no more connections ourselves, which says nothing about it.
    OutOfFiles,
    Tls,
    /// It does not offer HTTP/2.
    NoHttp2,
    /// It closed the connection or spoke something else than HTTP.
    Broken,
    /// The same, behind the head of its answer.
    BrokeOff,
    /// A part of its answer's body did not come in time.
    Silent,
    /// Its answer is larger than the settings allow.
    TooLarge,
}

impl UpstreamFailure {
    /// What was found.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::NotResolved => "its name has no address",
            Self::Forbidden => {
                "its address is not a public one; PORTICO_UPSTREAM_ALLOW names the networks that may be reached too"
            }
            Self::Connect => "it takes no connection",
            Self::ConnectTimeout => "it took no connection in time",
            Self::OutOfFiles => "it was not asked: this process may open no more files and connections",
            Self::Tls => "it could not be trusted: the TLS handshake failed",
            Self::NoHttp2 => "it does not offer HTTP/2, which connection.protocol asks for",
            Self::Broken => "it closed the connection or did not speak HTTP",
            Self::BrokeOff => "its answer broke off",
            Self::Silent => "the rest of its answer did not come in time",
            Self::TooLarge => "its answer is larger than max_answer_bytes allows",
        }
    }
}

impl From<Unavailable> for Refusal {
    fn from(Unavailable { retry_after }: Unavailable) -> Self {
        Self::UpstreamUnavailable { retry_after }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Bad(what) => Self::BadRequest(what),
            Fault::HeadTooLarge => Self::HeadersTooLarge,
            Fault::TargetTooLong => Self::UriTooLong,
            Fault::HeadTimeout => Self::RequestTimeout,
        }
    }
}

impl Refusal {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) | Self::InvalidParameters(_) | Self::InvalidBody(_) | Self::NoSuchMock(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::UnsupportedMediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::KeyMissing | Self::KeyUnknown(_) | Self::KeyExpired(_) | Self::KeyRevoked(_) => {
                StatusCode::UNAUTHORIZED
            }
            Self::NotSubscribed { .. }
            | Self::PlanGone { .. }
            | Self::SubscriptionPending { .. }
            | Self::ScopeDenied { .. }
            | Self::IpDenied { .. }
            | Self::AddressDenied { .. } => StatusCode::FORBIDDEN,
            Self::NoSuchApi | Self::NoSuchOperation { .. } => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::RateLimited { .. } | Self::TooManyAtOnce { .. } | Self::QuotaExceeded { .. } => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::UpstreamUnavailable { .. } | Self::Maintenance { .. } | Self::Overloaded => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::UpstreamFailed(_) => StatusCode::BAD_GATEWAY,
            Self::UpstreamTimeout { .. } | Self::NotKept => StatusCode::GATEWAY_TIMEOUT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) | Self::NoSuchMock(_) => "bad_request",
            Self::InvalidParameters(_) => "invalid_parameters",
            Self::InvalidBody(_) => "invalid_body",
            Self::UnsupportedMediaType { .. } => "unsupported_media_type",
            Self::KeyMissing => "key_missing",
            Self::KeyUnknown(_) => "key_unknown",
            Self::KeyExpired(_) => "key_expired",
            Self::KeyRevoked(_) => "key_revoked",
            Self::NotSubscribed { .. } | Self::PlanGone { .. } => "not_subscribed",
            Self::SubscriptionPending { .. } => "subscription_pending",
            Self::ScopeDenied { .. } => "scope_denied",
            Self::IpDenied { .. } | Self::AddressDenied { .. } => "ip_denied",
            Self::NoSuchApi => "no_such_api",
            Self::NoSuchOperation { .. } => "no_such_operation",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::RequestTimeout => "request_timeout",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::UriTooLong => "uri_too_long",
            Self::Misdirected => "misdirected",
            Self::HeadersTooLarge => "headers_too_large",
            Self::RateLimited { .. } | Self::TooManyAtOnce { .. } => "rate_limited",
            Self::QuotaExceeded { .. } => "quota_exceeded",
            Self::UpstreamUnavailable { .. } | Self::Maintenance { .. } => "upstream_unavailable",
            Self::Overloaded => "overloaded",
            Self::UpstreamFailed(_) => "upstream_failed",
            Self::UpstreamTimeout { .. } | Self::NotKept => "upstream_timeout",
            Self::Internal => "internal",
        }
    }

    /// What the client reads.
    fn detail(&self) -> String {
        match self {
            Self::BadRequest(what) => format!("The request cannot be taken as it is: {what}."),
            Self::KeyMissing => {
                "This operation needs an API key: send it as X-API-Key, or as Authorization: Bearer.".into()
            }
            Self::KeyUnknown(UnknownKey::Shape | UnknownKey::NotFound) => {
                "The API key is not known here. Check that it was copied whole and belongs to this installation.".into()
            }
            Self::KeyUnknown(UnknownKey::Checksum) => {
                "The API key's checksum is wrong: a character was lost or changed. Copy the whole key again.".into()
            }
            Self::KeyUnknown(UnknownKey::Management) => {
                "This is a token of the management API. Calls of an API need a key, which begins with ptk_.".into()
            }
            Self::KeyExpired(end) => format!("The API key has expired at {end}. Create or rotate a key in the portal."),
            Self::KeyRevoked(_) => "The API key has been revoked. Create another one in the portal.".into(),
            Self::NotSubscribed { api, state: Some(SubscriptionState::Rejected) } => {
                format!("The key's app asked for {api}, but its subscription was rejected.")
            }
            Self::NotSubscribed { api, .. } => {
                format!("The key's app has no subscription to {api}. Subscribe to it in the portal.")
            }
            Self::PlanGone { plan } => {
                format!("The subscription's plan {plan} is not offered any more. Choose another one in the portal.")
            }
            Self::SubscriptionPending { api } => {
                format!("The subscription to {api} waits for approval; calls work once it is approved.")
            }
            Self::ScopeDenied { scope: Scope::Api, asked, .. } => {
                format!("The API key is limited to other APIs; {asked} is not among them.")
            }
            Self::ScopeDenied { scope: Scope::Operation, asked, .. } => {
                format!("The API key is limited to other operations; {asked} is not among them.")
            }
            Self::IpDenied { client, .. } => format!("The API key may not be used from {client}."),
            Self::AddressDenied { api, client } => format!("{api} may not be called from {client}."),
            Self::NoSuchApi => {
                "No API is served at this address. Its documentation in the portal shows the right one.".into()
            }
            Self::NoSuchOperation { api } => {
                format!(
                    "{api} has no operation at this path. Paths are case-sensitive and match the documentation exactly."
                )
            }
            Self::MethodNotAllowed { method, allow } => format!("This path takes {allow}, not {method}."),
            Self::InvalidParameters(faults) => told("The request's parameters do not fit the document", faults),
            Self::InvalidBody(faults) => told("The request's body does not fit the document", faults),
            Self::UnsupportedMediaType { accepted } if accepted.is_empty() => {
                "This operation takes no body of this Content-Type.".into()
            }
            Self::UnsupportedMediaType { accepted } => {
                format!("This operation takes no body of this Content-Type. It takes {accepted}.")
            }
            Self::NoSuchMock(why) => format!("{why}."),
            Self::RequestTimeout => "The request did not arrive in time.".into(),
            Self::BodyTooLarge { limit } => {
                format!("The request's body is larger than the {limit} bytes that this API takes.")
            }
            Self::UriTooLong => format!("The request target is longer than {MAX_TARGET} bytes."),
            Self::HeadersTooLarge => {
                format!("The request's head is larger than {MAX_HEAD} bytes or has more than {MAX_FIELDS} fields.")
            }
            Self::Misdirected => {
                "This host asks its clients for a certificate: open a connection for its name, and show one there."
                    .into()
            }
            Self::RateLimited { limit, rate, retry_after } => {
                format!(
                    "{} Try again in {retry_after} s.",
                    limit.words(&format!("{} calls {}", rate.limit, rate.per.each()))
                )
            }
            Self::TooManyAtOnce { limit, calls } => {
                let words = limit.words(&format!("{calls} calls at once"));
                format!("{words} Try again when one of them has ended.")
            }
            Self::QuotaExceeded { plan, limit, per, retry_after } => {
                format!(
                    "The plan {plan} allows {limit} calls a {per}, and they are used up. The next ones come in {retry_after} s."
                )
            }
            Self::UpstreamUnavailable { retry_after: None } => {
                "This API has no upstream to answer for it at the moment.".into()
            }
            Self::UpstreamUnavailable { retry_after: Some(seconds) } => {
                format!("The services behind this API do not work at the moment. Try again in {seconds} s.")
            }
            Self::Maintenance { message, .. } => message.to_string(),
            Self::NotKept => {
                "No kept answer fits, and the request takes no other (Cache-Control: only-if-cached).".into()
            }
            Self::Overloaded => "The gateway has as many connections as it can take. Try again in a moment.".into(),
            Self::UpstreamFailed(_) => {
                "The service behind this API could not be reached or did not answer properly.".into()
            }
            Self::UpstreamTimeout { after } => {
                format!("The service behind this API did not answer within {} ms.", after.as_millis())
            }
            Self::Internal => "Something went wrong here. It is not the request's fault.".into(),
        }
    }

    /// What the portal tells the key's owner: which check said no, what it expected, what it found.
    pub(crate) fn explain(&self, key: Option<PublicKeyId>) -> Explanation {
        let (check, expected, found) = self.check();
        let errors = match self {
            Self::InvalidParameters(faults) | Self::InvalidBody(faults) => remembered(faults),
            _ => Vec::new(),
        };
        let code = self.code().to_owned();
        Explanation { code, phase: self.phase(), check: check.to_owned(), expected, found, key, errors }
    }

    fn phase(&self) -> Phase {
        match self {
            Self::BadRequest(_)
            | Self::RequestTimeout
            | Self::UriTooLong
            | Self::HeadersTooLarge
            | Self::Misdirected
            | Self::Overloaded
            | Self::Internal => Phase::Request,
            Self::NoSuchApi
            | Self::NoSuchOperation { .. }
            | Self::MethodNotAllowed { .. }
            | Self::AddressDenied { .. }
            | Self::Maintenance { .. } => Phase::Address,
            Self::KeyMissing | Self::KeyUnknown(_) | Self::KeyExpired(_) | Self::KeyRevoked(_) => Phase::Key,
            Self::NotSubscribed { .. }
            | Self::PlanGone { .. }
            | Self::SubscriptionPending { .. }
            | Self::ScopeDenied { .. }
            | Self::IpDenied { .. } => Phase::Subscription,
            Self::BodyTooLarge { .. }
            | Self::RateLimited { .. }
            | Self::TooManyAtOnce { .. }
            | Self::QuotaExceeded { .. } => Phase::Limits,
            Self::InvalidParameters(_)
            | Self::InvalidBody(_)
            | Self::UnsupportedMediaType { .. }
            | Self::NoSuchMock(_)
            | Self::NotKept => Phase::Policies,
            Self::UpstreamUnavailable { .. } | Self::UpstreamFailed(_) | Self::UpstreamTimeout { .. } => {
                Phase::Upstream
            }
        }
    }

    fn check(&self) -> (&'static str, String, String) {
        let say = |check, expected: &str, found: &str| (check, expected.to_owned(), found.to_owned());
        match self {
            Self::BadRequest(what) => say("sanity of the request", "a request with one possible reading", what),
            Self::KeyMissing => say("API key", "X-API-Key or Authorization: Bearer ptk_…", "neither"),
            Self::KeyUnknown(why) => say(
                "API key",
                "a key of this installation",
                match why {
                    UnknownKey::Shape => "something that no key looks like",
                    UnknownKey::Checksum => "a key with a wrong checksum",
                    UnknownKey::Management => "a token of the management API",
                    UnknownKey::NotFound => "a key that is not known",
                },
            ),
            Self::KeyExpired(end) => {
                say("expiry of the key", "a key that is still valid", &format!("expired at {end}"))
            }
            Self::KeyRevoked(at) => say("state of the key", "a key that is not revoked", &format!("revoked at {at}")),
            Self::NotSubscribed { api, state } => say(
                "subscription",
                &format!("an active subscription to {api}"),
                state.map_or("none", SubscriptionState::as_str),
            ),
            Self::PlanGone { plan } => say("plan", "a plan that is offered", &format!("{plan}, which is gone")),
            Self::SubscriptionPending { api } => {
                say("subscription", &format!("an active subscription to {api}"), "pending")
            }
            Self::ScopeDenied { scope, asked, allowed } => say(
                match scope {
                    Scope::Api => "APIs of the key",
                    Scope::Operation => "operations of the key",
                },
                &allowed.join(", "),
                asked,
            ),
            Self::IpDenied { client, allowed } => say("networks of the key", &allowed.join(", "), &client.to_string()),
            Self::AddressDenied { client, .. } => {
                say("networks of the API", "an address that allow_ips and deny_ips let in", &client.to_string())
            }
            Self::NoSuchApi => say("base path", "the base path of a published API", "another path"),
            Self::NoSuchOperation { api } => say("path", &format!("a path of {api}'s document"), "another path"),
            Self::MethodNotAllowed { method, allow } => say("method", allow, method),
            Self::InvalidParameters(faults) => {
                say("parameters", "parameters as the document has them", &told("", faults))
            }
            Self::InvalidBody(faults) => say("body", "a body as the document has it", &told("", faults)),
            Self::UnsupportedMediaType { accepted } => say("type of the body", accepted, "another"),
            Self::NoSuchMock(why) => say("mock answer", "an answer that the document has", why),
            Self::RequestTimeout => say("time for the request", "a whole request in time", "a part of it"),
            Self::BodyTooLarge { limit } => say("size of the body", &format!("at most {limit} bytes"), "more"),
            Self::UriTooLong => say("length of the target", &format!("at most {MAX_TARGET} bytes"), "more"),
            Self::HeadersTooLarge => {
                say("size of the head", &format!("at most {MAX_HEAD} bytes and {MAX_FIELDS} fields"), "more")
            }
            Self::Misdirected => {
                say("client certificate", "a connection with a certificate of the host's authorities", "one without")
            }
            Self::RateLimited { limit, rate, retry_after } => {
                let (check, _, whose) = limit.checks();
                let found = format!("more; free again in {retry_after} s");
                (check, format!("{whose}: {} {}", rate.limit, rate.per.each()), found)
            }
            Self::TooManyAtOnce { limit, calls } => {
                let (_, check, whose) = limit.checks();
                (check, format!("{whose}: {calls} under way"), "as many, and this one".to_owned())
            }
            Self::QuotaExceeded { plan, limit, per, retry_after } => say(
                "quota of the plan",
                &format!("{plan}: {limit} a {per}"),
                &format!("used up; begins anew in {retry_after} s"),
            ),
            Self::Maintenance { .. } => {
                say("maintenance of the API", "an API that is not under maintenance", "one that is")
            }
            Self::NotKept => say("cache", "a kept answer that may be used", "none, and Cache-Control: only-if-cached"),
            Self::Overloaded => say(
                "connections of the gateway",
                "fewer than PORTICO_GATEWAY_MAX_CONNECTIONS and than this process may open",
                "as many, and this one",
            ),
            Self::UpstreamUnavailable { retry_after: None } => {
                say("upstream", "one upstream with a weight above 0", "none")
            }
            Self::UpstreamUnavailable { retry_after: Some(seconds) } => say(
                "upstream",
                "one upstream that is well",
                &format!("all are out, since their calls or checks failed; one may be tried in {seconds} s"),
            ),
            Self::UpstreamFailed(failure) => say("upstream", "a whole answer", failure.words()),
            Self::UpstreamTimeout { after } => {
                say("upstream", &format!("an answer within {} ms", after.as_millis()), "none")
            }
            Self::Internal => say("Portico itself", "no failure", "a failure, which the log tells more of"),
        }
    }

    /// The answer, in the style of the API.
    pub(crate) fn into_answer(self, id: RequestId, style: ErrorStyle) -> Answer {
        let answer = match style {
            ErrorStyle::Problem => self.problem(id),
            ErrorStyle::Aws => self.aws(id),
        };
        match self {
            Self::TooManyAtOnce { .. } | Self::Overloaded => answer.with("retry-after", "1"),
            Self::RateLimited { retry_after, .. }
            | Self::QuotaExceeded { retry_after, .. }
            | Self::UpstreamUnavailable { retry_after: Some(retry_after) } => {
                answer.with("retry-after", retry_after.to_string())
            }
            Self::Maintenance { retry_after: Some(seconds), .. } => answer.with("retry-after", seconds.to_string()),
            _ => answer,
        }
    }

    fn aws(&self, id: RequestId) -> Answer {
        let limit = match self {
            Self::BodyTooLarge { limit } => Some(*limit),
            _ => None,
        };
        let aws::Words { status, error_type, content_type, body } = aws::words(self.code(), self.status(), limit);
        let answer = Answer::new(status)
            .with("content-type", content_type)
            .with("cache-control", "no-store")
            .with("x-amzn-requestid", id.hyphenated())
            .with_body(Body::full(body));
        match error_type {
            Some(error_type) => answer.with("x-amzn-errortype", error_type),
            None => answer,
        }
    }

    /// `application/problem+json`, RFC 9457.
    fn problem(&self, id: RequestId) -> Answer {
        let status = self.status();
        let mut problem = serde_json::json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or_default(),
            "status": status.as_u16(),
            "detail": self.detail(),
            "code": self.code(),
            "request_id": id.to_string(),
        });
        if let Self::InvalidParameters(faults) | Self::InvalidBody(faults) = self {
            let error =
                |fault: &validate::Fault| serde_json::json!({"pointer": fault.pointer, "message": fault.message});
            problem["errors"] = faults.iter().map(error).collect();
        }
        let answer = Answer::new(status)
            .with("content-type", "application/problem+json")
            .with("cache-control", "no-store")
            .with_body(Body::full(problem.to_string()));
        match self {
            Self::KeyMissing => answer.with("www-authenticate", "Bearer realm=\"portico\""),
            Self::KeyUnknown(_) | Self::KeyExpired(_) | Self::KeyRevoked(_) => {
                answer.with("www-authenticate", "Bearer realm=\"portico\", error=\"invalid_token\"")
            }
            Self::MethodNotAllowed { allow, .. } => answer.with("allow", allow),
            _ => answer,
        }
    }
}

fn remembered(faults: &[validate::Fault]) -> Vec<Mismatch> {
    let mut room = MAX_REMEMBERED;
    let fits = faults.iter().take_while(|fault| {
        let length = fault.pointer.len() + fault.message.len();
        room.checked_sub(length).map(|left| room = left).is_some()
    });
    fits.map(|fault| Mismatch { pointer: fault.pointer.clone(), message: fault.message.clone() }).collect()
}

/// The first fault in words, and how many more there are.
fn told(what: &str, faults: &[validate::Fault]) -> String {
    let Some(first) = faults.first() else { return what.to_owned() };
    let colon = if what.is_empty() { "" } else { ": " };
    let more = match faults.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    format!("{what}{colon}{} {}{more}", first.pointer, first.message)
}
