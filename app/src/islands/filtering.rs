use super::browser::on_window;
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlInputElement};

/// Gives their work to all inputs with `data-filter`: of the list that follows, only what holds the words stays, and how
/// much that is, is said aloud. Once on each page.
#[island]
pub fn Filtering() -> impl IntoView {
    let said = RwSignal::new(String::new());
    Effect::new(move || {
        on_window(ev::input, move |event| {
            let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
            if let Some(input) = input.filter(|input| input.has_attribute("data-filter"))
                && let Some(list) = input.next_element_sibling()
            {
                let shown = filter(&list, input.value().trim());
                said.set(if shown == 1 { "1 value".to_owned() } else { format!("{shown} values") });
            }
        });
    });
    view! { <p class="visually-hidden" role="status">{move || said.get()}</p> }.into_any()
}

/// How many entries stay. Of a list of terms, a term goes with its description.
fn filter(list: &Element, words: &str) -> usize {
    let words = words.to_lowercase();
    let children = list.children();
    let entries: Vec<Element> = (0..children.length()).filter_map(|n| children.item(n)).collect();
    let text = |entry: &Element| entry.text_content().unwrap_or_default().to_lowercase();
    let step = if list.tag_name() == "DL" { 2 } else { 1 };
    let mut shown = 0;
    for entry in entries.chunks(step) {
        let stays = entry.iter().any(|part| text(part).contains(&words));
        shown += usize::from(stays);
        for part in entry {
            let _ = if stays { part.remove_attribute("hidden") } else { part.set_attribute("hidden", "") };
        }
    }
    shown
}
