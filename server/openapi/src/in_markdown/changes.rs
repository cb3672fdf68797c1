//! The pages of what changed from version to version.
use super::{
    Portal,
    sheet::{Sheet, code, link, text},
};
use portico_contract::{
    catalogue::{ChangesPage, PublishedVersion, Since, VersionChangesPage},
    changes::{Change, ChangeSubject, Changes},
};

/// Changes of one version among others; its own page has all of them.
const SHOWN: usize = 40;

/// All versions of this part of the list; the next one is at `?after=`.
pub fn changes(page: &ChangesPage, portal: Portal<'_>) -> String {
    let ChangesPage { head, versions, .. } = page;
    let mut sheet = Sheet::default();
    sheet.heading(1, &format!("Changes of {}", text(&head.title)));
    sheet.block("Which versions were published, newest first, and what changed with each for those who call the API.");
    if versions.items.is_empty() {
        sheet.block("No version was published yet.");
    }
    for one in &versions.items {
        version(&mut sheet, one, 2, SHOWN, portal);
    }
    if let Some(next) = &versions.next {
        let older = portal.whole(&format!("/apis/{}/changes.md?after={next}", head.slug));
        sheet.block(&link("Older versions", &older));
    }
    sheet.finish()
}

/// One version with all that is told of it.
pub fn version_changes(page: &VersionChangesPage, portal: Portal<'_>) -> String {
    let mut sheet = Sheet::default();
    sheet.heading(1, &format!("Changes in {} {}", text(&page.head.title), text(&page.version.version)));
    version(&mut sheet, &page.version, 2, usize::MAX, portal);
    sheet.finish()
}

fn version(sheet: &mut Sheet, version: &PublishedVersion, level: usize, most: usize, portal: Portal<'_>) {
    let when = match &version.published {
        Some(moment) => moment.iso.clone(),
        None => "draft".to_owned(),
    };
    let current = if version.current { ", published" } else { "" };
    sheet.heading(level, &format!("{} ({when}{current})", text(&version.version)));
    sheet.item(&format!("{} operations", version.operations), |_| {});
    sheet.item(&link("This version's pages", &portal.whole(&format!("{}.md", version.root))), |_| {});
    sheet.item(&link("Its changes alone", &portal.whole(&format!("{}.md", version.href))), |_| {});
    let Some(Since { version: from, changes, .. }) = &version.since else {
        return sheet.block("The first version that was published.");
    };
    sheet.block(&format!("{} since {}.", counts(changes), text(from)));
    for change in changes.items.iter().take(most) {
        sheet.item(&told(change), |_| {});
    }
    if changes.items.len() > most || changes.cut {
        sheet.block("There is more than is told here.");
    }
}

fn counts(changes: &Changes) -> String {
    if changes.is_empty() {
        return "Nothing changed for callers".to_owned();
    }
    format!("{} breaking, {} compatible, {} of words only,", changes.breaking, changes.compatible, changes.docs)
}

fn told(change: &Change) -> String {
    let place = match &change.subject {
        ChangeSubject::Document => String::new(),
        ChangeSubject::Operation { method, path, title, .. } if path.is_empty() => {
            format!(" {} {}:", method.to_uppercase(), text(title))
        }
        ChangeSubject::Operation { method, path, .. } => {
            format!(" {}:", code(&format!("{} {path}", method.to_uppercase())))
        }
        ChangeSubject::Schema { name, .. } => format!(" schema {}:", code(name)),
    };
    // What stands in backticks is of the document.
    let pieces = change.message.split('`').enumerate();
    let message: String = pieces
        .map(|(n, piece)| match n % 2 {
            0 => spaced(piece),
            _ => code(piece),
        })
        .collect();
    let advice = if change.advice.is_empty() { String::new() } else { format!(" {}", text(&change.advice)) };
    format!("**{}**{place} {}.{advice}", change.class.as_str(), message.trim())
}

/// Escaped, with the spaces at its ends.
fn spaced(piece: &str) -> String {
    let (before, behind) = (piece.starts_with(' '), piece.ends_with(' ') && piece.len() > 1);
    format!("{}{}{}", if before { " " } else { "" }, text(piece), if behind { " " } else { "" })
}
