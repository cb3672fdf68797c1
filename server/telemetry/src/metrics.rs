//! The Prometheus text of the operations listener, <https://prometheus.io/docs/instrumenting/exposition_formats/>.
use portico_domain::{Histogram, Observations, Slug, UsageBatch, latency_bucket_edge};
use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Beyond this many combinations of API, operation and status class, operations are no longer told apart: one document
/// may have thousands.
const MAX_SERIES: usize = 20_000;
const OTHER: &str = "other";
/// Histograms are counted in four buckets a doubling and shown in one, up to this.
const LAST_SHOWN_BUCKET: u8 = 60;

/// Counts since the start, and the latest look at the gateway.
#[derive(Default)]
pub struct Metrics(Mutex<State>);

#[derive(Default)]
struct State {
    requests: BTreeMap<Series, u64>,
    observed: Observations,
    unflushed: u64,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Series {
    api: Slug,
    operation: String,
    /// The first digit of the status.
    class: u16,
}

impl Metrics {
    /// Adds what was counted since the last batch.
    pub fn absorb(&self, batch: &UsageBatch) {
        let mut state = self.state();
        for row in &batch.rows {
            let mut series = Series { api: row.api.clone(), operation: row.operation.clone(), class: row.status / 100 };
            if state.requests.len() >= MAX_SERIES && !state.requests.contains_key(&series) {
                OTHER.clone_into(&mut series.operation);
            }
            *state.requests.entry(series).or_default() += row.requests;
        }
    }

    /// Takes the gateway's present state; its counts run since its start and replace what was known.
    pub fn observe(&self, observed: Observations) {
        self.state().observed = observed;
    }

    /// Says how many counted requests the store does not have yet.
    pub fn set_unflushed(&self, requests: u64) {
        self.state().unflushed = requests;
    }

