//! What changed between two versions of an API, in words.
use serde::{Deserialize, Serialize};

/// What a change means to those who call the API. The order is that of urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeClass {
    /// A call that was right may fail, or an answer may hold what callers do not expect.
    Breaking,
    /// Whoever called before can go on as before.
    Compatible,
    /// Only words changed.
    Docs,
}

impl ChangeClass {
    pub const ALL: [Self; 3] = [Self::Breaking, Self::Compatible, Self::Docs];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Compatible => "compatible",
            Self::Docs => "docs",
        }
    }
}

/// Which of the two documents is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Edition {
    Before,
    After,
}

/// An operation in both documents, by the names of its pages; `None` where one has it not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OperationNames {
    pub before: Option<String>,
    pub after: Option<String>,
}

/// What a change concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind")]
pub enum ChangeSubject {
    /// The API as a whole.
    Document,
    Operation {
        names: OperationNames,
        /// Lower case.
        method: String,
        /// Empty for webhooks.
        path: String,
        title: String,
    },
    /// A named schema, which several operations may share.
    Schema { name: String, edition: Edition },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub class: ChangeClass,
    /// Stable, e.g. "parameter-required".
    pub code: String,
    pub subject: ChangeSubject,
    /// The document that `pointer` leads into: the later one, unless what changed is no longer in it.
    pub edition: Edition,
    /// JSON pointer (RFC 6901) to the nearest place; empty for the whole.
    pub pointer: String,
    /// What changed, e.g. "The query parameter `limit` is required now."
    pub message: String,
    /// What callers should do; empty where there is nothing to do.
    pub advice: String,
    /// The operations it reaches, at most 500; those of webhooks are among them.
    pub operations: Vec<OperationNames>,
}

/// All that changed from one version to another: breaking first, then in the order of the document.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Changes {
    /// At most 1,000.
    pub items: Vec<Change>,
    /// How many there are of each class, also of those not listed.
    pub breaking: u32,
    pub compatible: u32,
    pub docs: u32,
    /// The documents were too large to compare wholly, or more changed than is listed.
    pub cut: bool,
}

impl Changes {
    pub const fn is_empty(&self) -> bool {
        self.breaking == 0 && self.compatible == 0 && self.docs == 0
    }

    pub const fn count(&self, class: ChangeClass) -> u32 {
        match class {
            ChangeClass::Breaking => self.breaking,
            ChangeClass::Compatible => self.compatible,
            ChangeClass::Docs => self.docs,
        }
    }
}
