//! How this installation runs; for admins, and only to read.
use crate::{
    cells,
    components::{Column, Table},
    context,
    page::{Page, Section},
    pages::sidebar,
    server::{House, page as draw},
};
use axum::Router;
use leptos::prelude::*;
use portico_contract::{PortalResult, admin::SettingsPage};

pub(super) fn routes() -> Router<House> {
    Router::new().route("/admin/settings", draw(page))
}

async fn page() -> PortalResult<Page> {
    let view = context::portal().settings(&context::caller()).await?;
    let sidebar = sidebar::administration("/admin/settings").await;
    Ok(Page::console(Section::Admin, "Settings", sidebar, content(view)))
}

fn content(view: SettingsPage) -> impl IntoView {
    let columns = vec![Column::text("Setting"), Column::text("Value"), Column::text("From")];
    let rows = view
        .settings
        .into_iter()
        .map(|(name, value, source)| cells![view! { <code>{name}</code> }, view! { <code>{value}</code> }, source])
        .collect();
    view! {
        <div class="intro">
            <h1>"Settings"</h1>
            <p class="lead">
                {format!("Version {}. Settings come from flags, environment, file or defaults, and change with a restart.", view.version)}
            </p>
        </div>
        <Table caption="Settings".to_owned() columns rows/>
    }
}