    /// The text of `/metrics`.
    pub fn render(&self) -> String {
        let state = self.state();
        let observed = &state.observed;
        let mut text = Text::default();
        text.family("portico_requests_total", "counter", "Requests answered, by API, operation and class of status.");
        for (series, count) in &state.requests {
            let class = format!("{}xx", series.class);
            let labels = [
                ("api", series.api.as_str()),
                ("operation", series.operation.as_str()),
                ("status_class", class.as_str()),
            ];
            text.sample("portico_requests_total", &labels, *count);
        }
        text.family(
            "portico_request_seconds",
            "histogram",
            "Time from a request's first byte to its answer's last, in seconds.",
        );
        for api in &observed.apis {
            text.histogram("portico_request_seconds", &api.api, &api.requests);
        }
        text.family(
            "portico_upstream_seconds",
            "histogram",
            "Time from asking an upstream to the first byte of its answer, or to its failure, in seconds.",
        );
        for api in &observed.apis {
            text.histogram("portico_upstream_seconds", &api.api, &api.upstream);
        }
        text.family(
            "portico_refusals_total",
            "counter",
            "Requests refused by the gateway, by API (empty when none was found) and error code.",
        );
        for refusal in &observed.refusals {
            let api = refusal.api.as_ref().map_or("", Slug::as_str);
            text.sample("portico_refusals_total", &[("api", api), ("code", refusal.code)], refusal.count);
        }
        text.one("portico_inflight_requests", "gauge", "Requests whose answer has not ended.", observed.in_flight);
        text.family(
            "portico_upstream_connections",
            "gauge",
            "Open connections to upstreams, by state: active or idle.",
        );
        for upstream in &observed.upstreams {
            for (name, count) in [("active", upstream.active), ("idle", upstream.idle)] {
                let labels = [("upstream", upstream.upstream.as_str()), ("state", name)];
                text.sample("portico_upstream_connections", &labels, count);
            }
        }
        text.family(
            "portico_upstream_healthy",
            "gauge",
            "Whether an API's upstream gets calls: 1, or 0 while it is ejected or its checks fail.",
        );
        for health in &observed.upstream_health {
            let labels = [("api", health.api.as_str()), ("upstream", health.upstream.as_str())];
            text.sample("portico_upstream_healthy", &labels, u8::from(health.healthy));
        }
        text.family(
            "portico_upstream_ejections_total",
            "counter",
            "How often an API's upstream was taken out because its calls failed.",
        );
        for health in &observed.upstream_health {
            let labels = [("api", health.api.as_str()), ("upstream", health.upstream.as_str())];
            text.sample("portico_upstream_ejections_total", &labels, health.ejections);
        }
        text.family(
            "portico_upstream_retries_total",
            "counter",
            "Calls that were sent to upstreams once more, by API.",
        );
        for (api, retries) in &observed.retries {
            text.sample("portico_upstream_retries_total", &[("api", api.as_str())], retries);
        }
        text.one(
            "portico_snapshot_version",
            "gauge",
            "Version of the routes that are served; 0 before the first.",
            observed.snapshot_version,
        );
        text.family(
            "portico_snapshot_age_seconds",
            "gauge",
            "Time since the served routes were published, in seconds.",
        );
        if let Some(age) = observed.snapshot_age {
            text.sample("portico_snapshot_age_seconds", &[], age.as_secs_f64());
        }
        text.one("portico_usage_unflushed", "gauge", "Requests that are counted but not yet stored.", state.unflushed);
        text.one(
            "portico_ratelimit_overshoot_total",
            "counter",
            "Requests let through beyond a limit, because nodes count apart for a moment.",
            observed.overshoot,
        );
        text.family("portico_websocket_connections", "gauge", "Open WebSocket connections, by API.");
        for (api, open) in &observed.websockets {
            text.sample("portico_websocket_connections", &[("api", api.as_str())], open);
        }
        text.family(
            "portico_unfit_answers_total",
            "counter",
            "Answers passed on although they do not fit their API's document, where validate.response asks to report.",
        );
        for (api, count) in &observed.unfit_answers {
            text.sample("portico_unfit_answers_total", &[("api", api.as_str())], count);
        }
        text.one("portico_client_connections", "gauge", "Open connections of clients.", observed.connections);
        text.one(
            "portico_client_connections_refused_total",
            "counter",
            "Connections turned away because too many were open.",
            observed.connections_refused,
        );
        text.family(
            "portico_tls_certificate_expiry_seconds",
            "gauge",
            "When a certificate of the gateway expires, in seconds since 1970 UTC.",
        );
        for certificate in &observed.certificates {
            let labels = [("name", certificate.name.as_str())];
            text.sample("portico_tls_certificate_expiry_seconds", &labels, certificate.at.seconds());
        }
        text.one(
            "portico_request_records_dropped_total",
            "counter",
            "Requests that were counted but are missing from the list of recent ones.",
            observed.records_dropped,
        );
        text.0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: u64) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl fmt::Display) {
        self.0.push_str(name);
        for (place, (label, text)) in labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"{}\"", Escaped(text));
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }

    fn histogram(&mut self, name: &str, api: &Slug, histogram: &Histogram) {
        let bucket = format!("{name}_bucket");
        let (mut sum, mut next) = (0, 0);
        for shown in (0..=LAST_SHOWN_BUCKET).step_by(4) {
            let end = usize::from(shown) + 1;
            sum += histogram.buckets[next..end].iter().sum::<u64>();
            next = end;
            let edge = latency_bucket_edge(shown).as_secs_f64().to_string();
            self.sample(&bucket, &[("api", api.as_str()), ("le", &edge)], sum);
        }
        self.sample(&bucket, &[("api", api.as_str()), ("le", "+Inf")], histogram.count());
        self.sample(&format!("{name}_sum"), &[("api", api.as_str())], histogram.sum_micros as f64 / 1e6);
        self.sample(&format!("{name}_count"), &[("api", api.as_str())], histogram.count());
    }
}

