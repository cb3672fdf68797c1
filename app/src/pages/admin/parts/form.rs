//! Inputs for settings: each knows its value, says what an API has for which nothing was set, and may be left empty for
//! that.
use crate::components::{Check, Field, FieldGroup, Mark, Select, TextArea};
use leptos::prelude::*;
use portico_contract::settings::PartPage;
use std::cell::RefCell;

/// Rows of an area, at most: beyond them it scrolls.
const MAX_ROWS: u32 = 30;

pub(super) struct Form<'a> {
    pub(super) page: &'a PartPage,
    labels: RefCell<Vec<(&'static str, String)>>,
}

impl<'a> Form<'a> {
    pub(super) fn new(page: &'a PartPage) -> Self {
        Self { page, labels: RefCell::default() }
    }

    /// (name, label) of all inputs made so far.
    pub(super) fn into_labels(self) -> Vec<(&'static str, String)> {
        self.labels.into_inner()
    }

    /// Takes note of an input: what stands in it, and how its label is marked.
    fn note(&self, name: &'static str, label: &str) -> (String, Mark) {
        self.labels.borrow_mut().push((name, label.to_owned()));
        let mark = if self.page.is_changed(name) { Mark::Changed } else { Mark::Preset };
        (self.page.value(name).to_owned(), mark)
    }

    fn help(&self, name: &str, help: &str) -> String {
        match self.page.default_of(name) {
            "" => help.to_owned(),
            default => format!("{help} Default: {default}.").trim_start().to_owned(),
        }
    }

    pub(super) fn number(&self, name: &'static str, label: &str, help: &str) -> AnyView {
        let (value, mark) = self.note(name, label);
        let help = self.help(name, help);
        view! { <Field name label=label value help mark inputmode="numeric" autocomplete="off"/> }.into_any()
    }

    pub(super) fn text(&self, name: &'static str, label: &str, help: &str) -> AnyView {
        let (value, mark) = self.note(name, label);
        let help = self.help(name, help);
        view! { <Field name label=label value help mark mono=true autocomplete="off"/> }.into_any()
    }

    /// Several, one a line.
    pub(super) fn lines(&self, name: &'static str, label: &str, help: &str) -> AnyView {
        let (value, mark) = self.note(name, label);
        let help = self.help(name, help);
        view! { <TextArea name label=label rows=rows(&value, 3) value help mark mono=true/> }.into_any()
    }

    /// A value too rich for inputs of its own.
    pub(super) fn json(&self, name: &'static str, label: &str, help: &str) -> AnyView {
        let (value, mark) = self.note(name, label);
        view! { <TextArea name label=label rows=rows(&value, 5) value help=help mark mono=true wide=true/> }.into_any()
    }

    pub(super) fn flag(&self, name: &'static str, label: &str, note: &str) -> AnyView {
        let (value, mark) = self.note(name, label);
        view! { <Check name label=label checked=value == "on" note=note mark/> }.into_any()
    }

    /// Without it the other inputs of its group say nothing.
    pub(super) fn switch(&self, name: &'static str, label: &str) -> AnyView {
        let (value, mark) = self.note(name, label);
        view! { <Check name label=label checked=value == "on" mark switch=true/> }.into_any()
    }

    /// One of a few: (value, words).
    pub(super) fn choice(&self, name: &'static str, label: &str, options: &[(&str, &str)], help: &str) -> AnyView {
        let (value, mark) = self.note(name, label);
        let default = options.iter().find(|(value, _)| *value == self.page.default_of(name));
        let help = match default {
            Some((_, words)) => format!("{help} Default: {words}.").trim_start().to_owned(),
            None => help.to_owned(),
        };
        let options = options.iter().map(|(value, words)| ((*value).to_owned(), (*words).to_owned())).collect();
        view! { <Select name label=label options value help mark/> }.into_any()
    }
}

fn rows(value: &str, least: u32) -> u32 {
    u32::try_from(value.lines().count()).unwrap_or(MAX_ROWS).clamp(least, MAX_ROWS)
}

/// Settings that belong together, with a sentence about them.
pub(super) fn group(title: &'static str, about: &'static str, fields: Vec<AnyView>) -> AnyView {
    view! { <FieldGroup title about>{fields}</FieldGroup> }.into_any()
}
