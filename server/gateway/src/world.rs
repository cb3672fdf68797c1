//! The World: an immutable, validated picture of all that is served, built off the request path and swapped whole.
use crate::{
    Gateway,
    key_places::KeyPlaces,
    limit::{Levels, Limited},
    plan::CompiledPlan,
    policy::{ApiPolicies, OperationPolicies, document::CompiledDocument},
    router::Router,
    upstream::{
        endpoint::Known,
        health::Probe,
        plan::{Upstreams, Way},
    },
};
use foldhash::fast::RandomState;
use portico_domain::{Access, InvalidSettings, Plan, Policies, Retry, RouteSpec, Slug, Upstream};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

/// What a [`crate::Gateway`] is to serve from now on.
#[derive(Clone, Debug, Default)]
pub struct WorldSpec {
    /// Told by `/ready` and `/metrics`; grows with each publication.
    pub version: u64,
    pub apis: Vec<ApiSpec>,
    pub plans: Vec<Plan>,
}

/// One published API.
#[derive(Clone, Debug)]
pub struct ApiSpec {
    pub slug: Slug,
    /// `/` or `/segments` without a slash at the end.
    pub base_path: String,
    pub access: Access,
    pub upstreams: Vec<Upstream>,
    /// From the last byte of the request to the first of the answer.
    pub timeout: Duration,
    pub max_body_bytes: u64,
    pub policies: Policies,
    pub routes: Vec<RouteSpec>,
    pub document: CompiledDocument,
}

impl ApiSpec {
    /// Whether it can be served at all. To be asked before it is stored: an API that cannot holds up every later
    /// publication. `gateway` is the one that is to serve it; without one, files that settings name are not found.
    pub fn check(&self, gateway: Option<&Gateway>) -> Result<(), WorldError> {
        let nothing = Known::default();
        let known = gateway.map_or(&nothing, Gateway::known);
        Api::build(self.clone(), known, &Levels::default()).map(drop).map_err(|wrong| wrong.of(&self.slug))
    }
}

/// Why a [`WorldSpec`] was not taken; what was served before is still served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", api.as_ref().map(|api| format!("API {api}: ")).unwrap_or_default())]
pub struct WorldError {
    /// The API that is wrong; `None` when a plan is.
    pub api: Option<Slug>,
    /// JSON pointer to the setting of the API that is wrong; `None` when something else is.
    pub pointer: Option<String>,
    pub problem: String,
}

/// What is wrong with an API, before its name is put to it.
struct Wrong {
    pointer: Option<String>,
    problem: String,
}

impl From<String> for Wrong {
    fn from(problem: String) -> Self {
        Self { pointer: None, problem }
    }
}

impl From<InvalidSettings> for Wrong {
    fn from(InvalidSettings { pointer, message }: InvalidSettings) -> Self {
        Self { pointer: Some(pointer), problem: message }
    }
}

impl Wrong {
    fn of(self, api: &Slug) -> WorldError {
        WorldError { api: Some(api.clone()), pointer: self.pointer, problem: self.problem }
    }
}

pub(crate) struct World {
    pub(crate) version: u64,
    pub(crate) since: Instant,
    /// APIs that have hosts of their own, where nothing else is served.
    by_host: HashMap<Box<str>, Arc<Api>, RandomState>,
    /// The root stands under "".
    by_base_path: HashMap<String, Arc<Api>, RandomState>,
    /// The most segments that a base path has.
    deepest: usize,
    plans: HashMap<Slug, Arc<CompiledPlan>, RandomState>,
}

#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) slug: Slug,
    pub(crate) base_path: String,
    /// Fields that its upstreams are told at every call.
    pub(crate) told: Vec<u8>,
    pub(crate) access: Access,
    pub(crate) upstreams: Upstreams,
    pub(crate) timeout: Duration,
    pub(crate) max_body_bytes: u64,
    pub(crate) policies: ApiPolicies,
    pub(crate) shadow: Option<Shadow>,
    /// Of all callers together.
    pub(crate) limits: Option<Limited>,
    pub(crate) router: Router,
    /// Stands for requests in which no operation was found, so that they count too.
    pub(crate) nowhere: Arc<Operation>,
}

/// Where copies of an API's calls go.
#[derive(Debug)]
pub(crate) struct Shadow {
    /// The same API with another upstream, and without operations and policies of its own.
    pub(crate) api: Arc<Api>,
    /// Of calls.
    pub(crate) percent: u8,
}

