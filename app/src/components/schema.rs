//! What a document says of values: parameters, headers, attributes, and how they nest.
//!
//! Plain functions instead of components: a page may hold a thousand of them.
use super::{
    Icon,
    link::{Root, segment},
    tabs::{Tab, Tabs},
    text::{breakable, escape},
};
use leptos::prelude::*;
use portico_contract::reference::{Constraint, Property, Schema, Union};

/// Longer lists of allowed values are folded.
const SHOWN_VALUES: usize = 12;
/// Objects of at most so many attributes stand open at the top of a page.
const SHOWN_ATTRIBUTES: usize = 5;

/// A list of named values.
pub fn properties(properties: Vec<Property>, root: &Root) -> AnyView {
    list(properties, root, 0)
}

/// A value without a name of its own: a body, or a schema's page.
pub fn value(schema: Schema, root: &Root) -> AnyView {
    let Schema { kind, link, description_html, constraints, values, properties, items, unions, more } = schema;
    let plain = properties.is_empty() && unions.is_empty();
    let kind = (plain || items).then(|| {
        view! { <p class="note" inner_html=type_of(&kind, link.as_deref(), root)></p> }
    });
    let facts = about(description_html, &values, constraints, more.as_deref(), root);
    let attributes = (!properties.is_empty()).then(|| list(properties, root, 0));
    view! { {kind}{facts}{attributes}{self::unions(unions, root, 0)} }.into_any()
}

fn list(properties: Vec<Property>, root: &Root, depth: usize) -> AnyView {
    let items: Vec<AnyView> = properties.into_iter().map(|property| item(property, root, depth)).collect();
    view! { <ul class="schema">{items}</ul> }.into_any()
}

fn item(property: Property, root: &Root, depth: usize) -> AnyView {
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
        let open = depth == 0 && count <= SHOWN_ATTRIBUTES;
        view! {
            <details class="children" open=open>
                <summary class="button small"><Icon name="right"/><span inner_html=words></span></summary>
                {list(properties, root, depth + 1)}
            </details>
        }
    });
    let kind = type_of(&kind, link.as_deref(), root);
    view! {
        <li class=if deprecated { "param deprecated" } else { "param" } id=anchor.clone()>
            <div class="name">
                <code inner_html=breakable(&name)></code>
                " "
                <a class="anchor" href=format!("#{}", segment(&anchor)) aria-label=format!("Link to {name}")>"#"</a>
                <div class="kind" inner_html=format!("{kind}{flags}")></div>
            </div>
            {about.map(|about| view! { <div class="about">{about}</div> })}
            {children}
            {self::unions(unions, root, depth)}
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
    let description =
        (!description_html.is_empty()).then(|| view! { <div class="prose" inner_html=description_html></div> });
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
            {list}
        </details>
    }
    .into_any()
}

fn unions(unions: Vec<Union>, root: &Root, depth: usize) -> Vec<AnyView> {
    unions
        .into_iter()
        .map(|union| {
            let legend = match &union.discriminator {
                Some(name) => format!("{} {}, told apart by {name}", union.label, union.variants.len()),
                None => format!("{} {}", union.label, union.variants.len()),
            };
            let tabs = union
                .variants
                .into_iter()
                .map(|variant| Tab::new(variant.title, self::variant(variant.schema, root, depth + 1)))
                .collect();
            view! { <div class="union"><Tabs legend=legend tabs=tabs boxed=true/></div> }.into_any()
        })
        .collect()
}

fn variant(schema: Schema, root: &Root, depth: usize) -> AnyView {
    let Schema { kind, link, description_html, constraints, values, properties, items, unions, more } = schema;
    let kind = (properties.is_empty() || items || link.is_some()).then(|| {
        view! { <p class="note" inner_html=type_of(&kind, link.as_deref(), root)></p> }
    });
    let facts = about(description_html, &values, constraints, more.as_deref(), root);
    let attributes = (!properties.is_empty()).then(|| list(properties, root, depth));
    view! { <div class="stack tight">{kind}{facts}</div>{attributes}{self::unions(unions, root, depth)} }.into_any()
}
