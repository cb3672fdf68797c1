//! APIs: documents come in, versions are published, settings are kept.
use crate::{
    Control, ControlError, Page, Who,
    accounts::cursor,
    deprecation,
    permit::{ManageApis, Permit},
    publisher::spec,
    settings::refused,
};
use bytes::Bytes;
use portico_contract::reference::Finding;
use portico_domain::{Api, ApiSettings, ApiVersion, RouteSpec, Slug, Upstream, VersionId, VersionState, Visibility};
use portico_gateway::WorldError;
use portico_openapi::Description;
use portico_store::{StoreError, Tx, Unique};
use std::{collections::BTreeSet, sync::Arc};
use url::Url;

/// The largest document.
pub(crate) const DOCUMENT_BYTES: usize = 32 * 1024 * 1024;

/// A document on its way in.
#[derive(Clone, Debug)]
pub struct UploadRequest {
    /// Made from the title when `None`.
    pub slug: Option<Slug>,
    pub bytes: Bytes,
    /// Replaces the API's upstreams unless empty.
    pub upstreams: Vec<Url>,
    pub publish: bool,
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct UploadOutcome {
    /// The API is new.
    pub created: bool,
    pub api: Api,
    pub version: ApiVersion,
    /// Warnings and hints; with an error nothing would have been kept.
    pub findings: Vec<Finding>,
}

impl Control {
    /// Takes a document as the next version of an API, new or known. Refused ones change nothing.
    pub async fn upload_document(&self, who: &Who, request: UploadRequest) -> Result<UploadOutcome, ControlError> {
        let permit = who.permit::<ManageApis>()?;
        if request.bytes.len() > DOCUMENT_BYTES {
            return Err(ControlError::TooLarge { limit: "32 MiB".into() });
        }
        let bytes = request.bytes.clone();
        let reading = tokio::task::spawn_blocking(move || portico_openapi::read(&bytes))
            .await
            .map_err(|error| ControlError::internal(&error))?;
        let findings = reading.findings;
        let Some(description) = reading.description.map(Arc::new) else { return Err(ControlError::Document(findings)) };
        let slug = match request.slug {
            Some(slug) => slug,
            None => Slug::suggest(description.title()).ok_or_else(|| {
                ControlError::invalid(
                    "slug",
                    "Choose a name for the API's address: its title has no letter a to z in it.",
                )
            })?,
        };
        let mut tx = self.store.begin(permit.actor()).await?;
        let (created, mut api) = self.api_to_fill(&mut tx, &slug, &description).await?;
        if !request.upstreams.is_empty() {
            api.settings.upstreams = request.upstreams.into_iter().map(|url| Upstream { url, weight: 1 }).collect();
            api.settings.validate().map_err(refused)?;
            tx.change_api_settings(&slug, &api.settings).await?;
        }
        let version = self.version_to_keep(&mut tx, &api, &description, &request.bytes).await?;
        if request.publish {
            self.check_servable(&api, description.routes())?;
            self.compile_document(version.id, &description, &api.settings).await?;
            tx.publish(&slug, Some(version.id)).await?;
        }
        if api.title != description.title() {
            tx.set_api_title(&slug, description.title()).await?;
        }
        tx.commit().await?;
        self.library.put(version.id, request.bytes.len(), description, findings.clone());
        self.catch_up().await?;
        let (api, version) = self.kept(&slug, version.id).await?;
        Ok(UploadOutcome { created, api, version, findings })
    }

    async fn api_to_fill(
        &self,
        tx: &mut Tx,
        slug: &Slug,
        description: &Description,
    ) -> Result<(bool, Api), ControlError> {
        if let Some(api) = tx.api(slug).await? {
            return Ok((false, api));
        }
        let mut settings = ApiSettings::new(slug);
        let plans = self.store.plans().await?;
        settings.plans.retain(|offered| plans.iter().any(|plan| plan.slug == *offered));
        let api = Api {
            slug: slug.clone(),
            title: description.title().to_owned(),
            settings,
            published: None,
            created_at: tx.at(),
            changed_at: tx.at(),
        };
        tx.add_api(&api).await.map_err(base_path_taken)?;
        Ok((true, api))
    }

