//! HTTP/1.1 (RFC 9112), on both sides of the gateway.
//!
//! Most calls come and go this way, so it is done here, byte by byte: a request's head is read once, with one meaning
//! or none (`head`); what passes on is copied as it stands; a body is never gathered. What is unusual (HTTP/2, TLS) is
//! left to libraries.
//!
//! `server` serves a client's connection (`wire`), `exchange` asks an upstream; `framing` finds the parts of a body on
//! either side.

mod answer;
pub(crate) mod buffers;
pub(crate) mod exchange;
mod framing;
pub(crate) mod head;
mod outbox;
mod server;
#[cfg(test)]
mod tests;
mod timer;
mod turn;
mod wire;

pub(crate) use exchange::{Connection, Download};
pub(crate) use server::{serve, turn_away};
#[cfg(test)]
pub(crate) use tests::{decode_for_test, parse_for_test};
pub(crate) use timer::Timer;
pub(crate) use wire::{Patience, Upload};

/// Why a request could not be taken from the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// What is wrong, in words.
    #[error("{0}")]
    Bad(&'static str),
    #[error("the head is too large")]
    HeadTooLarge,
    #[error("the target is too long")]
    TargetTooLong,
    #[error("the head did not arrive in time")]
    HeadTimeout,
}
