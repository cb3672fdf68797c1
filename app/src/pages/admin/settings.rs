//! How the portal looks, to be changed; and how this installation runs, to be read. For admins.
use crate::{
    actions::{admin as actions, upload::MAX_BODY},
    cells,
    components::{Callout, Column, Confirm, ErrorSummary, Field, FileField, Mark, PostForm, Table, Tone},
    context,
    page::{Page, Section},
    pages::sidebar,
    server::{House, page as draw},
};
use axum::{Router, extract::DefaultBodyLimit, routing::post};
use leptos::prelude::*;
use portico_contract::{
    PortalResult,
    admin::{BrandForm, SettingsPage},
};

pub(super) fn routes() -> Router<House> {
    Router::new()
        .route("/admin/settings", draw(page))
        .route("/admin/settings/brand", draw(page).post(actions::save_brand))
        .route("/admin/settings/logo", draw(page).merge(post(actions::set_logo).layer(DefaultBodyLimit::max(MAX_BODY))))
        .route("/admin/settings/logo/remove", post(actions::remove_logo))
}

pub(crate) async fn page() -> PortalResult<Page> {
    let view = context::portal().settings(&context::caller()).await?;
    let sidebar = sidebar::administration("/admin/settings").await;
    let saved = context::address().field("saved") == "brand";
    Ok(Page::console(Section::Admin, "Settings", sidebar, content(view, saved)))
}

fn content(view: SettingsPage, saved: bool) -> impl IntoView {
    let columns = vec![Column::text("Setting"), Column::text("Value"), Column::text("From")];
    let rows = view
        .settings
        .into_iter()
        .map(|(name, value, source)| cells![view! { <code>{name}</code> }, view! { <code>{value}</code> }, source])
        .collect();
    view! {
        <div class="intro">
            <h1>"Settings"</h1>
            <p class="lead">"How the portal looks, and how this installation runs."</p>
        </div>
        {saved
            .then(|| {
                view! {
                    <div role="status">
                        <Callout tone=Tone::Ok title="Saved">"Every page looks so from now on."</Callout>
                    </div>
                }
            })}
        <ErrorSummary/>
        {brand(view.brand)}
        <section class="section">
            <div class="split">
                <h2>"Installation"</h2>
                <span class="note">{format!("Version {}", view.version)}</span>
            </div>
            <p class="prose">"These come from flags, environment, file or defaults, and change with a restart."</p>
            <Table caption="Settings".to_owned() columns rows/>
        </section>
    }
}

fn brand(form: BrandForm) -> impl IntoView {
    let drawn = form.drawn.map(|(light, dark)| {
        view! {
            <p class="help">
                "Drawn as "<code>{light}</code>" on light pages and as "<code>{dark}</code>" on dark ones, where text in it can be read."
            </p>
        }
    });
    let remove = form.logo.is_some().then(|| {
        view! {
            <div class="row">
                <Confirm ask="Remove logo" action="/admin/settings/logo/remove" confirm="Remove the logo" class="danger">
                    <p>"Go back to Portico's mark?"</p>
                </Confirm>
            </div>
        }
    });
    view! {
        <section class="section" id="brand">
            <h2>"Look"</h2>
            <PostForm action="/admin/settings/brand" class="stack">
                <Field
                    name="name"
                    label="Name"
                    value=form.name
                    mark=Mark::Optional
                    autocomplete="off"
                    help="Stands in the top bar, in titles and in previews of links. Portico, if empty."
                />
                <Field
                    name="accent"
                    label="Colour"
                    value=form.accent
                    mark=Mark::Optional
                    mono=true
                    autocomplete="off"
                    placeholder="#3b4fd9"
                    help="Of links, buttons and what is chosen. Made darker or lighter where it could not be read."
                />
                {drawn}
                <div class="row">
                    <button class="button primary">"Save look"</button>
                </div>
            </PostForm>
            <PostForm action="/admin/settings/logo" class="stack" multipart=true>
                <FileField
                    name="file"
                    label="Logo"
                    accept="image/png,image/jpeg,image/webp,image/svg+xml"
                    help="PNG, JPEG, WebP or SVG, at most 64 KiB; drawn 24 pixels high beside the name."
                />
                <div class="row">
                    <button class="button">"Upload logo"</button>
                </div>
            </PostForm>
            {remove}
        </section>
    }
}
