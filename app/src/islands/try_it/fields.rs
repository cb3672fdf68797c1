//! The controls of the form.
use super::{
    Desk,
    values::{self, BODY},
};
use crate::components::Icon;
use leptos::prelude::*;
use portico_contract::form::{BodyForm, BodyKind, CallForm, Control, Credential, CredentialKind, Input, Place};
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

/// What becomes of what is typed; the error says what would be right.
type Put = Box<dyn Fn(String) -> Result<(), &'static str>>;

/// The control of a value.
pub(super) fn control(name: &str) -> Option<HtmlElement> {
    document().get_element_by_id(&id_of(name))?.dyn_into().ok()
}

fn id_of(name: &str) -> String {
    format!("try.{name}")
}

pub(super) fn draw(desk: Desk, form: &CallForm) -> AnyView {
    let (first, more): (Vec<_>, Vec<_>) = form.inputs.iter().partition(|input| input.required);
    let set = more.iter().filter(|input| !desk.value(&values::of_input(input)).is_empty()).count();
    // A few need no fold.
    let all_open = first.len() + more.len() <= 5 || set > 0;
    let one = |input: &&Input| parameter(desk, input);
    let first = first.iter().map(one).collect_view();
    let count = more.len();
    let more = (count > 0).then(|| {
        let more = more.iter().map(one).collect_view();
        view! {
            <details class="fold" open=all_open>
                <summary><Icon name="right"/>"Optional"<span class="note">{count}</span></summary>
                <div class="values">{more}</div>
            </details>
        }
    });
    let credentials = (!form.credentials.is_empty()).then(|| credentials(desk, &form.credentials));
    view! {
        <div class="values">{first}</div>
        {more}
        {(!form.bodies.is_empty()).then(|| body(desk, form))}
        {credentials}
    }
    .into_any()
}

fn parameter(desk: Desk, input: &Input) -> AnyView {
    let name = values::of_input(input);
    let place = match input.place {
        Place::Path => "in the path",
        Place::Header => "header",
        Place::Cookie => "cookie",
        _ => "",
    };
    let put: Put = {
        let name = name.clone();
        Box::new(move |text| {
            desk.set(&name, text);
            Ok(())
        })
    };
    labelled(desk, input, &name, place, desk.value(&name), put)
}

