//! Icons. Their shapes stand once in the document ([`Sprite`]) and are used by name, since a long page shows hundreds.
use leptos::prelude::*;

/// Decoration beside words; 16 units square, drawn with the text's colour.
#[component]
pub fn Icon(name: &'static str) -> AnyView {
    debug_assert!(SHAPES.iter().any(|(known, _)| *known == name), "no icon is called {name}");
    view! { <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><use href=format!("#i-{name}")></use></svg> }
        .into_any()
}

/// The shapes, once on each page.
#[component]
pub fn Sprite() -> AnyView {
    let mut symbols = String::new();
    for (name, shape) in SHAPES {
        symbols.extend(["<symbol id=\"i-", name, "\" viewBox=\"0 0 16 16\">", shape, "</symbol>"]);
    }
    view! { <svg hidden aria-hidden="true" inner_html=symbols></svg> }.into_any()
}

/// The portal's mark.
#[component]
pub fn Mark() -> AnyView {
    view! {
        <svg viewBox="0 0 22 22" aria-hidden="true">
            <path d="M11 1.5 21 7v2.2H1V7l10-5.5Zm0 2.6L6.2 6.8h9.6L11 4.1ZM3.2 10.8h2.6v7.4H3.2v-7.4Zm6.5 0h2.6v7.4H9.7v-7.4Zm6.5 0h2.6v7.4h-2.6v-7.4ZM1 19.2h20v2.1H1v-2.1Z"></path>
        </svg>
    }
    .into_any()
}

const SHAPES: &[(&str, &str)] = &[
    ("app", r#"<rect x="2.5" y="2.5" width="11" height="11" rx="2"/><path d="M2.5 6h11"/>"#),
    ("bell", r#"<path d="M4 11V7a4 4 0 0 1 8 0v4l1 1.25H3L4 11ZM6.75 14h2.5"/>"#),
    ("chart", r#"<path d="M2.5 13.5h11M4.5 11V8M8 11V3.5M11.5 11V6"/>"#),
    ("check", r#"<path d="m3 8.5 3.25 3.25L13 4.75"/>"#),
    ("clock", r#"<circle cx="8" cy="8" r="5.75"/><path d="M8 4.75V8l2.25 1.5"/>"#),
    ("compass", r#"<circle cx="8" cy="8" r="5.75"/><path d="m10.25 5.75-1.25 3.25-3.25 1.25L7 7l3.25-1.25Z"/>"#),
    (
        "copy",
        r#"<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5"/>"#,
    ),
    ("doc", r#"<path d="M4 2.5h5l3 3v8H4v-11ZM9 2.5v3h3"/>"#),
    ("dot", r#"<circle cx="8" cy="8" r="2" fill="currentColor"/>"#),
    ("down", r#"<path d="M3.5 6 8 10.5 12.5 6"/>"#),
    ("download", r#"<path d="M8 2.5v8M4.75 7.5 8 10.75l3.25-3.25M2.5 13.5h11"/>"#),
    (
        "eye",
        r#"<path d="M1.5 8S4 3.75 8 3.75 14.5 8 14.5 8 12 12.25 8 12.25 1.5 8 1.5 8Z"/><circle cx="8" cy="8" r="1.75"/>"#,
    ),
    (
        "feed",
        r#"<path d="M3 3.5A9.5 9.5 0 0 1 12.5 13M3 7.75A5.25 5.25 0 0 1 8.25 13M3.75 12.25h.01" /><circle cx="4" cy="12" r="1" fill="currentColor"/>"#,
    ),
    (
        "gear",
        r#"<circle cx="8" cy="8" r="2"/><path d="M8 2v1.75M8 12.25V14M2 8h1.75M12.25 8H14M3.75 3.75 5 5M11 11l1.25 1.25M12.25 3.75 11 5M5 11l-1.25 1.25"/>"#,
    ),
    ("info", r#"<circle cx="8" cy="8" r="5.75"/><path d="M8 7.25v3.5M8 5.1v.1"/>"#),
    ("key", r#"<circle cx="5.25" cy="10.75" r="2.75"/><path d="m7.25 8.75 5.5-5.5M11 5l2 2"/>"#),
    ("layers", r#"<path d="M8 2.5 14 6 8 9.5 2 6l6-3.5ZM2.5 9 8 12.25 13.5 9"/>"#),
    (
        "link",
        r#"<path d="M6.75 9.25 9.25 6.75M7.5 4.75 9 3.25a2.65 2.65 0 0 1 3.75 3.75l-1.5 1.5M8.5 11.25 7 12.75A2.65 2.65 0 0 1 3.25 9l1.5-1.5"/>"#,
    ),
    ("list", r#"<path d="M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01"/>"#),
    ("lock", r#"<rect x="3.5" y="7" width="9" height="6.5" rx="1.5"/><path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2"/>"#),
    ("menu", r#"<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>"#),
    ("minus", r#"<path d="M4 8h8"/>"#),
    ("more", r#"<path d="M3.5 8h.01M8 8h.01M12.5 8h.01" stroke-width="2.25"/>"#),
    ("open", r#"<circle cx="8" cy="8" r="4.75"/>"#),
    ("plus", r#"<path d="M8 3v10M3 8h10"/>"#),
    (
        "refresh",
        r#"<path d="M13 4v3h-3M3 12V9h3"/><path d="M12.6 7A5 5 0 0 0 4 5.2L3 6.5M3.4 9A5 5 0 0 0 12 10.8l1-1.3"/>"#,
    ),
    ("right", r#"<path d="m6 3.5 4.5 4.5L6 12.5"/>"#),
    (
        "rotate",
        r#"<path d="M2.75 8a5.25 5.25 0 0 1 9.25-3.4L13.25 6M13.25 3v3h-3M13.25 8A5.25 5.25 0 0 1 4 11.4L2.75 10M2.75 13v-3h3"/>"#,
    ),
    ("search", r#"<circle cx="7" cy="7" r="4.25"/><path d="m10.25 10.25 3.5 3.5"/>"#),
    ("send", r#"<path d="M4.5 3v10l8.5-5-8.5-5Z"/>"#),
    ("shield", r#"<path d="M8 2 13 4v4c0 3-2.1 5-5 6-2.9-1-5-3-5-6V4l5-2Z"/>"#),
    (
        "theme",
        r#"<circle cx="8" cy="8" r="5.25"/><path d="M8 2.75v10.5a5.25 5.25 0 0 0 0-10.5Z" fill="currentColor"/>"#,
    ),
    ("updown", r#"<path d="M5 6.25 8 3.5l3 2.75M5 9.75l3 2.75 3-2.75"/>"#),
    (
        "user",
        r#"<circle cx="8" cy="5.5" r="2.75"/><path d="M2.75 13.5c.75-2.5 2.75-3.75 5.25-3.75s4.5 1.25 5.25 3.75"/>"#,
    ),
    (
        "users",
        r#"<circle cx="6" cy="5.5" r="2.25"/><path d="M1.75 13c.5-2.25 2.1-3.25 4.25-3.25S9.75 10.75 10.25 13M10.5 3.5a2.25 2.25 0 0 1 0 4.1M12 9.9c1.25.5 2 1.5 2.25 3.1"/>"#,
    ),
    ("warn", r#"<path d="M8 2.5 14 13H2L8 2.5ZM8 6.5v3M8 11.1v.1"/>"#),
    ("x", r#"<path d="m4 4 8 8m0-8-8 8"/>"#),
];
