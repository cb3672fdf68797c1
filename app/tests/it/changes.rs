//! What changed from version to version: lists, one version, the feed, and what publishers see beforehand.
use super::{
    documents::{HOSTILE, head, navigation},
    fake::{Fake, moment},
    visit::get,
};
use portico_contract::{
    Listing, Role,
    admin::{AffectedCaller, Impact},
    catalogue::{ChangesFeed, ChangesPage, FeedEntry, PublishedVersion, Since, VersionChangesPage},
    changes::{Change, ChangeClass, ChangeSubject, Changes, Edition, OperationNames},
};
use std::sync::Arc;

/// One change of each class, and one of each subject.
pub(crate) fn differences() -> Changes {
    let names = OperationNames { before: Some("listPets".into()), after: Some("listPets".into()) };
    let change = |class, subject, message: &str, advice: &str| Change {
        class,
        code: "some-code".into(),
        subject,
        edition: Edition::After,
        pointer: "/paths".into(),
        message: message.into(),
        advice: advice.into(),
        operations: vec![names.clone()],
    };
    let operation = ChangeSubject::Operation {
        names: names.clone(),
        method: "get".into(),
        path: "/pets".into(),
        title: "List pets".into(),
    };
    let schema = ChangeSubject::Schema { name: "Pet/Öffentlich".into(), edition: Edition::After };
    Changes {
        items: vec![
            change(
                ChangeClass::Breaking,
                operation.clone(),
                "The query parameter `<b>limit` is required now",
                "Always send it.",
            ),
            change(ChangeClass::Compatible, schema, "`tag` is new", ""),
            change(ChangeClass::Docs, operation, HOSTILE, ""),
            change(ChangeClass::Docs, ChangeSubject::Document, "Descriptions were reworded", ""),
        ],
        breaking: 1,
        compatible: 1,
        docs: 2,
        cut: false,
    }
}

fn published(version: &str, since: Option<&str>) -> PublishedVersion {
    PublishedVersion {
        id: format!("id-{version}"),
        version: version.into(),
        published: Some(moment()),
        operations: 3,
        current: version == "1.2.0",
        root: "/apis/petstore".into(),
        href: format!("/apis/petstore/versions/{version}/changes"),
        since: since.map(|from| Since {
            version: from.into(),
            root: format!("/apis/petstore/versions/{from}"),
            changes: differences(),
        }),
    }
}

pub(crate) fn page() -> ChangesPage {
    ChangesPage {
        head: head(None),
        navigation: navigation(""),
        versions: Listing {
            items: vec![published("1.2.0", Some("1.1.0")), published("1.1.0", None)],
            next: Some("id-1.1.0".into()),
            total: 12,
        },
    }
}

pub(crate) fn of_version(version: &str) -> VersionChangesPage {
    VersionChangesPage {
        head: head(Some(version)),
        navigation: navigation(""),
        version: published(version, Some("1.0.0")),
    }
}

pub(crate) fn feed() -> ChangesFeed {
    let entry = |id: &str, first| FeedEntry {
        id: id.into(),
        title: format!("Petstore {id} <&>"),
        href: format!("https://portal.example/apis/petstore/versions/{id}/changes"),
        published: "Mon, 23 Nov 2026 14:05:00 +0000".into(),
        first,
        changes: if first { Changes::default() } else { differences() },
    };
    ChangesFeed {
        title: "Changes of Petstore".into(),
        href: "https://portal.example/apis/petstore/changes".into(),
        own: "https://portal.example/apis/petstore/changes.rss".into(),
        entries: vec![entry("1.2.0", false), entry("1.1.0", true)],
    }
}

pub(crate) fn impact() -> Impact {
    Impact {
        from: "1.0.0".into(),
        from_root: "/apis/petstore".into(),
        to: "1.1.0".into(),
        to_root: "/apis/petstore/versions/1.1.0".into(),
        changes: differences(),
        callers: vec![AffectedCaller {
            app: "Fleet <Scheduler>".into(),
            owner: "ingrid@nordlys.example".into(),
            operation: "listPets".into(),
            calls: 1_204,
            last: moment(),
            messages: vec!["The query parameter `limit` is required now".into()],
        }],
        callers_total: 1,
        apps_total: 1,
    }
}

#[tokio::test]
async fn changes_stand_by_version_and_operation_with_breaking_ones_first() {
    let fake = Arc::new(Fake::default());
    let answer = get(&fake, None, "/apis/petstore/changes").await;
    answer.holds("1 breaking change, 1 compatible change, 2 changes of words since 1.1.0");
    answer.holds("The query parameter <code>&lt;b&gt;limit</code> is required now");
    answer.holds("Always send it.");
    answer.holds("href=\"/apis/petstore/operations/listPets\"");
    answer.holds("href=\"/apis/petstore/schemas/Pet%2F%C3%96ffentlich\"");
    answer.holds("The first version that was published");
    answer.holds("href=\"/apis/petstore/changes?after=id-1.1.0\"");
    answer.holds("<link rel=\"alternate\" type=\"application/rss+xml\" href=\"/apis/petstore/changes.rss\"");
    answer.lacks(HOSTILE);
    let at = |text: &str| answer.text.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(
        at(">Breaking<") < at(">Compatible<") && at(">Compatible<") < at(">Words<") || at(">Breaking<") < at(">Words<")
    );
    let one = get(&fake, None, "/apis/petstore/versions/1.1.0/changes").await;
    one.holds("since 1.0.0");
    one.holds("All versions");
}

#[tokio::test]
async fn an_operation_says_when_it_last_changed() {
    let answer = get(&Arc::new(Fake::default()), None, "/apis/petstore/operations/pets%2Fadd").await;
    answer.holds("Last changed in version <a href=\"/apis/petstore/versions/1.1.0/changes\">1.1.0</a>");
}

#[tokio::test]
async fn the_feed_is_rss_that_escapes_what_it_is_told() {
    let answer = get(&Arc::new(Fake::default()), None, "/apis/petstore/changes.rss").await;
    assert_eq!(answer.headers["content-type"], "application/rss+xml; charset=utf-8");
    answer.holds("<guid isPermaLink=\"false\">1.2.0</guid>");
    answer.holds("<title>Petstore 1.2.0 &lt;&amp;&gt;</title>");
    answer.holds("<pubDate>Mon, 23 Nov 2026 14:05:00 +0000</pubDate>");
    answer.holds("&lt;b&gt;breaking&lt;/b&gt; GET /pets: The query parameter &lt;code&gt;&amp;lt;b&amp;gt;limit");
    answer.holds("The first version.");
    answer.lacks(HOSTILE);
}

#[tokio::test]
async fn publishers_see_what_would_break_and_for_whom() {
    let answer = get(&Arc::new(Fake::default()), Some(Role::Publisher), "/admin/apis/petstore").await;
    answer.holds("1 thing would break with 1.1.0");
    answer.holds("1 subscribed app called the operations concerned in the last 30 days.");
    answer.holds("Fleet &lt;Scheduler&gt;");
    answer.holds("1,204");
}
