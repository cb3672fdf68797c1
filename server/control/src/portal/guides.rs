//! Guides, for their readers and for those who write them.
use super::{catalogue::Opened, named};
use crate::{Control, ControlError, Fault, GuideDraft, Who, permit::WriteGuides};
use portico_contract::guides::{
    GuideEditor, GuideForm, GuideImageLine, GuideLine, GuidePage, GuideText, GuidesAdmin, GuidesPage,
};
use portico_domain::{Guide, GuideHead, GuidePlace, ImageName, Slug};
use portico_openapi::{Description, GuideWay, guide_text};
use std::sync::Arc;

/// Where the guides of a page stand.
pub(super) fn place(api: Option<&str>) -> Result<GuidePlace, ControlError> {
    Ok(match api {
        Some(api) => GuidePlace::Api(named(api, "API")?),
        None => GuidePlace::Portal,
    })
}

/// The name of a file as the name of a picture: its last part, in small letters, with hyphens for all that does not fit.
pub(super) fn image_name(file: &str) -> Result<ImageName, ControlError> {
    let last = file.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
    let name: String = last.chars().map(|c| if fits(c) { c } else { '-' }).collect();
    let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
    let stem: String = stem.trim_start_matches('.').chars().take(70).collect();
    let name = format!("{stem}.{ending}");
    name.parse().map_err(|error: portico_domain::InvalidImageName| ControlError::invalid("image", format!("{error}.")))
}

fn line(place: &GuidePlace, head: &GuideHead) -> GuideLine {
    GuideLine {
        slug: head.slug.to_string(),
        title: head.title.clone(),
        description: head.description.clone(),
        href: place.href(head.slug.as_str()),
        draft: head.draft,
    }
}

/// Off the threads that serve: a text may take some milliseconds.
async fn draw(
    place: &GuidePlace,
    title: &str,
    text: &str,
    described: Option<Arc<Description>>,
) -> Result<GuideText, ControlError> {
    let (place, title, text) = (place.clone(), title.to_owned(), text.to_owned());
    let drawn = tokio::task::spawn_blocking(move || {
        let operation = |name: &str| Some(described.as_ref()?.operation_slug(name)?.to_owned());
        let root = place.api().map(|api| format!("/apis/{api}"));
        let guides = place.href("").trim_end_matches('/').to_owned();
        guide_text(&title, &text, &GuideWay { guides, root, operation: &operation })
    });
    drawn.await.map_err(|error| ControlError::internal(&error))
}

impl Control {
    pub(super) async fn guide_lines(&self, who: &Who, place: &GuidePlace) -> Result<Vec<GuideLine>, ControlError> {
        Ok(self.guides_for(who, place).await?.iter().map(|head| line(place, head)).collect())
    }

    pub(super) async fn show_guides(&self, who: &Who) -> Result<GuidesPage, ControlError> {
        Ok(GuidesPage { guides: self.guide_lines(who, &GuidePlace::Portal).await? })
    }

    pub(super) async fn show_guide(
        &self,
        who: &Who,
        place: GuidePlace,
        slug: &Slug,
    ) -> Result<GuidePage, ControlError> {
        let guide = self.find_guide(who, &place, slug).await?;
        let (api, described) = match place.api() {
            Some(api) => {
                let Opened { description, head, .. } = self.open(who, api.as_str(), None).await?;
                (Some((head, description.navigation(None))), Some(description))
            }
            None => (None, None),
        };
        let edit = who.may::<WriteGuides>().then(|| format!("/admin{}", place.href(slug.as_str())));
        Ok(GuidePage {
            api,
            text: draw(&place, &guide.head.title, &guide.text, described).await?,
            guides: self.guide_lines(who, &place).await?,
            guide: line(&place, &guide.head),
            changed: self.moment(guide.changed_at),
            edit,
        })
    }

    /// The API's address and title, for a place that somebody writes at.
    async fn written_place(&self, who: &Who, place: &GuidePlace) -> Result<Option<(String, String)>, ControlError> {
        who.permit::<WriteGuides>()?;
        Ok(match place.api() {
            Some(api) => Some((api.to_string(), self.find_api(who, api).await?.title)),
            None => None,
        })
    }

    pub(super) async fn show_admin_guides(&self, who: &Who, place: GuidePlace) -> Result<GuidesAdmin, ControlError> {
        let api = self.written_place(who, &place).await?;
        let guides = self.guides_for(who, &place).await?;
        let images = self.store.guide_images(&place).await?.into_iter().map(|image| GuideImageLine {
            href: place.href(&format!("images/{}", image.name)),
            name: image.name.to_string(),
            size: format!("{} KiB", image.bytes.div_ceil(1024)),
            changed: self.moment(image.changed_at),
        });
        Ok(GuidesAdmin {
            api,
            images: images.collect(),
            guides: guides.iter().map(|head| (head.order, line(&place, head))).collect(),
        })
    }

    pub(super) async fn show_guide_editor(
        &self,
        who: &Who,
        place: GuidePlace,
        slug: Option<&Slug>,
    ) -> Result<GuideEditor, ControlError> {
        let api = self.written_place(who, &place).await?;
        let Some(slug) = slug else {
            // Behind those that are there.
            let last = self.guides_for(who, &place).await?.last().map_or(0, |head| head.order);
            let form = GuideForm { order: last.saturating_add(10).to_string(), draft: true, ..GuideForm::default() };
            return Ok(GuideEditor { api, form, ..GuideEditor::default() });
        };
        let guide = self.find_guide(who, &place, slug).await?;
        self.edited(who, api, guide).await
    }

