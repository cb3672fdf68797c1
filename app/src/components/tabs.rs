//! Tabs that are radio buttons, so that they work without script and print whole.
use super::follow::Lead;
use crate::context;
use leptos::prelude::*;

/// A label with its panel.
pub struct Tab {
    label: AnyView,
    panel: AnyView,
    class: Option<String>,
}

impl Tab {
    pub fn new(label: impl IntoAny, panel: impl IntoAny) -> Self {
        Self { label: label.into_any(), panel: panel.into_any(), class: None }
    }
    /// What stands where there is nothing to choose.
    pub fn into_panel(self) -> AnyView {
        self.panel
    }
    /// What is open here decides what another part of the page shows; see [`super::follow`].
    #[must_use]
    pub fn leading(self, lead: Option<Lead>) -> Self {
        Self { class: lead.map(Lead::chosen), ..self }
    }
}

/// The first tab is open. `boxed` is for unions: smaller, with the legend shown.
#[component]
pub fn Tabs(#[prop(into)] legend: String, tabs: Vec<Tab>, #[prop(optional)] boxed: bool) -> AnyView {
    let name = context::next_id("tab");
    let tabs = tabs
        .into_iter()
        .enumerate()
        .map(|(i, tab)| {
            view! {
                <label><input type="radio" name=name.clone() class=tab.class checked=i == 0/>{tab.label}</label>
                <div class="panel">{tab.panel}</div>
            }
        })
        .collect_view();
    view! {
        <fieldset class=if boxed { "tabs boxed" } else { "tabs" }>
            <legend class="visually-hidden">{legend.clone()}</legend>
            {boxed.then(|| view! { <span class="say" aria-hidden="true">{legend}</span> })}
            {tabs}
        </fieldset>
    }
    .into_any()
}
