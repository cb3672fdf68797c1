//! Schemas as a page shows them: the author's own keywords in words, within what a page can bear.
pub(crate) mod constraint;
pub(crate) mod facets;
pub(crate) mod kind;

pub(crate) use constraint::example_chip;

use crate::{description::Anchors, example::Side, limits, markdown, outline::text, refer};
use facets::{Facets, gather};
use portico_contract::reference::{Constraint, Property, Schema, Union, Variant};
use serde_json::Value;
use std::collections::HashSet;

/// What has been spent and shown on one page.
///
/// A schema that has its attributes listed once is a link (`more`) wherever it comes again, and so is one that holds
/// itself; all attributes of one level come before those within them.
pub(crate) struct Page<'d> {
    root: &'d Value,
    pub(crate) anchors: Anchors,
    /// Elements of the page left for what is told of values.
    elements: usize,
    prose: usize,
    shown: HashSet<String>,
    /// Names of the schemas around the one that is written.
    around: Vec<String>,
    /// Who writes the values; `None`: both are told of.
    side: Option<Side>,
}

impl<'d> Page<'d> {
    /// With room for so many elements.
    pub(crate) fn new(root: &'d Value, elements: usize) -> Self {
        Self {
            root,
            anchors: Anchors::default(),
            elements,
            prose: limits::PAGE_PROSE,
            shown: HashSet::new(),
            around: Vec::new(),
            side: None,
        }
    }

