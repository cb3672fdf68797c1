//! Moments, numbers and limits in words.
use portico_contract::{Limits, Moment};
use portico_domain::{Plan, Rate, Timestamp};
use time::{OffsetDateTime, macros::format_description};

/// A moment as pages show it, seen from `now`.
pub(super) fn moment(at: Timestamp, now: Timestamp) -> Moment {
    let utc = at.to_utc();
    Moment {
        iso: at.to_string(),
        date: format!("{}, {:02}:{:02} UTC", date(utc), utc.hour(), utc.minute()),
        relative: relative(at, now),
    }
}

fn relative(at: Timestamp, now: Timestamp) -> String {
    let ahead = at > now;
    let seconds = if ahead { at.since(now) } else { now.since(at) }.as_secs();
    let days = (at.to_utc().date() - now.to_utc().date()).whole_days();
    let span = match seconds {
        0..60 if ahead => return "in a minute".into(),
        0..10 => return "now".into(),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => match days {
            -1 => return "yesterday".into(),
            1 => return "tomorrow".into(),
            -27..=-2 => format!("{} days", -days),
            2..=365 => format!("{days} days"),
            _ if at.to_utc().year() == now.to_utc().year() => return day_of_year(at.to_utc()),
            _ => return date(at.to_utc()),
        },
    };
    if ahead { format!("in {span}") } else { format!("{span} ago") }
}

/// E.g. "23 Nov 2026".
pub(super) fn date(at: OffsetDateTime) -> String {
    let format = format_description!("[day padding:none] [month repr:short] [year]");
    at.format(format).unwrap_or_default()
}

/// E.g. "20 February 2027".
pub(super) fn long_date(at: OffsetDateTime) -> String {
    let format = format_description!("[day padding:none] [month repr:long] [year]");
    at.format(format).unwrap_or_default()
}

/// E.g. "23 Nov".
pub(super) fn day_of_year(at: OffsetDateTime) -> String {
    at.format(format_description!("[day padding:none] [month repr:short]")).unwrap_or_default()
}

/// E.g. "11:42:07.318".
pub(super) fn time_of_day(at: OffsetDateTime) -> String {
    at.format(format_description!("[hour]:[minute]:[second].[subsecond digits:3]")).unwrap_or_default()
}

/// E.g. "0.3", "31", "1,204".
pub(super) fn milliseconds(micros: u64) -> String {
    if micros < 9_950 { format!("{:.1}", micros as f64 / 1_000.0) } else { thousands((micros + 500) / 1_000) }
}

/// A quantile in milliseconds, written like [`milliseconds`].
pub(super) fn quantile(milliseconds_read: f64) -> String {
    milliseconds((milliseconds_read * 1_000.0) as u64)
}

/// E.g. "10,000".
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(super) fn limits(plan: &Plan) -> Limits {
    let rate = |rate: Rate| {
        let each = format!("{} {}", thousands(rate.limit.into()), rate.per.each());
        if rate.burst() == rate.limit { each } else { format!("{each}, {} at once", thousands(rate.burst().into())) }
    };
    let rates = plan.rate.map(rate).into_iter().chain(plan.per_key.map(|each| format!("{} for each key", rate(each))));
    let under_way = plan.concurrency.map(|calls| format!("{} under way at once", thousands(calls.into())));
    let operations = match plan.operations.len() {
        0 => None,
        1 => Some("a rate of its own for one operation".to_owned()),
        more => Some(format!("rates of their own for {more} operations")),
    };
    let rate = rates.chain(under_way).chain(operations).collect::<Vec<_>>().join("; ");
    let rate = if rate.is_empty() { no_limit() } else { rate };
    let quota =
        plan.quota.map_or_else(no_limit, |quota| format!("{} a {}", thousands(quota.limit), quota.per.as_str()));
    Limits { rate, quota }
}

fn no_limit() -> String {
    "no limit".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_people_say_them() {
        let now = Timestamp::parse("2026-11-23T15:00:00Z").unwrap();
        for (at, words) in [
            ("2026-11-23T14:59:55Z", "now"),
            ("2026-11-23T14:59:20Z", "40 s ago"),
            ("2026-11-23T14:58:00Z", "2 min ago"),
            ("2026-11-23T11:00:00Z", "4 h ago"),
            ("2026-11-22T11:00:00Z", "yesterday"),
            ("2026-11-17T15:00:00Z", "6 days ago"),
            ("2026-10-03T15:00:00Z", "3 Oct"),
            ("2025-10-03T15:00:00Z", "3 Oct 2025"),
            ("2026-11-30T16:00:00Z", "in 7 days"),
            ("2027-02-25T16:00:00Z", "in 94 days"),
        ] {
            assert_eq!(moment(Timestamp::parse(at).unwrap(), now).relative, words, "{at}");
        }
        assert_eq!(moment(now, now).date, "23 Nov 2026, 15:00 UTC");
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([300, 9_940, 30_600, 1_204_000].map(milliseconds), ["0.3", "9.9", "31", "1,204"]);
        let starter = limits(&Plan::starter());
        assert_eq!((starter.rate.as_str(), starter.quota.as_str()), ("60 a minute", "10,000 a day"));
    }
}
