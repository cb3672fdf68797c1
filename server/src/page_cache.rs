//! Pages of the reference as they were drawn and compressed for somebody who is not signed in, kept for the next one.
//!
//! Such a page depends on its address, on the few cookies that hold a taste (theme, language of samples) and on what the
//! browser takes; all of these are its name here. It holds for one edition of what the portal shows
//! ([`Control::edition`]), and a minute at most, since some pages say how long ago something was. Whoever has a session
//! passes by: their pages bear their name.
use crate::conditional;
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use portico_control::Control;
use quick_cache::{Weighter, sync::Cache};
use sha2::{Digest as _, Sha256};
use std::{
    fmt::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

/// Bytes kept in all.
const ROOM: u64 = 24 * 1024 * 1024;
/// A larger answer is made anew each time.
const LARGEST: usize = 1024 * 1024;
/// Longer names are nobody's reading.
const LONGEST_NAME: usize = 1024;
const LIFETIME: Duration = Duration::from_mins(1);

/// What a page depends on beside its address.
const TELLING: [HeaderName; 3] = [header::ACCEPT, header::ACCEPT_ENCODING, header::COOKIE];
const VARY: HeaderValue = HeaderValue::from_static("accept, accept-encoding, cookie");

pub(crate) struct PageCache {
    control: Arc<Control>,
    pages: Cache<String, Arc<Kept>, ByBytes>,
}

struct Kept {
    edition: u64,
    drawn: Instant,
    /// Without its quotes.
    tag: String,
    headers: HeaderMap,
    body: Bytes,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<String, Arc<Kept>> for ByBytes {
    fn weight(&self, name: &String, kept: &Arc<Kept>) -> u64 {
        // Headers and bookkeeping take about as much.
        (name.len() + kept.body.len() + 1024) as u64
    }
}

impl PageCache {
    pub(crate) fn new(control: Arc<Control>) -> Arc<Self> {
        Arc::new(Self { control, pages: Cache::with_weighter(1_000, ROOM, ByBytes) })
    }

    fn find(&self, name: &str, edition: u64) -> Option<Arc<Kept>> {
        self.pages.get(name).filter(|kept| kept.edition == edition && kept.drawn.elapsed() < LIFETIME)
    }
}

/// Outside of compression, so that what is kept is what goes out.
pub(crate) async fn keep(State(cache): State<Arc<PageCache>>, request: Request, next: Next) -> Response {
    let Some(name) = name_of(&request) else { return next.run(request).await };
    let asked: HeaderMap = request
        .headers()
        .get_all(header::IF_NONE_MATCH)
        .into_iter()
        .map(|known| (header::IF_NONE_MATCH, known.clone()))
        .collect();
    // Asked before the page is drawn: what changes meanwhile makes it stale at once.
    let edition = cache.control.edition();
    if let Some(kept) = cache.find(&name, edition) {
        return kept.answer(&asked);
    }
    let (mut parts, body) = next.run(request).await.into_parts();
    if parts.status != StatusCode::OK || parts.headers.contains_key(header::SET_COOKIE) || !is_page(&parts.headers) {
        return Response::from_parts(parts, body);
    }
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let tag = tag(&body);
    if let Ok(quoted) = HeaderValue::from_str(&format!("\"{tag}\"")) {
        parts.headers.insert(header::ETAG, quoted);
    }
    parts.headers.insert(header::VARY, VARY);
    let kept = Kept { edition, drawn: Instant::now(), tag, headers: parts.headers, body };
    let answer = kept.answer(&asked);
    if kept.body.len() <= LARGEST {
        cache.pages.insert(name, Arc::new(kept));
    }
    answer
}

/// What a page is kept under; `None` for what is not kept.
fn name_of(request: &Request) -> Option<String> {
    let path = request.uri().path();
    let reference = path == "/" || path == "/apis" || path.starts_with("/apis/");
    // The session's cookie is called `portico`, with or without the prefix of secure ones.
    let cookies = request.headers().get_all(header::COOKIE);
    let signed_in = cookies.iter().any(|cookie| cookie.as_bytes().windows(8).any(|window| window == b"portico="));
    if request.method() != Method::GET || !reference || signed_in {
        return None;
    }
    let mut name = request.uri().path_and_query()?.as_str().to_owned();
    for telling in &TELLING {
        for value in request.headers().get_all(telling) {
            name.push('\n');
            name.push_str(value.to_str().ok()?);
        }
        name.push('\n');
    }
    (name.len() <= LONGEST_NAME).then_some(name)
}

/// All else knows its own tag, or has no end.
fn is_page(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

fn tag(body: &[u8]) -> String {
    Sha256::digest(body).iter().take(12).fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Kept {
    /// The page, or word that the browser has it (RFC 9110, 13.1.2).
    fn answer(&self, asked: &HeaderMap) -> Response {
        let mut response = if conditional::knows(asked, &self.tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let mut response = Response::new(Body::from(self.body.clone()));
            response.headers_mut().clone_from(&self.headers);
            response
        };
        let headers = response.headers_mut();
        for name in [header::CACHE_CONTROL, header::ETAG, header::VARY] {
            if let Some(value) = self.headers.get(&name) {
                headers.insert(name, value.clone());
            }
        }
        response
    }
}