    pub(super) async fn show_guide_preview(
        &self,
        who: &Who,
        place: GuidePlace,
        slug: Option<Slug>,
        form: GuideForm,
    ) -> Result<GuideEditor, ControlError> {
        let api = self.written_place(who, &place).await?;
        let now = self.clock.now();
        let stays = slug.is_some();
        let GuideDraft { head, text } = read(slug, form.clone())?;
        let guide = Guide { place, head, text, created_at: now, changed_at: now };
        let editor = self.edited(who, api, guide).await?;
        let href = if stays { editor.href } else { String::new() };
        Ok(GuideEditor { form, href, ..editor })
    }

    async fn edited(
        &self,
        who: &Who,
        api: Option<(String, String)>,
        guide: Guide,
    ) -> Result<GuideEditor, ControlError> {
        let described = match guide.place.api() {
            Some(api) => Some(self.open(who, api.as_str(), None).await?.description),
            None => None,
        };
        let preview = draw(&guide.place, &guide.head.title, &guide.text, described).await?;
        let findings = self.guide_findings(&guide).await?;
        let href = guide.place.href(guide.head.slug.as_str());
        let GuideHead { slug, title, description, order, draft } = guide.head;
        let form =
            GuideForm { slug: slug.to_string(), title, description, order: order.to_string(), draft, text: guide.text };
        Ok(GuideEditor { api, form, href, preview, findings })
    }

    pub(super) async fn save_guide_by_form(
        &self,
        who: &Who,
        place: GuidePlace,
        slug: Option<Slug>,
        form: GuideForm,
    ) -> Result<String, ControlError> {
        who.permit::<WriteGuides>()?;
        let new = slug.is_none();
        let draft = read(slug, form)?;
        if new && self.store.guide(&place, &draft.head.slug).await?.is_some() {
            let message = format!("There is a guide {} here already; choose another address.", draft.head.slug);
            return Err(ControlError::invalid("slug", message));
        }
        let (_, guide) = self.write_guide(who, &place, draft).await?;
        Ok(guide.head.slug.to_string())
    }
}

/// What a form says, as far as it can be a guide.
fn read(slug: Option<Slug>, form: GuideForm) -> Result<GuideDraft, ControlError> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, message: String| {
        faults.push(Fault { pointer: format!("/{field}"), field: field.to_owned(), message });
    };
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (title, description) = (one_line(&form.title), one_line(&form.description));
    if title.is_empty() || title.chars().count() > GuideHead::TITLE {
        fault("title", "A guide has a title of at most 120 characters.".into());
    }
    if description.chars().count() > GuideHead::DESCRIPTION {
        fault("description", "A description has at most 300 characters.".into());
    }
    let order = match form.order.trim() {
        "" => Some(0),
        number => number.parse().ok(),
    };
    if order.is_none() {
        fault("order", "The order is a whole number, e.g. 10; lower ones come first.".into());
    }
    let slug = match (slug, form.slug.trim()) {
        (Some(slug), _) => Some(slug),
        (None, "") if title.is_empty() => None,
        (None, "") => {
            let suggested = Slug::suggest(&title);
            if suggested.is_none() {
                fault("slug", "Choose an address: the title has no letter a to z in it.".into());
            }
            suggested
        }
        (None, text) => match text.parse::<Slug>() {
            Ok(slug) => Some(slug),
            Err(error) => {
                fault("slug", format!("{error}."));
                None
            }
        },
    };
    if form.text.len() > Guide::TEXT {
        fault("text", "A guide has at most 256 KiB of text.".into());
    }
    match (slug, order) {
        (Some(slug), Some(order)) if faults.is_empty() => Ok(GuideDraft {
            head: GuideHead { slug, title, description, order, draft: form.draft },
            // Browsers send the lines of a text with CR LF.
            text: form.text.replace("\r\n", "\n"),
        }),
        _ => Err(ControlError::Invalid(faults)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_become_names_of_pictures() {
        for (file, name) in [("C:\\Screen Shot 1.PNG", "screen-shot-1.png"), ("a/b/é.jpg", "-.jpg"), ("..gif", "x")] {
            match image_name(file) {
                Ok(made) => assert_eq!(made.as_str(), name),
                Err(_) => assert_eq!(name, "x", "{file}"),
            }
        }
        assert!(image_name("logo.svg").is_err());
    }

    #[test]
    fn forms_say_all_that_is_wrong_at_once() {
        let form = GuideForm { slug: "A B".into(), order: "x".into(), ..GuideForm::default() };
        let Err(ControlError::Invalid(faults)) = read(None, form) else { panic!("it was taken") };
        let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["title", "order", "slug"]);
        let form = GuideForm { title: " First\n steps ".into(), text: "a\r\nb".into(), ..GuideForm::default() };
        let draft = read(None, form).unwrap();
        assert_eq!(
            (draft.head.slug.as_str(), draft.head.title.as_str(), draft.text.as_str()),
            ("first-steps", "First steps", "a\nb")
        );
    }
}
