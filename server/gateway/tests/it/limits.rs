//! Rates and quotas, exact whoever asks.
use super::{
    house::{Answer, House, Options},
    upstream::{OK, Upstream, read_message},
};
use portico_domain::{Clock, Limits, OperationSettings, Period, Plan, Quota, Rate, RatePeriod};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

fn plan(rate: Option<u32>, quota: Option<u64>) -> Plan {
    Plan {
        rate: rate.map(|limit| Rate { limit, per: RatePeriod::Hour, burst: None }),
        quota: quota.map(|limit| Quota { limit, per: Period::Day }),
        ..Plan::starter()
    }
}

fn detail(answer: &Answer) -> String {
    let problem: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    problem["detail"].as_str().unwrap().to_owned()
}

fn open(upstream: &Upstream, plan: Plan) -> House {
    House::open_with(upstream.addr, Options { plan, ..Options::default() })
}

#[tokio::test]
async fn callers_are_told_where_they_stand() {
    let upstream = Upstream::start(OK).await;
    let house = open(&upstream, Plan::starter());
    let answer = house.get("/shop/pets").await;
    assert_eq!(answer.field("ratelimit-policy"), Some("\"starter\";q=60;w=60, \"starter-day\";q=10000;w=86400"));
    assert_eq!(answer.field("ratelimit"), Some("\"starter\";r=59;t=1, \"starter-day\";r=9999;t=32400"));
    assert_eq!(house.call("GET /shop/pets", &[], "").await.field("ratelimit"), None);
    house.publish(|spec| spec.plans = vec![plan(None, None)]);
    assert_eq!(house.get("/shop/pets").await.field("ratelimit-policy"), None);
}

#[tokio::test]
async fn a_rate_that_is_spent_says_when_to_come_again() {
    let upstream = Upstream::start(OK).await;
    let house = open(&upstream, plan(Some(2), Some(5)));
    for _ in 0..2 {
        assert_eq!(house.get("/shop/pets").await.status, 200);
    }
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.status, answer.code().as_str()), (429, "rate_limited"));
    let retry: u64 = answer.field("retry-after").unwrap().parse().unwrap();
    assert!((1..=1_800).contains(&retry), "{retry}");
    assert!(answer.field("ratelimit").unwrap().starts_with("\"starter\";r=0;t="), "{answer:?}");
    assert!(answer.field("ratelimit").unwrap().contains("\"starter-day\";r=3;"), "the quota was not spent: {answer:?}");
    assert_eq!(upstream.seen().len(), 2);
}

#[tokio::test]
async fn a_quota_is_shared_by_all_keys_of_an_app_and_begins_anew() {
    let upstream = Upstream::start(OK).await;
    let house = open(&upstream, plan(Some(100), Some(3)));
    house.gateway.restore_quota(house.subscription.id, house.clock.now().minus(Duration::from_hours(15)), 1);
    for _ in 0..2 {
        assert_eq!(house.get("/shop/pets").await.status, 200);
    }
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.status, answer.code().as_str()), (429, "quota_exceeded"));
    assert_eq!(answer.field("retry-after"), Some("32400"));
    assert!(answer.field("ratelimit").unwrap().starts_with("\"starter\";r=98;"), "the rate was not spent: {answer:?}");
    assert_eq!(house.gateway.quota_used(house.subscription.id, house.clock.now()), 3);
    let batch = house.gateway.drain_usage();
    let start = house.clock.now().minus(Duration::from_hours(15));
    assert_eq!(batch.quotas, [(house.subscription.id, start, 2)]);
    house.put_subscription(|_| {});
    house.publish(|_| {});
    assert_eq!(house.get("/shop/pets").await.status, 429, "counters outlive a publication");
    house.clock.advance(Duration::from_hours(9));
    assert_eq!(house.get("/shop/pets").await.status, 200);
    assert_eq!(house.gateway.quota_used(house.subscription.id, house.clock.now()), 1);
}

