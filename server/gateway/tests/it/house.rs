//! A gateway with one API, one app and one key, and a client that speaks raw bytes.
use super::upstream::Upstream;
use portico_domain::{
    Access, AppId, Environment, InstallationSecret, Key, KeyId, KeyName, MockClock, Plan, Policies, Purpose, RouteSpec,
    SecretToken, Subscription, SubscriptionId, SubscriptionState, Timestamp, TokenKind,
};
use portico_gateway::{ApiSpec, Gateway, GatewaySettings, KeyEntry, WorldSpec};
use rand::{SeedableRng, rngs::StdRng};
use std::{fmt::Write as _, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) struct House {
    pub(crate) gateway: Gateway,
    pub(crate) clock: Arc<MockClock>,
    pub(crate) secret: InstallationSecret,
    pub(crate) app: AppId,
    pub(crate) subscription: Subscription,
    /// The key as it is stored, and as its owner has it.
    pub(crate) key: Key,
    pub(crate) token: String,
    spec: WorldSpec,
}

pub(crate) struct Options {
    pub(crate) access: Access,
    pub(crate) plan: Plan,
    pub(crate) settings: GatewaySettings,
    pub(crate) timeout: Duration,
    pub(crate) max_body_bytes: u64,
    pub(crate) policies: Policies,
}

impl Default for Options {
    fn default() -> Self {
        let plan = Plan { rate: None, quota: None, ..Plan::starter() };
        let settings = GatewaySettings {
            listen: "127.0.0.1:0".parse().unwrap(),
            threads: 2.try_into().unwrap(),
            upstream_allow: vec!["127.0.0.0/8".parse().unwrap()],
            ..GatewaySettings::default()
        };
        Self {
            access: Access::Key,
            plan,
            settings,
            timeout: Duration::from_secs(20),
            max_body_bytes: 1024 * 1024,
            policies: Policies::default(),
        }
    }
}

impl Options {
    /// With policies as the management API takes them.
    pub(crate) fn policies(json: serde_json::Value) -> Self {
        Self { policies: serde_json::from_value(json).unwrap(), ..Self::default() }
    }

    /// With one setting changed.
    pub(crate) fn with(change: impl FnOnce(&mut GatewaySettings)) -> Self {
        let mut options = Self::default();
        change(&mut options.settings);
        options
    }
}

/// Operations of the API `shop`, which the upstream has below `/v1`.
const ROUTES: [(&str, &str, bool); 6] = [
    ("GET", "/pets", false),
    ("POST", "/pets", true),
    ("GET", "/pets/{id}", true),
    ("DELETE", "/pets/{id}", true),
    ("PUT", "/upload", true),
    ("GET", "/admin/x", true),
];

/// An operation, which is named after its method and path.
pub(crate) fn route(method: &str, template: &str, secured: bool) -> RouteSpec {
    RouteSpec {
        operation: format!("{} {template}", method.to_lowercase()),
        method: method.to_owned(),
        template: template.to_owned(),
        secured,
        deprecation: None,
        key_places: Vec::new(),
    }
}

impl House {
    pub(crate) fn open(upstream: &Upstream) -> Self {
        Self::open_with(upstream.addr, Options::default())
    }

