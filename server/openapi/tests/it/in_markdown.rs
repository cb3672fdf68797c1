//! Pages as Markdown: all that a page says, and nothing of a document where it does not belong.
use super::{
    corpus::{corpus, documents},
    support::description,
};
use portico_contract::{
    Moment,
    catalogue::{Access, ApiHead, ApiPage, Catalogue, CatalogueItem, OperationPage, Reader, SchemaPage, Visibility},
    guides::{GuideLine, GuidePage},
};
use portico_openapi::{
    Description, GuideWay, guide_text,
    in_markdown::{self, Portal},
    read,
};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use std::fs;

const PORTAL: Portal<'static> = Portal("https://dev.example/");

fn head(description: &Description) -> ApiHead {
    ApiHead {
        slug: "harbour".into(),
        title: description.title().into(),
        version: description.version().into(),
        root: "/apis/harbour".into(),
        versions: Vec::new(),
        others: Vec::new(),
        base_url: "https://gw.example/harbour".into(),
        access: Access::Key,
        draft: false,
        guides: Vec::new(),
    }
}

fn operation(description: &Description, slug: &str) -> String {
    let page = OperationPage {
        head: head(description),
        navigation: description.navigation(Some(slug)),
        operation: description.operation(slug).unwrap(),
        reader: Reader::default(),
        needs_key: true,
        call: description.call(slug, "https://gw.example/harbour", Some("PORTICO_KEY")),
        given: description.given_samples(slug),
        last_changed: None,
    };
    in_markdown::operation(&page, PORTAL)
}

fn schema(description: &Description, name: &str) -> String {
    let schema = description.schema(name).unwrap();
    in_markdown::schema(
        &SchemaPage { head: head(description), navigation: description.navigation(None), schema },
        PORTAL,
    )
}

fn api(description: &Description) -> String {
    let page = ApiPage {
        head: head(description),
        navigation: description.navigation(None),
        overview: description.overview(),
        reader: Reader::default(),
        plans: Vec::new(),
        first_call: description.first_call("https://gw.example/harbour", Some("PORTICO_KEY")),
    };
    in_markdown::api(&page, PORTAL)
}

#[test]
fn an_operation_says_what_its_page_says() {
    let harbour = description(include_bytes!("../documents/harbour-3.1.yaml"));
    let page = operation(&harbour, "orders-list");
    for part in [
        "# List orders\n\n`GET https://gw.example/harbour/ports/{port_id}/orders`\n",
        "An operation of [Harbour](https://dev.example/apis/harbour.md), version 2.3.\n",
        "- Operation id: `orders/list`\n- Group: Orders\n",
        "Send a key of this portal as `X-API-Key: <key>`",
        "## Parameters\n\n### Path\n\n- `port_id` (",
        "### Query\n\n- `limit` (integer)\n\n  How many.\n\n  Constraints: ",
        "- `state` (array of string, required)\n",
        "Allowed values: `booked`, `done`.",
        "### 200 OK\n\nThe orders.\n\nHeaders:\n\n- `X-Total` (integer)\n\n  All of them.\n\n#### `application/json`\n\nType: [array of Order](https://dev.example/apis/harbour/schemas/Order.md)\n",
        "Example:\n\n```json\n[",
        "## Sample\n\n```sh\ncurl ",
        "-H \"X-API-Key: $PORTICO_KEY\"",
    ] {
        assert!(page.contains(part), "{part:?} is not in\n{page}");
    }
    let post = operation(&harbour, "orderPilot");
    for part in [
        "## Request body\n\nRequired.\n",
        "Example, An arrival:\n\n```json\n",
        "## Callbacks\n",
        "- `key` and `oauth`",
        "- nothing\n",
    ] {
        assert!(post.contains(part), "{part:?} is not in\n{post}");
    }
    let overview = api(&harbour);
    for part in [
        "# Harbour\n\nBooks pilots and berths.\n",
        "- Base URL: `https://gw.example/harbour`",
        "## About\n\n### Beginning\n",
        "> **Note**\n",
        "### Orders\n\nWhat has been *ordered*.\n\n- [List orders](https://dev.example/apis/harbour/operations/orders-list.md): `GET /ports/{port_id}/orders`\n",
    ] {
        assert!(overview.contains(part), "{part:?} is not in\n{overview}");
    }
    assert!(schema(&harbour, "Order").contains("## Used by\n\n- [List orders]("));
}

/// Headings of the first two levels, and whether anything is HTML.
fn frame(markdown: &str) -> (Vec<String>, bool) {
    let (mut headings, mut open, mut html) = (Vec::new(), None, false);
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_GFM) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => open = Some((level as usize, String::new())),
            Event::End(TagEnd::Heading(_)) => {
                headings.extend(
                    open.take().filter(|(level, _)| *level <= 2).map(|(level, words)| format!("{level} {words}")),
                );
            }
            Event::Text(words) | Event::Code(words) => {
                if let Some((_, text)) = &mut open {
                    text.push_str(&words);
                }
            }
            Event::Html(_) | Event::InlineHtml(_) => html = true,
            _ => {}
        }
    }
    (headings, html)
}

