//! Counters that let exactly so many calls through: a rate in one atomic, a quota in another.
//!
//! The numbers of the plan are parameters: a plan can change while its subscriptions' counters stay.
use portico_domain::{Period, Quota, Rate, Timestamp};
use std::sync::atomic::{AtomicU64, Ordering};

/// The generic cell rate algorithm. The one number is the time, in nanoseconds of a monotonic clock, at which the bucket
/// would be full again.
#[derive(Debug, Default)]
pub(crate) struct RateCounter(AtomicU64);

/// What is left of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) calls: u64,
    /// Until all of it is there again.
    pub(crate) reset_seconds: u64,
}

/// When to come again, in seconds, at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted {
    pub(crate) retry_after: u64,
}

/// The two numbers of the algorithm, in nanoseconds.
struct Pace {
    /// A call's share of time.
    interval: u64,
    /// The time that a full bucket holds.
    burst: u64,
}

impl Pace {
    fn of(rate: Rate) -> Self {
        let interval = u64::try_from(rate.interval().as_nanos()).unwrap_or(u64::MAX).max(1);
        Self { interval, burst: interval.saturating_mul(u64::from(rate.burst().max(1))) }
    }
    fn left(&self, full_at: u64, now: u64) -> Left {
        let used = full_at.saturating_sub(now).min(self.burst);
        Left { calls: (self.burst - used) / self.interval, reset_seconds: whole_seconds(used) }
    }
}

impl RateCounter {
    pub(crate) fn take(&self, rate: Rate, now: u64) -> Result<(), Exhausted> {
        let pace = Pace::of(rate);
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            // After a change of the plan the bucket holds at most nothing, never less.
            let full_at = seen.clamp(now, now.saturating_add(pace.burst));
            let next = full_at.saturating_add(pace.interval);
            if next > now.saturating_add(pace.burst) {
                return Err(Exhausted { retry_after: whole_seconds(next - now - pace.burst).max(1) });
            }
            match self.0.compare_exchange_weak(seen, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(changed) => seen = changed,
            }
        }
    }

    /// Gives back what [`Self::take`] took.
    pub(crate) fn give_back(&self, rate: Rate) {
        let interval = Pace::of(rate).interval;
        let _ =
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| Some(full_at.saturating_sub(interval)));
    }

    pub(crate) fn left(&self, rate: Rate, now: u64) -> Left {
        Pace::of(rate).left(self.0.load(Ordering::Relaxed), now)
    }
}

fn whole_seconds(nanos: u64) -> u64 {
    nanos.div_ceil(1_000_000_000)
}

/// Calls in one calendar period: kind of period (2 bits, 0 for one not known yet), its first day since 1970 (22 bits) and the count (40 bits) in
/// one number, so that a new period and its first call are one step.
#[derive(Debug, Default)]
pub(crate) struct QuotaCounter(AtomicU64);

const COUNT_BITS: u32 = 40;
const COUNT: u64 = (1 << COUNT_BITS) - 1;
const DAY_MICROS: i64 = 86_400_000_000;

fn label(kind: Period, start: Timestamp) -> u64 {
    let kind = match kind {
        Period::Day => 1,
        Period::Week => 2,
        Period::Month => 3,
    };
    kind << 62 | day(start) << COUNT_BITS
}

fn day(start: Timestamp) -> u64 {
    u64::try_from(start.micros().div_euclid(DAY_MICROS)).unwrap_or(0).min((1 << 22) - 1)
}

impl QuotaCounter {
    /// Takes one call from the quota, and tells the first moment of the period it was taken from.
    pub(crate) fn take(&self, quota: Quota, now: Timestamp) -> Result<Timestamp, Exhausted> {
        let (start, end) = quota.per.around(now);
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            let current = rolled(seen, quota.per, start);
            if current & COUNT >= quota.limit.min(COUNT) {
                return Err(Exhausted { retry_after: seconds_until(end, now) });
            }
            match self.0.compare_exchange_weak(seen, current + 1, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(started(current)),
                Err(changed) => seen = changed,
            }
        }
    }

    pub(crate) fn left(&self, quota: Quota, now: Timestamp) -> Left {
        let (start, end) = quota.per.around(now);
        let used = rolled(self.0.load(Ordering::Relaxed), quota.per, start) & COUNT;
        Left { calls: quota.limit.saturating_sub(used), reset_seconds: seconds_until(end, now) }
    }

    pub(crate) fn used(&self, per: Period, now: Timestamp) -> u64 {
        rolled(self.0.load(Ordering::Relaxed), per, per.around(now).0) & COUNT
    }

    /// Goes on from a count that was stored for the period beginning at `start`, unless more was counted meanwhile.
    pub(crate) fn restore(&self, start: Timestamp, used: u64) {
        let stored = day(start) << COUNT_BITS | used.min(COUNT);
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |seen| {
            let without_kind = seen & !(0b11 << 62);
            if without_kind >> COUNT_BITS == stored >> COUNT_BITS {
                return (stored > without_kind).then_some(stored | (seen & (0b11 << 62)));
            }
            (stored > without_kind).then_some(stored)
        });
    }
}

/// The counter as it is in the period that begins at `start`. A clock that was set back does not begin an old period
/// again: what was spent stays spent.
fn rolled(seen: u64, per: Period, start: Timestamp) -> u64 {
    let label = label(per, start);
    match seen >> 62 {
        // Restored: the kind of period was not known then, but its first day was.
        0 if seen >> COUNT_BITS == day(start) => label | (seen & COUNT),
        kind if kind == label >> 62 && seen >> COUNT_BITS >= label >> COUNT_BITS => seen,
        _ => label,
    }
}

