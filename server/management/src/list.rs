//! Lists: `{"items": […], "next": cursor or null}`.
use crate::input::Limit;
use axum::Json;
use portico_control::Page;
use serde::{Deserialize, Serialize};

/// The query of a list that cannot be narrowed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    #[serde(default)]
    pub(crate) limit: Limit,
    pub(crate) after: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct List<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

/// A page of the house as a list of the API.
pub(crate) fn list<From, To>(page: Page<From>, view: impl Fn(From) -> To) -> Json<List<To>> {
    Json(List { items: page.items.into_iter().map(view).collect(), next: page.next })
}
