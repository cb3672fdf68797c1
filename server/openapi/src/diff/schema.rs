//! Two schemas side by side, in one direction.
//!
//! Schemas that both documents know by name are compared once for requests and once for answers, whoever refers to them;
//! what is written in place is compared in place. `allOf` is read as one, save the named schemas that both sides
//! list: those are their own.
use super::{
    Comparing, facets as limits_of,
    ledger::{Found, Turn},
    words::{self, deprecation},
};
use crate::{
    example::Side,
    limits,
    outline::text,
    refer,
    schema::facets::{self, Facets, flag, gather_beside},
};
use portico_contract::changes::{ChangeClass, Edition};
use serde_json::Value;
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    hash::{DefaultHasher, Hash, Hasher as _},
};

/// Where the comparison is.
#[derive(Clone)]
pub(super) struct Spot<'s> {
    pub(super) unit: usize,
    pub(super) side: Side,
    /// The part of an operation, e.g. "the request body"; empty within a named schema.
    pub(super) lead: &'s str,
    /// Attributes on the way, e.g. `owner.pets[].name`; empty at the top.
    pub(super) path: Cow<'s, str>,
    pub(super) depth: usize,
}

impl<'s> Spot<'s> {
    pub(super) fn top(unit: usize, side: Side, lead: &'s str) -> Self {
        Self { unit, side, lead, path: Cow::Borrowed(""), depth: 0 }
    }

    fn below(&self, step: &str) -> Spot<'s> {
        let mut path = self.path.to_string();
        if path.len() < 300 {
            if !path.is_empty() && !step.starts_with('[') && !step.starts_with(' ') {
                path.push('.');
            }
            path.extend(step.chars().filter(|c| !c.is_control()).take(80));
        } else if !path.ends_with('…') {
            path.push('…');
        }
        Spot { path: path.into(), depth: self.depth + 1, ..self.clone() }
    }

    /// What is spoken of, e.g. "`name` of the request body".
    fn name(&self) -> String {
        match (&*self.path, self.lead) {
            ("", "") => "the schema".into(),
            ("", lead) => lead.to_owned(),
            (path, "") => path_code(path),
            (path, lead) => format!("{} of {lead}", path_code(path)),
        }
    }
}

fn path_code(path: &str) -> String {
    format!("`{}`", path.trim_start().replace('`', "'"))
}

impl<'d> Comparing<'d> {
    fn note(&mut self, at: &Spot<'_>, turn: Turn, code: &'static str, target: Target<'_>, said: &str) {
        let class = turn.class(at.side);
        let advice = match (class, at.side) {
            (ChangeClass::Breaking, Side::Request) => "Check that what you send still fits.",
            (ChangeClass::Breaking, Side::Answer) => "Check that what reads the answer can do with it.",
            _ => "",
        };
        self.say(at, class, code, target, said, advice);
    }

    fn say(
        &mut self,
        at: &Spot<'_>,
        class: ChangeClass,
        code: &'static str,
        target: Target<'_>,
        said: &str,
        advice: &'static str,
    ) {
        let (edition, target) = match target {
            Target::Before(value) => (Edition::Before, value),
            Target::After(value) => (Edition::After, value),
        };
        let message = format!("{} {said}", at.name());
        let target = Some(std::ptr::from_ref(target));
        self.ledger.add(at.unit, Found { class, code, edition, target, message, advice });
    }

