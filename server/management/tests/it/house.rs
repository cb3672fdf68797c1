//! A house for one test, and calls into it.
use axum::{Router, body::Body};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use portico_control::{Control, NewAccount, Parts, Who};
use portico_domain::{InstallationSecret, Role, SystemClock};
use portico_store::Store;
use portico_telemetry::Recent;
use portico_testing::Folder;
use serde_json::Value;
use std::sync::Arc;
use tower::ServiceExt as _;

pub(crate) const PETS: &str = "openapi: 3.1.0\ninfo: {title: Pets, version: 1.0.0}\npaths:\n  /pets:\n    get:\n      operationId: listPets\n      responses: {'200': {description: All}}\n";

pub(crate) struct House {
    pub(crate) control: Arc<Control>,
    pub(crate) recent: Arc<Recent>,
    router: Router,
    _folder: Folder,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// `null` when there is no body.
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {}", self.body))
    }
    /// Asserts a problem, written as RFC 9457 says, with this status and code.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, code: &str) -> &Self {
        assert_eq!((self.status.as_u16(), self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["request_id"].as_str(), self.headers["x-request-id"].to_str().ok());
        assert_eq!(self.headers[header::CACHE_CONTROL], "no-store");
        self
    }
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        let folder = Folder::new();
        let store = Store::open(&format!("sqlite://{}", folder.path().join("portico.db").display())).await.unwrap();
        store.migrate().await.unwrap();
        let recent = Arc::<Recent>::default();
        let control = Control::new(Parts {
            store,
            gateway: None,
            metrics: Arc::default(),
            recent: recent.clone(),
            clock: Arc::new(SystemClock),
            secret: InstallationSecret::from_hex(&"07".repeat(32)).unwrap(),
            gateway_url: "http://127.0.0.1:8081".parse().unwrap(),
            portal_url: "http://127.0.0.1:8080".parse().unwrap(),
            post: None,
            settings: Vec::new(),
        })
        .unwrap();
        control.add_starter_plan().await.unwrap();
        let router = Router::new().nest("/api/v1", portico_management::router(control.clone()));
        Self { control, recent, router, _folder: folder }
    }

    /// A token of a new account with this role.
    pub(crate) async fn token(&self, name: &str, role: Role) -> String {
        let email = format!("{name}@example.org");
        let new = NewAccount { email: email.clone(), name: name.to_owned(), role, password: None };
        self.control.create_account(&Who::CommandLine, new).await.unwrap();
        let email = email.parse().unwrap();
        self.control.create_token(&Who::CommandLine, &email, "test", None).await.unwrap().reveal().to_owned()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// With a JSON body unless it is `null`.
    pub(crate) async fn call(&self, token: &str, call: &str, body: Value) -> Answer {
        if body.is_null() {
            return self.send(request(token, call).body(Body::empty()).unwrap()).await;
        }
        let request = request(token, call).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(body.to_string().into()).unwrap()).await
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Answer {
        self.call(token, &format!("GET {path}"), Value::Null).await
    }

    pub(crate) async fn send_as(&self, token: &str, call: &str, media_type: &str, body: &str) -> Answer {
        let request = request(token, call).header(header::CONTENT_TYPE, media_type);
        self.send(request.body(body.to_owned().into()).unwrap()).await
    }

    /// Uploads and publishes [`PETS`] under this name.
    pub(crate) async fn publish_pets(&self, token: &str, api: &str) {
        self.send_as(token, &format!("PUT /apis/{api}?publish=true"), "application/yaml", PETS).await.is(201);
    }

    pub(crate) async fn new_app(&self, token: &str, name: &str) -> String {
        let app = self.call(token, "POST /apps", serde_json::json!({ "name": name })).await.is(201);
        app.text("/id").to_owned()
    }
}

/// `call` is a method and a path below `/api/v1`.
pub(crate) fn request(token: &str, call: &str) -> http::request::Builder {
    let (method, path) = call.split_once(' ').unwrap();
    let request = Request::builder().method(method.parse::<Method>().unwrap()).uri(format!("/api/v1{path}"));
    if token.is_empty() { request } else { request.header(header::AUTHORIZATION, format!("Bearer {token}")) }
}
