//! When a call is sent once more.
use http::{Method, StatusCode};
use portico_domain::Retry;
use std::{
    cell::Cell,
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

/// Whatever the settings say: more would turn an upstream's trouble into its end.
const MOST_PERCENT: u8 = 20;
/// Retries that a window always has room for, so that a quiet API is helped too.
const FLOOR: u64 = 3;
/// Nanoseconds over which calls and retries are compared.
const WINDOW: u64 = 10_000_000_000;
/// Marks in a window.
const MARKS: u64 = 10;
/// Threads count apart, so that calls do not pull one line of memory back and forth.
const SHARDS: usize = 8;

#[derive(Debug)]
pub(crate) struct RetryPolicy {
    /// Tries after the first one.
    pub(crate) attempts: u8,
    statuses: Box<[u16]>,
    percent: u8,
    budget: Arc<Budget>,
}

/// How far a call had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Not a byte of it left.
    Nothing,
    /// It may have arrived, but it has no body that would have to be sent again.
    WithoutBody,
    /// Part of its body is gone.
    PartOfBody,
}

/// Whether a call may be sent again without being done twice (RFC 9110 9.2.2).
pub(crate) fn may_repeat(method: &Method, sent: Sent) -> bool {
    match sent {
        Sent::Nothing => true,
        Sent::WithoutBody => {
            matches!(
                *method,
                Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE | Method::PUT | Method::DELETE
            )
        }
        Sent::PartOfBody => false,
    }
}

impl RetryPolicy {
    pub(crate) fn new(settings: &Retry, budget: Arc<Budget>) -> Self {
        Self {
            attempts: settings.attempts,
            statuses: settings.statuses.as_slice().into(),
            percent: settings.budget_percent.min(MOST_PERCENT),
            budget,
        }
    }

    /// Counts a call, from which retries get their share.
    pub(crate) fn called(&self) {
        if self.attempts > 0 {
            self.budget.called();
        }
    }

    /// Whether an answer of this status counts as a failure here.
    pub(crate) fn asks_again_for(&self, status: StatusCode) -> bool {
        !self.statuses.is_empty() && self.statuses.contains(&status.as_u16())
    }

    /// Takes one retry out of the budget, where there is one.
    pub(crate) fn take(&self, now: u64) -> bool {
        self.attempts > 0 && self.budget.take(self.percent, now)
    }
}

/// Keeps retries of an API below a share of its calls. Calls are only counted; time is looked at when one is to be
/// repeated.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    calls: [Shard; SHARDS],
    spent: AtomicU64,
    window: Mutex<VecDeque<Mark>>,
}

/// On a cache line of its own.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Shard(AtomicU64);

/// Counts at a moment.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at: u64,
    calls: u64,
    spent: u64,
}

impl Budget {
    fn called(&self) {
        self.calls[shard()].0.fetch_add(1, Ordering::Relaxed);
    }

    /// Retries since the start.
    pub(crate) fn spent(&self) -> u64 {
        self.spent.load(Ordering::Relaxed)
    }

    fn take(&self, percent: u8, now: u64) -> bool {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        while window.front().is_some_and(|mark| mark.at + WINDOW < now) {
            window.pop_front();
        }
        let calls = self.calls.iter().map(|shard| shard.0.load(Ordering::Relaxed)).sum();
        let spent = self.spent();
        if window.back().is_none_or(|mark| mark.at + WINDOW / MARKS <= now) {
            window.push_back(Mark { at: now, calls, spent });
        }
        let Some(first) = window.front() else { return false };
        let share = (calls - first.calls).saturating_mul(percent.into()) / 100;
        let may = percent > 0 && spent - first.spent < share.max(FLOOR);
        if may {
            self.spent.store(spent + 1, Ordering::Relaxed);
        }
        may
    }
}

/// The calling thread's place.
fn shard() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static SHARD: Cell<Option<usize>> = const { Cell::new(None) };
    }
    SHARD.get().unwrap_or_else(|| {
        let place = THREADS.fetch_add(1, Ordering::Relaxed) % SHARDS;
        SHARD.set(Some(place));
        place
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;

    proptest! {
        #[test]
        fn retries_stay_below_their_share(
            percent: u8,
            // Nanoseconds until the next call, and whether it fails.
            calls in prop::collection::vec((0..SECOND / 10, any::<bool>()), 1..2_000),
        ) {
            let settings = Retry { attempts: 1, statuses: Vec::new(), budget_percent: percent };
            let budget = Arc::new(Budget::default());
            let policy = RetryPolicy::new(&settings, Arc::clone(&budget));
            let mut now = 0;
            for (pause, fails) in &calls {
                now += pause;
                policy.called();
                if *fails {
                    policy.take(now);
                }
            }
            let windows = now / WINDOW + 1;
            let most = calls.len() as u64 * u64::from(percent.min(MOST_PERCENT)) / 100 + 2 * FLOOR * windows;
            prop_assert!(budget.spent() <= most, "{} of {}", budget.spent(), calls.len());
            prop_assert!(percent > 0 || budget.spent() == 0);
        }
    }

    #[test]
    fn a_burst_of_failures_gets_the_floor_and_then_its_share() {
        let policy = RetryPolicy::new(&Retry::default(), Arc::default());
        let granted = |calls: u32, now: u64| {
            (0..calls)
                .filter(|_| {
                    policy.called();
                    policy.take(now)
                })
                .count()
        };
        assert_eq!(granted(1_000, 0), 199, "the first call came before the window began");
        assert_eq!(granted(1_000, SECOND), 200);
        assert_eq!(granted(2, 60 * SECOND), 2, "quiet again: the floor");
        assert_eq!(granted(8, 60 * SECOND), 1);
    }

    #[test]
    fn nobody_retries_whose_settings_do_not_say_so() {
        let policy = RetryPolicy::new(&Retry { attempts: 0, ..Retry::default() }, Arc::default());
        policy.called();
        assert!(!policy.take(0));
    }

    #[test]
    fn only_what_does_no_harm_twice_is_sent_twice() {
        for (method, sent, may) in [
            (Method::GET, Sent::WithoutBody, true),
            (Method::DELETE, Sent::WithoutBody, true),
            (Method::POST, Sent::WithoutBody, false),
            (Method::PATCH, Sent::WithoutBody, false),
            (Method::PUT, Sent::PartOfBody, false),
            (Method::POST, Sent::Nothing, true),
        ] {
            assert_eq!(may_repeat(&method, sent), may, "{method} {sent:?}");
        }
    }
}
