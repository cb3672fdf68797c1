//! Guides: their text, and lists of them.
use super::{
    Badge, CodeBlock, Icon, Tab, Tabs, Tone,
    link::{NavLink, segment},
    words::counted,
};
use crate::context;
use leptos::prelude::*;
use portico_contract::{
    guides::{GuideHeading, GuideLine, GuidePart, GuideText},
    reference::Code,
};

/// Headings in an outline.
const OUTLINE: usize = 60;

/// A guide's words, code and pictures.
pub fn text(text: GuideText) -> AnyView {
    let parts: Vec<AnyView> = text.parts.into_iter().map(part).collect();
    view! { <div class="guide">{parts}</div> }.into_any()
}

fn part(part: GuidePart) -> AnyView {
    match part {
        GuidePart::Words { words_html } => {
            view! { <div class="prose" dir="auto" inner_html=words_html></div> }.into_any()
        }
        GuidePart::Code(mut blocks) if blocks.len() == 1 => {
            let (title, code) = blocks.remove(0);
            block(title, code, true)
        }
        GuidePart::Code(blocks) => {
            let tabs =
                blocks.into_iter().map(|(title, code)| Tab::new(title.clone(), block(title, code, false))).collect();
            view! { <Tabs legend="The same in other ways" tabs/> }.into_any()
        }
    }
}

fn block(title: String, code: Code, named: bool) -> AnyView {
    let name = named.then(|| view! { <p class="note">{title.clone()}</p> });
    view! { {name}<CodeBlock code label=title class="framed"/> }.into_any()
}

/// What stands on the page, for the pane beside it. Nothing where there is nothing to choose.
pub fn outline(headings: &[GuideHeading]) -> Option<AnyView> {
    let lines: Vec<AnyView> = headings
        .iter()
        .filter(|heading| heading.level <= 3)
        .take(OUTLINE)
        .map(|heading| {
            let class = if heading.level == 2 { None } else { Some("below") };
            let href = format!("#{}", segment(&heading.anchor));
            view! { <li class=class><a href=href><span dir="auto">{heading.words.clone()}</span></a></li> }.into_any()
        })
        .collect();
    (lines.len() > 1).then(|| {
        view! { <nav class="nav" aria-label="On this page"><h2>"On this page"</h2><ul>{lines}</ul></nav> }.into_any()
    })
}

/// Guides in a sidebar, the one shown marked.
pub fn links(guides: &[GuideLine]) -> Option<AnyView> {
    if guides.is_empty() {
        return None;
    }
    let path = context::address().path;
    let lines = guides
        .iter()
        .map(|guide| {
            let label = if guide.draft { format!("{} (draft)", guide.title) } else { guide.title.clone() };
            view! { <NavLink href=guide.href.clone() label current=guide.href == path/> }
        })
        .collect_view();
    Some(view! { <nav class="nav" aria-label="Guides"><h2>"Guides"</h2><ul>{lines}</ul></nav> }.into_any())
}

/// Guides as a part of a page; nothing where there are none.
pub fn section(guides: Vec<GuideLine>) -> Option<AnyView> {
    if guides.is_empty() {
        return None;
    }
    let count = counted(guides.len() as u64, "guide", "guides");
    Some(
        view! {
            <section class="section" id="guides">
                <div class="split"><h2>"Guides"</h2><span class="note">{count}</span></div>
                {list(guides)}
            </section>
        }
        .into_any(),
    )
}

/// Guides, each with its page.
pub fn list(guides: Vec<GuideLine>) -> AnyView {
    let lines = guides
        .into_iter()
        .map(|guide| {
            let draft = guide.draft.then(|| view! { " "<Badge text="Draft" tone=Tone::Warn/> });
            let about = (!guide.description.is_empty())
                .then(|| view! { <span class="sub" dir="auto">{guide.description}</span> });
            view! {
                <li><a class="item" href=guide.href>
                    <Icon name="doc"/>
                    <span class="what" dir="auto"><b>{guide.title}</b>{draft}{about}</span>
                </a></li>
            }
        })
        .collect_view();
    view! { <ul class="list">{lines}</ul> }.into_any()
}
