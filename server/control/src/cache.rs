//! What gateways keep of answers.
use crate::{Control, ControlError, Who, permit::ManageApis};
use portico_domain::Slug;

impl Control {
    /// Makes every gateway forget the answers of an API, or those of a path of its document and all below it: this node's
    /// at once, the others when they read of it in the log. Answers how many targets this node forgot.
    pub async fn purge_cache(&self, who: &Who, slug: &Slug, path: Option<&str>) -> Result<usize, ControlError> {
        let permit = who.permit::<ManageApis>()?;
        self.find_api(who, slug).await?;
        let forgotten = self.gateway.as_ref().map_or(0, |gateway| gateway.purge_cache(slug, path));
        let mut tx = self.store.begin(permit.actor()).await?;
        tx.purge_answers(slug, path).await?;
        tx.commit().await?;
        self.catch_up().await?;
        Ok(forgotten)
    }
}
