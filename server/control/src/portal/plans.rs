//! Plans as the administration's form has them: all of it text, as it was typed.
use super::{admin::Faults, named};
use crate::ControlError;
use portico_contract::admin::PlanForm;
use portico_domain::{Approval, Period, Plan, Quota, Rate, RatePeriod, Slug};
use std::{collections::BTreeMap, fmt::Write as _};

pub(super) fn write(plan: Plan) -> PlanForm {
    let limit = |rate: Option<Rate>| rate.map(|rate| rate.limit.to_string()).unwrap_or_default();
    let burst = |rate: Option<Rate>| rate.and_then(|rate| rate.burst).map(|burst| burst.to_string());
    PlanForm {
        slug: plan.slug.to_string(),
        name: plan.name,
        rate_limit: limit(plan.rate),
        rate_per: plan.rate.map_or("minute", |rate| rate.per.as_str()).to_owned(),
        burst: burst(plan.rate).unwrap_or_default(),
        quota_limit: plan.quota.map(|quota| quota.limit.to_string()).unwrap_or_default(),
        quota_per: plan.quota.map_or("day", |quota| quota.per.as_str()).to_owned(),
        concurrency: plan.concurrency.map(|calls| calls.to_string()).unwrap_or_default(),
        key_limit: limit(plan.per_key),
        key_per: plan.per_key.map_or("second", |rate| rate.per.as_str()).to_owned(),
        key_burst: burst(plan.per_key).unwrap_or_default(),
        operations: write_operations(&plan.operations),
        manual: plan.approval == Approval::Manual,
    }
}

pub(super) fn read(form: PlanForm) -> Result<Plan, ControlError> {
    let mut faults = Faults::default();
    let slug = form.slug.trim().parse::<Slug>();
    if let Err(error) = &slug {
        faults.add("slug", format!("{error}."));
    }
    let rate_limit = faults.optional_number(&form.rate_limit, "rate_limit");
    let burst = faults.optional_number(&form.burst, "burst");
    let quota_limit = faults.optional_number(&form.quota_limit, "quota_limit");
    let concurrency = faults.optional_number(&form.concurrency, "concurrency");
    let key_limit = faults.optional_number(&form.key_limit, "key_limit");
    let key_burst = faults.optional_number(&form.key_burst, "key_burst");
    for (limit, burst, field) in [(rate_limit, burst, "burst"), (key_limit, key_burst, "key_burst")] {
        if limit.is_none() && burst.is_some() {
            faults.add(field, "A burst needs a rate: set how many calls come back per period.".into());
        }
    }
    let operations = read_operations(&form.operations).unwrap_or_else(|message| {
        faults.add("operations", message);
        BTreeMap::new()
    });
    let quota_per = match form.quota_per.as_str() {
        "week" => Period::Week,
        "month" => Period::Month,
        _ => Period::Day,
    };
    faults.into_result()?;
    let rate = |limit: Option<u32>, per: &str, burst| {
        limit.map(|limit| Rate { limit, per: period(per).unwrap_or(RatePeriod::Minute), burst })
    };
    Ok(Plan {
        slug: slug.or_else(|_| named("", "plan"))?,
        name: form.name.trim().to_owned(),
        rate: rate(rate_limit, &form.rate_per, burst),
        quota: quota_limit.map(|limit| Quota { limit, per: quota_per }),
        approval: if form.manual { Approval::Manual } else { Approval::Auto },
        concurrency,
        per_key: rate(key_limit, &form.key_per, key_burst),
        operations,
    })
}

fn period(word: &str) -> Option<RatePeriod> {
    [RatePeriod::Second, RatePeriod::Minute, RatePeriod::Hour].into_iter().find(|period| period.as_str() == word)
}

/// A line each: `getPet 10/minute`, with `burst 20` behind it where that differs.
fn write_operations(operations: &BTreeMap<String, Rate>) -> String {
    operations.iter().fold(String::new(), |mut text, (name, rate)| {
        // Writing to a string does not fail.
        let _ = write!(text, "{name} {}/{}", rate.limit, rate.per.as_str());
        if let Some(burst) = rate.burst {
            let _ = write!(text, " burst {burst}");
        }
        text + "\n"
    })
}

/// Names may have spaces in them, so a line is read from its end.
fn read_operations(text: &str) -> Result<BTreeMap<String, Rate>, String> {
    let mut operations = BTreeMap::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = || format!("Line {}: write it as getPet 10/minute, or getPet 10/minute burst 20.", number + 1);
        let (line, burst) = match line.trim().rsplit_once(" burst ") {
            Some((rest, burst)) => (rest, Some(burst.trim().parse().map_err(|_| wrong())?)),
            None => (line.trim(), None),
        };
        let (name, rate) = line.rsplit_once(char::is_whitespace).ok_or_else(wrong)?;
        let (limit, per) = rate.split_once('/').ok_or_else(wrong)?;
        let limit = limit.parse().map_err(|_| wrong())?;
        let per = period(per).ok_or_else(|| {
            let shown: String = per.chars().take(20).collect();
            format!("Line {}: a rate is per second, minute or hour, not {shown}.", number + 1)
        })?;
        if operations.insert(name.trim().to_owned(), Rate { limit, per, burst }).is_some() {
            return Err(format!("Line {}: {} stands further up already.", number + 1, name.trim()));
        }
    }
    Ok(operations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_operations_are_read_as_they_are_written() {
        let text = "get /pets 10/minute\ngetPet 5/second burst 20\n";
        let read = read_operations(&format!("\n  {}  \n", text.replace('\n', "  \r\n"))).unwrap();
        assert_eq!(read["get /pets"], Rate { limit: 10, per: RatePeriod::Minute, burst: None });
        assert_eq!(read["getPet"], Rate { limit: 5, per: RatePeriod::Second, burst: Some(20) });
        assert_eq!(write_operations(&read), text);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        for (text, words) in [
            ("getPet", "Line 1: write it as getPet 10/minute"),
            ("a 1/hour\ngetPet 10", "Line 2: write it as"),
            ("getPet ten/minute", "Line 1: write it as"),
            ("getPet 10/minute burst x", "Line 1: write it as"),
            ("getPet 10/day", "Line 1: a rate is per second, minute or hour, not day."),
            ("a 1/hour\na 2/hour", "Line 2: a stands further up already."),
        ] {
            let message = read_operations(text).unwrap_err();
            assert!(message.starts_with(words), "{text}: {message}");
        }
    }

    #[test]
    fn a_form_comes_back_as_it_was() {
        let rate = Rate { limit: 5, per: RatePeriod::Hour, burst: Some(9) };
        let operations = [("getPet".to_owned(), rate)].into();
        let plan = Plan { concurrency: Some(10), per_key: Some(rate), operations, ..Plan::starter() };
        assert_eq!(read(write(plan.clone())).unwrap(), plan);
    }
}
