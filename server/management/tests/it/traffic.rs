use crate::house::House;
use portico_domain::{Clock as _, Explanation, RequestRecord, Role, SystemClock};
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
