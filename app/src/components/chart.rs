//! Charts, drawn by the server as SVG: sizes in per cent, words in HTML, so nothing shrinks and no style is inline.
//!
//! A picture never stands alone: [`Bars`] is read out as its description, and the page puts a table of the same numbers
//! behind it.
use super::words::{grouped, percent};
use leptos::prelude::*;
use portico_contract::traffic::UsageBar;

/// At most so many words under the bars: more would touch each other on a narrow screen.
const MAX_LABELS: usize = 6;
/// Lines across the picture, the one at the bottom left out.
const STEPS: u64 = 4;

/// Stacked bars of calls: answered, refused (4xx) and failed (5xx), the latter two also told apart by hatching.
#[component]
pub fn Bars(label: String, bars: Vec<UsageBar>) -> AnyView {
    let step = nice_step(bars.iter().map(total).max().unwrap_or(0));
    let top = step * STEPS;
    let every = bars.len().div_ceil(MAX_LABELS).max(1);
    let width = 100.0 / bars.len().max(1) as f64;
    let words = bars
        .iter()
        .enumerate()
        .map(|(i, bar)| view! { <span>{(i % every == 0).then(|| bar.label.clone())}</span> })
        .collect_view();
    let scale = (0..=STEPS).rev().map(|i| view! { <span>{grouped(i * step)}</span> }).collect_view();
    let lines = (0..=STEPS)
        .map(|i| {
            let y = format!("{}%", i * 100 / STEPS);
            view! { <line x1="0" x2="100%" y1=y.clone() y2=y></line> }
        })
        .collect_view();
    let description = describe(&bars);
    let columns = bars
        .iter()
        .enumerate()
        .filter(|(_, bar)| total(bar) > 0)
        .map(|(i, bar)| column(bar, i as f64 * width, width, top))
        .collect_view();
    view! {
        <div class="chart">
            <div class="y" aria-hidden="true">{scale}</div>
            <svg role="img" aria-label=label preserveAspectRatio="none">
                <desc>{description}</desc>
                <defs>
                    <pattern id="hatch-a" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                        <path class="hatch" d="M0 0v5" stroke-width="2"></path>
                    </pattern>
                    <pattern id="hatch-b" width="4" height="4" patternUnits="userSpaceOnUse">
                        <path class="hatch" d="M0 1h4" stroke-width="1.5"></path>
                    </pattern>
                </defs>
                {lines}
                {columns}
            </svg>
            <div class="x each" aria-hidden="true">{words}</div>
        </div>
    }
    .into_any()
}

/// What the colours and hatchings of [`Bars`] mean. Needs its picture on the same page.
#[component]
pub fn BarsLegend() -> AnyView {
    let entry = |class: &'static str, hatch: Option<&'static str>, text: &'static str| {
        view! {
            <li>
                <svg aria-hidden="true">
                    <rect class=class width="12" height="12"></rect>
                    {hatch.map(|fill| view! { <rect fill=fill width="12" height="12"></rect> })}
                </svg>
                {text}
            </li>
        }
    };
    view! {
        <ul class="legend">
            {entry("s2", None, "2xx and 3xx")} {entry("s4", Some("url(#hatch-a)"), "4xx")}
            {entry("s5", Some("url(#hatch-b)"), "5xx")}
        </ul>
    }
    .into_any()
}

fn column(bar: &UsageBar, left: f64, width: f64, top: u64) -> impl IntoView + use<> {
    let mut y = 100.0;
    let x = format!("{:.2}%", left + width * 0.14);
    let wide = format!("{:.2}%", width * 0.72);
    let parts =
        [("s2", None, bar.ok), ("s4", Some("url(#hatch-a)"), bar.refused), ("s5", Some("url(#hatch-b)"), bar.failed)]
            .into_iter()
            .filter(|(_, _, calls)| *calls > 0)
            .map(|(class, hatch, calls)| {
                let height = calls as f64 * 100.0 / top as f64;
                y -= height;
                let (y, height) = (format!("{y:.2}%"), format!("{height:.2}%"));
                view! {
                    <rect class=class x=x.clone() width=wide.clone() y=y.clone() height=height.clone()></rect>
                    {hatch.map(|fill| {
                        view! { <rect fill=fill x=x.clone() width=wide.clone() y=y height=height></rect> }
                    })}
                }
            })
            .collect_view();
    view! { <g>{parts}</g> }
}

