//! What stands between a client's connection and the HTTP engines: the PROXY protocol, then TLS.
use crate::{
    client_address::{Caller, TrustedProxies},
    gateway::StartError,
    message::Fields,
    peer::Peer,
    proxy_protocol::{self, Origin, PreludeError},
    settings::GatewaySettings,
    tls::{Certificates, HandshakeError, Watch},
};
use portico_domain::{CertificateExpiry, Clock};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::server::TlsStream;

/// One for all threads of a gateway.
pub(crate) struct Entrance {
    proxy_protocol: bool,
    trusted: TrustedProxies,
    certificates: Option<Arc<Certificates>>,
    /// For the PROXY protocol, and again for TLS.
    patience: Duration,
    _watch: Option<Watch>,
}

/// A connection on which HTTP begins.
pub(crate) struct Entered {
    pub(crate) channel: Channel,
    pub(crate) peer: Peer,
}

pub(crate) enum Channel {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Why a connection is closed without a word of HTTP.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EntranceError {
    #[error(
        "connections come from trusted proxies only, and this one is from {0}: see PORTICO_GATEWAY_TRUSTED_PROXIES"
    )]
    Stranger(IpAddr),
    #[error(transparent)]
    Prelude(#[from] PreludeError),
    #[error("the PROXY protocol was not done within {0:?}")]
    Timeout(Duration),
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
}

impl Entrance {
    /// Reads the certificates, and keeps them in step with their files from now on.
    pub(crate) fn open(settings: &GatewaySettings, clock: &Arc<dyn Clock>) -> Result<Self, StartError> {
        let certificates = match &settings.tls_dir {
            Some(directory) => {
                Some(Arc::new(Certificates::open(directory, Arc::clone(clock)).map_err(StartError::Certificates)?))
            }
            None => None,
        };
        let watch = certificates.as_ref().map(Certificates::watch).transpose().map_err(StartError::Thread)?;
        Ok(Self {
            proxy_protocol: settings.proxy_protocol,
            trusted: TrustedProxies::new(&settings.trusted_proxies),
            certificates,
            patience: settings.header_timeout,
            _watch: watch,
        })
    }

    /// Whose request this is. `secure`: whether clients reach this gateway by TLS. The error is what to tell the client.
    pub(crate) fn caller(&self, peer: &Peer, secure: bool, fields: &Fields) -> Result<Caller, &'static str> {
        if peer.guest.is_some() {
            return Ok(Caller { address: peer.address, secure });
        }
        self.trusted.caller(peer.address, secure || peer.secured.is_some(), |name| fields.get_all(name))
    }

    /// Whether a connection can be told something before it has said anything itself.
    pub(crate) fn is_plain(&self) -> bool {
        self.certificates.is_none()
    }

    /// Takes a new connection to where HTTP begins.
    pub(crate) async fn enter(&self, mut stream: TcpStream, peer: SocketAddr) -> Result<Entered, EntranceError> {
        let mut client = peer.ip().to_canonical();
        if self.proxy_protocol {
            if !self.trusted.contains(client) {
                return Err(EntranceError::Stranger(client));
            }
            let origin = timeout(self.patience, proxy_protocol::read(&mut stream)).await;
            if let Origin::Client(address) = origin.map_err(|_| EntranceError::Timeout(self.patience))?? {
                client = address.ip();
            }
        }
        let Some(certificates) = &self.certificates else {
            let peer = Peer { address: client, secured: None, guest: None };
            return Ok(Entered { channel: Channel::Plain(stream), peer });
        };
        let (stream, secured) = certificates.accept(stream, self.patience).await?;
        let peer = Peer { address: client, secured: Some(secured), guest: None };
        Ok(Entered { channel: Channel::Tls(Box::new(stream)), peer })
    }

    /// Whether a request for this host may not be answered on a connection (421), because the host's clients must show
    /// a certificate and this connection's did not; nor did a guest. `host` may carry a port.
    pub(crate) fn misdirected(&self, peer: &Peer, fields: &Fields) -> bool {
        let Some(certificates) = &self.certificates else { return false };
        let host = fields.text("host").unwrap_or_default();
        match &peer.secured {
            Some(secured) => certificates.misdirected(secured, host),
            None => peer.guest.is_some() && certificates.asks_for_one(host),
        }
    }

    /// When each certificate ends; none without TLS.
    pub(crate) fn expiries(&self) -> Vec<CertificateExpiry> {
        self.certificates.as_ref().map(|certificates| certificates.expiries()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_domain::SystemClock;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    async fn enter(settings: GatewaySettings, sent: &[u8]) -> Result<Entered, EntranceError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let entrance = Entrance::open(&settings, &clock).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        client.write_all(sent).await.unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        entrance.enter(stream, peer).await
    }

    #[tokio::test]
    async fn a_plain_connection_is_left_alone() {
        let entered = enter(GatewaySettings::default(), b"PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\n").await.unwrap();
        assert_eq!(entered.peer.address.to_string(), "127.0.0.1");
        assert!(entered.peer.secured.is_none());
        let Channel::Plain(mut stream) = entered.channel else { panic!("no TLS was asked for") };
        let mut read = [0; 5];
        stream.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"PROXY");
    }

    #[tokio::test]
    async fn the_prelude_is_for_trusted_proxies() {
        let settings = |trusted: &str| GatewaySettings {
            proxy_protocol: true,
            trusted_proxies: vec![trusted.parse().unwrap()],
            ..GatewaySettings::default()
        };
        let line = b"PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\n";
        let entered = enter(settings("127.0.0.0/8"), line).await.unwrap();
        assert_eq!(entered.peer.address.to_string(), "192.0.2.7");
        let stranger = enter(settings("10.0.0.0/8"), line).await;
        assert!(matches!(stranger, Err(EntranceError::Stranger(_))));
        let without = enter(settings("127.0.0.0/8"), b"GET / HTTP/1.1\r\n\r\n").await;
        assert!(matches!(without, Err(EntranceError::Prelude(_))));
        let of_the_proxy = enter(settings("127.0.0.0/8"), b"PROXY UNKNOWN\r\n").await.unwrap();
        assert_eq!(of_the_proxy.peer.address.to_string(), "127.0.0.1");
    }
}