#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) api: Option<Slug>,
    /// Empty when none was found.
    pub(crate) name: Box<str>,
    pub(crate) secured: bool,
    /// Where a key may stand beside the usual fields.
    pub(crate) key_places: Option<Box<KeyPlaces>>,
    /// Operations of the same method and path, which cannot be told from this one.
    pub(crate) also: Vec<Box<str>>,
    pub(crate) policies: OperationPolicies,
    /// Which upstreams answer its calls.
    pub(crate) way: Way,
    /// Of all callers together.
    pub(crate) limits: Option<Limited>,
    /// Where they differ from the API's.
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_body_bytes: Option<u64>,
    /// Of an answer's body; the API's where the operation has none of its own.
    pub(crate) max_answer_bytes: Option<u64>,
}

impl World {
    pub(crate) fn empty() -> Self {
        Self {
            version: 0,
            since: Instant::now(),
            by_host: HashMap::default(),
            by_base_path: HashMap::default(),
            deepest: 0,
            plans: HashMap::default(),
        }
    }

    /// `known` are the upstreams of earlier Worlds; `levels` is where APIs and operations find what was counted for them.
    pub(crate) fn build(spec: WorldSpec, known: &Known, levels: &Levels) -> Result<Self, WorldError> {
        let mut world = Self { version: spec.version, ..Self::empty() };
        for plan in spec.plans {
            let slug = plan.slug.clone();
            plan.validate().map_err(|error| WorldError {
                api: None,
                pointer: None,
                problem: format!("plan {slug}: {error}"),
            })?;
            world.plans.insert(slug, Arc::new(CompiledPlan::from(plan)));
        }
        let mut slugs = HashSet::new();
        for api in spec.apis {
            let slug = api.slug.clone();
            let wrong = |problem: String| Wrong::from(problem).of(&slug);
            if !slugs.insert(slug.clone()) {
                return Err(wrong("it is there twice".to_owned()));
            }
            let hosts = api.policies.hosts.clone();
            let api = Api::build(api, known, levels).map_err(|wrong| wrong.of(&slug))?;
            if !hosts.is_empty() {
                let api = Arc::new(api);
                for host in hosts {
                    if let Some(other) = world.by_host.insert(host.clone().into(), Arc::clone(&api)) {
                        return Err(wrong(format!("its host {host} belongs to {}; choose another", other.slug)));
                    }
                }
                continue;
            }
            let base_path = api.base_path.clone();
            // Of the root nothing is taken away.
            let place = base_path.trim_end_matches('/');
            if let Some(other) = world.by_base_path.get(place) {
                return Err(wrong(format!("its base path {base_path} belongs to {}; choose another", other.slug)));
            }
            world.deepest = world.deepest.max(place.matches('/').count());
            world.by_base_path.insert(place.to_owned(), Arc::new(api));
        }
        Ok(world)
    }

    /// What is to be asked whether it is well.
    pub(crate) fn probes(&self) -> Vec<Probe> {
        let apis = self.by_base_path.values().chain(self.by_host.values());
        apis.flat_map(|api| api.upstreams.probes()).collect()
    }

    pub(crate) fn plan(&self, slug: &Slug) -> Option<&Arc<CompiledPlan>> {
        self.plans.get(slug)
    }

    /// The API of a host, or else the one with the longest base path that a canonical path lies under; and where the
    /// document's path begins.
    pub(crate) fn find(&self, host: Option<&[u8]>, path: &str) -> Option<(&Arc<Api>, usize)> {
        if !self.by_host.is_empty()
            && let Some(api) = host.and_then(|host| self.by_host.get(&*host_name(host)?))
        {
            return Some((api, 0));
        }
        let slashes = path.bytes().enumerate().filter(|(_, byte)| *byte == b'/').map(|(place, _)| place);
        let ends = slashes.chain([path.len()]).take(self.deepest + 1);
        ends.filter_map(|end| Some((self.by_base_path.get(&path[..end])?, end))).last()
    }
}

/// The name in a `Host` field, without its port and in lower case.
fn host_name(field: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(field).ok()?;
    let name = match text.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => text,
    };
    Some(name.trim_end_matches('.').to_ascii_lowercase())
}

