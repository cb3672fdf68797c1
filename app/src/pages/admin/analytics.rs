//! Usage of everything.
use crate::{
    context,
    page::{Page, Section},
    pages::{sidebar, usage},
    server::{House, page as draw},
};
use axum::Router;
use portico_contract::PortalResult;

pub(super) fn routes() -> Router<House> {
    Router::new().route("/admin/analytics", draw(page))
}

async fn page() -> PortalResult<Page> {
    let view = context::portal().analytics(&context::caller(), usage::query()).await?;
    let sidebar = sidebar::administration("/admin/analytics").await;
    Ok(Page::console(Section::Admin, "Analytics", sidebar, usage::content(view, "Analytics", "/admin/analytics")))
}
