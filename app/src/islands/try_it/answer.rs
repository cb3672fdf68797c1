//! What comes back: at once what is there, as it comes, and never more on the page than the page bears.
use super::{
    json_text, json_view,
    sending::{self, Head, Outgoing, Trouble},
};
use crate::components::Icon;
use js_sys::{Array, Uint8Array};
use leptos::{html, prelude::*};
use std::{cell::RefCell, mem, rc::Rc, sync::Arc};
use web_sys::{AbortController, HtmlPreElement, TextDecodeOptions, TextDecoder, Url};

/// Bytes of an answer kept for its download; the rest is not read.
const KEPT: usize = 64 * 1024 * 1024;
/// Bytes of text on the page.
const SHOWN: usize = 200 * 1024;
/// Bytes of JSON that is shown folded.
const FOLDED: usize = 16 * 1024 * 1024;
/// Lines of a stream on the page, the last ones.
const LINES: u32 = 500;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    Waiting,
    Receiving,
    Done,
    Ended(Trouble),
}

/// How the body is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
enum View {
    /// In the `pre`, which grows.
    Text,
    Json(Arc<str>),
    Image(String),
    Bytes,
}

/// The answer to the last call.
#[derive(Clone, Copy)]
pub(super) struct Answer {
    stage: RwSignal<Stage>,
    head: RwSignal<Option<Head>>,
    size: RwSignal<usize>,
    view: RwSignal<View>,
    /// What of the text is not on the page.
    cut: RwSignal<Option<&'static str>>,
    /// Address and name of the whole body.
    file: RwSignal<Option<(String, String)>>,
    pre: NodeRef<html::Pre>,
    controller: StoredValue<Option<AbortController>, LocalStorage>,
    /// Which call is the last.
    turn: StoredValue<u32>,
}

impl Answer {
    pub(super) fn new() -> Self {
        Self {
            stage: RwSignal::new(Stage::Idle),
            head: RwSignal::new(None),
            size: RwSignal::new(0),
            view: RwSignal::new(View::Text),
            cut: RwSignal::new(None),
            file: RwSignal::new(None),
            pre: NodeRef::new(),
            controller: StoredValue::new_local(None),
            turn: StoredValue::new(0),
        }
    }

    pub(super) fn is_busy(self) -> bool {
        self.stage.with(|stage| matches!(stage, Stage::Waiting | Stage::Receiving))
    }

    /// Wants no more of it.
    pub(super) fn stop(self) {
        self.controller.update_value(|controller| {
            if let Some(controller) = controller.take() {
                controller.abort();
            }
        });
    }

    /// Makes the call and shows what comes. Answers the API's status when all is there, or the reader has stopped it.
    pub(super) async fn receive(self, address: &str, method: &str, outgoing: &Outgoing) -> Option<u16> {
        self.stop();
        let controller = AbortController::new().ok()?;
        let signal = controller.signal();
        self.controller.set_value(Some(controller));
        self.turn.update_value(|turn| *turn += 1);
        let turn = self.turn.get_value();
        let is_last = move || self.turn.get_value() == turn;
        self.clear();
        let reading = Rc::new(RefCell::new(None::<Reading>));
        let on_head = |head: Head| {
            if is_last() {
                *reading.borrow_mut() = Some(Reading::of(&head));
                self.view.set(if Kind::of(&head.media_type()).is_text() { View::Text } else { View::Bytes });
                self.head.set(Some(head));
                self.stage.set(Stage::Receiving);
            }
        };
        let on_part = |part: Uint8Array| {
            let mut reading = reading.borrow_mut();
            let Some(reading) = reading.as_mut().filter(|_| is_last()) else { return false };
            reading.take(self, &part);
            reading.size <= KEPT
        };
        let outcome = sending::send(address, method, outgoing, &signal, on_head, on_part).await;
        if !is_last() {
            return None;
        }
        if let Some(reading) = reading.take() {
            reading.finish(self);
        }
        let answered = outcome.is_ok() || outcome == Err(Trouble::Stopped);
        self.stage.set(outcome.map_or_else(Stage::Ended, |()| Stage::Done));
        self.controller.set_value(None);
        self.head.with_untracked(|head| head.as_ref().map(|head| head.status)).filter(|_| answered)
    }

