//! Things with a name in the stylesheet, one component each. Markup, classes and roles are the design's; what a component
//! needs from the request it takes from [`crate::context`], so a page only says what it shows.
//!
//! One more component is a function in the file of its kind with one root element whose class is its name.

pub mod chart;
pub mod code;
pub mod icon;
pub mod link;
pub mod text;
pub mod words;

#[cfg(feature = "ssr")]
pub mod changes;
#[cfg(feature = "ssr")]
pub mod exchange;
#[cfg(feature = "ssr")]
pub mod field;
#[cfg(feature = "ssr")]
pub mod follow;
#[cfg(feature = "ssr")]
pub mod form;
#[cfg(feature = "ssr")]
pub mod frame;
#[cfg(feature = "ssr")]
pub mod guide;
#[cfg(feature = "ssr")]
pub mod menu;
#[cfg(feature = "ssr")]
pub mod message;
#[cfg(feature = "ssr")]
pub mod reference;
#[cfg(feature = "ssr")]
pub mod schema;
#[cfg(feature = "ssr")]
pub mod security;
#[cfg(feature = "ssr")]
pub mod table;
#[cfg(feature = "ssr")]
pub mod tabs;

pub use code::{CodeBlock, CopyButton};
pub use icon::Icon;
pub use link::{Breadcrumb, Crumb, NavLink, Segment, Segments};
pub use text::{Badge, Method, Path, Status, Time, Tone};

#[cfg(feature = "ssr")]
pub use field::{Check, Choice, Choices, Field, FileField, HiddenField, Mark, PasswordField, Select, TextArea};
#[cfg(feature = "ssr")]
pub use form::{FieldGroup, PostForm};
#[cfg(feature = "ssr")]
pub use frame::{Card, Chips, Empty, Fact, Facts, SearchForm};
#[cfg(feature = "ssr")]
pub use menu::{Confirm, Menu};
#[cfg(feature = "ssr")]
pub use message::{Callout, ErrorSummary};
#[cfg(feature = "ssr")]
pub use table::{Column, Row, Table};
#[cfg(feature = "ssr")]
pub use tabs::{Tab, Tabs};
