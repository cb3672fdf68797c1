//! `/apis/{api}/operations/{operation}`: everything about one call.
use crate::{
    components::{
        Badge, Breadcrumb, Callout, Card, CodeBlock, CopyButton, Fact, Facts, Icon, Method, Path, Status, Tab, Tabs,
        Tone,
        link::{Root, segment},
        reference::{Place, calls_back, lead_and_rest, outward, sidebar},
        schema,
    },
    context,
    page::Page,
    server::{House, page},
};
use axum::Router;
use leptos::prelude::*;
use portico_contract::{
    PortalResult,
    catalogue::{ApiHead, LastChanged, OperationPage, Reader},
    reference::{
        Body, Code, Content, Example, Operation, OperationLine, ParameterGroup, Response, Schema, SecurityAlternative,
    },
};

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/apis/{api}/operations/{operation}", page(operation))
        .route("/apis/{api}/versions/{version}/operations/{operation}", page(operation))
}

async fn operation() -> PortalResult<Page> {
    let address = context::address();
    let view = context::portal()
        .operation(
            &context::caller(),
            address.param("api"),
            address.optional_param("version"),
            address.param("operation"),
        )
        .await?;
    Ok(draw(view))
}

fn draw(view: OperationPage) -> Page {
    let OperationPage { head, navigation, operation, reader, needs_key, sample, last_changed } = view;
    let sidebar = sidebar(&head, navigation, Place::Operation);
    let pane = pane(sample, &operation.responses);
    let title = operation.title.clone();
    let description = format!("{} {} of {}", operation.method.to_uppercase(), operation.path, head.title);
    let content = content(&head, operation, &reader, needs_key, last_changed);
    Page::reference(title, sidebar, content).described(description).of_api(head).with_pane("Request and response", pane)
}

fn content(
    head: &ApiHead,
    operation: Operation,
    reader: &Reader,
    needs_key: bool,
    last: Option<LastChanged>,
) -> AnyView {
    let root = Root(head.root.clone());
    let crumbs = vec![
        ("APIs".to_owned(), "/apis".to_owned()),
        (head.title.clone(), root.0.clone()),
        (operation.group.name.clone(), format!("{}#{}", root.0, segment(&operation.group.anchor))),
    ];
    let (lead, rest) = lead_and_rest(&operation.description_html);
    let lead = lead.map(|lead| view! { <p class="lead" inner_html=lead.to_owned()></p> });
    let rest = (!rest.is_empty()).then(|| view! { <div class="prose" inner_html=rest.to_owned()></div> });
    let deprecated =
        operation.deprecated.then(|| view! { <div class="row tight"><Badge text="Deprecated" tone=Tone::Warn/></div> });
    let facts = facts(&operation, reader, needs_key);
    let more = operation.external_docs.map(|link| view! { <p>{outward(link)}</p> });
    let faults = (!operation.faults.is_empty()).then(|| faults(operation.faults));
    let callbacks = (!operation.callbacks.is_empty()).then(|| {
        view! { <section class="section" id="callbacks"><h2>"Callbacks"</h2>{calls_back(operation.callbacks)}</section> }
    });
    let parameters = (!operation.parameters.is_empty()).then(|| parameters(operation.parameters, &root));
    view! {
        <div class="split actions-line">
            <Breadcrumb crumbs current=operation.title.clone()/>
            <div class="row tight actions">
                <a class="button quiet small only-narrow" href="#sample"><Icon name="doc"/>"Sample"</a>
            </div>
        </div>
        <header class="intro">
            {deprecated}
            <h1>{operation.title.clone()}</h1>
            {endpoint(head, &operation.method, &operation.path)}
            {lead}
            <Facts facts/>
        </header>
        {faults}
        {rest}
        {more}
        {authorisation(head, reader, needs_key, operation.security)}
        {parameters}
        {operation.body.map(|body| self::body(body, &root))}
        {responses(operation.responses, &root)}
        {callbacks}
        {last.map(last_changed)}
        {pager(operation.previous, operation.next, &root)}
    }
    .into_any()
}

