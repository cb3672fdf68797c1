//! The page of one operation.
use crate::{
    description::{Description, external_docs, line},
    example, limits, markdown,
    outline::{Entry, members, text},
    part::{self, Parameter, Place},
    refer,
    schema::Page,
    typed::{self, Misfit, said},
};
use openapiv3::SecurityRequirement;
use portico_contract::reference::{
    Body, Code, Content, Example, Operation, OperationLine, ParameterGroup, Property, Response, SecurityAlternative,
};
use serde_json::Value;
use std::collections::HashMap;

pub(crate) fn page(description: &Description, entry: &Entry) -> Option<Operation> {
    let root = description.root();
    let operation = root.pointer(&entry.pointer)?;
    let item = root.pointer(&entry.item).unwrap_or(operation);
    let reader = description.reader();
    let mut writer = Writer { page: Page::new(root), examples: limits::PAGE_EXAMPLES, made: HashMap::new() };

    let (frame, misfits) = typed::operation(operation);
    let left_out = |Misfit { pointer, reason }: Misfit| {
        let part = pointer.trim_start_matches('/').replace('/', ".");
        format!("The operation's {} does not fit and is left out: {reason}.", refer::shorten(&part))
    };
    let mut faults: Vec<String> = misfits.into_iter().map(left_out).collect();
    let (security, unclear) = security(root, operation);
    faults.extend(unclear);

    let (parameters, parameter_faults) = reader.parameters(item, operation);
    faults.extend(parameter_faults);
    let parameters = Place::ALL.into_iter().filter_map(|place| {
        let of_place: Vec<Property> = parameters
            .iter()
            .filter(|parameter| parameter.place == place)
            .map(|parameter| writer.parameter(parameter, &place.title().to_lowercase()))
            .collect();
        (!of_place.is_empty()).then(|| ParameterGroup { place: place.title().into(), properties: of_place })
    });
    let parameters = parameters.collect();

    let (body, body_faults) = reader.body(item, operation);
    faults.extend(body_faults);
    let body = body.map(|body| Body {
        required: body.required,
        description_html: writer.page.prose(body.description),
        contents: writer.contents(&body.contents, "body"),
    });

    let (responses, response_faults) = reader.responses(operation);
    faults.extend(response_faults);
    writer.page.begin_answers();
    let responses = responses
        .iter()
        .take(100)
        .map(|response| Response {
            status: refer::shorten(response.status).into_owned(),
            reason: reason(response.status).into(),
            description_html: writer.page.prose(response.description),
            headers: response
                .headers
                .iter()
                .map(|header| writer.parameter(header, &format!("{}.header", response.status)))
                .collect(),
            contents: writer.contents(&response.contents, response.status),
        })
        .collect();

    let OperationLine { slug, method, path, title, deprecated } = line(entry);
    let item_description = text(item, "description").filter(|_| entry.item != entry.pointer);
    let prose = said(frame.description.as_ref()).or(item_description).unwrap_or_default();
    Some(Operation {
        description_html: if prose == title { String::new() } else { markdown::markdown(prose, 2) },
        slug,
        method,
        path,
        title,
        deprecated,
        security,
        parameters,
        body,
        responses,
        callbacks: callbacks(root, operation),
        external_docs: frame.external_docs.as_ref().and_then(external_docs),
        faults,
        ..Operation::default()
    })
}

struct Writer<'d> {
    page: Page<'d>,
    /// Bytes left for examples.
    examples: usize,
    /// Examples made, by the reference of their schema: answers often have one schema for several statuses.
    made: HashMap<String, Option<Code>>,
}

