//! A token bucket: the generic cell rate algorithm.
use super::{Exhausted, Left, whole_seconds};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use portico_domain::Rate;
use std::hash::{BuildHasher, Hash};

/// The time, in nanoseconds of a monotonic clock, at which the bucket is full again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bucket(u64);

/// The two numbers of the algorithm, in nanoseconds.
struct Pace {
    /// A call's share of time.
    interval: u64,
    /// The time that a full bucket holds.
    burst: u64,
}

impl Pace {
    fn of(rate: Rate) -> Self {
        let interval = (rate.per.length().as_secs() * 1_000_000_000 / u64::from(rate.limit.max(1))).max(1);
        Self { interval, burst: interval.saturating_mul(u64::from(rate.burst().max(1))) }
    }
}

impl Bucket {
    /// How it is after one call more.
    pub(super) fn take(self, rate: Rate, now: u64) -> Result<Self, Exhausted> {
        let pace = Pace::of(rate);
        // After a change of the rate the bucket holds at least nothing, never less.
        let full_at = self.0.clamp(now, now.saturating_add(pace.burst));
        let next = full_at.saturating_add(pace.interval);
        if next > now.saturating_add(pace.burst) {
            return Err(Exhausted { retry_after: whole_seconds(next - now - pace.burst).max(1) });
        }
        Ok(Self(next))
    }

    pub(super) fn left(self, rate: Rate, now: u64) -> Left {
        let pace = Pace::of(rate);
        let used = self.0.saturating_sub(now).min(pace.burst);
        Left { calls: (pace.burst - used) / pace.interval, reset_seconds: whole_seconds(used) }
    }
}

/// So that a map that grows holds nobody up for long.
const PARTS: usize = 16;

/// Buckets of many, e.g. of the keys of an app. Those that are full again need not be remembered.
#[derive(Debug)]
pub(super) struct Buckets<K> {
    /// Empty before the first.
    parts: Vec<HashMap<K, Bucket, RandomState>>,
    hasher: RandomState,
}

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self { parts: Vec::new(), hasher: RandomState::default() }
    }
}

impl<K: Copy + Eq + Hash> Buckets<K> {
    pub(super) fn get(&self, key: K) -> Bucket {
        self.parts.get(self.part(key)).and_then(|part| part.get(&key)).copied().unwrap_or_default()
    }

    pub(super) fn put(&mut self, key: K, bucket: Bucket, now: u64) {
        self.parts.resize_with(PARTS, HashMap::default);
        let part = self.part(key);
        let part = &mut self.parts[part];
        if let Some(known) = part.get_mut(&key) {
            *known = bucket;
            return;
        }
        if part.len() == part.capacity() {
            part.retain(|_, bucket| bucket.0 > now);
            // Growing by half of what is there at least, so that the next look at all of them is far off.
            part.reserve(part.len() / 2 + 4);
        }
        part.insert(key, bucket);
    }

    fn part(&self, key: K) -> usize {
        (self.hasher.hash_one(key) >> 40) as usize % PARTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_domain::RatePeriod;

    const SECOND: u64 = 1_000_000_000;

    fn rate(limit: u32, per: RatePeriod, burst: Option<u32>) -> Rate {
        Rate { limit, per, burst }
    }

    #[test]
    fn a_bucket_is_emptied_and_fills_again() {
        let (mut bucket, rate, start) = (Bucket::default(), rate(60, RatePeriod::Minute, Some(3)), 5 * SECOND);
        for left in [2, 1, 0] {
            bucket = bucket.take(rate, start).unwrap();
            assert_eq!(bucket.left(rate, start), Left { calls: left, reset_seconds: 3 - left });
        }
        assert_eq!(bucket.take(rate, start), Err(Exhausted { retry_after: 1 }));
        assert_eq!(bucket.take(rate, start + SECOND - 1), Err(Exhausted { retry_after: 1 }));
        bucket = bucket.take(rate, start + SECOND).unwrap();
        assert_eq!(bucket.left(rate, start + SECOND), Left { calls: 0, reset_seconds: 3 });
        assert_eq!(bucket.left(rate, start + 60 * SECOND), Left { calls: 3, reset_seconds: 0 });
    }

    #[test]
    fn a_rate_made_smaller_keeps_nobody_out_longer_than_its_own_burst() {
        let slow = rate(1, RatePeriod::Hour, None);
        let bucket = Bucket::default().take(slow, 0).unwrap();
        let fast = rate(10, RatePeriod::Second, None);
        assert_eq!(bucket.take(fast, 0), Err(Exhausted { retry_after: 1 }));
        assert!(bucket.take(fast, SECOND).is_err(), "empty, not full");
        assert!(bucket.take(fast, 3_600 * SECOND).is_ok());
    }

    #[test]
    fn full_buckets_are_forgotten_and_no_others() {
        let (mut buckets, rate) = (Buckets::default(), rate(1, RatePeriod::Second, Some(2)));
        let take = |buckets: &mut Buckets<u32>, key, now| {
            let taken = buckets.get(key).take(rate, now).map(|bucket| buckets.put(key, bucket, now));
            taken.is_ok()
        };
        for key in 0..10_000 {
            assert!(take(&mut buckets, key, 0) && take(&mut buckets, key, SECOND / 2));
        }
        assert!((0..10_000).all(|key| !take(&mut buckets, key, SECOND - 1)));
        let size = |buckets: &Buckets<u32>| buckets.parts.iter().map(HashMap::capacity).sum::<usize>();
        let before = size(&buckets);
        for key in 10_000..100_000 {
            // Each of these is full again when the next but five comes.
            assert!(take(&mut buckets, key, 10 * SECOND + u64::from(key) * SECOND / 5));
        }
        assert!(size(&buckets) <= before, "{} > {before}", size(&buckets));
    }
}
