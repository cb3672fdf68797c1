//! What publishers and admins change.
use super::{finish, upload};
use crate::{
    form::Form,
    pages,
    server::{Request, safe_next},
};
use axum::{
    extract::{Multipart, multipart::MultipartRejection},
    response::Response,
};
use portico_contract::{
    PortalError, PortalResult, Role,
    admin::{ApiSettings, PlanForm, Upload, Uploaded},
    catalogue::{Access, Visibility},
    reference::{Finding, Severity},
    settings::SettingsPart,
};

pub(crate) async fn add_api(request: Request, form: Result<Multipart, MultipartRejection>) -> Response {
    let sent = upload::read(form).await;
    let slug = sent.form.text("slug");
    match take_document(&request, sent.document, slug, &sent.form).await {
        Ok(uploaded) => kept_or_shown(request, sent.form, uploaded, pages::admin::apis::new_with).await,
        Err(error) => request.draw_again(error, sent.form, pages::admin::apis::new).await,
    }
}

/// The next version of an API that is there.
pub(crate) async fn add_version(request: Request, form: Result<Multipart, MultipartRejection>) -> Response {
    let sent = upload::read(form).await;
    let slug = request.address.param("api").to_owned();
    match take_document(&request, sent.document, slug, &sent.form).await {
        Ok(uploaded) => kept_or_shown(request, sent.form, uploaded, pages::admin::api::with_findings).await,
        Err(error) => request.draw_again(error, sent.form, pages::admin::api::page).await,
    }
}

async fn take_document(
    request: &Request,
    document: PortalResult<Vec<u8>>,
    slug: String,
    form: &Form,
) -> PortalResult<Uploaded> {
    let document = document?;
    if document.iter().all(u8::is_ascii_whitespace) {
        return Err(PortalError::field("file", "Choose a file, or paste the document."));
    }
    let upload = Upload { slug, document, upstream: form.text("upstream"), publish: form.checked("publish") };
    request.portal.upload(&request.caller, upload).await
}

/// On to the API when the document was kept; else the form again, with what is wrong in the document.
async fn kept_or_shown<F, Answer>(request: Request, form: Form, uploaded: Uploaded, draw: F) -> Response
where
    F: FnOnce(Vec<Finding>) -> Answer + Send,
    Answer: Future<Output = PortalResult<crate::page::Page>> + Send + 'static,
{
    if let Some(slug) = uploaded.slug {
        return finish(request, form, Ok(format!("/admin/apis/{slug}")), pages::admin::apis::list).await;
    }
    let errors = uploaded.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let message = match errors {
        1 => "One thing in the document keeps it from being served; nothing was changed.".to_owned(),
        _ => format!("{errors} things in the document keep it from being served; nothing was changed."),
    };
    request.draw_again(PortalError::field("file", message), form, move || draw(uploaded.findings)).await
}

pub(crate) async fn save_api_settings(request: Request, form: Form) -> Response {
    let api = request.address.param("api").to_owned();
    let done = match settings(&form) {
        Ok(settings) => request.portal.save_api_settings(&request.caller, &api, settings).await,
        Err(error) => Err(error),
    };
    finish(request, form, done.map(|()| format!("/admin/apis/{api}?saved=settings")), pages::admin::api::page).await
}

fn settings(form: &Form) -> PortalResult<ApiSettings> {
    let access = match form.get("access") {
        "key" => Access::Key,
        "document" => Access::Document,
        "open" => Access::Open,
        _ => return Err(PortalError::field("access", "Choose who may call: key, document or open.")),
    };
    let visibility = match form.get("visibility") {
        "public" => Visibility::Public,
        "signed-in" => Visibility::SignedIn,
        "private" => Visibility::Private,
        _ => return Err(PortalError::field("visibility", "Choose who may see it: public, signed-in or private.")),
    };
    Ok(ApiSettings {
        upstreams: form.text("upstreams"),
        access,
        visibility,
        base_path: form.text("base_path"),
        plans: form.all("plans"),
        timeout_ms: form.text("timeout_ms"),
        max_body_bytes: form.text("max_body_bytes"),
    })
}

pub(crate) async fn save_settings_part(request: Request, form: Form) -> Response {
    let api = request.address.param("api").to_owned();
    let Some(part) = SettingsPart::parse(request.address.param("part")) else {
        return request.draw(pages::admin::parts::page).await;
    };
    let done = request.portal.save_settings_part(&request.caller, &api, part, form.pairs().to_vec()).await;
    let seen = format!("/admin/apis/{api}/settings/{}?saved=yes", part.as_str());
    finish(request, form, done.map(|()| seen), pages::admin::parts::page).await
}

pub(crate) async fn purge_cache(request: Request, form: Form) -> Response {
    let api = request.address.param("api").to_owned();
    let done = request.portal.purge_cache(&request.caller, &api).await;
    let seen = |forgotten| format!("/admin/apis/{api}/settings/caching?forgotten={forgotten}");
    finish(request, form, done.map(seen), pages::admin::parts::caching).await
}

pub(crate) async fn add_reader(request: Request, form: Form) -> Response {
    let api = request.address.param("api").to_owned();
    let done = request.portal.add_reader(&request.caller, &api, form.get("email")).await;
    finish(request, form, done.map(|()| format!("/admin/apis/{api}/readers")), pages::admin::readers::page).await
}

