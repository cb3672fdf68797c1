//! `GET /apis/{api}/operations/{operation}/try` tells what can be filled in for a call, and with which keys.
//!
//! `POST /apis/{api}/try`: a call that a reader makes from the reference. It goes into the gateway and nowhere else, and
//! comes back through the portal's own origin, so that no rule for foreign origins stands between.
//!
//! The call is told in fields, and its body is the body:
//!
//! - `Portico-Try-Method`, e.g. `PATCH`
//! - `Portico-Try-Target`: path of the document and query, e.g. `/pets/7?full=true`
//! - `Portico-Try-Fields`: a JSON list of `[name, value]`. Without a `content-type` among them that of this request stands
//! - `Portico-Try-Key`: id of a key of the reader's own; without it the call carries none
//!
//! So is the answer: 200 with `Portico-Try-Status`, `Portico-Try-Fields`, `Portico-Try-Micros` (until the first byte of it)
//! and the API's body, as a download of no type. What an API answers must not run in the portal's origin, set its cookies or
//! send its reader elsewhere. Other statuses are the portal's own refusals, as problem details.
use crate::{
    inner_call::{Failure, InnerCall},
    to_the_end::ToTheEnd,
};
use axum::{
    Json, Router,
    body::Body,
    extract::{Extension, Path, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, response},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use portico_contract::Caller;
use portico_control::{Control, ControlError, Who};
use portico_domain::{KeyId, Slug};
use serde_json::json;
use std::{fmt::Write as _, str::FromStr, sync::Arc, time::Instant};

const METHOD: HeaderName = HeaderName::from_static("portico-try-method");
const TARGET: HeaderName = HeaderName::from_static("portico-try-target");
const FIELDS: HeaderName = HeaderName::from_static("portico-try-fields");
const KEY: HeaderName = HeaderName::from_static("portico-try-key");
const ANSWER_STATUS: HeaderName = HeaderName::from_static("portico-try-status");
const ANSWER_MICROS: HeaderName = HeaderName::from_static("portico-try-micros");

/// What frames a message belongs to the connection.
const FRAMING: [HeaderName; 7] = [
    header::HOST,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

pub(crate) fn router(control: Arc<Control>) -> Router {
    Router::new()
        .route("/apis/{api}/try", post(answer))
        .route("/apis/{api}/operations/{operation}/try", get(form))
        .with_state(control)
}

/// What the page of an operation needs for its form, as the contract's `TryForm`.
async fn form(
    State(control): State<Arc<Control>>,
    Extension(caller): Extension<Caller>,
    Path((api, operation)): Path<(String, String)>,
) -> Response {
    match control.try_form(&Who::from(&caller), &api, &operation).await {
        Ok(form) => ([(header::CACHE_CONTROL, "no-store")], Json(form)).into_response(),
        Err(error) => {
            let (status, detail) = of_control(error);
            refuse(status, &detail)
        }
    }
}

async fn answer(
    State(control): State<Arc<Control>>,
    Extension(caller): Extension<Caller>,
    Path(api): Path<String>,
    request: Request,
) -> Response {
    match call(&control, &caller, &api, request).await {
        Ok(answer) => answer,
        Err((status, detail)) => refuse(status, &detail),
    }
}

type Refusal = (StatusCode, String);

async fn call(control: &Control, caller: &Caller, api: &str, request: Request) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let told = Told::read(&parts.headers)?;
    let slug = api.parse::<Slug>().map_err(|_| (StatusCode::NOT_FOUND, format!("There is no API {api}.")))?;
    let entry = control.enter(&Who::from(caller), &slug, told.key).await.map_err(of_control)?;
    let begun = Instant::now();
    let mut fields = told.fields;
    if let Some(kind) = parts.headers.get(header::CONTENT_TYPE) {
        fields.entry(header::CONTENT_TYPE).or_insert_with(|| kind.clone());
    }
    // Known lengths stay known; hyper frames the rest in chunks.
    if let Some(length) = parts.headers.get(header::CONTENT_LENGTH).filter(|length| *length != "0") {
        fields.insert(header::CONTENT_LENGTH, length.clone());
    }
    let call = InnerCall { method: told.method, target: &told.target, fields, body: Body::new(ToTheEnd::new(body)) };
    let (head, body) = call.make(entry).await.map_err(of_failure)?.into_parts();
    wrap(&head, Body::new(body), begun.elapsed().as_micros())
}

/// What is to be called.
struct Told {
    method: Method,
    target: String,
    fields: HeaderMap,
    key: Option<KeyId>,
}

impl Told {
    fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let method = required(headers, &METHOD)?;
        let method = Method::from_str(method).ok().filter(|method| *method != Method::CONNECT);
        let method = method.ok_or_else(|| bad(&METHOD, "it is no method that can be called"))?;
        let target = required(headers, &TARGET)?;
        if !target.starts_with('/') {
            return Err(bad(&TARGET, "it begins with /"));
        }
        let given = headers.get(FIELDS).map_or(&b"[]"[..], HeaderValue::as_bytes);
        let given: Vec<(String, String)> = serde_json::from_slice(given)
            .map_err(|_| bad(&FIELDS, "it is a JSON list of lists of a name and a value"))?;
        let mut fields = HeaderMap::new();
        for (name, value) in given {
            let wrong = |why: &str| bad(&FIELDS, &format!("{:?} {why}", name.chars().take(80).collect::<String>()));
            let known = HeaderName::from_str(&name).map_err(|_| wrong("is no field's name"))?;
            if FRAMING.contains(&known) {
                return Err(wrong("belongs to the connection and is set by Portico"));
            }
            let value =
                HeaderValue::from_bytes(value.as_bytes()).map_err(|_| wrong("has a value that no field can have"))?;
            fields.append(known, value);
        }
        let key = headers.get(KEY).map(|value| value.to_str().ok().and_then(|id| id.parse().ok()));
        let key = match key {
            Some(None) => return Err((StatusCode::NOT_FOUND, "There is no such key of yours.".to_owned())),
            Some(Some(key)) => Some(key),
            None => None,
        };
        Ok(Self { method, target: target.to_owned(), fields, key })
    }
}

