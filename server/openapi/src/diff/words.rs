//! How changes are put: names in backticks, short, and lists that end.
use crate::refer;
use serde_json::Value;

/// A name or a value as code; backticks of its own would end it.
pub(super) fn code(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
    format!("`{}`", text.replace('`', "'"))
}

/// A value as JSON, as code.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => code(text),
        other => code(&other.to_string()),
    }
}

/// "a, b and 3 more".
pub(super) fn list(items: impl IntoIterator<Item = String>) -> String {
    const SHOWN: usize = 8;
    let mut items = items.into_iter();
    let shown: Vec<String> = items.by_ref().take(SHOWN).collect();
    match (items.count(), shown.split_last()) {
        (_, None) => String::new(),
        (0, Some((only, []))) => only.clone(),
        (0, Some((last, first))) => format!("{} and {last}", first.join(", ")),
        (more, Some(_)) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// What is said of something that is deprecated now or no longer, and what to do.
pub(super) const fn deprecation(is: bool) -> (&'static str, &'static str) {
    if is {
        ("is deprecated now", "Do without it: it may go in a later version.")
    } else {
        ("is no longer deprecated", "")
    }
}

/// A sentence out of a document, short enough for a line.
pub(super) fn short(text: &str) -> String {
    refer::shorten(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_end_and_code_stays_code() {
        assert_eq!(list(["a".to_owned()]), "a");
        assert_eq!(list(["a".to_owned(), "b".to_owned()]), "a and b");
        assert_eq!(list((0..11).map(|n| n.to_string())), "0, 1, 2, 3, 4, 5, 6, 7 and 3 more");
        assert_eq!(code("a`b\n"), "`a'b`");
    }
}
