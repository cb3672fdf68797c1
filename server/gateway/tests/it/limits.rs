//! Rates and quotas, exact whoever asks.
use super::{
    house::{House, Options},
    upstream::{OK, Upstream},
};
use portico_domain::{Clock, Period, Plan, Quota, Rate, RatePeriod};
use std::{sync::Arc, time::Duration};

fn plan(rate: Option<u32>, quota: Option<u64>) -> Plan {
    Plan {
        rate: rate.map(|limit| Rate { limit, per: RatePeriod::Hour, burst: None }),
        quota: quota.map(|limit| Quota { limit, per: Period::Day }),
        ..Plan::starter()
    }
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
