//! `/search`: APIs, operations and schemas by their words.
use crate::{
    components::{
        Empty, Method, SearchForm, Segment, Segments,
        link::segment,
        words::{counted, grouped},
    },
    context,
    page::{Page, Section},
    server::{House, page},
};
use axum::Router;
use leptos::prelude::*;
use portico_contract::{
    PortalResult,
    catalogue::{HitKind, SearchHit, SearchPage},
};

const KINDS: [HitKind; 3] = [HitKind::Api, HitKind::Operation, HitKind::Schema];

pub(crate) fn routes() -> Router<House> {
    Router::new().route("/search", page(search))
}

async fn search() -> PortalResult<Page> {
    let address = context::address();
    let query = address.field("q").trim();
    if query.is_empty() {
        return Ok(Page::wide(Section::Apis, "Search", nothing_asked()));
    }
    let kind = KINDS.into_iter().find(|kind| word(*kind) == address.field("kind"));
    let view = context::portal().search(&context::caller(), query, kind).await?;
    Ok(Page::wide(Section::Apis, format!("Results for {query}"), content(view, kind)))
}

/// As it stands in `kind=`.
const fn word(kind: HitKind) -> &'static str {
    match kind {
        HitKind::Api => "api",
        HitKind::Operation => "operation",
        HitKind::Schema => "schema",
    }
}

const fn words(kind: HitKind) -> (&'static str, &'static str) {
    match kind {
        HitKind::Api => ("API", "APIs"),
        HitKind::Operation => ("Operation", "Operations"),
        HitKind::Schema => ("Schema", "Schemas"),
    }
}

fn nothing_asked() -> AnyView {
    view! {
        <div class="intro">
            <h1>"Search"</h1>
            <p class="lead">"Every API, operation and schema that you may read."</p>
            <SearchForm primary=true/>
        </div>
    }
    .into_any()
}

fn content(view: SearchPage, kind: Option<HitKind>) -> AnyView {
    let all: u64 = view.counts.iter().map(|(_, count)| count).sum();
    let href = |kind: Option<HitKind>| {
        let query = segment(&view.query);
        kind.map_or_else(|| format!("/search?q={query}"), |kind| format!("/search?q={query}&kind={}", word(kind)))
    };
    let mut segments =
        vec![Segment { label: "All".to_owned(), href: href(None), current: kind.is_none(), count: Some(all) }];
    for each in KINDS {
        let count = view.counts.iter().find(|(known, _)| *known == each).map_or(0, |(_, count)| *count);
        segments.push(Segment {
            label: words(each).1.to_owned(),
            href: href(Some(each)),
            current: kind == Some(each),
            count: Some(count),
        });
    }
    let intro = view! {
        <div class="intro"><h1>{format!("Results for “{}”", view.query)}</h1><SearchForm query=view.query.clone() primary=true/></div>
    };
    if all == 0 {
        return view! {
            {intro}
            <Empty icon="search" title="Nothing found">
                <p role="status">"No API, operation or schema that you may read has these words. Try fewer or shorter ones; a path or an operationId works too."</p>
                <a class="button" href="/apis">"All APIs"</a>
            </Empty>
        }
        .into_any();
    }
    let shown = view.hits.len() as u64;
    let rest = (shown < view.total)
        .then(|| view! { <p class="note">{format!("Showing {} of {}. More words find less.", grouped(shown), grouped(view.total))}</p> });
    let hits: Vec<AnyView> = view.hits.into_iter().map(hit).collect();
    view! {
        {intro}
        <div class="split filters">
            <Segments label="Kind" segments/>
            <p class="note" role="status">{counted(view.total, "result", "results")}</p>
        </div>
        <ol class="results">{hits}</ol>
        {rest}
    }
    .into_any()
}

fn hit(hit: SearchHit) -> AnyView {
    let method = hit.method.map(|method| view! { <Method method/>" " });
    let title = marked(hit.title);
    let title = if hit.kind == HitKind::Schema { view! { <code>{title}</code> }.into_any() } else { title };
    let place = if hit.place.is_empty() {
        words(hit.kind).0.to_owned()
    } else {
        format!("{} · {}", words(hit.kind).0, hit.place)
    };
    view! {
        <li>
            <p class="note">{place}</p>
            <h2><a href=hit.href>{method}{title}</a></h2>
            <p>{marked(hit.excerpt)}</p>
        </li>
    }
    .into_any()
}

/// Pieces of a text; those that matched are marked.
fn marked(pieces: Vec<(bool, String)>) -> AnyView {
    pieces
        .into_iter()
        .map(|(hit, text)| if hit { view! { <mark>{text}</mark> }.into_any() } else { text.into_any() })
        .collect_view()
        .into_any()
}
