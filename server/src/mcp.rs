//! `/apis/{api}/mcp`: the operations of an API as tools of the Model Context Protocol, by its Streamable HTTP transport
//! (2025-06-18, and 2025-03-26).
//!
//! There are no sessions and no streams: each message is answered by itself, so any node answers any of them. A tool's
//! call enters the gateway by the inner door with the caller's own key in its usual field, and passes everything that a
//! call from outside passes: the key's scope, limits, counting. What the gateway or the API says no to is an answer of the
//! tool, marked as an error, in the words of the refusal.
use crate::inner_call::InnerCall;
use axum::{
    Router,
    body::Body,
    extract::{Extension, Path, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use http_body_util::BodyExt as _;
use portico_contract::Caller;
use portico_control::{Control, ControlError, Toolbox, Who};
use portico_openapi::{Tool, ToolCall};
use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout_at};
use url::Url;

/// Newest first.
const VERSIONS: [&str; 2] = ["2025-06-18", "2025-03-26"];
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Of a message.
const MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// Messages of one batch, which 2025-03-26 allows.
const BATCH: usize = 20;
/// Tools of one part of the list.
const LISTED: usize = 50;
/// Of an answer that is passed on; what is longer is cut, and says so.
const ANSWER_BYTES: usize = 256 * 1024;
/// For the body of an answer: streams have no end.
const PATIENCE: Duration = Duration::from_mins(1);

/// JSON-RPC 2.0, section 5.1.
const UNREADABLE: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
const NO_SUCH_METHOD: i32 = -32601;
const INVALID_PARAMS: i32 = -32602;
const INTERNAL: i32 = -32603;

#[derive(Clone)]
struct House {
    control: Arc<Control>,
    /// The portal's own origin, e.g. `https://developers.example.org`.
    origin: Arc<str>,
}

pub(crate) fn router(control: Arc<Control>, portal_url: &Url) -> Router {
    let origin = portal_url.origin().ascii_serialization().into();
    Router::new().route("/apis/{api}/mcp", post(answer)).with_state(House { control, origin })
}

async fn answer(
    State(house): State<House>,
    Extension(caller): Extension<Caller>,
    Path(api): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    if let Some(refusal) = refusal(&parts.headers, &house.origin) {
        return refusal;
    }
    let key = presented(&parts.headers);
    let toolbox = match house.control.toolbox(&Who::from(&caller), key.as_deref(), &api).await {
        Ok(toolbox) => toolbox,
        Err(error) => return of_control(&error),
    };
    let Ok(body) = axum::body::to_bytes(body, MESSAGE_BYTES).await else {
        return wrong(StatusCode::PAYLOAD_TOO_LARGE, INVALID_REQUEST, "A message has at most 4 MiB.");
    };
    let message: Value = match serde_json::from_slice(&body) {
        Ok(message) => message,
        Err(error) => {
            return wrong(StatusCode::BAD_REQUEST, UNREADABLE, &format!("The message is no JSON: {error}."));
        }
    };
    let caller = Calling { control: &house.control, toolbox: &toolbox, key };
    let answer = match message {
        Value::Array(messages) if messages.is_empty() || messages.len() > BATCH => {
            return wrong(StatusCode::BAD_REQUEST, INVALID_REQUEST, "A batch has 1 to 20 messages.");
        }
        Value::Array(messages) => {
            let mut answers = Vec::new();
            for message in messages {
                answers.extend(caller.message(message).await);
            }
            (!answers.is_empty()).then_some(Value::Array(answers))
        }
        message => caller.message(message).await,
    };
    match answer {
        Some(answer) => {
            let kind = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (kind, answer.to_string()).into_response()
        }
        // A notification, or an answer to a question that was never asked.
        None => StatusCode::ACCEPTED.into_response(),
    }
}

/// What the transport asks of every request.
fn refusal(headers: &HeaderMap, own: &str) -> Option<Response> {
    // A page of another site must not call with what a reader's browser or network adds, nor one that had its name lead
    // here (DNS rebinding).
    if headers.get_all(header::ORIGIN).iter().any(|origin| origin.as_bytes() != own.as_bytes()) {
        return Some(wrong(
            StatusCode::FORBIDDEN,
            INVALID_REQUEST,
            "Requests from pages of other sites are not taken.",
        ));
    }
    if let Some(version) = headers.get(VERSION)
        && !VERSIONS.iter().any(|known| known.as_bytes() == version.as_bytes())
    {
        let words = format!("MCP-Protocol-Version is not one that is spoken here: {}.", VERSIONS.join(", "));
        return Some(wrong(StatusCode::BAD_REQUEST, INVALID_REQUEST, &words));
    }
    None
}

/// The caller's key of this portal.
fn presented(headers: &HeaderMap) -> Option<String> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let bearer = || {
        let (scheme, key) = text(&header::AUTHORIZATION)?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    };
    text(&KEY).or_else(bearer).filter(|key| !key.is_empty()).map(str::to_owned)
}

