//! Counts failed tries, so that guessing a password takes longer with every guess. Nobody is ever locked out for good.
use crate::ControlError;
use portico_domain::{Clock, Timestamp};
use std::{collections::HashMap, sync::Mutex, time::Duration};

/// Tries without any delay.
const FREE: u32 = 5;
/// The delay doubles from one second up to this.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// Forgotten after this time without a failure.
const FORGOTTEN: Duration = Duration::from_secs(60 * 60);
/// More names than this are not remembered: the oldest go first.
const NAMES: usize = 100_000;

#[derive(Default)]
pub(crate) struct Tries(Mutex<HashMap<String, Failures>>);

struct Failures {
    count: u32,
    last: Timestamp,
}

impl Tries {
    /// Refuses while one of the names (an account, a network) has to wait.
    pub(crate) fn check(&self, clock: &dyn Clock, names: &[String]) -> Result<(), ControlError> {
        let now = clock.now();
        let tries = self.lock();
        for failures in names.iter().filter_map(|name| tries.get(name)) {
            let wait = delay(failures.count);
            let waited = now.since(failures.last);
            if waited < wait {
                let seconds = (wait - waited).as_secs_f64().ceil() as u32;
                return Err(ControlError::TooManyTries { seconds: seconds.max(1) });
            }
        }
        Ok(())
    }

    pub(crate) fn failed(&self, clock: &dyn Clock, names: &[String]) {
        let now = clock.now();
        let mut tries = self.lock();
        if tries.len() >= NAMES {
            tries.retain(|_, failures| now.since(failures.last) < FORGOTTEN / 4);
        }
        for name in names {
            let failures = tries.entry(name.clone()).or_insert(Failures { count: 0, last: now });
            if now.since(failures.last) >= FORGOTTEN {
                failures.count = 0;
            }
            failures.count = failures.count.saturating_add(1);
            failures.last = now;
        }
    }

    pub(crate) fn succeeded(&self, name: &str) {
        self.lock().remove(name);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Failures>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn delay(failures: u32) -> Duration {
    match failures.checked_sub(FREE) {
        None => Duration::ZERO,
        Some(more) => Duration::from_secs(1 << more.min(10)).min(LONGEST),
    }
}

/// The network that stands for a client: itself for IPv4, its /64 for IPv6.
pub(crate) fn network_of(client: &str) -> String {
    match client.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V6(address)) => {
            let segments = address.segments();
            format!("{:x}:{:x}:{:x}:{:x}::/64", segments[0], segments[1], segments[2], segments[3])
        }
        _ => client.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_domain::MockClock;

    #[test]
    fn waiting_grows_and_ends() {
        let (clock, tries) = (MockClock::at(Timestamp::from_micros(0)), Tries::default());
        let names = ["ingrid@example.org".to_owned(), network_of("2001:db8::1")];
        for _ in 0..FREE {
            assert_eq!(tries.check(&clock, &names), Ok(()));
            tries.failed(&clock, &names);
        }
        assert_eq!(tries.check(&clock, &names), Err(ControlError::TooManyTries { seconds: 1 }));
        assert_eq!(
            tries.check(&clock, &[network_of("2001:db8::ffff")]),
            Err(ControlError::TooManyTries { seconds: 1 })
        );
        clock.advance(Duration::from_secs(1));
        assert_eq!(tries.check(&clock, &names), Ok(()));
        for _ in 0..40 {
            tries.failed(&clock, &names);
        }
        assert_eq!(tries.check(&clock, &names), Err(ControlError::TooManyTries { seconds: 900 }));
        clock.advance(LONGEST);
        assert_eq!(tries.check(&clock, &names), Ok(()));
        tries.succeeded(&names[0]);
        assert_eq!(tries.check(&clock, &names[..1]), Ok(()));
    }
}
