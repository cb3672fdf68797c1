//! The parts of a call as its page shows them: parameters, bodies, examples, within what a page can bear.
use crate::{
    call,
    description::link,
    example, limits,
    operation::is_json,
    outline::Dialect,
    part::{self, Encoding, Parameter, Place, Reader},
    refer,
    rules::style,
    schema::{Page, example_chip},
};
use portico_contract::{
    call::Body,
    reference::{Code, Constraint, Content, Example, Property, Schema},
};
use portico_domain::{ParameterLocation, ParameterStyle};
use serde_json::Value;
use std::collections::HashMap;

pub(crate) struct Writer<'d> {
    pub(crate) page: Page<'d>,
    dialect: Dialect,
    /// Bytes left for examples.
    examples: usize,
    /// Coloured pieces left for them.
    colours: usize,
    /// Examples made, by the reference of their schema: answers often have one schema for several statuses.
    made: HashMap<(String, example::Side), Option<Code>>,
    /// Whether the bodies are the reader's to send.
    sends: bool,
    /// Bytes left for what is sent.
    sent: usize,
}

impl<'d> Writer<'d> {
    /// `sends` says that the reader makes the call.
    pub(crate) fn new(reader: Reader<'d>, sends: bool) -> Self {
        Self {
            page: Page::new(reader.root, limits::CALL_ELEMENTS),
            dialect: reader.dialect,
            examples: limits::PAGE_EXAMPLES,
            colours: limits::PAGE_COLOURS,
            made: HashMap::new(),
            sends,
            sent: limits::PAGE_SENT,
        }
    }

    pub(crate) fn parameter(&mut self, parameter: &Parameter<'_>, prefix: &str) -> Property {
        let anchor = self.page.anchors.take(prefix, parameter.name);
        self.page.spend(PARAMETER);
        let mut schema = self.page.schema(&parameter.schema, &anchor);
        if !parameter.description.is_empty() {
            schema.description_html = self.page.prose(parameter.description);
        }
        schema.constraints.extend(self.writing(parameter, &schema));
        if !parameter.examples.is_empty() {
            schema.constraints.retain(|constraint| constraint.label != "example");
        }
        for example in parameter.examples.iter().take(4) {
            let mut chip = example_chip(example.value);
            if parameter.examples.len() > 1 {
                chip.label = refer::shorten(example.title).into_owned();
            }
            schema.constraints.push(chip);
        }
        Property {
            anchor,
            name: refer::shorten(parameter.name).into_owned(),
            required: parameter.required,
            deprecated: parameter.deprecated,
            read_only: false,
            write_only: false,
            schema,
        }
    }

    /// How the value goes into the request, where a plain text would not tell it.
    fn writing(&self, parameter: &Parameter<'_>, schema: &Schema) -> Vec<Constraint> {
        let chip = |label: &str, value: String| Constraint { label: label.to_owned(), value };
        let is = |key: &str| parameter.source.get(key) == Some(&Value::Bool(true));
        let mut chips = Vec::new();
        if let Some(media_type) = parameter.media_type {
            let whole = parameter.source.get("in").and_then(Value::as_str) == Some("querystring");
            chips.push(chip(
                if whole { "the whole query as" } else { "written as" },
                refer::shorten(media_type).into_owned(),
            ));
        } else {
            let location = match parameter.place {
                Place::Path => ParameterLocation::Path,
                Place::Query => ParameterLocation::Query,
                Place::Header => ParameterLocation::Header,
                Place::Cookie => ParameterLocation::Cookie,
            };
            let (style, explode) = style::of(self.dialect, location, parameter.source);
            chips.extend(pattern(parameter.name, style, explode, schema).map(|words| chip("written", words)));
        }
        if is("allowEmptyValue") {
            chips.push(chip("", "may be empty".to_owned()));
        }
        if is("allowReserved") {
            chips.push(chip("", "reserved characters as they are".to_owned()));
        }
        chips
    }

