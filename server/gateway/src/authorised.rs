//! What was authorised is what the upstream receives, over many mutations of requests: each goes through the phases of the
//! pipeline up to the bytes for the upstream, and those are read by another parser.
use crate::{
    CompiledDocument,
    account::Account,
    admit,
    arrive::{self, Arrival},
    client_address::Caller,
    dispatch::fields::{Told, write_request},
    find::{self, Found},
    gateway::Gateway,
    http1::parse_for_test,
    identify,
    keyring::KeyEntry,
    message::{Body, Request},
    mutation::Mutator,
    peer::Peer,
    settings::GatewaySettings,
    worker::Worker,
    world::{ApiSpec, WorldSpec},
};
use portico_domain::{
    Access, AppId, Environment, InstallationSecret, Key, KeyId, KeyName, KeyPlace, MockClock, ParameterLocation, Plan,
    Policies, Purpose, RouteSpec, SecretToken, Subscription, SubscriptionId, SubscriptionState, Timestamp, TokenKind,
};
use rand::{SeedableRng as _, rngs::StdRng};
use std::{env, net::Ipv4Addr, sync::Arc, time::Duration};

/// Operations: method, template, and whether a key is needed.
const ROUTES: [(&str, &str, bool); 8] = [
    ("GET", "/open/{p}", false),
    ("POST", "/open/{p}", false),
    ("GET", "/guarded/{p}", true),
    ("POST", "/guarded/{p}", true),
    ("GET", "/{any}/x", false),
    ("DELETE", "/admin/x", true),
    ("GET", "/admin/x", true),
    ("GET", "/files/{path+}", false),
];

/// Where the guarded ones also take it.
const KEY_PLACES: [(ParameterLocation, &str); 3] =
    [(ParameterLocation::Header, "X-Token"), (ParameterLocation::Query, "key"), (ParameterLocation::Cookie, "sid")];

const AUTHORITY: &str = "upstream.example:8080";

fn gateway() -> (Gateway, String) {
    let clock = Arc::new(MockClock::at(Timestamp::parse("2026-11-23T15:00:00Z").unwrap()));
    let mut rng = StdRng::seed_from_u64(7);
    let secret = InstallationSecret::generate(&mut rng);
    let settings = GatewaySettings {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        threads: 1.try_into().unwrap(),
        ..GatewaySettings::default()
    };
    let gateway = Gateway::start(settings, clock.clone(), secret.clone()).unwrap();
    let routes = ROUTES.map(|(method, template, secured)| RouteSpec {
        operation: format!("{method} {template}"),
        method: method.to_owned(),
        template: template.to_owned(),
        secured,
        deprecation: None,
        key_places: match template {
            "/guarded/{p}" => KEY_PLACES.map(|(location, name)| KeyPlace { location, name: name.to_owned() }).into(),
            _ => Vec::new(),
        },
    });
    let api = ApiSpec {
        slug: "shop".parse().unwrap(),
        base_path: "/shop".to_owned(),
        access: Access::Document,
        upstreams: vec![portico_domain::Upstream { url: format!("http://{AUTHORITY}/v1").parse().unwrap(), weight: 1 }],
        timeout: Duration::from_secs(1),
        max_body_bytes: 1024,
        policies: Policies::default(),
        routes: routes.into(),
        document: CompiledDocument::default(),
    };
    let plan = Plan { rate: None, quota: None, ..Plan::starter() };
    let (app, now) = (AppId::new(&*clock), portico_domain::Clock::now(&*clock));
    gateway.publish(WorldSpec { version: 1, apis: vec![api], plans: vec![plan.clone()] }).unwrap();
    gateway.subscriptions().put(Subscription {
        id: SubscriptionId::new(&*clock),
        app,
        api: "shop".parse().unwrap(),
        plan: plan.slug,
        state: SubscriptionState::Active,
        created_at: now,
    });
    let token = SecretToken::generate(TokenKind::ApiKey(Environment::Live), &mut rng);
    gateway.keyring().put(KeyEntry::from(&Key {
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
        created_at: now,
        last_used_at: None,
    }));
    (gateway, token.reveal().to_owned())
}

/// What a request was let in as, and the head that its upstream would get; `None` where it is refused.
struct Passed {
    operation: String,
    had_key: bool,
    head: Vec<u8>,
}

