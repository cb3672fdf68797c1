//! Publications and the end of a gateway under load: no call fails for them, and none reaches another API's upstream.
use super::{
    house::{House, Options, route},
    upstream::{Upstream, read_message},
};
use portico_domain::Access;
use portico_gateway::{ApiSpec, WorldSpec};
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const CLIENTS: usize = 8;

/// An upstream that says which API it belongs to.
async fn named(name: &'static str) -> Upstream {
    Upstream::start_with(move |_| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{name}", name.len())).await
}

/// Two APIs with upstreams of their own, of which another one of each and another form of the rest is served at each
/// publication; and a third API that comes and goes.
struct Scene {
    house: Arc<House>,
    upstreams: [[Upstream; 2]; 2],
}

impl Scene {
    async fn open() -> Self {
        let upstreams = [[named("red").await, named("red").await], [named("blue").await, named("blue").await]];
        let options = Options { access: Access::Open, ..Options::default() };
        let house = Arc::new(House::open_with(upstreams[0][0].addr, options));
        let scene = Self { house, upstreams };
        scene.publish(0);
        scene
    }

    fn publish(&self, number: usize) {
        self.house.publish(|spec| self.change(spec, number));
    }

    fn change(&self, spec: &mut WorldSpec, number: usize) {
        let api = spec.apis[0].clone();
        spec.version = number as u64 + 2;
        spec.apis = [("red", "/red"), ("blue", "/blue")]
            .into_iter()
            .zip(&self.upstreams)
            .map(|((name, base_path), upstreams)| {
                let url = format!("http://{}/{name}", upstreams[number % 2].addr).parse().unwrap();
                // Routes around the one that is called differ each time.
                let others = (0..50).map(|n| format!("/things{}/{{id}}", n * (number % 7)));
                let routes = others.collect::<HashSet<_>>().into_iter().chain(["/it/{id}".to_owned()]);
                let routes = routes.map(|template| route("GET", &template, false));
                ApiSpec {
                    slug: name.parse().unwrap(),
                    base_path: base_path.to_owned(),
                    upstreams: vec![portico_domain::Upstream { url, weight: 1 }],
                    routes: routes.collect(),
                    ..api.clone()
                }
            })
            .collect();
        if number % 3 == 1 {
            let (slug, base_path) = ("other".parse().unwrap(), "/red/it".to_owned() + "/other");
            spec.apis.push(ApiSpec { slug, base_path, ..api });
        }
    }

    /// Calls both APIs in turn on one connection until told to stop; how many calls it made.
    async fn call_until(house: Arc<House>, stop: Arc<AtomicBool>, made: Arc<AtomicUsize>) -> usize {
        let mut stream = house.connect().await;
        let (mut buffer, mut calls) = (Vec::new(), 0);
        while !stop.load(Ordering::Relaxed) {
            for name in ["red", "blue"] {
                let request = format!("GET /{name}/it/{calls} HTTP/1.1\r\nHost: a\r\n\r\n");
                stream.write_all(request.as_bytes()).await.unwrap();
                let answer = read_message(&mut stream, &mut buffer).await.expect("an answer to each call");
                assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(name), "{request}{answer}");
                calls += 1;
                made.fetch_add(1, Ordering::Relaxed);
            }
        }
        calls
    }

    /// Publishes so often, each time after so many more calls and so much time. How many calls there were meanwhile.
    async fn run(&self, publications: usize, calls_between: usize, pause: Duration) -> usize {
        let (stop, made) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| tokio::spawn(Self::call_until(Arc::clone(&self.house), Arc::clone(&stop), Arc::clone(&made))))
            .collect();
        let started = Instant::now();
        for number in 1..=publications {
            let before = made.load(Ordering::Relaxed);
            while made.load(Ordering::Relaxed) < before + calls_between {
                assert!(clients.iter().all(|client| !client.is_finished()), "a client failed");
                tokio::task::yield_now().await;
            }
            tokio::time::sleep((pause * number as u32).saturating_sub(started.elapsed())).await;
            self.publish(number);
        }
        stop.store(true, Ordering::Relaxed);
        let mut calls = 0;
        for client in clients {
            calls += client.await.unwrap();
        }
        assert_eq!(self.house.gateway.observe().snapshot_version, publications as u64 + 2);
        let seen: usize = self.upstreams.iter().flatten().map(|upstream| upstream.seen().len()).sum();
        assert_eq!(seen, calls, "each call reached an upstream once");
        calls
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publications_under_load_fail_no_call_and_misroute_none() {
    let scene = Scene::open().await;
    assert!(scene.run(50, 40, Duration::ZERO).await >= 2_000);
    for upstream in scene.upstreams.iter().flatten() {
        assert!(!upstream.seen().is_empty(), "each upstream had its time");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute: make drill"]
async fn a_thousand_publications_in_a_minute_fail_no_call() {
    let scene = Scene::open().await;
    let started = Instant::now();
    let calls = scene.run(1_000, 1, Duration::from_millis(60)).await;
    println!("1000 publications in {:?} with {calls} calls, none failed", started.elapsed());
}

/// One call after another with numbers of their own, until the gateway ends the connection. The numbers answered.
async fn call_to_the_end(mut stream: TcpStream, client: usize, made: Arc<AtomicUsize>) -> Vec<usize> {
    let (mut buffer, mut answered) = (Vec::new(), Vec::new());
    for number in (client * 1_000_000)..((client + 1) * 1_000_000) {
        let request = format!("GET /shop/pets?{number}. HTTP/1.1\r\nHost: a\r\n\r\n");
        if stream.write_all(request.as_bytes()).await.is_err() {
            break;
        }
        let Some(answer) = read_message(&mut stream, &mut buffer).await else { break };
        assert!(
            answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(&format!("\r\n\r\n{number}.")),
            "{request}{answer}"
        );
        answered.push(number);
        made.fetch_add(1, Ordering::Relaxed);
        if answer.contains("connection: close") {
            break;
        }
    }
    let _ = stream.read_to_end(&mut buffer).await;
    assert!(buffer.is_empty(), "half an answer: {buffer:?}");
    answered
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_loses_no_call_that_reached_an_upstream() {
    let number_of = |request: &str| request.split(['?', ' ']).nth(2).unwrap_or_default().to_owned();
    let upstream = Upstream::start_with(move |request| {
        let number = number_of(request);
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{number}", number.len())
    })
    .await;
    let house = House::open_with(upstream.addr, Options { access: Access::Open, ..Options::default() });
    let made = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::new();
    for client in 0..CLIENTS * 2 {
        let stream = house.connect().await;
        clients.push(tokio::spawn(call_to_the_end(stream, client, Arc::clone(&made))));
    }
    while made.load(Ordering::Relaxed) < 500 {
        tokio::task::yield_now().await;
    }
    house.gateway.shutdown(Duration::from_secs(30)).await;
    let mut answered = HashSet::new();
    for client in clients {
        answered.extend(client.await.unwrap());
    }
    let seen: HashSet<usize> =
        upstream.seen().iter().map(|request| number_of(request).trim_end_matches('.').parse().unwrap()).collect();
    assert_eq!(seen, answered);
    assert_eq!(house.gateway.observe().in_flight, 0);
    assert_eq!(house.gateway.drain_usage().rows.iter().map(|row| row.requests).sum::<u64>(), answered.len() as u64);
}

/// A head of which a part came before the end was told is read on, and answered.
#[tokio::test]
async fn the_end_waits_for_a_head_that_has_begun() {
    let upstream = named("red").await;
    let house = Arc::new(House::open_with(upstream.addr, Options { access: Access::Open, ..Options::default() }));
    let (mut begun, mut idle) = (house.connect().await, house.connect().await);
    let mut buffer = Vec::new();
    for stream in [&mut begun, &mut idle] {
        stream.write_all(b"GET /shop/pets HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        assert!(read_message(stream, &mut buffer).await.is_some());
    }
    begun.write_all(b"GET /shop/pets HTTP/1.1\r\nHo").await.unwrap();
    let ending = {
        let house = Arc::clone(&house);
        tokio::spawn(async move { house.gateway.shutdown(Duration::from_secs(30)).await })
    };
    assert_eq!(idle.read(&mut [0; 8]).await.unwrap(), 0, "who asked for nothing is let go");
    begun.write_all(b"st: a\r\n\r\n").await.unwrap();
    let answer = read_message(&mut begun, &mut buffer).await.unwrap();
    assert!(answer.contains("connection: close") && answer.ends_with("red"), "{answer}");
    ending.await.unwrap();
}
