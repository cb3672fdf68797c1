//! What stands beside the pages of the signed-in.
use crate::{components::NavLink, context};
use leptos::prelude::*;
use portico_contract::Role;

/// More would hide what comes below; the list of apps has them all.
const MAX_APPS: usize = 12;

/// The page that the sidebar stands beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    Apps,
    App(&'a str),
    NewApp,
    Usage,
    Requests,
    Account,
}

/// Apps, traffic, account. Without apps when they cannot be read: the page itself says why.
pub(super) async fn console(place: Place<'_>) -> AnyView {
    let apps = context::portal().apps(&context::caller()).await.unwrap_or_default().apps;
    let apps: Vec<_> = apps.into_iter().map(|app| (app.id, app.name)).collect();
    console_with(&apps, place)
}

/// [`console`] for a page that knows the apps already: (id, name).
pub(super) fn console_with(apps: &[(String, String)], place: Place<'_>) -> AnyView {
    let shown = apps
        .iter()
        .take(MAX_APPS)
        .map(|(id, name)| {
            view! { <NavLink href=format!("/apps/{id}") label=name.clone() icon="app" current=place == Place::App(id)/> }
        })
        .collect_view();
    view! {
        <nav class="nav" aria-label="Apps">
            <h2>"Apps"</h2>
            <ul>
                <NavLink
                    href="/apps"
                    label=if apps.is_empty() { "First steps" } else { "All apps" }
                    icon="compass"
                    current=place == Place::Apps
                />
                {shown}
                <NavLink href="/apps/new" label="New app" icon="plus" current=place == Place::NewApp/>
            </ul>
        </nav>
        <nav class="nav" aria-label="Traffic">
            <h2>"Traffic"</h2>
            <ul>
                <NavLink href="/usage" label="Usage" icon="chart" current=place == Place::Usage/>
                <NavLink href="/requests" label="Requests" icon="list" current=place == Place::Requests/>
            </ul>
        </nav>
        <nav class="nav" aria-label="You">
            <h2>"Account"</h2>
            <ul>
                <NavLink href="/account" label="Profile and sign-in" icon="user" current=place == Place::Account/>
            </ul>
        </nav>
    }
    .into_any()
}

/// (address, words, icon, least role)
const ADMINISTRATION: [(&str, &str, &str, Role); 9] = [
    ("/admin", "Overview", "compass", Role::Publisher),
    ("/admin/apis", "APIs", "layers", Role::Publisher),
    ("/admin/guides", "Guides", "doc", Role::Publisher),
    ("/admin/plans", "Plans", "list", Role::Publisher),
    ("/admin/subscriptions", "Subscriptions", "key", Role::Publisher),
    ("/admin/accounts", "Accounts", "users", Role::Admin),
    ("/admin/analytics", "Analytics", "chart", Role::Publisher),
    ("/admin/audit", "Audit", "shield", Role::Admin),
    ("/admin/settings", "Settings", "gear", Role::Admin),
];

/// The administration, without what the reader's role may not see. `current` is the address of the part shown.
pub(super) async fn administration(current: &str) -> AnyView {
    let caller = context::caller();
    let waiting = context::portal().subscriptions(&caller, "pending", None).await.map_or(0, |listing| listing.total);
    let links = ADMINISTRATION
        .into_iter()
        .filter(|(_, _, _, least)| caller.role() >= Some(*least))
        .map(|(href, label, icon, _)| {
            let waiting = if href == "/admin/subscriptions" { waiting } else { 0 };
            view! { <NavLink href label icon current=href == current waiting/> }
        })
        .collect_view();
    view! {
        <nav class="nav" aria-label="Administration">
            <h2>"Administration"</h2>
            <ul>{links}</ul>
        </nav>
    }
    .into_any()
}