/// The first moment of the period that a counter is in.
fn started(counter: u64) -> Timestamp {
    let day = (counter >> COUNT_BITS) & ((1 << 22) - 1);
    Timestamp::from_micros(i64::try_from(day).unwrap_or(0) * DAY_MICROS)
}

fn seconds_until(end: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(end.since(now).as_micros().div_ceil(1_000_000)).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_domain::RatePeriod;
    use std::thread;

    const SECOND: u64 = 1_000_000_000;

    fn rate(limit: u32, per: RatePeriod, burst: Option<u32>) -> Rate {
        Rate { limit, per, burst }
    }

    #[test]
    fn a_bucket_is_emptied_and_fills_again() {
        let (counter, rate, start) = (RateCounter::default(), rate(60, RatePeriod::Minute, Some(3)), 5 * SECOND);
        for left in [2, 1, 0] {
            assert_eq!(counter.take(rate, start), Ok(()));
            assert_eq!(counter.left(rate, start), Left { calls: left, reset_seconds: 3 - left });
        }
        assert_eq!(counter.take(rate, start), Err(Exhausted { retry_after: 1 }));
        assert_eq!(counter.take(rate, start + SECOND - 1), Err(Exhausted { retry_after: 1 }));
        assert_eq!(counter.take(rate, start + SECOND), Ok(()));
        assert_eq!(counter.left(rate, start + SECOND), Left { calls: 0, reset_seconds: 3 });
        counter.give_back(rate);
        assert_eq!(counter.left(rate, start + SECOND), Left { calls: 1, reset_seconds: 2 });
        assert_eq!(counter.left(rate, start + 60 * SECOND), Left { calls: 3, reset_seconds: 0 });
    }

    #[test]
    fn a_plan_made_smaller_keeps_nobody_out_longer_than_its_own_burst() {
        let counter = RateCounter::default();
        let slow = rate(1, RatePeriod::Hour, None);
        assert!(counter.take(slow, 0).is_ok());
        let fast = rate(10, RatePeriod::Second, None);
        assert_eq!(counter.take(fast, 0), Err(Exhausted { retry_after: 1 }));
        assert!(counter.take(fast, SECOND).is_err(), "empty, not full");
        let counter = RateCounter::default();
        assert!(counter.take(slow, 0).is_ok() && counter.take(fast, 3_600 * SECOND).is_ok());
    }

    #[test]
    fn exactly_the_limit_passes_however_many_ask_at_once() {
        let (rates, quotas) = (RateCounter::default(), QuotaCounter::default());
        let rate = rate(500, RatePeriod::Hour, None);
        let quota = Quota { limit: 321, per: Period::Day };
        let now = Timestamp::parse("2026-11-23T15:00:00Z").unwrap();
        let count = |take: &(dyn Fn() -> bool + Sync)| -> usize {
            thread::scope(|scope| {
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| (0..200).filter(|_| take()).count())).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            })
        };
        assert_eq!(count(&|| rates.take(rate, 7).is_ok()), 500);
        assert_eq!(count(&|| quotas.take(quota, now).is_ok()), 321);
    }

    #[test]
    fn a_quota_follows_the_calendar_and_never_a_clock_set_back() {
        let counter = QuotaCounter::default();
        let quota = Quota { limit: 2, per: Period::Day };
        let at = |text: &str| Timestamp::parse(text).unwrap();
        assert_eq!(counter.take(quota, at("2026-11-23T23:59:50Z")), Ok(at("2026-11-23T00:00:00Z")));
        assert_eq!(counter.left(quota, at("2026-11-23T23:59:50Z")), Left { calls: 1, reset_seconds: 10 });
        assert!(counter.take(quota, at("2026-11-23T23:59:55Z")).is_ok());
        assert_eq!(counter.take(quota, at("2026-11-23T23:59:59.5Z")), Err(Exhausted { retry_after: 1 }));
        assert!(counter.take(quota, at("2026-11-24T00:00:00Z")).is_ok());
        assert!(counter.take(quota, at("2026-11-23T23:59:59Z")).is_ok(), "counted in the new day");
        assert!(counter.take(quota, at("2026-11-23T23:59:59Z")).is_err());
        assert_eq!(counter.used(Period::Day, at("2026-11-24T12:00:00Z")), 2);
    }

    #[test]
    fn a_stored_count_is_gone_on_from_but_never_back_to() {
        let counter = QuotaCounter::default();
        let quota = Quota { limit: 10, per: Period::Month };
        let now = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
        let start = quota.per.around(now).0;
        counter.restore(start, 8);
        assert_eq!(counter.left(quota, now).calls, 2);
        assert!(counter.take(quota, now).is_ok());
        counter.restore(start, 3);
        assert_eq!(counter.used(quota.per, now), 9);
        counter.restore(Timestamp::parse("2026-10-01T00:00:00Z").unwrap(), 10);
        assert_eq!(counter.used(quota.per, now), 9);
    }

    #[test]
    fn the_largest_quota_counts_to_its_end() {
        let counter = QuotaCounter::default();
        let quota = Quota { limit: 1_000_000_000_000, per: Period::Week };
        let now = Timestamp::parse("9999-12-31T23:59:59Z").unwrap();
        counter.restore(quota.per.around(now).0, quota.limit - 1);
        assert!(counter.take(quota, now).is_ok());
        assert_eq!(counter.left(quota, now).calls, 0);
        assert!(counter.take(quota, now).is_err());
    }
}
