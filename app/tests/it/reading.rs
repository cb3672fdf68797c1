//! Reading the documentation.
use super::{
    documents::HOSTILE,
    fake::Fake,
    visit::{Answer, get, post, send},
};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use portico_contract::Role;
use std::sync::Arc;

fn fake() -> Arc<Fake> {
    Arc::new(Fake::default())
}

#[tokio::test]
async fn the_catalogue_lists_apis() {
    let answer = get(&fake(), None, "/apis").await;
    answer.holds("<a href=\"/apis/petstore\">");
    answer.holds("3 operations");
    answer.lacks(HOSTILE);
}

#[tokio::test]
async fn an_empty_catalogue_says_what_to_do() {
    let fake = fake();
    *fake.empty.lock().expect("a test's lock") = true;
    get(&fake, None, "/").await.lacks("/admin/apis/new");
    get(&fake, Some(Role::Developer), "/").await.lacks("/admin/apis/new");
    let answer = get(&fake, Some(Role::Publisher), "/").await;
    answer.holds("No APIs yet");
    answer.holds("href=\"/admin/apis/new\"");
}

#[tokio::test]
async fn an_overview_leads_to_all_its_pages() {
    let answer = get(&fake(), None, "/apis/petstore").await;
    answer.holds("href=\"/apis/petstore/operations/pets%2Fadd\"");
    answer.holds("href=\"/apis/petstore/schemas/Pet%2F%C3%96ffentlich\"");
    answer.holds("href=\"/apis/petstore/openapi.json\"");
    answer.holds("href=\"/apis/petstore#people\"");
    answer.holds("Get a key");
    answer.lacks(HOSTILE);
}

#[tokio::test]
async fn search_engines_find_each_page_once() {
    let structured = |answer: &Answer| -> serde_json::Value {
        let (_, data) = answer.text.split_once("<script type=\"application/ld+json\">").expect("data");
        serde_json::from_str(data.split_once("</script>").expect("an end").0).expect("JSON")
    };
    let overview = get(&fake(), None, "/apis/petstore?expand=all").await;
    overview.holds("<link rel=\"canonical\" href=\"https://dev.example.org/apis/petstore\"");
    overview.holds("<meta content=\"https://dev.example.org/card.png\" property=\"og:image\"");
    assert_eq!(structured(&overview)["@graph"][0]["@type"], "WebAPI");
    let path = "/apis/petstore/operations/pets%2Fadd";
    let operation = get(&fake(), None, path).await;
    operation.holds(&format!("<link rel=\"canonical\" href=\"https://dev.example.org{path}\""));
    let data = structured(&operation);
    assert_eq!(data["@graph"][0]["@type"], "TechArticle");
    assert_eq!(data["@graph"][1]["itemListElement"][2]["item"], format!("https://dev.example.org{path}"));
    get(&fake(), None, "/").await.holds("<link rel=\"canonical\" href=\"https://dev.example.org/apis\"");
    for path in ["/apis/petstore/versions/1.1.0", "/apis/none", "/search?q=pets"] {
        let answer = get(&fake(), None, path).await;
        answer.holds("<meta name=\"robots\" content=\"noindex\"");
        answer.lacks("rel=\"canonical\"");
    }
    get(&fake(), None, "/sign-up").await.lacks("noindex");
}

#[tokio::test]
async fn an_older_version_stays_among_its_own_pages() {
    let answer = get(&fake(), None, "/apis/petstore/versions/1.1.0").await;
    answer.holds("href=\"/apis/petstore/versions/1.1.0/operations/pets%2Fadd\"");
    answer.holds("href=\"/apis/petstore/versions/1.1.0/openapi.json\"");
}

#[tokio::test]
async fn an_operation_shows_everything_about_a_call() {
    let answer = get(&fake(), None, "/apis/petstore/operations/pets%2Fadd").await;
    answer.holds("<span class=\"method post\">post</span>");
    answer.holds("<var>{person_<wbr>id}</var>");
    answer.holds("<p dir=\"auto\" class=\"lead\">Adds <b>one</b>.</p>");
    answer.holds("id=\"path.person_id\"");
    answer.holds("id=\"body.owner.name\"");
    answer.holds("20 allowed values");
    answer.holds("<dt><code>&quot;cat&quot;</code></dt>");
    answer.holds("One of 2, told apart by kind");
    answer.holds("201 Created");
    answer.holds("The header X is not a header.");
    answer.holds("<span class=\"k\">curl</span> <span class=\"p\">-X</span> POST");
    answer.holds("href=\"/apis/petstore#security-oauth\"");
    answer.holds("Nothing: the call works without, too.");
    answer.holds("Where to go from here");
    answer.holds("href=\"/apis/petstore/operations/callback\"");
    answer.lacks(HOSTILE);
    answer.lacks("<b>one</b>.</p>\n<ul>");
}

