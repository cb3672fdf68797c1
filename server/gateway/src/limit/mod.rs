//! Limits that let exactly so many calls through.
//!
//! What is counted stands in two kinds of place, each behind one lock: the [`Meters`] of a subscription, and a [`Level`]
//! of an API or an operation for all its callers together. A call looks at every limit that concerns it before it takes
//! from any, and keeps the locks from the first look to the last take. So what one limit refuses spends no other, and
//! nothing has to be given back that somebody else might have been refused for meanwhile.
//!
//! The numbers of plans and settings are parameters: they can change while what was counted stays.
mod bucket;
mod level;
mod meters;
mod quota;
#[cfg(test)]
mod tests;

pub(crate) use level::{Levels, Limited};
pub(crate) use meters::{Caller, Counters};

use level::Level;
use portico_domain::{Quota, Rate, Timestamp};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is left of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) calls: u64,
    /// Until all of it is there again.
    pub(crate) reset_seconds: u64,
}

/// What is left to a caller of each limit that its plan sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lefts {
    pub(crate) rate: Option<Left>,
    pub(crate) key: Option<Left>,
    pub(crate) operation: Option<Left>,
    pub(crate) quota: Option<Left>,
}

/// When to come again, in seconds, at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Exhausted {
    retry_after: u64,
}

/// Whose limit it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The plan's, for all keys and operations of a subscription.
    Plan,
    /// The plan's, for each key.
    Key,
    /// The plan's, for one operation.
    PlanOperation,
    /// The operation's, for all its callers.
    Operation,
    /// The API's, for all its callers.
    Api,
}

/// The limit that says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Rate { whose: Whose, rate: Rate, retry_after: u64 },
    AtOnce { whose: Whose, calls: u32 },
    Quota { quota: Quota, retry_after: u64 },
}

/// Places among the calls under way. They are free again when this is dropped.
#[derive(Default)]
pub(crate) struct Places {
    caller: Option<Arc<Counters>>,
    served: [Option<Arc<Mutex<Level>>>; 2],
}

impl Drop for Places {
    fn drop(&mut self) {
        if let Some(counters) = &self.caller {
            counters.lock().leave();
        }
        for level in self.served.iter().flatten() {
            locked(level).leave();
        }
    }
}

/// What an admitted call took.
pub(crate) struct Taken {
    pub(crate) places: Places,
    /// The first moment of the period from whose quota a call was taken.
    pub(crate) period: Option<Timestamp>,
}

/// Takes one call from every limit, or none from any. `served` are the operation's limits and the API's; `now` is in
/// nanoseconds of a monotonic clock, `at` is the time of the calendar. Where the caller has a plan, what it leaves is told
/// either way.
pub(crate) fn take(
    caller: Option<Caller<'_>>,
    served: [Option<&Limited>; 2],
    now: u64,
    at: Timestamp,
) -> (Lefts, Result<Taken, Over>) {
    // Always in this order, so that no two calls wait for each other: a subscription, an operation, its API.
    let mut meters = caller.map(|caller| caller.counters.lock());
    let mut levels = served.map(|limited| limited.map(|limited| (limited.limits, locked(&limited.level))));
    let mut taken = Taken { places: Places::default(), period: None };
    let looked = caller.zip(meters.as_deref()).map(|(caller, meters)| meters.look(caller, now, at)).transpose();
    let (draft, levels_after) = match looked.and_then(|draft| {
        let [operation, api] = &levels;
        let look = |level: &Option<(_, MutexGuard<'_, Level>)>, whose| {
            level.as_ref().map(|(limits, level)| level.look(*limits, whose, now)).transpose()
        };
        Ok((draft, [look(operation, Whose::Operation)?, look(api, Whose::Api)?]))
    }) {
        Ok(looked) => looked,
        Err(over) => {
            let lefts = caller.zip(meters.as_deref()).map(|(caller, meters)| meters.left(caller, now, at));
            return (lefts.unwrap_or_default(), Err(over));
        }
    };
    let mut lefts = Lefts::default();
    if let (Some(caller), Some(meters), Some(draft)) = (caller, meters.as_deref_mut(), draft) {
        taken.period = meters.write(caller, draft, now);
        taken.places.caller = caller.plan.concurrency.map(|_| Arc::clone(caller.counters));
        lefts = meters.left(caller, now, at);
    }
    for (place, (level, after)) in levels.iter_mut().zip(levels_after).enumerate() {
        if let (Some((limits, level)), Some(after), Some(limited)) = (level, after, served[place]) {
            **level = after;
            taken.places.served[place] = limits.concurrency.map(|_| Arc::clone(&limited.level));
        }
    }
    (lefts, Ok(taken))
}

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

fn whole_seconds(nanos: u64) -> u64 {
    nanos.div_ceil(1_000_000_000)
}
