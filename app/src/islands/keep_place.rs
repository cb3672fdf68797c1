use super::browser::on_window;
use leptos::{ev, prelude::*};
use web_sys::{Element, Storage};

/// Where the place is remembered, for as long as the tab lives.
const KEY: &str = "sidebar";

/// Keeps the sidebar where it was scrolled to from page to page, and the current entry in view. Once on each page.
#[island]
pub fn KeepPlace() -> impl IntoView {
    Effect::new(move || {
        let Some(sidebar) = document().get_element_by_id("sidebar") else { return };
        restore(&sidebar);
        on_window(ev::pagehide, move |_| {
            if let Some(storage) = storage() {
                let _ = storage.set_item(KEY, &sidebar.scroll_top().to_string());
            }
        });
    });
}

fn restore(sidebar: &Element) {
    let before = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
    if let Some(place) = before.and_then(|place| place.parse().ok()) {
        sidebar.set_scroll_top(place);
    }
    let Ok(Some(current)) = sidebar.query_selector("[aria-current]") else { return };
    let (frame, entry) = (sidebar.get_bounding_client_rect(), current.get_bounding_client_rect());
    if entry.top() < frame.top() || entry.bottom() > frame.bottom() {
        let middle = entry.top() - frame.top() - (frame.height() - entry.height()) / 2.0;
        sidebar.set_scroll_top(sidebar.scroll_top() + middle as i32);
    }
}

fn storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}
