use super::browser::{nearest, on_window};
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, Event, HtmlDocument, HtmlElement};

/// Lets the theme menu of the top bar switch without loading the page again. Once on each page.
#[island]
pub fn ThemeSwitch() -> impl IntoView {
    let said = RwSignal::new(String::new());
    Effect::new(move || {
        on_window(ev::click, move |event| {
            if let Some(theme) = switch(&event) {
                said.set(format!("Theme: {theme}"));
            }
        });
    });
    view! { <p class="visually-hidden" role="status">{move || said.get()}</p> }.into_any()
}

fn switch(event: &Event) -> Option<String> {
    let button = nearest(event, "button[name='theme']")?;
    let theme = button.get_attribute("value")?;
    let document = document().dyn_into::<HtmlDocument>().ok()?;
    // As the server sets it when the form is sent.
    document.set_cookie(&format!("theme={theme}; Path=/; Max-Age=31536000; SameSite=Lax")).ok()?;
    let root = document.document_element()?;
    if theme == "system" {
        root.remove_attribute("data-theme").ok()?;
    } else {
        root.set_attribute("data-theme", &theme).ok()?;
    }
    mark_pressed(&button);
    event.prevent_default();
    let menu = button.closest("[popover]").ok().flatten()?.dyn_into::<HtmlElement>().ok()?;
    menu.hide_popover().ok()?;
    Some(theme)
}

fn mark_pressed(button: &Element) {
    let Some(form) = button.parent_element() else { return };
    let others = form.children();
    for i in 0..others.length() {
        if let Some(other) = others.item(i).filter(|other| other.has_attribute("aria-pressed")) {
            let pressed = if other.is_same_node(Some(button)) { "true" } else { "false" };
            let _ = other.set_attribute("aria-pressed", pressed);
        }
    }
}
