//! How much was called: of one's own apps, and of everything for the administration.
use super::sidebar::{self, Place};
use crate::{
    cells,
    components::{
        Column, Empty, Icon, Row, Segment, Segments, Table, Time,
        chart::{Bars, BarsLegend, Meter},
        words::{grouped, percent, share},
    },
    context,
    page::{Page, Section},
    server::{House, page as draw},
};
use axum::Router;
use leptos::prelude::*;
use portico_contract::{
    PortalResult,
    traffic::{QuotaLine, UsageBar, UsageLine, UsagePage, UsageQuery},
};

pub(crate) fn routes() -> Router<House> {
    Router::new().route("/usage", draw(page))
}

async fn page() -> PortalResult<Page> {
    let view = context::portal().usage(&context::caller(), query()).await?;
    let sidebar = sidebar::console(Place::Usage).await;
    Ok(Page::console(Section::Usage, "Usage", sidebar, content(view, "Usage", "/usage")))
}

/// What the address asks for.
pub(super) fn query() -> UsageQuery {
    let address = context::address();
    let field = |name: &str| address.field(name).to_owned();
    UsageQuery { range: field("range"), app: field("app"), api: field("api") }
}

/// (value in the address, words on the switch, words in a sentence)
const RANGES: [(&str, &str, &str); 4] = [
    ("today", "Today", "today, hour by hour (UTC)"),
    ("7d", "7 d", "in the last 7 days"),
    ("30d", "30 d", "in the last 30 days"),
    ("90d", "90 d", "in the last 90 days"),
];

fn range_of(query: &UsageQuery) -> (&'static str, &'static str, &'static str) {
    RANGES.into_iter().find(|(value, _, _)| *value == query.range).unwrap_or(RANGES[0])
}

/// `path` is the page's address, to which its filters lead.
pub(super) fn content(view: UsagePage, title: &'static str, path: &'static str) -> AnyView {
    let (_, _, time) = range_of(&view.query);
    let head = view! {
        <div class="intro">
            <div class="split">
                <h1>{title}</h1>
                <Segments label="Range" segments=ranges(&view.query, path)/>
            </div>
            {filters(&view, path)}
        </div>
        {tiles(&view)}
    };
    if view.calls == 0 {
        return view! {
            {head}
            <section class="section">
                <h2>"Calls by status"</h2>
                <Empty icon="chart" title="No calls in this time">
                    <p>"Calls through the gateway are counted here within two seconds, the refused ones too."</p>
                </Empty>
            </section>
            {quotas(view.quotas)}
        }
        .into_any();
    }
    let label = format!("Calls by status {time}");
    view! {
        {head}
        <section class="section">
            <div class="split">
                <h2>"Calls by status"</h2>
                <BarsLegend/>
            </div>
            <Bars label bars=view.bars.clone()/>
            <details class="children">
                <summary class="button small"><Icon name="right"/>"View as table"</summary>
                {bars_table(view.bars)}
            </details>
        </section>
        {quotas(view.quotas)}
        <div class="columns">
            {lines("Top operations", "Operation", view.by_operation)}
            {lines("APIs", "API", view.by_api)}
            {lines("Keys", "Key", view.by_key)}
            {lines("Answers", "Status", view.by_status)}
        </div>
    }
    .into_any()
}

fn ranges(query: &UsageQuery, path: &str) -> Vec<Segment> {
    let (current, _, _) = range_of(query);
    RANGES
        .into_iter()
        .map(|(value, words, _)| {
            let mut fields = url::form_urlencoded::Serializer::new(String::new());
            fields.append_pair("range", value);
            for (name, chosen) in [("app", &query.app), ("api", &query.api)] {
                if !chosen.is_empty() {
                    fields.append_pair(name, chosen);
                }
            }
            let href = format!("{path}?{}", fields.finish());
            Segment { label: words.to_owned(), href, current: value == current, count: None }
        })
        .collect()
}

fn filters(view: &UsagePage, path: &'static str) -> impl IntoView + use<> {
    let (range, _, _) = range_of(&view.query);
    // The administration's view is of all apps, and gives none to choose.
    let apps = (!view.apps.is_empty()).then(|| filter("app", "App", "All apps", &view.apps, &view.query.app));
    let apis = filter("api", "API", "All APIs", &view.apis, &view.query.api);
    view! {
        <form class="row filters" action=path>
            <input type="hidden" name="range" value=range/>
            {apps}
            {apis}
            <button class="button small">"Show"</button>
        </form>
    }
}

