//! A description as the portal shows it, brought back to Markdown.
//!
//! It is read from the sanitised HTML of the page and not from the author's text: there every heading, list and block has
//! its end, and what a page would not show is gone.
use super::sheet::{code, line, link, text};
use std::fmt::Write as _;

/// Elements nested deeper than this are read as their words.
const DEPTH: usize = 60;

/// Markdown of a description, its headings all below level `under`, below 6 as bold lines; empty for none.
pub(super) fn prose(html: &str, under: usize) -> String {
    if html.is_empty() {
        return String::new();
    }
    let nodes = parse(html);
    let least = under + 1;
    Writer { least, shift: least.saturating_sub(highest(&nodes)) }.blocks(&nodes)
}

enum Node {
    Text(String),
    Element { name: String, href: String, start: usize, within: Vec<Node> },
}

/// Of the sanitiser's HTML: tags lower case, attributes in double quotes, text escaped.
fn parse(html: &str) -> Vec<Node> {
    let mut open: Vec<(String, String, usize, Vec<Node>)> = vec![(String::new(), String::new(), 1, Vec::new())];
    let close = |open: &mut Vec<(String, String, usize, Vec<Node>)>| {
        if open.len() > 1
            && let Some((name, href, start, within)) = open.pop()
            && let Some(around) = open.last_mut()
        {
            around.3.push(Node::Element { name, href, start, within });
        }
    };
    let mut rest = html;
    while !rest.is_empty() {
        let (words, behind) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        if !words.is_empty()
            && let Some(around) = open.last_mut()
        {
            around.3.push(Node::Text(unescaped(words)));
        }
        let Some((tag, behind)) = behind.strip_prefix('<').and_then(|tag| tag.split_once('>')) else { break };
        rest = behind;
        if let Some(name) = tag.strip_prefix('/') {
            if let Some(at) = open.iter().rposition(|one| one.0 == name.trim()).filter(|at| *at > 0) {
                while open.len() > at {
                    close(&mut open);
                }
            }
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap_or_default();
        let attribute = |name: &str| {
            let value = tag.split_once(&format!(" {name}=\""))?.1.split_once('"')?.0;
            Some(unescaped(value))
        };
        if name == "img" {
            // A guide's picture is told in words.
            if let Some((alt, around)) = attribute("alt").zip(open.last_mut()) {
                around.3.push(Node::Text(alt));
            }
            continue;
        }
        let start = attribute("start").and_then(|start| start.parse().ok()).unwrap_or(1);
        open.push((name.to_owned(), attribute("href").unwrap_or_default(), start, Vec::new()));
        if matches!(name, "br" | "hr" | "wbr") || open.len() > DEPTH {
            close(&mut open);
        }
    }
    while open.len() > 1 {
        close(&mut open);
    }
    open.pop().map(|(_, _, _, nodes)| nodes).unwrap_or_default()
}

fn unescaped(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    plain.replace("&nbsp;", "\u{a0}").replace("&amp;", "&")
}

fn level(name: &str) -> Option<usize> {
    name.strip_prefix('h')?.parse().ok().filter(|level| (1..=6).contains(level))
}

/// The level of the highest heading; 6 where there is none.
fn highest(nodes: &[Node]) -> usize {
    let of = |node: &Node| match node {
        Node::Element { name, within, .. } => level(name).unwrap_or_else(|| highest(within)),
        Node::Text(_) => 6,
    };
    nodes.iter().map(of).min().unwrap_or(6)
}

struct Writer {
    /// No heading is higher.
    least: usize,
    /// Headings go down by this.
    shift: usize,
}

impl Writer {
    fn blocks(&self, nodes: &[Node]) -> String {
        let mut blocks: Vec<String> = Vec::new();
        let mut words = String::new();
        for node in nodes {
            match node {
                Node::Element { name, start, within, .. } if is_block(name) => {
                    flush(&mut words, &mut blocks);
                    let block = self.block(name, *start, within);
                    blocks.extend(Some(block).filter(|block| !block.trim().is_empty()));
                }
                node => self.inline(node, &mut words),
            }
        }
        flush(&mut words, &mut blocks);
        blocks.join("\n\n")
    }

    fn block(&self, name: &str, start: usize, within: &[Node]) -> String {
        if let Some(level) = level(name) {
            if self.least > 6 {
                return format!("**{}**", self.one_line(within));
            }
            let level = (level + self.shift).clamp(self.least, 6);
            return format!("{} {}", "#".repeat(level), self.one_line(within));
        }
        match name {
            "hr" => "* * *".to_owned(),
            "pre" => {
                let code = words(within);
                let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or_default();
                let fence = "`".repeat(3.max(longest + 1));
                format!("{fence}\n{}\n{fence}", code.trim_end_matches('\n'))
            }
            "blockquote" => indented(&self.blocks(within), "> ", "> "),
            "ul" | "dl" => self.list(within, |_| "- ".to_owned()),
            "ol" => self.list(within, |n| format!("{}. ", start + n)),
            "table" => self.table(within),
            "dt" => format!("**{}**", self.one_line(within)),
            // Of a callout; others only hold what they hold.
            "div" if matches!(within.first(), Some(Node::Element { name, .. }) if name == "strong") => {
                indented(&self.blocks(within), "> ", "> ")
            }
            _ => self.blocks(within),
        }
    }

    fn list(&self, within: &[Node], mark: impl Fn(usize) -> String) -> String {
        let elements = within.iter().filter_map(|node| match node {
            Node::Element { name, within, .. } => Some((name, within)),
            Node::Text(_) => None,
        });
        let mut items: Vec<String> = Vec::new();
        for (name, within) in elements {
            let mark = mark(items.len());
            let content = match name.as_str() {
                "dt" => format!("**{}**", self.one_line(within)),
                _ => self.blocks(within),
            };
            if !content.is_empty() {
                items.push(indented(&content, &mark, &" ".repeat(mark.len())));
            }
        }
        items.join("\n")
    }

    /// As GitHub writes tables: the first row is the head.
    fn table(&self, within: &[Node]) -> String {
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut pending: Vec<&Node> = within.iter().rev().collect();
        while let Some(node) = pending.pop() {
            let Node::Element { name, within, .. } = node else { continue };
            if name == "tr" {
                let cells = within.iter().filter_map(|node| match node {
                    Node::Element { within, .. } => Some(self.one_line(within)),
                    Node::Text(_) => None,
                });
                rows.push(cells.collect());
            } else {
                pending.extend(within.iter().rev());
            }
        }
        let width = rows.iter().map(Vec::len).max().unwrap_or_default();
        let mut out = String::new();
        for (n, mut row) in rows.into_iter().enumerate() {
            row.resize(width, String::new());
            // Writing to a string does not fail.
            let _ = writeln!(out, "| {} |", row.join(" | "));
            if n == 0 {
                let _ = writeln!(out, "|{}", " --- |".repeat(width));
            }
        }
        out.truncate(out.trim_end().len());
        out
    }

    fn one_line(&self, nodes: &[Node]) -> String {
        let mut out = String::new();
        for node in nodes {
            self.inline(node, &mut out);
        }
        let out: Vec<&str> = out.split_whitespace().collect();
        out.join(" ")
    }

    fn inline(&self, node: &Node, out: &mut String) {
        match node {
            Node::Text(words) => {
                if words.starts_with(char::is_whitespace) && !out.is_empty() && !out.ends_with([' ', '\n']) {
                    out.push(' ');
                }
                out.push_str(&text(words));
                if words.ends_with(char::is_whitespace) && !out.ends_with([' ', '\n']) && !out.is_empty() {
                    out.push(' ');
                }
            }
            Node::Element { name, href, within, .. } => {
                let mark = match name.as_str() {
                    "b" | "strong" => "**",
                    "i" | "em" => "*",
                    "del" | "s" => "~~",
                    "br" => return out.push('\n'),
                    "wbr" => return,
                    "code" | "tt" | "kbd" | "samp" | "var" => {
                        // A bar would end the cell of a table, where even code is read after cells.
                        return out.push_str(&code(&words(within)).replace('|', "\\|"));
                    }
                    _ => "",
                };
                let words = self.one_line(within);
                if words.is_empty() {
                    return;
                }
                if name == "a" && !href.is_empty() && !href.starts_with('#') {
                    return out.push_str(&link(&words, href));
                }
                let block = is_block(name) && !out.is_empty() && !out.ends_with([' ', '\n']);
                if block {
                    out.push(' ');
                }
                out.extend([mark, &words, mark]);
            }
        }
    }
}

fn is_block(name: &str) -> bool {
    level(name).is_some()
        || matches!(
            name,
            "p" | "div"
                | "blockquote"
                | "ul"
                | "ol"
                | "li"
                | "dl"
                | "dt"
                | "dd"
                | "pre"
                | "table"
                | "hr"
                | "details"
                | "summary"
                | "thead"
                | "tbody"
                | "tfoot"
                | "tr"
                | "td"
                | "th"
        )
}

/// The words alone.
fn words(nodes: &[Node]) -> String {
    let of = |node: &Node| match node {
        Node::Text(words) => words.clone(),
        Node::Element { name, .. } if name == "br" => "\n".to_owned(),
        Node::Element { within, .. } => words(within),
    };
    nodes.iter().map(of).collect()
}

/// A paragraph, each of its lines so that it stays one.
fn flush(words: &mut String, blocks: &mut Vec<String>) {
    let lines: Vec<String> =
        words.split('\n').map(|words| line(words.trim())).filter(|line| !line.is_empty()).collect();
    words.clear();
    if !lines.is_empty() {
        blocks.push(lines.join("\\\n"));
    }
}

fn indented(block: &str, first: &str, margin: &str) -> String {
    let mut out = String::with_capacity(block.len() + 16);
    for (n, line) in block.split('\n').enumerate() {
        if n > 0 {
            out.push('\n');
        }
        let before = if n == 0 { first } else { margin };
        out.push_str(if line.is_empty() { before.trim_end() } else { before });
        out.push_str(line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::markdown;
    use pulldown_cmark::{Event, Parser, Tag};

    fn again(text: &str) -> String {
        prose(&markdown(text, 1), 2)
    }

    #[test]
    fn what_an_author_writes_stays_as_it_was() {
        for text in [
            "Plain words (only).",
            "a **b** `c` *d* ~~e~~ [x](https://example.com/a?b=1&c)",
            "- one\n- two\n\n  ```\n  {\"a\": 1}\n  ```",
            "2. two\n3. three",
            "> said",
            "| Code | Means |\n| --- | --- |\n| `a` | **b** |",
            "one\\\ntwo",
            "* * *",
        ] {
            assert_eq!(again(text), text);
        }
        assert_eq!(again("> [!WARNING]\n> Mind *this*"), "> **Warning**\n>\n> Mind *this*");
        assert_eq!(
            again("<p>One<br>two <b>three</b></p><ul><li>x<ul><li>y</li></ul></li></ul>"),
            "One\\\ntwo **three**\n\n- x\n\n  - y"
        );
    }

    #[test]
    fn headings_stay_below_those_of_the_page() {
        assert_eq!(again("# One\n## Two\n### Three"), "### One\n\n#### Two\n\n##### Three");
        assert_eq!(prose(&markdown("# One", 1), 5), "###### One");
    }

    #[test]
    fn nothing_leaves_its_place() {
        for text in [
            "```\n# One\n",
            "\\# One",
            "&num; One",
            "<p>#&#32;One</p>",
            "`a",
            "a\n<pre>\n```\n# One",
            "1\\. One",
            "&lt;script&gt;",
            "x<br># One",
        ] {
            let made = again(text);
            let left = Parser::new(&made).find(|event| {
                matches!(event, Event::Start(Tag::Heading { .. }) | Event::Html(_) | Event::InlineHtml(_))
            });
            assert!(left.is_none(), "{text:?} became {made}: {left:?}");
        }
    }

    #[test]
    fn depth_ends() {
        let deep = format!("{}x{}", "<div>".repeat(5_000), "</div>".repeat(5_000));
        assert!(prose(&deep, 2).contains('x'));
    }
}
