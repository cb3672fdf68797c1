//! Apps, subscriptions and keys as their owners see them.
use super::words::{limits, long_date, milliseconds};
use crate::{Control, ControlError, Fault, KeyRequest, Who, accounts::days_from};
use ipnet::IpNet;
use portico_contract::{
    apps::{
        AppLine, AppPage, AppsPage, FirstCall, FirstCallSeen, KeyCreated, KeyLine, NewKey, NewKeyPage, Offer, Progress,
        SubscriptionLine,
    },
    call::Call,
};
use portico_domain::{
    App, AppId, Approval, Environment, Key, KeyDigest, KeyId, KeyStatus, Period, Slug, Subscription, SubscriptionId,
    SubscriptionState, Timestamp,
};
use portico_store::UsageFilter;
use portico_telemetry::Filter;

impl Control {
    pub(super) async fn show_apps(&self, who: &Who) -> Result<AppsPage, ControlError> {
        let owner = self.own_account(who).await?;
        let mut page = AppsPage::default();
        for app in self.store.apps_of(owner.id).await? {
            let (keys, subscriptions) = (self.store.keys_of(app.id).await?, self.store.subscriptions_of(app.id).await?);
            let (calls_today, _) = self.today(&app).await?;
            page.progress = Progress {
                app: true,
                subscription: page.progress.subscription || !subscriptions.is_empty(),
                key: page.progress.key || !keys.is_empty(),
                call: page.progress.call || calls_today > 0 || keys.iter().any(|key| key.last_used_at.is_some()),
            };
            let active = keys.iter().filter(|key| key.status(self.clock.now()) == KeyStatus::Active).count();
            page.apps.push(AppLine {
                id: app.id.to_string(),
                name: app.name,
                owner: owner.name.clone(),
                keys: active as u32,
                subscriptions: subscriptions.len() as u32,
                calls_today,
                created: self.moment(app.created_at),
            });
        }
        Ok(page)
    }

    /// Calls of an app since midnight UTC, and how many of them ended with an error of the caller (4xx).
    async fn today(&self, app: &App) -> Result<(u64, u64), ControlError> {
        let (from, to) = Period::Day.around(self.clock.now());
        let filter = UsageFilter { apps: Some(vec![app.id]), ..UsageFilter::default() };
        let totals = self.store.usage_totals(from, to, &filter).await?;
        Ok((totals.requests, totals.client_errors))
    }

    pub(super) async fn show_app(&self, who: &Who, id: AppId) -> Result<AppPage, ControlError> {
        let app = self.app_for(who, id).await?;
        let owner = self.store.account(app.owner).await?.ok_or_else(|| ControlError::not_found("such app"))?;
        let siblings = self.store.apps_of(app.owner).await?;
        let (calls_today, refused_today) = self.today(&app).await?;
        let subscriptions = self.store.subscriptions_of(app.id).await?;
        let mut subscription_lines = Vec::new();
        for subscription in &subscriptions {
            subscription_lines.push(self.subscription_line(subscription).await?);
        }
        let mut keys = self.store.keys_of(app.id).await?;
        // Those that work first, then the newest.
        let now = self.clock.now();
        keys.sort_by_key(|key| (key.status(now) != KeyStatus::Active, std::cmp::Reverse(key.id)));
        Ok(AppPage {
            id: app.id.to_string(),
            offers: self.offers(who, &subscriptions).await?,
            name: app.name,
            owner: owner.name,
            created: self.moment(app.created_at),
            calls_today,
            refused_today,
            keys: keys.iter().map(|key| self.key_line(key)).collect(),
            subscriptions: subscription_lines,
            siblings: siblings.into_iter().map(|app| (app.id.to_string(), app.name)).collect(),
        })
    }

    async fn offers(&self, who: &Who, taken: &[Subscription]) -> Result<Vec<Offer>, ControlError> {
        let plans = self.store.plans().await?;
        let mut offers = Vec::new();
        for api in self.visible_apis(who).await? {
            if api.published.is_none() || taken.iter().any(|subscription| subscription.api == api.slug) {
                continue;
            }
            let offered = plans.iter().filter(|plan| api.settings.plans.contains(&plan.slug)).map(|plan| {
                (plan.slug.to_string(), plan.name.clone(), limits(plan), plan.approval == Approval::Manual)
            });
            let offer = Offer { api: api.slug.to_string(), title: api.title, plans: offered.collect() };
            if !offer.plans.is_empty() {
                offers.push(offer);
            }
        }
        Ok(offers)
    }

