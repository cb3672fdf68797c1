//! Answers from the document, in an upstream's stead.
//!
//! [`Mocks::compile`] runs off the request path, once for a version of an API; the pipeline keeps [`Mocks::operation`]
//! beside the route, asks [`OperationMocks::choose`] for a call, and makes its answer of what it gets: the status,
//! [`MockReply::write_to`] for the fields, the body.
//!
//! A caller may say which answer it wants, as users of Prism know: `Prefer: code=404`, `Prefer: example=cat`.
use crate::message::Fields;
use bytes::Bytes;
use http::StatusCode;
use portico_domain::{AnswerStatus, DocumentRules, MockAnswer, OperationRules};
use std::{cmp::Reverse, collections::HashMap, sync::Arc};

/// All mock answers of one version of an API.
#[derive(Debug)]
pub(crate) struct Mocks {
    operations: HashMap<Box<str>, Arc<OperationMocks>>,
}

/// Those of one operation.
#[derive(Debug)]
pub(crate) struct OperationMocks(Vec<Mock>);

#[derive(Debug)]
struct Mock {
    status: AnswerStatus,
    example: Option<Box<str>>,
    media_type: Option<Box<str>>,
    fields: Box<[(Box<str>, Box<str>)]>,
    body: Bytes,
}

/// What to answer.
#[derive(Debug)]
pub(crate) struct MockReply<'a> {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
    mock: &'a Mock,
}

/// What `Prefer` asks for and the document does not have; in words for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoSuchMock(pub(crate) String);

impl Mocks {
    pub(crate) fn compile(rules: &DocumentRules) -> Self {
        let operations = rules.operations.iter().filter(|(_, rules)| !rules.mocks.is_empty());
        let prepared = operations.map(|(name, rules)| (name.as_str().into(), Arc::new(OperationMocks::new(rules))));
        Self { operations: prepared.collect() }
    }

    /// `None` for an operation of which the document says no answer.
    pub(crate) fn operation(&self, name: &str) -> Option<Arc<OperationMocks>> {
        self.operations.get(name).cloned()
    }
}

impl OperationMocks {
    fn new(rules: &OperationRules) -> Self {
        Self(rules.mocks.iter().map(Mock::new).collect())
    }

    /// By `Prefer` and `Accept`; without either the first example of the first answer that means success. An `Accept`
    /// that nothing fits is not heeded, as RFC 9110 12.5.1 allows: a mock in another type says more than a refusal.
    pub(crate) fn choose(&self, fields: &Fields) -> Result<MockReply<'_>, NoSuchMock> {
        let wish = Wish::read(fields);
        let mut mocks: Vec<&Mock> = self.0.iter().collect();
        if let Some(name) = &wish.example {
            mocks.retain(|mock| mock.example.as_deref() == Some(name));
            if mocks.is_empty() {
                return Err(NoSuchMock(self.no_example()));
            }
        }
        let status = match wish.code {
            Some(code) => code,
            None => usual(&mocks),
        };
        let closest = mocks.iter().filter_map(|mock| mock.status.closeness(status)).max();
        let Some(closest) = closest else { return Err(NoSuchMock(self.no_code(status))) };
        mocks.retain(|mock| mock.status.closeness(status) == Some(closest));
        // The first of the best, so `Reverse` of where it stands.
        let best = mocks.iter().enumerate().max_by_key(|(at, mock)| (wish.liking(mock), Reverse(*at)));
        let (Some((_, mock)), Ok(status)) = (best, StatusCode::from_u16(status)) else {
            return Err(NoSuchMock(self.no_code(status)));
        };
        let bodiless = status.is_informational() || matches!(status.as_u16(), 204 | 205 | 304);
        let body = if bodiless { Bytes::new() } else { mock.body.clone() };
        Ok(MockReply { status, body, mock })
    }

    fn no_example(&self) -> String {
        let mut names: Vec<&str> = self.0.iter().filter_map(|mock| mock.example.as_deref()).take(20).collect();
        names.dedup();
        match names.as_slice() {
            [] => "Prefer asks for an example by name, and the document names none here".to_owned(),
            names => format!("Prefer asks for an example that is none of {}", names.join(", ")),
        }
    }

    fn no_code(&self, code: u16) -> String {
        let mut known = Vec::new();
        for mock in &self.0 {
            let name = match mock.status {
                AnswerStatus::Exact(code) => code.to_string(),
                AnswerStatus::Class(class) => format!("{class}XX"),
                AnswerStatus::Default => "default".to_owned(),
            };
            if !known.contains(&name) && known.len() < 20 {
                known.push(name);
            }
        }
        format!("Prefer asks for the status {code}, and the document knows {}", known.join(", "))
    }
}

/// The status of an answer nobody chose: the first success, else what stands first.
fn usual(mocks: &[&Mock]) -> u16 {
    let exact = |mock: &&Mock| match mock.status {
        AnswerStatus::Exact(code) if code / 100 == 2 => Some(code),
        _ => None,
    };
    let success = mocks.iter().find_map(exact);
    let open = || mocks.iter().any(|mock| mock.status.closeness(200).is_some()).then_some(200);
    let first = || match mocks.first()?.status {
        AnswerStatus::Exact(code) => Some(code),
        AnswerStatus::Class(class) => Some(u16::from(class) * 100),
        AnswerStatus::Default => Some(200),
    };
    success.or_else(open).or_else(first).unwrap_or(200)
}

impl Mock {
    fn new(answer: &MockAnswer) -> Self {
        let field = |(name, value): &(String, String)| (name.to_ascii_lowercase().into(), value.as_str().into());
        Self {
            status: answer.status,
            example: answer.example.as_deref().map(Into::into),
            media_type: answer.media_type.as_deref().map(Into::into),
            fields: answer.fields.iter().map(field).collect(),
            body: Bytes::from(answer.body.clone()),
        }
    }
}

