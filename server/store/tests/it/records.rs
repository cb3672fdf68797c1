use super::house::{House, NOW, draft, secret};
use portico_domain::{
    Account, Actor, ApiSettings, Guide, GuideHead, GuideImage, GuidePlace, MailKind, ManagementToken, Plan, Purpose,
    Rate, RatePeriod, Role, RouteSpec, Subject, Subscription, SubscriptionId, SubscriptionState, Timestamp, TokenId,
    VersionState,
};
use portico_store::{AuditFilter, Link, LinkPurpose, Remembered, StoreError, Tx, Unique};
use std::time::Duration;

/// Does one write in a transaction of its own, and checks that it left one change, and which.
async fn once<T>(
    house: &House,
    action: &str,
    subject: Subject,
    target: impl ToString,
    write: impl AsyncFnOnce(&mut Tx) -> Result<T, StoreError>,
) -> T {
    let before = house.store.last_change().await.unwrap();
    let mut tx = house.store.begin(Actor::Visitor).await.unwrap();
    let value = write(&mut tx).await.unwrap();
    assert_eq!(tx.commit().await, Ok(before + 1), "{action} {}", subject.as_str());
    let changes = house.store.changes_after(before, 10).await.unwrap();
    let [change] = changes.as_slice() else { panic!("{changes:?}") };
    let found = (change.seq, change.at, &change.actor, change.action.as_str(), change.subject, change.target.clone());
    assert_eq!(found, (before + 1, NOW, &Actor::Visitor, action, subject, target.to_string()));
    value
}

fn subscription(house: &House, app: &portico_domain::App, api: &portico_domain::Api) -> Subscription {
    Subscription {
        id: SubscriptionId::new(&*house.clock),
        app: app.id,
        api: api.slug.clone(),
        plan: Plan::starter().slug,
        state: SubscriptionState::Pending,
        created_at: NOW,
    }
}

