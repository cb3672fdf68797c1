//! Who may call: whether callers with what they have today still may.
use super::{Comparing, words};
use crate::{
    outline::{members, text},
    part, refer,
    security::listed,
    typed,
};
use portico_contract::changes::{ChangeClass, Edition};
use serde_json::Value;
use std::collections::BTreeMap;

/// One alternative: each scheme by what it is, with its name and its scopes.
type Alternative = BTreeMap<String, (String, Vec<String>)>;

impl Comparing<'_> {
    pub(super) fn security(&mut self, unit: usize, before: &Value, after: &Value) {
        let (Some(was), Some(is)) = (alternatives(self.before.root, before), alternatives(self.after.root, after))
        else {
            return;
        };
        if !self.spend(was.len() * is.len() + 1) {
            return;
        }
        let suffices = |has: &Alternative, asked: &Alternative| {
            asked.iter().all(|(scheme, (_, scopes))| {
                has.get(scheme).is_some_and(|(_, held)| scopes.iter().all(|scope| held.contains(scope)))
            })
        };
        let refused: Vec<&Alternative> =
            was.iter().filter(|has| !is.iter().any(|asked| suffices(has, asked))).collect();
        let new: Vec<&Alternative> = is.iter().filter(|asked| !was.iter().any(|has| suffices(asked, has))).collect();
        let place = (Edition::After, after.get("security"));
        if !refused.is_empty() {
            let open = was.iter().any(Alternative::is_empty);
            let message = if open {
                format!("calls need {} now, and needed nothing before", words::list(is.iter().map(tell)))
            } else {
                format!("{} no longer suffices; calls need {}", words::list(refused.into_iter().map(tell)), any(&is))
            };
            let advice = "Get what is asked for before you call.";
            self.tell(unit, ChangeClass::Breaking, "security-stricter", place, (message, advice));
        }
        if !new.is_empty() && was.iter().all(|has| is.iter().any(|asked| suffices(has, asked))) {
            let message = if new.iter().any(|asked| asked.is_empty()) {
                "calls need nothing to be let in now".to_owned()
            } else {
                format!("{} suffices now", words::list(new.into_iter().map(tell)))
            };
            self.tell(unit, ChangeClass::Compatible, "security-looser", place, (message, ""));
        }
    }
}

fn any(alternatives: &[Alternative]) -> String {
    alternatives.iter().take(4).map(tell).collect::<Vec<_>>().join(", or ")
}

fn tell(alternative: &Alternative) -> String {
    if alternative.is_empty() {
        return "nothing".into();
    }
    let one = |(name, scopes): &(String, Vec<String>)| match scopes.len() {
        0 => words::code(name),
        _ => format!("{} with {}", words::code(name), words::list(scopes.iter().map(|scope| words::code(scope)))),
    };
    alternative.values().map(one).collect::<Vec<_>>().join(" together with ")
}

/// What an operation asks for; one empty alternative where it asks for nothing. `None` where that cannot be understood.
fn alternatives(root: &Value, operation: &Value) -> Option<Vec<Alternative>> {
    let Some(security) = part::own_security(operation).or_else(|| part::own_security(root)) else {
        return Some(vec![Alternative::new()]);
    };
    let read = typed::security(security).ok()?;
    if read.is_empty() {
        return Some(vec![Alternative::new()]);
    }
    let alternative = |schemes: openapiv3::SecurityRequirement| {
        schemes.into_iter().map(|(name, scopes)| (identity(root, &name), (name, scopes))).collect()
    };
    Some(read.into_iter().take(100).map(alternative).collect())
}

/// What a scheme is whatever its name: those of the same kind are one.
fn identity(root: &Value, name: &str) -> String {
    let (_, schemes) = listed(root);
    let found = members(schemes).find(|(known, _)| *known == name).map(|(_, scheme)| scheme);
    let Some((scheme, _)) = found.and_then(|scheme| refer::resolve(root, scheme).ok()) else {
        return format!("named {name}");
    };
    let word = |key: &str| text(scheme, key).unwrap_or_default().to_lowercase();
    match &*word("type") {
        "basic" => "http basic".into(),
        "http" => format!("http {}", word("scheme")),
        "apikey" => {
            let field = text(scheme, "name").unwrap_or_default();
            let header = word("in") == "header";
            format!("key {} {}", word("in"), if header { field.to_lowercase() } else { field.to_owned() })
        }
        "oauth2" => "oauth2".into(),
        "openidconnect" => "openidconnect".into(),
        other => format!("{other} {name}"),
    }
}
