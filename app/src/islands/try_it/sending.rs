//! The way to the gateway and back: one `POST /apis/{api}/try`, its answer in parts as they come.
use js_sys::{Array, Reflect, Uint8Array};
use leptos::prelude::*;
use portico_contract::{
    call::{Body, Call, Pair, PartContent},
    form::{BodyKind, CallForm, Control},
};
use serde_json::Value;
use std::fmt::Write as _;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, Blob, BlobPropertyBag, File, FormData, Headers, HtmlInputElement, ReadableStreamDefaultReader,
    RequestInit, Response,
};

/// What the API said first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) fields: Vec<(String, String)>,
    /// From the gateway's door to the first byte of the answer.
    pub(super) micros: u64,
}

impl Head {
    pub(super) fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// Without parameters, in lower case.
    pub(super) fn media_type(&self) -> String {
        self.field("content-type").split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

/// Why there is no answer, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The reader wanted no more.
    Stopped,
    /// The portal is out of reach.
    Offline,
    /// The portal refused it, with its status and words.
    Refused(u16, String),
    /// The answer broke off.
    Broken,
}

/// A call, ready to be sent.
pub(super) struct Outgoing {
    /// Path and query.
    pub(super) target: String,
    pub(super) fields: Vec<Pair>,
    pub(super) key: String,
    /// Undefined for none.
    body: JsValue,
    /// Where the browser does not know it better.
    media_type: Option<String>,
}

impl Outgoing {
    /// `file_of` finds the control of a file by its name. The error names the control that lacks its file.
    pub(super) fn new(
        form: &CallForm,
        call: &Call,
        body_at: Option<usize>,
        credentials: (Vec<Pair>, Vec<Pair>),
        key: String,
        file_of: impl Fn(&str) -> Option<HtmlInputElement>,
    ) -> Result<Self, String> {
        let (more_fields, more_query) = credentials;
        let mut with_query = call.clone();
        with_query.query.extend(more_query);
        let target = with_query.url().split_off(call.base_url.len());
        let mut fields = call.headers.clone();
        let cookies = call.cookies.iter().map(|pair| format!("{}={}", pair.name, pair.value));
        let cookies: Vec<String> = cookies
            .chain(more_fields.iter().filter(|field| field.name == "cookie").map(|field| field.value.clone()))
            .collect();
        fields.extend(more_fields.into_iter().filter(|field| field.name != "cookie"));
        if !cookies.is_empty() {
            fields.push(Pair::new("cookie", cookies.join("; ")));
        }
        let media_type = call.body.as_ref().and_then(Body::media_type).map(str::to_owned);
        let body = match (&call.body, body_at) {
            (Some(body), Some(at)) => payload(form, body, at, file_of)?,
            _ => JsValue::UNDEFINED,
        };
        Ok(Self { target, fields, key, body, media_type })
    }
}

fn payload(
    form: &CallForm,
    body: &Body,
    at: usize,
    file_of: impl Fn(&str) -> Option<HtmlInputElement>,
) -> Result<JsValue, String> {
    let files = |name: &str| -> Vec<File> {
        let list = file_of(name).and_then(|input| input.files());
        list.map(|list| (0..list.length()).filter_map(|n| list.get(n)).collect()).unwrap_or_default()
    };
    Ok(match body {
        Body::Json { text, .. } | Body::Text { text, .. } => text.into(),
        Body::Form(pairs) => {
            let encode = portico_contract::written::encode;
            let pairs: Vec<_> =
                pairs.iter().map(|pair| format!("{}={}", encode(&pair.name), encode(&pair.value))).collect();
            pairs.join("&").into()
        }
        Body::File { .. } => {
            let name = super::values::raw(at);
            files(&name).into_iter().next().ok_or(name)?.into()
        }
        Body::Multipart(parts) => {
            let data = FormData::new().map_err(|_| String::new())?;
            let many = |name: &str| match &form.bodies[at].kind {
                BodyKind::Multipart(inputs) => inputs.iter().find(|input| input.name == name),
                _ => None,
            };
            for part in parts {
                // What is set here is taken by every browser; nothing is lost by a refusal that cannot be.
                let _ = match (&part.content, &part.media_type) {
                    (PartContent::Text(text), None) => data.append_with_str(&part.name, text),
                    (PartContent::Text(text), Some(media_type)) => {
                        let blob = blob(&Array::of1(&text.into()), media_type);
                        blob.map_or(Ok(()), |blob| data.append_with_blob(&part.name, &blob))
                    }
                    (PartContent::File(_), _) => {
                        let input = many(&part.name).ok_or_else(String::new)?;
                        let name = super::values::of_attribute(at, input);
                        let chosen = files(&name);
                        let all = matches!(input.control, Control::File { many: true });
                        if chosen.is_empty() {
                            return Err(name);
                        }
                        let mut taken = chosen.iter().take(if all { chosen.len() } else { 1 });
                        taken.try_for_each(|file| data.append_with_blob_and_filename(&part.name, file, &file.name()))
                    }
                };
            }
            data.into()
        }
    })
}

pub(super) fn blob(parts: &Array, media_type: &str) -> Option<Blob> {
    let kind = BlobPropertyBag::new();
    kind.set_type(media_type);
    Blob::new_with_blob_sequence_and_options(parts, &kind).ok()
}

/// Sends it; calls back with the head, and then with each part of the body. `address` is that of the API's `/try`.
pub(super) async fn send(
    address: &str,
    method: &str,
    outgoing: &Outgoing,
    signal: &AbortSignal,
    on_head: impl FnOnce(Head),
    mut on_part: impl FnMut(Uint8Array) -> bool,
) -> Result<(), Trouble> {
    let told = |_| if signal.aborted() { Trouble::Stopped } else { Trouble::Offline };
    let response = JsFuture::from(window().fetch_with_str_and_init(address, &init(method, outgoing, signal)))
        .await
        .map_err(told)?;
    let response: Response = response.unchecked_into();
    let headers = response.headers();
    let given = |name: &str| headers.get(&format!("portico-try-{name}")).ok().flatten();
    let Some(status) = given("status").and_then(|status| status.parse().ok()) else {
        return Err(refusal(&response).await);
    };
    on_head(Head {
        status,
        fields: given("fields").and_then(|fields| serde_json::from_str(&fields).ok()).unwrap_or_default(),
        micros: given("micros").and_then(|micros| micros.parse().ok()).unwrap_or_default(),
    });
    let Some(body) = response.body() else { return Ok(()) };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let broken = |_| if signal.aborted() { Trouble::Stopped } else { Trouble::Broken };
    loop {
        let read = JsFuture::from(reader.read()).await.map_err(broken)?;
        let is_done = Reflect::get(&read, &"done".into()).is_ok_and(|done| done.is_truthy());
        let part = Reflect::get(&read, &"value".into()).ok().and_then(|part| part.dyn_into::<Uint8Array>().ok());
        let Some(part) = part.filter(|_| !is_done) else { return Ok(()) };
        if !on_part(part) {
            // Nobody waits for whether the browser manages to let go.
            drop(reader.cancel());
            return Ok(());
        }
    }
}

fn init(method: &str, outgoing: &Outgoing, signal: &AbortSignal) -> RequestInit {
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_signal(Some(signal));
    let fields: Vec<(&str, &str)> =
        outgoing.fields.iter().map(|field| (field.name.as_str(), field.value.as_str())).collect();
    let fields = in_ascii(&serde_json::to_string(&fields).unwrap_or_default());
    if let Ok(headers) = Headers::new() {
        let told = [("method", method), ("target", &outgoing.target), ("fields", &fields), ("key", &outgoing.key)];
        for (name, value) in told.into_iter().filter(|(_, value)| !value.is_empty()) {
            // A value that a browser refuses is refused by the portal, with words.
            let _ = headers.set(&format!("portico-try-{name}"), value);
        }
        if let Some(media_type) = &outgoing.media_type {
            let _ = headers.set("content-type", media_type);
        }
        init.set_headers(&headers);
    }
    if !outgoing.body.is_undefined() {
        init.set_body(&outgoing.body);
    }
    init
}

/// JSON in the characters that a field may hold.
fn in_ascii(json: &str) -> String {
    let mut units = [0; 2];
    let mut text = String::with_capacity(json.len());
    for char in json.chars() {
        if char.is_ascii() {
            text.push(char);
        } else {
            for unit in char.encode_utf16(&mut units) {
                // A text takes everything.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

async fn refusal(response: &Response) -> Trouble {
    let text = match response.text() {
        Ok(text) => JsFuture::from(text).await.ok().and_then(|text| text.as_string()).unwrap_or_default(),
        Err(_) => String::new(),
    };
    let problem: Value = serde_json::from_str(&text).unwrap_or_default();
    let detail = problem.get("detail").and_then(Value::as_str).unwrap_or(text.trim());
    Trouble::Refused(response.status(), detail.chars().take(400).collect())
}
