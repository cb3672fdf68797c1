//! What the gateway does with calls beyond passing them on: one file or folder a policy.
//!
//! A policy has one life. Its settings stand in `portico_domain::Policies` and are checked there when they are saved. It
//! is compiled while the World is built, into a form that needs no parsing, no look-up by hash and no allocation that
//! could have been made before. The pipeline's phases `find`, `before` and `after` use it. As far as it can be a policy is
//! pure: it takes fields, path, query and bytes and answers with data, and the phases act on that.
//!
//! One more: its settings and their check in the domain, a file here with `compile`, a place in [`ApiPolicies`] or
//! [`OperationPolicies`], and its line in a phase. One that is off costs a branch.
pub(crate) mod addresses;
pub(crate) mod cache;
mod compiled;
pub(crate) mod compress;
pub(crate) mod cors;
pub(crate) mod document;
pub(crate) mod lifecycle;
pub(crate) mod maintenance;
pub(crate) mod mock;
pub(crate) mod shadow;
pub(crate) mod transform;
pub(crate) mod validate;
mod vary;

pub(crate) use compiled::{ApiPolicies, OperationPolicies};
