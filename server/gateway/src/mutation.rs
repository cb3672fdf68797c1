//! Makes unlike things of like ones, the same ones for the same seed: for tests that ask what always holds.
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::{
    env,
    time::{Duration, Instant},
};

pub(crate) struct Mutator {
    rng: StdRng,
    pieces: &'static [&'static [u8]],
}

impl Mutator {
    /// With pieces that mean something where they are put.
    pub(crate) fn new(seed: u64, pieces: &'static [&'static [u8]]) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), pieces }
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.rng.random_range(0..end)
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// One of these, changed in up to so many places.
    pub(crate) fn mutate(&mut self, seeds: &[&[u8]], changes: usize) -> Vec<u8> {
        let mut bytes = self.pick(seeds).to_vec();
        for _ in 0..self.below(changes + 1) {
            let place = self.below(bytes.len() + 1);
            let piece = self.pick(self.pieces);
            match self.below(7) {
                0 if place < bytes.len() => bytes[place] = self.rng.random(),
                1 if place < bytes.len() => drop(bytes.remove(place)),
                2 if place < bytes.len() => bytes[place] ^= 0x20,
                3 => {
                    let end = (place + self.below(12)).min(bytes.len());
                    let part = bytes[place..end].to_vec();
                    drop(bytes.splice(place..place, part));
                }
                4 => {
                    let end = (place + piece.len()).min(bytes.len());
                    drop(bytes.splice(place..end, piece.iter().copied()));
                }
                _ => drop(bytes.splice(place..place, piece.iter().copied())),
            }
        }
        bytes
    }
}

/// Goes on for `PORTICO_FUZZ_MINUTES`; without it, for a few rounds, so that what is tested here stays true. Tells how long
/// it was.
pub(crate) fn fuzz(name: &str, mut round: impl FnMut()) {
    const FEW: u64 = 2_000;
    let minutes: Option<u64> =
        env::var("PORTICO_FUZZ_MINUTES").ok().map(|text| text.parse().expect("a number of minutes"));
    let (started, mut rounds) = (Instant::now(), 0);
    let goes_on = |rounds: u64| match minutes {
        Some(minutes) => started.elapsed() < Duration::from_secs(60 * minutes),
        None => rounds < FEW,
    };
    while goes_on(rounds) {
        for _ in 0..100 {
            round();
        }
        rounds += 100;
    }
    println!("{name}: {rounds} rounds in {:?}", started.elapsed());
}
