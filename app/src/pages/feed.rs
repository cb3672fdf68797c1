//! `/apis/{api}/changes.rss`: RSS 2.0, for feed readers.
use crate::{
    components::{
        changes::{change_counts, coded},
        text::escape,
    },
    server::{House, Request, status_of},
};
use axum::{
    Router,
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use portico_contract::{
    catalogue::{ChangesFeed, FeedEntry},
    changes::ChangeSubject,
};
use std::fmt::Write as _;

/// Changes of one entry; the rest is on its page.
const SHOWN: usize = 40;

pub(crate) fn routes() -> Router<House> {
    Router::new().route("/apis/{api}/changes.rss", get(feed))
}

async fn feed(request: Request, Path(api): Path<String>) -> Response {
    match request.portal.changes_feed(&request.caller, &api).await {
        Ok(feed) => {
            let headers = [
                (header::CONTENT_TYPE, "application/rss+xml; charset=utf-8"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (header::CACHE_CONTROL, "private, no-cache"),
            ];
            (headers, write(&feed)).into_response()
        }
        Err(error) => (status_of(&error), format!("{error}\n")).into_response(),
    }
}

fn write(feed: &ChangesFeed) -> String {
    let ChangesFeed { title, href, own, entries } = feed;
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string does not fail.
    let _ = write!(
        xml,
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\">\n<channel>\n<title>{}</title>\n<link>{}</link>\n\
         <atom:link href=\"{}\" rel=\"self\" type=\"application/rss+xml\"/>\n<description>{}</description>\n<language>en</language>\n",
        text(title),
        text(href),
        text(own),
        text("Which versions were published, and what changed with each."),
    );
    for FeedEntry { id, title, href, published, first, changes } in entries {
        let _ = write!(
            xml,
            "<item>\n<title>{}</title>\n<link>{}</link>\n<guid isPermaLink=\"false\">{}</guid>\n",
            text(title),
            text(href),
            text(id),
        );
        if !published.is_empty() {
            let _ = writeln!(xml, "<pubDate>{}</pubDate>", text(published));
        }
        let mut html = if *first {
            "<p>The first version.</p>".to_owned()
        } else {
            format!("<p>{}.</p>", escape(&change_counts(changes)))
        };
        if !changes.items.is_empty() {
            html.push_str("<ul>");
            for change in changes.items.iter().take(SHOWN) {
                let place = match &change.subject {
                    ChangeSubject::Document => String::new(),
                    ChangeSubject::Operation { method, path, title, .. } if path.is_empty() => {
                        format!("{} {title}: ", method.to_uppercase())
                    }
                    ChangeSubject::Operation { method, path, .. } => format!("{} {path}: ", method.to_uppercase()),
                    ChangeSubject::Schema { name, .. } => format!("Schema {name}: "),
                };
                let class = change.class.as_str();
                let _ = write!(
                    html,
                    "<li><b>{class}</b> {}{}. {}</li>",
                    escape(&place),
                    coded(&change.message),
                    escape(&change.advice)
                );
            }
            html.push_str("</ul>");
        }
        let _ = write!(xml, "<description>{}</description>\n</item>\n", text(&html));
    }
    xml.push_str("</channel>\n</rss>\n");
    xml
}

/// Text as XML has it: escaped, and without the characters that XML 1.0 does not know.
fn text(text: &str) -> String {
    let known = |c: &char| matches!(c, '\t' | '\n' | '\r') || *c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}');
    escape(&text.chars().filter(known).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_does_not_know_is_left_out() {
        assert_eq!(text("a\u{0}<b>\u{1b}&\u{FFFF}c"), "a&lt;b&gt;&amp;c");
    }
}
