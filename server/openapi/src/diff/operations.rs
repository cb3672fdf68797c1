//! Which operation was which: by method and path first, then by `operationId`.
use super::Comparing;
use crate::outline::{Entry, Outline, text};
use portico_contract::changes::{ChangeClass, ChangeSubject, Edition, OperationNames};
use serde_json::Value;
use std::collections::HashMap;

impl<'d> Comparing<'d> {
    pub(super) fn operations(&mut self, before: &'d Outline, after: &'d Outline) {
        self.listed(&before.operations, &after.operations, false);
        self.listed(&before.webhooks, &after.webhooks, true);
    }

    fn listed(&mut self, before: &'d [Entry], after: &'d [Entry], webhooks: bool) {
        let mut by_path: HashMap<(String, String), Vec<usize>> = HashMap::new();
        let mut by_id: HashMap<&str, usize> = HashMap::new();
        for (n, entry) in before.iter().enumerate() {
            by_path.entry(place(entry, webhooks)).or_default().push(n);
            if let Some(id) = id(self.before.root, entry) {
                by_id.entry(id).or_insert(n);
            }
        }
        let mut was: Vec<Option<usize>> = vec![None; after.len()];
        let mut found = vec![false; before.len()];
        for (n, entry) in after.iter().enumerate() {
            let same = by_path.get_mut(&place(entry, webhooks));
            was[n] = same.filter(|places| !places.is_empty()).map(|places| places.remove(0));
            was[n].into_iter().for_each(|n| found[n] = true);
        }
        for (n, entry) in after.iter().enumerate().filter(|_| !webhooks) {
            let moved = || by_id.get(id(self.after.root, entry)?).copied();
            if was[n].is_none()
                && let Some(before) = moved().filter(|before| !found[*before])
            {
                was[n] = Some(before);
                found[before] = true;
            }
        }
        for (n, is) in after.iter().enumerate() {
            match was[n] {
                Some(was) => self.both(&before[was], is, webhooks),
                None => self.came(is, webhooks),
            }
        }
        for (entry, _) in before.iter().zip(&found).filter(|(_, found)| !**found) {
            self.went(entry, webhooks);
        }
    }

    fn both(&mut self, was: &'d Entry, is: &'d Entry, webhooks: bool) {
        let unit = self.ledger.operation(subject(Some(was), Some(is), is), &was.pointer, &is.pointer);
        let (method, path) = (is.method != was.method, canonical(&is.path) != canonical(&was.path));
        if !webhooks && (method || path) {
            let message = format!(
                "the operation moved from {} to {}",
                super::words::code(&format!("{} {}", was.method.to_uppercase(), was.path)),
                super::words::code(&format!("{} {}", is.method.to_uppercase(), is.path)),
            );
            let advice = "Call it at its new place.";
            self.tell(unit, ChangeClass::Breaking, "operation-moved", (Edition::After, None), (message, advice));
        }
        self.operation(unit, was, is, webhooks);
    }

    fn came(&mut self, entry: &'d Entry, webhooks: bool) {
        let unit = self.ledger.operation(subject(None, Some(entry), entry), "", &entry.pointer);
        let message = if webhooks { "the webhook is new" } else { "the operation is new" };
        self.tell(unit, ChangeClass::Compatible, "operation-added", (Edition::After, None), (message, ""));
    }

    fn went(&mut self, entry: &'d Entry, webhooks: bool) {
        let unit = self.ledger.operation(subject(Some(entry), None, entry), &entry.pointer, "");
        let what = if webhooks { "webhook" } else { "operation" };
        let known = if entry.deprecated { "deprecated" } else { "not deprecated before" };
        let message = format!("the {what} is gone; it was {known}");
        let advice = if webhooks { "Do not wait for it any more." } else { "Do not call it any more." };
        self.tell(unit, ChangeClass::Breaking, "operation-removed", (Edition::Before, None), (message, advice));
    }
}

fn subject(was: Option<&Entry>, is: Option<&Entry>, shown: &Entry) -> ChangeSubject {
    ChangeSubject::Operation {
        names: OperationNames {
            before: was.map(|entry| entry.slug.clone()),
            after: is.map(|entry| entry.slug.clone()),
        },
        method: shown.method.clone(),
        path: shown.path.clone(),
        title: shown.title.clone(),
    }
}

pub(super) fn id<'d>(root: &'d Value, entry: &Entry) -> Option<&'d str> {
    text(root.pointer(&entry.pointer)?, "operationId")
}

/// Webhooks have no path; their names do.
fn place(entry: &Entry, webhooks: bool) -> (String, String) {
    (entry.method.clone(), if webhooks { entry.slug.clone() } else { canonical(&entry.path) })
}

/// A path without the names of its parameters, which no call shows.
fn canonical(path: &str) -> String {
    let mut canonical = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        match c {
            '{' if !inside => {
                inside = true;
                canonical.push_str("{}");
            }
            '}' if inside => inside = false,
            c if !inside => canonical.push(c),
            _ => {}
        }
    }
    canonical
}

/// The names of a path's parameters in their order.
pub(super) fn path_names(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|rest| rest.split('}').next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parameters_are_no_part_of_a_path() {
        assert_eq!(canonical("/pets/{petId}/toys/{a}.json"), "/pets/{}/toys/{}.json");
        assert_eq!(path_names("/pets/{petId}/toys/{a}.json").collect::<Vec<_>>(), ["petId", "a"]);
    }
}
