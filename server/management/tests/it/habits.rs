//! What all calls have in common.
use crate::house::{House, request};
use axum::body::Body;
use http::{Request, header};
use portico_contract::{Caller, SignedIn};
use portico_domain::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn without_a_good_token_nothing_is_told() {
    let house = House::new().await;
    let token = house.token("ada", Role::Admin).await;
    let mut changed = token.clone();
    changed.replace_range(20..21, if &token[20..21] == "a" { "b" } else { "a" });
    for authorization in [None, Some("Bearer nonsense"), Some("Basic YTpi"), Some("Bearer"), Some(changed.as_str())] {
        let mut request = Request::builder().uri("/api/v1/apis");
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        answer.is_problem(401, "token_invalid");
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer", "{authorization:?}");
    }
    house.get(&token, "/apis").await.is(200);
}

#[tokio::test]
async fn a_signed_in_browser_needs_no_token_but_a_bad_token_is_refused_all_the_same() {
    let house = House::new().await;
    let token = house.token("ada", Role::Developer).await;
    house.new_app(&token, "Board").await;
    let accounts = house.control.list_accounts(&portico_control::Who::CommandLine, None, 10).await.unwrap();
    let id = accounts.items[0].id.to_string();
    let account =
        SignedIn { id, name: "Ada".into(), email: "ada@example.org".into(), role: portico_contract::Role::Developer };
    let signed_in = Caller { account: Some(account), client: "192.0.2.7".into() };
    let visitor = Caller { account: None, client: "192.0.2.7".into() };

    let ask = |caller: Caller, token: &str| request(token, "GET /apps").extension(caller).body(Body::empty()).unwrap();
    let apps = house.send(ask(signed_in.clone(), "")).await.is(200);
    assert_eq!(apps.text("/items/0/name"), "Board");
    house.send(ask(visitor, "")).await.is_problem(401, "token_invalid");
    house.send(ask(signed_in, "ptm_nonsense")).await.is_problem(401, "token_invalid");
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let house = House::new().await;
    let token = house.token("ada", Role::Admin).await;
    for path in ["/nothing", "/apis/pets/nothing", "", "/apis/", "/apis//versions", "/apis/%FF"] {
        let answer = house.get(&token, path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap())),
            (404, Some("application/problem+json")),
            "{path}"
        );
    }
    for (call, allow) in
        [("DELETE /apis", "GET,HEAD"), ("PUT /plans/gold", "GET,HEAD,PATCH,DELETE"), ("POST /openapi.json", "GET,HEAD")]
    {
        let answer = house.call(&token, call, Value::Null).await;
        answer.is_problem(405, "method_not_allowed");
        let allowed = |text: &str| {
            text.split(',').map(|method| method.trim().to_owned()).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(allowed(answer.headers[header::ALLOW].to_str().unwrap()), allowed(allow), "{call}");
    }
}

#[tokio::test]
async fn what_is_not_known_is_refused_by_name() {
    let house = House::new().await;
    let token = house.token("ada", Role::Admin).await;
    let field = house.call(&token, "POST /plans", json!({"plan": "gold", "name": "Gold", "colour": 1})).await;
    assert!(field.is_problem(400, "invalid_body").text("/errors/0/message").contains("`colour`"));
    for path in ["/apis?colour=1", "/plans/starter?colour=1", "/openapi.json?colour=1"] {
        let answer = house.get(&token, path).await;
        assert!(answer.is_problem(400, "invalid_parameters").text("/detail").contains("colour"), "{path}");
    }
    for limit in ["0", "101", "ten", "", "-1", "5&limit=6"] {
        let answer = house.get(&token, &format!("/apis?limit={limit}")).await;
        assert!(answer.is_problem(400, "invalid_parameters").text("/detail").contains("limit"), "{limit}");
    }
    house.get(&token, "/apps?after=nonsense").await.is_problem(400, "invalid_parameters");
}

#[tokio::test]
async fn bodies_are_taken_strictly() {
    let house = House::new().await;
    let token = house.token("ada", Role::Admin).await;
    let post = "POST /plans";
    house.send_as(&token, post, "text/plain", "{}").await.is_problem(415, "unsupported_media_type");
    house.send(request(&token, post).body("{}".into()).unwrap()).await.is_problem(415, "unsupported_media_type");
    for (body, pointer) in [
        ("", ""),
        ("{", ""),
        ("[]", ""),
        ("null", ""),
        ("{\"plan\":\"gold\",\"name\":\"Gold\"} x", ""),
        ("{\"plan\":\"Gold\"}", "/plan"),
        ("{\"plan\":\"gold\",\"plan\":\"gold\"}", ""),
        ("{\"plan\":\"gold\",\"rate\":{\"limit\":0,\"per\":\"second\"}}", "/rate/limit"),
        ("{\"plan\":\"gold\",\"quota\":{\"limit\":5,\"per\":\"year\"}}", "/quota/per"),
    ] {
        let answer = house.send_as(&token, post, "application/json; charset=utf-8", body).await;
        assert_eq!(answer.is_problem(400, "invalid_body").text("/errors/0/pointer"), pointer, "{body}");
    }
    let large = format!("{{\"plan\":\"{}\"}}", "a".repeat(1024 * 1024));
    house.send_as(&token, post, "application/json", &large).await.is_problem(413, "body_too_large");
}

#[tokio::test]
async fn lists_come_in_parts() {
    let house = House::new().await;
    let token = house.token("ada", Role::Admin).await;
    for plan in ["bronze", "gold", "silver"] {
        house.call(&token, "POST /plans", json!({ "plan": plan })).await.is(201);
    }
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let part = house.get(&token, &format!("/plans?limit=3{after}")).await.is(200);
        seen.extend(
            part.body["items"].as_array().unwrap().iter().map(|plan| plan["plan"].as_str().unwrap().to_owned()),
        );
        let Some(next) = part.body["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen, ["bronze", "gold", "silver", "starter"]);
}