impl Writer<'_> {
    fn parameter(&mut self, parameter: &Parameter<'_>, prefix: &str) -> Property {
        let anchor = self.page.anchors.take(prefix, parameter.name);
        let mut schema = self.page.schema(&parameter.schema, &anchor);
        if !parameter.description.is_empty() {
            schema.description_html = self.page.prose(parameter.description);
        }
        if let Some(example) = parameter.example
            && !schema.constraints.iter().any(|constraint| constraint.label == "example")
        {
            schema.constraints.push(crate::schema::example_chip(example));
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

    fn contents(&mut self, contents: &[part::Content<'_>], prefix: &str) -> Vec<Content> {
        let mut written: Vec<Content> = Vec::new();
        for (n, content) in contents.iter().enumerate().take(20) {
            let same = contents[..n].iter().position(|before| before.schema == content.schema);
            let schema = match same {
                // The same schema in another media type is not told twice.
                Some(at) => written[at].schema.clone().map(Page::again),
                None => content.schema.as_deref().map(|schema| self.page.schema(schema, prefix)),
            };
            let examples = self.examples(content, same.is_some());
            written.push(Content { media_type: refer::shorten(content.media_type).into_owned(), schema, examples });
        }
        written
    }

    fn examples(&mut self, content: &part::Content<'_>, told: bool) -> Vec<Example> {
        let mut written = Vec::new();
        for part::Example { title, value, .. } in &content.examples {
            if self.examples == 0 {
                break;
            }
            let code = example::code(value, self.examples.min(limits::EXAMPLE));
            self.spend(&code);
            written.push(Example { title: refer::shorten(title).into_owned(), code });
        }
        if written.is_empty()
            && !told
            && self.examples > 0
            && is_json(content.media_type)
            && let Some(schema) = content.schema.as_deref()
            && let Some(code) = self.made(schema)
        {
            self.spend(&code);
            written.push(Example { title: "Example".into(), code });
        }
        written
    }

    fn made(&mut self, schema: &Value) -> Option<Code> {
        let make = || example::of_schema(self.page.root(), schema);
        let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { return make() };
        // What stands beside a reference has its say in the example.
        if schema.as_object().is_some_and(|keywords| keywords.len() > 1) {
            return make();
        }
        if let Some(made) = self.made.get(reference) {
            return made.clone();
        }
        let made = make();
        self.made.insert(reference.to_owned(), made.clone());
        made
    }

    fn spend(&mut self, code: &Code) {
        let bytes: usize = code.spans.iter().map(|(_, text)| text.len() + 16).sum();
        self.examples = self.examples.saturating_sub(bytes);
    }
}

pub(crate) fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "*/*" || essence.ends_with("/json") || essence.ends_with("+json")
}

/// What is asked for, or why that is not known.
fn security(root: &Value, operation: &Value) -> (Vec<SecurityAlternative>, Option<String>) {
    let alternative = |one: SecurityRequirement| SecurityAlternative {
        schemes: one.into_iter().map(|(name, scopes)| (name, scopes.into_iter().take(50).collect())).collect(),
    };
    let asked = part::own_security(operation).or_else(|| part::own_security(root));
    match asked.map_or_else(|| Ok(Vec::new()), typed::security) {
        Ok(alternatives) => (alternatives.into_iter().take(20).map(alternative).collect(), None),
        Err(Misfit { reason, .. }) => (Vec::new(), Some(format!("What is asked of callers is not shown: {reason}."))),
    }
}

/// Callbacks have no pages of their own: their slugs are empty.
fn callbacks(root: &Value, operation: &Value) -> Vec<OperationLine> {
    let mut lines = Vec::new();
    for (name, callback) in members(operation.get("callbacks")) {
        let Ok((callback, _)) = refer::resolve(root, callback) else { continue };
        for (expression, item) in members(Some(callback)) {
            for (method, call) in members(Some(item)).filter(|(_, call)| call.get("responses").is_some()) {
                if lines.len() == 50 {
                    return lines;
                }
                let (frame, _) = typed::operation(call);
                lines.push(OperationLine {
                    slug: String::new(),
                    method: method.clone(),
                    path: refer::shorten(expression).into_owned(),
                    title: refer::shorten(said(frame.summary.as_ref()).unwrap_or(name)).into_owned(),
                    deprecated: frame.deprecated,
                });
            }
        }
    }
    lines
}

/// The reason phrase of a status (RFC 9110, 15, and the IANA registry).
fn reason(status: &str) -> &'static str {
    match status {
        "100" => "Continue",
        "101" => "Switching Protocols",
        "200" => "OK",
        "201" => "Created",
        "202" => "Accepted",
        "203" => "Non-Authoritative Information",
        "204" => "No Content",
        "205" => "Reset Content",
        "206" => "Partial Content",
        "207" => "Multi-Status",
        "300" => "Multiple Choices",
        "301" => "Moved Permanently",
        "302" => "Found",
        "303" => "See Other",
        "304" => "Not Modified",
        "307" => "Temporary Redirect",
        "308" => "Permanent Redirect",
        "400" => "Bad Request",
        "401" => "Unauthorized",
        "402" => "Payment Required",
        "403" => "Forbidden",
        "404" => "Not Found",
        "405" => "Method Not Allowed",
        "406" => "Not Acceptable",
        "408" => "Request Timeout",
        "409" => "Conflict",
        "410" => "Gone",
        "411" => "Length Required",
        "412" => "Precondition Failed",
        "413" => "Content Too Large",
        "414" => "URI Too Long",
        "415" => "Unsupported Media Type",
        "416" => "Range Not Satisfiable",
        "417" => "Expectation Failed",
        "418" => "I'm a Teapot",
        "421" => "Misdirected Request",
        "422" => "Unprocessable Content",
        "423" => "Locked",
        "424" => "Failed Dependency",
        "425" => "Too Early",
        "426" => "Upgrade Required",
        "428" => "Precondition Required",
        "429" => "Too Many Requests",
        "431" => "Request Header Fields Too Large",
        "451" => "Unavailable For Legal Reasons",
        "500" => "Internal Server Error",
        "501" => "Not Implemented",
        "502" => "Bad Gateway",
        "503" => "Service Unavailable",
        "504" => "Gateway Timeout",
        "505" => "HTTP Version Not Supported",
        "507" => "Insufficient Storage",
        "508" => "Loop Detected",
        "511" => "Network Authentication Required",
        "1XX" | "1xx" => "Informational",
        "2XX" | "2xx" => "Success",
        "3XX" | "3xx" => "Redirection",
        "4XX" | "4xx" => "Client error",
        "5XX" | "5xx" => "Server error",
        _ => "",
    }
}