    pub(crate) fn contents(&mut self, contents: &[part::Content<'_>], prefix: &str) -> Vec<Content> {
        let mut written: Vec<Content> = Vec::new();
        for (n, content) in contents.iter().enumerate().take(20) {
            let same = contents[..n].iter().position(|before| before.schema == content.schema);
            let schema = match same {
                // The same schema in another media type is not told twice.
                Some(at) => written[at].schema.clone().map(Page::again),
                None => content.schema.as_deref().map(|schema| self.page.schema(schema, prefix)),
            };
            let examples = self.examples(content, same.is_some());
            let encodings =
                content.encodings.iter().map(|(name, encoding)| self.encoding(name, encoding, prefix)).collect();
            let sent =
                if examples.iter().any(|example| example.sent.is_some()) { None } else { self.sent(content, None) };
            written.push(Content {
                media_type: refer::shorten(content.media_type).into_owned(),
                schema,
                stream: content.stream,
                encodings,
                examples,
                sent,
            });
        }
        written
    }

    fn encoding(&mut self, name: &str, encoding: &Encoding<'_>, prefix: &str) -> Property {
        let anchor = self.page.anchors.take(&format!("{prefix}.encoding"), name);
        let mut constraints = Vec::new();
        let mut tell = |label: &str, value: String| constraints.push(Constraint { label: label.to_owned(), value });
        if let Some(style) = encoding.style {
            tell("style", refer::shorten(style).into_owned());
        }
        if let Some(explode) = encoding.explode {
            tell("", if explode { "each value apart" } else { "values joined" }.to_owned());
        }
        if encoding.reserved {
            tell("", "reserved characters as they are".to_owned());
        }
        let media_type = if encoding.media_type.is_empty() { "as its schema says" } else { encoding.media_type };
        let schema = Schema {
            kind: refer::shorten(media_type).into_owned(),
            constraints,
            properties: encoding.headers.iter().map(|header| self.parameter(header, &anchor)).collect(),
            ..Schema::default()
        };
        Property { anchor, name: refer::shorten(name).into_owned(), schema, ..Property::default() }
    }

    /// Those given, and where the value is of one of several variants, one of each.
    fn examples(&mut self, content: &part::Content<'_>, told: bool) -> Vec<Example> {
        let root = self.page.root();
        let mut written = Vec::new();
        let schema = content.schema.as_deref().filter(|_| is_json(content.media_type) && !told);
        let variants = schema.map_or(0, |schema| example::variants(root, schema)).min(limits::FOLLOWED);
        for part::Example { title, description, value, .. } in &content.examples {
            if self.examples == 0 {
                break;
            }
            let code = self.spend(example::code(value, self.examples.min(limits::EXAMPLE)));
            let of = schema.filter(|_| variants > 0).and_then(|schema| example::variant_of(root, schema, value));
            written.push(Example {
                title: refer::shorten(title).into_owned(),
                description_html: self.page.prose(description),
                code,
                link: None,
                variant: of.filter(|at| *at < variants).map(|at| at as u32),
                sent: self.sent(content, Some(value)),
            });
        }
        if variants > 0
            && let Some(schema) = schema
        {
            self.of_variants(content, schema, variants, &mut written);
        }
        if written.is_empty()
            && self.examples > 0
            && let Some(schema) = schema
            && let Some(code) = self.made(schema)
        {
            let code = self.spend(code);
            let sent = self.sent(content, None);
            written.push(Example { title: "Example".into(), code, sent, ..Example::default() });
        }
        for (title, description, href) in &content.linked {
            written.push(Example {
                title: refer::shorten(title).into_owned(),
                description_html: self.page.prose(description),
                link: link(href, href),
                ..Example::default()
            });
        }
        written
    }

    /// An example of each variant that none of those given is of.
    fn of_variants(
        &mut self,
        content: &part::Content<'_>,
        schema: &Value,
        variants: usize,
        written: &mut Vec<Example>,
    ) {
        for variant in 0..variants {
            if self.examples == 0 {
                return;
            }
            if written.iter().any(|example| example.variant == Some(variant as u32)) {
                continue;
            }
            let made = example::of_variant(self.page.root(), schema, variant, self.page.side());
            let Some(value) = made else { continue };
            let code = self.spend(example::code(&value, limits::EXAMPLE));
            written.push(Example {
                title: "Example".to_owned(),
                code,
                variant: Some(variant as u32),
                sent: self.sent(content, Some(&value)),
                ..Example::default()
            });
        }
    }

    /// What a call sends with this value, or with one that is made.
    fn sent(&mut self, content: &part::Content<'_>, value: Option<&Value>) -> Option<Body> {
        if !self.sends || self.page.side() != example::Side::Request {
            return None;
        }
        let body = call::body::with(self.page.root(), content, value)?;
        let bytes = match &body {
            Body::Json { text, .. } | Body::Text { text, .. } => text.len(),
            Body::Form(_) | Body::Multipart(_) | Body::File { .. } => 100,
        };
        let room = self.sent.checked_sub(bytes);
        self.sent = room.unwrap_or(self.sent);
        Some(if room.is_some() { body } else { call::body::from_file(body) })
    }

    fn made(&mut self, schema: &Value) -> Option<Code> {
        let side = self.page.side();
        let make = || example::of_schema(self.page.root(), schema, side);
        let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { return make() };
        // What stands beside a reference has its say in the example.
        if schema.as_object().is_some_and(|keywords| keywords.len() > 1) {
            return make();
        }
        let key = (reference.to_owned(), side);
        if let Some(made) = self.made.get(&key) {
            return made.clone();
        }
        let made = make();
        self.made.insert(key, made.clone());
        made
    }

    /// The example with as many colours as the page has room for: all, those of names, or none.
    fn spend(&mut self, code: Code) -> Code {
        let bytes: usize = code.spans.iter().map(|(_, text)| text.len() + 16).sum();
        self.examples = self.examples.saturating_sub(bytes);
        let code = code.with_colours(self.colours);
        self.colours -= code.colours();
        code
    }
}

/// Elements of a parameter, beside what is told of it.
const PARAMETER: usize = 9;

/// How lists and objects are written, by example; `None` for plain values.
fn pattern(name: &str, style: ParameterStyle, explode: bool, schema: &Schema) -> Option<String> {
    use ParameterStyle::{DeepObject, Form, Label, Matrix, PipeDelimited, Simple, SpaceDelimited, TabDelimited};
    let name = refer::shorten(name);
    let list = schema.kind.starts_with("array");
    if !list && !schema.kind.starts_with("object") && !schema.kind.starts_with("map") {
        return None;
    }
    let joined = if list { "a,b" } else { "key,a,other,b" };
    let apart = |between: &str| format!("key=a{between}other=b");
    Some(match (style, explode, list) {
        (Form, true, true) => format!("{name}=a&{name}=b"),
        (Form, true, false) => apart("&"),
        (Form, false, _) => format!("{name}={joined}"),
        (Simple, true, false) => apart(","),
        (Simple, _, _) => joined.to_owned(),
        (SpaceDelimited, _, _) => format!("{name}={}", joined.replace(',', "%20")),
        (PipeDelimited, _, _) => format!("{name}={}", joined.replace(',', "|")),
        (TabDelimited, _, _) => format!("{name}={}", joined.replace(',', "%09")),
        (DeepObject, _, _) => format!("{name}[key]=a&{name}[other]=b"),
        (Label, true, false) => format!(".{}", apart(".")),
        (Label, true, true) => ".a.b".to_owned(),
        (Label, false, _) => format!(".{joined}"),
        (Matrix, true, true) => format!(";{name}=a;{name}=b"),
        (Matrix, true, false) => format!(";{}", apart(";")),
        (Matrix, false, _) => format!(";{name}={joined}"),
    })
}
