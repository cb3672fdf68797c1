//! Whether the links of a guide lead somewhere. What leads nowhere is a finding, never a refusal: what it points to may
//! come later, or may have been there once.
use crate::{Control, ControlError, Who};
use portico_contract::reference::{Finding, Severity};
use portico_domain::{Guide, GuidePlace, ImageName, Slug};
use portico_openapi::{Description, GuideLink, GuideTarget, guide_anchors};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Pages of the portal beside those of APIs and guides, by the first part of their path.
const PAGES: [&str; 17] = [
    "",
    "account",
    "admin",
    "api",
    "apis",
    "apps",
    "guides",
    "llms-full.txt",
    "llms.txt",
    "requests",
    "reset-password",
    "robots.txt",
    "search",
    "sign-in",
    "sign-up",
    "sitemap.xml",
    "usage",
];

/// What has been looked up for one guide.
#[derive(Default)]
struct Known {
    descriptions: BTreeMap<Slug, Option<Arc<Description>>>,
    /// Anchors of guides of the same place; `None` for those that are not there.
    guides: BTreeMap<Slug, Option<BTreeSet<String>>>,
    images: Option<BTreeSet<ImageName>>,
}

impl Control {
    /// `lines_before`: of the file that the guide came from, before its text.
    pub(crate) async fn check_links(
        &self,
        guide: &Guide,
        links: &[GuideLink],
        lines_before: u32,
    ) -> Result<Vec<Finding>, ControlError> {
        let mut known = Known::default();
        known.guides.insert(guide.head.slug.clone(), Some(guide_anchors(&guide.head.title, &guide.text)));
        let mut findings = Vec::new();
        for link in links {
            if let Some((severity, code, message)) = self.fault(guide, link, &mut known).await? {
                findings.push(Finding {
                    severity,
                    code: code.into(),
                    pointer: String::new(),
                    line: Some(link.line + lines_before),
                    column: Some(link.column),
                    message,
                });
            }
        }
        Ok(findings)
    }

    async fn fault(
        &self,
        guide: &Guide,
        link: &GuideLink,
        known: &mut Known,
    ) -> Result<Option<(Severity, &'static str, String)>, ControlError> {
        let shown: String = link.href.chars().take(120).collect();
        let broken = |message: String| Ok(Some((Severity::Warning, "broken-link", message)));
        match &link.target {
            GuideTarget::Away if link.image => {
                let message = format!(
                    "{shown} is a picture of another site, which readers' browsers are not sent to: it is shown as a link. Upload it beside the guide."
                );
                Ok(Some((Severity::Info, "remote-image", message)))
            }
            GuideTarget::Away => Ok(None),
            GuideTarget::Operation(name) => {
                let Some(api) = guide.place.api() else {
                    return broken(format!(
                        "{shown} names an operation, but this guide belongs to no API. Write its address: /apis/petstore/operations/listPets."
                    ));
                };
                let described = self.described(api, known).await?;
                match described.as_ref().and_then(|description| description.operation_slug(name)) {
                    Some(_) => Ok(None),
                    None => broken(format!("There is no operation {name} in this API.")),
                }
            }
            GuideTarget::Anchor(anchor) => {
                let own = known.guides.get(&guide.head.slug).and_then(Option::as_ref);
                Ok(own.filter(|anchors| !anchors.contains(anchor)).map(|anchors| broken_anchor(anchor, anchors)))
            }
            GuideTarget::Guide(slug, anchor) => {
                let anchors = self.anchors_of(&guide.place, slug, known).await?;
                match (anchors, anchor) {
                    (None, _) => broken(format!("There is no guide {slug} here.")),
                    (Some(anchors), Some(anchor)) if !anchors.contains(anchor) => {
                        Ok(Some(broken_anchor(anchor, anchors)))
                    }
                    (Some(_), _) => Ok(None),
                }
            }
            GuideTarget::Image(name) => {
                if known.images.is_none() {
                    let images = self.store.guide_images(&guide.place).await?;
                    known.images = Some(images.into_iter().map(|image| image.name).collect());
                }
                if known.images.as_ref().is_some_and(|images| images.contains(name)) {
                    return Ok(None);
                }
                let message = format!("There is no picture {name} here. Upload it beside the guide.");
                Ok(Some((Severity::Warning, "missing-image", message)))
            }
            GuideTarget::Page(path) => {
                if self.is_page(path, known).await? {
                    return Ok(None);
                }
                broken(format!("The portal has no page {shown}."))
            }
            GuideTarget::Nothing if link.image => broken(format!(
                "{shown} is no picture that can be shown: .png, .jpg, .gif, .webp and .avif beside the guide are, e.g. form.png."
            )),
            GuideTarget::Nothing => broken(format!(
                "{shown} leads nowhere. Write https://…, op:listPets, another-guide.md, #heading, or a path of the portal such as /apis."
            )),
        }
    }

