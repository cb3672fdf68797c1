//! Every page there is, held against what every page must be.
use super::{
    fake::Fake,
    visit::{Answer, get},
};
use axum::http::StatusCode;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use portico_contract::Role;
use sha2::{Digest as _, Sha256};
use std::{collections::HashSet, sync::Arc};

/// Pages for everybody.
const PUBLIC: &[&str] = &[
    "/",
    "/apis",
    "/apis?show=subscribed",
    "/apis/petstore",
    "/apis/petstore/operations/pets%2Fadd",
    "/apis/petstore/schemas/Pet%2F%C3%96ffentlich",
    "/apis/petstore/changes",
    "/apis/petstore/versions/1.1.0",
    "/apis/petstore/versions/1.1.0/operations/pets%2Fadd",
    "/apis/petstore/versions/1.1.0/schemas/Pet%2F%C3%96ffentlich",
    "/apis/petstore/versions/1.1.0/changes",
    "/guides",
    "/guides/first-steps",
    "/apis/petstore/guides/first-steps",
    "/search",
    "/search?q=pets&kind=operation",
    "/search?q=nothing",
    "/sign-up",
    "/sign-in?next=%2Fapps",
    "/setup?token=good",
    "/mail/off?token=good",
    "/mail/off?token=good&done=yes",
];

/// Pages for those who have signed in.
const OWN: &[&str] = &[
    "/account",
    "/apps",
    "/apps/new",
    "/apps/app-1",
    "/apps/app-1/keys/new",
    "/subscribe?api=petstore",
    "/subscribe?app=app-1",
    "/usage",
    "/usage?range=7d",
    "/requests",
];

const ADMIN: &[&str] = &[
    "/admin",
    "/admin/apis",
    "/admin/apis/new",
    "/admin/apis/petstore",
    "/admin/apis/petstore/readers",
    "/admin/apis/petstore/settings/routing",
    "/admin/apis/petstore/settings/resilience",
    "/admin/apis/petstore/settings/limits",
    "/admin/apis/petstore/settings/cors",
    "/admin/apis/petstore/settings/validation",
    "/admin/apis/petstore/settings/caching",
    "/admin/apis/petstore/settings/headers",
    "/admin/apis/petstore/settings/maintenance",
    "/admin/apis/petstore/settings/advanced",
    "/admin/guides",
    "/admin/new-guide",
    "/admin/guides/first-steps",
    "/admin/apis/petstore/guides",
    "/admin/apis/petstore/new-guide",
    "/admin/apis/petstore/guides/first-steps?saved=yes",
    "/admin/plans",
    "/admin/plans/new",
    "/admin/plans/starter",
    "/admin/subscriptions",
    "/admin/accounts",
    "/admin/analytics",
    "/admin/audit",
    "/admin/settings",
];

#[tokio::test]
async fn every_page_is_whole() {
    let fake = Arc::new(Fake::default());
    for path in PUBLIC {
        page(path, &get(&fake, None, path).await);
    }
    for path in PUBLIC.iter().filter(|path| path.starts_with("/apis")).chain(OWN) {
        page(path, &get(&fake, Some(Role::Developer), path).await);
    }
    for path in ADMIN {
        page(path, &get(&fake, Some(Role::Admin), path).await);
    }
}

