//! One thread's accept loop and its connections.
use crate::{
    entrance::{Channel, Entered},
    http1, http2,
    peer::Peer,
    worker::{Arriving, Shared, Worker},
};
use bytes::BytesMut;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    convert::Infallible,
    io,
    net::{SocketAddr, TcpListener as StdListener},
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval, sleep, timeout},
};

const BACKLOG: i32 = 1024;
const SWEEP: Duration = Duration::from_secs(10);
/// Connections of one thread that are being told that there is no room for them; further ones are closed at once.
const MAX_TURNED_AWAY: usize = 64;
/// After a failed accept, mostly for want of descriptors.
const BREATH: Duration = Duration::from_millis(50);

/// Tells all threads to end, and how long they may take for what is under way.
pub(crate) type Stop = watch::Receiver<Option<Duration>>;

/// One socket for each thread, all on one port: the kernel spreads connections over them.
pub(crate) fn bind(address: SocketAddr, count: usize) -> io::Result<Vec<StdListener>> {
    // Sharing a port would let a second Portico join the first unnoticed: a socket that does not share asks first.
    drop(bind_one(address, false)?);
    let mut listeners = Vec::with_capacity(count);
    let mut address = address;
    for _ in 0..count {
        let socket = bind_one(address, true)?;
        socket.listen(BACKLOG)?;
        let listener = StdListener::from(socket);
        address = listener.local_addr()?;
        listeners.push(listener);
    }
    Ok(listeners)
}

fn bind_one(address: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Accepts until told to stop, then waits for the connections that are busy.
pub(crate) async fn serve(
    listener: StdListener,
    mut arriving: mpsc::Receiver<Arriving>,
    worker: Arc<Worker>,
    mut stop: Stop,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    // Every connection holds a sender; the receiver ends when all are gone.
    let (alive, mut all_gone) = mpsc::channel::<Infallible>(1);
    let told = stop.clone();
    let turned_away = Arc::new(());
    let open = |stream, peer| {
        let Some(place) = Place::take(&worker.shared) else {
            turn_away(&worker, stream, peer, &turned_away);
            return;
        };
        let (worker, stop, alive) = (Arc::clone(&worker), told.clone(), alive.clone());
        tokio::spawn(async move {
            // Begun in here: a future that is handed in has its room twice.
            serve_connection(worker, stream, peer, stop).await;
            drop((place, alive));
        });
    };
    // A guest for whom there is no room finds its connection closed.
    let welcome = |(stream, guest): Arriving| {
        let Some(place) = Place::take(&worker.shared) else { return };
        let (worker, stop, alive) = (Arc::clone(&worker), told.clone(), alive.clone());
        tokio::spawn(async move {
            let peer = Arc::new(Peer { address: guest.client.to_canonical(), secured: None, guest: Some(guest) });
            http1::serve(worker, peer, stream, BytesMut::new(), stop).await;
            drop((place, alive));
        });
    };
    let mut sweep = interval(SWEEP);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => open(stream, peer),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(BREATH).await;
                }
            },
            Some(guest) = arriving.recv() => welcome(guest),
            _ = sweep.tick() => worker.sweep(),
            _ = stop.changed() => break,
        }
    }
    // Whom the kernel let in already, and who may have sent a request, is not turned away.
    let mut waiting = Context::from_waker(Waker::noop());
    while let Poll::Ready(Ok((stream, peer))) = listener.poll_accept(&mut waiting) {
        open(stream, peer);
    }
    drop((listener, alive));
    let deadline = stop.borrow().unwrap_or_default();
    let _ = timeout(deadline, all_gone.recv()).await;
    worker.hang_up();
    Ok(())
}

/// One of the connections that may be open; given back when dropped.
struct Place(Arc<Shared>);

impl Place {
    fn take(shared: &Arc<Shared>) -> Option<Self> {
        let place = Self(Arc::clone(shared));
        if shared.connections.fetch_add(1, Ordering::Relaxed) < shared.settings.max_connections {
            return Some(place);
        }
        shared.connections_refused.fetch_add(1, Ordering::Relaxed);
        None
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Says that there is no room. With TLS a word would cost a handshake, and so it is nothing but closed.
fn turn_away(worker: &Arc<Worker>, stream: TcpStream, peer: SocketAddr, turned_away: &Arc<()>) {
    if !worker.shared.entrance.is_plain() || Arc::strong_count(turned_away) > MAX_TURNED_AWAY {
        return;
    }
    let (worker, place) = (Arc::clone(worker), Arc::clone(turned_away));
    tokio::spawn(async move {
        let peer = Peer { address: peer.ip().to_canonical(), secured: None, guest: None };
        http1::turn_away(worker, peer, stream).await;
        drop(place);
    });
}

async fn serve_connection(worker: Arc<Worker>, stream: TcpStream, peer: SocketAddr, stop: Stop) {
    let _ = stream.set_nodelay(true);
    // Each phase in a box of its own: a connection without a request is small, and there may be thousands.
    match Box::pin(worker.shared.entrance.enter(stream, peer)).await {
        Ok(Entered { channel, peer }) => {
            let peer = Arc::new(peer);
            match channel {
                Channel::Plain(stream) => http1::serve(worker, peer, stream, BytesMut::new(), stop).await,
                Channel::Tls(stream) if peer.secured.as_ref().is_some_and(|secured| secured.http2) => {
                    Box::pin(http2::serve(worker, peer, stream, BytesMut::new(), stop)).await;
                }
                Channel::Tls(stream) => http1::serve(worker, peer, stream, BytesMut::new(), stop).await,
            }
        }
        Err(error) => tracing::debug!(%peer, %error, "a connection was closed before HTTP began"),
    }
}
