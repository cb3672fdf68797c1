//! What the top bar does on every page: theme, the language of samples, signing out, searching while typing.
use crate::{
    context::Theme,
    form::Form,
    server::{House, Request, language, safe_next, see_other},
};
use axum::{
    Json, Router,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use tower_sessions::Session;

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/theme", post(set_theme))
        .route("/language", post(set_language))
        .route("/sign-out", post(sign_out))
        .route("/search.json", get(search))
}

async fn set_theme(form: Form) -> Response {
    let theme = Theme::parse(form.get("theme")).unwrap_or_default();
    let cookie = format!("theme={}; Path=/; Max-Age=31536000; SameSite=Lax", theme.as_str());
    see_other_with(&form, &cookie)
}

async fn set_language(form: Form) -> Response {
    let cookie = format!("language={}; Path=/; Max-Age=31536000; SameSite=Lax", language(form.get("language")));
    see_other_with(&form, &cookie)
}

/// Back to the page of the form, with the choice in a cookie.
fn see_other_with(form: &Form, cookie: &str) -> Response {
    let mut response = see_other(safe_next(form.get("next"), "/"));
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

async fn sign_out(request: Request, session: Session) -> Response {
    match session.flush().await {
        Ok(()) => see_other("/"),
        Err(_) => request.draw(|| async { Err(portico_contract::PortalError::Unavailable) }).await,
    }
}

/// Hits for the search palette.
async fn search(request: Request) -> Response {
    match request.portal.search(&request.caller, request.address.field("q"), None).await {
        Ok(page) => ([(header::CACHE_CONTROL, "no-store")], Json(page)).into_response(),
        Err(error) => crate::server::status_of(&error).into_response(),
    }
}
