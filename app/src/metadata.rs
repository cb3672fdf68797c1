//! What a page's head tells search engines and whoever shows a preview of it: its one address, a card, and what it is.
//!
//! Pages of an older version or a draft are not to be listed: the published version's page of the same name is the one to
//! find.
use crate::{components::link::segment, context, page::Page};
use axum::http::StatusCode;
use leptos::{html, prelude::*};
use portico_contract::catalogue::ApiHead;
use serde_json::{Value, json};

/// Of the picture in `public/card.png`.
const CARD: (u32, u32) = (1200, 630);

/// Everything but the title and the description.
pub(crate) fn metadata(page: &Page) -> AnyView {
    let site = context::site();
    let address = context::address();
    let portal = site.portal_url.as_str();
    let listed = match &page.place {
        Some(head) => !head.draft && head.root == own_root(head) && address.field("after").is_empty(),
        None => !address.path.starts_with("/search"),
    };
    if !listed || page.status != StatusCode::OK {
        return view! { <meta name="robots" content="noindex"/> }.into_any();
    }
    // Of the others there is nothing to preview.
    if page.place.is_none() && !matches!(address.path.as_str(), "/" | "/apis") {
        return ().into_any();
    }
    // `/` shows the same as `/apis`.
    let path = if page.place.is_none() { "/apis" } else { address.path.as_str() };
    let url = format!("{portal}{path}");
    let picture = format!("{portal}/card.png");
    let kind = if page.place.is_some() { "article" } else { "website" };
    let structured = script(&structured(page, &url, portal));
    let (width, height) = (CARD.0.to_string(), CARD.1.to_string());
    let name = context::brand().name;
    let graph = [
        ("og:type", kind),
        ("og:site_name", &name),
        ("og:title", &page.title),
        ("og:description", &page.description),
        ("og:url", &url),
        ("og:image", &picture),
        ("og:image:type", "image/png"),
        ("og:image:width", &width),
        ("og:image:height", &height),
        ("og:image:alt", "A portico, and lines of a document beside it"),
    ];
    let graph = graph.map(|(name, content)| html::meta().content(content.to_owned()).attr("property", name));
    view! {
        <link rel="canonical" href=url/>
        {graph}
        <meta name="twitter:card" content="summary_large_image"/>
        // A block of data: no browser runs it, so the policy for scripts has nothing to allow.
        <script r#type="application/ld+json" inner_html=structured></script>
    }
    .into_any()
}

fn own_root(head: &ApiHead) -> String {
    format!("/apis/{}", segment(&head.slug))
}

/// In the words of schema.org.
fn structured(page: &Page, url: &str, portal: &str) -> Value {
    let Some(head) = &page.place else {
        return json!({
            "@context": "https://schema.org",
            "@type": "CollectionPage",
            "name": page.title,
            "description": page.description,
            "url": url,
        });
    };
    let overview = format!("{portal}{}", head.root);
    let api = json!({
        "@type": "WebAPI",
        "name": head.title,
        "url": overview,
        "documentation": overview,
        "version": head.version,
    });
    let step = |n: u32, name: &str, at: &str| json!({"@type": "ListItem", "position": n, "name": name, "item": at});
    let mut steps = vec![step(1, "APIs", &format!("{portal}/apis")), step(2, &head.title, &overview)];
    let of_page = if url == overview {
        let mut api = api;
        api["description"] = page.description.as_str().into();
        api
    } else {
        steps.push(step(3, &page.title, url));
        json!({
            "@type": "TechArticle",
            "headline": page.title,
            "description": page.description,
            "url": url,
            "about": api,
        })
    };
    let way = json!({"@type": "BreadcrumbList", "itemListElement": steps});
    json!({"@context": "https://schema.org", "@graph": [of_page, way]})
}

/// JSON that no text in it can lead out of its element.
fn script(data: &Value) -> String {
    let mut text = data.to_string();
    for (c, escaped) in
        [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026"), ('\u{2028}', "\\u2028"), ('\u{2029}', "\\u2029")]
    {
        text = text.replace(c, escaped);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_end_its_element() {
        let written = script(&json!({"name": "</script><script>alert(1)</script><!-- & \u{2028}"}));
        assert!(!written.contains(['<', '>', '&', '\u{2028}']), "{written}");
        let again: Value = serde_json::from_str(&written).expect("JSON");
        assert_eq!(again["name"], "</script><script>alert(1)</script><!-- & \u{2028}");
    }
}
