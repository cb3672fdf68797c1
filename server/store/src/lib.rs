//! SQLite and PostgreSQL behind one door: records in, records out, and a log of every change.
//!
//! [`Store::open`] picks the engine by the URL's scheme, and nothing outside this crate learns which it was. Each
//! statement stands once, in the dialect both engines speak: `$1` parameters, ids and times made in Rust (UUIDv7,
//! microseconds), JSON as text, no `now()`, no `SUM` without a `CAST`, strict tables.
//!
//! Reads are methods of [`Store`], each on a connection of the reader pool. Writes are methods of [`Tx`], and a `Tx`
//! refuses to commit a write that left no row in `changes`. Only what is not a record of the house goes beside it:
//! browser sessions ([`Sessions`]), counts ([`Store::add_usage`]), remembered answers, comparisons of versions,
//! letters on their way, and what [`Store::sweep`] clears.
//!
//! One more kind of record is one more file named after it, with its `statements!`, its row, its reads and its writes,
//! a line in [`statements`], and a twin migration in `migrations/sqlite` and `migrations/postgres`.

#[macro_use]
mod db;
mod accounts;
mod api_readers;
mod apis;
mod apps;
mod callers;
mod changes;
mod error;
mod guides;
mod idempotency;
mod keys;
mod links;
mod open;
mod outbox;
mod plans;
mod row;
mod sessions;
mod settings;
mod subscriptions;
mod sweep;
mod tokens;
mod tx;
mod usage;
mod usage_query;
mod version_changes;

pub use apis::Published;
pub use callers::Calls;
pub use changes::AuditFilter;
pub use db::Engine;
pub use error::{StoreError, Unique};
pub use idempotency::Remembered;
pub use keys::ImportedKeys;
pub use links::{Link, LinkPurpose};
pub use open::{OpenError, Store};
pub use outbox::DueLetter;
pub use sessions::Sessions;
pub use tx::Tx;
pub use usage_query::{Bucket, By, UsageFilter, UsageQuery, UsageSum, UsageTotals};

/// Every statement this crate runs, with its name, for the test that prepares them all on both engines. Statements for
/// many rows at once stand here as they are for two.
pub fn statements(engine: Engine) -> Vec<(&'static str, String)> {
    let fixed = [
        accounts::STATEMENTS,
        api_readers::STATEMENTS,
        apis::STATEMENTS,
        apps::STATEMENTS,
        callers::STATEMENTS,
        changes::STATEMENTS,
        guides::STATEMENTS,
        idempotency::STATEMENTS,
        keys::STATEMENTS,
        links::STATEMENTS,
        open::STATEMENTS,
        outbox::STATEMENTS,
        plans::STATEMENTS,
        sessions::STATEMENTS,
        settings::STATEMENTS,
        subscriptions::STATEMENTS,
        sweep::STATEMENTS,
        tokens::STATEMENTS,
        tx::STATEMENTS,
        usage::STATEMENTS,
        version_changes::STATEMENTS,
    ];
    let fixed = fixed.into_iter().flatten().map(|(name, sql)| (*name, (*sql).to_owned()));
    let many = keys::MANY.iter().chain(usage::MANY).map(|(name, many)| (*name, many.sql(engine, 2)));
    fixed.chain(many).chain(usage_query::statements()).collect()
}
