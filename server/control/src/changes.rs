//! What changed from version to version, and which apps that concerns.
use crate::{Control, ControlError, Who, permit::ManageApis};
use portico_contract::changes::{Change, ChangeClass, Changes};
use portico_domain::{Api, ApiVersion, App, AppId, Slug, Timestamp, VersionId, VersionState};
use portico_openapi::Description;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;

/// Raised whenever the comparison tells other things than before; what was kept is told anew then.
const RULES: i64 = 1;
/// Comparisons kept in memory.
const KEPT: usize = 32;
/// How far back calls are looked at.
pub(crate) const CALLS_OF: Duration = Duration::from_hours(30 * 24);
/// Pairs of app and operation that are looked at.
const CALLERS: u32 = 2_000;
/// Versions that are looked through for the last change of an operation.
const LOOKED_THROUGH: usize = 10;

/// The older version and the later one.
type Pair = (VersionId, VersionId);

/// Comparisons, the latest first.
pub(crate) struct Compared {
    kept: Mutex<VecDeque<(Pair, Arc<Changes>)>>,
    /// One comparison at a time: each may take a second of CPU.
    turn: Semaphore,
}

impl Default for Compared {
    fn default() -> Self {
        Self { kept: Mutex::default(), turn: Semaphore::new(1) }
    }
}

impl Compared {
    fn find(&self, pair: Pair) -> Option<Arc<Changes>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(known, _)| *known == pair)?;
        let found = kept.remove(at)?;
        let changes = Arc::clone(&found.1);
        kept.push_front(found);
        Some(changes)
    }

    fn keep(&self, pair: Pair, changes: &Arc<Changes>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_front((pair, Arc::clone(changes)));
        kept.truncate(KEPT);
    }
}

/// A version beside the one it is compared with.
#[derive(Clone, Debug)]
pub struct VersionChanges {
    /// `None` where there is nothing before it.
    pub from: Option<ApiVersion>,
    pub to: ApiVersion,
    pub changes: Arc<Changes>,
}

/// What a version would mean to those who call the API today.
#[derive(Clone, Debug)]
pub struct Impact {
    pub from: ApiVersion,
    pub to: ApiVersion,
    /// Calls were looked at from here on.
    pub since: Timestamp,
    pub changes: Arc<Changes>,
    /// Subscribed apps that called what would break, the most calls first.
    pub callers: Vec<AffectedCaller>,
}

#[derive(Clone, Debug)]
pub struct AffectedCaller {
    pub app: App,
    /// E-mail of the app's owner.
    pub owner: String,
    /// As the version served today names it.
    pub operation: String,
    pub requests: u64,
    pub last: Timestamp,
    /// Which of the changes concern it: places in [`Changes::items`].
    pub changes: Vec<usize>,
}

/// The version that last changed an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LastChange {
    pub(crate) version: ApiVersion,
    /// It came with that version, or with the first one.
    pub(crate) new: bool,
}

impl Control {
    /// Versions that were published one day, the newest first. Going back to an older one changes nothing of this order.
    pub(crate) async fn published_versions(&self, who: &Who, slug: &Slug) -> Result<Vec<ApiVersion>, ControlError> {
        let mut versions = self.versions_for(who, slug).await?;
        versions.retain(|version| version.published_at.is_some());
        Ok(versions)
    }

    /// What changed up to a version, by its id or text: from `from`, else from the one published before it; a draft is
    /// compared with what is published.
    pub async fn changes_of(
        &self,
        who: &Who,
        slug: &Slug,
        version: &str,
        from: Option<&str>,
    ) -> Result<VersionChanges, ControlError> {
        let api = self.find_api(who, slug).await?;
        let to = self.version_for(who, &api, Some(version)).await?;
        let before = match from {
            Some(from) => Some(self.version_for(who, &api, Some(from)).await?),
            None => self.version_before(who, &api, &to).await?,
        };
        let Some(from) = before else { return Ok(VersionChanges { from: None, to, changes: Arc::default() }) };
        let changes = self.changes_between(&from, &to, from.published_at.is_some()).await?;
        Ok(VersionChanges { from: Some(from), to, changes })
    }

    async fn version_before(
        &self,
        who: &Who,
        api: &Api,
        version: &ApiVersion,
    ) -> Result<Option<ApiVersion>, ControlError> {
        let published = self.published_versions(who, &api.slug).await?;
        if version.state == VersionState::Draft && api.published.is_some() {
            return Ok(published.into_iter().find(|candidate| api.published == Some(candidate.id)));
        }
        let age = |version: &ApiVersion| (version.created_at, version.id);
        Ok(published.into_iter().find(|candidate| age(candidate) < age(version)))
    }

    /// What changed between two versions. `keep`: others will ask for the same.
    pub(crate) async fn changes_between(
        &self,
        before: &ApiVersion,
        after: &ApiVersion,
        keep: bool,
    ) -> Result<Arc<Changes>, ControlError> {
        if let Some(known) = self.known_changes(before, after).await? {
            return Ok(known);
        }
        let _turn = self.compared.turn.acquire().await.map_err(|error| ControlError::internal(&error))?;
        // Whoever had the turn before may have asked the same.
        if let Some(known) = self.known_changes(before, after).await? {
            return Ok(known);
        }
        let (left, right) = (self.description(before).await?, self.description(after).await?);
        let compared = tokio::task::spawn_blocking(move || compare(&left, &right)).await;
        let (changes, text) = compared.map_err(|error| ControlError::internal(&error))?;
        if keep && let Err(error) = self.store.keep_version_changes(before.id, after.id, RULES, &text).await {
            tracing::warn!(%error, api = %after.api, "a comparison of versions could not be kept");
        }
        let changes = Arc::new(changes);
        self.compared.keep((before.id, after.id), &changes);
        Ok(changes)
    }

