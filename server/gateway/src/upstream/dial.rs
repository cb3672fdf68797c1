//! Opens connections to upstreams: name -> addresses -> those that may be reached -> exactly one of these.
use super::address::may_reach;
use crate::{
    http1::{Connection, exchange::Io},
    refusal::UpstreamFailure,
    worker::Worker,
    world::Endpoint,
};
use rustls::pki_types::ServerName;
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use url::Host;

pub(crate) async fn dial(worker: &Arc<Worker>, endpoint: &Endpoint) -> Result<Box<Connection>, UpstreamFailure> {
    let patience = worker.shared.settings.connect_timeout;
    timeout(patience, connect(worker, endpoint)).await.unwrap_or(Err(UpstreamFailure::ConnectTimeout))
}

async fn connect(worker: &Arc<Worker>, endpoint: &Endpoint) -> Result<Box<Connection>, UpstreamFailure> {
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
            return Ok(Connection::new(Io::Plain(stream), worker.pool.opened(&endpoint.name)));
        }
        let connector = TlsConnector::from(Arc::clone(&worker.shared.tls));
        let stream = connector.connect(server_name(endpoint)?, stream).await.map_err(|_| UpstreamFailure::Tls)?;
        return Ok(Connection::new(Io::Tls(Box::new(stream)), worker.pool.opened(&endpoint.name)));
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