fn endpoint(head: &ApiHead, method: &str, path: &str) -> AnyView {
    let address = format!("{}{path}", head.base_url.trim_end_matches('/'));
    view! {
        <div class="endpoint">
            <Method method=method/>
            <Path path=path base=base_path(&head.base_url)/>
            <CopyButton what="address" text=address/>
        </div>
    }
    .into_any()
}

/// `/petstore` of `https://gw.example.org/petstore`.
fn base_path(base_url: &str) -> &str {
    let behind_scheme = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
    behind_scheme.find('/').map_or("", |slash| &behind_scheme[slash..]).trim_end_matches('/')
}

fn facts(operation: &Operation, reader: &Reader, needs_key: bool) -> Vec<Fact> {
    let mut facts = vec![Fact::new("Access", if needs_key { "API key" } else { "Open" })];
    let mut scopes: Vec<&str> = operation
        .security
        .iter()
        .flat_map(|alternative| &alternative.schemes)
        .flat_map(|(_, scopes)| scopes)
        .map(String::as_str)
        .collect();
    scopes.sort_unstable();
    scopes.dedup();
    if !scopes.is_empty() {
        let codes = scopes.into_iter().map(|scope| view! { <code>{scope.to_owned()}</code>" " }).collect_view();
        facts.push(Fact::new("Scopes", codes));
    }
    if let Some(limits) = reader.limits.clone().filter(|_| needs_key) {
        facts.push(Fact::new("Your limit", limits.rate));
        facts.push(Fact::new("Your quota", limits.quota));
    }
    facts.push(Fact::new("Group", operation.group.name.clone()));
    facts
}

fn faults(faults: Vec<String>) -> AnyView {
    let items = faults.into_iter().map(|fault| view! { <li>{fault}</li> }).collect_view();
    view! {
        <Callout tone=Tone::Warn title="Parts of this operation could not be read"><ul>{items}</ul></Callout>
    }
    .into_any()
}

fn authorisation(head: &ApiHead, reader: &Reader, needs_key: bool, security: Vec<SecurityAlternative>) -> AnyView {
    let ours = if needs_key { keys(head, reader) } else { "No key is needed.".into_any() };
    let theirs = security_words(security);
    view! {
        <section class="section" id="authorisation">
            <h2>"Authorisation"</h2>
            <p class="prose">{ours}</p>
            {theirs}
        </section>
    }
    .into_any()
}

fn keys(head: &ApiHead, reader: &Reader) -> AnyView {
    let how = view! {
        "Send a key of an app that is subscribed to this API, as "<code>"X-API-Key"</code>" or as a bearer token. "
    };
    let subscribe = format!("/subscribe?api={}", segment(&head.slug));
    let which = if !reader.signed_in {
        let next = segment(&context::address().href());
        view! { <a href=format!("/sign-in?next={next}")>"Sign in"</a>" to see which of your keys fit." }.into_any()
    } else if reader.keys.is_empty() {
        let (href, words) =
            if reader.plan.is_some() { ("/apps".to_owned(), "Create a key") } else { (subscribe, "Subscribe") };
        view! { "None of your keys fits yet. "<a href=href>{words}</a>"." }.into_any()
    } else {
        let last = reader.keys.len() - 1;
        let names = reader
            .keys
            .iter()
            .enumerate()
            .map(|(i, (name, app))| {
                let between = match i {
                    0 => "",
                    _ if i == last => " and ",
                    _ => ", ",
                };
                view! { {between}<a href=format!("/apps/{}", segment(app))>{name.clone()}</a> }
            })
            .collect_view();
        let fits = if last == 0 { " fits." } else { " fit." };
        view! { "Of your keys, "{names}{fits} }.into_any()
    };
    view! { {how}{which} }.into_any()
}

