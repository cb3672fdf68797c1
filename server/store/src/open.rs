//! Finding the database, and saying what is wrong with it in words that help.
use crate::{StoreError, db::Db};
use portico_domain::{Clock, SystemClock};
use sqlx::{
    ConnectOptions as _, Connection as _,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, str::FromStr as _, sync::Arc, time::Duration};

statements! {
    APPLIED = "SELECT MAX(version) FROM _sqlx_migrations WHERE success";
}

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

/// How long a write waits for another one, and a connection for a free place in its pool.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a start waits for a locked file before it says so.
const PATIENCE_AT_START: Duration = Duration::from_secs(1);

/// The house's records. Cheap to clone; all clones share the connections.
#[derive(Clone)]
pub struct Store {
    pub(crate) readers: Db,
    /// SQLite: the one connection that writes. PostgreSQL: the same pool as `readers`.
    pub(crate) writer: Db,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why the database cannot be opened, and what would help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("\"{0}\" is not a database: write sqlite://path/to/file or postgres://user:password@host/database")]
    Url(String),
    #[error("the folder {0} does not exist: create it, or set PORTICO_DATABASE_URL to a file elsewhere")]
    FolderMissing(String),
    #[error("the database file {0} cannot be opened for writing: give this user the right to write it and its folder")]
    NotWritable(String),
    #[error(
        "the file {0} is not a database, or is damaged: set PORTICO_DATABASE_URL to another file, or restore a backup"
    )]
    NotADatabase(String),
    #[error("the database file {0} is locked by another process: stop that process, or wait until it is done")]
    Locked(String),
    #[error(
        "no answer from the database server at {0}: is it running, and does PORTICO_DATABASE_URL name its host and port?"
    )]
    Refused(String),
    #[error(
        "the database server at {0} does not accept this user name and password: correct them in PORTICO_DATABASE_URL"
    )]
    WrongPassword(String),
    #[error("the database server at {server} has no database \"{database}\": create it, e.g. createdb {database}")]
    DatabaseAbsent { server: String, database: String },
    #[error(
        "the database was written by a newer Portico (schema {found}, this one knows {known}): start that version, or restore a backup"
    )]
    NewerSchema { found: i64, known: i64 },
    #[error(
        "migration {0} was changed after it had been applied: start the Portico that applied it, or restore a backup"
    )]
    ChangedMigration(i64),
    #[error("migration {0} failed: the log says why; nothing of it remains")]
    Migration(i64),
    #[error("the database cannot be opened: {0}")]
    Other(String),
}

