//! One request to the portal, and what may be said of its answer.
use super::fake::{Fake, someone};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use leptos::config::LeptosOptions;
use portico_app::{context::Site, server::router};
use portico_contract::{Caller, Role};
use std::sync::Arc;
use tower::ServiceExt as _;

pub(crate) fn site() -> Site {
    Site {
        leptos: LeptosOptions::builder().output_name("portico-0123").build(),
        css: "/portico.css".into(),
        font: "/inter.woff2".into(),
        gateway_url: "https://gw.example.org".into(),
        portal_url: "https://dev.example.org".into(),
    }
}

pub(crate) fn portal(fake: &Arc<Fake>) -> Router {
    router(Arc::clone(fake) as _, site())
}

pub(crate) fn caller(role: Option<Role>) -> Caller {
    Caller { account: role.map(someone), client: "192.0.2.7".into() }
}

pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
    pub(crate) fn location(&self) -> &str {
        self.header(header::LOCATION.as_str())
    }
    #[track_caller]
    pub(crate) fn holds(&self, piece: &str) {
        assert!(self.text.contains(piece), "{piece} is not in\n{}", self.text);
    }
    #[track_caller]
    pub(crate) fn lacks(&self, piece: &str) {
        assert!(!self.text.contains(piece), "{piece} is in\n{}", self.text);
    }
}

pub(crate) async fn send(
    fake: &Arc<Fake>,
    role: Option<Role>,
    request: axum::http::request::Builder,
    body: Body,
) -> Answer {
    let request = request.extension(caller(role)).body(body).expect("a request");
    let response = portal(fake).oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.expect("a body");
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).expect("a text") }
}

pub(crate) async fn get(fake: &Arc<Fake>, role: Option<Role>, path: &str) -> Answer {
    send(fake, role, Request::get(path), Body::empty()).await
}

/// `form` is url-encoded.
pub(crate) async fn post(fake: &Arc<Fake>, role: Option<Role>, path: &str, form: &str) -> Answer {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    send(fake, role, request, Body::from(form.to_owned())).await
}
