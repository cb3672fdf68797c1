use super::browser::{fetch_text, nearest, on_window};
use crate::components::{Icon, Method, link::segment};
use leptos::{ev, html, prelude::*, task::spawn_local};
use portico_contract::catalogue::{HitKind, SearchHit, SearchPage};
use std::time::Duration;
use web_sys::KeyboardEvent;

/// Fast typing asks once.
const PAUSE: Duration = Duration::from_millis(120);

/// Search in a dialog over any page: Ctrl K, ⌘K or the search button; arrows choose, Enter opens. Once on each page.
#[island]
pub fn SearchPalette() -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let input = NodeRef::<html::Input>::new();
    let query = RwSignal::new(String::new());
    let found = RwSignal::new(SearchPage::default());
    let chosen = RwSignal::new(0_usize);
    let open = move || {
        if let (Some(dialog), Some(input)) = (dialog.get_untracked(), input.get_untracked())
            && !dialog.open()
            && dialog.show_modal().is_ok()
        {
            input.select();
        }
    };
    Effect::new(move || {
        on_window(ev::keydown, move |event| {
            if (event.ctrl_key() || event.meta_key()) && event.key().eq_ignore_ascii_case("k") {
                event.prevent_default();
                open();
            }
        });
        on_window(ev::click, move |event| {
            // With a modifier the link is meant to open elsewhere.
            let plain = !(event.ctrl_key() || event.meta_key() || event.shift_key());
            if plain && nearest(&event, ".search-button").is_some() {
                event.prevent_default();
                open();
            }
        });
    });
    let typed = move |event| {
        let text = event_target_value(&event);
        query.set(text.clone());
        set_timeout(
            move || {
                if query.get_untracked() == text {
                    ask(text, query, found, chosen);
                }
            },
            PAUSE,
        );
    };
    let key = move |event: KeyboardEvent| {
        let count = found.with_untracked(|page| page.hits.len());
        match event.key().as_str() {
            "ArrowDown" if count > 0 => chosen.update(|chosen| *chosen = (*chosen + 1) % count),
            "ArrowUp" if count > 0 => chosen.update(|chosen| *chosen = (*chosen + count - 1) % count),
            "Enter" => {
                let hit =
                    found.with_untracked(|page| page.hits.get(chosen.get_untracked()).map(|hit| hit.href.clone()));
                let href = hit.unwrap_or_else(|| all(&query.get_untracked()));
                let _ = window().location().set_href(&href);
            }
            // A search field would keep the first one for clearing itself.
            "Escape" => {
                if let Some(dialog) = dialog.get_untracked() {
                    dialog.close();
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let words = move || {
        found.with(|page| match (page.query.is_empty(), page.total) {
            (true, _) => String::new(),
            (false, 0) => "Nothing found".to_owned(),
            (false, 1) => "1 result".to_owned(),
            (false, n) => format!("{n} results"),
        })
    };
    view! {
        <dialog class="dialog palette" aria-label="Search" node_ref=dialog>
            <form method="dialog" class="palette-head">
                <Icon name="search"/>
                <label class="visually-hidden" for="palette-query">"Search everything"</label>
                <input
                    id="palette-query"
                    type="search"
                    role="combobox"
                    aria-expanded=move || if found.with(|page| page.hits.is_empty()) { "false" } else { "true" }
                    aria-controls="palette-list"
                    aria-activedescendant=move || {
                        found.with(|page| (chosen.get() < page.hits.len()).then(|| option_id(chosen.get())))
                    }
                    autocomplete="off"
                    node_ref=input
                    on:input=typed
                    on:keydown=key
                />
                <button class="button quiet small"><span class="visually-hidden">"Close search"</span><kbd>"Esc"</kbd></button>
            </form>
            <div id="palette-list" role="listbox" aria-label="Results" class="palette-list">
                {move || found.with(|page| groups(&page.hits, chosen))}
            </div>
            <div class="foot note">
                <span><kbd>"↑"</kbd>" "<kbd>"↓"</kbd>" choose"</span>
                <span><kbd>"↵"</kbd>" open"</span>
                <span class="end" role="status">{words}</span>
                <a href=move || all(&query.get())>"See all"</a>
            </div>
        </dialog>
    }
    .into_any()
}

fn all(query: &str) -> String {
    format!("/search?q={}", segment(query))
}

fn option_id(place: usize) -> String {
    format!("palette-{place}")
}

fn ask(text: String, query: RwSignal<String>, found: RwSignal<SearchPage>, chosen: RwSignal<usize>) {
    spawn_local(async move {
        let page = if text.trim().is_empty() {
            Some(SearchPage::default())
        } else {
            let answer = fetch_text(&format!("/search.json?q={}", segment(&text))).await;
            answer.and_then(|answer| serde_json::from_str(&answer).ok())
        };
        // An answer that comes after more was typed is not the answer any more.
        if let Some(page) = page.filter(|_| query.get_untracked() == text) {
            found.set(page);
            chosen.set(0);
        }
    });
}

/// Hits under the name of their kind, numbered through.
fn groups(hits: &[SearchHit], chosen: RwSignal<usize>) -> Vec<AnyView> {
    [(HitKind::Api, "APIs"), (HitKind::Operation, "Operations"), (HitKind::Schema, "Schemas")]
        .into_iter()
        .filter_map(|(kind, name)| {
            let options: Vec<AnyView> = hits
                .iter()
                .enumerate()
                .filter(|(_, hit)| hit.kind == kind)
                .map(|(place, hit)| option(place, hit.clone(), chosen))
                .collect();
            let group = view! {
                <div role="group" aria-label=name><p class="note" aria-hidden="true">{name}</p>{options}</div>
            };
            hits.iter().any(|hit| hit.kind == kind).then(|| group.into_any())
        })
        .collect()
}

fn option(place: usize, hit: SearchHit, chosen: RwSignal<usize>) -> AnyView {
    let lead = match (hit.method, hit.kind) {
        (Some(method), _) => view! { <Method method/> }.into_any(),
        (None, HitKind::Schema) => view! { <Icon name="dot"/> }.into_any(),
        (None, _) => view! { <Icon name="layers"/> }.into_any(),
    };
    let title = hit
        .title
        .into_iter()
        .map(|(matched, text)| if matched { view! { <mark>{text}</mark> }.into_any() } else { text.into_any() })
        .collect_view();
    view! {
        <a
            role="option"
            class="item"
            id=option_id(place)
            tabindex="-1"
            href=hit.href
            aria-selected=move || if chosen.get() == place { "true" } else { "false" }
        >
            <span class="lead-icon">{lead}</span>
            <span class="what"><b>{title}</b></span>
            <span class="note only-wide">{hit.place}</span>
        </a>
    }
    .into_any()
}
