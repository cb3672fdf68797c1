//! What a document says of values: parameters, headers, attributes, and how they nest.
//!
//! Plain functions instead of components: a page may hold a thousand of them.
use super::{
    Icon,
    follow::Lead,
    link::{Root, segment},
    tabs::{Tab, Tabs},
    text::{breakable, escape},
};
use crate::context;
use leptos::prelude::*;
use portico_contract::reference::{Constraint, Property, Schema, Union};

/// Longer lists of allowed values are folded.
const SHOWN_VALUES: usize = 8;
/// Objects of at most so many attributes stand open at the top of a page.
const SHOWN_ATTRIBUTES: usize = 5;
/// Levels that stand open where the reader asks for all.
const EXPANDED_LEVELS: usize = 3;
/// Shorter names fit on their line.
const BROKEN_NAME: usize = 18;
/// Longer names get a line of their own.
const LONG_NAME: usize = 26;

/// Where in the nesting something stands.
#[derive(Clone, Copy)]
struct Way<'a> {
    root: &'a Root,
    depth: usize,
    expanded: bool,
}

impl<'a> Way<'a> {
    fn at_top(root: &'a Root) -> Self {
        Self { root, depth: 0, expanded: expanded() }
    }
    const fn deeper(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }
    const fn opens(self, attributes: usize) -> bool {
        self.depth == 0 && attributes <= SHOWN_ATTRIBUTES || self.expanded && self.depth < EXPANDED_LEVELS
    }
}

fn expanded() -> bool {
    context::address().field("expand") == "all"
}

/// A link to the same page with its attributes unfolded, or folded again; `fragment` is where the reader is.
pub fn expander(fragment: &str) -> AnyView {
    let path = context::address().path;
    let (query, words) = if expanded() { ("", "Collapse") } else { ("?expand=all", "Expand all") };
    view! { <a class="button quiet small" href=format!("{path}{query}#{fragment}") rel="nofollow">{words}</a> }
        .into_any()
}

/// Whether there is anything to unfold.
pub fn folds(schema: &Schema) -> bool {
    let nested = |property: &Property| !property.schema.properties.is_empty() || folds(&property.schema);
    schema.properties.iter().any(nested)
        || schema.unions.iter().flat_map(|union| &union.variants).any(|variant| folds(&variant.schema))
}

/// A list of named values.
pub fn properties(properties: Vec<Property>, root: &Root) -> AnyView {
    list(properties, Way::at_top(root))
}

/// A value without a name of its own: a body, or a schema's page. `leads`: what the choice of a variant decides elsewhere.
pub fn value(schema: Schema, leads: Option<&[Lead]>, root: &Root) -> AnyView {
    let way = Way::at_top(root);
    let Schema { kind, link, description_html, constraints, values, properties, items, unions, more } = schema;
    let plain = properties.is_empty() && unions.is_empty();
    let kind = (plain || items).then(|| {
        view! { <p class="note" inner_html=type_of(&kind, link.as_deref(), root)></p> }
    });
    let facts = about(description_html, &values, constraints, more.as_deref(), root);
    let attributes = (!properties.is_empty()).then(|| list(properties, way));
    view! { {kind}{facts}{attributes}{self::unions(unions, leads, way)} }.into_any()
}

fn list(properties: Vec<Property>, way: Way<'_>) -> AnyView {
    let items: Vec<AnyView> = properties.into_iter().map(|property| item(property, way)).collect();
    view! { <ul class="schema">{items}</ul> }.into_any()
}

fn item(property: Property, way: Way<'_>) -> AnyView {
    let root = way.root;
    let Property { anchor, name, required, deprecated, read_only, write_only, schema } = property;
    let Schema { kind, link, description_html, constraints, values, properties, items, unions, more } = schema;
    let flags = format!(
        "{}{}{}{}",
        if required { "<span class=\"required\">required</span>" } else { "" },
        if read_only { "<span class=\"flag\">read-only</span>" } else { "" },
        if write_only { "<span class=\"flag\">write-only</span>" } else { "" },
        if deprecated { "<span class=\"badge warn\">Deprecated</span>" } else { "" },
    );
    let about = about(description_html, &values, constraints, more.as_deref(), root);
    let children = (!properties.is_empty()).then(|| {
        let count = properties.len();
        let whose = match &link {
            Some(schema) if items => format!("each <code>{}</code>", escape(schema)),
            _ if items => format!("each item of <code>{}</code>", escape(&name)),
            _ => format!("<code>{}</code>", escape(&name)),
        };
        let words = format!("{count} {} of {whose}", if count == 1 { "attribute" } else { "attributes" });
        view! {
            <details class="children" open=way.opens(count)>
                <summary class="button small"><Icon name="right"/><span inner_html=words></span></summary>
                {list(properties, way.deeper())}
            </details>
        }
    });
    let kind = type_of(&kind, link.as_deref(), root);
    let written = if name.len() > BROKEN_NAME { breakable(&name) } else { escape(&name) };
    let class = match (deprecated, name.chars().count() > LONG_NAME) {
        (false, false) => "param",
        (true, false) => "param deprecated",
        (false, true) => "param long",
        (true, true) => "param long deprecated",
    };
    view! {
        <li class=class id=anchor.clone()>
            <div class="name">
                <code dir="auto" inner_html=written></code>
                " "
                <a class="anchor" href=format!("#{}", segment(&anchor)) aria-label=format!("Link to {name}") data-copy="">"#"</a>
                <div class="kind" inner_html=format!("{kind}{flags}")></div>
            </div>
            {about.map(|about| view! { <div class="about">{about}</div> })}
            {children}
            {self::unions(unions, None, way)}
        </li>
    }
    .into_any()
}