    /// Compares what each list of schemas says together.
    pub(super) fn schemas(&mut self, at: &Spot<'_>, before: &[&Value], after: &[&Value]) {
        if !self.spend(1 + before.len() + after.len()) {
            return;
        }
        if at.depth > limits::CHANGE_DEPTH {
            self.ledger.cut = true;
            return;
        }
        let (own_before, own_after) = self.follow_shared(at, before, after);
        let shared = !own_before.is_empty();
        let a = gather_beside(self.before.root, before, &own_before);
        let b = gather_beside(self.after.root, after, &own_after);
        if !self.spend(a.properties.len() + b.properties.len()) {
            return;
        }
        let Some(&target) = after.first() else { return };
        if a.never != b.never {
            let (turn, said) = if b.never {
                (Turn::Tighter, "takes no value any more")
            } else {
                (Turn::Looser, "takes values now, which it did not")
            };
            return self.note(at, turn, "schema-changed", Target::After(target), said);
        }
        if !self.types(at, &a, &b, shared, target) {
            return;
        }
        limits_of::compare(&a, &b, &mut |turn, code, said| self.note(at, turn, code, Target::After(target), &said));
        self.default(at, &a, &b, target);
        self.deprecated(at, &a, &b, target);
        self.words_of(at, &a, &b);
        self.properties(at, &a, &b, target);
        self.additional(at, &a, &b, target);
        match (a.items.or(a.rest), b.items.or(b.rest)) {
            (Some(a), Some(b)) => self.schemas(&at.below("[]"), &[a], &[b]),
            (None, Some(b)) if !shared && !a.types.is_empty() => {
                self.note(at, Turn::Tighter, "items-changed", Target::After(b), "says now what its items are");
            }
            (Some(_), None) if !shared && !b.types.is_empty() => {
                self.note(
                    at,
                    Turn::Looser,
                    "items-changed",
                    Target::After(target),
                    "no longer says what its items are",
                );
            }
            _ => {}
        }
        self.positions(at, &a, &b, target);
        self.unions(at, &a, &b, target);
        self.others(at, &a, &b, target);
    }

