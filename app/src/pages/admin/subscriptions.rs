//! Who uses what: the queue of approvals and all subscriptions.
use super::pager::pager;
use crate::{
    actions::admin as actions,
    cells,
    components::{Column, Empty, ErrorSummary, Row, Segment, Segments, Status, Table, Time, Tone},
    context,
    page::{Page, Section},
    pages::sidebar,
    server::{House, page as draw},
};
use axum::{Router, routing::post};
use leptos::prelude::*;
use portico_contract::{Listing, PortalResult, admin::SubscriptionLine};

pub(super) fn routes() -> Router<House> {
    Router::new()
        .route("/admin/subscriptions", draw(page))
        .route("/admin/subscriptions/{subscription}/approve", post(actions::approve))
        .route("/admin/subscriptions/{subscription}/reject", post(actions::reject))
}

/// (value in the address, words)
const STATES: [(&str, &str); 4] = [("", "All"), ("pending", "Waiting"), ("active", "Active"), ("rejected", "Rejected")];

pub(crate) async fn page() -> PortalResult<Page> {
    let address = context::address();
    let state =
        STATES.into_iter().map(|(state, _)| state).find(|state| *state == address.field("state")).unwrap_or_default();
    let after = Some(address.field("after")).filter(|after| !after.is_empty());
    let listing = context::portal().subscriptions(&context::caller(), state, after).await?;
    let sidebar = sidebar::administration("/admin/subscriptions").await;
    Ok(Page::console(Section::Admin, "Subscriptions", sidebar, content(listing, state, after.is_none())))
}

fn address_of(state: &str) -> String {
    if state.is_empty() { "/admin/subscriptions".to_owned() } else { format!("/admin/subscriptions?state={state}") }
}

fn content(mut listing: Listing<SubscriptionLine>, state: &'static str, first: bool) -> impl IntoView {
    let segments = STATES
        .into_iter()
        .map(|(value, words)| Segment {
            label: words.to_owned(),
            href: address_of(value),
            current: value == state,
            count: None,
        })
        .collect();
    let items = std::mem::take(&mut listing.items);
    let body = if items.is_empty() {
        let words = if state == "pending" {
            "Nobody waits for you. Requests for plans with approval appear here."
        } else {
            "None of this kind. Developers subscribe their apps on the page of an API."
        };
        view! {
            <Empty icon="key" title="No subscriptions">
                <p>{words}</p>
            </Empty>
        }
        .into_any()
    } else {
        let columns = vec![
            Column::text("App"),
            Column::text("API"),
            Column::text("Plan"),
            Column::text("State"),
            Column::text("Since"),
            Column::ACTIONS,
        ];
        let rows = items.into_iter().map(|line| row(line, state)).collect();
        view! {
            <Table caption="Subscriptions".to_owned() columns rows/>
            {pager(&listing, &address_of(state), first, ("subscription", "subscriptions"))}
        }
        .into_any()
    };
    view! {
        <div class="intro">
            <div class="split">
                <h1>"Subscriptions"</h1>
                <Segments label="State" segments/>
            </div>
        </div>
        <ErrorSummary/>
        {body}
    }
}

fn row(line: SubscriptionLine, state: &str) -> Row {
    let (words, tone) = match line.state.as_str() {
        "pending" => ("Waiting", Tone::Warn),
        "rejected" => ("Rejected", Tone::Danger),
        _ => ("Active", Tone::Ok),
    };
    let what = format!("{} for {}", line.plan, line.app);
    let actions = (line.state == "pending").then(|| decision(&line.id, &what, &address_of(state)));
    cells![
        view! { {line.app}" "<span class="sub">{line.owner}</span> },
        line.api,
        line.plan,
        view! { <Status text=words tone/> },
        view! { <Time moment=line.since/> },
        actions,
    ]
}

/// Approve or reject; then on to `next`. `what` tells apart the buttons of several rows.
pub(super) fn decision(id: &str, what: &str, next: &str) -> impl IntoView + use<> {
    let form = |verb: &'static str, words: &'static str, class: &'static str| {
        view! {
            <form method="post" action=format!("/admin/subscriptions/{id}/{verb}")>
                <input type="hidden" name="next" value=next.to_owned()/>
                <button class=class aria-label=format!("{words}: {what}")>{words}</button>
            </form>
        }
    };
    view! {
        <div class="row tight">
            {form("approve", "Approve", "button small")} {form("reject", "Reject", "button quiet small")}
        </div>
    }
}
