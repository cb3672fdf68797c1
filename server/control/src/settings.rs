//! The settings of an API: how the gateway and the portal treat it.
use crate::{Control, ControlError, Fault, Who, apis::base_path_taken, permit::ManageApis};
use portico_domain::{Api, ApiSettings, SettingsFaults, SettingsPatch, Slug};
use std::collections::BTreeSet;

impl Control {
    /// Changes the settings as they are at the moment of writing. The gateway goes by them when this is answered.
    pub async fn change_settings(&self, who: &Who, slug: &Slug, patch: &SettingsPatch) -> Result<Api, ControlError> {
        let permit = who.permit::<ManageApis>()?;
        let mut tx = self.store.begin(permit.actor()).await?;
        let before = tx.api(slug).await?.ok_or_else(|| ControlError::not_found(format!("API {slug}")))?;
        let settings = patch.apply(&before.settings, slug).map_err(refused)?;
        self.check_beside_others(&before, &settings).await?;
        if let Some(published) = before.published {
            let routes = self.store.routes(published).await?.unwrap_or_default();
            self.check_servable(&Api { settings: settings.clone(), ..before }, routes)?;
            if let Some(version) = self.store.version(published).await? {
                self.compiled_document(&version, &settings).await?;
            }
        }
        tx.change_api_settings(slug, &settings).await.map_err(base_path_taken)?;
        tx.commit().await?;
        self.catch_up().await?;
        self.find_api(who, slug).await
    }

    /// What depends on other records. Asked within a transaction, it stays true until that ends.
    async fn check_beside_others(&self, before: &Api, settings: &ApiSettings) -> Result<(), ControlError> {
        let mut faults = Vec::new();
        let mut wrong = |pointer: String, message: String| {
            let field = first_member(&pointer);
            faults.push(Fault { pointer, field, message });
        };
        let plans = self.store.plans().await?;
        for (place, offered) in settings.plans.iter().enumerate() {
            if !plans.iter().any(|plan| plan.slug == *offered) {
                wrong(format!("/plans/{place}"), format!("There is no plan {offered}."));
            }
        }
        if !settings.policies.hosts.is_empty() {
            let others = self.store.apis().await?;
            for (place, host) in settings.policies.hosts.iter().enumerate() {
                let other =
                    others.iter().find(|api| api.slug != before.slug && api.settings.policies.hosts.contains(host));
                if let Some(other) = other {
                    let message = format!("{host} belongs to the API {}; a host has one API.", other.slug);
                    wrong(format!("/hosts/{place}"), message);
                } else if self.gateway_url.host_str() == Some(host) {
                    let message =
                        format!("{host} is the gateway's own name, under which APIs stand at their base paths.");
                    wrong(format!("/hosts/{place}"), message);
                }
            }
        }
        let named = settings.policies.operations.keys();
        let new = named.filter(|name| !before.settings.policies.operations.contains_key(*name));
        let unknown = self.unknown_operations(&before.slug, new.cloned().collect()).await?;
        for name in unknown {
            let pointer = format!("/operation_settings/{}", name.replace('~', "~0").replace('/', "~1"));
            wrong(pointer, format!("No version of {} has an operation {name}.", before.slug));
        }
        if faults.is_empty() { Ok(()) } else { Err(ControlError::Invalid(faults)) }
    }

    /// Those of the names that no version of the API ever had. A name outlives the operation it was given to: going back
    /// to an older version finds its settings again.
    pub(crate) async fn unknown_operations(
        &self,
        api: &Slug,
        mut names: BTreeSet<String>,
    ) -> Result<BTreeSet<String>, ControlError> {
        if names.is_empty() {
            return Ok(names);
        }
        let mut versions = self.store.versions(api).await?;
        versions.sort_by_key(|version| std::cmp::Reverse((version.created_at, version.id)));
        for version in versions {
            for route in self.store.routes(version.id).await?.unwrap_or_default() {
                names.remove(&route.operation);
            }
            if names.is_empty() {
                break;
            }
        }
        Ok(names)
    }
}

/// Faults of settings in sentences, each with its place.
pub(crate) fn refused(invalid: SettingsFaults) -> ControlError {
    let fault = |portico_domain::InvalidSettings { pointer, mut message }| {
        if let Some(first) = message.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Fault { field: first_member(&pointer), pointer, message: message + "." }
    };
    ControlError::Invalid(invalid.0.into_iter().map(fault).collect())
}

fn first_member(pointer: &str) -> String {
    pointer.split('/').nth(1).unwrap_or_default().to_owned()
}
