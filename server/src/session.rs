//! Browser sessions: the cookie, how long it lives, and who stands behind it.
use axum::{
    extract::{ConnectInfo, Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use portico_contract::Caller;
use portico_control::{Control, ControlError, signed_in};
use portico_domain::{AccountId, Clock as _, SystemClock};
use portico_store::Sessions;
use std::{net::SocketAddr, sync::Arc};
use tower_sessions::{Expiry, Session, SessionManagerLayer, cookie::SameSite};

/// Without a request for this long a session ends.
const IDLE: time::Duration = time::Duration::hours(12);
/// However much it is used, a session ends after this.
const LONGEST: i64 = 14 * 86_400;
/// A session in use is written again after this, which moves its end.
const RENEWED: i64 = 600;

/// In the session: the account's id (written when signing in), when it signed in, when it was last renewed.
const ACCOUNT: &str = "account";
const SINCE: &str = "since";
const RENEWED_AT: &str = "renewed";

/// `https`: with the `__Host-` prefix, which browsers only take for this host and over TLS.
pub(crate) fn layer(sessions: Sessions, https: bool) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(sessions)
        .with_name(if https { "__Host-portico" } else { "portico" })
        .with_secure(https)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(IDLE))
}

/// Puts the [`Caller`] into the request, as the store knows the account now.
pub(crate) async fn identify(
    State(control): State<Arc<Control>>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let client =
        request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_string()).unwrap_or_default();
    let account = match account_of(&control, &session, &client).await {
        Ok(account) => account,
        Err(error) => return unavailable(&error),
    };
    request.extensions_mut().insert(Caller { account, client });
    next.run(request).await
}

async fn account_of(
    control: &Control,
    session: &Session,
    client: &str,
) -> Result<Option<portico_contract::SignedIn>, ControlError> {
    let away = |_| ControlError::Unavailable;
    let Some(id) = session.get::<String>(ACCOUNT).await.map_err(away)? else { return Ok(None) };
    let now = SystemClock.now().seconds();
    let since = session.get::<i64>(SINCE).await.map_err(away)?;
    let renewed = session.get::<i64>(RENEWED_AT).await.map_err(away)?.unwrap_or(0);
    let found = match id.parse::<AccountId>() {
        Ok(id) if since.is_none_or(|since| now - since < LONGEST) => control.who_is(id, client).await?,
        _ => None,
    };
    let Some((_, account)) = found else {
        session.flush().await.map_err(away)?;
        return Ok(None);
    };
    if since.is_none() {
        session.insert(SINCE, now).await.map_err(away)?;
    }
    if now - renewed >= RENEWED {
        session.insert(RENEWED_AT, now).await.map_err(away)?;
    }
    Ok(Some(signed_in(&account)))
}

fn unavailable(error: &ControlError) -> Response {
    let text = format!("{error}\n");
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], text).into_response()
}
