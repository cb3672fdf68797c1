//! Bodies on their way through: never gathered, each part asked for when the other side has taken the one before.
use crate::{account::Account, http1};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use portico_domain::Timestamp;
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// Of a request or an answer. An answer's carries the account of its request, which is settled when the body is
/// dropped: answered, or given up.
#[derive(Default)]
pub(crate) struct Body {
    payload: Payload,
    account: Option<Box<Account>>,
}

#[derive(Default)]
enum Payload {
    #[default]
    Empty,
    Full(Option<Bytes>),
    /// A request's, from the client's connection.
    Upload(http1::Upload),
    /// An answer's, from an upstream's connection.
    Download(Box<http1::Download>),
    /// From HTTP/2, or changed by a policy.
    Wrapped(Pin<Box<dyn http_body::Body<Data = Bytes, Error = io::Error> + Send + Sync>>),
}

impl Body {
    pub(crate) fn empty() -> Self {
        Self::default()
    }
    pub(crate) fn full(bytes: impl Into<Bytes>) -> Self {
        Payload::Full(Some(bytes.into())).into()
    }
    pub(crate) fn upload(upload: http1::Upload) -> Self {
        Payload::Upload(upload).into()
    }
    pub(crate) fn download(download: http1::Download) -> Self {
        Payload::Download(Box::new(download)).into()
    }
    pub(crate) fn wrap(body: impl http_body::Body<Data = Bytes, Error = io::Error> + Send + Sync + 'static) -> Self {
        Payload::Wrapped(Box::pin(body)).into()
    }
    #[must_use]
    pub(crate) fn with_account(mut self, account: Box<Account>) -> Self {
        self.account = Some(account);
        self
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let frame = match &mut self.payload {
            Payload::Empty => None,
            Payload::Full(bytes) => bytes.take().map(|bytes| Ok(Frame::data(bytes))),
            Payload::Upload(upload) => ready!(upload.poll_frame(cx)),
            Payload::Download(download) => ready!(download.poll_frame(cx)),
            Payload::Wrapped(body) => ready!(body.as_mut().poll_frame(cx)),
        };
        match (&mut self.account, &frame) {
            (Some(account), Some(Ok(frame))) => account.bytes_out += frame.data_ref().map_or(0, Bytes::len) as u64,
            (Some(account), Some(Err(error))) => account.broke_off(error),
            _ => {}
        }
        Poll::Ready(frame)
    }

    /// About when an answer began, without a look at the clock; `None` for what nobody asked for.
    pub(crate) fn made_at(&self) -> Option<Timestamp> {
        self.account.as_ref().map(|account| account.answered_at())
    }

    /// Whether nothing comes any more.
    pub(crate) fn is_over(&self) -> bool {
        match &self.payload {
            Payload::Empty => true,
            Payload::Full(bytes) => bytes.is_none(),
            Payload::Upload(upload) => upload.is_over(),
            Payload::Download(download) => download.is_over(),
            Payload::Wrapped(body) => body.is_end_stream(),
        }
    }

    /// Bytes to come, where that is known.
    pub(crate) fn length(&self) -> Option<u64> {
        match &self.payload {
            Payload::Empty => Some(0),
            Payload::Full(bytes) => Some(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Payload::Upload(upload) => upload.length(),
            Payload::Download(download) => download.length(),
            Payload::Wrapped(body) => body.size_hint().exact(),
        }
    }
}

impl From<Payload> for Body {
    fn from(payload: Payload) -> Self {
        Self { payload, account: None }
    }
}

/// For HTTP/2, whose library takes this form.
impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.get_mut().poll_next(cx)
    }
    fn is_end_stream(&self) -> bool {
        self.is_over()
    }
    fn size_hint(&self) -> SizeHint {
        self.length().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
