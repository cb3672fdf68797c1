use super::browser::{nearest, on_window};
use leptos::{ev, prelude::*, task::spawn_local};
use std::time::Duration;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlAnchorElement, HtmlInputElement};

/// How long a button shows that it has copied.
const SHOWN: Duration = Duration::from_millis(1_500);

/// Gives their work to all buttons with `data-copy`, and says aloud what they did. Once on each page.
#[island]
pub fn Copying() -> impl IntoView {
    let said = RwSignal::new("");
    Effect::new(move || {
        on_window(ev::click, move |event| {
            if let Some(button) = nearest(&event, "[data-copy]") {
                spawn_local(async move {
                    let done = copy(&text_for(&button)).await;
                    said.set(if done { "Copied" } else { "Not copied: the browser does not allow it here" });
                    if done {
                        let _ = button.set_attribute("data-done", "");
                    }
                    set_timeout(
                        move || {
                            let _ = button.remove_attribute("data-done");
                            said.set("");
                        },
                        SHOWN,
                    );
                });
            }
        });
    });
    view! { <p class="visually-hidden" role="status">{move || said.get()}</p> }.into_any()
}

/// What the button carries, the whole address of a link, else the code or the input in the frame around it.
fn text_for(button: &Element) -> String {
    let own = button.get_attribute("data-copy").unwrap_or_default();
    if !own.is_empty() {
        return own;
    }
    if let Some(link) = button.dyn_ref::<HtmlAnchorElement>() {
        return link.href();
    }
    let frame = button.closest(".code, .card, .secret").ok().flatten();
    let Some(source) = frame.and_then(|frame| shown(&frame)) else { return String::new() };
    match source.dyn_ref::<HtmlInputElement>() {
        Some(input) => input.value(),
        None => source.text_content().unwrap_or_default(),
    }
}

/// The first code or input that is not hidden by a choice on the page.
fn shown(frame: &Element) -> Option<Element> {
    let found = frame.query_selector_all("pre, input").ok()?;
    let mut found = (0..found.length()).filter_map(|at| found.item(at)?.dyn_into::<Element>().ok());
    found.find(|element| element.client_height() > 0)
}

async fn copy(text: &str) -> bool {
    // Browsers have no clipboard for pages that came without TLS from elsewhere.
    window().is_secure_context() && JsFuture::from(window().navigator().clipboard().write_text(text)).await.is_ok()
}
