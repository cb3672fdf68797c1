//! What publishers and admins see and send.
use super::{
    catalogue::{access, visibility},
    contract_role,
    settings::part_lines,
    words::{limits, quantile, thousands},
};
use crate::{
    AuditQuery, Control, ControlError, Fault, UploadRequest, Who,
    permit::{DecideSubscriptions, ManageApis, ManagePlans, ReadAudit, ReadSettings},
    settings::refused,
};
use portico_contract::{
    Listing,
    admin::{
        AccountLine, ApiLine, ApiPage, ApiSettings, AuditLine, HealthLine, Overview, PendingSubscription, PlanLine,
        SettingsPage, SubscriptionLine, Upload, Uploaded, VersionLine,
    },
    catalogue,
};
use portico_domain::{
    Access, Actor, Api, Change, Period, SettingsPatch, Slug, Subscription, SubscriptionId, SubscriptionState, Upstream,
    VersionState, Visibility, read_upstream_url,
};
use portico_store::{Bucket, By, UsageFilter, UsageQuery};
use serde_json::{Value, json};
use std::collections::HashMap;

const LINES: u32 = 50;

impl Control {
    pub(super) async fn show_admin_overview(&self, who: &Who) -> Result<Overview, ControlError> {
        who.permit::<ManageApis>()?;
        let now = self.clock.now();
        let (from, to) = Period::Day.around(now);
        let totals = self.store.usage_totals(from, to, &UsageFilter::default()).await?;
        let pending = self.store.subscriptions_in(SubscriptionState::Pending, None, 5).await?;
        let mut waiting = Vec::new();
        for subscription in pending {
            let line = self.admin_subscription_line(&subscription).await?;
            waiting.push(PendingSubscription {
                id: line.id,
                app: line.app,
                owner: line.owner,
                api: line.api,
                plan: line.plan,
                since: line.since,
            });
        }
        let latest = if who.may::<ReadAudit>() { self.audit_lines(None, 6).await?.items } else { Vec::new() };
        Ok(Overview {
            calls_today: totals.requests,
            errors_today: totals.client_errors + totals.server_errors,
            p95_ms: totals.p95_ms.map(quantile),
            developers: self.store.count_accounts().await?,
            apis: self.store.apis().await?.iter().filter(|api| api.published.is_some()).count() as u64,
            pending: waiting,
            pending_total: self.store.count_subscriptions_in(SubscriptionState::Pending).await?,
            health: self.health().await,
            latest,
            hours: self.last_hours().await?,
        })
    }

    async fn last_hours(&self) -> Result<Vec<u64>, ControlError> {
        const HOUR: i64 = 3_600_000_000;
        let this_hour = self.clock.now().micros().div_euclid(HOUR) * HOUR;
        let first = this_hour - 23 * HOUR;
        let at = portico_domain::Timestamp::from_micros;
        let (bucket, by, filter) = (Bucket::Hour, By::default(), UsageFilter::default());
        let sums =
            self.store.usage(&UsageQuery { from: at(first), to: at(this_hour + HOUR), bucket, by, filter }).await?;
        let mut hours = vec![0; 24];
        for sum in sums {
            let place = usize::try_from((sum.bucket.micros() - first) / HOUR).unwrap_or(usize::MAX);
            if let Some(hour) = hours.get_mut(place) {
                *hour += sum.requests;
            }
        }
        Ok(hours)
    }

    async fn health(&self) -> Vec<HealthLine> {
        let line = |part: &str, good: bool, state: &str, detail: String| HealthLine {
            part: part.to_owned(),
            state: state.to_owned(),
            tone: if good { "ok" } else { "danger" }.to_owned(),
            detail,
        };
        let up = self.is_store_up().await;
        let mut lines = vec![line("Database", up, if up { "In step" } else { "Away" }, self.store.engine().to_owned())];
        if let Some(gateway) = &self.gateway {
            let seen = gateway.observe();
            let detail = format!("snapshot {}, {} in flight", thousands(seen.snapshot_version), seen.in_flight);
            lines.insert(0, line("Gateway", true, "Serving", detail));
        }
        lines
    }

