//! The store from outside, on both engines.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[macro_use]
mod it {
    #[macro_use]
    pub(crate) mod house;
    mod api_readers;
    mod durability;
    mod guides;
    mod keys;
    mod open;
    mod outbox;
    mod records;
    mod schema;
    mod sessions;
    mod usage;
}
