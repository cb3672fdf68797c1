use super::*;
use portico_domain::{KeyId, Limits, Period, Plan, RatePeriod};
use std::thread;
use uuid::Uuid;

const AT: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

fn rate(limit: u32) -> Rate {
    Rate { limit, per: RatePeriod::Hour, burst: None }
}

fn bare() -> Plan {
    Plan { rate: None, quota: None, ..Plan::starter() }
}

fn caller<'a>(counters: &'a Arc<Counters>, plan: &'a Plan, key: u128, operation: &str) -> Caller<'a> {
    let operation = plan.operations.get_key_value(operation).map(|(name, rate)| (name.as_str(), *rate));
    Caller { counters, plan, key: KeyId(Uuid::from_u128(key)), operation }
}

/// How many of 8 × 200 calls at once pass. They keep their places to the end.
fn passing(call: impl Fn(u128) -> Result<Taken, Over> + Sync) -> usize {
    thread::scope(|scope| {
        let call = &call;
        let threads: Vec<_> = (0..8)
            .map(|number| scope.spawn(move || (0..200).filter_map(|_| call(number).ok()).collect::<Vec<_>>()))
            .collect();
        let taken: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        taken.len()
    })
}

#[test]
fn exactly_the_limit_passes_however_many_ask_at_once() {
    let quota = |limit| Some(Quota { limit, per: Period::Day });
    let operations = |limit| [("getPet".to_owned(), rate(limit))].into();
    let api = |limit, concurrency| Limits { rate: Some(rate(limit)), concurrency };
    let none = Limits::default();
    // What each thread calls with is its own key, of which there are eight.
    for (plan, operation, whole, passes) in [
        (Plan { rate: Some(rate(500)), ..bare() }, none, none, 500),
        (Plan { quota: quota(321), ..bare() }, none, none, 321),
        (Plan { concurrency: Some(77), ..bare() }, none, none, 77),
        (Plan { per_key: Some(rate(11)), ..bare() }, none, none, 88),
        (Plan { operations: operations(99), ..bare() }, none, none, 99),
        (bare(), api(123, None), none, 123),
        (bare(), none, api(124, None), 124),
        (bare(), api(200, Some(50)), api(60, Some(70)), 50),
        (Plan { rate: Some(rate(90)), quota: quota(80), ..bare() }, api(100, None), api(70, Some(71)), 70),
        (Plan { rate: Some(rate(60)), quota: quota(80), ..bare() }, api(100, None), api(70, Some(71)), 60),
        (
            Plan { per_key: Some(rate(10)), operations: operations(79), concurrency: Some(80), ..bare() },
            api(100, Some(200)),
            none,
            79,
        ),
        (Plan { per_key: Some(rate(10)), operations: operations(81), concurrency: Some(83), ..bare() }, none, none, 80),
    ] {
        let (counters, levels) = (Arc::default(), Levels::default());
        let slug = "pets".parse().unwrap();
        let operation_limited = levels.limited(&slug, "getPet", operation);
        let api_limited = levels.limited(&slug, "", whole);
        let passed = passing(|key| {
            let served = [operation_limited.as_ref(), api_limited.as_ref()];
            take(Some(caller(&counters, &plan, key, "getPet")), served, 7, AT).1
        });
        assert_eq!(passed, passes, "{plan:?} {operation:?} {whole:?}");
    }
}

