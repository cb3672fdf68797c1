//! What is counted for one subscription.
use super::{
    Exhausted, Left, Lefts, Over, Whose,
    bucket::{Bucket, Buckets},
    locked,
    quota::QuotaMeter,
};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use portico_domain::{KeyId, Period, Plan, Quota, Rate, Timestamp};
use std::sync::{Arc, Mutex, MutexGuard};

/// Shared by all keys of an app. They stay when the subscription or its plan changes.
#[derive(Debug, Default)]
pub(crate) struct Counters(Mutex<Meters>);

/// Who calls, and under which plan.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) counters: &'a Arc<Counters>,
    pub(crate) plan: &'a Plan,
    pub(crate) key: KeyId,
    /// The operation's name in the plan, if the plan has a rate for it, and that rate.
    pub(crate) operation: Option<(&'a str, Rate)>,
}

#[derive(Debug, Default)]
pub(super) struct Meters {
    rate: Bucket,
    quota: QuotaMeter,
    under_way: u32,
    keys: Buckets<KeyId>,
    operations: HashMap<Box<str>, Bucket, RandomState>,
}

/// How it is after one call more, as far as the plan limits it.
pub(super) struct Draft {
    rate: Option<Bucket>,
    key: Option<Bucket>,
    operation: Option<Bucket>,
    quota: Option<QuotaMeter>,
}

impl Counters {
    pub(super) fn lock(&self) -> MutexGuard<'_, Meters> {
        locked(&self.0)
    }

    /// Where a caller stands, without a call.
    pub(crate) fn left(&self, caller: Caller<'_>, now: u64, at: Timestamp) -> Lefts {
        self.lock().left(caller, now, at)
    }

    pub(crate) fn used(&self, per: Period, at: Timestamp) -> u64 {
        self.lock().quota.used(per, at)
    }

    /// Goes on from a count that was stored for the period beginning at `start`, unless more was counted meanwhile.
    pub(crate) fn restore(&self, start: Timestamp, used: u64) {
        self.lock().quota.restore(start, used);
    }
}

impl Meters {
    /// A used-up quota is told first: there is the longest to wait for it.
    pub(super) fn look(&self, caller: Caller<'_>, now: u64, at: Timestamp) -> Result<Draft, Over> {
        let plan = caller.plan;
        let quota = plan.quota.map(|quota| {
            let over = |Exhausted { retry_after }| Over::Quota { quota, retry_after };
            self.quota.take(quota, at).map_err(over)
        });
        let quota = quota.transpose()?;
        let take = |whose, bucket: Bucket, rate: Rate| {
            bucket.take(rate, now).map_err(|Exhausted { retry_after }| Over::Rate { whose, rate, retry_after })
        };
        let draft = Draft {
            key: plan.per_key.map(|rate| take(Whose::Key, self.keys.get(caller.key), rate)).transpose()?,
            operation: caller
                .operation
                .map(|(name, rate)| take(Whose::PlanOperation, self.operation(name), rate))
                .transpose()?,
            rate: plan.rate.map(|rate| take(Whose::Plan, self.rate, rate)).transpose()?,
            quota,
        };
        match plan.concurrency {
            Some(calls) if self.under_way >= calls => Err(Over::AtOnce { whose: Whose::Plan, calls }),
            _ => Ok(draft),
        }
    }

    /// Tells the first moment of the period from whose quota the call was taken.
    pub(super) fn write(&mut self, caller: Caller<'_>, draft: Draft, now: u64) -> Option<Timestamp> {
        if let Some(bucket) = draft.rate {
            self.rate = bucket;
        }
        if let Some(bucket) = draft.key {
            self.keys.put(caller.key, bucket, now);
        }
        if let (Some(bucket), Some((name, _))) = (draft.operation, caller.operation) {
            *self.operations.entry_ref(name).or_default() = bucket;
        }
        if caller.plan.concurrency.is_some() {
            self.under_way += 1;
        }
        draft.quota.map(|quota| {
            self.quota = quota;
            quota.start()
        })
    }

    pub(super) fn left(&self, caller: Caller<'_>, now: u64, at: Timestamp) -> Lefts {
        let plan = caller.plan;
        let left = |bucket: Bucket, rate: Rate| -> Left { bucket.left(rate, now) };
        Lefts {
            rate: plan.rate.map(|rate| left(self.rate, rate)),
            key: plan.per_key.map(|rate| left(self.keys.get(caller.key), rate)),
            operation: caller.operation.map(|(name, rate)| left(self.operation(name), rate)),
            quota: plan.quota.map(|quota: Quota| self.quota.left(quota, at)),
        }
    }

    pub(super) fn leave(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    fn operation(&self, name: &str) -> Bucket {
        self.operations.get(name).copied().unwrap_or_default()
    }
}
