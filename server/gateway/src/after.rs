//! Seventh phase: what every answer carries, whoever made it.
use crate::{account::Account, body::Body, limit::Left, world::CompiledPlan};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use std::{fmt::Write as _, sync::Arc};

/// Where a caller stands with the limits of its plan.
pub(crate) struct Standing {
    pub(crate) plan: Arc<CompiledPlan>,
    pub(crate) rate: Option<Left>,
    pub(crate) quota: Option<Left>,
}

/// The answer to an `OPTIONS` that the document leaves to us.
pub(crate) fn options(allow: String) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    if let Ok(allow) = allow.try_into() {
        answer.headers_mut().insert(header::ALLOW, allow);
    }
    answer
}

/// Completes an answer and hands it the account, which is settled when the answer ends.
pub(crate) fn after(answer: Response<Body>, mut account: Box<Account>) -> Response<Body> {
    let (mut parts, body) = answer.into_parts();
    if let Ok(id) = HeaderValue::try_from(account.id.to_string()) {
        parts.headers.insert("x-request-id", id);
    }
    if let Some(standing) = &account.standing {
        standing.write(&mut parts.headers);
    }
    account.answered(parts.status);
    Response::from_parts(parts, body.with_account(account))
}

impl Standing {
    /// `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers.
    fn write(&self, fields: &mut HeaderMap) {
        let Some(policy) = &self.plan.policy else { return };
        fields.insert("ratelimit-policy", policy.clone());
        let slug = &self.plan.plan.slug;
        let mut text = String::with_capacity(96);
        if let Some(left) = self.rate {
            let _ = write!(text, "\"{slug}\";r={};t={}", left.calls, left.reset_seconds);
        }
        if let (Some(left), Some(quota)) = (self.quota, self.plan.plan.quota) {
            let comma = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{comma}\"{slug}-{}\";r={};t={}", quota.per.as_str(), left.calls, left.reset_seconds);
        }
        if let Ok(value) = HeaderValue::try_from(text) {
            fields.insert("ratelimit", value);
        }
    }
}
