//! The data plane: listens for calls of published APIs, lets in whoever may, and passes them on.
//!
//! A request's way is one function, `pipeline`, whose phases are files: `arrive`, `find`, `identify`, `admit`, `before`,
//! `dispatch`, `after`, `account`. What can be set beyond passing calls on stands in `policy`, one file each. It reads one immutable `World` (routes, plans, upstreams), the [`Keyring`] and the
//! [`Subscriptions`], all in memory; no request waits for a database, and what was counted is fetched once a second.
//! Each thread has a runtime, a listening socket, upstream connections and counters of its own.
//!
//! One more check is one more line in the pipeline and one more variant of `Refusal`; one more way of answering is one
//! more file in `dispatch`.

mod account;
mod admit;
mod after;
mod arrive;
#[cfg(test)]
mod authorised;
mod before;
mod client_address;
mod closing;
mod dispatch;
mod entrance;
mod find;
#[cfg(test)]
mod fuzz;
mod gateway;
mod http1;
mod http2;
mod identify;
mod key_places;
mod keyring;
mod limit;
mod listener;
mod message;
#[cfg(test)]
mod mutation;
mod pace;
mod path;
mod peer;
mod pipeline;
mod plan;
mod policy;
mod proxy_protocol;
mod refusal;
mod router;
mod settings;
mod subscriptions;
mod tally;
mod tls;
mod tunnel;
mod upstream;
mod websocket;
mod worker;
mod world;

pub use gateway::{Gateway, StartError};
pub use keyring::{KeyEntry, KeyScope, Keyring, Replacement};
pub use peer::Guest;
pub use policy::{document::CompiledDocument, validate::InvalidRules};
pub use settings::GatewaySettings;
pub use subscriptions::Subscriptions;
pub use tls::{PairError, certificate_expiries};
pub use world::{ApiSpec, WorldError, WorldSpec};
