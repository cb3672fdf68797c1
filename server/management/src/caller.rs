//! Who calls: the account of a management token, or of the browser session that the server has already recognised.
use crate::{House, problem::Problem};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, header};
use portico_contract::Caller;
use portico_control::{Control, Who};

/// Lets a call on with its [`Who`] among the extensions, or answers 401. A token that is there but not good is refused
/// even where a session stands beside it: whoever sends one means it.
pub(crate) async fn identify(State(house): State<House>, mut request: Request, next: Next) -> Response {
    // Taken out first: a request cannot be shared while we wait, since its body cannot.
    let caller = request.extensions().get::<Caller>().cloned();
    let token = bearer(request.headers()).map(|token| token.map(str::to_owned));
    match who(&house, caller.as_ref(), token).await {
        Ok(who) => {
            request.extensions_mut().insert(who);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn who(
    control: &Control,
    caller: Option<&Caller>,
    token: Result<Option<String>, Problem>,
) -> Result<Who, Problem> {
    if let Some(token) = token? {
        let client = caller.map_or("", |caller| caller.client.as_str());
        let known = control.authenticate_token(&token, client).await?;
        return known.ok_or_else(|| Problem::token_invalid("This token is not known, or has expired."));
    }
    match caller.map(Who::from) {
        Some(who @ Who::Account { .. }) => Ok(who),
        _ => Err(Problem::token_invalid("Send a management token: Authorization: Bearer ptm_…")),
    }
}

/// RFC 6750, section 2.1. The scheme's name is compared without regard to case (RFC 9110, section 11.1).
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let malformed = || Problem::token_invalid("Authorization is one line: Bearer and a management token (ptm_…).");
    let mut lines = headers.get_all(header::AUTHORIZATION).into_iter();
    let Some(line) = lines.next() else { return Ok(None) };
    let (scheme, token) = line.to_str().ok().and_then(|line| line.split_once(' ')).ok_or_else(malformed)?;
    if lines.next().is_some() || !scheme.eq_ignore_ascii_case("bearer") {
        return Err(malformed());
    }
    Ok(Some(token.trim()))
}
