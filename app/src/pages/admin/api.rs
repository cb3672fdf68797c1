//! One API: its versions, its settings, its next document.
use super::{
    apis::{access_words, document_fields, visibility_words},
    findings::findings,
    impact, parts,
};
use crate::{
    actions::{admin as actions, upload::MAX_BODY},
    cells,
    components::{
        Breadcrumb, Callout, Check, Choice, Choices, Column, Confirm, ErrorSummary, Fact, Facts, Field, Icon, Mark,
        Menu, PostForm, Row, Status, Table, TextArea, Time, Tone, words::grouped,
    },
    context,
    page::{Page, Section},
    pages::sidebar,
    server::{House, page as draw},
};
use axum::{Router, extract::DefaultBodyLimit, routing::post};
use leptos::prelude::*;
use portico_contract::{
    PortalResult,
    admin::{ApiPage, ApiSettings, VersionLine},
    catalogue::{Access, Visibility},
    reference::Finding,
};

pub(super) fn routes() -> Router<House> {
    Router::new()
        .route("/admin/apis/{api}", draw(page).post(actions::save_api_settings))
        .route("/admin/apis/{api}/versions", post(actions::add_version).layer(DefaultBodyLimit::max(MAX_BODY)))
        .route("/admin/apis/{api}/versions/{version}/publish", post(actions::publish))
        .route("/admin/apis/{api}/unpublish", post(actions::unpublish))
        .route("/admin/apis/{api}/delete", post(actions::delete_api))
}

pub(crate) async fn page() -> PortalResult<Page> {
    with_findings(Vec::new()).await
}

/// The page with what was wrong in a document that was refused.
pub(crate) async fn with_findings(refused: Vec<Finding>) -> PortalResult<Page> {
    let address = context::address();
    let view = context::portal().admin_api(&context::caller(), address.param("api")).await?;
    let administration = sidebar::administration("/admin/apis").await;
    let sidebar = (administration, parts::links(&view.slug, &view.title, parts::Place::Overview));
    let saved = address.field("saved") == "settings";
    let title = view.title.clone();
    Ok(Page::console(Section::Admin, title, sidebar, content(view, refused, saved)))
}

fn content(mut view: ApiPage, refused: Vec<Finding>, saved: bool) -> impl IntoView {
    let root = format!("/admin/apis/{}", view.slug);
    let published = view.versions.iter().find(|version| version.state == "published").map(|line| line.version.clone());
    let facts = vec![
        Fact::new("Published", published.clone().unwrap_or_else(|| "no version".to_owned())),
        Fact::new("Callers use", view! { <code>{view.base_url.clone()}</code> }),
        Fact::new("Subscriptions", grouped(view.subscriptions)),
        Fact::new("Calls today", grouped(view.calls_today)),
    ];
    let newest = std::mem::take(&mut view.findings);
    let versions = versions(&root, &view.title, std::mem::take(&mut view.versions), published.is_some());
    let impact = view.impact.take().map(impact::section);
    let no_upstream = view.settings.upstreams.trim().is_empty();
    view! {
        <Breadcrumb crumbs=vec![("APIs".to_owned(), "/admin/apis".to_owned())] current=view.title.clone()/>
        <div class="intro">
            <div class="split">
                <h1>{view.title.clone()}</h1>
                <div class="row tight">
                    <a class="button" href=format!("/apis/{}", view.slug)><Icon name="eye"/>"Read it"</a>
                    {menu(&root, &view.title, published)}
                </div>
            </div>
            <Facts facts/>
        </div>
        {saved
            .then(|| {
                view! {
                    <div role="status">
                        <Callout tone=Tone::Ok title="The settings are saved">"They hold from the next call on."</Callout>
                    </div>
                }
            })}
        <ErrorSummary/>
        {findings(refused, "Findings in the document that was refused")}
        {parts::notices(&view.slug, &view.parts)}
        {no_upstream
            .then(|| {
                view! {
                    <Callout tone=Tone::Warn title="Calls go nowhere yet">
                        "This API has no upstream. Name one under "<a href="#upstreams">"Settings"</a>"."
                    </Callout>
                }
            })}
        {versions}
        {impact}
        {findings(newest, "Findings in the newest document")}
        {settings(&root, view.settings, view.plans)}
        {parts::overview(&view.slug, &view.parts)}
        <section class="section" id="new-version">
            <div class="split">
                <h2>"New version"</h2>
                <span class="note">"Callers notice nothing until it is published"</span>
            </div>
            <PostForm action=format!("{root}/versions") class="stack" multipart=true>
                {document_fields()}
                <Check name="publish" label="Publish at once" note="in place of the present version"/>
                <div class="row">
                    <button class="button">"Upload version"</button>
                </div>
            </PostForm>
        </section>
    }
}

fn menu(root: &str, title: &str, published: Option<String>) -> impl IntoView + use<> {
    let (unpublish, delete) = (format!("{root}/unpublish"), format!("{root}/delete"));
    let delete_words = format!(
        "Delete {title} with its versions and subscriptions? Its calls are refused from now on. This cannot be undone."
    );
    let unpublish_words = published.map(|version| {
        format!("Unpublish {title} {version}? Its calls are refused and its pages are gone until a version is published again.")
    });
    let face = view! { <Icon name="more"/> }.into_any();
    view! {
        <Menu label="More for this API" face class="square">
            {unpublish_words
                .map(|words| {
                    view! {
                        <Confirm ask="Unpublish" action=unpublish confirm="Unpublish this API" class="danger">
                            <p>{words}</p>
                        </Confirm>
                        <hr/>
                    }
                })}
            <Confirm ask="Delete API" action=delete confirm="Delete this API" class="danger">
                <p>{delete_words}</p>
            </Confirm>
        </Menu>
    }
}