    async fn subscription_line(&self, subscription: &Subscription) -> Result<SubscriptionLine, ControlError> {
        let plan = self.store.plan(&subscription.plan).await?;
        let api = self.store.api(&subscription.api).await?;
        let used = match plan.as_ref().and_then(|plan| plan.quota) {
            Some(quota) => {
                let now = self.clock.now();
                let used = match &self.gateway {
                    Some(gateway) => gateway.quota_used(subscription.id, now),
                    None => self.store.quota_used(subscription.id, quota.per.around(now).0).await?,
                };
                Some((used, quota.limit))
            }
            None => None,
        };
        Ok(SubscriptionLine {
            id: subscription.id.to_string(),
            api: subscription.api.to_string(),
            api_title: api.map_or_else(|| subscription.api.to_string(), |api| api.title),
            plan: plan.as_ref().map_or_else(|| subscription.plan.to_string(), |plan| plan.name.clone()),
            limits: plan.as_ref().map(limits).unwrap_or_default(),
            state: subscription.state.as_str().to_owned(),
            used,
            created: self.moment(subscription.created_at),
        })
    }

    fn key_line(&self, key: &Key) -> KeyLine {
        let status = match key.status(self.clock.now()) {
            KeyStatus::Active => "active",
            KeyStatus::Expired => "expired",
            KeyStatus::Revoked => "revoked",
        };
        KeyLine {
            id: key.id.to_string(),
            name: key.name.as_str().to_owned(),
            shown: format!("ptk_{}_{}…", key.environment.as_str(), key.public_id),
            environment: key.environment.as_str().to_owned(),
            last_used: key.last_used_at.map(|at| self.moment(at)),
            expires: key.expires_at.map(|at| self.moment(at)),
            status: status.to_owned(),
            revoked: key.revoked_at.map(|at| self.moment(at)),
            created: self.moment(key.created_at),
        }
    }

    pub(super) async fn end_subscription_of(
        &self,
        who: &Who,
        app: AppId,
        id: SubscriptionId,
    ) -> Result<(), ControlError> {
        let subscription = self.find_subscription(who, id).await?;
        if subscription.app != app {
            return Err(ControlError::not_found("such subscription of this app"));
        }
        self.remove_subscription(who, id).await
    }

    pub(super) async fn key_of(&self, who: &Who, app: AppId, id: KeyId) -> Result<Key, ControlError> {
        let key = self.find_key(who, id).await?;
        if key.app != app {
            return Err(ControlError::not_found("such key of this app"));
        }
        Ok(key)
    }

    pub(super) async fn show_new_key(&self, who: &Who, id: AppId) -> Result<NewKeyPage, ControlError> {
        let app = self.app_for(who, id).await?;
        let mut apis = Vec::new();
        for subscription in self.store.subscriptions_of(id).await? {
            if subscription.state == SubscriptionState::Active
                && let Some(api) = self.store.api(&subscription.api).await?
            {
                apis.push((api.slug.to_string(), api.title));
            }
        }
        let once = KeyId::new(&*self.clock).to_string();
        Ok(NewKeyPage { app: id.to_string(), app_name: app.name, apis, once })
    }

    pub(super) async fn create_key_by_form(
        &self,
        who: &Who,
        id: AppId,
        form: NewKey,
    ) -> Result<KeyCreated, ControlError> {
        let app = self.app_for(who, id).await?;
        let request = self.read_new_key(&form)?;
        // The form carries a name of its own: sent twice, by a second click or a reload, it makes one key.
        let once = format!("form {}", form.once);
        let sent = KeyDigest::sha256(format!("{id} {form:?}").as_bytes());
        if !form.once.is_empty() && self.remembered(who, &once, &sent).await.map_or(true, |answer| answer.is_some()) {
            return Err(ControlError::conflict(
                "This key was created already, and its secret is shown only once. Revoke it and create another one if the secret is lost.",
            ));
        }
        let (key, secret) = self.add_key(who, id, request).await?;
        if !form.once.is_empty() {
            let answer = crate::RememberedAnswer { status: 201, body: Vec::new() };
            if let Err(error) = self.remember(who, &once, &sent, &answer).await {
                // The key is there, and its secret is in this answer alone: showing it comes first.
                tracing::warn!(%error, "a form could not be remembered; sent twice, it would make two keys");
            }
        }
        Ok(KeyCreated {
            app: id.to_string(),
            app_name: app.name,
            description: describe(&key),
            first_call: self.first_call_of(&key).await?,
            key: key.id.to_string(),
            name: key.name.as_str().to_owned(),
            secret: secret.reveal().to_owned(),
        })
    }

