//! The last wall: only what is listed here leaves.
use ammonia::{Builder, UrlRelative};
use std::{borrow::Cow, sync::LazyLock};

/// Ids of a text can meet no id of the page.
const PREFIX: &str = "text-";

static OF_DOCUMENT: LazyLock<Builder<'static>> = LazyLock::new(cleaner);

/// Guides may lead into the portal and show its pictures: who writes them may publish here.
static OF_GUIDE: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = cleaner();
    cleaner
        .add_tags(["img"])
        .add_tag_attributes("img", ["src", "alt"])
        .set_tag_attribute_value("img", "loading", "lazy")
        .url_relative(UrlRelative::Custom(Box::new(portal_path)));
    cleaner
});

fn cleaner() -> Builder<'static> {
    let mut cleaner = Builder::empty();
    cleaner
        .add_tags([
            "a",
            "abbr",
            "b",
            "blockquote",
            "br",
            "code",
            "dd",
            "del",
            "details",
            "div",
            "dl",
            "dt",
            "em",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "i",
            "ins",
            "kbd",
            "li",
            "ol",
            "p",
            "pre",
            "q",
            "s",
            "samp",
            "span",
            "strong",
            "sub",
            "summary",
            "sup",
            "table",
            "tbody",
            "td",
            "tfoot",
            "th",
            "thead",
            "tr",
            "tt",
            "u",
            "ul",
            "var",
            "wbr",
        ])
        .add_tag_attributes("a", ["href"])
        .add_tag_attributes("ol", ["start"])
        .add_tag_attributes("td", ["data-label", "colspan", "rowspan"])
        .add_tag_attributes("th", ["colspan", "rowspan"])
        .add_tag_attributes("pre", ["tabindex"])
        .add_tag_attribute_values("div", "role", ["note"])
        .add_tag_attribute_values("pre", "role", ["region"])
        .add_tag_attribute_values("pre", "aria-label", ["Code"])
        .add_tag_attribute_values("table", "role", ["table"])
        .add_tag_attribute_values("tr", "role", ["row"])
        .add_tag_attribute_values("td", "role", ["cell"])
        .add_tag_attribute_values("th", "role", ["columnheader"])
        .add_tag_attribute_values("th", "scope", ["col", "row"])
        .add_tag_attribute_values("thead", "role", ["rowgroup"])
        .add_tag_attribute_values("tbody", "role", ["rowgroup"])
        .add_allowed_classes("div", ["callout", "info", "ok", "warn", "danger", "code", "framed", "table", "slim"])
        .add_clean_content_tags([
            "script", "style", "template", "svg", "math", "iframe", "object", "textarea", "title", "noscript",
        ])
        .add_url_schemes(["http", "https", "mailto"])
        // A relative link would lead into the portal, where its author has nothing to say.
        .url_relative(UrlRelative::Custom(Box::new(fragment)))
        .link_rel(Some("noopener nofollow"))
        .id_prefix(Some(PREFIX))
        .attribute_filter(|tag, attribute, value| match (tag, attribute) {
            ("a", "href") => match value.strip_prefix('#') {
                Some("") => None,
                Some(id) => Some(format!("#{PREFIX}{id}").into()),
                None => Some(value.into()),
            },
            ("img", "src") => is_picture(value).then_some(value.into()),
            ("pre", "tabindex") => (value == "0").then_some(value.into()),
            ("td" | "th", "colspan" | "rowspan") => value.parse::<u8>().ok().map(|_| value.into()),
            _ => Some(value.into()),
        });
    for heading in ["h2", "h3", "h4", "h5", "h6"] {
        cleaner.add_tag_attributes(heading, ["id"]);
    }
    cleaner
}

fn fragment(url: &str) -> Option<Cow<'_, str>> {
    url.starts_with('#').then_some(Cow::Borrowed(url))
}

fn portal_path(url: &str) -> Option<Cow<'_, str>> {
    own(url).then_some(Cow::Borrowed(url))
}

/// A fragment of the page, or a path of the portal. Browsers take `//x` and `/\x` for another host and drop tabs and line
/// breaks, so these are no paths.
fn own(url: &str) -> bool {
    let mut chars = url.chars();
    match chars.next() {
        Some('#') => true,
        Some('/') => !matches!(chars.next(), Some('/' | '\\')) && url.chars().all(|c| c.is_ascii_graphic()),
        _ => false,
    }
}

/// Where pictures of guides stand; nothing else of the portal is asked for by a page's text.
fn is_picture(url: &str) -> bool {
    own(url) && !url.contains(['?', '#', '%', '\\']) && !url.contains("..") && url.contains("/guides/images/")
}

/// An id of a text as it stands in its page.
pub(crate) fn anchor(id: &str) -> String {
    format!("{PREFIX}{id}")
}

pub(super) fn clean(html: &str) -> String {
    OF_DOCUMENT.clean(html).to_string()
}

pub(super) fn clean_guide(html: &str) -> String {
    OF_GUIDE.clean(html).to_string()
}
