//! Where a guide's links lead.
use crate::{limits, markdown};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use portico_domain::{ImageName, Slug};
use pulldown_cmark::{Event, Tag};

/// A link or picture in a guide's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuideLink {
    /// As written.
    pub href: String,
    pub target: GuideTarget,
    pub image: bool,
    /// Of the text, from 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
}

/// What a link means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuideTarget {
    /// Another site, or a letter.
    Away,
    /// `op:listPets`: an operation of the API, by its `operationId` or its name in URLs.
    Operation(String),
    /// `#limits`: a heading of the guide itself.
    Anchor(String),
    /// `errors.md#limits`: another guide of the same place, and a heading of it.
    Guide(Slug, Option<String>),
    /// `form.png`: a picture of the same place.
    Image(ImageName),
    /// `/apis/pets`: a path of the portal, its parts decoded, without query and fragment.
    Page(Vec<String>),
    /// Nothing of these.
    Nothing,
}

/// How links of one place's guides become addresses.
pub struct GuideWay<'a> {
    /// Where the guides stand, e.g. `/apis/pets/guides`.
    pub guides: String,
    /// Where the API's pages begin; `None` for the portal's own guides.
    pub root: Option<String>,
    /// The name in URLs of an operation.
    pub operation: &'a dyn Fn(&str) -> Option<String>,
}

/// What stands as it is in one segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl GuideWay<'_> {
    /// `None` for what leads nowhere, and for a picture of another site, which is no picture here.
    pub(super) fn address(&self, href: &str, image: bool) -> Option<String> {
        match target(href, image) {
            GuideTarget::Away if image => None,
            GuideTarget::Away => markdown::safe_url(href).map(str::to_owned),
            GuideTarget::Operation(name) => {
                let slug = (self.operation)(&name)?;
                Some(format!("{}/operations/{}", self.root.as_ref()?, utf8_percent_encode(&slug, SEGMENT)))
            }
            // The sanitiser gives ids of a text their prefix, and links to them.
            GuideTarget::Anchor(anchor) => Some(format!("#{}", utf8_percent_encode(&anchor, SEGMENT))),
            GuideTarget::Guide(slug, None) => Some(format!("{}/{slug}", self.guides)),
            GuideTarget::Guide(slug, Some(anchor)) => {
                let anchor = markdown::anchor(&utf8_percent_encode(&anchor, SEGMENT).to_string());
                Some(format!("{}/{slug}#{anchor}", self.guides))
            }
            GuideTarget::Image(name) => Some(format!("{}/images/{name}", self.guides)),
            GuideTarget::Page(_) => Some(href.to_owned()),
            GuideTarget::Nothing => None,
        }
    }
}

/// All links and pictures of a text, in their order; at most as many as anybody will check.
pub(super) fn all(text: &str) -> Vec<GuideLink> {
    let text = &text[..text.floor_char_boundary(limits::MARKDOWN)];
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let links = markdown::parser(text).into_offset_iter().filter_map(|(event, range)| {
        let (href, image) = match event {
            Event::Start(Tag::Link { dest_url, .. }) => (dest_url, false),
            Event::Start(Tag::Image { dest_url, .. }) => (dest_url, true),
            _ => return None,
        };
        let line = starts.partition_point(|start| *start <= range.start);
        let column = text[starts[line - 1]..range.start].chars().count() + 1;
        Some(GuideLink {
            target: target(&href, image),
            href: href.into_string(),
            image,
            line: line as u32,
            column: column as u32,
        })
    });
    links.take(limits::LINKS).collect()
}

