//! Guides of the portal and of single APIs: the list with its pictures, and the page where one is written.
use super::{
    findings::findings,
    parts::{self, Place},
};
use crate::{
    actions::{guides as actions, upload::MAX_IMAGE_BODY},
    cells,
    components::{
        Badge, Breadcrumb, Callout, Check, Column, Confirm, CopyButton, Empty, ErrorSummary, Field, Icon, Mark,
        PostForm, Row, Table, TextArea, Time, Tone, guide,
    },
    context,
    islands::LivePreview,
    page::{Page, Section},
    pages::sidebar,
    server::{House, page as draw},
};
use axum::{Router, extract::DefaultBodyLimit, routing::post};
use leptos::prelude::*;
use portico_contract::{
    PortalResult,
    guides::{GuideEditor, GuideForm, GuideImageLine, GuideLine, GuidesAdmin},
};

pub(super) fn routes() -> Router<House> {
    ["/admin", "/admin/apis/{api}"].into_iter().fold(Router::new(), |router, base| {
        router
            .route(&format!("{base}/guides"), draw(page))
            .route(&format!("{base}/new-guide"), draw(editor).post(actions::save))
            .route(&format!("{base}/guides/{{guide}}"), draw(editor).post(actions::save))
            .route(&format!("{base}/guides/{{guide}}/publish"), post(actions::publish))
            .route(&format!("{base}/guides/{{guide}}/withdraw"), post(actions::withdraw))
            .route(&format!("{base}/guides/{{guide}}/delete"), post(actions::delete))
            .route(
                &format!("{base}/guide-images"),
                post(actions::add_image).layer(DefaultBodyLimit::max(MAX_IMAGE_BODY)),
            )
            .route(&format!("{base}/guide-images/{{image}}/delete"), post(actions::delete_image))
    })
}

/// Where the pages of one place begin: `/admin`, or `/admin/apis/{api}`.
fn base(api: Option<&(String, String)>) -> String {
    api.map_or_else(|| "/admin".to_owned(), |(slug, _)| format!("/admin/apis/{slug}"))
}

fn crumbs(api: Option<&(String, String)>) -> Vec<(String, String)> {
    match api {
        Some((slug, title)) => {
            vec![("APIs".to_owned(), "/admin/apis".to_owned()), (title.clone(), format!("/admin/apis/{slug}"))]
        }
        None => Vec::new(),
    }
}

async fn beside(api: Option<&(String, String)>) -> AnyView {
    match api {
        Some((slug, title)) => {
            let administration = sidebar::administration("/admin/apis").await;
            (administration, parts::links(slug, title, Place::Guides)).into_any()
        }
        None => sidebar::administration("/admin/guides").await,
    }
}

pub(crate) async fn page() -> PortalResult<Page> {
    let address = context::address();
    let view = context::portal().admin_guides(&context::caller(), address.optional_param("api")).await?;
    let sidebar = beside(view.api.as_ref()).await;
    let title = match &view.api {
        Some((_, title)) => format!("Guides of {title}"),
        None => "Guides".to_owned(),
    };
    Ok(Page::console(Section::Admin, title.clone(), sidebar, list(view, title)))
}

fn list(view: GuidesAdmin, title: String) -> AnyView {
    let base = base(view.api.as_ref());
    let crumbs = crumbs(view.api.as_ref());
    let crumbs = (!crumbs.is_empty()).then(|| view! { <Breadcrumb crumbs current="Guides"/> });
    let lead = match &view.api {
        Some(_) => "Pages of your own beside the reference. Whoever may see the API may read them.",
        None => "Pages of the portal itself, for everybody. Each API has guides of its own.",
    };
    let body = if view.guides.is_empty() {
        view! {
            <Empty icon="doc" title="No guides yet">
                <p>"First steps, signing in, limits, errors: what a reference does not tell."</p>
            </Empty>
        }
        .into_any()
    } else {
        let columns = vec![Column::text("Guide"), Column::text("Seen by"), Column::number("Order"), Column::ACTIONS];
        let rows = view.guides.into_iter().map(|(order, line)| row(&base, order, line)).collect();
        view! { <Table caption="Guides".to_owned() columns rows/> }.into_any()
    };
    view! {
        {crumbs}
        <div class="intro">
            <div class="split">
                <h1>{title}</h1>
                <a class="button primary" href=format!("{base}/new-guide")><Icon name="plus"/>"New guide"</a>
            </div>
            <p class="lead">{lead}</p>
        </div>
        <ErrorSummary/>
        {body}
        {images(&base, view.images)}
    }
    .into_any()
}

