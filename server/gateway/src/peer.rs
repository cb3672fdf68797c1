//! Who is at the other end of a connection.
use crate::tls::Secured;
use std::net::IpAddr;

/// What is known of a connection before its first request.
#[derive(Debug)]
pub(crate) struct Peer {
    /// Or whom a trusted proxy named by the PROXY protocol.
    pub(crate) address: IpAddr,
    /// What TLS told; `None` without TLS.
    pub(crate) secured: Option<Secured>,
}
