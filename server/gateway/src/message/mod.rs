//! Requests and answers as the pipeline sees them, whichever version of HTTP they came by.

pub(crate) mod body;
pub(crate) mod fields;
pub(crate) mod trailers;

use crate::tunnel::Tunnel;
pub(crate) use body::Body;
pub(crate) use fields::Fields;
use http::{Method, StatusCode};

/// A request of which every part was checked to have one meaning.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) target: Target,
    /// `Host` stands among them whatever the version: HTTP/2's `:authority` is put there.
    pub(crate) fields: Fields,
    pub(crate) body: Body,
    pub(crate) version: Version,
    /// The protocol that the client asks to switch to, e.g. `websocket`.
    pub(crate) upgrade: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    Http10,
    Http11,
    Http2,
}

/// Path and query as they were sent; visible ASCII.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    text: Box<str>,
    /// Where the path ends.
    path_end: u32,
}

impl Target {
    /// Of text that begins with `/`, or `*`.
    pub(crate) fn new(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        let path_end = text.bytes().position(|byte| byte == b'?').unwrap_or(text.len()) as u32;
        Self { text, path_end }
    }
    pub(crate) fn path(&self) -> &str {
        &self.text[..self.path_end as usize]
    }
    /// Without the `?`; `None` where there is none.
    pub(crate) fn query(&self) -> Option<&str> {
        self.text.get(self.path_end as usize + 1..)
    }
    /// The `?` and what follows, or nothing.
    pub(crate) fn query_suffix(&self) -> &str {
        &self.text[self.path_end as usize..]
    }
}

/// An answer on its way to the client.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) fields: Fields,
    pub(crate) body: Body,
    /// What the connection becomes after the answer's head: then the body is empty.
    pub(crate) tunnel: Option<Box<Tunnel>>,
}

impl Answer {
    pub(crate) fn new(status: StatusCode) -> Self {
        Self { status, fields: Fields::with_capacity(512, 12), body: Body::empty(), tunnel: None }
    }
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push(name, value);
        self
    }
    #[must_use]
    pub(crate) fn with_body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_cut_at_its_first_question_mark() {
        for (text, path, query, suffix) in [
            ("/a/b", "/a/b", None, ""),
            ("/a?", "/a", Some(""), "?"),
            ("/a?b=?c", "/a", Some("b=?c"), "?b=?c"),
            ("*", "*", None, ""),
        ] {
            let target = Target::new(text);
            assert_eq!((target.path(), target.query(), target.query_suffix()), (path, query, suffix));
        }
    }
}
