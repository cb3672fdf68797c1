//! Usage and requests as pages show them.
use super::words::{date, day_of_year, milliseconds, quantile, time_of_day};
use crate::{Control, ControlError, RequestQuery, Who, permit::SeeAllTraffic, traffic::recent_filter};
use portico_contract::traffic::{
    Phase, QuotaLine, Refusal, RequestDetail, RequestLine, RequestsPage, RequestsQuery, UsageBar, UsageLine, UsagePage,
    UsageQuery,
};
use portico_domain::{AppId, KeyId, Period, RequestRecord, Slug, SubscriptionState, Timestamp};
use portico_store::{Bucket, By, UsageFilter, UsageQuery as StoreQuery, UsageSum};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// Lines of each table of a usage page.
const LINES: usize = 20;
/// Requests of a page.
const REQUESTS: usize = 50;

/// What a page of usage spans.
struct Range {
    name: &'static str,
    from: Timestamp,
    to: Timestamp,
    bucket: Bucket,
    /// Length of a bar.
    step: Duration,
}

impl Control {
    fn range(&self, name: &str) -> Range {
        const DAY: Duration = Duration::from_hours(24);
        let (today, tomorrow) = Period::Day.around(self.clock.now());
        let days = |name, days: u32| Range {
            name,
            from: tomorrow.minus(DAY * days),
            to: tomorrow,
            bucket: Bucket::Day,
            step: DAY,
        };
        match name {
            "7d" => days("7d", 7),
            "30d" => days("30d", 30),
            "90d" => days("90d", 90),
            _ => Range { name: "today", from: today, to: tomorrow, bucket: Bucket::Hour, step: DAY / 24 },
        }
    }

    pub(super) async fn show_usage(&self, who: &Who, query: UsageQuery) -> Result<UsagePage, ControlError> {
        let own = self.store.apps_of(who.signed_in()?).await?;
        let app = self.chosen_app(who, &query).await?;
        let apps = app.map_or_else(|| own.iter().map(|app| app.id).collect(), |app| vec![app]);
        let mut page = self.usage_page(query, Some(apps.clone())).await?;
        page.apps = own.iter().map(|app| (app.id.to_string(), app.name.clone())).collect();
        let mut subscribed = BTreeMap::new();
        for app in &own {
            for subscription in self.store.subscriptions_of(app.id).await? {
                let title = self
                    .store
                    .api(&subscription.api)
                    .await?
                    .map_or_else(|| subscription.api.to_string(), |api| api.title);
                subscribed.insert(subscription.api.to_string(), title.clone());
                if apps.contains(&app.id) && subscription.state == SubscriptionState::Active {
                    page.quotas.extend(self.quota_line(&app.name, &title, &subscription).await?);
                }
            }
        }
        page.apis = subscribed.into_iter().collect();
        Ok(page)
    }

    async fn quota_line(
        &self,
        app: &str,
        api: &str,
        subscription: &portico_domain::Subscription,
    ) -> Result<Option<QuotaLine>, ControlError> {
        let Some(plan) = self.store.plan(&subscription.plan).await? else { return Ok(None) };
        let (Some(quota), Some(gateway)) = (plan.quota, &self.gateway) else { return Ok(None) };
        let now = self.clock.now();
        Ok(Some(QuotaLine {
            app: app.to_owned(),
            api: api.to_owned(),
            plan: plan.name,
            used: gateway.quota_used(subscription.id, now),
            limit: quota.limit,
            until: self.moment(quota.per.around(now).1),
        }))
    }

    pub(super) async fn show_analytics(&self, who: &Who, query: UsageQuery) -> Result<UsagePage, ControlError> {
        who.permit::<SeeAllTraffic>()?;
        let apps = self.chosen_app(who, &query).await?.map(|app| vec![app]);
        let mut page = self.usage_page(query, apps).await?;
        page.apis = self.store.apis().await?.into_iter().map(|api| (api.slug.to_string(), api.title)).collect();
        Ok(page)
    }

    async fn chosen_app(&self, who: &Who, query: &UsageQuery) -> Result<Option<AppId>, ControlError> {
        match query.app.as_str() {
            "" => Ok(None),
            id => Ok(Some(self.app_for(who, super::named(id, "app")?).await?.id)),
        }
    }

