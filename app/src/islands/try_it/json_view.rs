//! JSON, folded and coloured. Only what is open is on the page, and of long lists only a part until more is asked for.
use super::json_text::{self, Kind, Member};
use leptos::{ev, prelude::*};
use std::{ops::Range, sync::Arc};
use wasm_bindgen::JsCast as _;
use web_sys::Element;

/// Members shown at once.
const SHOWN: usize = 100;
/// Bytes of a document that is shown open.
const OPEN: usize = 8 * 1024;
/// Bytes of a text shown.
const TEXT: usize = 2_000;

pub(super) fn draw(text: Arc<str>) -> AnyView {
    let Some(root) = json_text::document(&text) else { return ().into_any() };
    let all_open = text.len() <= OPEN;
    let content = value(&text, None, root, true, all_open);
    view! {
        <div class="code tall"><div class="json" tabindex="0" role="region" aria-label="Body of the answer">{content}</div></div>
    }
    .into_any()
}

fn value(text: &Arc<str>, key: Option<Range<usize>>, value: Range<usize>, open: bool, all_open: bool) -> AnyView {
    let key = key.map(|key| view! { <span class="p">{cut(&text[key])}</span>": " });
    let class = match json_text::kind(text, &value) {
        Kind::Object | Kind::Array => return nested(text, key.into_any(), value, open, all_open),
        Kind::Text => "s",
        Kind::Number => "n",
        Kind::Word => "k",
    };
    view! { <div class="line">{key}<span class=class>{cut(&text[value])}</span></div> }.into_any()
}

/// What is too long for a page is in the download.
fn cut(text: &str) -> String {
    if text.len() <= TEXT {
        text.to_owned()
    } else {
        format!("{}… ({} bytes)", &text[..text.floor_char_boundary(TEXT)], text.len())
    }
}

fn nested(text: &Arc<str>, key: AnyView, value: Range<usize>, open: bool, all_open: bool) -> AnyView {
    let members = json_text::members(text, &value);
    let is_object = json_text::kind(text, &value) == Kind::Object;
    let (before, behind) = if is_object { ("{", "}") } else { ("[", "]") };
    if members.is_empty() {
        return view! { <div class="line">{key}{before}{behind}</div> }.into_any();
    }
    let count = match (members.len(), is_object) {
        (1, true) => "1 member".to_owned(),
        (1, false) => "1 item".to_owned(),
        (n, true) => format!("{n} members"),
        (n, false) => format!("{n} items"),
    };
    let is_open = RwSignal::new(open);
    let toggled = move |event: ev::Event| {
        let details = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
        is_open.set(details.is_some_and(|details| details.has_attribute("open")));
    };
    let members: Arc<[Member]> = members.into();
    let text = Arc::clone(text);
    let content = move || is_open.get().then(|| list(&text, &members, 0, all_open));
    view! {
        <details open=open on:toggle=toggled>
            <summary>{key}{before}<span class="c">" "{count}" "</span>{behind}</summary>
            <div class="members">{content}</div>
        </details>
    }
    .into_any()
}

/// From a place on; what follows is asked for by a button in its stead.
fn list(text: &Arc<str>, members: &Arc<[Member]>, from: usize, all_open: bool) -> AnyView {
    let to = members.len().min(from + SHOWN);
    let shown = members[from..to].iter();
    let shown =
        shown.map(|member| value(text, member.key.clone(), member.value.clone(), all_open, all_open)).collect_view();
    let more = (to < members.len()).then(|| {
        let (asked, words) = (RwSignal::new(false), format!("{} more", members.len() - to));
        let (text, members) = (Arc::clone(text), Arc::clone(members));
        move || {
            if asked.get() {
                list(&text, &members, to, all_open)
            } else {
                let words = words.clone();
                view! { <button class="button quiet small" type="button" on:click=move |_| asked.set(true)>{words}</button> }
                    .into_any()
            }
        }
    });
    view! { {shown}{more} }.into_any()
}