impl Store {
    /// Opens `sqlite://path` (made when absent) or `postgres://…`. Does not migrate.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let store = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Self::open_sqlite(url).await?,
            Some("postgres" | "postgresql") => Self::open_postgres(url).await?,
            _ => return Err(OpenError::Url(hide_password(url))),
        };
        if let (Some(found), known) = (store.applied().await?, store.known())
            && found > known
        {
            return Err(OpenError::NewerSchema { found, known });
        }
        Ok(store)
    }

    /// Tells the time by another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The engine, as people call it.
    pub fn engine(&self) -> &'static str {
        match &self.writer {
            Db::Sqlite(_) => "SQLite",
            Db::Postgres(_) => "PostgreSQL",
        }
    }

    /// Brings the schema up to date. Of several nodes that start at once, one does it and the others wait.
    pub async fn migrate(&self) -> Result<(), OpenError> {
        let error = loop {
            let before = self.applied().await?;
            let outcome = match &self.writer {
                Db::Sqlite(pool) => SQLITE.run(pool).await,
                Db::Postgres(pool) => POSTGRES.run(pool).await,
            };
            let Err(error) = outcome else { return Ok(()) };
            // SQLite knows no lock for migrations: who came second finds the tables there, and goes on behind whoever
            // was first.
            let overtaken = matches!(error, MigrateError::Execute(_) | MigrateError::ExecuteMigration(..));
            if !(overtaken && self.applied().await.is_ok_and(|now| now > before)) {
                break error;
            }
        };
        tracing::error!(%error, "a migration failed");
        Err(match error {
            MigrateError::VersionMissing(found) => OpenError::NewerSchema { found, known: self.known() },
            MigrateError::VersionMismatch(version) => OpenError::ChangedMigration(version),
            MigrateError::ExecuteMigration(_, version) | MigrateError::Dirty(version) => OpenError::Migration(version),
            MigrateError::Execute(error) => OpenError::Other(StoreError::from(error).to_string()),
            other => OpenError::Other(other.to_string()),
        })
    }

    /// Names of the migrations that [`Store::migrate`] would apply, in their order.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, OpenError> {
        let applied = self.applied().await?.unwrap_or(0);
        let pending = self.migrator().iter().filter(|migration| migration.version > applied);
        Ok(pending
            .map(|migration| format!("{:04}_{}", migration.version, migration.description.replace(' ', "_")))
            .collect())
    }

    /// Closes all connections, after what is under way.
    pub async fn close(&self) {
        for db in [&self.readers, &self.writer] {
            match db {
                Db::Sqlite(pool) => pool.close().await,
                Db::Postgres(pool) => pool.close().await,
            }
        }
    }

    fn migrator(&self) -> &'static Migrator {
        match &self.writer {
            Db::Sqlite(_) => &SQLITE,
            Db::Postgres(_) => &POSTGRES,
        }
    }

    fn known(&self) -> i64 {
        self.migrator().iter().map(|migration| migration.version).max().unwrap_or(0)
    }

    /// The newest migration in the database; `None` before the first.
    async fn applied(&self) -> Result<Option<i64>, OpenError> {
        let found = match &self.writer {
            Db::Sqlite(pool) => sqlx::query_as::<_, (Option<i64>,)>(APPLIED).fetch_one(pool).await,
            Db::Postgres(pool) => sqlx::query_as::<_, (Option<i64>,)>(APPLIED).fetch_one(pool).await,
        };
        match found {
            Ok((version,)) => Ok(version),
            Err(sqlx::Error::Database(error))
                if error.code().as_deref() == Some("42P01") || error.message().starts_with("no such table") =>
            {
                Ok(None)
            }
            Err(error) => Err(OpenError::Other(StoreError::from(error).to_string())),
        }
    }

    async fn open_sqlite(url: &str) -> Result<Self, OpenError> {
        let options = SqliteConnectOptions::from_str(url).map_err(|_| OpenError::Url(url.to_owned()))?;
        let file = options.get_filename().to_path_buf();
        // A database in memory would be another one for each connection.
        if url.contains(":memory:") || url.contains("mode=memory") || file.as_os_str().is_empty() {
            return Err(OpenError::Url(url.to_owned()));
        }
        let name = file.display().to_string();
        if let Some(folder) = file.parent().filter(|folder| *folder != Path::new("") && !folder.is_dir()) {
            return Err(OpenError::FolderMissing(folder.display().to_string()));
        }
        make_private_file(&file).map_err(|_| OpenError::NotWritable(name.clone()))?;
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            // Under NORMAL a power cut loses what was acknowledged (sqlite.org/pragma.html#pragma_synchronous).
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .disable_statement_logging();
        try_to_write(options.clone().busy_timeout(PATIENCE_AT_START))
            .await
            .map_err(|error| sqlite_error(&error, &name))?;

        let options = options.busy_timeout(PATIENCE);
        let pool = || SqlitePoolOptions::new().acquire_timeout(PATIENCE).test_before_acquire(false);
        // A full or failing disk makes SQLite roll back by itself, which sqlx does not notice: such a connection could
        // never begin again. It is replaced.
        let writer = pool()
            .max_connections(1)
            .before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }));
        let writer = writer.connect_with(options.clone()).await.map_err(|error| sqlite_error(&error, &name))?;
        let readers = pool().max_connections(8).connect_lazy_with(options.pragma("query_only", "ON"));
        Ok(Self { readers: Db::Sqlite(readers), writer: Db::Sqlite(writer), clock: Arc::new(SystemClock) })
    }

    async fn open_postgres(url: &str) -> Result<Self, OpenError> {
        let options = PgConnectOptions::from_str(url).map_err(|_| OpenError::Url(hide_password(url)))?;
        let options = options
            .application_name("portico")
            .options([
                ("statement_timeout", "30s"),
                ("lock_timeout", "5s"),
                ("idle_in_transaction_session_timeout", "60s"),
            ])
            .disable_statement_logging();
        let pool = PgPoolOptions::new().max_connections(10).acquire_timeout(PATIENCE);
        let server = format!("{}:{}", options.get_host(), options.get_port());
        let database = options.get_database().unwrap_or_else(|| options.get_username()).to_owned();
        let pool = pool.connect_with(options).await.map_err(|error| postgres_error(&error, server, database))?;
        Ok(Self { readers: Db::Postgres(pool.clone()), writer: Db::Postgres(pool), clock: Arc::new(SystemClock) })
    }
}

