//! What everybody may read, as search engines want to know it.
use crate::{Control, ControlError, Who};
use portico_domain::{Slug, Timestamp};

/// An API whose pages are for everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicApi {
    pub slug: Slug,
    /// When its published version was published.
    pub changed: Timestamp,
    /// Names of its operations' pages.
    pub operations: Vec<String>,
}

impl Control {
    /// By slug.
    pub async fn public_apis(&self) -> Result<Vec<PublicApi>, ControlError> {
        let mut found = Vec::new();
        for api in self.visible_apis(&Who::Visitor { client: String::new() }).await? {
            let Some(published) = api.published else { continue };
            let Some(version) = self.store.version(published).await? else { continue };
            let routes = self.store.routes(published).await?.unwrap_or_default();
            found.push(PublicApi {
                slug: api.slug,
                changed: version.published_at.unwrap_or(version.created_at),
                operations: routes.into_iter().map(|route| route.operation).collect(),
            });
        }
        Ok(found)
    }
}
