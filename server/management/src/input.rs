//! What a call says, taken strictly: unknown names, wrong types and wrong sizes are refused with their place.
use crate::problem::Problem;
use axum::{
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    http::request::Parts,
};
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_path_to_error::{Path as ErrorPath, Segment};
use std::{fmt::Write as _, str::FromStr};

/// Of every body but documents and key lists.
const JSON_LIMIT: usize = 1024 * 1024;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        expect_type(request.headers(), &["application/json"])?;
        let bytes = read(request, JSON_LIMIT, "1 MiB").await?;
        from_json(&bytes).map(Self)
    }
}

/// A JSON body that may be left out.
pub(crate) struct OptionalBody<T>(pub(crate) T);

impl<S: Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let typed = request.headers().contains_key(header::CONTENT_TYPE);
        if typed {
            expect_type(request.headers(), &["application/json"])?;
        }
        let bytes = read(request, JSON_LIMIT, "1 MiB").await?;
        match (typed, bytes.is_empty()) {
            (false, true) => Ok(Self(T::default())),
            (false, false) => Err(Problem::media_type("application/json")),
            (true, _) => from_json(&bytes).map(Self),
        }
    }
}

/// A JSON merge patch (RFC 7396): an object whose members replace those of the thing, `null` taking one away.
pub(crate) struct Patch<T>(pub(crate) T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Patch<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        expect_type(request.headers(), &["application/merge-patch+json", "application/json"])?;
        let bytes = read(request, JSON_LIMIT, "1 MiB").await?;
        from_json(&bytes).map(Self)
    }
}

/// A member of a patch that is there; with `T = Option<_>` it may also be `null`.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// The query, every parameter known and given once.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(pairs).map(Self).map_err(|error| {
            let name = error.path().to_string();
            let message = error.into_inner().to_string();
            Problem::parameter(if name == "." { "query" } else { &name }, message.trim_end_matches('.'))
        })
    }
}

/// A call that has no parameters in its query.
pub(crate) struct NoQuery;

impl<S: Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        match url::form_urlencoded::parse(query.as_bytes()).next() {
            None => Ok(Self),
            Some((name, _)) => Err(Problem::parameter(&name, "this call has no parameters")),
        }
    }
}

/// The names in the path, in their order, percent-decoded.
pub(crate) struct Path<const N: usize>(pub(crate) [String; N]);

impl<S: Send + Sync, const N: usize> FromRequestParts<S> for Path<N> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // What is not UTF-8 names nothing.
        let params =
            RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::not_found("such path"))?;
        let names: Vec<String> = params.iter().map(|(_, value)| value.to_owned()).collect();
        names.try_into().map(Self).map_err(|_| Problem::not_found("such path"))
    }
}

/// An id or a name in the path. What could never be one names nothing, so it is not found.
pub(crate) fn name<T: FromStr>(text: &str, what: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found(what))
}

/// Items of a part of a list, as `?limit=` says.
#[derive(Clone, Copy)]
pub(crate) struct Limit(pub(crate) u32);

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let limit = text.parse().ok().filter(|limit| (1..=100).contains(limit));
        limit.map(Self).ok_or_else(|| serde::de::Error::custom("a number from 1 to 100"))
    }
}

/// The whole body, up to a limit that `limit_text` says to people.
pub(crate) async fn read(request: Request, limit: usize, limit_text: &str) -> Result<Bytes, Problem> {
    match Limited::new(request.into_body(), limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::too_large(limit_text)),
        Err(_) => {
            Err(Problem::new(http::StatusCode::BAD_REQUEST, "bad_request", "The body ended before it was whole."))
        }
    }
}

/// The type of the body without its parameters, in lower case, if it is one of these.
pub(crate) fn expect_type(headers: &HeaderMap, types: &[&'static str]) -> Result<&'static str, Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default().trim();
    let found = types.iter().find(|expected| given.eq_ignore_ascii_case(expected));
    found.copied().ok_or_else(|| Problem::media_type(&types.join(" or ")))
}

pub(crate) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut from = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut from).map_err(|error| {
        let pointer = pointer(error.path());
        Problem::body(pointer, error.into_inner().to_string())
    })?;
    from.end().map_err(|error| Problem::body(String::new(), error.to_string()))?;
    Ok(value)
}

/// RFC 6901.
pub(crate) fn pointer(path: &ErrorPath) -> String {
    let mut pointer = String::new();
    for segment in path {
        // Writing to a string does not fail.
        let _ = match segment {
            Segment::Seq { index } => write!(pointer, "/{index}"),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                write!(pointer, "/{}", key.replace('~', "~0").replace('/', "~1"))
            }
            Segment::Unknown => Ok(()),
        };
    }
    pointer
}