impl Api {
    fn build(spec: ApiSpec, known: &Known, levels: &Levels) -> Result<Self, Wrong> {
        let shadow = Self::shadow(&spec, known)?;
        // On its own hosts an API needs no base path to tell it from others.
        let base_path = if spec.policies.hosts.is_empty() { spec.base_path } else { "/".to_owned() };
        let fits = base_path == "/" || (base_path.starts_with('/') && !base_path.ends_with('/'));
        match crate::path::canonical(&base_path) {
            Ok(form) if fits && form == base_path => {}
            _ => return Err(format!("{base_path:?} is not a base path such as /pets/v2").into()),
        }
        let upstreams = Upstreams::compile(&spec.slug, &spec.upstreams, &spec.policies, known)?;
        let mut router = Router::default();
        let policies =
            spec.routes.iter().map(|route| OperationPolicies::compile(&spec.policies, route, &spec.document));
        let policies: Vec<_> = policies.collect::<Result<_, _>>()?;
        let of_api = ApiPolicies::compile(&spec.policies, &policies);
        for (route, policies) in spec.routes.iter().zip(policies) {
            let method_fits = (1..=24).contains(&route.method.len())
                && route.method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
            if !method_fits {
                return Err(format!("operation {}: {:?} is not a method", route.operation, route.method).into());
            }
            let settings = spec.policies.operations.get(&route.operation);
            let limits = settings.map(|settings| settings.limits).unwrap_or_default();
            let timeout = settings.and_then(|settings| settings.timeout_ms).map(|ms| Duration::from_millis(ms.into()));
            let max_body_bytes = settings.and_then(|settings| settings.max_body_bytes);
            let max_answer_bytes = settings.and_then(|settings| settings.max_answer_bytes);
            let operation = Operation {
                api: Some(spec.slug.clone()),
                name: route.operation.as_str().into(),
                secured: route.secured,
                key_places: KeyPlaces::compile(&route.key_places),
                also: Vec::new(),
                policies,
                way: upstreams.way(&route.operation, &route.template),
                limits: levels.limited(&spec.slug, &route.operation, limits),
                timeout,
                max_body_bytes,
                max_answer_bytes: max_answer_bytes.or(spec.policies.max_answer_bytes),
            };
            router
                .add(&route.method, &route.template, Arc::new(operation))
                .map_err(|problem| format!("operation {}: {problem}", route.operation))?;
        }
        Ok(Self {
            nowhere: Arc::new(Operation {
                api: Some(spec.slug.clone()),
                name: "".into(),
                secured: true,
                key_places: None,
                also: Vec::new(),
                policies: OperationPolicies::default(),
                way: Way::default(),
                limits: None,
                timeout: None,
                max_body_bytes: None,
                max_answer_bytes: None,
            }),
            limits: levels.limited(&spec.slug, "", spec.policies.limits),
            slug: spec.slug,
            told: format!("x-forwarded-prefix: {base_path}\r\n").into_bytes(),
            base_path,
            access: spec.access,
            upstreams,
            timeout: spec.timeout,
            max_body_bytes: spec.max_body_bytes,
            policies: of_api,
            shadow,
            router: router.straightened(),
        })
    }

    fn shadow(spec: &ApiSpec, known: &Known) -> Result<Option<Shadow>, Wrong> {
        let Some(shadow) = spec.policies.shadow.as_ref().filter(|shadow| shadow.upstream.weight > 0) else {
            return Ok(None);
        };
        let policies = Policies {
            hosts: spec.policies.hosts.clone(),
            connection: spec.policies.connection.clone(),
            retry: Retry { attempts: 0, ..Retry::default() },
            ..Policies::default()
        };
        let (upstreams, percent) = (vec![shadow.upstream.clone()], shadow.percent);
        let spec = ApiSpec { upstreams, policies, routes: Vec::new(), ..spec.clone() };
        let api = Self::build(spec, known, &Levels::default()).map_err(|wrong| {
            let of_upstream = wrong.pointer.as_deref() == Some("/upstreams/0/url");
            if of_upstream { Wrong { pointer: Some("/shadow/upstream/url".to_owned()), ..wrong } } else { wrong }
        })?;
        Ok(Some(Shadow { api: Arc::new(api), percent }))
    }

    /// Whether a call of the operation needs a key.
    pub(crate) fn needs_key(&self, operation: &Operation) -> bool {
        match self.access {
            Access::Key => true,
            Access::Document => operation.secured,
            Access::Open => false,
        }
    }
}

