//! `/llms.txt` and `/llms-full.txt` (llmstxt.org): what there is to read, for language models.
use crate::{
    markdown::{ApiPage, Pages, Wanted},
    own_text,
};
use axum::{
    Router,
    extract::{Extension, State},
    http::HeaderMap,
    response::Response,
    routing::get,
};
use portico_contract::{Caller, Portal, PortalError, PortalResult};
use portico_openapi::in_markdown;
use std::fmt::Write as _;
use tokio::sync::Semaphore;

const KIND: &str = "text/plain; charset=utf-8";
/// The whole file ends behind the page with which it becomes longer than this: some 250,000 words' pieces.
const FULL: usize = 1024 * 1024;
/// The whole file is the work of hundreds of pages.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

pub(crate) fn router(pages: Pages) -> Router {
    Router::new().route("/llms.txt", get(list)).route("/llms-full.txt", get(whole)).with_state(pages)
}

async fn list(State(pages): State<Pages>, Extension(caller): Extension<Caller>, headers: HeaderMap) -> Response {
    let (catalogue, brand) = (pages.control.catalogue(&caller).await, Portal::brand(&*pages.control).await);
    let text = catalogue.map(|catalogue| in_markdown::llms(&brand.name, &catalogue, pages.portal()));
    answer(&headers, &caller, text)
}

async fn whole(State(pages): State<Pages>, Extension(caller): Extension<Caller>, headers: HeaderMap) -> Response {
    let brand = Portal::brand(&*pages.control).await;
    let text = full(&pages, &caller, &brand.name).await;
    answer(&headers, &caller, text)
}

fn answer(headers: &HeaderMap, caller: &Caller, text: PortalResult<String>) -> Response {
    match text {
        Ok(text) => own_text::answer(KIND, headers, caller, text),
        Err(error) => own_text::refused(&error),
    }
}

/// Page after page, until there is no more room.
async fn full(pages: &Pages, caller: &Caller, name: &str) -> PortalResult<String> {
    let _turn = AT_ONCE.acquire().await;
    let catalogue = pages.control.catalogue(caller).await?;
    let mut text = in_markdown::llms(name, &catalogue, pages.portal());
    for item in &catalogue.items {
        let mut wanted = vec![ApiPage::Overview];
        let overview = pages.control.api(caller, &item.slug, None).await?.overview;
        let operations = overview.groups.into_iter().flat_map(|group| group.operations).chain(overview.webhooks);
        wanted.extend(operations.map(|line| ApiPage::Operation(line.slug)));
        wanted.extend(overview.schemas.into_iter().map(|schema| ApiPage::Schema(schema.name)));
        let total = wanted.len();
        for (n, page) in wanted.into_iter().enumerate() {
            if text.len() > FULL {
                // Writing to a string does not fail.
                let _ = write!(
                    text,
                    "\n* * *\n\nThis file stops here, behind {n} of {total} pages of the API at {}/apis/{}. {}/llms.txt leads \
                     to all of them.\n",
                    pages.portal_url, item.slug, pages.portal_url
                );
                return Ok(text);
            }
            match pages.write(caller, &Wanted::Of { api: item.slug.clone(), version: None, page }, None).await {
                Ok(page) => {
                    text.push_str("\n* * *\n\n");
                    text.push_str(&page);
                }
                // It went while the others were written.
                Err(PortalError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(text)
}
