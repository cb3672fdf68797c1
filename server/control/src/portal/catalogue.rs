//! The public half: catalogue and documentation, with what the house knows of the reader.
use super::{named, words::limits};
use crate::{Control, ControlError, Who};
use portico_contract::catalogue::{
    Access, ApiHead, ApiPage, Catalogue, CatalogueItem, OperationPage, PlanOffer, Reader, SchemaPage, VersionLink,
    Visibility,
};
use portico_domain::{
    Api, ApiVersion, AppId, GuidePlace, Key, KeyStatus, Slug, Subscription, SubscriptionState, VersionState,
};
use portico_openapi::Description;
use std::{collections::BTreeSet, sync::Arc};

/// APIs in the switcher of a page's head.
const OTHERS: usize = 20;

/// What every page of one API begins with.
pub(super) struct Opened {
    pub(super) api: Api,
    pub(super) version: ApiVersion,
    pub(super) description: Arc<Description>,
    pub(super) head: ApiHead,
}

impl Control {
    pub(super) async fn show_catalogue(&self, who: &Who) -> Result<Catalogue, ControlError> {
        let subscribed = self.subscribed_apis(who).await?;
        let mut items = Vec::new();
        for api in self.visible_apis(who).await? {
            // Drafts stand in the admin's list, not among what can be called.
            let Some(published) = api.published else { continue };
            let Some(version) = self.store.version(published).await? else { continue };
            let summary = self.card(&version).await?.summary.clone();
            items.push(CatalogueItem {
                subscribed: subscribed.contains(&api.slug),
                slug: api.slug.to_string(),
                title: version.title,
                version: version.version,
                summary,
                operations: version.operations,
                access: access(api.settings.access),
                visibility: visibility(api.settings.visibility),
                changed: self.moment(version.published_at.unwrap_or(version.created_at)),
            });
        }
        items.sort_by_key(|item| item.title.to_lowercase());
        Ok(Catalogue { items, guides: self.guide_lines(who, &GuidePlace::Portal).await? })
    }

    async fn subscribed_apis(&self, who: &Who) -> Result<BTreeSet<Slug>, ControlError> {
        let mut apis = BTreeSet::new();
        if who.account().is_some() {
            for app in self.own_apps(who).await? {
                let active = self.store.subscriptions_of(app).await?.into_iter();
                apis.extend(active.filter(|s| s.state == SubscriptionState::Active).map(|s| s.api));
            }
        }
        Ok(apis)
    }

    pub(super) async fn open(&self, who: &Who, api: &str, version: Option<&str>) -> Result<Opened, ControlError> {
        let slug: Slug = named(api, "API")?;
        let api = self.find_api(who, &slug).await?;
        let shown = self.version_for(who, &api, version).await?;
        let description = self.description(&shown).await?;
        let mut others = self.visible_apis(who).await?;
        others.retain(|other| other.slug != slug && other.published.is_some());
        let versions = self.versions_for(who, &slug).await?;
        let published = api.published == Some(shown.id);
        let head = ApiHead {
            slug: slug.to_string(),
            title: shown.title.clone(),
            version: shown.version.clone(),
            root: root(&api, &shown),
            versions: version_links(&api, &shown, versions),
            others: others.into_iter().take(OTHERS).map(|other| (other.slug.to_string(), other.title)).collect(),
            base_url: self.base_url(&api),
            access: access(api.settings.access),
            draft: !published && api.published.is_none(),
            guides: self.guide_lines(who, &GuidePlace::Api(slug)).await?,
        };
        Ok(Opened { api, version: shown, description, head })
    }

    /// Where the gateway serves an API, for clients.
    pub(crate) fn base_url(&self, api: &Api) -> String {
        let (host, path) = self.served_at(api);
        // Who has a path before the gateway cuts it off there.
        let before =
            if api.settings.policies.hosts.is_empty() { self.gateway_url.path().trim_end_matches('/') } else { "" };
        format!("{}://{host}{before}{path}", self.gateway_url.scheme())
    }

    pub(super) async fn reader(&self, who: &Who, api: &Api) -> Result<Reader, ControlError> {
        let mut reader = Reader { signed_in: who.account().is_some(), ..Reader::default() };
        for (app, subscription) in self.subscribed_apps(who, api).await? {
            if reader.plan.is_none()
                && let Some(plan) = self.store.plan(&subscription.plan).await?
            {
                reader.limits = Some(limits(&plan));
                reader.plan = Some(plan.name);
            }
            let keys = self.fitting_keys(app, api).await?;
            reader.keys.extend(keys.into_iter().map(|key| (key.name.as_str().to_owned(), app.to_string())));
        }
        Ok(reader)
    }

    /// The reader's own apps that may call the API.
    pub(super) async fn subscribed_apps(
        &self,
        who: &Who,
        api: &Api,
    ) -> Result<Vec<(AppId, Subscription)>, ControlError> {
        let mut apps = Vec::new();
        if who.account().is_some() {
            let active = |s: &Subscription| s.api == api.slug && s.state == SubscriptionState::Active;
            for app in self.own_apps(who).await? {
                let found = self.store.subscriptions_of(app).await?.into_iter().find(active);
                apps.extend(found.map(|subscription| (app, subscription)));
            }
        }
        Ok(apps)
    }

    /// Keys of an app with which the API can be called now.
    pub(super) async fn fitting_keys(&self, app: AppId, api: &Api) -> Result<Vec<Key>, ControlError> {
        let now = self.clock.now();
        let mut keys = self.store.keys_of(app).await?;
        keys.retain(|key| {
            key.status(now) == KeyStatus::Active && (key.apis.is_empty() || key.apis.contains(&api.slug))
        });
        Ok(keys)
    }

