//! A developer's apps: the list with the first steps, and one app with its keys and subscriptions.
use super::sidebar::{self, Place};
use crate::{
    actions::apps as actions,
    cells,
    components::{Column, ErrorSummary, Field, Icon, PostForm, Table, words::grouped},
    context,
    page::{Page, Section},
    server::{House, page},
};
use axum::{Router, routing::post};
use leptos::prelude::*;
use portico_contract::{
    Moment, PortalResult,
    apps::{AppLine, AppsPage},
    catalogue::CatalogueItem,
};

mod first_steps;
mod one;
mod tables;

pub(crate) use one::app;

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/apps", page(list).post(actions::create))
        .route("/apps/new", page(new))
        .route("/apps/{app}", page(app))
        .route("/apps/{app}/rename", post(actions::rename))
        .route("/apps/{app}/delete", post(actions::delete))
        .route("/apps/{app}/subscriptions/{subscription}/delete", post(actions::unsubscribe))
}

/// A date without its time.
fn day(moment: &Moment) -> String {
    moment.date.split(',').next().unwrap_or_default().to_owned()
}

async fn list() -> PortalResult<Page> {
    let caller = context::caller();
    let view = context::portal().apps(&caller).await?;
    let reading = context::portal().catalogue(&caller).await.unwrap_or_default().items;
    let account = caller.signed_in()?;
    let apps: Vec<_> = view.apps.iter().map(|app| (app.id.clone(), app.name.clone())).collect();
    let title = if first_steps::done(view.progress) { "Apps" } else { "First steps" };
    let sidebar = sidebar::console_with(&apps, Place::Apps);
    Ok(Page::console(Section::Apps, title, sidebar, content(view, reading, &account.name)))
}

fn content(view: AppsPage, reading: Vec<CatalogueItem>, name: &str) -> AnyView {
    let AppsPage { apps, progress } = view;
    if first_steps::done(progress) {
        return view! {
            <div class="intro">
                <div class="split">
                    <h1>"Apps"</h1>
                    <a class="button primary" href="/apps/new"><Icon name="plus"/>"New app"</a>
                </div>
            </div>
            {table(apps, name)}
        }
        .into_any();
    }
    let steps = first_steps::view(progress, apps.first().map(|app| app.id.as_str()), name, reading);
    let list = (!apps.is_empty()).then(|| {
        view! {
            <section class="section">
                <div class="split">
                    <h2>"Apps"</h2>
                    <a class="button small" href="/apps/new"><Icon name="plus"/>"New app"</a>
                </div>
                {table(apps, name)}
            </section>
        }
    });
    (steps, list).into_any()
}

/// Owners are named where they are not the reader.
fn table(apps: Vec<AppLine>, reader: &str) -> impl IntoView + use<> {
    let columns = vec![
        Column::text("App"),
        Column::text("Made on"),
        Column::number("Keys"),
        Column::number("Subscriptions"),
        Column::number("Calls today"),
    ];
    let rows = apps
        .into_iter()
        .map(|app| {
            let owner = (app.owner != reader).then(|| view! { <span class="sub">{app.owner}</span> });
            cells![
                view! { <a href=format!("/apps/{}", app.id)>{app.name}</a>{owner} },
                day(&app.created),
                grouped(app.keys.into()),
                grouped(app.subscriptions.into()),
                grouped(app.calls_today),
            ]
        })
        .collect();
    view! { <Table caption="Apps".to_owned() columns rows/> }
}

pub(crate) async fn new() -> PortalResult<Page> {
    context::caller().signed_in()?;
    let content = view! {
        <div class="stack loose">
            <div class="stack tight">
                <h1>"Create an app"</h1>
                <p class="prose">
                    "An app stands for one program of yours. It holds keys and subscriptions, and its traffic is counted together."
                </p>
            </div>
            <ErrorSummary/>
            <PostForm action="/apps" class="stack loose">
                <Field name="name" label="Name of the app" autocomplete="off" help="You can change it later."/>
                <div class="row">
                    <button class="button primary">"Create app"</button>
                    <a class="button quiet" href="/apps">"Cancel"</a>
                </div>
            </PostForm>
        </div>
    };
    let sidebar = sidebar::console(Place::NewApp).await;
    Ok(Page::console(Section::Apps, "Create an app", sidebar, content))
}
