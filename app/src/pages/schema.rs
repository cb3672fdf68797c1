//! `/apis/{api}/schemas/{schema}`: one schema of a document, and where it is used.
use crate::{
    components::{
        Badge, Breadcrumb, Card, CodeBlock, CopyButton, Tone,
        link::Root,
        reference::{Place, operations, sidebar},
        schema,
        text::breakable,
        words::counted,
    },
    context,
    page::Page,
    server::{House, page},
};
use axum::Router;
use leptos::prelude::*;
use portico_contract::{PortalResult, catalogue::SchemaPage};

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/apis/{api}/schemas/{schema}", page(schema_page))
        .route("/apis/{api}/versions/{version}/schemas/{schema}", page(schema_page))
}

async fn schema_page() -> PortalResult<Page> {
    let address = context::address();
    let view = context::portal()
        .schema(&context::caller(), address.param("api"), address.optional_param("version"), address.param("schema"))
        .await?;
    Ok(draw(view))
}

fn draw(view: SchemaPage) -> Page {
    let SchemaPage { head, navigation, schema } = view;
    let root = Root(head.root.clone());
    let sidebar = sidebar(&head, navigation, Place::Schema);
    let crumbs = vec![
        ("APIs".to_owned(), "/apis".to_owned()),
        (head.title.clone(), root.0.clone()),
        ("Schemas".to_owned(), format!("{}#schemas", root.0)),
    ];
    let title = schema.name.clone();
    let named = (schema.title != schema.name && !schema.title.is_empty())
        .then(|| view! { <p class="lead">{schema.title.clone()}</p> });
    let deprecated = schema.deprecated.then(|| view! { <Badge text="Deprecated" tone=Tone::Warn/> });
    let kind = schema.schema.kind.clone();
    let used = schema.used_by_total;
    let used_by = (used > 0).then(|| {
        let shown = schema.used_by.len() as u64;
        let rest = u64::from(used).saturating_sub(shown);
        let note = counted(u64::from(used), "operation", "operations");
        let rest =
            (rest > 0).then(|| view! { <p class="note">{format!("And {}.", counted(rest, "more", "more"))}</p> });
        view! {
            <section class="section" id="used-by">
                <div class="split"><h2>"Used by"</h2><span class="note">{note}</span></div>
                {operations(schema.used_by, &root)}
                {rest}
            </section>
        }
    });
    let expander = schema::folds(&schema.schema).then(|| schema::expander("definition"));
    let content = view! {
        <div class="split actions-line"><Breadcrumb crumbs current=title.clone()/></div>
        <header class="intro">
            <div class="row tight"><Badge text=kind tone=Tone::Info/>{deprecated}</div>
            <h1 dir="auto" inner_html=breakable(&title)></h1>
            {named}
        </header>
        <section class="section" id="definition"><div class="split"><h2>"Definition"</h2>{expander}</div>{schema::value(schema.schema, None, &root)}</section>
        {used_by}
    };
    let description = format!("The schema {title} of {}", head.title);
    let page = Page::reference(title, sidebar, content).described(description).of_api(head);
    match schema.example {
        None => page,
        Some(code) => {
            let copy = view! { <CopyButton what="example" class="end"/> }.into_any();
            let card = view! { <Card title="Example" actions=copy><CodeBlock code label="Example" bare=true/></Card> };
            page.with_pane("Example", card)
        }
    }
}
