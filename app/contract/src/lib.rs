//! What the portal may ask of the house.
//!
//! Pages know nothing of databases, documents or gateways: they read views and send inputs through [`Portal`], and get a
//! [`PortalError`] when the answer is no. Everything here is plain data with serde alone, so it compiles for the browser
//! too. One more page is one more method of [`Portal`] with its view in the file of its part: [`reference`] (what a
//! document says), [`call`] (calls of it), [`form`] (what readers fill in for one), [`catalogue`], [`account`], [`apps`],
//! [`guides`], [`traffic`], [`admin`], [`settings`].
//!
//! Strings that end in `_html` are safe markup, made by the house from markdown; all other strings are text and are
//! escaped where they are shown.

pub mod account;
pub mod admin;
pub mod apps;
pub mod call;
pub mod catalogue;
pub mod changes;
pub mod form;
pub mod guides;
pub mod reference;
pub mod settings;
pub mod traffic;
pub mod written;

mod error;
mod portal;
mod shared;

pub use error::{FieldError, PortalError, PortalResult};
pub use portal::Portal;
pub use shared::{Brand, Caller, Limits, Listing, Moment, Role, SignedIn};
