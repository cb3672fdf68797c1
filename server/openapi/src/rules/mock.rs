//! Answers that stand in a document, or are made from its schemas, for the gateway to give in an upstream's stead.
use crate::{
    example::{self, Side},
    limits,
    operation::is_json,
    part::{Content, Reader, Response},
};
use portico_domain::{AnswerStatus, MockAnswer};
use serde_json::Value;

pub(super) struct Mocks<'d> {
    reader: Reader<'d>,
    /// Bytes left.
    room: usize,
}

impl<'d> Mocks<'d> {
    pub(super) fn new(reader: Reader<'d>) -> Self {
        Self { reader, room: limits::MOCKS }
    }

    pub(super) fn of(&mut self, operation: &'d Value) -> Vec<MockAnswer> {
        let (responses, _) = self.reader.responses(operation);
        let mut answers = Vec::new();
        for response in responses {
            let Some(status) = AnswerStatus::parse(response.status) else { continue };
            let fields = self.fields(&response);
            let before = answers.len();
            for content in &response.contents {
                for (example, body) in self.bodies(content) {
                    let media_type = Some(content.media_type).filter(|media_type| is_one(media_type));
                    // Of a range, the type that is meant nearly always.
                    let media_type = Some(media_type.unwrap_or("application/json").to_owned());
                    answers.push(MockAnswer { status, example, media_type, body, fields: fields.clone() });
                }
            }
            if answers.len() == before {
                answers.push(MockAnswer { status, example: None, media_type: None, body: String::new(), fields });
            }
        }
        answers
    }

    /// The given examples with their names, else one that is made.
    fn bodies(&mut self, content: &Content<'d>) -> Vec<(Option<String>, String)> {
        let json = is_json(content.media_type) || !is_one(content.media_type);
        let mut bodies = Vec::new();
        for example in &content.examples {
            if let Some(body) = written(example.value, json).filter(|body| self.spend(body)) {
                bodies.push((example.name.map(str::to_owned), body));
            }
        }
        if bodies.is_empty()
            && json
            && let Some(schema) = content.schema.as_deref()
            && let Some(body) = example::made(self.reader.root, schema, Side::Answer)
            && let Some(body) = written(&body, true).filter(|body| self.spend(body))
        {
            bodies.push((None, body));
        }
        bodies
    }

    fn spend(&mut self, body: &str) -> bool {
        let room = self.room.checked_sub(body.len()).filter(|_| body.len() <= limits::MOCK);
        self.room = room.unwrap_or(self.room);
        room.is_some()
    }

    /// Those with a value that fits a field.
    fn fields(&self, response: &Response<'d>) -> Vec<(String, String)> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let named = response.headers.iter().filter(|field| {
            let framing = ["content-type", "content-length", "transfer-encoding", "connection", "set-cookie"];
            field.name.bytes().all(token) && !framing.contains(&field.name.to_ascii_lowercase().as_str())
        });
        let valued = named.filter_map(|field| {
            let value = example::of_parameter(self.reader.root, field.name, &field.schema, field.example);
            let value = example::parameter_texts(&value).join(",");
            let fits = !value.is_empty() && value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
            fits.then(|| (field.name.to_owned(), value))
        });
        valued.take(50).collect()
    }
}

/// A media type, not a range of them.
fn is_one(media_type: &str) -> bool {
    !media_type.contains('*')
        && media_type.contains('/')
        && media_type.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
}

/// An example as it goes over the wire; `None` where it is not written in the media type.
fn written(value: &Value, json: bool) -> Option<String> {
    match value {
        // Documents often write JSON into a text.
        Value::String(text) if json => {
            let parsed = serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object() || value.is_array());
            Some(if parsed { text.clone() } else { value.to_string() })
        }
        Value::String(text) => Some(text.clone()),
        value if json => Some(value.to_string()),
        _ => None,
    }
}
