//! Limits of an API or an operation for all its callers together.
use super::{Over, Whose, bucket::Bucket, locked};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use portico_domain::{Limits, Slug};
use std::sync::{Arc, Mutex};

/// What is counted for one API or operation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Level {
    rate: Bucket,
    under_way: u32,
}

impl Level {
    /// How it is after one call more.
    pub(super) fn look(self, limits: Limits, whose: Whose, now: u64) -> Result<Self, Over> {
        let mut after = self;
        if let Some(rate) = limits.rate {
            let taken = self.rate.take(rate, now);
            after.rate = taken.map_err(|over| Over::Rate { whose, rate, retry_after: over.retry_after })?;
        }
        if let Some(calls) = limits.concurrency {
            if self.under_way >= calls {
                return Err(Over::AtOnce { whose, calls });
            }
            after.under_way += 1;
        }
        Ok(after)
    }

    pub(super) fn leave(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }
}

/// Limits with what is counted for them.
#[derive(Clone, Debug)]
pub(crate) struct Limited {
    pub(super) limits: Limits,
    pub(super) level: Arc<Mutex<Level>>,
}

/// By the operation's name.
type Named = HashMap<Box<str>, Arc<Mutex<Level>>, RandomState>;

/// What is counted for APIs and operations, by API and name (empty for the API itself). It stands outside the World, so
/// that publishing an API anew does not begin its limits anew.
#[derive(Debug, Default)]
pub(crate) struct Levels(Mutex<HashMap<Slug, Named, RandomState>>);

impl Levels {
    /// `None` where nothing is limited.
    pub(crate) fn limited(&self, api: &Slug, operation: &str, limits: Limits) -> Option<Limited> {
        if limits == Limits::default() {
            return None;
        }
        let mut levels = locked(&self.0);
        let level = levels.entry(api.clone()).or_default().entry(operation.into()).or_default();
        Some(Limited { limits, level: Arc::clone(level) })
    }

    /// Forgets what nobody refers to any more.
    pub(crate) fn sweep(&self) {
        locked(&self.0).retain(|_, operations| {
            operations.retain(|_, level| Arc::strong_count(level) > 1);
            !operations.is_empty()
        });
    }
}