on_both! {
    /// And what is read back is what was written.
    async fn every_write_leaves_one_change(house) {
        let store = &house.store;
        assert_eq!(store.has_admin().await, Ok(false));

        let account = house.account("ingrid@example.org");
        once(&house, "created", Subject::Account, account.id, async |tx| tx.add_account(&account).await).await;
        assert_eq!(store.has_admin().await, Ok(false));
        let account = Account { name: "Ingrid Ø".into(), role: Role::Admin, email: "i@example.org".parse().unwrap(), ..account };
        once(&house, "changed", Subject::Account, account.id, async |tx| tx.change_account(&account).await).await;
        let account = Account { password: "$argon2id$new".into(), ..account };
        once(&house, "password_changed", Subject::Account, account.id, async |tx| tx.change_password(account.id, &account.password).await).await;
        assert_eq!(store.account(account.id).await, Ok(Some(account.clone())));
        assert_eq!(store.account_by_email(&account.email).await, Ok(Some(account.clone())));
        assert_eq!(store.accounts(None, 10).await, Ok(vec![account.clone()]));
        assert_eq!(store.accounts(Some(account.id), 10).await, Ok(vec![]));
        assert_eq!((store.count_accounts().await, store.has_admin().await), (Ok(1), Ok(true)));

        let each = Rate { limit: 2, per: RatePeriod::Second, burst: Some(9) };
        let operations = [("get /pets".to_owned(), each)].into();
        let plan = Plan { rate: None, quota: None, concurrency: Some(7), per_key: Some(each), operations, ..Plan::starter() };
        once(&house, "created", Subject::Plan, "starter", async |tx| tx.add_plan(&plan).await).await;
        assert_eq!(store.plan(&plan.slug).await, Ok(Some(plan.clone())));
        once(&house, "changed", Subject::Plan, "starter", async |tx| tx.replace_plan(&Plan::starter()).await).await;
        assert_eq!(store.plan(&plan.slug).await, Ok(Some(Plan::starter())));
        assert_eq!(store.plans().await, Ok(vec![Plan::starter()]));

        let mut api = draft("pets");
        once(&house, "created", Subject::Api, "pets", async |tx| tx.add_api(&api).await).await;
        api.settings = ApiSettings { base_path: "/animals/v2".into(), timeout_ms: 5_000, ..api.settings };
        once(&house, "settings_changed", Subject::Api, "pets", async |tx| tx.change_api_settings(&api.slug, &api.settings).await).await;
        "Animals".clone_into(&mut api.title);
        once(&house, "purged", Subject::Api, "pets", async |tx| tx.purge_answers(&api.slug, Some("/cats")).await).await;
        once(&house, "title_changed", Subject::Api, "pets", async |tx| tx.set_api_title(&api.slug, "Animals").await).await;
        assert_eq!(store.api(&api.slug).await, Ok(Some(api.clone())));
        assert_eq!(store.api_by_base_path("/animals/v2").await, Ok(Some(api.clone())));
        assert_eq!(store.apis().await, Ok(vec![api.clone()]));

        let version = house.version(&api, "1.0.0");
        let routes = [RouteSpec { operation: "getPet".into(), method: "GET".into(), template: "/pets/{id}".into(), secured: true, deprecation: None, key_places: Vec::new() }];
        let document = b"openapi: 3.0.0\n\0\xff";
        once(&house, "version_added", Subject::Api, "pets", async |tx| tx.add_version(&version, document, &routes).await).await;
        assert_eq!(store.version(version.id).await, Ok(Some(version.clone())));
        assert_eq!(store.document(version.id).await, Ok(Some(document.to_vec())));
        assert_eq!(store.routes(version.id).await, Ok(Some(routes.to_vec())));
        assert_eq!(store.published().await, Ok(vec![]));
        once(&house, "published", Subject::Api, "pets", async |tx| tx.publish(&api.slug, Some(version.id)).await).await;
        let published = store.published().await.unwrap();
        assert_eq!((published.len(), published[0].api.published, &published[0].version.state), (1, Some(version.id), &VersionState::Published));
        assert_eq!((&published[0].routes[..], published[0].version.published_at), (&routes[..], Some(NOW)));
        once(&house, "unpublished", Subject::Api, "pets", async |tx| tx.publish(&api.slug, None).await).await;
        assert_eq!(store.versions(&api.slug).await.unwrap()[0].state, VersionState::Retired);

        let app = house.app(&account, "Harbour");
        once(&house, "created", Subject::App, app.id, async |tx| tx.add_app(&app).await).await;
        once(&house, "renamed", Subject::App, app.id, async |tx| tx.rename_app(app.id, "Port").await).await;
        once(&house, "owner_changed", Subject::App, app.id, async |tx| tx.set_app_owner(app.id, account.id).await).await;
        let app = portico_domain::App { name: "Port".into(), ..app };
        assert_eq!(store.app(app.id).await, Ok(Some(app.clone())));
        assert_eq!((store.apps_of(account.id).await, store.apps(None, 5).await), (Ok(vec![app.clone()]), Ok(vec![app.clone()])));
        assert_eq!(store.count_apps().await, Ok(1));

        let mut subscription = subscription(&house, &app, &api);
        once(&house, "created", Subject::Subscription, subscription.id, async |tx| tx.add_subscription(&subscription).await).await;
        assert_eq!(store.subscriptions_in(SubscriptionState::Pending, None, 5).await, Ok(vec![subscription.clone()]));
        assert_eq!(store.count_subscriptions_in(SubscriptionState::Pending).await, Ok(1));
        subscription.state = SubscriptionState::Active;
        once(&house, "approved", Subject::Subscription, subscription.id, async |tx| {
            tx.set_subscription_state(subscription.id, SubscriptionState::Active).await
        })
        .await;
        once(&house, "plan_changed", Subject::Subscription, subscription.id, async |tx| {
            tx.set_subscription_plan(subscription.id, &plan.slug).await
        })
        .await;
        assert_eq!(store.subscription(subscription.id).await, Ok(Some(subscription.clone())));
        assert_eq!(store.subscriptions_of(app.id).await, Ok(vec![subscription.clone()]));
        assert_eq!(store.subscriptions(None, 5).await, Ok(vec![subscription.clone()]));
        assert_eq!(store.count_subscriptions_of_api(&api.slug).await, Ok(1));

        assert_eq!(store.subscribers(&api.slug, MailKind::Versions).await, Ok(vec![account.clone()]));
        assert_eq!(store.apps_subscribed_to(&api.slug).await, Ok(vec![app.id]));
        for on in [false, true] {
            once(&house, "mail_changed", Subject::Account, account.id, async |tx| tx.set_mail(account.id, MailKind::Versions, on).await).await;
            assert_eq!(store.is_mail_off(account.id, MailKind::Versions).await, Ok(!on));
            assert_eq!(store.subscribers(&api.slug, MailKind::Versions).await.unwrap().len(), usize::from(on));
        }

        once(&house, "reader_added", Subject::Api, "pets", async |tx| tx.add_api_reader(&api.slug, account.id).await).await;
        once(&house, "reader_removed", Subject::Api, "pets", async |tx| tx.remove_api_reader(&api.slug, account.id).await).await;

        let mut key = house.key(app.id, 1);
        once(&house, "created", Subject::Key, key.id, async |tx| tx.add_key(&key).await).await;
        key = portico_domain::Key {
            name: "laptop".to_owned().try_into().unwrap(),
            expires_at: Some(NOW.plus(Duration::from_mins(1))),
            apis: vec![api.slug.clone()],
            operations: vec!["getPet".into()],
            allow_ips: vec!["10.0.0.0/8".parse().unwrap()],
            ..key
        };
        once(&house, "changed", Subject::Key, key.id, async |tx| tx.replace_key(&key).await).await;
        assert_eq!(store.key(key.id).await, Ok(Some(key.clone())));
        let (new, until) = (house.key(app.id, 2), NOW.plus(Duration::from_secs(5)));
        once(&house, "rotated", Subject::Key, key.id, async |tx| tx.rotate_key(key.id, new.public_id, &new.digest, Some(until)).await).await;
        let rotated = store.key_by_public_id(key.public_id).await.unwrap().unwrap();
        assert_eq!((rotated.id, rotated.public_id, rotated.previous), (key.id, new.public_id, Some((key.public_id, key.digest, until))));
        once(&house, "revoked", Subject::Key, key.id, async |tx| tx.revoke_key(key.id).await).await;
        assert_eq!(store.keys_of(app.id).await.unwrap()[0].revoked_at, Some(NOW));
        let more = [house.key(app.id, 3), house.key(app.id, 4)];
        once(&house, "imported", Subject::Key, app.id, async |tx| tx.import_keys(app.id, &more).await).await;
        let mut all = store.keys(None, 10).await.unwrap();
        all.retain(|found| found.id != key.id);
        all.sort_by_key(|found| found.public_id != more[0].public_id);
        assert_eq!(all, more);

        let token = ManagementToken {
            id: TokenId::new(&*house.clock),
            account: account.id,
            name: "deploy".into(),
            digest: secret().digest(Purpose::ManagementToken, "ptm_1"),
            expires_at: None,
            created_at: NOW,
        };
        once(&house, "created", Subject::Token, token.id, async |tx| tx.add_token(&token).await).await;
        assert_eq!(store.token_by_digest(&token.digest).await, Ok(Some((token.clone(), account.clone()))));
        assert_eq!((store.token(token.id).await, store.tokens_of(account.id).await), (Ok(Some(token.clone())), Ok(vec![token.clone()])));
        once(&house, "revoked", Subject::Token, token.id, async |tx| tx.revoke_token(token.id).await).await;
        assert_eq!(store.token_by_digest(&token.digest).await, Ok(None));

        let link = link(LinkPurpose::ResetPassword, Some(account.id), "l1");
        once(&house, "link_added", Subject::Account, account.id, async |tx| tx.add_link(&link).await).await;
        assert_eq!(store.usable_link(link.purpose, &link.digest).await, Ok(Some(link.clone())));
        let used = once(&house, "link_used", Subject::Account, account.id, async |tx| tx.use_link(link.purpose, &link.digest).await).await;
        assert_eq!(used, Some(link));

        for value in [serde_json::json!({"secret": "hunter2"}), serde_json::json!(null)] {
            once(&house, "changed", Subject::Setting, "sign_up", async |tx| tx.put_setting("sign_up", &value).await).await;
            assert_eq!(store.setting("sign_up").await, Ok(Some(value)));
        }

        let place = GuidePlace::Api(api.slug.clone());
        let head = GuideHead { slug: "first".parse().unwrap(), title: "First".into(), description: String::new(), order: 1, draft: true };
        let guide = Guide { place: place.clone(), head, text: "Begin.".into(), created_at: NOW, changed_at: NOW };
        once(&house, "written", Subject::Guide, "pets/first", async |tx| tx.put_guide(&guide).await).await;
        assert_eq!(store.guide(&place, &guide.head.slug).await, Ok(Some(guide.clone())));
        once(&house, "removed", Subject::Guide, "pets/first", async |tx| tx.remove_guide(&place, &guide.head.slug).await).await;
        let image = GuideImage { name: "a.png".parse().unwrap(), bytes: vec![0, 255], changed_at: NOW };
        once(&house, "image_written", Subject::Guide, "pets/a.png", async |tx| tx.put_guide_image(&place, &image).await).await;
        assert_eq!(store.guide_image(&place, &image.name).await, Ok(Some(image.clone())));
        once(&house, "image_removed", Subject::Guide, "pets/a.png", async |tx| tx.remove_guide_image(&place, &image.name).await).await;

        once(&house, "removed", Subject::Subscription, subscription.id, async |tx| tx.remove_subscription(subscription.id).await).await;
        once(&house, "removed", Subject::App, app.id, async |tx| tx.remove_app(app.id).await).await;
        once(&house, "removed", Subject::Api, "pets", async |tx| tx.remove_api(&api.slug).await).await;
        once(&house, "removed", Subject::Plan, "starter", async |tx| tx.remove_plan(&plan.slug).await).await;
        once(&house, "removed", Subject::Account, account.id, async |tx| tx.remove_account(account.id).await).await;
        assert_eq!((store.has_admin().await, store.keys(None, 10).await, store.versions(&api.slug).await), (Ok(false), Ok(vec![]), Ok(vec![])));

        let log = format!("{:?}", store.changes_after(0, 1_000).await.unwrap());
        assert!(!log.contains("hunter2") && !log.contains("argon2"), "{log}");
    }
}

