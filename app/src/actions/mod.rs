//! What forms do: each reads its form, makes one call of the portal, and answers with the page where the change can be
//! seen, or with its own page again. An action of a page belongs to the file of the page's part.
use crate::{
    form::Form,
    page::Page,
    server::{Request, see_other},
};
use axum::response::Response;
use portico_contract::PortalResult;

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod apps;
pub(crate) mod guides;
pub(crate) mod site;
pub(crate) mod upload;

/// On to where the change can be seen, or the page of the form again.
async fn finish<F, Answer>(request: Request, form: Form, done: PortalResult<String>, draw: F) -> Response
where
    F: FnOnce() -> Answer + Send,
    Answer: Future<Output = PortalResult<Page>> + Send + 'static,
{
    match done {
        Ok(path) => see_other(&path),
        Err(error) => request.draw_again(error, form, draw).await,
    }
}