    fn clear(self) {
        if let Some((url, _)) = self.file.get_untracked() {
            // It was ours, so it can be given back.
            let _ = Url::revoke_object_url(&url);
        }
        if let View::Image(url) = self.view.get_untracked() {
            let _ = Url::revoke_object_url(&url);
        }
        if let Some(pre) = self.pre.get_untracked() {
            pre.set_text_content(None);
        }
        self.file.set(None);
        self.head.set(None);
        self.cut.set(None);
        self.size.set(0);
        self.view.set(View::Text);
        self.stage.set(Stage::Waiting);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    /// Something new with each line.
    Lines,
    Json,
    Image,
    Bytes,
}

impl Kind {
    fn of(media_type: &str) -> Self {
        match media_type {
            "text/event-stream"
            | "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/json-seq"
            | "application/stream+json" => Self::Lines,
            // Vector graphics can hold script, which an image's own window would run.
            "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/avif" => Self::Image,
            "image/svg+xml"
            | "application/xml"
            | "application/yaml"
            | "application/javascript"
            | "application/graphql"
            | "application/x-www-form-urlencoded"
            | "" => Self::Text,
            other if other == "application/json" || other.ends_with("+json") => Self::Json,
            other if other.starts_with("text/") || other.ends_with("+xml") || other.ends_with("+yaml") => Self::Text,
            _ => Self::Bytes,
        }
    }

    fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Lines | Self::Json)
    }
}

/// An answer's body while it comes.
struct Reading {
    kind: Kind,
    media_type: String,
    decoder: Option<TextDecoder>,
    parts: Array,
    size: usize,
    shown: usize,
    /// All text, of what may be folded; else the line that is not at its end.
    text: String,
}

impl Reading {
    fn of(head: &Head) -> Self {
        let media_type = head.media_type();
        let kind = Kind::of(&media_type);
        let charset = head.field("content-type").split(';').find_map(|part| {
            let (name, value) = part.trim().split_once('=')?;
            name.eq_ignore_ascii_case("charset").then(|| value.trim_matches('"').to_owned())
        });
        let named = charset.and_then(|charset| TextDecoder::new_with_label(&charset).ok());
        let decoder = kind.is_text().then(|| named.or_else(|| TextDecoder::new().ok())).flatten();
        Self { kind, media_type, decoder, parts: Array::new(), size: 0, shown: 0, text: String::new() }
    }

    fn take(&mut self, answer: Answer, part: &Uint8Array) {
        self.size += part.length() as usize;
        answer.size.set(self.size);
        self.parts.push(part);
        let options = TextDecodeOptions::new();
        options.set_stream(true);
        let decoder = self.decoder.as_ref();
        let text = decoder.and_then(|decoder| decoder.decode_with_js_u8_array_and_options(part, &options).ok());
        if let Some(text) = text {
            self.show(answer, &text);
        }
    }

    fn show(&mut self, answer: Answer, text: &str) {
        let Some(pre) = answer.pre.get_untracked() else { return };
        if self.kind == Kind::Lines {
            self.text.push_str(text);
            let whole = self.text.rfind('\n').map_or(0, |end| end + 1);
            let rest = self.text.split_off(whole);
            for line in mem::replace(&mut self.text, rest).split_inclusive('\n') {
                add_line(&pre, line, answer);
            }
            return;
        }
        if self.kind == Kind::Json && self.text.len() <= FOLDED {
            self.text.push_str(text);
        }
        let room = SHOWN.saturating_sub(self.shown);
        let end = text.floor_char_boundary(room);
        if end < text.len() {
            answer.cut.set(Some("This is the beginning. The download has all of it."));
        }
        if end > 0 {
            self.shown += end;
            // A text node can always be added.
            let _ = pre.append_with_str_1(&text[..end]);
        }
    }

