//! Guides: markdown that publishers write beside their documents, with a head of settings.
//!
//! A guide may begin with front matter: `---`, YAML, `---`. What is wrong there is told and left out; the text stays. Its
//! links are listed with their places ([`links`]), so that somebody who knows what there is can check them, and resolved by
//! the same rules when it is drawn.
mod links;

pub use links::{GuideLink, GuideTarget, GuideWay};

use crate::{
    finding::{Fault, Findings},
    limits, markdown,
    place::Places,
    text::{self, Text},
    tree,
};
use portico_contract::{guides::GuideText, reference::Finding};
use portico_domain::{Format, GuideHead};
use serde_json::Value;
use std::collections::BTreeSet;

/// A guide as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuideReading {
    /// Of the front matter, else the first heading's words.
    pub title: Option<String>,
    pub description: String,
    pub order: i32,
    pub draft: bool,
    /// What stands behind the front matter.
    pub text: String,
    /// In `text`.
    pub links: Vec<GuideLink>,
    /// Lines before `text`.
    pub lines_before: u32,
    /// What is wrong in the front matter; none is an error.
    pub findings: Vec<Finding>,
}

/// Reads any text; whatever is wrong becomes a finding.
pub fn read_guide(source: &str) -> GuideReading {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let (front, text) = split(source);
    let mut reading = GuideReading { text: text.to_owned(), ..GuideReading::default() };
    if let Some(front) = front {
        reading.lines_before = (front.matches('\n').count() + 2) as u32;
        read_front(front, &mut reading);
    }
    reading.links = guide_links(text);
    if reading.title.is_none() {
        reading.title = first_heading(text);
    }
    reading
}

/// The text as readers see it. A first heading that only repeats the title is left out.
pub fn guide_text(title: &str, text: &str, way: &GuideWay<'_>) -> GuideText {
    let begin = text.trim_start_matches(['\n', '\r']);
    let (first, rest) = begin.split_once('\n').unwrap_or((begin, ""));
    let repeats = first.strip_prefix("# ").is_some_and(|heading| markdown::plain(heading) == title);
    markdown::guide_text(if repeats { rest } else { text }, &|href, image| way.address(href, image))
}

/// All links and pictures of a text without front matter.
pub fn guide_links(text: &str) -> Vec<GuideLink> {
    links::all(text)
}

/// What links to a guide's headings may say behind the `#`.
pub fn guide_anchors(title: &str, text: &str) -> BTreeSet<String> {
    let nowhere = |_: &str| None;
    let way = GuideWay { guides: String::new(), root: None, operation: &nowhere };
    let prefix = markdown::anchor("");
    let headings = guide_text(title, text, &way).outline.into_iter();
    headings.filter_map(|heading| heading.anchor.strip_prefix(&prefix).map(str::to_owned)).collect()
}

/// The front matter between two lines `---`, and what comes behind it.
fn split(source: &str) -> (Option<&str>, &str) {
    let Some(rest) = source.strip_prefix("---\n").or_else(|| source.strip_prefix("---\r\n")) else {
        return (None, source);
    };
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return (Some(&rest[..at]), &rest[at + line.len()..]);
        }
        at += line.len();
        if at > limits::FRONT_MATTER {
            break;
        }
    }
    (None, source)
}

fn read_front(front: &str, reading: &mut GuideReading) {
    if front.trim().is_empty() {
        return;
    }
    let yaml = match text::decode(front.as_bytes()) {
        // Braces are YAML, too.
        Ok(text) => Text { format: Format::Yaml, ..text },
        Err(fault) => return reading.findings.push(unreadable(fault)),
    };
    let tree = match tree::parse(&yaml) {
        Ok(tree) => tree,
        Err(fault) => return reading.findings.push(unreadable(fault)),
    };
    let mut findings = Findings::default();
    match &tree.root {
        Value::Object(members) => {
            for (name, value) in members {
                setting(name, value, reading, &mut findings);
            }
        }
        _ => findings.warn("front-matter", "", "The front matter is no list of settings, e.g. title: First steps."),
    }
    let places = Places::look(&yaml, findings.pointers());
    reading.findings = findings.placed(&places);
    for finding in &mut reading.findings {
        // Behind the line that opens the front matter.
        finding.line = Some(finding.line.unwrap_or(0) + 1);
    }
}

fn unreadable(fault: Fault) -> Finding {
    let mut finding = fault.into_finding();
    finding.severity = portico_contract::reference::Severity::Warning;
    finding.code = "front-matter".into();
    finding.message = format!("The front matter cannot be read, so none of it counts. {}", finding.message);
    finding.line = Some(finding.line.unwrap_or(0) + 1);
    finding
}

