//! What a page and its components may know of the request they are drawn for. The only place that reads leptos' context.
use crate::form::FormState;
use leptos::{config::LeptosOptions, prelude::*};
use portico_contract::{Brand, Caller, Portal};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// What all pages of one installation share.
#[derive(Clone)]
pub struct Site {
    /// `output_name` names the browser's half below `/pkg`.
    pub leptos: LeptosOptions,
    /// Address of the stylesheet.
    pub css: String,
    /// Address of the font, fetched with the stylesheet.
    pub font: String,
    /// Where the published APIs answer, e.g. `https://gw.example.org`.
    pub gateway_url: String,
    /// Where the portal itself is, e.g. `https://developers.example.org`.
    pub portal_url: String,
}

/// Where a page stands: the path with its parts named by the route, and the query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// As the browser sent it, without the query.
    pub path: String,
    /// Without the question mark; may be empty.
    pub query: String,
    /// Percent-decoded, by the names in the route.
    pub params: Vec<(String, String)>,
    /// Percent-decoded.
    pub fields: Vec<(String, String)>,
}

impl Address {
    /// Part of the path; empty when the route has no such part.
    pub fn param(&self, name: &str) -> &str {
        first(&self.params, name).unwrap_or_default()
    }
    /// Part of the path that only some routes have.
    pub fn optional_param(&self, name: &str) -> Option<&str> {
        first(&self.params, name)
    }
    /// First value in the query; empty when there is none.
    pub fn field(&self, name: &str) -> &str {
        first(&self.fields, name).unwrap_or_default()
    }
    /// Path and query, as a link.
    pub fn href(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }
}

fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text)
    }
}

/// One request, for as long as its page is drawn.
pub(crate) struct Visit {
    pub portal: Arc<dyn Portal>,
    pub site: Arc<Site>,
    pub caller: Caller,
    pub brand: Brand,
    pub theme: Theme,
    pub language: String,
    pub address: Address,
    pub form: FormState,
    /// How many ids were given to elements.
    pub ids: AtomicU32,
}

/// Makes the functions below answer for this request, within the present owner.
pub(crate) fn provide(visit: Arc<Visit>) {
    provide_context(visit);
}

/// Pages are drawn by [`crate::server`] alone, which provides this first.
fn visit() -> Arc<Visit> {
    expect_context::<Arc<Visit>>()
}

pub fn portal() -> Arc<dyn Portal> {
    Arc::clone(&visit().portal)
}
pub fn site() -> Arc<Site> {
    Arc::clone(&visit().site)
}
pub fn caller() -> Caller {
    visit().caller.clone()
}
/// How the portal looks to everybody.
pub fn brand() -> Brand {
    visit().brand.clone()
}
pub fn theme() -> Theme {
    visit().theme
}
/// The language that the reader wants samples in, as the cookie has it: any short word, or none.
pub fn language() -> String {
    visit().language.clone()
}
pub fn address() -> Address {
    visit().address.clone()
}
/// What came with a form that was refused; empty on a fresh page, and within a form that is not the refused one.
pub fn form_state() -> FormState {
    let visit = visit();
    match use_context::<FormAction>() {
        Some(FormAction(Some(action))) if action != visit.address.path => FormState::default(),
        _ => visit.form.clone(),
    }
}
/// Where the form around is sent.
#[derive(Clone)]
struct FormAction(Option<String>);

/// Draws the inputs of the form that is sent to `action`. What islands among them make must live as long as the page, so
/// this gives them no owner of their own.
pub(crate) fn within_form<V>(action: String, draw: impl FnOnce() -> V) -> V {
    provide_context(FormAction(Some(action)));
    let drawn = draw();
    provide_context(FormAction(None));
    drawn
}
/// What was typed into an input of a refused form, else what the address says, e.g. for `next`.
pub fn value(name: &str) -> String {
    let visit = visit();
    visit.form.value(name).unwrap_or_else(|| visit.address.field(name)).to_owned()
}
/// An id that nothing else on the page has.
pub fn next_id(prefix: &str) -> String {
    format!("{prefix}-{}", visit().ids.fetch_add(1, Ordering::Relaxed) + 1)
}
