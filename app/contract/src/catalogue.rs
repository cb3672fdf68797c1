//! The public half: which APIs there are, and their documentation with what the house knows of the reader.
use crate::{
    Limits, Listing, Moment,
    call::{Call, GivenSample},
    changes::Changes,
    guides::GuideLine,
    reference,
};
use serde::{Deserialize, Serialize};

/// Which calls need a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    Key,
    Document,
    Open,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    Public,
    SignedIn,
    Private,
}

/// `/apis`, and the list on `/`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Catalogue {
    pub items: Vec<CatalogueItem>,
    /// The portal's own.
    pub guides: Vec<GuideLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueItem {
    pub slug: String,
    pub title: String,
    pub version: String,
    pub summary: String,
    pub operations: u32,
    pub access: Access,
    pub visibility: Visibility,
    pub changed: Moment,
    /// An app of the reader is subscribed.
    pub subscribed: bool,
}

/// Head of every page of one API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiHead {
    pub slug: String,
    pub title: String,
    /// The version shown.
    pub version: String,
    /// `/apis/{api}`, or `/apis/{api}/versions/{version}` when an older one is shown. Links to pages begin with it.
    pub root: String,
    pub versions: Vec<VersionLink>,
    /// Other APIs the reader may see, at most 20, for the switcher.
    pub others: Vec<(String, String)>,
    /// The gateway's address of this API, e.g. `https://gw.example.org/petstore`.
    pub base_url: String,
    pub access: Access,
    /// No document is published: only publishers see it.
    pub draft: bool,
    /// Those the reader may see, in their order.
    pub guides: Vec<GuideLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionLink {
    pub version: String,
    pub href: String,
    pub current: bool,
    pub published: bool,
}

/// What the house knows of the reader and this API.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reader {
    pub signed_in: bool,
    /// Names of the reader's active keys that may call here, with their apps' ids: (key's name, app's id).
    pub keys: Vec<(String, String)>,
    /// The plan of the best subscription, e.g. "Starter".
    pub plan: Option<String>,
    pub limits: Option<Limits>,
}

/// `/apis/{api}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiPage {
    pub head: ApiHead,
    pub navigation: reference::Navigation,
    pub overview: reference::Overview,
    pub reader: Reader,
    pub plans: Vec<PlanOffer>,
    /// Of a simple operation.
    pub first_call: Option<Call>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanOffer {
    pub slug: String,
    pub name: String,
    pub limits: Limits,
    /// A publisher has to approve.
    pub manual: bool,
    pub yours: bool,
}

/// `/apis/{api}/operations/{operation}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationPage {
    pub head: ApiHead,
    pub navigation: reference::Navigation,
    pub operation: reference::Operation,
    pub reader: Reader,
    /// Whether a call needs one of our keys.
    pub needs_key: bool,
    /// With the reader's own key's name in the variable; `None` for webhooks.
    pub call: Option<Call>,
    /// Samples that the document brings along.
    pub given: Vec<GivenSample>,
    /// `None` where no other version was published.
    pub last_changed: Option<LastChanged>,
}

/// `/apis/{api}/schemas/{schema}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaPage {
    pub head: ApiHead,
    pub navigation: reference::Navigation,
    pub schema: reference::SchemaReference,
}

/// `/apis/{api}/changes`: the versions that were published, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesPage {
    pub head: ApiHead,
    pub navigation: reference::Navigation,
    /// At most 10.
    pub versions: Listing<PublishedVersion>,
}

/// `/apis/{api}/versions/{version}/changes`: one of them, with all that is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionChangesPage {
    pub head: ApiHead,
    pub navigation: reference::Navigation,
    pub version: PublishedVersion,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedVersion {
    pub id: String,
    pub version: String,
    /// `None` for a draft, which only publishers see.
    pub published: Option<Moment>,
    pub operations: u32,
    pub current: bool,
    /// Where its pages begin.
    pub root: String,
    /// The page of its changes alone.
    pub href: String,
    /// `None` for the first one.
    pub since: Option<Since>,
}

/// What changed since an older version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    pub version: String,
    /// Where the older version's pages begin.
    pub root: String,
    pub changes: Changes,
}

/// `/apis/{api}/changes.rss`; addresses are whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesFeed {
    pub title: String,
    pub href: String,
    /// The feed's own address.
    pub own: String,
    pub entries: Vec<FeedEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedEntry {
    /// Never given to another entry.
    pub id: String,
    pub title: String,
    pub href: String,
    /// RFC 2822.
    pub published: String,
    pub first: bool,
    pub changes: Changes,
}

/// When an operation last changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastChanged {
    pub version: String,
    /// The changes of that version.
    pub href: String,
    /// It came with that version.
    pub new: bool,
}

/// `/search?q=`
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SearchPage {
    pub query: String,
    pub hits: Vec<SearchHit>,
    pub total: u64,
    /// How many of each kind there are in all: APIs, operations, schemas.
    pub counts: Vec<(HitKind, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HitKind {
    Api,
    Operation,
    Schema,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchHit {
    pub kind: HitKind,
    pub href: String,
    /// E.g. "Harbour Pilotage API / Pilotage orders".
    pub place: String,
    /// Lower case; for operations.
    pub method: Option<String>,
    /// Pieces of the title; true ones matched.
    pub title: Vec<(bool, String)>,
    /// Pieces of a line of text; true ones matched.
    pub excerpt: Vec<(bool, String)>,
}
