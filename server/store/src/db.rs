//! Two engines, one expression. The macros expand the same call for whichever engine is behind the handle; the compiler
//! checks both.
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

/// Which of the two; only lists of statements ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A pool of connections.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// An open transaction; dropped without a commit, it never was.
pub(crate) enum Connection {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Db {
    /// Begins to write. SQLite takes its one write lock here rather than halfway, where two writers could only fail.
    pub(crate) async fn begin(&self) -> Result<Connection, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(pool) => Connection::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Connection::Postgres(pool.begin().await?),
        })
    }
}

impl Connection {
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
    }
}

/// Names each statement and lists them all, for the test that prepares them on both engines.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* const $name: &str = $sql;)+
        pub(crate) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}

/// `read!(db, fetch_optional, Row, SQL, values…)`: on a connection of the pool.
macro_rules! read {
    ($db:expr, $how:ident, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        match $db {
            $crate::db::Db::Sqlite(pool) => sqlx::query_as::<_, $row>($sql)$(.bind($value))*.$how(pool).await,
            $crate::db::Db::Postgres(pool) => sqlx::query_as::<_, $row>($sql)$(.bind($value))*.$how(pool).await,
        }
        .map_err($crate::StoreError::from)
    };
}

/// `read_in!(connection, fetch_optional, Row, SQL, values…)`: inside a transaction.
macro_rules! read_in {
    ($connection:expr, $how:ident, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        match $connection {
            $crate::db::Connection::Sqlite(on) => sqlx::query_as::<_, $row>($sql)$(.bind($value))*.$how(&mut **on).await,
            $crate::db::Connection::Postgres(on) => sqlx::query_as::<_, $row>($sql)$(.bind($value))*.$how(&mut **on).await,
        }
        .map_err($crate::StoreError::from)
    };
}

/// `execute!(db, SQL, values…)`: one statement that is its own transaction; says how many rows it touched.
macro_rules! execute {
    ($db:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        match $db {
            $crate::db::Db::Sqlite(pool) => sqlx::query($sql)$(.bind($value))*.execute(pool).await.map(|done| done.rows_affected()),
            $crate::db::Db::Postgres(pool) => sqlx::query($sql)$(.bind($value))*.execute(pool).await.map(|done| done.rows_affected()),
        }
        .map_err($crate::StoreError::from)
    };
}

/// `execute_in!(connection, SQL, values…)`: inside a transaction; says how many rows it touched.
macro_rules! execute_in {
    ($connection:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        match $connection {
            $crate::db::Connection::Sqlite(on) => sqlx::query($sql)$(.bind($value))*.execute(&mut **on).await.map(|done| done.rows_affected()),
            $crate::db::Connection::Postgres(on) => sqlx::query($sql)$(.bind($value))*.execute(&mut **on).await.map(|done| done.rows_affected()),
        }
        .map_err($crate::StoreError::from)
    };
}

/// `change!(tx, SQL, values…)`: a write of a [`crate::Tx`]; says how many rows it touched, and obliges to record it.
macro_rules! change {
    ($tx:expr, $sql:expr $(, $value:expr)* $(,)?) => {{
        let touched = execute_in!(&mut $tx.connection, $sql $(, $value)*);
        $tx.wrote(touched)
    }};
}

/// `insert_many!(connection, MANY, rows, |query, row| query.bind(…)…)`: one statement for many rows; says how many were
/// added. Not kept among the prepared statements, since each number of rows is another one.
macro_rules! insert_many {
    ($connection:expr, $many:expr, $rows:expr, |$query:ident, $row:pat_param| $bind:expr) => {
        match $connection {
            $crate::db::Connection::Sqlite(on) => {
                let sql = $many.sql($crate::Engine::Sqlite, $rows.len());
                let mut $query = sqlx::query(sqlx::AssertSqlSafe(sql)).persistent(false);
                for $row in $rows {
                    $query = $bind;
                }
                $query.execute(&mut **on).await.map(|done| done.rows_affected())
            }
            $crate::db::Connection::Postgres(on) => {
                let sql = $many.sql($crate::Engine::Postgres, $rows.len());
                let mut $query = sqlx::query(sqlx::AssertSqlSafe(sql)).persistent(false);
                for $row in $rows {
                    $query = $bind;
                }
                $query.execute(&mut **on).await.map(|done| done.rows_affected())
            }
        }
        .map_err($crate::StoreError::from)
    };
}

/// Rows a statement adds at once: well below SQLite's 32,766 and PostgreSQL's 65,535 values a statement.
pub(crate) const ROWS_AT_ONCE: usize = 500;

/// A statement that adds many rows at once.
pub(crate) struct Many {
    /// Up to `VALUES`.
    pub(crate) head: &'static str,
    pub(crate) columns: usize,
    /// What happens to rows that are there already.
    pub(crate) tail: &'static str,
}

impl Many {
    /// The one place where the engines are told apart: to SQLite `$7` is a name, and looking up thousands of names, each
    /// among all others, took it a hundred times longer than the rows themselves. A bare `?` has none.
    pub(crate) fn sql(&self, engine: Engine, rows: usize) -> String {
        let mut sql = String::with_capacity(self.head.len() + self.tail.len() + rows * self.columns * 7);
        sql.push_str(self.head);
        for row in 0..rows {
            sql.push_str(if row == 0 { " (" } else { ", (" });
            for column in 0..self.columns {
                if column > 0 {
                    sql.push_str(", ");
                }
                match engine {
                    Engine::Sqlite => sql.push('?'),
                    Engine::Postgres => {
                        sql.push('$');
                        sql.push_str(&(row * self.columns + column + 1).to_string());
                    }
                }
            }
            sql.push(')');
        }
        sql.push(' ');
        sql.push_str(self.tail);
        sql
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_count_through_the_rows() {
        let many = Many { head: "INSERT INTO t (a, b) VALUES", columns: 2, tail: "ON CONFLICT DO NOTHING" };
        let sql = "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING";
        assert_eq!(many.sql(Engine::Postgres, 2), sql);
        assert_eq!(many.sql(Engine::Sqlite, 1), "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING");
    }
}