/// A new way to write must come into the test above.
#[test]
fn every_write_is_tried() {
    // The last two leave no row in the log; `outbox` tries them.
    let reads = ["count_accounts_with", "api", "commit", "remember", "post_letter", "move_log_reader"];
    let tests = include_str!("records.rs");
    let mut writes = 0;
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let Some((_, of_tx)) = source.split_once("\nimpl Tx {") else { continue };
        for name in of_tx
            .split("pub async fn ")
            .skip(1)
            .filter_map(|rest| rest.split('(').next())
            .filter(|name| !reads.contains(name))
        {
            assert!(tests.contains(&format!("tx.{name}(")), "{name} is not tried");
            writes += 1;
        }
    }
    assert!(writes > 25, "{writes}");
}

fn link(purpose: LinkPurpose, account: Option<portico_domain::AccountId>, secret_text: &str) -> Link {
    let digest = secret().digest(Purpose::Link, secret_text);
    Link { digest, purpose, account, created_at: NOW, expires_at: NOW.plus(Duration::from_mins(15)) }
}

on_both! {
    async fn what_is_taken_says_what(house) {
        let (account, app, api) = house.furnish().await;
        let subscription = subscription(&house, &app, &api);
        let key = house.key(app.id, 1);
        let mut tx = house.begin().await;
        tx.add_subscription(&subscription).await.unwrap();
        tx.add_key(&key).await.unwrap();
        tx.commit().await.unwrap();
        let before = house.store.last_change().await;

        let taken = |what| Err(StoreError::Taken { what });
        let other_account = house.account("ingrid@example.org");
        assert_eq!(house.begin().await.add_account(&other_account).await, taken(Unique::Email));
        assert_eq!(house.begin().await.add_account(&Account { email: "o@example.org".parse().unwrap(), ..account.clone() }).await, taken(Unique::Id));
        assert_eq!(house.begin().await.add_api(&draft("pets")).await, taken(Unique::Api));
        let mut same_path = draft("cats");
        same_path.settings.base_path = "/pets".into();
        assert_eq!(house.begin().await.add_api(&same_path).await, taken(Unique::BasePath));
        assert_eq!(house.begin().await.add_plan(&Plan::starter()).await, taken(Unique::Plan));
        let twice = Subscription { id: SubscriptionId::new(&*house.clock), ..subscription.clone() };
        assert_eq!(house.begin().await.add_subscription(&twice).await, taken(Unique::Subscription));
        assert_eq!(house.begin().await.add_key(&house.key(app.id, 1)).await, taken(Unique::Key));
        let used_by_one = Err(StoreError::InUse { what: "plan", by: "subscriptions", count: 1 });
        assert_eq!(house.begin().await.remove_plan(&Plan::starter().slug).await, used_by_one);
        assert_eq!(house.store.last_change().await, before);
        let text = StoreError::Taken { what: Unique::Email }.to_string();
        assert_eq!(text, "the e-mail address is taken");
    }
}

