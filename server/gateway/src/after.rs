//! Seventh phase: what every answer carries, whoever made it.
use crate::{
    account::Account,
    limit::Lefts,
    message::{Answer, Fields},
    plan::CompiledPlan,
    refusal::Refusal,
    world::Operation,
};
use http::StatusCode;
use portico_domain::ErrorStyle;
use std::sync::Arc;

/// Where a caller stands with the limits of its plan.
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
    answer.fields.remove("x-request-id");
    answer.fields.push_with("x-request-id", |text| account.id.write(text));
    if let Some(standing) = &account.standing {
        standing.write(account.operation.as_deref(), &mut answer.fields);
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
    /// `RateLimit-Policy` and `RateLimit`.
    fn write(&self, operation: Option<&Operation>, fields: &mut Fields) {
        let operation = operation.and_then(|operation| self.plan.operation(operation));
        let Some(policy) = self.plan.policy(operation) else { return };
        fields.remove("ratelimit-policy");
        fields.remove("ratelimit");
        fields.push("ratelimit-policy", policy);
        fields.push_with("ratelimit", |text| self.plan.standing(operation, &self.lefts, text));
    }
}
