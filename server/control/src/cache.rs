//! What the gateway keeps of answers.
use crate::{Control, ControlError, Who, permit::ManageApis};
use portico_domain::Slug;

impl Control {
    /// Makes the gateway of this node forget the answers of an API, or those of a path of its document and all below it.
    /// Answers how many targets it were.
    pub async fn purge_cache(&self, who: &Who, slug: &Slug, path: Option<&str>) -> Result<usize, ControlError> {
        who.permit::<ManageApis>()?;
        self.find_api(who, slug).await?;
        Ok(self.gateway.as_ref().map_or(0, |gateway| gateway.purge_cache(slug, path)))
    }
}
