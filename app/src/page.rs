//! What a page's function returns: everything of a document but its frame.
use axum::http::StatusCode;
use leptos::prelude::*;
use portico_contract::catalogue::ApiHead;

/// How a page is laid out; class of its outermost element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No sidebar.
    Wide,
    /// Documentation: sidebar, narrow content, often a pane.
    Reference,
    /// Tables and numbers: sidebar, broad content.
    Console,
    /// One narrow column; a child of class `lg` is broader.
    Centre,
}

impl Kind {
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Wide => "page wide",
            Self::Reference => "page reference",
            Self::Console => "page console",
            Self::Centre => "page centre",
        }
    }
}

/// The part of the portal a page belongs to; marked in the top bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Apis,
    Apps,
    Usage,
    Requests,
    Admin,
    /// None that the top bar names.
    Other,
}

/// Beside the content on broad screens, behind it on narrow ones.
pub(crate) struct Pane {
    pub label: String,
    pub content: AnyView,
}

/// A page without its frame. Made with one of the four kinds, then told what else it has.
pub struct Page {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) kind: Kind,
    pub(crate) section: Section,
    pub(crate) status: StatusCode,
    pub(crate) place: Option<ApiHead>,
    pub(crate) sidebar: Option<AnyView>,
    pub(crate) content: AnyView,
    pub(crate) pane: Option<Pane>,
}

impl Page {
    fn new(kind: Kind, section: Section, title: impl Into<String>, content: impl IntoAny) -> Self {
        let title = title.into();
        Self {
            description: title.clone(),
            title,
            kind,
            section,
            status: StatusCode::OK,
            place: None,
            sidebar: None,
            content: content.into_any(),
            pane: None,
        }
    }
    pub fn wide(section: Section, title: impl Into<String>, content: impl IntoAny) -> Self {
        Self::new(Kind::Wide, section, title, content)
    }
    pub fn centre(section: Section, title: impl Into<String>, content: impl IntoAny) -> Self {
        Self::new(Kind::Centre, section, title, content)
    }
    pub fn reference(title: impl Into<String>, sidebar: impl IntoAny, content: impl IntoAny) -> Self {
        Self { sidebar: Some(sidebar.into_any()), ..Self::new(Kind::Reference, Section::Apis, title, content) }
    }
    pub fn console(section: Section, title: impl Into<String>, sidebar: impl IntoAny, content: impl IntoAny) -> Self {
        Self { sidebar: Some(sidebar.into_any()), ..Self::new(Kind::Console, section, title, content) }
    }
    /// One sentence for search engines and previews; the title unless set.
    #[must_use]
    pub fn described(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
    }
    /// The API and version shown, for the switcher in the top bar.
    #[must_use]
    pub fn of_api(self, head: ApiHead) -> Self {
        Self { place: Some(head), ..self }
    }
    #[must_use]
    pub fn with_pane(self, label: impl Into<String>, content: impl IntoAny) -> Self {
        Self { pane: Some(Pane { label: label.into(), content: content.into_any() }), ..self }
    }
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}
