//! The latest calls of one's keys, and why one of them was refused.
use super::{
    sidebar::{self, Place},
    usage::filter,
};
use crate::{
    cells,
    components::{Column, Empty, Fact, Facts, Icon, Method, Path, Row, Status, Table, Tone, text::breakable, words},
    context,
    page::{Page, Section},
    server::{House, page as draw},
};
use axum::Router;
use leptos::prelude::*;
use portico_contract::{
    PortalResult,
    traffic::{Refusal, RequestDetail, RequestLine, RequestsPage, RequestsQuery},
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
    let pane =
        selected.map(|request| (format!("Request {}", request.line.id), detail(request, address_of(&view.query, ""))));
    let page = Page::console(Section::Requests, "Requests", sidebar, content(view));
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

fn content(view: RequestsPage) -> impl IntoView {
    let query = &view.query;
    let results = [("refused", "Refused by the gateway"), ("failed", "Failed upstream")]
        .map(|(value, words)| (value.to_owned(), words.to_owned()));
    let head = view! {
        <div class="intro">
            <h1>"Requests"</h1>
            <form class="row filters" action="/requests" role="search">
                <label class="visually-hidden" for="q">"Request id or path"</label>
                <input class="input small" id="q" name="q" type="search" placeholder="Request id or path" value=query.q.clone()/>
                {filter("key", "Key", "All keys", &view.keys, &query.key)}
                {filter("result", "Result", "All results", &results, &query.result)}
                <button class="button small">"Show"</button>
            </form>
        </div>
    };
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
    (head, list)
}

fn row(query: &RequestsQuery, request: RequestLine) -> Row {
    let selected = request.id == query.id;
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
        view! { <Status text=format!("{} {}", request.status, request.result) tone=tone(request.status)/> },
        call,
        request.milliseconds,
    ]
    .selected(selected)
}

/// Limits are warnings; what was forbidden or went wrong is not.
fn tone(status: u16) -> Tone {
    match status {
        300..400 => Tone::Muted,
        400 | 404 | 405 | 408 | 413 | 429 => Tone::Warn,
        0..400 => Tone::Ok,
        _ => Tone::Danger,
    }
}

fn detail(request: RequestDetail, close: String) -> impl IntoView {
    let line = request.line;
    let title = match &request.refusal {
        Some(refusal) => format!("Refused: {}", refusal.check.to_lowercase()),
        None => format!("{} {}", line.status, line.result),
    };
    let asked = request.upstream_ms.is_some();
    let bytes = format!("{} in, {} out", words::bytes(request.bytes_in), words::bytes(request.bytes_out));
    let facts = vec![
        Fact::new("API", request.api),
        Fact::new("Operation", request.operation),
        Fact::new("Client", request.client),
        Fact::new("Checks", format!("{} ms", request.checks_ms)),
        Fact::new("Upstream", request.upstream_ms.map_or_else(|| "not asked".to_owned(), |ms| format!("{ms} ms"))),
        Fact::new("Transfer", format!("{} ms", request.transfer_ms)),
        Fact::new("Body", bytes),
    ];
    view! {
        <div class="stack loose" id="request">
            <header class="stack tight">
                <div class="split">
                    <span class="note">{line.at.date}</span>
                    <a class="button quiet small square" href=close aria-label="Close"><Icon name="x"/></a>
                </div>
                <h2>{title}</h2>
                <div class="row tight">
                    <Status text=format!("{} {}", line.status, line.result) tone=tone(line.status)/>
                    {request.refusal.as_ref().map(|refusal| view! { <span class="note"><code>{refusal.code.clone()}</code></span> })}
                </div>
                <div class="row tight"><Method method=line.method/><Path path=line.path/></div>
                <p class="note">{line.sub}</p>
            </header>
            {request.refusal.map(|refusal| refused(refusal, asked))}
            <Facts facts/>
            <p class="note">"Request id "<code>{line.id}</code></p>
        </div>
    }
}

fn capitalised(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn refused(refusal: Refusal, asked: bool) -> impl IntoView {
    let rest = (!asked).then(|| {
        view! {
            <li class="muted">
                <span class="mark"><Icon name="minus"/></span>
                <div>
                    <h3>"Upstream"</h3>
                    <p>"Not reached. The upstream never saw this call."</p>
                </div>
            </li>
        }
    });
    view! {
        <ol class="steps">
            <li class="danger">
                <span class="mark"><Icon name="x"/></span>
                <div>
                    <h3>{capitalised(&refusal.check)}</h3>
                    <dl class="compare">
                        <dt>"expected"</dt>
                        <dd>{refusal.expected}</dd>
                        <dt>"found"</dt>
                        <dd>{refusal.found}</dd>
                    </dl>
                </div>
            </li>
            {rest}
        </ol>
    }
}
