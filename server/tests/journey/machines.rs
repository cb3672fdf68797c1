//! What programs get of the portal: files, Markdown, lists.
use crate::{Admin, Portico, Upstream, agent, read};
use portico_testing::Folder;
use serde_json::{Value, json};

/// A portal with the API `pets`, public and published.
struct House {
    admin: Admin,
    portico: Portico,
    _upstream: Upstream,
    _folder: Folder,
}

impl House {
    fn new() -> Self {
        let folder = Folder::new();
        let (upstream, portico) = (Upstream::start(), Portico::start(&folder, None));
        let admin = Admin::new(&folder, None, &portico);
        admin.publish_pets(&upstream);
        Self { admin, portico, _upstream: upstream, _folder: folder }
    }

    fn change(&self, api: &str, settings: &Value) {
        let patched = agent()
            .patch(format!("{}/apis/{api}", self.admin.base))
            .header("authorization", format!("Bearer {}", self.admin.token))
            .send_json(settings);
        let (status, answer) = read(patched);
        assert_eq!(status, 200, "{answer}");
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.portico.portal));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let mut answer = agent().run(request.body(()).unwrap()).unwrap();
        Answer {
            status: answer.status().as_u16(),
            text: answer.body_mut().read_to_string().unwrap(),
            headers: answer.headers().clone(),
        }
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }
}

struct Answer {
    status: u16,
    headers: ureq::http::HeaderMap,
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

#[test]
fn the_document_names_the_gateway_and_is_sent_once() {
    let house = House::new();
    let yaml = house.get("/apis/pets/openapi.yaml");
    assert_eq!((yaml.status, yaml.header("content-type")), (200, "application/yaml"));
    let server = format!("servers:\n  - url: \"{}/pets\"\n", house.portico.gateway);
    assert!(
        yaml.text.contains(&server) && yaml.text.contains("info: { title: Pets, version: 1.0.0 }"),
        "{}",
        yaml.text
    );
    let json = house.get("/apis/pets/openapi.json");
    assert_eq!((json.status, json.header("content-type")), (200, "application/json"));
    let document: Value = serde_json::from_str(&json.text).unwrap();
    assert_eq!(document["servers"], json!([{"url": format!("{}/pets", house.portico.gateway)}]));
    assert_eq!(json.header("content-disposition"), "inline; filename=\"pets-openapi.json\"");
    assert_eq!((json.header("access-control-allow-origin"), json.header("cache-control")), ("*", "public, no-cache"));

    let (one, other) = (json.header("etag"), yaml.header("etag"));
    assert!(one.starts_with('"') && one != other, "strong, and of these bytes");
    let again = house.ask("GET", "/apis/pets/openapi.json", &[("if-none-match", one)]);
    assert_eq!((again.status, again.text.as_str(), again.header("etag")), (304, "", one));
    assert_eq!(house.ask("GET", "/apis/pets/openapi.json", &[("if-none-match", other)]).status, 200);
    let head = house.ask("HEAD", "/apis/pets/openapi.json", &[]);
    assert_eq!((head.status, head.text.as_str(), head.header("etag")), (200, "", one));

    let (_, second) = house.admin.put_document("/apis/pets?publish=true", &crate::PETS.replace("1.0.0", "2.0.0"));
    assert_eq!(second["version"], "2.0.0");
    let newer = house.ask("GET", "/apis/pets/openapi.json", &[("if-none-match", one)]);
    assert_eq!(newer.status, 200);
    let older = house.ask("GET", "/apis/pets/versions/1.0.0/openapi.json", &[]);
    assert_eq!((older.status, older.header("etag")), (200, one), "the older version's bytes are the same as before");
    assert_eq!(older.header("content-disposition"), "inline; filename=\"pets-1.0.0-openapi.json\"");
}

#[test]
fn who_may_not_see_an_api_gets_nothing_of_it() {
    let house = House::new();
    house.change("pets", &json!({"visibility": "signed-in"}));
    for path in ["/apis/pets/openapi.json", "/apis/pets/versions/1.0.0/openapi.yaml", "/apis/none/openapi.json"] {
        let answer = house.get(path);
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (404, ""), "{path}");
    }
}

#[test]
fn every_reading_page_is_markdown_too() {
    let house = House::new();
    let page = house.get("/apis/pets/operations/getPet.md");
    assert_eq!((page.status, page.header("content-type")), (200, "text/markdown; charset=utf-8"));
    let call = format!("`GET {}/pets/pets/{{petId}}`", house.portico.gateway);
    let api = format!("({}/apis/pets.md)", house.portico.portal);
    assert!(
        page.text.contains(&call) && page.text.contains(&api) && page.text.contains("```sh\ncurl "),
        "{}",
        page.text
    );
    let known = [("if-none-match", page.header("etag"))];
    assert_eq!(house.ask("GET", "/apis/pets/operations/getPet.md", &known).status, 304);
    for (path, words) in [
        ("/apis.md", "# APIs\n\n- [Pets]("),
        ("/apis/pets.md", "# Pets\n"),
        ("/apis/pets/versions/1.0.0.md", "# Pets\n"),
        ("/apis/pets/changes.md", "# Changes of Pets\n"),
        ("/apis/pets/versions/1.0.0/changes.md", "# Changes in Pets 1.0.0\n"),
    ] {
        let answer = house.get(path);
        assert!(answer.status == 200 && answer.text.starts_with(words), "{path} {} {}", answer.status, answer.text);
    }

    let asked = house.ask("GET", "/apis/pets/operations/getPet", &[("accept", "text/markdown, text/html;q=0.5")]);
    assert_eq!((asked.text.as_str(), asked.header("vary")), (page.text.as_str(), "accept"));
    let html = house.ask("GET", "/apis/pets/operations/getPet", &[("accept", "text/html")]);
    assert!(html.text.starts_with("<!DOCTYPE html>") && html.header("vary").starts_with("accept"));
    assert_eq!(html.header("link"), "</apis/pets/operations/getPet.md>; rel=\"alternate\"; type=\"text/markdown\"");
    assert_eq!(house.get("/apis/pets/operations/none.md").status, 404);
    house.change("pets", &json!({"visibility": "signed-in"}));
    for path in ["/apis/pets.md", "/apis/pets/operations/getPet.md", "/apis/pets/changes.md"] {
        assert_eq!(house.get(path).status, 404, "{path}");
    }
    assert!(!house.get("/apis.md").text.contains("Pets"));
}

