//! Agents that call an API's operations as tools, with a key.
use crate::{Admin, Portico, agent, read};
use portico_testing::Folder;
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

const PETS: &str = r"
openapi: 3.0.3
info: { title: Pets, version: 1.0.0 }
paths:
  /pets:
    get:
      operationId: listPets
      summary: List all pets
      parameters: [{ name: tag, in: query, description: Only these., schema: { type: array, items: { type: string } } }]
      responses: { '200': { description: Pets } }
    post:
      operationId: addPet
      requestBody: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/Pet' } } } }
      responses: { '201': { description: Added } }
  /pets/{petId}:
    get:
      operationId: getPet
      parameters: [{ name: petId, in: path, required: true, schema: { type: string } }]
      responses: { '200': { description: A pet } }
components:
  schemas:
    Pet:
      type: object
      required: [name, id]
      properties:
        id: { type: integer, readOnly: true }
        name: { type: string, description: What it is called. }
        parent: { $ref: '#/components/schemas/Pet' }
";

/// Answers `{"seen":N}` and keeps the head and the body of each request.
struct Upstream {
    url: String,
    seen: Arc<Mutex<Vec<(String, String)>>>,
}

impl Upstream {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let known = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let known = Arc::clone(&known);
                thread::spawn(move || serve(&stream, &known));
            }
        });
        Self { url, seen }
    }

    fn last(&self) -> (String, String) {
        self.seen.lock().unwrap().last().unwrap().clone()
    }

    fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

fn serve(stream: &TcpStream, known: &Mutex<Vec<(String, String)>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            head.push_str(&line);
            head.push('\n');
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let mut known = known.lock().unwrap();
        known.push((head, String::from_utf8(body).unwrap()));
        let answer = format!("{{\"seen\":{}}}", known.len());
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", answer.len());
        if (&*stream).write_all((head + &answer).as_bytes()).is_err() {
            return;
        }
    }
}

struct House {
    admin: Admin,
    portico: Portico,
    upstream: Upstream,
    _folder: Folder,
}

impl House {
    fn new() -> Self {
        let folder = Folder::new();
        let (upstream, portico) = (Upstream::start(), Portico::start(&folder, None));
        let admin = Admin::new(&folder, None, &portico);
        let house = Self { admin, portico, upstream, _folder: folder };
        house.publish("pets", PETS);
        house
    }

    fn publish(&self, api: &str, document: &str) {
        let path = format!("/apis/{api}?publish=true&upstream={}", self.upstream.url);
        assert_eq!(self.admin.put_document(&path, document).0, 201);
    }

    fn change(&self, api: &str, settings: &Value) {
        let patched = agent()
            .patch(format!("{}/apis/{api}", self.admin.base))
            .header("authorization", format!("Bearer {}", self.admin.token))
            .send_json(settings);
        assert_eq!(read(patched).0, 200);
    }

    /// A key of a new app that is subscribed by the plan; `more` narrows it.
    fn key(&self, plan: &str, more: &Value) -> String {
        let (status, app) = self.admin.post("/apps", &json!({"name": format!("Fleet {plan} {more}")}));
        assert_eq!(status, 201, "{app}");
        let app = app["id"].as_str().unwrap();
        let subscription =
            self.admin.post(&format!("/apps/{app}/subscriptions"), &json!({"api": "pets", "plan": plan}));
        assert_eq!(subscription.0, 201, "{}", subscription.1);
        let mut wanted = json!({"name": "agent", "environment": "live"});
        wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (status, key) = self.admin.post(&format!("/apps/{app}/keys"), &wanted);
        assert_eq!(status, 201, "{key}");
        key["secret"].as_str().unwrap().to_owned()
    }

    /// One message, as it is.
    fn post(&self, api: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
        let request = agent().post(format!("{}/apis/{api}/mcp", self.portico.portal));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.header("accept", "application/json, text/event-stream");
        read(request.content_type("application/json").send(body))
    }

    /// The result of a request, or its error.
    fn ask(&self, key: Option<&str>, method: &str, params: Value) -> Result<Value, Value> {
        let key = key.map(|key| ("x-api-key", key));
        let message = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
        let (status, mut answer) = self.post("pets", key.as_slice(), &message.to_string());
        assert_eq!((status, &answer["jsonrpc"], &answer["id"]), (200, &json!("2.0"), &json!(7)), "{answer}");
        if answer["error"].is_null() { Ok(answer["result"].take()) } else { Err(answer["error"].take()) }
    }