/// What the document asks for beside our key; the service behind the gateway may want it.
fn security_words(security: Vec<SecurityAlternative>) -> Option<AnyView> {
    let alternatives: Vec<AnyView> = security
        .into_iter()
        .filter(|alternative| !alternative.schemes.is_empty())
        .map(|alternative| {
            let schemes = alternative
                .schemes
                .into_iter()
                .enumerate()
                .map(|(i, (name, scopes))| {
                    let between = if i == 0 { "" } else { " and " };
                    let scopes = (!scopes.is_empty()).then(|| format!(" with {}", scopes.join(", ")));
                    view! { {between}<code>{name}</code>{scopes} }
                })
                .collect_view();
            view! { <li>{schemes}</li> }.into_any()
        })
        .collect();
    (!alternatives.is_empty())
        .then(|| view! { <div class="prose"><p>"The document names:"</p><ul>{alternatives}</ul></div> }.into_any())
}

fn parameters(groups: Vec<ParameterGroup>, root: &Root) -> AnyView {
    let groups = groups
        .into_iter()
        .map(|group| view! { <h3>{group.place}</h3>{schema::properties(group.properties, root)} })
        .collect_view();
    view! { <section class="section" id="parameters"><h2>"Parameters"</h2>{groups}</section> }.into_any()
}

fn body(body: Body, root: &Root) -> AnyView {
    let required = if body.required { "required" } else { "optional" };
    let single = body.contents.len() == 1;
    let note = match body.contents.first() {
        Some(content) if single => {
            view! { {format!("{} · {required}", content.media_type)}{schema_link(content, root)} }.into_any()
        }
        _ => required.into_any(),
    };
    let description = (!body.description_html.is_empty())
        .then(|| view! { <div class="prose" inner_html=body.description_html></div> });
    view! {
        <section class="section" id="body">
            <div class="split"><h2>"Request body"</h2><span class="note">{note}</span></div>
            {description}
            {contents(body.contents, "Media types of the request body", "Example of the request body", root)}
        </section>
    }
    .into_any()
}

/// " · Pet", linked to the schema's page.
fn schema_link(content: &Content, root: &Root) -> Option<AnyView> {
    let name = content.schema.as_ref()?.link.clone()?;
    Some(view! { " · "<a href=root.schema(&name)>{name.clone()}</a> }.into_any())
}

/// One media type as it is, several as tabs.
fn contents(contents: Vec<Content>, legend: &'static str, label: &str, root: &Root) -> AnyView {
    if contents.len() == 1 {
        return contents.into_iter().map(|content| self::content_of(content, label, root)).collect_view().into_any();
    }
    let tabs = contents
        .into_iter()
        .map(|content| {
            let media_type = content.media_type.clone();
            let label = format!("{label} as {media_type}");
            Tab::new(media_type, self::content_of(content, &label, root))
        })
        .collect::<Vec<_>>();
    (!tabs.is_empty()).then(|| view! { <Tabs legend tabs/> }).into_any()
}

fn content_of(content: Content, label: &str, root: &Root) -> AnyView {
    let schema = content.schema.map(|schema: Schema| schema::value(schema, root));
    view! { <div class="stack">{schema}{examples(content.examples, label)}</div> }.into_any()
}

/// Folded: the pane shows the first one.
fn examples(examples: Vec<Example>, label: &str) -> Option<AnyView> {
    if examples.is_empty() {
        return None;
    }
    let words = match examples.len() {
        1 => "Example".to_owned(),
        n => format!("{n} examples"),
    };
    Some(
        view! {
            <details class="children">
                <summary class="button small"><Icon name="right"/>{words}</summary>
                {example_blocks(examples, label, "framed short")}
            </details>
        }
        .into_any(),
    )
}

/// One example as it is, several as tabs.
fn example_blocks(examples: Vec<Example>, label: &str, class: &'static str) -> AnyView {
    if examples.len() == 1 {
        return examples
            .into_iter()
            .map(|example| view! { <CodeBlock code=example.code label=label.to_owned() class/> })
            .collect_view()
            .into_any();
    }
    let tabs = examples
        .into_iter()
        .map(|example| {
            let label = format!("{label}: {}", example.title);
            Tab::new(example.title, view! { <CodeBlock code=example.code label class/> })
        })
        .collect();
    view! { <Tabs legend="Examples" tabs/> }.into_any()
}

