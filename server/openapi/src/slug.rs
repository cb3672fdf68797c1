//! Names of operations in URLs, stable from one version of a document to the next.
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::HashMap;

/// The `operationId` where there is one, made fit for one segment of a URL; else method and path words,
/// e.g. `get-pets-petid`.
pub(crate) fn of_operation(operation_id: Option<&str>, method: &str, path: &str) -> String {
    let id = operation_id.map(segment).filter(|id| id.bytes().any(|b| b.is_ascii_alphanumeric()));
    id.unwrap_or_else(|| words(&format!("{method} {path}")))
}

/// Letters, digits and `._~-` as they are, everything else a `-`.
fn segment(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '~' | '-');
    let mut out: String = text.trim().chars().map(|c| if fits(c) { c } else { '-' }).take(200).collect();
    // `.` and `..` mean something else in a URL.
    if out.bytes().all(|b| b == b'.') {
        out.clear();
    }
    out
}

/// Any text as one segment of a path.
pub(crate) fn escaped(text: &str) -> String {
    const WITHIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, WITHIN).to_string()
}

/// Lower-case words joined by `-`.
pub(crate) fn words(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(400) {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

/// Hands every name out once: the second `get` is `get-2`.
#[derive(Debug, Default)]
pub(crate) struct Unique {
    /// Names given, with the number the next of their kind may try.
    taken: HashMap<String, u32>,
}

impl Unique {
    pub(crate) fn take(&mut self, name: String) -> String {
        let Some(mut n) = self.taken.get(&name).copied() else {
            self.taken.insert(name.clone(), 2);
            return name;
        };
        let mut next = format!("{name}-{n}");
        while self.taken.contains_key(&next) {
            n += 1;
            next = format!("{name}-{n}");
        }
        self.taken.insert(name, n + 1);
        self.taken.insert(next.clone(), 2);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_fit_a_url_segment() {
        for (id, method, path, slug) in [
            (Some("listPets"), "get", "/pets", "listPets"),
            (Some("repos/get"), "get", "/repos", "repos-get"),
            (Some("a b%2Fc?"), "get", "/", "a-b-2Fc-"),
            (None, "get", "/pets/{petId}", "get-pets-petid"),
            (Some(".."), "get", "/", "get"),
            (Some("港"), "delete", "/pets", "delete-pets"),
            (None, "get", "/#Action=Run", "get-action-run"),
        ] {
            assert_eq!(of_operation(id, method, path), slug);
        }
        let mut unique = Unique::default();
        let names = ["get", "get", "get-2", "get"].map(|name| unique.take(name.into()));
        assert_eq!(names, ["get", "get-2", "get-2-2", "get-3"]);
    }
}
