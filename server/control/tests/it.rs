//! The use cases on a real store, asked through the door that pages use.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use portico_contract::{
    Caller, Portal, PortalError, SignedIn,
    account::{PasswordChange, SignIn, SignUp},
    admin::{PlanForm, Upload},
    apps::NewKey,
    settings::SettingsPart,
};
use portico_control::{Control, Parts};
use portico_domain::{InstallationSecret, MockClock, Timestamp};
use portico_mail::Post;
use portico_store::Store;
use portico_testing::Folder;
use rand::{SeedableRng as _, rngs::StdRng};
use std::{sync::Arc, time::Duration};

mod it {
    mod announcements;
    mod changes;
    mod guides;
    mod rules;
}

const PETS: &str = "openapi: 3.0.3\ninfo: { title: Pets, version: 1.0.0 }\npaths:\n  /pets:\n    get:\n      operationId: listPets\n      summary: List all pets\n      responses: { '200': { description: Pets } }\n";
const PASSWORD: &str = "tugs leave at dawn";

struct House {
    control: Arc<Control>,
    store: Store,
    clock: Arc<MockClock>,
    folder: Folder,
}

impl House {
    async fn new() -> Self {
        let folder = Folder::new();
        let clock = Arc::new(MockClock::at(Timestamp::parse("2026-11-23T12:00:00Z").unwrap()));
        let store = Store::open(&format!("sqlite://{}/portico.db", folder.path().display()))
            .await
            .unwrap()
            .with_clock(clock.clone());
        store.migrate().await.unwrap();
        let control = Control::new(Parts {
            store: store.clone(),
            gateway: None,
            metrics: Arc::default(),
            recent: Arc::default(),
            clock: clock.clone(),
            secret: InstallationSecret::generate(&mut StdRng::seed_from_u64(1)),
            gateway_url: "http://127.0.0.1:8081/".parse().unwrap(),
            portal_url: "http://127.0.0.1:8080/".parse().unwrap(),
            post: Some(Post::into_folder(folder.path().join("outbox"), "Portico <portico@portal.example>").unwrap()),
            settings: Vec::new(),
        })
        .unwrap();
        control.add_starter_plan().await.unwrap();
        Self { control, store, clock, folder }
    }
    async fn admin(&self) -> Caller {
        let link = self.control.first_admin_link().await.unwrap().unwrap();
        let token = link.split_once("token=").unwrap().1;
        caller(self.control.create_first_admin(&visitor(), token, person("ada@example.org")).await.unwrap())
    }
    async fn developer(&self, email: &str) -> Caller {
        caller(self.control.sign_up(&visitor(), person(email)).await.unwrap())
    }
    async fn publish_pets(&self, admin: &Caller) {
        let uploaded = self
            .control
            .upload(admin, Upload { document: PETS.into(), publish: true, ..Upload::default() })
            .await
            .unwrap();
        assert_eq!((uploaded.slug.as_deref(), uploaded.published), (Some("pets"), true), "{uploaded:?}");
    }
}

fn visitor() -> Caller {
    Caller { account: None, client: "192.0.2.7".into() }
}

fn caller(account: SignedIn) -> Caller {
    Caller { account: Some(account), client: "192.0.2.7".into() }
}

fn person(email: &str) -> SignUp {
    SignUp { name: email.split('@').next().unwrap().into(), email: email.into(), password: PASSWORD.into() }
}

fn sign_in(email: &str, password: &str) -> SignIn {
    SignIn { email: email.into(), password: password.into() }
}

#[tokio::test]
async fn the_first_administrators_link_makes_one_administrator() {
    let house = House::new().await;
    let link = house.control.first_admin_link().await.unwrap().unwrap();
    let token = link.split_once("token=").unwrap().1;
    house.control.check_first_admin(token).await.unwrap();
    let visitor = visitor();
    let make = |email| house.control.create_first_admin(&visitor, token, person(email));
    let (one, other) = tokio::join!(make("ada@example.org"), make("eve@example.org"));
    assert_eq!([&one, &other].iter().filter(|made| made.is_ok()).count(), 1, "{one:?} {other:?}");
    assert!(matches!(house.control.check_first_admin(token).await, Err(PortalError::NotFound { .. })));
    assert_eq!(house.control.first_admin_link().await.unwrap(), None, "no second link once there is an account");
}

