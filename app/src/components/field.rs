//! Inputs with label, error and help. Each takes its error, and after a refused form its value, from the request: `name`
//! is the field's name in the form, the id of its element, and the field of the error.
use super::{Icon, text::escape};
use crate::{context, islands::ShowPassword};
use leptos::prelude::*;

/// What all kinds of field share.
struct Frame {
    invalid: Option<&'static str>,
    /// Ids of the notes.
    described_by: Option<String>,
    /// Error and help, below the input.
    notes: AnyView,
}

impl Frame {
    fn new(name: &'static str, help: String) -> Self {
        let error = context::form_state().error_of(name).map(str::to_owned);
        let mut ids = Vec::new();
        if error.is_some() {
            ids.push(format!("{name}-error"));
        }
        if !help.is_empty() {
            ids.push(format!("{name}-help"));
        }
        Self {
            invalid: error.is_some().then_some("true"),
            described_by: (!ids.is_empty()).then(|| ids.join(" ")),
            notes: notes(name, error, help),
        }
    }
}

fn notes(name: &'static str, error: Option<String>, help: String) -> AnyView {
    let error = error.map(|error| view! { <p class="error" id=format!("{name}-error")><Icon name="warn"/>{error}</p> });
    let help = (!help.is_empty()).then(|| view! { <p class="help" id=format!("{name}-help")>{help}</p> });
    (error, help).into_any()
}

/// What is said beside a label, and whether the input may be left empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Something has to stand in the input.
    #[default]
    Required,
    Optional,
    /// Left empty it gets what its help tells.
    Preset,
    /// The same, and it differs from that now.
    Changed,
}

impl Mark {
    fn words(self) -> Option<AnyView> {
        match self {
            Self::Required | Self::Preset => None,
            Self::Optional => Some(view! { " "<span class="optional">"optional"</span> }.into_any()),
            Self::Changed => Some(view! { " "<span class="changed">"changed"</span> }.into_any()),
        }
    }
}

fn label(name: &'static str, text: String, mark: Mark) -> AnyView {
    view! { <label for=name>{text}{mark.words()}</label> }.into_any()
}

/// What stands in the input: what was typed, else `value`.
fn present(name: &str, value: String) -> String {
    context::form_state().value(name).map_or(value, str::to_owned)
}

/// One line of text. `kind` is the input's type.
#[component]
pub fn Field(
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] help: String,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional)] mark: Mark,
    #[prop(optional)] autocomplete: Option<&'static str>,
    #[prop(optional, into)] placeholder: Option<String>,
    #[prop(optional)] mono: bool,
    #[prop(optional)] inputmode: Option<&'static str>,
    #[prop(optional)] readonly: bool,
) -> AnyView {
    let Frame { invalid, described_by, notes } = Frame::new(name, help);
    view! {
        <div class="field">
            {self::label(name, label, mark)}
            <input
                class=if mono { "input mono" } else { "input" }
                id=name
                name=name
                type=kind
                value=present(name, value)
                required=mark == Mark::Required
                readonly=readonly
                autocomplete=autocomplete
                inputmode=inputmode
                placeholder=placeholder
                aria-invalid=invalid
                aria-describedby=described_by
            />
            {notes}
        </div>
    }
    .into_any()
}

/// A file. Browsers do not keep it: after a refused form it is chosen again.
#[component]
pub fn FileField(
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] help: String,
    /// Media types and endings, separated by commas.
    accept: &'static str,
) -> AnyView {
    let Frame { invalid, described_by, notes } = Frame::new(name, help);
    view! {
        <div class="field">
            {self::label(name, label, Mark::Required)}
            <input
                class="input"
                id=name
                name=name
                type="file"
                accept=accept
                aria-invalid=invalid
                aria-describedby=described_by
            />
            {notes}
        </div>
    }
    .into_any()
}

/// Never filled in by the server.
#[component]
pub fn PasswordField(
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] help: String,
    /// `new-password` or `current-password`.
    autocomplete: &'static str,
) -> AnyView {
    let Frame { invalid, described_by, notes } = Frame::new(name, help);
    view! {
        <div class="field">
            {self::label(name, label, Mark::Required)}
            <div class="with-button">
                <input
                    class="input"
                    id=name
                    name=name
                    type="password"
                    required
                    autocomplete=autocomplete
                    aria-invalid=invalid
                    aria-describedby=described_by
                />
                <ShowPassword input=name.to_owned()/>
            </div>
            {notes}
        </div>
    }
    .into_any()
}

