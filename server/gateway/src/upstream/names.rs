//! Addresses behind names: looked up again every few seconds, so that a name that moves is followed, and never twice at
//! once, so that a resolver that hangs holds one look-up a name and not one a call.
use std::{
    collections::HashMap,
    future::Future,
    io,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};

/// An answer is used for so long.
const FRESH: Duration = Duration::from_secs(5);
/// It is still used for so long when no newer one can be had.
const STALE: Duration = Duration::from_mins(1);
/// After a failure the resolver is left alone for so long.
const PAUSE: Duration = Duration::from_secs(1);

type Answer = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
/// Looks a name up.
pub(crate) type Resolver = Arc<dyn Fn(String) -> Answer + Send + Sync>;

/// The operating system's resolver.
pub(crate) fn system() -> Resolver {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

/// One thread's names.
pub(crate) struct Names {
    resolver: Resolver,
    known: Arc<Mutex<HashMap<Box<str>, Name>>>,
}

#[derive(Default)]
struct Name {
    found: Option<(Instant, Arc<[IpAddr]>)>,
    failed: Option<Instant>,
    /// Told, by its end, when the look-up that is under way has ended.
    under_way: Option<watch::Receiver<()>>,
}

impl Names {
    pub(crate) fn new(resolver: Resolver) -> Self {
        Self { resolver, known: Arc::default() }
    }

    /// `None` where the name has no address.
    pub(crate) async fn find(&self, name: &str) -> Option<Arc<[IpAddr]>> {
        loop {
            let mut ended = {
                let mut known = lock(&self.known);
                let entry = known.entry(name.into()).or_default();
                if let Some((at, found)) = &entry.found
                    && at.elapsed() < FRESH
                {
                    return Some(Arc::clone(found));
                }
                if entry.failed.is_some_and(|at| at.elapsed() < PAUSE) {
                    let stale = entry.found.as_ref().filter(|(at, _)| at.elapsed() < STALE);
                    return stale.map(|(_, found)| Arc::clone(found));
                }
                entry.under_way.get_or_insert_with(|| self.look_up(name)).clone()
            };
            // Its sender sends nothing: it is dropped when there is an answer.
            let _ = ended.changed().await;
        }
    }

    fn look_up(&self, name: &str) -> watch::Receiver<()> {
        let (ending, ended) = watch::channel(());
        let (known, name) = (Arc::clone(&self.known), Box::<str>::from(name));
        let answer = (self.resolver)(name.to_string());
        tokio::spawn(async move {
            let answer = answer.await;
            let mut known = lock(&known);
            let entry = known.entry(name.clone()).or_default();
            entry.under_way = None;
            match answer {
                Ok(found) if !found.is_empty() => {
                    entry.failed = None;
                    entry.found = Some((Instant::now(), in_turn(found).into()));
                }
                Ok(_) => entry.failed = Some(Instant::now()),
                Err(error) => {
                    tracing::warn!(%name, %error, "the name of an upstream cannot be looked up");
                    entry.failed = Some(Instant::now());
                }
            }
            drop((known, ending));
        });
        ended
    }

    /// Forgets what nobody asked for lately.
    pub(crate) fn sweep(&self) {
        lock(&self.known).retain(|_, name| {
            let is_recent = |at: Instant| at.elapsed() < STALE;
            name.under_way.is_some()
                || name.found.as_ref().is_some_and(|(at, _)| is_recent(*at))
                || name.failed.is_some_and(is_recent)
        });
    }
}

fn lock(known: &Mutex<HashMap<Box<str>, Name>>) -> MutexGuard<'_, HashMap<Box<str>, Name>> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Both families by turns, beginning with the resolver's first, so that one that leads nowhere costs one try.
fn in_turn(found: Vec<IpAddr>) -> Vec<IpAddr> {
    let first_is_v6 = found.first().is_some_and(IpAddr::is_ipv6);
    let (one, other): (Vec<_>, Vec<_>) = found.into_iter().partition(|ip| ip.is_ipv6() == first_is_v6);
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    std::iter::from_fn(|| {
        let pair: Vec<_> = one.next().into_iter().chain(other.next()).collect();
        (!pair.is_empty()).then_some(pair)
    })
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};
    use tokio::time::advance;

    /// Answers 10.0.0.N on the Nth look-up; fails on those of `failing`.
    fn counting(failing: &'static [u8]) -> (Names, Arc<AtomicU8>) {
        let count = Arc::<AtomicU8>::default();
        let counted = Arc::clone(&count);
        let resolver: Resolver = Arc::new(move |_| {
            let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
            Box::pin(async move {
                tokio::task::yield_now().await;
                if failing.contains(&number) {
                    Err(io::ErrorKind::NotFound.into())
                } else {
                    Ok(vec![[10, 0, 0, number].into()])
                }
            })
        });
        (Names::new(resolver), count)
    }

    async fn last_byte(names: &Names) -> Option<u8> {
        let found = names.find("a.example").await?;
        match found[..] {
            [IpAddr::V4(ip)] => Some(ip.octets()[3]),
            _ => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_looked_up_again_after_a_while() {
        let (names, count) = counting(&[]);
        assert_eq!(last_byte(&names).await, Some(1));
        let moment = Duration::from_millis(1);
        advance(FRESH.saturating_sub(moment)).await;
        assert_eq!(last_byte(&names).await, Some(1));
        advance(moment).await;
        assert_eq!(last_byte(&names).await, Some(2));
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn many_wait_for_one_look_up() {
        let (names, count) = counting(&[]);
        let (one, other, third) = tokio::join!(last_byte(&names), last_byte(&names), last_byte(&names));
        assert_eq!([one, other, third], [Some(1); 3]);
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failing_resolver_leaves_the_last_answer_good_for_a_while() {
        let (names, count) = counting(&[2, 3, 4]);
        assert_eq!(last_byte(&names).await, Some(1));
        advance(FRESH).await;
        assert_eq!(last_byte(&names).await, Some(1));
        assert_eq!(
            (last_byte(&names).await, count.load(Ordering::SeqCst)),
            (Some(1), 2),
            "it is left alone for a moment"
        );
        advance(PAUSE).await;
        assert_eq!((last_byte(&names).await, count.load(Ordering::SeqCst)), (Some(1), 3));
        advance(STALE).await;
        assert_eq!((last_byte(&names).await, count.load(Ordering::SeqCst)), (None, 4));
        advance(PAUSE).await;
        assert_eq!(last_byte(&names).await, Some(5));
    }

    #[test]
    fn both_families_are_tried_by_turns() {
        let ips = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpAddr>>();
        let found = ips(&["2001::1", "2001::2", "2001::3", "1.1.1.1"]);
        assert_eq!(in_turn(found), ips(&["2001::1", "1.1.1.1", "2001::2", "2001::3"]));
        assert_eq!(in_turn(ips(&["1.1.1.1", "2001::1"])), ips(&["1.1.1.1", "2001::1"]));
    }
}
