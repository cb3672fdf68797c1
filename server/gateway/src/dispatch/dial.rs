//! Opens connections to upstreams: name -> addresses -> those that may be reached -> exactly one of these.
use super::{address::may_reach, upload::Upload};
use crate::{refusal::UpstreamFailure, worker::Worker, world::Endpoint};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use url::Host;

/// As much of an answer waits here for a slow client, not more.
const MAX_BUFFER: usize = 64 * 1024;

pub(crate) async fn dial(worker: &Arc<Worker>, endpoint: &Endpoint) -> Result<SendRequest<Upload>, UpstreamFailure> {
    let patience = worker.shared.settings.connect_timeout;
    timeout(patience, connect(worker, endpoint)).await.unwrap_or(Err(UpstreamFailure::ConnectTimeout))
}

async fn connect(worker: &Arc<Worker>, endpoint: &Endpoint) -> Result<SendRequest<Upload>, UpstreamFailure> {
    let addresses = resolve(endpoint).await?;
    let allowed = &worker.shared.settings.upstream_allow;
    let mut failure = UpstreamFailure::Forbidden;
    for address in addresses.into_iter().filter(|address| may_reach(address.ip(), allowed)) {
        // The checked address itself is connected to: a second look-up could answer differently.
        let Ok(stream) = TcpStream::connect(address).await else {
            failure = UpstreamFailure::Connect;
            continue;
        };
        let _ = stream.set_nodelay(true);
        if !endpoint.tls {
            return handshake(worker, endpoint, stream).await;
        }
        let connector = TlsConnector::from(Arc::clone(&worker.shared.tls));
        let stream = connector.connect(server_name(endpoint)?, stream).await.map_err(|_| UpstreamFailure::Tls)?;
        return handshake(worker, endpoint, stream).await;
    }
    if failure == UpstreamFailure::Forbidden {
        tracing::warn!(upstream = %endpoint.name, "upstream refused: it has no address that may be reached");
    }
    Err(failure)
}

async fn resolve(endpoint: &Endpoint) -> Result<Vec<SocketAddr>, UpstreamFailure> {
    let one = |ip: IpAddr| Ok(vec![SocketAddr::new(ip, endpoint.port)]);
    match &endpoint.host {
        Host::Ipv4(ip) => one((*ip).into()),
        Host::Ipv6(ip) => one((*ip).into()),
        Host::Domain(name) => {
            let found = lookup_host((name.as_str(), endpoint.port)).await.map_err(|_| UpstreamFailure::NotResolved)?;
            let found: Vec<_> = found.collect();
            if found.is_empty() { Err(UpstreamFailure::NotResolved) } else { Ok(found) }
        }
    }
}

fn server_name(endpoint: &Endpoint) -> Result<ServerName<'static>, UpstreamFailure> {
    match &endpoint.host {
        Host::Ipv4(ip) => Ok(IpAddr::from(*ip).into()),
        Host::Ipv6(ip) => Ok(IpAddr::from(*ip).into()),
        Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|_| UpstreamFailure::Tls),
    }
}

async fn handshake<S>(
    worker: &Arc<Worker>,
    endpoint: &Endpoint,
    stream: S,
) -> Result<SendRequest<Upload>, UpstreamFailure>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_BUFFER);
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(|_| UpstreamFailure::Broken)?;
    let open = worker.pool.opened(&endpoint.name);
    tokio::spawn(async move {
        // How it ended is seen by whoever waits for an answer; an idle one may be closed at any time.
        let _ = connection.await;
        drop(open);
    });
    Ok(sender)
}
