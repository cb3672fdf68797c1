//! What values say of each other.
use super::{Check, SettingsFaults};
use crate::{ApiSettings, Cors, HealthCheck, UpstreamRoute};

/// All settings of an API, written as JSON: they go into the log of changes as a whole.
const MAX_BYTES: usize = 512 * 1024;

pub(crate) fn together(settings: &ApiSettings) -> Result<(), SettingsFaults> {
    let mut check = Check::default();
    let policies = &settings.policies;
    check.at("routes", |check| routes(check, &policies.routes));
    if let Some(health) = &policies.health {
        check.at("health", |check| self::health(check, health));
    }
    if let Some(cors) = &policies.cors {
        check.at("cors", |check| self::cors(check, cors));
    }
    let bytes = serde_json::to_vec(settings).map_or(0, |written| written.len());
    if bytes > MAX_BYTES {
        check.wrong(format!("all settings together have at most {MAX_BYTES} bytes as JSON, not {bytes}"));
    }
    check.done()
}

fn routes(check: &mut Check, routes: &[UpstreamRoute]) {
    for (place, route) in routes.iter().enumerate() {
        if routes[..place].iter().any(|other| other.prefix == route.prefix) {
            let message = format!("{} is there twice: list all its upstreams at one place", route.prefix);
            check.at(&place.to_string(), |check| check.at("prefix", |check| check.wrong(message)));
        }
    }
}

fn health(check: &mut Check, health: &HealthCheck) {
    let [first, last] = health.expect;
    if first > last {
        check
            .at("expect", |check| check.wrong(format!("{first} to {last} holds no status: the lower one comes first")));
    }
    if u64::from(health.timeout_ms) > u64::from(health.interval_seconds) * 1_000 {
        let message = format!("a check may not last longer than the {} s to the next one", health.interval_seconds);
        check.at("timeout_ms", |check| check.wrong(message));
    }
}

fn cors(check: &mut Check, cors: &Cors) {
    let all = |names: &[String]| names.iter().any(|name| name == "*");
    if cors.credentials && all(&cors.origins) {
        let message =
            "calls with credentials cannot be open to every origin: name the origins, or leave credentials off";
        check.at("credentials", |check| check.wrong(message));
    }
    if cors.credentials && all(&cors.expose) {
        let message = "where credentials are allowed, * exposes nothing (Fetch, CORS protocol): name the fields";
        check.at("expose", |check| check.wrong(message));
    }
    check.at("origins", |check| {
        for (place, origin) in cors.origins.iter().enumerate() {
            let default = [("http://", ":80"), ("https://", ":443")];
            if default.iter().any(|(scheme, port)| origin.starts_with(scheme) && origin.ends_with(port)) {
                let message =
                    "browsers leave a scheme's own port out, so this would match nothing: leave it out here too";
                check.at(&place.to_string(), |check| check.wrong(message));
            }
        }
    });
    check.at("methods", |check| {
        for (place, method) in cors.methods.iter().enumerate() {
            if matches!(method.as_str(), "CONNECT" | "TRACE" | "TRACK") {
                check.at(&place.to_string(), |check| check.wrong(format!("no browser sends {method} for a script")));
            }
        }
    });
}
