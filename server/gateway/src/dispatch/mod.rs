//! Sends an admitted request to what answers it. One more way of answering is one more file here; each takes a
//! [`crate::admit::Permit`], so that none can be called without one.

pub(crate) mod fields;
pub(crate) mod http;
mod limited;
pub(crate) mod upload;
