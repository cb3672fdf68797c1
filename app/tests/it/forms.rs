//! What forms do when all is well, and how they come back when it is not.
use super::{
    fake::Fake,
    visit::{Answer, post, send},
};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use portico_contract::{FieldError, PortalError, Role};
use std::sync::Arc;
use tower_sessions::{MemoryStore, Session, SessionStore as _};

/// Role, address and fields of a form; what the portal is asked to do; where the browser goes then.
type Change = (Option<Role>, &'static str, &'static str, &'static str, &'static str);

const CHANGES: &[Change] = &[
    (Some(Role::Developer), "/account", "name=Ada", "rename_account Ada", "/account"),
    (Some(Role::Developer), "/apps", "name=Night+shift", "create_app Night shift", "/apps/app-9"),
    (Some(Role::Developer), "/apps/app-1/rename", "name=Day", "rename_app app-1 Day", "/apps/app-1"),
    (Some(Role::Developer), "/apps/app-1/delete", "", "delete_app app-1", "/apps"),
    (Some(Role::Developer), "/apps/app-1/subscriptions/sub-1/delete", "", "unsubscribe app-1 sub-1", "/apps/app-1"),
    (Some(Role::Developer), "/apps/app-1/keys/key-1/rename", "name=n2", "rename_key app-1 key-1 n2", "/apps/app-1"),
    (Some(Role::Developer), "/apps/app-1/keys/key-1/revoke", "", "revoke_key app-1 key-1", "/apps/app-1"),
    (
        Some(Role::Developer),
        "/subscribe",
        "api=petstore&plan=starter&app=app-1&new_app=",
        "subscribe app-1 petstore starter",
        "/apps/app-1",
    ),
    (
        Some(Role::Admin),
        "/admin/apis/petstore",
        "upstreams=https%3A%2F%2Fa.example+3&access=document&visibility=signed-in&base_path=%2Fp&plans=starter&plans=gold\
         &timeout_ms=5000&max_body_bytes=10",
        "save_api_settings petstore https://a.example 3 Document SignedIn /p starter+gold 5000 10",
        "/admin/apis/petstore?saved=settings",
    ),
    (
        Some(Role::Admin),
        "/admin/apis/petstore/settings/cors",
        "cors=on&cors.origins=https%3A%2F%2Fa.example",
        "save_settings_part petstore cors cors=on cors.origins=https://a.example",
        "/admin/apis/petstore/settings/cors?saved=yes",
    ),
    (
        Some(Role::Admin),
        "/admin/apis/petstore/cache/purge",
        "",
        "purge_cache petstore",
        "/admin/apis/petstore/settings/caching?forgotten=12",
    ),
    (
        Some(Role::Admin),
        "/admin/apis/petstore/versions/v-1/publish",
        "",
        "publish petstore v-1",
        "/admin/apis/petstore",
    ),
    (
        Some(Role::Publisher),
        "/admin/apis/petstore/readers",
        "email=per%40example.org",
        "add_reader petstore per@example.org",
        "/admin/apis/petstore/readers",
    ),
    (
        Some(Role::Publisher),
        "/admin/apis/petstore/readers/acc-3/remove",
        "",
        "remove_reader petstore acc-3",
        "/admin/apis/petstore/readers",
    ),
    (Some(Role::Admin), "/admin/apis/petstore/unpublish", "", "unpublish petstore", "/admin/apis/petstore"),
    (Some(Role::Admin), "/admin/apis/petstore/delete", "", "delete_api petstore", "/admin/apis"),
    (
        Some(Role::Admin),
        "/admin/plans",
        "slug=gold&name=Gold&manual=on&concurrency=9&key_limit=5&key_per=hour&key_burst=7&operations=getPet+1%2Fhour",
        "create_plan gold true 9 5 hour 7 getPet 1/hour",
        "/admin/plans",
    ),
    (Some(Role::Admin), "/admin/plans/starter", "name=Small", "save_plan starter Small", "/admin/plans"),
    (Some(Role::Admin), "/admin/plans/starter/delete", "", "delete_plan starter", "/admin/plans"),
    (Some(Role::Admin), "/admin/subscriptions/sub-7/approve", "next=%2Fadmin", "decide sub-7 true", "/admin"),
    (
        Some(Role::Admin),
        "/admin/subscriptions/sub-7/reject",
        "next=https%3A%2F%2Fevil.example",
        "decide sub-7 false",
        "/admin/subscriptions",
    ),
    (
        Some(Role::Admin),
        "/admin/settings/brand",
        "name=Nordwind&accent=%230a7f5a",
        "save_brand Nordwind #0a7f5a",
        "/admin/settings?saved=brand",
    ),
    (Some(Role::Admin), "/admin/settings/logo/remove", "", "remove_logo", "/admin/settings?saved=brand"),
    (Some(Role::Admin), "/admin/accounts/acc-2/role", "role=publisher", "set_role acc-2 publisher", "/admin/accounts"),
    (Some(Role::Admin), "/admin/accounts/acc-2/delete", "", "delete_account acc-2", "/admin/accounts"),
    (Some(Role::Developer), "/account/mail", "versions=on", "set_mail_versions true", "/account#mail"),
    (Some(Role::Developer), "/account/mail", "", "set_mail_versions false", "/account#mail"),
    (None, "/mail/off", "token=good", "turn_mail_off good", "/mail/off?token=good&done=yes"),
    // As mail programs do it on their own.
    (None, "/mail/off?token=good", "List-Unsubscribe=One-Click", "turn_mail_off good", "/mail/off?token=good&done=yes"),
];

