//! The data plane alone, for measuring: `bench PORT UPSTREAM THREADS ACCESS ROUTES [KEYS]`.
//!
//! One API below `/bench` with so many path templates beside a few fixed ones; `ACCESS` is `key` or `open`. With
//! `key`, the file `KEYS` holds one key a line, all of one app, whose plan limits so little that nothing is refused.
//! Counts are fetched once a second, as the house does. `server/bench` starts this; the program itself stands beside it.
use portico_domain::{
    Access, AppId, Approval, Clock as _, InstallationSecret, KeyId, Period, Plan, Policies, PublicKeyId, Purpose,
    Quota, Rate, RatePeriod, RouteSpec, Subscription, SubscriptionId, SubscriptionState, SystemClock, Upstream,
};
use portico_gateway::{ApiSpec, CompiledDocument, Gateway, GatewaySettings, KeyEntry, WorldSpec};
use std::{env, error::Error, fs, sync::Arc, thread, time::Duration};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FIXED: [(&str, &str); 6] =
    [("GET", "/1k"), ("GET", "/64k"), ("GET", "/10m"), ("GET", "/ws"), ("POST", "/echo"), ("POST", "/sink")];

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [port, upstream, threads, access, routes, keys @ ..] = &words[..] else {
        return Err("usage: bench PORT UPSTREAM THREADS ACCESS ROUTES [KEYS]".into());
    };
    let settings = GatewaySettings {
        listen: format!("127.0.0.1:{port}").parse()?,
        threads: threads.parse()?,
        upstream_allow: vec!["127.0.0.0/8".parse()?],
        max_connections: 16_384,
        ..GatewaySettings::default()
    };
    let secret = InstallationSecret::generate(&mut rand::rng());
    let gateway = Gateway::start(settings, Arc::new(SystemClock), secret.clone())?;
    let access = match access.as_str() {
        "key" => Access::Key,
        "open" => Access::Open,
        other => return Err(format!("access is {other:?}; it can be key or open").into()),
    };
    publish(&gateway, upstream, access, routes.parse()?)?;
    if let Some(keys) = keys.first() {
        admit(&gateway, &secret, &fs::read_to_string(keys)?)?;
    }
    loop {
        thread::sleep(Duration::from_secs(1));
        drop((gateway.drain_usage(), gateway.drain_records()));
    }
}

fn publish(gateway: &Gateway, upstream: &str, access: Access, routes: usize) -> Result<(), Box<dyn Error>> {
    let fixed = FIXED.iter().map(|(method, path)| (*method, (*path).to_owned()));
    let more = (0..routes).map(|number| ("GET", format!("/v1/s{number}/users/{{id}}/orders/{{order}}")));
    let route = |(method, template): (&str, String)| RouteSpec {
        operation: format!("{} {template}", method.to_lowercase()),
        method: method.to_owned(),
        template,
        secured: true,
        deprecation: None,
        key_places: Vec::new(),
    };
    let api = ApiSpec {
        slug: "bench".parse()?,
        base_path: "/bench".to_owned(),
        access,
        upstreams: vec![Upstream { url: format!("http://{upstream}").parse()?, weight: 1 }],
        timeout: Duration::from_mins(1),
        max_body_bytes: 64 * 1024 * 1024,
        policies: Policies::default(),
        routes: fixed.chain(more).map(route).collect(),
        document: CompiledDocument::default(),
    };
    let plan = Plan {
        slug: "wide".parse()?,
        name: "Wide".to_owned(),
        rate: Some(Rate { limit: 1_000_000, per: RatePeriod::Second, burst: Some(1_000_000) }),
        quota: Some(Quota { limit: 1_000_000_000_000, per: Period::Month }),
        approval: Approval::Auto,
        ..Plan::starter()
    };
    gateway.publish(WorldSpec { version: 1, apis: vec![api], plans: vec![plan] })?;
    Ok(())
}

/// Keys from elsewhere, as `portico key import` takes them.
fn admit(gateway: &Gateway, secret: &InstallationSecret, keys: &str) -> Result<(), Box<dyn Error>> {
    let app = AppId::new(&SystemClock);
    gateway.subscriptions().put(Subscription {
        id: SubscriptionId::new(&SystemClock),
        app,
        api: "bench".parse()?,
        plan: "wide".parse()?,
        state: SubscriptionState::Active,
        created_at: SystemClock.now(),
    });
    let digester = secret.digester(Purpose::ApiKey);
    gateway.keyring().replace_all(keys.lines().map(|key| {
        let digest = digester.digest(key);
        KeyEntry {
            id: KeyId::new(&SystemClock),
            app,
            public_id: PublicKeyId::of_imported(&digest),
            digest,
            previous: None,
            expires_at: None,
            revoked_at: None,
            scope: None,
        }
    }));
    Ok(())
}
