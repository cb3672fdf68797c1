//! An end to checks that would never end.
//!
//! A schema whose alternatives lead back to itself (a filter that is `and`, `or` or a comparison, each with filters in it)
//! makes the search for faults double with every level that a caller nests. The validator has no limit of its own, so
//! each definition, and each of many alternatives, bears a keyword that counts how often it is looked at, and unwinds out
//! of the check when that is too often. Without that, one body of a few hundred bytes would hold a thread for hours.
use jsonschema::{Keyword, ValidationError};
use serde_json::{Map, Value};
use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

/// The keyword; no document can hold it, since only known keywords are taken from one.
pub(super) const KEYWORD: &str = "x-portico-step";

thread_local! {
    static LEFT: Cell<u32> = const { Cell::new(0) };
}

/// The check was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spent;

/// Alternatives up to this number cost no more than other keywords.
const FEW: usize = 8;

/// Puts the keyword where checks can become long.
pub(super) fn count_in(sheet: &mut Value) {
    let step = |schema: &mut Value| {
        if let Value::Object(keywords) = schema {
            keywords.insert(KEYWORD.to_owned(), true.into());
        }
    };
    for definition in sheet.get_mut("$defs").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        step(definition);
    }
    let mut pending = vec![sheet];
    while let Some(value) = pending.pop() {
        match value {
            Value::Array(items) => pending.extend(items),
            Value::Object(members) => {
                for (key, value) in members {
                    // Values are data, whatever they look like.
                    if matches!(key.as_str(), "enum" | "const") {
                        continue;
                    }
                    if matches!(key.as_str(), "allOf" | "anyOf" | "oneOf")
                        && let Some(schemas) = value.as_array_mut().filter(|schemas| schemas.len() > FEW)
                    {
                        schemas.iter_mut().for_each(step);
                    }
                    pending.push(value);
                }
            }
            _ => {}
        }
    }
}

/// Does a check that takes at most `steps` steps.
pub(super) fn within<T>(steps: u32, check: impl FnOnce() -> T) -> Result<T, Spent> {
    LEFT.set(steps);
    // The validator is not changed by a check, and what a check made is dropped on the way out.
    catch_unwind(AssertUnwindSafe(check)).map_err(|reason| match reason.downcast::<Spent>() {
        Ok(spent) => *spent,
        Err(other) => resume_unwind(other),
    })
}

/// The keyword at work.
pub(super) struct Step;

impl Step {
    fn take() {
        match LEFT.get().checked_sub(1) {
            Some(left) => LEFT.set(left),
            // Unlike a panic this tells nobody: it is no failure.
            None => resume_unwind(Box::new(Spent)),
        }
    }
}

impl<'i> Keyword<'i> for Step {
    fn validate(&self, _: &'i Value) -> Result<(), ValidationError<'i>> {
        Self::take();
        Ok(())
    }

    fn is_valid(&self, _: &'i Value) -> bool {
        Self::take();
        true
    }
}
