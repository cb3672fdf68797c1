//! `/apis/{api}/operations/{operation}`: everything about one call.
use crate::{
    components::{
        Badge, Breadcrumb, Callout, CopyButton, Fact, Facts, Icon, Method, Path, Tone,
        exchange::{self, Choices},
        follow::Lead,
        link::{Root, segment},
        reference::{Place, lead_and_rest, operations, outward, sidebar},
        schema, security,
        text::breakable,
    },
    context,
    islands::{Samples, TryIt},
    page::Page,
    server::{House, page},
};
use axum::Router;
use leptos::prelude::*;
use portico_contract::{
    PortalResult,
    call::{Call, GivenSample},
    catalogue::{ApiHead, LastChanged, OperationPage, Reader},
    reference::{Operation, OperationLine, ParameterGroup, Sender},
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
    let OperationPage { head, navigation, operation, reader, needs_key, call, given, last_changed } = view;
    let sidebar = sidebar(&head, navigation, Place::Operation);
    let choices = Choices::of(operation.body.as_ref(), &operation.responses);
    let pane = pane(&head, call, given, &operation, &choices);
    let title = operation.title.clone();
    let description = format!("{} {} of {}", operation.method.to_uppercase(), operation.path, head.title);
    let content = content(&head, operation, &reader, needs_key, &choices, last_changed);
    Page::reference(title, sidebar, content).described(description).of_api(head).with_pane("Request and response", pane)
}

