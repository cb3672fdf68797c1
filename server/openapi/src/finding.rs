//! Findings while they are gathered, and the fault that ends a reading.
use crate::{limits, place::Places};
use portico_contract::reference::{Finding, Severity};
use std::collections::HashSet;

/// Why a document cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
}

impl Fault {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), line: None, column: None }
    }
    /// `line` and `column` from 1; 0 is "not known".
    pub(crate) fn at(mut self, line: u64, column: u64) -> Self {
        let known = |n: u64| u32::try_from(n).ok().filter(|n| *n > 0);
        (self.line, self.column) = (known(line), known(column));
        self
    }
    /// Puts the fault directly behind these characters of the document.
    pub(crate) fn behind(self, before: &str) -> Self {
        let line = before.bytes().filter(|b| *b == b'\n').count() as u64 + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() as u64 + 1;
        self.at(line, column)
    }
    pub(crate) fn into_finding(self) -> Finding {
        Finding {
            severity: Severity::Error,
            code: self.code.into(),
            pointer: String::new(),
            line: self.line,
            column: self.column,
            message: self.message,
        }
    }
}

/// Gathers findings, at most as many as anybody will read.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    told: Vec<Finding>,
    /// What has been told or counted, by code and pointer.
    known: HashSet<(String, String)>,
    more: usize,
}

impl Findings {
    pub(crate) fn error(&mut self, code: &str, pointer: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Error, code, pointer.into(), message.into());
    }
    pub(crate) fn warn(&mut self, code: &str, pointer: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Warning, code, pointer.into(), message.into());
    }
    pub(crate) fn info(&mut self, code: &str, pointer: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Info, code, pointer.into(), message.into());
    }

    fn add(&mut self, severity: Severity, code: &str, pointer: String, message: String) {
        if self.known.len() < limits::FINDINGS_KNOWN && !self.known.insert((code.to_owned(), pointer.clone())) {
            return;
        }
        let finding = Finding { severity, code: code.into(), pointer, line: None, column: None, message };
        if self.told.len() < limits::FINDINGS - 1 {
            return self.told.push(finding);
        }
        self.more += 1;
        // Room for what matters more than the least of those already told.
        let least = self.told.iter().enumerate().min_by_key(|(at, told)| (told.severity, usize::MAX - at));
        if let Some((at, told)) = least
            && told.severity < severity
        {
            self.told.remove(at);
            self.told.push(finding);
        }
    }

    pub(crate) fn any_error(&self) -> bool {
        self.told.iter().any(|finding| finding.severity == Severity::Error)
    }

    pub(crate) fn pointers(&self) -> impl Iterator<Item = &str> {
        self.told.iter().map(|finding| finding.pointer.as_str())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// Errors first, then in the order of the document.
    pub(crate) fn placed(mut self, places: &Places) -> Vec<Finding> {
        for finding in &mut self.told {
            if let Some((line, column)) = places.find(&finding.pointer) {
                (finding.line, finding.column) = (Some(line), Some(column));
            }
        }
        self.told.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.line, finding.column));
        if self.more > 0 {
            let message = format!("{} more findings are not listed; they show once these are mended.", self.more);
            let (code, pointer) = ("more-findings".into(), String::new());
            self.told.push(Finding { severity: Severity::Info, code, pointer, line: None, column: None, message });
        }
        self.told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_bounded_and_keeps_what_matters() {
        let mut findings = Findings::default();
        for n in 0..500 {
            findings.info("small", format!("/{n}"), "small");
        }
        findings.error("grave", "/x", "grave");
        let told = findings.placed(&Places::default());
        assert_eq!(told.len(), limits::FINDINGS);
        assert_eq!(told[0].code, "grave");
        assert_eq!(told.last().unwrap().message, "302 more findings are not listed; they show once these are mended.");
    }
}
