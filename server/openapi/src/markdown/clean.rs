//! The last wall: only what is listed here leaves.
use ammonia::{Builder, UrlRelative};
use std::{borrow::Cow, sync::LazyLock};

/// Ids of a text can meet no id of the page.
const PREFIX: &str = "text-";

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
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
            ("pre", "tabindex") => (value == "0").then_some(value.into()),
            ("td" | "th", "colspan" | "rowspan") => value.parse::<u8>().ok().map(|_| value.into()),
            _ => Some(value.into()),
        });
    for heading in ["h2", "h3", "h4", "h5", "h6"] {
        cleaner.add_tag_attributes(heading, ["id"]);
    }
    cleaner
});

fn fragment(url: &str) -> Option<Cow<'_, str>> {
    url.starts_with('#').then_some(Cow::Borrowed(url))
}

pub(super) fn clean(html: &str) -> String {
    CLEANER.clean(html).to_string()
}
