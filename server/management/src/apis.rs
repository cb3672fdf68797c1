//! `/apis`: documents, settings, versions.
use crate::{
    House,
    input::{NoQuery, Patch, Path, Query, expect_type, read},
    list::{List, Part, list},
    problem::{FindingView, Problem},
    strict::Members,
};
use axum::{
    Extension, Json, Router,
    extract::{Request, State},
    routing::{get, post},
};
use bytes::Bytes;
use http::StatusCode;
use portico_control::{UploadOutcome, UploadRequest, Who};
use portico_domain::{
    Api, ApiSettings, ApiVersion, Format, Role, SettingsPatch, Slug, Timestamp, VersionId, VersionState,
    read_upstream_url,
};
use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

const DOCUMENT_LIMIT: usize = 32 * 1024 * 1024;

/// All are read alike: whether a document is JSON or YAML shows from its text.
const DOCUMENT_TYPES: [&str; 6] = [
    "application/json",
    "application/yaml",
    "application/openapi+json",
    "application/openapi+yaml",
    "application/x-yaml",
    "text/yaml",
];

pub(crate) fn router() -> Router<House> {
    Router::new()
        .route("/apis", get(index))
        .route("/apis/{api}", get(show).put(upload).patch(change).delete(remove))
        .route("/apis/{api}/publish", post(publish_newest))
        .route("/apis/{api}/unpublish", post(unpublish))
        .route("/apis/{api}/versions", get(versions))
        .route("/apis/{api}/versions/{version}/publish", post(publish))
}

#[derive(Serialize)]
struct ApiView {
    api: Slug,
    title: String,
    /// Of the published version, else of the newest.
    version: Option<String>,
    state: &'static str,
    operations: u32,
    #[serde(flatten)]
    settings: Map<String, Value>,
    created_at: Timestamp,
    changed_at: Timestamp,
}

#[derive(Serialize)]
struct VersionView {
    id: String,
    api: Slug,
    version: String,
    title: String,
    format: Format,
    operations: u32,
    state: VersionState,
    created_at: Timestamp,
    published_at: Option<Timestamp>,
}

impl From<ApiVersion> for VersionView {
    fn from(from: ApiVersion) -> Self {
        let ApiVersion { id, api, version, title, format, operations, state, created_at, published_at } = from;
        Self { id: id.to_string(), api, version, title, format, operations, state, created_at, published_at }
    }
}

#[derive(Serialize)]
struct UploadedView {
    api: Slug,
    title: String,
    version: String,
    version_id: String,
    state: VersionState,
    operations: u32,
    findings: Vec<FindingView>,
}

/// `upstream` may come more than once, so the query is read pair by pair.
#[derive(Default)]
struct UploadQuery {
    upstreams: Vec<Url>,
    publish: bool,
}

impl UploadQuery {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut read = Self::default();
        let mut publish = None;
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "upstream" if read.upstreams.len() == 64 => {
                    return Err(Problem::parameter("upstream", "at most 64 of them"));
                }
                "upstream" => {
                    let url = read_upstream_url(&value);
                    read.upstreams.push(url.map_err(|message| Problem::parameter("upstream", &message))?);
                }
                "publish" => {
                    let said = value.parse().map_err(|_| Problem::parameter("publish", "true or false"))?;
                    if publish.replace(said).is_some() {
                        return Err(Problem::parameter("publish", "it is there twice"));
                    }
                }
                other => return Err(Problem::parameter(other, "there is no such parameter: upstream and publish")),
            }
        }
        read.publish = publish.unwrap_or_default();
        Ok(read)
    }
}

async fn index(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    Query(part): Query<Part>,
) -> Result<Json<List<ApiView>>, Problem> {
    let page = house.list_apis_for(&who, part.after.as_deref(), part.limit.0).await.map_err(Problem::of_query)?;
    let mut items = Vec::with_capacity(page.items.len());
    for api in page.items {
        let mut item = view(&house, &who, api).await?;
        for large in LEFT_OUT_OF_LISTS {
            item.settings.remove(large);
        }
        items.push(item);
    }
    Ok(Json(List { items, next: page.next }))
}

async fn show(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([api]): Path<1>,
) -> Result<Json<ApiView>, Problem> {
    let api = house.find_api(&who, &slug(&api)?).await.map_err(Problem::of_api)?;
    Ok(Json(view(&house, &who, api).await?))
}

