//! Which upstreams stand behind which calls of an API, and how they are reached: compiled once, read by each call.
use super::{
    endpoint::Known,
    group::{Group, MAX_TARGETS, Target},
    health::Probe,
    retry::RetryPolicy,
};
use crate::path::canonical;
use portico_domain::{Connection, HealthCheck, InvalidSettings, Policies, Slug, Upstream};
use std::{collections::BTreeMap, time::Duration};

/// The upstreams of one API.
#[derive(Debug)]
pub(crate) struct Upstreams {
    /// The API's own, then those of path prefixes, then those of operations.
    groups: Vec<Group>,
    /// Whole segments with a slash before each; the longest first. The root is empty.
    routes: Vec<(Box<str>, u16)>,
    operations: BTreeMap<Box<str>, u16>,
    pub(crate) patience: Patience,
    pub(crate) retry: RetryPolicy,
    health: Option<HealthCheck>,
}

/// The group that answers for an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Way {
    Group(u16),
    /// Parameters of its template stand where prefixes differ: each call's path decides.
    #[default]
    ByPath,
}

/// How long upstreams may take, beside the time for an answer's first byte.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Name look-up, TCP and TLS together.
    pub(crate) connect: Duration,
    /// Between two parts of a body, either way.
    pub(crate) idle: Duration,
    /// From the call's first byte to the answer's last.
    pub(crate) total: Option<Duration>,
    pub(crate) upgrade_idle: Duration,
    pub(crate) upgrade_lifetime: Option<Duration>,
}

impl From<&Connection> for Patience {
    fn from(connection: &Connection) -> Self {
        let millis = |count: u32| Duration::from_millis(count.into());
        let seconds = |count: u32| Duration::from_secs(count.into());
        Self {
            connect: millis(connection.connect_timeout_ms),
            idle: millis(connection.idle_timeout_ms),
            total: connection.total_timeout_ms.map(millis),
            upgrade_idle: seconds(connection.upgrade_idle_seconds),
            upgrade_lifetime: connection.upgrade_lifetime_seconds.map(seconds),
        }
    }
}

impl Upstreams {
    pub(crate) fn compile(
        api: &Slug,
        upstreams: &[Upstream],
        policies: &Policies,
        known: &Known,
    ) -> Result<Self, InvalidSettings> {
        let group = |upstreams: &[Upstream], place: &str| -> Result<Group, InvalidSettings> {
            let targets = known.targets(api, upstreams, &policies.connection, place)?;
            if targets.len() > MAX_TARGETS {
                let message = format!("at most {MAX_TARGETS} upstreams with a weight above 0");
                return Err(InvalidSettings { pointer: place.to_owned(), message });
            }
            let probed_every = policies.health.as_ref().map_or(1, |health| health.interval_seconds);
            Ok(Group::new(targets, policies.balance, policies.ejection.clone(), probed_every))
        };
        let mut groups = vec![group(upstreams, "/upstreams")?];
        let mut routes = Vec::new();
        for (number, route) in policies.routes.iter().enumerate() {
            let pointer = format!("/routes/{number}/prefix");
            let prefix = prefix(&route.prefix).map_err(|message| InvalidSettings { pointer, message })?;
            routes.push((prefix, groups.len() as u16));
            groups.push(group(&route.upstreams, &format!("/routes/{number}/upstreams"))?);
        }
        routes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        let mut operations = BTreeMap::new();
        for (name, settings) in policies.operations.iter().filter(|(_, settings)| !settings.upstreams.is_empty()) {
            operations.insert(name.as_str().into(), groups.len() as u16);
            // RFC 6901 3.
            let token = name.replace('~', "~0").replace('/', "~1");
            groups.push(group(&settings.upstreams, &format!("/operation_settings/{token}/upstreams"))?);
        }
        let retry = RetryPolicy::new(&policies.retry, known.budget(api));
        let patience = Patience::from(&policies.connection);
        Ok(Self { groups, routes, operations, patience, retry, health: policies.health.clone() })
    }

    /// The group of an operation, as far as its template decides it.
    pub(crate) fn way(&self, operation: &str, template: &str) -> Way {
        if let Some(group) = self.operations.get(operation) {
            return Way::Group(*group);
        }
        for (prefix, group) in &self.routes {
            match decides(template, prefix) {
                Some(true) => return Way::Group(*group),
                Some(false) => {}
                None => return Way::ByPath,
            }
        }
        Way::Group(0)
    }

    /// `path` is the document's path of the call, in its canonical form.
    pub(crate) fn group(&self, way: Way, path: &str) -> &Group {
        let group = match way {
            Way::Group(group) => group,
            Way::ByPath => {
                let is_below = |prefix: &str| {
                    path.strip_prefix(prefix).is_some_and(|rest| matches!(rest.bytes().next(), None | Some(b'/')))
                };
                self.routes.iter().find(|(prefix, _)| is_below(prefix)).map_or(0, |(_, group)| *group)
            }
        };
        &self.groups[usize::from(group)]
    }

    /// One for each upstream, where the API asks for it.
    pub(crate) fn probes(&self) -> Vec<Probe> {
        let probe = |check: &HealthCheck, target: &Target| Probe { target: target.clone(), check: check.clone() };
        let probes = |check| self.targets().map(|target| probe(check, target)).collect();
        self.health.as_ref().map_or_else(Vec::new, probes)
    }

