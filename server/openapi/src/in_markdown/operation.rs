//! The page of an operation, a webhook or a callback.
use super::{
    Portal,
    prose::prose,
    schema,
    sheet::{Sheet, code, line, link, text},
};
use crate::operation::is_json;
use portico_contract::{
    catalogue::OperationPage,
    reference::{Content, Operation, Response, ResponseLink, SchemeUse, SecurityAlternative, Sender, Server},
};
use portico_samples::{Language, write};

pub fn operation(page: &OperationPage, portal: Portal<'_>) -> String {
    let OperationPage { head, operation, needs_key, call, given, last_changed, .. } = page;
    let root = head.root.as_str();
    let ours = operation.sender == Sender::Client;
    let mut sheet = Sheet::default();
    sheet.heading(1, &text(&operation.title));
    let method = operation.method.to_uppercase();
    sheet.block(&code(&match (ours, operation.path.as_str()) {
        (true, path) => format!("{method} {}{path}", head.base_url.trim_end_matches('/')),
        (false, "") => method,
        (false, path) => format!("{method} {path}"),
    }));
    let api = link(&text(&head.title), &portal.whole(&format!("{root}.md")));
    let of = format!("{api}, version {}", text(&head.version));
    sheet.block(&match &operation.sender {
        Sender::Client => format!("An operation of {of}."),
        Sender::Webhook => format!("A webhook of {of}: the API sends this call to the address that you give it."),
        Sender::Callback(cause) => {
            let cause = link(&text(&cause.title), &portal.operation(root, &cause.slug));
            format!("A callback of {of}: the API sends this call because of {cause}.")
        }
    });
    if operation.deprecated {
        sheet.block("**Deprecated.**");
    }
    let description = prose(&operation.description_html, 1);
    if !description.is_empty() {
        sheet.block(&description);
    }
    facts(&mut sheet, operation);
    if ours {
        authorisation(&mut sheet, *needs_key, &operation.security);
    }
    if !operation.parameters.is_empty() {
        sheet.heading(2, "Parameters");
        for group in &operation.parameters {
            sheet.heading(3, &text(&group.place));
            schema::properties(&mut sheet, &group.properties, portal, root);
        }
    }
    if let Some(body) = &operation.body {
        sheet.heading(2, if ours { "Request body" } else { "What you receive" });
        sheet.block(if body.required { "Required." } else { "Optional." });
        let description = prose(&body.description_html, 2);
        if !description.is_empty() {
            sheet.block(&description);
        }
        for one in &body.contents {
            content(&mut sheet, one, 3, portal, root);
        }
    }
    if !operation.responses.is_empty() {
        sheet.heading(2, if ours { "Responses" } else { "What you answer" });
        for one in &operation.responses {
            response(&mut sheet, one, portal, root);
        }
    }
    if call.is_some() || !given.is_empty() {
        sheet.heading(2, "Sample");
    }
    if let Some(call) = call {
        sheet.code("sh", &write(call, Language::Curl).text());
    }
    for sample in given {
        sheet.block(&format!("{}:", text(&sample.label)));
        sheet.code("", &sample.source);
    }
    if !operation.callbacks.is_empty() {
        sheet.heading(2, "Callbacks");
        sheet.block("What the API sends because of this call:");
        for one in &operation.callbacks {
            sheet.item(&portal.line(root, one), |_| {});
        }
    }
    if !operation.servers.is_empty() {
        sheet.heading(2, "Servers");
        sheet.block("The document serves this operation elsewhere than the others:");
        servers(&mut sheet, &operation.servers);
    }
    if let Some(last) = last_changed {
        let version = link(&text(&last.version), &portal.whole(&format!("{}.md", last.href)));
        sheet.block(&if last.new {
            format!("New in version {version}.")
        } else {
            format!("Last changed in version {version}.")
        });
    }
    sheet.finish()
}

fn facts(sheet: &mut Sheet, operation: &Operation) {
    let mut facts = Vec::new();
    if !operation.id.is_empty() {
        facts.push(format!("Operation id: {}", code(&operation.id)));
    }
    if !operation.group.name.is_empty() {
        facts.push(format!("Group: {}", text(&operation.group.name)));
    }
    if !operation.badges.is_empty() {
        let badges: Vec<String> = operation.badges.iter().map(|words| text(words)).collect();
        facts.push(format!("Marked: {}", badges.join(", ")));
    }
    if let Some(docs) = &operation.external_docs {
        facts.push(format!("More: {}", link(&text(&docs.text), &docs.href)));
    }
    for fact in facts {
        sheet.item(&fact, |_| {});
    }
    if !operation.faults.is_empty() {
        sheet.block("Parts of this operation could not be read:");
        for fault in &operation.faults {
            sheet.item(&line(&text(fault)), |_| {});
        }
    }
}