    fn read_new_key(&self, form: &NewKey) -> Result<KeyRequest, ControlError> {
        let mut faults = Vec::new();
        let mut fault = |field: &str, message: String| {
            faults.push(Fault { pointer: format!("/{field}"), field: field.to_owned(), message });
        };
        let environment = match form.environment.as_str() {
            "live" => Environment::Live,
            "test" => Environment::Test,
            _ => {
                fault("environment", "Choose test or live.".into());
                Environment::Test
            }
        };
        let expires_at = match form.expires.as_str() {
            "never" => None,
            days @ ("30" | "90" | "365") => days.parse().ok().map(|days| days_from(self.clock.now(), days)),
            _ => {
                fault("expires", "Choose when the key ends.".into());
                None
            }
        };
        let mut apis: Vec<Slug> = Vec::new();
        for api in form.apis.iter().filter(|api| !api.is_empty()) {
            match api.parse() {
                Ok(slug) => apis.push(slug),
                Err(_) => fault("apis", "Choose among the app's subscriptions.".into()),
            }
        }
        let mut allow_ips = Vec::new();
        for (line, text) in form.allow_ips.lines().enumerate().map(|(n, text)| (n + 1, text.trim())) {
            if text.is_empty() {
                continue;
            }
            match read_network(text) {
                Ok(network) => allow_ips.push(network),
                Err(message) => fault("allow_ips", format!("Line {line}: {message}")),
            }
        }
        if !faults.is_empty() {
            return Err(ControlError::Invalid(faults));
        }
        Ok(KeyRequest { name: form.name.clone(), environment, expires_at, apis, operations: Vec::new(), allow_ips })
    }

    async fn first_call_of(&self, key: &Key) -> Result<Option<Call>, ControlError> {
        for subscription in self.store.subscriptions_of(key.app).await? {
            let usable = subscription.state == SubscriptionState::Active
                && (key.apis.is_empty() || key.apis.contains(&subscription.api));
            if let (true, Some(api)) = (usable, self.store.api(&subscription.api).await?)
                && let Some(version) = api.published
                && let Some(version) = self.store.version(version).await?
            {
                return Ok(self.description(&version).await?.first_call(&self.base_url(&api), Some("PORTICO_KEY")));
            }
        }
        Ok(None)
    }

    pub(super) fn show_first_call(&self, key: &Key) -> FirstCall {
        let filter = Filter { key: Some(key.id), ..Filter::default() };
        let found = self.recent.list(&filter, 1, None);
        let seen = found.records.first().map(|record| FirstCallSeen {
            status: record.status,
            call: format!("{} {}", record.method, record.path),
            milliseconds: milliseconds(record.total_micros),
        });
        FirstCall { seen }
    }
}

/// E.g. "test, Harbour Pilotage only, until 20 February 2027".
fn describe(key: &Key) -> String {
    let apis = match key.apis.as_slice() {
        [] => "all subscribed APIs".to_owned(),
        apis => apis.iter().map(Slug::as_str).collect::<Vec<_>>().join(", ") + " only",
    };
    let end = key
        .expires_at
        .map_or_else(|| "without end".to_owned(), |end: Timestamp| format!("until {}", long_date(end.to_utc())));
    format!("{}, {apis}, {end}", key.environment.as_str())
}

/// One address, or a network.
fn read_network(text: &str) -> Result<IpNet, String> {
    if let Ok(address) = text.parse::<std::net::IpAddr>() {
        return Ok(address.into());
    }
    let shown: String = text.chars().take(60).collect();
    let Some((address, prefix)) = text.split_once('/') else {
        return Err(format!("{shown} is not an address, e.g. 10.4.18.7 or 10.4.18.0/24."));
    };
    let Ok(address) = address.parse::<std::net::IpAddr>() else {
        return Err(format!("{shown} is not a network, e.g. 10.4.18.0/24."));
    };
    let most = if address.is_ipv4() { 32 } else { 128 };
    match prefix.parse::<u8>() {
        Ok(prefix) if prefix <= most => {
            IpNet::new(address, prefix).map(|net| net.trunc()).map_err(|error| error.to_string())
        }
        _ => Err(format!("a network of {} ends in /0 to /{most}.", if most == 32 { "IPv4" } else { "IPv6" })),
    }
}

#[cfg(test)]
mod tests {
    use super::read_network;

    #[test]
    fn networks_are_read_with_help() {
        assert_eq!(read_network("10.4.18.7").unwrap().to_string(), "10.4.18.7/32");
        assert_eq!(read_network("10.4.18.7/24").unwrap().to_string(), "10.4.18.0/24");
        assert_eq!(read_network("10.4.18.0/33").unwrap_err(), "a network of IPv4 ends in /0 to /32.");
        assert!(read_network("home").unwrap_err().contains("10.4.18.7"));
        assert!(read_network("2001:db8::/32").is_ok());
    }
}
