//! Counts what a client makes us do for nothing, and ends the connection when it is too much.
//!
//! A frame of nine bytes can ask for an answer (PING, SETTINGS), for bookkeeping (PRIORITY, WINDOW_UPDATE), or for work
//! that is thrown away (HEADERS and then RST_STREAM). Each is honest now and then. So a connection has an account of
//! such frames: it begins with credit for a burst, honest work and time fill it up again, and whoever overdraws it is
//! told to calm down (`ENHANCE_YOUR_CALM`). `h2` bounds empty DATA frames, CONTINUATION frames and resets of requests
//! that were not looked at yet.
use super::PREFACE;
use crate::pace::{Pace, TooSlow};
use bytes::{Buf as _, BytesMut};
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
    time::{Instant, Sleep, sleep_until},
};

/// Frames that carry nothing: a burst, and how many a second are free.
const IDLE_FRAMES: u32 = 1_000;
const IDLE_FRAMES_A_SECOND: u32 = 20;
/// Bytes of content, either way, that pay for one frame: flow control and measuring the way cost about as much.
const BYTES_A_FRAME: usize = 512;
/// Requests given up by the client. Each answered one pays for another.
const RESETS: u32 = 200;
const RESETS_A_SECOND: u32 = 20;

/// Of one connection; its socket and its streams write to it.
pub(super) struct Meter {
    state: Mutex<State>,
    overdrawn: Notify,
}

struct State {
    idle_frames: Account,
    resets: Account,
    overdrawn: bool,
    last_read: Instant,
}

struct Account {
    credit: u32,
    most: u32,
    a_second: u32,
    /// Until when time was credited.
    since: Instant,
}

impl Account {
    fn new(most: u32, a_second: u32) -> Self {
        Self { credit: most, most, a_second, since: Instant::now() }
    }
    fn earn(&mut self, credit: u32) {
        self.credit = self.credit.saturating_add(credit).min(self.most);
    }
    /// Whether there was enough.
    fn spend(&mut self, now: Instant) -> bool {
        if self.credit == 0 {
            let seconds = u32::try_from(now.saturating_duration_since(self.since).as_secs()).unwrap_or(u32::MAX);
            if seconds > 0 {
                self.since = now;
                self.earn(seconds.saturating_mul(self.a_second));
            }
        }
        self.credit = match self.credit.checked_sub(1) {
            Some(credit) => credit,
            None => return false,
        };
        true
    }
}

impl Default for Meter {
    fn default() -> Self {
        let state = State {
            idle_frames: Account::new(IDLE_FRAMES, IDLE_FRAMES_A_SECOND),
            resets: Account::new(RESETS, RESETS_A_SECOND),
            overdrawn: false,
            last_read: Instant::now(),
        };
        Self { state: Mutex::new(state), overdrawn: Notify::new() }
    }
}

impl Meter {
    /// Ends when the client has asked for too much.
    pub(super) async fn overdrawn(&self) {
        self.overdrawn.notified().await;
    }
    /// A request was answered to the end.
    pub(super) fn answered(&self) {
        self.state().resets.earn(1);
    }
    /// When the client last sent anything.
    pub(super) fn last_read(&self) -> Instant {
        self.state().last_read
    }
    /// Of one connection, which is one task: the lock is never waited for.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client's connection whose frames are counted, and whose reader may not stop reading.
pub(super) struct Metered<S> {
    io: S,
    /// Read before HTTP/2 was known to begin.
    read: BytesMut,
    frames: Frames,
    meter: Arc<Meter>,
    written: usize,
    /// How long the client may take nothing of what we send.
    patience: Duration,
    pace: Pace,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Metered<S> {
    pub(super) fn new(io: S, read: BytesMut, patience: Duration, meter: Arc<Meter>) -> Self {
        Self {
            io,
            read,
            frames: Frames::default(),
            meter,
            written: 0,
            patience,
            pace: Pace::new(patience),
            stalled: None,
        }
    }

    /// What came of a try to write. A client that takes nothing for too long is as good as gone.
    fn note_write<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_pending() {
            self.pace.waits();
        } else {
            self.stalled = None;
            return polled;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + patience)));
        stalled.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    /// An error where the client takes what is written too slowly.
    fn count_written(&mut self, bytes: usize) -> io::Result<()> {
        self.pace.moved(bytes).map_err(|TooSlow| io::ErrorKind::TimedOut)?;
        self.written += bytes;
        let earned = self.written / BYTES_A_FRAME;
        if earned > 0 {
            self.written %= BYTES_A_FRAME;
            self.meter.state().idle_frames.earn(u32::try_from(earned).unwrap_or(u32::MAX));
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // Nothing more is taken from whoever overdrew: the connection is about to be closed.
        if this.meter.state().overdrawn {
            return Poll::Pending;
        }
        let before = into.filled().len();
        if this.read.is_empty() {
            match Pin::new(&mut this.io).poll_read(cx, into) {
                Poll::Ready(Ok(())) => {}
                other => return other,
            }
        } else {
            let count = this.read.len().min(into.remaining());
            into.put_slice(&this.read[..count]);
            this.read.advance(count);
        }
        let mut state = this.meter.state();
        let now = Instant::now();
        state.last_read = now;
        if !this.frames.count(&into.filled()[before..], &mut state, now) {
            state.overdrawn = true;
            this.meter.overdrawn.notify_one();
            into.set_filled(before);
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.io).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = polled {
            this.count_written(count)?;
        }
        this.note_write(cx, polled)
    }
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.io).poll_write_vectored(cx, slices);
        if let Poll::Ready(Ok(count)) = polled {
            this.count_written(count)?;
        }
        this.note_write(cx, polled)
    }
    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.io).poll_flush(cx);
        this.note_write(cx, polled)
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.io).poll_shutdown(cx);
        this.note_write(cx, polled)
    }
}