    pub(super) async fn show_admin_apis(&self, who: &Who) -> Result<Vec<ApiLine>, ControlError> {
        who.permit::<ManageApis>()?;
        let (from, to) = Period::Day.around(self.clock.now());
        let (bucket, by) = (Bucket::Day, By { api: true, ..By::default() });
        let sums = self.store.usage(&UsageQuery { from, to, bucket, by, filter: UsageFilter::default() }).await?;
        let calls: HashMap<Slug, u64> = sums.into_iter().filter_map(|sum| Some((sum.api?, sum.requests))).collect();
        let mut lines = Vec::new();
        for api in self.visible_apis(who).await? {
            let versions = self.versions_for(who, &api.slug).await?;
            let published = versions.iter().find(|version| api.published == Some(version.id));
            let newest = versions.first();
            let draft = newest.filter(|newest| newest.state == VersionState::Draft);
            lines.push(ApiLine {
                version: published.map(|version| version.version.clone()),
                draft: draft.map(|version| version.version.clone()),
                operations: published.or(newest).map_or(0, |version| version.operations),
                access: access(api.settings.access),
                visibility: visibility(api.settings.visibility),
                upstreams: api.settings.upstreams.len() as u32,
                calls_today: calls.get(&api.slug).copied().unwrap_or(0),
                changed: self.moment(api.changed_at),
                slug: api.slug.to_string(),
                title: api.title,
            });
        }
        Ok(lines)
    }

    pub(super) async fn show_admin_api(&self, who: &Who, slug: &Slug) -> Result<ApiPage, ControlError> {
        who.permit::<ManageApis>()?;
        let api = self.find_api(who, slug).await?;
        let versions = self.versions_for(who, slug).await?;
        let findings = match versions.first() {
            Some(newest) => self.card(newest).await?.findings.clone(),
            None => Vec::new(),
        };
        let (from, to) = Period::Day.around(self.clock.now());
        let filter = UsageFilter { api: Some(slug.clone()), ..UsageFilter::default() };
        Ok(ApiPage {
            impact: self.show_impact(who, &api).await?,
            base_url: self.base_url(&api),
            parts: part_lines(slug, &api.settings),
            findings,
            versions: versions.iter().map(|version| self.version_line(version)).collect(),
            plans: self.store.plans().await?.into_iter().map(|plan| (plan.slug.to_string(), plan.name)).collect(),
            subscriptions: self.store.count_subscriptions_of_api(slug).await?,
            calls_today: self.store.usage_totals(from, to, &filter).await?.requests,
            settings: write_settings(&api),
            slug: slug.to_string(),
            title: api.title,
        })
    }

    fn version_line(&self, version: &portico_domain::ApiVersion) -> VersionLine {
        VersionLine {
            id: version.id.to_string(),
            version: version.version.clone(),
            state: version.state.as_str().to_owned(),
            operations: version.operations,
            uploaded: self.moment(version.created_at),
            published: version.published_at.map(|at| self.moment(at)),
        }
    }

