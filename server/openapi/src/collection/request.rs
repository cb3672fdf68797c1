//! One request with everything that its operation takes.
use super::{plain, words};
use crate::{
    call::{self, body, style::Written},
    description::Description,
    example::{self, Side},
    limits,
    outline::{Entry, text},
    part::{Parameter, Place, Reader},
    status,
};
use portico_contract::call::{Body, Pair, PathPart};

/// Answers of one request.
const ANSWERS: usize = 8;

pub(super) struct Request {
    pub(super) name: String,
    /// Upper case.
    pub(super) method: String,
    /// What stands between slashes; parameters as `:name`.
    pub(super) path: Vec<String>,
    pub(super) path_parameters: Vec<Field>,
    /// Percent-encoded.
    pub(super) query: Vec<Field>,
    pub(super) headers: Vec<Field>,
    pub(super) body: Option<Body>,
    /// Markdown.
    pub(super) description: String,
    pub(super) needs_key: bool,
    pub(super) answers: Vec<Answer>,
}

pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: String,
    /// Markdown.
    pub(super) description: String,
    /// Otherwise it is there, and switched off.
    pub(super) required: bool,
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) reason: &'static str,
    pub(super) media_type: String,
    pub(super) body: String,
}

impl Request {
    pub(super) fn of(description: &Description, entry: &Entry, needs_key: bool) -> Option<Self> {
        let root = description.root();
        let operation = root.pointer(&entry.pointer)?;
        let item = root.pointer(&entry.item).unwrap_or(operation);
        let reader = description.reader();
        let (parameters, _) = reader.parameters(item, operation);
        let written = |parameter: &Parameter<'_>| {
            let value = example::of_parameter(root, parameter.name, &parameter.schema, parameter.example);
            Written::of(reader.dialect, parameter, &value)
        };
        let mut request = Self {
            name: entry.title.clone(),
            method: entry.method.to_uppercase(),
            path: Vec::new(),
            path_parameters: Vec::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: reader.body(item, operation).0.and_then(|body| body::of(root, &body)),
            description: words(text(operation, "description").unwrap_or_default()),
            needs_key,
            answers: answers(reader, operation),
        };
        let parts = call::path(&entry.path, &parameters, |parameter| written(parameter).in_path(parameter.name));
        request.path(&parts, &parameters);
        let mut cookies = Vec::new();
        for parameter in &parameters {
            let field = |name: &str, value: &str| Field {
                name: plain(name),
                value: plain(value),
                description: words(parameter.description),
                required: parameter.required,
            };
            let value = || call::printable(&written(parameter).in_header());
            let is_field = call::is_token(parameter.name) && !call::is_reserved(parameter.name);
            let is_key = parameter.name.eq_ignore_ascii_case("x-api-key");
            match parameter.place {
                Place::Query => {
                    let pairs = written(parameter).in_query(parameter);
                    request.query.extend(pairs.iter().map(|Pair { name, value }| field(name, value)));
                }
                Place::Header if is_field && !is_key => request.headers.push(field(parameter.name, &value())),
                Place::Cookie if call::is_token(parameter.name) && parameter.required => {
                    cookies.extend(written(parameter).in_cookie(parameter.name));
                }
                Place::Path | Place::Header | Place::Cookie => {}
            }
        }
        if !cookies.is_empty() {
            let cookies: Vec<String> = cookies.iter().map(|pair| format!("{}={}", pair.name, pair.value)).collect();
            request.fixed("Cookie", &cookies.join("; "));
        }
        let media_type = request.body.as_ref().and_then(|body| match body {
            Body::Json { media_type, .. } | Body::Text { media_type, .. } | Body::File { media_type, .. } => {
                Some(media_type.clone())
            }
            // The programs write these themselves, the boundary of the one among them.
            Body::Form(_) | Body::Multipart(_) => None,
        });
        if let Some(media_type) = media_type {
            request.fixed("Content-Type", &media_type);
        }
        Some(request)
    }

    fn fixed(&mut self, name: &str, value: &str) {
        let (name, value) = (name.to_owned(), plain(value));
        self.headers.push(Field { name, value, description: String::new(), required: true });
    }

    /// A parameter that is a whole segment is one of the program's; another stands in its segment with its example.
    fn path(&mut self, parts: &[PathPart], parameters: &[Parameter<'_>]) {
        let mut path = String::new();
        for (n, part) in parts.iter().enumerate() {
            let (name, value) = match part {
                PathPart::Text(text) => {
                    path.push_str(&plain(text));
                    continue;
                }
                PathPart::Parameter { name, text } => (name, text),
            };
            let ends = match parts.get(n + 1) {
                Some(PathPart::Text(text)) => text.starts_with('/'),
                Some(PathPart::Parameter { .. }) => false,
                None => true,
            };
            let fits = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' };
            let simple: String = name.chars().map(fits).take(100).collect();
            let is_new = !self.path_parameters.iter().any(|known| known.name == simple);
            if !(path.ends_with('/') && ends && is_new) || simple.is_empty() {
                path.push_str(&plain(value));
                continue;
            }
            path.push(':');
            path.push_str(&simple);
            let said = parameters.iter().find(|one| one.place == Place::Path && one.name == name);
            self.path_parameters.push(Field {
                name: simple,
                value: plain(value),
                description: said.map(|one| words(one.description)).unwrap_or_default(),
                required: true,
            });
        }
        self.path = path.trim_start_matches('/').split('/').map(str::to_owned).collect();
    }

    /// Path and query as one text, without what is switched off.
    pub(super) fn target(&self) -> String {
        let mut target = format!("/{}", self.path.join("/"));
        for (n, field) in self.query.iter().filter(|field| field.required).enumerate() {
            target.extend([if n == 0 { "?" } else { "&" }, &field.name, "=", &field.value]);
        }
        target
    }
}

fn answers(reader: Reader<'_>, operation: &serde_json::Value) -> Vec<Answer> {
    let (responses, _) = reader.responses(operation);
    let made = responses.iter().filter_map(|response| {
        let status = response.status.parse().ok().filter(|status| (100..600).contains(status))?;
        let content = response.contents.first();
        let value = content.and_then(|content| {
            let given = content.examples.first().map(|example| example.value.clone());
            given.or_else(|| example::made(reader.root, content.schema.as_deref()?, Side::Answer))
        });
        Some(Answer {
            status,
            reason: status::reason(response.status),
            media_type: content.map(|content| plain(&call::printable(content.media_type))).unwrap_or_default(),
            body: value.map(|value| plain(&example::code(&value, limits::EXAMPLE).text())).unwrap_or_default(),
        })
    });
    made.take(ANSWERS).collect()
}
