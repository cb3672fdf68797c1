//! Upstreams that answer for each other, and which of them answers a call.
use super::{
    condition::{Condition, Entry, Load, Trial},
    endpoint::Endpoint,
};
use portico_domain::{Balance, Ejection};
use rand::Rng;
use std::sync::{Arc, Mutex, PoisonError};

/// Upstreams of one group: their places fit the bits of [`Tried`].
pub(crate) const MAX_TARGETS: usize = 64;

/// All with a weight above 0.
#[derive(Debug)]
pub(crate) struct Group {
    targets: Box<[Target]>,
    total_weight: u32,
    balance: Balance,
    ejection: Ejection,
    /// Seconds between two probes: after so long the state of an unwell upstream may have changed.
    probed_every: u64,
    /// Held while the share of ejected upstreams is counted, so that two threads do not both take the last place.
    ejecting: Mutex<()>,
}

/// An upstream, ready to be called.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) condition: Arc<Condition>,
    /// What stands before the document's path; without a slash at its end.
    pub(crate) path: Box<str>,
    pub(crate) weight: u32,
    /// By its address, the same on every node and in every World.
    pub(crate) seed: u64,
}

/// The targets that a call was sent to already.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tried(u64);

impl Tried {
    pub(crate) fn add(&mut self, choice: &Choice<'_>) {
        self.0 |= 1 << choice.place;
    }
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
    fn has(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }
}

/// The upstream of one call. Its outcome goes to [`Group::report`].
#[derive(Debug)]
pub(crate) struct Choice<'a> {
    pub(crate) target: &'a Target,
    place: usize,
    trial: Option<Trial>,
    /// To be held until the answer's end.
    pub(crate) load: Load,
}

/// How a call ended, as far as it says something about the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered(http::StatusCode),
    /// No connection, no answer in time, or a broken one.
    Failed,
}

impl Outcome {
    fn is_failure(self) -> bool {
        match self {
            Self::Answered(status) => matches!(status.as_u16(), 502..=504),
            Self::Failed => true,
        }
    }
}

/// No upstream may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unavailable {
    /// Seconds until one may be tried; `None` when there is none.
    pub(crate) retry_after: Option<u64>,
}

impl Group {
    pub(crate) fn new(targets: Vec<Target>, balance: Balance, ejection: Ejection, probed_every: u32) -> Self {
        debug_assert!(targets.len() <= MAX_TARGETS && targets.iter().all(|target| target.weight > 0));
        Self {
            total_weight: targets.iter().map(|target| target.weight).sum(),
            targets: targets.into(),
            balance,
            ejection,
            probed_every: probed_every.into(),
            ejecting: Mutex::default(),
        }
    }