fn target(href: &str, image: bool) -> GuideTarget {
    let href = href.trim();
    if href.starts_with('/') {
        // Browsers take these for another host.
        if href.starts_with("//") || href.starts_with("/\\") || !href.chars().all(|c| c.is_ascii_graphic()) {
            return GuideTarget::Nothing;
        }
        let path = href.split(['?', '#']).next().unwrap_or_default();
        return GuideTarget::Page(path.trim_matches('/').split('/').map(decoded).collect());
    }
    if let Some(anchor) = href.strip_prefix('#') {
        return GuideTarget::Anchor(decoded(anchor));
    }
    if let Some(operation) = href.strip_prefix("op:") {
        return if operation.is_empty() { GuideTarget::Nothing } else { GuideTarget::Operation(decoded(operation)) };
    }
    if markdown::safe_url(href).is_some() {
        return GuideTarget::Away;
    }
    let near = href.strip_prefix("./").unwrap_or(href);
    let near = near.strip_prefix("guides/").unwrap_or(near);
    if image {
        let name = near.strip_prefix("images/").unwrap_or(near);
        return name.parse().map_or(GuideTarget::Nothing, GuideTarget::Image);
    }
    let (path, anchor) = near.split_once('#').map_or((near, None), |(path, anchor)| (path, Some(anchor)));
    match path.strip_suffix(".md").unwrap_or(path).parse() {
        Ok(slug) => GuideTarget::Guide(slug, anchor.filter(|anchor| !anchor.is_empty()).map(decoded)),
        Err(_) => GuideTarget::Nothing,
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_writing_has_one_meaning() {
        let guide =
            |slug: &str, anchor: Option<&str>| GuideTarget::Guide(slug.parse().unwrap(), anchor.map(str::to_owned));
        for (href, meaning) in [
            ("https://example.com", GuideTarget::Away),
            ("mailto:a@example.com", GuideTarget::Away),
            ("op:listPets", GuideTarget::Operation("listPets".into())),
            ("op:list%20pets", GuideTarget::Operation("list pets".into())),
            ("#limits", GuideTarget::Anchor("limits".into())),
            ("errors.md#limits", guide("errors", Some("limits"))),
            ("./errors", guide("errors", None)),
            ("guides/errors.md", guide("errors", None)),
            ("/apis/pets?x=1#y", GuideTarget::Page(vec!["apis".into(), "pets".into()])),
            ("//evil.example", GuideTarget::Nothing),
            ("/\\evil.example", GuideTarget::Nothing),
            ("../secret.md", GuideTarget::Nothing),
            ("javascript:alert(1)", GuideTarget::Nothing),
            ("data:text/html,x", GuideTarget::Nothing),
            ("op:", GuideTarget::Nothing),
            ("", GuideTarget::Nothing),
        ] {
            assert_eq!(target(href, false), meaning, "{href}");
        }
        assert_eq!(target("images/a.png", true), GuideTarget::Image("a.png".parse().unwrap()));
        assert_eq!(target("a.svg", true), GuideTarget::Nothing);
    }

    #[test]
    fn links_say_where_they_stand() {
        let links = all("é [a](op:x)\n\n- ![b](b.png) [c][c]\n\n[c]: #d\n\n`[no](no)`");
        let places: Vec<_> = links.iter().map(|l| (l.href.as_str(), l.image, l.line, l.column)).collect();
        assert_eq!(places, [("op:x", false, 1, 3), ("b.png", true, 3, 3), ("#d", false, 3, 15)]);
    }

    #[test]
    fn addresses_stay_within_the_portal() {
        let known = |name: &str| (name == "list/pets").then(|| "list-pets".to_owned());
        let way = GuideWay { guides: "/apis/pets/guides".into(), root: Some("/apis/pets".into()), operation: &known };
        for (href, image, address) in [
            ("op:list/pets", false, Some("/apis/pets/operations/list-pets")),
            ("op:unknown", false, None),
            ("errors.md#a b", false, Some("/apis/pets/guides/errors#text-a%20b")),
            ("a.png", true, Some("/apis/pets/guides/images/a.png")),
            ("https://far.example/a.png", true, None),
            ("javascript:alert(1)", false, None),
            ("/apis", false, Some("/apis")),
        ] {
            assert_eq!(way.address(href, image).as_deref(), address, "{href}");
        }
    }
}
