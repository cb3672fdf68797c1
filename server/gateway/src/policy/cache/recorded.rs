//! A body that is kept while it passes.
use super::{Cache, flight::Lead, store::Kept};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use portico_domain::Slug;
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// An answer of which all is known but its body. Dropped before its end it leaves no trace, and another caller fetches.
pub(crate) struct Recording {
    cache: Arc<Cache>,
    api: Slug,
    key: Box<[u8]>,
    lead: Option<Lead>,
    kept: Kept,
    bytes: Vec<u8>,
    limit: usize,
}

impl Recording {
    pub(super) fn new(
        cache: Arc<Cache>,
        api: Slug,
        key: Box<[u8]>,
        lead: Option<Lead>,
        kept: Kept,
        limit: usize,
    ) -> Self {
        Self { cache, api, key, lead, kept, bytes: Vec::new(), limit }
    }

    /// `None` once it is too long.
    fn with(mut self, data: &[u8]) -> Option<Self> {
        if self.bytes.len() + data.len() > self.limit {
            if let Some(lead) = self.lead.take() {
                lead.release_for_long(self.cache.now());
            }
            return None;
        }
        self.bytes.extend_from_slice(data);
        Some(self)
    }

    fn complete(self) {
        let kept = Arc::new(Kept { body: self.bytes.into(), ..self.kept });
        self.cache.store.insert(&self.key, &self.api, Arc::clone(&kept));
        if let Some(lead) = self.lead {
            lead.land(kept);
        }
    }
}

pub(crate) struct Recorded<B> {
    body: B,
    recording: Option<Recording>,
}

impl<B: Body<Data = Bytes, Error = io::Error> + Unpin> Recorded<B> {
    pub(crate) fn new(body: B, recording: Recording) -> Self {
        let mut recorded = Self { body, recording: Some(recording) };
        recorded.end();
        recorded
    }

    /// A body whose end is known is not asked again once it is reached.
    fn end(&mut self) {
        if self.body.is_end_stream()
            && let Some(recording) = self.recording.take()
        {
            recording.complete();
        }
    }
}

impl<B: Body<Data = Bytes, Error = io::Error> + Unpin> Body for Recorded<B> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                // Trailers are not kept, so an answer with them is not either.
                let recording = this.recording.take();
                this.recording = recording.zip(frame.data_ref()).and_then(|(recording, data)| recording.with(data));
                this.end();
            }
            Some(Err(_)) => this.recording = None,
            None => {
                if let Some(recording) = this.recording.take() {
                    recording.complete();
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
