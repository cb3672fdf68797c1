//! What a client must send to open a WebSocket (RFC 6455 4.2.1). Whoever asks for one in another way may mean to leave
//! the gateway with a tunnel where the upstream sees a plain request. And how many are open.
use crate::{message::Fields, worker::Worker};
use http::Method;
use portico_domain::Slug;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// One thread's open WebSockets, by API.
#[derive(Default)]
pub(crate) struct OpenSockets(Mutex<BTreeMap<Slug, u64>>);

/// One of them, until it is dropped.
pub(crate) struct OpenSocket {
    worker: Arc<Worker>,
    api: Slug,
}

impl OpenSockets {
    /// How many there are. An API that had some once is told with 0.
    pub(crate) fn counts(&self) -> BTreeMap<Slug, u64> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Slug, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenSocket {
    pub(crate) fn count(worker: &Arc<Worker>, api: &Slug) -> Self {
        *worker.websockets.lock().entry(api.clone()).or_default() += 1;
        Self { worker: Arc::clone(worker), api: api.clone() }
    }
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        if let Some(count) = self.worker.websockets.lock().get_mut(&self.api) {
            *count = count.saturating_sub(1);
        }
    }
}

/// Checks a request of HTTP/1.1 that asks for the protocol `websocket`.
pub(crate) fn check(method: &Method, fields: &Fields) -> Result<(), &'static str> {
    if *method != Method::GET {
        return Err("a WebSocket is opened with GET");
    }
    if only(fields, "sec-websocket-version") != Some(b"13") {
        return Err("a WebSocket is opened with the one field Sec-WebSocket-Version: 13");
    }
    if !only(fields, "sec-websocket-key").is_some_and(is_key) {
        return Err("a WebSocket is opened with one Sec-WebSocket-Key, which is 16 bytes in base64");
    }
    Ok(())
}

/// The value of a field that is there once.
fn only<'a>(fields: &'a Fields, name: &'a str) -> Option<&'a [u8]> {
    let mut values = fields.get_all(name);
    values.next().filter(|_| values.next().is_none())
}

fn is_key(value: &[u8]) -> bool {
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    value.len() == 24 && value.ends_with(b"==") && value[..22].iter().all(base64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_handshake_opens_one() {
        const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
        let fields = |lines: &[(&str, &str)]| {
            let mut fields = Fields::new();
            for (name, value) in lines {
                fields.push(name, value);
            }
            fields
        };
        let whole = fields(&[("sec-websocket-version", "13"), ("sec-websocket-key", KEY)]);
        assert_eq!(check(&Method::GET, &whole), Ok(()));
        assert!(check(&Method::POST, &whole).is_err());
        for wrong in [
            &[("sec-websocket-version", "13")][..],
            &[("sec-websocket-key", KEY)],
            &[("sec-websocket-version", "8"), ("sec-websocket-key", KEY)],
            &[("sec-websocket-version", "13"), ("sec-websocket-version", "8"), ("sec-websocket-key", KEY)],
            &[("sec-websocket-version", "13"), ("sec-websocket-key", KEY), ("sec-websocket-key", KEY)],
            &[("sec-websocket-version", "13"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ")],
            &[("sec-websocket-version", "13"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZ===")],
            &[("sec-websocket-version", "13"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub2 jZQ==")],
        ] {
            assert!(check(&Method::GET, &fields(wrong)).is_err(), "{wrong:?}");
        }
    }
}
