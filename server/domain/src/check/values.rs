//! Each value by itself.
use super::{Check, SettingsFaults, text};
use crate::{
    ApiSettings, Cache, Connection, Cors, FieldRules, HealthCheck, Limits, OperationSettings, Policies, Rate, Retry,
    Transform, Upstream,
};
use std::collections::BTreeMap;
use text::Way;

const MAX_UPSTREAMS: usize = 64;
/// Rules of one kind.
const MAX_RULES: usize = 64;
const MAX_TIMEOUT_MS: u64 = 600_000;
/// 1 TiB.
const MAX_BODY_BYTES: u64 = 1 << 40;
const DAY_SECONDS: u64 = 86_400;
const YEAR_SECONDS: u64 = 365 * DAY_SECONDS;

pub(crate) fn values(settings: &ApiSettings) -> Result<(), SettingsFaults> {
    let mut check = Check::default();
    upstreams(&mut check, &settings.upstreams);
    check.text("base_path", text::check_base_path(&settings.base_path));
    check.number("timeout_ms", settings.timeout_ms, 100..=MAX_TIMEOUT_MS);
    check.number("max_body_bytes", settings.max_body_bytes, 0..=MAX_BODY_BYTES);
    check.at_most("plans", settings.plans.len(), 100, "plans");
    policies(&mut check, &settings.policies);
    check.done()
}

fn policies(check: &mut Check, policies: &Policies) {
    check.texts("hosts", &policies.hosts, 16, text::check_host);
    check.at_most("routes", policies.routes.len(), 200, "routes");
    check.at("routes", |check| {
        for (place, route) in policies.routes.iter().enumerate() {
            check.at(&place.to_string(), |check| {
                check.text("prefix", text::check_prefix(&route.prefix));
                upstreams(check, &route.upstreams);
                if route.upstreams.is_empty() {
                    check.at("upstreams", |check| check.wrong("a route names at least one upstream"));
                }
            });
        }
    });
    check.at("connection", |check| connection(check, &policies.connection));
    if let Some(health) = &policies.health {
        check.at("health", |check| self::health(check, health));
    }
    check.at("ejection", |check| {
        check.number("failures", policies.ejection.failures, 0..=1_000);
        check.number("seconds", policies.ejection.seconds, 1..=3_600);
        check.number("max_percent", policies.ejection.max_percent, 1..=100);
    });
    check.at("retry", |check| retry(check, &policies.retry));
    if let Some(cors) = &policies.cors {
        check.at("cors", |check| self::cors(check, cors));
    }
    if let Some(cache) = &policies.cache {
        check.at("cache", |check| self::cache(check, cache));
    }
    check.optional("max_answer_bytes", policies.max_answer_bytes, 0..=MAX_BODY_BYTES);
    check.at("transform", |check| transform(check, &policies.transform));
    check.at_most("allow_ips", policies.allow_ips.len(), 1_000, "networks");
    check.at_most("deny_ips", policies.deny_ips.len(), 1_000, "networks");
    check.at("limits", |check| limits(check, policies.limits));
    if let Some(maintenance) = &policies.maintenance {
        check.at("maintenance", |check| {
            check.text("message", text::check_message(&maintenance.message));
            check.optional("retry_after_seconds", maintenance.retry_after_seconds, 1..=YEAR_SECONDS);
            check.at_most("except_ips", maintenance.except_ips.len(), 1_000, "networks");
        });
    }
    if let Some(shadow) = &policies.shadow {
        check.at("shadow", |check| {
            check.at("upstream", |check| upstream(check, &shadow.upstream));
            check.number("percent", shadow.percent, 1..=100);
        });
    }
    check.at_most("operation_settings", policies.operations.len(), 2_000, "operations");
    check.at("operation_settings", |check| {
        for (name, settings) in &policies.operations {
            check.text(name, text::check_operation(name));
            check.at(name, |check| operation(check, settings));
        }
    });
}

fn operation(check: &mut Check, settings: &OperationSettings) {
    upstreams(check, &settings.upstreams);
    check.optional("timeout_ms", settings.timeout_ms, 100..=MAX_TIMEOUT_MS);
    check.optional("max_body_bytes", settings.max_body_bytes, 0..=MAX_BODY_BYTES);
    check.optional("max_answer_bytes", settings.max_answer_bytes, 0..=MAX_BODY_BYTES);
    check.at("limits", |check| limits(check, settings.limits));
    if let Some(cache) = settings.cache {
        check.at("cache", |check| check.optional("ttl_seconds", cache.ttl_seconds, 0..=YEAR_SECONDS));
    }
    check.at("transform", |check| transform(check, &settings.transform));
}

fn upstreams(check: &mut Check, upstreams: &[Upstream]) {
    check.at_most("upstreams", upstreams.len(), MAX_UPSTREAMS, "upstreams");
    check.at("upstreams", |check| {
        for (place, each) in upstreams.iter().enumerate() {
            check.at(&place.to_string(), |check| upstream(check, each));
        }
    });
}

