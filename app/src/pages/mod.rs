//! All pages, one module a part of the portal. Each module names its own routes, its forms' among them.
use crate::{actions, server::House};
use axum::Router;

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod api;
pub(crate) mod apps;
pub(crate) mod catalogue;
pub(crate) mod changes;
pub(crate) mod error;
pub(crate) mod feed;
pub(crate) mod guide;
pub(crate) mod keys;
pub(crate) mod operation;
pub(crate) mod requests;
pub(crate) mod schema;
pub(crate) mod search;
mod sidebar;
pub(crate) mod subscribe;
pub(crate) mod usage;

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .merge(catalogue::routes())
        .merge(api::routes())
        .merge(operation::routes())
        .merge(schema::routes())
        .merge(changes::routes())
        .merge(feed::routes())
        .merge(guide::routes())
        .merge(search::routes())
        .merge(account::routes())
        .merge(apps::routes())
        .merge(keys::routes())
        .merge(subscribe::routes())
        .merge(usage::routes())
        .merge(requests::routes())
        .merge(admin::routes())
        .merge(actions::site::routes())
}
