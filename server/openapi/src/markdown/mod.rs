//! Markdown from strangers: GitHub's dialect in, harmless HTML out.
//!
//! Three walls, each enough by itself for what it is for: the parser's events are filtered ([`filter`]: links by scheme,
//! no images, headings in order, nesting bounded), the author's own HTML is let through them only in bounded number, and
//! the result is sanitised against a list of what may be ([`clean`]). No result asks anybody but the portal for anything.
//! Guides ([`guide`]) go the same way; they may lead into the portal, and have pictures and tabs of code.
mod clean;
mod filter;
mod guide;
mod simple;
mod words;

pub(crate) use clean::anchor;
pub(crate) use guide::text as guide_text;
pub(crate) use words::{plain_up_to, sentences};

use crate::limits;
use pulldown_cmark::{Options, Parser, html};

pub(crate) fn parser(text: &str) -> Parser<'_> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_GFM | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    Parser::new_ext(text, options)
}

/// HTML of a text. Headings begin one level below `heading_shift` and never skip one; from 3 on, where a heading would
/// stand within a list of attributes, they are bold paragraphs. What lies beyond 256 KiB is left out.
pub fn markdown(text: &str, heading_shift: u8) -> String {
    let text = clip(text.trim(), limits::MARKDOWN);
    if text.is_empty() {
        return String::new();
    }
    if let Some(html) = simple::html(text) {
        return html;
    }
    parsed(text, heading_shift)
}

/// By way of the parser and the sanitiser, which build a tree even for a few words.
fn parsed(text: &str, heading_shift: u8) -> String {
    let mut out = String::with_capacity(text.len() * 3 / 2);
    html::push_html(&mut out, filter::Filter::new(parser(text), heading_shift));
    clean::clean(&out)
}

/// The words of a text, on one line.
pub fn plain(text: &str) -> String {
    plain_up_to(text, usize::MAX)
}

/// A URL that may stand in a link: http, https, mailto, or a fragment of the page.
pub(crate) fn safe_url(href: &str) -> Option<&str> {
    let href = href.trim();
    let lower: String = href.chars().take(8).flat_map(char::to_lowercase).collect();
    let fits =
        ["https://", "http://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme)) || href.starts_with('#');
    (fits && href.len() <= 2000 && !href.chars().any(|c| c.is_control() || c.is_whitespace())).then_some(href)
}

pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// As the sanitiser writes text between tags.
fn escape_text(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{a0}' => out.push_str("&nbsp;"),
            c => out.push(c),
        }
    }
}

