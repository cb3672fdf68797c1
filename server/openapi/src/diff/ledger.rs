//! Where changes are gathered: what was compared, what was found in it, and which operations that reaches.
//!
//! A *unit* is something compared once: the document, an operation, or a pair of named schemas as they are used in one
//! direction. Units know who refers to them, so a change in a schema finds its operations without any schema being
//! compared twice.
use crate::{example::Side, limits, outline::members, refer};
use portico_contract::changes::{Change, ChangeClass, ChangeSubject, Changes, Edition, OperationNames};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap, HashSet};

/// What a change does to the set of things that are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Tighter,
    Looser,
    /// Neither, or both.
    Other,
}

impl Turn {
    /// A request may get looser, an answer tighter.
    pub(super) const fn class(self, side: Side) -> ChangeClass {
        match (self, side) {
            (Self::Looser, Side::Request) | (Self::Tighter, Side::Answer) => ChangeClass::Compatible,
            _ => ChangeClass::Breaking,
        }
    }
}

/// A change as it is found.
pub(super) struct Found {
    pub(super) class: ChangeClass,
    pub(super) code: &'static str,
    pub(super) edition: Edition,
    /// What changed, by where it lies in memory: its pointer is looked for only if the change is told.
    pub(super) target: Option<*const Value>,
    pub(super) message: String,
    pub(super) advice: &'static str,
}

pub(super) struct Unit {
    subject: usize,
    side: Option<Side>,
    /// Where it stands in both documents.
    before: String,
    after: String,
    /// The operation it is.
    operation: Option<OperationNames>,
    /// Units that refer to it.
    users: Vec<usize>,
}

struct Entry {
    subject: usize,
    found: Found,
    /// Those in which it was found with this class.
    units: Vec<usize>,
}

#[derive(Default)]
pub(super) struct Ledger {
    subjects: Vec<ChangeSubject>,
    units: Vec<Unit>,
    schemas: HashMap<(Edition, String), usize>,
    entries: Vec<Entry>,
    known: HashMap<(usize, &'static str, String), usize>,
    /// Changes beyond those that are kept, by class.
    beyond: [u32; 3],
    pub(super) cut: bool,
}

impl Ledger {
    pub(super) fn document(&mut self) -> usize {
        self.subjects.push(ChangeSubject::Document);
        self.unit(self.subjects.len() - 1, None, (String::new(), String::new()), None)
    }

    pub(super) fn operation(&mut self, subject: ChangeSubject, before: &str, after: &str) -> usize {
        let names = match &subject {
            ChangeSubject::Operation { names, .. } => Some(names.clone()),
            _ => None,
        };
        self.subjects.push(subject);
        self.unit(self.subjects.len() - 1, None, (before.to_owned(), after.to_owned()), names)
    }

    pub(super) fn schema(&mut self, name: &str, edition: Edition, side: Side, places: (String, String)) -> usize {
        let key = (edition, name.to_owned());
        let subject = *self.schemas.entry(key).or_insert_with(|| {
            self.subjects.push(ChangeSubject::Schema { name: name.to_owned(), edition });
            self.subjects.len() - 1
        });
        self.unit(subject, Some(side), places, None)
    }

    fn unit(
        &mut self,
        subject: usize,
        side: Option<Side>,
        (before, after): (String, String),
        operation: Option<OperationNames>,
    ) -> usize {
        self.units.push(Unit { subject, side, before, after, operation, users: Vec::new() });
        self.units.len() - 1
    }

    pub(super) fn used(&mut self, unit: usize, by: usize) {
        if self.units[unit].users.last() != Some(&by) {
            self.units[unit].users.push(by);
        }
    }

    /// Keeps a change. The same one found in both directions stands once, with the graver class.
    pub(super) fn add(&mut self, unit: usize, found: Found) {
        let subject = self.units[unit].subject;
        let key = (subject, found.code, found.message.clone());
        if let Some(&at) = self.known.get(&key) {
            let entry = &mut self.entries[at];
            match found.class.cmp(&entry.found.class) {
                std::cmp::Ordering::Less => *entry = Entry { subject, found, units: vec![unit] },
                std::cmp::Ordering::Equal => entry.units.push(unit),
                std::cmp::Ordering::Greater => {}
            }
        } else if self.entries.len() < limits::CHANGES_KNOWN {
            self.known.insert(key, self.entries.len());
            self.entries.push(Entry { subject, found, units: vec![unit] });
        } else {
            self.cut = true;
            self.beyond[found.class as usize] += 1;
        }
    }