    /// Follows the references that both sides have by the same name, or that stand alone on both. What is left to be
    /// compared here is what stands beside them.
    fn follow_shared<'v>(
        &mut self,
        at: &Spot<'_>,
        before: &[&'v Value],
        after: &[&'v Value],
    ) -> (Vec<&'v str>, Vec<&'v str>) {
        let listed = |parts: &[&'v Value]| parts.iter().flat_map(|part| direct(part)).collect::<Vec<&'v str>>();
        let (mut left, mut right) = (listed(before), listed(after));
        let mut pairs = Vec::new();
        left.retain(|reference| {
            let same = right.iter().position(|other| tail(other) == tail(reference));
            same.map(|n| pairs.push((*reference, right.remove(n)))).is_none()
        });
        if let ([a], [b], true) = (&left[..], &right[..], pairs.is_empty()) {
            pairs.push((a, b));
        }
        let (mut own_before, mut own_after) = (Vec::new(), Vec::new());
        for (a, b) in pairs {
            let found = (refer::find(self.before.root, a), refer::find(self.after.root, b));
            if let (Ok(left), Ok(right)) = found {
                self.pair(at, (a, left), (b, right));
                own_before.push(a);
                own_after.push(b);
            }
        }
        (own_before, own_after)
    }

    /// The unit of two schemas behind references, compared later.
    fn pair(&mut self, at: &Spot<'_>, before: (&str, &'d Value), after: (&str, &'d Value)) {
        let key = (std::ptr::from_ref(before.1), std::ptr::from_ref(after.1), at.side);
        let unit = self.pairs.get(&key).copied().unwrap_or_else(|| {
            let pointer = |reference: &str| {
                let fragment = reference.trim_start_matches('#');
                percent_encoding::percent_decode_str(fragment).decode_utf8_lossy().into_owned()
            };
            let name = refer::schema_name(after.0).unwrap_or_else(|| tail(after.0).to_owned());
            let places = (pointer(before.0), pointer(after.0));
            let unit = self.ledger.schema(&words::short(&name), Edition::After, at.side, places);
            self.pairs.insert(key, unit);
            self.ahead.push((unit, at.side, before.1, after.1));
            unit
        });
        self.ledger.used(unit, at.unit);
    }

    /// `false`: they have nothing in common, so nothing else need be told.
    fn types(&mut self, at: &Spot<'_>, a: &Facets<'_>, b: &Facets<'_>, shared: bool, target: &Value) -> bool {
        let (was, is) = (types(a), types(b));
        let untold = |side: &Facets<'_>, types: &BTreeSet<&str>| types.is_empty() && !side.unions.is_empty();
        if shared && (was.is_empty() || is.is_empty()) || untold(a, &was) || untold(b, &is) {
            return self.nullable(at, a, b, shared, target);
        }
        let covered = |types: &BTreeSet<&str>, one: &str| {
            types.is_empty() || types.contains(one) || one == "integer" && types.contains("number")
        };
        // No type at all is any.
        let lost = if is.is_empty() { false } else { was.is_empty() || was.iter().any(|one| !covered(&is, one)) };
        let gained = if was.is_empty() { false } else { is.is_empty() || is.iter().any(|one| !covered(&was, one)) };
        let turn = match (lost, gained) {
            (false, false) => return self.nullable(at, a, b, shared, target),
            (true, false) => Turn::Tighter,
            (false, true) => Turn::Looser,
            (true, true) => Turn::Other,
        };
        let say = |types: &BTreeSet<&str>| match types.len() {
            0 => "any type".to_owned(),
            _ => words::list(types.iter().map(|one| words::code(one))).replace(" and ", " or "),
        };
        self.note(at, turn, "type-changed", Target::After(target), &format!("is {} now, was {}", say(&is), say(&was)));
        self.nullable(at, a, b, shared, target);
        turn != Turn::Other
    }

    fn nullable(&mut self, at: &Spot<'_>, a: &Facets<'_>, b: &Facets<'_>, shared: bool, target: &Value) -> bool {
        // Beside a shared schema the type may be told there.
        let any = |f: &Facets<'_>| f.types.is_empty() && f.unions.is_empty() && !shared && !f.nullable;
        if a.nullable != b.nullable && !any(a) && !any(b) {
            let (turn, said) =
                if b.nullable { (Turn::Looser, "may be `null` now") } else { (Turn::Tighter, "is never `null` now") };
            self.note(at, turn, "nullable-changed", Target::After(target), said);
        }
        true
    }

    fn default(&mut self, at: &Spot<'_>, a: &Facets<'_>, b: &Facets<'_>, target: &Value) {
        let (was, is) = (a.get("default"), b.get("default"));
        if was == is {
            return;
        }
        let (class, said) = match (was, is, at.side) {
            (Some(was), Some(is), Side::Request) => (
                ChangeClass::Breaking,
                format!("means {} now where it is left out; it was {}", words::value(is), words::value(was)),
            ),
            (None, Some(is), _) => (ChangeClass::Compatible, format!("has the default {} now", words::value(is))),
            (Some(was), None, _) => {
                (ChangeClass::Compatible, format!("no longer has the default {}", words::value(was)))
            }
            (Some(was), Some(is), Side::Answer) => (
                ChangeClass::Compatible,
                format!("has the default {} now, was {}", words::value(is), words::value(was)),
            ),
            (None, None, _) => return,
        };
        let advice = if class == ChangeClass::Breaking { "Send the value you mean." } else { "" };
        self.say(at, class, "default-changed", Target::After(target), &said, advice);
    }

    fn deprecated(&mut self, at: &Spot<'_>, a: &Facets<'_>, b: &Facets<'_>, target: &Value) {
        let is = |f: &Facets<'_>| f.get("deprecated") == Some(&Value::Bool(true));
        if is(a) != is(b) {
            let (said, advice) = deprecation(is(b));
            self.say(at, ChangeClass::Compatible, "deprecated", Target::After(target), said, advice);
        }
    }

    fn words_of(&mut self, at: &Spot<'_>, a: &Facets<'_>, b: &Facets<'_>) {
        let title = |f: &Facets<'_>| f.get("title").and_then(Value::as_str).map(str::trim).map(str::to_owned);
        if a.description != b.description || title(a) != title(b) {
            self.reworded(at.unit);
        }
    }

    fn properties(&mut self, at: &Spot<'_>, a: &Facets<'_>, b: &Facets<'_>, target: &Value) {
        let foreign = if at.side == Side::Request { "readOnly" } else { "writeOnly" };
        let names: BTreeSet<&str> =
            a.properties.keys().chain(b.properties.keys()).chain(&a.required).chain(&b.required).copied().collect();
        for name in names {
            let spot = at.below(name);
            let (was, is) = (a.properties.get(name), b.properties.get(name));
            let hidden = |root: &Value, parts: Option<&Vec<&Value>>| {
                parts.is_some_and(|parts| parts.iter().any(|part| flag(root, part, foreign)))
            };
            let (gone, hides) = (hidden(self.before.root, was), hidden(self.after.root, is));
            let seen = (was.filter(|_| !gone), is.filter(|_| !hides));
            let (was_required, is_required) = (a.required.contains(name), b.required.contains(name));
            match seen {
                (Some(was), Some(is)) => {
                    self.requiredness(&spot, was_required, is_required, is.first().copied().unwrap_or(target));
                    self.schemas(&spot, was, is);
                }
                (None, None) if was.is_none() && is.is_none() => {
                    self.requiredness(&spot, was_required, is_required, target);
                }
                (None, None) => {}
                (None, Some(is)) => self.added(&spot, is_required, is.first().copied().unwrap_or(target), gone),
                (Some(was), None) => {
                    let closed = b.additional == Some(&Value::Bool(false));
                    let before = was.first().copied().unwrap_or(target);
                    self.removed(&spot, before, is.and_then(|is| is.first().copied()), closed);
                }
            }
        }
    }

    fn requiredness(&mut self, at: &Spot<'_>, was: bool, is: bool, target: &Value) {
        let target = Target::After(target);
        match (was, is, at.side) {
            (false, true, Side::Request) => {
                self.say(at, ChangeClass::Breaking, "property-required", target, "is required now", "Always send it.");
            }
            (true, false, Side::Request) => {
                self.say(at, ChangeClass::Compatible, "property-optional", target, "may be left out now", "");
            }
            (false, true, Side::Answer) => {
                self.say(at, ChangeClass::Compatible, "property-required", target, "is always there now", "");
            }
            (true, false, Side::Answer) => {
                let advice = "Be ready for answers without it.";
                self.say(at, ChangeClass::Breaking, "property-optional", target, "may be missing now", advice);
            }
            _ => {}
        }
    }

    fn added(&mut self, at: &Spot<'_>, required: bool, target: &Value, was_foreign: bool) {
        let target = Target::After(target);
        match (at.side, required) {
            (Side::Request, true) => {
                self.say(at, ChangeClass::Breaking, "property-added", target, "is new and required", "Always send it.");
            }
            (Side::Request, false) if was_foreign => {
                self.say(at, ChangeClass::Compatible, "property-added", target, "may be sent now", "");
            }
            (_, _) => self.say(at, ChangeClass::Compatible, "property-added", target, "is new", ""),
        }
    }

    /// `still`: as the later document has it, where it is only read or only written now.
    fn removed(&mut self, at: &Spot<'_>, before: &Value, still: Option<&Value>, closed: bool) {
        let target = still.map_or(Target::Before(before), Target::After);
        let (said, advice) = match (at.side, still) {
            (Side::Request, Some(_)) => ("is only read now", "Do not send it: it has no effect or is refused."),
            (Side::Request, None) if closed => {
                ("is gone, and calls that send it are refused", "Do not send it any more.")
            }
            (Side::Request, None) => ("is gone", "Do not send it any more: it has no effect or is refused."),
            (Side::Answer, Some(_)) => ("is only written now", "Do without it: answers no longer hold it."),
            (Side::Answer, None) => ("is gone", "Do without it: answers no longer hold it."),
        };
        self.say(at, ChangeClass::Breaking, "property-removed", target, said, advice);
    }

    fn additional(&mut self, at: &Spot<'_>, a: &Facets<'_>, b: &Facets<'_>, target: &Value) {
        let closed = |f: &Facets<'_>| f.additional == Some(&Value::Bool(false));
        match (closed(a), closed(b)) {
            (false, true) => {
                self.note(
                    at,
                    Turn::Tighter,
                    "additional-properties",
                    Target::After(target),
                    "takes no other attributes now",
                );
            }
            // New attributes in answers are what callers have to bear anyway.
            (true, false) => {
                let said = "may hold other attributes now";
                self.say(at, ChangeClass::Compatible, "additional-properties", Target::After(target), said, "");
            }
            _ => {}
        }
        if let (Some(a @ Value::Object(_)), Some(b @ Value::Object(_))) = (a.additional, b.additional) {
            self.schemas(&at.below("*"), &[a], &[b]);
        }
        let patterns: BTreeMap<&str, &Value> = a.patterns.iter().copied().collect();
        for &(pattern, schema) in &b.patterns {
            if let Some(was) = patterns.get(pattern) {
                self.schemas(&at.below(&format!("/{pattern}/")), &[was], &[schema]);
            }
        }
    }

    fn positions(&mut self, at: &Spot<'_>, a: &Facets<'_>, b: &Facets<'_>, target: &Value) {
        for (n, (was, is)) in a.positions.iter().zip(&b.positions).enumerate().take(limits::VARIANTS) {
            self.schemas(&at.below(&format!("[{n}]")), &[was], &[is]);
        }
        let turn = match a.positions.len().cmp(&b.positions.len()) {
            std::cmp::Ordering::Less => Turn::Tighter,
            std::cmp::Ordering::Equal => return,
            std::cmp::Ordering::Greater => Turn::Looser,
        };
        let said = format!("tells {} of its items one by one now, was {}", b.positions.len(), a.positions.len());
        self.note(at, turn, "items-changed", Target::After(target), &said);
    }

    /// Alternatives: those with the same name, content or title belong together, what is left in its order.
    fn unions(&mut self, at: &Spot<'_>, a: &Facets<'_>, b: &Facets<'_>, target: &Value) {
        let (mut left, mut right) = (variants(a), variants(b));
        if left.is_empty() && right.is_empty() || !self.spend(left.len() + right.len()) {
            return;
        }
        if left.is_empty() || right.is_empty() {
            let (turn, code, said, target) = if left.is_empty() {
                (Turn::Other, "alternatives-added", "is one of several alternatives now", Target::After(target))
            } else {
                (Turn::Other, "alternatives-removed", "is no longer one of several alternatives", Target::After(target))
            };
            return self.note(at, turn, code, target, said);
        }
        let mut pairs = Vec::new();
        for key in [name_key as fn(&Value) -> Option<u64>, |schema| Some(content_key(schema)), label_key] {
            let mut known: HashMap<u64, VecDeque<&Value>> = HashMap::new();
            for is in &right {
                if let Some(key) = key(is) {
                    known.entry(key).or_default().push_back(is);
                }
            }
            let mut taken = HashSet::new();
            left.retain(|was| {
                let found = key(was).and_then(|key| known.get_mut(&key)?.pop_front());
                let Some(is) = found else { return true };
                taken.insert(std::ptr::from_ref(is));
                pairs.push((*was, is));
                false
            });
            right.retain(|is| !taken.contains(&std::ptr::from_ref(*is)));
        }
        if left.len() == right.len() {
            pairs.extend(left.drain(..).zip(right.drain(..)));
        }
        for (was, is) in pairs {
            let spot = match label(is) {
                Some(label) => at.below(&format!(" ({label})")),
                None => Spot { depth: at.depth + 1, ..at.clone() },
            };
            self.schemas(&spot, &[was], &[is]);
        }
        for gone in left {
            let said = format!("is no longer {}", alternative(gone));
            self.note(at, Turn::Tighter, "alternatives-removed", Target::Before(gone), &said);
        }
        for new in right {
            let said = format!("may be {} now", alternative(new));
            self.note(at, Turn::Looser, "alternatives-added", Target::After(new), &said);
        }
    }

    /// Keywords that are only told to differ.
    fn others(&mut self, at: &Spot<'_>, a: &Facets<'_>, b: &Facets<'_>, target: &Value) {
        let mut changed = Vec::new();
        for key in [
            "not",
            "if",
            "then",
            "else",
            "contains",
            "propertyNames",
            "dependentRequired",
            "dependentSchemas",
            "unevaluatedProperties",
            "unevaluatedItems",
        ] {
            let (was, is) = (a.get(key), b.get(key));
            let size = was.map_or(0, |value| value.as_object().map_or(1, serde_json::Map::len));
            if (was.is_some() || is.is_some()) && self.spend(size + 1) && was.map(content_key) != is.map(content_key) {
                changed.push(words::code(key));
            }
        }
        if !changed.is_empty() {
            let said = format!("has other conditions now ({})", words::list(changed));
            self.note(at, Turn::Tighter, "condition-changed", Target::After(target), &said);
        }
    }
}

/// What changed, in the document that has it.
enum Target<'v> {
    Before(&'v Value),
    After(&'v Value),
}

/// The references that a schema is, or is among other things.
fn direct(schema: &Value) -> Vec<&str> {
    fn of(value: &Value) -> Option<&str> {
        value.get("$ref").and_then(Value::as_str)
    }
    let mut found = Vec::new();
    found.extend(of(schema));
    for key in ["allOf", "oneOf", "anyOf"] {
        let listed = schema.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut some = listed.iter().take(limits::ALL_OF).filter(|part| !facets::is_null(part));
        match key {
            "allOf" => found.extend(some.filter_map(of)),
            _ => {
                if let (Some(only), None) = (some.next(), some.next()) {
                    found.extend(of(only));
                }
            }
        }
    }
    found
}

/// The last step of a reference: `#/definitions/Pet` and `#/components/schemas/Pet` are one.
fn tail(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

/// What a schema says of its type, also where it does so by other keywords. Empty: any.
fn types<'v>(facets: &Facets<'v>) -> BTreeSet<&'v str> {
    if !facets.types.is_empty() {
        return facets.types.iter().copied().collect();
    }
    let inferred = if !facets.properties.is_empty() || facets.additional.is_some() {
        Some("object")
    } else if facets.items.is_some() || !facets.positions.is_empty() {
        Some("array")
    } else {
        None
    };
    inferred.into_iter().collect()
}

fn variants<'v>(facets: &Facets<'v>) -> Vec<&'v Value> {
    let mut seen = HashSet::new();
    let unions = facets.unions.iter().filter(|union| union.is_choice());
    // Those that only a discriminator names are compared where they are used.
    let borrowed = |schema: &Cow<'v, Value>| match schema {
        Cow::Borrowed(schema) => Some(*schema),
        Cow::Owned(_) => None,
    };
    let all = unions.flat_map(|union| union.schemas.iter().filter_map(borrowed));
    all.filter(|schema| seen.insert(std::ptr::from_ref(*schema))).take(limits::SCHEMA_PROPERTIES).collect()
}

