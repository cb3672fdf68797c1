//! Guides: what readers see of them, and what publishers do with them.
use super::{
    documents::{self, HOSTILE},
    fake::{Fake, moment},
    visit::{get, post, send},
};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use portico_contract::{
    PortalError, Role,
    guides::{
        GuideEditor, GuideForm, GuideHeading, GuideImageLine, GuideLine, GuidePage, GuidePart, GuideText, GuidesAdmin,
    },
    reference::{Code, Finding, Severity, Token},
};
use std::sync::Arc;

pub(crate) fn lines(base: &str) -> Vec<GuideLine> {
    let line = |slug: &str, title: String, draft| GuideLine {
        slug: slug.into(),
        title,
        description: "What to do.".into(),
        href: format!("{base}/{slug}"),
        draft,
    };
    vec![
        line("welcome", format!("Welcome {HOSTILE}"), false),
        line("first-steps", "First steps".into(), true),
        line("errors", "Errors".into(), false),
    ]
}

fn text() -> GuideText {
    let code = |text: &str| Code { spans: vec![(Token::Plain, text.into())] };
    let heading = |level, words: &str| GuideHeading { level, anchor: format!("text-{words}"), words: words.into() };
    GuideText {
        parts: vec![
            GuidePart::Words { words_html: "<h2 id=\"text-one\">one</h2><p>Go <b>on</b>.</p>".into() },
            GuidePart::Code(vec![("curl".into(), code("curl </code>")), ("Node".into(), code("fetch()"))]),
            GuidePart::Words { words_html: "<h3 id=\"text-two\">two</h3>".into() },
            GuidePart::Code(vec![("Only".into(), code("one"))]),
        ],
        outline: vec![heading(2, "one"), heading(3, "two")],
    }
}

fn base(api: Option<&str>) -> String {
    api.map_or_else(|| "/guides".into(), |api| format!("/apis/{api}/guides"))
}

pub(crate) fn page(api: Option<&str>, publisher: bool) -> GuidePage {
    let guides = lines(&base(api));
    GuidePage {
        api: api.map(|_| (documents::head(None), documents::api(None, false).navigation)),
        guide: guides[1].clone(),
        text: text(),
        changed: moment(),
        edit: publisher.then(|| format!("/admin{}/first-steps", base(api))),
        guides,
    }
}

fn titled(api: Option<&str>) -> Option<(String, String)> {
    api.map(|api| (api.to_owned(), "Petstore".to_owned()))
}

pub(crate) fn admin(api: Option<&str>) -> GuidesAdmin {
    let image = GuideImageLine {
        name: "form.png".into(),
        href: format!("{}/images/form.png", base(api)),
        size: "12 KiB".into(),
        changed: moment(),
    };
    GuidesAdmin { api: titled(api), guides: (0..).zip(lines(&base(api))).collect(), images: vec![image] }
}

pub(crate) fn editor(api: Option<&str>, guide: Option<&str>) -> GuideEditor {
    let Some(guide) = guide else { return GuideEditor { api: titled(api), ..GuideEditor::default() } };
    let finding = Finding {
        severity: Severity::Warning,
        code: "broken-link".into(),
        pointer: String::new(),
        line: Some(3),
        column: Some(7),
        message: "There is no guide x here.".into(),
    };
    GuideEditor {
        api: titled(api),
        form: GuideForm {
            slug: guide.into(),
            title: "First steps".into(),
            text: "</textarea>".into(),
            ..GuideForm::default()
        },
        href: format!("{}/{guide}", base(api)),
        preview: text(),
        findings: vec![finding],
    }
}

#[tokio::test]
async fn a_guide_has_tabs_an_outline_and_neighbours() {
    let fake = Arc::new(Fake::default());
    for base in ["/guides", "/apis/petstore/guides"] {
        let answer = get(&fake, None, &format!("{base}/first-steps")).await;
        answer.holds("<input type=\"radio\"");
        answer.holds("curl &lt;/code&gt;");
        answer.holds("href=\"#text-one\"");
        answer.holds(&format!("href=\"{base}/welcome\" rel=\"prev\""));
        answer.holds(&format!("href=\"{base}/errors\" rel=\"next\""));
        answer.holds("Only publishers and admins see this guide.");
        answer.lacks(">Edit<");
        let answer = get(&fake, Some(Role::Publisher), &format!("{base}/first-steps")).await;
        answer.holds(&format!("href=\"/admin{base}/first-steps\""));
    }
    get(&fake, None, "/apis/petstore").await.holds("id=\"guides\"");
    get(&fake, None, "/apis").await.holds("href=\"/guides/welcome\"");
}

