//! A number of calls in a calendar period.
use super::{Exhausted, Left};
use portico_domain::{Period, Quota, Timestamp};

/// The calls of the period it is in.
#[derive(Clone, Copy, Debug)]
pub(super) struct QuotaMeter {
    /// `None` for a count that was stored: there only the period's first moment is known.
    per: Option<Period>,
    start: Timestamp,
    end: Timestamp,
    used: u64,
}

impl Default for QuotaMeter {
    fn default() -> Self {
        let never = Timestamp::from_micros(0);
        Self { per: None, start: never, end: never, used: 0 }
    }
}

impl QuotaMeter {
    /// How it is after one call more.
    pub(super) fn take(self, quota: Quota, now: Timestamp) -> Result<Self, Exhausted> {
        let current = self.current(quota.per, now);
        if current.used >= quota.limit {
            return Err(Exhausted { retry_after: seconds_until(current.end, now) });
        }
        Ok(Self { used: current.used + 1, ..current })
    }

    pub(super) fn left(self, quota: Quota, now: Timestamp) -> Left {
        let current = self.current(quota.per, now);
        Left { calls: quota.limit.saturating_sub(current.used), reset_seconds: seconds_until(current.end, now) }
    }

    pub(super) fn used(self, per: Period, now: Timestamp) -> u64 {
        self.current(per, now).used
    }

    pub(super) fn start(self) -> Timestamp {
        self.start
    }

    pub(super) fn restore(&mut self, start: Timestamp, used: u64) {
        if start == self.start {
            self.used = self.used.max(used);
        } else if start > self.start {
            *self = Self { per: None, start, end: start, used };
        }
    }

    /// The meter as it is at `now`. A clock that was set back does not begin an old period again: what was spent stays
    /// spent.
    fn current(self, per: Period, now: Timestamp) -> Self {
        if self.per == Some(per) && now < self.end {
            return self;
        }
        let (start, end) = per.around(now);
        let same = self.start == start && self.per.is_none_or(|known| known == per);
        let used = if same { self.used } else { 0 };
        Self { per: Some(per), start, end, used }
    }
}

fn seconds_until(end: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(end.micros().saturating_sub(now.micros())).unwrap_or(0).div_ceil(1_000_000).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    /// Takes a call, and tells the beginning of the period it was taken from.
    fn take(meter: &mut QuotaMeter, quota: Quota, now: Timestamp) -> Result<Timestamp, Exhausted> {
        *meter = meter.take(quota, now)?;
        Ok(meter.start())
    }

    #[test]
    fn a_quota_follows_the_calendar_and_never_a_clock_set_back() {
        let mut meter = QuotaMeter::default();
        let quota = Quota { limit: 2, per: Period::Day };
        assert_eq!(take(&mut meter, quota, at("2026-11-23T23:59:50Z")), Ok(at("2026-11-23T00:00:00Z")));
        assert_eq!(meter.left(quota, at("2026-11-23T23:59:50Z")), Left { calls: 1, reset_seconds: 10 });
        assert!(take(&mut meter, quota, at("2026-11-23T23:59:55Z")).is_ok());
        assert_eq!(take(&mut meter, quota, at("2026-11-23T23:59:59.5Z")), Err(Exhausted { retry_after: 1 }));
        assert!(take(&mut meter, quota, at("2026-11-24T00:00:00Z")).is_ok());
        assert!(take(&mut meter, quota, at("2026-11-23T23:59:59Z")).is_ok(), "counted in the new day");
        assert!(take(&mut meter, quota, at("2026-11-23T23:59:59Z")).is_err());
        assert_eq!(meter.used(Period::Day, at("2026-11-24T12:00:00Z")), 2);
        assert_eq!(meter.used(Period::Week, at("2026-11-24T12:00:00Z")), 0, "another period counts anew");
    }

    #[test]
    fn a_stored_count_is_gone_on_from_but_never_back_to() {
        let mut meter = QuotaMeter::default();
        let quota = Quota { limit: 10, per: Period::Month };
        let now = at("2026-11-23T12:00:00Z");
        let start = quota.per.around(now).0;
        meter.restore(start, 8);
        assert_eq!(meter.left(quota, now).calls, 2);
        assert!(take(&mut meter, quota, now).is_ok());
        meter.restore(start, 3);
        assert_eq!(meter.used(quota.per, now), 9);
        meter.restore(at("2026-10-01T00:00:00Z"), 10);
        assert_eq!(meter.used(quota.per, now), 9);
    }

    #[test]
    fn the_largest_quota_counts_to_its_end() {
        let mut meter = QuotaMeter::default();
        let quota = Quota { limit: 1_000_000_000_000, per: Period::Week };
        let now = at("9999-12-31T23:59:59Z");
        meter.restore(quota.per.around(now).0, quota.limit - 1);
        assert!(take(&mut meter, quota, now).is_ok());
        assert_eq!(meter.left(quota, now).calls, 0);
        assert!(take(&mut meter, quota, now).is_err());
    }
}
