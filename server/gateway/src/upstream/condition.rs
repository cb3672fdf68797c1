//! How one upstream of one API is doing, as its calls and probes show. It outlives changes of the configuration.
//!
//! It belongs to the API and the upstream's whole address, not to the host alone: behind one host stand many services,
//! and one of them failing for one API says nothing about the others.
use portico_domain::{Slug, UpstreamHealth};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};

/// An upstream that was ejected again and again is out for this many times the first span, and no longer.
const LONGEST: u64 = 10;

/// Moments are nanoseconds since the gateway's start.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) api: Slug,
    /// Its address, as people know it.
    pub(crate) upstream: Box<str>,
    /// Failed calls since the last good one.
    failures: AtomicU32,
    /// Ejected until then; 0 when it is not ejected. Once that time has passed, one call at a time may try it.
    out_until: AtomicU64,
    /// Such a call is under way.
    trial: AtomicBool,
    /// Probes found it unwell.
    unwell: AtomicBool,
    /// Calls under way, where the balance asks for them.
    under_way: AtomicU32,
    ejections: AtomicU64,
    past: Mutex<Past>,
}

/// What decides how long the next ejection lasts.
#[derive(Debug, Default)]
struct Past {
    in_a_row: u64,
    length: u64,
    let_in_at: u64,
}

/// Whether a call may go to an upstream.
#[derive(Debug)]
pub(crate) enum Entry {
    Open,
    /// This call alone may, and shows whether others may too.
    OnTrial(Trial),
    Closed,
}

/// The one call that tries an ejected upstream. Dropped without a verdict, another call may try.
#[derive(Debug)]
pub(crate) struct Trial(Arc<Condition>);

impl Drop for Trial {
    fn drop(&mut self) {
        self.0.trial.store(false, Ordering::Release);
    }
}

/// Counts a call under way.
#[derive(Debug, Default)]
pub(crate) struct Load(Option<Arc<Condition>>);

