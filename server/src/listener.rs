//! An accept loop with limits: axum's own waits for ever for the end of a request's head.
use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::Semaphore};
use tower::ServiceExt as _;
use tower_http::timeout::TimeoutBody;

/// For a request's line and headers.
const HEAD: Duration = Duration::from_secs(10);
/// Between two pieces of a request's body.
const BODY: Duration = Duration::from_secs(30);
/// Connections at once; more wait to be accepted.
const CONNECTIONS: usize = 4_096;

/// Serves until `stop` ends, then lets what is under way finish, for at most `drain`.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>, drain: Duration) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(64 * 1024);
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, client, place)) = accepted else { continue };
        let router = router.clone();
        let service = tower::service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(client));
            router.clone().oneshot(request.map(|body| Body::new(TimeoutBody::new(BODY, body))))
        });
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that goes away or talks nonsense is no event of ours.
            if let Err(error) = connection.await {
                tracing::debug!(%client, %error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections were still open at the end");
    }
}

type Accepted = (tokio::net::TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<Accepted> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, client)) => {
            // Small answers leave at once; a socket that cannot be told so still works.
            let _ = stream.set_nodelay(true);
            Some((stream, client, place))
        }
        Err(error) => {
            // Out of file descriptors, most likely: give them time to come back.
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}
