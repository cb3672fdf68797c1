//! Guides, asked through the door that pages use, and by the use cases that programs reach.
use crate::{House, PETS, visitor};
use portico_contract::{
    Caller, Portal as _, PortalError,
    admin::Upload,
    guides::{GuideForm, GuidePart},
};
use portico_control::{ControlError, Who};
use portico_domain::GuidePlace;

fn form(title: &str, text: &str) -> GuideForm {
    GuideForm { title: title.into(), text: text.into(), ..GuideForm::default() }
}

fn pets() -> GuidePlace {
    GuidePlace::Api("pets".parse().unwrap())
}

async fn put(house: &House, admin: &Caller, place: &GuidePlace, slug: &str, source: &str) -> Vec<String> {
    let written =
        house.control.put_guide(&Who::from(admin), place, &slug.parse().unwrap(), source.to_owned()).await.unwrap();
    let place = |finding: &portico_contract::reference::Finding| (finding.line.unwrap(), finding.column.unwrap());
    written
        .findings
        .iter()
        .map(|finding| format!("{}:{} {}", place(finding).0, place(finding).1, finding.code))
        .collect()
}

#[tokio::test]
async fn links_that_lead_nowhere_are_told_with_their_place() {
    let house = House::new().await;
    let admin = house.admin().await;
    house.publish_pets(&admin).await;
    put(&house, &admin, &pets(), "errors", "# Errors\n\n## Too many\n").await;
    let source = "---\ntitle: First steps\nauthor: Ann\n---\n# First steps\n\n## Go\n\n[ok](op:listPets) [no](op:none)\n[ok](errors.md#too-many) [no](errors.md#few)\n[no](gone.md) [ok](#go) [no](#went)\n[ok](/apis/pets/operations/listPets) [no](/apis/cats)\n![no](a.png) ![far](https://far.example/a.png)\n[ok](https://far.example) [no](javascript:alert(1)) [ok](/guides) [no](/nowhere)\n";
    let found = put(&house, &admin, &pets(), "first-steps", source).await;
    assert_eq!(
        found,
        [
            "3:1 unknown-field",
            "9:19 broken-link",
            "10:26 broken-anchor",
            "11:1 broken-link",
            "11:25 broken-anchor",
            "12:38 broken-link",
            "13:1 missing-image",
            "13:14 remote-image",
            "14:27 broken-link",
            "14:67 broken-link",
        ]
    );
    // What the editor says of it, by the lines of its text.
    let editor = house.control.guide_editor(&admin, Some("pets"), Some("first-steps")).await.unwrap();
    assert_eq!((editor.findings.len(), editor.findings[0].line), (9, Some(5)));
    let page = house.control.guide(&visitor(), Some("pets"), "first-steps").await.unwrap();
    let GuidePart::Words { words_html } = &page.text.parts[0] else { panic!("no words") };
    assert!(words_html.contains("href=\"/apis/pets/operations/listPets\""), "{words_html}");
    assert!(words_html.contains("href=\"/apis/pets/guides/errors#text-too-many\""), "{words_html}");
    assert!(!words_html.contains("javascript") && words_html.matches("<img").count() == 1, "{words_html}");
    assert_eq!(page.text.outline.len(), 1, "the heading that repeats the title is left out");
}

#[tokio::test]
async fn drafts_are_for_those_who_write_them() {
    let house = House::new().await;
    let admin = house.admin().await;
    let developer = house.developer("dev@example.org").await;
    house.publish_pets(&admin).await;
    for api in [None, Some("pets")] {
        let draft = GuideForm { draft: true, ..form("Soon", "Not yet.") };
        assert_eq!(house.control.save_guide(&admin, api, None, draft).await.unwrap(), "soon");
        for reader in [&visitor(), &developer] {
            let hidden = house.control.guide(reader, api, "soon").await;
            assert!(matches!(hidden, Err(PortalError::NotFound { .. })), "{hidden:?}");
        }
        let shown = house.control.guide(&admin, api, "soon").await.unwrap();
        assert!(shown.guide.draft && shown.edit.is_some());
        house.control.set_guide_draft(&admin, api, "soon", false).await.unwrap();
        let shown = house.control.guide(&developer, api, "soon").await.unwrap();
        assert!(!shown.guide.draft && shown.edit.is_none());
    }
    assert_eq!(house.control.api(&visitor(), "pets", None).await.unwrap().head.guides.len(), 1);
    assert_eq!(house.control.catalogue(&visitor()).await.unwrap().guides.len(), 1);
}