#[tokio::test]
async fn an_old_link_makes_nobody() {
    let house = House::new().await;
    let link = house.control.first_admin_link().await.unwrap().unwrap();
    house.clock.advance(Duration::from_secs(15 * 60 + 1));
    let made = house
        .control
        .create_first_admin(&visitor(), link.split_once("token=").unwrap().1, person("ada@example.org"))
        .await;
    assert!(matches!(made, Err(PortalError::NotFound { .. })), "{made:?}");
}

#[tokio::test]
async fn guessing_tells_nothing_and_takes_longer_each_time() {
    let house = House::new().await;
    house.developer("ingrid@example.org").await;
    let wrong =
        house.control.sign_in(&visitor(), sign_in("ingrid@example.org", "wrong wrong wrong")).await.unwrap_err();
    let unknown =
        house.control.sign_in(&visitor(), sign_in("nobody@example.org", "wrong wrong wrong")).await.unwrap_err();
    assert_eq!(wrong, unknown, "the same words whether the account exists or not");
    for _ in 0..8 {
        let _ = house.control.sign_in(&visitor(), sign_in("ingrid@example.org", "wrong wrong wrong")).await;
    }
    let right = house.control.sign_in(&visitor(), sign_in("ingrid@example.org", PASSWORD)).await;
    assert!(matches!(right, Err(PortalError::TooManyTries { .. })), "{right:?}");
    house.clock.advance(Duration::from_hours(1));
    assert!(
        house.control.sign_in(&visitor(), sign_in(" Ingrid@Example.org ", PASSWORD)).await.is_ok(),
        "nobody is locked out for good"
    );
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let house = House::new().await;
    let ingrid = house.developer("ingrid@example.org").await;
    let change = |current: &str, password: &str| PasswordChange { current: current.into(), password: password.into() };
    let refused = house.control.change_password(&ingrid, change("not the present one", "a longer sentence here")).await;
    assert!(matches!(&refused, Err(PortalError::Invalid(faults)) if faults[0].field == "current"), "{refused:?}");
    let refused = house.control.change_password(&ingrid, change(PASSWORD, "short")).await;
    assert!(matches!(&refused, Err(PortalError::Invalid(faults)) if faults[0].field == "password"), "{refused:?}");
    house.control.change_password(&ingrid, change(PASSWORD, "a longer sentence here")).await.unwrap();
    assert!(house.control.sign_in(&visitor(), sign_in("ingrid@example.org", PASSWORD)).await.is_err());
    assert!(house.control.sign_in(&visitor(), sign_in("ingrid@example.org", "a longer sentence here")).await.is_ok());
}

#[tokio::test]
async fn what_is_anothers_is_not_there() {
    let house = House::new().await;
    let admin = house.admin().await;
    house.publish_pets(&admin).await;
    let (ingrid, eve) = (house.developer("ingrid@example.org").await, house.developer("eve@example.org").await);
    let app = Portal::create_app(&*house.control, &ingrid, "Fleet").await.unwrap();
    Portal::subscribe(&*house.control, &ingrid, &app, "pets", "starter").await.unwrap();
    let page = house.control.app(&ingrid, &app).await.unwrap();
    let subscription = page.subscriptions[0].id.clone();
    let eves = Portal::create_app(&*house.control, &eve, "Eve's").await.unwrap();
    let not_there = |answer: Result<(), PortalError>, what: &str| {
        assert!(matches!(answer, Err(PortalError::NotFound { .. })), "{what}: {answer:?}");
    };
    not_there(house.control.app(&eve, &app).await.map(drop), "app");
    not_there(Portal::rename_app(&*house.control, &eve, &app, "Mine").await, "rename");
    not_there(house.control.delete_app(&eve, &app).await, "delete");
    not_there(house.control.unsubscribe(&eve, &app, &subscription).await, "unsubscribe");
    not_there(house.control.unsubscribe(&eve, &eves, &subscription).await, "unsubscribe through one's own app");
    not_there(Portal::create_key(&*house.control, &eve, &app, NewKey::default()).await.map(drop), "key");
    not_there(Portal::subscribe(&*house.control, &eve, &app, "pets", "starter").await, "subscribe");
    for refused in [
        house.control.accounts(&eve, None).await.map(drop),
        house.control.audit(&eve, None).await.map(drop),
        house.control.admin_apis(&eve).await.map(drop),
        house.control.unpublish(&eve, "pets").await,
        house.control.analytics(&eve, portico_contract::traffic::UsageQuery::default()).await.map(drop),
    ] {
        assert!(matches!(refused, Err(PortalError::Forbidden { .. })), "{refused:?}");
    }
    assert!(house.control.app(&admin, &app).await.is_ok(), "admins see all");
}

