use super::house::{House, Raw};
use portico_store::Engine;
use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};
use std::fmt::Write as _;

on_both! {
    /// Each statement is understood by the engine, with its tables, columns and types.
    async fn every_statement_prepares(house) {
        let mut raw = Raw::connect(&house.url).await;
        let engine = if house.url.starts_with("sqlite") { Engine::Sqlite } else { Engine::Postgres };
        let statements = portico_store::statements(engine);
        assert!(statements.len() > 90, "{}", statements.len());
        for (name, sql) in statements {
            let sql_for = AssertSqlSafe(sql.clone()).into_sql_str();
            let failed = match &mut raw {
                Raw::Sqlite(connection) => connection.prepare(sql_for).await.err(),
                Raw::Postgres(connection) => connection.prepare(sql_for).await.err(),
            };
            assert!(failed.is_none(), "{name}: {sql}\n{}", failed.unwrap());
        }
    }
}

on_both! {
    async fn the_log_is_only_ever_added_to(house) {
        house.furnish().await;
        let mut raw = Raw::connect(&house.url).await;
        for sql in ["UPDATE changes SET actor = 'system'", "DELETE FROM changes", "DELETE FROM changes WHERE seq = 1"] {
            let refusal = raw.execute(sql).await.unwrap_err().to_string();
            assert!(refusal.contains("only ever added to"), "{sql}: {refusal}");
        }
        assert_eq!(raw.number("SELECT COUNT(*) FROM changes").await, 4);
    }
}

on_both! {
    /// Write the golden file anew with `PORTICO_BLESS=1 cargo test -p portico-store schema`.
    async fn the_schema_is_the_golden_one(house) {
        let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/schema.txt");
        let schema = describe(Raw::connect(&house.url).await).await;
        if std::env::var_os("PORTICO_BLESS").is_some() {
            std::fs::write(&golden, &schema).unwrap();
        }
        assert!(schema == std::fs::read_to_string(&golden).unwrap(), "not as in migrations/schema.txt:\n{schema}");
    }
}

on_both! {
    async fn migrating_twice_changes_nothing(house) {
        assert_eq!(house.store.pending_migrations().await, Ok(vec![]));
        house.store.migrate().await.unwrap();
        assert_eq!(house.store.last_change().await, Ok(0));
    }
}

#[test]
fn migrations_are_twins() {
    let names = |engine: &str| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(engine);
        let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

#[tokio::test]
async fn a_new_database_says_what_is_pending() {
    let folder = portico_testing::Folder::new();
    let url = format!("sqlite://{}", folder.path().join("portico.db").display());
    let store = portico_store::Store::open(&url).await.unwrap();
    assert_eq!(store.pending_migrations().await.unwrap().first().map(String::as_str), Some("0001_first"));
    drop(House::sqlite().await);
}

const SQLITE_COLUMNS: &str = "SELECT t.name || '.' || c.name || ' ' || CASE c.type WHEN 'BLOB' THEN 'bytes' ELSE lower(c.type) END \
    || CASE WHEN c.\"notnull\" = 1 THEN '' ELSE ' or null' END \
    FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table' AND t.name NOT LIKE '%sql%'";
const SQLITE_INDEXES: &str = "SELECT t.name || CASE i.origin WHEN 'pk' THEN ' primary key ' WHEN 'u' THEN ' unique ' ELSE ' index ' END \
    || (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) \
    FROM sqlite_schema AS t JOIN pragma_index_list(t.name) AS i WHERE t.type = 'table' AND t.name NOT LIKE '%sql%' \
    UNION ALL SELECT t.name || ' primary key ' || c.name FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c \
    WHERE t.type = 'table' AND c.type = 'INTEGER' AND c.pk = 1 AND t.name NOT LIKE '%sql%' \
    AND NOT EXISTS (SELECT 1 FROM pragma_index_list(t.name) AS i WHERE i.origin = 'pk')";
const SQLITE_REFERENCES: &str = "SELECT t.name || '.' || f.\"from\" || ' references ' || f.\"table\" || CASE f.on_delete WHEN 'CASCADE' THEN ' and goes with it' ELSE '' END \
    FROM sqlite_schema AS t JOIN pragma_foreign_key_list(t.name) AS f WHERE t.type = 'table'";
const POSTGRES_COLUMNS: &str = "SELECT c.table_name || '.' || c.column_name || ' ' \
    || CASE c.data_type WHEN 'bigint' THEN 'integer' WHEN 'bytea' THEN 'bytes' WHEN 'uuid' THEN 'bytes' ELSE c.data_type END \
    || CASE c.is_nullable WHEN 'NO' THEN '' ELSE ' or null' END \
    FROM information_schema.columns AS c WHERE c.table_schema = 'public' AND c.table_name NOT LIKE '%sql%'";
const POSTGRES_INDEXES: &str = "SELECT t.relname || CASE WHEN i.indisprimary THEN ' primary key ' WHEN i.indisunique THEN ' unique ' ELSE ' index ' END \
    || (SELECT string_agg(a.attname, ', ' ORDER BY k.place) FROM unnest(i.indkey) WITH ORDINALITY AS k(number, place) \
        JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.number) \
    FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid WHERE t.relnamespace = 'public'::regnamespace AND t.relname NOT LIKE '%sql%'";
const POSTGRES_REFERENCES: &str = "SELECT t.relname || '.' || a.attname || ' references ' || r.relname || CASE f.confdeltype WHEN 'c' THEN ' and goes with it' ELSE '' END \
    FROM pg_constraint AS f JOIN pg_class AS t ON t.oid = f.conrelid JOIN pg_class AS r ON r.oid = f.confrelid \
    JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = f.conkey[1] WHERE f.contype = 'f'";

/// Tables, columns, keys, indexes and references, in words that fit both engines.
async fn describe(mut raw: Raw) -> String {
    let mut lines = Vec::new();
    match &mut raw {
        Raw::Sqlite(connection) => {
            for sql in [SQLITE_COLUMNS, SQLITE_INDEXES, SQLITE_REFERENCES] {
                lines.extend(sqlx::query_scalar::<_, String>(sql).fetch_all(&mut *connection).await.unwrap());
            }
        }
        Raw::Postgres(connection) => {
            for sql in [POSTGRES_COLUMNS, POSTGRES_INDEXES, POSTGRES_REFERENCES] {
                lines.extend(sqlx::query_scalar::<_, String>(sql).fetch_all(&mut *connection).await.unwrap());
            }
        }
    }
    lines.sort();
    lines.into_iter().fold(String::new(), |mut text, line| {
        writeln!(text, "{line}").unwrap();
        text
    })
}