fn pass(worker: &Arc<Worker>, bytes: &[u8]) -> Option<Passed> {
    let (head, length) = parse_for_test(bytes)?;
    // The body only matters by its length here: how it is framed, not what it holds.
    let body =
        if length == Some(0) { Body::empty() } else { Body::full(vec![b'a'; length.unwrap_or(1).min(2048) as usize]) };
    let (method, target, fields, version, upgrade) =
        (head.method, head.target, head.fields, head.version, head.upgrade);
    let request = Request { method, target, fields, body, version, upgrade };
    let shared = &worker.shared;
    let mut account = Account::open(worker, Ipv4Addr::LOCALHOST.into(), &request);
    let peer = Arc::new(Peer { address: Ipv4Addr::LOCALHOST.into(), secured: None, guest: None });
    let caller = Caller { address: peer.address, secure: false };
    let checked = arrive::check(shared, &peer, Ok(caller), &request).ok()?;
    let mut arrival = Arrival::new(request, &peer, checked);
    let world = shared.world.load_full();
    let Found::Route(route) = find::find(&world, &arrival, &mut account).ok()? else { return None };
    let identity = identify::identify(shared, &route, &mut arrival, &mut account).ok()?;
    let permit = admit::admit(shared, &world, route, identity, &arrival, &mut account).ok()?;
    let told = Told::new(worker, &permit, &arrival, &account);
    let mut head = Vec::new();
    let group = permit.route.api.upstreams.group(permit.route.operation.way, permit.route.path(&arrival));
    write_request(&mut head, &permit, &group.targets()[0], &arrival, &told, length);
    Some(Passed { operation: permit.route.operation.name.to_string(), had_key: permit.identity.key.is_some(), head })
}

