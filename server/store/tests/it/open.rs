use super::house::{House, Raw};
use portico_store::{OpenError, Store, StoreError};
use portico_testing::Folder;
use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};

fn url(folder: &Folder) -> String {
    format!("sqlite://{}", folder.path().join("portico.db").display())
}

async fn refusal(url: &str) -> OpenError {
    match Store::open(url).await {
        Ok(_) => panic!("{url} was opened"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_url_of_another_kind_is_refused_without_its_password() {
    for (bad, shown) in [
        ("mysql://root:hunter2@localhost/portico", "mysql://…@localhost/portico"),
        ("portico.db", "portico.db"),
        ("sqlite::memory:", "sqlite::memory:"),
    ] {
        assert_eq!(refusal(bad).await, OpenError::Url(shown.into()), "{bad}");
    }
}

#[tokio::test]
async fn a_missing_folder_is_named() {
    let folder = Folder::new();
    let missing = folder.path().join("no/such");
    let url = format!("sqlite://{}", missing.join("portico.db").display());
    assert_eq!(refusal(&url).await, OpenError::FolderMissing(missing.display().to_string()));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let folder = Folder::new();
    let file = folder.path().join("portico.db");
    let text = "Dear diary, ".repeat(1_000);
    std::fs::write(&file, &text).unwrap();
    assert_eq!(refusal(&url(&folder)).await, OpenError::NotADatabase(file.display().to_string()));
    assert_eq!(std::fs::read_to_string(file).unwrap(), text);
}

#[tokio::test]
async fn a_locked_database_says_so_and_opens_afterwards() {
    let house = House::sqlite().await;
    let mut other = Raw::connect(&house.url).await;
    other.execute("BEGIN EXCLUSIVE").await.unwrap();
    assert!(matches!(refusal(&house.url).await, OpenError::Locked(_)));
    other.execute("ROLLBACK").await.unwrap();
    Store::open(&house.url).await.unwrap();
}

on_both! {
    async fn a_newer_schema_is_refused(house) {
        let mut raw = Raw::connect(&house.url).await;
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) SELECT 9999, 'later', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1";
        raw.execute(newer).await.unwrap();
        assert!(matches!(refusal(&house.url).await, OpenError::NewerSchema { found: 9999, .. }));
    }
}

#[tokio::test]
async fn a_server_that_does_not_let_us_in_is_told_apart() {
    let Some(url) = portico_testing::postgres_database().await else { return };
    let options: PgConnectOptions = url.parse().unwrap();
    let absent = options.clone().database("nowhere").to_url_lossy().to_string();
    let refused = refusal(&absent).await;
    assert!(matches!(&refused, OpenError::DatabaseAbsent { database, .. } if database == "nowhere"), "{refused:?}");

    let stranger = options.username("stranger").password("wrong").to_url_lossy().to_string();
    let refused = refusal(&stranger).await;
    assert!(matches!(refused, OpenError::WrongPassword(_)), "{refused:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = refusal(&format!("postgres://portico:secret@127.0.0.1:{port}/portico")).await;
    assert_eq!(refused, OpenError::Refused(format!("127.0.0.1:{port}")));
}

async fn migrate_at_once(url: String) {
    let nodes: Vec<_> = (0..4)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move {
                let store = Store::open(&url).await.unwrap();
                store.migrate().await.unwrap();
                assert_eq!(store.has_admin().await, Ok(false));
            })
        })
        .collect();
    for node in nodes {
        node.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_at_once_migrate_once() {
    let folder = Folder::new();
    migrate_at_once(url(&folder)).await;
    if let Some(url) = portico_testing::postgres_database().await {
        migrate_at_once(url).await;
    }
}

#[tokio::test]
async fn connections_that_the_server_ended_are_replaced() {
    let Some(house) = House::postgres().await else { return };
    let (account, ..) = house.furnish().await;
    let mut raw = Raw::connect(&house.url).await;
    let others = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    raw.execute(others).await.unwrap();
    assert_eq!(house.store.account(account.id).await, Ok(Some(account)));
    let mut tx = house.begin().await;
    raw.execute(others).await.unwrap();
    let lost = tx.put_setting("a", &serde_json::Value::Null).await;
    assert!(matches!(lost, Err(StoreError::Unavailable { .. })), "{lost:?}");
}
