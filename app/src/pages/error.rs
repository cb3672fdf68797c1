//! Pages that say no.
use crate::{
    components::{Icon, SearchForm},
    context,
    page::{Page, Section},
    server::status_of,
};
use leptos::prelude::*;
use portico_contract::{PortalError, PortalResult};

/// For every address without a page.
pub(crate) async fn no_such_page() -> PortalResult<Page> {
    Err(PortalError::not_found(format!("page {}", context::address().path)))
}

/// Stands in the place of the page that could not be drawn.
pub(crate) fn page(error: &PortalError) -> Page {
    let status = status_of(error);
    let title = match error {
        PortalError::NotFound { .. } => "There is no page at this address",
        PortalError::SignInNeeded => "Sign in first",
        PortalError::Forbidden { .. } => "This page is not for you",
        PortalError::Invalid(_) | PortalError::Conflict { .. } => "That cannot be done",
        PortalError::TooLarge { .. } => "That is too large",
        PortalError::TooManyTries { .. } => "Too many tries",
        PortalError::Unavailable => "The portal is not ready just now",
        PortalError::Internal { .. } => "Something went wrong",
    };
    Page::centre(
        Section::Other,
        title,
        content(status.as_str(), status.canonical_reason().unwrap_or_default(), title, error),
    )
    .with_status(status)
}

fn content(status: &str, reason: &str, title: &'static str, error: &PortalError) -> AnyView {
    view! {
        <div class="stack lg">
            <p class="note">{format!("{status} {reason}")}</p>
            <h1>{title}</h1>
            <p class="lead">{error.to_string()}</p>
            <ul class="list">
                <li><a class="item" href="/apis"><Icon name="right"/><span class="what"><b>"All APIs"</b></span></a></li>
            </ul>
            <SearchForm/>
        </div>
    }
    .into_any()
}
