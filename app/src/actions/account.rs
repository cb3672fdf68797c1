//! Coming in, and looking after one's own account.
use super::finish;
use crate::{
    form::Form,
    pages,
    server::{Request, safe_next},
};
use axum::response::Response;
use portico_contract::{
    PortalError, PortalResult, SignedIn,
    account::{PasswordChange, SignIn, SignUp},
};
use tower_sessions::Session;

pub(crate) async fn sign_up(request: Request, session: Session, form: Form) -> Response {
    let account = request.portal.sign_up(&request.caller, newcomer(&form)).await;
    let done = enter(&session, account).await.map(|()| safe_next(form.get("next"), "/apps").to_owned());
    finish(request, form, done, pages::account::sign_up).await
}

pub(crate) async fn sign_in(request: Request, session: Session, form: Form) -> Response {
    let input = SignIn { email: form.text("email"), password: form.text("password") };
    let account = request.portal.sign_in(&request.caller, input).await;
    let done = enter(&session, account).await.map(|()| safe_next(form.get("next"), "/apps").to_owned());
    finish(request, form, done, pages::account::sign_in).await
}

pub(crate) async fn set_up(request: Request, session: Session, form: Form) -> Response {
    let account = request.portal.create_first_admin(&request.caller, form.get("token"), newcomer(&form)).await;
    let done = enter(&session, account).await.map(|()| "/admin".to_owned());
    finish(request, form, done, pages::account::set_up).await
}

fn newcomer(form: &Form) -> SignUp {
    SignUp { name: form.text("name"), email: form.text("email"), password: form.text("password") }
}

/// The session gets a new id with its account, so that one known from before is worth nothing.
async fn enter(session: &Session, account: PortalResult<SignedIn>) -> PortalResult<()> {
    let account = account?;
    session.cycle_id().await.map_err(|_| PortalError::Unavailable)?;
    session.insert("account", account.id).await.map_err(|_| PortalError::Unavailable)
}

pub(crate) async fn rename(request: Request, form: Form) -> Response {
    let done = request.portal.rename_account(&request.caller, form.get("name")).await;
    finish(request, form, done.map(|()| "/account".to_owned()), pages::account::account).await
}

pub(crate) async fn choose_mail(request: Request, form: Form) -> Response {
    let done = request.portal.set_mail_versions(&request.caller, form.checked("versions")).await;
    finish(request, form, done.map(|()| "/account#mail".to_owned()), pages::account::account).await
}

/// Also what a mail program sends on its own (RFC 8058): the token stands in the address then.
pub(crate) async fn turn_mail_off(request: Request, form: Form) -> Response {
    let token = match form.get("token") {
        "" => request.address.field("token").to_owned(),
        token => token.to_owned(),
    };
    let done = request.portal.turn_mail_off(&token).await;
    let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    finish(request, form, done.map(|()| format!("/mail/off?token={token}&done=yes")), pages::account::turn_off).await
}

/// The portal ends all other sessions; this one goes on under a new id.
pub(crate) async fn change_password(request: Request, session: Session, form: Form) -> Response {
    let input = PasswordChange { current: form.text("current"), password: form.text("password") };
    let done = match request.portal.change_password(&request.caller, input).await {
        Ok(()) => session.cycle_id().await.map_err(|_| PortalError::Unavailable),
        Err(error) => Err(error),
    };
    finish(request, form, done.map(|()| "/account?changed=password".to_owned()), pages::account::account).await
}
