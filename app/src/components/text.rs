//! Words that carry a tone or a form of their own.
use super::Icon;
use leptos::prelude::*;
use portico_contract::Moment;

/// How something is or went. The words say it; the tone only helps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// None at all.
    #[default]
    Plain,
    Info,
    Ok,
    Warn,
    Danger,
    Special,
    Muted,
}

impl Tone {
    pub const fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Info => "info",
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Danger => "danger",
            Self::Special => "special",
            Self::Muted => "muted",
        }
    }
    /// From the class that a view of the contract names.
    pub fn parse(class: &str) -> Self {
        [Self::Info, Self::Ok, Self::Warn, Self::Danger, Self::Special, Self::Muted]
            .into_iter()
            .find(|tone| tone.class() == class)
            .unwrap_or_default()
    }
    /// Of an answer's status: 2xx and 3xx, 4xx, 5xx.
    pub const fn of_status(status: u16) -> Self {
        match status {
            0..400 => Self::Ok,
            400..500 => Self::Warn,
            _ => Self::Danger,
        }
    }
}

/// An HTTP method, lower case.
#[component]
pub fn Method(#[prop(into)] method: String) -> AnyView {
    let class = match method.as_str() {
        "get" | "post" | "put" | "patch" | "delete" | "head" => format!("method {method}"),
        _ => "method muted".to_owned(),
    };
    view! { <span class=class>{method}</span> }.into_any()
}

/// A path's template; variables are marked, and it may break behind each slash. `base` stands before it, paler.
#[component]
pub fn Path(#[prop(into)] path: String, #[prop(optional, into)] base: String) -> AnyView {
    let mut html = String::with_capacity(path.len() * 2);
    if !base.is_empty() {
        html.push_str("<span class=\"base\">");
        push_breakable(&mut html, &base);
        html.push_str("</span>");
    }
    let mut rest = path.as_str();
    while let Some((before, variable, after)) = next_variable(rest) {
        push_breakable(&mut html, before);
        html.push_str("<var>");
        push_breakable(&mut html, variable);
        html.push_str("</var>");
        rest = after;
    }
    push_breakable(&mut html, rest);
    view! { <code class="path" inner_html=html></code> }.into_any()
}

fn next_variable(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find('{')?;
    let end = start + text[start..].find('}')? + 1;
    Some((&text[..start], &text[start..end], &text[end..]))
}

/// Text as markup, with a place to break behind each separator of a name or path.
pub fn breakable(text: &str) -> String {
    let mut html = String::with_capacity(text.len() * 2);
    push_breakable(&mut html, text);
    html
}

fn push_breakable(html: &mut String, text: &str) {
    for char in text.chars() {
        push_escaped(html, char);
        if matches!(char, '/' | '_' | '-' | '.') {
            html.push_str("<wbr>");
        }
    }
}

/// Text as markup.
pub fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for char in text.chars() {
        push_escaped(&mut html, char);
    }
    html
}

pub(super) fn push_escaped(html: &mut String, char: char) {
    match char {
        '&' => html.push_str("&amp;"),
        '<' => html.push_str("&lt;"),
        '>' => html.push_str("&gt;"),
        '"' => html.push_str("&quot;"),
        _ => html.push(char),
    }
}

/// What a thing is.
#[component]
pub fn Badge(
    #[prop(into)] text: String,
    #[prop(optional)] tone: Tone,
    #[prop(optional)] icon: Option<&'static str>,
) -> AnyView {
    view! { <span class=format!("badge {}", tone.class())>{icon.map(|name| view! { <Icon name/> })}{text}</span> }
        .into_any()
}

/// How a thing went, or how it stands.
#[component]
pub fn Status(#[prop(into)] text: String, tone: Tone) -> AnyView {
    view! { <span class=format!("status {}", tone.class())>{text}</span> }.into_any()
}

/// A moment, short; whole on hovering and for machines. `full` shows the date instead of "2 min ago".
#[component]
pub fn Time(moment: Moment, #[prop(optional)] full: bool) -> AnyView {
    let (text, title) = if full { (moment.date, moment.relative) } else { (moment.relative, moment.date) };
    view! { <time datetime=moment.iso title=title>{text}</time> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_marks_its_variables_and_escapes() {
        let html = view! { <Path path="/a/{pet_id}/<b>" base="/x"/> }.to_html();
        assert!(html.contains("<span class=\"base\">/<wbr>x</span>"), "{html}");
        assert!(html.contains("<var>{pet_<wbr>id}</var>/<wbr>&lt;b&gt;"), "{html}");
    }

    #[test]
    fn an_open_brace_is_no_variable() {
        assert!(view! { <Path path="/a/{b"/> }.to_html().contains("{b"));
    }
}
