//! Seventh phase: what every answer carries, whoever made it.
use crate::{
    account::Account,
    limit::Lefts,
    message::{Answer, Fields},
    plan::{CompiledPlan, OperationRate},
    refusal::Refusal,
    world::Operation,
};
use http::StatusCode;
use portico_domain::ErrorStyle;
use std::sync::Arc;

/// Where a caller stands with the limits of its plan.
#[derive(Clone)]
pub(crate) struct Standing {
    pub(crate) plan: Arc<CompiledPlan>,
    pub(crate) lefts: Lefts,
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
    let limits = account.standing.as_ref().and_then(|standing| standing.limits(account.operation.as_deref()));
    // Where we speak of these, the upstream's word is about something else.
    answer.fields.retain(|name, _| match name.len() {
        12 => !name.eq_ignore_ascii_case(b"x-request-id"),
        9 => limits.is_none() || !name.eq_ignore_ascii_case(b"ratelimit"),
        16 => limits.is_none() || !name.eq_ignore_ascii_case(b"ratelimit-policy"),
        _ => true,
    });
    answer.fields.push_with("x-request-id", |text| account.id.write(text));
    if let Some(limits) = limits {
        limits.write(&mut answer.fields);
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
    /// `None` where the plan limits nothing.
    fn limits(&self, operation: Option<&Operation>) -> Option<Limits<'_>> {
        let operation = operation.and_then(|operation| self.plan.operation(operation));
        let policy = self.plan.policy(operation)?;
        Some(Limits { standing: self, operation, policy })
    }
}

/// What a caller is told of the limits of its plan.
struct Limits<'a> {
    standing: &'a Standing,
    operation: Option<&'a OperationRate>,
    policy: &'a str,
}

impl Limits<'_> {
    /// `RateLimit-Policy` and `RateLimit`.
    fn write(&self, fields: &mut Fields) {
        let Standing { plan, lefts } = self.standing;
        fields.push("ratelimit-policy", self.policy);
        fields.push_with("ratelimit", |text| plan.standing(self.operation, lefts, text));
    }
}
