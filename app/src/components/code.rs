//! Text to read and copy.
use super::{Icon, text::push_escaped};
use leptos::prelude::*;
use portico_contract::reference::{Code, Token};

/// A piece of code. Focusable, since it may be wider than its frame; `label` says what it is.
#[component]
pub fn CodeBlock(
    code: Code,
    #[prop(into)] label: String,
    /// `framed`, `short`, or both.
    #[prop(optional)]
    class: &'static str,
    /// Without a copy button, where the frame around has one.
    #[prop(optional)]
    bare: bool,
) -> AnyView {
    let copy = (!bare).then(|| view! { <CopyButton what=label.to_lowercase()/> });
    view! {
        <div class=format!("code {class}")>
            <pre tabindex="0" role="region" aria-label=label><code inner_html=coloured(&code)></code></pre>
            {copy}
        </div>
    }
    .into_any()
}

fn coloured(code: &Code) -> String {
    let mut html = String::new();
    for (token, text) in &code.spans {
        let (open, close) = match token {
            Token::Plain => ("", ""),
            Token::Keyword => ("<span class=\"k\">", "</span>"),
            Token::Text => ("<span class=\"s\">", "</span>"),
            Token::Number => ("<span class=\"n\">", "</span>"),
            Token::Property => ("<span class=\"p\">", "</span>"),
            Token::Comment => ("<span class=\"c\">", "</span>"),
            Token::Fill => ("<mark>", "</mark>"),
        };
        html.push_str(open);
        text.chars().for_each(|char| push_escaped(&mut html, char));
        html.push_str(close);
    }
    html
}

/// Copies `text`, or without one the code that stands nearest: in the same `.code`, `.card` or `.secret`. Stands there
/// only where script runs.
#[component]
pub fn CopyButton(
    /// Completes "Copy …" for those who do not see the icon.
    #[prop(into)]
    what: String,
    #[prop(optional, into)] text: String,
    #[prop(optional)] class: &'static str,
) -> AnyView {
    view! {
        <button
            class=format!("button quiet small square copy needs-script {class}")
            type="button"
            data-copy=text
            aria-label=format!("Copy {what}")
        >
            <Icon name="copy"/>
        </button>
    }
    .into_any()
}
