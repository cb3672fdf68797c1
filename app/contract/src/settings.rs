//! The settings of an API's calls, in parts that each have a page and a form of their own.
use serde::{Deserialize, Serialize};

/// `/admin/apis/{api}/settings/{part}`. A form says its part whole and touches no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SettingsPart {
    Routing,
    Resilience,
    Limits,
    Cors,
    Validation,
    Caching,
    Headers,
    Maintenance,
    Advanced,
}

impl SettingsPart {
    pub const ALL: [Self; 9] = [
        Self::Routing,
        Self::Resilience,
        Self::Limits,
        Self::Cors,
        Self::Validation,
        Self::Caching,
        Self::Headers,
        Self::Maintenance,
        Self::Advanced,
    ];

    /// Its name in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Routing => "routing",
            Self::Resilience => "resilience",
            Self::Limits => "limits",
            Self::Cors => "cors",
            Self::Validation => "validation",
            Self::Caching => "caching",
            Self::Headers => "headers",
            Self::Maintenance => "maintenance",
            Self::Advanced => "advanced",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == text)
    }

    /// The inputs of its form. Each is named after its setting: the members down to it, with dots between. One that names
    /// an object is a box that says whether it is there.
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Routing => &[
                "hosts",
                "balance",
                "connection.protocol",
                "connection.connect_timeout_ms",
                "connection.idle_timeout_ms",
                "connection.total_timeout_ms",
                "connection.upgrade_idle_seconds",
                "connection.upgrade_lifetime_seconds",
                "connection.ca",
                "connection.client_certificate",
                "connection.server_name",
                "shadow.upstream",
                "shadow.percent",
            ],
            Self::Resilience => &[
                "health",
                "health.path",
                "health.interval_seconds",
                "health.timeout_ms",
                "health.healthy_after",
                "health.unhealthy_after",
                "health.expect",
                "ejection.failures",
                "ejection.seconds",
                "ejection.max_percent",
                "retry.attempts",
                "retry.statuses",
                "retry.budget_percent",
            ],
            Self::Limits => &[
                "limits.rate.limit",
                "limits.rate.per",
                "limits.rate.burst",
                "limits.concurrency",
                "max_answer_bytes",
                "allow_ips",
                "deny_ips",
            ],
            Self::Cors => &[
                "cors",
                "cors.origins",
                "cors.methods",
                "cors.headers",
                "cors.expose",
                "cors.credentials",
                "cors.max_age_seconds",
            ],
            Self::Validation => &["validate.request", "validate.response", "errors"],
            Self::Caching => {
                &["cache", "cache.ttl_seconds", "cache.shared", "cache.vary", "cache.max_answer_bytes", "compress"]
            }
            Self::Headers => &[
                "transform.request.remove",
                "transform.request.set",
                "transform.request.add",
                "transform.response.remove",
                "transform.response.set",
                "transform.response.add",
                "transform.query.remove",
                "transform.query.set",
            ],
            Self::Maintenance => &[
                "mock",
                "maintenance",
                "maintenance.message",
                "maintenance.retry_after_seconds",
                "maintenance.except_ips",
            ],
            Self::Advanced => &["routes", "operation_settings"],
        }
    }
}

/// One part as its form shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartPage {
    pub slug: String,
    pub title: String,
    pub part: SettingsPart,
    /// What the inputs hold, by their names; `on` in a box that is checked.
    pub values: Vec<(String, String)>,
    /// The same of an API for which nothing was set.
    pub defaults: Vec<(String, String)>,
    /// The operations of the version for callers, by the names that settings know them by. Only in
    /// [`SettingsPart::Advanced`].
    pub operations: Vec<String>,
    /// Operations with settings of their own that the version for callers does not have. Only in [`SettingsPart::Advanced`].
    pub strays: Vec<String>,
}

impl PartPage {
    pub fn value(&self, name: &str) -> &str {
        find(&self.values, name)
    }
    pub fn default_of(&self, name: &str) -> &str {
        find(&self.defaults, name)
    }
    /// Whether a setting differs from its default.
    pub fn is_changed(&self, name: &str) -> bool {
        self.value(name) != self.default_of(name)
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    pairs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// What was set in one part, for `/admin/apis/{api}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartLine {
    pub part: SettingsPart,
    /// The settings that differ from those of a new API, by their names.
    pub set: Vec<String>,
}
