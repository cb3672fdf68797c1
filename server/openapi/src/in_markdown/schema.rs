//! What a document says of values, as nested lists; and the page of a schema.
use super::{
    Portal,
    prose::prose,
    sheet::{Sheet, code, link, text},
};
use portico_contract::{
    catalogue::SchemaPage,
    reference::{Property, Schema, Union, Variant},
};

pub fn schema(page: &SchemaPage, portal: Portal<'_>) -> String {
    let SchemaPage { head, schema, .. } = page;
    let root = &head.root;
    let mut sheet = Sheet::default();
    sheet.heading(1, &text(&schema.name));
    let api = link(&text(&head.title), &portal.whole(&format!("{root}.md")));
    sheet.block(&format!("A schema of {api}, version {}.", text(&head.version)));
    if schema.deprecated {
        sheet.block("**Deprecated.**");
    }
    if schema.title != schema.name && !schema.title.is_empty() {
        sheet.block(&super::sheet::line(&text(&schema.title)));
    }
    sheet.heading(2, "Definition");
    value(&mut sheet, &schema.schema, portal, root);
    if let Some(example) = &schema.example {
        sheet.heading(2, "Example");
        sheet.code("json", &example.text());
    }
    if !schema.used_by.is_empty() {
        sheet.heading(2, "Used by");
        for line in &schema.used_by {
            sheet.item(&portal.line(root, line), |_| {});
        }
        let rest = schema.used_by_total as usize - schema.used_by.len().min(schema.used_by_total as usize);
        if rest > 0 {
            sheet.block(&format!("And {rest} more."));
        }
    }
    sheet.finish()
}

/// A value without a name of its own.
pub(super) fn value(sheet: &mut Sheet, schema: &Schema, portal: Portal<'_>, root: &str) {
    sheet.block(&format!("Type: {}", kind(schema, portal, root)));
    inside(sheet, schema, portal, root);
}

/// Named values.
pub(super) fn properties(sheet: &mut Sheet, properties: &[Property], portal: Portal<'_>, root: &str) {
    for property in properties {
        let flags = [
            (property.required, "required"),
            (property.read_only, "read-only"),
            (property.write_only, "write-only"),
            (property.deprecated, "deprecated"),
        ];
        let mut facts = vec![kind(&property.schema, portal, root)];
        facts.extend(flags.into_iter().filter(|(is, _)| *is).map(|(_, words)| words.to_owned()));
        facts.retain(|fact| !fact.is_empty());
        let name = Some(code(&property.name)).filter(|name| !name.is_empty()).unwrap_or_else(|| "(no name)".to_owned());
        sheet.item(&format!("{name} ({})", facts.join(", ")), |sheet| inside(sheet, &property.schema, portal, root));
    }
}

fn kind(schema: &Schema, portal: Portal<'_>, root: &str) -> String {
    let words = text(&schema.kind);
    match &schema.link {
        Some(name) => link(&words, &portal.schema(root, name)),
        None => words,
    }
}

/// All that is said of a value but its type.
fn inside(sheet: &mut Sheet, schema: &Schema, portal: Portal<'_>, root: &str) {
    let description = prose(&schema.description_html, 6);
    if !description.is_empty() {
        sheet.block(&description);
    }
    let constraints = schema.constraints.iter().map(|constraint| match constraint.label.as_str() {
        "" => code(&constraint.value),
        label => format!("{} {}", text(label), code(&constraint.value)),
    });
    let constraints: Vec<String> = constraints.map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect();
    if !constraints.is_empty() {
        sheet.block(&format!("Constraints: {}.", constraints.join("; ")));
    }
    if schema.values.iter().any(|(_, words)| !words.is_empty()) {
        sheet.block("Allowed values:");
        for (value, words) in &schema.values {
            let words = if words.is_empty() { String::new() } else { format!(": {}", text(words)) };
            sheet.item(&format!("{}{words}", code(value)), |_| {});
        }
    } else if !schema.values.is_empty() {
        let values: Vec<String> = schema.values.iter().map(|(value, _)| code(value)).collect();
        sheet.block(&format!("Allowed values: {}.", values.join(", ")));
    }
    if !schema.properties.is_empty() {
        sheet.block(if schema.items { "Attributes of each item:" } else { "Attributes:" });
        properties(sheet, &schema.properties, portal, root);
    }
    for one in &schema.unions {
        union(sheet, one, portal, root);
    }
    if let Some(more) = &schema.more {
        sheet.block(&format!("More: {}.", link(&text(more), &portal.schema(root, more))));
    }
}

fn union(sheet: &mut Sheet, union: &Union, portal: Portal<'_>, root: &str) {
    let told = union.discriminator.as_ref().map(|name| format!(", told apart by {}", code(name))).unwrap_or_default();
    sheet.block(&format!("{}{told}:", text(&union.label)));
    for Variant { title, value, schema } in &union.variants {
        let when = match &union.discriminator {
            Some(name) if !value.is_empty() => format!(", {} is {}", code(name), code(value)),
            _ => String::new(),
        };
        sheet.item(&format!("**{}** ({}{when})", text(title), kind(schema, portal, root)), |sheet| {
            inside(sheet, schema, portal, root);
        });
    }
}