/// A label's value: backslash, quote and line end are escaped. Operations are named by documents, which are hostile.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                _ => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_domain::{ApiObservation, CertificateExpiry, RefusalCount, Timestamp, UpstreamConnections, UsageRow};

    fn row(operation: &str, status: u16, requests: u64) -> UsageRow {
        UsageRow {
            minute: Timestamp::from_micros(0),
            api: "pets".parse().unwrap(),
            operation: operation.to_owned(),
            app: None,
            key: None,
            status,
            latency_bucket: 0,
            requests,
        }
    }

    fn batch(rows: Vec<UsageRow>) -> UsageBatch {
        UsageBatch { rows, ..UsageBatch::default() }
    }

    #[test]
    fn every_promised_metric_is_there_with_help_and_type() {
        let text = Metrics::default().render();
        for name in [
            "portico_requests_total",
            "portico_request_seconds",
            "portico_upstream_seconds",
            "portico_refusals_total",
            "portico_inflight_requests",
            "portico_upstream_connections",
            "portico_snapshot_version",
            "portico_usage_unflushed",
            "portico_ratelimit_overshoot_total",
            "portico_websocket_connections",
        ] {
            assert!(text.contains(&format!("# HELP {name} ")), "{name}");
            assert!(text.contains(&format!("# TYPE {name} ")), "{name}");
        }
    }

    #[test]
    fn counts_add_up_by_class_and_names_are_escaped() {
        let metrics = Metrics::default();
        metrics.absorb(&batch(vec![row("list", 200, 2), row("list", 201, 3), row("a\"b\\c\nd", 404, 1)]));
        metrics.absorb(&batch(vec![row("list", 200, 1)]));
        let text = metrics.render();
        let expected = r#"portico_requests_total{api="pets",operation="list",status_class="2xx"} 6"#;
        assert!(text.lines().any(|line| line == expected), "{text}");
        let expected = r#"portico_requests_total{api="pets",operation="a\"b\\c\nd",status_class="4xx"} 1"#;
        assert!(text.lines().any(|line| line == expected), "{text}");
    }

    #[test]
    fn histograms_are_cumulative_and_end_with_all() {
        let mut requests = Histogram::default();
        for micros in [100, 200, 200, 5_000_000] {
            requests.observe(micros);
        }
        let metrics = Metrics::default();
        metrics.observe(Observations {
            apis: vec![ApiObservation { api: "pets".parse().unwrap(), requests, upstream: Histogram::default() }],
            refusals: vec![RefusalCount { api: None, code: "no_such_api", count: 7 }],
            websockets: vec![("chat".parse().unwrap(), 3)],
            unfit_answers: vec![("pets".parse().unwrap(), 4)],
            upstreams: vec![UpstreamConnections { upstream: "http://a:80".to_owned(), active: 1, idle: 2 }],
            certificates: vec![CertificateExpiry { name: "api".to_owned(), at: Timestamp::from_micros(7_000_000) }],
            ..Observations::default()
        });
        let text = metrics.render();
        for line in [
            r#"portico_request_seconds_bucket{api="pets",le="0.000128"} 1"#,
            r#"portico_request_seconds_bucket{api="pets",le="0.000256"} 3"#,
            r#"portico_request_seconds_bucket{api="pets",le="4.194304"} 3"#,
            r#"portico_request_seconds_bucket{api="pets",le="+Inf"} 4"#,
            r#"portico_request_seconds_sum{api="pets"} 5.0005"#,
            r#"portico_request_seconds_count{api="pets"} 4"#,
            r#"portico_upstream_seconds_count{api="pets"} 0"#,
            r#"portico_refusals_total{api="",code="no_such_api"} 7"#,
            r#"portico_upstream_connections{upstream="http://a:80",state="idle"} 2"#,
            r#"portico_websocket_connections{api="chat"} 3"#,
            r#"portico_unfit_answers_total{api="pets"} 4"#,
            r#"portico_tls_certificate_expiry_seconds{name="api"} 7"#,
        ] {
            assert!(text.lines().any(|known| known == line), "{line} in {text}");
        }
    }

    #[test]
    fn a_flood_of_operations_is_bounded_and_loses_no_count() {
        let metrics = Metrics::default();
        let many = MAX_SERIES as u64 + 50;
        metrics.absorb(&batch((0..many).map(|n| row(&format!("op{n}"), 200, 1)).collect()));
        let text = metrics.render();
        let samples: Vec<_> = text.lines().filter(|line| line.starts_with("portico_requests_total{")).collect();
        assert_eq!(samples.len(), MAX_SERIES + 1);
        let sum: u64 = samples.iter().map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum();
        assert_eq!(sum, many);
    }
}
