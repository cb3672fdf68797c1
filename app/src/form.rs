//! What a form sent, and what it shows when it comes back with something to change.
use portico_contract::{FieldError, PortalError};

/// The fields of a form in the order sent; a name may stand there more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(Vec<(String, String)>);

impl Values {
    /// The first value of that name, else nothing.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }
    /// All values of that name: ticked boxes that share it.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(n, _)| n == name).map(|(_, value)| value.clone()).collect()
    }
    /// A box of that name is ticked.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }
    /// Takes the value out, so that it is never drawn again: for passwords and tokens.
    pub fn take(&mut self, name: &str) -> String {
        match self.0.iter().position(|(n, _)| n == name) {
            Some(i) => self.0.remove(i).1,
            None => String::new(),
        }
    }
}

impl FromIterator<(String, String)> for Values {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(pairs: T) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// A page's form: untouched, or come back with what was typed and why it was refused.
#[derive(Clone, Debug, Default)]
pub struct Draft(Option<Box<(Values, PortalError)>>);

impl Draft {
    pub fn refused(values: Values, error: PortalError) -> Self {
        Self(Some(Box::new((values, error))))
    }
    pub fn error(&self) -> Option<&PortalError> {
        self.0.as_ref().map(|draft| &draft.1)
    }
    /// Errors of single fields; empty when the refusal is about the whole.
    pub fn fields(&self) -> &[FieldError] {
        match self.error() {
            Some(PortalError::Invalid(fields)) => fields,
            _ => &[],
        }
    }
    /// What is wrong with that field.
    pub fn error_of(&self, field: &str) -> Option<String> {
        self.fields().iter().find(|error| error.field == field).map(|error| error.message.clone())
    }
    /// What was typed, else what the page knows.
    pub fn value(&self, name: &str, known: &str) -> String {
        self.0.as_ref().map_or(known, |draft| draft.0.get(name)).to_owned()
    }
    /// Whether that value of a choice or box was picked, else whether the page knows it so.
    pub fn picked(&self, name: &str, value: &str, known: bool) -> bool {
        self.0.as_ref().map_or(known, |draft| draft.0.all(name).iter().any(|picked| picked == value))
    }
    /// The field's value when this draft is of one of several like forms on a page, e.g. of one key among many.
    pub fn typed(&self) -> Option<&Values> {
        self.0.as_ref().map(|draft| &draft.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn names_may_repeat_and_secrets_leave_for_good() {
        let mut form = values(&[("apis", "pets"), ("apis", "ports"), ("password", "correct horse battery")]);
        assert_eq!(form.all("apis"), ["pets", "ports"]);
        assert_eq!(form.get("missing"), "");
        assert_eq!(form.take("password"), "correct horse battery");
        assert!(!form.has("password"));
        assert!(!format!("{form:?}").contains("horse"));
    }

    #[test]
    fn a_draft_prefers_what_was_typed_even_when_it_is_nothing() {
        let fresh = Draft::default();
        assert_eq!(fresh.value("name", "Nightly"), "Nightly");
        assert!(fresh.picked("publish", "on", true));
        let back = Draft::refused(values(&[("name", "")]), PortalError::field("name", "Give it a name."));
        assert_eq!(back.value("name", "Nightly"), "");
        assert_eq!(back.error_of("name").as_deref(), Some("Give it a name."));
        assert!(!back.picked("publish", "on", true));
    }
}