/// Whether a path is one of a template, by the plain meaning of both.
fn fits(template: &str, path: &str) -> bool {
    let (mut parts, mut segments) = (template.split('/'), path.split('/'));
    loop {
        match (parts.next(), segments.next()) {
            (None, None) => return true,
            (Some(part), Some(_)) if part.ends_with("+}") => return true,
            (Some(part), Some(segment)) => {
                if part.starts_with('{') && segment.is_empty() || !part.starts_with('{') && part != segment {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

/// A path as a server may read it that decodes again, folds backslashes, drops parameters and resolves dots.
fn leniently(path: &str) -> String {
    let mut bytes = path.as_bytes();
    let mut decoded = Vec::new();
    while let Some((&byte, rest)) = bytes.split_first() {
        let hex = rest.get(..2).and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        (bytes, decoded) = match hex.filter(|_| byte == b'%') {
            Some(value) => (&rest[2..], [decoded, vec![value]].concat()),
            None => (rest, [decoded, vec![byte]].concat()),
        };
    }
    let text = String::from_utf8_lossy(&decoded).replace('\\', "/");
    let mut kept = Vec::new();
    for segment in text.split('/').map(|segment| segment.split(';').next().unwrap_or_default()) {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

/// Fields whose values only the gateway says.
fn is_ours(name: &str) -> bool {
    let folded: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    ["x-forwarded-", "x-portico-"].iter().any(|prefix| folded.starts_with(prefix))
        || ["forwarded", "via", "x-real-ip", "x-request-id", "host", "x-api-key", "x-original-url"].contains(&&*folded)
}

fn check(sent: &[u8], passed: &Passed, key: &str) {
    let shown = || format!("{:?} became {:?}", String::from_utf8_lossy(sent), String::from_utf8_lossy(&passed.head));
    let (mut asked, mut told) = ([httparse::EMPTY_HEADER; 128], [httparse::EMPTY_HEADER; 160]);
    let (mut client, mut upstream) = (httparse::Request::new(&mut asked), httparse::Request::new(&mut told));
    assert!(client.parse(sent.strip_prefix(b"\r\n").unwrap_or(sent)).unwrap().is_complete(), "{}", shown());
    let read = upstream.parse(&passed.head).unwrap_or_else(|error| panic!("{error}: {}", shown()));
    assert_eq!(read, httparse::Status::Complete(passed.head.len()), "{}", shown());
    // The operation, its method and its path.
    let (method, template) = passed.operation.split_once(' ').unwrap();
    assert_eq!(upstream.method, client.method, "{}", shown());
    assert!(upstream.method == Some(method) || upstream.method == Some("HEAD") && method == "GET", "{}", shown());
    let target = upstream.path.unwrap();
    let path = target.split('?').next().unwrap().strip_prefix("/v1").unwrap_or_else(|| panic!("{}", shown()));
    assert!(fits(template, path), "{}", shown());
    let needs_key = |path: &str| ROUTES.iter().any(|(_, route, secured)| *secured && fits(route, path));
    let is_open = ROUTES.iter().any(|(of, route, secured)| (*of, *route, *secured) == (method, template, false));
    assert!(is_open || passed.had_key, "{}", shown());
    assert!(!is_open || !needs_key(path) && !needs_key(&leniently(path)), "{}", shown());
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let in_query = query.split('&').any(|pair| pair.strip_prefix("key=") == Some(key));
    assert!(!in_query || !passed.operation.contains("/guarded/"), "{}", shown());
    // One host, one framing, no key, and nothing that a client said in our name.
    let count = |name: &str| upstream.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name)).count();
    assert_eq!((count("host"), count("content-length") + count("transfer-encoding") <= 1), (1, true), "{}", shown());
    let host = upstream.headers.iter().find(|field| field.name.eq_ignore_ascii_case("host")).unwrap();
    assert_eq!(host.value, AUTHORITY.as_bytes());
    let asked_host = client.headers.iter().find(|field| field.name.eq_ignore_ascii_case("host"));
    let asked_host = asked_host.map_or_else(String::new, |field| String::from_utf8_lossy(field.value).into_owned());
    for field in upstream.headers.iter() {
        let value = String::from_utf8_lossy(field.value);
        // Whom the client asked for is passed on as its word.
        let ours = if asked_host.is_empty() { value.to_string() } else { value.replace(&asked_host, "") };
        assert!(!is_ours(field.name) || !ours.contains("forged"), "{}", shown());
        let is = |name: &str| field.name.eq_ignore_ascii_case(name);
        let bearer =
            value.to_ascii_lowercase().strip_prefix("bearer ").is_some_and(|rest| rest.trim().starts_with("ptk_"));
        let credentials = is("x-api-key") || is("x_api_key") || is("authorization") && bearer;
        let in_cookie = is("cookie") && value.split(';').any(|pair| pair.trim() == format!("sid={key}"));
        let elsewhere = passed.operation.contains("/guarded/") && (is("x-token") && value == key || in_cookie);
        assert!(!credentials && !elsewhere || !value.contains(key), "{}", shown());
    }
    for name in ["x-forwarded-for", "x-portico-app", "x-request-id", "forwarded", "traceparent"] {
        assert!(count(name) <= 1, "{name}: {}", shown());
    }
}

const PIECES: &[&[u8]] = &[
    b"/",
    b"//",
    b"..",
    b"/../",
    b"/./",
    b"%2e",
    b"%2E%2e",
    b"%2f",
    b"%5C",
    b"\\",
    b";",
    b";a=b",
    b"%3b",
    b"%00",
    b"%25",
    b"%",
    b"?",
    b"#",
    b" ",
    b"\t",
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n ",
    b":",
    b",",
    b"open",
    b"guarded",
    b"admin",
    b"/x",
    b"files",
    b"/shop",
    b"http://a",
    b"HTTP/1.0",
    b"HEAD ",
    b"DELETE ",
    b"OPTIONS ",
    b"*",
    b"~",
    b"\xc3\xa9",
    b"\0",
    b"Host: a\r\n",
    b"Host: b\r\n",
    b"Content-Length: 3\r\n",
    b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer_Encoding: chunked\r\n",
    b"X-Forwarded-For: forged\r\n",
    b"x_forwarded_for: forged\r\n",
    b"X-Portico-App: forged\r\n",
    b"X.Portico.Plan: forged\r\n",
    b"Forwarded: for=forged\r\n",
    b"X-Request-Id: forged\r\n",
    b"Via: forged\r\n",
    b"Connection: x-portico-app, host, content-length\r\n",
    b"Connection: close\r\n",
    b"Upgrade: websocket\r\n",
    b"Connection: upgrade\r\n",
    b"Cookie: portico=a; b=c\r\n",
    b"Expect: 100-continue\r\n",
    b"TE: trailers\r\n",
    b"Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n",
];

#[test]
fn what_was_authorised_is_what_the_upstream_receives() {
    let count = env::var("PORTICO_MUTATIONS").map_or(20_000, |text| text.parse().expect("a number of mutations"));
    let (gateway, key) = gateway();
    let worker = gateway.a_worker();
    let keyed = format!("X-API-Key: {key}\r\n");
    let bearer = format!("Authorization: Bearer {key}\r\n");
    let seeds = [
        "GET /shop/open/a?b=c HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n".to_owned(),
        format!("GET /shop/guarded/a HTTP/1.1\r\nHost: a\r\n{keyed}\r\n"),
        format!("POST /shop/guarded/a HTTP/1.1\r\n{bearer}Host: a\r\nContent-Length: 3\r\n\r\n"),
        format!("GET /shop/guarded/a?b=c&key={key}&d HTTP/1.1\r\nHost: a\r\nCookie: c=d; sid={key}\r\n\r\n"),
        format!("POST /shop/guarded/a?key={key} HTTP/1.1\r\nHost: a\r\nX-Token: {key}\r\nContent-Length: 3\r\n\r\n"),
        "POST /shop/open/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
        "GET http://a/shop/admin/x HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        format!("DELETE /shop/admin/x HTTP/1.1\r\nHost: a\r\n{keyed}{bearer}\r\n"),
        "GET /shop/files/a/b/c HTTP/1.1\r\nHost: a\r\nX-Forwarded-Host: forged\r\nX-Portico-Key-Id: forged\r\n\r\n"
            .to_owned(),
        "GET /shop/any/x HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\n\r\n".to_owned(),
    ];
    let seeds: Vec<&[u8]> = seeds.iter().map(String::as_bytes).collect();
    let mut mutator = Mutator::new(2026, PIECES);
    let mut admitted = 0;
    for _ in 0..count {
        let sent = mutator.mutate(&seeds, 4);
        if let Some(passed) = pass(&worker, &sent) {
            check(&sent, &passed, &key);
            admitted += 1;
        }
    }
    println!(
        "{count} mutations, of which {admitted} were admitted and reached the upstream as what they were admitted as"
    );
    assert!(admitted > count / 10, "too few were admitted to tell anything: {admitted}");
}
