//! What programs take of an API as one file.
use crate::{Control, ControlError, Who};
use portico_domain::{Access, Format, Slug, VersionId, VersionState, fingerprint};
use portico_openapi::Collection;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// As whom it is fetched, and of which API.
#[derive(Clone, Copy, Debug)]
pub struct Download<'a> {
    pub api: &'a str,
    /// `None`: the published one.
    pub version: Option<&'a str>,
    pub kind: DownloadKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DownloadKind {
    /// The document, in this writing.
    OpenApi(Format),
    /// Requests for another program.
    Collection(Collection),
}

/// A file, or that the caller has it already.
#[derive(Debug)]
pub struct Downloaded {
    /// `None`: the caller knows its tag.
    pub bytes: Option<Vec<u8>>,
    /// Of these bytes and no others; without quotes.
    pub tag: String,
    /// Everybody may have it, signed in or not.
    pub everyone: bool,
}

/// Tags of files that were written, so that who has a file costs no writing. A version's document never changes; where
/// the gateway serves it, and to whom, may.
#[derive(Default)]
pub(crate) struct Tags(Mutex<HashMap<(VersionId, DownloadKind, String, Access), String>>);

/// More than one installation has; beyond, they are learnt anew.
const TAGS: usize = 10_000;

impl Control {
    /// `knows` says whether the caller has the file with this tag.
    pub async fn download(
        &self,
        who: &Who,
        download: Download<'_>,
        knows: impl Fn(&str) -> bool,
    ) -> Result<Downloaded, ControlError> {
        let Download { api, version, kind } = download;
        let slug: Slug = api.parse().map_err(|_| ControlError::not_found(format!("API {api}")))?;
        let api = self.find_api(who, &slug).await?;
        let version = self.version_for(who, &api, version).await?;
        let visitor = Who::Visitor { client: String::new() };
        let everyone = self.may_see(&visitor, &api).await? && version.state != VersionState::Draft;
        let (base_url, access) = (self.base_url(&api), api.settings.access);
        let key = (version.id, kind, base_url.clone(), access);
        let tags = || self.tags.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = tags().get(&key).filter(|tag| knows(tag)).cloned();
        if let Some(tag) = known {
            return Ok(Downloaded { bytes: None, tag, everyone });
        }
        let description = self.description(&version).await?;
        let write = move || match kind {
            DownloadKind::OpenApi(format) => description.written(format, &base_url),
            DownloadKind::Collection(kind) => description.collection(kind, &base_url, access),
        };
        let bytes = tokio::task::spawn_blocking(write).await.map_err(|error| ControlError::internal(&error))?;
        let tag = fingerprint(&bytes);
        let mut tags = tags();
        if tags.len() >= TAGS {
            tags.clear();
        }
        tags.insert(key, tag.clone());
        let bytes = (!knows(&tag)).then_some(bytes);
        Ok(Downloaded { bytes, tag, everyone })
    }
}