#[tokio::test]
async fn exactly_the_limit_passes_at_once() {
    for limits in [plan(Some(25), None), plan(None, Some(25)), plan(Some(40), Some(25)), plan(Some(25), Some(40))] {
        let upstream = Upstream::start(OK).await;
        let house = Arc::new(open(&upstream, limits.clone()));
        let calls: Vec<_> = (0..80)
            .map(|_| {
                let house = Arc::clone(&house);
                tokio::spawn(async move { house.get("/shop/pets").await.status })
            })
            .collect();
        let mut passed = 0;
        for call in calls {
            match call.await.unwrap() {
                200 => passed += 1,
                429 => {}
                other => panic!("{other}"),
            }
        }
        assert_eq!(passed, 25, "{limits:?}");
        assert_eq!(upstream.seen().len(), 25);
        let batch = house.gateway.drain_usage();
        assert_eq!(batch.rows.iter().map(|row| row.requests).sum::<u64>(), 80);
        let passed = batch.rows.iter().filter(|row| row.status == 200);
        assert_eq!(passed.map(|row| row.requests).sum::<u64>(), 25);
        assert!(batch.rows.iter().all(|row| row.key == Some(house.key.id) && row.app == Some(house.app)));
        assert_eq!(batch.last_used.len(), 1);
        assert!(house.gateway.drain_usage().is_empty());
    }
}

#[tokio::test]
async fn each_key_and_each_operation_have_limits_of_their_own() {
    let upstream = Upstream::start(OK).await;
    let rate = |limit| Rate { limit, per: RatePeriod::Hour, burst: None };
    let operations = [("get /pets".to_owned(), rate(3))].into();
    let house = open(&upstream, Plan { per_key: Some(rate(4)), operations, ..plan(Some(10), None) });
    let answer = house.get("/shop/pets").await;
    let policy = "\"starter\";q=10;w=3600, \"starter-key\";q=4;w=3600, \"starter:get /pets\";q=3;w=3600";
    assert_eq!(answer.field("ratelimit-policy"), Some(policy));
    let left = "\"starter\";r=9;t=360, \"starter-key\";r=3;t=900, \"starter:get /pets\";r=2;t=1200";
    assert_eq!(answer.field("ratelimit"), Some(left));
    for _ in 0..2 {
        assert_eq!(house.get("/shop/pets").await.status, 200);
    }
    for (path, words) in [
        ("/shop/pets", "The plan starter allows 3 calls an hour of get /pets. Try again in 1200 s."),
        ("/shop/pets/7", ""),
        ("/shop/pets/7", "The plan starter allows each key 4 calls an hour. Try again in 900 s."),
    ] {
        let answer = house.get(path).await;
        let refused = !words.is_empty();
        assert_eq!(answer.status, if refused { 429 } else { 200 }, "{answer:?}");
        if refused {
            assert_eq!(answer.code(), "rate_limited");
            assert_eq!(detail(&answer), words);
        }
    }
    let mut told = house.gateway.drain_records().into_iter().filter_map(|record| record.refusal).collect::<Vec<_>>();
    // The clock stands still, and several threads tell what they saw.
    told.sort_by(|one, other| other.check.cmp(&one.check));
    assert_eq!(
        told.iter().map(|why| why.check.as_str()).collect::<Vec<_>>(),
        ["rate of the operation", "rate of the key"]
    );
    assert_eq!(told[0].expected, "get /pets in starter: 3 an hour");
}

#[tokio::test]
async fn a_limit_of_the_api_holds_for_all_callers_and_outlives_a_publication() {
    let upstream = Upstream::start(OK).await;
    let house = open(&upstream, plan(None, None));
    let limits = |limit| Limits { rate: Some(Rate { limit, per: RatePeriod::Hour, burst: None }), concurrency: None };
    let limit = |house: &House| {
        house.publish(|spec| {
            spec.apis[0].policies.limits = limits(3);
            let settings = OperationSettings { limits: limits(2), ..OperationSettings::default() };
            spec.apis[0].policies.operations.insert("get /pets".to_owned(), settings);
        });
    };
    limit(&house);
    for _ in 0..2 {
        let answer = house.get("/shop/pets").await;
        assert_eq!((answer.status, answer.field("ratelimit")), (200, None), "it is not the caller's own");
    }
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.status, answer.field("retry-after")), (429, Some("1800")));
    assert_eq!(
        detail(&answer),
        "The operation get /pets takes 2 calls an hour from all its callers. Try again in 1800 s."
    );
    limit(&house);
    assert_eq!(house.get("/shop/pets/1").await.status, 200);
    let answer = house.get("/shop/pets/1").await;
    assert_eq!(detail(&answer), "shop takes 3 calls an hour from all its callers. Try again in 1200 s.");
    assert_eq!(upstream.seen().len(), 3);
}

