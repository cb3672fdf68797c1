//! Lists of links.
use super::{Badge, Icon, Tone};
use leptos::prelude::*;

/// Where the pages of one API's version begin, e.g. `/apis/petstore`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root(pub String);

impl Root {
    pub fn operation(&self, slug: &str) -> String {
        format!("{}/operations/{}", self.0, segment(slug))
    }
    pub fn schema(&self, name: &str) -> String {
        format!("{}/schemas/{}", self.0, segment(name))
    }
}

/// Text as one segment of a path, or as a fragment.
pub fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                encoded.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
    encoded
}

/// One step of a [`Breadcrumb`]: (words, address).
pub type Crumb = (String, String);

/// Where the page stands; `current` is its own name.
#[component]
pub fn Breadcrumb(crumbs: Vec<Crumb>, #[prop(into)] current: String) -> AnyView {
    let crumbs = crumbs.into_iter().map(|(words, href)| view! { <li><a href=href>{words}</a></li> }).collect_view();
    view! {
        <nav class="breadcrumb" aria-label="Breadcrumb">
            <ol>{crumbs}<li><span aria-current="page">{current}</span></li></ol>
        </nav>
    }
    .into_any()
}

/// One of the [`Segments`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    pub label: String,
    pub href: String,
    pub current: bool,
    pub count: Option<u64>,
}

/// A filter by address.
#[component]
pub fn Segments(#[prop(into)] label: String, segments: Vec<Segment>) -> AnyView {
    let segments = segments
        .into_iter()
        .map(|segment| {
            let count = segment.count.map(|n| view! { " "<span class="note">{super::words::grouped(n)}</span> });
            view! { <a href=segment.href aria-current=segment.current.then_some("true")>{segment.label}{count}</a> }
        })
        .collect_view();
    view! { <nav class="segments" aria-label=label>{segments}</nav> }.into_any()
}

/// One line of a sidebar's `nav.nav > ul`.
#[component]
pub fn NavLink(
    #[prop(into)] href: String,
    #[prop(into)] label: String,
    #[prop(optional)] icon: Option<&'static str>,
    #[prop(optional)] current: bool,
    /// What waits there; nothing at 0.
    #[prop(optional)]
    waiting: u64,
) -> AnyView {
    let icon = icon.map(|name| view! { <Icon name/> });
    let waiting = (waiting > 0).then(|| view! { <Badge text=super::words::grouped(waiting) tone=Tone::Warn/> });
    view! { <li><a href=href aria-current=current.then_some("page")>{icon}<span>{label}</span>{waiting}</a></li> }
        .into_any()
}