async fn upload(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    Path([api]): Path<1>,
    request: Request,
) -> Result<(StatusCode, Json<UploadedView>), Problem> {
    let slug = api.parse::<Slug>().map_err(|error| Problem::parameter("api", &error.to_string()))?;
    let UploadQuery { upstreams, publish } = UploadQuery::read(request.uri().query().unwrap_or_default())?;
    expect_type(request.headers(), &DOCUMENT_TYPES)?;
    // Who may not upload is told so by the house, and need not be listened to before.
    let bytes = if is_publisher(&who) { read(request, DOCUMENT_LIMIT, "32 MiB").await? } else { Bytes::new() };
    let outcome = house.upload_document(&who, UploadRequest { slug: Some(slug), bytes, upstreams, publish }).await?;
    let UploadOutcome { created, api, version, findings } = outcome;
    let uploaded = UploadedView {
        api: api.slug,
        title: version.title,
        version: version.version,
        version_id: version.id.to_string(),
        state: version.state,
        operations: version.operations,
        findings: findings.into_iter().map(FindingView::from).collect(),
    };
    Ok((if created { StatusCode::CREATED } else { StatusCode::OK }, Json(uploaded)))
}

async fn change(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([api]): Path<1>,
    Patch(Members(patch)): Patch<Members>,
) -> Result<Json<ApiView>, Problem> {
    let patch = SettingsPatch::read(patch).map_err(Problem::settings)?;
    let api = house.change_settings(&who, &slug(&api)?, &patch).await.map_err(Problem::of_api)?;
    Ok(Json(view(&house, &who, api).await?))
}

async fn remove(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([api]): Path<1>,
) -> Result<StatusCode, Problem> {
    house.remove_api(&who, &slug(&api)?).await.map_err(Problem::of_api)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn publish_newest(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([api]): Path<1>,
) -> Result<Json<ApiView>, Problem> {
    let (api, _) = house.publish_version(&who, &slug(&api)?, None).await.map_err(Problem::of_api)?;
    Ok(Json(view(&house, &who, api).await?))
}

async fn publish(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([api, version]): Path<2>,
) -> Result<Json<ApiView>, Problem> {
    let api = slug(&api)?;
    // Tells an unknown API from an unknown version of it.
    house.find_api(&who, &api).await.map_err(Problem::of_api)?;
    let (api, _) = house.publish_version(&who, &api, Some(&version)).await?;
    Ok(Json(view(&house, &who, api).await?))
}

async fn unpublish(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([api]): Path<1>,
) -> Result<Json<ApiView>, Problem> {
    let api = house.unpublish_api(&who, &slug(&api)?).await.map_err(Problem::of_api)?;
    Ok(Json(view(&house, &who, api).await?))
}

async fn versions(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    Path([api]): Path<1>,
    Query(part): Query<Part>,
) -> Result<Json<List<VersionView>>, Problem> {
    let api = slug(&api)?;
    house.find_api(&who, &api).await.map_err(Problem::of_api)?;
    let page = house.list_versions(&who, &api, part.after.as_deref(), part.limit.0).await;
    Ok(list(page.map_err(Problem::of_query)?, VersionView::from))
}

async fn view(house: &House, who: &Who, api: Api) -> Result<ApiView, Problem> {
    let version = shown_version(house, who, &api.slug, api.published).await?;
    Ok(ApiView {
        api: api.slug,
        title: api.title,
        state: if api.published.is_some() { "published" } else { "draft" },
        operations: version.as_ref().map_or(0, |version| version.operations),
        version: version.map(|version| version.version),
        settings: shown_settings(&api.settings, who)?,
        created_at: api.created_at,
        changed_at: api.changed_at,
    })
}

/// What a developer needs for calls. Where upstreams are and how they are reached concerns publishers alone.
const FOR_EVERYBODY: [&str; 10] = [
    "access",
    "visibility",
    "base_path",
    "hosts",
    "plans",
    "timeout_ms",
    "max_body_bytes",
    "cors",
    "validate",
    "errors",
];

/// Settings that may be so large that a hundred of them are no answer.
const LEFT_OUT_OF_LISTS: [&str; 2] = ["routes", "operation_settings"];

fn shown_settings(settings: &ApiSettings, who: &Who) -> Result<Map<String, Value>, Problem> {
    let Ok(Value::Object(mut members)) = serde_json::to_value(settings) else {
        return Err(Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The settings cannot be written down.",
        ));
    };
    if !is_publisher(who) {
        members.retain(|name, _| FOR_EVERYBODY.contains(&name.as_str()));
    }
    Ok(members)
}

/// The published version, else the newest.
async fn shown_version(
    house: &House,
    who: &Who,
    api: &Slug,
    published: Option<VersionId>,
) -> Result<Option<ApiVersion>, Problem> {
    let mut after = None;
    loop {
        let page = house.list_versions(who, api, after.as_deref(), 100).await.map_err(Problem::of_api)?;
        let mut versions = page.items.into_iter();
        let found = versions.find(|version| published.is_none_or(|published| version.id == published));
        after = page.next;
        if found.is_some() || after.is_none() {
            return Ok(found);
        }
    }
}

fn is_publisher(who: &Who) -> bool {
    who.role() >= Some(Role::Publisher)
}

fn slug(text: &str) -> Result<Slug, Problem> {
    text.parse().map_err(|_| Problem::no_such_api())
}
