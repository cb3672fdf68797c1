//! The whole program from the outside: started as a process, driven over HTTP, on both databases.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use portico_testing::Folder;
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

mod journey {
    mod machines;
    mod mcp;
    mod size;
}

const PETS: &str = r"
openapi: 3.0.3
info: { title: Pets, version: 1.0.0 }
paths:
  /pets:
    get:
      operationId: listPets
      responses: { '200': { description: All of them } }
  /pets/{petId}:
    get:
      operationId: getPet
      parameters: [{ name: petId, in: path, required: true, schema: { type: string } }]
      responses: { '200': { description: One of them } }
";

/// An upstream that answers `{}` to everything and counts what it saw.
struct Upstream {
    url: String,
    seen: Arc<AtomicU64>,
}

impl Upstream {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let count = Arc::clone(&count);
                thread::spawn(move || answer(&stream, &count));
            }
        });
        Self { url, seen }
    }
}

fn answer(stream: &TcpStream, count: &AtomicU64) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
        }
        count.fetch_add(1, Ordering::SeqCst);
        if (&*stream)
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n{}")
            .is_err()
        {
            return;
        }
    }
}

/// A running Portico and what it was started with; killed when dropped.
struct Portico {
    child: Child,
    portal: String,
    gateway: String,
    ops: String,
}

