//! Buffers that one thread's connections share: each takes one when there is something to read, and gives it back before
//! it waits, so an idle connection has none.
use bytes::BytesMut;
use std::{
    cell::RefCell,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::poll_read_buf;

/// Room for one read, either side. As much of a body waits for a slow reader, and not more. A body of 64 KiB, which many
/// things are, fits in with its head and needs no second read for its last bytes.
pub(crate) const ROOM: usize = (64 + 8) * 1024;
/// Kept by a thread.
const SPARE: usize = 64;

thread_local! {
    static READ: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
    static WRITE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Gives back what was read from; nothing that is still in it.
fn give_read(mut buffer: BytesMut) {
    buffer.clear();
    READ.with_borrow_mut(|spare| {
        // Parts of it may be on their way still: then it is let go, and freed with the last of them.
        if spare.len() < SPARE && buffer.try_reclaim(ROOM) {
            spare.push(buffer);
        }
    });
}

/// An empty buffer for a head and small bodies.
pub(crate) fn take_write() -> Vec<u8> {
    WRITE.with_borrow_mut(Vec::pop).unwrap_or_else(|| Vec::with_capacity(4096))
}

pub(crate) fn give_write(mut buffer: Vec<u8>) {
    buffer.clear();
    WRITE.with_borrow_mut(|spare| {
        if spare.len() < SPARE && buffer.capacity() <= ROOM {
            spare.push(buffer);
        }
    });
}

/// Reads once, behind what `read` holds. 0 is the end. A pending read leaves no room behind in an empty buffer.
pub(crate) fn poll_read(
    io: &mut (impl AsyncRead + Unpin),
    cx: &mut Context<'_>,
    read: &mut BytesMut,
) -> Poll<io::Result<usize>> {
    if read.is_empty() {
        rest(read);
        return READ.with_borrow_mut(|spare| {
            let mut room = spare.pop().unwrap_or_else(|| BytesMut::with_capacity(ROOM));
            let polled = poll_read_buf(Pin::new(io), cx, &mut room);
            // Mostly nothing has come yet, and the buffer stays where it was.
            if room.is_empty() {
                spare.push(room);
            } else {
                *read = room;
            }
            polled
        });
    }
    if read.capacity() - read.len() < 4096 {
        read.reserve(ROOM);
    }
    poll_read_buf(Pin::new(io), cx, read)
}

/// Gives an emptied buffer back.
pub(crate) fn rest(read: &mut BytesMut) {
    if read.is_empty() && read.capacity() > 0 {
        give_read(std::mem::take(read));
    }
}

/// Reads and forgets; how many bytes, 0 at the end.
pub(crate) fn poll_discard(io: &mut (impl AsyncRead + Unpin), cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
    let mut room = [0; 4096];
    let mut buffer = ReadBuf::new(&mut room);
    ready!(Pin::new(io).poll_read(cx, &mut buffer))?;
    Poll::Ready(Ok(buffer.filled().len()))
}
