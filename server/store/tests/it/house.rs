//! A store of its own for each test, and the nouns to fill it.
use portico_domain::{
    Account, AccountId, Actor, Api, ApiSettings, ApiVersion, App, AppId, Environment, Format, InstallationSecret, Key,
    KeyId, MockClock, Plan, Purpose, Role, SecretToken, Slug, Timestamp, TokenKind, VersionId, VersionState,
};
use portico_store::{Store, Tx};
use portico_testing::Folder;
use rand::{SeedableRng, rngs::StdRng};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use std::sync::Arc;

/// The same test, once with SQLite and once with PostgreSQL.
macro_rules! on_both {
    ($(#[$doc:meta])* async fn $name:ident($house:ident) $body:block) => {
        $(#[$doc])*
        mod $name {
            #[allow(unused_imports, reason = "not every test needs all that stands above it")]
            use super::*;
            async fn test($house: $crate::it::house::House) $body

            #[tokio::test]
            async fn sqlite() {
                test($crate::it::house::House::sqlite().await).await;
            }
            #[tokio::test]
            async fn postgres() {
                if let Some(house) = $crate::it::house::House::postgres().await {
                    test(house).await;
                }
            }
        }
    };
}

pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) url: String,
    pub(crate) clock: Arc<MockClock>,
    pub(crate) _folder: Option<Folder>,
}

/// A connection beside the store, for what the store does not let pass.
pub(crate) enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    pub(crate) async fn connect(url: &str) -> Self {
        if url.starts_with("sqlite") {
            Self::Sqlite(SqliteConnection::connect(url).await.unwrap())
        } else {
            Self::Postgres(PgConnection::connect(url).await.unwrap())
        }
    }
    pub(crate) async fn execute(&mut self, sql: &'static str) -> sqlx::Result<u64> {
        match self {
            Self::Sqlite(connection) => sqlx::query(sql).execute(connection).await.map(|done| done.rows_affected()),
            Self::Postgres(connection) => sqlx::query(sql).execute(connection).await.map(|done| done.rows_affected()),
        }
    }
    pub(crate) async fn number(&mut self, sql: &'static str) -> i64 {
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_one(connection).await.unwrap(),
            Self::Postgres(connection) => sqlx::query_scalar(sql).fetch_one(connection).await.unwrap(),
        }
    }
}

pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_795_446_000_000_000);

impl House {
    pub(crate) async fn sqlite() -> Self {
        let folder = Folder::new();
        let url = format!("sqlite://{}", folder.path().join("portico.db").display());
        Self::open(url, Some(folder)).await
    }
    /// `None` where there is no PostgreSQL.
    pub(crate) async fn postgres() -> Option<Self> {
        let url = portico_testing::postgres_database().await?;
        Some(Self::open(url, None).await)
    }
    async fn open(url: String, folder: Option<Folder>) -> Self {
        let clock = Arc::new(MockClock::at(NOW));
        let store = Store::open(&url).await.unwrap().with_clock(clock.clone());
        store.migrate().await.unwrap();
        Self { store, url, clock, _folder: folder }
    }
    pub(crate) async fn begin(&self) -> Tx {
        self.store.begin(Actor::System).await.unwrap()
    }
    /// An account, its app, an API and the plan that it offers.
    pub(crate) async fn furnish(&self) -> (Account, App, Api) {
        let (account, api) = (self.account("ingrid@example.org"), draft("pets"));
        let app = self.app(&account, "Harbour");
        let mut tx = self.begin().await;
        tx.add_account(&account).await.unwrap();
        tx.add_app(&app).await.unwrap();
        tx.add_plan(&Plan::starter()).await.unwrap();
        tx.add_api(&api).await.unwrap();
        tx.commit().await.unwrap();
        (account, app, api)
    }
    pub(crate) fn account(&self, email: &str) -> Account {
        Account {
            id: AccountId::new(&*self.clock),
            email: email.parse().unwrap(),
            name: "Ingrid".into(),
            role: Role::Developer,
            password: "$argon2id$…".into(),
            created_at: NOW,
        }
    }
    pub(crate) fn app(&self, owner: &Account, name: &str) -> App {
        App { id: AppId::new(&*self.clock), name: name.into(), owner: owner.id, created_at: NOW }
    }
    pub(crate) fn version(&self, api: &Api, version: &str) -> ApiVersion {
        ApiVersion {
            id: VersionId::new(&*self.clock),
            api: api.slug.clone(),
            version: version.into(),
            title: api.title.clone(),
            format: Format::Yaml,
            operations: 1,
            state: VersionState::Draft,
            created_at: NOW,
            published_at: None,
        }
    }
    pub(crate) fn key(&self, app: AppId, seed: u64) -> Key {
        key(&*self.clock, app, &mut StdRng::seed_from_u64(seed))
    }
}

pub(crate) fn draft(slug: &str) -> Api {
    let slug: Slug = slug.parse().unwrap();
    Api {
        settings: ApiSettings::new(&slug),
        slug,
        title: "Pets".into(),
        published: None,
        created_at: NOW,
        changed_at: NOW,
    }
}

pub(crate) fn secret() -> InstallationSecret {
    InstallationSecret::from_hex(&"5a".repeat(32)).unwrap()
}

pub(crate) fn key(clock: &dyn portico_domain::Clock, app: AppId, rng: &mut StdRng) -> Key {
    let token = SecretToken::generate(TokenKind::ApiKey(Environment::Live), rng);
    Key {
        id: KeyId::new(clock),
        app,
        name: "build server".to_owned().try_into().unwrap(),
        environment: Environment::Live,
        public_id: token.public_id(),
        digest: secret().digest(Purpose::ApiKey, token.reveal()),
        previous: None,
        expires_at: None,
        revoked_at: None,
        apis: Vec::new(),
        operations: Vec::new(),
        allow_ips: Vec::new(),
        created_at: NOW,
        last_used_at: None,
    }
}
