//! The page of one operation, webhook or callback.
use crate::{
    description::{Description, external_docs, line},
    example::Side,
    limits, markdown,
    outline::{Entry, members, text},
    part::{self, Place},
    refer, server, status,
    typed::{self, Misfit, said},
    writer::Writer,
};
use openapiv3::SecurityRequirement;
use portico_contract::reference::{
    Body, Operation, OperationLine, ParameterGroup, Property, Response, ResponseLink, SchemeUse, SecurityAlternative,
};
use serde_json::Value;

/// Elements of an answer on the page: its tab, and its card beside.
const ANSWER: usize = 20;
/// Elements of a media type: its tab, its examples, and a sample.
const CONTENT: usize = 30;

/// What the document says of the call; where it stands among the others is added by the [`Description`].
pub(crate) fn page(description: &Description, entry: &Entry) -> Option<Operation> {
    let root = description.root();
    let operation = root.pointer(&entry.pointer)?;
    let item = root.pointer(&entry.item).unwrap_or(operation);
    let reader = description.reader();
    let mut writer = Writer::new(reader, entry.is_ours());
    // A webhook's body is written by the API, as its answers are elsewhere.
    let (sent, answered) = if entry.is_ours() { (Side::Request, Side::Answer) } else { (Side::Answer, Side::Request) };

    let (frame, misfits) = typed::operation(operation);
    let left_out = |Misfit { pointer, reason }: Misfit| {
        let part = pointer.trim_start_matches('/').replace('/', ".");
        format!("The operation's {} does not fit and is left out: {reason}.", refer::shorten(&part))
    };
    let mut faults: Vec<String> = misfits.into_iter().map(left_out).collect();
    let (security, unclear) = security(description, operation);
    faults.extend(unclear);

    let (responses, response_faults) = reader.responses(operation);
    let (body, body_faults) = reader.body(item, operation);
    let contents = responses.iter().map(|response| &response.contents).chain(body.as_ref().map(|body| &body.contents));
    writer.page.spend(ANSWER * responses.len() + CONTENT * contents.map(Vec::len).sum::<usize>());

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

    faults.extend(body_faults);
    writer.page.begin(sent);
    let body = body.map(|body| Body {
        required: body.required,
        description_html: writer.page.prose(body.description),
        contents: writer.contents(&body.contents, "body"),
    });

    faults.extend(response_faults);
    writer.page.begin(answered);
    let responses = responses
        .iter()
        .take(100)
        .map(|response| Response {
            status: refer::shorten(response.status).into_owned(),
            reason: status::reason(response.status).into(),
            description_html: writer.page.prose(response.description),
            headers: response
                .headers
                .iter()
                .map(|header| writer.parameter(header, &format!("{}.header", response.status)))
                .collect(),
            contents: writer.contents(&response.contents, response.status),
            links: response.links.iter().map(|(name, value)| link(description, name, value)).collect(),
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
        id: said(frame.operation_id.as_ref()).map(|id| refer::shorten(id).into_owned()).unwrap_or_default(),
        badges: badges(operation),
        deprecated,
        servers: server::of_operation(item, operation),
        security,
        parameters,
        body,
        responses,
        external_docs: frame.external_docs.as_ref().and_then(external_docs),
        faults,
        ..Operation::default()
    })
}

/// Words of the author's beside the title.
fn badges(operation: &Value) -> Vec<String> {
    let listed = operation.get("x-badges").and_then(Value::as_array).into_iter().flatten();
    let mut badges: Vec<String> = listed
        .filter_map(|badge| badge.as_str().or_else(|| text(badge, "name")).or_else(|| text(badge, "label")))
        .take(6)
        .map(|words| markdown::plain_up_to(words, 40))
        .collect();
    let stability = ["x-stability", "x-stability-level"].iter().find_map(|key| text(operation, key));
    badges.extend(stability.map(|words| markdown::plain_up_to(words, 40)));
    if operation.get("x-beta") == Some(&Value::Bool(true)) {
        badges.push("Beta".to_owned());
    }
    badges
}

/// What can follow an answer.
fn link(description: &Description, name: &str, link: &Value) -> ResponseLink {
    let short = |value: &Value| match value {
        Value::String(text) => refer::shorten(text).into_owned(),
        other => crate::highlight::compact(other, 500),
    };
    let target = text(link, "operationId").or_else(|| text(link, "operationRef")).unwrap_or_default();
    ResponseLink {
        name: refer::shorten(name).into_owned(),
        description_html: markdown::markdown(text(link, "description").unwrap_or_default(), 3),
        operation: description.operation_named(target).map(line),
        target: refer::shorten(target).into_owned(),
        values: members(link.get("parameters"))
            .take(limits::PARAMETERS)
            .map(|(name, value)| (refer::shorten(name).into_owned(), short(value)))
            .collect(),
        body: link.get("requestBody").map(short).unwrap_or_default(),
        server: link.get("server").and_then(|server| text(server, "url")).map(str::to_owned).unwrap_or_default(),
    }
}

pub(crate) fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "*/*" || essence.ends_with("/json") || essence.ends_with("+json")
}

/// What is asked for, or why that is not known.
fn security(description: &Description, operation: &Value) -> (Vec<SecurityAlternative>, Option<String>) {
    let root = description.root();
    let scheme = |(name, scopes): (String, Vec<String>)| {
        let scopes = scopes.into_iter().take(50).map(|scope| refer::shorten(&scope).into_owned()).collect();
        match description.scheme(&name) {
            Some(scheme) => scheme.asked(scopes),
            None => SchemeUse {
                name: refer::shorten(&name).into_owned(),
                scopes: scopes.into_iter().map(|scope: String| (scope, String::new())).collect(),
                ..SchemeUse::default()
            },
        }
    };
    let alternative = |one: SecurityRequirement| SecurityAlternative { schemes: one.into_iter().map(scheme).collect() };
    let asked = part::own_security(operation).or_else(|| part::own_security(root));
    match asked.map_or_else(|| Ok(Vec::new()), typed::security) {
        Ok(alternatives) => (alternatives.into_iter().take(20).map(alternative).collect(), None),
        Err(Misfit { reason, .. }) => (Vec::new(), Some(format!("What is asked of callers is not shown: {reason}."))),
    }
}