fn clip(text: &str, room: usize) -> &str {
    let mut end = text.len().min(room);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_github_shows_is_shown() {
        for (text, html) in [
            ("Plain words (only).", "<p>Plain words (only).</p>"),
            ("a **b** `c`", "<p>a <strong>b</strong> <code>c</code></p>"),
            ("~~gone~~", "<p><del>gone</del></p>"),
            ("- [x] done", "<li>☑ done</li>"),
            ("> [!WARNING]\n> Mind *this*", "<div class=\"callout warn\" role=\"note\"><strong>Warning</strong><div>"),
            ("> said", "<blockquote>"),
            (
                "```json\n{\"a\": 1}\n```",
                "<div class=\"code framed\"><pre tabindex=\"0\" role=\"region\" aria-label=\"Code\"><code>{\"a\": 1}",
            ),
            (
                "[x](https://example.com/a?b=1&c)",
                "<a href=\"https://example.com/a?b=1&amp;c\" rel=\"noopener nofollow\">x</a>",
            ),
            ("<p>One<br>two <b>three</b></p>", "<p>One<br>two <b>three</b></p>"),
            ("<https://example.com>", "href=\"https://example.com\""),
            (
                "![A chart](https://example.com/c.png)",
                "<a href=\"https://example.com/c.png\" rel=\"noopener nofollow\">A chart</a>",
            ),
        ] {
            let made = markdown(text, 1);
            assert!(made.contains(html), "{text:?} became {made}");
        }
    }

    #[test]
    fn tables_carry_their_labels() {
        let made = markdown("| Code | Means |\n|---|--:|\n| `a` | **b** |", 1);
        assert!(made.contains("<div class=\"table slim\"><table role=\"table\">"), "{made}");
        assert!(made.contains("<td role=\"cell\" data-label=\"Means\"><div><strong>b</strong></div></td>"), "{made}");
    }

    #[test]
    fn headings_stand_in_order_below_those_of_the_page() {
        let made = markdown("### One\n##### Two\n# Three\n## Four", 1);
        let levels: Vec<&str> =
            ["<h2 id=\"text-one\">", "<h3 id=\"text-two\">", "<h2 id=\"text-three\">", "<h3 id=\"text-four\">"]
                .into_iter()
                .filter(|heading| made.contains(heading))
                .collect();
        assert_eq!(levels.len(), 4, "{made}");
        assert_eq!(markdown("# One", 3), "<p><strong>One</strong></p>\n");
        assert!(markdown("[there](#one)", 1).contains("href=\"#text-one\""));
    }

    #[test]
    fn hostile_text_is_harmless() {
        for text in [
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](&#106;avascript:alert(1))",
            "[x](java\nscript:alert(1))",
            "[x](vbscript:x)",
            "[x](data:text/html,<script>alert(1)</script>)",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<a href=\"//evil.example\">x</a>",
            "<a href=\" java&#x09;script:alert(1)\">x</a>",
            "<img src=x onerror=alert(1)>",
            "![x](javascript:alert(1))",
            "![x](https://track.example/p.gif)",
            "<script>alert(1)</script>",
            "</script><script>alert(1)</script>",
            "<svg onload=alert(1)>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
            "<iframe src=https://evil.example></iframe>",
            "<div onclick=alert(1) style=\"position:fixed\">x</div>",
            "<form action=/sign-out method=post><button>x</button></form>",
            "<style>*{display:none}</style>",
            "<base href=https://evil.example/>",
            "<meta http-equiv=refresh content=\"0;url=https://evil.example\">",
            "<p id=main name=main>x",
            "<!--><script>alert(1)</script>-->",
            "> [!NOTE]\n> > [!NOTE]\n> > <script>alert(1)</script>",
            "```\"><script>alert(1)</script>\nx\n```",
            "| <script>alert(1)</script> \"><b |\n|---|\n| x |",
            "# <script>alert(1)</script>",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<input type=hidden name=x><select><option>x",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
        ] {
            for shift in [1, 3] {
                let made = markdown(text, shift);
                let tags = tags_of(&made);
                for tag in &tags {
                    let lower = tag.to_lowercase();
                    for bad in [
                        "<script", "<img", "<svg", "<math", "<iframe", "<form", "<style", "<base", "<meta", "<input",
                        "<select", "<button",
                    ] {
                        assert!(!lower.starts_with(bad), "{text:?} became {made}");
                    }
                    for bad in
                        ["javascript:", "vbscript:", "data:", " on", "style=", "src=", "id=\"main", "name=", "\"//"]
                    {
                        assert!(!lower.contains(bad), "{text:?} became {made}");
                    }
                }
            }
        }
    }

    fn tags_of(html: &str) -> Vec<String> {
        html.split('<').skip(1).map(|rest| format!("<{}", rest.split('>').next().unwrap_or_default())).collect()
    }

    #[test]
    fn depth_and_length_are_bounded() {
        for piece in ["> ", "<div>", "<b>", "- ", "*a **b ", "[", "![", "<div><p>", "`", "| a ", "1. "] {
            let text = piece.repeat(100_000);
            let made = markdown(&text, 1);
            assert!(made.len() < 4 * limits::MARKDOWN, "{piece}: {}", made.len());
        }
    }

    #[test]
    fn words_are_words() {
        assert_eq!(plain("# A *b*\n\n- c `d`\n- [e](https://x.example)"), "A b c d e");
        assert_eq!(plain("<p>Tom &amp; <b>Jerry</b></p>"), "Tom & Jerry");
        assert_eq!(sentences("One. Two is longer! Three. Four.", 300), "One. Two is longer!");
        assert_eq!(sentences("Version 2.0 of it. More.", 300), "Version 2.0 of it. More.");
        assert_eq!(sentences("Use, e.g. this. Or that.", 20), "Use, e.g. this.");
        assert_eq!(plain_up_to("one two three", 9), "one two…");
    }

    #[test]
    fn summaries_begin_behind_the_title() {
        for text in [
            "# Petstore\nSells *pets*.",
            "Petstore\n========\n\n## Introduction\n\nSells pets.",
            "<fullname>Petstore</fullname> <p>Sells pets.</p>",
            "<h1 class=\"a\">Petstore</h1>\n\nSells pets.",
        ] {
            assert_eq!(sentences(text, 200), "Sells pets.", "{text}");
        }
        assert_eq!(sentences("# Petstore", 200), "Petstore", "a title is more than nothing");
        assert_eq!(sentences(&format!("It is so. {}", "Long ".repeat(50)), 200), "It is so.");
    }
}
