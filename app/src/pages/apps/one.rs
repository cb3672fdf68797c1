//! One app.
use super::{day, tables};
use crate::{
    components::{
        Breadcrumb, Card, Confirm, ErrorSummary, Fact, Facts, Field, Icon, Menu, PostForm,
        words::{counted, grouped},
    },
    context,
    page::{Page, Section},
    pages::sidebar::{self, Place},
};
use leptos::prelude::*;
use portico_contract::{PortalResult, apps::AppPage};

pub(crate) async fn app() -> PortalResult<Page> {
    let address = context::address();
    let view = context::portal().app(&context::caller(), address.param("app")).await?;
    let sidebar = sidebar::console_with(&view.siblings, Place::App(&view.id));
    let title = view.name.clone();
    // A name that was refused comes back in the open: a menu would hide it.
    let renaming = context::form_state().sent().then(|| renaming(&view, &address.path)).flatten();
    Ok(Page::console(Section::Apps, title, sidebar, content(view, renaming)))
}

/// The form that renames the app or one of its keys, if that is what was sent to `path`.
fn renaming(view: &AppPage, path: &str) -> Option<AnyView> {
    let (title, label) = if path == format!("/apps/{}/rename", view.id) {
        (format!("Rename {}", view.name), "Name of the app")
    } else {
        let of_key = |id: &str| path == format!("/apps/{}/keys/{id}/rename", view.id);
        let key = view.keys.iter().find(|key| of_key(&key.id))?;
        (format!("Rename {}", key.name), "Name of the key")
    };
    let (action, back) = (path.to_owned(), format!("/apps/{}", view.id));
    let card = view! {
        <Card title>
            <div class="body">
                <PostForm action>
                    <Field name="name" label autocomplete="off"/>
                    <div class="row">
                        <button class="button">"Save name"</button>
                        <a class="button quiet" href=back>"Cancel"</a>
                    </div>
                </PostForm>
            </div>
        </Card>
    };
    Some(card.into_any())
}

fn content(view: AppPage, renaming: Option<AnyView>) -> impl IntoView {
    let root = format!("/apps/{}", view.id);
    let can_call = view.subscriptions.iter().any(|subscription| subscription.state == "active");
    // What comes next: a key is of no use before the app may call something.
    let (new_key, subscribe) =
        if can_call { ("button primary", "button small") } else { ("button", "button primary small") };
    let refused = view! {
        {grouped(view.refused_today)}
        {(view.refused_today > 0).then(|| view! { " "<a href="/requests">"why"</a> })}
    };
    let facts = vec![
        Fact::new("Owner", view.owner.clone()),
        Fact::new("Calls today", grouped(view.calls_today)),
        Fact::new("Refused today", refused),
        Fact::new("Made on", day(&view.created)),
    ];
    let revoked = view.keys.iter().filter(|key| key.status == "revoked").count();
    let keys_note = match (view.keys.len(), revoked) {
        (0, _) => String::new(),
        (keys, 0) => counted(keys as u64, "key", "keys"),
        (keys, revoked) => format!("{}, {revoked} revoked", counted(keys as u64, "key", "keys")),
    };
    let offers = !view.offers.is_empty();
    let keys = tables::keys(&view.name, &root, view.keys);
    let subscriptions = tables::subscriptions(&root, view.subscriptions, offers);
    view! {
        <Breadcrumb crumbs=vec![("Apps".to_owned(), "/apps".to_owned())] current=view.name.clone()/>
        <div class="intro">
            <div class="split">
                <h1>{view.name.clone()}</h1>
                <div class="row tight">
                    <a class=new_key href=format!("{root}/keys/new")><Icon name="plus"/>"Create a key"</a>
                    {app_menu(&root, &view.name)}
                </div>
            </div>
            <Facts facts/>
        </div>
        <ErrorSummary/>
        {renaming}
        <section class="section">
            <div class="split"><h2>"Keys"</h2><span class="note">{keys_note}</span></div>
            {keys}
        </section>
        <section class="section">
            <div class="split">
                <h2>"Subscriptions"</h2>
                {offers
                    .then(|| {
                        view! {
                            <a class=subscribe href=format!("/subscribe?app={}", view.id)><Icon name="plus"/>"Subscribe"</a>
                        }
                    })}
            </div>
            {subscriptions}
        </section>
    }
}

fn app_menu(root: &str, name: &str) -> impl IntoView + use<> {
    let id = context::next_id("name");
    let (rename, delete) = (format!("{root}/rename"), format!("{root}/delete"));
    let words = format!(
        "Delete {name} with its keys and subscriptions? Calls with its keys are refused from now on. This cannot be undone."
    );
    let name = name.to_owned();
    let face = view! { <Icon name="more"/> }.into_any();
    view! {
        <Menu label="More for this app" face class="square">
            <Confirm ask="Rename" action=rename confirm="Save name" class="" harmless=true>
                <div class="field">
                    <label for=id.clone()>"Name of the app"</label>
                    <input class="input" id=id.clone() name="name" value=name.clone() required autocomplete="off"/>
                </div>
            </Confirm>
            <hr/>
            <Confirm ask="Delete app" action=delete confirm="Delete this app" class="danger">
                <p>{words}</p>
            </Confirm>
        </Menu>
    }
}