    async fn usage_page(&self, query: UsageQuery, apps: Option<Vec<AppId>>) -> Result<UsagePage, ControlError> {
        let range = self.range(&query.range);
        let api: Option<Slug> = match query.api.as_str() {
            "" => None,
            api => Some(super::named(api, "API")?),
        };
        let filter = UsageFilter { api, apps, key: None };
        let totals = self.store.usage_totals(range.from, range.to, &filter).await?;
        let by_time = self.sums(&range, By { status: true, ..By::default() }, &filter, range.bucket).await?;
        // One row for the whole range is enough here: days are added up where the range has several.
        let sums = |by| self.sums(&range, by, &filter, Bucket::Day);
        let by_api = sums(By { api: true, status: true, ..By::default() }).await?;
        let by_operation = sums(By { api: true, operation: true, status: true, ..By::default() }).await?;
        let by_key = sums(By { app: true, key: true, status: true, ..By::default() }).await?;
        let names = self.names_of(&by_key).await?;
        let title_of = |slug: &Option<Slug>| slug.as_ref().map_or_else(|| "no API".to_owned(), ToString::to_string);
        Ok(UsagePage {
            calls: totals.requests,
            errors: totals.client_errors + totals.server_errors,
            p50_ms: totals.p50_ms.map(quantile),
            p95_ms: totals.p95_ms.map(quantile),
            bars: bars(&range, &by_time),
            by_api: lines(&by_api, |sum| (title_of(&sum.api), String::new())),
            by_operation: lines(&by_operation, |sum| {
                (sum.operation.clone().unwrap_or_else(|| "no operation".to_owned()), title_of(&sum.api))
            }),
            by_key: lines(&by_key, |sum| match sum.key {
                Some(key) => names.get(&key).cloned().unwrap_or_else(|| ("a deleted key".to_owned(), String::new())),
                None => ("without a key".to_owned(), String::new()),
            }),
            by_status: lines(&by_time, |sum| {
                let status = sum.status.unwrap_or_default();
                (status.to_string(), reason(status).to_owned())
            }),
            query: UsageQuery { range: range.name.to_owned(), ..query },
            ..UsagePage::default()
        })
    }

    async fn sums(
        &self,
        range: &Range,
        by: By,
        filter: &UsageFilter,
        bucket: Bucket,
    ) -> Result<Vec<UsageSum>, ControlError> {
        let query = StoreQuery { from: range.from, to: range.to, bucket, by, filter: filter.clone() };
        Ok(self.store.usage(&query).await?)
    }

    /// Names of keys and of their apps.
    async fn names_of(&self, sums: &[UsageSum]) -> Result<HashMap<KeyId, (String, String)>, ControlError> {
        let mut names = HashMap::new();
        for key in sums.iter().filter_map(|sum| sum.key) {
            if names.contains_key(&key) || names.len() >= 200 {
                continue;
            }
            if let Some(found) = self.store.key(key).await? {
                let app = self.store.app(found.app).await?.map(|app| app.name).unwrap_or_default();
                names.insert(key, (found.name.as_str().to_owned(), app));
            }
        }
        Ok(names)
    }

    pub(super) async fn show_requests(&self, who: &Who, query: RequestsQuery) -> Result<RequestsPage, ControlError> {
        let own = self.store.apps_of(who.signed_in()?).await?;
        let apps = self.visible_apps(who).await?;
        let mut keys = HashMap::new();
        let mut choices = Vec::new();
        for app in &own {
            for key in self.store.keys_of(app.id).await? {
                choices.push((key.id.to_string(), key.name.as_str().to_owned()));
                keys.insert(key.id, (key.name.as_str().to_owned(), app.name.clone()));
            }
        }
        let asked = query.q.trim();
        let selected = match (query.id.as_str(), asked) {
            ("", "") => None,
            ("", asked) => self.find_request(who, asked).await.ok(),
            (id, _) => self.find_request(who, id).await.ok(),
        };
        // A request that is asked for by its id is found however that is written.
        let asked = selected.as_ref().filter(|_| query.id.is_empty()).map_or(asked, |record| &record.id);
        let filter = recent_filter(
            &RequestQuery {
                text: (!asked.is_empty()).then(|| asked.to_owned()),
                key: query.key.parse().ok(),
                refused: query.result == "refused",
                failed: query.result == "failed",
                ..RequestQuery::default()
            },
            apps.clone(),
        );
        let found = self.recent.list(&filter, REQUESTS, None);
        let shown = found.records.iter().map(|record| &**record).chain(&selected);
        for key in shown.filter_map(|record| record.key) {
            if let (None, Some(found)) = (keys.get(&key), self.store.key(key).await?) {
                let app = self.store.app(found.app).await?.map(|app| app.name).unwrap_or_default();
                keys.insert(key, (found.name.as_str().to_owned(), app));
            }
        }
        Ok(RequestsPage {
            query,
            keys: choices,
            requests: found.records.iter().map(|record| self.request_line(record, &keys)).collect(),
            total: found.total,
            selected: selected.map(|record| self.request_detail(record, &keys)),
        })
    }

    fn request_line(&self, record: &RequestRecord, keys: &HashMap<KeyId, (String, String)>) -> RequestLine {
        let result =
            record.refusal.as_ref().map_or_else(|| reason(record.status).to_owned(), |refusal| sentence(&refusal.code));
        let api = || record.api.as_ref().map(ToString::to_string);
        RequestLine {
            id: record.id.clone(),
            time: time_of_day(record.at.to_utc()),
            at: self.moment(record.at),
            status: record.status,
            result,
            refused: record.refusal.is_some(),
            method: record.method.to_lowercase(),
            path: record.path.clone(),
            sub: record
                .key
                .and_then(|key| keys.get(&key))
                .map(|(key, app)| format!("{key}, {app}"))
                .or_else(api)
                .unwrap_or_default(),
            milliseconds: milliseconds(record.total_micros),
        }
    }