    /// A new version, or the newest one if the document is that one, byte for byte.
    async fn version_to_keep(
        &self,
        tx: &mut Tx,
        api: &Api,
        description: &Description,
        bytes: &[u8],
    ) -> Result<ApiVersion, ControlError> {
        let slug = &api.slug;
        if let Some(newest) =
            self.store.versions(slug).await?.into_iter().max_by_key(|version| (version.created_at, version.id))
            && self.store.document(newest.id).await?.as_deref() == Some(bytes)
        {
            return Ok(newest);
        }
        let version = ApiVersion {
            id: VersionId::new(&*self.clock),
            api: slug.clone(),
            version: description.version().to_owned(),
            title: description.title().to_owned(),
            format: description.format(),
            operations: description.operation_count(),
            state: VersionState::Draft,
            created_at: tx.at(),
            published_at: None,
        };
        let mut routes = description.routes();
        if let Some(present) = api.published
            && let Some(published) = self.store.version(present).await?
        {
            let present = self.store.routes(present).await?.unwrap_or_default();
            deprecation::go_on(&mut routes, &present, published.published_at);
        }
        tx.add_version(&version, bytes, &routes).await?;
        Ok(version)
    }

    async fn kept(&self, slug: &Slug, version: VersionId) -> Result<(Api, ApiVersion), ControlError> {
        let gone = || ControlError::not_found(format!("API {slug} any more"));
        let api = self.store.api(slug).await?.ok_or_else(gone)?;
        let version = self.store.version(version).await?.ok_or_else(gone)?;
        Ok((api, version))
    }

    /// The APIs that the caller may see, by slug. Drafts are for publishers.
    pub async fn list_apis_for(&self, who: &Who, after: Option<&str>, limit: u32) -> Result<Page<Api>, ControlError> {
        let after: Option<Slug> = cursor(after)?;
        let mut apis = self.visible_apis(who).await?;
        apis.retain(|api| after.as_ref().is_none_or(|after| api.slug > *after));
        Ok(Page::cut(apis, limit, |api| api.slug.to_string()))
    }

    pub(crate) async fn visible_apis(&self, who: &Who) -> Result<Vec<Api>, ControlError> {
        let mut apis = self.store.apis().await?;
        let chosen = self.chosen_for(who).await?;
        apis.retain(|api| sees(who, api, &chosen));
        apis.sort_by(|a, b| a.slug.cmp(&b.slug));
        Ok(apis)
    }

    pub async fn find_api(&self, who: &Who, slug: &Slug) -> Result<Api, ControlError> {
        let api = match self.store.api(slug).await? {
            Some(api) if self.may_see(who, &api).await? => Some(api),
            _ => None,
        };
        api.ok_or_else(|| ControlError::not_found(format!("API {slug}")))
    }

    pub(crate) async fn may_see(&self, who: &Who, api: &Api) -> Result<bool, ControlError> {
        Ok(sees(who, api, &self.chosen_for(who).await?))
    }

    /// The private APIs that somebody was chosen to read.
    async fn chosen_for(&self, who: &Who) -> Result<BTreeSet<Slug>, ControlError> {
        match who.account() {
            Some(account) => Ok(self.store.apis_read_by(account).await?),
            None => Ok(BTreeSet::new()),
        }
    }

    /// Host, with its port, and path below which the gateway serves an API: a host of its own, if it has one.
    pub(crate) fn served_at<'a>(&self, api: &'a Api) -> (String, &'a str) {
        let own = api.settings.policies.hosts.first();
        let host = own.map(String::as_str).or(self.gateway_url.host_str()).unwrap_or_default();
        let port = self.gateway_url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let path = if own.is_some() { "" } else { api.settings.base_path.trim_end_matches('/') };
        (format!("{host}{port}"), path)
    }

    /// Removes an API with its versions and subscriptions.
    pub async fn remove_api(&self, who: &Who, slug: &Slug) -> Result<(), ControlError> {
        let permit = who.permit::<ManageApis>()?;
        self.find_api(who, slug).await?;
        let mut tx = self.store.begin(permit.actor()).await?;
        tx.remove_api(slug).await?;
        tx.commit().await?;
        self.catch_up().await
    }

    /// Publishes a version by its id or its version text; the newest when `None`. Going back is the same call.
    pub async fn publish_version(
        &self,
        who: &Who,
        slug: &Slug,
        version: Option<&str>,
    ) -> Result<(Api, ApiVersion), ControlError> {
        let permit = who.permit::<ManageApis>()?;
        let api = self.find_api(who, slug).await?;
        let version = self.pick_version(slug, version).await?;
        self.check_servable(&api, self.store.routes(version.id).await?.unwrap_or_default())?;
        self.compiled_document(&version, &api.settings).await?;
        self.set_published(&permit, slug, Some(version.id)).await?;
        self.kept(slug, version.id).await
    }

