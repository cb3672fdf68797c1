//! Calls of published APIs that come through the portal: a reader's from the reference, an agent's. They enter the gateway
//! by its inner door ([`portico_control::Control::enter`]) and pass everything that any call passes.
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, header},
};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use portico_control::Entry;

/// The gateway's own bounds on an answer's head are bytes. hyper's default of 100 fields is less than some answers have.
const MAX_FIELDS: usize = 1000;

/// A call of an API's operation, as its document has it.
pub(crate) struct InnerCall<'a> {
    pub(crate) method: Method,
    /// Path of the document and query, e.g. `/pets/7?full=true`; begins with `/`.
    pub(crate) target: &'a str,
    /// Without `Host`, which the entry knows, and without what frames the message, but for a known `Content-Length`.
    pub(crate) fields: HeaderMap,
    pub(crate) body: Body,
}

/// Why there is no answer. A refusal of the gateway's is one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum Failure {
    #[error("The call's target is no path and query.")]
    Target,
    #[error("The gateway ended the connection without an answer.")]
    Unanswered,
}

impl InnerCall<'_> {
    /// Answers when the answer's head is there. Dropping its body ends the call, as a client does that goes away.
    pub(crate) async fn make(self, entry: Entry) -> Result<Response<Incoming>, Failure> {
        let Self { method, target, fields, body } = self;
        let mut call = Request::new(body);
        *call.method_mut() = method;
        *call.uri_mut() = uri(&entry.base_path, target)?;
        *call.headers_mut() = fields;
        let host = HeaderValue::try_from(entry.host).map_err(|_| Failure::Target)?;
        call.headers_mut().insert(header::HOST, host);
        let broken = |error: hyper::Error| {
            tracing::info!(%error, "a call from the portal came to nothing");
            Failure::Unanswered
        };
        let mut speaking = http1::Builder::new();
        speaking.max_headers(MAX_FIELDS);
        let (mut sender, connection) = speaking.handshake(TokioIo::new(entry.stream)).await.map_err(broken)?;
        // Ends with the answer's body, or when nobody wants that any more.
        tokio::spawn(async move { drop(connection.await) });
        sender.send_request(call).await.map_err(broken)
    }
}

/// Whatever stands in the target, it stays a path: the gateway looks at it as at any other.
fn uri(base_path: &str, target: &str) -> Result<Uri, Failure> {
    let target = target.starts_with('/').then(|| format!("{base_path}{target}")).ok_or(Failure::Target)?;
    Uri::builder().path_and_query(target).build().map_err(|_| Failure::Target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_stays_a_path() {
        assert_eq!(uri("/shop", "/pets?q=%20").unwrap().to_string(), "/shop/pets?q=%20");
        assert_eq!(uri("", "//elsewhere.example/x").unwrap().authority(), None);
        for target in ["/a b", "https://elsewhere.example/", "@elsewhere.example/", "", "/a\r\nHost: x"] {
            assert_eq!(uri("/shop", target), Err(Failure::Target), "{target:?}");
        }
    }
}
