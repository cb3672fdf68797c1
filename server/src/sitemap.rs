//! `/sitemap.xml` (sitemaps.org) and `/robots.txt`: which pages are for everybody, for search engines.
//!
//! Older versions are not among them: their pages say that they are not to be listed.
use crate::own_text;
use axum::{
    Router,
    extract::{Extension, Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use portico_contract::{Caller, PortalError};
use portico_control::{Control, ControlError, PublicApi};
use std::{fmt::Write as _, sync::Arc};
use url::Url;

/// As many addresses as a file may have.
const MOST: usize = 50_000;
const XML: &str = "application/xml; charset=utf-8";
/// Without the line that names the sitemap, which needs the portal's address.
const ROBOTS: &str = include_str!("../../public/robots.txt");
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Clone)]
struct House {
    control: Arc<Control>,
    /// Without a slash at its end.
    portal: Arc<str>,
}

pub(crate) fn router(control: Arc<Control>, portal_url: &Url) -> Router {
    let house = House { control, portal: portal_url.as_str().trim_end_matches('/').into() };
    Router::new()
        .route("/sitemap.xml", get(whole))
        .route("/sitemap/{part}", get(part))
        .route("/robots.txt", get(robots))
        .with_state(house)
}

async fn robots(State(house): State<House>, Extension(caller): Extension<Caller>, headers: HeaderMap) -> Response {
    let text = format!("{ROBOTS}\nSitemap: {}/sitemap.xml\n", house.portal);
    own_text::answer("text/plain; charset=utf-8", &headers, &caller, text)
}

async fn whole(State(house): State<House>, Extension(caller): Extension<Caller>, headers: HeaderMap) -> Response {
    match house.control.public_apis().await {
        Ok(apis) => {
            let pages = pages(&apis);
            let parts = pages.len().div_ceil(MOST);
            let text = if parts > 1 { index(&house.portal, parts) } else { list(&house.portal, &pages) };
            own_text::answer(XML, &headers, &caller, text)
        }
        Err(error) => refused(error),
    }
}

/// `/sitemap/2.xml`, counted from 1.
async fn part(
    State(house): State<House>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Path(part): Path<String>,
) -> Response {
    let number = part.strip_suffix(".xml").and_then(|number| number.parse::<usize>().ok());
    let apis = match house.control.public_apis().await {
        Ok(apis) => apis,
        Err(error) => return refused(error),
    };
    let pages = pages(&apis);
    match number.and_then(|number| pages.chunks(MOST).nth(number.checked_sub(1)?)) {
        Some(pages) => own_text::answer(XML, &headers, &caller, list(&house.portal, pages)),
        None => (StatusCode::NOT_FOUND, "There is no such part of the sitemap.\n").into_response(),
    }
}

fn refused(error: ControlError) -> Response {
    own_text::refused(&PortalError::from(error))
}

/// A page's path, and when it last changed, where that is known.
type Page = (String, Option<String>);

fn pages(apis: &[PublicApi]) -> Vec<Page> {
    let mut pages = vec![("/apis".to_owned(), None)];
    for PublicApi { slug, changed, operations } in apis {
        let changed = changed.to_string();
        let root = format!("/apis/{slug}");
        let operations =
            operations.iter().map(|name| format!("{root}/operations/{}", utf8_percent_encode(name, IN_PATH)));
        let all = [root.clone(), format!("{root}/changes")].into_iter().chain(operations);
        pages.extend(all.map(|path| (path, Some(changed.clone()))));
    }
    pages
}

fn list(portal: &str, pages: &[Page]) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for (path, changed) in pages {
        // Writing to a string does not fail. Nothing in a path of ours means anything to XML.
        let _ = write!(xml, "<url><loc>{}{path}</loc>", escaped(portal));
        if let Some(changed) = changed {
            let _ = write!(xml, "<lastmod>{changed}</lastmod>");
        }
        xml.push_str("</url>\n");
    }
    xml.push_str("</urlset>\n");
    xml
}

fn index(portal: &str, parts: usize) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for part in 1..=parts {
        let _ = writeln!(xml, "<sitemap><loc>{}/sitemap/{part}.xml</loc></sitemap>", escaped(portal));
    }
    xml.push_str("</sitemapindex>\n");
    xml
}

/// The portal's address may hold an ampersand.
fn escaped(portal: &str) -> String {
    portal.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_domain::Timestamp;

    #[test]
    fn many_pages_are_parts_of_an_index() {
        let api = PublicApi {
            slug: "a".parse().unwrap(),
            changed: Timestamp::parse("2026-11-24T04:00:00Z").unwrap(),
            operations: (0..MOST).map(|n| format!("x&y/{n}")).collect(),
        };
        let pages = pages(&[api]);
        assert_eq!(pages.len(), MOST + 3);
        let first = list("https://dev.example", &pages[..5]);
        assert!(first.contains("<url><loc>https://dev.example/apis</loc></url>\n<url><loc>https://dev.example/apis/a</loc><lastmod>2026-11-24T04:00:00"), "{first}");
        assert!(first.contains("<loc>https://dev.example/apis/a/operations/x%26y%2F1</loc>"), "{first}");
        assert_eq!(index("https://dev.example", 2).matches("<sitemap><loc>https://dev.example/sitemap/").count(), 2);
    }
}
