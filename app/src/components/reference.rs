//! What the documentation's pages share: the list of operations beside them, and how one operation is listed.
use super::{
    Badge, Icon, Method, Path, Tone,
    link::{NavLink, Root, segment},
};
use leptos::prelude::*;
use portico_contract::{
    catalogue::{Access, ApiHead},
    reference::{Link, Navigation, NavigationGroup, OperationLine},
};

/// Which page of the API is shown, where the navigation itself does not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Overview,
    Schema,
    Changes,
    Operation,
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
    let groups: Vec<AnyView> = groups.into_iter().map(|group| self::group(group, &root)).collect();
    let schemas = (navigation.schemas > 0).then(|| {
        view! { <NavLink href=format!("{}#schemas", root.0) label="Schemas" current=place == Place::Schema/> }
    });
    view! {
        <nav class="nav" aria-label="About"><h2>"About"</h2><ul>
            <NavLink href=root.0.clone() label="Overview" current=place == Place::Overview/>
        </ul></nav>
        <nav class="nav" aria-label="Operations"><h2>"Operations"</h2>{groups}</nav>
        <nav class="nav" aria-label="Reference"><h2>"Reference"</h2><ul>
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
                <span>{group.name}</span><span class="count end">{group.count}</span>
            </a></li></ul>
        }
        .into_any();
    }
    let operations = group
        .operations
        .into_iter()
        .map(|operation| {
            let title = if operation.deprecated {
                view! { <del>{operation.title}</del> }.into_any()
            } else {
                view! { <span>{operation.title}</span> }.into_any()
            };
            view! {
                <li><a href=root.operation(&operation.slug) aria-current=operation.current.then_some("page")>
                    <Method method=operation.method/>{title}
                </a></li>
            }
        })
        .collect_view();
    view! {
        <details open=group.open>
            <summary><Icon name="right"/>{group.name}<span class="count">{group.count}</span></summary>
            <ul>{operations}</ul>
        </details>
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

/// Calls that the API makes to its users: they have no page.
pub fn calls_back(lines: Vec<OperationLine>) -> AnyView {
    let lines =
        lines.into_iter().map(|line| view! { <li><div class="item">{operation_line(line)}</div></li> }).collect_view();
    view! { <ul class="list">{lines}</ul> }.into_any()
}

fn operation_line(line: OperationLine) -> AnyView {
    let deprecated = line.deprecated.then(|| view! { <Badge text="Deprecated" tone=Tone::Warn/> });
    let path = (!line.path.is_empty()).then(|| view! { <Path path=line.path/> });
    view! { <Method method=line.method/><span class="what"><b>{line.title}</b>" "{deprecated}</span>{path} }.into_any()
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
