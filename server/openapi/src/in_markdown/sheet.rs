//! A page of Markdown as it is written, and the ways for a document's text to get into it.
use std::fmt::Write as _;

/// Blocks one below the other, those of a list within their item.
#[derive(Default)]
pub(super) struct Sheet {
    out: String,
    /// What every line begins with.
    margin: String,
    /// The last block was an item of a list: the next item follows without an empty line.
    tight: bool,
}

impl Sheet {
    pub(super) fn finish(self) -> String {
        self.out
    }

    /// One block, made of what the functions below have escaped.
    pub(super) fn block(&mut self, block: &str) {
        self.begin(false);
        self.lines(block);
    }

    /// A heading of the page; `level` from 1.
    pub(super) fn heading(&mut self, level: usize, words: &str) {
        self.block(&format!("{} {words}", "#".repeat(level)));
    }

    /// An item of a list, and what stands within it.
    pub(super) fn item(&mut self, words: &str, within: impl FnOnce(&mut Self)) {
        self.begin(true);
        let mut lines = words.lines();
        let _ = writeln!(self.out, "{}- {}", self.margin, lines.next().unwrap_or_default());
        self.margin.push_str("  ");
        for line in lines {
            let _ = writeln!(self.out, "{}{line}", self.margin);
        }
        within(self);
        self.margin.truncate(self.margin.len() - 2);
        self.tight = true;
    }

    /// Text as it is, e.g. a sample. `language` is ours.
    pub(super) fn code(&mut self, language: &str, code: &str) {
        let fence = fence(code, 3);
        self.begin(false);
        self.lines(&format!("{fence}{language}\n{}\n{fence}", code.trim_end_matches(['\n', '\r'])));
    }

    fn begin(&mut self, item: bool) {
        if !(self.out.is_empty() || item && self.tight) {
            self.out.push('\n');
        }
        self.tight = item;
    }

    fn lines(&mut self, block: &str) {
        for line in block.split('\n') {
            let line = line.trim_end_matches('\r');
            if !line.is_empty() {
                self.out.push_str(&self.margin);
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
    }
}

/// Text on one line, escaped: no mark of Markdown and no HTML in it means anything.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let behind = rest.peek().copied().unwrap_or(' ');
        match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' => out.extend(['\\', c]),
            // Within a word it is none.
            '_' if !(before.is_alphanumeric() && behind.is_alphanumeric()) => out.push_str("\\_"),
            '&' if behind == '#' || behind.is_ascii_alphabetic() => out.push_str("\\&"),
            c if c.is_whitespace() || c.is_control() => {
                if !before.is_whitespace() && !out.is_empty() {
                    out.push(' ');
                }
                before = ' ';
                continue;
            }
            c => out.push(c),
        }
        before = c;
    }
    out.truncate(out.trim_end().len());
    out
}

/// Escaped text where a line begins: what would make a heading, a list, a rule or an underline of it does not.
pub(super) fn line(escaped: &str) -> String {
    let marks = escaped.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = marks.len() < escaped.len() && marks.starts_with(['.', ')']);
    if numbered {
        let digits = escaped.len() - marks.len();
        return format!("{}\\{marks}", &escaped[..digits]);
    }
    if escaped.starts_with(['#', '-', '+', '=', ':']) { format!("\\{escaped}") } else { escaped.to_owned() }
}

/// Text as code within a line.
pub(super) fn code(text: &str) -> String {
    let squeezed: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if squeezed.trim().is_empty() {
        return String::new();
    }
    let fence = fence(&squeezed, 1);
    let pad = if squeezed.starts_with(['`', ' ']) || squeezed.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{squeezed}{pad}{fence}")
}

/// More backticks than stand side by side in the text, at least `least`.
fn fence(text: &str, least: usize) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(least.max(longest + 1))
}

/// `words` are escaped; `href` is any address.
pub(super) fn link(words: &str, href: &str) -> String {
    let mut target = String::with_capacity(href.len());
    for c in href.chars() {
        match c {
            '<' | '>' | '(' | ')' | '\\' | '`' | '|' => {
                let _ = write!(target, "%{:02X}", c as u32);
            }
            c if c.is_whitespace() || c.is_control() => target.push_str("%20"),
            c => target.push(c),
        }
    }
    if words.is_empty() { format!("<{target}>") } else { format!("[{words}]({target})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_means_anything() {
        assert_eq!(
            text("a **b** <i>\n# c `d` [e](f) x_y _z_ &amp; 5 & 6"),
            "a \\*\\*b\\*\\* \\<i\\> # c \\`d\\` \\[e\\](f) x_y \\_z\\_ \\&amp; 5 & 6"
        );
        for (written, stays) in
            [("# a", "\\# a"), ("1. a", "1\\. a"), ("12) a", "12\\) a"), ("- a", "\\- a"), ("1 a", "1 a")]
        {
            assert_eq!(line(written), stays);
        }
    }

    #[test]
    fn code_is_closed_by_its_own_fence_only() {
        assert_eq!(code("a``b`"), "``` a``b` ```");
        let mut sheet = Sheet::default();
        sheet.item("x", |sheet| sheet.code("json", "\"```\n````\"\n"));
        sheet.item("y", |_| {});
        sheet.block("z");
        assert_eq!(sheet.finish(), "- x\n\n  `````json\n  \"```\n  ````\"\n  `````\n- y\n\nz\n");
    }

    #[test]
    fn an_address_cannot_end_its_link() {
        assert_eq!(link("a", "https://x.example/b)c d>"), "[a](https://x.example/b%29c%20d%3E)");
    }
}
