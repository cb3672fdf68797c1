//! The portal's router, and how an answer comes about: a page drawn, drawn again after a refused form, or left for
//! another one.
use crate::{
    context::{self, Address, Site, Theme, Visit},
    form::{Form, FormState},
    page::Page,
    pages, shell,
};
use axum::{
    Router,
    extract::{FromRequestParts, RawPathParams},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Response},
    routing::{MethodRouter, get},
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use leptos::{prelude::*, reactive::computed::ScopedFuture};
use portico_contract::{Caller, Portal, PortalError, PortalResult};
use sha2::{Digest as _, Sha256};
use std::{
    sync::{Arc, atomic::AtomicU32},
    time::Duration,
};

/// Longer than any page takes; a portal that hangs must not hold its readers.
const PATIENCE: Duration = Duration::from_secs(10);

/// All pages and actions. `Caller` and the session are expected in the request's extensions.
pub fn router(portal: Arc<dyn Portal>, site: Site) -> Router {
    let policy = content_security_policy(&site);
    let house = House { portal, site: Arc::new(site), policy };
    pages::routes().fallback(no_such_page).method_not_allowed_fallback(no_such_page).with_state(house)
}

/// Also for an address that only takes forms, when it is asked for as a page.
async fn no_such_page(request: Request) -> Response {
    request.draw(pages::error::no_such_page).await
}

/// What every handler can reach.
#[derive(Clone)]
pub(crate) struct House {
    portal: Arc<dyn Portal>,
    site: Arc<Site>,
    policy: HeaderValue,
}

/// A route that draws a page.
pub(crate) fn page<F, Answer>(draw: F) -> MethodRouter<House>
where
    F: FnOnce() -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = PortalResult<Page>> + Send + 'static,
{
    get(move |request: Request| request.draw(draw))
}

/// One request: who asks the portal for what. Handlers of forms take it first, then the [`Form`].
pub(crate) struct Request {
    pub portal: Arc<dyn Portal>,
    pub caller: Caller,
    pub address: Address,
    site: Arc<Site>,
    policy: HeaderValue,
    theme: Theme,
    language: String,
}

impl FromRequestParts<House> for Request {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, house: &House) -> Result<Self, Response> {
        let params = RawPathParams::from_request_parts(parts, house).await.map_err(IntoResponse::into_response)?;
        let query = parts.uri.query().unwrap_or_default();
        let address = Address {
            path: parts.uri.path().to_owned(),
            query: query.to_owned(),
            params: params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            fields: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        };
        Ok(Self {
            portal: Arc::clone(&house.portal),
            site: Arc::clone(&house.site),
            policy: house.policy.clone(),
            caller: parts.extensions.get().cloned().unwrap_or_default(),
            language: cookie(parts, "language").map(language).unwrap_or_default(),
            theme: cookie(parts, "theme").and_then(Theme::parse).unwrap_or_default(),
            address,
        })
    }
}

fn cookie<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    let headers = parts.headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    headers
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// A choice of the language of samples; what is no such word is no choice.
pub(crate) fn language(text: &str) -> String {
    let fits = text.len() <= 200 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits { text.to_owned() } else { String::new() }
}

impl Request {
    /// The page, the error that stands in its place, or the way to sign in first.
    pub(crate) async fn draw<F, Answer>(self, draw: F) -> Response
    where
        F: FnOnce() -> Answer + Send,
        Answer: Future<Output = PortalResult<Page>> + Send + 'static,
    {
        self.answer(FormState::default(), None, draw).await
    }

    /// The form's page once more, with the status of the error, what was typed, and what is wrong with it. `draw` is the
    /// page that holds the form.
    pub(crate) async fn draw_again<F, Answer>(self, error: PortalError, form: Form, draw: F) -> Response
    where
        F: FnOnce() -> Answer + Send,
        Answer: Future<Output = PortalResult<Page>> + Send + 'static,
    {
        match error {
            // The form's address is none to come back to.
            PortalError::SignInNeeded => see_other("/sign-in"),
            PortalError::NotFound { .. } | PortalError::Internal { .. } => {
                self.draw(move || async move { Err(error) }).await
            }
            _ => {
                let status = status_of(&error);
                self.answer(FormState::refused(form, error), Some(status), draw).await
            }
        }
    }

