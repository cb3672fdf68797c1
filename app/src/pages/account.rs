//! Coming in, and one's own account.
use super::sidebar::{self, Place};
use crate::{
    actions::account as actions,
    components::{
        Callout, Check, ErrorSummary, Fact, Facts, Field, HiddenField, PasswordField, PostForm, Time, Tone,
        words::counted,
    },
    context,
    page::{Page, Section},
    server::{House, page},
};
use axum::Router;
use leptos::prelude::*;
use portico_contract::{PortalResult, account::AccountPage};

const PASSWORD_HELP: &str = "12 characters or more. A sentence is better than symbols.";

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/sign-up", page(sign_up).post(actions::sign_up))
        .route("/sign-in", page(sign_in).post(actions::sign_in))
        .route("/setup", page(set_up).post(actions::set_up))
        .route("/account", page(account).post(actions::rename))
        .route("/account/password", axum::routing::post(actions::change_password))
        .route("/account/mail", axum::routing::post(actions::choose_mail))
        .route("/mail/off", page(turn_off).post(actions::turn_mail_off))
}

pub(crate) async fn sign_up() -> PortalResult<Page> {
    let next = context::value("next");
    let sign_in = with_next("/sign-in", &next);
    let content = view! {
        <div class="stack loose">
            <div class="stack tight">
                <h1>"Create an account"</h1>
                <p class="prose">"One account for all APIs. Your first key is two minutes away."</p>
            </div>
            <ErrorSummary/>
            <PostForm action="/sign-up">
                <HiddenField name="next" value=next/>
                {new_account()}
                <button class="button primary">"Create account"</button>
            </PostForm>
            <p class="note">"Have an account already? "<a href=sign_in>"Sign in"</a></p>
        </div>
    };
    Ok(Page::centre(Section::Other, "Create an account", content))
}

pub(crate) async fn sign_in() -> PortalResult<Page> {
    let next = context::value("next");
    let sign_up = with_next("/sign-up", &next);
    let content = view! {
        <div class="stack loose">
            <div class="stack tight">
                <h1>"Sign in"</h1>
                {(!next.is_empty()).then(|| view! { <p class="prose">"Then you go on where you were."</p> })}
            </div>
            <ErrorSummary/>
            <PostForm action="/sign-in">
                <HiddenField name="next" value=next/>
                <Field name="email" label="E-mail" kind="email" autocomplete="username"/>
                <PasswordField name="password" label="Password" autocomplete="current-password"/>
                <button class="button primary">"Sign in"</button>
            </PostForm>
            <p class="note">"No account yet? "<a href=sign_up>"Create one"</a></p>
        </div>
    };
    Ok(Page::centre(Section::Other, "Sign in", content))
}

/// Keeps where the reader wanted to go.
fn with_next(path: &str, next: &str) -> String {
    if next.is_empty() {
        return path.to_owned();
    }
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("{path}?next={next}")
}

/// The first administrator's page, behind the link that the first start prints.
pub(crate) async fn set_up() -> PortalResult<Page> {
    let token = context::value("token");
    context::portal().check_first_admin(&token).await?;
    let content = view! {
        <div class="stack loose">
            <div class="stack tight">
                <h1>"Set up "{context::brand().name}</h1>
                <p class="prose">
                    "You are the first here: this account becomes the administrator. The link works once."
                </p>
            </div>
            <ErrorSummary/>
            <PostForm action="/setup">
                <HiddenField name="token" value=token/>
                {new_account()}
                <button class="button primary">"Create administrator"</button>
            </PostForm>
        </div>
    };
    Ok(Page::centre(Section::Other, "Set up", content))
}

pub(crate) async fn account() -> PortalResult<Page> {
    let account = context::portal().account(&context::caller()).await?;
    let changed = context::address().field("changed") == "password";
    let sidebar = sidebar::console(Place::Account).await;
    Ok(Page::console(Section::Other, "Profile and sign-in", sidebar, content(account, changed)))
}