/// Where in the sequence of frames the bytes stand. Whether frames are right is for `h2` to say.
struct Frames {
    /// Of the preface or of a frame's content, still to come.
    skip: usize,
    header: [u8; 9],
    /// Of it.
    filled: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self { skip: PREFACE.len(), header: [0; 9], filled: 0 }
    }
}

impl Frames {
    /// Takes the next bytes. Whether the accounts held out.
    fn count(&mut self, mut bytes: &[u8], state: &mut State, now: Instant) -> bool {
        loop {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = &bytes[skipped..];
            let taken = bytes.len().min(self.header.len() - self.filled);
            self.header[self.filled..self.filled + taken].copy_from_slice(&bytes[..taken]);
            self.filled += taken;
            bytes = &bytes[taken..];
            if self.filled < self.header.len() {
                return true;
            }
            self.filled = 0;
            let [high, middle, low, kind, ..] = self.header;
            self.skip = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
            let held = match kind {
                // DATA: pays for itself where there is enough in it.
                0x0 if self.skip >= BYTES_A_FRAME => {
                    state.idle_frames.earn(u32::try_from(self.skip / BYTES_A_FRAME).unwrap_or(u32::MAX));
                    true
                }
                // HEADERS, which are bounded by the streams that may be open, and by resets.
                0x1 => true,
                0x3 => state.resets.spend(now),
                _ => state.idle_frames.spend(now),
            };
            if !held {
                return false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, length: usize) -> Vec<u8> {
        let size = u32::try_from(length).unwrap().to_be_bytes();
        [&size[1..], &[kind, 0, 0, 0, 0, 1], &vec![0; length]].concat()
    }

    fn begun() -> (Frames, Meter) {
        (Frames { skip: 0, ..Frames::default() }, Meter::default())
    }

    #[tokio::test]
    async fn frames_are_found_however_they_are_cut() {
        let stream = [PREFACE, &frame(6, 8), &frame(0, 2_000), &frame(3, 4), &frame(4, 0)].concat();
        for size in [1, 2, 7, 9, 100, stream.len()] {
            let (mut frames, meter) = (Frames::default(), Meter::default());
            let mut state = meter.state();
            for part in stream.chunks(size) {
                assert!(frames.count(part, &mut state, Instant::now()));
            }
            // The PING was paid for by the DATA.
            assert_eq!((state.idle_frames.credit, state.resets.credit), (IDLE_FRAMES - 1, RESETS - 1));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn bursts_end_and_time_heals() {
        let (mut frames, meter) = begun();
        let ping = frame(6, 8);
        let mut count = || frames.count(&ping, &mut meter.state(), Instant::now());
        assert_eq!((0..5_000).take_while(|_| count()).count(), IDLE_FRAMES as usize);
        tokio::time::advance(Duration::from_secs(2)).await;
        // The frame that was one too many was not read on.
        let (mut frames, _) = begun();
        let mut count = || frames.count(&ping, &mut meter.state(), Instant::now());
        assert_eq!((0..5_000).take_while(|_| count()).count(), 2 * IDLE_FRAMES_A_SECOND as usize);
    }

    #[tokio::test]
    async fn honest_work_pays() {
        let (mut frames, meter) = begun();
        for _ in 0..10 * RESETS {
            assert!(frames.count(&frame(3, 4), &mut meter.state(), Instant::now()));
            meter.answered();
        }
        for _ in 0..10 * IDLE_FRAMES {
            assert!(frames.count(&[frame(8, 4), frame(0, 1024)].concat(), &mut meter.state(), Instant::now()));
        }
    }
}