#[tokio::test]
async fn a_picture_is_never_a_page() {
    let fake = Arc::new(Fake::default());
    let answer = get(&fake, None, "/apis/petstore/guides/images/form.png").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "image/png"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(get(&fake, None, "/guides/images/none.png").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn saving_goes_to_the_guide_and_previewing_stays() {
    let fake = Arc::new(Fake::default());
    let form = "title=T&order=5&draft=on&text=a%0D%0Ab&do=";
    for (path, said, seen) in [
        ("/admin/new-guide", "save_guide portal None T 5 true 4", "/admin/guides/new-one?saved=yes"),
        (
            "/admin/apis/petstore/guides/errors",
            "save_guide petstore Some(\"errors\") T 5 true 4",
            "/admin/apis/petstore/guides/errors?saved=yes",
        ),
    ] {
        let answer = post(&fake, Some(Role::Publisher), path, &format!("{form}save")).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, seen));
        assert_eq!(fake.changes.lock().unwrap().pop().as_deref(), Some(said));
        let answer = post(&fake, Some(Role::Publisher), path, &format!("{form}preview")).await;
        assert_eq!((answer.status, fake.changes().len()), (StatusCode::OK, 0), "{}", answer.text);
        answer.holds("id=\"preview\"");
        answer.holds("value=\"T\"");
    }
}

#[tokio::test]
async fn what_was_typed_comes_back_with_what_is_wrong() {
    for action in ["save", "preview"] {
        let fake = Arc::new(Fake::refusing(PortalError::field("order", "The order is a whole number.")));
        let form = format!("title=My+title&order=x&text={}&do={action}", "%3Cb%3E+".repeat(40_000));
        let answer = post(&fake, Some(Role::Publisher), "/admin/guides/errors", &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        answer.holds("value=\"My title\"");
        answer.holds("&lt;b&gt; &lt;b&gt;");
        answer.holds("id=\"order-error\"");
    }
}

#[tokio::test]
async fn guides_are_published_withdrawn_and_deleted() {
    let fake = Arc::new(Fake::default());
    for (path, seen) in [
        ("/admin/guides/errors/publish", "/admin/guides"),
        ("/admin/apis/petstore/guides/errors/withdraw", "/admin/apis/petstore/guides"),
        ("/admin/apis/petstore/guides/errors/delete", "/admin/apis/petstore/guides"),
        ("/admin/guide-images/form.png/delete", "/admin/guides#images"),
    ] {
        let answer = post(&fake, Some(Role::Publisher), path, "").await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, seen), "{path}");
    }
    assert_eq!(
        fake.changes(),
        [
            "set_guide_draft None errors false",
            "set_guide_draft Some(\"petstore\") errors true",
            "delete_guide Some(\"petstore\") errors",
            "delete_guide_image None form.png"
        ]
    );
}

#[tokio::test]
async fn pictures_are_uploaded_within_their_size() {
    let fake = Arc::new(Fake::default());
    let upload = async |content: String| {
        let body = format!(
            "--x\r\ncontent-disposition: form-data; name=\"image\"; filename=\"form.png\"\r\ncontent-type: image/png\r\n\r\n{content}\r\n--x--\r\n"
        );
        let request = Request::post("/admin/apis/petstore/guide-images")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
        send(&fake, Some(Role::Publisher), request, Body::from(body)).await
    };
    let answer = upload("abc".to_owned()).await;
    assert_eq!(answer.location(), "/admin/apis/petstore/guides#images", "{}", answer.text);
    assert_eq!(fake.changes(), ["add_guide_image Some(\"petstore\") form.png 3"]);
    assert_eq!(upload("a".repeat((2 << 20) + 1)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(upload(String::new()).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}
