//! Bodies on their way through: never gathered, each part asked for when the other side has taken the one before.
use crate::{account::Account, dispatch::download::Download};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// What a client gets. Its request's account is settled when this is dropped: answered, or given up.
pub(crate) struct Body {
    payload: Payload,
    account: Option<Box<Account>>,
}

enum Payload {
    Empty,
    Full(Option<Bytes>),
    Stream(Box<Download>),
}

impl Body {
    pub(crate) fn empty() -> Self {
        Self { payload: Payload::Empty, account: None }
    }
    pub(crate) fn full(text: impl Into<Bytes>) -> Self {
        Self { payload: Payload::Full(Some(text.into())), account: None }
    }
    pub(crate) fn stream(download: Download) -> Self {
        Self { payload: Payload::Stream(Box::new(download)), account: None }
    }
    #[must_use]
    pub(crate) fn with_account(mut self, account: Box<Account>) -> Self {
        self.account = Some(account);
        self
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        let data = match &mut this.payload {
            Payload::Empty => None,
            Payload::Full(bytes) => bytes.take().map(Ok),
            Payload::Stream(download) => ready!(download.poll_data(cx)),
        };
        if let (Some(Ok(bytes)), Some(account)) = (&data, &mut this.account) {
            account.bytes_out += bytes.len() as u64;
        }
        Poll::Ready(data.map(|data| data.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.payload {
            Payload::Empty => true,
            Payload::Full(bytes) => bytes.is_none(),
            Payload::Stream(download) => download.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.payload {
            Payload::Empty => SizeHint::with_exact(0),
            Payload::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Payload::Stream(download) => download.size_hint(),
        }
    }
}
