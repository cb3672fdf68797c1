//! The parser's events on their way to HTML.
use super::{escape, safe_url};
use crate::slug;
use pulldown_cmark::{BlockQuoteKind, CowStr, Event, HeadingLevel, LinkType, Parser, Tag, TagEnd};
use std::collections::VecDeque;

/// Elements within elements; a sanitiser's time grows with the square of it.
const DEPTH: usize = 40;
/// Pieces of the author's HTML in one text.
const PIECES: usize = 1_000;

pub(super) struct Filter<'a> {
    parser: Parser<'a>,
    shift: u8,
    ready: VecDeque<Event<'a>>,
    /// How each open tag is closed; empty for those left out.
    open: Vec<Option<Event<'a>>>,
    pieces: usize,
    /// Levels of the headings above, as the author chose them.
    levels: Vec<HeadingLevel>,
    anchors: slug::Unique,
    links: usize,
    table: Table,
}

#[derive(Default)]
struct Table {
    labels: Vec<String>,
    in_head: bool,
    cell: usize,
}

impl<'a> Filter<'a> {
    pub(super) fn new(parser: Parser<'a>, shift: u8) -> Self {
        Self {
            parser,
            shift,
            ready: VecDeque::new(),
            open: Vec::new(),
            pieces: 0,
            levels: Vec::new(),
            anchors: slug::Unique::default(),
            links: 0,
            table: Table::default(),
        }
    }

    fn html(&mut self, text: impl Into<CowStr<'a>>) {
        self.ready.push_back(Event::InlineHtml(text.into()));
    }

    /// Opens with these texts, and closes with them.
    fn wrap(&mut self, before: String, after: &'static str) {
        self.html(before);
        self.open.push(Some(Event::InlineHtml(after.into())));
    }

    fn start(&mut self, tag: Tag<'a>) {
        if self.open.len() >= DEPTH {
            return self.open.push(None);
        }
        match tag {
            // Nobody else's server is asked for anything: a picture is a link to it.
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => self.link(&dest_url),
            Tag::Heading { level, .. } => self.heading(level),
            Tag::BlockQuote(Some(kind)) => {
                let (tone, title) = match kind {
                    BlockQuoteKind::Note => ("info", "Note"),
                    BlockQuoteKind::Tip => ("ok", "Tip"),
                    BlockQuoteKind::Important => ("info", "Important"),
                    BlockQuoteKind::Warning => ("warn", "Warning"),
                    BlockQuoteKind::Caution => ("danger", "Caution"),
                };
                let begin = format!("<div class=\"callout {tone}\" role=\"note\"><strong>{title}</strong><div>\n");
                self.wrap(begin, "</div></div>\n");
            }
            Tag::CodeBlock(_) => {
                let begin = "<div class=\"code framed\"><pre tabindex=\"0\" role=\"region\" aria-label=\"Code\"><code>";
                self.wrap(begin.to_owned(), "</code></pre></div>\n");
            }
            Tag::Table(_) => {
                self.table = Table::default();
                self.wrap("<div class=\"table slim\"><table role=\"table\">".to_owned(), "</tbody></table></div>\n");
            }
            Tag::TableHead => {
                self.table.in_head = true;
                self.table.labels.push(String::new());
                self.wrap(
                    "<thead role=\"rowgroup\"><tr role=\"row\">".to_owned(),
                    "</tr></thead><tbody role=\"rowgroup\">\n",
                );
            }
            Tag::TableRow => {
                self.table.cell = 0;
                self.wrap("<tr role=\"row\">".to_owned(), "</tr>\n");
            }
            Tag::TableCell if self.table.in_head => {
                self.wrap("<th role=\"columnheader\" scope=\"col\">".to_owned(), "</th>");
            }
            Tag::TableCell => {
                let label =
                    self.table.labels.get(self.table.cell).map(|label| escape(label.trim())).unwrap_or_default();
                self.table.cell += 1;
                self.wrap(format!("<td role=\"cell\" data-label=\"{label}\"><div>"), "</div></td>");
            }
            tag => {
                let end = tag.to_end();
                self.ready.push_back(Event::Start(tag));
                self.open.push(Some(Event::End(end)));
            }
        }
    }

    fn link(&mut self, url: &CowStr<'a>) {
        match safe_url(url).filter(|_| self.links == 0) {
            Some(url) => {
                self.links += 1;
                let dest_url = CowStr::from(url.to_owned());
                let tag = Tag::Link { link_type: LinkType::Inline, dest_url, title: "".into(), id: "".into() };
                self.ready.push_back(Event::Start(tag));
                self.open.push(Some(Event::End(TagEnd::Link)));
            }
            None => self.open.push(None),
        }
    }

    fn heading(&mut self, level: HeadingLevel) {
        if self.shift >= 3 {
            return self.wrap("<p><strong>".to_owned(), "</strong></p>\n");
        }
        self.levels.retain(|above| *above < level);
        let shown = (usize::from(self.shift) + 1 + self.levels.len()).min(6);
        self.levels.push(level);
        // The words of a heading come after its beginning: they are read ahead.
        let mut within = Vec::new();
        let mut words = String::new();
        for event in self.parser.by_ref() {
            match event {
                Event::End(TagEnd::Heading(_)) => break,
                Event::Text(ref text) | Event::Code(ref text) => {
                    words.push_str(text);
                    within.push(event);
                }
                event => within.push(event),
            }
        }
        let words = slug::words(&words);
        let id = self.anchors.take(if words.is_empty() { "heading".to_owned() } else { words });
        let end = ["</h1>\n", "</h2>\n", "</h3>\n", "</h4>\n", "</h5>\n", "</h6>\n"][shown - 1];
        self.wrap(format!("<h{shown} id=\"{id}\">"), end);
        for event in within {
            self.event(event);
        }
        self.end();
    }

    fn end(&mut self) {
        if let Some(Some(close)) = self.open.pop() {
            if close == Event::End(TagEnd::Link) {
                self.links -= 1;
            }
            self.ready.push_back(close);
        }
    }

    fn event(&mut self, event: Event<'a>) {
        if let (true, Event::Text(text) | Event::Code(text)) = (self.table.in_head, &event)
            && let Some(label) = self.table.labels.last_mut().filter(|label| label.len() < 200)
        {
            label.push_str(text);
        }
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(end) => {
                match end {
                    TagEnd::TableCell if self.table.in_head => self.table.labels.push(String::new()),
                    TagEnd::TableHead => self.table.in_head = false,
                    _ => {}
                }
                self.end();
            }
            Event::Html(text) | Event::InlineHtml(text) => {
                self.pieces += text.matches('<').count();
                if self.pieces <= PIECES {
                    self.html(text);
                }
            }
            Event::TaskListMarker(done) => self.ready.push_back(Event::Text(if done { "☑ " } else { "☐ " }.into())),
            other => self.ready.push_back(other),
        }
    }
}

impl<'a> Iterator for Filter<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let event = self.parser.next()?;
            self.event(event);
        }
    }
}
