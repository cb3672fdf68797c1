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