    /// The changes in their order. `before` and `after` are the documents' roots.
    pub(super) fn finish(mut self, before: &Value, after: &Value) -> Changes {
        let mut changes = Changes { cut: self.cut, ..Changes::default() };
        for class in ChangeClass::ALL {
            let beyond = self.beyond[class as usize];
            let count = self.entries.iter().filter(|entry| entry.found.class == class).count() as u32 + beyond;
            match class {
                ChangeClass::Breaking => changes.breaking = count,
                ChangeClass::Compatible => changes.compatible = count,
                ChangeClass::Docs => changes.docs = count,
            }
        }
        let mut entries = std::mem::take(&mut self.entries);
        let schema = |entry: &Entry| matches!(self.subjects[entry.subject], ChangeSubject::Schema { .. });
        entries.sort_by_key(|entry| (entry.found.class, schema(entry), entry.subject));
        changes.cut |= entries.len() > limits::CHANGES;
        entries.truncate(limits::CHANGES);
        let mut reaching =
            Reaching { units: &self.units, room: limits::CHANGES_REACH, names: limits::CHANGES_OPERATIONS };
        for entry in entries {
            let first = &self.units[entry.units[0]];
            let (root, base) = match entry.found.edition {
                Edition::Before => (before, &first.before),
                Edition::After => (after, &first.after),
            };
            let target = entry.found.target.and_then(|target| locate(root.pointer(base)?, target));
            let both = entry.units.iter().any(|&unit| self.units[unit].side != first.side);
            let message = match first.side {
                _ if entry.found.class == ChangeClass::Docs => entry.found.message,
                Some(Side::Request) if !both => format!("In requests, {}", entry.found.message),
                Some(Side::Answer) if !both => format!("In responses, {}", entry.found.message),
                Some(_) => entry.found.message,
                None => capital(&entry.found.message),
            };
            changes.items.push(Change {
                class: entry.found.class,
                code: entry.found.code.to_owned(),
                subject: self.subjects[entry.subject].clone(),
                edition: entry.found.edition,
                pointer: format!("{base}{}", target.unwrap_or_default()),
                message: capital(&message),
                advice: entry.found.advice.to_owned(),
                operations: reaching.from(&entry.units),
            });
        }
        changes
    }
}

fn capital(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Finds the operations that a change reaches.
struct Reaching<'u> {
    units: &'u [Unit],
    /// Steps left for all changes together.
    room: usize,
    /// Operations that may still be told.
    names: usize,
}

impl Reaching<'_> {
    fn from(&mut self, units: &[usize]) -> Vec<OperationNames> {
        let mut seen: HashSet<usize> = units.iter().copied().collect();
        let mut ahead: Vec<usize> = units.to_vec();
        let mut reached = BTreeSet::new();
        while let Some(unit) = ahead.pop() {
            let Some(room) = self.room.checked_sub(1) else { break };
            self.room = room;
            if let Some(names) = &self.units[unit].operation {
                reached.insert(names.clone());
                if reached.len() == limits::CHANGE_OPERATIONS.min(self.names) {
                    break;
                }
            }
            ahead.extend(self.units[unit].users.iter().copied().filter(|user| seen.insert(*user)));
        }
        self.names -= reached.len().min(self.names);
        reached.into_iter().collect()
    }
}

/// The pointer from `within` to a value in it.
fn locate(within: &Value, target: *const Value) -> Option<String> {
    fn below(value: &Value, target: *const Value, room: &mut usize) -> Option<Vec<String>> {
        *room = room.checked_sub(1)?;
        if std::ptr::eq(value, target) {
            return Some(Vec::new());
        }
        let with = |step: String, found: Option<Vec<String>>| {
            found.map(|mut way| {
                way.push(step);
                way
            })
        };
        match value {
            Value::Array(items) => {
                items.iter().enumerate().find_map(|(n, item)| with(n.to_string(), below(item, target, room)))
            }
            Value::Object(_) => {
                members(Some(value)).find_map(|(name, member)| with(name.clone(), below(member, target, room)))
            }
            _ => None,
        }
    }
    let mut room = limits::CHANGE_PLACE;
    let way = below(within, target, &mut room)?;
    Some(way.iter().rev().map(|step| refer::step(step)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_found_again() {
        let value = json!({"a/b": [{"c": 1}, {"c": 2}]});
        let target = &value["a/b"][1]["c"];
        assert_eq!(locate(&value, target).unwrap(), "/a~1b/1/c");
        assert_eq!(locate(&value, &json!(2)), None);
    }

    #[test]
    fn classes_follow_the_direction() {
        assert_eq!(Turn::Tighter.class(Side::Request), ChangeClass::Breaking);
        assert_eq!(Turn::Tighter.class(Side::Answer), ChangeClass::Compatible);
        assert_eq!(Turn::Looser.class(Side::Request), ChangeClass::Compatible);
        assert_eq!(Turn::Looser.class(Side::Answer), ChangeClass::Breaking);
        assert_eq!(Turn::Other.class(Side::Answer), ChangeClass::Breaking);
    }
}
