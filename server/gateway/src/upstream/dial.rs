//! Opens connections to upstreams: name -> addresses -> those that may be reached -> exactly one of these.
use super::{address::may_reach, endpoint::Endpoint};
use crate::{
    http1::{Connection, exchange::Io},
    refusal::UpstreamFailure,
    worker::Worker,
};
use portico_domain::Protocol;
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::TlsConnector;
use url::Host;

/// A connection for HTTP/1.1.
pub(crate) async fn dial(
    worker: &Arc<Worker>,
    endpoint: &Arc<Endpoint>,
    patience: Duration,
) -> Result<Box<Connection>, UpstreamFailure> {
    let io = connect(worker, endpoint, patience).await?;
    Ok(Connection::new(io, worker.pool.opened(endpoint)))
}

/// A connection, ready for the endpoint's protocol. `patience` is for look-up, TCP and TLS together.
pub(crate) async fn connect(worker: &Worker, endpoint: &Endpoint, patience: Duration) -> Result<Io, UpstreamFailure> {
    let end = Instant::now() + patience;
    let in_time = async {
        let stream = reach(worker, endpoint, end).await?;
        let _ = stream.set_nodelay(true);
        let Some(tls) = &endpoint.tls else { return Ok(Io::Plain(stream)) };
        let connector = TlsConnector::from(Arc::clone(&tls.config));
        let stream = connector.connect(tls.server_name.clone(), stream).await.map_err(|error| {
            tracing::warn!(upstream = %endpoint.name, %error, "TLS with an upstream failed");
            UpstreamFailure::Tls
        })?;
        let agreed = stream.get_ref().1.alpn_protocol();
        if endpoint.protocol == Protocol::Http2 && agreed != Some(b"h2") {
            return Err(UpstreamFailure::NoHttp2);
        }
        Ok(Io::Tls(Box::new(stream)))
    };
    timeout_at(end, in_time).await.unwrap_or(Err(UpstreamFailure::ConnectTimeout))
}

/// Tries one address after the other, each with its share of the time that is left.
async fn reach(worker: &Worker, endpoint: &Endpoint, end: Instant) -> Result<TcpStream, UpstreamFailure> {
    let allowed = &worker.shared.settings.upstream_allow;
    let found = resolve(worker, endpoint).await?;
    // The checked address itself is connected to: a second look-up could answer differently.
    let addresses: Vec<_> = found.iter().filter(|ip| may_reach(**ip, allowed)).collect();
    let mut failure = UpstreamFailure::Forbidden;
    for (place, ip) in addresses.iter().enumerate() {
        let share = end.saturating_duration_since(Instant::now()) / (addresses.len() - place) as u32;
        match timeout(share, TcpStream::connect(SocketAddr::new(**ip, endpoint.port))).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) if is_ours(&error) => return Err(UpstreamFailure::OutOfFiles),
            Ok(Err(_)) => failure = UpstreamFailure::Connect,
            Err(_) => failure = UpstreamFailure::ConnectTimeout,
        }
    }
    if failure == UpstreamFailure::Forbidden {
        tracing::warn!(upstream = %endpoint.name, "upstream refused: it has no address that may be reached");
    }
    Err(failure)
}

/// Whether it is for want of files here that there is no connection. An upstream must not be taken for broken because of
/// it.
fn is_ours(error: &io::Error) -> bool {
    // ENFILE and EMFILE, which `ErrorKind` has no name for.
    matches!(error.raw_os_error(), Some(23 | 24))
}

async fn resolve(worker: &Worker, endpoint: &Endpoint) -> Result<Arc<[IpAddr]>, UpstreamFailure> {
    match &endpoint.host {
        Host::Ipv4(ip) => Ok(Arc::new([(*ip).into()])),
        Host::Ipv6(ip) => Ok(Arc::new([(*ip).into()])),
        Host::Domain(name) => worker.names.find(name).await.ok_or(UpstreamFailure::NotResolved),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn want_of_our_own_is_told_from_a_fault_of_the_upstream() {
        for code in [23, 24] {
            assert!(is_ours(&io::Error::from_raw_os_error(code)), "{code}");
        }
        assert!(!is_ours(&io::ErrorKind::ConnectionRefused.into()));
    }
}
