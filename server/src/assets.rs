//! The files a browser needs, carried inside the binary: scripts, wasm, stylesheet, font, icon.
//!
//! `build.rs` makes them and the table of them. One more file in `public/` is one more name in its list; one more
//! content type is one more line in its `add`.

use crate::conditional;
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    routing::get,
};

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

struct Asset {
    path: &'static str,
    content_type: &'static str,
    caching: &'static str,
    /// With its quotes.
    etag: &'static str,
    bytes: &'static [u8],
    /// The same bytes as brotli, in a release build, where that is smaller.
    brotli: Option<&'static [u8]>,
}

/// One GET (and HEAD) route for each file. Other paths, an older build's hashed names among them, are not routed here.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    ASSETS.iter().fold(Router::new(), |router, asset| {
        router.route(asset.path, get(move |headers: HeaderMap| async move { asset.answer(&headers) }))
    })
}

impl Asset {
    fn answer(&self, request: &HeaderMap) -> Response<Body> {
        let known = conditional::knows(request, self.etag.trim_matches('"'));
        let brotli = self.brotli.filter(|_| accepts_brotli(request));
        let mut answer = match (known, brotli) {
            (true, _) => Response::new(Body::empty()),
            (false, Some(bytes)) => Response::new(Body::from(bytes)),
            (false, None) => Response::new(Body::from(self.bytes)),
        };
        let mut set = |name, value| answer.headers_mut().insert(name, HeaderValue::from_static(value));
        set(header::ETAG, self.etag);
        set(header::CACHE_CONTROL, self.caching);
        if self.brotli.is_some() {
            set(header::VARY, "accept-encoding");
        }
        if known {
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
            return answer;
        }
        set(header::CONTENT_TYPE, self.content_type);
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        if brotli.is_some() {
            set(header::CONTENT_ENCODING, "br");
        }
        answer
    }
}

/// RFC 9110, section 12.5.3: named, and not with a weight of nought. A mere `*` gets the plain file.
fn accepts_brotli(request: &HeaderMap) -> bool {
    conditional::list(request, &header::ACCEPT_ENCODING).any(|item| {
        let (coding, weight) = conditional::weighed(item);
        coding.eq_ignore_ascii_case("br") && weight > 0.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    fn asked(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    fn asset() -> Asset {
        Asset {
            path: "/pkg/portico.css",
            content_type: "text/css; charset=utf-8",
            caching: "public, max-age=31536000, immutable",
            etag: "\"7\"",
            bytes: b"plain",
            brotli: Some(b"small"),
        }
    }

    #[test]
    fn what_pages_name_is_inside() {
        let paths: Vec<_> = ASSETS.iter().map(|asset| asset.path).collect();
        for path in [STYLESHEET, FONT, "/favicon.svg", "/card.png"] {
            assert!(paths.contains(&path), "{path} is not in {paths:?}");
        }
        let wasm = format!("/pkg/{PACKAGE}_bg.wasm");
        let script = format!("/pkg/{PACKAGE}.js");
        assert_eq!(paths.contains(&wasm.as_str()), paths.contains(&script.as_str()));
    }

    #[test]
    fn the_stylesheet_is_whole_and_names_the_font() {
        let css =
            ASSETS.iter().find(|asset| asset.path == STYLESHEET).map(|asset| String::from_utf8_lossy(asset.bytes));
        let css = css.unwrap();
        assert!(css.starts_with("@layer tokens, base, layout, components, pages;"));
        for layer in ["tokens", "base", "layout", "components", "pages"] {
            assert!(css.contains(&format!("@layer {layer} {{")), "layer {layer} is missing");
        }
        assert!(css.contains(&format!("url(\"{FONT}\")")) && !css.contains("@import") && !css.contains("/*"));
    }

    #[test]
    fn brotli_goes_to_those_who_take_it() {
        let coding = |accepted| {
            asset().answer(&asked(header::ACCEPT_ENCODING, accepted)).headers().contains_key(header::CONTENT_ENCODING)
        };
        assert!(coding("gzip, deflate, br, zstd"));
        assert!(coding("BR;q=0.5"));
        assert!(!coding("gzip"));
        assert!(!coding("gzip, br;q=0"));
        assert!(!coding("brotli"));
        assert!(!asset().answer(&HeaderMap::new()).headers().contains_key(header::CONTENT_ENCODING));
    }

    #[test]
    fn a_known_file_is_not_sent_again() {
        let status = |tag| asset().answer(&asked(header::IF_NONE_MATCH, tag)).status();
        assert_eq!(status("\"7\""), StatusCode::NOT_MODIFIED);
        assert_eq!(status("\"6\", W/\"7\""), StatusCode::NOT_MODIFIED);
        assert_eq!(status("*"), StatusCode::NOT_MODIFIED);
        assert_eq!(status("\"8\""), StatusCode::OK);
    }
}
