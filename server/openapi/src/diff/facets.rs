//! What a schema allows of single values: allowed values, formats, bounds.
use super::{ledger::Turn, words};
use crate::schema::facets::Facets;
use serde_json::Value;
use std::cmp::Ordering;

type Tell<'t> = &'t mut dyn FnMut(Turn, &'static str, String);

pub(super) fn compare(a: &Facets<'_>, b: &Facets<'_>, tell: Tell<'_>) {
    values(a, b, tell);
    format(a, b, tell);
    for bound in &BOUNDS {
        bound.compare(a, b, tell);
    }
    let text = |f: &Facets<'_>, key: &str| f.get(key).and_then(Value::as_str).map(str::to_owned);
    match (text(a, "pattern"), text(b, "pattern")) {
        (was, is) if was == is => {}
        (Some(was), None) => {
            tell(Turn::Looser, "pattern-changed", format!("need not match {} any more", words::code(&was)));
        }
        // Which of two patterns allows more cannot be told; answers rarely break by it.
        (_, Some(is)) => tell(Turn::Tighter, "pattern-changed", format!("has to match {} now", words::code(&is))),
        (None, None) => {}
    }
    let unique = |f: &Facets<'_>| f.get("uniqueItems") == Some(&Value::Bool(true));
    match (unique(a), unique(b)) {
        (false, true) => tell(Turn::Tighter, "unique-changed", "holds no item twice now".into()),
        (true, false) => tell(Turn::Looser, "unique-changed", "may hold an item twice now".into()),
        _ => {}
    }
    let step = |f: &Facets<'_>| f.get("multipleOf").and_then(Value::as_f64).filter(|step| *step > 0.0);
    match (step(a), step(b)) {
        (None, Some(is)) => tell(Turn::Tighter, "multiple-changed", format!("is a multiple of {is} now")),
        (Some(was), None) => {
            tell(Turn::Looser, "multiple-changed", format!("need not be a multiple of {was} any more"));
        }
        (Some(was), Some(is)) if was.total_cmp(&is) != Ordering::Equal => {
            let whole = |of: f64, by: f64| (of / by).fract().abs() < 1e-9;
            let turn = match (whole(is, was), whole(was, is)) {
                (true, false) => Turn::Tighter,
                (false, true) => Turn::Looser,
                _ => Turn::Other,
            };
            tell(turn, "multiple-changed", format!("is a multiple of {is} now, was of {was}"));
        }
        _ => {}
    }
}

/// The values allowed, `null` aside; `None` where any is.
fn allowed<'v>(facets: &'v Facets<'_>) -> Option<Vec<&'v Value>> {
    let constants =
        || (!facets.constants.is_empty()).then(|| facets.constants.iter().map(|(value, _)| *value).collect());
    let listed = facets.get("enum").and_then(Value::as_array).map(|listed| listed.iter().collect::<Vec<_>>());
    let values = listed.or_else(|| facets.get("const").map(|only| vec![only])).or_else(constants)?;
    Some(values.into_iter().filter(|value| !value.is_null()).collect())
}

fn values(a: &Facets<'_>, b: &Facets<'_>, tell: Tell<'_>) {
    let shown = |values: &[&Value]| words::list(values.iter().map(|value| words::value(value)));
    match (allowed(a), allowed(b)) {
        (None, None) => {}
        (None, Some(is)) => {
            tell(Turn::Tighter, "values-restricted", format!("is one of {} now", shown(&is).replace(" and ", " or ")));
        }
        (Some(_), None) => tell(Turn::Looser, "values-unrestricted", "may have any value now".into()),
        (Some(was), Some(is)) => {
            let known =
                |values: &[&Value]| values.iter().map(ToString::to_string).collect::<std::collections::HashSet<_>>();
            let (before, after) = (known(&was), known(&is));
            let gone: Vec<&Value> = was.into_iter().filter(|value| !after.contains(&value.to_string())).collect();
            let new: Vec<&Value> = is.into_iter().filter(|value| !before.contains(&value.to_string())).collect();
            if !gone.is_empty() {
                tell(
                    Turn::Tighter,
                    "values-removed",
                    format!("is no longer {}", shown(&gone).replace(" and ", " or ")),
                );
            }
            if !new.is_empty() {
                tell(Turn::Looser, "values-added", format!("may be {} now", shown(&new).replace(" and ", " or ")));
            }
        }
    }
}

fn format(a: &Facets<'_>, b: &Facets<'_>, tell: Tell<'_>) {
    let of = |f: &Facets<'_>| f.get("format").and_then(Value::as_str).map(str::trim).unwrap_or_default().to_owned();
    let (was, is) = (of(a), of(b));
    if was == is {
        return;
    }
    let wider = |narrow: &str, wide: &str| matches!((narrow, wide), ("int32", "int64") | ("float", "double") | (_, ""));
    let turn = match () {
        () if wider(&was, &is) => Turn::Looser,
        () if wider(&is, &was) => Turn::Tighter,
        () => Turn::Other,
    };
    let said = match (&*was, &*is) {
        ("", is) => format!("has the format {} now", words::code(is)),
        (was, "") => format!("no longer has the format {}", words::code(was)),
        (was, is) => format!("has the format {} now, was {}", words::code(is), words::code(was)),
    };
    tell(turn, "format-changed", said);
}

/// A limit to numbers, lengths or counts.
struct Bound {
    key: &'static str,
    /// The keyword for the limit itself being outside.
    exclusive: Option<&'static str>,
    upper: bool,
    /// E.g. "is at most".
    words: &'static str,
}

const BOUNDS: [Bound; 8] = [
    Bound { key: "minimum", exclusive: Some("exclusiveMinimum"), upper: false, words: "is at least" },
    Bound { key: "maximum", exclusive: Some("exclusiveMaximum"), upper: true, words: "is at most" },
    Bound { key: "minLength", exclusive: None, upper: false, words: "has at least this many characters:" },
    Bound { key: "maxLength", exclusive: None, upper: true, words: "has at most this many characters:" },
    Bound { key: "minItems", exclusive: None, upper: false, words: "has at least this many items:" },
    Bound { key: "maxItems", exclusive: None, upper: true, words: "has at most this many items:" },
    Bound { key: "minProperties", exclusive: None, upper: false, words: "has at least this many attributes:" },
    Bound { key: "maxProperties", exclusive: None, upper: true, words: "has at most this many attributes:" },
];

/// A limit and whether it is itself outside.
type Limit = (f64, bool);

impl Bound {
    fn of(&self, facets: &Facets<'_>) -> Option<Limit> {
        let number = |key: &str| facets.get(key).and_then(Value::as_f64);
        let plain = number(self.key).map(|limit| {
            // Before 3.1 a word about the limit beside it.
            (limit, self.exclusive.is_some_and(|key| facets.get(key) == Some(&Value::Bool(true))))
        });
        let open = self.exclusive.and_then(number).map(|limit| (limit, true));
        match (plain, open) {
            (Some(plain), Some(open)) => {
                Some(if self.tightness(open, plain) == Ordering::Greater { open } else { plain })
            }
            // None at all says as much as none below nothing.
            (Some((limit, false)), None) if self.exclusive.is_none() && !self.upper && limit <= 0.0 => None,
            (plain, open) => plain.or(open),
        }
    }

    /// Greater: `a` allows less than `b`.
    fn tightness(&self, a: Limit, b: Limit) -> Ordering {
        let order = if self.upper { b.0.total_cmp(&a.0) } else { a.0.total_cmp(&b.0) };
        order.then(a.1.cmp(&b.1))
    }

    fn compare(&self, a: &Facets<'_>, b: &Facets<'_>, tell: Tell<'_>) {
        let say = |(limit, exclusive): Limit| match (exclusive, self.upper) {
            (false, _) => format!("{} {limit}", self.words),
            (true, true) => format!("is below {limit}"),
            (true, false) => format!("is above {limit}"),
        };
        let was = |(limit, exclusive): Limit| if exclusive { format!("{limit} (outside)") } else { limit.to_string() };
        match (self.of(a), self.of(b)) {
            (None, None) => {}
            (None, Some(is)) => tell(Turn::Tighter, "limit-changed", format!("{} now", say(is))),
            (Some(gone), None) => {
                let which = if self.upper { "upper" } else { "lower" };
                let said = format!("no longer has the {which} limit {} ({})", was(gone), words::code(self.key));
                tell(Turn::Looser, "limit-changed", said);
            }
            (Some(before), Some(after)) => {
                let turn = match self.tightness(after, before) {
                    Ordering::Greater => Turn::Tighter,
                    Ordering::Less => Turn::Looser,
                    Ordering::Equal => return,
                };
                tell(turn, "limit-changed", format!("{} now, was {}", say(after), was(before)));
            }
        }
    }
}
