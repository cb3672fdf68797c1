//! Plans: how much an app may call an API.
use crate::Slug;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// More operations than this with a rate of their own no plan has.
const MOST_OPERATIONS: usize = 500;

/// What a subscription may call. Rate, quota and concurrency count for all keys of its app together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub slug: Slug,
    pub name: String,
    pub rate: Option<Rate>,
    pub quota: Option<Quota>,
    pub approval: Approval,
    /// Calls under way at once.
    #[serde(default)]
    pub concurrency: Option<u32>,
    /// A bucket of each key's own, beside the one that all keys share.
    #[serde(default)]
    pub per_key: Option<Rate>,
    /// Buckets of single operations, by their name, beside the one that all operations share.
    #[serde(default)]
    pub operations: BTreeMap<String, Rate>,
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

/// Why a rate is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRate {
    #[error("a rate's limit must be between 1 and 1,000,000, {0} is not")]
    Limit(u32),
    #[error("a rate's burst must be between 1 and 1,000,000, {0} is not")]
    Burst(u32),
}

impl InvalidRate {
    /// JSON pointer of what is wrong, within the rate.
    pub fn pointer(self) -> &'static str {
        match self {
            Self::Limit(_) => "/limit",
            Self::Burst(_) => "/burst",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlan {
    #[error("a plan needs a name of 1 to 80 characters")]
    Name,
    #[error("{0}")]
    Rate(InvalidRate),
    #[error("each key: {0}")]
    PerKey(InvalidRate),
    #[error("operation {0}: {1}")]
    Operation(String, InvalidRate),
    #[error("an operation's name has 1 to 200 characters, none of them a control character")]
    OperationName(String),
    #[error("a plan has rates for at most 500 operations, {0} are too many")]
    Operations(usize),
    #[error("the calls under way at once must be between 1 and 1,000,000, {0} is not")]
    Concurrency(u32),
    #[error("a quota's limit must be between 1 and 1,000,000,000,000, {0} is not")]
    QuotaLimit(u64),
}

impl InvalidPlan {
    /// JSON pointer of what is wrong.
    pub fn pointer(&self) -> String {
        let operation = |name: &str| format!("/operations/{}", name.replace('~', "~0").replace('/', "~1"));
        match self {
            Self::Name => "/name".to_owned(),
            Self::Rate(wrong) => format!("/rate{}", wrong.pointer()),
            Self::PerKey(wrong) => format!("/per_key{}", wrong.pointer()),
            Self::Operation(name, wrong) => operation(name) + wrong.pointer(),
            Self::OperationName(name) => operation(name),
            Self::Operations(_) => "/operations".to_owned(),
            Self::Concurrency(_) => "/concurrency".to_owned(),
            Self::QuotaLimit(_) => "/quota/limit".to_owned(),
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
            concurrency: None,
            per_key: None,
            operations: BTreeMap::new(),
        }
    }
    pub fn validate(&self) -> Result<(), InvalidPlan> {
        if self.name.trim().is_empty() || self.name.chars().count() > 80 {
            return Err(InvalidPlan::Name);
        }
        self.rate.map_or(Ok(()), Rate::validate).map_err(InvalidPlan::Rate)?;
        self.per_key.map_or(Ok(()), Rate::validate).map_err(InvalidPlan::PerKey)?;
        if self.operations.len() > MOST_OPERATIONS {
            return Err(InvalidPlan::Operations(self.operations.len()));
        }
        for (name, rate) in &self.operations {
            if !(1..=200).contains(&name.chars().count()) || name.chars().any(char::is_control) {
                return Err(InvalidPlan::OperationName(name.clone()));
            }
            rate.validate().map_err(|wrong| InvalidPlan::Operation(name.clone(), wrong))?;
        }
        if let Some(calls) = self.concurrency
            && !(1..=1_000_000).contains(&calls)
        {
            return Err(InvalidPlan::Concurrency(calls));
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
    pub fn validate(self) -> Result<(), InvalidRate> {
        if !(1..=1_000_000).contains(&self.limit) {
            return Err(InvalidRate::Limit(self.limit));
        }
        match self.burst {
            Some(burst) if !(1..=1_000_000).contains(&burst) => Err(InvalidRate::Burst(burst)),
            _ => Ok(()),
        }
    }
    pub fn burst(self) -> u32 {
        self.burst.unwrap_or(self.limit)
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
    /// As in "10 calls a minute".
    pub const fn each(self) -> &'static str {
        match self {
            Self::Second => "a second",
            Self::Minute => "a minute",
            Self::Hour => "an hour",
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
    fn a_plan_of_before_is_read_still() {
        let text = r#"{"slug":"old","name":"Old","rate":null,"quota":null,"approval":"auto"}"#;
        let plan: Plan = serde_json::from_str(text).unwrap();
        assert_eq!((plan.concurrency, plan.per_key, plan.operations.len()), (None, None, 0));
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
        plan.quota = None;
        plan.concurrency = Some(0);
        assert_eq!(plan.validate().unwrap_err().pointer(), "/concurrency");
        plan.concurrency = None;
        plan.per_key = Some(Rate { limit: 1, per: RatePeriod::Hour, burst: Some(0) });
        assert_eq!(plan.validate().unwrap_err().pointer(), "/per_key/burst");
        plan.per_key = None;
        plan.operations.insert("get /pets".to_owned(), Rate { limit: 1_000_001, per: RatePeriod::Hour, burst: None });
        let wrong = plan.validate().unwrap_err();
        assert_eq!(wrong.pointer(), "/operations/get ~1pets/limit");
        let words = "operation get /pets: a rate's limit must be between 1 and 1,000,000, 1000001 is not";
        assert_eq!(wrong.to_string(), words);
        plan.operations.clear();
        plan.operations.insert(String::new(), Rate { limit: 1, per: RatePeriod::Hour, burst: None });
        assert_eq!(plan.validate().unwrap_err().pointer(), "/operations/");
    }
}
