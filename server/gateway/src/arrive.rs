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
    /// Until the dispatch takes it.
    pub(crate) body: Body,
    pub(crate) version: Version,
    /// The protocol that the client asks to switch to.
    pub(crate) upgrade: Option<Box<str>>,
    /// The path in canonical form, where it came in another.
    canonical: Option<Box<str>>,
}

impl Arrival {
    /// In canonical form.
    pub(crate) fn path(&self) -> &str {
        self.canonical.as_deref().unwrap_or_else(|| self.target.path())
    }
}

pub(crate) fn arrive(shared: &Shared, request: Request) -> Result<Arrival, Refusal> {
    let Request { method, target, fields, body, version, upgrade } = request;
    if fields.members("via").any(|hop| hop == shared.pseudonym.as_bytes()) {
        return Err(Refusal::BadRequest("it comes from this gateway itself: an API's upstream leads back here"));
    }
    let canonical = match path::canonical(target.path()).map_err(Refusal::BadRequest)? {
        Cow::Borrowed(_) => None,
        Cow::Owned(path) => Some(path.into()),
    };
    Ok(Arrival { method, target, fields, body, version, upgrade, canonical })
}
