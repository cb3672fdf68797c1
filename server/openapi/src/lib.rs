//! From the bytes of an OpenAPI document to what Portico shows and routes.
//!
//! [`read`] takes what somebody uploaded (OpenAPI 3.0, 3.1, 3.2 or Swagger 2.0, JSON or YAML) and answers with
//! [`Finding`]s and, if none of them is an error, a [`Description`]: routes for the gateway, pages for the portal,
//! samples, entries for the search. All of it is pure: no I/O, no clock, no randomness; every byte is taken for hostile.
//!
//! The way of a document:
//! [`text`] bytes to characters and the writing they are in → [`tree`] characters to one bounded `Value`, the author's own
//! → [`frame`] what the document says of itself → [`outline`] which operations, groups and schemas there are
//! → [`check`] what is wrong with them
//! → [`place`] where that stands, for the findings only.
//! Pages are made when they are asked for, from the author's value: [`part`] reads one operation, parameter, body or
//! response whatever the version it is written in; [`schema`] shows schemas as they stand, so that nothing 3.1 can say is
//! lost in the words of 3.0. [`writer`] writes parameters, bodies and examples, each side without what only the other
//! writes, and where a value is of one of several variants, an example of each. What cannot be read becomes a fault of its page, and the rest is shown.
//! [`rules`] makes of the same parts what the gateway checks calls and answers by, and mock answers.
//! [`diff`] tells what changed from one document to another. [`served`] writes the document as readers get it, [`in_markdown`]
//! the portal's pages as Markdown,
//! [`collection`] requests for other programs, [`tools`] operations for language models. [`guide`] what publishers write beside their
//! documents.
//!
//! `openapiv3` is the typed model of all that has one shape in every version once it is brought to the words of 3.0:
//! `info` with contact and licence, `externalDocs`, tags, security schemes and requirements, and the frame of each
//! operation. [`typed`] reads them part by part, never the whole document: a fault takes itself away, is told with its
//! place, and leaves the rest. Parameters, bodies and responses stay with [`part`], since there the model holds schemas,
//! and those it knows are 3.0's: it would refuse or flatten what 2.0 and 3.1 say. Schemas stay the author's own.
//!
//! One more version of OpenAPI: a variant of [`outline::Dialect`], and where it differs, a branch in [`part`].
//! One more part with types: a call of [`typed::fit`], its misfits told by `frame::tell`.
//! One more finding: a call in [`check`] with a code of its own, and a line in `tests/it/findings.rs`.
//! One more schema keyword: `schema::facets` collects it, [`schema`] shows it.

mod call;
mod check;
mod collection;
mod description;
mod diff;
mod example;
mod finding;
mod frame;
mod guide;
mod highlight;
pub mod in_markdown;
mod limits;
mod markdown;
mod operation;
mod outline;
mod part;
mod place;
mod reading;
mod refer;
mod rules;
mod schema;
mod search;
mod sections;
mod security;
mod served;
mod server;
mod slug;
mod status;
mod text;
mod tools;
mod tree;
mod typed;
mod writer;
mod writing;

pub use collection::Collection;
pub use description::Description;
pub use diff::changes;
pub use guide::{GuideLink, GuideReading, GuideTarget, GuideWay, guide_anchors, guide_links, guide_text, read_guide};
pub use markdown::{markdown, plain};
pub use portico_contract::reference::{Finding, Severity};
pub use reading::{Reading, places, read};
pub use rules::Wanted;
pub use search::{SearchEntry, SearchKind};
pub use tools::{Tool, ToolCall};