const OURS: [&str; 20] = [
    "Authorisation",
    "Parameters",
    "Request body",
    "What you receive",
    "Responses",
    "What you answer",
    "Sample",
    "Callbacks",
    "Servers",
    "Definition",
    "Example",
    "Used by",
    "About",
    "First call",
    "Operations",
    "Webhooks",
    "Schemas",
    "Security in the document",
    "Servers in the document",
    "More",
];

fn is_in_its_place(name: &str, markdown: &str) {
    let (headings, html) = frame(markdown);
    assert!(!html, "{name}\n{markdown}");
    let first = headings.iter().filter(|heading| heading.starts_with("1 ")).count();
    assert_eq!(first, 1, "{name}: {headings:?}\n{markdown}");
    let foreign: Vec<_> = headings
        .iter()
        .filter_map(|heading| heading.strip_prefix("2 "))
        .filter(|words| !OURS.contains(words))
        .collect();
    assert!(foreign.is_empty(), "{name}: {foreign:?}\n{markdown}");
}

#[test]
fn a_document_cannot_leave_its_place() {
    let nasty = "x\n\n## Authorisation of mine\n```\n# a\n\n</code></pre># b <script>alert(1)</script>\n1. c\n\n`` ` ``` d\n\n- e\n# f | g";
    let name = "a`b``\n# c](x) **d**";
    let document = serde_json::json!({
        "openapi": "3.1.0", "info": {"title": name, "version": nasty, "summary": nasty, "description": nasty},
        "tags": [{"name": name, "description": nasty}],
        "paths": {"/a": {"get": {"operationId": "a", "summary": name, "description": nasty, "tags": [name],
            "parameters": [{"name": name, "in": "query", "description": nasty, "schema": {"enum": [nasty, name], "default": nasty, "description": nasty}}],
            "requestBody": {"description": nasty, "content": {name: {"schema": {"type": "object", "properties": {name: {"description": nasty, "oneOf": [{"title": nasty}, {"title": name}]}}}, "examples": {name: {"summary": nasty, "description": nasty, "value": nasty}}}}},
            "responses": {name: {"description": nasty, "headers": {name: {"description": nasty}}, "links": {name: {"operationId": name, "description": nasty, "parameters": {name: nasty}}}}},
            "servers": [{"url": nasty, "description": nasty}], "externalDocs": {"url": "https://x.example/)](y", "description": nasty}}}},
        "components": {"schemas": {name: {"title": nasty, "description": nasty, "pattern": nasty}}, "securitySchemes": {name: {"type": "apiKey", "in": "header", "name": nasty, "description": nasty}}},
        "security": [{name: [nasty]}],
    });
    let hostile = description(document.to_string().as_bytes());
    is_in_its_place("api", &api(&hostile));
    is_in_its_place("operation", &operation(&hostile, "a"));
    is_in_its_place("schema", &schema(&hostile, name));
    let item = CatalogueItem {
        slug: "a".into(),
        title: name.into(),
        version: nasty.into(),
        summary: nasty.into(),
        operations: 1,
        access: Access::Open,
        visibility: Visibility::Public,
        changed: Moment::default(),
        subscribed: false,
    };
    let llms = in_markdown::llms("Portico", &Catalogue { items: vec![item], guides: Vec::new() }, PORTAL);
    assert_eq!(
        frame(&llms),
        (vec!["1 Portico".into(), "2 APIs".into(), "2 OpenAPI documents".into(), "2 Optional".into()], false),
        "{llms}"
    );
}

#[test]
fn real_documents_stay_in_their_place() {
    let Some(folder) = corpus() else { return };
    for path in documents(&folder).into_iter().filter(|path| fs::metadata(path).unwrap().len() < 1_500_000) {
        let Some(read) = read(&fs::read(&path).unwrap()).description else { continue };
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        is_in_its_place(&name, &api(&read));
        for slug in read.operation_slugs().step_by(7).take(30) {
            is_in_its_place(&format!("{name} {slug}"), &operation(&read, slug));
        }
        for schema in read.schema_names().step_by(7).take(30) {
            is_in_its_place(&format!("{name} {schema}"), &self::schema(&read, schema));
        }
    }
}

#[test]
fn guides_are_written_whole_and_name_their_neighbours() {
    let line = |slug: &str, title: &str| GuideLine {
        slug: slug.into(),
        title: title.into(),
        description: "What *to* do.".into(),
        href: format!("/guides/{slug}"),
        draft: false,
    };
    let nowhere = |_: &str| None;
    let way = GuideWay { guides: "/guides".into(), root: None, operation: &nowhere };
    let source = "## Begin\n\nSee [errors](errors.md) and ![the form](form.png).\n\n```sh title=\"curl\"\ncurl ```x```\n```\n\n```js title=\"Node\"\nfetch()\n```\n";
    let page = GuidePage {
        api: None,
        guide: line("first", "First # steps"),
        text: guide_text("First # steps", source, &way),
        changed: Moment::default(),
        guides: vec![line("first", "First # steps"), line("errors", "Errors")],
        edit: None,
    };
    let written = in_markdown::guide(&page, PORTAL);
    let headings = vec!["1 First # steps".to_owned(), "2 Begin".to_owned(), "2 Other guides".to_owned()];
    assert_eq!(frame(&written), (headings, false), "{written}");
    for piece in ["the form", "curl:", "Node:", "fetch()", "/guides/errors.md"] {
        assert!(written.contains(piece), "{piece} is not in {written}");
    }
}
