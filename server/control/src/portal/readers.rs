//! Who may read a private API, as a page.
use super::catalogue::visibility;
use crate::{Control, ControlError, Who};
use portico_contract::{
    Listing,
    admin::{ReaderLine, ReadersPage},
};
use portico_domain::Slug;

const LINES: u32 = 50;

impl Control {
    pub(super) async fn show_readers(
        &self,
        who: &Who,
        slug: &Slug,
        after: Option<&str>,
    ) -> Result<ReadersPage, ControlError> {
        let page = self.list_readers(who, slug, after, LINES).await?;
        let api = self.find_api(who, slug).await?;
        let lines = page.items.into_iter().map(|reader| ReaderLine {
            id: reader.account.to_string(),
            name: reader.name,
            email: reader.email.to_string(),
            since: self.moment(reader.added_at),
        });
        Ok(ReadersPage {
            slug: slug.to_string(),
            visibility: visibility(api.settings.visibility),
            readers: Listing {
                items: lines.collect(),
                next: page.next,
                total: self.store.count_api_readers(slug).await?,
            },
            title: api.title,
        })
    }

    pub(super) async fn add_reader_by_form(&self, who: &Who, slug: &Slug, email: &str) -> Result<(), ControlError> {
        let email = email.trim().parse().map_err(|error| ControlError::invalid("email", format!("{error}.")))?;
        self.add_reader(who, slug, &email).await?;
        Ok(())
    }
}
