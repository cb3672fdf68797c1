//! Brings the data plane up to date with the log of changes.
//!
//! There is one way for a change to reach the gateway: the row it left in the log is read here. A use case calls
//! [`Control::catch_up`] after its commit, so its answer leaves when the gateway knows; [`Control::follow`] does the same
//! twice a second for what other processes wrote.
use crate::{Control, ControlError, deprecation};
use portico_domain::{Api, AppId, Change, KeyId, RouteSpec, Slug, Subject, SubscriptionId};
use portico_gateway::{ApiSpec, CompiledDocument, Gateway, KeyEntry, WorldSpec};
use portico_store::Published;
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::sync::Mutex;

/// How often the log is read for changes of other processes.
const PERIOD: Duration = Duration::from_millis(500);
/// Rows read at once.
const BATCH: u32 = 1_000;
/// Keys read at once, of which there may be millions: each page goes to the gateway before the next is read.
const KEYS: u32 = 5_000;

#[derive(Default)]
pub(crate) struct Publisher {
    /// How far the log has been read; `None` before the first load.
    seen: Mutex<Option<i64>>,
    edition: AtomicU64,
}

/// What a run of changes makes stale.
#[derive(Default)]
struct Stale {
    /// What pages show to people who are not signed in.
    pages: bool,
    world: bool,
    every_subscription: bool,
    keys: BTreeSet<KeyId>,
    /// Apps whose keys were imported.
    imported: BTreeSet<AppId>,
    /// Apps that are gone, and their keys with them.
    gone: BTreeSet<AppId>,
    subscriptions: BTreeSet<SubscriptionId>,
    /// APIs whose kept answers are to be forgotten, with the path below which.
    purged: BTreeSet<(Slug, Option<String>)>,
}

impl Stale {
    fn note(&mut self, change: &Change) {
        let removed = change.action == "removed";
        self.pages |= match change.subject {
            Subject::Account | Subject::App | Subject::Key | Subject::Subscription | Subject::Token => false,
            Subject::Api | Subject::Plan | Subject::Setting | Subject::Guide => true,
        };
        match change.subject {
            Subject::Api if change.action == "purged" => {
                let path = change.detail.get("path").and_then(|path| path.as_str());
                self.purged.extend(change.target.parse().map(|api| (api, path.map(str::to_owned))));
            }
            Subject::Api => {
                self.world = true;
                self.every_subscription |= removed;
            }
            Subject::Plan => self.world = true,
            // Removing one of these removes keys and subscriptions with it.
            Subject::App if removed => {
                self.gone.extend(change.target.parse::<AppId>());
                self.every_subscription = true;
            }
            Subject::Account if removed => {
                let apps = change.detail.get("apps").and_then(|apps| apps.as_array()).into_iter().flatten();
                self.gone.extend(apps.filter_map(|app| app.as_str()?.parse::<AppId>().ok()));
                self.every_subscription = true;
            }
            Subject::Key => {
                if let Ok(key) = change.target.parse() {
                    self.keys.insert(key);
                }
                // An import names the app whose keys came.
                if let Some(app) = change.detail.get("app").and_then(|app| app.as_str()?.parse().ok())
                    && change.action == "imported"
                {
                    self.imported.insert(app);
                }
            }
            Subject::Subscription => match change.target.parse() {
                Ok(subscription) => _ = self.subscriptions.insert(subscription),
                Err(_) => self.every_subscription = true,
            },
            Subject::App | Subject::Account | Subject::Token | Subject::Setting | Subject::Guide => {}
        }
    }
}

impl Control {
    /// Reads on in the log and tells the gateway. What was committed before the call is in force after it.
    pub async fn catch_up(&self) -> Result<(), ControlError> {
        let mut seen = self.publisher.seen.lock().await;
        let Some(mut from) = *seen else {
            *seen = Some(self.load_everything().await?);
            self.publisher.edition.fetch_add(1, Ordering::Release);
            return Ok(());
        };
        let mut stale = Stale::default();
        loop {
            let changes = self.store.changes_after(from, BATCH).await?;
            for change in &changes {
                stale.note(change);
            }
            let Some(last) = changes.last() else { break };
            from = last.seq;
            if changes.len() < BATCH as usize {
                break;
            }
        }
        if Some(from) == *seen {
            return Ok(());
        }
        if stale.pages {
            self.publisher.edition.fetch_add(1, Ordering::Release);
        }
        if let Some(gateway) = &self.gateway {
            self.refresh(gateway, &stale, from).await?;
        }
        *seen = Some(from);
        Ok(())
    }

    /// Grows with each change of what the portal shows to somebody who is not signed in, as soon as this process knows
    /// of it.
    pub fn edition(&self) -> u64 {
        self.publisher.edition.load(Ordering::Acquire)
    }

