//! A plan as calls are admitted by it, with the fields that tell callers of it.
use crate::{limit::Lefts, world::Operation};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use portico_domain::{Period, Plan, Rate};

#[derive(Debug)]
pub(crate) struct CompiledPlan {
    pub(crate) plan: Plan,
    /// `RateLimit-Policy` of operations without a rate of their own; `None` when the plan limits nothing.
    policy: Option<String>,
    operations: HashMap<Box<str>, OperationRate, RandomState>,
}

/// An operation's own rate.
#[derive(Debug)]
pub(crate) struct OperationRate {
    pub(crate) name: Box<str>,
    pub(crate) rate: Rate,
    /// What it is called in the fields, as a string of RFC 9651 without its quotes.
    label: String,
    policy: Option<String>,
}

impl From<Plan> for CompiledPlan {
    fn from(plan: Plan) -> Self {
        let slug = &plan.slug;
        let rate = |label: &str, rate: Rate| format!("\"{label}\";q={};w={}", rate.limit, rate.per.length().as_secs());
        let of_all = plan.rate.map(|of_all| rate(slug.as_str(), of_all));
        let of_key = plan.per_key.map(|of_key| rate(&format!("{slug}-key"), of_key));
        let quota = plan.quota.map(|quota| {
            // A month has no fixed length: the window is its longest.
            let days = match quota.per {
                Period::Day => 1,
                Period::Week => 7,
                Period::Month => 31,
            };
            format!("\"{slug}-{}\";q={};w={}", quota.per.as_str(), quota.limit, days * 86_400)
        });
        let policy = |of_operation: Option<String>| {
            let items = [&of_all, &of_key, &of_operation, &quota].into_iter().flatten();
            let text = items.map(String::as_str).collect::<Vec<_>>().join(", ");
            (!text.is_empty()).then_some(text)
        };
        let operations = plan.operations.iter().map(|(name, of_operation)| {
            // A colon stands in no slug, so no operation's label is another limit's.
            let label = format!("{slug}:{}", in_string(name));
            let policy = policy(Some(rate(&label, *of_operation)));
            let name: Box<str> = name.as_str().into();
            (name.clone(), OperationRate { name, rate: *of_operation, label, policy })
        });
        Self { operations: operations.collect(), policy: policy(None), plan }
    }
}

impl CompiledPlan {
    /// The rate that the plan has for an operation, or for one that cannot be told from it.
    pub(crate) fn operation(&self, operation: &Operation) -> Option<&OperationRate> {
        if self.operations.is_empty() {
            return None;
        }
        let mut names = std::iter::once(&operation.name).chain(&operation.also);
        names.find_map(|name| self.operations.get(&**name))
    }

    /// `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers; `None` when nothing is limited.
    pub(crate) fn policy<'a>(&'a self, operation: Option<&'a OperationRate>) -> Option<&'a str> {
        operation.map_or(&self.policy, |operation| &operation.policy).as_deref()
    }

    /// `RateLimit` of the same draft: what is left of each limit, and in how many seconds all of it is there again.
    pub(crate) fn standing(&self, operation: Option<&OperationRate>, lefts: &Lefts, out: &mut Vec<u8>) {
        let slug = self.plan.slug.as_str();
        let label = operation.map_or("", |operation| operation.label.as_str());
        let quota = self.plan.quota.map_or("", |quota| quota.per.as_str());
        let mut comma = "";
        for (slug, dash, label, left) in [
            (slug, "", "", lefts.rate),
            (slug, "-", "key", lefts.key),
            ("", "", label, lefts.operation),
            (slug, "-", quota, lefts.quota),
        ] {
            if let Some(left) = left {
                for part in [comma, "\"", slug, dash, label, "\";r="] {
                    out.extend_from_slice(part.as_bytes());
                }
                out.extend_from_slice(itoa::Buffer::new().format(left.calls).as_bytes());
                out.extend_from_slice(b";t=");
                out.extend_from_slice(itoa::Buffer::new().format(left.reset_seconds).as_bytes());
                comma = ", ";
            }
        }
    }
}

/// Text as it may stand in a string of RFC 9651, which is of ASCII and has two characters that are escaped.
fn in_string(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, character| {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            ' '..='~' => out.push(character),
            _ => out.push('?'),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::Left;
    use portico_domain::RatePeriod;

    #[test]
    fn every_limit_of_a_caller_is_told() {
        let rate = Rate { limit: 5, per: RatePeriod::Hour, burst: None };
        let plan = CompiledPlan::from(Plan {
            per_key: Some(rate),
            operations: [("get \"pét\"".to_owned(), rate)].into(),
            ..Plan::starter()
        });
        let told = |operation| plan.policy(operation).unwrap();
        let (first, last) = ("\"starter\";q=60;w=60, \"starter-key\";q=5;w=3600", "\"starter-day\";q=10000;w=86400");
        assert_eq!(told(None), format!("{first}, {last}"));
        let operation = plan.operation(&Operation::named("get \"pét\"")).unwrap();
        assert_eq!(told(Some(operation)), format!("{first}, \"starter:get \\\"p?t\\\"\";q=5;w=3600, {last}"));
        assert!(plan.operation(&Operation::named("other")).is_none());
        let left = |calls| Some(Left { calls, reset_seconds: 9 });
        let lefts = Lefts { rate: left(1), key: left(2), operation: left(3), quota: left(4) };
        let standing = |operation, lefts: &Lefts| {
            let mut out = Vec::new();
            plan.standing(operation, lefts, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            standing(Some(operation), &lefts),
            "\"starter\";r=1;t=9, \"starter-key\";r=2;t=9, \"starter:get \\\"p?t\\\"\";r=3;t=9, \"starter-day\";r=4;t=9"
        );
        assert_eq!(standing(None, &Lefts { rate: left(0), ..Lefts::default() }), "\"starter\";r=0;t=9");
        let free = CompiledPlan::from(Plan { rate: None, quota: None, ..Plan::starter() });
        assert_eq!(free.policy(None), None);
    }
}
