//! The few things that islands ask of the browser. A browser that refuses one leaves the page as it was without script.
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, Event};

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

/// Body of the answer to GET, if it is a success.
pub(super) async fn fetch_text(address: &str) -> Option<String> {
    let response = JsFuture::from(window().fetch_with_str(address)).await.ok()?.dyn_into::<web_sys::Response>().ok()?;
    if !response.ok() {
        return None;
    }
    JsFuture::from(response.text().ok()?).await.ok()?.as_string()
}
