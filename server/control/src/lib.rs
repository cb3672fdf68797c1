//! The control plane: what people may do with Portico, as use cases.
//!
//! A use case checks rights by asking [`Who`] for a [`permit`](permit::Permit), checks its input, writes in one
//! [`portico_store::Tx`], and answers once the gateway knows: [`publisher`] reads the log of changes and brings the data
//! plane up to date before the answer leaves. Pages reach the use cases through [`portico_contract::Portal`]
//! (in `portal/`), programs through `portico-management`, operators through the command line.
//!
//! Transactions follow one another, so what the store says between `begin` and `commit` stays true until then: checks
//! that a write depends on stand there.
//!
//! One more use case is one more method of [`Control`] in the file of its noun; a new right is one more type in
//! [`permit`].

mod accounts;
mod announcements;
mod apis;
mod apps;
mod audit;
mod brand;
mod cache;
mod changes;
mod control;
mod deprecation;
mod downloads;
mod error;
mod guide_links;
mod guides;
mod keys;
mod library;
mod passwords;
mod permit;
mod plans;
mod portal;
mod post;
mod public;
mod publisher;
mod readers;
mod remembered;
mod rules;
mod settings;
mod subscriptions;
mod toolbox;
mod traffic;
mod tries;
mod try_it;

pub use accounts::{AccountChange, NewAccount};
pub use apis::{UploadOutcome, UploadRequest};
pub use apps::AppChange;
pub use audit::AuditQuery;
pub use brand::BrandChange;
pub use changes::{AffectedCaller, Impact, VersionChanges};
pub use control::{Control, Parts, ShownSetting};
pub use downloads::{Download, DownloadKind, Downloaded};
pub use error::{ControlError, Fault};
pub use guides::{GuideDraft, GuideWritten};
pub use keys::{Imported, KeyChange, KeyRequest};
pub use permit::Who;
pub use portal::signed_in;
pub use public::PublicApi;
pub use remembered::RememberedAnswer;
pub use toolbox::Toolbox;
pub use traffic::{RequestQuery, UsageRequest};
pub use try_it::Entry;

/// Part of a list; `next` is the cursor of the following part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of up to `limit` items out of one more, which only tells that there is a next page.
    pub(crate) fn cut(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Self {
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}
