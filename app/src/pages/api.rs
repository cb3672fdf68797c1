//! `/apis/{api}`: what one API is for, all its operations and schemas, its plans.
use crate::{
    components::{
        Badge, Breadcrumb, Callout, Card, Column, CopyButton, Fact, Facts, Icon, Menu, Row, Table, Tone, guide,
        link::{Root, segment},
        reference::{Place, access_words, operations, outward, sidebar},
        security,
        words::{counted, grouped},
    },
    context,
    islands::Samples,
    page::Page,
    server::{House, page},
};
use axum::Router;
use leptos::prelude::*;
use portico_contract::{
    PortalResult,
    call::Call,
    catalogue::{ApiHead, ApiPage, PlanOffer, Reader},
    reference::{Contact, OverviewGroup, SchemaLine},
};

pub(crate) fn routes() -> Router<House> {
    Router::new().route("/apis/{api}", page(overview)).route("/apis/{api}/versions/{version}", page(overview))
}

async fn overview() -> PortalResult<Page> {
    let address = context::address();
    let view =
        context::portal().api(&context::caller(), address.param("api"), address.optional_param("version")).await?;
    Ok(draw(view))
}

fn draw(view: ApiPage) -> Page {
    let ApiPage { head, navigation, overview, reader, plans, first_call } = view;
    let title = head.title.clone();
    let description = overview.summary.clone();
    let root = Root(head.root.clone());
    let sidebar = sidebar(&head, navigation, Place::Overview);
    let guides = guide::section(head.guides.clone());
    let pane = pane(&head.slug, &reader, plans, first_call, overview.contact.clone());
    let groups = overview.groups.len() as u64;
    let facts = vec![
        Fact::new("Base URL", view! { <code>{head.base_url.clone()}</code> }),
        Fact::new("Access", access_words(head.access)),
        Fact::new(
            "Operations",
            match groups {
                0 | 1 => grouped(u64::from(overview.operations)),
                _ => format!("{} in {groups} groups", grouped(u64::from(overview.operations))),
            },
        ),
        Fact::new("Schemas", grouped(overview.schemas.len() as u64)),
    ];
    let subscribed = reader
        .plan
        .clone()
        .map(|plan| view! { <Badge text=format!("Subscribed, {plan}") tone=Tone::Ok icon="check"/> });
    let draft = head.draft.then(|| {
        view! {
            <Callout tone=Tone::Warn title="Not published">
                "Only publishers see these pages, and the gateway does not answer for this API yet."
            </Callout>
        }
    });
    let description_html = (!overview.description_html.is_empty())
        .then(|| view! { <section class="section"><h2>"About"</h2><div class="prose" dir="auto" inner_html=overview.description_html></div></section> });
    let mut section = String::new();
    let sections: Vec<AnyView> = overview
        .groups
        .into_iter()
        .map(|group| {
            let opens = (group.section != section).then(|| std::mem::replace(&mut section, group.section.clone()));
            let heading = opens.filter(|_| !group.section.is_empty()).map(|_| {
                view! { <p class="part" dir="auto">{group.section.clone()}</p> }
            });
            view! { {heading}{self::group(group, &root)} }.into_any()
        })
        .collect();
    let webhooks = (!overview.webhooks.is_empty()).then(|| {
        let count = counted(overview.webhooks.len() as u64, "webhook", "webhooks");
        view! {
            <section class="section" id="webhooks">
                <div class="split"><h2>"Webhooks"</h2><span class="note">{count}</span></div>
                {operations(overview.webhooks, &root)}
            </section>
        }
    });
    let schemas = (!overview.schemas.is_empty()).then(|| schemas(overview.schemas, &root));
    let security = (!overview.security.is_empty()).then(|| {
        view! {
            <section class="section" id="security"><h2>"Security in the document"</h2>{security::schemes(overview.security)}</section>
        }
    });
    let servers = (!overview.servers.is_empty()).then(|| {
        view! {
            <section class="section" id="servers">
                <h2>"Servers in the document"</h2>
                <p class="prose">"Calls with a key of this portal go to "<code>{head.base_url.clone()}</code>". The document names:"</p>
                {security::servers(overview.servers)}
            </section>
        }
    });
    let links: Vec<AnyView> =
        [overview.external_docs, overview.terms, overview.license].into_iter().flatten().map(outward).collect();
    let links = (!links.is_empty()).then(|| {
        let items = links.into_iter().map(|link| view! { <li>{link}</li> }).collect_view();
        view! { <section class="section"><h2>"More"</h2><div class="prose"><ul>{items}</ul></div></section> }
    });
    let content = view! {
        <div class="split actions-line">
            <Breadcrumb crumbs=vec![("APIs".to_owned(), "/apis".to_owned())] current=title.clone()/>
            <div class="row tight actions">
                {elsewhere(&head, &root)}
            </div>
        </div>
        <header class="intro">
            <div class="row tight"><Badge text=head.version.clone() tone=Tone::Info/>{subscribed}</div>
            <h1>{title.clone()}</h1>
            {(!overview.summary.is_empty()).then(|| view! { <p class="lead">{overview.summary}</p> })}
            <Facts facts/>
        </header>
        {draft}
        {description_html}
        {guides}
        {sections}
        {webhooks}
        {schemas}
        {security}
        {servers}
        {links}
    };
    Page::reference(title, sidebar, content).described(description).of_api(head).with_pane("At a glance", pane)
}