    /// What changed, if that was told before.
    async fn known_changes(
        &self,
        before: &ApiVersion,
        after: &ApiVersion,
    ) -> Result<Option<Arc<Changes>>, ControlError> {
        let pair = (before.id, after.id);
        if let Some(known) = self.compared.find(pair) {
            return Ok(Some(known));
        }
        let kept = self.store.version_changes(before.id, after.id, RULES).await?;
        let kept = kept.and_then(|changes| serde_json::from_str::<Changes>(&changes).ok()).map(Arc::new);
        if let Some(changes) = &kept {
            self.compared.keep(pair, changes);
        }
        Ok(kept)
    }

    /// What publishing a version would mean to those who call what is published now. `None` where nothing is, or where it
    /// is this version.
    pub async fn impact_of(&self, who: &Who, slug: &Slug, version: &str) -> Result<Option<Impact>, ControlError> {
        who.permit::<ManageApis>()?;
        let api = self.find_api(who, slug).await?;
        let to = self.version_for(who, &api, Some(version)).await?;
        let Some(published) = api.published.filter(|published| *published != to.id) else { return Ok(None) };
        let Some(from) = self.store.version(published).await? else { return Ok(None) };
        let changes = self.changes_between(&from, &to, true).await?;
        let since = self.clock.now().minus(CALLS_OF);
        let callers = self.affected_callers(slug, &changes, since).await?;
        Ok(Some(Impact { from, to, since, changes, callers }))
    }

    async fn affected_callers(
        &self,
        slug: &Slug,
        changes: &Changes,
        since: Timestamp,
    ) -> Result<Vec<AffectedCaller>, ControlError> {
        let mut broken: HashMap<&str, Vec<usize>> = HashMap::new();
        for (n, change) in changes.items.iter().enumerate().filter(|(_, change)| change.class == ChangeClass::Breaking)
        {
            for name in change.operations.iter().filter_map(|names| names.before.as_deref()) {
                broken.entry(name).or_default().push(n);
            }
        }
        if broken.is_empty() {
            return Ok(Vec::new());
        }
        let subscribed: HashSet<AppId> = self.store.apps_subscribed_to(slug).await?.into_iter().collect();
        let mut apps: HashMap<AppId, Option<(App, String)>> = HashMap::new();
        let mut callers = Vec::new();
        for calls in self.store.callers(slug, since, CALLERS).await? {
            let Some(changes) = broken.get(calls.operation.as_str()).filter(|_| subscribed.contains(&calls.app)) else {
                continue;
            };
            let known = match apps.get(&calls.app) {
                Some(known) => known.clone(),
                None => self.app_and_owner(calls.app).await?,
            };
            apps.insert(calls.app, known.clone());
            let Some((app, owner)) = known else { continue };
            callers.push(AffectedCaller {
                app,
                owner,
                operation: calls.operation,
                requests: calls.requests,
                last: calls.last,
                changes: changes.clone(),
            });
        }
        Ok(callers)
    }

    async fn app_and_owner(&self, id: AppId) -> Result<Option<(App, String)>, ControlError> {
        let Some(app) = self.store.app(id).await? else { return Ok(None) };
        let owner = self.store.account(app.owner).await?.map(|account| account.email.to_string());
        Ok(Some((app, owner.unwrap_or_default())))
    }

    /// The published version, up to the one shown, that last changed an operation; `None` where only one was published, or
    /// it lies too far back.
    pub(crate) async fn last_change(
        &self,
        who: &Who,
        slug: &Slug,
        shown: &ApiVersion,
        operation: &str,
    ) -> Result<Option<LastChange>, ControlError> {
        let age = |version: &ApiVersion| (version.created_at, version.id);
        let mut versions = self.published_versions(who, slug).await?;
        versions.retain(|version| age(version) <= age(shown));
        let mut name = operation.to_owned();
        for pair in versions.windows(2).take(LOOKED_THROUGH) {
            let [after, before] = pair else { break };
            // A page of an operation waits for no comparison; those of published versions are made when they are published.
            let Some(changes) = self.known_changes(before, after).await? else { break };
            let touches = |change: &&Change| {
                change.class != ChangeClass::Docs
                    && change.operations.iter().any(|names| names.after.as_deref() == Some(&*name))
            };
            if let Some(change) = changes.items.iter().find(touches) {
                let new = change.code == "operation-added";
                return Ok(Some(LastChange { version: after.clone(), new }));
            }
            // Only its name changed, which is no change of it.
            let renamed = changes.items.iter().flat_map(|change| &change.operations);
            let was =
                renamed.filter(|names| names.after.as_deref() == Some(&*name)).find_map(|names| names.before.clone());
            name = was.unwrap_or(name);
        }
        Ok(None)
    }
}

fn compare(before: &Description, after: &Description) -> (Changes, String) {
    let changes = portico_openapi::changes(before, after);
    let text = serde_json::to_string(&changes).unwrap_or_default();
    (changes, text)
}