/// A name, a control, and what is wrong with what stands in it.
fn labelled(desk: Desk, input: &Input, name: &str, place: &'static str, value: String, put: Put) -> AnyView {
    let id = id_of(name);
    let error = RwSignal::new(None::<&'static str>);
    let wrong = {
        let name = name.to_owned();
        Memo::new(move |_| {
            let missing = desk.missing.with(|missing| missing.contains(&name));
            error.get().or(missing.then_some("This is needed for the call."))
        })
    };
    let put = StoredValue::new_local(put);
    let typed = move |event| error.set(put.with_value(|put| put(event_target_value(&event))).err());
    let note = format!("{id}.error");
    let invalid = move || wrong.get().map(|_| "true");
    let described = {
        let note = note.clone();
        move || wrong.get().map(|_| note.clone())
    };
    let placeholder = if input.hint.is_empty() { input.kind.clone() } else { format!("e.g. {}", input.hint) };
    let control = match &input.control {
        Control::Choice(options) => {
            let none = (!input.required).then(|| view! { <option value="">"–"</option> });
            let options = options.iter().map(|option| {
                let selected = *option == value;
                view! { <option value=option.clone() selected=selected>{option.clone()}</option> }
            });
            let options = options.collect_view();
            view! {
                <select class="input small mono" id=id.clone() on:change=typed aria-invalid=invalid aria-describedby=described>
                    {none}{options}
                </select>
            }
            .into_any()
        }
        Control::Lines | Control::Json => {
            let rows = value.lines().count().clamp(2, 8);
            let placeholder = if input.control == Control::Lines { "one a line" } else { "JSON" };
            view! {
                <textarea
                    class="input small mono" id=id.clone() rows=rows placeholder=placeholder spellcheck="false"
                    prop:value=value on:input=typed aria-invalid=invalid aria-describedby=described
                ></textarea>
            }
            .into_any()
        }
        Control::File { many } => view! {
            <input
                class="input small" id=id.clone() type="file" multiple=*many on:change=typed
                aria-invalid=invalid aria-describedby=described
            />
        }
        .into_any(),
        Control::Line => view! {
            <input
                class="input small mono" id=id.clone() type=if input.secret { "password" } else { "text" }
                inputmode=(!input.text).then_some("decimal") autocomplete="off" spellcheck="false" autocapitalize="off"
                placeholder=placeholder prop:value=value on:input=typed aria-invalid=invalid aria-describedby=described
            />
        }
        .into_any(),
    };
    let place = (!place.is_empty()).then(|| view! { " "<span class="note">{place}</span> });
    let error =
        move || wrong.get().map(|words| view! { <p class="error" id=note.clone()><Icon name="warn"/>{words}</p> });
    view! {
        <label for=id.clone()><code>{input.name.clone()}</code>{place}</label>
        <div class="field">{control}{error}</div>
    }
    .into_any()
}

fn body(desk: Desk, form: &CallForm) -> AnyView {
    let required = form.body_required;
    let bodies = form.bodies.clone();
    let alone = bodies.len() == 1 && required;
    let media_type = bodies.first().map(|body| body.media_type.clone()).unwrap_or_default();
    let choice = if alone {
        view! { <span class="note">{media_type}</span> }.into_any()
    } else {
        let options = bodies.iter().enumerate().map(|(at, body)| {
            let selected = desk.value(BODY) == at.to_string();
            view! { <option value=at.to_string() selected=selected>{body.media_type.clone()}</option> }
        });
        let options = options.collect_view();
        let none = (!required).then(|| view! { <option value="">"None"</option> });
        let choose = move |event| desk.set(BODY, event_target_value(&event));
        view! {
            <select class="input small" id="try.body" aria-label="Media type of the body" on:change=choose>{none}{options}</select>
        }
        .into_any()
    };
    let chosen = Memo::new(move |_| desk.values.with(|values| values.get(BODY).cloned().unwrap_or_default()));
    let content = move || {
        let at: usize = chosen.get().parse().ok()?;
        Some(of_kind(desk, at, bodies.get(at)?))
    };
    view! {
        <fieldset class="try-part">
            <legend class="visually-hidden">"Body"</legend>
            <div class="row tight"><b>"Body"</b>{choice}</div>
            {content}
        </fieldset>
    }
    .into_any()
}

fn of_kind(desk: Desk, at: usize, body: &BodyForm) -> AnyView {
    match &body.kind {
        BodyKind::Json { inputs, .. } if inputs.is_empty() => raw(desk, at),
        BodyKind::Json { inputs, .. } => fields_or_raw(desk, at, inputs.clone()),
        BodyKind::Text(_) => raw(desk, at),
        BodyKind::Form(inputs) | BodyKind::Multipart(inputs) => {
            let one = |input: &Input| {
                let name = values::of_attribute(at, input);
                let put: Put = {
                    let name = name.clone();
                    Box::new(move |text| {
                        desk.set(&name, text);
                        Ok(())
                    })
                };
                labelled(desk, input, &name, "", desk.value(&name), put)
            };
            let inputs = inputs.iter().map(one).collect_view();
            view! { <div class="values">{inputs}</div> }.into_any()
        }
        BodyKind::File => {
            let name = values::raw(at);
            let input = Input { name: "File".to_owned(), control: Control::File { many: false }, ..Input::default() };
            let put: Put = {
                let name = name.clone();
                Box::new(move |text| {
                    desk.set(&name, text);
                    Ok(())
                })
            };
            view! { <div class="values">{labelled(desk, &input, &name, "", String::new(), put)}</div> }.into_any()
        }
    }
}

fn raw(desk: Desk, at: usize) -> AnyView {
    let name = values::raw(at);
    let id = id_of(&name);
    let shown = {
        let name = name.clone();
        move || desk.values.with(|values| values.get(&name).cloned().unwrap_or_default())
    };
    let rows = desk.value(&name).lines().count().clamp(4, 16);
    let typed = move |event| desk.set(&name, event_target_value(&event));
    view! {
        <textarea
            class="input small mono" id=id rows=rows aria-label="Body as text" spellcheck="false" autocapitalize="off"
            prop:value=shown on:input=typed
        ></textarea>
    }
    .into_any()
}

/// Two ways to the same text: attributes of an object, and the text itself.
fn fields_or_raw(desk: Desk, at: usize, inputs: Vec<Input>) -> AnyView {
    // The attributes are drawn anew when they are turned to, since the text may have changed.
    let turn = RwSignal::new(0_u32);
    let name = values::raw(at);
    let fields = move || {
        let _ = turn.get();
        let text = desk.value(&name);
        let text = if text.trim().is_empty() { "{}".to_owned() } else { text };
        if inputs.first().is_some_and(|input| values::attribute(&text, input).is_none()) {
            return view! { <p class="note">"The text is no JSON object, so it can only be changed as text."</p> }
                .into_any();
        }
        let one = |input: &Input| {
            let (raw, of) = (name.clone(), input.clone());
            let put: Put = Box::new(move |typed| {
                desk.set(&raw, values::with_attribute(&desk.value(&raw), &of, &typed)?);
                Ok(())
            });
            let value = values::attribute(&text, input).unwrap_or_default();
            labelled(desk, input, &values::of_attribute(at, input), "", value, put)
        };
        let inputs = inputs.iter().map(one).collect_view();
        view! { <div class="values">{inputs}</div> }.into_any()
    };
    let group = format!("try-body-{at}");
    view! {
        <fieldset class="tabs">
            <legend class="visually-hidden">"Body as fields or text"</legend>
            <label><input type="radio" name=group.clone() checked on:change=move |_| turn.update(|turn| *turn += 1)/>"Fields"</label>
            <div class="panel">{fields}</div>
            <label><input type="radio" name=group/>"Text"</label>
            <div class="panel">{raw(desk, at)}</div>
        </fieldset>
    }
    .into_any()
}

fn credentials(desk: Desk, credentials: &[Credential]) -> AnyView {
    let rows = credentials.iter().enumerate().map(|(at, credential)| {
        let secret = match &credential.kind {
            CredentialKind::Basic => "password",
            CredentialKind::Bearer => "token",
            CredentialKind::Key { .. } => "key",
        };
        let is_basic = credential.kind == CredentialKind::Basic;
        let user = is_basic.then(|| secret_input(desk, at, "name", format!("{}: user", credential.name), false));
        let words = format!("{}: {secret}", credential.name);
        view! { {user}{secret_input(desk, at, "secret", words, true)} }.into_any()
    });
    let rows = rows.collect_view();
    view! {
        <details class="fold">
            <summary><Icon name="right"/>"Credentials of the service"</summary>
            <p class="body note">"Portico's key goes along by itself. Fill in what the service behind asks for beside it; it is forgotten with this page."</p>
            <div class="values">{rows}</div>
        </details>
    }
    .into_any()
}

fn secret_input(desk: Desk, at: usize, part: &'static str, words: String, hidden: bool) -> AnyView {
    let name = values::of_credential(at, part);
    let value = desk.value(&name);
    let id = id_of(&name);
    let typed = move |event| desk.set(&name, event_target_value(&event));
    view! {
        <label for=id.clone()>{words}</label>
        <input
            class="input small mono" id=id type=if hidden { "password" } else { "text" } autocomplete="off"
            spellcheck="false" autocapitalize="off" prop:value=value on:input=typed
        />
    }
    .into_any()
}
