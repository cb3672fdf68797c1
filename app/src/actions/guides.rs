//! What publishers do with guides and their pictures.
use super::{finish, upload};
use crate::{
    form::{Form, LongForm},
    pages::admin::guides as pages,
    server::{Request, see_other},
};
use axum::{
    extract::{Multipart, multipart::MultipartRejection},
    response::Response,
};
use portico_contract::{PortalError, guides::GuideForm};

/// Where the administration lists the guides of one API, or the portal's own.
fn list(api: Option<&str>) -> String {
    api.map_or_else(|| "/admin/guides".to_owned(), |api| format!("/admin/apis/{api}/guides"))
}

/// Keeps a guide, new or known, or shows how it will look.
pub(crate) async fn save(request: Request, LongForm(form): LongForm) -> Response {
    let address = &request.address;
    let (api, guide) = (address.optional_param("api"), address.optional_param("guide"));
    let input = GuideForm {
        slug: form.text("slug"),
        title: form.text("title"),
        description: form.text("description"),
        order: form.text("order"),
        draft: form.checked("draft"),
        text: form.text("text"),
    };
    if form.get("do") == "preview" {
        return match request.portal.preview_guide(&request.caller, api, guide, input).await {
            Ok(editor) => request.draw(move || pages::editor_of(editor)).await,
            Err(error) => request.draw_again(error, form, pages::editor).await,
        };
    }
    match request.portal.save_guide(&request.caller, api, guide, input).await {
        Ok(slug) => see_other(&format!("{}/{slug}?saved=yes", list(api))),
        Err(error) => request.draw_again(error, form, pages::editor).await,
    }
}

pub(crate) async fn publish(request: Request, form: Form) -> Response {
    set_draft(request, form, false).await
}

pub(crate) async fn withdraw(request: Request, form: Form) -> Response {
    set_draft(request, form, true).await
}

async fn set_draft(request: Request, form: Form, draft: bool) -> Response {
    let address = &request.address;
    let (api, guide) = (address.optional_param("api"), address.param("guide"));
    let done = request.portal.set_guide_draft(&request.caller, api, guide, draft).await;
    let seen = list(api);
    finish(request, form, done.map(|()| seen), pages::page).await
}

pub(crate) async fn delete(request: Request, form: Form) -> Response {
    let address = &request.address;
    let api = address.optional_param("api");
    let done = request.portal.delete_guide(&request.caller, api, address.param("guide")).await;
    let seen = list(api);
    finish(request, form, done.map(|()| seen), pages::page).await
}

pub(crate) async fn add_image(request: Request, form: Result<Multipart, MultipartRejection>) -> Response {
    let api = request.address.optional_param("api");
    let seen = format!("{}#images", list(api));
    let done = match upload::read_image(form).await {
        Ok((name, bytes)) if name.is_empty() || bytes.is_empty() => {
            Err(PortalError::field("image", "Choose a picture: .png, .jpg, .gif, .webp or .avif."))
        }
        Ok((name, bytes)) => request.portal.add_guide_image(&request.caller, api, &name, bytes).await,
        Err(error) => Err(error),
    };
    finish(request, Form::default(), done.map(|()| seen), pages::page).await
}

pub(crate) async fn delete_image(request: Request, form: Form) -> Response {
    let address = &request.address;
    let api = address.optional_param("api");
    let done = request.portal.delete_guide_image(&request.caller, api, address.param("image")).await;
    let seen = format!("{}#images", list(api));
    finish(request, form, done.map(|()| seen), pages::page).await
}