#[cfg(test)]
impl Operation {
    pub(crate) fn named(name: &str) -> Self {
        Self {
            api: None,
            name: name.into(),
            secured: true,
            key_places: None,
            also: Vec::new(),
            way: Way::default(),
            policies: OperationPolicies::default(),
            limits: None,
            timeout: None,
            max_body_bytes: None,
            max_answer_bytes: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(slug: &str, base_path: &str) -> ApiSpec {
        ApiSpec {
            slug: slug.parse().unwrap(),
            base_path: base_path.to_owned(),
            access: Access::Key,
            upstreams: Vec::new(),
            timeout: Duration::from_secs(1),
            max_body_bytes: 1,
            policies: Policies::default(),
            routes: Vec::new(),
            document: CompiledDocument::default(),
        }
    }

    fn world(apis: Vec<ApiSpec>) -> Result<World, WorldError> {
        World::build(
            WorldSpec { version: 1, apis, plans: vec![Plan::starter()] },
            &Known::default(),
            &Levels::default(),
        )
    }

    #[test]
    fn the_longest_base_path_wins_and_ends_at_a_slash() {
        let world = world(vec![api("pets", "/pets"), api("toys", "/pets/toys/v2"), api("cats", "/cats")]).unwrap();
        let found = |path| world.find(None, path).map(|(api, rest)| (api.slug.as_str().to_owned(), &path[rest..]));
        assert_eq!(found("/pets"), Some(("pets".to_owned(), "")));
        assert_eq!(found("/pets/"), Some(("pets".to_owned(), "/")));
        assert_eq!(found("/pets/7/x/y/z"), Some(("pets".to_owned(), "/7/x/y/z")));
        assert_eq!(found("/pets/toys/v2/a"), Some(("toys".to_owned(), "/a")));
        assert_eq!(found("/pets/toys/v2"), Some(("toys".to_owned(), "")));
        assert_eq!(found("/pets/toys/v22"), Some(("pets".to_owned(), "/toys/v22")));
        assert_eq!(found("/petsy"), None);
        assert_eq!(found("/"), None);
    }

    #[test]
    fn an_api_at_the_root_takes_what_no_other_has() {
        let world = world(vec![api("all", "/"), api("pets", "/pets")]).unwrap();
        let found = |path| world.find(None, path).map(|(api, rest)| (api.slug.as_str().to_owned(), &path[rest..]));
        assert_eq!(found("/"), Some(("all".to_owned(), "/")));
        assert_eq!(found("/x/y"), Some(("all".to_owned(), "/x/y")));
        assert_eq!(found("/pets/1"), Some(("pets".to_owned(), "/1")));
    }

    #[test]
    fn a_host_of_its_own_is_an_apis_alone() {
        let mut shop = api("shop", "/shop");
        shop.policies.hosts = vec!["shop.example.com".to_owned()];
        let world = world(vec![shop, api("pets", "/pets")]).unwrap();
        let found = |host: &str, path| {
            world.find(Some(host.as_bytes()), path).map(|(api, rest)| (api.slug.as_str().to_owned(), rest))
        };
        for host in ["shop.example.com", "SHOP.example.com:8081", "shop.example.com."] {
            assert_eq!(found(host, "/pets/1"), Some(("shop".to_owned(), 0)), "{host}");
        }
        assert_eq!(found("api.example.com", "/pets/1"), Some(("pets".to_owned(), 5)));
        assert_eq!(found("api.example.com", "/shop/1"), None);
    }

    #[test]
    fn a_bad_spec_names_the_api_and_what_is_wrong() {
        let mut bad = api("pets", "/pets");
        bad.upstreams = vec![Upstream { url: "ftp://a.example/".parse().unwrap(), weight: 1 }];
        for (apis, words) in [
            (vec![api("a", "/x"), api("b", "/x")], "API b: its base path /x belongs to a"),
            (vec![api("a", "/x"), api("a", "/y")], "API a: it is there twice"),
            (vec![api("a", "x/")], "API a: \"x/\" is not a base path"),
            (vec![bad], "API pets: ftp://a.example/ is not the address of an upstream"),
        ] {
            let checked = apis.iter().find_map(|api| api.check(None).err());
            let error = world(apis).err().unwrap();
            assert!(error.to_string().starts_with(words), "{error}");
            assert!(checked.is_none_or(|checked| checked == error));
        }
    }
}
