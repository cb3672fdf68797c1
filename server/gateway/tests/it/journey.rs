//! A key's life: made, used, limited, rotated, revoked.
use super::{
    house::{House, Options, field},
    upstream::{OK, Upstream},
};
use portico_domain::{Access, Clock, Environment, Purpose, SecretToken, SubscriptionState, TokenKind};
use rand::{SeedableRng, rngs::StdRng};
use std::time::Duration;

#[tokio::test]
async fn a_key_opens_the_api_and_never_reaches_the_upstream() {
    let upstream = Upstream::start(OK).await;
    let house = House::open(&upstream);
    let answer = house.get("/shop/pets/7?a=%20b&c").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"), "{answer:?}");
    let seen = upstream.only();
    assert!(seen.starts_with("GET /v1/pets/7?a=%20b&c HTTP/1.1\r\n"), "{seen}");
    assert!(!seen.contains(&house.token), "{seen}");
    assert_eq!(field(&seen, "x-portico-app"), Some(house.app.to_string().as_str()));
    assert_eq!(field(&seen, "x-portico-key-id"), Some(house.key.id.to_string().as_str()));
    assert_eq!(field(&seen, "x-portico-plan"), Some("starter"));
    assert_eq!(field(&seen, "x-request-id"), answer.field("x-request-id"));
    let bearer = format!("Bearer {}", house.token);
    assert_eq!(house.call("GET /shop/pets", &[("Authorization", &bearer)], "").await.status, 200);
    assert!(!upstream.seen()[1].contains("uthorization"));
}

#[tokio::test]
async fn a_key_stops_in_the_very_next_call() {
    let upstream = Upstream::start(OK).await;
    let house = House::open(&upstream);
    assert_eq!(house.get("/shop/pets").await.status, 200);
    house.put_key(|key| key.revoked_at = Some(house.clock.now()));
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "key_revoked"));
    assert!(answer.field("www-authenticate").is_some());
    house.put_key(|key| key.expires_at = Some(house.clock.now().plus(Duration::from_secs(5))));
    assert_eq!(house.get("/shop/pets").await.status, 200);
    house.clock.advance(Duration::from_secs(5));
    assert_eq!(house.get("/shop/pets").await.code(), "key_expired");
    house.gateway.keyring().remove(house.key.id);
    assert_eq!(house.get("/shop/pets").await.code(), "key_unknown");
    assert_eq!(upstream.seen().len(), 2);
}

#[tokio::test]
async fn nobody_gets_in_with_something_that_is_not_a_key() {
    let upstream = Upstream::start(OK).await;
    let house = House::open(&upstream);
    let mut rng = StdRng::seed_from_u64(99);
    let other = SecretToken::generate(TokenKind::ApiKey(Environment::Live), &mut rng);
    let management = SecretToken::generate(TokenKind::Management, &mut rng);
    let cut = &house.token[..house.token.len() - 1];
    let changed = format!("{cut}{}", if house.token.ends_with('0') { '1' } else { '0' });
    for (key, code) in [
        ("", "key_missing"),
        (other.reveal(), "key_unknown"),
        (management.reveal(), "key_unknown"),
        (changed.as_str(), "key_unknown"),
        (cut, "key_unknown"),
        (&house.token[..17], "key_unknown"),
        (&"x".repeat(8_000), "key_unknown"),
    ] {
        let answer = house.call("GET /shop/pets", &[("X-API-Key", key)], "").await;
        assert_eq!((answer.status, answer.code().as_str()), (401, code), "{key}");
        assert!(key.is_empty() || !answer.body.contains(key), "{}", answer.body);
        assert!(answer.field("www-authenticate").is_some());
    }
    let both = [("X-API-Key", house.token.as_str()), ("X-API-Key", other.reveal())];
    assert_eq!(house.call("GET /shop/pets", &both, "").await.code(), "bad_request");
    let bearer = format!("Bearer {}", other.reveal());
    let both = [("X-API-Key", house.token.as_str()), ("Authorization", bearer.as_str())];
    assert_eq!(house.call("GET /shop/pets", &both, "").await.code(), "bad_request");
    assert_eq!(house.call("GET /shop/pets", &[("Authorization", "Basic eDp5")], "").await.code(), "key_missing");
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn keys_from_elsewhere_and_rotated_ones_work() {
    let upstream = Upstream::start(OK).await;
    let house = House::open(&upstream);
    let imported = "ptk_0123456789abcdef0123456789abcdef";
    let digest = house.secret.digest(Purpose::ApiKey, imported);
    house.put_key(|key| {
        key.previous = Some((key.public_id, key.digest, house.clock.now().plus(Duration::from_mins(1))));
        key.digest = digest;
        key.public_id = portico_domain::PublicKeyId::of_imported(&digest);
    });
    assert_eq!(house.call("GET /shop/pets", &[("X-API-Key", imported)], "").await.status, 200);
    assert_eq!(house.get("/shop/pets").await.status, 200, "the secret before the rotation");
    house.clock.advance(Duration::from_mins(1));
    assert_eq!(house.get("/shop/pets").await.code(), "key_expired");
    assert_eq!(house.call("GET /shop/pets", &[("X-API-Key", imported)], "").await.status, 200);
}

#[tokio::test]
async fn a_key_needs_a_subscription() {
    let upstream = Upstream::start(OK).await;
    let house = House::open(&upstream);
    house.put_subscription(|subscription| subscription.state = SubscriptionState::Pending);
    assert_eq!(house.get("/shop/pets").await.code(), "subscription_pending");
    house.put_subscription(|subscription| subscription.state = SubscriptionState::Rejected);
    assert_eq!(house.get("/shop/pets").await.code(), "not_subscribed");
    house.put_subscription(|_| {});
    assert_eq!(house.get("/shop/pets").await.status, 200);
    house.gateway.subscriptions().remove(house.subscription.id);
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "not_subscribed"));
    house.put_subscription(|_| {});
    house.publish(|spec| spec.plans.clear());
    assert_eq!(house.get("/shop/pets").await.code(), "not_subscribed");
}

