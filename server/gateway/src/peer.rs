//! Who is at the other end of a connection.
use std::net::IpAddr;

/// What is known of a connection before its first request.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
}
