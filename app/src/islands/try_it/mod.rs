//! A call from the page of its operation: what can be filled in, sent through the gateway with a key of the reader's own,
//! and what comes back. The page is whole without it.
//!
//! [`values`] says what was filled in means, [`fields`] draws the controls, [`sending`] speaks with the portal,
//! [`answer`] shows what comes back ([`json_view`] where it is JSON), [`history`] keeps the last calls.
mod answer;
mod fields;
mod history;
mod json_text;
mod json_view;
mod sending;
mod values;

use super::{browser, typed_call};
use crate::components::{Icon, link::segment};
use answer::Answer;
use history::Entry;
use js_sys::Date;
use leptos::{ev, prelude::*, task::spawn_local};
use portico_contract::form::TryForm;
use sending::Outgoing;
use values::Values;
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlElement, HtmlInputElement};

/// What all parts of the island share.
#[derive(Clone, Copy)]
struct Desk {
    /// Names in addresses.
    api: StoredValue<String>,
    operation: StoredValue<String>,
    /// The page's own address.
    page: StoredValue<String>,
    form: RwSignal<Option<TryForm>>,
    values: RwSignal<Values>,
    /// Controls keep what is typed by themselves; they are drawn anew when values come from elsewhere.
    round: RwSignal<u32>,
    key: RwSignal<String>,
    /// Names of controls that must be filled in.
    missing: RwSignal<Vec<String>>,
    /// Why there is no form.
    trouble: RwSignal<Option<String>>,
    history: RwSignal<Vec<Entry>>,
    answer: StoredValue<Answer>,
}

impl Desk {
    fn set(self, name: &str, text: String) {
        self.missing.update(|missing| missing.retain(|one| one != name));
        self.values.update(|values| drop(values.insert(name.to_owned(), text)));
    }

    fn value(self, name: &str) -> String {
        self.values.with_untracked(|values| values.get(name).cloned().unwrap_or_default())
    }
}

/// In the card of the request. Once on a page.
#[island]
pub fn TryIt(api: String, operation: String, next: String) -> impl IntoView {
    let desk = Desk {
        api: StoredValue::new(api),
        operation: StoredValue::new(operation),
        page: StoredValue::new(next),
        form: RwSignal::new(None),
        values: RwSignal::new(Values::new()),
        round: RwSignal::new(0),
        key: RwSignal::new(String::new()),
        missing: RwSignal::new(Vec::new()),
        trouble: RwSignal::new(None),
        history: RwSignal::new(Vec::new()),
        answer: StoredValue::new(Answer::new()),
    };
    Effect::new(move || {
        // From the history on another operation's page.
        let asked = window().location().hash().unwrap_or_default();
        if let Some(at) = asked.strip_prefix("#try=").and_then(|at| at.parse().ok()) {
            open(desk, Some(at));
        }
    });
    Effect::new(move || {
        desk.form.with(|form| {
            if let Some(form) = form {
                typed_call::set(desk.values.with(|values| values::call(&form.form, values)));
            }
        });
    });
    let content = move || {
        let _ = desk.round.get();
        if desk.form.with(Option::is_some) { filled(desk) } else { closed(desk) }
    };
    let last_calls = move || desk.form.with(Option::is_some).then(|| last_calls(desk));
    view! { {content}{answer::draw(desk.answer.get_value())}{last_calls} }.into_any()
}

fn closed(desk: Desk) -> AnyView {
    let trouble =
        move || desk.trouble.get().map(|words| view! { <p class="body error"><Icon name="warn"/>{words}</p> });
    view! {
        <div class="needs-script">
            <div role="alert">{trouble}</div>
            <div class="foot">
                <button class="button primary small" type="button" on:click=move |_| open(desk, None)>
                    <Icon name="send"/>"Try it"
                </button>
                <span class="note">"Through the gateway, with a key of yours"</span>
            </div>
        </div>
    }
    .into_any()
}