    pub(crate) fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The upstream for a call that was not sent to any of `tried`. `caller` is asked for where callers keep to one
    /// upstream; `now` only where something is wrong.
    pub(crate) fn choose(
        &self,
        tried: Tried,
        caller: impl FnOnce() -> u64,
        now: impl Fn() -> u64,
        rng: &mut impl Rng,
    ) -> Result<Choice<'_>, Unavailable> {
        if let ([target], true) = (&*self.targets, tried.is_empty())
            && target.condition.is_in()
        {
            return Ok(self.chosen(0, None));
        }
        let mut left = tried;
        let caller = if self.balance == Balance::Sticky { caller() } else { 0 };
        while let Some(place) = self.pick(left, caller, &now, rng) {
            match self.targets[place].condition.enter(&now) {
                Entry::Open => return Ok(self.chosen(place, None)),
                Entry::OnTrial(trial) => return Ok(self.chosen(place, Some(trial))),
                Entry::Closed => left.0 |= 1 << place,
            }
        }
        Err(Unavailable { retry_after: self.targets.iter().map(|target| self.out_for(target, &now)).min() })
    }

    fn chosen(&self, place: usize, trial: Option<Trial>) -> Choice<'_> {
        let target = &self.targets[place];
        let load = match self.balance {
            Balance::LeastLoaded => Load::on(&target.condition),
            Balance::Weighted | Balance::Sticky => Load::default(),
        };
        Choice { target, place, trial, load }
    }

    /// Seconds, at least one.
    fn out_for(&self, target: &Target, now: impl Fn() -> u64) -> u64 {
        if target.condition.is_unwell() {
            return self.probed_every.max(1);
        }
        target.condition.out_for(now()).map_or(1, |nanos| nanos.div_ceil(1_000_000_000).max(1))
    }

    /// One of the places that are not among `left_out`.
    fn pick(&self, left_out: Tried, caller: u64, now: &impl Fn() -> u64, rng: &mut impl Rng) -> Option<usize> {
        // The usual case needs no second look at each: all are in, and the first draw counts.
        if self.balance == Balance::Weighted && left_out.is_empty() && !self.targets.is_empty() {
            return Some(self.by_weight(rng.random_range(0..self.total_weight), |_| true));
        }
        let may = |place: usize| !left_out.has(place) && self.might_enter(place, now);
        let places = || (0..self.targets.len()).filter(|place| may(*place));
        match self.balance {
            Balance::Weighted => {
                let total: u32 = places().map(|place| self.targets[place].weight).sum();
                (total > 0).then(|| self.by_weight(rng.random_range(0..total), may))
            }
            Balance::LeastLoaded => {
                let count = places().count();
                if count < 2 {
                    return places().next();
                }
                let first = rng.random_range(0..count);
                let second = (first + rng.random_range(1..count)) % count;
                let (first, second) = (places().nth(first)?, places().nth(second)?);
                Some(if self.is_less_loaded(second, first) { second } else { first })
            }
            Balance::Sticky => {
                let score = |place: &usize| sticky_score(caller, &self.targets[*place]);
                places().max_by(|one, other| score(one).total_cmp(&score(other)))
            }
        }
    }

    fn might_enter(&self, place: usize, now: &impl Fn() -> u64) -> bool {
        let condition = &self.targets[place].condition;
        condition.is_in() || (!condition.is_unwell() && condition.out_for(now()) == Some(0))
    }

    /// The place that a number below the weights' sum falls on.
    fn by_weight(&self, mut drawn: u32, may: impl Fn(usize) -> bool) -> usize {
        let mut last = 0;
        for (place, target) in self.targets.iter().enumerate().filter(|(place, _)| may(*place)) {
            last = place;
            if drawn < target.weight {
                break;
            }
            drawn -= target.weight;
        }
        last
    }

    fn is_less_loaded(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.targets[one], &self.targets[other]);
        let load = |target: &Target| u64::from(target.condition.under_way()) + 1;
        load(one) * u64::from(other.weight) < load(other) * u64::from(one.weight)
    }

    /// Takes note of how a call ended.
    pub(crate) fn report(&self, choice: &mut Choice<'_>, outcome: Outcome, now: impl Fn() -> u64) {
        let (condition, trial) = (&choice.target.condition, choice.trial.take());
        if !outcome.is_failure() {
            condition.succeeded(trial, now);
            return;
        }
        let span = u64::from(self.ejection.seconds) * 1_000_000_000;
        if trial.is_some() {
            // Out again before another trial can begin.
            condition.eject(span, now());
            return;
        }
        if condition.failed(self.ejection.failures) {
            let _ejecting = self.ejecting.lock().unwrap_or_else(PoisonError::into_inner);
            let out = self.targets.iter().filter(|target| target.condition.is_ejected()).count();
            let share = (out + 1) * 100;
            if !condition.is_ejected() && share <= self.targets.len() * usize::from(self.ejection.max_percent) {
                condition.eject(span, now());
            }
        }
    }
}

