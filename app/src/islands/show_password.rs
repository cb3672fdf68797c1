use leptos::prelude::*;

/// The button beside a password that shows it. `input` is the id of the password's element.
#[island]
pub fn ShowPassword(input: String) -> impl IntoView {
    let shown = RwSignal::new(false);
    let toggle = move |_| {
        shown.update(|shown| *shown = !*shown);
        let kind = if shown.get_untracked() { "text" } else { "password" };
        if let Some(element) = document().get_element_by_id(&input) {
            // An attribute that cannot be set leaves the password hidden, which is the safe side.
            let _ = element.set_attribute("type", kind);
        }
    };
    view! {
        <button
            class="button square needs-script"
            type="button"
            aria-label="Show password"
            aria-pressed=move || if shown.get() { "true" } else { "false" }
            on:click=toggle
        >
            <crate::components::Icon name="eye"/>
        </button>
    }
    .into_any()
}
