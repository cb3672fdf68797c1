//! `/apis/{api}/changes`: which versions were published.
use crate::{
    components::{
        Breadcrumb, Column, Row, Status, Table, Time, Tone,
        reference::{Place, sidebar},
        words::grouped,
    },
    context,
    page::Page,
    server::{House, page},
};
use axum::Router;
use leptos::prelude::*;
use portico_contract::{
    PortalResult,
    catalogue::{ChangesPage, PublishedVersion},
};

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/apis/{api}/changes", page(changes))
        .route("/apis/{api}/versions/{version}/changes", page(changes))
}

async fn changes() -> PortalResult<Page> {
    let view = context::portal().changes(&context::caller(), context::address().param("api")).await?;
    Ok(draw(view))
}

fn draw(view: ChangesPage) -> Page {
    let ChangesPage { head, navigation, versions } = view;
    let sidebar = sidebar(&head, navigation, Place::Changes);
    let crumbs = vec![("APIs".to_owned(), "/apis".to_owned()), (head.title.clone(), head.root.clone())];
    let columns =
        vec![Column::text("Version"), Column::text("Published"), Column::number("Operations"), Column::text("State")];
    let rows = versions.into_iter().map(row).collect();
    let content = view! {
        <div class="split actions-line"><Breadcrumb crumbs current="Changes"/></div>
        <header class="intro">
            <h1>"Changes"</h1>
            <p class="lead">{format!("Versions of {}, newest first. Older ones stay readable.", head.title)}</p>
        </header>
        <Table caption="Versions".to_owned() columns rows/>
    };
    Page::reference(format!("Changes of {}", head.title), sidebar, content).of_api(head)
}

fn row(version: PublishedVersion) -> Row {
    let state = if version.current {
        view! { <Status text="Published" tone=Tone::Ok/> }
    } else {
        view! { <Status text="Older" tone=Tone::Muted/> }
    };
    Row::new(vec![
        view! { <a href=version.href>{version.version}</a> }.into_any(),
        view! { <Time moment=version.published full=true/> }.into_any(),
        grouped(u64::from(version.operations)).into_any(),
        state.into_any(),
    ])
}
