//! The few things that islands ask of the browser. A browser that refuses one leaves the page as it was without script.
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, Event, FormData, HtmlFormElement, RequestInit, UrlSearchParams};

/// Calls back for each event of the window, as long as the present owner lives.
pub(super) fn on_window<E>(event: E, callback: impl Fn(E::EventType) + 'static)
where
    E: leptos::ev::EventDescriptor + 'static,
    E::EventType: wasm_bindgen::JsCast,
{
    let handle = window_event_listener(event, callback);
    on_cleanup(move || handle.remove());
}

/// The nearest element that fits, from where the event happened outwards.
pub(super) fn nearest(event: &Event, selector: &str) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok().flatten()
}

/// Sends a form as it stands to where it is sent, with one more field. Body of the answer, if it is a success.
pub(super) async fn post_form(form: &HtmlFormElement, name: &str, value: &str) -> Option<String> {
    let fields = FormData::new_with_form(form).ok()?;
    fields.append_with_str(name, value).ok()?;
    // As the form itself is encoded.
    let body = UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()?;
    let wishes = RequestInit::new();
    wishes.set_method("POST");
    wishes.set_body(&body);
    let asked = window().fetch_with_str_and_init(&form.action(), &wishes);
    let response = JsFuture::from(asked).await.ok()?.dyn_into::<web_sys::Response>().ok()?;
    if !response.ok() {
        return None;
    }
    JsFuture::from(response.text().ok()?).await.ok()?.as_string()
}

/// Body of the answer to GET, if it is a success.
pub(super) async fn fetch_text(address: &str) -> Option<String> {
    fetch(address).await.ok()
}

/// The same; else its status, 0 where there is no answer.
pub(super) async fn fetch(address: &str) -> Result<String, u16> {
    let response = JsFuture::from(window().fetch_with_str(address)).await.map_err(|_| 0_u16)?;
    let response = response.dyn_into::<web_sys::Response>().map_err(|_| 0_u16)?;
    if !response.ok() {
        return Err(response.status());
    }
    let text = JsFuture::from(response.text().map_err(|_| 0_u16)?).await.map_err(|_| 0_u16)?;
    text.as_string().ok_or(0)
}

/// What was stored under a name, of this origin.
pub(super) fn stored(name: &str) -> Option<String> {
    window().local_storage().ok().flatten()?.get_item(name).ok().flatten()
}

/// A browser that stores nothing, or no more, has forgotten it by the next page.
pub(super) fn store(name: &str, text: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(name, text);
    }
}
