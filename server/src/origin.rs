//! Refuses changes that another site's page asks a browser for.
//!
//! Browsers say where a request comes from in `Sec-Fetch-Site`, and on every POST in `Origin`; a page cannot forge either.
//! A request with neither does not come from a browser that could be misused, so it passes unless its `Referer` is foreign.
use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::sync::Arc;
use url::Url;

/// The portal's own origin, e.g. `https://developers.example.org`.
#[derive(Clone)]
pub(crate) struct OwnOrigin(Arc<str>);

impl OwnOrigin {
    pub(crate) fn of(url: &Url) -> Self {
        Self(url.origin().ascii_serialization().into())
    }
}

pub(crate) async fn check(State(own): State<OwnOrigin>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let api = request.uri().path().starts_with("/api/");
    // The management API goes by the token alone where there is one, and no browser adds that on its own. Pages go by the
    // session, whatever else is sent.
    let by_token = api && request.headers().contains_key(header::AUTHORIZATION);
    if safe || by_token || is_own(&own, request.headers()) {
        return next.run(request).await;
    }
    tracing::info!(path = request.uri().path(), "a change asked for by another site was refused");
    let detail = "This was sent from another site, so nothing was done. Open the page here and try again.";
    if !api {
        return (StatusCode::FORBIDDEN, format!("{detail}\n")).into_response();
    }
    let problem = json!({
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
        "detail": detail,
        "code": "denied",
        "request_id": format!("{:032x}", rand::random::<u128>()),
    });
    (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "application/problem+json")], problem.to_string()).into_response()
}

fn is_own(own: &OwnOrigin, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    match (text("sec-fetch-site"), text("origin"), text("referer")) {
        (Some(site), _, _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin), _) => origin == &*own.0,
        (None, None, Some(referer)) => {
            Url::parse(referer).is_ok_and(|url| url.origin().ascii_serialization() == *own.0)
        }
        (None, None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_change_things() {
        let own = OwnOrigin::of(&"https://dev.example.org/".parse().unwrap());
        for (fields, good) in [
            (vec![], true),
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "none")], true),
            (vec![("sec-fetch-site", "cross-site"), ("origin", "https://dev.example.org")], false),
            (vec![("sec-fetch-site", "same-site")], false),
            (vec![("origin", "https://dev.example.org")], true),
            (vec![("origin", "https://dev.example.org.evil.example")], false),
            (vec![("origin", "null")], false),
            (vec![("referer", "https://dev.example.org/apps")], true),
            (vec![("referer", "https://evil.example/?https://dev.example.org")], false),
        ] {
            let headers: HeaderMap = fields.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
            assert_eq!(is_own(&own, &headers), good, "{fields:?}");
        }
    }
}