pub(crate) async fn remove_reader(request: Request, form: Form) -> Response {
    let api = request.address.param("api").to_owned();
    let done = request.portal.remove_reader(&request.caller, &api, request.address.param("account")).await;
    finish(request, form, done.map(|()| format!("/admin/apis/{api}/readers")), pages::admin::readers::page).await
}

pub(crate) async fn publish(request: Request, form: Form) -> Response {
    let api = request.address.param("api").to_owned();
    let done = request.portal.publish(&request.caller, &api, request.address.param("version")).await;
    finish(request, form, done.map(|()| format!("/admin/apis/{api}")), pages::admin::api::page).await
}

pub(crate) async fn unpublish(request: Request, form: Form) -> Response {
    let api = request.address.param("api").to_owned();
    let done = request.portal.unpublish(&request.caller, &api).await;
    finish(request, form, done.map(|()| format!("/admin/apis/{api}")), pages::admin::api::page).await
}

pub(crate) async fn delete_api(request: Request, form: Form) -> Response {
    let done = request.portal.delete_api(&request.caller, request.address.param("api")).await;
    finish(request, form, done.map(|()| "/admin/apis".to_owned()), pages::admin::api::page).await
}

pub(crate) async fn create_plan(request: Request, form: Form) -> Response {
    let done = request.portal.create_plan(&request.caller, plan(&form, form.text("slug"))).await;
    finish(request, form, done.map(|()| "/admin/plans".to_owned()), pages::admin::plans::new).await
}

pub(crate) async fn save_plan(request: Request, form: Form) -> Response {
    let slug = request.address.param("plan").to_owned();
    let done = request.portal.save_plan(&request.caller, &slug, plan(&form, slug.clone())).await;
    finish(request, form, done.map(|()| "/admin/plans".to_owned()), pages::admin::plans::edit).await
}

fn plan(form: &Form, slug: String) -> PlanForm {
    PlanForm {
        slug,
        name: form.text("name"),
        rate_limit: form.text("rate_limit"),
        rate_per: form.text("rate_per"),
        burst: form.text("burst"),
        quota_limit: form.text("quota_limit"),
        quota_per: form.text("quota_per"),
        concurrency: form.text("concurrency"),
        key_limit: form.text("key_limit"),
        key_per: form.text("key_per"),
        key_burst: form.text("key_burst"),
        operations: form.text("operations"),
        manual: form.checked("manual"),
    }
}

pub(crate) async fn delete_plan(request: Request, form: Form) -> Response {
    let done = request.portal.delete_plan(&request.caller, request.address.param("plan")).await;
    finish(request, form, done.map(|()| "/admin/plans".to_owned()), pages::admin::plans::edit).await
}

pub(crate) async fn approve(request: Request, form: Form) -> Response {
    decide(request, form, true).await
}

pub(crate) async fn reject(request: Request, form: Form) -> Response {
    decide(request, form, false).await
}

async fn decide(request: Request, form: Form, approve: bool) -> Response {
    let done = request.portal.decide(&request.caller, request.address.param("subscription"), approve).await;
    let next = safe_next(form.get("next"), "/admin/subscriptions").to_owned();
    finish(request, form, done.map(|()| next), pages::admin::subscriptions::page).await
}

pub(crate) async fn set_role(request: Request, form: Form) -> Response {
    let done = match Role::ALL.into_iter().find(|role| role.as_str() == form.get("role")) {
        Some(role) => request.portal.set_role(&request.caller, request.address.param("account"), role).await,
        None => Err(PortalError::field("role", "Choose developer, publisher or admin.")),
    };
    finish(request, form, done.map(|()| "/admin/accounts".to_owned()), pages::admin::accounts::page).await
}

pub(crate) async fn delete_account(request: Request, form: Form) -> Response {
    let done = request.portal.delete_account(&request.caller, request.address.param("account")).await;
    finish(request, form, done.map(|()| "/admin/accounts".to_owned()), pages::admin::accounts::page).await
}

const LOOK_SAVED: &str = "/admin/settings?saved=brand";

pub(crate) async fn save_brand(request: Request, form: Form) -> Response {
    let done = request.portal.save_brand(&request.caller, form.get("name"), form.get("accent")).await;
    finish(request, form, done.map(|()| LOOK_SAVED.to_owned()), pages::admin::settings::page).await
}

pub(crate) async fn set_logo(request: Request, form: Result<Multipart, MultipartRejection>) -> Response {
    let sent = upload::read(form).await;
    let done = match sent.document {
        Ok(bytes) if bytes.is_empty() => Err(PortalError::field("file", "Choose a picture.")),
        Ok(bytes) => request.portal.set_logo(&request.caller, bytes).await,
        Err(error) => Err(error),
    };
    finish(request, sent.form, done.map(|()| LOOK_SAVED.to_owned()), pages::admin::settings::page).await
}

pub(crate) async fn remove_logo(request: Request, form: Form) -> Response {
    let done = request.portal.remove_logo(&request.caller).await;
    finish(request, form, done.map(|()| LOOK_SAVED.to_owned()), pages::admin::settings::page).await
}