fn content(account: AccountPage, password_changed: bool) -> impl IntoView {
    let facts = vec![
        Fact::new("E-mail", account.email.clone()),
        Fact::new("Role", account.role),
        Fact::new("Signed in on", counted(account.sessions.into(), "device", "devices")),
        Fact::new("Account since", view! { <Time moment=account.created full=true/> }),
    ];
    view! {
        <div class="intro">
            <h1>"Profile and sign-in"</h1>
            <Facts facts/>
        </div>
        {password_changed
            .then(|| {
                view! {
                    <div role="status">
                        <Callout tone=Tone::Ok title="The password is changed">
                            "All other devices are signed out."
                        </Callout>
                    </div>
                }
            })}
        <ErrorSummary/>
        <section class="section">
            <h2>"Name"</h2>
            <PostForm action="/account">
                <Field name="name" label="Your name" value=account.name autocomplete="name" help="Others see it beside your apps."/>
                <div class="row">
                    <button class="button primary">"Save name"</button>
                </div>
            </PostForm>
        </section>
        <section class="section" id="mail">
            <h2>"Letters"</h2>
            <PostForm action="/account/mail">
                <Check
                    name="versions"
                    label="New versions"
                    note="of APIs that your apps are subscribed to, with what changed"
                    checked=account.mail_versions
                />
                <div class="row">
                    <button class="button">"Save"</button>
                </div>
            </PostForm>
        </section>
        <section class="section">
            <h2>"Password"</h2>
            <PostForm action="/account/password">
                // Tells password managers whose password this is.
                <input type="email" autocomplete="username" value=account.email readonly hidden/>
                <PasswordField name="current" label="Present password" autocomplete="current-password"/>
                <PasswordField name="password" label="New password" help=PASSWORD_HELP autocomplete="new-password"/>
                <div class="row">
                    <button class="button">"Change password"</button>
                    <span class="note">"Signs you out on all other devices"</span>
                </div>
            </PostForm>
        </section>
        <section class="section">
            <h2>"This device"</h2>
            <form class="row" method="post" action="/sign-out">
                <button class="button">"Sign out"</button>
            </form>
        </section>
    }
}

/// Behind a link in a letter; needs no sign-in, since not everybody who gets letters remembers a password.
pub(crate) async fn turn_off() -> PortalResult<Page> {
    let address = context::address();
    let token = context::value("token");
    let view = context::portal().check_turn_off(&token).await?;
    let content = if address.field("done") == "yes" {
        view! {
            <div class="stack loose">
                <h1>"No more letters about new versions"</h1>
                <p class="prose">{format!("{} gets none from now on.", view.address)}</p>
                <p class="note"><a href="/account#mail">"Turn them on again"</a>" where you have signed in."</p>
            </div>
        }
        .into_any()
    } else {
        view! {
            <div class="stack loose">
                <h1>"Letters about new versions"</h1>
                <p class="prose">
                    {format!("{} gets a letter when an API that its apps are subscribed to has a new version.", view.address)}
                </p>
                <ErrorSummary/>
                <PostForm action="/mail/off">
                    <HiddenField name="token" value=token/>
                    <button class="button primary">"Turn them off"</button>
                </PostForm>
            </div>
        }
        .into_any()
    };
    Ok(Page::centre(Section::Other, "Letters about new versions", content))
}

/// What an account is made of, whoever makes it.
fn new_account() -> impl IntoView {
    view! {
        <Field name="name" label="Name" autocomplete="name"/>
        <Field name="email" label="E-mail" kind="email" autocomplete="username" help="You sign in with it."/>
        <PasswordField name="password" label="Password" help=PASSWORD_HELP autocomplete="new-password"/>
    }
}

#[cfg(test)]
mod tests {
    use super::with_next;

    #[test]
    fn where_to_go_next_is_kept_whole() {
        assert_eq!(with_next("/sign-up", ""), "/sign-up");
        assert_eq!(with_next("/sign-up", "/apis?a=1&b=2"), "/sign-up?next=%2Fapis%3Fa%3D1%26b%3D2");
    }
}