#[tokio::test]
async fn pages_of_ones_own_ask_to_sign_in_first() {
    let fake = Arc::new(Fake::default());
    for path in OWN.iter().chain(ADMIN) {
        let answer = get(&fake, None, path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.text);
        let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
        assert_eq!(answer.location(), format!("/sign-in?next={next}"));
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_on_a_whole_page() {
    let fake = Arc::new(Fake::default());
    for path in ["/nowhere", "/apis/none", "/apis/petstore/operations/none", "/apis/petstore/schemas/none"] {
        let answer = get(&fake, None, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        whole(path, &answer);
    }
    get(&fake, None, "/apis/%3Cb%3E").await.holds("There is no API &lt;b&gt;.");
}

#[tokio::test]
async fn a_form_asked_for_with_get_is_no_page() {
    let fake = Arc::new(Fake::default());
    let answer = get(&fake, None, "/theme").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    whole("/theme", &answer);
}

#[track_caller]
fn page(path: &str, answer: &Answer) {
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    whole(path, answer);
}

/// What holds for every document.
#[track_caller]
fn whole(path: &str, answer: &Answer) {
    let html = &answer.text;
    assert!(html.starts_with("<!DOCTYPE html><html lang=\"en\""), "{path}: {html}");
    assert_eq!(html.matches("<h1").count(), 1, "{path}: one h1\n{html}");
    assert_eq!(html.matches("<main").count(), 1, "{path}: one main");
    let title = html.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).map(|(title, _)| title);
    assert!(title.is_some_and(|title| title.len() > " · Portico".len() && title.ends_with(" · Portico")), "{path}");
    for forbidden in [" style=\"", " onclick=\"", " href=\"javascript:", "<script>", "undefined"] {
        assert!(!html.contains(forbidden), "{path}: {forbidden}\n{html}");
    }
    let ids: Vec<&str> = values(html, " id=\"").collect();
    let mut seen = HashSet::new();
    for id in &ids {
        assert!(seen.insert(*id), "{path}: two elements are called {id}");
        assert!(!id.is_empty() && !id.contains(char::is_whitespace), "{path}: {id:?} is no id");
    }
    for named in [" for=\"", " popovertarget=\"", " aria-labelledby=\"", " aria-controls=\"", " href=\"#"] {
        for target in values(html, named) {
            let target = percent_decoded(target);
            assert!(seen.contains(target.as_str()), "{path}: nothing is called {target}, which{named} names");
        }
    }
    for described in values(html, " aria-describedby=\"").flat_map(str::split_whitespace) {
        assert!(seen.contains(described), "{path}: nothing is called {described}");
    }
    headings(path, html);
    guarded(path, answer);
}

/// Headings go down one level at a time.
#[track_caller]
fn headings(path: &str, html: &str) {
    let main = html.split_once("<main").map_or("", |(_, main)| main);
    let mut last = 0;
    for (at, _) in main.match_indices("<h") {
        let Some(level) = main[at + 2..].chars().next().and_then(|digit| digit.to_digit(10)) else { continue };
        assert!(level <= last + 1, "{path}: h{level} behind h{last}");
        last = level;
    }
}

#[track_caller]
fn guarded(path: &str, answer: &Answer) {
    let policy = answer.header("content-security-policy");
    let script = answer.text.split_once("<script type=\"module\">").and_then(|(_, rest)| rest.split_once("</script>"));
    let digest = BASE64_STANDARD.encode(Sha256::digest(script.expect("the script that starts the browser's half").0));
    assert!(policy.contains(&format!("script-src 'self' 'sha256-{digest}' 'wasm-unsafe-eval';")), "{path}: {policy}");
    for rule in ["default-src 'none'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(rule), "{path}: {policy}");
    }
    assert!(!policy.contains("unsafe-inline"), "{path}: {policy}");
    // Blocks of data are run by no browser.
    let data = answer.text.matches("<script type=\"application/ld+json\">").count();
    assert_eq!(answer.text.matches("<script").count() - data, 1, "{path}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
    let kept = answer.header("cache-control");
    assert!(kept == "no-store" || kept == "private, no-cache", "{path}: {kept}");
}

fn values<'a>(html: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    html.split(before).skip(1).filter_map(|rest| rest.split('"').next())
}

fn percent_decoded(text: &str) -> String {
    // One pair without a name.
    url::form_urlencoded::parse(text.replace('+', "%2B").as_bytes())
        .next()
        .map_or(String::new(), |(name, _)| name.into())
}
