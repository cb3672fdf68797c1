//! The latest calls of one's keys, or of all for publishers and admins, and what became of one of them.
mod one;

use super::{
    sidebar::{self, Place},
    usage::filter,
};
use crate::{
    cells,
    components::{Callout, Column, Empty, Method, Row, Status, Table, Tone, text::breakable, words},
    context,
    page::{Page, Section},
    server::{House, page as draw},
};
use axum::Router;
use leptos::prelude::*;
use portico_contract::{
    PortalResult, Role,
    traffic::{RequestLine, RequestsPage, RequestsQuery},
};

pub(crate) fn routes() -> Router<House> {
    Router::new().route("/requests", draw(page))
}

async fn page() -> PortalResult<Page> {
    let address = context::address();
    let field = |name: &str| address.field(name).to_owned();
    let query = RequestsQuery { q: field("q"), result: field("result"), key: field("key"), id: field("id") };
    let mut view = context::portal().requests(&context::caller(), query).await?;
    let selected = view.selected.take();
    let sidebar = sidebar::console(Place::Requests).await;
    let missing = selected.is_none() && !view.query.id.is_empty();
    let pane = selected.map(|request| {
        let close = RequestsQuery { q: String::new(), ..view.query.clone() };
        let close = if view.query.id.is_empty() { close } else { view.query.clone() };
        (format!("Request {}", request.line.id), one::detail(request, address_of(&close, "")))
    });
    let page = Page::console(Section::Requests, "Requests", sidebar, content(view, pane.is_some(), missing));
    Ok(match pane {
        Some((label, pane)) => page.with_pane(label, pane),
        None => page,
    })
}

/// This page with the filters kept, and that request chosen.
fn address_of(query: &RequestsQuery, id: &str) -> String {
    let mut fields = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in
        [("q", query.q.as_str()), ("result", query.result.as_str()), ("key", query.key.as_str()), ("id", id)]
    {
        if !value.is_empty() {
            fields.append_pair(name, value);
        }
    }
    match fields.finish() {
        fields if fields.is_empty() => "/requests".to_owned(),
        fields => format!("/requests?{fields}"),
    }
}

/// `shown`: a request stands beside the list, or behind it where there is no room; `missing`: the one asked for is not
/// there.
fn content(view: RequestsPage, shown: bool, missing: bool) -> impl IntoView {
    let query = &view.query;
    let sees_all = context::caller().role() >= Some(Role::Publisher);
    let results = [("refused", "Refused by the gateway"), ("failed", "Failed upstream")]
        .map(|(value, words)| (value.to_owned(), words.to_owned()));
    let head = view! {
        <div class="intro">
            <h1>"Requests"</h1>
            <p class="lead">
                {if sees_all { "The latest calls of all apps." } else { "The latest calls made with your keys." }}
                " An answer names its request in X-Request-Id, a refusal in request_id too."
            </p>
            <form class="row filters" action="/requests" role="search">
                <label class="visually-hidden" for="q">"Request id or path"</label>
                <input class="input small" id="q" name="q" type="search" placeholder="Request id or path" value=query.q.clone()/>
                {filter("key", "Key", "All keys", &view.keys, &query.key)}
                {filter("result", "Result", "All results", &results, &query.result)}
                <button class="button small">"Show"</button>
            </form>
        </div>
    };
    let missing = missing.then(|| not_found(sees_all));
    let jump =
        shown.then(|| view! { <p class="only-narrow"><a href="#request">"The request that you asked for"</a></p> });
    let filtered = !(query.q.is_empty() && query.key.is_empty() && query.result.is_empty());
    let list = match (view.requests.is_empty(), filtered) {
        (true, true) => view! {
            <Empty icon="search" title="No request fits">
                <p>"Requests are remembered for a while only; older ones are counted under usage."</p>
                <a class="button" href="/requests">"Show all"</a>
            </Empty>
        }
        .into_any(),
        (true, false) => view! {
            <Empty icon="list" title="No calls yet">
                <p>"Every call of your keys appears here within a second, with the reason if it was refused."</p>
                <a class="button" href="/apis">"Look at the APIs"</a>
            </Empty>
        }
        .into_any(),
        (false, _) => {
            let columns =
                vec![Column::text("Time (UTC)"), Column::text("Result"), Column::text("Request"), Column::number("ms")];
            let count = if view.total > view.requests.len() as u64 {
                format!("Newest {} of {}", view.requests.len(), words::grouped(view.total))
            } else {
                words::counted(view.total, "request", "requests")
            };
            let rows = view.requests.into_iter().map(|request| row(query, request)).collect();
            view! {
                <Table caption="Requests, newest first".to_owned() columns rows/>
                <p class="section note">{count}</p>
            }
            .into_any()
        }
    };
    (head, jump, missing, list)
}

fn not_found(sees_all: bool) -> impl IntoView {
    let why = if sees_all {
        "It is not among those remembered, which are the latest ones of this node."
    } else {
        "It is not among those remembered, or it did not come with a valid key of yours. What came without one only the publishers see."
    };
    view! {
        <div role="status">
            <Callout tone=Tone::Warn title="No such request">{why}</Callout>
        </div>
    }
}

fn row(query: &RequestsQuery, request: RequestLine) -> Row {
    let (selected, tone) = (request.id == query.id, tone(&request));
    let call = view! {
        <span class="call"><Method method=request.method/>" "<code inner_html=breakable(&request.path)></code></span>
        <span class="sub">{request.sub}</span>
    };
    cells![
        view! {
            <a href=format!("{}#request", address_of(query, &request.id)) aria-current=selected.then_some("true")>
                <time datetime=request.at.iso title=request.at.date>{request.time}</time>
            </a>
        },
        view! { <Status text=format!("{} {}", request.status, request.result) tone/> },
        call,
        request.milliseconds,
    ]
    .selected(selected)
}

/// Limits are warnings; what was forbidden or went wrong is not.
fn tone(request: &RequestLine) -> Tone {
    match request.status {
        0..400 if request.refused => Tone::Danger,
        300..400 | 499 => Tone::Muted,
        400 | 404 | 405 | 408 | 413 | 429 => Tone::Warn,
        0..400 => Tone::Ok,
        _ => Tone::Danger,
    }
}