fn upstream(check: &mut Check, upstream: &Upstream) {
    let wrong = |why: &str| format!("{} is not an upstream's address: {why}", super::shown(upstream.url.as_str()));
    check.text("url", text::check_upstream_url(&upstream.url).map_err(wrong));
}

fn connection(check: &mut Check, connection: &Connection) {
    check.number("connect_timeout_ms", connection.connect_timeout_ms, 10..=60_000);
    check.number("idle_timeout_ms", connection.idle_timeout_ms, 100..=3_600_000);
    check.optional("total_timeout_ms", connection.total_timeout_ms, 100..=DAY_SECONDS * 1_000);
    check.number("upgrade_idle_seconds", connection.upgrade_idle_seconds, 1..=DAY_SECONDS);
    check.optional("upgrade_lifetime_seconds", connection.upgrade_lifetime_seconds, 1..=7 * DAY_SECONDS);
    for (member, name) in [("ca", &connection.ca), ("client_certificate", &connection.client_certificate)] {
        if let Some(name) = name {
            check.text(member, text::check_tls_name(name));
        }
    }
    if let Some(name) = &connection.server_name {
        check.text("server_name", text::check_host(name));
    }
}

fn health(check: &mut Check, health: &HealthCheck) {
    check.text("path", text::check_probe(&health.path));
    check.number("interval_seconds", health.interval_seconds, 1..=3_600);
    check.number("timeout_ms", health.timeout_ms, 10..=60_000);
    check.number("healthy_after", health.healthy_after, 1..=100);
    check.number("unhealthy_after", health.unhealthy_after, 1..=100);
    check.at("expect", |check| {
        for (place, status) in health.expect.iter().enumerate() {
            check.number(&place.to_string(), *status, 100..=599);
        }
    });
}

fn retry(check: &mut Check, retry: &Retry) {
    check.number("attempts", retry.attempts, 0..=10);
    check.at("statuses", |check| {
        for (place, status) in retry.statuses.iter().enumerate() {
            let known = matches!(status, 429 | 500 | 502..=504);
            if !known || retry.statuses[..place].contains(status) {
                let message = format!("{status} is not one of 429, 500, 502, 503 and 504, each at most once");
                check.at(&place.to_string(), |check| check.wrong(message));
            }
        }
    });
    check.number("budget_percent", retry.budget_percent, 0..=20);
}

fn cors(check: &mut Check, cors: &Cors) {
    check.texts("origins", &cors.origins, 200, text::check_origin);
    if cors.origins.is_empty() {
        check.at("origins", |check| check.wrong("name at least one origin, or turn CORS off with \"cors\": null"));
    }
    check.texts("methods", &cors.methods, 16, text::check_method);
    check.texts("headers", &cors.headers, 100, text::check_field_name_or_all);
    check.texts("expose", &cors.expose, 100, text::check_field_name_or_all);
    check.number("max_age_seconds", cors.max_age_seconds, 0..=DAY_SECONDS);
}

fn cache(check: &mut Check, cache: &Cache) {
    check.number("ttl_seconds", cache.ttl_seconds, 0..=YEAR_SECONDS);
    check.texts("vary", &cache.vary, 16, text::check_field_name);
    check.number("max_answer_bytes", cache.max_answer_bytes, 1..=64 * 1024 * 1024);
}

fn transform(check: &mut Check, transform: &Transform) {
    check.at("request", |check| field_rules(check, &transform.request, Way::Request));
    check.at("response", |check| field_rules(check, &transform.response, Way::Response));
    check.at("query", |check| {
        let removed: Vec<_> = transform.query.remove.iter().collect();
        check.texts("remove", &removed, MAX_RULES, text::check_query_name);
        map(check, "set", &transform.query.set, text::check_query_name, text::check_query_value);
    });
}

fn field_rules(check: &mut Check, rules: &FieldRules, way: Way) {
    let free = |name: &str| text::check_free_field(name, way);
    let removed: Vec<_> = rules.remove.iter().collect();
    check.texts("remove", &removed, MAX_RULES, free);
    map(check, "set", &rules.set, free, text::check_field_value);
    map(check, "add", &rules.add, free, text::check_field_value);
}

fn map(
    check: &mut Check,
    member: &str,
    map: &BTreeMap<String, String>,
    name: impl Fn(&str) -> Result<(), String>,
    value: impl Fn(&str) -> Result<(), String>,
) {
    check.at_most(member, map.len(), MAX_RULES, "of them");
    check.at(member, |check| {
        for (key, text) in map.iter().take(MAX_RULES) {
            check.text(key, name(key).and_then(|()| value(text)));
        }
    });
}

fn limits(check: &mut Check, limits: Limits) {
    if let Some(Rate { limit, burst, .. }) = limits.rate {
        check.at("rate", |check| {
            check.number("limit", limit, 1..=1_000_000);
            check.optional("burst", burst, 1..=1_000_000);
        });
    }
    check.optional("concurrency", limits.concurrency, 1..=100_000);
}
