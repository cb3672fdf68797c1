//! The public half: which APIs there are, and their documentation with what the house knows of the reader.
use crate::{Limits, Moment, reference};
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
    /// A curl call of a simple operation.
    pub first_call: Option<reference::Code>,
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
    /// curl, with the reader's own key's name in the variable.
    pub sample: reference::Code,
}

/// `/apis/{api}/schemas/{schema}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaPage {
    pub head: ApiHead,
    pub navigation: reference::Navigation,
    pub schema: reference::SchemaReference,
}

/// `/apis/{api}/changes`: the versions that were published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesPage {
    pub head: ApiHead,
    pub navigation: reference::Navigation,
    pub versions: Vec<PublishedVersion>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedVersion {
    pub version: String,
    pub published: Moment,
    pub operations: u32,
    pub current: bool,
    pub href: String,
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
