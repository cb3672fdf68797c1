//! `Idempotency-Key` on POST (draft-ietf-httpapi-idempotency-key-header): a call that is sent again is answered again,
//! and done once. Only what succeeded is remembered: a refused call changed nothing and may be tried anew.
use crate::{House, input::read, problem::Problem};
use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use portico_control::{ControlError, RememberedAnswer, Who};
use portico_domain::{KeyDigest, Role};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

/// Of every POST but one: a file of keys, which only admins send.
const BODY_LIMIT: usize = 1024 * 1024;
const IMPORT_LIMIT: usize = 128 * 1024 * 1024;

/// Calls under way: who calls, and under which key.
#[derive(Clone, Default)]
pub(crate) struct UnderWay(Arc<Mutex<HashSet<(String, String)>>>);

/// Frees its place when the call ends, however it ends.
struct Place {
    under_way: UnderWay,
    call: (String, String),
}

impl UnderWay {
    fn enter(&self, call: (String, String)) -> Option<Place> {
        let entered = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(call.clone());
        entered.then(|| Place { under_way: self.clone(), call })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.under_way.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.call);
    }
}

pub(crate) async fn once(State(house): State<House>, request: Request, next: Next) -> Response {
    let key = match key(request.method(), request.headers()) {
        Ok(Some(key)) => key.to_owned(),
        Ok(None) => return next.run(request).await,
        Err(problem) => return problem.into_response(),
    };
    let Some(who) = request.extensions().get::<Who>().cloned() else { return next.run(request).await };
    answer(&house, &who, &key, request, next).await.unwrap_or_else(Problem::into_response)
}

async fn answer(house: &House, who: &Who, key: &str, request: Request, next: Next) -> Result<Response, Problem> {
    let caller = who.account().map(|id| id.to_string()).unwrap_or_default();
    let place = house.under_way.enter((caller, key.to_owned()));
    let _place = place.ok_or_else(|| {
        let detail = "A call with this Idempotency-Key is under way. Send it again in a moment.";
        Problem::new(StatusCode::CONFLICT, "conflict", detail)
    })?;

    let (request, digest) = digest(request, who).await?;
    let remembered = house.remembered(who, key, &digest).await.map_err(|error| match error {
        ControlError::Invalid(_) => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", error.to_string())
        }
        error => error.into(),
    })?;
    if let Some(RememberedAnswer { status, body }) = remembered {
        return Ok(again(status, body));
    }

    let response = next.run(request).await;
    if !response.status().is_success() {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let answer = RememberedAnswer { status: parts.status.as_u16(), body: bytes.to_vec() };
    if let Err(error) = house.remember(who, key, &digest, &answer).await {
        // The call itself was done: its answer matters more than its repetition.
        tracing::warn!(%error, "an answer could not be remembered");
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

/// 1 to 255 visible ASCII characters.
fn key<'a>(method: &Method, headers: &'a HeaderMap) -> Result<Option<&'a str>, Problem> {
    if method != Method::POST {
        return Ok(None);
    }
    let mut lines = headers.get_all("idempotency-key").into_iter();
    let Some(line) = lines.next() else { return Ok(None) };
    let key = line.to_str().ok().filter(|key| (1..=255).contains(&key.len()) && !key.contains('\t'));
    match (key, lines.next()) {
        (Some(key), None) => Ok(Some(key)),
        _ => Err(Problem::parameter("Idempotency-Key", "one line of 1 to 255 visible ASCII characters")),
    }
}

/// Names a call by all that makes it the call it is.
async fn digest(request: Request, who: &Who) -> Result<(Request, KeyDigest), Problem> {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let media_type = parts.headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let mut named = [target.as_bytes(), b"\n", media_type, b"\n"].concat();
    let import = parts.uri.path().ends_with("/keys/import") && who.role() == Some(Role::Admin);
    let (limit, limit_text) = if import { (IMPORT_LIMIT, "128 MiB") } else { (BODY_LIMIT, "1 MiB") };
    let bytes = read(Request::new(body), limit, limit_text).await?;
    named.extend_from_slice(&KeyDigest::sha256(&bytes).0);
    Ok((Request::from_parts(parts, Body::from(bytes)), KeyDigest::sha256(&named)))
}

fn again(status: u16, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}