/// Asks for the form, and fills in a call of the history.
fn open(desk: Desk, replayed: Option<u64>) {
    spawn_local(async move {
        let address =
            format!("/apis/{}/operations/{}/try", segment(&desk.api.get_value()), segment(&desk.operation.get_value()));
        let answer = browser::fetch(&address).await;
        match answer.map(|text| serde_json::from_str::<TryForm>(&text)) {
            Ok(Ok(form)) => {
                let entries = history::entries(&form.reader, &desk.api.get_value());
                let kept = replayed.and_then(|at| entries.iter().find(|entry| entry.at == at));
                let mut values = values::start(&form.form);
                if let Some(entry) = kept {
                    values = fill(&form, entry);
                }
                desk.key.set(form.keys.first().map(|key| key.id.clone()).unwrap_or_default());
                desk.history.set(entries);
                desk.values.set(values);
                desk.trouble.set(None);
                desk.form.set(Some(form));
                focus_first();
            }
            Ok(Err(_)) => desk.trouble.set(Some("The form could not be read. Load the page again.".to_owned())),
            Err(status) => desk.trouble.set(Some(without_form(status))),
        }
    });
}

/// What was kept of a call, and what the form starts with where it could not be.
fn fill(form: &TryForm, entry: &Entry) -> Values {
    let start = values::start(&form.form);
    let mut values = entry.values.clone();
    for (name, text) in start {
        // A parameter that was left out is left out again; a body or secret that was not kept begins anew.
        let again = name.starts_with("raw.") || name.starts_with("path.");
        if again && !values.contains_key(&name) {
            values.insert(name, text);
        }
    }
    values
}

fn without_form(status: u16) -> String {
    match status {
        0 => "The portal could not be reached. Are you offline?".to_owned(),
        404 => "There is no such operation any more, or you may not see it. Load the page again.".to_owned(),
        status => format!("The portal answered {status}. Try again in a moment."),
    }
}

fn focus_first() {
    request_animation_frame(|| {
        let first =
            document().query_selector(".try-form input, .try-form select, .try-form textarea, .try-form button");
        if let Some(first) = first.ok().flatten().and_then(|first| first.dyn_into::<HtmlElement>().ok()) {
            // What cannot be focused is scrolled past.
            let _ = first.focus();
        }
    });
}

fn filled(desk: Desk) -> AnyView {
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        send(desk);
    };
    let Some(form) = desk.form.get_untracked() else { return ().into_any() };
    let keys = keys(desk, &form);
    view! {
        <form class="try try-form" on:submit=submit novalidate>
            {fields::draw(desk, &form.form)}
            {keys}
        </form>
    }
    .into_any()
}

fn keys(desk: Desk, form: &TryForm) -> AnyView {
    let words = match (form.needs_key, form.keys.is_empty(), form.reader.is_empty()) {
        (true, true, true) => {
            let href = format!("/sign-in?next={}", segment(&desk.page.get_value()));
            Some(view! { <p class="body note"><a href=href>"Sign in"</a>" to call with a key of yours. Without one this call is refused."</p> }.into_any())
        }
        (true, true, false) => {
            let href = format!("/subscribe?api={}", segment(&desk.api.get_value()));
            Some(view! { <p class="body note">"None of your keys fits. "<a href=href>"Subscribe an app"</a>", or create a key in "<a href="/apps">"Apps"</a>"."</p> }.into_any())
        }
        _ => None,
    };
    let options = form
        .keys
        .iter()
        .map(|key| view! { <option value=key.id.clone()>{format!("{} · {}", key.name, key.app)}</option> })
        .collect_view();
    let choose = move |event| desk.key.set(event_target_value(&event));
    let stop = move |_| desk.answer.get_value().stop();
    let send = move || {
        if desk.answer.get_value().is_busy() {
            view! { <button class="button small" type="button" on:click=stop>"Stop"</button> }.into_any()
        } else {
            view! { <button class="button primary small"><Icon name="send"/>"Send"</button> }.into_any()
        }
    };
    view! {
        {words}
        <div class="foot">
            <select class="input small grow" aria-label="Key" on:change=choose prop:value=move || desk.key.get()>
                {options}
                <option value="">"Without a key"</option>
            </select>
            {send}
        </div>
    }
    .into_any()
}

