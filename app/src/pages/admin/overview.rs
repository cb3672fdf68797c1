//! What a publisher wants to see first: traffic, what waits, health, what was changed.
use super::subscriptions::decision;
use crate::{
    cells,
    components::{
        Column, Icon, Status, Table, Time, Tone,
        chart::Spark,
        words::{grouped, share},
    },
    context,
    page::{Page, Section},
    pages::sidebar,
    server::{House, page as draw},
};
use axum::Router;
use leptos::prelude::*;
use portico_contract::{
    PortalResult, Role,
    admin::{AuditLine, HealthLine, Overview, PendingSubscription},
};

pub(super) fn routes() -> Router<House> {
    Router::new().route("/admin", draw(page))
}

async fn page() -> PortalResult<Page> {
    let caller = context::caller();
    let view = context::portal().admin_overview(&caller).await?;
    let sidebar = sidebar::administration("/admin").await;
    let audit = caller.role() >= Some(Role::Admin);
    Ok(Page::console(Section::Admin, "Overview", sidebar, content(view, audit)))
}

/// `audit`: the reader may read the audit log.
fn content(view: Overview, audit: bool) -> impl IntoView {
    view! {
        <div class="intro">
            <div class="split">
                <h1>"Overview"</h1>
                <a class="button primary" href="/admin/apis/new"><Icon name="plus"/>"Publish an API"</a>
            </div>
        </div>
        {tiles(&view)}
        {approvals(view.pending, view.pending_total)}
        <div class="columns">{health(view.health)} {latest(view.latest, audit)}</div>
    }
}

fn tiles(view: &Overview) -> impl IntoView + use<> {
    let p95 = match &view.p95_ms {
        Some(ms) => view! { {ms.clone()}" "<small>"ms p95"</small> }.into_any(),
        None => "—".into_any(),
    };
    let apis = match view.apis {
        1 => "1 API".to_owned(),
        apis => format!("{} APIs", grouped(apis)),
    };
    view! {
        <dl class="tiles">
            <div class="tile">
                <dt>"Calls today"</dt>
                <dd class="value">{grouped(view.calls_today)}</dd>
                <dd><Spark values=view.hours.clone()/></dd>
                <dd class="delta muted">"the last 24 hours"</dd>
            </div>
            <div class="tile">
                <dt>"Refused or failed"</dt>
                <dd class="value">{share(view.errors_today, view.calls_today)}" "<small>"%"</small></dd>
                <dd class="delta muted">{format!("{} of {}", grouped(view.errors_today), grouped(view.calls_today))}</dd>
            </div>
            <div class="tile">
                <dt>"Slowest twentieth"</dt>
                <dd class="value">{p95}</dd>
                <dd class="delta muted">"today"</dd>
            </div>
            <div class="tile">
                <dt>"Developers"</dt>
                <dd class="value">{grouped(view.developers)}</dd>
                <dd class="delta muted">{apis}</dd>
            </div>
        </dl>
    }
}

fn approvals(pending: Vec<PendingSubscription>, total: u64) -> impl IntoView {
    let body = if pending.is_empty() {
        view! { <p class="note">"Nothing waits for you. Requests for plans with approval appear here."</p> }.into_any()
    } else {
        let columns = vec![Column::text("App"), Column::text("Wants"), Column::text("Since"), Column::ACTIONS];
        let shown = pending.len() as u64;
        let rows = pending
            .into_iter()
            .map(|line| {
                let words = format!("{} for {}", line.plan, line.app);
                cells![
                    view! { {line.app}" "<span class="sub">{line.owner}</span> },
                    view! { {line.api}" "<span class="sub">{line.plan}</span> },
                    view! { <Time moment=line.since/> },
                    decision(&line.id, &words, "/admin"),
                ]
            })
            .collect();
        let rest = (total > shown).then(|| {
            view! { <p class="note">{format!("{} more wait.", grouped(total - shown))}</p> }
        });
        view! { <Table caption="Approvals waiting".to_owned() columns rows/>{rest} }.into_any()
    };
    view! {
        <section class="section">
            <div class="split">
                <h2>"Approvals waiting"</h2>
                <a class="button quiet small" href="/admin/subscriptions">"All subscriptions"</a>
            </div>
            {body}
        </section>
    }
}

fn health(lines: Vec<HealthLine>) -> impl IntoView {
    let columns = vec![Column::text("Part"), Column::text("State"), Column::text("Detail")];
    let rows = lines
        .into_iter()
        .map(|line| cells![line.part, view! { <Status text=line.state tone=Tone::parse(&line.tone)/> }, line.detail])
        .collect();
    view! {
        <section class="section">
            <h2>"Health"</h2>
            <Table caption="Health".to_owned() columns rows/>
        </section>
    }
}

fn latest(lines: Vec<AuditLine>, audit: bool) -> impl IntoView {
    let lines = lines
        .into_iter()
        .map(|line| {
            let detail = (!line.detail.is_empty()).then(|| view! { <span class="sub">{line.detail}</span> });
            view! {
                <li>
                    <span class="note"><Time moment=line.at/></span>
                    <p>
                        <b>{line.actor}</b>
                        {format!(": {} {} ", line.subject, line.action)}
                        <b>{line.target}</b>
                        {detail}
                    </p>
                </li>
            }
        })
        .collect::<Vec<_>>();
    let body = if lines.is_empty() {
        view! { <p class="note">"Nothing was changed yet."</p> }.into_any()
    } else {
        view! { <ol class="log">{lines}</ol> }.into_any()
    };
    view! {
        <section class="section">
            <div class="split">
                <h2>"Lately"</h2>
                {audit.then(|| view! { <a class="button quiet small" href="/admin/audit">"Audit log"</a> })}
            </div>
            {body}
        </section>
    }
}