    /// The document as readers see it, or the newest where nothing is published.
    async fn described(&self, api: &Slug, known: &mut Known) -> Result<Option<Arc<Description>>, ControlError> {
        if let Some(found) = known.descriptions.get(api) {
            return Ok(found.clone());
        }
        let found = match self.store.api(api).await? {
            Some(api) => {
                let version = self.version_for(&Who::CommandLine, &api, None).await?;
                Some(self.description(&version).await?)
            }
            None => None,
        };
        known.descriptions.insert(api.clone(), found.clone());
        Ok(found)
    }

    async fn anchors_of<'k>(
        &self,
        place: &GuidePlace,
        slug: &Slug,
        known: &'k mut Known,
    ) -> Result<Option<&'k BTreeSet<String>>, ControlError> {
        if !known.guides.contains_key(slug) {
            let found = self.store.guide(place, slug).await?;
            known.guides.insert(slug.clone(), found.map(|guide| guide_anchors(&guide.head.title, &guide.text)));
        }
        Ok(known.guides.get(slug).and_then(Option::as_ref))
    }

    async fn is_page(&self, path: &[String], known: &mut Known) -> Result<bool, ControlError> {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let (place, below) = match parts.as_slice() {
            ["guides", below @ ..] => (GuidePlace::Portal, below),
            ["apis", api, below @ ..] => {
                let Ok(slug) = api.parse::<Slug>() else { return Ok(false) };
                let Some(description) = self.described(&slug, known).await? else { return Ok(false) };
                match below {
                    ["operations", name @ ..] => return Ok(description.operation_slug(&name.join("/")).is_some()),
                    ["schemas", name @ ..] => {
                        let name = name.join("/");
                        return Ok(description.schema_names().any(|known| known == name));
                    }
                    ["guides", below @ ..] => (GuidePlace::Api(slug), below),
                    _ => return Ok(true),
                }
            }
            [first, ..] => return Ok(PAGES.contains(first)),
            [] => return Ok(true),
        };
        match below {
            [] => Ok(place == GuidePlace::Portal),
            ["images", name] => match name.parse() {
                Ok(name) => Ok(self.store.guide_image(&place, &name).await?.is_some()),
                Err(_) => Ok(false),
            },
            [slug] => match slug.parse() {
                Ok(slug) => Ok(self.store.guide(&place, &slug).await?.is_some()),
                Err(_) => Ok(false),
            },
            _ => Ok(false),
        }
    }
}

fn broken_anchor(anchor: &str, anchors: &BTreeSet<String>) -> (Severity, &'static str, String) {
    let some: Vec<String> = anchors.iter().take(5).map(|anchor| format!("#{anchor}")).collect();
    let there = match some.len() {
        0 => "it has no headings".to_owned(),
        _ => format!("there are {}{}", some.join(", "), if anchors.len() > 5 { " and more" } else { "" }),
    };
    let anchor: String = anchor.chars().take(80).collect();
    (Severity::Warning, "broken-anchor", format!("No heading of the guide is #{anchor}; {there}."))
}
