//! First phase: is the request sane, and what is it called? Nothing here looks at a key.
use crate::{
    client_address::Caller,
    message::{Body, Fields, Request, Target, Version},
    path,
    peer::Peer,
    refusal::Refusal,
    websocket,
    worker::Shared,
};
use http::Method;
use std::{borrow::Cow, sync::Arc};

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
    /// The connection it came by.
    pub(crate) peer: Arc<Peer>,
    /// Whether the client speaks TLS, to us or to a trusted proxy.
    pub(crate) secure: bool,
    /// The path in canonical form, where it came in another.
    canonical: Option<Box<str>>,
}

impl Arrival {
    pub(crate) fn new(request: Request, peer: &Arc<Peer>, Checked { secure, canonical }: Checked) -> Self {
        let Request { method, target, fields, body, version, upgrade } = request;
        let (added, peer) = (Fields::new(), Arc::clone(peer));
        Self { method, target, fields, added, body, version, upgrade, peer, secure, canonical }
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
            peer: Arc::clone(&self.peer),
            secure: self.secure,
            canonical: self.canonical.clone(),
        }
    }
}

/// What was found out about a request.
pub(crate) struct Checked {
    secure: bool,
    /// The canonical form of a path that came in another.
    canonical: Option<Box<str>>,
}

/// Looks at the request, which stays whole, since a refusal asks who it was for. Whose it is was found out before, for
/// its account.
pub(crate) fn check(
    shared: &Shared,
    peer: &Peer,
    caller: Result<Caller, &'static str>,
    request: &Request,
) -> Result<Checked, Refusal> {
    let secure = caller.map_err(Refusal::BadRequest)?.secure;
    if request.fields.members("via").any(|hop| hop == shared.pseudonym.as_bytes()) {
        return Err(Refusal::BadRequest("it comes from this gateway itself: an API's upstream leads back here"));
    }
    if shared.entrance.misdirected(peer, &request.fields) {
        return Err(Refusal::Misdirected);
    }
    if request.version == Version::Http11 && request.upgrade.as_deref() == Some("websocket") {
        websocket::check(&request.method, &request.fields).map_err(Refusal::BadRequest)?;
    }
    let canonical = match path::canonical(request.target.path()).map_err(Refusal::BadRequest)? {
        Cow::Borrowed(_) => None,
        Cow::Owned(path) => Some(path.into()),
    };
    Ok(Checked { secure, canonical })
}