    pub(super) async fn show_api(&self, who: &Who, api: &str, version: Option<&str>) -> Result<ApiPage, ControlError> {
        let Opened { api, description, head, .. } = self.open(who, api, version).await?;
        let reader = self.reader(who, &api).await?;
        let mut plans = Vec::new();
        for slug in &api.settings.plans {
            if let Some(plan) = self.store.plan(slug).await? {
                plans.push(PlanOffer {
                    slug: plan.slug.to_string(),
                    limits: limits(&plan),
                    manual: plan.approval == portico_domain::Approval::Manual,
                    yours: reader.plan.as_ref() == Some(&plan.name),
                    name: plan.name,
                });
            }
        }
        let variable = key_variable(&api, &reader);
        let first_call = description.first_call(&head.base_url, variable.as_deref());
        Ok(ApiPage {
            navigation: description.navigation(None),
            overview: description.overview(),
            head,
            reader,
            plans,
            first_call,
        })
    }

    pub(super) async fn show_operation(
        &self,
        who: &Who,
        api: &str,
        version: Option<&str>,
        operation: &str,
    ) -> Result<OperationPage, ControlError> {
        let Opened { api, version, description, head } = self.open(who, api, version).await?;
        let missing = || {
            ControlError::not_found(format!("operation {operation} in version {} of {}", version.version, head.title))
        };
        let found = description.operation(operation).ok_or_else(missing)?;
        let reader = self.reader(who, &api).await?;
        let needs_key = needs_key(&api, &description, &found.slug);
        let variable = key_variable(&api, &reader).filter(|_| needs_key);
        let call = description.call(operation, &head.base_url, variable.as_deref());
        let given = description.given_samples(operation);
        let last_changed = self.last_changed(who, &api, &version, operation).await?;
        Ok(OperationPage {
            last_changed,
            navigation: description.navigation(Some(operation)),
            operation: found,
            head,
            reader,
            needs_key,
            call,
            given,
        })
    }

    pub(super) async fn show_schema(
        &self,
        who: &Who,
        api: &str,
        version: Option<&str>,
        schema: &str,
    ) -> Result<SchemaPage, ControlError> {
        let Opened { version, description, head, .. } = self.open(who, api, version).await?;
        let missing =
            || ControlError::not_found(format!("schema {schema} in version {} of {}", version.version, head.title));
        let found = description.schema(schema).ok_or_else(missing)?;
        Ok(SchemaPage { navigation: description.navigation(None), schema: found, head })
    }
}

/// Whether calls of the operation need one of our keys.
pub(super) fn needs_key(api: &Api, description: &Description, operation: &str) -> bool {
    match api.settings.access {
        portico_domain::Access::Key => true,
        portico_domain::Access::Open => false,
        portico_domain::Access::Document => {
            description.routes().iter().any(|route| route.operation == operation && route.secured)
        }
    }
}

/// The environment variable that samples name: made from the reader's own key, so that it is told from others.
pub(super) fn key_variable(api: &Api, reader: &Reader) -> Option<String> {
    if api.settings.access == portico_domain::Access::Open {
        return None;
    }
    let own = reader.keys.first().map(|(name, _)| {
        let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        name.chars().map(word).collect::<String>().trim_matches('_').to_owned()
    });
    match own {
        Some(own) if own.starts_with(|c: char| c.is_ascii_alphabetic()) => Some(format!("{own}_KEY")),
        _ => Some("PORTICO_KEY".to_owned()),
    }
}

/// Address of a version's pages.
pub(super) fn root(api: &Api, version: &ApiVersion) -> String {
    if api.published == Some(version.id) || api.published.is_none() {
        format!("/apis/{}", api.slug)
    } else {
        // By id: the same version text may have been uploaded twice, and may hold any character.
        format!("/apis/{}/versions/{}", api.slug, version_name(version))
    }
}

/// How a version stands in URLs: its text where that is plain, else its id.
pub(super) fn version_name(version: &ApiVersion) -> String {
    let plain = !version.version.is_empty()
        && version.version.len() <= 40
        && !version.version.starts_with('.')
        && version.version.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+".contains(&b));
    if plain { version.version.clone() } else { version.id.to_string() }
}

fn version_links(api: &Api, shown: &ApiVersion, versions: Vec<ApiVersion>) -> Vec<VersionLink> {
    let mut seen = BTreeSet::new();
    let once = versions.into_iter().filter(|version| {
        let known = version.state != VersionState::Draft || version.id == shown.id;
        known && (seen.insert(version_name(version)) || version.id == shown.id)
    });
    once.map(|version| VersionLink {
        href: root(api, &version),
        current: version.id == shown.id,
        published: api.published == Some(version.id),
        version: version.version,
    })
    .collect()
}

pub(super) fn access(access: portico_domain::Access) -> Access {
    match access {
        portico_domain::Access::Key => Access::Key,
        portico_domain::Access::Document => Access::Document,
        portico_domain::Access::Open => Access::Open,
    }
}

pub(super) fn visibility(visibility: portico_domain::Visibility) -> Visibility {
    match visibility {
        portico_domain::Visibility::Public => Visibility::Public,
        portico_domain::Visibility::SignedIn => Visibility::SignedIn,
        portico_domain::Visibility::Private => Visibility::Private,
    }
}
