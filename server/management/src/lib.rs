//! The management API: everything the portal's pages can do, for programs. JSON under `/api/v1`.
//!
//! A call comes through [`envelope`] (its id, its problem written down), [`caller`] (whose token or session it is) and
//! [`idempotency`], to the file of its noun: [`apis`], [`cache`], [`guides`], [`plans`], [`apps`], [`subscriptions`],
//! [`keys`], [`traffic`], [`accounts`], [`audit`]. There it is read strictly ([`input`], [`shape`]), handed to a use case of `portico-control`,
//! and its outcome written with one type for each thing. Rights are checked by the use cases, never here.
//!
//! `openapi.yaml` describes every call and is served by [`description`]; a test compares it with the routes both ways.
//! One more call is one more route in the file of its noun, and one more operation there.

#![expect(clippy::option_option, reason = "a merge patch tells what is left out from what is null")]

mod accounts;
mod apis;
mod apps;
mod audit;
mod brand;
mod cache;
mod caller;
mod changes;
mod description;
mod envelope;
mod guides;
mod idempotency;
mod input;
mod keys;
mod list;
mod plans;
mod problem;
mod readers;
mod shape;
mod strict;
mod subscriptions;
mod traffic;

pub use description::openapi_json;

use axum::{Router, middleware};
use http::StatusCode;
use portico_control::Control;
use problem::Problem;
use std::{ops::Deref, sync::Arc};

/// What every call works with.
#[derive(Clone)]
pub(crate) struct House {
    control: Arc<Control>,
    under_way: idempotency::UnderWay,
}

impl Deref for House {
    type Target = Control;
    fn deref(&self) -> &Control {
        &self.control
    }
}

/// Everything under `/api/v1`, where the server nests it, its unknown paths too. The server puts a `portico_contract::Caller` among a request's
/// extensions: its client's address, and the account if a browser is signed in and its origin was checked.
pub fn router(control: Arc<Control>) -> Router {
    let house = House { control, under_way: idempotency::UnderWay::default() };
    Router::new()
        .merge(apis::router())
        .merge(brand::router())
        .merge(readers::router())
        .merge(cache::router())
        .merge(changes::router())
        .merge(guides::router())
        .merge(plans::router())
        .merge(apps::router())
        .merge(subscriptions::router())
        .merge(keys::router())
        .merge(traffic::router())
        .merge(accounts::router())
        .merge(audit::router())
        .method_not_allowed_fallback(method_not_allowed)
        .route_layer(middleware::from_fn_with_state(house.clone(), idempotency::once))
        .route_layer(middleware::from_fn_with_state(house.clone(), caller::identify))
        .merge(description::router().method_not_allowed_fallback(method_not_allowed))
        .fallback(unknown_path)
        .layer(middleware::from_fn(envelope::envelope))
        .with_state(house)
}

async fn unknown_path() -> Problem {
    let detail = "There is no such call. GET /api/v1/openapi.json lists all of them.";
    Problem::new(StatusCode::NOT_FOUND, "no_such_operation", detail)
}

/// The router adds `Allow`.
async fn method_not_allowed() -> Problem {
    let detail = "This path does not have this method; the Allow header names those it has.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}
