//! The page of an API.
use super::{
    Portal,
    operation::servers,
    prose::prose,
    sheet::{Sheet, code, line, link, text},
};
use portico_contract::{
    catalogue::{Access, ApiPage},
    reference::SecurityScheme,
};
use portico_samples::{Language, write};

pub fn api(page: &ApiPage, portal: Portal<'_>) -> String {
    let ApiPage { head, overview, plans, first_call, .. } = page;
    let root = head.root.as_str();
    let mut sheet = Sheet::default();
    sheet.heading(1, &text(&head.title));
    if !overview.summary.is_empty() {
        sheet.block(&line(&text(&overview.summary)));
    }
    let whole = |path: &str| portal.whole(&format!("{root}{path}"));
    let access = match head.access {
        Access::Key => "every call needs a key of this portal",
        Access::Document => "calls that ask for credentials need a key of this portal",
        Access::Open => "no key is needed",
    };
    let mut facts = vec![
        format!("Version: {}", text(&head.version)),
        format!("Base URL: {}", code(&head.base_url)),
        format!("Access: {access}"),
        format!("OpenAPI document: <{}>, <{}>", whole("/openapi.json"), whole("/openapi.yaml")),
        format!("Changes: <{}>", portal.whole(&format!("/apis/{}/changes.md", head.slug))),
    ];
    if head.draft {
        facts.push("Not published: only publishers see this page".to_owned());
    }
    let others: Vec<String> = head
        .versions
        .iter()
        .filter(|version| !version.current)
        .map(|version| link(&text(&version.version), &portal.whole(&format!("{}.md", version.href))))
        .collect();
    if !others.is_empty() {
        facts.push(format!("Other versions: {}", others.join(", ")));
    }
    for fact in facts {
        sheet.item(&fact, |_| {});
    }
    if !overview.description_html.is_empty() {
        sheet.heading(2, "About");
        sheet.block(&prose(&overview.description_html, 2));
    }
    if !head.guides.is_empty() {
        sheet.heading(2, "Guides");
        for line in &head.guides {
            sheet.item(&super::guide::entry(line, portal), |_| {});
        }
    }
    if let Some(call) = first_call {
        sheet.heading(2, "First call");
        sheet.code("sh", &write(call, Language::Curl).text());
    }
    if !plans.is_empty() {
        sheet.heading(2, "Plans");
        for plan in plans {
            let approval = if plan.manual { ", on approval" } else { "" };
            let limits = format!("rate {}, quota {}", text(&plan.limits.rate), text(&plan.limits.quota));
            sheet.item(&format!("{}: {limits}{approval}", text(&plan.name)), |_| {});
        }
    }
    sheet.heading(2, "Operations");
    for group in &overview.groups {
        let section = if group.section.is_empty() { String::new() } else { format!("{}: ", text(&group.section)) };
        sheet.heading(3, &format!("{section}{}", text(&group.name)));
        let description = prose(&group.description_html, 3);
        if !description.is_empty() {
            sheet.block(&description);
        }
        if let Some(docs) = &group.external_docs {
            sheet.block(&link(&text(&docs.text), &docs.href));
        }
        for operation in &group.operations {
            sheet.item(&portal.line(root, operation), |_| {});
        }
    }
    if !overview.webhooks.is_empty() {
        sheet.heading(2, "Webhooks");
        for webhook in &overview.webhooks {
            sheet.item(&portal.line(root, webhook), |_| {});
        }
    }
    if !overview.schemas.is_empty() {
        sheet.heading(2, "Schemas");
        for schema in &overview.schemas {
            let deprecated = if schema.deprecated { " (deprecated)" } else { "" };
            let name = link(&text(&schema.name), &portal.schema(root, &schema.name));
            sheet.item(&format!("{name}: {}{deprecated}", text(&schema.kind)), |_| {});
        }
    }
    if !overview.security.is_empty() {
        sheet.heading(2, "Security in the document");
        for scheme in &overview.security {
            security(&mut sheet, scheme);
        }
    }
    if !overview.servers.is_empty() {
        sheet.heading(2, "Servers in the document");
        sheet.block(&format!("Calls with a key of this portal go to {}. The document names:", code(&head.base_url)));
        servers(&mut sheet, &overview.servers);
    }
    let mut more = Vec::new();
    if let Some(contact) = &overview.contact {
        let at = contact.link.as_ref().map(|at| link(&text(&at.text), &at.href)).unwrap_or_default();
        more.push(format!("Contact: {}", format!("{} {at}", text(&contact.name)).trim()));
    }
    let links = [&overview.external_docs, &overview.terms, &overview.license];
    more.extend(links.into_iter().flatten().map(|at| link(&text(&at.text), &at.href)));
    if !more.is_empty() {
        sheet.heading(2, "More");
        for line in more {
            sheet.item(&line, |_| {});
        }
    }
    sheet.finish()
}

fn security(sheet: &mut Sheet, scheme: &SecurityScheme) {
    let deprecated = if scheme.deprecated { " (deprecated)" } else { "" };
    let addresses = |sheet: &mut Sheet, addresses: &[(String, String)]| {
        for (words, address) in addresses {
            sheet.item(&format!("{}: {}", text(words), code(address)), |_| {});
        }
    };
    sheet.item(&format!("{}: {}{deprecated}", code(&scheme.name), text(&scheme.kind)), |sheet| {
        let description = prose(&scheme.description_html, 6);
        if !description.is_empty() {
            sheet.block(&description);
        }
        addresses(sheet, &scheme.addresses);
        for flow in &scheme.flows {
            sheet.item(&text(&flow.kind), |sheet| {
                addresses(sheet, &flow.addresses);
                for (scope, words) in &flow.scopes {
                    let words = if words.is_empty() { String::new() } else { format!(": {}", text(words)) };
                    sheet.item(&format!("scope {}{words}", code(scope)), |_| {});
                }
            });
        }
    });
}
