//! Whole connections over a pipe in memory: well-behaved clients by the crate `h2`, all others frame by frame.
mod attacks;
mod exchanges;
mod raw;

use super::*;
use http::StatusCode;
use std::{
    pin::Pin,
    sync::{Mutex, atomic::AtomicUsize, atomic::Ordering},
};
use tokio::{
    io::{DuplexStream, duplex},
    sync::watch,
    task::JoinHandle,
};

const PATIENCE: Patience =
    Patience { head: Duration::from_secs(10), idle: Duration::from_secs(75), write: Duration::from_mins(1) };

/// What a test's house does with a request.
type Handler = Arc<dyn Fn(Result<Request, Fault>) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync>;

/// A connection with the gateway's half of it at work.
struct Served {
    client: DuplexStream,
    stop: watch::Sender<Option<Duration>>,
    ended: JoinHandle<()>,
}

fn serve_by(handler: Handler) -> Served {
    let (client, server) = duplex(64 * 1024);
    let (stop, stopped) = watch::channel(None);
    let ended = tokio::spawn(async move {
        serve_with(server, BytesMut::new(), PATIENCE, stopped, move |request| handler(request)).await;
    });
    Served { client, stop, ended }
}

/// What handlers saw.
#[derive(Clone, Default)]
struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    started: Arc<AtomicUsize>,
    finished: Arc<AtomicUsize>,
}

impl Log {
    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
    fn add(&self, line: String) {
        self.lines.lock().unwrap().push(line);
    }
    fn started(&self) -> usize {
        self.started.load(Ordering::SeqCst)
    }

    /// Notes each request, and answers 200, or 400 where it was none.
    fn handler(&self) -> Handler {
        let log = self.clone();
        Arc::new(move |request| {
            log.started.fetch_add(1, Ordering::SeqCst);
            let status = match request {
                Ok(request) => {
                    let host = request.fields.text("host").unwrap_or_default();
                    log.add(format!(
                        "{} {}{} {host}",
                        request.method,
                        request.target.path(),
                        request.target.query_suffix()
                    ));
                    StatusCode::OK
                }
                Err(fault) => {
                    log.add(fault.to_string());
                    StatusCode::BAD_REQUEST
                }
            };
            Box::pin(async move { Answer::new(status) })
        })
    }

    /// Notes how many began, and answers none of them.
    fn patient_handler(&self) -> Handler {
        let log = self.clone();
        Arc::new(move |_| {
            log.started.fetch_add(1, Ordering::SeqCst);
            let guard = Ended(Arc::clone(&log.finished));
            Box::pin(async move {
                let _guard = guard;
                std::future::pending().await
            })
        })
    }
}

/// Counts a future that is gone.
struct Ended(Arc<AtomicUsize>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Lets all others go on, a good while.
async fn others() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}
