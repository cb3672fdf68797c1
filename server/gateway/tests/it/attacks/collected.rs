//! A collection of attacks in a file beside the repository, where there is one: what it expects is held to as well.
use super::{as_read_by_a_lenient_server, open_house, set_routes, statuses};
use crate::it::{
    house::field,
    upstream::{OK, Upstream},
};
use serde_json::Value;
use std::{fs, path::Path};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/cases/attacks.json");

/// Needs what a gateway alone does not have: another listener, several keys, a portal.
const ELSEWHERE: [&str; 3] = ["{CASE:", "{OTHERPORT}", "{RANDOM_IP}"];

fn numbers(value: &Value) -> Vec<u64> {
    value.as_array().into_iter().flatten().filter_map(Value::as_u64).collect()
}

#[tokio::test]
async fn a_collection_of_attacks_ends_as_it_expects() {
    let Ok(text) = fs::read_to_string(Path::new(FILE)) else { return };
    let collection: Value = serde_json::from_str(&text).unwrap();
    let upstream = Upstream::start(OK).await;
    let house = open_house(&upstream);
    set_routes(&house, "public", "admin");
    let address = house.gateway.local_addr().to_string();
    let mut run = 0;
    for case in collection["attacks"].as_array().unwrap() {
        let sent = case["send"].as_str().unwrap_or_default();
        let fits = case["area"] == "gateway" && case["transport"] == "raw_http1";
        if !fits || ELSEWHERE.iter().any(|word| sent.contains(word)) {
            continue;
        }
        let sent = sent
            .replace("{GWPREFIX}", "")
            .replace("{GWHOST}", &address)
            .replace("{KEY}", &house.token)
            .replace("{SESSION_COOKIE}", "__Host-portico=session")
            .replace("{REPEAT_TO_64K}", &"a".repeat(64 * 1024));
        let (name, expect) = (&case["id"], &case["expect"]);
        let before = upstream.seen().len();
        let text = house.raw(sent.as_bytes()).await;
        let (answers, seen) = (statuses(&text), upstream.seen().split_off(before));
        let first = u64::from(*answers.first().unwrap_or_else(|| panic!("{name}: no answer")));
        let allowed = numbers(&expect["status_in"]);
        // The collection counted a body with a longer prefix than there is here: its rest never comes.
        let short = name == "gw-smug-conn-cl" && first == 408;
        assert!(short || allowed.is_empty() || allowed.contains(&first), "{name}: {first} is not in {allowed:?}");
        assert!(first < 500, "{name}: {text}");
        if let Some(hits) = expect["upstream_hits"].as_u64() {
            assert_eq!(seen.len() as u64, hits, "{name}: {seen:?}");
        }
        let most = expect["max_upstream_requests"].as_u64().or(expect["upstream_hits_max"].as_u64());
        assert!(most.is_none_or(|most| seen.len() as u64 <= most), "{name}: {seen:?}");
        let most = expect["responses_max"].as_u64();
        assert!(most.is_none_or(|most| answers.len() as u64 <= most), "{name}: {text}");
        for request in &seen {
            if let Some(path) = expect["upstream_must_not_receive_normalised"].as_str() {
                assert_ne!(as_read_by_a_lenient_server(request), format!("/v1{path}"), "{name}");
            }
            for spoofed in ["1.2.3.4", "for=127.0.0.1;host=evil", "evil.example", "portico=session", "deflate"] {
                let lines = request.lines().filter(|line| !line.starts_with("Origin: "));
                assert!(lines.clone().all(|line| !line.contains(spoofed)), "{name}: {request}");
            }
            assert_ne!(field(request, "x-forwarded-prefix"), Some("/admin"), "{name}");
        }
        assert!(!text.to_lowercase().contains("access-control-allow-origin"), "{name}: {text}");
        run += 1;
    }
    assert!(run > 50, "the collection is not what it was: {run} cases fit");
    assert_eq!(house.get("/shop/admin/x").await.status, 200);
}
