//! First phase: is the request sane, and what is it called? Nothing here looks at a key.
use crate::{
    guard::{FAULT_METHOD, Wire},
    path,
    refusal::Refusal,
    worker::Shared,
};
use http::{Request, header, request::Parts};
use hyper::body::Incoming;

/// A request with one possible reading.
pub(crate) struct Arrival {
    pub(crate) parts: Parts,
    /// In canonical form.
    pub(crate) path: String,
    /// Until the dispatch takes it.
    pub(crate) body: Option<Incoming>,
}

pub(crate) fn arrive(shared: &Shared, wire: &Wire, request: Request<Incoming>) -> Result<Arrival, Refusal> {
    let (parts, body) = request.into_parts();
    if parts.method.as_str() == FAULT_METHOD {
        return Err(wire.fault().map_or(Refusal::Internal, Refusal::from));
    }
    let via = parts.headers.get_all(header::VIA).iter();
    if via
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .any(|hop| hop.trim_ascii() == shared.pseudonym.as_bytes())
    {
        return Err(Refusal::BadRequest("it comes from this gateway itself: an API's upstream leads back here"));
    }
    let path = path::canonical(parts.uri.path()).map_err(Refusal::BadRequest)?.into_owned();
    Ok(Arrival { parts, path, body: Some(body) })
}