fn row(base: &str, order: i32, line: GuideLine) -> Row {
    let own = format!("{base}/guides/{}", line.slug);
    let seen =
        if line.draft { view! { <Badge text="Draft" tone=Tone::Warn/> }.into_any() } else { "Readers".into_any() };
    let (action, words) =
        if line.draft { (format!("{own}/publish"), "Publish") } else { (format!("{own}/withdraw"), "Make a draft") };
    let label = format!("{words}: {}", line.title);
    let delete = format!("Delete {}", line.title);
    let question = format!("Delete the guide {}? This cannot be undone.", line.title);
    cells![
        view! {
            <a href=own.clone()>{line.title}</a>
            <span class="sub"><code>{line.slug}</code></span>
        },
        seen,
        order,
        view! {
            <a class="button quiet small" href=line.href>"Read"</a>
            <form method="post" action=action><button class="button quiet small" aria-label=label>{words}</button></form>
            <Confirm ask="Delete" label=delete action=format!("{own}/delete") confirm="Delete this guide">
                <p>{question}</p>
            </Confirm>
        },
    ]
}

fn images(base: &str, images: Vec<GuideImageLine>) -> AnyView {
    let error = context::form_state().error_of("image").map(str::to_owned);
    let described_by = if error.is_some() { "image-error image-help" } else { "image-help" };
    let table = (!images.is_empty()).then(|| {
        let columns = vec![Column::text("Picture"), Column::number("Size"), Column::text("Changed"), Column::ACTIONS];
        let rows = images
            .into_iter()
            .map(|image| {
                let markdown = format!("![]({})", image.name);
                let question = format!("Delete {}? Guides that show it will miss it.", image.name);
                let delete = format!("Delete {}", image.name);
                let action = format!("{base}/guide-images/{}/delete", image.name);
                cells![
                    view! { <a href=image.href><code>{image.name.clone()}</code></a> },
                    image.size,
                    view! { <Time moment=image.changed/> },
                    view! {
                        <CopyButton what=format!("markdown for {}", image.name) text=markdown/>
                        <Confirm ask="Delete" label=delete action confirm="Delete this picture"><p>{question}</p></Confirm>
                    },
                ]
            })
            .collect();
        view! { <Table caption="Pictures".to_owned() columns rows/> }
    });
    view! {
        <section class="section" id="images">
            <h2>"Pictures"</h2>
            <p class="note">"In a guide: "<code>"![What it shows](its-name.png)"</code></p>
            {table}
            <PostForm action=format!("{base}/guide-images") class="stack" multipart=true>
                <div class="field">
                    <label for="image">"Add a picture"</label>
                    <input
                        class="input"
                        id="image"
                        name="image"
                        type="file"
                        accept=".png,.jpg,.jpeg,.gif,.webp,.avif"
                        aria-invalid=error.is_some().then_some("true")
                        aria-describedby=described_by
                    />
                    {error.map(|error| view! { <p class="error" id="image-error"><Icon name="warn"/>{error}</p> })}
                    <p class="help" id="image-help">"PNG, JPEG, GIF, WebP or AVIF of at most 2 MiB. One of the same name is replaced."</p>
                </div>
                <div class="row"><button class="button">"Upload picture"</button></div>
            </PostForm>
        </section>
    }
    .into_any()
}

