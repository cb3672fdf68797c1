//! Documents on their way in: by file, pasted, wrong, too large.
use super::{
    fake::Fake,
    visit::{Answer, send},
};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use portico_contract::Role;
use std::sync::Arc;

const BOUNDARY: &str = "----portico-test";

/// (name, file name, content)
type Part<'a> = (&'a str, Option<&'a str>, &'a str);

async fn upload(fake: &Arc<Fake>, role: Option<Role>, path: &str, parts: &[Part<'_>]) -> Answer {
    let mut body = String::new();
    for (name, file, content) in parts {
        let file =
            file.map_or(String::new(), |file| format!("; filename=\"{file}\"\r\ncontent-type: application/yaml"));
        let head = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend([head.as_str(), content, "\r\n"]);
    }
    body.extend(["--", BOUNDARY, "--\r\n"]);
    let request = Request::post(path).header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"));
    send(fake, role, request, Body::from(body)).await
}

#[tokio::test]
async fn a_file_becomes_an_api() {
    let fake = Arc::new(Fake::default());
    let parts = [
        ("file", Some("pets.yaml"), "openapi: 3.0.0"),
        ("document", None, ""),
        ("slug", None, "pets"),
        ("upstream", None, "https://pets.example"),
        ("publish", None, "on"),
    ];
    let answer = upload(&fake, Some(Role::Publisher), "/admin/apis/new", &parts).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/admin/apis/pets"), "{}", answer.text);
    assert_eq!(fake.changes(), ["upload pets openapi: 3.0.0 https://pets.example publish"]);
}

#[tokio::test]
async fn pasted_text_will_do_and_a_file_goes_before_it() {
    let fake = Arc::new(Fake::default());
    let pasted = [("file", Some(""), ""), ("document", None, "openapi: 3.1.0"), ("slug", None, "")];
    let answer = upload(&fake, Some(Role::Publisher), "/admin/apis/new", &pasted).await;
    assert_eq!(answer.location(), "/admin/apis/petstore");
    let both = [("file", Some("a.yaml"), "from file"), ("document", None, "from text"), ("publish", None, "on")];
    upload(&fake, Some(Role::Publisher), "/admin/apis/petstore/versions", &both).await;
    assert_eq!(fake.changes(), ["upload  openapi: 3.1.0  keep", "upload petstore from file  publish"]);
}

#[tokio::test]
async fn a_refused_document_is_shown_with_its_findings() {
    let parts = [("file", Some(""), ""), ("document", None, "broken: <yes>"), ("slug", None, "pets")];
    for path in ["/admin/apis/new", "/admin/apis/petstore/versions"] {
        let fake = Arc::new(Fake::default());
        let answer = upload(&fake, Some(Role::Publisher), path, &parts).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", answer.text);
        answer.holds("One thing in the document keeps it from being served");
        answer.holds("The path names &lt;petId&gt;, but no parameter does.");
        answer.holds("line 412:7");
        answer.holds("/paths/~1pets~1{petId}/get");
        answer.holds("missing-path-parameter");
        answer.holds("broken: &lt;yes&gt;</textarea>");
        assert_eq!(fake.changes(), [""; 0]);
    }
}

#[tokio::test]
async fn no_document_at_all_is_said_at_the_field() {
    let fake = Arc::new(Fake::default());
    let parts = [("file", Some(""), ""), ("document", None, " \n"), ("slug", None, "pets")];
    let answer = upload(&fake, Some(Role::Publisher), "/admin/apis/new", &parts).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.holds("Choose a file, or paste the document.");
    answer.holds(r#"value="pets""#);
    assert_eq!(fake.changes(), [""; 0]);
}

#[tokio::test]
async fn too_large_a_document_is_refused_with_the_limit() {
    let fake = Arc::new(Fake::default());
    let large = "a".repeat((32 << 20) + 1);
    let parts = [("file", Some("large.yaml"), large.as_str()), ("slug", None, "large")];
    let answer = upload(&fake, Some(Role::Publisher), "/admin/apis/new", &parts).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    answer.holds("at most 32 MiB");
    answer.holds(r#"value="large""#);
    assert_eq!(fake.changes(), [""; 0]);
}

#[tokio::test]
async fn a_form_of_another_kind_is_refused() {
    let fake = Arc::new(Fake::default());
    let request = Request::post("/admin/apis/new").header(header::CONTENT_TYPE, "text/plain");
    let answer = send(&fake, Some(Role::Publisher), request, Body::from("openapi: 3.0.0")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.holds("The form did not arrive whole.");
}
