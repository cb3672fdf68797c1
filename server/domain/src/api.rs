//! APIs: what is published, in versions, and how the gateway treats it.
use crate::{Format, Policies, Slug, Timestamp, VersionId};
use serde::{Deserialize, Serialize};
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
    pub url: Url,
    /// Its share beside the other upstreams; 0 takes it out.
    #[serde(default = "one")]
    pub weight: u16,
}

fn one() -> u16 {
    1
}

/// Which calls need a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Publishers and admins.
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

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidSettings {
    /// JSON pointer into the settings.
    pub pointer: String,
    pub message: String,
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

    /// Checks what can be checked without knowing other APIs and plans.
    pub fn validate(&self) -> Result<(), InvalidSettings> {
        let wrong = |pointer: String, message: String| Err(InvalidSettings { pointer, message });
        if self.upstreams.len() > 64 {
            return wrong("/upstreams".into(), "at most 64 upstreams".into());
        }
        for (n, upstream) in self.upstreams.iter().enumerate() {
            if let Err(message) = check_upstream_url(&upstream.url) {
                return wrong(format!("/upstreams/{n}/url"), message);
            }
        }
        if let Err(message) = check_base_path(&self.base_path) {
            return wrong("/base_path".into(), message);
        }
        if !(100..=600_000).contains(&self.timeout_ms) {
            return wrong("/timeout_ms".into(), format!("{} is not between 100 and 600000", self.timeout_ms));
        }
        if self.max_body_bytes > 1 << 40 {
            return wrong("/max_body_bytes".into(), "at most 1 TiB (1099511627776)".into());
        }
        Ok(())
    }
}

fn check_upstream_url(url: &Url) -> Result<(), String> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("an upstream begins with http:// or https://, not {}://", url.scheme()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("an upstream names a host, e.g. https://pets.example.com/v1".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an upstream's address holds no user name or password".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("an upstream's address has no ? or # part: the path of the call is put behind it".into());
    }
    Ok(())
}

fn check_base_path(path: &str) -> Result<(), String> {
    let segments_fit = |path: &str| {
        path.split('/').skip(1).all(|segment| {
            !matches!(segment, "" | "." | "..")
                && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
        })
    };
    if path == "/" || (path.starts_with('/') && path.len() <= 200 && segments_fit(path)) {
        return Ok(());
    }
    Err(format!(
        "\"{}\" is not a base path: / and then segments of letters, digits, -, ., _ and ~, without / at the end, e.g. /pets/v2",
        path.chars().take(80).collect::<String>()
    ))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_could_not_work_are_refused_where_they_stand() {
        let mut settings = ApiSettings::new(&"pets".parse().unwrap());
        assert_eq!(settings.validate(), Ok(()));
        for (path, good) in [
            ("/", true),
            ("/a/b.c", true),
            ("", false),
            ("a", false),
            ("/a/", false),
            ("/a//b", false),
            ("/../a", false),
            ("/a b", false),
        ] {
            settings.base_path = path.into();
            assert_eq!(settings.validate().is_ok(), good, "{path}");
        }
        settings.base_path = "/pets".into();
        for (url, good) in [
            ("http://127.0.0.1:9000/v1", true),
            ("ftp://a.example", false),
            ("http://u:p@a.example", false),
            ("https://a.example/?q=1", false),
        ] {
            settings.upstreams = vec![Upstream { url: url.parse().unwrap(), weight: 1 }];
            assert_eq!(settings.validate().is_ok(), good, "{url}");
        }
    }
}