impl Load {
    pub(crate) fn on(condition: &Arc<Condition>) -> Self {
        condition.under_way.fetch_add(1, Ordering::Relaxed);
        Self(Some(Arc::clone(condition)))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        if let Some(condition) = &self.0 {
            condition.under_way.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Condition {
    pub(crate) fn new(api: Slug, upstream: &str) -> Self {
        Self {
            api,
            upstream: upstream.into(),
            failures: AtomicU32::new(0),
            out_until: AtomicU64::new(0),
            trial: AtomicBool::new(false),
            unwell: AtomicBool::new(false),
            under_way: AtomicU32::new(0),
            ejections: AtomicU64::new(0),
            past: Mutex::default(),
        }
    }

    /// Neither ejected nor unwell.
    pub(crate) fn is_in(&self) -> bool {
        self.out_until.load(Ordering::Relaxed) == 0 && !self.is_unwell()
    }

    pub(crate) fn is_ejected(&self) -> bool {
        self.out_until.load(Ordering::Relaxed) != 0
    }

    pub(crate) fn is_unwell(&self) -> bool {
        self.unwell.load(Ordering::Relaxed)
    }

    /// What probes found; whether that is new.
    pub(crate) fn set_unwell(&self, unwell: bool) -> bool {
        self.unwell.swap(unwell, Ordering::Relaxed) != unwell
    }

    pub(crate) fn under_way(&self) -> u32 {
        self.under_way.load(Ordering::Relaxed)
    }

    pub(crate) fn observe(&self) -> UpstreamHealth {
        UpstreamHealth {
            api: self.api.clone(),
            upstream: self.upstream.to_string(),
            healthy: self.is_in(),
            ejections: self.ejections.load(Ordering::Relaxed),
        }
    }

    /// Nanoseconds until it may be tried; `None` when it is not ejected.
    pub(crate) fn out_for(&self, now: u64) -> Option<u64> {
        match self.out_until.load(Ordering::Relaxed) {
            0 => None,
            until => Some(until.saturating_sub(now)),
        }
    }

    /// Asks for one call.
    pub(crate) fn enter(self: &Arc<Self>, now: impl Fn() -> u64) -> Entry {
        if self.is_in() {
            return Entry::Open;
        }
        if self.is_unwell() || self.out_until.load(Ordering::Acquire) > now() {
            return Entry::Closed;
        }
        if self.trial.compare_exchange(false, true, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return Entry::Closed;
        }
        let trial = Trial(Arc::clone(self));
        // The trial before this one may have ended between the two looks; its verdict counts.
        match self.out_until.load(Ordering::Acquire) {
            0 => Entry::Open,
            until if until > now() => Entry::Closed,
            _ => Entry::OnTrial(trial),
        }
    }

    pub(crate) fn succeeded(&self, trial: Option<Trial>, now: impl Fn() -> u64) {
        // Looked at before it is written: calls of all threads would otherwise pull this line back and forth.
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
        if trial.is_some() {
            self.past.lock().unwrap_or_else(PoisonError::into_inner).let_in_at = now();
            self.out_until.store(0, Ordering::Release);
            tracing::info!(api = %self.api, upstream = %self.upstream, "an upstream is back: a call to it succeeded");
        }
    }

    /// Notes a failed call; whether so many failed in a row now that the upstream is to be ejected.
    pub(crate) fn failed(&self, limit: u32) -> bool {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        limit > 0 && failures >= limit && !self.is_ejected()
    }

    /// Takes it out for `span` nanoseconds, times its ejections in a row.
    pub(crate) fn eject(&self, span: u64, now: u64) {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        // One that stayed in for longer than it was out before begins anew.
        let again = self.is_ejected() || (past.length > 0 && now.saturating_sub(past.let_in_at) <= past.length);
        past.in_a_row = if again { (past.in_a_row + 1).min(LONGEST) } else { 1 };
        past.length = span.saturating_mul(past.in_a_row);
        self.ejections.fetch_add(1, Ordering::Relaxed);
        self.failures.store(0, Ordering::Relaxed);
        self.out_until.store(now.saturating_add(past.length).max(1), Ordering::Release);
        let seconds = past.length / 1_000_000_000;
        tracing::warn!(api = %self.api, upstream = %self.upstream, seconds, "an upstream is out: its calls failed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Barrier, thread};

    const SECOND: u64 = 1_000_000_000;

    fn condition() -> Arc<Condition> {
        Arc::new(Condition::new("pets".parse().unwrap(), "http://a.example/"))
    }

    fn trial(condition: &Arc<Condition>, now: u64) -> Option<Trial> {
        match condition.enter(|| now) {
            Entry::OnTrial(trial) => Some(trial),
            Entry::Open | Entry::Closed => None,
        }
    }

    #[test]
    fn failures_in_a_row_eject_and_a_good_call_between_begins_anew() {
        let condition = condition();
        assert!(!condition.failed(3) && !condition.failed(3));
        condition.succeeded(None, || 0);
        assert!(!condition.failed(3) && !condition.failed(3) && condition.failed(3));
        assert!(!condition.failed(0), "0 is for never");
    }

    #[test]
    fn each_ejection_in_a_row_is_longer_up_to_ten_times() {
        let condition = condition();
        let mut now = SECOND;
        for round in 1..=12 {
            let before = now;
            condition.eject(SECOND, now);
            let times = round.min(LONGEST);
            assert!(trial(&condition, before + times * SECOND - 1).is_none(), "{round}");
            now = before + times * SECOND;
            drop(trial(&condition, now).unwrap());
        }
        condition.succeeded(trial(&condition, now), || now);
        assert!(condition.is_in());
        condition.eject(SECOND, now + 10 * SECOND);
        assert_eq!(condition.out_for(now + 10 * SECOND), Some(10 * SECOND), "it was not in for long");
        now += 30 * SECOND;
        condition.succeeded(trial(&condition, now), || now);
        condition.eject(SECOND, now + 11 * SECOND);
        assert_eq!(condition.out_for(now + 11 * SECOND), Some(SECOND), "it was");
    }

    #[test]
    fn one_call_at_a_time_tries_an_ejected_upstream() {
        let condition = condition();
        condition.eject(SECOND, 0);
        for _ in 0..200 {
            let start = Barrier::new(8);
            let trials: Vec<_> = thread::scope(|scope| {
                let tries: Vec<_> = (0..8)
                    .map(|_| {
                        scope.spawn(|| {
                            start.wait();
                            trial(&condition, SECOND)
                        })
                    })
                    .collect();
                tries.into_iter().filter_map(|try_| try_.join().unwrap()).collect()
            });
            assert_eq!(trials.len(), 1);
            assert!(trial(&condition, SECOND).is_none(), "not while it is under way");
        }
        condition.succeeded(trial(&condition, SECOND), || SECOND);
        assert!(matches!(condition.enter(|| SECOND), Entry::Open));
    }

    #[test]
    fn an_unwell_upstream_is_not_tried() {
        let condition = condition();
        condition.eject(SECOND, 0);
        assert!(condition.set_unwell(true) && !condition.set_unwell(true));
        assert!(matches!(condition.enter(|| 9 * SECOND), Entry::Closed));
        condition.set_unwell(false);
        assert!(trial(&condition, 9 * SECOND).is_some());
    }
}