    fn request_detail(&self, record: RequestRecord, keys: &HashMap<KeyId, (String, String)>) -> RequestDetail {
        let (key, app) = record.key.and_then(|key| keys.get(&key).cloned()).unwrap_or_default();
        let checks = record.checks_micros.unwrap_or(record.total_micros);
        let upstream = record.upstream_micros.unwrap_or(0);
        RequestDetail {
            line: self.request_line(&record, keys),
            moment: format!("{}, {} UTC", date(record.at.to_utc()), time_of_day(record.at.to_utc())),
            api: record.api.map(|api| api.to_string()).unwrap_or_default(),
            operation: record.operation.unwrap_or_default(),
            key,
            app,
            client: record.client,
            checks_ms: milliseconds(checks),
            upstream_ms: record.upstream_micros.map(milliseconds),
            transfer_ms: milliseconds(record.total_micros.saturating_sub(checks + upstream)),
            total_ms: milliseconds(record.total_micros),
            bytes_in: record.bytes_in,
            bytes_out: record.bytes_out,
            refusal: record.refusal.map(|refusal| Refusal {
                code: refusal.code,
                phase: phase(refusal.phase),
                check: refusal.check,
                expected: refusal.expected,
                found: refusal.found,
                errors: refusal.errors.into_iter().map(|error| (error.pointer, error.message)).collect(),
                named_key: refusal.key.map(|key| key.to_string()).unwrap_or_default(),
            }),
        }
    }
}

fn phase(phase: portico_domain::Phase) -> Phase {
    match phase {
        portico_domain::Phase::Request => Phase::Request,
        portico_domain::Phase::Address => Phase::Address,
        portico_domain::Phase::Key => Phase::Key,
        portico_domain::Phase::Subscription => Phase::Subscription,
        portico_domain::Phase::Limits => Phase::Limits,
        portico_domain::Phase::Policies => Phase::Policies,
        portico_domain::Phase::Upstream => Phase::Upstream,
    }
}

/// Every bar of the range, also the empty ones.
fn bars(range: &Range, sums: &[UsageSum]) -> Vec<UsageBar> {
    let step = range.step.as_micros() as i64;
    let count = usize::try_from((range.to.micros() - range.from.micros()) / step).unwrap_or(0);
    let mut bars: Vec<UsageBar> = (0..count as i64)
        .map(|place| {
            let at = Timestamp::from_micros(range.from.micros() + place * step).to_utc();
            let label = if range.bucket == Bucket::Hour { format!("{:02}:00", at.hour()) } else { day_of_year(at) };
            UsageBar { label, ..UsageBar::default() }
        })
        .collect();
    for sum in sums {
        let place = usize::try_from((sum.bucket.micros() - range.from.micros()) / step).unwrap_or(usize::MAX);
        let Some(bar) = bars.get_mut(place) else { continue };
        match sum.status.unwrap_or_default() {
            500.. => bar.failed += sum.requests,
            400..500 => bar.refused += sum.requests,
            _ => bar.ok += sum.requests,
        }
    }
    bars
}

/// The busiest names first. Of several days' quantiles the worst is shown, since they cannot be added.
fn lines(sums: &[UsageSum], name: impl Fn(&UsageSum) -> (String, String)) -> Vec<UsageLine> {
    let mut found: BTreeMap<(String, String), (u64, u64, f64)> = BTreeMap::new();
    for sum in sums {
        let line = found.entry(name(sum)).or_default();
        line.0 += sum.requests;
        line.1 += if sum.status.unwrap_or_default() >= 400 { sum.requests } else { 0 };
        line.2 = line.2.max(sum.p95_ms);
    }
    let mut lines: Vec<UsageLine> = found
        .into_iter()
        .map(|((name, sub), (calls, errors, p95))| UsageLine { name, sub, calls, errors, p95_ms: Some(quantile(p95)) })
        .collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.calls));
    lines.truncate(LINES);
    lines
}

/// E.g. "rate_limited" becomes "Rate limited".
fn sentence(code: &str) -> String {
    let mut text = code.replace('_', " ");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    for (word, written) in [("Ip ", "IP "), ("Uri ", "URI "), (" api", " API")] {
        text = text.replace(word, written);
    }
    text
}

/// The registered phrase of a status (IANA HTTP Status Code Registry), for those that services use.
pub(super) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        499 => "Client Went Away",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => match status / 100 {
            1 => "Informational",
            2 => "Success",
            3 => "Redirection",
            4 => "Client Error",
            _ => "Server Error",
        },
    }
}