#[tokio::test]
async fn calls_at_once_are_limited_and_a_place_is_free_when_its_client_goes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = Options { plan: Plan { concurrency: Some(3), ..plan(Some(100), None) }, ..Options::default() };
    let house = Arc::new(House::open_with(listener.local_addr().unwrap(), options));
    let call = |number: u32| {
        let house = Arc::clone(&house);
        tokio::spawn(async move { house.get(&format!("/shop/pets/{number}")).await })
    };
    let mut calls: Vec<_> = (0..3).map(call).collect();
    let mut held = Vec::new();
    for _ in 0..3 {
        let (mut stream, _) = listener.accept().await.unwrap();
        let asked = read_message(&mut stream, &mut Vec::new()).await.unwrap();
        held.push((asked.starts_with("GET /v1/pets/2 "), stream));
    }
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.status, answer.code().as_str(), answer.field("retry-after")), (429, "rate_limited", Some("1")));
    let words = "The plan starter allows 3 calls at once. Try again when one of them has ended.";
    assert_eq!(detail(&answer), words);
    assert!(answer.field("ratelimit").unwrap().starts_with("\"starter\";r=97;"), "the rate was not spent: {answer:?}");
    calls.pop().unwrap().abort();
    let (_, mut left) = held.remove(held.iter().position(|(leaving, _)| *leaving).unwrap());
    let _ = left.read(&mut [0]).await;
    let (mut stream, next) = loop {
        let mut next = call(7);
        tokio::select! {
            accepted = listener.accept() => break (accepted.unwrap().0, next),
            // The place is free a moment after the upstream was told.
            refused = &mut next => assert_eq!(refused.unwrap().status, 429),
        }
    };
    read_message(&mut stream, &mut Vec::new()).await.unwrap();
    assert_eq!(house.get("/shop/pets").await.status, 429);
    for (_, mut stream) in held.into_iter().chain([(false, stream)]) {
        stream.write_all(OK.as_bytes()).await.unwrap();
    }
    for call in calls.into_iter().chain([next]) {
        assert_eq!(call.await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_key_kept_out_is_told_where_it_stands() {
    let upstream = Upstream::start(OK).await;
    let house = open(&upstream, plan(Some(2), None));
    house.put_key(|key| key.operations = vec!["other".to_owned()]);
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.code().as_str(), answer.field("ratelimit")), ("scope_denied", Some("\"starter\";r=2;t=0")));
    house.put_key(|key| key.allow_ips = vec!["192.0.2.0/24".parse().unwrap()]);
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.code().as_str(), answer.field("ratelimit")), ("ip_denied", Some("\"starter\";r=2;t=0")));
}

#[tokio::test]
async fn a_body_declared_too_large_spends_nothing() {
    let upstream = Upstream::start(OK).await;
    let house = House::open_with(
        upstream.addr,
        Options { plan: plan(Some(5), Some(5)), max_body_bytes: 4, ..Options::default() },
    );
    let answer = house.call("POST /shop/pets", &[("X-API-Key", &house.token)], "12345").await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "body_too_large"));
    assert!(answer.field("ratelimit").unwrap().contains("\"starter\";r=5;"), "{answer:?}");
    assert_eq!(house.call("POST /shop/pets", &[("X-API-Key", &house.token)], "1234").await.status, 200);
    assert_eq!(upstream.seen().len(), 1);
}
