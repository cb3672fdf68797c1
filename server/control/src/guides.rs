//! Guides: pages that publishers write, for one API or for the portal, and the pictures in them.
use crate::{Control, ControlError, Page, Who, accounts::cursor, permit::WriteGuides};
use portico_contract::reference::{Finding, Severity};
use portico_domain::{Guide, GuideHead, GuideImage, GuideImageLine, GuidePlace, ImageKind, ImageName, Slug};
use portico_openapi::{guide_links, read_guide};
use portico_store::Tx;

/// A guide on its way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuideDraft {
    pub head: GuideHead,
    /// Markdown without front matter.
    pub text: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuideWritten {
    pub created: bool,
    pub guide: Guide,
    /// Odd settings and links that lead nowhere; none keeps a guide from being kept.
    pub findings: Vec<Finding>,
}

impl Control {
    /// In the order in which they are read; drafts for those who may write them.
    pub async fn list_guides(
        &self,
        who: &Who,
        place: &GuidePlace,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<GuideHead>, ControlError> {
        let after: Option<Slug> = cursor(after)?;
        let mut guides = self.guides_for(who, place).await?;
        if let Some(after) = after {
            let seen = guides.iter().position(|head| head.slug == after).map_or(guides.len(), |at| at + 1);
            guides.drain(..seen);
        }
        Ok(Page::cut(guides, limit, |head| head.slug.to_string()))
    }

    /// All that a reader may see of a place.
    pub(crate) async fn guides_for(&self, who: &Who, place: &GuidePlace) -> Result<Vec<GuideHead>, ControlError> {
        self.see_place(who, place).await?;
        let mut guides = self.store.guides(place).await?;
        guides.retain(|head| !head.draft || who.may::<WriteGuides>());
        Ok(guides)
    }

    /// An API's guides are there for whoever may see the API.
    async fn see_place(&self, who: &Who, place: &GuidePlace) -> Result<(), ControlError> {
        if let Some(api) = place.api() {
            self.find_api(who, api).await?;
        }
        Ok(())
    }

    pub async fn find_guide(&self, who: &Who, place: &GuidePlace, slug: &Slug) -> Result<Guide, ControlError> {
        self.see_place(who, place).await?;
        let found = self.store.guide(place, slug).await?;
        let found = found.filter(|guide| !guide.head.draft || who.may::<WriteGuides>());
        found.ok_or_else(|| missing(slug))
    }

    /// Takes a guide as it stands in a file: front matter and markdown.
    pub async fn put_guide(
        &self,
        who: &Who,
        place: &GuidePlace,
        slug: &Slug,
        source: String,
    ) -> Result<GuideWritten, ControlError> {
        who.permit::<WriteGuides>()?;
        let reading = tokio::task::spawn_blocking(move || read_guide(&source))
            .await
            .map_err(|error| ControlError::internal(&error))?;
        let mut findings = reading.findings.clone();
        if reading.title.is_none() {
            findings.push(no_title());
        }
        let draft = GuideDraft {
            head: GuideHead {
                slug: slug.clone(),
                title: reading.title.clone().unwrap_or_else(|| slug.to_string()),
                description: reading.description.clone(),
                order: reading.order,
                draft: reading.draft,
            },
            text: reading.text.clone(),
        };
        let (created, guide) = self.write_guide(who, place, draft).await?;
        findings.extend(self.check_links(&guide, &reading.links, reading.lines_before).await?);
        Ok(GuideWritten { created, guide, findings })
    }

    /// Keeps a guide under its name, new or in place of the one there was.
    pub(crate) async fn write_guide(
        &self,
        who: &Who,
        place: &GuidePlace,
        draft: GuideDraft,
    ) -> Result<(bool, Guide), ControlError> {
        let permit = who.permit::<WriteGuides>()?;
        self.see_place(who, place).await?;
        if draft.text.len() > Guide::TEXT {
            return Err(ControlError::TooLarge { limit: "256 KiB".into() });
        }
        let mut tx = self.store.begin(permit.actor()).await?;
        let present = self.store.guide(place, &draft.head.slug).await?;
        if present.is_none() && self.store.guides(place).await?.len() >= GuidePlace::GUIDES {
            let why =
                format!("There are {} guides here already, which is the most. Remove one first.", GuidePlace::GUIDES);
            return Err(ControlError::conflict(why));
        }
        let created_at = present.as_ref().map_or_else(|| tx.at(), |guide| guide.created_at);
        let guide = Guide {
            place: place.clone(),
            head: draft.head,
            text: draft.text.replace('\0', "\u{fffd}"),
            created_at,
            changed_at: tx.at(),
        };
        tx.put_guide(&guide).await?;
        tx.commit().await?;
        self.catch_up().await?;
        Ok((present.is_none(), guide))
    }

    /// What is odd in a guide that is kept, as its text stands.
    pub(crate) async fn guide_findings(&self, guide: &Guide) -> Result<Vec<Finding>, ControlError> {
        self.check_links(guide, &guide_links(&guide.text), 0).await
    }

    pub async fn remove_guide(&self, who: &Who, place: &GuidePlace, slug: &Slug) -> Result<(), ControlError> {
        let permit = who.permit::<WriteGuides>()?;
        self.find_guide(who, place, slug).await?;
        let mut tx = self.store.begin(permit.actor()).await?;
        tx.remove_guide(place, slug).await?;
        self.end(tx).await
    }

    /// By name.
    pub async fn list_guide_images(
        &self,
        who: &Who,
        place: &GuidePlace,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<GuideImageLine>, ControlError> {
        let after: Option<ImageName> = cursor(after)?;
        self.see_place(who, place).await?;
        let mut images = self.store.guide_images(place).await?;
        images.retain(|image| after.as_ref().is_none_or(|after| image.name > *after));
        Ok(Page::cut(images, limit, |image| image.name.to_string()))
    }

    pub async fn find_guide_image(
        &self,
        who: &Who,
        place: &GuidePlace,
        name: &ImageName,
    ) -> Result<GuideImage, ControlError> {
        self.see_place(who, place).await?;
        self.store.guide_image(place, name).await?.ok_or_else(|| missing_image(name))
    }

    /// Whether the picture is new. What it is must show from its first bytes, since browsers go by them.
    pub async fn put_guide_image(
        &self,
        who: &Who,
        place: &GuidePlace,
        name: &ImageName,
        bytes: Vec<u8>,
    ) -> Result<(bool, GuideImageLine), ControlError> {
        let permit = who.permit::<WriteGuides>()?;
        self.see_place(who, place).await?;
        if bytes.len() > GuideImage::BYTES {
            return Err(ControlError::TooLarge { limit: "2 MiB".into() });
        }
        if ImageKind::of_bytes(&bytes) != Some(name.kind()) {
            let message = format!("{name} does not begin as {} does, so it is not shown.", name.kind().media_type());
            return Err(ControlError::invalid_at("", "image", message));
        }
        let mut tx = self.store.begin(permit.actor()).await?;
        let images = self.store.guide_images(place).await?;
        let created = images.iter().all(|image| image.name != *name);
        if created && images.len() >= GuidePlace::IMAGES {
            let why = format!("There are {} pictures here already, which is the most. Remove one first.", images.len());
            return Err(ControlError::conflict(why));
        }
        let image = GuideImage { name: name.clone(), bytes, changed_at: tx.at() };
        tx.put_guide_image(place, &image).await?;
        self.end(tx).await?;
        let line = GuideImageLine { name: image.name, bytes: image.bytes.len() as u64, changed_at: image.changed_at };
        Ok((created, line))
    }

    pub async fn remove_guide_image(
        &self,
        who: &Who,
        place: &GuidePlace,
        name: &ImageName,
    ) -> Result<(), ControlError> {
        let permit = who.permit::<WriteGuides>()?;
        self.see_place(who, place).await?;
        let mut tx = self.store.begin(permit.actor()).await?;
        if self.store.guide_images(place).await?.iter().all(|image| image.name != *name) {
            return Err(missing_image(name));
        }
        tx.remove_guide_image(place, name).await?;
        self.end(tx).await
    }

    async fn end(&self, tx: Tx) -> Result<(), ControlError> {
        tx.commit().await?;
        self.catch_up().await
    }
}

pub(crate) fn missing(slug: &Slug) -> ControlError {
    ControlError::not_found(format!("guide {slug}"))
}

fn missing_image(name: &ImageName) -> ControlError {
    ControlError::not_found(format!("picture {name}"))
}

fn no_title() -> Finding {
    Finding {
        severity: Severity::Warning,
        code: "no-title".into(),
        pointer: String::new(),
        line: Some(1),
        column: Some(1),
        message: "The guide has no title; begin it with a heading, or with front matter: title: First steps.".into(),
    }
}
