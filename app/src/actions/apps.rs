//! Apps, what they are subscribed to, and their keys.
use super::finish;
use crate::{
    form::Form,
    pages,
    server::{Request, status_of},
};
use axum::{
    Json,
    http::header,
    response::{IntoResponse as _, Response},
};
use portico_contract::{PortalError, PortalResult, apps::NewKey};

pub(crate) async fn create(request: Request, form: Form) -> Response {
    let done = request.portal.create_app(&request.caller, form.get("name")).await;
    finish(request, form, done.map(|app| format!("/apps/{app}")), pages::apps::new).await
}

pub(crate) async fn rename(request: Request, form: Form) -> Response {
    let app = request.address.param("app").to_owned();
    let done = request.portal.rename_app(&request.caller, &app, form.get("name")).await;
    finish(request, form, done.map(|()| format!("/apps/{app}")), pages::apps::app).await
}

pub(crate) async fn delete(request: Request, form: Form) -> Response {
    let done = request.portal.delete_app(&request.caller, request.address.param("app")).await;
    finish(request, form, done.map(|()| "/apps".to_owned()), pages::apps::app).await
}

/// Subscribes an app, or one made on the way.
pub(crate) async fn subscribe(request: Request, form: Form) -> Response {
    let done = subscribe_some_app(&request, &form).await;
    finish(request, form, done.map(|app| format!("/apps/{app}")), pages::subscribe::page).await
}

async fn subscribe_some_app(request: &Request, form: &Form) -> PortalResult<String> {
    let (api, plan, new_app) = (form.get("api"), form.get("plan"), form.get("new_app").trim());
    // Asked before an app is made, or sending the form again would make another one.
    if plan.is_empty() {
        return Err(PortalError::field("plan", "Choose a plan."));
    }
    let app = match (form.get("app"), new_app) {
        ("", "") => {
            return Err(PortalError::field("new_app", "Choose the app that will make the calls, or name a new one."));
        }
        ("", name) => {
            request.portal.create_app(&request.caller, name).await.map_err(|error| as_field(error, "new_app"))?
        }
        (app, _) => app.to_owned(),
    };
    request.portal.subscribe(&request.caller, &app, api, plan).await.map(|()| app)
}

/// The portal speaks of an app's `name`; here that input is called otherwise.
fn as_field(error: PortalError, field: &str) -> PortalError {
    let PortalError::Invalid(mut errors) = error else { return error };
    for error in &mut errors {
        field.clone_into(&mut error.field);
    }
    PortalError::Invalid(errors)
}

pub(crate) async fn unsubscribe(request: Request, form: Form) -> Response {
    let app = request.address.param("app").to_owned();
    let done = request.portal.unsubscribe(&request.caller, &app, request.address.param("subscription")).await;
    finish(request, form, done.map(|()| format!("/apps/{app}")), pages::apps::app).await
}

/// The one answer that holds the secret: drawn at once instead of a redirect, because nothing keeps it.
pub(crate) async fn create_key(request: Request, form: Form) -> Response {
    let input = NewKey {
        name: form.text("name"),
        environment: form.text("environment"),
        expires: form.text("expires"),
        apis: form.all("apis"),
        allow_ips: form.text("allow_ips"),
        once: form.text("once"),
    };
    match request.portal.create_key(&request.caller, request.address.param("app"), input).await {
        Ok(key) => request.draw(move || async move { Ok(pages::keys::created(key)) }).await,
        Err(error) => request.draw_again(error, form, pages::keys::new).await,
    }
}

pub(crate) async fn rename_key(request: Request, form: Form) -> Response {
    let app = request.address.param("app").to_owned();
    let key = request.address.param("key");
    let done = request.portal.rename_key(&request.caller, &app, key, form.get("name")).await;
    finish(request, form, done.map(|()| format!("/apps/{app}")), pages::apps::app).await
}

pub(crate) async fn revoke_key(request: Request, form: Form) -> Response {
    let app = request.address.param("app").to_owned();
    let done = request.portal.revoke_key(&request.caller, &app, request.address.param("key")).await;
    finish(request, form, done.map(|()| format!("/apps/{app}")), pages::apps::app).await
}

/// What the light beside a new key asks, again and again.
pub(crate) async fn first_call(request: Request) -> Response {
    let address = &request.address;
    match request.portal.first_call(&request.caller, address.param("app"), address.param("key")).await {
        Ok(first_call) => ([(header::CACHE_CONTROL, "no-store")], Json(first_call)).into_response(),
        Err(error) => status_of(&error).into_response(),
    }
}
