//! What a document has wrong or odd, as a list.
use crate::components::{Icon, Status, Tone, words::counted};
use leptos::prelude::*;
use portico_contract::reference::{Finding, Severity};

/// More are counted, not drawn: a broken document can have thousands.
const MAX_SHOWN: usize = 200;

/// The worst first; nothing when there are none.
pub(super) fn findings(mut findings: Vec<Finding>, title: &'static str) -> Option<impl IntoView> {
    if findings.is_empty() {
        return None;
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count() as u64;
    let summary = [
        (count(Severity::Error), "error", "errors"),
        (count(Severity::Warning), "warning", "warnings"),
        (count(Severity::Info), "hint", "hints"),
    ]
    .into_iter()
    .filter(|(number, _, _)| *number > 0)
    .map(|(number, one, many)| counted(number, one, many))
    .collect::<Vec<_>>()
    .join(", ");
    let hidden = findings.len().saturating_sub(MAX_SHOWN) as u64;
    let items = findings.into_iter().take(MAX_SHOWN).map(item).collect_view();
    let rest = (hidden > 0).then(
        || view! { <p class="note">{format!("{} more are not shown.", counted(hidden, "finding", "findings"))}</p> },
    );
    Some(view! {
        <section class="section" id="findings">
            <div class="split"><h2>{title}</h2><span class="note">{summary}</span></div>
            <ul class="list">{items}</ul>
            {rest}
        </section>
    })
}

fn item(finding: Finding) -> impl IntoView {
    let (words, tone) = match finding.severity {
        Severity::Error => ("Error", Tone::Danger),
        Severity::Warning => ("Warning", Tone::Warn),
        Severity::Info => ("Hint", Tone::Info),
    };
    let place = match (finding.line, finding.column) {
        (Some(line), Some(column)) => format!("line {line}:{column}"),
        (Some(line), None) => format!("line {line}"),
        (None, _) => String::new(),
    };
    // A guide has lines alone.
    let pointer = match finding.pointer {
        pointer if !pointer.is_empty() => Some(pointer),
        _ if finding.line.is_some() => None,
        _ => Some("the whole document".to_owned()),
    };
    let pointer = pointer.map(|pointer| view! { <p class="note">"At "<code>{pointer}</code></p> });
    // Errors stand open: they are what has to be read.
    let open = finding.severity == Severity::Error;
    view! {
        <li>
            <details class="finding" open=open>
                <summary>
                    <Icon name="right"/>
                    <Status text=words tone/>
                    <span class="what">{finding.message}</span>
                    <span class="note">{place}</span>
                </summary>
                <div class="stack tight">
                    {pointer}
                    <p class="note">"Rule "<code>{finding.code}</code></p>
                </div>
            </details>
        </li>
    }
}
