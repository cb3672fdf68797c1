//! What publishing the newest version would mean to those who call the published one.
use crate::{
    cells,
    components::{
        Callout, Column, Table, Time, Tone,
        changes::{change_counts, change_list, coded},
        link::Root,
        words::{counted, grouped},
    },
};
use leptos::prelude::*;
use portico_contract::admin::{AffectedCaller, Impact};

/// Changes shown before somebody asks for more.
const SHOWN: usize = 60;

pub(super) fn section(impact: Impact) -> AnyView {
    let Impact { from, from_root, to, to_root, changes, callers, callers_total, apps_total } = impact;
    let (tone, title, words) = match (changes.breaking, apps_total) {
        (0, _) => (
            Tone::Ok,
            format!("Nothing would break between {from} and {to}"),
            "Whoever calls today can go on as before.".to_owned(),
        ),
        (_, 0) => (
            Tone::Warn,
            format!("{} would break with {to}", counted(changes.breaking.into(), "thing", "things")),
            "No subscribed app called the operations concerned in the last 30 days.".to_owned(),
        ),
        (_, apps) => (
            Tone::Danger,
            format!("{} would break with {to}", counted(changes.breaking.into(), "thing", "things")),
            format!(
                "{} called the operations concerned in the last 30 days.",
                counted(apps, "subscribed app", "subscribed apps")
            ),
        ),
    };
    let summary = format!("{} since {from}, which is published.", change_counts(&changes));
    let table = (!callers.is_empty()).then(|| table(callers, callers_total));
    let page = format!("{to_root}/changes");
    let (list, whole) = change_list(changes, (&Root(from_root), &Root(to_root)), SHOWN);
    let more = (!whole).then(|| view! { <p><a href=page>"All changes"</a></p> });
    view! {
        <section class="section" id="impact">
            <h2>"If the newest version is published"</h2>
            <Callout tone title>{words}</Callout>
            {table}
            <p class="note">{summary}</p>
            {list}
            {more}
        </section>
    }
    .into_any()
}

fn table(callers: Vec<AffectedCaller>, total: u64) -> AnyView {
    let columns = vec![
        Column::text("App"),
        Column::text("Operation"),
        Column::number("Calls in 30 days"),
        Column::text("Last call"),
        Column::text("What would break"),
    ];
    let shown = callers.len() as u64;
    let rows = callers
        .into_iter()
        .map(|caller| {
            let messages =
                caller.messages.iter().map(|message| view! { <li inner_html=coded(message)></li> }).collect_view();
            cells![
                view! { {caller.app}<br/><span class="sub">{caller.owner}</span> },
                view! { <code>{caller.operation}</code> },
                grouped(caller.calls),
                view! { <Time moment=caller.last/> },
                view! { <ul>{messages}</ul> },
            ]
        })
        .collect();
    let more = (total > shown).then(|| view! { <p class="note">{format!("And {} more.", grouped(total - shown))}</p> });
    view! { <Table caption="Apps that would notice".to_owned() columns rows/>{more} }.into_any()
}
