//! Frames: one border around, hairlines inside.
use super::Icon;
use leptos::prelude::*;

/// A frame with a name. `actions` stand at the end of its head, `foot` below.
#[component]
pub fn Card(
    #[prop(into)] title: String,
    #[prop(optional)] actions: Option<AnyView>,
    #[prop(optional)] foot: Option<AnyView>,
    children: Children,
) -> AnyView {
    view! {
        <section class="card">
            <div class="head"><h2>{title}</h2>{actions}</div>
            {children()}
            {foot.map(|foot| view! { <div class="foot">{foot}</div> })}
        </section>
    }
    .into_any()
}

/// One of the [`Facts`].
pub struct Fact {
    label: &'static str,
    content: AnyView,
}

impl Fact {
    pub fn new(label: &'static str, content: impl IntoAny) -> Self {
        Self { label, content: content.into_any() }
    }
}

/// A few words about a thing, side by side.
#[component]
pub fn Facts(
    facts: Vec<Fact>,
    /// `narrow` where each is a few characters only.
    #[prop(optional)]
    class: &'static str,
) -> AnyView {
    let facts =
        facts.into_iter().map(|fact| view! { <div><dt>{fact.label}</dt><dd>{fact.content}</dd></div> }).collect_view();
    view! { <dl class=format!("facts {class}")>{facts}</dl> }.into_any()
}

/// Constraints: (label, value); the label may be empty.
#[component]
pub fn Chips(#[prop(into)] label: String, chips: Vec<(String, String)>) -> AnyView {
    let chips = chips
        .into_iter()
        .map(|(label, value)| {
            view! { <li class="chip">{(!label.is_empty()).then(|| view! { <b>{label}</b> })}{value}</li> }
        })
        .collect_view();
    view! { <ul class="chips" aria-label=label>{chips}</ul> }.into_any()
}

/// Where nothing is yet: what will be here, and what to do.
#[component]
pub fn Empty(icon: &'static str, #[prop(into)] title: String, children: Children) -> AnyView {
    view! { <div class="empty"><Icon name=icon/><h2>{title}</h2>{children()}</div> }.into_any()
}

/// Search over everything the reader may see. `primary` where searching is what the page is for.
#[component]
pub fn SearchForm(#[prop(optional, into)] query: String, #[prop(optional)] primary: bool) -> AnyView {
    view! {
        <form class="with-button" action="/search" role="search">
            <label class="visually-hidden" for="q">"Search all APIs"</label>
            <input class="input" id="q" type="search" name="q" value=query placeholder="Search APIs, operations and schemas"/>
            <button class=if primary { "button primary" } else { "button" }>"Search"</button>
        </form>
    }
    .into_any()
}