    async fn answer<F, Answer>(self, form: FormState, status: Option<StatusCode>, draw: F) -> Response
    where
        F: FnOnce() -> Answer + Send,
        Answer: Future<Output = PortalResult<Page>> + Send + 'static,
    {
        let refusal = form.error().cloned();
        let brand = self.portal.brand().await;
        let Self { portal, site, policy, caller, theme, language, address } = self;
        let visit =
            Arc::new(Visit { portal, site, caller, brand, theme, language, address, form, ids: AtomicU32::new(0) });
        let owner = Owner::new_root(None);
        let page = owner.with(|| {
            context::provide(Arc::clone(&visit));
            ScopedFuture::new(draw())
        });
        let page = tokio::time::timeout(PATIENCE, page).await.unwrap_or(Err(PortalError::Unavailable));
        let mut response = owner.with(|| match page {
            Ok(page) => {
                let status = status.unwrap_or(page.status);
                document(&visit, page.with_status(status))
            }
            Err(PortalError::SignInNeeded) => see_other(&sign_in_address(&visit.address)),
            // A page that cannot be drawn says first why its form was refused.
            Err(error) => document(&visit, pages::error::page(refusal.as_ref().unwrap_or(&error))),
        });
        owner.unset_with_forced_cleanup();
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        response
    }
}

fn document(visit: &Visit, page: Page) -> Response {
    let status = page.status;
    let html = shell::document(page).to_html();
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching(visit)));
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
        (header::HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The only script within a page is the one that starts the browser's half. It is the same on all pages, so its digest
/// stands here in place of a nonce that would make each answer another.
fn content_security_policy(site: &Site) -> HeaderValue {
    let owner = Owner::new_root(None);
    let html = owner.with(|| shell::scripts(site).to_html());
    owner.unset_with_forced_cleanup();
    let script = html.split_once("<script").and_then(|(_, rest)| rest.split_once('>')).map(|(_, rest)| rest);
    let script = script.and_then(|rest| rest.split_once("</script>")).map_or("", |(script, _)| script);
    let digest = BASE64_STANDARD.encode(Sha256::digest(script));
    let policy = format!(
        "default-src 'none'; script-src 'self' 'sha256-{digest}' 'wasm-unsafe-eval'; style-src 'self'; \
         connect-src 'self'; img-src 'self' data: blob:; font-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'; object-src 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or_else(|_| unreachable!("words and base64"))
}

/// Every page bears its reader's name and theme, so none may be kept by others; a signed-in reader's not even by the
/// browser, where it would outlive signing out.
fn caching(visit: &Visit) -> &'static str {
    if visit.caller.account.is_some() { "no-store" } else { "private, no-cache" }
}

pub(crate) fn status_of(error: &PortalError) -> StatusCode {
    StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// On to another page, which the browser gets with GET.
pub(crate) fn see_other(path: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(path) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

fn sign_in_address(address: &Address) -> String {
    let next: String = url::form_urlencoded::byte_serialize(address.href().as_bytes()).collect();
    format!("/sign-in?next={next}")
}

/// Where to go after signing in or the like: `next` if it is a path of this site, else `otherwise`. Browsers take `//x`
/// and `/\x` for another host and drop tabs and line breaks, so these are no paths.
pub(crate) fn safe_next<'a>(next: &'a str, otherwise: &'a str) -> &'a str {
    let mut chars = next.chars();
    let is_path = chars.next() == Some('/')
        && !matches!(chars.next(), Some('/' | '\\'))
        && next.chars().all(|char| char.is_ascii_graphic());
    if is_path { next } else { otherwise }
}
