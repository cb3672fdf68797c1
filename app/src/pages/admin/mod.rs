//! The administration. The portal itself says what each role may see and do; pages hide what would be refused.
use crate::{context, server::House};
use axum::Router;
use portico_contract::{PortalError, PortalResult, Role};

pub(crate) mod accounts;
mod analytics;
pub(crate) mod api;
pub(crate) mod apis;
mod audit;
mod findings;
pub(crate) mod guides;
mod impact;
mod overview;
mod pager;
pub(crate) mod parts;
pub(crate) mod plans;
pub(crate) mod readers;
pub(crate) mod settings;
pub(crate) mod subscriptions;

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .merge(overview::routes())
        .merge(apis::routes())
        .merge(api::routes())
        .merge(parts::routes())
        .merge(readers::routes())
        .merge(guides::routes())
        .merge(plans::routes())
        .merge(subscriptions::routes())
        .merge(accounts::routes())
        .merge(analytics::routes())
        .merge(audit::routes())
        .merge(settings::routes())
}

/// For pages that ask the portal for nothing: to others than publishers and admins they are not there.
fn staff_only() -> PortalResult<()> {
    if context::caller().signed_in()?.role >= Role::Publisher {
        Ok(())
    } else {
        Err(PortalError::not_found("such page"))
    }
}
