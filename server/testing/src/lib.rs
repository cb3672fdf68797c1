//! What the tests of several crates share: a PostgreSQL of their own, and folders that vanish. A development dependency
//! only.
//!
//! ```no_run
//! # async fn test() {
//! let Some(url) = portico_testing::postgres_database().await else { return };
//! # }
//! ```

mod folder;
mod postgres;

pub use folder::Folder;
pub use postgres::postgres_database;