/// Who sends messages.
struct Calling<'a> {
    control: &'a Control,
    toolbox: &'a Toolbox,
    key: Option<String>,
}

/// What is wrong with a request.
struct Wrong(i32, String);

impl Calling<'_> {
    /// `None` for what wants no answer.
    async fn message(&self, message: Value) -> Option<Value> {
        let is_request =
            message.get("jsonrpc") == Some(&json!("2.0")) && message.get("method").is_some_and(Value::is_string);
        let id = message.get("id").filter(|id| id.is_string() || id.is_number()).cloned();
        if !is_request {
            let is_answer = message.get("result").is_some() || message.get("error").is_some();
            let words = "A message is a request of JSON-RPC 2.0, with \"jsonrpc\", \"id\", \"method\" and \"params\".";
            return (!is_answer).then(|| failed(id.unwrap_or(Value::Null), INVALID_REQUEST, words));
        }
        // Without an id it is a notification.
        let id = id?;
        let method = message.get("method").and_then(Value::as_str).unwrap_or_default();
        let none = Map::new();
        let params = message.get("params").and_then(Value::as_object).unwrap_or(&none);
        let result = match method {
            "initialize" => Ok(self.initialize(params)),
            "ping" => Ok(json!({})),
            "tools/list" => self.list(params),
            "tools/call" => self.call(params).await,
            _ => Err(Wrong(NO_SUCH_METHOD, format!("There is no method {method:?} here."))),
        };
        Some(match result {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err(Wrong(code, words)) => failed(id, code, &words),
        })
    }

    fn initialize(&self, params: &Map<String, Value>) -> Value {
        let asked = params.get("protocolVersion").and_then(Value::as_str).unwrap_or_default();
        let version = VERSIONS.into_iter().find(|known| *known == asked).unwrap_or(VERSIONS[0]);
        let Toolbox { title, version: api_version, .. } = self.toolbox;
        json!({
            "protocolVersion": version,
            "capabilities": {"tools": {"listChanged": false}},
            "serverInfo": {"name": self.toolbox.api.as_str(), "title": title, "version": api_version},
            "instructions": format!(
                "Each tool calls one operation of the API {title}. Calls are made with the key of this portal that comes in \
                 X-API-Key or as a bearer token, and count against its limits."
            ),
        })
    }

    fn list(&self, params: &Map<String, Value>) -> Result<Value, Wrong> {
        let from = match params.get("cursor") {
            None | Some(Value::Null) => 0,
            Some(cursor) => {
                let cursor = cursor.as_str().and_then(|cursor| cursor.parse::<usize>().ok());
                cursor.ok_or_else(|| Wrong(INVALID_PARAMS, "The cursor is none of this list.".to_owned()))?
            }
        };
        let (tools, next) = self.toolbox.list(from, LISTED);
        let mut result = json!({"tools": tools.into_iter().map(described).collect::<Vec<_>>()});
        if let Some(next) = next {
            result["nextCursor"] = next.to_string().into();
        }
        Ok(result)
    }

    async fn call(&self, params: &Map<String, Value>) -> Result<Value, Wrong> {
        let invalid = |words: String| Wrong(INVALID_PARAMS, words);
        let name = params.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| invalid("\"name\" is missing: the name of a tool.".to_owned()))?;
        let none = Map::new();
        let arguments = match params.get("arguments") {
            None | Some(Value::Null) => &none,
            Some(Value::Object(arguments)) => arguments,
            Some(_) => return Err(invalid("\"arguments\" is an object.".to_owned())),
        };
        let call = self.toolbox.call(name, arguments);
        let call = match call.ok_or_else(|| invalid(format!("There is no tool {name:?}.")))? {
            Ok(call) => call,
            // Whoever chose the arguments can choose others.
            Err(words) => return Ok(said(&words, true)),
        };
        let entry = self.control.enter(&self.toolbox.who, &self.toolbox.api, None).await;
        let entry = entry.map_err(|error| Wrong(INTERNAL, error.to_string()))?;
        match inner(&call, self.key.as_deref()).map(|call| call.make(entry)) {
            Err(words) => Ok(said(&words, true)),
            Ok(answer) => Ok(match answer.await {
                Ok(answer) => told(answer).await,
                Err(failure) => said(&failure.to_string(), true),
            }),
        }
    }
}