fn versions(root: &str, title: &str, versions: Vec<VersionLine>, some_published: bool) -> impl IntoView + use<> {
    let columns = vec![
        Column::text("Version"),
        Column::text("State"),
        Column::text("Uploaded"),
        Column::text("Published"),
        Column::number("Operations"),
        Column::ACTIONS,
    ];
    let rows = versions.into_iter().map(|version| version_row(root, version, some_published)).collect();
    view! {
        <section class="section">
            <h2>"Versions"</h2>
            <Table caption=format!("Versions of {title}") columns rows/>
        </section>
    }
}

fn version_row(root: &str, version: VersionLine, some_published: bool) -> Row {
    let (state, tone) = match version.state.as_str() {
        "published" => ("Published", Tone::Ok),
        "retired" => ("Retired", Tone::Muted),
        _ => ("Draft", Tone::Special),
    };
    let publish = (version.state != "published").then(|| {
        let words = if version.state == "retired" && some_published { "Go back to it" } else { "Publish" };
        view! {
            <form method="post" action=format!("{root}/versions/{}/publish", version.id)>
                <button class="button small" aria-label=format!("{words}: {}", version.version)>{words}</button>
            </form>
        }
    });
    let published = match version.published {
        Some(moment) => view! { <Time moment/> }.into_any(),
        None => "never".into_any(),
    };
    cells![
        version.version,
        view! { <Status text=state tone/> },
        view! { <Time moment=version.uploaded/> },
        published,
        grouped(version.operations.into()),
        publish,
    ]
}

fn settings(root: &str, settings: ApiSettings, plans: Vec<(String, String)>) -> impl IntoView + use<> {
    let (root, readers) = (root.to_owned(), format!("{root}/readers"));
    let choice = |value: &str, label: &str, note: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        note: note.to_owned(),
    };
    let access = vec![
        choice("key", access_words(Access::Key), "Every operation needs a key with a subscription"),
        choice(
            "document",
            access_words(Access::Document),
            "Those whose security in the document asks for something need a key",
        ),
        choice("open", access_words(Access::Open), "No operation needs a key"),
    ];
    let visibility = vec![
        choice("public", visibility_words(Visibility::Public), "Everybody finds and reads it"),
        choice("signed-in", visibility_words(Visibility::SignedIn), "Only those with an account"),
        choice("private", visibility_words(Visibility::Private), "Publishers, admins, and the readers that you choose"),
    ];
    let present_access = match settings.access {
        Access::Key => "key",
        Access::Document => "document",
        Access::Open => "open",
    };
    let present_visibility = match settings.visibility {
        Visibility::Public => "public",
        Visibility::SignedIn => "signed-in",
        Visibility::Private => "private",
    };
    let offered = settings.plans;
    view! {
        <section class="section">
            <h2>"Settings"</h2>
            <PostForm action=root class="stack loose">
                <TextArea
                    name="upstreams"
                    label="Upstreams"
                    value=settings.upstreams
                    mark=Mark::Optional
                    mono=true
                    rows=3
                    help="Where calls are sent on to, one address a line. A weight may stand behind it, e.g. https://a.example.org/v1 3."
                />
                <Choices name="access" legend="Who may call" choices=access value=present_access/>
                <Choices name="visibility" legend="Who may read" choices=visibility value=present_visibility/>
                <p class="help"><a href=readers>"Readers of this API"</a>" are chosen on their own page."</p>
                <fieldset class="field" id="plans">
                    <legend>"Plans"</legend>
                    {plans
                        .into_iter()
                        .map(|(slug, name)| {
                            let checked = offered.contains(&slug);
                            view! { <Check name="plans" label=name value=slug checked/> }
                        })
                        .collect_view()}
                    <PlansError/>
                    <p class="help">
                        "Under which it may be subscribed to. "<a href="/admin/plans">"All plans"</a>
                    </p>
                </fieldset>
                <Field
                    name="base_path"
                    label="Base path"
                    value=settings.base_path
                    mono=true
                    autocomplete="off"
                    help="What stands before the document's paths in the gateway's addresses, e.g. /petstore."
                />
                <Field
                    name="timeout_ms"
                    label="Timeout in milliseconds"
                    value=settings.timeout_ms
                    inputmode="numeric"
                    autocomplete="off"
                    help="How long the upstream may take for its answer; then callers get 504."
                />
                <Field
                    name="max_body_bytes"
                    label="Largest body in bytes"
                    value=settings.max_body_bytes
                    inputmode="numeric"
                    autocomplete="off"
                    help="Larger ones are refused with 413. 1 MiB is 1048576."
                />
                <div class="row">
                    <button class="button primary">"Save settings"</button>
                </div>
            </PostForm>
        </section>
    }
}

/// What is wrong with the choice of plans, which has many inputs and one error.
#[component]
fn PlansError() -> impl IntoView {
    let error = context::form_state().error_of("plans").map(str::to_owned);
    error.map(|error| view! { <p class="error" id="plans-error"><Icon name="warn"/>{error}</p> })
}