/// Makes the file where there is none, for the eyes of its user only; what SQLite puts beside it gets the same mode.
fn make_private_file(file: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

/// Finds out at the start what would otherwise fail at the first write.
async fn try_to_write(options: SqliteConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection = options.connect().await?;
    connection.begin_with("BEGIN IMMEDIATE").await?.rollback().await?;
    connection.close().await
}

fn sqlite_error(error: &sqlx::Error, file: &str) -> OpenError {
    tracing::debug!(%error, "the database file cannot be opened");
    let code =
        error.as_database_error().and_then(sqlx::error::DatabaseError::code).and_then(|code| code.parse::<u32>().ok());
    match code.map(|code| code & 0xff) {
        Some(5 | 6) => OpenError::Locked(file.to_owned()),
        Some(3 | 8 | 14) => OpenError::NotWritable(file.to_owned()),
        Some(11 | 26) => OpenError::NotADatabase(file.to_owned()),
        Some(13) => OpenError::Other("its disk is full: make room".to_owned()),
        _ => OpenError::Other(error.to_string()),
    }
}

fn postgres_error(error: &sqlx::Error, server: String, database: String) -> OpenError {
    tracing::debug!(%error, "the database server cannot be reached");
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => OpenError::Refused(server),
        sqlx::Error::Database(inner) => match inner.code().as_deref() {
            Some("28P01" | "28000") => OpenError::WrongPassword(server),
            Some("3D000") => OpenError::DatabaseAbsent { server, database },
            _ => OpenError::Other(inner.message().to_owned()),
        },
        other => OpenError::Other(other.to_string()),
    }
}

/// For messages: the part of a URL that is no secret.
fn hide_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_domain::Actor;
    use serde_json::json;

    async fn put(store: &Store, name: &str, bytes: usize) -> Result<i64, StoreError> {
        let mut tx = store.begin(Actor::System).await?;
        tx.put_setting(name, &json!("x".repeat(bytes))).await?;
        tx.commit().await
    }

    async fn pages(store: &Store, most: &'static str) {
        let Db::Sqlite(pool) = &store.writer else { panic!("not SQLite") };
        sqlx::query(most).execute(pool).await.unwrap();
    }

    #[tokio::test]
    async fn a_full_disk_refuses_writes_and_only_until_there_is_room() {
        let folder = portico_testing::Folder::new();
        let store = Store::open(&format!("sqlite://{}", folder.path().join("portico.db").display())).await.unwrap();
        store.migrate().await.unwrap();
        put(&store, "before", 10).await.unwrap();
        pages(&store, "PRAGMA max_page_count = 1").await;
        assert_eq!(put(&store, "meanwhile", 1_000_000).await, Err(StoreError::Unavailable { why: "its disk is full" }));
        assert_eq!(store.setting("before").await.unwrap(), Some(json!("x".repeat(10))), "reading goes on");
        assert_eq!(store.setting("meanwhile").await, Ok(None));
        pages(&store, "PRAGMA max_page_count = 4294967294").await;
        assert_eq!(put(&store, "after", 1_000_000).await, Ok(2));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_file_is_for_its_user_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = portico_testing::Folder::new();
        let file = folder.path().join("portico.db");
        let store = Store::open(&format!("sqlite://{}", file.display())).await.unwrap();
        store.migrate().await.unwrap();
        for name in ["portico.db", "portico.db-wal", "portico.db-shm"] {
            let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}