/// A choice in a row of filters: (value, words).
pub(super) fn filter(
    name: &'static str,
    label: &'static str,
    all: &'static str,
    options: &[(String, String)],
    chosen: &str,
) -> impl IntoView + use<> {
    let options = options
        .iter()
        .map(|(value, words)| {
            let selected = value == chosen;
            view! { <option value=value.clone() selected=selected>{words.clone()}</option> }
        })
        .collect_view();
    view! {
        <label class="visually-hidden" for=name>{label}</label>
        <select class="input small auto" id=name name=name>
            <option value="">{all}</option>
            {options}
        </select>
    }
}

fn tiles(view: &UsagePage) -> impl IntoView + use<> {
    let milliseconds = |value: &Option<String>| match value {
        Some(value) => view! { {value.clone()}" "<small>"ms"</small> }.into_any(),
        None => "—".into_any(),
    };
    view! {
        <dl class="tiles">
            <div class="tile">
                <dt>"Calls"</dt>
                <dd class="value">{grouped(view.calls)}</dd>
            </div>
            <div class="tile">
                <dt>"Failed or refused"</dt>
                <dd class="value">{share(view.errors, view.calls)}" "<small>"%"</small></dd>
                <dd class="delta muted">{format!("{} of {}", grouped(view.errors), grouped(view.calls))}</dd>
            </div>
            <div class="tile">
                <dt>"Half are faster than"</dt>
                <dd class="value">{milliseconds(&view.p50_ms)}</dd>
                <dd class="delta muted">"p50"</dd>
            </div>
            <div class="tile">
                <dt>"Slowest twentieth"</dt>
                <dd class="value">{milliseconds(&view.p95_ms)}</dd>
                <dd class="delta muted">"p95"</dd>
            </div>
        </dl>
    }
}

fn bars_table(bars: Vec<UsageBar>) -> AnyView {
    let columns =
        vec![Column::text("Time (UTC)"), Column::number("2xx and 3xx"), Column::number("4xx"), Column::number("5xx")];
    let rows = bars
        .into_iter()
        .map(|bar| cells![bar.label, grouped(bar.ok), grouped(bar.refused), grouped(bar.failed)])
        .collect();
    view! { <Table caption="Calls by status".to_owned() columns rows/> }.into_any()
}

/// One of the tables below the picture; not drawn when there is nothing in it.
fn lines(title: &'static str, first: &'static str, lines: Vec<UsageLine>) -> Option<impl IntoView + use<>> {
    let columns = vec![Column::text(first), Column::number("Calls"), Column::number("Errors"), Column::number("p95")];
    let rows: Vec<Row> = lines
        .into_iter()
        .map(|line| {
            let sub = (!line.sub.is_empty()).then(|| view! { <span class="sub">{line.sub}</span> });
            cells![
                view! { {line.name}{sub} },
                grouped(line.calls),
                percent(line.errors, line.calls),
                line.p95_ms.map_or_else(|| "—".to_owned(), |ms| format!("{ms} ms")),
            ]
        })
        .collect();
    (!rows.is_empty()).then(|| {
        view! {
            <section class="section">
                <h2>{title}</h2>
                <Table caption=title.to_owned() columns rows/>
            </section>
        }
    })
}

fn quotas(quotas: Vec<QuotaLine>) -> Option<impl IntoView> {
    let lines = quotas
        .into_iter()
        .map(|quota| {
            let used_up = quota.used >= quota.limit;
            let end = view! { <span>{if used_up { "used up, again " } else { "starts again " }}<Time moment=quota.until/></span> };
            view! {
                <div class="stack tight">
                    <h3>{quota.api}" "<span class="note">{format!("{}, {}", quota.plan, quota.app)}</span></h3>
                    <Meter used=quota.used limit=quota.limit/>
                    <p class="split note">
                        <span>{format!("{} of {}", grouped(quota.used), grouped(quota.limit))}</span>
                        {if used_up { view! { <strong class="status danger">{end}</strong> }.into_any() } else { end.into_any() }}
                    </p>
                </div>
            }
        })
        .collect::<Vec<_>>();
    (!lines.is_empty()).then(|| {
        view! {
            <section class="section">
                <h2>"Quotas"</h2>
                {lines}
            </section>
        }
    })
}