on_both! {
    async fn what_is_missing_says_so(house) {
        let missing = |what| Err(StoreError::Missing { what });
        let (account, api) = (house.account("a@example.org"), draft("pets"));
        let app = house.app(&account, "Harbour");
        let key = house.key(app.id, 1);
        assert_eq!(house.begin().await.change_account(&account).await, missing("account"));
        assert_eq!(house.begin().await.remove_account(account.id).await, missing("account"));
        assert_eq!(house.begin().await.add_app(&app).await, missing("account"));
        assert_eq!(house.begin().await.add_key(&key).await, missing("app"));
        assert_eq!(house.begin().await.revoke_key(key.id).await, missing("key"));
        assert_eq!(house.begin().await.add_subscription(&subscription(&house, &app, &api)).await, missing("app, API or plan"));
        assert_eq!(house.begin().await.add_version(&house.version(&api, "1"), b"", &[]).await, missing("API"));
        assert_eq!(house.begin().await.publish(&api.slug, None).await, missing("API"));
        let (_, _, api) = house.furnish().await;
        let stranger = house.version(&api, "1").id;
        assert_eq!(house.begin().await.publish(&api.slug, Some(stranger)).await, missing("version"));
    }
}

on_both! {
    async fn a_transaction_that_failed_cannot_be_committed(house) {
        let (_, app, _) = house.furnish().await;
        let before = house.store.last_change().await.unwrap();
        let mut tx = house.begin().await;
        tx.rename_app(app.id, "Lighthouse").await.unwrap();
        assert!(tx.add_plan(&Plan::starter()).await.is_err());
        assert_eq!(tx.commit().await, Err(StoreError::Internal));
        assert_eq!(house.store.app(app.id).await.unwrap().unwrap().name, "Harbour");
        assert_eq!(house.store.last_change().await, Ok(before));
    }
}