fn required<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str, Refusal> {
    headers.get(name).and_then(|value| value.to_str().ok()).ok_or_else(|| bad(name, "it is missing, or no ASCII text"))
}

fn bad(name: &HeaderName, why: &str) -> Refusal {
    (StatusCode::BAD_REQUEST, format!("{name}: {why}."))
}

fn wrap(head: &response::Parts, body: Body, micros: u128) -> Result<Response, Refusal> {
    let fields: Vec<_> =
        head.headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()))).collect();
    let fields = HeaderValue::try_from(ascii(&json!(fields).to_string()))
        .map_err(|_| (StatusCode::BAD_GATEWAY, "The answer's fields could not be passed on.".to_owned()))?;
    let mut answer = Response::new(body);
    let headers = answer.headers_mut();
    headers.insert(ANSWER_STATUS, HeaderValue::from(head.status.as_u16()));
    headers.insert(ANSWER_MICROS, HeaderValue::from(u64::try_from(micros).unwrap_or(u64::MAX)));
    headers.insert(FIELDS, fields);
    harmless(headers);
    Ok(answer)
}

/// JSON in the characters that a field may hold.
fn ascii(json: &str) -> String {
    let mut units = [0; 2];
    json.chars().fold(String::with_capacity(json.len()), |mut text, character| {
        if character.is_ascii() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                // A text takes everything.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
        text
    })
}

/// Opened as a page, the answer is a file to keep, and could not run if it were shown.
fn harmless(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn of_failure(failure: Failure) -> Refusal {
    match failure {
        Failure::Target => bad(&TARGET, "it holds characters that no address has; write them as %XX"),
        Failure::Unanswered => (StatusCode::BAD_GATEWAY, failure.to_string()),
    }
}

fn of_control(error: ControlError) -> Refusal {
    let status = match &error {
        ControlError::NotFound { .. } => StatusCode::NOT_FOUND,
        ControlError::SignInNeeded => StatusCode::UNAUTHORIZED,
        ControlError::Forbidden { .. } => StatusCode::FORBIDDEN,
        ControlError::TooManyTries { .. } | ControlError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, error.to_string())
}

fn refuse(status: StatusCode, detail: &str) -> Response {
    let problem = json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "detail": detail,
    });
    let kind = [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store")];
    (status, kind, problem.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&str, &str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_call_is_told_in_fields() {
        let told = Told::read(&headers(&[
            ("portico-try-method", "PATCH"),
            ("portico-try-target", "/pets/7?full=true"),
            ("portico-try-fields", r#"[["x-a","1"],["X-A","caf\u00e9"]]"#),
        ]));
        let told = told.unwrap();
        assert_eq!((told.method, told.target.as_str(), told.key), (Method::PATCH, "/pets/7?full=true", None));
        let values: Vec<_> = told.fields.get_all("x-a").iter().map(|value| value.as_bytes().to_vec()).collect();
        assert_eq!(values, [b"1".to_vec(), "café".as_bytes().to_vec()]);
    }

    #[test]
    fn what_cannot_be_called_is_refused_by_name() {
        let whole = [("portico-try-method", "GET"), ("portico-try-target", "/pets")];
        for (fields, words) in [
            (vec![whole[1]], "portico-try-method"),
            (vec![whole[0]], "portico-try-target"),
            (vec![("portico-try-method", "CONNECT"), whole[1]], "no method"),
            (vec![whole[0], ("portico-try-target", "https://elsewhere.example/")], "begins with /"),
            (vec![whole[0], whole[1], ("portico-try-fields", "{}")], "a JSON list"),
            (vec![whole[0], whole[1], ("portico-try-fields", r#"[["Host","x"]]"#)], "belongs to the connection"),
            (vec![whole[0], whole[1], ("portico-try-fields", r#"[["a b","x"]]"#)], "no field's name"),
            (vec![whole[0], whole[1], ("portico-try-fields", r#"[["a","x\ny"]]"#)], "no field can have"),
            (vec![whole[0], whole[1], ("portico-try-key", "no-id")], "no such key"),
        ] {
            let (_, detail) = Told::read(&headers(&fields)).err().unwrap();
            assert!(detail.contains(words), "{detail}");
        }
    }

    #[test]
    fn an_answer_does_nothing_in_the_portals_origin() {
        let mut head = Response::new(()).into_parts().0;
        head.status = StatusCode::FOUND;
        head.headers = headers(&[("set-cookie", "portico=stolen"), ("location", "https://elsewhere.example/")]);
        head.headers.insert("x-name", HeaderValue::from_bytes("Zoë 🦊".as_bytes()).unwrap());
        let answer = wrap(&head, Body::empty(), 12).unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[ANSWER_STATUS], "302");
        assert!(!answer.headers().contains_key("set-cookie") && !answer.headers().contains_key("location"));
        assert_eq!(answer.headers()["content-disposition"], "attachment");
        let fields: Vec<(String, String)> = serde_json::from_slice(answer.headers()[FIELDS].as_bytes()).unwrap();
        assert!(answer.headers()[FIELDS].to_str().is_ok());
        assert!(fields.contains(&("x-name".to_owned(), "Zoë 🦊".to_owned())), "{fields:?}");
    }
}