/// A guide that is kept, or a new one.
pub(crate) async fn editor() -> PortalResult<Page> {
    let address = context::address();
    let (api, guide) = (address.optional_param("api"), address.optional_param("guide"));
    editor_of(context::portal().guide_editor(&context::caller(), api, guide).await?).await
}

pub(crate) async fn editor_of(view: GuideEditor) -> PortalResult<Page> {
    let sidebar = beside(view.api.as_ref()).await;
    let title = match context::address().optional_param("guide") {
        Some(guide) => format!("Edit {guide}"),
        None => "New guide".to_owned(),
    };
    Ok(Page::console(Section::Admin, title.clone(), sidebar, form(view, title)))
}

fn form(view: GuideEditor, title: String) -> AnyView {
    let GuideEditor { api, form, href, preview, findings: found } = view;
    let address = context::address();
    let base = base(api.as_ref());
    let mut crumbs = crumbs(api.as_ref());
    crumbs.push(("Guides".to_owned(), format!("{base}/guides")));
    let saved = (address.field("saved") == "yes").then(|| {
        view! {
            <div role="status">
                <Callout tone=Tone::Ok title="The guide is saved">
                    {if form.draft { "It is a draft: only publishers see it." } else { "Readers see it now." }}
                </Callout>
            </div>
        }
    });
    let read = (!href.is_empty()).then(|| view! { <a class="button" href=href><Icon name="eye"/>"Read it"</a> });
    let new = address.optional_param("guide").is_none();
    let empty = preview.parts.is_empty();
    let shown = if empty {
        view! { <p class="note">"Nothing to show yet. Write, and choose Preview."</p> }.into_any()
    } else {
        guide::text(preview)
    };
    view! {
        <Breadcrumb crumbs current=title.clone()/>
        <div class="intro"><div class="split"><h1>{title}</h1><div class="row tight">{read}</div></div></div>
        {saved}
        <ErrorSummary/>
        <PostForm action=address.path class="stack loose">{fields(form, new, &base)}</PostForm>
        <LivePreview/>
        {findings(found, "Findings in the text")}
        <section class="section" id="preview">
            <h2>"Preview"</h2>
            {shown}
        </section>
    }
    .into_any()
}

fn fields(form: GuideForm, new: bool, base: &str) -> AnyView {
    let GuideForm { slug, title, description, order, draft, text } = form;
    // The answer is shown from there on.
    let preview = format!("{}#preview", context::address().path);
    let slug = if new {
        view! {
            <Field
                name="slug"
                label="Address"
                value=slug
                mark=Mark::Optional
                mono=true
                autocomplete="off"
                help="Its name in the address, e.g. first-steps. Made from the title when empty; it stays."
            />
        }
        .into_any()
    } else {
        ().into_any()
    };
    view! {
        <Field name="title" label="Title" value=title autocomplete="off"/>
        {slug}
        <Field
            name="description"
            label="Description"
            value=description
            mark=Mark::Optional
            autocomplete="off"
            help="One sentence, for lists and for search engines."
        />
        <Field
            name="order"
            label="Order"
            value=order
            mark=Mark::Optional
            inputmode="numeric"
            autocomplete="off"
            help="A whole number; lower ones come first."
        />
        <TextArea
            name="text"
            label="Text"
            value=text
            mark=Mark::Optional
            mono=true
            wide=true
            rows=22
            help="Markdown. Links: op:listPets to an operation, errors.md to another guide, #heading on this page."
        />
        <Check name="draft" label="Draft" note="only publishers and admins see it" checked=draft/>
        <div class="row">
            <button class="button primary" name="do" value="save">"Save"</button>
            <button class="button" name="do" value="preview" formaction=preview>"Preview"</button>
            <a class="button quiet" href=format!("{base}/guides")>"Cancel"</a>
        </div>
    }
    .into_any()
}