fn name_key(schema: &Value) -> Option<u64> {
    schema.get("$ref").and_then(Value::as_str).map(|reference| hash(&tail(reference)))
}

fn label_key(schema: &Value) -> Option<u64> {
    label(schema).map(|label| hash(&label))
}

/// Equal for schemas that say the same, words for readers aside, in whatever order.
fn content_key(schema: &Value) -> u64 {
    /// `names`: members are named by the author, not by the standard.
    fn of(value: &Value, names: bool, depth: usize) -> u64 {
        let Some(depth) = depth.checked_sub(1) else { return 0 };
        match value {
            Value::Object(members) => {
                let says = |key: &str| {
                    names || !matches!(key, "description" | "title" | "example" | "examples") && !key.starts_with("x-")
                };
                members.iter().filter(|(key, _)| says(key)).fold(1, |sum: u64, (key, value)| {
                    let own = !names && matches!(&**key, "properties" | "patternProperties" | "dependentSchemas");
                    sum.wrapping_add(match (&**key, value) {
                        ("$ref", Value::String(reference)) if !names => hash(&("$ref", tail(reference))),
                        _ => hash(&(key, of(value, own, depth))),
                    })
                })
            }
            Value::Array(items) => hash(&items.iter().map(|item| of(item, false, depth)).collect::<Vec<_>>()),
            other => hash(&other.to_string()),
        }
    }
    of(schema, false, limits::CHANGE_DEPTH)
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn label(schema: &Value) -> Option<&str> {
    let name = schema.get("$ref").and_then(Value::as_str).map(tail);
    name.or_else(|| text(schema, "title"))
}

fn alternative(schema: &Value) -> String {
    match (label(schema), text(schema, "type")) {
        (Some(label), _) => words::code(label),
        (None, Some(kind)) => format!("a value of type {}", words::code(kind)),
        (None, None) => "another alternative".into(),
    }
}
