//! Seventh phase: what every answer carries, whoever made it.
use crate::{
    account::Account,
    limit::Left,
    message::{Answer, Fields},
    refusal::Refusal,
    world::CompiledPlan,
};
use http::StatusCode;
use portico_domain::ErrorStyle;
use std::{io::Write as _, sync::Arc};

/// Where a caller stands with the limits of its plan.
pub(crate) struct Standing {
    pub(crate) plan: Arc<CompiledPlan>,
    pub(crate) rate: Option<Left>,
    pub(crate) quota: Option<Left>,
}

/// The answer to an `OPTIONS` that the document leaves to us.
pub(crate) fn options(allow: String) -> Answer {
    Answer::new(StatusCode::NO_CONTENT).with("allow", allow)
}

/// The answer to a preflight, with the fields that CORS asks for.
pub(crate) fn preflight(fields: Fields) -> Answer {
    Answer { fields, ..Answer::new(StatusCode::NO_CONTENT) }
}

/// Completes an answer and hands it the account, which is settled when the answer ends.
pub(crate) fn after(answered: Result<Answer, Refusal>, mut account: Box<Account>) -> Answer {
    let closing = account.closing.take();
    let refused = answered.is_err();
    let mut answer = answered.unwrap_or_else(|refusal| {
        account.refused(&refusal);
        refusal.into_answer(account.id, closing.as_ref().map_or(ErrorStyle::Problem, |closing| closing.errors()))
    });
    if let Some(closing) = &closing {
        closing.change(&mut answer, &account, refused);
    }
    answer.fields.remove("x-request-id");
    answer.fields.push_with("x-request-id", |text| account.id.write(text));
    if let Some(standing) = &account.standing {
        standing.write(&mut answer.fields);
    }
    if let Some(closing) = &closing {
        closing.share(&mut answer.fields);
    }
    account.answered(answer.status);
    match &mut answer.tunnel {
        Some(tunnel) => tunnel.account = Some(account),
        None => answer.body = answer.body.with_account(account),
    }
    answer
}

impl Standing {
    /// `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers.
    fn write(&self, fields: &mut Fields) {
        let Some(policy) = &self.plan.policy else { return };
        fields.remove("ratelimit-policy");
        fields.remove("ratelimit");
        fields.push("ratelimit-policy", policy);
        let slug = &self.plan.plan.slug;
        fields.push_with("ratelimit", |text| {
            if let Some(left) = self.rate {
                let _ = write!(text, "\"{slug}\";r={};t={}", left.calls, left.reset_seconds);
            }
            if let (Some(left), Some(quota)) = (self.quota, self.plan.plan.quota) {
                let comma = if self.rate.is_some() { ", " } else { "" };
                let (per, calls, reset) = (quota.per.as_str(), left.calls, left.reset_seconds);
                let _ = write!(text, "{comma}\"{slug}-{per}\";r={calls};t={reset}");
            }
        });
    }
}
