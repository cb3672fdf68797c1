//! The reading pages as Markdown: at their address with `.md` behind it, and at their own for who would rather have that.
//!
//! Which page an address means is said once, in [`Wanted::of`]; what it says is the portal's, written by
//! [`portico_openapi::in_markdown`]. The page in HTML tells of its other form by a `Link`, and by `Vary` that there is one.
use crate::{conditional, own_text};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use percent_encoding::percent_decode_str;
use portico_contract::{Caller, Portal as _, PortalError, PortalResult};
use portico_control::Control;
use portico_openapi::in_markdown::{self, Portal};
use std::{borrow::Cow, sync::Arc};
use url::Url;

/// What is needed to write a page.
#[derive(Clone)]
pub(crate) struct Pages {
    pub(crate) control: Arc<Control>,
    pub(crate) portal_url: Arc<str>,
}

/// A page that has a form in Markdown.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Catalogue,
    Of {
        api: String,
        version: Option<String>,
        page: ApiPage,
    },
    /// Of an API, or the portal's own.
    Guide {
        api: Option<String>,
        guide: String,
    },
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ApiPage {
    Overview,
    Operation(String),
    Schema(String),
    Changes,
}

impl Wanted {
    /// By the path of its page.
    fn of(path: &str) -> Option<Self> {
        let decode = |part: &str| percent_decode_str(part).decode_utf8().ok().map(Cow::into_owned);
        let parts: Option<Vec<String>> = path.strip_prefix('/')?.split('/').map(decode).collect();
        let parts = parts?;
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (api, version, rest) = match parts[..] {
            ["" | "apis"] => return Some(Self::Catalogue),
            ["guides", guide] => return Some(Self::Guide { api: None, guide: guide.to_owned() }),
            ["apis", api, "guides", guide] => {
                return Some(Self::Guide { api: Some(api.to_owned()), guide: guide.to_owned() });
            }
            ["apis", api, "versions", version, ref rest @ ..] => (api, Some(version.to_owned()), rest),
            ["apis", api, ref rest @ ..] => (api, None, rest),
            _ => return None,
        };
        let page = match rest {
            [] => ApiPage::Overview,
            ["operations", slug] => ApiPage::Operation((*slug).to_owned()),
            ["schemas", name] => ApiPage::Schema((*name).to_owned()),
            ["changes"] => ApiPage::Changes,
            _ => return None,
        };
        Some(Self::Of { api: api.to_owned(), version, page })
    }
}

impl Pages {
    pub(crate) fn new(control: Arc<Control>, portal_url: &Url) -> Self {
        Self { control, portal_url: portal_url.as_str().trim_end_matches('/').into() }
    }

    pub(crate) fn portal(&self) -> Portal<'_> {
        Portal(&self.portal_url)
    }

    /// `after` is where a list goes on.
    pub(crate) async fn write(&self, caller: &Caller, wanted: &Wanted, after: Option<&str>) -> PortalResult<String> {
        let (control, portal) = (&self.control, self.portal());
        let (api, version, page) = match wanted {
            Wanted::Of { api, version, page } => (api, version, page),
            Wanted::Catalogue => return Ok(in_markdown::catalogue(&control.catalogue(caller).await?, portal)),
            Wanted::Guide { api, guide } => {
                return Ok(in_markdown::guide(&control.guide(caller, api.as_deref(), guide).await?, portal));
            }
        };
        let version = version.as_deref();
        Ok(match page {
            ApiPage::Overview => in_markdown::api(&control.api(caller, api, version).await?, portal),
            ApiPage::Operation(slug) => {
                in_markdown::operation(&control.operation(caller, api, version, slug).await?, portal)
            }
            ApiPage::Schema(name) => in_markdown::schema(&control.schema(caller, api, version, name).await?, portal),
            ApiPage::Changes => match version {
                None => in_markdown::changes(&control.changes(caller, api, after).await?, portal),
                Some(version) => {
                    in_markdown::version_changes(&control.version_changes(caller, api, version).await?, portal)
                }
            },
        })
    }
}

