//! Which versions were published, and what changed with each.
use super::{
    catalogue::{Opened, root, version_name},
    named,
};
use crate::{Control, ControlError, Impact as Found, Page, Who};
use portico_contract::{
    Listing,
    admin::{AffectedCaller, Impact},
    catalogue::{ChangesFeed, ChangesPage, FeedEntry, LastChanged, PublishedVersion, Since, VersionChangesPage},
    changes::Changes,
};
use portico_domain::{Api, ApiVersion, Slug, VersionId};
use std::collections::BTreeSet;
use time::format_description::well_known::Rfc2822;

/// Versions of one page: each may hold a comparison that has to be read.
const VERSIONS: u32 = 10;
/// Versions of the feed.
const ENTRIES: usize = 15;
/// Callers on the page of an API.
const CALLERS: usize = 100;

impl Control {
    pub(super) async fn show_changes(
        &self,
        who: &Who,
        api: &str,
        after: Option<&str>,
    ) -> Result<ChangesPage, ControlError> {
        let Opened { api, description, head, .. } = self.open(who, api, None).await?;
        let all = self.published_versions(who, &api.slug).await?;
        let total = all.len() as u64;
        // One more than is shown: the version before the last one.
        let rest: Vec<ApiVersion> = match after.map(str::parse::<VersionId>) {
            Some(Ok(after)) => all.into_iter().skip_while(|version| version.id != after).skip(1).collect(),
            Some(Err(_)) => Vec::new(),
            None => all,
        };
        let before: Vec<Option<ApiVersion>> = rest.iter().skip(1).cloned().map(Some).chain([None]).collect();
        let pairs: Vec<_> = rest.into_iter().zip(before).take(VERSIONS as usize + 1).collect();
        let Page { items, next } = Page::cut(pairs, VERSIONS, |(version, _)| version.id.to_string());
        let mut versions = Vec::with_capacity(items.len());
        for (version, before) in items {
            versions.push(self.published_version(&api, version, before).await?);
        }
        let versions = Listing { items: versions, next, total };
        Ok(ChangesPage { versions, navigation: description.navigation(None), head })
    }

    pub(super) async fn show_version_changes(
        &self,
        who: &Who,
        api: &str,
        version: &str,
    ) -> Result<VersionChangesPage, ControlError> {
        let Opened { api, version, description, head } = self.open(who, api, Some(version)).await?;
        let before = self.changes_of(who, &api.slug, &version.id.to_string(), None).await?.from;
        let version = self.published_version(&api, version, before).await?;
        Ok(VersionChangesPage { version, navigation: description.navigation(None), head })
    }

    async fn published_version(
        &self,
        api: &Api,
        version: ApiVersion,
        before: Option<ApiVersion>,
    ) -> Result<PublishedVersion, ControlError> {
        let since = match before {
            Some(before) => {
                let changes = self.changes_between(&before, &version, true).await?;
                let root = root(api, &before);
                Some(Since { version: before.version, root, changes: Changes::clone(&changes) })
            }
            None => None,
        };
        Ok(PublishedVersion {
            id: version.id.to_string(),
            published: version.published_at.map(|at| self.moment(at)),
            operations: version.operations,
            current: api.published == Some(version.id),
            root: root(api, &version),
            href: changes_href(api, &version),
            version: version.version,
            since,
        })
    }

    pub(super) async fn show_changes_feed(&self, who: &Who, api: &str) -> Result<ChangesFeed, ControlError> {
        let slug: Slug = named(api, "API")?;
        let api = self.find_api(who, &slug).await?;
        let versions = self.published_versions(who, &slug).await?;
        let whole = |path: &str| format!("{}{path}", self.portal_url.as_str().trim_end_matches('/'));
        let mut entries = Vec::new();
        for (n, version) in versions.iter().enumerate().take(ENTRIES) {
            let changes = match versions.get(n + 1) {
                Some(before) => Changes::clone(&*self.changes_between(before, version, true).await?),
                None => Changes::default(),
            };
            let published = version.published_at.and_then(|at| at.to_utc().format(&Rfc2822).ok());
            entries.push(FeedEntry {
                id: version.id.to_string(),
                title: format!("{} {}", version.title, version.version),
                href: whole(&changes_href(&api, version)),
                published: published.unwrap_or_default(),
                first: n + 1 == versions.len(),
                changes,
            });
        }
        Ok(ChangesFeed {
            title: format!("Changes of {}", api.title),
            href: whole(&format!("/apis/{slug}/changes")),
            own: whole(&format!("/apis/{slug}/changes.rss")),
            entries,
        })
    }

    pub(super) async fn last_changed(
        &self,
        who: &Who,
        api: &Api,
        shown: &ApiVersion,
        operation: &str,
    ) -> Result<Option<LastChanged>, ControlError> {
        let last = self.last_change(who, &api.slug, shown, operation).await?;
        Ok(last.map(|last| LastChanged {
            href: changes_href(api, &last.version),
            version: last.version.version,
            new: last.new,
        }))
    }

    /// What publishing the newest version would mean.
    pub(super) async fn show_impact(&self, who: &Who, api: &Api) -> Result<Option<Impact>, ControlError> {
        let Some(newest) = self.versions_for(who, &api.slug).await?.into_iter().next() else { return Ok(None) };
        let found = self.impact_of(who, &api.slug, &newest.id.to_string()).await?;
        Ok(found.map(|found| self.impact(api, found)))
    }

    fn impact(&self, api: &Api, found: Found) -> Impact {
        let Found { from, to, changes, callers, .. } = found;
        let apps: BTreeSet<_> = callers.iter().map(|caller| caller.app.id).collect();
        let line = |caller: &crate::AffectedCaller| AffectedCaller {
            app: caller.app.name.clone(),
            owner: caller.owner.clone(),
            operation: caller.operation.clone(),
            calls: caller.requests,
            last: self.moment(caller.last),
            messages: caller.changes.iter().take(3).map(|&n| changes.items[n].message.clone()).collect(),
        };
        Impact {
            from_root: root(api, &from),
            from: from.version,
            to_root: format!("/apis/{}/versions/{}", api.slug, version_name(&to)),
            to: to.version,
            callers_total: callers.len() as u64,
            apps_total: apps.len() as u64,
            callers: callers.iter().take(CALLERS).map(line).collect(),
            changes: Changes::clone(&changes),
        }
    }
}

/// The page of one version's changes.
fn changes_href(api: &Api, version: &ApiVersion) -> String {
    format!("/apis/{}/versions/{}/changes", api.slug, version_name(version))
}
