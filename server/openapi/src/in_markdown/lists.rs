//! Which APIs there are: the page of the catalogue, and `/llms.txt` (llmstxt.org).
use super::{
    Portal,
    sheet::{Sheet, line, link, text},
};
use portico_contract::catalogue::{Access, Catalogue, CatalogueItem};

pub fn catalogue(catalogue: &Catalogue, portal: Portal<'_>) -> String {
    let mut sheet = Sheet::default();
    sheet.heading(1, "APIs");
    if catalogue.items.is_empty() {
        sheet.block("Nothing is published that you may read.");
    }
    for item in &catalogue.items {
        sheet.item(&entry(item, portal), |_| {});
    }
    guides(&mut sheet, catalogue, portal);
    sheet.finish()
}

fn guides(sheet: &mut Sheet, catalogue: &Catalogue, portal: Portal<'_>) {
    if !catalogue.guides.is_empty() {
        sheet.heading(2, "Guides");
        for line in &catalogue.guides {
            sheet.item(&super::guide::entry(line, portal), |_| {});
        }
    }
}

/// A title, a summary, and lists of links, as llmstxt.org has it. `name` is the portal's.
pub fn llms(name: &str, catalogue: &Catalogue, portal: Portal<'_>) -> String {
    let mut sheet = Sheet::default();
    sheet.heading(1, &text(name));
    sheet.block(&format!("> The APIs of {}: their documentation, and a gateway that serves them.", text(name)));
    sheet.block(
        "Every documentation page is also Markdown: add `.md` to its address, or ask for `text/markdown`. Calls go to the \
         base URL that an API's page names; where a key is needed, send it as `X-API-Key` or as a bearer token.",
    );
    sheet.heading(2, "APIs");
    if catalogue.items.is_empty() {
        sheet.block("Nothing is published that you may read.");
    }
    for item in &catalogue.items {
        sheet.item(&entry(item, portal), |_| {});
    }
    guides(&mut sheet, catalogue, portal);
    if !catalogue.items.is_empty() {
        sheet.heading(2, "OpenAPI documents");
        for item in &catalogue.items {
            let at = portal.whole(&format!("/apis/{}/openapi.json", item.slug));
            sheet.item(&link(&text(&item.title), &at), |_| {});
        }
        sheet.heading(2, "Optional");
        let whole = portal.whole("/llms-full.txt");
        sheet.item(
            &format!("{}: all of these pages in one file, as far as it goes", link("Everything", &whole)),
            |_| {},
        );
        for item in &catalogue.items {
            let at = portal.whole(&format!("/apis/{}/changes.md", item.slug));
            sheet.item(&link(&format!("Changes of {}", text(&item.title)), &at), |_| {});
        }
    }
    sheet.finish()
}

fn entry(item: &CatalogueItem, portal: Portal<'_>) -> String {
    let at = portal.whole(&format!("/apis/{}.md", item.slug));
    let access = match item.access {
        Access::Key => "needs a key",
        Access::Document => "needs a key where the document asks for credentials",
        Access::Open => "open",
    };
    let operations =
        if item.operations == 1 { "1 operation".to_owned() } else { format!("{} operations", item.operations) };
    let summary = if item.summary.is_empty() { String::new() } else { format!("{} ", line(&text(&item.summary))) };
    format!("{}: {summary}({operations}, version {}, {access})", link(&text(&item.title), &at), text(&item.version))
}