#[tokio::test]
async fn a_key_form_sent_twice_makes_one_key() {
    let house = House::new().await;
    let ingrid = house.developer("ingrid@example.org").await;
    let app = Portal::create_app(&*house.control, &ingrid, "Fleet").await.unwrap();
    let once = house.control.new_key(&ingrid, &app).await.unwrap().once;
    let form = NewKey {
        name: "nightly".into(),
        environment: "live".into(),
        expires: "never".into(),
        once,
        ..NewKey::default()
    };
    let made = Portal::create_key(&*house.control, &ingrid, &app, form.clone()).await.unwrap();
    assert!(made.secret.starts_with("ptk_live_"));
    let again = Portal::create_key(&*house.control, &ingrid, &app, form.clone()).await;
    assert!(matches!(again, Err(PortalError::Conflict { .. })), "{again:?}");
    assert_eq!(house.control.app(&ingrid, &app).await.unwrap().keys.len(), 1);
    let bad = NewKey {
        allow_ips: "10.4.18.7\n10.4.18.0/33".into(),
        expires: "soon".into(),
        once: String::new(),
        name: "x".into(),
        ..form
    };
    let Err(PortalError::Invalid(faults)) = Portal::create_key(&*house.control, &ingrid, &app, bad).await else {
        panic!("refused")
    };
    let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(fields, ["expires", "allow_ips"], "all that is wrong is told at once");
    assert!(faults[1].message.starts_with("Line 2:"));
}

#[tokio::test]
async fn a_refused_document_leaves_what_is_published_and_going_back_is_one_call() {
    let house = House::new().await;
    let admin = house.admin().await;
    house.publish_pets(&admin).await;
    let upload = |document: String, publish| Upload {
        slug: "pets".into(),
        document: document.into_bytes(),
        publish,
        ..Upload::default()
    };
    let refused = house.control.upload(&admin, upload("openapi: 3.0.3\ninfo: [".into(), true)).await.unwrap();
    assert_eq!(refused.slug, None);
    assert!(refused.findings.iter().any(|finding| finding.line.is_some()), "{refused:?}");
    assert_eq!(house.control.api(&visitor(), "pets", None).await.unwrap().head.version, "1.0.0");

    // Which version is the newest goes by time, which the test's clock does not do by itself.
    house.clock.advance(Duration::from_secs(1));
    let second = PETS.replace("1.0.0", "2.0.0").replace("listPets", "allPets");
    house.control.upload(&admin, upload(second.clone(), false)).await.unwrap();
    assert_eq!(
        house.control.api(&visitor(), "pets", None).await.unwrap().head.version,
        "1.0.0",
        "a draft is for publishers"
    );
    assert!(house.control.operation(&visitor(), "pets", Some("2.0.0"), "allPets").await.is_err());
    house.control.upload(&admin, upload(second, true)).await.unwrap();
    assert_eq!(
        house.control.admin_api(&admin, "pets").await.unwrap().versions.len(),
        2,
        "the same bytes are the same version"
    );
    let shown = house.control.operation(&visitor(), "pets", None, "allPets").await.unwrap();
    assert_eq!((shown.head.version.as_str(), shown.operation.title.as_str()), ("2.0.0", "List all pets"));
    assert!(
        house.control.operation(&visitor(), "pets", Some("1.0.0"), "listPets").await.is_ok(),
        "older ones stay readable"
    );
    house.control.publish(&admin, "pets", "1.0.0").await.unwrap();
    assert_eq!(house.control.api(&visitor(), "pets", None).await.unwrap().head.version, "1.0.0");
    assert_eq!(house.control.search(&visitor(), "list pets", None).await.unwrap().hits.len(), 1);
}

