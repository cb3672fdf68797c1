//! All APIs, and adding one from its document.
use super::{findings::findings, staff_only};
use crate::{
    actions::{admin as actions, upload::MAX_BODY},
    cells,
    components::{
        Badge, Breadcrumb, Check, Column, Empty, ErrorSummary, Field, FileField, Icon, Mark, PostForm, Table, TextArea,
        Time, Tone, words::grouped,
    },
    context,
    page::{Page, Section},
    pages::sidebar,
    server::{House, page as draw},
};
use axum::{Router, extract::DefaultBodyLimit};
use leptos::prelude::*;
use portico_contract::{
    PortalResult,
    admin::ApiLine,
    catalogue::{Access, Visibility},
    reference::Finding,
};

pub(super) fn routes() -> Router<House> {
    Router::new()
        .route("/admin/apis", draw(list))
        .route("/admin/apis/new", draw(new).post(actions::add_api).layer(DefaultBodyLimit::max(MAX_BODY)))
}

pub(crate) async fn list() -> PortalResult<Page> {
    let apis = context::portal().admin_apis(&context::caller()).await?;
    let sidebar = sidebar::administration("/admin/apis").await;
    Ok(Page::console(Section::Admin, "APIs", sidebar, content(apis)))
}

pub(super) const fn access_words(access: Access) -> &'static str {
    match access {
        Access::Key => "Key",
        Access::Document => "As documented",
        Access::Open => "Open",
    }
}

pub(super) const fn visibility_words(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "Public",
        Visibility::SignedIn => "Signed-in",
        Visibility::Private => "Private",
    }
}

fn content(apis: Vec<ApiLine>) -> impl IntoView {
    let body = if apis.is_empty() {
        view! {
            <Empty icon="layers" title="No API yet">
                <p>
                    "Upload an OpenAPI document. It becomes documentation for readers and routes for callers, at the same moment."
                </p>
            </Empty>
        }
        .into_any()
    } else {
        let columns = vec![
            Column::text("API"),
            Column::text("Version"),
            Column::text("Access"),
            Column::text("Seen by"),
            Column::text("Changed"),
            Column::number("Operations"),
            Column::number("Calls today"),
        ];
        let rows = apis.into_iter().map(row).collect();
        view! { <Table caption="APIs".to_owned() columns rows/> }.into_any()
    };
    view! {
        <div class="intro">
            <div class="split">
                <h1>"APIs"</h1>
                <a class="button primary" href="/admin/apis/new"><Icon name="plus"/>"Publish an API"</a>
            </div>
        </div>
        {body}
    }
}

fn row(api: ApiLine) -> crate::components::Row {
    let version = match api.version {
        Some(version) => version.into_any(),
        None => view! { <Badge text="Not published" tone=Tone::Muted/> }.into_any(),
    };
    let draft = api.draft.map(|draft| view! { <span class="sub">{format!("{draft} is a draft")}</span> });
    let no_upstream =
        (api.upstreams == 0).then(|| view! { <span class="sub"><Badge text="No upstream" tone=Tone::Warn/></span> });
    cells![
        view! {
            <a href=format!("/admin/apis/{}", api.slug)>{api.title}</a>
            <span class="sub"><code>{api.slug.clone()}</code></span>
            {no_upstream}
        },
        view! { {version}{draft} },
        access_words(api.access),
        visibility_words(api.visibility),
        view! { <Time moment=api.changed/> },
        grouped(api.operations.into()),
        grouped(api.calls_today),
    ]
}

pub(crate) async fn new() -> PortalResult<Page> {
    new_with(Vec::new()).await
}

/// The form, with what was wrong in the document it brought.
pub(crate) async fn new_with(found: Vec<Finding>) -> PortalResult<Page> {
    staff_only()?;
    let class = if found.is_empty() { "stack loose" } else { "section stack loose" };
    let content = view! {
        <Breadcrumb crumbs=vec![("APIs".to_owned(), "/admin/apis".to_owned())] current="New API"/>
        <div class="intro">
            <h1>"Publish an API"</h1>
            <p class="lead">
                "From its OpenAPI document: 3.0, 3.1, 3.2 or Swagger 2.0, as JSON or YAML, in one file of at most 32 MiB."
            </p>
        </div>
        <ErrorSummary/>
        {findings(found, "Findings in the document")}
        <PostForm action="/admin/apis/new" class multipart=true>
            {document_fields()}
            <Field
                name="slug"
                label="Address"
                mark=Mark::Optional
                mono=true
                autocomplete="off"
                help="Part of its URLs, e.g. petstore: small letters, digits and hyphens. Made from the title when empty."
            />
            <Field
                name="upstream"
                label="Upstream"
                kind="url"
                mark=Mark::Optional
                mono=true
                autocomplete="off"
                help="Where calls are sent on to, e.g. https://pets.example.org/v1. It can be set and changed later."
            />
            <Check name="publish" label="Publish at once" note="else it stays a draft that only publishers see" checked=true/>
            <div class="row">
                <button class="button primary">"Upload"</button>
                <a class="button quiet" href="/admin/apis">"Cancel"</a>
            </div>
        </PostForm>
    };
    let sidebar = sidebar::administration("/admin/apis").await;
    Ok(Page::console(Section::Admin, "Publish an API", sidebar, content))
}

/// A file, or text in its place.
pub(super) fn document_fields() -> impl IntoView {
    let pasted = context::form_state().value("document").is_some_and(|text| !text.is_empty());
    view! {
        <FileField
            name="file"
            label="File"
            accept=".json,.yaml,.yml,application/json,application/yaml"
            help="Browsers do not keep a file: choose it again after a mistake."
        />
        <details class="children" open=pasted>
            <summary class="button small"><Icon name="right"/>"Paste the document instead"</summary>
            <TextArea
                name="document"
                label="Document"
                mark=Mark::Optional
                mono=true
                rows=14
                help="Used when no file is chosen."
            />
        </details>
    }
}