/// As markup: the kind in words, linked to the schema's page where it has one.
fn type_of(kind: &str, link: Option<&str>, root: &Root) -> String {
    match link {
        Some(schema) => {
            let href = root.schema(schema);
            format!("<a class=\"type\" href=\"{}\">{}</a>", escape(&href), escape(kind))
        }
        None => format!("<span class=\"type\">{}</span>", escape(kind)),
    }
}

fn about(
    description_html: String,
    values: &[(String, String)],
    constraints: Vec<Constraint>,
    more: Option<&str>,
    root: &Root,
) -> Option<AnyView> {
    if description_html.is_empty() && values.is_empty() && constraints.is_empty() && more.is_none() {
        return None;
    }
    let description = (!description_html.is_empty())
        .then(|| view! { <div class="prose" dir="auto" inner_html=description_html></div> });
    let values = (!values.is_empty()).then(|| allowed(values));
    let constraints = (!constraints.is_empty()).then(|| {
        let mut html = String::new();
        for Constraint { label, value } in &constraints {
            let label = if label.is_empty() { String::new() } else { format!("<b>{}</b>", escape(label)) };
            html.extend(["<li class=\"chip\">", &label, &escape(value), "</li>"]);
        }
        view! { <ul class="chips" aria-label="Constraints" inner_html=html></ul> }
    });
    let more = more.map(|schema| {
        view! { <p><a href=root.schema(schema)>"All of "<code>{schema.to_owned()}</code></a></p> }
    });
    Some(view! { {description}{values}{constraints}{more} }.into_any())
}

fn allowed(values: &[(String, String)]) -> AnyView {
    let described = values.iter().any(|(_, description)| !description.is_empty());
    let mut html = String::new();
    for (value, description) in values {
        let value = escape(value);
        if described {
            html.extend(["<dt><code>", &value, "</code></dt><dd>", &escape(description), "</dd>"]);
        } else {
            html.extend(["<li class=\"chip\">", &value, "</li>"]);
        }
    }
    let list = if described {
        view! { <dl class="enum" inner_html=html></dl> }.into_any()
    } else {
        view! { <ul class="chips" aria-label="Allowed values" inner_html=html></ul> }.into_any()
    };
    if values.len() <= SHOWN_VALUES {
        return list;
    }
    view! {
        <details class="children">
            <summary class="button small"><Icon name="right"/>{format!("{} allowed values", values.len())}</summary>
            <input class="input small needs-script" type="search" data-filter="" placeholder="Filter" aria-label="Filter the allowed values"/>
            {list}
        </details>
    }
    .into_any()
}

fn unions(unions: Vec<Union>, mut leads: Option<&[Lead]>, way: Way<'_>) -> Vec<AnyView> {
    unions
        .into_iter()
        .map(|union| {
            let legend = match (&union.discriminator, union.is_choice()) {
                (Some(name), _) => format!("{} {}, told apart by {name}", union.label, union.variants.len()),
                (None, true) => format!("{} {}", union.label, union.variants.len()),
                (None, false) => union.label.clone(),
            };
            let leads = if union.is_choice() { leads.take() } else { None };
            let tabs = union
                .variants
                .into_iter()
                .enumerate()
                .map(|(n, variant)| {
                    let told = union.discriminator.as_ref().filter(|_| !variant.value.is_empty()).map(|name| {
                        view! { <p class="note"><code>{name.clone()}</code>" is "<code>{variant.value.clone()}</code></p> }
                    });
                    let panel = view! { {told}{self::variant(variant.schema, way.deeper())} };
                    Tab::new(variant.title, panel).leading(leads.and_then(|leads| leads.get(n).copied()))
                })
                .collect();
            view! { <div class="union"><Tabs legend=legend tabs=tabs boxed=true/></div> }.into_any()
        })
        .collect()
}

fn variant(schema: Schema, way: Way<'_>) -> AnyView {
    let root = way.root;
    let Schema { kind, link, description_html, constraints, values, properties, items, unions, more } = schema;
    let kind = (properties.is_empty() || items || link.is_some()).then(|| {
        view! { <p class="note" inner_html=type_of(&kind, link.as_deref(), root)></p> }
    });
    let facts = about(description_html, &values, constraints, more.as_deref(), root);
    let attributes = (!properties.is_empty()).then(|| list(properties, way));
    view! { <div class="stack tight">{kind}{facts}</div>{attributes}{self::unions(unions, None, way)} }.into_any()
}