/// Stands before the pages.
pub(crate) async fn choose(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let path = request.uri().path();
    let caller: Caller = request.extensions().get().cloned().unwrap_or_default();
    let after = request.uri().query().into_iter().flat_map(|query| url::form_urlencoded::parse(query.as_bytes()));
    let after = after.into_iter().find(|(name, _)| name == "after").map(|(_, value)| value.into_owned());
    if let Some(wanted) = path.strip_suffix(".md").and_then(Wanted::of) {
        return match pages.write(&caller, &wanted, after.as_deref()).await {
            Ok(text) => sheet(request.headers(), &caller, text),
            Err(error @ PortalError::NotFound { .. }) => {
                // An operation's own name may end like this.
                let page = next.run(request).await;
                if page.status().is_success() { page } else { own_text::refused(&error) }
            }
            Err(error) => own_text::refused(&error),
        };
    }
    let Some(wanted) = Wanted::of(path) else { return next.run(request).await };
    if prefers_markdown(request.headers()) {
        let mut answer = match pages.write(&caller, &wanted, after.as_deref()).await {
            Ok(text) => sheet(request.headers(), &caller, text),
            Err(error) => own_text::refused(&error),
        };
        vary(answer.headers_mut());
        return answer;
    }
    let at = if wanted == Wanted::Catalogue { "/apis" } else { path };
    let link = format!("<{at}.md>; rel=\"alternate\"; type=\"text/markdown\"");
    let mut page = next.run(request).await;
    vary(page.headers_mut());
    if page.status() == StatusCode::OK
        && link.matches(['<', '>']).count() == 2
        && let Ok(link) = HeaderValue::from_str(&link)
    {
        page.headers_mut().append(header::LINK, link);
    }
    page
}

fn vary(headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("accept"));
}

/// Markdown is asked for by name, and HTML less than that or later.
fn prefers_markdown(request: &HeaderMap) -> bool {
    let mut html = 0.0;
    for item in conditional::list(request, &header::ACCEPT) {
        let (kind, weight) = conditional::weighed(item);
        if kind.eq_ignore_ascii_case("text/markdown") && weight > html {
            let more = |item: &str| {
                let (kind, other) = conditional::weighed(item);
                kind.eq_ignore_ascii_case("text/html") && other > weight
            };
            return !conditional::list(request, &header::ACCEPT).any(more);
        }
        if kind.eq_ignore_ascii_case("text/html") {
            html = weight;
        }
    }
    false
}

fn sheet(request: &HeaderMap, caller: &Caller, text: String) -> Response {
    own_text::answer("text/markdown; charset=utf-8", request, caller, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_for_those_who_would_rather_have_it() {
        for (accept, markdown) in [
            ("text/markdown", true),
            ("text/markdown, text/html, */*", true),
            ("text/markdown;q=0.9, text/html;q=0.5", true),
            ("text/html, text/markdown;q=0.9", false),
            ("text/html, text/markdown", false),
            ("text/markdown;q=0.5, text/html", false),
            ("text/markdown;q=0", false),
            ("text/html,application/xhtml+xml,*/*;q=0.8", false),
            ("*/*", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            assert_eq!(prefers_markdown(&headers), markdown, "{accept}");
        }
    }

    #[test]
    fn pages_are_known_by_their_path() {
        let of = |version: Option<&str>, page| {
            Some(Wanted::Of { api: "a".into(), version: version.map(str::to_owned), page })
        };
        for (path, wanted) in [
            ("/", Some(Wanted::Catalogue)),
            ("/apis", Some(Wanted::Catalogue)),
            ("/apis/a", of(None, ApiPage::Overview)),
            ("/apis/a/versions/1.0", of(Some("1.0"), ApiPage::Overview)),
            ("/apis/a/schemas/b%2Fc", of(None, ApiPage::Schema("b/c".into()))),
            ("/apis/a/versions/1.0/operations/b", of(Some("1.0"), ApiPage::Operation("b".into()))),
            ("/apis/a/changes", of(None, ApiPage::Changes)),
            ("/guides/g", Some(Wanted::Guide { api: None, guide: "g".into() })),
            ("/apis/a/guides/g", Some(Wanted::Guide { api: Some("a".into()), guide: "g".into() })),
            ("/guides", None),
            ("/apis/a/openapi.json", None),
            ("/apis/a/operations/b/c", None),
            ("/apps", None),
        ] {
            assert_eq!(Wanted::of(path), wanted, "{path}");
        }
    }
}
