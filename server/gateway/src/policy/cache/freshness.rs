//! How long an answer stays fresh and how old it is (RFC 9111 4.2), in whole seconds.
use super::control::{AnswerControl, seconds};
use crate::message::fields::Fields;
use portico_domain::Timestamp;
use std::time::UNIX_EPOCH;

/// What is known of an answer's age once it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Freshness {
    /// From its generation on.
    pub(crate) lifetime: u32,
    /// Whether the upstream said so, not the API's settings.
    pub(crate) explicit: bool,
    /// Its age when it came.
    initial_age: u32,
    came_at: Timestamp,
}

impl Freshness {
    /// `None` for an answer that says nothing, where the settings say nothing either. `ttl` is 0 for that.
    pub(crate) fn of(
        fields: &Fields,
        control: AnswerControl,
        ttl: u32,
        asked_at: Timestamp,
        came_at: Timestamp,
    ) -> Option<Self> {
        let date = date(fields, "date");
        let expires = || {
            let value = fields.get("expires")?;
            // What is no date has expired (RFC 9111 5.3).
            let expires = std::str::from_utf8(value).ok().and_then(read_date);
            Some(expires.map_or(0, |expires| span(date.unwrap_or(came_at.seconds()), expires)))
        };
        let said = control.s_maxage.or(control.max_age).or_else(expires);
        let said = said.or_else(|| control.no_cache.then_some(0));
        let (lifetime, explicit) = match said {
            Some(lifetime) => (lifetime, true),
            None if ttl > 0 => (ttl, false),
            None => return None,
        };
        let apparent = date.map_or(0, |date| span(date, came_at.seconds()));
        let delay = span(asked_at.seconds(), came_at.seconds());
        // An Age that cannot be read is none; of several the first counts (RFC 9111 5.1).
        let told = fields.members("age").next().and_then(|age| seconds(Some(age))).unwrap_or(0);
        Some(Self { lifetime, explicit, initial_age: apparent.max(told.saturating_add(delay)), came_at })
    }

    pub(crate) fn age(self, now: Timestamp) -> u32 {
        self.initial_age.saturating_add(span(self.came_at.seconds(), now.seconds()))
    }

    /// What is left of the time in which it is fresh; below zero once it is stale.
    pub(crate) fn left(self, now: Timestamp) -> i64 {
        i64::from(self.lifetime) - i64::from(self.age(now))
    }
}

fn span(from: i64, to: i64) -> u32 {
    u32::try_from(to.saturating_sub(from).max(0)).unwrap_or(u32::MAX)
}

/// A field's date in seconds since 1970; `None` also where it cannot be read.
pub(crate) fn date(fields: &Fields, name: &str) -> Option<i64> {
    fields.text(name).and_then(read_date)
}

fn read_date(text: &str) -> Option<i64> {
    let since = httpdate::parse_http_date(text.trim()).ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Wed, 02 Dec 2026 12:00:00 GMT.
    const NOON: i64 = 1_796_212_800;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    fn http_date(second: i64) -> String {
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(second as u64))
    }

    fn freshness(lines: &[(&str, &str)], ttl: u32) -> Option<Freshness> {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.push(name, value);
        }
        Freshness::of(&fields, AnswerControl::read(&fields), ttl, at(NOON - 2), at(NOON))
    }

    #[test]
    fn the_most_particular_word_on_a_lifetime_counts() {
        let (before, later) = (http_date(NOON - 100), http_date(NOON + 50));
        let date = ("date", http_date(NOON));
        for (lines, ttl, lifetime) in [
            (vec![("cache-control", "max-age=10, s-maxage=20"), ("expires", later.as_str())], 9, Some((20, true))),
            (vec![("cache-control", "max-age=10"), ("expires", later.as_str())], 9, Some((10, true))),
            (vec![("expires", later.as_str())], 9, Some((50, true))),
            (vec![("expires", before.as_str())], 9, Some((0, true))),
            (vec![("expires", "0")], 9, Some((0, true))),
            (vec![("expires", "Thu, 01 Jan 1970 00:00:00 GMT")], 9, Some((0, true))),
            (vec![("cache-control", "no-cache")], 9, Some((0, true))),
            (vec![("cache-control", "public")], 9, Some((9, false))),
            (vec![], 9, Some((9, false))),
            (vec![], 0, None),
        ] {
            let mut all = lines.clone();
            all.push((date.0, &date.1));
            let found = freshness(&all, ttl).map(|freshness| (freshness.lifetime, freshness.explicit));
            assert_eq!(found, lifetime, "{lines:?}");
        }
    }

    #[test]
    fn ages_follow_the_rfc() {
        let earlier = http_date(NOON - 30);
        for (lines, age) in [
            // Two seconds under way.
            (vec![], 2),
            (vec![("age", "5")], 7),
            (vec![("date", earlier.as_str())], 30),
            (vec![("date", earlier.as_str()), ("age", "40")], 42),
            (vec![("age", "x")], 2),
            (vec![("age", "-5")], 2),
        ] {
            let mut all = lines.clone();
            all.push(("cache-control", "max-age=60"));
            let freshness = freshness(&all, 0).unwrap();
            assert_eq!(freshness.age(at(NOON)), age, "{lines:?}");
            assert_eq!(freshness.age(at(NOON + 10)), age + 10, "{lines:?}");
            assert_eq!(freshness.left(at(NOON + 10)), 60 - i64::from(age) - 10, "{lines:?}");
            // A clock that is set back makes nothing younger than it came.
            assert_eq!(freshness.age(at(NOON - 500)), age, "{lines:?}");
        }
    }
}
