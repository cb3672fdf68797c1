//! APIs: what is published, in versions, and how the gateway treats it.
use crate::{Format, Policies, SettingsFaults, Slug, Timestamp, VersionId, check};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use url::Url;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    pub slug: Slug,
    /// From the newest document's `info`.
    pub title: String,
    pub settings: ApiSettings,
    /// The version that readers and callers see; `None` while it is a draft or withdrawn.
    pub published: Option<VersionId>,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
}

/// How the gateway and the portal treat an API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiSettings {
    pub upstreams: Vec<Upstream>,
    pub access: Access,
    pub visibility: Visibility,
    /// Where the gateway serves it, e.g. `/petstore`; without a slash at its end.
    pub base_path: String,
    /// The plans under which apps may subscribe.
    pub plans: Vec<Slug>,
    /// From the last byte of the request to the first of the answer.
    pub timeout_ms: u32,
    pub max_body_bytes: u64,
    #[serde(flatten)]
    pub policies: Policies,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    #[serde(deserialize_with = "address")]
    pub url: Url,
    /// Its share beside the other upstreams; 0 takes it out.
    #[serde(default = "one")]
    pub weight: u16,
}

fn one() -> u16 {
    1
}

/// Which calls need a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// All.
    Key,
    /// Those whose `security` in the document asks for something.
    Document,
    /// None.
    Open,
}

/// Who may read the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    Public,
    SignedIn,
    /// Publishers, admins, and the accounts that were chosen: see [`crate::Reader`].
    Private,
}

/// One uploaded document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiVersion {
    pub id: VersionId,
    pub api: Slug,
    /// From the document's `info`. Not unique: the same version may be uploaded again.
    pub version: String,
    pub title: String,
    pub format: Format,
    pub operations: u32,
    pub state: VersionState,
    pub created_at: Timestamp,
    pub published_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VersionState {
    Draft,
    Published,
    /// Was published once.
    Retired,
}

impl ApiSettings {
    /// What a new API has.
    pub fn new(api: &Slug) -> Self {
        Self {
            upstreams: Vec::new(),
            access: Access::Key,
            visibility: Visibility::Public,
            base_path: format!("/{api}"),
            plans: vec![crate::Plan::starter().slug],
            timeout_ms: 30_000,
            max_body_bytes: 10 * 1024 * 1024,
            policies: Policies::default(),
        }
    }

    /// Checks all that can be checked without knowing other APIs, plans and documents, and lists every fault.
    pub fn validate(&self) -> Result<(), SettingsFaults> {
        self.check_values()?;
        self.check_together()
    }

    /// Checks each value by itself.
    pub fn check_values(&self) -> Result<(), SettingsFaults> {
        check::values(self)
    }

    /// Checks what values say of each other, where each is good by itself.
    pub fn check_together(&self) -> Result<(), SettingsFaults> {
        check::together(self)
    }
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Url, D::Error> {
    let text = String::deserialize(from)?;
    crate::read_upstream_url(&text).map_err(D::Error::custom)
}

impl Access {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Document => "document",
            Self::Open => "open",
        }
    }
}

impl Visibility {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::SignedIn => "signed-in",
            Self::Private => "private",
        }
    }
}

impl VersionState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Retired => "retired",
        }
    }
}
