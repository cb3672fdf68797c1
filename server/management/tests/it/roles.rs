//! Who may do what: every call, by everybody.
use crate::house::{House, PETS};
use portico_domain::Role;
use serde_json::{Value, json};

/// What each caller gets: a visitor, the developer whose things they are, another developer, a publisher, an admin.
type Row = (&'static str, fn() -> Value, [u16; 5]);

const NONE: fn() -> Value = || Value::Null;

/// `{app}` and so on are things of the developer, made anew for each call.
const CALLS: &[Row] = &[
    ("GET /openapi.json", NONE, [200, 200, 200, 200, 200]),
    ("GET /apis", NONE, [401, 200, 200, 200, 200]),
    ("GET /apis/{api}", NONE, [401, 200, 200, 200, 200]),
    ("PUT /apis/new", || json!(PETS), [401, 403, 403, 201, 200]),
    ("PATCH /apis/{api}", || json!({}), [401, 403, 403, 200, 200]),
    ("POST /apis/{api}/publish", NONE, [401, 403, 403, 200, 200]),
    ("POST /apis/{api}/unpublish", NONE, [401, 403, 403, 200, 200]),
    ("GET /apis/{api}/versions", NONE, [401, 200, 200, 200, 200]),
    ("POST /apis/{api}/versions/1.0.0/publish", NONE, [401, 403, 403, 200, 200]),
    ("DELETE /apis/{api}", NONE, [401, 403, 403, 204, 204]),
    ("GET /apis/{api}/readers", NONE, [401, 403, 403, 200, 200]),
    ("POST /apis/{api}/readers", || json!({"email": "dorian@example.org"}), [401, 403, 403, 201, 201]),
    ("DELETE /apis/{api}/readers/{account}", NONE, [401, 403, 403, 404, 404]),
    ("GET /plans", NONE, [401, 200, 200, 200, 200]),
    ("POST /plans", || json!({"plan": "gold"}), [401, 403, 403, 201, 409]),
    ("GET /plans/{plan}", NONE, [401, 200, 200, 200, 200]),
    ("PATCH /plans/{plan}", || json!({"name": "x"}), [401, 403, 403, 200, 200]),
    ("DELETE /plans/{plan}", NONE, [401, 403, 403, 204, 204]),
    ("GET /apps", NONE, [401, 200, 200, 200, 200]),
    ("POST /apps", || json!({"name": "x"}), [401, 201, 201, 201, 201]),
    ("GET /apps/{app}", NONE, [401, 200, 404, 404, 200]),
    ("PATCH /apps/{app}", || json!({"name": "y"}), [401, 200, 404, 404, 200]),
    ("DELETE /apps/{app}", NONE, [401, 204, 404, 404, 204]),
    ("GET /apps/{app}/subscriptions", NONE, [401, 200, 404, 404, 200]),
    ("POST /apps/{app}/subscriptions", || json!({"api": "cats", "plan": "starter"}), [401, 201, 404, 404, 201]),
    ("GET /subscriptions/{subscription}", NONE, [401, 200, 404, 200, 200]),
    ("POST /subscriptions/{subscription}/approve", NONE, [401, 403, 403, 200, 200]),
    ("POST /subscriptions/{subscription}/reject", NONE, [401, 403, 403, 200, 200]),
    ("DELETE /subscriptions/{subscription}", NONE, [401, 204, 404, 404, 204]),
    ("GET /apps/{app}/keys", NONE, [401, 200, 404, 404, 200]),
    ("POST /apps/{app}/keys", || json!({"name": "k"}), [401, 201, 404, 404, 201]),
    ("POST /apps/{app}/keys/import", || json!("name,key\nk,7Fq2mXwZp0aLr8sVt4uKc6dE\n"), [401, 403, 403, 403, 200]),
    ("GET /keys/{key}", NONE, [401, 200, 404, 404, 200]),
    ("PATCH /keys/{key}", || json!({"name": "z"}), [401, 200, 404, 404, 200]),
    ("POST /keys/{key}/rotate", NONE, [401, 200, 404, 404, 200]),
    ("DELETE /keys/{key}", NONE, [401, 204, 404, 404, 204]),
    ("GET /usage", NONE, [401, 200, 200, 200, 200]),
    ("GET /usage?app={app}", NONE, [401, 200, 404, 200, 200]),
    ("GET /requests", NONE, [401, 200, 200, 200, 200]),
    ("GET /requests?app={app}", NONE, [401, 200, 404, 200, 200]),
    ("GET /requests/unknown", NONE, [401, 404, 404, 404, 404]),
    ("GET /audit", NONE, [401, 403, 403, 403, 200]),
    ("GET /settings/brand", NONE, [401, 403, 403, 403, 200]),
    ("PATCH /settings/brand", || json!({"name": "Nordwind"}), [401, 403, 403, 403, 200]),
    ("DELETE /settings/brand/logo", NONE, [401, 403, 403, 403, 200]),
    // The last: who is deleted asks no more.
    ("GET /accounts", NONE, [401, 403, 403, 403, 200]),
    ("POST /accounts", || json!({"email": "new@example.org", "role": "admin"}), [401, 403, 403, 403, 201]),
    ("GET /accounts/{account}", NONE, [401, 200, 403, 403, 200]),
    ("PATCH /accounts/{account}", || json!({"name": "x"}), [401, 403, 403, 403, 200]),
    ("DELETE /accounts/{account}", NONE, [401, 403, 403, 403, 204]),
];

struct Scene {
    house: House,
    callers: [(&'static str, String); 5],
    made: u32,
}

impl Scene {
    async fn new() -> Self {
        let house = House::new().await;
        let callers = [
            ("visitor", String::new()),
            ("developer", house.token("dora", Role::Developer).await),
            ("other developer", house.token("dorian", Role::Developer).await),
            ("publisher", house.token("paul", Role::Publisher).await),
            ("admin", house.token("ada", Role::Admin).await),
        ];
        house.publish_pets(&callers[4].1, "cats").await;
        Self { house, callers, made: 0 }
    }

    /// Fills the places of a call with new things of the developer.
    async fn fill(&mut self, call: &str) -> String {
        self.made += 1;
        let (house, number) = (&self.house, self.made);
        let (dora, ada) = (&self.callers[1].1, &self.callers[4].1);
        let mut call = call.to_owned();
        if call.contains("{api}") || call.contains("{subscription}") {
            let api = format!("pets-{number}");
            house.publish_pets(ada, &api).await;
            call = call.replace("{api}", &api);
        }
        if call.contains("{plan}") {
            let plan = format!("plan-{number}");
            house.call(ada, "POST /plans", json!({ "plan": plan })).await.is(201);
            call = call.replace("{plan}", &plan);
        }
        if call.contains("{app}") || call.contains("{key}") || call.contains("{subscription}") {
            let app = house.new_app(dora, "Board").await;
            if call.contains("{key}") {
                let key = house.call(dora, &format!("POST /apps/{app}/keys"), json!({"name": "k"})).await.is(201);
                call = call.replace("{key}", key.text("/id"));
            }
            if call.contains("{subscription}") {
                let body = json!({"api": format!("pets-{number}"), "plan": "starter"});
                let made = house.call(dora, &format!("POST /apps/{app}/subscriptions"), body).await.is(201);
                call = call.replace("{subscription}", made.text("/id"));
            }
            // An account has 100 apps at most.
            if !call.contains("{app}") && !call.contains("/keys/") && !call.contains("/subscriptions/") {
                house.call(dora, &format!("DELETE /apps/{app}"), Value::Null).await.is(204);
            }
            call = call.replace("{app}", &app);
        }
        if call.contains("{account}") {
            let accounts = house.get(ada, "/accounts").await;
            let dora = accounts.body["items"]
                .as_array()
                .unwrap()
                .iter()
                .find(|account| account["email"] == "dora@example.org");
            call = call.replace("{account}", dora.unwrap()["id"].as_str().unwrap());
        }
        call
    }
}

#[tokio::test]
async fn everybody_may_do_what_their_role_says_and_nothing_else() {
    let mut scene = Scene::new().await;
    let mut wrong = Vec::new();
    for (call, body, expected) in CALLS {
        for (place, expected) in expected.iter().enumerate() {
            let filled = scene.fill(call).await;
            let (name, token) = &scene.callers[place];
            let answer = match body() {
                Value::String(text) if filled.contains("import") => {
                    scene.house.send_as(token, &filled, "text/csv", &text).await
                }
                Value::String(text) => scene.house.send_as(token, &filled, "application/yaml", &text).await,
                body => scene.house.call(token, &filled, body).await,
            };
            if answer.status.as_u16() != *expected {
                wrong.push(format!("{name}: {call}: {} instead of {expected}: {}", answer.status, answer.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