impl Drop for Portico {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(folder: &Folder, database: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portico"));
    command
        .env_clear()
        .env("PORTICO_DATA_DIR", folder.path())
        .env("PORTICO_UPSTREAM_ALLOW", "127.0.0.0/8")
        .env("PORTICO_LOG", "warn");
    if let Some(database) = database {
        command.env("PORTICO_DATABASE_URL", database);
    }
    command
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Portico {
    fn start(folder: &Folder, database: Option<&str>) -> Self {
        let address = || format!("127.0.0.1:{}", free_port());
        let (portal, gateway, ops) = (address(), address(), address());
        let mut child = command(folder, database)
            .args(["--portal-listen", &portal, "--gateway-listen", &gateway, "--ops-listen", &ops])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Closed before anything is written: a standard output that nobody reads must stop nothing.
        drop(child.stdout.take());
        let started = Self {
            child,
            portal: format!("http://{portal}"),
            gateway: format!("http://{gateway}"),
            ops: format!("http://{ops}"),
        };
        wait_until("ready", || get(&format!("{}/ready", started.ops), &[]).0 == 200);
        started
    }
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(1);
    while !done() {
        assert!(Instant::now() < end, "not {what} in time");
        thread::sleep(Duration::from_millis(20));
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into()
}

fn get(url: &str, headers: &[(&str, &str)]) -> (u16, Value) {
    let request = headers.iter().fold(agent().get(url), |request, (name, value)| request.header(*name, *value));
    read(request.call())
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> (u16, Value) {
    let Ok(mut answer) = answer else { return (0, Value::Null) };
    let text = answer.body_mut().read_to_string().unwrap_or_default();
    (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// The management API, as an admin's program sees it.
struct Admin {
    base: String,
    token: String,
}

impl Admin {
    fn new(folder: &Folder, database: Option<&str>, portico: &Portico) -> Self {
        let mut made = command(folder, database)
            .args([
                "account",
                "create",
                "--email",
                "ada@example.org",
                "--role",
                "admin",
                "--name",
                "Ada",
                "--password-stdin",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        made.stdin.take().unwrap().write_all(b"tugs leave at dawn").unwrap();
        assert!(made.wait().unwrap().success());
        let token = command(folder, database)
            .args(["token", "create", "--email", "ada@example.org", "--name", "test"])
            .output()
            .unwrap();
        assert!(token.status.success(), "{token:?}");
        let token = String::from_utf8(token.stdout).unwrap().trim().to_owned();
        assert!(token.starts_with("ptm_") && !token.contains(char::is_whitespace));
        Self { base: format!("{}/api/v1", portico.portal), token }
    }
    fn get(&self, path: &str) -> (u16, Value) {
        get(&format!("{}{path}", self.base), &[("authorization", &format!("Bearer {}", self.token))])
    }
    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        read(
            agent()
                .post(format!("{}{path}", self.base))
                .header("authorization", format!("Bearer {}", self.token))
                .send_json(body),
        )
    }
    fn put_document(&self, path: &str, document: &str) -> (u16, Value) {
        let request =
            agent().put(format!("{}{path}", self.base)).header("authorization", format!("Bearer {}", self.token));
        read(request.content_type("application/yaml").send(document))
    }
    fn delete(&self, path: &str) -> u16 {
        read(
            agent()
                .delete(format!("{}{path}", self.base))
                .header("authorization", format!("Bearer {}", self.token))
                .call(),
        )
        .0
    }
    /// An app that is subscribed to `pets`, and a key of it: (id, secret).
    fn key(&self) -> (String, String) {
        let (status, app) = self.post("/apps", &json!({"name": "Fleet"}));
        assert_eq!(status, 201, "{app}");
        let app = app["id"].as_str().unwrap();
        let (status, subscription) =
            self.post(&format!("/apps/{app}/subscriptions"), &json!({"api": "pets", "plan": "wide"}));
        assert_eq!((status, subscription["state"].as_str()), (201, Some("active")), "{subscription}");
        let (status, key) = self.post(&format!("/apps/{app}/keys"), &json!({"name": "nightly", "environment": "live"}));
        assert_eq!(status, 201, "{key}");
        (key["id"].as_str().unwrap().to_owned(), key["secret"].as_str().unwrap().to_owned())
    }
    fn publish_pets(&self, upstream: &Upstream) {
        let plan = json!({"plan": "wide", "name": "Wide", "rate": null, "quota": {"limit": 100_000, "per": "day"}, "approval": "auto"});
        assert_eq!(self.post("/plans", &plan).0, 201);
        let (status, answer) = self.put_document(&format!("/apis/pets?publish=true&upstream={}", upstream.url), PETS);
        assert_eq!(
            (status, answer["state"].as_str(), answer["operations"].as_u64()),
            (201, Some("published"), Some(2)),
            "{answer}"
        );
        let patched = agent()
            .patch(format!("{}/apis/pets", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .send_json(json!({"plans": ["starter", "wide"]}));
        let (status, answer) = read(patched);
        assert_eq!(status, 200, "{answer}");
    }
    fn counted(&self) -> u64 {
        let (status, usage) = self.get("/usage?from=2020-01-01T00:00:00Z&to=2120-01-01T00:00:00Z&bucket=day");
        assert_eq!(status, 200, "{usage}");
        usage["items"].as_array().unwrap().iter().map(|item| item["requests"].as_u64().unwrap()).sum()
    }
}

/// Runs the test on SQLite and, where there is one, on PostgreSQL.
fn on_both(test: impl Fn(&Folder, Option<&str>)) {
    test(&Folder::new(), None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Some(url) = runtime.block_on(portico_testing::postgres_database()) {
        test(&Folder::new(), Some(&url));
    }
}

#[test]
fn a_published_api_is_called_counted_and_its_key_revoked() {
    on_both(|folder, database| {
        let (upstream, portico) = (Upstream::start(), Portico::start(folder, database));
        let admin = Admin::new(folder, database, &portico);
        admin.publish_pets(&upstream);
        let (key, secret) = admin.key();
        let pets = format!("{}/pets/pets", portico.gateway);

        assert_eq!(get(&pets, &[("x-api-key", &secret)]), (200, json!({})), "a key works in the very next call");
        assert_eq!(get(&pets, &[("authorization", &format!("Bearer {secret}"))]).0, 200);
        let (status, problem) = get(&pets, &[]);
        assert_eq!((status, problem["code"].as_str()), (401, Some("key_missing")), "{problem}");
        assert_eq!(get(&format!("{}/pets/none", portico.gateway), &[("x-api-key", &secret)]).0, 404);
        assert_eq!(upstream.seen.load(Ordering::SeqCst), 2, "what was refused never reached the upstream");
        wait_until("counted", || admin.counted() == 4);
        let (_, requests) = admin.get("/requests");
        assert_eq!(requests["items"].as_array().unwrap().len(), 4, "{requests}");

        assert_eq!(admin.delete(&format!("/keys/{key}")), 204);
        let (status, problem) = get(&pets, &[("x-api-key", &secret)]);
        assert_eq!((status, problem["code"].as_str()), (401, Some("key_revoked")), "and stops in the very next one");

        let (status, refused) = admin.put_document("/apis/pets?publish=true", "openapi: 3.0.3\ninfo: [");
        assert_eq!(status, 422, "{refused}");
        let (_, second) = admin
            .put_document("/apis/pets?publish=true", &PETS.replace("1.0.0", "2.0.0").replace("  /pets:", "  /cats:"));
        assert_eq!(second["version"], "2.0.0");
        let (_, again) = admin.key();
        assert_eq!(get(&pets, &[("x-api-key", &again)]).0, 404, "the new version is in force");
        assert_eq!(admin.post("/apis/pets/versions/1.0.0/publish", &json!({})).0, 200);
        assert_eq!(get(&pets, &[("x-api-key", &again)]).0, 200, "going back is one call");
    });
}

#[test]
fn a_kill_loses_at_most_a_second_of_counts_and_counts_nothing_twice() {
    on_both(|folder, database| {
        let upstream = Upstream::start();
        let (mut sent, mut settled) = (0, 0);
        for round in 0..3 {
            let mut portico = Portico::start(folder, database);
            if round == 0 {
                let admin = Admin::new(folder, database, &portico);
                admin.publish_pets(&upstream);
                std::fs::write(folder.path().join("key"), admin.key().1).unwrap();
                std::fs::write(folder.path().join("token"), admin.token).unwrap();
            }
            let admin = Admin {
                base: format!("{}/api/v1", portico.portal),
                token: std::fs::read_to_string(folder.path().join("token")).unwrap(),
            };
            let counted = admin.counted();
            assert!(counted >= settled && counted <= sent, "{settled} <= {counted} <= {sent}");
            sent = counted;
            let secret = std::fs::read_to_string(folder.path().join("key")).unwrap();
            let calls = |n: u64| {
                for _ in 0..n {
                    assert_eq!(get(&format!("{}/pets/pets", portico.gateway), &[("x-api-key", &secret)]).0, 200);
                }
            };
            calls(25);
            sent += 25;
            wait_until("counted", || admin.counted() == sent);
            settled = sent;
            // These may be lost, but never counted twice.
            calls(10);
            sent += 10;
            portico.child.kill().unwrap();
            portico.child.wait().unwrap();
        }
    });
}

#[test]
fn the_first_lines_say_where_everything_is_and_a_signal_ends_it_in_order() {
    let folder = Folder::new();
    let address = || format!("127.0.0.1:{}", free_port());
    let (portal, gateway) = (address(), address());
    let mut child = command(&folder, None)
        .args(["--portal-listen", &portal, "--gateway-listen", &gateway, "--ops-listen", &address()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut text = String::new();
    while !text.contains("/setup?token=") {
        text += &lines.next().expect("the link comes before the end").unwrap();
        text.push('\n');
    }
    assert!(text.contains(&format!("http://{portal}")) && text.contains(&format!("http://{gateway}")), "{text}");
    let link = text.split_whitespace().find(|word| word.contains("/setup?token=")).unwrap();
    assert_eq!(get(link, &[]).0, 200);
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert!(child.wait().unwrap().success(), "a signal is no failure");
}

#[test]
fn a_start_that_cannot_work_says_why_and_what_would_help() {
    let folder = Folder::new();
    let refused = |change: &dyn Fn(&mut Command)| {
        let mut portico = command(&folder, None);
        portico.args([
            "--portal-listen",
            "127.0.0.1:0",
            "--gateway-listen",
            "127.0.0.1:0",
            "--ops-listen",
            "127.0.0.1:0",
        ]);
        change(&mut portico);
        let mut child = portico.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut text = String::new();
        child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        assert!(!child.wait().unwrap().success(), "{text}");
        text
    };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let text = refused(&|portico| _ = portico.args(["--portal-listen", &taken]));
    assert!(text.contains(&taken) || text.contains("portal-listen"), "{text}");
    let text = refused(&|portico| _ = portico.env("PORTICO_GATEWAY_THREADS", "many"));
    assert!(text.contains("PORTICO_GATEWAY_THREADS"), "{text}");
    let text = refused(&|portico| _ = portico.env("PORTICO_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"));
    assert!(text.contains("127.0.0.1:1"), "{text}");

    drop(Portico::start(&folder, None));
    let secret = folder.path().join("secret");
    let other: String = std::fs::read_to_string(&secret).unwrap().chars().rev().collect();
    std::fs::write(&secret, other.trim()).unwrap();
    let text = refused(&|_| {});
    assert!(text.contains("is not the one this database was made with"), "{text}");
    std::fs::remove_file(&secret).unwrap();
    let text = refused(&|_| {});
    assert!(text.contains("is missing"), "{text}");
}