    /// Each once, though several groups may have it.
    fn targets(&self) -> impl Iterator<Item = &Target> {
        let mut seen = Vec::new();
        self.groups.iter().flat_map(Group::targets).filter(move |target| {
            let condition = std::sync::Arc::as_ptr(&target.condition);
            let is_new = !seen.contains(&condition);
            if is_new {
                seen.push(condition);
            }
            is_new
        })
    }
}

/// The form in which prefixes are compared: as canonical paths are, without a slash at the end.
fn prefix(text: &str) -> Result<Box<str>, String> {
    let fits = text == "/" || (text.starts_with('/') && !text.ends_with('/'));
    match canonical(text) {
        Ok(form) if fits => Ok(form.trim_end_matches('/').into()),
        _ => Err(format!("{text:?} is not the beginning of a path in whole segments, such as /orders")),
    }
}

/// Whether all paths of a template lie below a prefix, or none; `None` when that depends on the path.
fn decides(template: &str, prefix: &str) -> Option<bool> {
    let template = template.split(['?', '#']).next().unwrap_or_default();
    let mut segments = template.trim_start_matches('/').split('/');
    for wanted in prefix.split('/').skip(1) {
        match segments.next() {
            Some(segment) if segment.contains('{') => return None,
            Some(segment) if crate::path::canonical_literal(segment) == wanted => {}
            Some(_) | None => return Some(false),
        }
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_domain::{OperationSettings, UpstreamRoute};

    fn upstream(host: &str) -> Vec<Upstream> {
        vec![Upstream { url: format!("http://{host}.example").parse().unwrap(), weight: 1 }]
    }

    fn compile(routes: &[(&str, &str)], operations: &[(&str, &str)]) -> Result<Upstreams, InvalidSettings> {
        let route =
            |(prefix, host): &(&str, &str)| UpstreamRoute { prefix: (*prefix).to_owned(), upstreams: upstream(host) };
        let operation = |(name, host): &(&str, &str)| {
            ((*name).to_owned(), OperationSettings { upstreams: upstream(host), ..OperationSettings::default() })
        };
        let policies = Policies {
            routes: routes.iter().map(route).collect(),
            operations: operations.iter().map(operation).collect(),
            ..Policies::default()
        };
        Upstreams::compile(&"shop".parse().unwrap(), &upstream("own"), &policies, &Known::default())
    }

    fn host(upstreams: &Upstreams, operation: &str, template: &str, path: &str) -> String {
        let group = upstreams.group(upstreams.way(operation, template), path);
        group.targets()[0].endpoint.authority.trim_end_matches(".example").to_owned()
    }

    #[test]
    fn the_longest_prefix_of_whole_segments_decides_and_operations_come_first() {
        let upstreams = compile(
            &[("/orders", "orders"), ("/orders/eu/v1", "europe"), ("/users", "users")],
            &[("getBill", "bills")],
        )
        .unwrap();
        for (operation, template, path, expected) in [
            ("a", "/orders", "/orders", "orders"),
            ("a", "/orders/", "/orders/", "orders"),
            ("a", "/ordersx", "/ordersx", "own"),
            ("a", "/orders/{region}", "/orders/eu", "orders"),
            ("a", "/orders/{region}/v1/{id}", "/orders/eu/v1/7", "europe"),
            ("a", "/orders/{region}/v1/{id}", "/orders/us/v1/7", "orders"),
            ("a", "/orders/eu/v1/{id}", "/orders/eu/v1/7", "europe"),
            ("a", "/{all+}", "/users/7", "users"),
            ("a", "/{all+}", "/else", "own"),
            ("getBill", "/orders/{id}/bill", "/orders/7/bill", "bills"),
        ] {
            assert_eq!(host(&upstreams, operation, template, path), expected, "{template} {path}");
        }
        assert_eq!(upstreams.way("a", "/orders/eu/v1/{id}"), Way::Group(2));
        assert_eq!(upstreams.way("a", "/{all+}"), Way::ByPath);
        assert_eq!(upstreams.targets().count(), 5);
    }

    #[test]
    fn a_root_route_takes_all() {
        let upstreams = compile(&[("/", "root"), ("/a", "a")], &[]).unwrap();
        assert_eq!(host(&upstreams, "x", "/{any}", "/b"), "root");
        assert_eq!(host(&upstreams, "x", "/a", "/a"), "a");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for text in ["orders", "/orders/", "/a//b", "/a/../b", ""] {
            assert_eq!(compile(&[("/ok", "a"), (text, "b")], &[]).unwrap_err().pointer, "/routes/1/prefix", "{text}");
        }
        let bad = Upstream { url: "ftp://a.example".parse().unwrap(), weight: 1 };
        let settings = OperationSettings { upstreams: vec![bad], ..OperationSettings::default() };
        let policies =
            Policies { operations: [("GET /a~b".to_owned(), settings)].into_iter().collect(), ..Policies::default() };
        let error = Upstreams::compile(&"shop".parse().unwrap(), &[], &policies, &Known::default()).unwrap_err();
        assert_eq!(error.pointer, "/operation_settings/GET ~1a~0b/upstreams/0/url");
    }
}
