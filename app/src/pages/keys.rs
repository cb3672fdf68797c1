//! A new key: its form, and the one page that shows its secret.
use crate::{
    actions::apps as actions,
    components::{
        Breadcrumb, Check, Choice, Choices, CodeBlock, ErrorSummary, Field, HiddenField, Icon, Mark, PostForm, Select,
        TextArea,
    },
    context,
    islands::FirstCall,
    page::{Page, Section},
    server::{House, page},
};
use axum::{
    Router,
    routing::{get, post},
};
use leptos::prelude::*;
use portico_contract::{
    PortalResult,
    apps::{KeyCreated, NewKeyPage},
};
use portico_samples::{Language, with_secret, write};

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/apps/{app}/keys", post(actions::create_key))
        .route("/apps/{app}/keys/new", page(new))
        .route("/apps/{app}/keys/{key}/rename", post(actions::rename_key))
        .route("/apps/{app}/keys/{key}/revoke", post(actions::revoke_key))
        .route("/apps/{app}/keys/{key}/first-call", get(actions::first_call))
}

pub(crate) async fn new() -> PortalResult<Page> {
    let view = context::portal().new_key(&context::caller(), context::address().param("app")).await?;
    Ok(Page::centre(Section::Apps, "Create a key", form(view)))
}

fn crumbs(app: &str, name: &str) -> Vec<(String, String)> {
    vec![("Apps".to_owned(), "/apps".to_owned()), (name.to_owned(), format!("/apps/{app}"))]
}

fn form(view: NewKeyPage) -> AnyView {
    let root = format!("/apps/{}", view.app);
    let choice = |value: &str, label: &str, note: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        note: note.to_owned(),
    };
    let environments = vec![
        choice("test", "Test", "For trying things out; it says so in its name"),
        choice("live", "Live", "For what others rely on"),
    ];
    let expires = [("90", "In 90 days"), ("30", "In 30 days"), ("365", "In a year"), ("never", "Never")]
        .map(|(value, words)| (value.to_owned(), words.to_owned()))
        .to_vec();
    // Typed again it would be made again: the same form, sent twice, makes one key.
    let once = context::form_state().value("once").map_or(view.once, str::to_owned);
    let no_apis = view.apis.is_empty();
    let action = format!("{root}/keys");
    let apis = view.apis;
    view! {
        <div class="stack loose lg">
            <div class="stack tight">
                <Breadcrumb crumbs=crumbs(&view.app, &view.app_name) current="New key"/>
                <h1>"Create a key"</h1>
            </div>
            <ErrorSummary/>
            <PostForm action class="stack loose">
                <HiddenField name="once" value=once/>
                <Field name="name" label="Name" autocomplete="off" help="What runs with it and where. You can change it later."/>
                <Choices name="environment" legend="Environment" choices=environments value="test"/>
                <Select name="expires" label="Expires" options=expires value="90"/>
                <fieldset class="field" id="apis">
                    <legend>"May call "<span class="optional">"leave empty for all subscriptions"</span></legend>
                    {apis
                        .into_iter()
                        .map(|(slug, title)| view! { <Check name="apis" label=title value=slug/> })
                        .collect_view()}
                    {no_apis
                        .then(|| {
                            view! {
                                <p class="note">
                                    "This app has no active subscription yet. The key will work as soon as it has one. "
                                    <a href=format!("/subscribe?app={}", view.app)>"Subscribe"</a>
                                </p>
                            }
                        })}
                </fieldset>
                <TextArea
                    name="allow_ips"
                    label="Addresses"
                    mark=Mark::Optional
                    mono=true
                    help="One address or network a line, e.g. 203.0.113.0/24. Calls from elsewhere are refused."
                />
                <div class="row">
                    <button class="button primary">"Create key"</button>
                    <a class="button quiet" href=root>"Cancel"</a>
                </div>
            </PostForm>
        </div>
    }
    .into_any()
}

/// Drawn as the answer to the form itself: the secret is nowhere to be read again.
pub(crate) fn created(key: KeyCreated) -> Page {
    Page::centre(Section::Apps, "Your key is ready", ready(key))
}

fn ready(key: KeyCreated) -> AnyView {
    let root = format!("/apps/{}", key.app);
    let first_call = key.first_call.map(|call| {
        let variable = call.key.clone().unwrap_or_default();
        let code = with_secret(write(&call, Language::Curl), &variable, &key.secret);
        let requests = format!("/requests?key={}", key.key);
        view! {
            <section class="stack tight" aria-labelledby="call">
                <h2 id="call">"Make the first call"</h2>
                <CodeBlock code label="First call with cURL" class="framed"/>
                <div class="card">
                    <div class="body split">
                        <FirstCall address=format!("{root}/keys/{}/first-call", key.key)/>
                        <a class="note" href=requests>"Its requests"</a>
                    </div>
                </div>
            </section>
        }
    });
    view! {
        <div class="stack loose lg">
            <div class="stack tight">
                <Breadcrumb crumbs=crumbs(&key.app, &key.app_name) current="New key"/>
                <h1>"Your key is ready"</h1>
                <p class="prose"><b>{key.name}</b>{format!(", {}.", key.description)}</p>
            </div>
            <section class="secret" aria-labelledby="sec">
                <h2 id="sec">"Secret"</h2>
                <div class="with-button">
                    <label class="visually-hidden" for="secret">"Secret of the key"</label>
                    <input class="input mono" id="secret" readonly value=key.secret spellcheck="false" autocomplete="off"/>
                    <button class="button primary needs-script" type="button" data-copy=""><Icon name="copy"/>"Copy"</button>
                </div>
                <p class="note">
                    <Icon name="eye"/>
                    <span>
                        "This is the only time it is shown: we keep a digest, not the secret. Lost it? Revoke the key and create another one."
                    </span>
                </p>
            </section>
            {first_call}
            <form class="split" action=root>
                <label class="check">
                    <input type="checkbox" required/>
                    <span>"I have stored the secret in a safe place"</span>
                </label>
                <button class="button">"Done"</button>
            </form>
        </div>
    }
    .into_any()
}
