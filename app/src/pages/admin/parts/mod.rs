//! The settings of an API's calls: a page and a form for each part.
mod form;
mod groups;

use crate::{
    actions::admin as actions,
    components::{Breadcrumb, Callout, Confirm, ErrorSummary, NavLink, PostForm, Tone, words::counted},
    context,
    page::{Page, Section},
    pages::sidebar,
    server::{House, page as draw},
};
use axum::{Router, routing::post};
use form::Form;
use leptos::prelude::*;
use portico_contract::{
    PortalError, PortalResult,
    settings::{PartLine, PartPage, SettingsPart},
};

pub(super) fn routes() -> Router<House> {
    Router::new()
        .route("/admin/apis/{api}/settings/{part}", draw(page).post(actions::save_settings_part))
        .route("/admin/apis/{api}/cache/purge", post(actions::purge_cache))
}

pub(crate) async fn page() -> PortalResult<Page> {
    let address = context::address();
    let part = address.param("part");
    match SettingsPart::parse(part) {
        Some(part) => shown(part).await,
        None => Err(PortalError::not_found(format!("part of the settings {part}"))),
    }
}

/// The page from which the cache is purged.
pub(crate) async fn caching() -> PortalResult<Page> {
    shown(SettingsPart::Caching).await
}

async fn shown(part: SettingsPart) -> PortalResult<Page> {
    let address = context::address();
    let view = context::portal().settings_part(&context::caller(), address.param("api"), part).await?;
    let administration = sidebar::administration("/admin/apis").await;
    let sidebar = (administration, links(&view.slug, &view.title, Place::Part(part)));
    let title = format!("{} of {}", words(part).0, view.title);
    let done = if address.field("saved") == "yes" {
        Some(("The settings are saved", "They hold from the next call on.".to_owned()))
    } else {
        let forgotten = address.field("forgotten").parse().ok();
        forgotten.map(|number| ("The kept answers are forgotten", forgotten_words(number)))
    };
    Ok(Page::console(Section::Admin, title, sidebar, content(&view, done)))
}

fn forgotten_words(number: u64) -> String {
    match number {
        0 => "There were none on this node.".to_owned(),
        number => {
            let addresses = counted(number, "address", "addresses");
            format!("Those of {addresses} on this node; other nodes follow within a second.")
        }
    }
}

/// Title and what the part is for.
const fn words(part: SettingsPart) -> (&'static str, &'static str) {
    match part {
        SettingsPart::Routing => (
            "Routing and upstreams",
            "Under which names callers find the API, and how its upstreams are chosen and reached.",
        ),
        SettingsPart::Resilience => (
            "Resilience",
            "What happens when an upstream is slow, fails or is away: health checks, ejection and retries.",
        ),
        SettingsPart::Limits => (
            "Limits and networks",
            "How much all callers together may ask for, and from which networks. Plans limit each subscription besides.",
        ),
        SettingsPart::Cors => ("CORS", "Which web pages of other origins may call the API from a browser."),
        SettingsPart::Validation => {
            ("Validation and errors", "Whether calls and answers are held to the document, and how refusals look.")
        }
        SettingsPart::Caching => (
            "Cache and compression",
            "Answers that are kept for the next caller, and answers made smaller on their way.",
        ),
        SettingsPart::Headers => {
            ("Headers and query", "What is removed, set and added on the way to the upstream and back.")
        }
        SettingsPart::Maintenance => (
            "Mock and maintenance",
            "Answers that the gateway gives itself: examples from the document, or word that the API is closed.",
        ),
        SettingsPart::Advanced => (
            "Routes and operations",
            "Upstreams for parts of the paths, and what differs for single operations, written as JSON.",
        ),
    }
}

fn address(slug: &str, part: SettingsPart) -> String {
    format!("/admin/apis/{slug}/settings/{}", part.as_str())
}

/// The API's pages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Overview,
    Guides,
    Readers,
    Part(SettingsPart),
}

/// The API's pages, beside each of them.
pub(super) fn links(slug: &str, title: &str, current: Place) -> impl IntoView + use<> {
    let parts = SettingsPart::ALL
        .into_iter()
        .map(|part| {
            view! { <NavLink href=address(slug, part) label=words(part).0 current=current == Place::Part(part)/> }
        })
        .collect_view();
    view! {
        <nav class="nav" aria-label="Settings of the API">
            <h2>{title.to_owned()}</h2>
            <ul>
                <NavLink href=format!("/admin/apis/{slug}") label="Versions and access" current=current == Place::Overview/>
                <NavLink href=format!("/admin/apis/{slug}/guides") label="Guides" current=current == Place::Guides/>
                <NavLink href=format!("/admin/apis/{slug}/readers") label="Readers" current=current == Place::Readers/>
                {parts}
            </ul>
        </nav>
    }
}

