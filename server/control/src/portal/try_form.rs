//! What a reader needs to make a call from the reference.
use super::catalogue::{Opened, key_variable, needs_key};
use crate::{Control, ControlError, Who};
use portico_contract::form::{OwnKey, TryForm};

impl Control {
    /// Of the published version, since that is what calls reach.
    pub async fn try_form(&self, who: &Who, api: &str, operation: &str) -> Result<TryForm, ControlError> {
        let Opened { api, description, head, .. } = self.open(who, api, None).await?;
        let needs_key = needs_key(&api, &description, operation);
        let reader = self.reader(who, &api).await?;
        let variable = key_variable(&api, &reader).filter(|_| needs_key);
        let form = description
            .form(operation, &head.base_url, variable.as_deref())
            .ok_or_else(|| ControlError::not_found(format!("operation {operation} of {}", head.title)))?;
        let mut keys = Vec::new();
        for (id, _) in self.subscribed_apps(who, &api).await? {
            let Some(app) = self.store.app(id).await? else { continue };
            let of_app = self.fitting_keys(id, &api).await?.into_iter().map(|key| OwnKey {
                id: key.id.to_string(),
                name: key.name.as_str().to_owned(),
                app: app.name.clone(),
            });
            keys.extend(of_app);
        }
        let reader = who.account().map(|account| account.to_string()).unwrap_or_default();
        Ok(TryForm { reader, form, needs_key, keys })
    }
}
