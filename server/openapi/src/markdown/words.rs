//! Markdown without its marks, for summaries, titles and the search.
use super::{clip, parser};
use crate::limits;
use pulldown_cmark::{Event, TagEnd};

/// The words of a text on one line, at most `room` characters, cut between words.
pub(crate) fn plain_up_to(text: &str, room: usize) -> String {
    let text = clip(text, limits::MARKDOWN.min(room.saturating_mul(8).max(2_000)));
    let mut out = String::new();
    let mut hidden = 0_usize;
    for event in parser(text) {
        match event {
            Event::Text(text) | Event::Code(text) if hidden == 0 => out.push_str(&text),
            Event::Html(html) | Event::InlineHtml(html) => strip(&html, &mut hidden, &mut out),
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::TableCell) => out.push(' '),
            Event::End(end) if is_block(end) => out.push(' '),
            _ => {}
        }
        if out.len() > room.saturating_mul(4) {
            break;
        }
    }
    cut(&squeeze(&out), room)
}

/// The first two sentences of the first paragraph that says something.
pub(crate) fn sentences(text: &str, room: usize) -> String {
    let text = text.trim();
    let paragraph = text.split("\n\n").map(|paragraph| plain_up_to(paragraph, 2 * room)).find(|words| words.len() > 2);
    let words = paragraph.unwrap_or_default();
    let ends = words.match_indices(". ").chain(words.match_indices("! ")).chain(words.match_indices("? "));
    let mut ends: Vec<usize> = ends.map(|(at, _)| at + 1).chain([words.len()]).collect();
    ends.sort_unstable();
    let fits = ends.into_iter().take(2).filter(|end| words[..*end].chars().count() <= room).max();
    match fits {
        Some(end) => words[..end].to_owned(),
        None => cut(&words, room),
    }
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

/// Tags of the author's HTML go, and with scripts and styles what is in them.
fn strip(html: &str, hidden: &mut usize, out: &mut String) {
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        if *hidden == 0 {
            out.push_str(&entities(before));
        }
        let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
        let lower = tag.to_ascii_lowercase();
        if ["script", "style"].iter().any(|name| lower.starts_with(name)) {
            *hidden += 1;
        } else if ["/script", "/style"].iter().any(|name| lower.starts_with(name)) {
            *hidden = hidden.saturating_sub(1);
        } else if !["b", "i", "em", "strong", "code", "a", "/b", "/i", "/em", "/strong", "/code", "/a"]
            .contains(&lower.split_whitespace().next().unwrap_or_default())
        {
            out.push(' ');
        }
        rest = after;
    }
    if *hidden == 0 {
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
