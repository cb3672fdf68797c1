//! What the pages of the console and the administration hold.
use super::{fake::Fake, visit::get};
use axum::http::StatusCode;
use portico_contract::{Role, apps::Progress, settings::SettingsPart};
use std::sync::Arc;

#[tokio::test]
async fn first_steps_tick_with_progress() {
    let fake = Arc::new(Fake::default());
    let steps = [
        (Progress::default(), "Name of the app"),
        (Progress { app: true, ..Progress::default() }, "/subscribe?app=app-1"),
        (Progress { app: true, subscription: true, ..Progress::default() }, "/apps/app-1/keys/new"),
        (Progress { app: true, subscription: true, key: true, call: false }, "See what has arrived"),
    ];
    for (done, (progress, action)) in steps.into_iter().enumerate() {
        *fake.progress.lock().expect("a test's lock") = progress;
        let page = get(&fake, Some(Role::Developer), "/apps").await;
        page.holds("Welcome, Ingrid");
        page.holds(action);
        assert_eq!(page.text.matches(r#"<li class="ok""#).count(), done, "{}", page.text);
        assert_eq!(page.text.matches(r#"aria-current="step""#).count(), 1);
        assert_eq!(page.text.matches("button primary").count(), 1, "one thing to do");
    }
    *fake.progress.lock().expect("a test's lock") = Progress { app: true, subscription: true, key: true, call: true };
    let page = get(&fake, Some(Role::Developer), "/apps").await;
    page.lacks("Welcome");
    page.holds("Fleet &lt;Scheduler&gt;");
}

#[tokio::test]
async fn an_app_shows_what_each_key_may_still_do() {
    let page = get(&Arc::new(Fake::default()), Some(Role::Developer), "/apps/app-1").await;
    page.holds("ptk_test_9fK2mQ7x…");
    page.holds("Revoked 23 Nov 2026");
    page.holds(r#"action="/apps/app-1/keys/key-1/revoke""#);
    page.lacks(r#"action="/apps/app-1/keys/key-2/revoke""#);
    page.holds(r#"aria-label="78 % used""#);
    page.holds("7,812 of 10,000");
    page.lacks("<Scheduler>");
}

#[tokio::test]
async fn usage_draws_a_picture_and_the_numbers_behind_it() {
    let fake = Arc::new(Fake::default());
    let page = get(&fake, Some(Role::Developer), "/usage?range=7d&app=app-1&api=petstore").await;
    page.holds("Calls by status in the last 7 days");
    page.holds("View as table");
    page.holds(r#"href="/usage?range=30d&amp;app=app-1&amp;api=petstore""#);
    page.holds(r#"<option value="app-1" selected"#);
    page.holds("7,812 of 10,000");
    let page = get(&fake, Some(Role::Publisher), "/admin/analytics").await;
    page.holds("Analytics");
    page.holds(r#"href="/admin/analytics?range=7d""#);
}

#[tokio::test]
async fn a_refused_request_says_what_was_expected_and_found() {
    let fake = Arc::new(Fake::default());
    let list = get(&fake, Some(Role::Developer), "/requests?result=refused").await;
    list.holds("429 Rate limited");
    list.holds("&lt;pilotage&gt;");
    list.holds(r#"href="/requests?result=refused&amp;id=01JDA8M2K7#request""#);
    let page = get(&fake, Some(Role::Developer), "/requests?result=refused&id=01JDA8M2K7").await;
    for piece in [
        "Refused: rate of the plan",
        "<h3>Rate of the plan</h3>",
        "60 calls a minute at most",
        "the 61st",
        "0.3 ms",
        "<h3>Subscription</h3>",
        "The upstream never saw this call.",
        "Wait as long as Retry-After says",
    ] {
        page.holds(piece);
    }
    page.holds(r#"<tr role="row" class="selected">"#);
    get(&fake, Some(Role::Developer), "/requests?id=another").await.holds("No such request");
}

#[tokio::test]
async fn choosing_what_to_subscribe_to_comes_before_the_plan() {
    let fake = Arc::new(Fake::default());
    get(&fake, Some(Role::Developer), "/subscribe?app=app-1").await.holds("/subscribe?api=tides&amp;app=app-1");
}

#[tokio::test]
async fn developers_find_no_administration() {
    let fake = Arc::new(Fake::default());
    for path in ["/admin", "/admin/apis", "/admin/apis/new", "/admin/plans/new", "/admin/accounts", "/admin/settings"] {
        let page = get(&fake, Some(Role::Developer), path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn publishers_see_what_is_theirs() {
    let fake = Arc::new(Fake::default());
    let page = get(&fake, Some(Role::Publisher), "/admin").await;
    page.holds("Approvals waiting");
    page.holds("/admin/plans");
    for hidden in ["/admin/accounts", "/admin/audit", "/admin/settings"] {
        page.lacks(&format!("\"{hidden}\""));
        assert_eq!(get(&fake, Some(Role::Publisher), hidden).await.status, StatusCode::NOT_FOUND);
    }
    let page = get(&fake, Some(Role::Admin), "/admin").await;
    page.holds(r#"href="/admin/audit""#);
}

#[tokio::test]
async fn an_api_shows_versions_settings_and_findings() {
    let page = get(&Arc::new(Fake::default()), Some(Role::Publisher), "/admin/apis/petstore").await;
    page.holds(r#"action="/admin/apis/petstore/versions/v-2/publish""#);
    page.lacks(r#"action="/admin/apis/petstore/versions/v-1/publish""#);
    page.holds("https://pets.example</textarea>");
    page.holds("The path names &lt;petId&gt;, but no parameter does.");
    page.holds(r#"enctype="multipart/form-data""#);
}

#[tokio::test]
async fn a_part_of_the_settings_has_an_input_for_each_of_them() {
    let fake = Arc::new(Fake::default());
    for part in SettingsPart::ALL {
        let page = get(&fake, Some(Role::Publisher), &format!("/admin/apis/petstore/settings/{}", part.as_str())).await;
        let action = format!("action=\"/admin/apis/petstore/settings/{}\"", part.as_str());
        let form = page.text.split("<form").find(|form| form.contains(&action));
        let form = form.and_then(|form| form.split("</form>").next()).unwrap_or_default();
        let mut inputs: Vec<_> = form.split(" name=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        inputs.sort_unstable();
        let mut fields = part.fields().to_vec();
        fields.sort_unstable();
        assert_eq!(inputs, fields, "{part:?}");
    }
    let page = get(&fake, Some(Role::Publisher), "/admin/apis/petstore/settings/advanced").await;
    page.holds("gone&lt;Operation&gt;");
    page.holds("&lt;routes&gt;</textarea>");
    let page = get(&fake, Some(Role::Publisher), "/admin/apis/petstore/settings/resilience").await;
    page.holds("Default: 7.");
    assert_eq!(
        get(&fake, Some(Role::Publisher), "/admin/apis/petstore/settings/none").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        get(&fake, Some(Role::Developer), "/admin/apis/petstore/settings/cors").await.status,
        StatusCode::NOT_FOUND
    );
    get(&fake, Some(Role::Publisher), "/admin/apis/petstore").await.holds("changed: CORS");
}

#[tokio::test]
async fn nobody_changes_their_own_role() {
    let page = get(&Arc::new(Fake::default()), Some(Role::Admin), "/admin/accounts").await;
    page.holds(r#"action="/admin/accounts/acc-2/role""#);
    page.lacks(r#"action="/admin/accounts/acc-1/role""#);
    page.lacks(r#"action="/admin/accounts/acc-1/delete""#);
    page.holds("Per &lt;Lund&gt;");
}

#[tokio::test]
async fn long_lists_come_in_parts() {
    let fake = Arc::new(Fake::default());
    let page = get(&fake, Some(Role::Publisher), "/admin/subscriptions?state=pending").await;
    page.holds("90 subscriptions");
    page.holds(r#"href="/admin/subscriptions?state=pending&amp;after=cursor%2B1""#);
    let page = get(&fake, Some(Role::Publisher), "/admin/subscriptions?state=rejected").await;
    page.holds("No subscriptions");
}

#[tokio::test]
async fn a_used_up_link_makes_no_administrator() {
    let fake = Arc::new(Fake::default());
    let page = get(&fake, None, "/setup?token=used").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    page.lacks("password");
    get(&fake, None, "/setup?token=good").await.holds(r#"name="token" value="good""#);
}
