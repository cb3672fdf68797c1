//! Counts failed tries, so that guessing a password takes longer with every guess. Nobody is ever locked out for good.
use crate::ControlError;
use portico_domain::{Clock, Timestamp};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The delay doubles from one second up to this.
const LONGEST: Duration = Duration::from_mins(15);
/// Forgotten after this time without a failure.
const FORGOTTEN: Duration = Duration::from_hours(1);
/// More than so many are not remembered: the oldest go first.
const REMEMBERED: usize = 100_000;

/// What tries are counted for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Tried {
    /// Signing in to the account with this address, whether it exists or not.
    Account(String),
    /// Signing in from a network; see [`network_of`].
    SignInFrom(String),
    /// Making accounts from a network.
    SignUpFrom(String),
}

impl Tried {
    pub(crate) fn account(email: &str) -> Self {
        Self::Account(email.trim().to_lowercase())
    }
    pub(crate) fn sign_in_from(client: &str) -> Self {
        Self::SignInFrom(network_of(client))
    }
    pub(crate) fn sign_up_from(client: &str) -> Self {
        Self::SignUpFrom(network_of(client))
    }
    /// Tries without any delay. A network is an office or a proxy as often as a person.
    fn free(&self) -> u32 {
        match self {
            Self::Account(_) => 5,
            Self::SignInFrom(_) | Self::SignUpFrom(_) => 200,
        }
    }
}

#[derive(Default)]
pub(crate) struct Tries(Mutex<HashMap<Tried, Failures>>);

struct Failures {
    count: u32,
    last: Timestamp,
}

impl Tries {
    /// Refuses while one of these has to wait.
    pub(crate) fn check(&self, clock: &dyn Clock, tried: &[Tried]) -> Result<(), ControlError> {
        let now = clock.now();
        let remembered = self.lock();
        for (tried, failures) in tried.iter().filter_map(|tried| remembered.get_key_value(tried)) {
            let wait = delay(failures.count, tried.free());
            let left = wait.saturating_sub(now.since(failures.last));
            if !left.is_zero() {
                let seconds = left.as_secs_f64().ceil() as u32;
                return Err(ControlError::TooManyTries { seconds: seconds.max(1) });
            }
        }
        Ok(())
    }

    pub(crate) fn count(&self, clock: &dyn Clock, tried: &[Tried]) {
        let now = clock.now();
        let mut remembered = self.lock();
        if remembered.len() >= REMEMBERED {
            remembered.retain(|_, failures| now.since(failures.last) < FORGOTTEN / 4);
        }
        for tried in tried {
            let failures = remembered.entry(tried.clone()).or_insert(Failures { count: 0, last: now });
            if now.since(failures.last) >= FORGOTTEN {
                failures.count = 0;
            }
            failures.count = failures.count.saturating_add(1);
            failures.last = now;
        }
    }

    pub(crate) fn forget(&self, tried: &Tried) {
        self.lock().remove(tried);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Tried, Failures>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn delay(count: u32, free: u32) -> Duration {
    match count.checked_sub(free) {
        None => Duration::ZERO,
        Some(more) => Duration::from_secs(1 << more.min(10)).min(LONGEST),
    }
}

/// The network that stands for a client: itself for IPv4, its /64 for IPv6.
fn network_of(client: &str) -> String {
    match client.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => {
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
        let tried = [Tried::account(" Ingrid@Example.org"), Tried::sign_in_from("2001:db8::1")];
        for _ in 0..5 {
            assert_eq!(tries.check(&clock, &tried), Ok(()));
            tries.count(&clock, &tried);
        }
        let wait = |seconds| Err(ControlError::TooManyTries { seconds });
        assert_eq!(tries.check(&clock, &[Tried::account("ingrid@example.org")]), wait(1));
        assert_eq!(tries.check(&clock, &tried[1..]), Ok(()), "one person's failures do not stop a whole network");
        clock.advance(Duration::from_secs(1));
        assert_eq!(tries.check(&clock, &tried), Ok(()));
        for _ in 0..200 {
            tries.count(&clock, &tried);
        }
        assert_eq!(tries.check(&clock, &tried), wait(900));
        assert_eq!(tries.check(&clock, &[Tried::sign_in_from("2001:db8::ffff")]), wait(32), "the same network");
        clock.advance(LONGEST);
        assert_eq!(tries.check(&clock, &tried), Ok(()));
        tries.count(&clock, &tried);
        tries.forget(&tried[0]);
        assert_eq!(tries.check(&clock, &tried[..1]), Ok(()));
    }
}