#[test]
fn language_models_are_told_what_there_is() {
    let house = House::new();
    let list = house.get("/llms.txt");
    assert_eq!((list.status, list.header("content-type")), (200, "text/plain; charset=utf-8"));
    let line = format!("- [Pets]({}/apis/pets.md): (2 operations, version 1.0.0, needs a key)", house.portico.portal);
    assert!(list.text.starts_with("# Portico\n\n> ") && list.text.contains(&line), "{}", list.text);
    let full = house.get("/llms-full.txt");
    assert!(full.text.contains("\n# Pets\n") && full.text.contains("/pets/pets/{petId}`"), "{}", full.text);

    // An API of more pages than the file has room for.
    let long = "Long. ".repeat(2_000);
    let paths: String = (0..200).fold(String::new(), |paths, n| {
        paths
            + &format!(
                "  /a{n}: {{ get: {{ description: '{long}', responses: {{ '200': {{ description: One }} }} }} }}\n"
            )
    });
    let document = format!("openapi: 3.0.3\ninfo: {{ title: Wide, version: '1' }}\npaths:\n{paths}");
    assert_eq!(house.admin.put_document("/apis/wide?publish=true&upstream=http://127.0.0.1:9", &document).0, 201);
    let full = house.get("/llms-full.txt").text;
    let end = full.lines().last().unwrap();
    assert!(end.starts_with("This file stops here, behind ") && end.contains("/apis/wide. "), "{end}");
    assert!(full.len() < 1_200_000);

    house.change("pets", &json!({"visibility": "private"}));
    assert!(!house.get("/llms.txt").text.contains("Pets") && !house.get("/llms-full.txt").text.contains("Pets"));
}

#[test]
fn search_engines_are_told_what_is_for_everybody() {
    let house = House::new();
    let (_, hidden) = house.admin.put_document("/apis/inside?publish=true&upstream=http://127.0.0.1:9", crate::PETS);
    assert_eq!(hidden["state"], "published", "{hidden}");
    house.change("inside", &json!({"visibility": "signed-in"}));
    let portal = &house.portico.portal;
    let robots = house.get("/robots.txt");
    assert_eq!(robots.header("content-type"), "text/plain; charset=utf-8");
    assert!(
        robots.text.contains("Disallow: /admin\n")
            && robots.text.contains(&format!("\nSitemap: {portal}/sitemap.xml\n"))
    );
    let map = house.get("/sitemap.xml");
    assert_eq!(map.header("content-type"), "application/xml; charset=utf-8");
    for path in ["/apis</loc>", "/apis/pets</loc><lastmod>", "/apis/pets/changes<", "/apis/pets/operations/getPet<"] {
        assert!(map.text.contains(&format!("<loc>{portal}{path}")), "{path} {}", map.text);
    }
    assert!(!map.text.contains("inside"), "{}", map.text);
    assert_eq!(house.get("/sitemap/1.xml").text, map.text);
    assert_eq!(house.get("/sitemap/2.xml").status, 404);
    let card = house.ask("HEAD", "/card.png", &[]);
    assert_eq!((card.status, card.header("content-type")), (200, "image/png"));
    assert!(house.get("/apis/pets").text.contains(&format!("<link rel=\"canonical\" href=\"{portal}/apis/pets\"")));
}

#[test]
fn collections_go_by_who_may_read() {
    let house = House::new();
    for (file, saved, pointer) in [
        ("postman.json", "pets-postman.json", "/item/0/item/1/request/url/path/1"),
        ("bruno.json", "pets-bruno.json", "/items/0/items/1/request/params/0/name"),
    ] {
        let path = format!("/apis/pets/{file}");
        let answer = house.get(&path);
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"), "{path}");
        assert_eq!(answer.header("content-disposition"), format!("attachment; filename=\"{saved}\""));
        let collection: Value = serde_json::from_str(&answer.text).unwrap();
        assert!(collection.pointer(pointer).unwrap().as_str().unwrap().ends_with("petId"), "{}", answer.text);
        assert_eq!(house.get(&format!("/apis/pets/versions/1.0.0/{file}")).text, answer.text);
        let known = house.ask("GET", &path, &[("if-none-match", answer.header("etag"))]);
        assert_eq!(known.status, 304);
        house.change("pets", &json!({"access": "open"}));
        let open = house.ask("GET", &path, &[("if-none-match", answer.header("etag"))]);
        assert_eq!(open.status, 200, "whether a key is needed is part of it");
        house.change("pets", &json!({"access": "key", "visibility": "private"}));
        assert_eq!(house.get(&path).status, 404);
        house.change("pets", &json!({"visibility": "public"}));
    }
}
