use crate::house::House;
use portico_domain::{AppId, Explanation, Mismatch, Phase, RequestRecord, Role, Timestamp};
use serde_json::json;

#[tokio::test]
async fn usage_is_asked_for_in_many_ways() {
    let house = House::new().await;
    let dora = house.token("dora", Role::Developer).await;
    let app = house.new_app(&dora, "Board").await;
    for query in [
        String::new(),
        "?bucket=minute&by=api,app,key,operation,status".to_owned(),
        "?by=".to_owned(),
        "?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00%2B01:00&bucket=day".to_owned(),
        "?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z".to_owned(),
        format!("?app={app}&api=pets"),
    ] {
        let usage = house.get(&dora, &format!("/usage{query}")).await.is(200);
        assert_eq!(usage.body, json!({"items": [], "next": null}), "{query}");
    }
    for query in ["bucket=week", "by=colour", "from=yesterday", "api=Pets", "limit=5"] {
        house.get(&dora, &format!("/usage?{query}")).await.is_problem(400, "invalid_parameters");
    }
    let other = house.token("dorian", Role::Developer).await;
    house.get(&other, &format!("/usage?app={app}")).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn recent_requests_are_listed_and_explained_to_their_owner() {
    let house = House::new().await;
    let (dora, other) = (house.token("dora", Role::Developer).await, house.token("dorian", Role::Developer).await);
    let app = house.new_app(&dora, "Board").await;
    let record = |n: u8, status, refusal| RequestRecord {
        id: format!("{n:032x}"),
        at: Timestamp::parse("2026-12-01T09:30:00Z").unwrap(),
        method: "GET".into(),
        path: format!("/pets/{n}"),
        api: Some("pets".parse().unwrap()),
        operation: Some("listPets".into()),
        app: Some(app.parse::<AppId>().unwrap()),
        key: None,
        client: "192.0.2.7".into(),
        status,
        total_micros: 1_500,
        checks_micros: None,
        upstream_micros: None,
        bytes_in: 0,
        bytes_out: 7,
        refusal,
    };
    let why = Explanation {
        code: "rate_limited".into(),
        phase: Phase::Limits,
        check: "rate of the plan".into(),
        expected: "60 a minute".into(),
        found: "more".into(),
        key: None,
        errors: vec![Mismatch { pointer: "/query/limit".into(), message: "should be a whole number".into() }],
    };
    house.recent.add([record(1, 200, None), record(2, 429, Some(why)), record(3, 502, None)]);

    let ids = async |token: &str, query: &str| {
        let list = house.get(token, &format!("/requests{query}")).await.is(200).body;
        let last = |item: &serde_json::Value| item["id"].as_str().unwrap()[31..].to_owned();
        (list["items"].as_array().unwrap().iter().map(last).collect::<String>(), list["next"].clone())
    };
    assert_eq!(ids(&dora, "").await.0, "321");
    assert_eq!(ids(&dora, "?result=refused").await.0, "2");
    assert_eq!(ids(&dora, "?result=failed").await.0, "3");
    assert_eq!(ids(&dora, "?status=200&api=pets").await.0, "1");
    assert_eq!(ids(&dora, "?q=/pets/3").await.0, "3");
    assert_eq!(ids(&other, "").await.0, "");
    let (first, next) = ids(&dora, "?limit=2").await;
    assert_eq!(first, "32");
    assert_eq!(ids(&dora, &format!("?limit=2&after={}", next.as_str().unwrap())).await, ("1".into(), json!(null)));

    let explained = house.get(&dora, &format!("/requests/{:032x}", 2)).await.is(200);
    assert_eq!(explained.text("/refusal/code"), "rate_limited");
    assert_eq!(explained.text("/refusal/phase"), "limits");
    assert_eq!(explained.text("/refusal/errors/0/pointer"), "/query/limit");
    assert_eq!((&explained.body["total_ms"], &explained.body["upstream_ms"]), (&json!(1.5), &json!(null)));
    house.get(&other, &format!("/requests/{:032x}", 2)).await.is_problem(404, "not_found");
    for query in ["result=odd", "status=many", "status=99", "key=%00", "colour=red"] {
        let answer = house.get(&dora, &format!("/requests?{query}")).await;
        assert!(answer.status.is_client_error(), "{query}");
    }
}