#[test]
fn what_one_limit_refuses_spends_no_other() {
    let (counters, levels) = (Arc::default(), Levels::default());
    let slug = "pets".parse().unwrap();
    let plan = Plan {
        rate: Some(rate(10)),
        quota: Some(Quota { limit: 10, per: Period::Day }),
        per_key: Some(rate(3)),
        operations: [("getPet".to_owned(), rate(5))].into(),
        concurrency: Some(10),
        ..bare()
    };
    let operation = levels.limited(&slug, "getPet", Limits { rate: Some(rate(7)), concurrency: None });
    let api = levels.limited(&slug, "", Limits { rate: Some(rate(8)), concurrency: None });
    let call = |key, name| take(Some(caller(&counters, &plan, key, name)), [operation.as_ref(), api.as_ref()], 7, AT);
    let refused = |key, name| match call(key, name) {
        (lefts, Err(over)) => (lefts, over),
        (_, Ok(_)) => panic!("let through"),
    };
    for _ in 0..3 {
        assert!(call(1, "getPet").1.is_ok());
    }
    let lefts = |rate, key, operation, quota| {
        let of = |lefts: Lefts| {
            [lefts.rate, lefts.key, lefts.operation, lefts.quota].map(|left| left.map(|left| left.calls))
        };
        move |found: Lefts| assert_eq!(of(found), [Some(rate), Some(key), operation, Some(quota)])
    };
    let over = |whose, limit, retry_after| Over::Rate { whose, rate: rate(limit), retry_after };
    for _ in 0..20 {
        let (left, why) = refused(1, "getPet");
        lefts(7, 0, Some(2), 7)(left);
        assert_eq!(why, over(Whose::Key, 3, 1_200));
    }
    for _ in 0..2 {
        assert!(call(2, "getPet").1.is_ok());
    }
    for _ in 0..20 {
        let (left, why) = refused(2, "getPet");
        lefts(5, 1, Some(0), 5)(left);
        assert_eq!(why, over(Whose::PlanOperation, 5, 720));
    }
    // Another operation of the plan, which here is the same one to the API.
    for _ in 0..2 {
        assert!(call(3, "other").1.is_ok());
    }
    for _ in 0..20 {
        let (left, why) = refused(3, "other");
        lefts(3, 1, None, 3)(left);
        assert_eq!(why, over(Whose::Operation, 7, 515));
    }
    let other = |key| take(Some(caller(&counters, &plan, key, "other")), [None, api.as_ref()], 7, AT);
    assert!(other(4).1.is_ok());
    assert!(matches!(other(4).1, Err(why) if why == over(Whose::Api, 8, 450)));
    let free = |key| take(Some(caller(&counters, &plan, key, "other")), [None, None], 7, AT);
    assert!(free(4).1.is_ok() && free(5).1.is_ok());
    let quota = Quota { limit: 10, per: Period::Day };
    assert!(matches!(free(6).1, Err(Over::Quota { quota: found, .. }) if found == quota));
}

#[test]
fn a_place_is_free_again_when_it_is_dropped() {
    let (counters, levels) = (Arc::default(), Levels::default());
    let plan = Plan { concurrency: Some(2), ..bare() };
    let api = levels.limited(&"pets".parse().unwrap(), "", Limits { rate: None, concurrency: Some(3) });
    let call =
        |with_plan: bool| take(with_plan.then(|| caller(&counters, &plan, 1, "")), [None, api.as_ref()], 7, AT).1;
    let (first, second) = (call(true).unwrap(), call(true).unwrap());
    assert!(matches!(call(true), Err(Over::AtOnce { whose: Whose::Plan, calls: 2 })));
    let third = call(false).unwrap();
    assert!(matches!(call(false), Err(Over::AtOnce { whose: Whose::Api, calls: 3 })));
    drop(first);
    assert!(call(false).is_ok(), "dropped at once, so free for the next");
    let fourth = call(true).unwrap();
    assert!(call(true).is_err());
    drop((second, third, fourth));
    let places: Vec<_> = (0..2).map(|_| call(true).unwrap()).collect();
    assert!(call(true).is_err());
    drop(places);
}

#[test]
fn what_is_counted_for_an_api_outlives_its_publication() {
    let levels = Levels::default();
    let slug = "pets".parse().unwrap();
    let limits = Limits { rate: Some(rate(1)), concurrency: None };
    let call = |limited: &Option<Limited>| take(None, [None, limited.as_ref()], 7, AT).1.is_ok();
    let old = levels.limited(&slug, "", limits);
    assert!(call(&old));
    let new = levels.limited(&slug, "", limits);
    drop(old);
    levels.sweep();
    assert!(!call(&new));
    assert!(call(&levels.limited(&slug, "getPet", limits)), "another place");
    drop(new);
    levels.sweep();
    assert!(call(&levels.limited(&slug, "", limits)), "gone with the API");
    assert!(levels.limited(&slug, "", Limits::default()).is_none());
}
