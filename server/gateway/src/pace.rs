//! Holds clients to a least speed. One that moves a byte now and then never falls silent, so no timeout for silence ends
//! it; it would keep a call, its upstream and its memory for as long as it likes.
//!
//! Only the time in which the client is waited for counts, and each byte that it moves pays for some of that. What is
//! paid beyond what was waited for is lost: a fast beginning buys no slow end.
use std::time::Duration;
use tokio::time::Instant;

/// Bytes a second that a client has to move, on average over its patience.
const LEAST: u32 = 100;
/// Microseconds that a byte pays for.
const A_BYTE: u32 = 1_000_000 / LEAST;

/// Small, since every connection and every body has one: times are microseconds, of which there is room for 71 minutes,
/// more than any patience.
#[derive(Debug)]
pub(crate) struct Pace {
    /// How far the client may fall behind.
    patience: u32,
    /// Waited for and not paid for.
    behind: u32,
    since: Option<Instant>,
}

/// The client is too slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooSlow;

impl Pace {
    pub(crate) fn new(patience: Duration) -> Self {
        Self { patience: micros(patience), behind: 0, since: None }
    }

    /// The client is waited for: answers since when.
    pub(crate) fn waits(&mut self) -> Instant {
        *self.since.get_or_insert_with(Instant::now)
    }

    /// The client has moved so many bytes.
    pub(crate) fn moved(&mut self, bytes: usize) -> Result<(), TooSlow> {
        match self.since.take() {
            None if self.behind == 0 => return Ok(()),
            None => {}
            Some(since) => self.behind = self.behind.saturating_add(micros(since.elapsed())),
        }
        let paid = A_BYTE.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX));
        self.behind = self.behind.saturating_sub(paid);
        if self.behind > self.patience { Err(TooSlow) } else { Ok(()) }
    }
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    /// Moves so many bytes after each pause, until it is cut off: how often it was not.
    async fn moves(bytes: usize, pause: Duration) -> usize {
        let mut pace = Pace::new(Duration::from_mins(1));
        for times in 0..10_000 {
            pace.waits();
            advance(pause).await;
            if pace.moved(bytes).is_err() {
                return times;
            }
        }
        usize::MAX
    }

    #[tokio::test(start_paused = true)]
    async fn who_drips_is_cut_off_and_who_is_merely_slow_is_not() {
        let second = Duration::from_secs(1);
        assert_eq!(moves(1, 5 * second).await, 12);
        assert_eq!(moves(1, second).await, 60);
        assert_eq!(moves(50, second).await, 120);
        assert_eq!(moves(100, second).await, usize::MAX);
        assert_eq!(moves(6_000, 60 * second).await, usize::MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_saves_up_and_pauses_of_ours_are_free() {
        let mut pace = Pace::new(Duration::from_mins(1));
        assert_eq!(pace.moved(1_000_000), Ok(()));
        pace.waits();
        advance(Duration::from_secs(61)).await;
        assert_eq!(pace.moved(1), Err(TooSlow));
        let mut pace = Pace::new(Duration::from_mins(1));
        for _ in 0..100 {
            // Not waited for.
            advance(Duration::from_secs(61)).await;
            assert_eq!(pace.moved(1), Ok(()));
        }
    }
}
