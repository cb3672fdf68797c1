//! Asks upstreams on our own account whether they are well. One task an upstream, on one thread of the gateway, for as
//! long as a published API asks for it.
use super::{dial::connect, group::Target, http2};
use crate::{http1::exchange::Io, refusal::UpstreamFailure, worker::Worker};
use http::StatusCode;
use portico_domain::{HealthCheck, Protocol};
use rand::Rng as _;
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::watch,
    task::AbortHandle,
    time::{sleep, timeout},
};

/// A status line is shorter.
const MAX_LINE: usize = 1024;

/// One upstream to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    pub(crate) target: Target,
    pub(crate) check: HealthCheck,
}

impl PartialEq for Probe {
    /// Whether one may go on for the other.
    fn eq(&self, other: &Self) -> bool {
        let (one, two) = (&self.target, &other.target);
        one.endpoint.id == two.endpoint.id
            && Arc::ptr_eq(&one.condition, &two.condition)
            && one.path == two.path
            && self.check == other.check
    }
}

/// A probe under way. Its end leaves the upstream for well, since nobody would find out otherwise.
struct Running {
    probe: Probe,
    task: AbortHandle,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
        self.probe.target.condition.set_unwell(false);
    }
}

/// Keeps the probes running that are wanted.
pub(crate) async fn run(worker: Arc<Worker>, mut wanted: watch::Receiver<Vec<Probe>>) {
    let mut running: Vec<Running> = Vec::new();
    loop {
        let probes = wanted.borrow_and_update().clone();
        running.retain(|running| probes.contains(&running.probe));
        for probe in probes {
            if running.iter().all(|running| running.probe != probe) {
                let task = tokio::spawn(watch_over(Arc::clone(&worker), probe.clone())).abort_handle();
                running.push(Running { probe, task });
            }
        }
        if wanted.changed().await.is_err() {
            return;
        }
    }
}

async fn watch_over(worker: Arc<Worker>, probe: Probe) {
    let Probe { target, check } = &probe;
    let mut row = Row::default();
    let pause = Duration::from_secs(check.interval_seconds.max(1).into());
    loop {
        let patience = Duration::from_millis(check.timeout_ms.into());
        let seen = timeout(patience, ask(&worker, target, check, patience)).await;
        let status = seen.unwrap_or(Err("it did not answer in time"));
        let good = matches!(status, Ok(status) if (check.expect[0]..=check.expect[1]).contains(&status.as_u16()));
        if let Some(well) = row.add(good, check)
            && target.condition.set_unwell(!well)
        {
            let (api, upstream) = (&target.condition.api, &target.condition.upstream);
            match &status {
                _ if well => tracing::info!(%api, %upstream, "an upstream is well again"),
                Ok(status) => tracing::warn!(%api, %upstream, %status, "an upstream is unwell: its check failed"),
                Err(why) => tracing::warn!(%api, %upstream, why, "an upstream is unwell: its check failed"),
            }
        }
        // Not all nodes at once.
        let share = rand::rng().random_range(0.9..1.1);
        sleep(pause.mul_f64(share)).await;
    }
}

/// Checks in a row that ended alike.
#[derive(Debug, Default)]
struct Row {
    good: bool,
    length: u32,
}

impl Row {
    /// What is known after one more: well, unwell, or not enough.
    fn add(&mut self, good: bool, check: &HealthCheck) -> Option<bool> {
        self.length = if self.good == good { self.length.saturating_add(1) } else { 1 };
        self.good = good;
        let enough = if good { check.healthy_after } else { check.unhealthy_after };
        (self.length >= enough).then_some(good)
    }
}

async fn ask(
    worker: &Arc<Worker>,
    target: &Target,
    check: &HealthCheck,
    patience: Duration,
) -> Result<StatusCode, &'static str> {
    let io = connect(worker, &target.endpoint, patience).await.map_err(UpstreamFailure::words)?;
    let path = format!("{}{}", target.path, check.path);
    match target.endpoint.protocol {
        Protocol::Http1 => ask_http1(io, &target.endpoint.authority, &path).await,
        Protocol::Http2 => http2::get(io, &target.endpoint, &path).await,
    }
    .ok_or("it did not answer as HTTP")
}

/// One request on a connection of its own; of the answer nothing but its first line is read.
async fn ask_http1(mut io: Io, host: &str, path: &str) -> Option<StatusCode> {
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nuser-agent: portico-health\r\nconnection: close\r\n\r\n");
    io.write_all(request.as_bytes()).await.ok()?;
    io.flush().await.ok()?;
    let mut read = Vec::with_capacity(MAX_LINE);
    while !read.contains(&b'\n') && read.len() < MAX_LINE {
        if io.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
    status(&read)
}

/// The status of an answer that begins like this.
fn status(read: &[u8]) -> Option<StatusCode> {
    let rest = read.strip_prefix(b"HTTP/1.")?;
    match rest {
        [b'0' | b'1', b' ', status @ ..] if matches!(status.get(3), Some(b' ' | b'\r' | b'\n')) => {
            StatusCode::from_bytes(&status[..3]).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_checks_in_a_row_decide() {
        let check = HealthCheck { healthy_after: 2, unhealthy_after: 3, ..HealthCheck::default() };
        let mut row = Row::default();
        let seen = [false, false, true, true, false, false, true, false, false, false, false, true, true];
        let known: Vec<_> = seen.iter().map(|good| row.add(*good, &check)).collect();
        let (well, unwell) = (Some(true), Some(false));
        assert_eq!(known, [None, None, None, well, None, None, None, None, None, unwell, unwell, None, well]);
    }

    #[test]
    fn a_status_line_is_one_of_http_1() {
        assert_eq!(status(b"HTTP/1.1 204 No Content\r\n"), Some(StatusCode::NO_CONTENT));
        assert_eq!(status(b"HTTP/1.0 503\n"), Some(StatusCode::SERVICE_UNAVAILABLE));
        for other in [&b"HTTP/2 200 OK\r\n"[..], b"HTTP/1.1 2000 OK\r\n", b"SSH-2.0\r\n", b"HTTP/1.1 20", b""] {
            assert_eq!(status(other), None);
        }
    }
}
