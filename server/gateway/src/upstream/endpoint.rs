//! Where connections lead, and the memory of it that outlives Worlds: who publishes a new one finds connections,
//! ejections, health and budgets as they were.
use super::{
    condition::Condition,
    group::Target,
    retry::Budget,
    tls::{Tls, TlsFiles},
};
use foldhash::quality::FixedState;
use portico_domain::{Connection, InvalidSettings, Protocol, Slug, Upstream};
use std::{
    collections::HashMap,
    hash::{BuildHasher as _, Hash},
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};
use url::{Host, Url};

/// An address and the manner of reaching it. Two APIs that reach one address in the same manner share it, and its
/// connections.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Never given twice: by it pools tell endpoints apart.
    pub(crate) id: u64,
    /// Scheme, host and port.
    pub(crate) name: Arc<str>,
    pub(crate) host: Host,
    pub(crate) port: u16,
    /// The `Host` field: with the port where it is not the scheme's own.
    pub(crate) authority: Box<str>,
    pub(crate) protocol: Protocol,
    /// `None` in the clear.
    pub(crate) tls: Option<Tls>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Manner {
    name: String,
    is_http2: bool,
    /// Of the certificates' contents, the name to verify, and the rest of what TLS depends on.
    tls: Option<u64>,
}

/// All that any World knows of upstreams. Keeps nothing alive that no World holds.
#[derive(Debug, Default)]
pub(crate) struct Known {
    files: TlsFiles,
    last_id: AtomicU64,
    shelves: Mutex<Shelves>,
}

#[derive(Debug, Default)]
struct Shelves {
    endpoints: Shelf<Manner, Endpoint>,
    /// By API and the upstream's whole address.
    conditions: Shelf<(Slug, String), Condition>,
    budgets: Shelf<Slug, Budget>,
}

#[derive(Debug)]
struct Shelf<K, V>(HashMap<K, Weak<V>>);

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, V> Shelf<K, V> {
    fn get(&mut self, key: K, make: impl FnOnce() -> V) -> Arc<V> {
        if let Some(known) = self.0.get(&key).and_then(Weak::upgrade) {
            return known;
        }
        let made = Arc::new(make());
        self.0.insert(key, Arc::downgrade(&made));
        made
    }

    fn tidy(&mut self) {
        self.0.retain(|_, known| known.strong_count() > 0);
    }
}

impl Known {
    /// With the folder that certificates for upstreams are read from.
    pub(crate) fn new(tls_dir: Option<PathBuf>) -> Self {
        Self { files: TlsFiles::new(tls_dir), ..Self::default() }
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The upstreams of a list whose weight is not 0. `place` is the list's JSON pointer.
    pub(crate) fn targets(
        &self,
        api: &Slug,
        upstreams: &[Upstream],
        connection: &Connection,
        place: &str,
    ) -> Result<Vec<Target>, InvalidSettings> {
        let mut targets = Vec::new();
        for (number, upstream) in upstreams.iter().enumerate().filter(|(_, upstream)| upstream.weight > 0) {
            let endpoint = self.endpoint(&upstream.url, connection, || format!("{place}/{number}/url"))?;
            let shown = format!("{}{}", endpoint.name, upstream.url.path());
            let seed = FixedState::default().hash_one(&shown);
            let mut shelves = self.shelves();
            let make = || Condition::new(api.clone(), &shown);
            let condition = shelves.conditions.get((api.clone(), shown.clone()), make);
            targets.push(Target {
                endpoint,
                condition,
                path: upstream.url.path().trim_end_matches('/').into(),
                weight: u32::from(upstream.weight),
                seed,
            });
        }
        Ok(targets)
    }

    fn endpoint(
        &self,
        url: &Url,
        connection: &Connection,
        pointer: impl Fn() -> String,
    ) -> Result<Arc<Endpoint>, InvalidSettings> {
        let wrong = || InvalidSettings {
            pointer: pointer(),
            message: format!(
                "{} is not the address of an upstream such as https://pets.example.com/v1",
                without_secrets(url)
            ),
        };
        let is_tls = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(wrong()),
        };
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else { return Err(wrong()) };
        let name = format!("{}://{host}:{port}", url.scheme());
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        let tls = if is_tls { Some(self.files.tls(connection, &host.to_owned())?) } else { None };
        let manner = Manner {
            name,
            is_http2: connection.protocol == Protocol::Http2,
            tls: tls.as_ref().map(|tls| tls.fingerprint),
        };
        let make = |manner: &Manner| Endpoint {
            id: self.last_id.fetch_add(1, Ordering::Relaxed) + 1,
            name: manner.name.as_str().into(),
            host: host.to_owned(),
            port,
            authority: authority.into(),
            protocol: connection.protocol,
            tls,
        };
        Ok(self.shelves().endpoints.get(manner.clone(), || make(&manner)))
    }

    pub(crate) fn budget(&self, api: &Slug) -> Arc<Budget> {
        self.shelves().budgets.get(api.clone(), Budget::default)
    }

    /// Lets go of what only Worlds of the past knew.
    pub(crate) fn tidy(&self) {
        let mut shelves = self.shelves();
        shelves.endpoints.tidy();
        shelves.conditions.tidy();
        shelves.budgets.tidy();
    }

    pub(crate) fn conditions(&self) -> Vec<Arc<Condition>> {
        self.shelves().conditions.0.values().filter_map(Weak::upgrade).collect()
    }

    /// Retries so far, by API.
    pub(crate) fn retries(&self) -> Vec<(Slug, u64)> {
        let shelves = self.shelves();
        shelves.budgets.0.iter().filter_map(|(api, budget)| Some((api.clone(), budget.upgrade()?.spent()))).collect()
    }
}

/// An address without what might be secret in it.
fn without_secrets(url: &Url) -> String {
    format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(known: &Known, api: &str, url: &str, connection: &Connection) -> Result<Vec<Target>, InvalidSettings> {
        let upstreams = [Upstream { url: url.parse().unwrap(), weight: 1 }];
        known.targets(&api.parse().unwrap(), &upstreams, connection, "/upstreams")
    }

    #[test]
    fn connections_belong_to_the_address_and_conditions_to_the_api() {
        let (known, plain) = (Known::default(), Connection::default());
        let one = targets(&known, "a", "http://h.example/x/", &plain).unwrap().remove(0);
        let other = targets(&known, "b", "http://h.example/y", &plain).unwrap().remove(0);
        assert!(Arc::ptr_eq(&one.endpoint, &other.endpoint) && !Arc::ptr_eq(&one.condition, &other.condition));
        assert_eq!(
            (&*one.endpoint.name, &*one.endpoint.authority, &*one.path),
            ("http://h.example:80", "h.example", "/x")
        );
        let again = targets(&known, "a", "http://h.example/x/", &plain).unwrap().remove(0);
        assert!(Arc::ptr_eq(&one.condition, &again.condition) && one.seed == again.seed);
        let http2 = Connection { protocol: Protocol::Http2, ..plain };
        let other = targets(&known, "a", "http://h.example/x/", &http2).unwrap().remove(0);
        assert_ne!(one.endpoint.id, other.endpoint.id, "spoken to in another way");
        drop((one, again));
        known.tidy();
        assert_eq!(known.conditions().len(), 1 + 1);
    }

    #[test]
    fn what_is_no_address_is_named_with_its_place() {
        let error = targets(&Known::default(), "a", "ftp://u:p@h.example/x", &Connection::default()).unwrap_err();
        assert_eq!(error.pointer, "/upstreams/0/url");
        assert!(error.message.starts_with("ftp://h.example/x is not the address"), "{error}");
    }
}
