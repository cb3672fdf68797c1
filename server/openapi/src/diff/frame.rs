//! What two documents say of the API as a whole.
use super::{Comparing, words};
use crate::{
    Description,
    outline::{Dialect, text},
};
use portico_contract::changes::{ChangeClass, Edition};
use serde_json::Value;
use std::collections::BTreeSet;

impl Comparing<'_> {
    pub(super) fn frame(&mut self, unit: usize, before: &Description, after: &Description) {
        let (was, is) = (servers(self.before.root, self.before.dialect), servers(self.after.root, self.after.dialect));
        if was != is {
            let gone: Vec<String> = was.difference(&is).map(|url| words::code(url)).collect();
            let new: Vec<String> = is.difference(&was).map(|url| words::code(url)).collect();
            let message = match (gone.is_empty(), new.is_empty()) {
                (false, false) => {
                    format!("the servers {} are named now, and {} no longer", words::list(new), words::list(gone))
                }
                (true, _) => format!("the servers {} are named, too", words::list(new)),
                (false, true) => format!("the servers {} are no longer named", words::list(gone)),
            };
            let advice = "Calls through this portal's gateway stay as they are.";
            let place = (Edition::After, after.root().get("servers"));
            self.tell(unit, ChangeClass::Compatible, "servers-changed", place, (message, advice));
        }
        let about = |description: &Description| {
            let info = description.root().get("info").cloned().unwrap_or_default();
            let said = |key: &str| text(&info, key).map(str::to_owned);
            (
                said("description"),
                said("summary"),
                said("termsOfService"),
                info.get("contact").cloned(),
                info.get("license").cloned(),
            )
        };
        let tags = |root: &Value| root.get("tags").cloned();
        if before.title() != after.title() {
            let message =
                format!("the API is called {} now, was {}", words::code(after.title()), words::code(before.title()));
            self.tell(unit, ChangeClass::Docs, "title-changed", (Edition::After, None), (message, ""));
        }
        if about(before) != about(after) || tags(before.root()) != tags(after.root()) {
            self.reworded(unit);
        }
    }
}

/// Addresses of the servers, without a slash at the end. Variables stay as they are written.
fn servers(root: &Value, dialect: Dialect) -> BTreeSet<String> {
    if dialect != Dialect::Swagger2 {
        let listed = root.get("servers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let urls = listed.iter().take(100).filter_map(|server| text(server, "url"));
        return urls.map(|url| url.trim_end_matches('/').to_owned()).filter(|url| !url.is_empty()).collect();
    }
    let base = text(root, "basePath").unwrap_or_default().trim_end_matches('/');
    let Some(host) = text(root, "host") else {
        return (!base.is_empty()).then(|| base.to_owned()).into_iter().collect();
    };
    let schemes = root.get("schemes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut schemes: Vec<&str> = schemes.iter().filter_map(Value::as_str).take(4).collect();
    if schemes.is_empty() {
        schemes.push("https");
    }
    schemes.into_iter().map(|scheme| format!("{scheme}://{host}{base}")).collect()
}
