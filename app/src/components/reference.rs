//! What the documentation's pages share: the list of operations beside them, and how one operation is listed.
use super::{
    Badge, Icon, Method, Path, Tone,
    link::{NavLink, Root, segment},
};
use leptos::prelude::*;
use portico_contract::{
    catalogue::{Access, ApiHead},
    reference::{Link, Navigation, NavigationGroup, NavigationOperation, OperationLine},
};

/// Which page of the API is shown, where the navigation itself does not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Overview,
    Schema,
    Changes,
    Operation,
    /// Which one, its address says.
    Guide,
}

/// The sidebar of all pages of an API.
pub fn sidebar(head: &ApiHead, navigation: Navigation, place: Place) -> AnyView {
    let root = Root(head.root.clone());
    let mut groups = navigation.groups;
    if place == Place::Overview
        && let Some(first) = groups.first_mut()
    {
        first.open = true;
    }
    let mut section = String::new();
    let groups: Vec<AnyView> = groups
        .into_iter()
        .map(|group| {
            let opens = group.section != section && !group.section.is_empty();
            section.clone_from(&group.section);
            let heading = opens.then(|| view! { <p class="part" dir="auto">{section.clone()}</p> });
            view! { {heading}{self::group(group, &root)} }.into_any()
        })
        .collect();
    let webhooks = (!navigation.webhooks.is_empty()).then(|| {
        let lines = navigation.webhooks.into_iter().map(|line| navigation_line(line, &root)).collect_view();
        view! { <nav class="nav" aria-label="Webhooks"><h2>"Webhooks"</h2><ul>{lines}</ul></nav> }
    });
    let unlisted = (webhooks.is_none() && navigation.webhook_count > 0).then(|| {
        view! { <NavLink href=format!("{}#webhooks", root.0) label="Webhooks"/> }
    });
    let schemas = (navigation.schemas > 0).then(|| {
        view! { <NavLink href=format!("{}#schemas", root.0) label="Schemas" current=place == Place::Schema/> }
    });
    view! {
        <nav class="nav" aria-label="About"><h2>"About"</h2><ul>
            <NavLink href=root.0.clone() label="Overview" current=place == Place::Overview/>
        </ul></nav>
        {super::guide::links(&head.guides)}
        <nav class="nav" aria-label="Operations"><h2>"Operations"</h2>{groups}</nav>
        {webhooks}
        <nav class="nav" aria-label="Reference"><h2>"Reference"</h2><ul>
            {unlisted}
            {schemas}
            <NavLink href=format!("/apis/{}/changes", head.slug) label="Changes" current=place == Place::Changes/>
            <NavLink href=format!("{}/openapi.json", root.0) label="Download OpenAPI"/>
        </ul></nav>
    }
    .into_any()
}

fn group(group: NavigationGroup, root: &Root) -> AnyView {
    if group.operations.is_empty() {
        return view! {
            <ul><li><a href=format!("{}#{}", root.0, segment(&group.anchor))>
                <span dir="auto">{group.name}</span>{(group.count > 0).then(|| view! { <span class="count end">{group.count}</span> })}
            </a></li></ul>
        }
        .into_any();
    }
    let operations = group.operations.into_iter().map(|line| navigation_line(line, root)).collect_view();
    view! {
        <details open=group.open>
            <summary><Icon name="right"/>{group.name}<span class="count">{group.count}</span></summary>
            <ul>{operations}</ul>
        </details>
    }
    .into_any()
}

fn navigation_line(line: NavigationOperation, root: &Root) -> AnyView {
    let title = if line.deprecated {
        view! { <del dir="auto">{line.title}</del> }.into_any()
    } else {
        view! { <span dir="auto">{line.title}</span> }.into_any()
    };
    view! {
        <li><a href=root.operation(&line.slug) aria-current=line.current.then_some("page")>
            <Method method=line.method/>{title}
        </a></li>
    }
    .into_any()
}

/// Operations, each with its page.
pub fn operations(lines: Vec<OperationLine>, root: &Root) -> AnyView {
    let lines = lines
        .into_iter()
        .map(|line| {
            let href = root.operation(&line.slug);
            view! { <li><a class="item" href=href>{operation_line(line)}</a></li> }
        })
        .collect_view();
    view! { <ul class="list">{lines}</ul> }.into_any()
}

fn operation_line(line: OperationLine) -> AnyView {
    let deprecated = line.deprecated.then(|| view! { <Badge text="Deprecated" tone=Tone::Warn/> });
    let path = (!line.path.is_empty()).then(|| view! { <Path path=line.path/> });
    view! { <Method method=line.method/><span class="what" dir="auto"><b>{line.title}</b>" "{deprecated}</span>{path} }
        .into_any()
}

/// A link that a document makes; it tells the other side nothing.
pub fn outward(link: Link) -> AnyView {
    view! { <a href=link.href rel="external nofollow noopener noreferrer">{link.text}</a> }.into_any()
}

pub const fn access_words(access: Access) -> &'static str {
    match access {
        Access::Key => "API key",
        Access::Document => "API key where asked",
        Access::Open => "Open",
    }
}

/// A description's first paragraph, as the content of an element, and the rest.
pub fn lead_and_rest(html: &str) -> (Option<&str>, &str) {
    let html = html.trim();
    match html.strip_prefix("<p>").and_then(|inner| inner.split_once("</p>")) {
        Some((lead, rest)) => (Some(lead), rest.trim()),
        None => (None, html),
    }
}
