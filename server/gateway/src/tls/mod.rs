//! TLS towards clients: certificates from a directory, one set of rules for each, replaced while traffic flows.
//!
//! [`pair`] reads one certificate with its key; [`set`] is all of them and says which one a host name gets; [`watch`]
//! looks at the files and puts a new set in place of the old one. This file is what the listener calls: a handshake, and
//! what is known of the connection afterwards.
//!
//! Each certificate has a `ServerConfig` of its own, with its own ticket keys: a session that began with one cannot be
//! resumed on another, so nobody gets round a client certificate that way.

mod client;
mod pair;
mod set;
mod watch;

pub(crate) use client::ClientCertificate;
pub use pair::PairError;
pub use set::certificate_expiries;
pub(crate) use watch::{Certificates, Watch};

use set::ClientAuthority;
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_rustls::{LazyConfigAcceptor, rustls::server::Acceptor, server::TlsStream};

/// The protocols offered by ALPN, the better one first.
const H2: &[u8] = b"h2";
const HTTP11: &[u8] = b"http/1.1";

/// What a TLS connection says about itself, fixed for its life.
#[derive(Debug)]
pub(crate) struct Secured {
    /// Whether the client chose HTTP/2 by ALPN. Without ALPN, it is HTTP/1.1.
    pub(crate) http2: bool,
    pub(crate) client: Option<ClientCertificate>,
    /// What upstreams are told of it, by [`ClientCertificate::field_value`].
    pub(crate) told: Option<Box<str>>,
    /// Who had to have signed the client's certificate when the connection was made.
    authority: Option<ClientAuthority>,
}

/// Why a handshake came to nothing. Of interest to whoever debugs a client; the connection is closed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    #[error("the TLS handshake was not done within {0:?}")]
    Timeout(Duration),
    #[error("the TLS handshake failed: {0}")]
    Failed(#[from] io::Error),
    #[error("the client's certificate cannot be used: {0}")]
    Client(&'static str),
}

impl Certificates {
    /// Agrees on TLS with the certificate for the name that the client asks for.
    pub(crate) async fn accept<S>(
        &self,
        socket: S,
        patience: Duration,
    ) -> Result<(TlsStream<S>, Secured), HandshakeError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let agreed = timeout(patience, self.handshake(socket)).await;
        agreed.map_err(|_| HandshakeError::Timeout(patience))?
    }

    async fn handshake<S>(&self, socket: S) -> Result<(TlsStream<S>, Secured), HandshakeError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let hello = LazyConfigAcceptor::new(Acceptor::default(), socket).await?;
        let set = self.current();
        let chosen = set.for_name(hello.client_hello().server_name());
        let stream = hello.into_stream(Arc::clone(&chosen.config)).await?;
        let (_, session) = stream.get_ref();
        let client = session.peer_certificates().and_then(<[_]>::first).map(|der| ClientCertificate::read(der));
        let client = client.transpose().map_err(HandshakeError::Client)?;
        // A resumed session is not verified anew, and tickets outlive certificates.
        if client.as_ref().is_some_and(|client| client.not_after < self.now()) {
            return Err(HandshakeError::Client("it has expired"));
        }
        let http2 = session.alpn_protocol() == Some(H2);
        let told = client.as_ref().map(|client| client.field_value().into());
        let secured = Secured { http2, client, told, authority: chosen.authority };
        Ok((stream, secured))
    }

    /// Whether clients of this host must show a certificate. `host` may carry a port.
    pub(crate) fn asks_for_one(&self, host: &str) -> bool {
        self.current().for_name(Some(set::without_port(host))).authority.is_some()
    }

    /// Whether a request for this host may not be answered on this connection (421): the host's clients must show a
    /// certificate, and this connection's client did not have to show one of those. `host` may carry a port.
    pub(crate) fn misdirected(&self, secured: &Secured, host: &str) -> bool {
        let asked = self.current().for_name(Some(set::without_port(host))).authority;
        asked.is_some() && (asked != secured.authority || secured.client.is_none())
    }
}

#[cfg(test)]
mod tests;