impl MockReply<'_> {
    /// Adds the answer's fields, and the one that tells it from an upstream's.
    pub(crate) fn write_to(&self, fields: &mut Fields) {
        for (name, value) in &self.mock.fields {
            fields.push(name, value.as_bytes());
        }
        if let Some(media_type) = self.mock.media_type.as_deref().filter(|_| !self.body.is_empty()) {
            fields.set("content-type", media_type);
        }
        fields.push("vary", "Accept, Prefer");
        fields.set("x-portico-mock", "true");
    }
}

/// What a caller asks for.
struct Wish {
    code: Option<u16>,
    example: Option<String>,
    /// Ranges with their weights in thousandths.
    accepted: Vec<(String, u16)>,
}

impl Wish {
    fn read(fields: &Fields) -> Self {
        let (mut code, mut example) = (None, None);
        let preferences = fields.members("prefer").flat_map(|member| member.split(|byte| *byte == b';'));
        for preference in preferences.filter_map(|preference| std::str::from_utf8(preference).ok()) {
            let Some((name, value)) = preference.split_once('=') else { continue };
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "code" | "status" => code = code.or(value.parse().ok().filter(|code| (200..600).contains(code))),
                "example" => example = example.or_else(|| Some(value.to_owned())),
                _ => {}
            }
        }
        let accepted = fields.members("accept").filter_map(|range| {
            let mut parts = std::str::from_utf8(range).ok()?.split(';').map(str::trim);
            let range = parts.next()?.to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            let weight = weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0_f32)).clamp(0.0, 1.0);
            Some((range, (weight * 1_000.0) as u16))
        });
        Self { code, example, accepted: accepted.take(50).collect() }
    }

    /// How gladly the mock's type is taken: that of the range that names it most closely.
    fn liking(&self, mock: &Mock) -> u16 {
        let Some(media_type) = mock.media_type.as_deref() else { return 0 };
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let kind = essence.split('/').next().unwrap_or_default();
        let closeness = |range: &str| match range {
            range if range == essence => Some(3),
            range if range.strip_suffix("/*") == Some(kind) => Some(2),
            "*/*" => Some(1),
            _ => None,
        };
        let fitting = self.accepted.iter().filter_map(|(range, weight)| Some((closeness(range)?, *weight)));
        fitting.max_by_key(|(closeness, _)| *closeness).map_or(0, |(_, weight)| weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mocks() -> OperationMocks {
        let one = |status, example: Option<&str>, media_type: &str, body: &str| MockAnswer {
            status,
            example: example.map(str::to_owned),
            media_type: Some(media_type.to_owned()),
            body: body.to_owned(),
            fields: vec![("X-Page".to_owned(), "1".to_owned())],
        };
        let mocks = vec![
            one(AnswerStatus::Exact(404), None, "application/problem+json", "{}"),
            one(AnswerStatus::Exact(200), Some("cat"), "application/json", "\"cat\""),
            one(AnswerStatus::Exact(200), Some("dog"), "application/json", "\"dog\""),
            one(AnswerStatus::Exact(200), None, "text/plain", "plain"),
            one(AnswerStatus::Class(5), None, "application/json", "\"five\""),
        ];
        OperationMocks::new(&OperationRules { mocks, ..OperationRules::default() })
    }

    fn chosen(fields: &[(&str, &str)]) -> Result<(u16, String), String> {
        let mut sent = Fields::new();
        for (name, value) in fields {
            sent.push(name, value);
        }
        let mocks = mocks();
        let reply = mocks.choose(&sent).map_err(|no| no.0)?;
        Ok((reply.status.as_u16(), String::from_utf8(reply.body.to_vec()).unwrap()))
    }

    #[test]
    fn callers_choose_among_answers() {
        let ok = |status, body: &str| Ok((status, body.to_owned()));
        assert_eq!(chosen(&[]), ok(200, "\"cat\""));
        assert_eq!(chosen(&[("prefer", "example=dog")]), ok(200, "\"dog\""));
        assert_eq!(chosen(&[("prefer", "respond-async, code=404")]), ok(404, "{}"));
        assert_eq!(chosen(&[("prefer", "code=503")]), ok(503, "\"five\""));
        assert_eq!(chosen(&[("prefer", "code=200; example=\"dog\"")]), ok(200, "\"dog\""));
        assert_eq!(chosen(&[("accept", "text/*, application/json;q=0.5")]), ok(200, "plain"));
        assert_eq!(chosen(&[("accept", "text/plain;q=0, */*;q=0.1")]), ok(200, "\"cat\""));
        assert_eq!(chosen(&[("accept", "image/png")]), ok(200, "\"cat\""));
        let refused = chosen(&[("prefer", "code=301")]).unwrap_err();
        assert_eq!(refused, "Prefer asks for the status 301, and the document knows 404, 200, 5XX");
        let refused = chosen(&[("prefer", "example=cow")]).unwrap_err();
        assert_eq!(refused, "Prefer asks for an example that is none of cat, dog");
    }

    #[test]
    fn an_answer_says_that_it_is_a_mock() {
        let mocks = mocks();
        let mut fields = Fields::new();
        mocks.choose(&Fields::new()).unwrap().write_to(&mut fields);
        assert_eq!(fields.get("x-portico-mock"), Some(&b"true"[..]));
        assert_eq!(fields.get("content-type"), Some(&b"application/json"[..]));
        assert_eq!(fields.get("x-page"), Some(&b"1"[..]));
    }
}
