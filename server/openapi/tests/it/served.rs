//! The document as readers get it: from either writing in either, with the gateway as its server.
use super::support::description;
use portico_domain::Format;

const HARBOUR: &[u8] = include_bytes!("../documents/harbour-3.1.yaml");
const STORE: &[u8] = include_bytes!("../documents/store-2.0.json");
const GATEWAY: &str = "https://gw.example:8443/pets";

fn written(document: &str, format: Format) -> String {
    String::from_utf8(description(document.as_bytes()).written(format, GATEWAY)).unwrap()
}

#[test]
fn comments_and_layout_stay() {
    let document = "# Ours.\nopenapi: 3.1.0   # the newest\ninfo: {title: Pets, version: '1'}\nservers:\n# old\n- url: https://a.example # first\n  description: |\n    # no comment\n\n    Slow.\n\n- url: https://b.example\n# The calls.\nx-mine: {b: 1, a: 0x10}\npaths:\n  /a:\n    servers:\n      - url: https://c.example\n    # Reads.\n    get:\n      servers: [{url: 'https://d.example'}]\n      responses: {}\n";
    let expected = "# Ours.\nopenapi: 3.1.0   # the newest\ninfo: {title: Pets, version: '1'}\nservers:\n  - url: \"https://gw.example:8443/pets\"\n# The calls.\nx-mine: {b: 1, a: 0x10}\npaths:\n  /a:\n    # Reads.\n    get:\n      responses: {}\n";
    assert_eq!(written(document, Format::Yaml), expected);
}

#[test]
fn where_no_server_is_named_the_gateway_is() {
    let document = "info:\n  title: Pets\n  version: '1'\n\n# Begin\nopenapi: 3.0.0\npaths: {}";
    let expected = "info:\n  title: Pets\n  version: '1'\nservers:\n  - url: \"https://gw.example:8443/pets\"\n\n# Begin\nopenapi: 3.0.0\npaths: {}";
    assert_eq!(written(document, Format::Yaml), expected);
    let last = "openapi: 3.0.0\npaths: {}\ninfo: {title: Pets, version: '1'}";
    assert_eq!(written(last, Format::Yaml), format!("{last}\nservers:\n  - url: \"{GATEWAY}\"\n"));
    let json = "{ \"openapi\": \"3.0.0\",\n  \"info\": {\"title\": \"Pets\", \"version\": \"1\"}  , \"x-odd\": 1.50, \"paths\": {} }";
    let expected = "{ \"openapi\": \"3.0.0\",\n  \"info\": {\"title\": \"Pets\", \"version\": \"1\"},\n  \"servers\": [{\"url\":\"https://gw.example:8443/pets\"}]  , \"x-odd\": 1.50, \"paths\": {} }";
    assert_eq!(written(json, Format::Json), expected);
}

#[test]
fn servers_of_paths_and_operations_go() {
    let json = r#"{"servers":[{"url":"/"}],"openapi":"3.0.0","info":{"title":"Pets","version":"1"},"paths":{"/a":{"get":{"responses":{},"servers":[{"url":"https://c.example"}]},"servers":[]},"/b":{"servers":[{"url":"x"}],"get":{"responses":{}}}}}"#;
    let expected = r#"{"servers": [{"url":"https://gw.example:8443/pets"}],"openapi":"3.0.0","info":{"title":"Pets","version":"1"},"paths":{"/a":{"get":{"responses":{}}},"/b":{"get":{"responses":{}}}}}"#;
    assert_eq!(written(json, Format::Json), expected);
}

#[test]
fn swagger_names_the_gateway_in_pieces() {
    let store = String::from_utf8(description(STORE).written(Format::Json, GATEWAY)).unwrap();
    let value: serde_json::Value = serde_json::from_str(&store).unwrap();
    assert_eq!(
        (value["host"].as_str(), value["basePath"].as_str(), value["schemes"][0].as_str()),
        (Some("gw.example:8443"), Some("/pets"), Some("https"))
    );
    let bare = "swagger: '2.0'\ninfo: {title: Pets, version: '1'}\npaths: {}\n";
    let expected = "swagger: '2.0'\ninfo: {title: Pets, version: '1'}\nhost: \"gw.example:8443\"\nbasePath: /pets\nschemes:\n  - https\npaths: {}\n";
    assert_eq!(written(bare, Format::Yaml), expected);
}

#[test]
fn what_cannot_be_changed_as_text_is_written_anew() {
    // Another part of the document hangs on an anchor within the servers.
    let document = "openapi: 3.0.0\ninfo: {title: Pets, version: '1'}\nservers:\n  - &one {url: https://a.example}\nx-one: *one\npaths: {}\n";
    let again = written(document, Format::Yaml);
    assert!(
        again.contains("  - url: \"https://gw.example:8443/pets\"\n")
            && again.contains("x-one:\n  url: \"https://a.example\"\n"),
        "{again}"
    );
    let flow =
        "# Short.\n{openapi: 3.0.0, info: {title: Pets, version: '1'}, servers: [{url: https://a.example}], paths: {}}";
    let again = description(written(flow, Format::Yaml).as_bytes());
    assert_eq!(again.overview().servers[0].url, GATEWAY);
}

#[test]
fn the_other_writing_says_the_same() {
    let harbour = description(HARBOUR);
    let json = description(&harbour.written(Format::Json, GATEWAY));
    assert_eq!(json.overview(), description(&harbour.written(Format::Yaml, GATEWAY)).overview());
    let store = description(STORE);
    let yaml = store.written(Format::Yaml, GATEWAY);
    assert!(yaml.starts_with(b"swagger: \"2.0\"\ninfo:\n  title: Store\n"), "{}", String::from_utf8_lossy(&yaml));
    assert_eq!(description(&yaml).operation("addPet"), store.operation("addPet"));
}