#[tokio::test]
async fn a_key_can_be_narrowed() {
    let upstream = Upstream::start(OK).await;
    let house = House::open(&upstream);
    house.put_key(|key| key.apis = vec!["other".parse().unwrap()]);
    assert_eq!(house.get("/shop/pets").await.code(), "scope_denied");
    house.put_key(|key| key.operations = vec!["get /pets".to_owned()]);
    assert_eq!(house.get("/shop/pets").await.status, 200);
    assert_eq!(house.get("/shop/pets/7").await.code(), "scope_denied");
    house.put_key(|key| key.allow_ips = vec!["10.0.0.0/8".parse().unwrap()]);
    let answer = house.get("/shop/pets").await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "ip_denied"));
    house.put_key(|key| key.allow_ips = vec!["127.0.0.1/32".parse().unwrap()]);
    assert_eq!(house.get("/shop/pets").await.status, 200);
    let records = house.gateway.drain_records();
    let refused = records.iter().find(|record| Some(record.id.as_str()) == answer.field("x-request-id")).unwrap();
    let why = refused.refusal.as_ref().unwrap();
    assert_eq!(
        (why.code.as_str(), why.expected.as_str(), why.found.as_str()),
        ("ip_denied", "10.0.0.0/8", "127.0.0.1")
    );
    assert_eq!((refused.app, why.key), (Some(house.app), Some(house.key.public_id)));
}

#[tokio::test]
async fn what_the_document_leaves_open_is_open() {
    let upstream = Upstream::start(OK).await;
    let house = House::open_with(upstream.addr, Options { access: Access::Document, ..Options::default() });
    assert_eq!(house.call("GET /shop/pets", &[], "").await.status, 200);
    assert_eq!(house.call("GET /shop/pets", &[("X-API-Key", "not a key")], "").await.status, 200);
    assert_eq!(house.call("GET /shop/pets/7", &[], "").await.code(), "key_missing");
    assert_eq!(house.get("/shop/pets").await.status, 200);
    house.put_key(|key| key.revoked_at = Some(house.clock.now()));
    assert_eq!(house.get("/shop/pets").await.status, 200, "an open operation is open to revoked keys too");
    let batch = house.gateway.drain_usage();
    let by_key = |key| {
        batch
            .rows
            .iter()
            .filter(|row| row.operation == "get /pets" && row.key == key)
            .map(|row| row.requests)
            .sum::<u64>()
    };
    assert_eq!((by_key(None), by_key(Some(house.key.id))), (3, 1));
    assert!(upstream.seen().iter().all(|seen| !seen.to_lowercase().contains("x-api-key")));
}
