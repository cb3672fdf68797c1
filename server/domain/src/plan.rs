//! Plans: how much an app may call an API.
use crate::Slug;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A rate and a quota, each counted per subscription: all keys of an app share them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub slug: Slug,
    pub name: String,
    pub rate: Option<Rate>,
    pub quota: Option<Quota>,
    pub approval: Approval,
}

/// A token bucket: `limit` tokens come back per period, `burst` fit in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    pub limit: u32,
    pub per: RatePeriod,
    /// How many calls may come at once; `limit` unless set.
    #[serde(default)]
    pub burst: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RatePeriod {
    Second,
    Minute,
    Hour,
}

/// A number of calls per calendar period in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    pub limit: u64,
    pub per: Period,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    Day,
    Week,
    Month,
}

/// Who lets an app in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Approval {
    /// The subscription is active at once.
    Auto,
    /// A publisher decides.
    Manual,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlan {
    #[error("a plan needs a name of 1 to 80 characters")]
    Name,
    #[error("a rate's limit must be between 1 and 1,000,000, {0} is not")]
    RateLimit(u32),
    #[error("a rate's burst must be between 1 and 1,000,000, {0} is not")]
    Burst(u32),
    #[error("a quota's limit must be between 1 and 1,000,000,000,000, {0} is not")]
    QuotaLimit(u64),
}

impl InvalidPlan {
    /// JSON pointer of what is wrong.
    pub fn pointer(&self) -> &'static str {
        match self {
            Self::Name => "/name",
            Self::RateLimit(_) => "/rate/limit",
            Self::Burst(_) => "/rate/burst",
            Self::QuotaLimit(_) => "/quota/limit",
        }
    }
}

impl Plan {
    /// What every installation starts with.
    pub fn starter() -> Self {
        Self {
            slug: "starter".parse().unwrap_or_else(|_| unreachable!("a literal slug")),
            name: "Starter".to_owned(),
            rate: Some(Rate { limit: 60, per: RatePeriod::Minute, burst: None }),
            quota: Some(Quota { limit: 10_000, per: Period::Day }),
            approval: Approval::Auto,
        }
    }
    pub fn validate(&self) -> Result<(), InvalidPlan> {
        if self.name.trim().is_empty() || self.name.chars().count() > 80 {
            return Err(InvalidPlan::Name);
        }
        if let Some(rate) = self.rate {
            if !(1..=1_000_000).contains(&rate.limit) {
                return Err(InvalidPlan::RateLimit(rate.limit));
            }
            if let Some(burst) = rate.burst
                && !(1..=1_000_000).contains(&burst)
            {
                return Err(InvalidPlan::Burst(burst));
            }
        }
        if let Some(quota) = self.quota
            && !(1..=1_000_000_000_000).contains(&quota.limit)
        {
            return Err(InvalidPlan::QuotaLimit(quota.limit));
        }
        Ok(())
    }
}

impl Rate {
    pub fn burst(self) -> u32 {
        self.burst.unwrap_or(self.limit)
    }
    /// The time in which one token comes back.
    pub fn interval(self) -> Duration {
        self.per.length() / self.limit.max(1)
    }
}

impl RatePeriod {
    pub const fn length(self) -> Duration {
        match self {
            Self::Second => Duration::from_secs(1),
            Self::Minute => Duration::from_mins(1),
            Self::Hour => Duration::from_hours(1),
        }
    }
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
        }
    }
}

impl Period {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
    /// The first moment of the period that holds `moment`, and the first moment after it. Weeks begin on Monday.
    pub fn around(self, moment: crate::Timestamp) -> (crate::Timestamp, crate::Timestamp) {
        let date = moment.to_utc().date();
        let (first, next) = match self {
            Self::Day => (date, date.next_day()),
            Self::Week => {
                let monday = date - time::Duration::days(i64::from(date.weekday().number_days_from_monday()));
                (monday, monday.checked_add(time::Duration::days(7)))
            }
            Self::Month => {
                let first = date.replace_day(1).unwrap_or(date);
                (first, (first + time::Duration::days(31)).replace_day(1).ok())
            }
        };
        let start = |date: time::Date| crate::Timestamp::from_utc(date.midnight().assume_utc());
        (start(first), start(next.unwrap_or(time::Date::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    fn around(period: Period, moment: &str) -> (String, String) {
        let (from, to) = period.around(Timestamp::parse(moment).unwrap());
        (from.to_string(), to.to_string())
    }

    #[test]
    fn periods_follow_the_calendar() {
        let day = |a: &str, b: &str| (format!("{a}T00:00:00Z"), format!("{b}T00:00:00Z"));
        assert_eq!(around(Period::Day, "2026-12-31T23:59:59Z"), day("2026-12-31", "2027-01-01"));
        assert_eq!(around(Period::Week, "2026-11-23T00:00:00Z"), day("2026-11-23", "2026-11-30"));
        assert_eq!(around(Period::Week, "2026-11-29T23:00:00Z"), day("2026-11-23", "2026-11-30"));
        assert_eq!(around(Period::Month, "2028-02-29T12:00:00Z"), day("2028-02-01", "2028-03-01"));
        assert_eq!(around(Period::Month, "2026-12-05T12:00:00Z"), day("2026-12-01", "2027-01-01"));
    }

    #[test]
    fn a_plan_that_lets_nobody_in_is_refused() {
        let mut plan = Plan::starter();
        assert_eq!(plan.validate(), Ok(()));
        plan.rate = Some(Rate { limit: 0, per: RatePeriod::Second, burst: None });
        assert_eq!(plan.validate().unwrap_err().pointer(), "/rate/limit");
        plan.rate = None;
        plan.quota = Some(Quota { limit: 0, per: Period::Day });
        assert_eq!(plan.validate().unwrap_err().pointer(), "/quota/limit");
    }
}
