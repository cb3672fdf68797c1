//! The parser's events on their way to HTML.
use super::{escape, safe_url};
use crate::{limits, slug};
use portico_contract::guides::GuideHeading;
use pulldown_cmark::{BlockQuoteKind, CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Parser, Tag, TagEnd};
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
    guide: Option<Guide<'a>>,
}

/// What a guide has beyond a description.
struct Guide<'a> {
    resolve: Resolve<'a>,
    headings: Vec<GuideHeading>,
    /// A block of code with a title, for its own part: the iterator has stopped before it.
    held: Option<Titled>,
    /// How many there were.
    titled: usize,
}

/// Where a link (`false`) or picture (`true`) of a guide leads: an address that may stand in a page.
pub(super) type Resolve<'a> = &'a dyn Fn(&str, bool) -> Option<String>;

/// A block of code that says what it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Titled {
    pub(super) title: String,
    pub(super) code: String,
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
            guide: None,
        }
    }

    /// For a guide: links and pictures are resolved, headings remembered. The iterator stops before each block of code
    /// that has a title and stands in nothing else; [`Self::take_held`] gives it and lets the iterator go on behind it.
    pub(super) fn of_guide(parser: Parser<'a>, resolve: Resolve<'a>) -> Self {
        let guide = Some(Guide { resolve, headings: Vec::new(), held: None, titled: 0 });
        Self { guide, ..Self::new(parser, 1) }
    }

    pub(super) fn take_held(&mut self) -> Option<Titled> {
        self.guide.as_mut()?.held.take()
    }

    pub(super) fn into_headings(self) -> Vec<GuideHeading> {
        self.guide.map(|guide| guide.headings).unwrap_or_default()
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
            Tag::Image { dest_url, .. } if self.is_own_picture(&dest_url) => self.picture(&dest_url),
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
            Tag::CodeBlock(CodeBlockKind::Fenced(info)) if self.open.is_empty() && self.hold(&info) => {}
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

    fn resolved(&self, url: &str, picture: bool) -> Option<String> {
        match &self.guide {
            Some(guide) => (guide.resolve)(url, picture),
            None => safe_url(url).map(str::to_owned),
        }
    }

    fn is_own_picture(&self, url: &str) -> bool {
        self.guide.is_some() && self.resolved(url, true).is_some_and(|url| url.starts_with('/'))
    }

    fn picture(&mut self, url: &str) {
        let dest_url = CowStr::from(self.resolved(url, true).unwrap_or_default());
        let tag = Tag::Image { link_type: LinkType::Inline, dest_url, title: "".into(), id: "".into() };
        self.ready.push_back(Event::Start(tag));
        self.open.push(Some(Event::End(TagEnd::Image)));
    }

    /// Takes a block of code with a title out of a guide.
    fn hold(&mut self, info: &str) -> bool {
        let Some(guide) = &mut self.guide else { return false };
        let Some(title) = title(info).filter(|_| guide.titled < limits::TITLED) else { return false };
        guide.titled += 1;
        let mut code = String::new();
        for event in self.parser.by_ref() {
            match event {
                Event::End(TagEnd::CodeBlock) => break,
                Event::Text(text) => code.push_str(&text),
                _ => {}
            }
        }
        guide.held = Some(Titled { title, code });
        true
    }

    fn link(&mut self, url: &CowStr<'a>) {
        match self.resolved(url, false).filter(|_| self.links == 0) {
            Some(url) => {
                self.links += 1;
                let dest_url = CowStr::from(url);
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
        let name = slug::words(&words);
        let id = self.anchors.take(if name.is_empty() { "heading".to_owned() } else { name });
        if let Some(guide) = &mut self.guide
            && guide.headings.len() < limits::OUTLINE
        {
            let level = shown as u8;
            guide.headings.push(GuideHeading { level, anchor: super::anchor(&id), words: words.trim().to_owned() });
        }
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
                    self.html(if self.guide.is_some() { without_pictures(text) } else { text });
                }
            }
            Event::TaskListMarker(done) => self.ready.push_back(Event::Text(if done { "☑ " } else { "☐ " }.into())),
            other => self.ready.push_back(other),
        }
    }
}

/// Pictures in an author's HTML are not resolved, so they would show nothing: the sanitiser knows no such element.
fn without_pictures(html: CowStr<'_>) -> CowStr<'_> {
    let lower = html.to_ascii_lowercase();
    if !lower.contains("<img") {
        return html;
    }
    let mut out = String::with_capacity(html.len());
    let mut rest = 0;
    for (at, found) in lower.match_indices("<img") {
        out.push_str(&html[rest..at]);
        out.push_str("<no-picture");
        rest = at + found.len();
    }
    out.push_str(&html[rest..]);
    out.into()
}

/// The title in an info string such as `js title="Node.js"`.
fn title(info: &str) -> Option<String> {
    /// Characters of one, which stands on a tab.
    const ROOM: usize = 40;
    let (before, rest) = info.split_once("title=")?;
    if !before.is_empty() && !before.ends_with([' ', '\t', '{', ',']) {
        return None;
    }
    let title = match rest.strip_prefix(['"', '\'']) {
        Some(quoted) => quoted.split(['"', '\'']).next()?,
        None => rest.split([' ', '\t', '}', ',']).next()?,
    };
    let title: String = title.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(ROOM).collect();
    (!title.is_empty()).then_some(title)
}

impl<'a> Iterator for Filter<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.guide.as_ref().is_some_and(|guide| guide.held.is_some()) {
                return None;
            }
            let event = self.parser.next()?;
            self.event(event);
        }
    }
}
