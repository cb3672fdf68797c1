use super::browser::{on_window, post_form};
use leptos::{ev, prelude::*, task::spawn_local};
use std::time::Duration;
use wasm_bindgen::JsCast as _;
use web_sys::{DomParser, Element, HtmlFormElement, SupportedType};

/// Fast typing asks once.
const PAUSE: Duration = Duration::from_millis(400);

/// Shows in `#preview` how the form around `#text` would look, while it is typed. It asks for what the button "Preview"
/// would show, and takes that part of it.
#[island]
pub fn LivePreview() -> impl IntoView {
    Effect::new(move || {
        let typed = RwSignal::new(0_u32);
        on_window(ev::input, move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let form = target.and_then(|target| target.closest("form:has(#text)").ok().flatten());
            let Some(form) = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else { return };
            typed.update(|typed| *typed = typed.wrapping_add(1));
            let now = typed.get_untracked();
            set_timeout(
                move || {
                    if typed.get_untracked() == now {
                        spawn_local(async move {
                            let answer = post_form(&form, "do", "preview").await;
                            // What was typed since is asked for by itself.
                            if typed.get_untracked() == now {
                                answer.and_then(|html| show(&html));
                            }
                        });
                    }
                },
                PAUSE,
            );
        });
    });
}

/// Nothing in a parsed document runs, and the page's policy holds for what is taken from it.
fn show(html: &str) -> Option<()> {
    let page = DomParser::new().ok()?.parse_from_string(html, SupportedType::TextHtml).ok()?;
    let (new, old) = (page.get_element_by_id("preview")?, document().get_element_by_id("preview")?);
    old.set_inner_html(&new.inner_html());
    Some(())
}