on_both! {
    async fn a_dropped_transaction_never_was(house) {
        let (_, app, _) = house.furnish().await;
        let before = house.store.last_change().await.unwrap();
        house.begin().await.rename_app(app.id, "Lighthouse").await.unwrap();
        let mut tx = house.begin().await;
        tx.rename_app(app.id, "Pier").await.unwrap();
        assert_eq!(tx.commit().await, Ok(before + 1));
        assert_eq!(house.store.app(app.id).await.unwrap().unwrap().name, "Pier");
    }
}

on_both! {
    /// Many at once: every number is there once, and none becomes visible before a lower one.
    async fn the_log_has_no_gaps_under_concurrent_writes(house) {
        let (_, app, _) = house.furnish().await;
        let before = house.store.last_change().await.unwrap();
        let writers: Vec<_> = (0..12)
            .map(|n| {
                let store = house.store.clone();
                tokio::spawn(async move {
                    let mut tx = store.begin(Actor::System).await.unwrap();
                    tx.rename_app(app.id, &format!("{n} once")).await.unwrap();
                    tx.rename_app(app.id, &format!("{n} twice")).await.unwrap();
                    tx.commit().await.unwrap()
                })
            })
            .collect();
        let mut seen = before;
        while seen < before + 24 {
            for change in house.store.changes_after(seen, 5).await.unwrap() {
                assert_eq!(change.seq, seen + 1);
                seen = change.seq;
            }
            tokio::task::yield_now().await;
        }
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!(house.store.last_change().await, Ok(before + 24));
        assert_eq!((house.store.changed(before).await, house.store.changed(before + 24).await), (Ok(true), Ok(false)));
    }
}