    fn finish(mut self, answer: Answer) {
        if self.kind == Kind::Lines
            && !self.text.is_empty()
            && let Some(pre) = answer.pre.get_untracked()
        {
            add_line(&pre, &mem::take(&mut self.text), answer);
        }
        if self.size == 0 {
            return;
        }
        let url_as = |media_type: &str| {
            let blob = sending::blob(&self.parts, media_type)?;
            Url::create_object_url_with_blob(&blob).ok()
        };
        if self.kind == Kind::Image {
            answer.view.set(url_as(&self.media_type).map_or(View::Bytes, View::Image));
        }
        // As a file, whatever it is: opened, it would be of the portal's origin.
        let name = format!("answer.{}", extension(&self.media_type));
        answer.file.set(url_as("application/octet-stream").map(|url| (url, name)));
        if self.kind == Kind::Json && json_text::document(&self.text).is_some() {
            answer.cut.set(None);
            answer.view.set(View::Json(mem::take(&mut self.text).into()));
        }
    }
}

fn add_line(pre: &HtmlPreElement, line: &str, answer: Answer) {
    if pre.child_element_count() >= LINES
        && let Some(first) = pre.first_element_child()
    {
        first.remove();
        answer.cut.set(Some("These are the last lines. The download has all of them."));
    }
    if let Ok(element) = document().create_element("span") {
        element.set_text_content(Some(line));
        // An element can always be added.
        let _ = pre.append_with_node_1(&element);
    }
}

fn extension(media_type: &str) -> &str {
    match media_type.split_once('/').map_or("", |(_, kind)| kind) {
        "plain" | "" | "event-stream" => "txt",
        "jpeg" => "jpg",
        kind if kind.ends_with("json") => "json",
        kind if kind.ends_with("xml") => "xml",
        kind if kind.len() <= 5 && kind.bytes().all(|byte| byte.is_ascii_alphanumeric()) => kind,
        _ => "bin",
    }
}

pub(super) fn draw(answer: Answer) -> AnyView {
    let idle = move || answer.stage.with(|stage| *stage == Stage::Idle);
    // Said aloud once it is known, and not with each part.
    let told = move || match answer.stage.get() {
        Stage::Idle => ().into_any(),
        Stage::Waiting => view! { <span class="note">"Waiting for the answer …"</span> }.into_any(),
        stage => {
            let status = answer.head.get().map(|head| {
                let micros = head.micros;
                let reason = reason(head.status);
                view! { {self::status(head.status, format!("{} {reason}", head.status))}" "<span class="note">{time(micros)}</span> }
            });
            let trouble = if let Stage::Ended(trouble) = stage { Some(words(&trouble)) } else { None };
            let trouble = trouble.map(|words| view! { <span class="error"><Icon name="warn"/>{words}</span> });
            let sign_in = matches!(answer.stage.get_untracked(), Stage::Ended(Trouble::Refused(401, _)));
            let sign_in = sign_in.then(|| view! { " "<a href="/sign-in">"Sign in again"</a> });
            view! { {status}{trouble}{sign_in} }.into_any()
        }
    };
    let size = move || {
        let size = answer.size.get();
        answer.head.with(Option::is_some).then(|| bytes(size))
    };
    let file = move || {
        let (url, name) = answer.file.get()?;
        Some(view! { <a class="button small end" href=url download=name><Icon name="download"/>"Download"</a> })
    };
    let has_head = move || answer.head.with(Option::is_some);
    let fields = move || {
        let fields = answer.head.get().map(|head| head.fields).unwrap_or_default();
        let line = |(name, value): (String, String)| view! { <span class="p">{name}</span>{format!(": {value}\n")} };
        fields.into_iter().map(line).collect_view()
    };
    view! {
        <section class="answer" aria-label="Answer" hidden=idle>
            <div class="foot">
                <p role="status" class="row tight">{told}</p>
                <span class="note">{size}</span>
                {file}
            </div>
            <div class="in-card" hidden=move || !has_head()>
                <fieldset class="tabs">
                    <legend class="visually-hidden">"Parts of the answer"</legend>
                    <label><input type="radio" name="try-answer" checked/>"Body"</label>
                    <div class="panel">{body(answer)}</div>
                    <label><input type="radio" name="try-answer"/>"Headers"</label>
                    <div class="panel">
                        <div class="code short"><pre tabindex="0" role="region" aria-label="Headers of the answer"><code>{fields}</code></pre></div>
                    </div>
                </fieldset>
            </div>
        </section>
    }
    .into_any()
}

