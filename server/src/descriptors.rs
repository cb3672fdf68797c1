//! How many files and connections this process may have open at once.
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit as far as this user may, and answers it; `None` where there is none.
pub(crate) fn raise() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum,
        Err(_) => current,
    }
}

/// So many of the connections that are wanted of clients fit a limit. A quarter of it is left for upstreams, whose
/// connections carry many calls after each other, and for the house itself.
pub(crate) fn connections(wanted: usize, limit: Option<u64>) -> usize {
    let most = limit.map_or(usize::MAX, |limit| usize::try_from(limit / 4 * 3).unwrap_or(usize::MAX));
    wanted.min(most).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_the_rest() {
        for (wanted, limit, most) in [
            (16_384, Some(1_048_576), 16_384),
            (16_384, Some(20_000), 15_000),
            (16_384, Some(1_024), 768),
            (100, Some(1_024), 100),
            (100, Some(0), 1),
            (16_384, None, 16_384),
        ] {
            assert_eq!(connections(wanted, limit), most, "{wanted} {limit:?}");
        }
    }

    #[test]
    fn the_limit_is_the_highest_one_afterwards() {
        let limit = raise();
        let now = getrlimit(Resource::Nofile);
        assert_eq!(limit, now.current);
        assert_eq!(raise(), limit, "there is nothing left to raise");
    }
}