/// Weighted rendezvous hashing: each caller ranks all upstreams in an order of its own, so one that goes moves its own
/// callers only.
fn sticky_score(caller: u64, target: &Target) -> f64 {
    // 53 bits, never 0.
    let share = ((mix(caller ^ target.seed) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    -f64::from(target.weight) / share.ln()
}

/// The finalizer of SplitMix64: neighbouring numbers get far apart.
fn mix(mut number: u64) -> u64 {
    number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::endpoint::Known;
    use http::StatusCode;
    use proptest::prelude::*;
    use rand::{SeedableRng as _, rngs::StdRng};
    use std::collections::HashMap;

    const SECOND: u64 = 1_000_000_000;
    const BAD: Outcome = Outcome::Answered(StatusCode::SERVICE_UNAVAILABLE);
    const CALLS: u32 = 20_000;
    const GOOD: Outcome = Outcome::Answered(StatusCode::NOT_FOUND);

    fn group(weights: &[u16], balance: Balance, ejection: Ejection) -> Group {
        let known = Known::default();
        let api = "pets".parse().unwrap();
        let upstream = |(place, weight): (usize, &u16)| portico_domain::Upstream {
            url: format!("http://10.0.0.{place}:80/v1").parse().unwrap(),
            weight: *weight,
        };
        let upstreams: Vec<_> = weights.iter().enumerate().map(upstream).collect();
        let targets = known.targets(&api, &upstreams, &portico_domain::Connection::default(), "/upstreams").unwrap();
        Group::new(targets, balance, ejection, 10)
    }

    fn choose<'a>(
        group: &'a Group,
        tried: Tried,
        caller: u64,
        now: u64,
        rng: &mut StdRng,
    ) -> Result<Choice<'a>, Unavailable> {
        group.choose(tried, || caller, || now, rng)
    }

    fn fail(group: &Group, place: usize, times: usize, now: u64) {
        for _ in 0..times {
            let mut choice = group.chosen(place, None);
            group.report(&mut choice, BAD, || now);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn calls_are_spread_by_the_weights(weights in prop::collection::vec(1_u16..20, 1..8), seed: u64) {
            let group = group(&weights, Balance::Weighted, Ejection::default());
            let mut rng = StdRng::seed_from_u64(seed);
            let mut counts = vec![0_u32; weights.len()];
            for _ in 0..CALLS {
                counts[choose(&group, Tried::default(), 0, 0, &mut rng).unwrap().place] += 1;
            }
            let total: u32 = weights.iter().copied().map(u32::from).sum();
            for (count, weight) in counts.iter().zip(&weights) {
                let share = f64::from(*weight) / f64::from(total);
                // Six standard deviations of a binomial count.
                let wide = 6.0 * (f64::from(CALLS) * share * (1.0 - share)).sqrt() + 1.0;
                prop_assert!((f64::from(*count) - f64::from(CALLS) * share).abs() < wide, "{weights:?}: {counts:?}");
            }
        }

        #[test]
        fn a_caller_moves_only_when_its_upstream_goes(
            weights in prop::collection::vec(1_u16..20, 2..8),
            gone in 0_usize..8,
            callers in prop::collection::vec(any::<u64>(), 50),
        ) {
            let gone = gone % weights.len();
            let group = group(&weights, Balance::Sticky, Ejection { failures: 1, ..Ejection::default() });
            let mut rng = StdRng::seed_from_u64(1);
            let place = |caller: u64, rng: &mut StdRng| choose(&group, Tried::default(), caller, 0, rng).unwrap().place;
            let before: Vec<_> = callers.iter().map(|caller| place(*caller, &mut rng)).collect();
            fail(&group, gone, 1, 0);
            for (caller, before) in callers.iter().zip(before) {
                let after = place(*caller, &mut rng);
                prop_assert!(after != gone && (after == before || before == gone));
            }
        }
    }

    #[test]
    fn callers_are_spread_by_the_weights() {
        let group = group(&[1, 3], Balance::Sticky, Ejection::default());
        let mut rng = StdRng::seed_from_u64(1);
        let callers = (0..4_000).map(|caller| choose(&group, Tried::default(), caller, 0, &mut rng).unwrap().place);
        let second: usize = callers.sum();
        assert!((2_800..3_200).contains(&second), "{second}");
    }

    #[test]
    fn the_least_loaded_takes_what_its_weight_bears() {
        let group = group(&[1, 1, 2], Balance::LeastLoaded, Ejection::default());
        let mut rng = StdRng::seed_from_u64(3);
        let held: Vec<_> = (0..400).map(|_| choose(&group, Tried::default(), 0, 0, &mut rng).unwrap()).collect();
        let mut counts = HashMap::<usize, u32>::new();
        for choice in &held {
            *counts.entry(choice.place).or_default() += 1;
        }
        for (place, fair) in [(0, 100), (1, 100), (2, 200_u32)] {
            assert!(counts[&place].abs_diff(fair) < 20, "{counts:?}");
        }
        drop(held);
        assert!(group.targets.iter().all(|target| target.condition.under_way() == 0));
    }

    #[test]
    fn a_retry_goes_elsewhere() {
        for balance in [Balance::Weighted, Balance::LeastLoaded, Balance::Sticky] {
            let group = group(&[1, 100, 1], balance, Ejection::default());
            let mut rng = StdRng::seed_from_u64(5);
            let mut tried = Tried::default();
            let mut places = Vec::new();
            while let Ok(choice) = choose(&group, tried, 7, 0, &mut rng) {
                tried.add(&choice);
                places.push(choice.place);
            }
            places.sort_unstable();
            assert_eq!(places, [0, 1, 2]);
        }
    }

    #[test]
    fn with_all_out_calls_are_refused_until_one_may_be_tried() {
        for (balance, weights) in
            [(Balance::Weighted, &[1][..]), (Balance::LeastLoaded, &[1, 2]), (Balance::Sticky, &[1, 2, 3])]
        {
            let group = group(weights, balance, Ejection { failures: 2, seconds: 10, max_percent: 100 });
            let mut rng = StdRng::seed_from_u64(5);
            for place in 0..weights.len() {
                fail(&group, place, 2, SECOND);
            }
            let refused = choose(&group, Tried::default(), 0, 2 * SECOND, &mut rng).unwrap_err();
            assert_eq!(refused, Unavailable { retry_after: Some(9) });
            let mut trials: Vec<_> =
                weights.iter().map(|_| choose(&group, Tried::default(), 0, 11 * SECOND, &mut rng).unwrap()).collect();
            let refused = choose(&group, Tried::default(), 0, 11 * SECOND, &mut rng).unwrap_err();
            assert_eq!(refused, Unavailable { retry_after: Some(1) }, "one trial for each, and no more");
            group.report(&mut trials[0], BAD, || 11 * SECOND);
            assert_eq!(trials[0].target.condition.out_for(11 * SECOND), Some(20 * SECOND));
            for trial in &mut trials[1..] {
                group.report(trial, GOOD, || 11 * SECOND);
                assert!(trial.target.condition.is_in());
            }
        }
        let nobody = group(&[], Balance::Weighted, Ejection::default());
        let refused = choose(&nobody, Tried::default(), 0, 0, &mut StdRng::seed_from_u64(5)).unwrap_err();
        assert_eq!(refused, Unavailable { retry_after: None });
    }

    #[test]
    fn no_more_than_the_share_is_out() {
        for (percent, out) in [(0, 0), (24, 0), (50, 2), (75, 3), (100, 4)] {
            let group = group(&[1; 4], Balance::Weighted, Ejection { failures: 1, seconds: 1, max_percent: percent });
            for place in 0..4 {
                fail(&group, place, 1, 0);
            }
            assert_eq!(group.targets.iter().filter(|target| target.condition.is_ejected()).count(), out, "{percent}");
        }
    }
}
