//! `/guides`, `/guides/{guide}` and `/apis/{api}/guides/{guide}`: what publishers wrote, with its pictures.
use crate::{
    components::{
        Breadcrumb, Callout, Empty, Icon, Time, Tone, guide,
        reference::{Place, sidebar},
    },
    context,
    page::{Page, Section},
    server::{House, Request, page, status_of},
};
use axum::{
    Router,
    http::header,
    response::{IntoResponse as _, Response},
    routing::get,
};
use leptos::prelude::*;
use portico_contract::{
    PortalResult,
    guides::{GuideLine, GuidePage},
};

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/guides", page(list))
        .route("/guides/{guide}", page(show))
        .route("/apis/{api}/guides/{guide}", page(show))
        .route("/guides/images/{image}", get(image))
        .route("/apis/{api}/guides/images/{image}", get(image))
}

async fn list() -> PortalResult<Page> {
    let view = context::portal().guides(&context::caller()).await?;
    let body = if view.guides.is_empty() {
        view! { <Empty icon="doc" title="No guides yet"><p>"Each API's own guides stand on its pages."</p></Empty> }
            .into_any()
    } else {
        guide::list(view.guides)
    };
    let content = view! {
        <div class="intro"><h1>"Guides"</h1><p class="lead">"How to work with this portal and its APIs."</p></div>
        {body}
    };
    Ok(Page::wide(Section::Apis, "Guides", content).described("Guides of this portal."))
}

async fn show() -> PortalResult<Page> {
    let address = context::address();
    let view =
        context::portal().guide(&context::caller(), address.optional_param("api"), address.param("guide")).await?;
    Ok(draw(view))
}

fn draw(view: GuidePage) -> Page {
    let GuidePage { api, guide: shown, text, changed, guides, edit } = view;
    let crumbs = match &api {
        Some((head, _)) => {
            vec![("APIs".to_owned(), "/apis".to_owned()), (head.title.clone(), head.root.clone())]
        }
        None => vec![("Guides".to_owned(), "/guides".to_owned())],
    };
    let draft = shown.draft.then(|| {
        view! {
            <Callout tone=Tone::Warn title="A draft">
                "Only publishers and admins see this guide. Readers see it once it is published."
            </Callout>
        }
    });
    let edit = edit.map(|href| {
        view! {
            <div class="row tight actions"><a class="button quiet small" href=href><Icon name="doc"/>"Edit"</a></div>
        }
    });
    let lead =
        (!shown.description.is_empty()).then(|| view! { <p class="lead" dir="auto">{shown.description.clone()}</p> });
    let outline = guide::outline(&text.outline);
    let content = view! {
        <div class="split actions-line"><Breadcrumb crumbs current=shown.title.clone()/>{edit}</div>
        <header class="intro"><h1 dir="auto">{shown.title.clone()}</h1>{lead}</header>
        {draft}
        {guide::text(text)}
        <p class="section note">"Changed "<Time moment=changed/></p>
        {pager(&guides, &shown)}
    };
    let description = if shown.description.is_empty() { shown.title.clone() } else { shown.description.clone() };
    let page = match api {
        Some((head, navigation)) => {
            let sidebar = sidebar(&head, navigation, Place::Guide);
            Page::reference(shown.title, sidebar, content).of_api(head)
        }
        None => Page::reference(shown.title, guide::links(&guides), content),
    };
    let page = page.described(description);
    match outline {
        Some(outline) => page.with_pane("On this page", outline),
        None => page,
    }
}

/// The guides before and behind the one shown.
fn pager(guides: &[GuideLine], shown: &GuideLine) -> Option<AnyView> {
    let at = guides.iter().position(|guide| guide.slug == shown.slug)?;
    let link = |guide: &GuideLine, rel: &'static str, words: &'static str| {
        view! { <a href=guide.href.clone() rel=rel><span class="sub">{words}</span>{guide.title.clone()}</a> }
    };
    let previous = at.checked_sub(1).and_then(|at| guides.get(at)).map(|guide| link(guide, "prev", "Previous"));
    let next = guides.get(at + 1).map(|guide| link(guide, "next", "Next"));
    (previous.is_some() || next.is_some())
        .then(|| view! { <nav class="pager" aria-label="Guides nearby">{previous}{next}</nav> }.into_any())
}

/// A picture, and nothing but a picture: whatever its bytes are, no browser takes them for a page.
async fn image(request: Request) -> Response {
    let address = &request.address;
    let found =
        request.portal.guide_image(&request.caller, address.optional_param("api"), address.param("image")).await;
    let caching = if request.caller.account.is_some() { "no-store" } else { "private, max-age=300" };
    match found {
        Ok(image) => {
            let headers = [
                (header::CONTENT_TYPE, image.media_type),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
                (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
                (header::CACHE_CONTROL, caching.to_owned()),
            ];
            (headers, image.bytes).into_response()
        }
        Err(error) => status_of(&error).into_response(),
    }
}
