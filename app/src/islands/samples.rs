use super::typed_call;
use crate::components::{CodeBlock, CopyButton};
use leptos::prelude::*;
use portico_contract::{
    call::{Body, Call, GivenSample},
    reference::{Code, Token},
};
use portico_samples::{Language, write};
use wasm_bindgen::JsCast as _;
use web_sys::HtmlDocument;

/// Samples of one call, in the language that the reader has chosen. Without script the choice is a form; with it the
/// sample is written anew at once, since writing needs nothing but the call, and follows what is typed into the form for
/// a call. Fills a card; once on a page.
#[island]
pub fn Samples(
    title: String,
    call: Option<Call>,
    /// Other bodies of the call, each with the classes of what is around it: all of them show it or hide it.
    bodies: Vec<(Vec<String>, Option<Body>)>,
    /// Of the document, preferred until the reader chooses otherwise.
    given: Vec<GivenSample>,
    /// As the cookie `language` has it; may name nothing that is offered here.
    language: String,
    /// The page's own address, to come back to from the form.
    next: String,
) -> impl IntoView {
    let offered = offered(call.is_some(), &given);
    let known = offered.iter().any(|(id, _)| *id == language);
    let first = offered.first().map(|(id, _)| id.clone()).unwrap_or_default();
    let chosen = RwSignal::new(if known { language } else { first });
    let options = offered
        .into_iter()
        .map(|(id, title)| {
            let selected = chosen.with_untracked(|chosen| *chosen == id);
            view! { <option value=id selected=selected>{title}</option> }
        })
        .collect_view();
    let choose = move |event| {
        let id = event_target_value(&event);
        keep(&id);
        chosen.set(id);
    };
    let label = format!("{title} sample");
    let calls: Vec<(Vec<String>, Call)> = match call {
        None => Vec::new(),
        Some(call) if bodies.is_empty() => vec![(Vec::new(), call)],
        Some(call) => {
            let with = |(around, body)| (around, Call { body, ..call.clone() });
            bodies.into_iter().map(with).collect()
        }
    };
    let code = move || {
        let block = |code| view! { <CodeBlock code label=label.clone() class="short" bare=true/> }.into_any();
        let id = chosen.get();
        if let Some(sample) = given.iter().find(|sample| given_id(&sample.label) == id) {
            return block(Code { spans: vec![(Token::Plain, sample.source.clone())] });
        }
        let language = Language::parse(&id).unwrap_or_default();
        if let Some(call) = typed_call::current() {
            return block(write(&call, language));
        }
        let within = |inner, class: &String| view! { <div class=class.clone()>{inner}</div> }.into_any();
        let written = calls.iter().map(|(around, call)| around.iter().rev().fold(block(write(call, language)), within));
        written.collect_view().into_any()
    };
    view! {
        <div class="head">
            <h2>{title.clone()}</h2>
            <form method="post" action="/language" class="row tight end">
                <input type="hidden" name="next" value=next/>
                <select class="input small bare" name="language" aria-label="Language of the sample" on:change=choose>
                    {options}
                </select>
                <button class="button small without-script">"Show"</button>
            </form>
            <CopyButton what=format!("{} sample", title.to_lowercase())/>
        </div>
        {code}
    }
    .into_any()
}

/// Names for the cookie, and for the reader.
fn offered(generated: bool, given: &[GivenSample]) -> Vec<(String, String)> {
    let given = given.iter().map(|sample| (given_id(&sample.label), sample.label.clone()));
    let all = Language::ALL.into_iter().filter(|_| generated);
    given.chain(all.map(|language| (language.as_str().to_owned(), language.title().to_owned()))).collect()
}

/// The same for the same label on every page, so that the choice is kept.
fn given_id(label: &str) -> String {
    let mut id = "given".to_owned();
    for c in label.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => id.push(c.to_ascii_lowercase()),
            '+' => id.push_str("-plus"),
            '#' => id.push_str("-sharp"),
            c if c.is_ascii() => id.push('-'),
            c => id.extend(format!("-{:x}", u32::from(c)).chars()),
        }
    }
    id
}

/// As the server sets it when the form is sent.
fn keep(id: &str) {
    if let Ok(document) = document().dyn_into::<HtmlDocument>() {
        // A browser that takes no cookies forgets the choice with the page.
        let _ = document.set_cookie(&format!("language={id}; Path=/; Max-Age=31536000; SameSite=Lax"));
    }
}