#[tokio::test]
async fn guides_are_as_visible_as_their_api() {
    let house = House::new().await;
    let admin = house.admin().await;
    let upload = Upload { document: PETS.into(), ..Upload::default() };
    house.control.upload(&admin, upload).await.unwrap();
    let png = b"\x89PNG\r\n\x1a\n".to_vec();
    house.control.save_guide(&admin, Some("pets"), None, form("First", "x")).await.unwrap();
    house.control.add_guide_image(&admin, Some("pets"), "A.png", png.clone()).await.unwrap();
    // Nothing is published.
    assert!(house.control.guide(&visitor(), Some("pets"), "first").await.is_err());
    assert!(house.control.guide_image(&visitor(), Some("pets"), "a.png").await.is_err());
    let version = house.control.admin_api(&admin, "pets").await.unwrap().versions[0].id.clone();
    house.control.publish(&admin, "pets", &version).await.unwrap();
    assert!(house.control.guide(&visitor(), Some("pets"), "first").await.is_ok());
    let image = house.control.guide_image(&visitor(), Some("pets"), "a.png").await.unwrap();
    assert_eq!((image.media_type.as_str(), image.bytes), ("image/png", png));
}

#[tokio::test]
async fn only_publishers_write() {
    let house = House::new().await;
    let admin = house.admin().await;
    house.publish_pets(&admin).await;
    house.control.save_guide(&admin, None, None, form("First", "x")).await.unwrap();
    let developer = house.developer("dev@example.org").await;
    for who in [visitor(), developer] {
        assert!(house.control.save_guide(&who, None, None, form("Mine", "x")).await.is_err());
        assert!(house.control.set_guide_draft(&who, None, "first", true).await.is_err());
        assert!(house.control.delete_guide(&who, None, "first").await.is_err());
        assert!(house.control.admin_guides(&who, None).await.is_err());
        assert!(house.control.guide_editor(&who, None, None).await.is_err());
        assert!(house.control.preview_guide(&who, None, None, form("a", "b")).await.is_err());
        assert!(house.control.add_guide_image(&who, None, "a.png", b"\x89PNG\r\n\x1a\n".to_vec()).await.is_err());
    }
    house.control.delete_guide(&admin, None, "first").await.unwrap();
    assert!(house.control.guide(&admin, None, "first").await.is_err());
}

#[tokio::test]
async fn pictures_are_what_their_names_say() {
    let house = House::new().await;
    let admin = house.admin().await;
    for (name, bytes) in [
        ("a.svg", &b"<svg onload=alert(1) />"[..]),
        ("a.png", b"<svg onload=alert(1) />"),
        ("a.png", b"GIF89a"),
        ("a.gif", b""),
        ("noending", b"GIF89a"),
    ] {
        let refused = house.control.add_guide_image(&admin, None, name, bytes.to_vec()).await;
        assert!(matches!(refused, Err(PortalError::Invalid(_))), "{name}: {refused:?}");
    }
    let large = [&b"GIF89a"[..], &vec![0; 2 << 20]].concat();
    let refused = house.control.add_guide_image(&admin, None, "a.gif", large).await;
    assert!(matches!(refused, Err(PortalError::TooLarge { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_place_has_room_for_so_many() {
    let house = House::new().await;
    let admin = house.admin().await;
    let who = Who::from(&admin);
    for n in 0..GuidePlace::GUIDES {
        let slug = format!("g{n}").parse().unwrap();
        house.control.put_guide(&who, &GuidePlace::Portal, &slug, "x".into()).await.unwrap();
    }
    let more = house.control.put_guide(&who, &GuidePlace::Portal, &"more".parse().unwrap(), "x".into()).await;
    assert!(matches!(more, Err(ControlError::Conflict { .. })), "{more:?}");
    house.control.put_guide(&who, &GuidePlace::Portal, &"g7".parse().unwrap(), "y".into()).await.unwrap();
    let second = house.control.save_guide(&admin, None, None, GuideForm { slug: "g7".into(), ..form("t", "x") }).await;
    assert!(matches!(second, Err(PortalError::Invalid(_))), "{second:?}");
    let long = house.control.save_guide(&admin, None, Some("g7"), form("t", &"x".repeat(256 * 1024 + 1))).await;
    assert!(matches!(long, Err(PortalError::Invalid(_))), "{long:?}");
}
