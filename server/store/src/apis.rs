//! APIs and their versions.
use crate::{Store, StoreError, Tx, row};
use portico_domain::{Api, ApiSettings, ApiVersion, RouteSpec, Slug, Subject, Timestamp, VersionId};
use serde_json::json;
use uuid::Uuid;

statements! {
    ADD = "INSERT INTO apis (slug, title, base_path, settings, published, created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    CHANGE_SETTINGS = "UPDATE apis SET base_path = $2, settings = $3, changed_at = $4 WHERE slug = $1";
    SET_TITLE = "UPDATE apis SET title = $2, changed_at = $3 WHERE slug = $1";
    SET_PUBLISHED = "UPDATE apis SET published = $2, changed_at = $3 WHERE slug = $1";
    REMOVE = "DELETE FROM apis WHERE slug = $1";
    LIST = "SELECT slug, title, settings, published, created_at, changed_at FROM apis";
    BY_SLUG = "SELECT slug, title, settings, published, created_at, changed_at FROM apis WHERE slug = $1";
    BY_BASE_PATH = "SELECT slug, title, settings, published, created_at, changed_at FROM apis WHERE base_path = $1";
    ADD_VERSION = "INSERT INTO api_versions (id, api, version, title, format, operations, state, created_at, published_at, routes, document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    RETIRE = "UPDATE api_versions SET state = 'retired' WHERE api = $1 AND state = 'published'";
    PUBLISH = "UPDATE api_versions SET state = 'published', published_at = $3 WHERE api = $1 AND id = $2";
    VERSIONS = "SELECT id, api, version, title, format, operations, state, created_at, published_at FROM api_versions WHERE api = $1 ORDER BY created_at DESC, id DESC";
    VERSION = "SELECT id, api, version, title, format, operations, state, created_at, published_at FROM api_versions WHERE id = $1";
    DOCUMENT = "SELECT document FROM api_versions WHERE id = $1";
    ROUTES = "SELECT routes FROM api_versions WHERE id = $1";
    PUBLISHED = "SELECT a.slug, a.title, a.settings, a.published, a.created_at, a.changed_at, v.id AS version_id, v.api AS version_api, v.version, v.title AS version_title, v.format, v.operations, v.state, v.created_at AS version_created_at, v.published_at, v.routes FROM apis AS a JOIN api_versions AS v ON v.id = a.published";
}

/// A published API as the gateway builds its world from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    pub api: Api,
    pub version: ApiVersion,
    pub routes: Vec<RouteSpec>,
}

#[derive(sqlx::FromRow)]
struct ApiRow {
    slug: String,
    title: String,
    settings: String,
    published: Option<Uuid>,
    created_at: i64,
    changed_at: i64,
}

impl ApiRow {
    fn read(self) -> Result<Api, StoreError> {
        Ok(Api {
            slug: row::word(&self.slug, "API name")?,
            title: self.title,
            settings: row::json(&self.settings, "API's settings")?,
            published: self.published.map(VersionId),
            created_at: Timestamp::from_micros(self.created_at),
            changed_at: Timestamp::from_micros(self.changed_at),
        })
    }
}

#[derive(sqlx::FromRow)]
struct VersionRow {
    id: Uuid,
    api: String,
    version: String,
    title: String,
    format: String,
    operations: i64,
    state: String,
    created_at: i64,
    published_at: Option<i64>,
}

impl VersionRow {
    fn read(self) -> Result<ApiVersion, StoreError> {
        Ok(ApiVersion {
            id: VersionId(self.id),
            api: row::word(&self.api, "API name")?,
            version: self.version,
            title: self.title,
            format: row::word(&self.format, "document format")?,
            operations: u32::try_from(self.operations)
                .map_err(|_| StoreError::Corrupt { what: "number of operations" })?,
            state: row::word(&self.state, "version state")?,
            created_at: Timestamp::from_micros(self.created_at),
            published_at: row::time(self.published_at),
        })
    }
}

#[derive(sqlx::FromRow)]
struct PublishedRow {
    #[sqlx(flatten)]
    api: ApiRow,
    version_id: Uuid,
    version_api: String,
    version: String,
    version_title: String,
    format: String,
    operations: i64,
    state: String,
    version_created_at: i64,
    published_at: Option<i64>,
    routes: String,
}

impl PublishedRow {
    fn read(self) -> Result<Published, StoreError> {
        let version = VersionRow {
            id: self.version_id,
            api: self.version_api,
            version: self.version,
            title: self.version_title,
            format: self.format,
            operations: self.operations,
            state: self.state,
            created_at: self.version_created_at,
            published_at: self.published_at,
        };
        Ok(Published {
            api: self.api.read()?,
            version: version.read()?,
            routes: row::json(&self.routes, "list of routes")?,
        })
    }
}

impl Store {
    /// All, by name.
    pub async fn apis(&self) -> Result<Vec<Api>, StoreError> {
        let rows = read!(&self.readers, fetch_all, ApiRow, LIST)?;
        let mut apis = rows.into_iter().map(ApiRow::read).collect::<Result<Vec<_>, _>>()?;
        // Sorted here, since the engines' collations differ.
        apis.sort_by(|a, b| a.slug.cmp(&b.slug));
        Ok(apis)
    }

    pub async fn api(&self, slug: &Slug) -> Result<Option<Api>, StoreError> {
        read!(&self.readers, fetch_optional, ApiRow, BY_SLUG, slug.as_str())?.map(ApiRow::read).transpose()
    }

