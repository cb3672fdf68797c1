//! The portal: pages, components, islands and actions. One crate, compiled twice: into the server (`ssr`), which draws
//! every page whole, and to wasm (`hydrate`), which holds the islands alone.
//!
//! How a page comes about: axum finds the route; [`server`] makes the request's [`context`] and runs the page's function,
//! which asks the [`Portal`](portico_contract::Portal) and returns a [`page::Page`]; [`shell`] puts the document around
//! it. A change is a plain form: an action reads it, makes one call of the portal, and answers 303, or has the form's
//! page drawn again with what was typed and what is wrong with it. Nothing here needs script.
//!
//! leptos draws components and wakes islands; axum alone knows routes. Pages never run in the browser, so a second router,
//! resources and suspense would only stand between an answer of the portal and its status.
//!
//! One more page is a function `async fn() -> PortalResult<Page>` in the module of its part below [`pages`], and a line in
//! that module's `routes()`. What it asks for comes from [`context`]; what it draws is a plain function from a view of the
//! contract to markup, so that tests can draw it from a view made by hand. One more action is a function in [`actions`]
//! and `.post(…)` behind its page's route. One more thing with a look is a component, named as in the stylesheet.

// A page is one type as deep as its markup; laying it out needs more than the usual 128 steps (`cargo check` does not).
#![recursion_limit = "256"]

pub mod components;
pub mod islands;

#[cfg(feature = "ssr")]
pub mod actions;
#[cfg(feature = "ssr")]
pub mod context;
#[cfg(feature = "ssr")]
pub mod form;
#[cfg(feature = "ssr")]
mod metadata;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
mod shell;

/// Called by the page's script once the wasm is there.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