    /// Whether a tool's answer is an error, and its text.
    fn call(&self, key: Option<&str>, name: &str, arguments: Value) -> (bool, String) {
        let result = self.ask(key, "tools/call", json!({"name": name, "arguments": arguments})).unwrap();
        (result["isError"].as_bool().unwrap(), result["content"][0]["text"].as_str().unwrap().to_owned())
    }

    fn names(&self, key: Option<&str>) -> Vec<String> {
        let result = self.ask(key, "tools/list", json!({})).unwrap();
        result["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn a_tool_is_called_with_the_callers_key() {
    let house = House::new();
    let begun = house.ask(
        None,
        "initialize",
        json!({"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}),
    );
    let begun = begun.unwrap();
    assert_eq!((&begun["protocolVersion"], &begun["serverInfo"]["title"]), (&json!("2025-03-26"), &json!("Pets")));
    assert!(begun["capabilities"]["tools"].is_object(), "{begun}");
    let unknown = house.ask(None, "initialize", json!({"protocolVersion": "1999-01-01"})).unwrap();
    assert_eq!(unknown["protocolVersion"], "2025-06-18");
    assert_eq!(house.post("pets", &[], r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#), (202, json!("")));
    assert_eq!(house.ask(None, "ping", json!({})), Ok(json!({})));

    let listed = house.ask(None, "tools/list", json!({})).unwrap();
    let tools = listed["tools"].as_array().unwrap();
    assert_eq!(house.names(None), ["listPets", "addPet", "getPet"]);
    assert_eq!(tools[0]["description"], "List all pets\nGET /pets");
    assert_eq!(tools[0]["annotations"]["readOnlyHint"], true);
    assert_eq!(
        (&tools[1]["annotations"]["readOnlyHint"], &tools[1]["annotations"]["destructiveHint"]),
        (&json!(false), &json!(true))
    );
    let pet = &tools[1]["inputSchema"];
    assert_eq!((&pet["required"], &pet["properties"]["body"]["$ref"]), (&json!(["body"]), &json!("#/$defs/s0")));
    assert_eq!(
        pet["$defs"]["s0"],
        json!({"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string", "description": "What it is called."}, "parent": {"$ref": "#/$defs/s0"}}})
    );

    let (failed, text) = house.call(None, "listPets", json!({}));
    assert!(failed && text.starts_with("HTTP 401") && text.contains("key_missing"), "{text}");
    let (failed, text) = house.call(Some("ptk_live_nonsense"), "listPets", json!({}));
    assert!(failed && text.contains("key_unknown"), "{text}");
    assert_eq!(house.upstream.count(), 0, "what is refused reaches no upstream");

    let key = house.key("starter", &json!({}));
    assert_eq!(house.call(Some(&key), "listPets", json!({"tag": ["a b", "c&d"]})), (false, "{\"seen\":1}".to_owned()));
    let (head, _) = house.upstream.last();
    assert!(
        head.starts_with("get /pets?tag=a%20b&tag=c%26d http/1.1\n") && !head.contains(&key.to_lowercase()),
        "{head}"
    );
    assert!(head.contains("x-portico-plan: starter"), "{head}");
    let (failed, text) = house.call(Some(&key), "getPet", json!({"petId": "../7"}));
    assert!(failed && text.starts_with("HTTP 400"), "a value is no way to another path: {text}");
    assert_eq!(house.upstream.count(), 1);
    assert!(!house.call(Some(&key), "addPet", json!({"body": {"name": "Rex"}})).0);
    let (head, body) = house.upstream.last();
    assert!(head.starts_with("post /pets http/1.1\n") && head.contains("content-type: application/json"), "{head}");
    assert_eq!(body, "{\"name\":\"Rex\"}");
    let bearer = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "getPet", "arguments": {"petId": "7"}}});
    let (_, answer) = house.post("pets", &[("authorization", &format!("Bearer {key}"))], &bearer.to_string());
    assert_eq!(answer["result"]["isError"], false, "{answer}");
}

#[test]
fn what_is_wrong_is_said() {
    let house = House::new();
    let key = house.key("starter", &json!({}));
    for (name, arguments, words) in [
        ("getPet", json!({}), "\"petId\" is required"),
        ("getPet", json!({"petId": ""}), "may not be empty"),
        ("getPet", json!({"petID": "7"}), "The arguments are: petId."),
        ("addPet", json!({}), "\"body\" is required"),
    ] {
        let (failed, text) = house.call(Some(&key), name, arguments);
        assert!(failed && text.contains(words), "{text}");
    }
    assert_eq!(house.upstream.count(), 0);
    for (method, params, code) in [
        ("tools/call", json!({"name": "none"}), -32602),
        ("tools/call", json!({"arguments": {}}), -32602),
        ("tools/list", json!({"cursor": "x"}), -32602),
        ("resources/list", json!({}), -32601),
    ] {
        assert_eq!(house.ask(None, method, params).unwrap_err()["code"], code, "{method}");
    }
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    for (headers, body, status) in [
        (&[][..], "{", 400),
        (&[("mcp-protocol-version", "1999-01-01")], ping, 400),
        (&[("mcp-protocol-version", "2025-06-18")], ping, 200),
        (&[("origin", "https://evil.example")], ping, 403),
        (&[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")], ping, 403),
        (&[("origin", house.portico.portal.as_str())], ping, 200),
    ] {
        assert_eq!(house.post("pets", headers, body).0, status, "{headers:?} {body}");
    }
    assert_eq!(house.post("none", &[], ping).0, 404);
    let (status, answers) = house.post("pets", &[], &format!("[{ping},{ping}]"));
    assert_eq!((status, answers.as_array().map(Vec::len)), (200, Some(2)));
    assert_eq!(read(agent().get(format!("{}/apis/pets/mcp", house.portico.portal)).call()).0, 405);
}

#[test]
fn limits_and_scopes_hold() {
    let house = House::new();
    let plan = json!({"plan": "once", "name": "Once", "rate": {"limit": 1, "per": "hour", "burst": 1}, "quota": null, "approval": "auto"});
    assert_eq!(house.admin.post("/plans", &plan).0, 201);
    house.change("pets", &json!({"plans": ["starter", "once"]}));
    let key = house.key("once", &json!({}));
    assert!(!house.call(Some(&key), "listPets", json!({})).0);
    let (failed, text) = house.call(Some(&key), "listPets", json!({}));
    assert!(
        failed && text.contains("HTTP 429 Too Many Requests (Retry-After: ") && text.contains("rate_limited"),
        "{text}"
    );
    assert_eq!(house.upstream.count(), 1);
    crate::wait_until("counted", || house.admin.counted() == 2);

    let narrow = house.key("starter", &json!({"operations": ["getPet"]}));
    assert_eq!(house.names(Some(&narrow)), ["getPet"]);
    let forbidden = house.ask(Some(&narrow), "tools/call", json!({"name": "listPets"})).unwrap_err();
    assert_eq!(forbidden["code"], -32602);

    house.change("pets", &json!({"visibility": "signed-in"}));
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    assert_eq!(house.post("pets", &[], ping).0, 404, "a stranger learns nothing of it");
    assert_eq!(house.names(Some(&narrow)), ["getPet"], "the key's owner may see it");
}

#[test]
fn many_tools_come_in_parts() {
    let house = House::new();
    let paths: String = (0..120).fold(String::new(), |paths, n| {
        paths
            + &format!(
                "  /a{n}: {{ get: {{ operationId: 'read/{n}', responses: {{ '200': {{ description: One }} }} }} }}\n"
            )
    });
    house.publish("wide", &format!("openapi: 3.0.3\ninfo: {{ title: Wide, version: '1' }}\npaths:\n{paths}"));
    let (mut cursor, mut names) = (Value::Null, Vec::new());
    loop {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"cursor": cursor}});
        let (_, mut answer) = house.post("wide", &[], &message.to_string());
        let tools = answer["result"]["tools"].as_array().unwrap();
        names.extend(tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()));
        cursor = answer["result"]["nextCursor"].take();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!((names.len(), names[0].as_str(), names[119].as_str()), (120, "read-0", "read-119"));
}