    pub async fn api_by_base_path(&self, base_path: &str) -> Result<Option<Api>, StoreError> {
        read!(&self.readers, fetch_optional, ApiRow, BY_BASE_PATH, base_path)?.map(ApiRow::read).transpose()
    }

    /// Newest first.
    pub async fn versions(&self, api: &Slug) -> Result<Vec<ApiVersion>, StoreError> {
        let rows = read!(&self.readers, fetch_all, VersionRow, VERSIONS, api.as_str())?;
        rows.into_iter().map(VersionRow::read).collect()
    }

    pub async fn version(&self, id: VersionId) -> Result<Option<ApiVersion>, StoreError> {
        read!(&self.readers, fetch_optional, VersionRow, VERSION, id.0)?.map(VersionRow::read).transpose()
    }

    /// The document as it was uploaded, byte for byte.
    pub async fn document(&self, id: VersionId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(read!(&self.readers, fetch_optional, (Vec<u8>,), DOCUMENT, id.0)?.map(|(document,)| document))
    }

    pub async fn routes(&self, id: VersionId) -> Result<Option<Vec<RouteSpec>>, StoreError> {
        let found = read!(&self.readers, fetch_optional, (String,), ROUTES, id.0)?;
        found.map(|(routes,)| row::json(&routes, "list of routes")).transpose()
    }

    /// Every published API with the version that callers see, by name.
    pub async fn published(&self) -> Result<Vec<Published>, StoreError> {
        let rows = read!(&self.readers, fetch_all, PublishedRow, PUBLISHED)?;
        let mut published = rows.into_iter().map(PublishedRow::read).collect::<Result<Vec<_>, _>>()?;
        published.sort_by(|a, b| a.api.slug.cmp(&b.api.slug));
        Ok(published)
    }
}

impl Tx {
    /// The API as this transaction sees it; stays true until the commit.
    pub async fn api(&mut self, slug: &Slug) -> Result<Option<Api>, StoreError> {
        read_in!(&mut self.connection, fetch_optional, ApiRow, BY_SLUG, slug.as_str())?.map(ApiRow::read).transpose()
    }

    pub async fn add_api(&mut self, api: &Api) -> Result<(), StoreError> {
        change!(
            self,
            ADD,
            api.slug.as_str(),
            row::without_nul(&api.title).as_ref(),
            api.settings.base_path.as_str(),
            row::to_json(&api.settings)?,
            api.published.map(|id| id.0),
            api.created_at.micros(),
            api.changed_at.micros(),
        )?;
        let detail = json!({"title": api.title, "base_path": api.settings.base_path});
        self.record("created", Subject::Api, &api.slug, detail).await
    }

    pub async fn change_api_settings(&mut self, api: &Slug, settings: &ApiSettings) -> Result<(), StoreError> {
        let now = self.at().micros();
        let touched =
            change!(self, CHANGE_SETTINGS, api.as_str(), settings.base_path.as_str(), row::to_json(settings)?, now)?;
        self.found(touched, "API")?;
        self.record("settings_changed", Subject::Api, api, json!({"settings": settings})).await
    }

    pub async fn set_api_title(&mut self, api: &Slug, title: &str) -> Result<(), StoreError> {
        let now = self.at().micros();
        let touched = change!(self, SET_TITLE, api.as_str(), row::without_nul(title).as_ref(), now)?;
        self.found(touched, "API")?;
        self.record("title_changed", Subject::Api, api, json!({"title": title})).await
    }

    /// Adds a draft; what is published stays. `version.state` and `version.published_at` are kept as given.
    pub async fn add_version(
        &mut self,
        version: &ApiVersion,
        document: &[u8],
        routes: &[RouteSpec],
    ) -> Result<(), StoreError> {
        let added = change!(
            self,
            ADD_VERSION,
            version.id.0,
            version.api.as_str(),
            row::without_nul(&version.version).as_ref(),
            row::without_nul(&version.title).as_ref(),
            version.format.as_str(),
            i64::from(version.operations),
            version.state.as_str(),
            version.created_at.micros(),
            row::micros(version.published_at),
            row::to_json(&routes)?,
            document,
        );
        added.map_err(|error| error.missing("API"))?;
        let detail = json!({"id": version.id, "version": version.version, "operations": version.operations, "bytes": document.len()});
        self.record("version_added", Subject::Api, &version.api, detail).await
    }

    /// Makes a version the one that callers see; the one before becomes retired. `None` withdraws the API.
    pub async fn publish(&mut self, api: &Slug, version: Option<VersionId>) -> Result<(), StoreError> {
        let now = self.at().micros();
        change!(self, RETIRE, api.as_str())?;
        if let Some(version) = version {
            let touched = change!(self, PUBLISH, api.as_str(), version.0, now)?;
            self.found(touched, "version")?;
        }
        let touched = change!(self, SET_PUBLISHED, api.as_str(), version.map(|id| id.0), now)?;
        self.found(touched, "API")?;
        let action = if version.is_some() { "published" } else { "unpublished" };
        self.record(action, Subject::Api, api, json!({"id": version})).await
    }

    /// Notes that what gateways keep of the API's answers is to be forgotten: of a path and all below it, or of all.
    pub async fn purge_answers(&mut self, api: &Slug, path: Option<&str>) -> Result<(), StoreError> {
        self.record("purged", Subject::Api, api, json!({"path": path})).await
    }

    /// With its versions and subscriptions.
    pub async fn remove_api(&mut self, api: &Slug) -> Result<(), StoreError> {
        let touched = change!(self, REMOVE, api.as_str())?;
        self.found(touched, "API")?;
        self.record("removed", Subject::Api, api, json!({})).await
    }
}
