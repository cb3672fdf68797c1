//! A guide's text in parts: words, and blocks of code that have a title.
use super::{
    clean,
    filter::{Filter, Resolve, Titled},
    parser,
};
use crate::limits;
use portico_contract::{
    guides::{GuidePart, GuideText},
    reference::{Code, Token},
};
use pulldown_cmark::html;

/// `resolve` says where links and pictures lead; see [`Resolve`].
pub(crate) fn text(text: &str, resolve: Resolve<'_>) -> GuideText {
    let mut filter = Filter::of_guide(parser(super::clip(text, limits::MARKDOWN)), resolve);
    let mut parts: Vec<GuidePart> = Vec::new();
    loop {
        let mut out = String::new();
        html::push_html(&mut out, &mut filter);
        if !out.trim().is_empty() {
            parts.push(GuidePart::Words { words_html: clean::clean_guide(&out) });
        }
        let Some(Titled { title, code }) = filter.take_held() else { break };
        let block = (title, plain(&code));
        match parts.last_mut() {
            Some(GuidePart::Code(tabs)) if tabs.len() < limits::TABS => tabs.push(block),
            _ => parts.push(GuidePart::Code(vec![block])),
        }
    }
    GuideText { parts, outline: filter.into_headings() }
}

/// Code of a language that nobody here reads.
fn plain(code: &str) -> Code {
    Code { spans: vec![(Token::Plain, code.trim_end_matches('\n').to_owned())] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(source: &str) -> GuideText {
        text(source, &|href, _| {
            href.starts_with("https://").then(|| href.to_owned()).or_else(|| {
                let own = href.strip_prefix("own:")?;
                Some(format!("/guides/{own}"))
            })
        })
    }

    fn words(text: &GuideText) -> String {
        let html = text.parts.iter().filter_map(|part| match part {
            GuidePart::Words { words_html } => Some(words_html.as_str()),
            GuidePart::Code(_) => None,
        });
        html.collect()
    }

    #[test]
    fn titled_code_that_stands_together_becomes_tabs() {
        let source = "Begin.\n\n```sh title=\"curl\"\ncurl a\n```\n\n```js title=Node\nfetch()\n```\n\nBetween.\n\n```sh\nplain\n```\n\n```py title='Python 3'\nget()\n```\n";
        let drawn = drawn(source);
        let shape: Vec<Vec<String>> = drawn
            .parts
            .iter()
            .map(|part| match part {
                GuidePart::Words { .. } => vec!["words".to_owned()],
                GuidePart::Code(tabs) => tabs.iter().map(|(title, code)| format!("{title}: {}", code.text())).collect(),
            })
            .collect();
        assert_eq!(
            shape,
            [vec!["words"], vec!["curl: curl a", "Node: fetch()"], vec!["words"], vec!["Python 3: get()"]]
        );
    }

    #[test]
    fn references_and_anchors_hold_across_parts() {
        let source = "# One\n\nSee [it][x].\n\n```sh title=a\n1\n```\n\n## One\n\n[again][x] [up](#one)\n\n[x]: https://example.com/x\n";
        let drawn = drawn(source);
        let html = words(&drawn);
        assert_eq!(html.matches("href=\"https://example.com/x\"").count(), 2, "{html}");
        let anchors: Vec<_> = drawn.outline.iter().map(|h| (h.level, h.anchor.as_str(), h.words.as_str())).collect();
        assert_eq!(anchors, [(2, "text-one", "One"), (3, "text-one-2", "One")]);
        assert!(html.contains("<h3 id=\"text-one-2\">"), "{html}");
    }

    #[test]
    fn pictures_are_the_portals_own_and_others_are_links() {
        let html = words(&drawn("![A form](own:images/a.png) ![Far](https://far.example/b.png) ![No](c.svg)"));
        assert!(html.contains("<img src=\"/guides/images/a.png\" alt=\"A form\" loading=\"lazy\">"), "{html}");
        assert!(html.contains("<a href=\"https://far.example/b.png\""), "{html}");
        assert!(!html.contains("c.svg"), "{html}");
    }

    #[test]
    fn hostile_guides_are_harmless() {
        for source in [
            "[x](javascript:alert(1))",
            "![x](data:image/svg+xml,<svg onload=alert(1)>)",
            "<img src=\"data:image/png;base64,AAAA\">",
            "<img src=\"https://track.example/p.gif\">",
            "<img src=\"//track.example/guides/images/p.gif\">",
            "<img src=\"/\\track.example/guides/images/p.gif\">",
            "<img src=\"/sign-out?/guides/images/\">",
            "<img src=\"/guides/images/../../sign-out\">",
            "<img src=x onerror=alert(1)>",
            "Words <IMG SRC=/guides/images/a.png> and\n\n<div>\n<img\nsrc=/guides/images/a.png>\n</div>",
            "<a href=\"//evil.example\">x</a>",
            "<a href=\"/\\evil.example\">x</a>",
            "<a href=\"/\tx\" onclick=alert(1)>x</a>",
            "<script>alert(1)</script>",
            "<form action=/sign-out method=post><button>x</button></form>",
            "<style>*{display:none}</style>",
            "```sh title=\"<img src=x onerror=alert(1)>\"\nx\n```",
            "| <script> |\n|---|\n| x |",
        ] {
            let drawn = drawn(source);
            let html = words(&drawn).to_lowercase();
            for tag in html.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
                for bad in
                    ["img", "script", "form", "style", "button", "javascript:", "data:", " on", "src=", "\"//", "\\"]
                {
                    assert!(!tag.contains(bad), "{source:?} became {html}");
                }
            }
        }
    }

    #[test]
    fn size_and_depth_are_bounded() {
        for piece in ["> ", "- ", "```a title=b\n", "[", "![", "| a ", "# a\n", "<div>", "1. "] {
            let drawn = drawn(&piece.repeat(60_000));
            assert!(words(&drawn).len() < 8 * limits::MARKDOWN, "{piece}");
        }
        let table = format!("{}\n{}\n", "| a ".repeat(3000), "|---".repeat(3000));
        drawn(&format!("{table}{}", "| b ".repeat(3000)));
    }
}