fn setting(name: &str, value: &Value, reading: &mut GuideReading, findings: &mut Findings) {
    let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
    let mut wrong = |message: &str| findings.warn("guide-setting", pointer.as_str(), message);
    match (name, value) {
        ("title", Value::String(text)) => match words(text, GuideHead::TITLE) {
            Some((title, cut)) => {
                reading.title = Some(title);
                if cut {
                    wrong("The title is longer than 120 characters and was cut.");
                }
            }
            None => wrong("The title is empty; the first heading takes its place."),
        },
        ("description", Value::String(text)) => {
            let (description, cut) = words(text, GuideHead::DESCRIPTION).unwrap_or_default();
            reading.description = description;
            if cut {
                wrong("The description is longer than 300 characters and was cut.");
            }
        }
        ("order", Value::Number(number)) => match number.as_i64().and_then(|order| i32::try_from(order).ok()) {
            Some(order) => reading.order = order,
            None => wrong("The order is a whole number, e.g. 10."),
        },
        ("draft", Value::Bool(draft)) => reading.draft = *draft,
        ("title" | "description", Value::Null) => {}
        ("title" | "description", _) => wrong("This is a text; put it in quotes."),
        ("order", _) => wrong("The order is a whole number, e.g. 10."),
        ("draft", _) => wrong("Draft is true or false."),
        _ => {
            let message = "This is no setting of a guide: title, description, order and draft are.";
            findings.warn("unknown-field", pointer.as_str(), message);
        }
    }
}

/// On one line, within a number of characters; and whether some were left out.
fn words(text: &str, most: usize) -> Option<(String, bool)> {
    let text: String =
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).collect();
    let kept: String = text.chars().take(most).collect();
    let cut = kept.len() < text.len();
    (!kept.is_empty()).then_some((kept, cut))
}

fn first_heading(text: &str) -> Option<String> {
    use pulldown_cmark::{Event, Tag, TagEnd};
    let mut events = markdown::parser(&text[..text.floor_char_boundary(limits::MARKDOWN)]);
    events.find(|event| matches!(event, Event::Start(Tag::Heading { .. })))?;
    let within = events.take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    let heading: String = within
        .filter_map(|event| match event {
            Event::Text(text) | Event::Code(text) => Some(text.into_string()),
            Event::SoftBreak | Event::HardBreak => Some(" ".to_owned()),
            _ => None,
        })
        .collect();
    words(&heading, GuideHead::TITLE).map(|(heading, _)| heading)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_is_read_and_what_is_wrong_is_told_with_its_place() {
        let source =
            "---\ntitle: First  steps\ndescription: \"Up: and\"\norder: ten\ndraft: true\nauthor: Ann\n---\n# Hi\n";
        let read = read_guide(source);
        assert_eq!((read.title.as_deref(), read.description.as_str()), (Some("First steps"), "Up: and"));
        assert_eq!((read.order, read.draft, read.text.as_str(), read.lines_before), (0, true, "# Hi\n", 7));
        let told: Vec<_> = read.findings.iter().map(|f| (f.code.as_str(), f.line)).collect();
        assert_eq!(told, [("guide-setting", Some(4)), ("unknown-field", Some(6))]);
    }

    #[test]
    fn a_guide_needs_no_front_matter() {
        for (source, title, text) in [
            ("# First `steps`\n\nGo.", Some("First steps"), "# First `steps`\n\nGo."),
            ("Go.", None, "Go."),
            ("", None, ""),
            ("---\n---\nText\n\nHead\n----\n", Some("Head"), "Text\n\nHead\n----\n"),
            ("---\nno end", None, "---\nno end"),
        ] {
            let read = read_guide(source);
            assert_eq!((read.title.as_deref(), read.text.as_str(), read.findings.len()), (title, text, 0), "{source}");
        }
    }

    #[test]
    fn hostile_front_matter_is_left_out() {
        for front in [
            "a: &a [x]\nb: [*a, *a]\nb: *b",
            "title: [1, 2]",
            "- a\n- b",
            "title: \"\u{1}\"",
            ": : :",
            "{title: x",
            &"a: {".repeat(500),
            "order: 99999999999999",
        ] {
            let read = read_guide(&format!("---\n{front}\n---\n# T\n"));
            assert!(!read.findings.is_empty(), "{front}");
            assert!(read.findings.iter().all(|f| f.line.is_some_and(|line| line > 0)), "{front}: {:?}", read.findings);
            assert_eq!(read.title.as_deref(), Some("T"), "{front}");
        }
    }

    #[test]
    fn a_heading_that_repeats_the_title_is_left_out() {
        let known = |_: &str| None;
        let way = GuideWay { guides: "/guides".into(), root: None, operation: &known };
        let html = |text| format!("{:?}", guide_text("First steps", text, &way).parts);
        assert!(!html("# First *steps*\n\nGo.").contains("<h2"));
        assert!(html("# Other\n\nGo.").contains("<h2"));
    }
}
