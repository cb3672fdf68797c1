//! The way to upstreams: where they are, how they are reached, and the connections kept to them.

pub(crate) mod address;
pub(crate) mod dial;
pub(crate) mod pool;