fn content(
    head: &ApiHead,
    operation: Operation,
    reader: &Reader,
    needs_key: bool,
    choices: &Choices,
    last: Option<LastChanged>,
) -> AnyView {
    let root = Root(head.root.clone());
    let crumbs = vec![
        ("APIs".to_owned(), "/apis".to_owned()),
        (head.title.clone(), root.0.clone()),
        match operation.group.name.as_str() {
            "" => ("Webhooks".to_owned(), format!("{}#webhooks", root.0)),
            group => (group.to_owned(), format!("{}#{}", root.0, segment(&operation.group.anchor))),
        },
    ];
    let (lead, rest) = lead_and_rest(&operation.description_html);
    let lead = lead.map(|lead| view! { <p class="lead" dir="auto" inner_html=lead.to_owned()></p> });
    let rest = (!rest.is_empty()).then(|| view! { <div class="prose" dir="auto" inner_html=rest.to_owned()></div> });
    let ours = operation.sender == Sender::Client;
    let facts = facts(&operation, reader, needs_key);
    let badges = badges(&operation);
    let from = from(&operation.sender, &root);
    let more = operation.external_docs.map(|link| view! { <p>{outward(link)}</p> });
    let faults = (!operation.faults.is_empty()).then(|| faults(operation.faults));
    let callbacks = (!operation.callbacks.is_empty()).then(|| {
        view! { <section class="section" id="callbacks">
            <h2>"Callbacks"</h2>
            <p class="prose">"What the API sends because of this call."</p>
            {operations(operation.callbacks, &root)}
        </section> }
    });
    let servers = (!operation.servers.is_empty()).then(|| {
        view! { <section class="section" id="servers">
            <h2>"Servers"</h2>
            <p class="prose">"The document serves this operation elsewhere than the others:"</p>
            {security::servers(operation.servers)}
        </section> }
    });
    let authorisation = ours.then(|| authorisation(head, reader, needs_key));
    let asked = security::asked(operation.security, &root);
    let asked = (authorisation.is_some() || asked.is_some()).then(|| {
        view! { <section class="section" id="authorisation"><h2>"Authorisation"</h2>{authorisation}{asked}</section> }
    });
    let (sent, answered) = if ours { ("Request body", "Responses") } else { ("What you receive", "What you answer") };
    let parameters = (!operation.parameters.is_empty()).then(|| parameters(operation.parameters, &root));
    view! {
        <div class="split actions-line">
            <Breadcrumb crumbs current=operation.title.clone()/>
            <div class="row tight actions">
                <a class="button quiet small only-narrow" href="#sample"><Icon name="doc"/>"Sample"</a>
            </div>
        </div>
        <header class="intro">
            {badges}
            <h1 dir="auto">{operation.title.clone()}</h1>
            {if ours { endpoint(head, &operation.method, &operation.path) } else { call_out(&operation.method, &operation.path) }}
            {from}
            {lead}
            <Facts facts/>
        </header>
        {faults}
        {rest}
        {more}
        {asked}
        {parameters}
        {operation.body.map(|body| exchange::body(body, choices, sent, &root))}
        {exchange::responses(operation.responses, choices, answered, &root)}
        {callbacks}
        {servers}
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

/// A call that the API makes, to an address that its receiver has named.
fn call_out(method: &str, path: &str) -> AnyView {
    let path = (!path.is_empty()).then(|| view! { <Path path=path/> });
    view! { <div class="endpoint"><Method method=method/>{path}</div> }.into_any()
}

fn badges(operation: &Operation) -> Option<AnyView> {
    let kind = match operation.sender {
        Sender::Client => None,
        Sender::Webhook => Some("Webhook"),
        Sender::Callback(_) => Some("Callback"),
    };
    if !operation.deprecated && operation.badges.is_empty() && kind.is_none() {
        return None;
    }
    let kind = kind.map(|kind| view! { <Badge text=kind tone=Tone::Special/> });
    let deprecated = operation.deprecated.then(|| view! { <Badge text="Deprecated" tone=Tone::Warn/> });
    let badges =
        operation.badges.iter().map(|words| view! { <Badge text=words.clone() tone=Tone::Info/> }).collect_view();
    Some(view! { <div class="row tight">{kind}{badges}{deprecated}</div> }.into_any())
}

/// Who sends the call, where that is not the reader.
fn from(sender: &Sender, root: &Root) -> Option<AnyView> {
    match sender {
        Sender::Client => None,
        Sender::Webhook => {
            Some(view! { <p class="prose">"The API sends this call to the address that you give it."</p> }.into_any())
        }
        Sender::Callback(cause) => Some(
            view! {
                <p class="prose">
                    "The API sends this call because of "<a href=root.operation(&cause.slug)>{cause.title.clone()}</a>"."
                </p>
            }
            .into_any(),
        ),
    }
}

fn facts(operation: &Operation, reader: &Reader, needs_key: bool) -> Vec<Fact> {
    let ours = operation.sender == Sender::Client;
    let access = Fact::new("Access", if needs_key { "API key" } else { "Open" });
    let mut facts: Vec<Fact> = ours.then_some(access).into_iter().collect();
    let mut scopes: Vec<&str> = operation
        .security
        .iter()
        .flat_map(|alternative| &alternative.schemes)
        .flat_map(|scheme| &scheme.scopes)
        .map(|(scope, _)| scope.as_str())
        .collect();
    scopes.sort_unstable();
    scopes.dedup();
    if !scopes.is_empty() {
        let codes = scopes.into_iter().map(|scope| view! { <code>{scope.to_owned()}</code>" " }).collect_view();
        facts.push(Fact::new("Scopes", codes));
    }
    if let Some(limits) = reader.limits.clone().filter(|_| needs_key && ours) {
        facts.push(Fact::new("Your limit", limits.rate));
        facts.push(Fact::new("Your quota", limits.quota));
    }
    if !operation.group.name.is_empty() {
        facts.push(Fact::new("Group", operation.group.name.clone()));
    }
    if !operation.id.is_empty() && operation.id != operation.title {
        facts.push(Fact::new("Operation id", view! { <code inner_html=breakable(&operation.id)></code> }));
    }
    facts
}

fn faults(faults: Vec<String>) -> AnyView {
    let items = faults.into_iter().map(|fault| view! { <li>{fault}</li> }).collect_view();
    view! {
        <Callout tone=Tone::Warn title="Parts of this operation could not be read"><ul>{items}</ul></Callout>
    }
    .into_any()
}

fn authorisation(head: &ApiHead, reader: &Reader, needs_key: bool) -> AnyView {
    let ours = if needs_key { keys(head, reader) } else { "No key is needed.".into_any() };
    view! { <p class="prose">{ours}</p> }.into_any()
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

fn parameters(groups: Vec<ParameterGroup>, root: &Root) -> AnyView {
    let groups = groups
        .into_iter()
        .map(|group| view! { <h3>{group.place}</h3>{schema::properties(group.properties, root)} })
        .collect_view();
    view! { <section class="section" id="parameters"><h2>"Parameters"</h2>{groups}</section> }.into_any()
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
    let previous = previous.map(|line| link(line, "prev", "Previous"));
    let next = next.map(|line| link(line, "next", "Next"));
    Some(view! { <nav class="pager" aria-label="Operations nearby">{previous}{next}</nav> }.into_any())
}

fn pane(
    head: &ApiHead,
    call: Option<Call>,
    given: Vec<GivenSample>,
    operation: &Operation,
    choices: &Choices,
) -> AnyView {
    // Calls reach what is published.
    let is_published = !head.draft && !context::address().path.contains("/versions/");
    let try_it = (operation.sender == Sender::Client && is_published).then(|| {
        let (api, operation, next) = (head.slug.clone(), operation.slug.clone(), context::address().href());
        view! { <TryIt api operation next/> }
    });
    // What the API calls has no call of the reader's, but may bring samples of its own.
    let sample = (call.is_some() || !given.is_empty()).then(|| {
        let (language, next) = (context::language(), context::address().href());
        let sent = choices.sent(operation.body.as_ref()).into_iter();
        let bodies = sent.map(|sent| (sent.chosen.into_iter().map(Lead::follower).collect(), sent.body)).collect();
        view! {
            <section class="card" id="sample"><Samples title="Request".to_owned() call bodies given language next/>{try_it}</section>
        }
    });
    view! { {sample}{exchange::answers(&operation.responses, choices)} }.into_any()
}