/// Several lines of text.
#[component]
pub fn TextArea(
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] help: String,
    #[prop(optional)] mark: Mark,
    #[prop(optional)] mono: bool,
    #[prop(default = 4)] rows: u32,
    /// Takes the whole width of its form.
    #[prop(optional)]
    wide: bool,
) -> AnyView {
    let Frame { invalid, described_by, notes } = Frame::new(name, help);
    view! {
        <div class=if wide { "field wide" } else { "field" }>
            {self::label(name, label, mark)}
            <textarea
                class=if mono { "input mono" } else { "input" }
                id=name
                name=name
                rows=rows
                required=mark == Mark::Required
                aria-invalid=invalid
                aria-describedby=described_by
                inner_html=text_of_area(&present(name, value))
            ></textarea>
            {notes}
        </div>
    }
    .into_any()
}

/// Leptos writes a text area's children as they are, so that `</textarea>` in them would end it; and browsers drop a first
/// line break.
fn text_of_area(text: &str) -> String {
    format!("\n{}", escape(text))
}

/// One of a few: (value, words).
#[component]
pub fn Select(
    name: &'static str,
    #[prop(into)] label: String,
    options: Vec<(String, String)>,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] help: String,
    #[prop(optional)] mark: Mark,
) -> AnyView {
    let Frame { invalid, described_by, notes } = Frame::new(name, help);
    let chosen = present(name, value);
    let options = options
        .into_iter()
        .map(|(value, words)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{words}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            {self::label(name, label, mark)}
            <select class="input" id=name name=name aria-invalid=invalid aria-describedby=described_by>
                {options}
            </select>
            {notes}
        </div>
    }
    .into_any()
}

/// One box. Its value is `on`, or `value` where several boxes share a name.
#[component]
pub fn Check(
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(default = "on".to_owned(), into)] value: String,
    #[prop(optional)] checked: bool,
    #[prop(optional, into)] note: String,
    #[prop(optional)] mark: Mark,
    /// It turns the fields beside it on, which are hidden while it is not checked.
    #[prop(optional)]
    switch: bool,
) -> AnyView {
    let form = context::form_state();
    let checked = if form.sent() { form.values(name).contains(&value.as_str()) } else { checked };
    // Boxes that share a name cannot share it as an id.
    let own = value == "on";
    let id = if own { name.to_owned() } else { context::next_id(name) };
    let Frame { invalid, described_by, notes } = Frame::new(name, String::new());
    let (invalid, described_by) = if own { (invalid, described_by) } else { (None, None) };
    view! {
        <div class=if switch { "field box switch" } else { "field box" }>
            <label class="check">
                <input
                    type="checkbox"
                    id=id
                    name=name
                    value=value
                    checked=checked
                    aria-invalid=invalid
                    aria-describedby=described_by
                />
                <span>{label}{mark.words()}{(!note.is_empty()).then(|| view! { " "<span class="note">{note}</span> })}</span>
            </label>
            {own.then_some(notes)}
        </div>
    }
    .into_any()
}

/// One of the [`Choices`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub note: String,
}

/// One of a few, each with a line of explanation. `value` is chosen at first.
#[component]
pub fn Choices(
    name: &'static str,
    #[prop(into)] legend: String,
    choices: Vec<Choice>,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] help: String,
) -> AnyView {
    let Frame { described_by, notes, .. } = Frame::new(name, help);
    let chosen = present(name, value);
    let choices = choices
        .into_iter()
        .enumerate()
        .map(|(i, choice)| {
            let checked = choice.value == chosen;
            // The first bears the field's id, so that the error summary's link arrives.
            let id = if i == 0 { name.to_owned() } else { context::next_id(name) };
            view! {
                <label class="choice">
                    <input type="radio" id=id name=name value=choice.value checked=checked required/>
                    <b>{choice.label}</b>
                    {(!choice.note.is_empty()).then(|| view! { <span class="note">{choice.note}</span> })}
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field" aria-describedby=described_by>
            <legend>{legend}</legend>
            <div class="choices">{choices}</div>
            {notes}
        </fieldset>
    }
    .into_any()
}

#[component]
pub fn HiddenField(name: &'static str, #[prop(into)] value: String) -> AnyView {
    view! { <input type="hidden" name=name value=value/> }.into_any()
}