on_both! {
    async fn publishing_replaces_and_going_back_is_one_call(house) {
        let (_, _, api) = house.furnish().await;
        let (one, two) = (house.version(&api, "1"), house.version(&api, "2"));
        let mut tx = house.begin().await;
        for version in [&one, &two] {
            tx.add_version(version, b"{}", &[]).await.unwrap();
            tx.publish(&api.slug, Some(version.id)).await.unwrap();
        }
        assert_eq!(tx.api(&api.slug).await.unwrap().unwrap().published, Some(two.id));
        tx.commit().await.unwrap();
        let states = async || house.store.versions(&api.slug).await.unwrap().iter().map(|version| (version.id, version.state)).collect::<Vec<_>>();
        let (published, retired) = (VersionState::Published, VersionState::Retired);
        let mut expected = vec![(one.id, retired), (two.id, published)];
        expected.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
        assert_eq!(states().await, expected);
        let mut tx = house.begin().await;
        tx.publish(&api.slug, Some(one.id)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(house.store.published().await.unwrap()[0].version.id, one.id);
    }
}

on_both! {
    async fn a_link_works_once_and_for_its_purpose_and_time(house) {
        let links = [link(LinkPurpose::FirstAdministrator, None, "old"), link(LinkPurpose::FirstAdministrator, None, "new")];
        let mut tx = house.begin().await;
        for link in &links {
            tx.add_link(link).await.unwrap();
        }
        tx.commit().await.unwrap();
        let [old, new] = links;
        assert_eq!(house.begin().await.use_link(new.purpose, &old.digest).await, Ok(None), "replaced by the new one");
        assert_eq!(house.begin().await.use_link(LinkPurpose::VerifyEmail, &new.digest).await, Ok(None));

        let attempts = (0..4).map(|_| {
            let (store, digest) = (house.store.clone(), new.digest);
            tokio::spawn(async move {
                let mut tx = store.begin(Actor::Visitor).await.unwrap();
                let used = tx.use_link(LinkPurpose::FirstAdministrator, &digest).await.unwrap();
                tx.commit().await.unwrap();
                used.is_some()
            })
        });
        let mut used = 0;
        for attempt in attempts.collect::<Vec<_>>() {
            used += usize::from(attempt.await.unwrap());
        }
        assert_eq!(used, 1);

        let late = link(LinkPurpose::FirstAdministrator, None, "late");
        let mut tx = house.begin().await;
        tx.add_link(&late).await.unwrap();
        tx.commit().await.unwrap();
        house.clock.advance(Duration::from_mins(15));
        assert_eq!(house.begin().await.use_link(late.purpose, &late.digest).await, Ok(None));
    }
}

on_both! {
    async fn the_audit_log_narrows_and_pages(house) {
        let (account, app, _) = house.furnish().await;
        let me = Actor::Account(account.id);
        let mut tx = house.store.begin(me.clone()).await.unwrap();
        tx.rename_app(app.id, "Pier").await.unwrap();
        tx.rename_app(app.id, "Quay").await.unwrap();
        tx.commit().await.unwrap();
        let seqs = async |filter: AuditFilter, before, limit| {
            house.store.audit(&filter, before, limit).await.unwrap().iter().map(|change| change.seq).collect::<Vec<_>>()
        };
        assert_eq!(seqs(AuditFilter::default(), None, 3).await, [6, 5, 4]);
        assert_eq!(seqs(AuditFilter::default(), Some(4), 3).await, [3, 2, 1]);
        assert_eq!(seqs(AuditFilter { actor: Some(me), ..Default::default() }, None, 9).await, [6, 5]);
        assert_eq!(seqs(AuditFilter { subject: Some(Subject::App), ..Default::default() }, None, 9).await, [6, 5, 2]);
        assert_eq!(seqs(AuditFilter { target: Some(app.id.to_string()), action: Some("created".into()), ..Default::default() }, None, 9).await, [2]);
        assert_eq!(seqs(AuditFilter { to: Some(NOW), ..Default::default() }, None, 9).await, Vec::<i64>::new());
        assert_eq!(seqs(AuditFilter { from: Some(NOW), to: Some(Timestamp::from_micros(NOW.micros() + 1)), ..Default::default() }, None, 2).await, [6, 5]);
    }
}

on_both! {
    async fn an_answer_is_remembered_once(house) {
        let (_, app, _) = house.furnish().await;
        let key = secret().digest(Purpose::Idempotency, "abc");
        let answer = Remembered { request: secret().digest(Purpose::Idempotency, "POST /apps"), status: 201, answer: vec![0, 255, 1], created_at: NOW };
        let mut tx = house.begin().await;
        tx.rename_app(app.id, "Pier").await.unwrap();
        tx.remember("account:1", &key, &answer).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(house.store.remembered("account:1", &key).await, Ok(Some(answer.clone())));
        assert_eq!(house.store.remembered("account:2", &key).await, Ok(None));

        let mut tx = house.begin().await;
        tx.rename_app(app.id, "Quay").await.unwrap();
        assert_eq!(tx.remember("account:1", &key, &answer).await, Err(StoreError::Taken { what: Unique::IdempotencyKey }));
        assert!(tx.commit().await.is_err());
        assert_eq!(house.store.app(app.id).await.unwrap().unwrap().name, "Pier");

        house.clock.advance(Duration::from_hours(25));
        house.store.sweep().await.unwrap();
        assert_eq!(house.store.remembered("account:1", &key).await, Ok(None));
    }
}

on_both! {
    /// PostgreSQL's text has no NUL; a document's title may.
    async fn nul_in_a_title_is_survived(house) {
        let (_, _, api) = house.furnish().await;
        let mut tx = house.begin().await;
        tx.set_api_title(&api.slug, "Pe\0ts").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(house.store.api(&api.slug).await.unwrap().unwrap().title, "Pe\u{fffd}ts");
    }
}
