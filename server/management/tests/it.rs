//! The management API as programs meet it: real use cases and a real SQLite file behind the router.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "it/accounts.rs"]
mod accounts;
#[path = "it/apis.rs"]
mod apis;
#[path = "it/apps.rs"]
mod apps;
#[path = "it/cache.rs"]
mod cache;
#[path = "it/changes.rs"]
mod changes;
#[path = "it/document.rs"]
mod document;
#[path = "it/guides.rs"]
mod guides;
#[path = "it/habits.rs"]
mod habits;
#[path = "it/house.rs"]
mod house;
#[path = "it/idempotency.rs"]
mod idempotency;
#[path = "it/keys.rs"]
mod keys;
#[path = "it/plans.rs"]
mod plans;
#[path = "it/roles.rs"]
mod roles;
#[path = "it/traffic.rs"]
mod traffic;
