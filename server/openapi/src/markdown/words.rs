//! Markdown without its marks, for summaries, titles and the search.
use super::{clip, parser};
use crate::limits;
use pulldown_cmark::{Event, Tag, TagEnd};

/// What holds no words at all.
const HIDDEN: &[&str] = &["script", "style"];
/// What holds a title: the headings of HTML, and what Amazon's documents begin with.
const TITLES: &[&str] = &["script", "style", "h1", "h2", "h3", "h4", "h5", "h6", "fullname", "title"];

/// The words of a text on one line, at most `room` characters, cut between words.
pub(crate) fn plain_up_to(text: &str, room: usize) -> String {
    cut(&words(text, room, HIDDEN), room)
}

/// The first two sentences of the first paragraph that says something and is no heading; one where two do not fit.
pub(crate) fn sentences(text: &str, room: usize) -> String {
    let text = text.trim();
    let says = |hidden| text.split("\n\n").map(|part| words(part, 2 * room, hidden)).find(|words| words.len() > 2);
    let words = says(TITLES).or_else(|| says(HIDDEN)).unwrap_or_default();
    let ends = words.match_indices(['.', '!', '?']).map(|(at, _)| at + 1).filter(|at| ends_sentence(&words[*at..]));
    let fits = ends.chain([words.len()]).take(2).filter(|end| words[..*end].chars().count() <= room).max();
    match fits {
        Some(end) => words[..end].to_owned(),
        None => cut(&words, room),
    }
}

/// Whether a sentence may have ended before `rest`: "e.g. this" goes on.
fn ends_sentence(rest: &str) -> bool {
    let mut behind = rest.chars();
    behind.next() == Some(' ') && !behind.next().is_some_and(char::is_lowercase)
}

/// The words outside the elements named, somewhat more than `room` characters of them.
fn words(text: &str, room: usize, hidden: &[&str]) -> String {
    let text = clip(text, limits::MARKDOWN.min(room.saturating_mul(8).max(2_000)));
    let mut out = String::new();
    let mut within = 0_usize;
    for event in parser(text) {
        match event {
            Event::Start(Tag::Heading { .. }) if hidden.contains(&"h1") => within += 1,
            Event::End(TagEnd::Heading(_)) if hidden.contains(&"h1") => within = within.saturating_sub(1),
            Event::Text(text) | Event::Code(text) if within == 0 => out.push_str(&text),
            Event::Html(html) | Event::InlineHtml(html) => strip(&html, hidden, &mut within, &mut out),
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::TableCell) => out.push(' '),
            Event::End(end) if is_block(end) => out.push(' '),
            _ => {}
        }
        if out.len() > room.saturating_mul(4) {
            break;
        }
    }
    squeeze(&out)
}

fn is_block(end: TagEnd) -> bool {
    matches!(
        end,
        TagEnd::Paragraph
            | TagEnd::Heading(_)
            | TagEnd::Item
            | TagEnd::CodeBlock
            | TagEnd::TableRow
            | TagEnd::TableHead
    )
}

/// Tags of the author's HTML go, and those hidden with all that is in them.
fn strip(html: &str, hidden: &[&str], within: &mut usize, out: &mut String) {
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        if *within == 0 {
            out.push_str(&entities(before));
        }
        let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
        let lower = tag.to_ascii_lowercase();
        let name = lower.trim_start_matches('/').split([' ', '\t', '\n', '/']).next().unwrap_or_default();
        if hidden.contains(&name) {
            *within = if lower.starts_with('/') { within.saturating_sub(1) } else { *within + 1 };
        } else if !["b", "i", "em", "strong", "code", "a"].contains(&name) {
            out.push(' ');
        }
        rest = after;
    }
    if *within == 0 {
        out.push_str(&entities(rest));
    }
}

fn entities(text: &str) -> String {
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ];
    named.iter().fold(text.to_owned(), |text, (name, character)| text.replace(name, character))
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut(text: &str, room: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(room) else { return text.to_owned() };
    let head = &text[..end];
    let head = head.rfind(' ').filter(|at| *at > end / 2).map_or(head, |at| &head[..at]);
    format!("{}…", head.trim_end_matches([' ', ',', ';', '.']))
}
