//! Who is at the other end of a connection.
use crate::tls::Secured;
use portico_domain::{KeyId, Slug};
use std::net::IpAddr;

/// What is known of a connection before its first request.
#[derive(Debug)]
pub(crate) struct Peer {
    /// Or whom a trusted proxy named by the PROXY protocol.
    pub(crate) address: IpAddr,
    /// What TLS told; `None` without TLS.
    pub(crate) secured: Option<Secured>,
    /// Whom the house itself brought in, instead of a connection from outside.
    pub(crate) guest: Option<Guest>,
}

/// A caller that the house has made sure of: its calls pass all checks but for the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// Where the person is, for limits by address, records and the upstream.
    pub client: IpAddr,
    /// The only API that it finds.
    pub api: Slug,
    /// The key as which calls are made. Without one they are what they would be without any.
    pub key: Option<KeyId>,
}