    /// Takes an API off the gateway and out of the catalogue; its versions stay.
    pub async fn unpublish_api(&self, who: &Who, slug: &Slug) -> Result<Api, ControlError> {
        let permit = who.permit::<ManageApis>()?;
        let api = self.find_api(who, slug).await?;
        if api.published.is_some() {
            self.set_published(&permit, slug, None).await?;
        }
        self.find_api(who, slug).await
    }

    async fn set_published(
        &self,
        permit: &Permit<ManageApis>,
        slug: &Slug,
        version: Option<VersionId>,
    ) -> Result<(), ControlError> {
        let mut tx = self.store.begin(permit.actor()).await?;
        tx.publish(slug, version).await?;
        tx.commit().await?;
        self.catch_up().await
    }

    /// Newest first.
    pub async fn list_versions(
        &self,
        who: &Who,
        slug: &Slug,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<ApiVersion>, ControlError> {
        self.find_api(who, slug).await?;
        let after: Option<VersionId> = cursor(after)?;
        let mut versions = self.versions_for(who, slug).await?;
        versions.retain(|version| after.is_none_or(|after| version.id < after));
        Ok(Page::cut(versions, limit, |version| version.id.to_string()))
    }

    /// Newest first; drafts only for publishers.
    pub(crate) async fn versions_for(&self, who: &Who, slug: &Slug) -> Result<Vec<ApiVersion>, ControlError> {
        let mut versions = self.store.versions(slug).await?;
        if !who.may::<ManageApis>() {
            versions.retain(|version| version.state != VersionState::Draft);
        }
        versions.sort_by_key(|version| std::cmp::Reverse((version.created_at, version.id)));
        Ok(versions)
    }

    async fn pick_version(&self, slug: &Slug, version: Option<&str>) -> Result<ApiVersion, ControlError> {
        let mut versions = self.store.versions(slug).await?;
        versions.sort_by_key(|version| std::cmp::Reverse((version.created_at, version.id)));
        let id = version.and_then(|version| version.parse::<VersionId>().ok());
        let wanted =
            |candidate: &ApiVersion| version.is_none_or(|text| id == Some(candidate.id) || candidate.version == text);
        let missing = || ControlError::not_found(format!("version {} of {slug}", version.unwrap_or_default()));
        versions.into_iter().find(wanted).ok_or_else(missing)
    }

    /// The version a reader asked for: the published one, or an older one by its text or id. Publishers see a draft's
    /// newest version where nothing is published.
    pub(crate) async fn version_for(
        &self,
        who: &Who,
        api: &Api,
        version: Option<&str>,
    ) -> Result<ApiVersion, ControlError> {
        let missing =
            || ControlError::not_found(format!("version {} of {}", version.unwrap_or("for readers"), api.title));
        let versions = self.versions_for(who, &api.slug).await?;
        let found = match version {
            Some(text) => {
                let id = text.parse::<VersionId>().ok();
                versions.into_iter().find(|candidate| id == Some(candidate.id) || candidate.version == text)
            }
            None => match api.published {
                Some(published) => versions.into_iter().find(|candidate| candidate.id == published),
                None => versions.into_iter().next(),
            },
        };
        found.ok_or_else(missing)
    }
}

/// The one place that says who may see an API.
fn sees(who: &Who, api: &Api, chosen: &BTreeSet<Slug>) -> bool {
    if who.may::<ManageApis>() {
        return true;
    }
    api.published.is_some()
        && match api.settings.visibility {
            Visibility::Public => true,
            Visibility::SignedIn => who.role().is_some(),
            Visibility::Private => chosen.contains(&api.slug),
        }
}

impl Control {
    /// Whether the gateway can serve it. Asked before it is written: what is wrong must show here, never at a call.
    pub(crate) fn check_servable(&self, api: &Api, routes: Vec<RouteSpec>) -> Result<(), ControlError> {
        let checked = spec(api.clone(), routes).check(self.gateway.as_deref());
        checked.map_err(|WorldError { pointer, problem, .. }| {
            let message = format!("This cannot be published: {problem}.");
            match pointer {
                Some(pointer) => {
                    let field = pointer.split('/').nth(1).unwrap_or_default();
                    ControlError::invalid_at(&pointer, field, message)
                }
                None => ControlError::conflict(message),
            }
        })
    }
}

pub(crate) fn base_path_taken(error: StoreError) -> ControlError {
    match error {
        StoreError::Taken { what: Unique::BasePath } => {
            ControlError::invalid("base_path", "Another API is served at this base path.")
        }
        other => other.into(),
    }
}