/// The same API for other programs.
fn elsewhere(head: &ApiHead, root: &Root) -> AnyView {
    let files = [
        ("openapi.json", "OpenAPI, JSON"),
        ("openapi.yaml", "OpenAPI, YAML"),
        ("postman.json", "Postman collection"),
        ("bruno.json", "Bruno collection"),
    ];
    let files: Vec<AnyView> = files
        .into_iter()
        .map(|(file, words)| {
            let href = format!("{}/{file}", root.0);
            view! { <a href=href>{words}</a> }.into_any()
        })
        .collect();
    // Agents call what the gateway serves, and that is the published version.
    let published = !head.draft && head.root == format!("/apis/{}", head.slug);
    let agents = published.then(|| {
        let address = format!("{}/apis/{}/mcp", context::site().portal_url, head.slug);
        view! {
            <hr/>
            <p class="note">"For agents, by the Model Context Protocol, with a key:"</p>
            <p class="row tight"><code>{address.clone()}</code><CopyButton what="address for agents" text=address/></p>
        }
        .into_any()
    });
    let sheet = format!("{}.md", root.0);
    let face = view! { <Icon name="download"/><span>"Use it elsewhere"</span> }.into_any();
    view! {
        <Menu label="Use it elsewhere" class="quiet small" face>
            {files}
            <a href=sheet>"Markdown"</a>
            {agents}
        </Menu>
    }
    .into_any()
}

fn group(group: OverviewGroup, root: &Root) -> AnyView {
    // A tag may stand for words alone.
    let count = (!group.operations.is_empty()).then(|| {
        view! { <span class="note">{counted(group.operations.len() as u64, "operation", "operations")}</span> }
    });
    let operations = (!group.operations.is_empty()).then(|| operations(group.operations, root));
    let description = (!group.description_html.is_empty())
        .then(|| view! { <div class="prose" dir="auto" inner_html=group.description_html></div> });
    let more = group.external_docs.map(|link| view! { <p>{outward(link)}</p> });
    view! {
        <section class="section" id=group.anchor>
            <div class="split"><h2 dir="auto">{group.name}</h2>{count}</div>
            {description}
            {more}
            {operations}
        </section>
    }
    .into_any()
}

fn schemas(schemas: Vec<SchemaLine>, root: &Root) -> AnyView {
    let count = counted(schemas.len() as u64, "schema", "schemas");
    let lines = schemas
        .into_iter()
        .map(|schema| {
            let deprecated = schema.deprecated.then(|| view! { " "<Badge text="Deprecated" tone=Tone::Warn/> });
            view! {
                <li><a class="item" href=root.schema(&schema.name)>
                    <Icon name="dot"/>
                    <span class="what"><code>{schema.name.clone()}</code>{deprecated}</span>
                    <span class="note">{schema.kind}</span>
                </a></li>
            }
        })
        .collect_view();
    view! {
        <section class="section" id="schemas">
            <div class="split"><h2>"Schemas"</h2><span class="note">{count}</span></div>
            <ul class="list">{lines}</ul>
        </section>
    }
    .into_any()
}

fn pane(
    slug: &str,
    reader: &Reader,
    plans: Vec<PlanOffer>,
    first_call: Option<Call>,
    contact: Option<Contact>,
) -> AnyView {
    let first_call = first_call.map(|call| {
        let (language, next) = (context::language(), context::address().href());
        let foot = next_step(slug, reader);
        view! {
            <section class="card">
                <Samples title="First call".to_owned() call=Some(call) bodies=Vec::new() given=Vec::new() language next/>
                <div class="foot">{foot}</div>
            </section>
        }
    });
    let plans = (!plans.is_empty()).then(|| {
        let table = self::plans(slug, plans);
        view! { <Card title="Plans">{table}</Card> }
    });
    let contact = contact.map(|contact| {
        let name = (!contact.name.is_empty()).then(|| view! { <p>{contact.name}</p> });
        let link = contact.link.map(|link| view! { <p>{outward(link)}</p> });
        view! { <Card title="Contact"><div class="body note">{name}{link}</div></Card> }
    });
    view! { {first_call}{plans}{contact} }.into_any()
}

/// What stands between this reader and a first call.
fn next_step(slug: &str, reader: &Reader) -> AnyView {
    let (href, words) = if !reader.signed_in {
        (format!("/sign-up?next=%2Fsubscribe%3Fapi%3D{}", segment(slug)), "Get a key")
    } else if reader.plan.is_none() {
        (format!("/subscribe?api={}", segment(slug)), "Subscribe")
    } else {
        ("/apps".to_owned(), "Create a key")
    };
    view! { <a class="button primary small" href=href><Icon name="key"/>{words}</a> }.into_any()
}

fn plans(slug: &str, plans: Vec<PlanOffer>) -> AnyView {
    let columns = vec![Column::text("Plan"), Column::text("Rate"), Column::text("Quota"), Column::ACTIONS];
    let rows = plans
        .into_iter()
        .map(|plan| {
            let note = match (plan.yours, plan.manual) {
                (true, _) => Some("yours"),
                (false, true) => Some("on approval"),
                (false, false) => None,
            };
            let note = note.map(|note| view! { " "<span class="sub">{note}</span> });
            let choose = (!plan.yours).then(|| {
                let href = format!("/subscribe?api={}&plan={}", segment(slug), segment(&plan.slug));
                let label = format!("{} {}", if plan.manual { "Ask for" } else { "Choose" }, plan.name);
                view! { <a href=href aria-label=label>{if plan.manual { "Ask" } else { "Choose" }}</a> }
            });
            Row::new(vec![
                view! { {plan.name.clone()}{note} }.into_any(),
                plan.limits.rate.into_any(),
                plan.limits.quota.into_any(),
                choose.into_any(),
            ])
        })
        .collect();
    view! { <Table caption="Plans".to_owned() columns=columns rows=rows/> }.into_any()
}