fn responses(responses: Vec<Response>, root: &Root) -> AnyView {
    if responses.is_empty() {
        return view! {
            <section class="section" id="responses">
                <h2>"Responses"</h2>
                <p class="prose">"The document names none."</p>
            </section>
        }
        .into_any();
    }
    let tabs = responses
        .into_iter()
        .map(|response| Tab::new(status_words(&response), self::response(response, root)))
        .collect();
    view! {
        <section class="section" id="responses"><h2>"Responses"</h2><Tabs legend="Responses by status" tabs/></section>
    }
    .into_any()
}

fn status_words(response: &Response) -> String {
    if response.reason.is_empty() {
        response.status.clone()
    } else {
        format!("{} {}", response.status, response.reason)
    }
}

fn response(response: Response, root: &Root) -> AnyView {
    let label = format!("Example of {}", status_words(&response));
    let description = (!response.description_html.is_empty())
        .then(|| view! { <div class="prose" inner_html=response.description_html></div> });
    let headers = (!response.headers.is_empty())
        .then(|| view! { <h3>"Headers"</h3>{schema::properties(response.headers, root)} });
    let body = match response.contents.first() {
        None => None,
        Some(content) => {
            let note = (response.contents.len() == 1).then(|| {
                view! { " "<small class="note">{content.media_type.clone()}{schema_link(content, root)}</small> }
            });
            Some(
                view! { <h3>"Body"{note}</h3>{contents(response.contents, "Media types of the response", &label, root)} },
            )
        }
    };
    view! { <div class="stack">{description}{headers}{body}</div> }.into_any()
}

fn last_changed(LastChanged { version, href, new }: LastChanged) -> AnyView {
    let words = if new { "Since version " } else { "Last changed in version " };
    view! { <p class="section note">{words}<a href=href>{version}</a></p> }.into_any()
}

fn pager(previous: Option<OperationLine>, next: Option<OperationLine>, root: &Root) -> Option<AnyView> {
    if previous.is_none() && next.is_none() {
        return None;
    }
    let link = |line: OperationLine, rel: &'static str, words: &'static str| {
        view! { <a href=root.operation(&line.slug) rel=rel><span class="sub">{words}</span>{line.title}</a> }
    };
    // The second column is the last link's, so an absent first one leaves its place empty.
    let previous = previous.map(|line| link(line, "prev", "Previous"));
    let next = next.map(|line| link(line, "next", "Next"));
    Some(view! { <nav class="pager" aria-label="Operations nearby">{previous}{next}</nav> }.into_any())
}

fn pane(sample: Code, responses: &[Response]) -> AnyView {
    let copy = view! { <CopyButton what="request sample" class="end"/> }.into_any();
    view! {
        <div id="sample">
            <Card title="Request" actions=copy><CodeBlock code=sample label="Request sample" class="short" bare=true/></Card>
        </div>
        {example_answer(responses)}
    }
    .into_any()
}

/// The first success's example, as it will look.
fn example_answer(responses: &[Response]) -> Option<AnyView> {
    let response = responses
        .iter()
        .find(|response| response.status.starts_with('2'))
        .or_else(|| responses.iter().find(|response| response.status == "default"))?;
    let content = response.contents.iter().find(|content| !content.examples.is_empty())?;
    let words = status_words(response);
    let head = view! { <Status text=words tone=Tone::Ok/><span class="note">{content.media_type.clone()}</span> };
    let label = "Response example";
    let body = if content.examples.len() == 1 {
        let code = content.examples[0].code.clone();
        view! { <CodeBlock code label bare=true/> }.into_any()
    } else {
        view! { <div class="in-card">{example_blocks(content.examples.clone(), label, "")}</div> }.into_any()
    };
    let copy = (content.examples.len() == 1).then(|| view! { <CopyButton what="response example" class="end"/> });
    Some(
        view! {
            <section class="card">
                <div class="head"><h2 class="visually-hidden">"Response"</h2>{head}{copy}</div>
                {body}
            </section>
        }
        .into_any(),
    )
}
