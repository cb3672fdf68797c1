//! First phase: is the request sane, and what is it called? Nothing here looks at a key.
use crate::{
    message::{Body, Fields, Request, Target, Version},
    path,
    refusal::Refusal,
    worker::Shared,
};
use http::Method;
use std::borrow::Cow;

/// A request with one possible reading.
pub(crate) struct Arrival {
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) fields: Fields,
    /// What rules of the API add for the upstream: passed on as it is.
    pub(crate) added: Fields,
    /// Until the dispatch takes it.
    pub(crate) body: Body,
    pub(crate) version: Version,
    /// The protocol that the client asks to switch to.
    pub(crate) upgrade: Option<Box<str>>,
    /// The path in canonical form, where it came in another.
    canonical: Option<Box<str>>,
}

impl Arrival {
    pub(crate) fn new(request: Request, Canonical(canonical): Canonical) -> Self {
        let Request { method, target, fields, body, version, upgrade } = request;
        Self { method, target, fields, added: Fields::new(), body, version, upgrade, canonical }
    }

    /// In canonical form.
    pub(crate) fn path(&self) -> &str {
        self.canonical.as_deref().unwrap_or_else(|| self.target.path())
    }

    /// The same request without its body, for another one on its behalf.
    pub(crate) fn aside(&self) -> Self {
        Self {
            method: self.method.clone(),
            target: self.target.clone(),
            fields: self.fields.clone(),
            added: self.added.clone(),
            body: Body::empty(),
            version: self.version,
            upgrade: None,
            canonical: self.canonical.clone(),
        }
    }
}

/// The canonical form of a path that came in another.
pub(crate) struct Canonical(Option<Box<str>>);

/// Looks at the request, which stays whole, since a refusal asks who it was for.
pub(crate) fn check(shared: &Shared, request: &Request) -> Result<Canonical, Refusal> {
    if request.fields.members("via").any(|hop| hop == shared.pseudonym.as_bytes()) {
        return Err(Refusal::BadRequest("it comes from this gateway itself: an API's upstream leads back here"));
    }
    Ok(match path::canonical(request.target.path()).map_err(Refusal::BadRequest)? {
        Cow::Borrowed(_) => Canonical(None),
        Cow::Owned(path) => Canonical(Some(path.into())),
    })
}