/// As the protocol lists it. What changes something may also destroy something: a method alone does not say.
fn described(tool: Tool) -> Value {
    let reads = matches!(tool.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "QUERY");
    json!({
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": tool.input_schema,
        "annotations": {
            "title": tool.title,
            "readOnlyHint": reads,
            "destructiveHint": !reads,
            "idempotentHint": reads || matches!(tool.method.as_str(), "PUT" | "DELETE"),
            "openWorldHint": true,
        },
    })
}

fn inner<'a>(call: &'a ToolCall, key: Option<&str>) -> Result<InnerCall<'a>, String> {
    let mut fields = HeaderMap::new();
    for (name, value) in &call.fields {
        let name = HeaderName::try_from(name).map_err(|_| format!("{name:?} is no field's name."))?;
        let value = HeaderValue::try_from(value).map_err(|_| format!("{name} has a value that no field can have."))?;
        fields.append(name, value);
    }
    fields.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/*;q=0.9, */*;q=0.5"));
    if let Some(key) = key {
        let mut key = HeaderValue::try_from(key).map_err(|_| "The key holds characters that none has.".to_owned())?;
        key.set_sensitive(true);
        fields.insert(KEY, key);
    }
    if !call.body.is_empty() {
        fields.insert(header::CONTENT_LENGTH, HeaderValue::from(call.body.len()));
    }
    let method =
        Method::try_from(call.method.as_str()).map_err(|_| "The operation's method cannot be sent.".to_owned())?;
    Ok(InnerCall { method, target: &call.target, fields, body: Body::from(call.body.clone()) })
}

/// The answer of the gateway or the API, as the result of a tool.
async fn told(answer: axum::http::Response<hyper::body::Incoming>) -> Value {
    let (head, mut body) = answer.into_parts();
    let kind =
        head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let end = Instant::now() + PATIENCE;
    let (mut bytes, mut cut) = (Vec::new(), false);
    loop {
        match timeout_at(end, body.frame()).await {
            Ok(Some(Ok(frame))) => bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |data| &data[..])),
            Ok(None) => break,
            Ok(Some(Err(_))) | Err(_) => {
                cut = true;
                break;
            }
        }
        if bytes.len() > ANSWER_BYTES {
            bytes.truncate(ANSWER_BYTES);
            cut = true;
            break;
        }
    }
    let failed = head.status.is_client_error() || head.status.is_server_error();
    let mut text = match as_text(&kind, &bytes, cut) {
        Some(text) => text,
        None => format!("An answer of {} bytes of {kind}, which is no text.", bytes.len()),
    };
    if cut {
        text.push_str("\n[The answer goes on; it is cut here.]");
    }
    if failed || text.is_empty() || head.status.is_redirection() {
        let retry = head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry = retry.map(|after| format!(" (Retry-After: {after})")).unwrap_or_default();
        let location = head.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        let location = location.map(|location| format!(" (Location: {location})")).unwrap_or_default();
        text = format!("HTTP {}{retry}{location}\n{text}", head.status);
    }
    said(text.trim_end(), failed)
}

fn as_text(kind: &str, bytes: &[u8], cut: bool) -> Option<String> {
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_binary = ["image/", "audio/", "video/", "font/"].iter().any(|kind| essence.starts_with(kind));
    if is_binary {
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        // Cut within a character.
        Err(error) if cut && bytes.len() - error.valid_up_to() < 4 => {
            Some(String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned())
        }
        Err(_) => None,
    }
}

fn said(text: &str, is_error: bool) -> Value {
    json!({"content": [{"type": "text", "text": text}], "isError": is_error})
}

fn failed(id: Value, code: i32, words: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": words}})
}

/// A request that is no message.
fn wrong(status: StatusCode, code: i32, words: &str) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, failed(Value::Null, code, words).to_string()).into_response()
}

fn of_control(error: &ControlError) -> Response {
    let status = match error {
        ControlError::NotFound { .. } => StatusCode::NOT_FOUND,
        ControlError::Unavailable | ControlError::TooManyTries { .. } => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    wrong(status, INTERNAL, &error.to_string())
}