fn authorisation(sheet: &mut Sheet, needs_key: bool, security: &[SecurityAlternative]) {
    sheet.heading(2, "Authorisation");
    sheet.block(if needs_key {
        "Send a key of this portal as `X-API-Key: <key>` or `Authorization: Bearer <key>`."
    } else {
        "No key of this portal is needed."
    });
    if security.iter().all(|alternative| alternative.schemes.is_empty()) {
        return;
    }
    sheet.block(if security.len() == 1 { "The document asks for:" } else { "The document asks for one of these:" });
    for alternative in security {
        let names: Vec<String> = alternative.schemes.iter().map(|scheme| code(&scheme.name)).collect();
        let words = if names.is_empty() { "nothing".to_owned() } else { names.join(" and ") };
        sheet.item(&words, |sheet| {
            for scheme in &alternative.schemes {
                scheme_use(sheet, scheme);
            }
        });
    }
}

fn scheme_use(sheet: &mut Sheet, scheme: &SchemeUse) {
    let kind = if scheme.kind.is_empty() { "not described".to_owned() } else { text(&scheme.kind) };
    sheet.item(&format!("{}: {kind}", code(&scheme.name)), |sheet| {
        if !scheme.summary.is_empty() {
            sheet.block(&line(&text(&scheme.summary)));
        }
        for (scope, words) in &scheme.scopes {
            let words = if words.is_empty() { String::new() } else { format!(": {}", text(words)) };
            sheet.item(&format!("scope {}{words}", code(scope)), |_| {});
        }
    });
}

fn response(sheet: &mut Sheet, response: &Response, portal: Portal<'_>, root: &str) {
    sheet.heading(3, text(&format!("{} {}", response.status, response.reason)).trim_end());
    let description = prose(&response.description_html, 3);
    if !description.is_empty() {
        sheet.block(&description);
    }
    if !response.headers.is_empty() {
        sheet.block("Headers:");
        schema::properties(sheet, &response.headers, portal, root);
    }
    for one in &response.contents {
        content(sheet, one, 4, portal, root);
    }
    if !response.links.is_empty() {
        sheet.block("What can follow:");
        for one in &response.links {
            follows(sheet, one, portal, root);
        }
    }
}

fn follows(sheet: &mut Sheet, one: &ResponseLink, portal: Portal<'_>, root: &str) {
    let target = match &one.operation {
        Some(operation) => portal.line(root, operation),
        None => code(&one.target),
    };
    sheet.item(&format!("{}: {target}", text(&one.name)), |sheet| {
        let description = prose(&one.description_html, 6);
        if !description.is_empty() {
            sheet.block(&description);
        }
        for (name, value) in &one.values {
            sheet.item(&format!("{} from {}", code(name), code(value)), |_| {});
        }
        if !one.body.is_empty() {
            sheet.item(&format!("body from {}", code(&one.body)), |_| {});
        }
        if !one.server.is_empty() {
            sheet.item(&format!("at {}", code(&one.server)), |_| {});
        }
    });
}

fn content(sheet: &mut Sheet, content: &Content, level: usize, portal: Portal<'_>, root: &str) {
    let stream = if content.stream { ", a stream of these:" } else { "" };
    sheet.heading(level, &format!("{}{stream}", code(&content.media_type)));
    if let Some(schema) = &content.schema {
        schema::value(sheet, schema, portal, root);
    }
    if !content.encodings.is_empty() {
        sheet.block("How parts are written:");
        schema::properties(sheet, &content.encodings, portal, root);
    }
    for example in &content.examples {
        let title = if example.title == "Example" {
            "Example:".to_owned()
        } else {
            format!("Example, {}:", text(&example.title))
        };
        sheet.block(&title);
        let description = prose(&example.description_html, 6);
        if !description.is_empty() {
            sheet.block(&description);
        }
        let code = example.code.text();
        if !code.is_empty() {
            sheet.code(if is_json(&content.media_type) { "json" } else { "" }, &code);
        }
        if let Some(at) = &example.link {
            sheet.block(&link(&text(&at.text), &at.href));
        }
    }
}

/// Where the document serves something.
pub(super) fn servers(sheet: &mut Sheet, servers: &[Server]) {
    for server in servers {
        let name = if server.name.is_empty() { String::new() } else { format!("{}: ", text(&server.name)) };
        sheet.item(&format!("{name}{}", code(&server.url)), |sheet| {
            let description = prose(&server.description_html, 6);
            if !description.is_empty() {
                sheet.block(&description);
            }
            for variable in &server.variables {
                let values: Vec<String> = variable.values.iter().map(|value| code(value)).collect();
                let values = if values.is_empty() { String::new() } else { format!(", one of {}", values.join(", ")) };
                let default = code(&variable.default);
                let default =
                    if default.is_empty() { String::new() } else { format!(", {default} unless told otherwise") };
                sheet.item(&format!("variable {}{default}{values}", code(&variable.name)), |sheet| {
                    let description = prose(&variable.description_html, 6);
                    if !description.is_empty() {
                        sheet.block(&description);
                    }
                });
            }
        });
    }
}
