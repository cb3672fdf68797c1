//! The page of a guide.
use super::{
    Portal,
    prose::prose,
    sheet::{Sheet, line, link, text},
};
use portico_contract::guides::{GuideLine, GuidePage, GuidePart};

pub fn guide(page: &GuidePage, portal: Portal<'_>) -> String {
    let mut sheet = Sheet::default();
    sheet.heading(1, &text(&page.guide.title));
    if !page.guide.description.is_empty() {
        sheet.block(&line(&text(&page.guide.description)));
    }
    if page.guide.draft {
        sheet.block("A draft: only publishers see this page.");
    }
    for part in &page.text.parts {
        match part {
            GuidePart::Words { words_html } => sheet.block(&prose(words_html, 1)),
            GuidePart::Code(blocks) => {
                for (title, code) in blocks {
                    sheet.block(&format!("{}:", text(title)));
                    sheet.code("", &code.text());
                }
            }
        }
    }
    if page.guides.len() > 1 {
        sheet.heading(2, "Other guides");
        for other in page.guides.iter().filter(|other| other.slug != page.guide.slug) {
            sheet.item(&entry(other, portal), |_| {});
        }
    }
    sheet.finish()
}

/// A guide in a list.
pub(super) fn entry(guide: &GuideLine, portal: Portal<'_>) -> String {
    let link = link(&text(&guide.title), &portal.whole(&format!("{}.md", guide.href)));
    if guide.description.is_empty() { link } else { format!("{link}: {}", line(&text(&guide.description))) }
}
