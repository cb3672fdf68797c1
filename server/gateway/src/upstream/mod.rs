//! The way to upstreams: where they are, which of them answers a call, how they are reached and how they are doing.

pub(crate) mod address;
pub(crate) mod condition;
pub(crate) mod dial;
pub(crate) mod endpoint;
pub(crate) mod group;
pub(crate) mod health;
pub(crate) mod http2;
pub(crate) mod names;
pub(crate) mod plan;
pub(crate) mod pool;
pub(crate) mod retry;
mod tls;