    pub(crate) fn root(&self) -> &'d Value {
        self.root
    }

    /// From here on only what this side writes is shown. Answers are read apart from what was sent: what the body has
    /// shown may be shown once more.
    pub(crate) fn begin(&mut self, side: Side) {
        self.side = Some(side);
        self.shown.clear();
    }

    pub(crate) fn side(&self) -> Side {
        self.side.unwrap_or(Side::Answer)
    }

    /// For what stands on the page beside schemas.
    pub(crate) fn spend(&mut self, elements: usize) {
        self.elements = self.elements.saturating_sub(elements);
    }

    /// Markdown as HTML; the first sentence where the page is full.
    pub(crate) fn prose(&mut self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        if text.len() > self.prose {
            return markdown::markdown(&markdown::sentences(text, 160), 3);
        }
        self.prose -= text.len();
        markdown::markdown(text, 3)
    }

    pub(crate) fn schema(&mut self, value: &Value, anchor: &str) -> Schema {
        self.write(&[value], anchor, 0)
    }

    /// The schema with a page of its own, on that page.
    pub(crate) fn named(&mut self, name: &str, value: &Value) -> Schema {
        self.around.push(name.to_owned());
        self.shown.insert(name.to_owned());
        let schema = self.write(&[value], "attribute", 0);
        self.around.pop();
        schema
    }

    /// A schema shown before, as a link where it has a name.
    pub(crate) fn again(schema: Schema) -> Schema {
        match &schema.link {
            Some(link) => Schema {
                more: Some(link.clone()),
                properties: Vec::new(),
                unions: Vec::new(),
                values: Vec::new(),
                ..schema
            },
            None => Schema { properties: Vec::new(), unions: Vec::new(), ..schema },
        }
    }

    /// `parts` hold all at once, as in `allOf`.
    fn write(&mut self, parts: &[&Value], anchor: &str, depth: usize) -> Schema {
        let root = self.root;
        let facets = gather(root, parts);
        let mut schema = Schema {
            kind: kind::words(root, &facets),
            link: facets.name.clone(),
            description_html: facets.description.map(|text| self.prose(text)).unwrap_or_default(),
            constraints: constraint::chips(root, &facets),
            ..Schema::default()
        };
        let mut values = constraint::values(&facets);

        // Of a list, the items are what there is to tell.
        let (inner, nesting) = facets::innermost(root, &facets);
        let inner = inner.as_ref().unwrap_or(&facets);
        if nesting > 0 {
            schema.items = true;
            schema.link = schema.link.or_else(|| inner.name.clone());
            let mut each = constraint::chips(root, inner);
            each.retain(|chip| chip.label != "default");
            for chip in each {
                let label = if chip.label.is_empty() { "each".to_owned() } else { format!("each: {}", chip.label) };
                schema.constraints.push(Constraint { label, value: chip.value });
            }
            values = constraint::values(inner);
            if schema.description_html.is_empty() && inner.name.is_none() {
                schema.description_html = inner.description.map(|text| self.prose(text)).unwrap_or_default();
            }
        }
        if values.len() > limits::VALUES {
            let more = values.len() - limits::VALUES;
            values.truncate(limits::VALUES);
            schema.constraints.push(chip("not shown", format!("{more} more values")));
        }
        schema.values = values;
        self.spend(elements_of(&schema));
        if inner.has_children() {
            self.children(&mut schema, inner, anchor, depth);
        }
        schema
    }

    /// Attributes and variants, or where to read of them.
    fn children(&mut self, schema: &mut Schema, facets: &Facets<'_>, anchor: &str, depth: usize) {
        let name = facets.name.as_deref();
        let known = name.is_some_and(|name| self.around.iter().any(|n| n == name) || self.shown.contains(name));
        if known || depth >= limits::PAGE_DEPTH || self.elements < ATTRIBUTE {
            schema.more = name.or(self.around.last().map(String::as_str)).map(str::to_owned);
            if schema.more.is_none() {
                schema.constraints.push(chip("not shown", "attributes nested deeper".to_owned()));
            }
            return;
        }
        if let Some(name) = name {
            self.shown.insert(name.to_owned());
            self.around.push(name.to_owned());
        }
        self.attributes(schema, facets, anchor, depth);
        self.unions(schema, facets, anchor, depth);
        if name.is_some() {
            self.around.pop();
        }
    }

    fn attributes(&mut self, schema: &mut Schema, facets: &Facets<'_>, anchor: &str, depth: usize) {
        let mut all: Vec<(String, &[&Value], bool)> = Vec::new();
        let hidden = self.side.map(Side::hidden);
        let hides =
            |parts: &[&Value]| hidden.is_some_and(|flag| parts.iter().any(|part| facets::flag(self.root, part, flag)));
        for (name, parts) in facets.properties.iter().filter(|(_, parts)| !hides(parts)) {
            all.push(((*name).to_owned(), parts, facets.required.contains(name)));
        }
        for (pattern, part) in &facets.patterns {
            all.push((format!("/{pattern}/"), std::slice::from_ref(part), false));
        }
        for (n, part) in facets.positions.iter().enumerate() {
            all.push((format!("[{n}]"), std::slice::from_ref(part), false));
        }
        if let Some(part) = facets.rest.as_ref().filter(|rest| rest.is_object()) {
            all.push((format!("[{}…]", facets.positions.len()), std::slice::from_ref(part), false));
        }
        if let Some(part) = facets.additional.as_ref().filter(|_| kind::additional_is_told_apart(self.root, facets)) {
            let name = text(part, "x-additionalPropertiesName").map_or("*".to_owned(), |name| format!("<{name}>"));
            all.push((name, std::slice::from_ref(part), false));
        }
        // What has no name here or around it can be read nowhere else.
        let nameless = depth == 0 && facets.name.is_none() && self.around.is_empty();
        let room = all.len().min(if nameless { limits::NAMELESS_PROPERTIES } else { self.elements / ATTRIBUTE });
        if room < all.len() {
            schema.constraints.push(chip("not shown", format!("{} more attributes", all.len() - room)));
            schema.more = facets.name.clone().or(self.around.last().cloned());
        }
        self.spend(room * ATTRIBUTE);
        for (name, parts, required) in all.into_iter().take(room) {
            let anchor = self.anchors.take(anchor, &name);
            let is = |key: &str| parts.iter().any(|part| facets::flag(self.root, part, key));
            let (deprecated, read_only, write_only) =
                (is("deprecated") || is("x-deprecated"), is("readOnly"), is("writeOnly"));
            let mut schema_of = self.write(parts, &anchor, depth + 1);
            if schema_of.description_html.is_empty()
                && let Some(title) = gather(self.root, parts).title.filter(|title| !title.eq_ignore_ascii_case(&name))
                && schema_of.link.as_deref() != Some(title)
            {
                schema_of.description_html = self.prose(&refer::shorten(title));
            }
            let name = refer::shorten(&name).into_owned();
            schema.properties.push(Property {
                anchor,
                name,
                required,
                deprecated,
                read_only,
                write_only,
                schema: schema_of,
            });
        }
    }

    fn unions(&mut self, schema: &mut Schema, facets: &Facets<'_>, anchor: &str, depth: usize) {
        for union in &facets.unions {
            let mut written = Union {
                label: union.label.to_owned(),
                discriminator: union.discriminator.map(|name| refer::shorten(name).into_owned()),
                variants: Vec::new(),
            };
            for (n, variant) in union.schemas.iter().enumerate() {
                if n >= limits::VARIANTS || self.elements < ATTRIBUTE {
                    let more = union.schemas.len() - n;
                    schema.constraints.push(chip("not shown", format!("{more} more variants")));
                    break;
                }
                self.spend(ATTRIBUTE);
                let prefix = self.anchors.take(anchor, &format!("variant-{}", n + 1));
                let title = union.titles.get(n).cloned().unwrap_or_else(|| self.title(variant));
                let value = union.values.get(n).cloned().unwrap_or_default();
                let schema = self.write(&[variant], &prefix, depth + 1);
                written.variants.push(Variant { title, value, schema });
            }
            schema.unions.push(written);
        }
    }

    fn title(&self, variant: &Value) -> String {
        let named = || variant.get("$ref").and_then(Value::as_str).and_then(refer::schema_name);
        let title = text(variant, "title").map(str::to_owned).or_else(named);
        let title = title.unwrap_or_else(|| kind::of_variant(self.root, variant));
        refer::shorten(&title).into_owned()
    }
}

/// Elements that the page of an attribute or a variant needs at least: its name, its kind, what is around them.
const ATTRIBUTE: usize = 9;

/// What is told of a value, in elements: paragraphs and what is in them, chips, lists that unfold.
fn elements_of(schema: &Schema) -> usize {
    let tags = |html: &str| html.matches('<').count().saturating_sub(html.matches("</").count());
    let told = tags(&schema.description_html) + 2 * usize::from(!schema.description_html.is_empty());
    let values = if schema.values.is_empty() { 0 } else { 8 + 2 * schema.values.len() };
    told + 2 * schema.constraints.len() + values
}

fn chip(label: &str, value: String) -> Constraint {
    Constraint { label: label.to_owned(), value }
}
