//! Guides and their pictures.
use crate::{Store, StoreError, Tx, row};
use portico_domain::{Guide, GuideHead, GuideImage, GuideImageLine, GuidePlace, ImageName, Slug, Subject, Timestamp};
use serde_json::json;

statements! {
    PUT = "INSERT INTO guides (place, slug, api, title, description, position, draft, source, created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (place, slug) DO UPDATE SET title = excluded.title, description = excluded.description, position = excluded.position, draft = excluded.draft, source = excluded.source, changed_at = excluded.changed_at";
    REMOVE = "DELETE FROM guides WHERE place = $1 AND slug = $2";
    LIST = "SELECT slug, title, description, position, draft FROM guides WHERE place = $1";
    ONE = "SELECT slug, title, description, position, draft, source, created_at, changed_at FROM guides WHERE place = $1 AND slug = $2";
    PUT_IMAGE = "INSERT INTO guide_images (place, name, api, image, changed_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (place, name) DO UPDATE SET image = excluded.image, changed_at = excluded.changed_at";
    REMOVE_IMAGE = "DELETE FROM guide_images WHERE place = $1 AND name = $2";
    IMAGES = "SELECT name, CAST(length(image) AS BIGINT) AS bytes, changed_at FROM guide_images WHERE place = $1";
    IMAGE = "SELECT image, changed_at FROM guide_images WHERE place = $1 AND name = $2";
}

/// The column `place`: no API has an empty name.
fn column(place: &GuidePlace) -> &str {
    place.api().map_or("", Slug::as_str)
}

/// How the log names what stands at a place.
fn target(place: &GuidePlace, name: &str) -> String {
    place.api().map_or_else(|| name.to_owned(), |api| format!("{api}/{name}"))
}

#[derive(sqlx::FromRow)]
struct HeadRow {
    slug: String,
    title: String,
    description: String,
    position: i64,
    draft: i64,
}

impl HeadRow {
    fn read(self) -> Result<GuideHead, StoreError> {
        Ok(GuideHead {
            slug: row::word(&self.slug, "guide's name")?,
            title: self.title,
            description: self.description,
            order: i32::try_from(self.position).map_err(|_| StoreError::Corrupt { what: "guide's order" })?,
            draft: self.draft != 0,
        })
    }
}

#[derive(sqlx::FromRow)]
struct GuideRow {
    #[sqlx(flatten)]
    head: HeadRow,
    source: String,
    created_at: i64,
    changed_at: i64,
}

impl GuideRow {
    fn read(self, place: &GuidePlace) -> Result<Guide, StoreError> {
        Ok(Guide {
            place: place.clone(),
            head: self.head.read()?,
            text: self.source,
            created_at: Timestamp::from_micros(self.created_at),
            changed_at: Timestamp::from_micros(self.changed_at),
        })
    }
}

impl Store {
    /// All of a place, drafts too, in the order in which they are read.
    pub async fn guides(&self, place: &GuidePlace) -> Result<Vec<GuideHead>, StoreError> {
        let rows = read!(&self.readers, fetch_all, HeadRow, LIST, column(place))?;
        let mut heads = rows.into_iter().map(HeadRow::read).collect::<Result<Vec<_>, _>>()?;
        // Sorted here, since the engines' collations differ.
        heads.sort_by_cached_key(|head| (head.order, head.title.to_lowercase(), head.slug.clone()));
        Ok(heads)
    }

    pub async fn guide(&self, place: &GuidePlace, slug: &Slug) -> Result<Option<Guide>, StoreError> {
        let found = read!(&self.readers, fetch_optional, GuideRow, ONE, column(place), slug.as_str())?;
        found.map(|row| row.read(place)).transpose()
    }

    /// Names and sizes of a place's pictures, by name.
    pub async fn guide_images(&self, place: &GuidePlace) -> Result<Vec<GuideImageLine>, StoreError> {
        let rows = read!(&self.readers, fetch_all, (String, i64, i64), IMAGES, column(place))?;
        let mut lines = rows
            .into_iter()
            .map(|(name, bytes, changed_at)| {
                Ok(GuideImageLine {
                    name: row::word(&name, "picture's name")?,
                    bytes: row::count(bytes),
                    changed_at: Timestamp::from_micros(changed_at),
                })
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        lines.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(lines)
    }

    pub async fn guide_image(&self, place: &GuidePlace, name: &ImageName) -> Result<Option<GuideImage>, StoreError> {
        let found = read!(&self.readers, fetch_optional, (Vec<u8>, i64), IMAGE, column(place), name.as_str())?;
        Ok(found.map(|(bytes, changed_at)| GuideImage {
            name: name.clone(),
            bytes,
            changed_at: Timestamp::from_micros(changed_at),
        }))
    }
}

impl Tx {
    /// Adds a guide, or puts it in place of the one of the same name, which keeps its time of creation. An API that is
    /// gone is [`StoreError::Missing`].
    pub async fn put_guide(&mut self, guide: &Guide) -> Result<(), StoreError> {
        let Guide { place, head, text, created_at, changed_at } = guide;
        let put = change!(
            self,
            PUT,
            column(place),
            head.slug.as_str(),
            place.api().map(Slug::as_str),
            row::without_nul(&head.title).as_ref(),
            row::without_nul(&head.description).as_ref(),
            i64::from(head.order),
            i64::from(head.draft),
            row::without_nul(text).as_ref(),
            created_at.micros(),
            changed_at.micros(),
        );
        put.map_err(|error| error.missing("API"))?;
        let detail = json!({"title": head.title, "order": head.order, "draft": head.draft, "bytes": text.len()});
        self.record("written", Subject::Guide, target(place, head.slug.as_str()), detail).await
    }

    pub async fn remove_guide(&mut self, place: &GuidePlace, slug: &Slug) -> Result<(), StoreError> {
        let touched = change!(self, REMOVE, column(place), slug.as_str())?;
        self.found(touched, "guide")?;
        self.record("removed", Subject::Guide, target(place, slug.as_str()), json!({})).await
    }

    /// Adds a picture, or puts it in place of the one of the same name.
    pub async fn put_guide_image(&mut self, place: &GuidePlace, image: &GuideImage) -> Result<(), StoreError> {
        let put = change!(
            self,
            PUT_IMAGE,
            column(place),
            image.name.as_str(),
            place.api().map(Slug::as_str),
            image.bytes.as_slice(),
            image.changed_at.micros(),
        );
        put.map_err(|error| error.missing("API"))?;
        let detail = json!({"bytes": image.bytes.len()});
        self.record("image_written", Subject::Guide, target(place, image.name.as_str()), detail).await
    }

    pub async fn remove_guide_image(&mut self, place: &GuidePlace, name: &ImageName) -> Result<(), StoreError> {
        let touched = change!(self, REMOVE_IMAGE, column(place), name.as_str())?;
        self.found(touched, "picture")?;
        self.record("image_removed", Subject::Guide, target(place, name.as_str()), json!({})).await
    }
}