/// On the API's own page: what each part is for, and what was set in it.
pub(super) fn overview(slug: &str, lines: &[PartLine]) -> impl IntoView + use<> {
    let lines = lines
        .iter()
        .map(|line| {
            let (title, what) = words(line.part);
            let set = if line.set.is_empty() {
                view! { <span class="note">"as by default"</span> }.into_any()
            } else {
                let mut set: Vec<&str> = line.set.iter().map(|name| spoken(name)).collect();
                set.dedup();
                let set = set.join(", ");
                view! { <span class="changed">{format!("changed: {set}")}</span> }.into_any()
            };
            view! {
                <li>
                    <a class="item part" href=address(slug, line.part)>
                        <span class="what"><b>{title}</b><span class="sub">{what}</span></span>
                        {set}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="section">
            <div class="split">
                <h2>"How calls are treated"</h2>
                <span class="note">"Each holds from the next call on"</span>
            </div>
            <ul class="list">{lines}</ul>
        </section>
    }
}

/// A setting's name in words.
fn spoken(name: &str) -> &str {
    match name {
        "hosts" => "host names",
        "allow_ips" | "deny_ips" => "networks",
        "cors" => "CORS",
        "validate" => "validation",
        "compress" => "compression",
        "transform" => "headers and query",
        "operation_settings" => "operations",
        other => other,
    }
}

/// On the API's own page: that its callers do not get what they would expect.
pub(super) fn notices(slug: &str, lines: &[PartLine]) -> impl IntoView + use<> {
    let is_set = |name: &str| lines.iter().any(|line| line.set.iter().any(|set| set == name));
    let href = address(slug, SettingsPart::Maintenance);
    is_set("maintenance").then(|| {
        view! {
            <Callout tone=Tone::Warn title="Closed for maintenance">
                "Calls are answered 503 until that is taken back under "
                <a href=href>"Mock and maintenance"</a>"."
            </Callout>
        }
    })
}

fn content(view: &PartPage, done: Option<(&'static str, String)>) -> impl IntoView + use<> {
    let (title, what) = words(view.part);
    let root = format!("/admin/apis/{}", view.slug);
    let form = Form::new(view);
    let groups = match view.part {
        SettingsPart::Routing => groups::routing(&form),
        SettingsPart::Resilience => groups::resilience(&form),
        SettingsPart::Limits => groups::limits(&form),
        SettingsPart::Cors => groups::cors(&form),
        SettingsPart::Validation => groups::validation(&form),
        SettingsPart::Caching => groups::caching(&form),
        SettingsPart::Headers => groups::headers(&form),
        SettingsPart::Maintenance => groups::maintenance(&form),
        SettingsPart::Advanced => groups::advanced(&form),
    };
    let purge = (view.part == SettingsPart::Caching && view.value("cache") == "on").then(|| purge(view, &root));
    view! {
        <Breadcrumb
            crumbs=vec![("APIs".to_owned(), "/admin/apis".to_owned()), (view.title.clone(), root.clone())]
            current=title
        />
        <div class="intro">
            <div class="split">
                <h1>{title}</h1>
                {purge}
            </div>
            <p class="lead">{what}</p>
        </div>
        {done
            .map(|(title, words)| {
                view! {
                    <div role="status">
                        <Callout tone=Tone::Ok title=title>{words}</Callout>
                    </div>
                }
            })}
        <ErrorSummary labels=form.into_labels()/>
        <PostForm action=address(&view.slug, view.part) class="settings">
            {groups}
            <div class="row save">
                <button class="button primary">"Save"</button>
                <a class="button quiet" href=root>"Cancel"</a>
            </div>
        </PostForm>
    }
}

fn purge(view: &PartPage, root: &str) -> impl IntoView + use<> {
    let words = format!(
        "Forget the answers kept of {}? The next calls ask its upstreams again. The settings stay as they are.",
        view.title
    );
    view! {
        <Confirm
            ask="Purge the cache"
            action=format!("{root}/cache/purge")
            confirm="Forget the kept answers"
            class=""
            harmless=true
        >
            <p>{words}</p>
        </Confirm>
    }
}