    pub(crate) fn open_with(upstream: SocketAddr, options: Options) -> Self {
        let clock = Arc::new(MockClock::at(Timestamp::parse("2026-11-23T15:00:00Z").unwrap()));
        let mut rng = StdRng::seed_from_u64(7);
        let secret = InstallationSecret::generate(&mut rng);
        let gateway = Gateway::start(options.settings, clock.clone(), secret.clone()).unwrap();
        let routes = ROUTES.iter().map(|(method, template, secured)| route(method, template, *secured));
        let api = ApiSpec {
            slug: "shop".parse().unwrap(),
            base_path: "/shop".to_owned(),
            access: options.access,
            upstreams: vec![portico_domain::Upstream {
                url: format!("http://{upstream}/v1").parse().unwrap(),
                weight: 1,
            }],
            timeout: options.timeout,
            max_body_bytes: options.max_body_bytes,
            policies: options.policies,
            routes: routes.collect(),
            document: portico_gateway::CompiledDocument::default(),
        };
        let spec = WorldSpec { version: 1, apis: vec![api], plans: vec![options.plan.clone()] };
        gateway.publish(spec.clone()).unwrap();
        let app = AppId::new(&*clock);
        let subscription = Subscription {
            id: SubscriptionId::new(&*clock),
            app,
            api: "shop".parse().unwrap(),
            plan: options.plan.slug,
            state: SubscriptionState::Active,
            created_at: portico_domain::Clock::now(&*clock),
        };
        gateway.subscriptions().put(subscription.clone());
        let token = SecretToken::generate(TokenKind::ApiKey(Environment::Live), &mut rng);
        let key = Key {
            id: KeyId::new(&*clock),
            app,
            name: KeyName::try_from("test".to_owned()).unwrap(),
            environment: Environment::Live,
            public_id: token.public_id(),
            digest: secret.digest(Purpose::ApiKey, token.reveal()),
            previous: None,
            expires_at: None,
            revoked_at: None,
            apis: Vec::new(),
            operations: Vec::new(),
            allow_ips: Vec::new(),
            created_at: portico_domain::Clock::now(&*clock),
            last_used_at: None,
        };
        gateway.keyring().put(KeyEntry::from(&key));
        Self { gateway, clock, secret, app, subscription, key, token: token.reveal().to_owned(), spec }
    }

    pub(crate) fn put_key(&self, change: impl FnOnce(&mut Key)) {
        let mut key = self.key.clone();
        change(&mut key);
        self.gateway.keyring().put(KeyEntry::from(&key));
    }

    pub(crate) fn put_subscription(&self, change: impl FnOnce(&mut Subscription)) {
        let mut subscription = self.subscription.clone();
        change(&mut subscription);
        self.gateway.subscriptions().put(subscription);
    }

    pub(crate) fn publish(&self, change: impl FnOnce(&mut WorldSpec)) {
        let mut spec = self.spec.clone();
        spec.version += 1;
        change(&mut spec);
        self.gateway.publish(spec).unwrap();
    }

    /// A request with the key, on a connection of its own.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(&format!("GET {path}"), &[("X-API-Key", &self.token)], "").await
    }

    pub(crate) async fn call(&self, line: &str, fields: &[(&str, &str)], body: &str) -> Answer {
        let mut text = format!("{line} HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n");
        for (name, value) in fields {
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        if !body.is_empty() {
            write!(text, "Content-Length: {}\r\n", body.len()).unwrap();
        }
        text += "\r\n";
        Answer::read(&self.raw((text + body).as_bytes()).await)
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.gateway.local_addr()).await.unwrap()
    }

    /// Sends bytes and reads until the gateway closes.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        let (mut reading, mut writing) = stream.split();
        let mut answer = Vec::new();
        // Who is answered before all is sent may fail to send the rest, and still has the answer.
        let _ = tokio::join!(writing.write_all(bytes), reading.read_to_end(&mut answer));
        String::from_utf8_lossy(&answer).into_owned()
    }
}

pub(crate) async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset after the answer is as good as an end.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }

    /// The `code` of a problem, after checking that it is one.
    pub(crate) fn code(&self) -> String {
        assert_eq!(self.field("content-type"), Some("application/problem+json"), "{self:?}");
        let problem: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["request_id"].as_str(), self.field("x-request-id"));
        for name in ["type", "title", "detail"] {
            assert!(problem[name].as_str().is_some_and(|text| !text.is_empty()), "{name}: {problem}");
        }
        problem["code"].as_str().unwrap().to_owned()
    }
}

/// The value of a field in the head of a message.
pub(crate) fn field<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    let head = message.split("\r\n\r\n").next()?;
    head.split("\r\n").skip(1).find_map(|line| {
        let (known, value) = line.split_once(": ")?;
        known.eq_ignore_ascii_case(name).then_some(value)
    })
}
