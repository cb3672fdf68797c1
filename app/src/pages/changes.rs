//! `/apis/{api}/changes`: which versions were published, and what changed with each.
use crate::{
    components::{
        Badge, Breadcrumb, Empty, Icon, Time, Tone,
        changes::{change_counts, change_list},
        link::Root,
        reference::{Place, sidebar},
        words::counted,
    },
    context,
    page::Page,
    server::{House, page},
};
use axum::Router;
use leptos::prelude::*;
use portico_contract::{
    PortalResult,
    catalogue::{ApiHead, ChangesPage, PublishedVersion, Since, VersionChangesPage},
};

/// Changes of one version among others; its own page has all of them.
const SHOWN: usize = 40;
/// As many as are ever told.
const ALL: usize = 1_000;

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/apis/{api}/changes", page(changes))
        .route("/apis/{api}/versions/{version}/changes", page(version_changes))
}

async fn changes() -> PortalResult<Page> {
    let address = context::address();
    let after = Some(address.field("after")).filter(|after| !after.is_empty());
    let view = context::portal().changes(&context::caller(), address.param("api"), after).await?;
    Ok(draw(view, after.is_none()))
}

async fn version_changes() -> PortalResult<Page> {
    let address = context::address();
    let (api, version) = (address.param("api"), address.param("version"));
    let view = context::portal().version_changes(&context::caller(), api, version).await?;
    Ok(draw_one(view))
}

fn crumbs(head: &ApiHead) -> Vec<(String, String)> {
    vec![("APIs".to_owned(), "/apis".to_owned()), (head.title.clone(), format!("/apis/{}", head.slug))]
}

fn draw(view: ChangesPage, first: bool) -> Page {
    let ChangesPage { head, navigation, versions } = view;
    let sidebar = sidebar(&head, navigation, Place::Changes);
    let (slug, next, total) = (head.slug.clone(), versions.next, versions.total);
    let empty = versions.items.is_empty().then(|| {
        view! {
            <Empty title="No version was published yet" icon="doc">
                <p>"What changes from one published version to the next stands here."</p>
            </Empty>
        }
    });
    let versions = versions.items.into_iter().map(|version| section(version, SHOWN)).collect_view();
    let pager = (next.is_some() || !first).then(|| {
        let list = format!("/apis/{slug}/changes");
        let older = next
            .map(|after| view! { <a class="button small" rel="next" href=format!("{list}?after={after}")>"Older"</a> });
        let newest = (!first).then(|| view! { <a class="button quiet small" href=list.clone()>"Newest"</a> });
        view! {
            <div class="section split note">
                <span>{counted(total, "version", "versions")}</span>
                <span class="row tight">{newest}{older}</span>
            </div>
        }
    });
    let content = view! {
        <div class="split actions-line">
            <Breadcrumb crumbs=crumbs(&head) current="Changes"/>
            <div class="row tight actions">
                <a class="button quiet small" href=format!("/apis/{slug}/changes.rss") r#type="application/rss+xml">
                    <Icon name="feed"/>"RSS"
                </a>
            </div>
        </div>
        <header class="intro">
            <h1>"Changes"</h1>
            <p class="lead">
                {format!("What changed for those who call {}, newest version first. Every version stays readable.", head.title)}
            </p>
        </header>
        {empty}
        {versions}
        {pager}
    };
    Page::reference(format!("Changes of {}", head.title), sidebar, content).of_api(head)
}

fn draw_one(view: VersionChangesPage) -> Page {
    let VersionChangesPage { head, navigation, version } = view;
    let sidebar = sidebar(&head, navigation, Place::Changes);
    let list = format!("/apis/{}/changes", head.slug);
    let mut crumbs = crumbs(&head);
    crumbs.push(("Changes".to_owned(), list.clone()));
    let title = format!("Changes in {} {}", head.title, version.version);
    let content = view! {
        <div class="split actions-line"><Breadcrumb crumbs current=version.version.clone()/></div>
        <header class="intro"><h1>{title.clone()}</h1></header>
        {section(version, ALL)}
        <p class="section"><a href=list>"All versions"</a></p>
    };
    Page::reference(title, sidebar, content).of_api(head)
}

fn section(version: PublishedVersion, most: usize) -> AnyView {
    let state = version.current.then(|| view! { <Badge text="Published" tone=Tone::Ok/> });
    let when = match version.published {
        Some(moment) => view! { <Time moment full=true/> }.into_any(),
        None => view! { <Badge text="Draft" tone=Tone::Special/> }.into_any(),
    };
    let later = Root(version.root.clone());
    let (summary, list, whole) = match version.since {
        None => ("The first version that was published".to_owned(), None, true),
        Some(Since { version: from, root, changes }) => {
            let summary = format!("{} since {from}", change_counts(&changes));
            let (list, whole) = change_list(changes, (&Root(root), &later), most);
            (summary, Some(list), whole)
        }
    };
    let more = (!whole).then(|| {
        if most == ALL {
            view! { <p class="note">"There is more than is told here: the documents differ in too much."</p> }
                .into_any()
        } else {
            view! { <p><a href=version.href.clone()>"All changes of this version"</a></p> }.into_any()
        }
    });
    view! {
        <section class="section">
            <div class="split">
                <h2 class="row tight"><a href=version.href.clone()>{version.version}</a>{state}</h2>
                <span class="note">{when}</span>
            </div>
            <p class="note">
                {summary}". "{counted(version.operations.into(), "operation", "operations")}". "
                <a href=later.0>"Read this version"</a>
            </p>
            {list}
            {more}
        </section>
    }
    .into_any()
}
