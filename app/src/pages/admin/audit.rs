//! Who changed what; for admins.
use super::pager::pager;
use crate::{
    cells,
    components::{Column, Empty, Table, Time},
    context,
    page::{Page, Section},
    pages::sidebar,
    server::{House, page as draw},
};
use axum::Router;
use leptos::prelude::*;
use portico_contract::{Listing, PortalResult, admin::AuditLine};

pub(super) fn routes() -> Router<House> {
    Router::new().route("/admin/audit", draw(page))
}

async fn page() -> PortalResult<Page> {
    let address = context::address();
    let after = Some(address.field("after")).filter(|after| !after.is_empty());
    let listing = context::portal().audit(&context::caller(), after).await?;
    let sidebar = sidebar::administration("/admin/audit").await;
    Ok(Page::console(Section::Admin, "Audit", sidebar, content(listing, after.is_none())))
}

fn content(mut listing: Listing<AuditLine>, first: bool) -> impl IntoView {
    let items = std::mem::take(&mut listing.items);
    let body = if items.is_empty() {
        view! {
            <Empty icon="shield" title="Nothing yet">
                <p>"Every change is written down here: by whom, when, and what."</p>
            </Empty>
        }
        .into_any()
    } else {
        let columns = vec![Column::text("When"), Column::text("Who"), Column::text("Change"), Column::text("Of what")];
        let rows = items
            .into_iter()
            .map(|line| {
                let detail = (!line.detail.is_empty()).then(|| view! { <span class="sub">{line.detail}</span> });
                cells![
                    view! { <Time moment=line.at full=true/> },
                    line.actor,
                    format!("{} {}", line.subject, line.action),
                    view! { {line.target}{detail} },
                ]
            })
            .collect();
        view! {
            <Table caption="Audit log, newest first".to_owned() columns rows/>
            {pager(&listing, "/admin/audit", first, ("entry", "entries"))}
        }
        .into_any()
    };
    view! {
        <div class="intro">
            <h1>"Audit"</h1>
            <p class="lead">"Every change, newest first. Entries can be neither changed nor deleted."</p>
        </div>
        {body}
    }
}