fn total(bar: &UsageBar) -> u64 {
    bar.ok + bar.refused + bar.failed
}

/// The smallest of 1, 2, 5, 10, 20, 50 … of which [`STEPS`] reach `max`.
fn nice_step(max: u64) -> u64 {
    let wanted = max.div_ceil(STEPS).max(1);
    let mut unit = 1_u64;
    loop {
        for factor in [1, 2, 5] {
            let step = unit.saturating_mul(factor);
            if step >= wanted {
                return step;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

/// The picture in a sentence.
fn describe(bars: &[UsageBar]) -> String {
    let Some(highest) = bars.iter().max_by_key(|bar| total(bar)).filter(|bar| total(bar) > 0) else {
        return "No calls in this time.".to_owned();
    };
    let sum = |part: fn(&UsageBar) -> u64| bars.iter().map(part).sum::<u64>();
    format!(
        "{} calls were answered, {} refused and {} failed. The most, {}, came at {}.",
        grouped(sum(|bar| bar.ok)),
        grouped(sum(|bar| bar.refused)),
        grouped(sum(|bar| bar.failed)),
        grouped(total(highest)),
        highest.label
    )
}

/// A line of numbers without words; the tile around it says what they are.
#[component]
pub fn Spark(values: Vec<u64>) -> AnyView {
    let max = values.iter().copied().max().unwrap_or(0).max(1) as f64;
    let last = values.len().saturating_sub(1).max(1) as f64;
    let points = values
        .iter()
        .enumerate()
        .map(|(i, value)| format!("{:.1},{:.1}", i as f64 * 100.0 / last, 27.0 - *value as f64 * 26.0 / max))
        .collect::<Vec<_>>()
        .join(" ");
    view! {
        <svg class="spark" viewBox="0 0 100 28" preserveAspectRatio="none" aria-hidden="true">
            <polyline points=points></polyline>
        </svg>
    }
    .into_any()
}

/// How much of something is used up.
#[component]
pub fn Meter(used: u64, limit: u64) -> AnyView {
    let share = (used as f64 * 100.0 / limit.max(1) as f64).min(100.0);
    view! {
        <svg class="meter" role="img" aria-label=format!("{} used", percent(used, limit))>
            <rect class="used" width=format!("{share:.1}%") height="100%"></rect>
        </svg>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_reach_the_highest_bar() {
        for (max, step) in [(0, 1), (3, 1), (4, 1), (5, 2), (17, 5), (1_450, 500), (2_001, 1_000)] {
            assert_eq!(nice_step(max), step, "for {max}");
        }
        assert!(nice_step(u64::MAX) >= u64::MAX / STEPS);
    }

    #[test]
    fn bars_keep_to_the_picture_and_are_described() {
        let bars = vec![
            UsageBar { label: "00:00".into(), ok: 3, refused: 1, failed: 0 },
            UsageBar { label: "01:00".into(), ..UsageBar::default() },
        ];
        let html = view! { <Bars label="Calls today".to_owned() bars=bars/> }.to_html();
        assert!(html.contains(r#"x="7.00%" width="36.00%" y="25.00%" height="75.00%" class="s2""#), "{html}");
        assert!(html.contains(r#"x="7.00%" width="36.00%" y="0.00%" height="25.00%" class="s4""#), "{html}");
        assert!(html.contains("3 calls were answered, 1 refused and 0 failed. The most, 4, came at 00:00."), "{html}");
        assert!(!html.contains("s5"), "{html}");
    }

    #[test]
    fn a_meter_never_leaves_its_frame() {
        let html = view! { <Meter used=150 limit=100/> }.to_html();
        assert!(html.contains(r#"width="100.0%""#), "{html}");
        assert!(html.contains(r#"aria-label="150 % used""#), "{html}");
    }

    #[test]
    fn a_spark_of_nothing_is_a_flat_line() {
        let html = view! { <Spark values=vec![0, 0, 0]/> }.to_html();
        assert!(html.contains(r#"points="0.0,27.0 50.0,27.0 100.0,27.0""#), "{html}");
    }
}