/// Sends what is filled in, and keeps it when it is answered.
fn send(desk: Desk) {
    let Some(TryForm { form, reader, .. }) = desk.form.get_untracked() else { return };
    let values = desk.values.get_untracked();
    let mut missing = values::missing(&form, &values);
    let call = values::call(&form, &values);
    let body_at = values::body(&form, &values);
    let key = desk.key.get_untracked();
    let file_of = |name: &str| fields::control(name).and_then(|control| control.dyn_into::<HtmlInputElement>().ok());
    let outgoing = Outgoing::new(&form, &call, body_at, values::credentials(&form, &values), key, file_of);
    if let Err(name) = &outgoing {
        missing.push(name.clone());
    }
    let first = missing.first().and_then(|name| fields::control(name));
    desk.missing.set(missing);
    if let Some(control) = first {
        let _ = control.focus();
    }
    let Ok(outgoing) = outgoing else { return };
    if desk.missing.with_untracked(|missing| !missing.is_empty()) {
        return;
    }
    let kept = history::harmless(&form, &values);
    let target = values::call(&form, &kept).url().split_off(form.call.base_url.len());
    let method = call.method.clone();
    let entry = Entry {
        at: Date::now() as u64,
        reader,
        api: desk.api.get_value(),
        operation: desk.operation.get_value(),
        method: method.clone(),
        target,
        status: 0,
        values: kept,
    };
    let address = format!("/apis/{}/try", segment(&desk.api.get_value()));
    spawn_local(async move {
        let status = desk.answer.get_value().receive(&address, &method, &outgoing).await;
        if let Some(status) = status {
            history::keep(Entry { status, ..entry.clone() });
            desk.history.set(history::entries(&entry.reader, &entry.api));
        }
    });
}

fn last_calls(desk: Desk) -> AnyView {
    let forget = move |_| {
        history::forget();
        desk.history.set(Vec::new());
    };
    let entries = move || {
        let entries = desk.history.get();
        entries.into_iter().map(|entry| last_call(desk, entry)).collect_view()
    };
    let count = move || desk.history.with(Vec::len);
    let is_empty = move || desk.history.with(Vec::is_empty);
    view! {
        <details class="fold try" hidden=is_empty>
            <summary><Icon name="right"/>"Last calls"<span class="note">{count}</span></summary>
            <ul class="calls">{entries}</ul>
            <div class="foot">
                <span class="note">"Kept in this browser, without secrets."</span>
                <button class="button small end" type="button" on:click=forget>"Forget"</button>
            </div>
        </details>
    }
    .into_any()
}

fn last_call(desk: Desk, entry: Entry) -> AnyView {
    let words = format!("{} {}", entry.method, entry.target);
    let status = answer::status(entry.status, entry.status.to_string());
    let content = view! { <code>{words}</code>{status} }.into_any();
    if entry.operation == desk.operation.get_value() {
        let again = move |_| {
            if let Some(form) = desk.form.get_untracked() {
                desk.values.set(fill(&form, &entry));
                desk.missing.set(Vec::new());
                desk.round.update(|round| *round += 1);
                send(desk);
            }
        };
        view! { <li><button class="button quiet small" type="button" on:click=again>{content}</button></li> }.into_any()
    } else {
        let href = format!("/apis/{}/operations/{}#try={}", segment(&entry.api), segment(&entry.operation), entry.at);
        view! { <li><a class="button quiet small" href=href>{content}</a></li> }.into_any()
    }
}