#[tokio::test]
async fn examples_follow_what_is_chosen_without_script() {
    let answer = get(&fake(), None, "/apis/petstore/operations/pets%2Fadd").await;
    // Three statuses and two media types come before the variants of the first answer.
    for (lead, text) in [("lead-6", "variant 0"), ("lead-7", "variant 1")] {
        answer.holds(&format!("class=\"{lead}\""));
        let follower = format!("<div class=\"when when-{}\">", &lead[5..]);
        let shown = answer.text.split(&follower).nth(1).expect("something follows");
        assert!(shown.split("class=\"when").next().unwrap_or_default().contains(text), "{lead}");
    }
}

#[tokio::test]
async fn samples_follow_the_media_type_and_the_language_is_kept() {
    let path = "/apis/petstore/operations/pets%2Fadd";
    let answer = get(&fake(), None, path).await;
    for (lead, text) in [("lead-4", "sent as body"), ("lead-5", "sent as body2")] {
        answer.holds(&format!("class=\"{lead}\""));
        let follower = format!("<div class=\"when when-{}\">", &lead[5..]);
        let shown = answer.text.split("id=\"sample\"").nth(1).and_then(|pane| pane.split(&follower).nth(1));
        let shown = shown.expect("a sample follows").split("</pre>").next().unwrap_or_default();
        assert!(shown.contains("curl") && shown.contains(&format!("<mark>{text}</mark>")), "{lead}: {shown}");
    }

    let chosen = post(&fake(), None, "/language", "language=go&next=%2Fapis%2Fpetstore").await;
    assert_eq!((chosen.status, chosen.location()), (StatusCode::SEE_OTHER, "/apis/petstore"));
    assert!(chosen.header("set-cookie").starts_with("language=go; Path=/;"));
    let request = Request::get(path).header(header::COOKIE, "theme=dark; language=go");
    let answer = send(&fake(), None, request, Body::empty()).await;
    answer.holds("<option value=\"go\" selected>Go</option>");
    answer.holds("net/http");
    for unknown in ["language=%0d%0aevil", "language=A%3B+b", "nothing=1"] {
        let answer = post(&fake(), None, "/language", unknown).await;
        assert!(answer.header("set-cookie").starts_with("language=; Path=/;"), "{unknown}");
    }
    let request = Request::get(path).header(header::COOKIE, "language=klingon");
    send(&fake(), None, request, Body::empty()).await.holds("<option value=\"curl\" selected>cURL</option>");
}

#[tokio::test]
async fn all_attributes_unfold_by_a_link() {
    let path = "/apis/petstore/operations/pets%2Fadd";
    let folded = get(&fake(), None, path).await;
    folded.holds("href=\"/apis/petstore/operations/pets%2Fadd?expand=all#body\"");
    let unfolded = get(&fake(), None, &format!("{path}?expand=all")).await;
    unfolded.holds("href=\"/apis/petstore/operations/pets%2Fadd#body\"");
    unfolded.holds("Collapse");
}

#[tokio::test]
async fn an_operation_knows_its_reader() {
    let path = "/apis/petstore/operations/pets%2Fadd";
    let stranger = get(&fake(), None, path).await;
    stranger.holds("href=\"/sign-in?next=%2Fapis%2Fpetstore%2Foperations%2Fpets%252Fadd\"");
    assert_eq!(stranger.header("cache-control"), "private, no-cache");
    let reader = get(&fake(), Some(Role::Developer), path).await;
    reader.holds("<a href=\"/apps/app-1\">nightly</a>");
    reader.holds("60 a minute");
    assert_eq!(reader.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_schema_says_where_it_is_used() {
    let answer = get(&fake(), None, "/apis/petstore/schemas/Pet%2F%C3%96ffentlich").await;
    answer.holds("id=\"pet.colour\"");
    answer.holds("And 57 more.");
}

#[tokio::test]
async fn search_marks_what_it_found_and_keeps_the_question() {
    let answer = get(&fake(), None, "/search?q=pe%22ts&kind=operation").await;
    answer.holds("List <mark>pets</mark>");
    answer.holds("value=\"pe&quot;ts\"");
    answer.holds("href=\"/search?q=pe%22ts&amp;kind=schema\"");
    answer.lacks(HOSTILE);
    get(&fake(), None, "/search?q=nothing").await.holds("Nothing found");
}

#[tokio::test]
async fn the_palette_asks_for_json() {
    let answer = get(&fake(), None, "/search.json?q=pets").await;
    assert_eq!(answer.status, StatusCode::OK);
    let page: portico_contract::catalogue::SearchPage =
        serde_json::from_str(&answer.text).expect("the contract's page");
    assert_eq!(page.hits.len(), 1);
}

#[tokio::test]
async fn a_theme_is_kept_in_a_cookie_and_leads_back() {
    let answer = post(&fake(), None, "/theme", "theme=dark&next=%2Fsearch%3Fq%3Dpets").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location(), "/search?q=pets");
    assert!(answer.header("set-cookie").starts_with("theme=dark; Path=/;"));
    let unknown = post(&fake(), None, "/theme", "theme=%0d%0aevil&next=x").await;
    assert!(unknown.header("set-cookie").starts_with("theme=system;"));
}

#[tokio::test]
async fn next_never_leads_to_another_site() {
    for next in ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "evil", "", "/ö"] {
        let form: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        assert_eq!(post(&fake(), None, "/theme", &form).await.location(), "/", "{next:?}");
    }
}
