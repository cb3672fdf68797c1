//! Tabs that are radio buttons, so that they work without script and print whole.
use crate::context;
use leptos::prelude::*;

/// A label with its panel.
pub struct Tab {
    label: AnyView,
    panel: AnyView,
}

impl Tab {
    pub fn new(label: impl IntoAny, panel: impl IntoAny) -> Self {
        Self { label: label.into_any(), panel: panel.into_any() }
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
                <label><input type="radio" name=name.clone() checked=i == 0/>{tab.label}</label>
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
