//! What the house knows of its traffic without a database: [`Metrics`] for those who watch it from outside, and the
//! [`Recent`] requests for those who want to know why one was refused.
//!
//! Both are fed once a second with what the gateway counted. One more metric is one more line in `Metrics::render`, with
//! its help text.

mod metrics;
mod recent;

pub use metrics::Metrics;
pub use recent::{Filter, Page, Recent};