#[tokio::test]
async fn a_change_is_one_call_and_leads_to_where_it_is_seen() {
    for (role, path, form, change, location) in CHANGES {
        let fake = Arc::new(Fake::default());
        let answer = post(&fake, *role, path, form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.text);
        assert_eq!(answer.location(), *location, "{path}");
        assert_eq!(fake.changes(), [*change], "{path}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_now_is_said_on_the_page_it_was_asked_on() {
    for (role, path, form, _, _) in CHANGES {
        let fake = Arc::new(Fake::refusing(PortalError::Conflict { why: "It <is> in use.".into() }));
        let answer = post(&fake, *role, path, form).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{path}: {}", answer.text);
        answer.holds(r#"role="alert""#);
        answer.holds("It &lt;is&gt; in use.");
        assert_eq!(fake.changes(), [""; 0], "{path}");
    }
}

#[tokio::test]
async fn a_form_that_is_not_allowed_changes_nothing_and_shows_no_page_of_others() {
    let fake = Arc::new(Fake::refusing(PortalError::not_found("such page")));
    let answer = post(&fake, Some(Role::Developer), "/admin/plans", "slug=gold").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let fake = Arc::new(Fake::refusing(PortalError::SignInNeeded));
    let answer = post(&fake, None, "/apps", "name=x").await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/sign-in"));
}

/// Refuses these fields, each with words of its own.
fn invalid(fields: &[&str]) -> Arc<Fake> {
    let errors = fields
        .iter()
        .map(|field| FieldError { field: (*field).to_owned(), message: format!("The {field} needs a change.") });
    Arc::new(Fake::refusing(PortalError::Invalid(errors.collect())))
}

/// Each field is named in the summary and at its input.
#[track_caller]
fn points_at(answer: &Answer, fields: &[&str]) {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    for field in fields {
        // Its label may stand before the message.
        let link =
            answer.text.split(&format!("<a href=\"#{field}\">")).nth(1).and_then(|rest| rest.split("</a>").next());
        assert!(link.is_some_and(|words| words.ends_with(&format!("The {field} needs a change."))), "{link:?}");
        answer.holds(&format!("id=\"{field}\""));
        answer.holds(&format!("id=\"{field}-error\""));
        let input = answer.text.split(&format!("id=\"{field}\"")).nth(1).unwrap_or_default();
        let input = input.split('>').next().unwrap_or_default();
        assert!(input.contains(&format!("{field}-error")), "{field} is not described by its error: {input}");
    }
}

#[tokio::test]
async fn a_refused_key_comes_back_with_all_that_was_typed() {
    let fields = ["name", "expires", "allow_ips"];
    let form = "name=nightly+%3Cb%3E&environment=live&expires=365&apis=tides&once=once-7\
                &allow_ips=10.0.0.0%2F33%0A%3C%2Ftextarea%3E%3Cscript%3E";
    let answer = post(&invalid(&fields), Some(Role::Developer), "/apps/app-1/keys", form).await;
    points_at(&answer, &fields);
    answer.holds("3 things need a change");
    // Who reads by ear is told first; without script too.
    answer.holds(r#"role="alert" tabindex="-1" id="errors" autofocus"#);
    answer.holds(r#"value="nightly &lt;b&gt;""#);
    answer.holds("10.0.0.0/33\n&lt;/textarea&gt;&lt;script&gt;</textarea>");
    answer.holds(r#"<option value="365" selected"#);
    answer.holds(r#"name="environment" value="live" checked"#);
    answer.holds(r#"name="apis" value="tides" checked"#);
    answer.lacks(r#"name="apis" value="petstore" checked"#);
    // Sent again it is still the same key.
    answer.holds(r#"name="once" value="once-7""#);
}

#[tokio::test]
async fn a_refused_plan_comes_back() {
    let fields =
        ["slug", "name", "rate_limit", "burst", "quota_limit", "concurrency", "key_limit", "key_burst", "operations"];
    let form = "slug=Gold%21&name=&rate_limit=many&rate_per=hour&burst=x&quota_limit=-1&quota_per=week&manual=on\
                &concurrency=few&key_limit=x&key_per=minute&key_burst=y&operations=getPet+often";
    let answer = post(&invalid(&fields), Some(Role::Admin), "/admin/plans", form).await;
    points_at(&answer, &fields);
    answer.holds(r#"value="Gold!""#);
    answer.holds(r#"value="many""#);
    answer.holds(r#"<option value="hour" selected"#);
    answer.holds(r#"<option value="week" selected"#);
    answer.holds(r#"<option value="minute" selected"#);
    answer.holds("getPet often</textarea>");
    answer.holds(r#"name="manual" value="on" checked"#);
}

#[tokio::test]
async fn refused_settings_of_an_api_come_back() {
    let fields = ["upstreams", "base_path", "timeout_ms", "max_body_bytes"];
    let form = "upstreams=ftp%3A%2F%2Fx&access=open&visibility=private&base_path=x&plans=gold&timeout_ms=soon&max_body_bytes=big";
    let answer = post(&invalid(&fields), Some(Role::Admin), "/admin/apis/petstore", form).await;
    points_at(&answer, &fields);
    answer.holds("ftp://x</textarea>");
    answer.holds(r#"name="access" value="open" checked"#);
    answer.holds(r#"name="visibility" value="private" checked"#);
    answer.holds(r#"name="plans" value="gold" checked"#);
    answer.lacks(r#"name="plans" value="starter" checked"#);
}

#[tokio::test]
async fn another_form_of_the_page_keeps_what_the_house_knows() {
    let fake = Arc::new(Fake::refusing(PortalError::Conflict { why: "Not now.".into() }));
    let answer = post(&fake, Some(Role::Admin), "/admin/apis/petstore/unpublish", "").await;
    answer.holds(r#"name="plans" value="starter" checked"#);
    answer.holds(r#"name="access" value="key" checked"#);
}

#[tokio::test]
async fn a_refused_name_of_a_key_comes_back_in_the_open() {
    let answer =
        post(&invalid(&["name"]), Some(Role::Developer), "/apps/app-1/keys/key-1/rename", "name=old-importer").await;
    points_at(&answer, &["name"]);
    answer.holds("Rename nightly");
    answer.holds(r#"value="old-importer""#);
}

#[tokio::test]
async fn a_choice_outside_the_list_is_refused_before_the_house_is_asked() {
    let fake = Arc::new(Fake::default());
    let answer = post(&fake, Some(Role::Admin), "/admin/accounts/acc-2/role", "role=emperor").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.holds("Choose developer, publisher or admin.");
    let answer = post(&fake, Some(Role::Admin), "/admin/apis/petstore", "access=all&visibility=public").await;
    answer.holds("Choose who may call");
    assert_eq!(fake.changes(), [""; 0]);
}

#[tokio::test]
async fn subscribing_makes_the_app_on_the_way() {
    let fake = Arc::new(Fake::default());
    let form = "api=petstore&plan=starter&app=&new_app=Night+shift";
    let answer = post(&fake, Some(Role::Developer), "/subscribe", form).await;
    assert_eq!(answer.location(), "/apps/app-9");
    assert_eq!(fake.changes(), ["create_app Night shift", "subscribe app-9 petstore starter"]);
}

#[tokio::test]
async fn without_a_plan_or_an_app_nothing_is_made() {
    let fake = Arc::new(Fake::default());
    let answer = post(&fake, Some(Role::Developer), "/subscribe", "api=petstore&plan=&app=&new_app=Night").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.holds("Choose a plan.");
    answer.holds(r#"value="Night""#);
    let answer = post(&fake, Some(Role::Developer), "/subscribe", "api=petstore&plan=starter&app=&new_app=+").await;
    answer.holds("or name a new one");
    answer.holds("id=\"new_app-error\"");
    assert_eq!(fake.changes(), [""; 0]);
}

#[tokio::test]
async fn a_new_key_is_shown_once_and_kept_by_nobody() {
    let fake = Arc::new(Fake::default());
    let form = "name=nightly&environment=test&expires=90&apis=petstore&apis=tides&allow_ips=&once=once-1";
    let answer = post(&fake, Some(Role::Developer), "/apps/app-1/keys", form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.location(), "");
    assert_eq!(answer.header("set-cookie"), "");
    let secret = "ptk_test_9fK2mQ7xVb3TqL0sWz8RkYp5NdEhJ6cUa1GoXiMf4vBtS2w";
    assert_eq!(answer.text.matches(secret).count(), 1);
    let field = answer.text.split("id=\"secret\"").nth(1).unwrap_or_default().split('>').next().unwrap_or_default();
    assert!(field.contains("readonly") && field.contains(secret), "{field}");
    assert_eq!(fake.changes(), ["create_key app-1 nightly test 90 petstore+tides  once-1"]);
}

/// A form sent by somebody whose session is known already.
async fn send_in(fake: &Arc<Fake>, session: &Session, path: &str, form: &str) -> Answer {
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .extension(session.clone());
    send(fake, None, request, Body::from(form.to_owned())).await
}

#[tokio::test]
async fn coming_in_gives_the_session_a_new_id() {
    let password = "correct+horse+battery";
    for (path, form, location) in [
        ("/sign-in", format!("email=a%40b.example&password={password}&next=%2Fapis%2Fpetstore"), "/apis/petstore"),
        ("/sign-in", format!("email=a%40b.example&password={password}&next=%2F%2Fevil.example"), "/apps"),
        ("/sign-up", format!("name=Ada&email=a%40b.example&password={password}"), "/apps"),
        ("/setup", format!("token=good&name=Ada&email=a%40b.example&password={password}"), "/admin"),
    ] {
        let store = Arc::new(MemoryStore::default());
        let session = Session::new(None, Arc::clone(&store) as _, None);
        session.save().await.expect("a store in memory");
        let known_before = session.id().expect("a saved session");

        let answer = send_in(&Arc::new(Fake::default()), &session, path, &form).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, location), "{path}: {}", answer.text);
        assert_eq!(session.get::<String>("account").await.expect("a text"), Some("acc-1".to_owned()));
        session.save().await.expect("a store in memory");
        assert_ne!(session.id(), Some(known_before), "{path}");
        assert!(
            store.load(&known_before).await.expect("a store in memory").is_none(),
            "{path}: the old id still opens"
        );
    }
}

#[tokio::test]
async fn a_refused_sign_in_lets_nobody_in_and_forgets_the_password() {
    let session = Session::new(None, Arc::new(MemoryStore::default()), None);
    let fake = invalid(&["email"]);
    let form = "email=a%40b.example&password=correct+horse+battery&next=%2Fusage";
    let answer = send_in(&fake, &session, "/sign-in", form).await;
    points_at(&answer, &["email"]);
    answer.holds(r#"value="a@b.example""#);
    answer.holds(r#"name="next" value="/usage""#);
    answer.lacks("horse");
    assert_eq!(session.get::<String>("account").await.expect("no value"), None);
}

#[tokio::test]
async fn too_many_tries_say_when_to_try_again() {
    let session = Session::new(None, Arc::new(MemoryStore::default()), None);
    let fake = Arc::new(Fake::refusing(PortalError::TooManyTries { seconds: 40 }));
    let answer = send_in(&fake, &session, "/sign-in", "email=a%40b.example&password=x").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    answer.holds("Try again in 40 seconds.");
}

#[tokio::test]
async fn a_changed_password_is_said_and_never_shown() {
    let store = Arc::new(MemoryStore::default());
    let session = Session::new(None, store, None);
    let form = "current=old+secret+words&password=new+secret+words";
    let answer = send_in(&Arc::new(Fake::default()), &session, "/account/password", form).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/account?changed=password"));

    let request = Request::post("/account/password").extension(session);
    let fake = invalid(&["current", "password"]);
    let answer = send(&fake, Some(Role::Developer), request, Body::from(form)).await;
    points_at(&answer, &["current", "password"]);
    answer.lacks("secret words");
}