fn body(answer: Answer) -> AnyView {
    let is_text = move || answer.view.with(|view| *view == View::Text);
    let is_empty = move || answer.stage.with(|stage| *stage == Stage::Done) && answer.size.get() == 0;
    let other = move || match answer.view.get() {
        View::Text => is_empty().then(|| view! { <p class="body note">"No body."</p> }).into_any(),
        View::Json(text) => json_view::draw(text),
        View::Image(url) => {
            view! { <div class="shown"><img src=url alt="The image that the API answered with"/></div> }.into_any()
        }
        View::Bytes => view! { <p class="body note">"No text to show. The download has it."</p> }.into_any(),
    };
    let cut = move || answer.cut.get().map(|words| view! { <p class="body note">{words}</p> });
    view! {
        <div class="code tall" hidden=move || !is_text() || is_empty()>
            <pre tabindex="0" role="region" aria-label="Body of the answer" node_ref=answer.pre></pre>
        </div>
        {other}
        {cut}
    }
    .into_any()
}

/// A status in words, with its tone.
pub(super) fn status(status: u16, words: String) -> AnyView {
    let tone = match status {
        0..300 => "status ok",
        300..400 => "status info",
        400..500 => "status warn",
        _ => "status danger",
    };
    view! { <span class=tone>{words}</span> }.into_any()
}

fn words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Stopped => "Stopped.".to_owned(),
        Trouble::Offline => "The portal could not be reached. Are you offline?".to_owned(),
        Trouble::Broken => "The answer broke off.".to_owned(),
        Trouble::Refused(401, _) => "Your session has ended.".to_owned(),
        Trouble::Refused(413, _) => "The body is too large for the portal.".to_owned(),
        Trouble::Refused(status, detail) if detail.is_empty() => format!("The portal refused the call ({status})."),
        Trouble::Refused(_, detail) => format!("The portal refused the call: {detail}"),
    }
}

fn time(micros: u64) -> String {
    match micros {
        0..10_000 => format!("{:.1} ms", micros as f64 / 1000.0),
        10_000..10_000_000 => format!("{} ms", micros / 1000),
        _ => format!("{} s", micros / 1_000_000),
    }
}

fn bytes(size: usize) -> String {
    match size {
        0..1000 => format!("{size} B"),
        1000..1_000_000 => format!("{:.1} kB", size as f64 / 1e3),
        _ => format!("{:.1} MB", size as f64 / 1e6),
    }
}

/// The usual words (RFC 9110, 15); HTTP/2 sends none.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_decide_what_is_shown() {
        for (media_type, kind, extension) in [
            ("application/json", Kind::Json, "json"),
            ("application/problem+json", Kind::Json, "json"),
            ("text/event-stream", Kind::Lines, "txt"),
            ("application/x-ndjson", Kind::Lines, "json"),
            ("text/html", Kind::Text, "html"),
            ("image/png", Kind::Image, "png"),
            ("image/svg+xml", Kind::Text, "xml"),
            ("application/pdf", Kind::Bytes, "pdf"),
            ("application/octet-stream", Kind::Bytes, "bin"),
            ("", Kind::Text, "txt"),
        ] {
            assert_eq!((Kind::of(media_type), super::extension(media_type)), (kind, extension), "{media_type}");
        }
        assert_eq!((time(1_250), time(12_400), time(12_400_000)), ("1.2 ms".into(), "12 ms".into(), "12 s".into()));
        assert_eq!((bytes(999), bytes(1300), bytes(5_200_000)), ("999 B".into(), "1.3 kB".into(), "5.2 MB".into()));
    }
}
