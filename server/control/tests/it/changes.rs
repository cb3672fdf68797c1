//! What changed from version to version, and whom that concerns.
use crate::{House, PETS, visitor};
use portico_contract::{Caller, Portal, PortalError, admin::Upload, changes::ChangeClass};
use portico_domain::{Clock as _, UsageBatch, UsageRow, latency_bucket};
use std::time::Duration;

/// `PETS` in another version, in which the list needs a parameter.
fn second() -> String {
    PETS.replace("1.0.0", "2.0.0").replace(
        "      summary: List all pets\n",
        "      summary: List all pets\n      parameters: [{ name: kind, in: query, required: true, schema: { type: string } }]\n",
    )
}

impl House {
    async fn upload(&self, who: &Caller, document: String, publish: bool) {
        let upload = Upload { slug: "pets".into(), document: document.into(), publish, ..Upload::default() };
        let uploaded = self.control.upload(who, upload).await.unwrap();
        assert_eq!(uploaded.published, publish, "{uploaded:?}");
        self.clock.advance(Duration::from_mins(1));
    }
}

#[tokio::test]
async fn changes_are_told_by_version_and_stay_when_an_older_one_is_published_again() {
    let house = House::new().await;
    let admin = house.admin().await;
    house.publish_pets(&admin).await;
    house.clock.advance(Duration::from_mins(1));
    house.upload(&admin, second(), true).await;
    house.control.publish(&admin, "pets", "1.0.0").await.unwrap();

    let page = house.control.changes(&visitor(), "pets", None).await.unwrap();
    let [newest, first] = &page.versions.items[..] else { panic!("{:?}", page.versions) };
    assert_eq!((newest.version.as_str(), newest.current, first.current), ("2.0.0", false, true));
    assert_eq!((newest.root.as_str(), first.root.as_str()), ("/apis/pets/versions/2.0.0", "/apis/pets"));
    let since = newest.since.as_ref().unwrap();
    assert_eq!((since.version.as_str(), since.changes.breaking), ("1.0.0", 1));
    assert!(first.since.is_none());

    let one = house.control.version_changes(&visitor(), "pets", "2.0.0").await.unwrap();
    assert_eq!(one.version.since.unwrap().changes, since.changes);
    let feed = house.control.changes_feed(&visitor(), "pets").await.unwrap();
    assert_eq!(feed.own, "http://127.0.0.1:8080/apis/pets/changes.rss");
    assert_eq!(feed.entries[0].href, "http://127.0.0.1:8080/apis/pets/versions/2.0.0/changes");
    assert_eq!((feed.entries.len(), feed.entries[1].first), (2, true));
    assert!(feed.entries[0].published.ends_with(" 2026 12:01:00 +0000"), "{}", feed.entries[0].published);

    let read = |version| house.control.operation(&admin, "pets", version, "listPets");
    let last = read(Some("2.0.0")).await.unwrap().last_changed.unwrap();
    assert_eq!((last.version.as_str(), last.href.as_str()), ("2.0.0", "/apis/pets/versions/2.0.0/changes"));
    assert_eq!(read(Some("1.0.0")).await.unwrap().last_changed, None, "it was not changed up to then");
}

#[tokio::test]
async fn versions_come_in_parts() {
    let house = House::new().await;
    let admin = house.admin().await;
    for n in 0..12 {
        house.upload(&admin, PETS.replace("1.0.0", &format!("1.{n}.0")), true).await;
    }
    let page = house.control.changes(&visitor(), "pets", None).await.unwrap();
    assert_eq!((page.versions.items.len(), page.versions.total), (10, 12));
    let after = page.versions.next.unwrap();
    let rest = house.control.changes(&visitor(), "pets", Some(&after)).await.unwrap();
    let versions: Vec<_> = rest.versions.items.iter().map(|version| version.version.as_str()).collect();
    assert_eq!((versions, rest.versions.next), (vec!["1.1.0", "1.0.0"], None));
    assert_eq!(page.versions.items[9].since.as_ref().unwrap().version, "1.1.0");
}

#[tokio::test]
async fn publishers_see_beforehand_what_would_break_and_for_whom() {
    let house = House::new().await;
    let (admin, developer) = (house.admin().await, house.developer("dora@example.org").await);
    house.publish_pets(&admin).await;
    assert_eq!(house.control.admin_api(&admin, "pets").await.unwrap().impact, None, "nothing is to be published");
    let app = Portal::create_app(&*house.control, &developer, "Fleet").await.unwrap();
    house.control.subscribe(&developer, &app, "pets", "starter").await.unwrap();
    let other = Portal::create_app(&*house.control, &developer, "Unsubscribed").await.unwrap();
    house.clock.advance(Duration::from_mins(1));
    house.upload(&admin, second(), false).await;

    let now = house.clock.now();
    let row = |app: &str, minute, operation: &str, requests| UsageRow {
        minute,
        api: "pets".parse().unwrap(),
        operation: operation.into(),
        app: Some(app.parse().unwrap()),
        key: None,
        status: 200,
        latency_bucket: latency_bucket(900),
        requests,
    };
    let rows = vec![
        row(&app, now.minus(Duration::from_mins(10)), "listPets", 7),
        row(&app, now.minus(Duration::from_mins(1)), "listPets", 5),
        row(&app, now.minus(Duration::from_hours(31 * 24)), "listPets", 1_000),
        row(&app, now, "another", 9),
        row(&other, now, "listPets", 3),
    ];
    house.store.add_usage("node", 1, &UsageBatch { rows, ..UsageBatch::default() }).await.unwrap();

    let impact = house.control.admin_api(&admin, "pets").await.unwrap().impact.unwrap();
    assert_eq!((impact.from.as_str(), impact.to.as_str(), impact.changes.breaking), ("1.0.0", "2.0.0", 1));
    assert_eq!(impact.changes.items[0].class, ChangeClass::Breaking);
    let [caller] = &impact.callers[..] else { panic!("{:?}", impact.callers) };
    assert_eq!((caller.app.as_str(), caller.owner.as_str(), caller.calls), ("Fleet", "dora@example.org", 12));
    assert_eq!(caller.messages, ["The query parameter `kind` is new and required"]);
    assert_eq!((impact.callers_total, impact.apps_total), (1, 1));

    let seen = house.control.version_changes(&developer, "pets", "2.0.0").await;
    assert!(matches!(seen, Err(PortalError::NotFound { .. })), "drafts are for publishers: {seen:?}");
}
