//! What can go wrong while reading and writing. The engine's own words go to the log, never further.
use sqlx::error::{DatabaseError, ErrorKind};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Try again later: an HTTP 503.
    #[error("the database cannot be used at the moment: {why}")]
    Unavailable { why: &'static str },
    /// Something of that name is there already.
    #[error("{what} is taken")]
    Taken { what: Unique },
    /// What was to be changed, or what the new record refers to, is not there (any more).
    #[error("there is no such {what}")]
    Missing { what: &'static str },
    #[error("{what} is used by {count} {by}")]
    InUse { what: &'static str, by: &'static str, count: u64 },
    /// A value in the database is not one that this program writes.
    #[error("the database holds a damaged {what}")]
    Corrupt { what: &'static str },
    /// A bug of ours; the log has more.
    #[error("the database did not accept a statement")]
    Internal,
}

/// What two records may not share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unique {
    Email,
    Api,
    BasePath,
    Plan,
    /// The public id of a key, or the whole secret of an imported one.
    Key,
    Token,
    /// An app subscribes to an API once.
    Subscription,
    /// An account chosen to read an API is chosen once.
    Reader,
    /// The `Idempotency-Key` of a caller.
    IdempotencyKey,
    /// An id made in Rust; never seen in practice.
    Id,
}

impl std::fmt::Display for Unique {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Email => "the e-mail address",
            Self::Api => "the API's name",
            Self::BasePath => "the base path",
            Self::Plan => "the plan's name",
            Self::Key => "the key",
            Self::Token => "the token",
            Self::Subscription => "the subscription",
            Self::Reader => "the place among the readers",
            Self::IdempotencyKey => "the idempotency key",
            Self::Id => "the id",
        })
    }
}

impl Unique {
    /// PostgreSQL names the constraint, which our migrations call after table and columns; SQLite names those.
    fn of(error: &dyn DatabaseError) -> Self {
        let name = error.constraint().map_or_else(
            || {
                let columns = error.message().rsplit(": ").next().unwrap_or_default();
                let table = columns.split('.').next().unwrap_or_default();
                columns
                    .split(", ")
                    .filter_map(|column| column.split_once('.'))
                    .fold(table.to_owned(), |name, (_, column)| name + "_" + column)
            },
            str::to_owned,
        );
        match name.as_str() {
            "accounts_email" => Self::Email,
            "apis_slug" => Self::Api,
            "apis_base_path" => Self::BasePath,
            "plans_slug" => Self::Plan,
            "keys_public_id" | "keys_previous_public_id" => Self::Key,
            "management_tokens_digest" => Self::Token,
            "subscriptions_app_api" => Self::Subscription,
            "readers_api_account" => Self::Reader,
            "idempotency_caller_key_digest" => Self::IdempotencyKey,
            _ => Self::Id,
        }
    }
}

/// Why the engine cannot work now, by SQLite's primary result code or PostgreSQL's SQLSTATE.
pub(crate) fn unavailable(error: &dyn DatabaseError) -> Option<&'static str> {
    let code = error.code()?;
    // SQLite's extended codes hold the primary one in their low byte (sqlite.org/rescode.html).
    if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        return match code.parse::<u32>().ok()? & 0xff {
            5 | 6 => Some("it is locked by another process"),
            8 => Some("its file is read-only"),
            10 => Some("its disk failed"),
            13 => Some("its disk is full"),
            14 => Some("its file cannot be opened"),
            _ => None,
        };
    }
    // PostgreSQL 15, appendix A.
    match code.as_ref() {
        "53100" => Some("its disk is full"),
        "25006" => Some("it is read-only"),
        "55P03" | "40001" | "40P01" => Some("it is busy with another write"),
        "57014" => Some("it took too long"),
        code if code.starts_with("08") || code.starts_with("57P") => Some("the connection was lost"),
        code if code.starts_with("53") || code.starts_with("58") => Some("it lacks resources"),
        _ => None,
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let mapped = match &error {
            sqlx::Error::Database(inner) => from_database(&**inner),
            sqlx::Error::PoolTimedOut => Self::Unavailable { why: "all connections are busy" },
            sqlx::Error::PoolClosed => Self::Unavailable { why: "it is closed" },
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Self::Unavailable { why: "the connection was lost" },
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Corrupt { what: "value" },
            _ => Self::Internal,
        };
        match mapped {
            Self::Taken { .. } | Self::Missing { .. } => {}
            Self::Unavailable { .. } => tracing::warn!(%error, "the database cannot be used"),
            _ => tracing::error!(%error, "the database did not accept a statement"),
        }
        mapped
    }
}

fn from_database(error: &dyn DatabaseError) -> StoreError {
    match error.kind() {
        ErrorKind::UniqueViolation => StoreError::Taken { what: Unique::of(error) },
        ErrorKind::ForeignKeyViolation => StoreError::Missing { what: "record to refer to" },
        _ => {
            if let Some(why) = unavailable(error) {
                return StoreError::Unavailable { why };
            }
            let sqlite = error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some();
            let code = error.code().unwrap_or_default();
            let damaged = if sqlite {
                matches!(code.parse::<u32>().unwrap_or(0) & 0xff, 11 | 26)
            } else {
                matches!(code.as_ref(), "XX001" | "XX002")
            };
            if damaged { StoreError::Corrupt { what: "page" } } else { StoreError::Internal }
        }
    }
}

impl StoreError {
    /// Names what a foreign key refers to, where the engine does not.
    pub(crate) fn missing(self, what: &'static str) -> Self {
        match self {
            Self::Missing { .. } => Self::Missing { what },
            other => other,
        }
    }
}