#[tokio::test]
async fn a_private_api_is_nowhere_for_readers() {
    let house = House::new().await;
    let admin = house.admin().await;
    house.publish_pets(&admin).await;
    let mut settings = house.control.admin_api(&admin, "pets").await.unwrap().settings;
    settings.visibility = portico_contract::catalogue::Visibility::Private;
    house.control.save_api_settings(&admin, "pets", settings).await.unwrap();
    let ingrid = house.developer("ingrid@example.org").await;
    for reader in [&visitor(), &ingrid] {
        assert!(house.control.catalogue(reader).await.unwrap().items.is_empty());
        assert_eq!(house.control.search(reader, "pets", None).await.unwrap().total, 0);
        assert!(matches!(house.control.api(reader, "pets", None).await, Err(PortalError::NotFound { .. })));
    }
    let app = Portal::create_app(&*house.control, &ingrid, "Fleet").await.unwrap();
    assert!(Portal::subscribe(&*house.control, &ingrid, &app, "pets", "starter").await.is_err());
    assert_eq!(house.control.catalogue(&admin).await.unwrap().items.len(), 1);

    let per = house.developer("per@example.org").await;
    let unknown = Portal::add_reader(&*house.control, &admin, "pets", "nobody@example.org").await;
    assert!(matches!(unknown, Err(PortalError::Invalid(_))), "{unknown:?}");
    assert!(
        Portal::add_reader(&*house.control, &ingrid, "pets", "ingrid@example.org").await.is_err(),
        "not for oneself"
    );
    Portal::add_reader(&*house.control, &admin, "pets", " Ingrid@example.org ").await.unwrap();
    assert!(matches!(
        Portal::add_reader(&*house.control, &admin, "pets", "ingrid@example.org").await,
        Err(PortalError::Conflict { .. })
    ));
    assert_eq!(house.control.catalogue(&ingrid).await.unwrap().items.len(), 1);
    assert!(!house.control.search(&ingrid, "pets", None).await.unwrap().hits.is_empty());
    assert!(house.control.operation(&ingrid, "pets", None, "listPets").await.is_ok());
    Portal::subscribe(&*house.control, &ingrid, &app, "pets", "starter").await.unwrap();
    assert!(house.control.catalogue(&per).await.unwrap().items.is_empty(), "only who was chosen");

    let readers = house.control.readers(&admin, "pets", None).await.unwrap().readers;
    assert_eq!((readers.total, readers.items[0].email.as_str()), (1, "ingrid@example.org"));
    Portal::remove_reader(&*house.control, &admin, "pets", &readers.items[0].id).await.unwrap();
    assert!(matches!(house.control.api(&ingrid, "pets", None).await, Err(PortalError::NotFound { .. })));
}

#[tokio::test]
async fn the_look_is_checked_saved_and_seen_by_everybody() {
    let house = House::new().await;
    let admin = house.admin().await;
    let ingrid = house.developer("ingrid@example.org").await;
    assert_eq!(Portal::brand(&*house.control).await.name, "Portico");
    assert!(house.control.save_brand(&ingrid, "Mine", "").await.is_err(), "not for developers");
    let wrong = house.control.save_brand(&admin, &"x".repeat(41), "red; } body {").await;
    let Err(PortalError::Invalid(faults)) = wrong else { panic!("{wrong:?}") };
    assert_eq!(faults.iter().map(|fault| &fault.field[..]).collect::<Vec<_>>(), ["name", "accent"]);

    house.control.save_brand(&admin, " Nordwind ", "#FFE600").await.unwrap();
    let brand = Portal::brand(&*house.control).await;
    assert_eq!((brand.name.as_str(), brand.logo), ("Nordwind", None));
    assert!(brand.stylesheet.unwrap().starts_with("/brand.css?v="));
    let form = house.control.settings(&admin).await.unwrap().brand;
    assert_ne!(form.drawn.unwrap().0, "#ffe600", "yellow on white cannot be read");

    assert!(matches!(
        Portal::set_logo(&*house.control, &admin, b"<html>".to_vec()).await,
        Err(PortalError::Invalid(_))
    ));
    Portal::set_logo(&*house.control, &admin, b"\x89PNG\r\n\x1a\n".to_vec()).await.unwrap();
    assert_eq!(Portal::brand(&*house.control).await.name, "Nordwind", "the rest stays");
    assert!(Portal::brand(&*house.control).await.logo.is_some());
    Portal::remove_logo(&*house.control, &admin).await.unwrap();
    house.control.save_brand(&admin, "", "").await.unwrap();
    let brand = Portal::brand(&*house.control).await;
    assert_eq!((brand.name.as_str(), brand.stylesheet, brand.logo), ("Portico", None, None));
}