    pub(super) async fn upload_by_form(&self, who: &Who, form: Upload) -> Result<Uploaded, ControlError> {
        who.permit::<ManageApis>()?;
        if form.document.iter().all(u8::is_ascii_whitespace) {
            return Err(ControlError::invalid("document", "Choose a file, or paste the document."));
        }
        let slug = match form.slug.trim() {
            "" => None,
            slug => Some(slug.parse().map_err(|error| ControlError::invalid("slug", format!("{error}.")))?),
        };
        let upstreams = match form.upstream.trim() {
            "" => Vec::new(),
            url => {
                let wrong = |message: String| ControlError::invalid("upstream", message + ".");
                vec![read_upstream_url(url).map_err(wrong)?]
            }
        };
        let request = UploadRequest { slug, bytes: form.document.into(), upstreams, publish: form.publish };
        match self.upload_document(who, request).await {
            Ok(outcome) => Ok(Uploaded {
                slug: Some(outcome.api.slug.to_string()),
                title: outcome.version.title,
                version: outcome.version.version,
                published: outcome.api.published == Some(outcome.version.id),
                operations: outcome.version.operations,
                findings: outcome.findings,
            }),
            Err(ControlError::Document(findings)) => Ok(Uploaded { findings, ..Uploaded::default() }),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn save_settings_by_form(
        &self,
        who: &Who,
        slug: &Slug,
        form: ApiSettings,
    ) -> Result<(), ControlError> {
        let patch = read_settings(form)?;
        self.change_settings(who, slug, &patch).await?;
        Ok(())
    }

    pub(super) async fn show_plans(&self, who: &Who) -> Result<Vec<PlanLine>, ControlError> {
        who.permit::<ManagePlans>()?;
        let apis = self.store.apis().await?;
        let mut lines = Vec::new();
        for plan in self.store.plans().await? {
            lines.push(PlanLine {
                limits: limits(&plan),
                subscriptions: self.store.count_subscriptions_of_plan(&plan.slug).await?,
                apis: apis.iter().filter(|api| api.settings.plans.contains(&plan.slug)).count() as u64,
                form: super::plans::write(plan),
            });
        }
        Ok(lines)
    }

    pub(super) async fn show_subscriptions(
        &self,
        who: &Who,
        state: &str,
        after: Option<&str>,
    ) -> Result<Listing<SubscriptionLine>, ControlError> {
        who.permit::<DecideSubscriptions>()?;
        let after: Option<SubscriptionId> = crate::accounts::cursor(after)?;
        let state = match state {
            "pending" => Some(SubscriptionState::Pending),
            "active" => Some(SubscriptionState::Active),
            "rejected" => Some(SubscriptionState::Rejected),
            _ => None,
        };
        let (found, total) = if let Some(state) = state {
            let found = self.store.subscriptions_in(state, after, LINES + 1).await?;
            (found, self.store.count_subscriptions_in(state).await?)
        } else {
            let mut total = 0;
            for state in [SubscriptionState::Pending, SubscriptionState::Active, SubscriptionState::Rejected] {
                total += self.store.count_subscriptions_in(state).await?;
            }
            (self.store.subscriptions(after, LINES + 1).await?, total)
        };
        let page = crate::Page::cut(found, LINES, |subscription| subscription.id.to_string());
        let mut items = Vec::new();
        for subscription in &page.items {
            items.push(self.admin_subscription_line(subscription).await?);
        }
        Ok(Listing { items, next: page.next, total })
    }

    async fn admin_subscription_line(&self, subscription: &Subscription) -> Result<SubscriptionLine, ControlError> {
        let app = self.store.app(subscription.app).await?;
        let owner = match &app {
            Some(app) => self.store.account(app.owner).await?,
            None => None,
        };
        let api = self.store.api(&subscription.api).await?;
        let plan = self.store.plan(&subscription.plan).await?;
        Ok(SubscriptionLine {
            id: subscription.id.to_string(),
            app: app.map(|app| app.name).unwrap_or_default(),
            owner: owner.map(|owner| owner.email.to_string()).unwrap_or_default(),
            api: api.map_or_else(|| subscription.api.to_string(), |api| api.title),
            plan: plan.map_or_else(|| subscription.plan.to_string(), |plan| plan.name),
            state: subscription.state.as_str().to_owned(),
            since: self.moment(subscription.created_at),
        })
    }

    pub(super) async fn show_accounts(
        &self,
        who: &Who,
        after: Option<&str>,
    ) -> Result<Listing<AccountLine>, ControlError> {
        let page = self.list_accounts(who, after, LINES).await?;
        let mut items = Vec::new();
        for account in page.items {
            items.push(AccountLine {
                id: account.id.to_string(),
                email: account.email.to_string(),
                role: contract_role(account.role),
                apps: self.store.apps_of(account.id).await?.len() as u64,
                created: self.moment(account.created_at),
                you: who.account() == Some(account.id),
                name: account.name,
            });
        }
        Ok(Listing { items, next: page.next, total: self.store.count_accounts().await? })
    }

    pub(super) async fn show_audit(&self, who: &Who, after: Option<&str>) -> Result<Listing<AuditLine>, ControlError> {
        who.permit::<ReadAudit>()?;
        self.audit_lines(after, LINES).await
    }

    async fn audit_lines(&self, after: Option<&str>, limit: u32) -> Result<Listing<AuditLine>, ControlError> {
        let before: Option<i64> = crate::accounts::cursor(after)?;
        let changes = self.store.audit(&AuditQuery::default(), before, limit + 1).await?;
        let total = u64::try_from(self.store.last_change().await?).unwrap_or(0);
        let page = crate::Page::cut(changes, limit, |change| change.seq.to_string());
        let mut items = Vec::new();
        for change in page.items {
            items.push(self.audit_line(change).await?);
        }
        Ok(Listing { items, next: page.next, total })
    }

    async fn audit_line(&self, change: Change) -> Result<AuditLine, ControlError> {
        let actor = match change.actor {
            Actor::System => "Portico".to_owned(),
            Actor::CommandLine => "command line".to_owned(),
            Actor::Visitor => "visitor".to_owned(),
            Actor::Account(id) => {
                self.store.account(id).await?.map_or_else(|| "a deleted account".to_owned(), |account| account.name)
            }
        };
        // Lists and objects are for the management API; in a line of words they would only be noise.
        let detail = match &change.detail {
            serde_json::Value::Object(fields) => fields
                .iter()
                .filter_map(|(name, value)| match value {
                    serde_json::Value::String(text) => Some(format!("{} {text}", name.replace('_', " "))),
                    serde_json::Value::Number(number) => Some(format!("{} {number}", name.replace('_', " "))),
                    _ => None,
                })
                .collect::<Vec<_>>()
                .join(", "),
            _ => String::new(),
        };
        let cut = |text: String| {
            if text.chars().count() > 300 { text.chars().take(300).chain(['…']).collect() } else { text }
        };
        Ok(AuditLine {
            at: self.moment(change.at),
            actor,
            action: change.action.replace('_', " "),
            subject: change.subject.as_str().to_owned(),
            target: change.target,
            detail: cut(detail),
        })
    }

    pub(super) async fn show_settings(&self, who: &Who) -> Result<SettingsPage, ControlError> {
        who.permit::<ReadSettings>()?;
        let shown =
            self.settings.iter().map(|setting| (setting.name.clone(), setting.value.clone(), setting.source.clone()));
        Ok(SettingsPage {
            brand: self.brand_form().await,
            settings: shown.collect(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }
}

fn write_settings(api: &Api) -> ApiSettings {
    let settings = &api.settings;
    let upstreams = settings.upstreams.iter().map(|upstream| {
        let url = upstream.url.as_str();
        if upstream.weight == 1 { url.to_owned() } else { format!("{url} {}", upstream.weight) }
    });
    ApiSettings {
        upstreams: upstreams.collect::<Vec<_>>().join("\n"),
        access: access(settings.access),
        visibility: visibility(settings.visibility),
        base_path: settings.base_path.clone(),
        plans: settings.plans.iter().map(ToString::to_string).collect(),
        timeout_ms: settings.timeout_ms.to_string(),
        max_body_bytes: settings.max_body_bytes.to_string(),
    }
}

fn read_settings(form: ApiSettings) -> Result<SettingsPatch, ControlError> {
    let mut faults = Faults::default();
    let mut upstreams = Vec::new();
    for (line, text) in form.upstreams.lines().enumerate().map(|(n, text)| (n + 1, text.trim())) {
        let mut words = text.split_whitespace();
        let Some(url) = words.next() else { continue };
        let weight = words.next().map_or(Ok(1), str::parse::<u16>);
        match (read_upstream_url(url), weight) {
            (Ok(url), Ok(weight)) => upstreams.push(Upstream { url, weight }),
            (Err(message), _) => faults.add("upstreams", format!("Line {line}: {message}.")),
            (_, Err(_)) => faults.add("upstreams", format!("Line {line}: a weight is a whole number from 0 to 65535.")),
        }
    }
    let timeout_ms: Option<u32> = faults.number(&form.timeout_ms, "timeout_ms", "Milliseconds");
    let max_body_bytes: Option<u64> = faults.number(&form.max_body_bytes, "max_body_bytes", "Bytes");
    faults.into_result()?;
    let Value::Object(patch) = json!({
        "upstreams": upstreams,
        "access": match form.access {
            catalogue::Access::Key => Access::Key,
            catalogue::Access::Document => Access::Document,
            catalogue::Access::Open => Access::Open,
        },
        "visibility": match form.visibility {
            catalogue::Visibility::Public => Visibility::Public,
            catalogue::Visibility::SignedIn => Visibility::SignedIn,
            catalogue::Visibility::Private => Visibility::Private,
        },
        "base_path": form.base_path.trim(),
        "plans": form.plans,
        "timeout_ms": timeout_ms,
        "max_body_bytes": max_body_bytes,
    }) else {
        unreachable!("an object")
    };
    SettingsPatch::read_whole(patch).map_err(refused)
}

/// Gathers what is wrong in a form, so that all of it is told at once.
#[derive(Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, field: &str, message: String) {
        self.0.push(Fault { pointer: format!("/{field}"), field: field.to_owned(), message });
    }
    fn number<T: std::str::FromStr>(&mut self, text: &str, field: &str, what: &str) -> Option<T> {
        let number = text.trim().parse().ok();
        if number.is_none() {
            self.add(field, format!("{what} as a whole number, e.g. 30000."));
        }
        number
    }
    pub(super) fn optional_number<T: std::str::FromStr>(&mut self, text: &str, field: &str) -> Option<T> {
        // People group digits; nobody means a fraction of a call.
        let digits: String = text.chars().filter(|c| !matches!(c, ',' | ' ' | '_' | '\u{a0}')).collect();
        if digits.is_empty() {
            return None;
        }
        let number = digits.parse().ok();
        if number.is_none() {
            self.add(field, "A whole number, or nothing for no limit.".into());
        }
        number
    }
    pub(super) fn into_result(self) -> Result<(), ControlError> {
        if self.0.is_empty() { Ok(()) } else { Err(ControlError::Invalid(self.0)) }
    }
}
