//! Who sends waits for its turn: until all that came in together has been looked at.
//!
//! A thread is told of many requests and answers at once. Were each one's message sent on as soon as it is made, the
//! other end would wake up, deal with it and fall asleep again before the next one comes, and to wake a sleeper costs
//! the sender more than most of its own work. Sent one right after the other, they find the other end awake.
use std::{
    cell::Cell,
    task::{Context, Poll},
};

thread_local! {
    static WAITING: Cell<bool> = const { Cell::new(false) };
}

/// Comes once.
#[derive(Debug, Default)]
pub(super) struct Turn {
    waited: bool,
}

impl Turn {
    /// Pending the first time, and ready once the tasks that were ready before this one have run.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.waited {
            return Poll::Ready(());
        }
        self.waited = true;
        WAITING.set(true);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Polls something, and tells whether it waits for its turn now: then it is polled again at once, and nothing else has to
/// be waited for meanwhile.
pub(super) fn watch<T>(poll: impl FnOnce() -> T) -> (T, bool) {
    WAITING.set(false);
    let polled = poll();
    (polled, WAITING.get())
}