#[tokio::test]
async fn a_part_of_the_settings_is_saved_and_no_other() {
    let house = House::new().await;
    let admin = house.admin().await;
    house.publish_pets(&admin).await;
    let save = async |part, fields: &[(&str, &str)]| {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        house.control.save_settings_part(&admin, "pets", part, fields).await
    };
    let fields_of = |refused: Result<(), PortalError>| match refused {
        Err(PortalError::Invalid(faults)) => faults.into_iter().map(|fault| fault.field).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    save(SettingsPart::Cors, &[("cors", "on"), ("cors.origins", "https://a.example\n")]).await.unwrap();
    save(SettingsPart::Routing, &[("hosts", "pets.example")]).await.unwrap();
    let cors = house.control.settings_part(&admin, "pets", SettingsPart::Cors).await.unwrap();
    assert_eq!((cors.value("cors"), cors.value("cors.origins")), ("on", "https://a.example"));
    assert_eq!((cors.value("cors.max_age_seconds"), cors.default_of("cors.origins")), ("600", "*"));
    let page = house.control.admin_api(&admin, "pets").await.unwrap();
    assert_eq!(page.base_url, "http://pets.example:8081", "served at its host, and not below the gateway's address");
    let set: Vec<_> = page.parts.into_iter().flat_map(|line| line.set).collect();
    assert_eq!(set, ["hosts", "cors"]);

    let both = [("cors", "on"), ("cors.origins", "*"), ("cors.credentials", "on")];
    assert_eq!(fields_of(save(SettingsPart::Cors, &both).await), ["cors.credentials"]);
    let unknown = [("operation_settings", "{\"flyPets\": {}}"), ("routes", "[")];
    assert_eq!(fields_of(save(SettingsPart::Advanced, &unknown).await), ["routes"]);
    assert_eq!(fields_of(save(SettingsPart::Advanced, &unknown[..1]).await), ["operation_settings"]);
    save(SettingsPart::Advanced, &[("operation_settings", "{\"listPets\": {\"timeout_ms\": 500}}")]).await.unwrap();
    let next = PETS.replace("listPets", "allPets");
    house.control.upload(&admin, Upload { document: next.into(), publish: true, ..Upload::default() }).await.unwrap();
    let advanced = house.control.settings_part(&admin, "pets", SettingsPart::Advanced).await.unwrap();
    assert_eq!(advanced.strays, ["listPets"]);
    let ingrid = house.developer("ingrid@example.org").await;
    assert!(house.control.settings_part(&ingrid, "pets", SettingsPart::Cors).await.is_err());
}

#[tokio::test]
async fn a_plan_in_use_stays_and_a_wrong_one_is_told_whole() {
    let house = House::new().await;
    let admin = house.admin().await;
    house.publish_pets(&admin).await;
    let wrong = PlanForm {
        slug: "Gold!".into(),
        name: "Gold".into(),
        rate_limit: "many".into(),
        quota_limit: "1,000".into(),
        ..PlanForm::default()
    };
    let Err(PortalError::Invalid(faults)) = Portal::create_plan(&*house.control, &admin, wrong).await else {
        panic!("refused")
    };
    assert_eq!(faults.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(), ["slug", "rate_limit"]);
    let refused = house.control.delete_plan(&admin, "starter").await;
    assert!(matches!(&refused, Err(PortalError::Conflict { why }) if why.contains("1 API")), "{refused:?}");
    let gold = PlanForm {
        slug: "gold".into(),
        name: "Gold".into(),
        quota_limit: "1,000".into(),
        quota_per: "day".into(),
        manual: true,
        ..PlanForm::default()
    };
    Portal::create_plan(&*house.control, &admin, gold).await.unwrap();
    let mut settings = house.control.admin_api(&admin, "pets").await.unwrap().settings;
    settings.plans.push("gold".into());
    house.control.save_api_settings(&admin, "pets", settings).await.unwrap();
    let ingrid = house.developer("ingrid@example.org").await;
    let app = Portal::create_app(&*house.control, &ingrid, "Fleet").await.unwrap();
    Portal::subscribe(&*house.control, &ingrid, &app, "pets", "gold").await.unwrap();
    let pending = house.control.subscriptions(&admin, "pending", None).await.unwrap();
    assert_eq!((pending.total, pending.items[0].plan.as_str()), (1, "Gold"));
    house.control.decide(&admin, &pending.items[0].id, true).await.unwrap();
    assert_eq!(house.control.app(&ingrid, &app).await.unwrap().subscriptions[0].state, "active");
}

#[tokio::test]
async fn the_only_admin_stays_one() {
    let house = House::new().await;
    let admin = house.admin().await;
    let id = admin.account.as_ref().unwrap().id.clone();
    for refused in [
        house.control.set_role(&admin, &id, portico_contract::Role::Developer).await,
        house.control.delete_account(&admin, &id).await,
    ] {
        assert!(matches!(refused, Err(PortalError::Conflict { .. })), "{refused:?}");
    }
    let log = house.control.audit(&admin, None).await.unwrap();
    assert!(log.items.iter().all(|line| !line.detail.contains("argon2")), "no secret in the log");
}