    /// Follows the log until the task is dropped.
    pub async fn follow(&self) {
        let mut tick = tokio::time::interval(PERIOD);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut down = false;
        loop {
            tick.tick().await;
            match self.catch_up().await {
                Ok(()) if down => {
                    tracing::info!("the log of changes can be read again");
                    down = false;
                }
                Err(error) if !down => {
                    tracing::warn!(%error, "the log of changes cannot be read; the gateway goes on with what it knows");
                    down = true;
                }
                Ok(()) | Err(_) => {}
            }
        }
    }

    async fn refresh(&self, gateway: &Gateway, stale: &Stale, seq: i64) -> Result<(), ControlError> {
        if stale.world {
            self.build_world(gateway, seq).await?;
        }
        for (api, path) in &stale.purged {
            gateway.purge_cache(api, path.as_deref());
        }
        if stale.every_subscription {
            self.load_subscriptions(gateway).await?;
        } else {
            for id in &stale.subscriptions {
                match self.store.subscription(*id).await? {
                    Some(subscription) => gateway.subscriptions().put(subscription),
                    None => gateway.subscriptions().remove(*id),
                }
            }
        }
        for id in &stale.keys {
            match self.store.key(*id).await? {
                Some(key) => gateway.keyring().put(KeyEntry::from(&key)),
                None => gateway.keyring().remove(*id),
            }
        }
        for app in &stale.imported {
            let mut after = None;
            loop {
                let page = self.store.keys_of_behind(*app, after, KEYS).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                for key in &page {
                    gateway.keyring().put(KeyEntry::from(key));
                }
            }
        }
        let gone: Vec<_> = stale.gone.iter().copied().collect();
        if !gone.is_empty() {
            gateway.keyring().remove_of(&gone);
        }
        Ok(())
    }

    async fn load_everything(&self) -> Result<i64, ControlError> {
        // Read first: what is written while we load comes again, which does no harm.
        let seq = self.store.last_change().await?;
        if let Some(gateway) = &self.gateway {
            self.build_world(gateway, seq).await?;
            self.load_subscriptions(gateway).await?;
            self.load_keys(gateway).await?;
            self.restore_quotas(gateway).await?;
        }
        Ok(seq)
    }

    async fn build_world(&self, gateway: &Gateway, seq: i64) -> Result<(), ControlError> {
        let plans = self.store.plans().await?;
        let published = self.store.published().await?;
        let served = published.iter().map(|published| published.version.id).collect();
        let mut apis: Vec<ApiSpec> = Vec::with_capacity(published.len());
        for Published { api, version, mut routes } in published {
            deprecation::date(&mut routes, version.published_at);
            let document = self.compiled_document(&version, &api.settings).await.unwrap_or_else(|error| {
                tracing::error!(api = %api.slug, %error, "an API is served without checks and mock answers");
                CompiledDocument::default()
            });
            apis.push(ApiSpec { document, ..spec(api, routes) });
        }
        self.compiled.keep(&served);
        // They were checked when they were published; one that an earlier program let in must not hold up the others.
        apis.retain(|api| match api.check(Some(gateway)) {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "an API cannot be served and is left out");
                false
            }
        });
        let spec = WorldSpec { version: seq.unsigned_abs(), apis, plans };
        // The old world stays when this one cannot be built; keys and subscriptions go on changing beside it.
        if let Err(error) = gateway.publish(spec) {
            tracing::error!(%error, "the gateway goes on with the routes it has");
        }
        Ok(())
    }

    async fn load_subscriptions(&self, gateway: &Gateway) -> Result<(), ControlError> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let part = self.store.subscriptions(after, BATCH).await?;
            after = part.last().map(|subscription| subscription.id);
            let whole = part.len() == BATCH as usize;
            all.extend(part);
            if !whole {
                break;
            }
        }
        gateway.subscriptions().replace_all(all);
        Ok(())
    }

    async fn load_keys(&self, gateway: &Gateway) -> Result<(), ControlError> {
        let mut replacement = gateway.keyring().replacement();
        let mut after = None;
        loop {
            let page = self.store.keys(after, KEYS).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for key in &page {
                replacement.put(KeyEntry::from(key));
            }
        }
        replacement.finish();
        Ok(())
    }
}

/// An API as the gateway takes it, without what is made of its document.
pub(crate) fn spec(api: Api, routes: Vec<RouteSpec>) -> ApiSpec {
    ApiSpec {
        slug: api.slug,
        base_path: api.settings.base_path,
        access: api.settings.access,
        upstreams: api.settings.upstreams,
        timeout: Duration::from_millis(api.settings.timeout_ms.into()),
        max_body_bytes: api.settings.max_body_bytes,
        policies: api.settings.policies,
        routes,
        document: CompiledDocument::default(),
    }
}
