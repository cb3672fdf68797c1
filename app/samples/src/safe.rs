//! What all languages can say alike. A call may come from a document or from a reader's form; after this, its URL is
//! printable ASCII without quotes, its fields cannot end a line, and its JSON is JSON.
use crate::json;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use portico_contract::call::{Body, Call, Pair, PathPart};

/// What stands in a URL as it is; `%` is, since pieces are encoded already.
const IN_URL: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'\'')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

pub(crate) fn call(call: &Call) -> Call {
    let url = |text: &str| utf8_percent_encode(text, IN_URL).to_string();
    let pair = |pair: &Pair| Pair::new(url(&pair.name), url(&pair.value));
    let part = |part: &PathPart| match part {
        PathPart::Text(text) => PathPart::Text(url(text)),
        PathPart::Parameter { name, text } => PathPart::Parameter { name: name.clone(), text: url(text) },
    };
    let method: String = call.method.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let method = if method.is_empty() { "GET".to_owned() } else { method.to_ascii_uppercase() };
    let bodiless = matches!(method.as_str(), "HEAD" | "TRACE");
    Call {
        base_url: url(&call.base_url),
        path: call.path.iter().map(part).collect(),
        query: call.query.iter().map(pair).collect(),
        headers: fields(&call.headers),
        cookies: fields(&call.cookies),
        key: call.key.as_deref().map(variable),
        body: call.body.clone().filter(|_| !bodiless).map(body),
        method,
    }
}

/// Tokens with printable values; of the same name, the first.
fn fields(pairs: &[Pair]) -> Vec<Pair> {
    let mut kept: Vec<Pair> = Vec::new();
    for Pair { name, value } in pairs {
        let is_token = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
        };
        if is_token(name) && kept.iter().all(|known| !known.name.eq_ignore_ascii_case(name)) {
            let value: String = value.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').collect();
            kept.push(Pair::new(name, value.trim()));
        }
    }
    kept
}

fn variable(name: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let fits = !name.is_empty() && name.chars().all(fits) && !name.starts_with(|c: char| c.is_ascii_digit());
    if fits { name.to_owned() } else { "PORTICO_KEY".to_owned() }
}

fn body(body: Body) -> Body {
    match body {
        Body::Json { media_type, text } if json::tokens(&text).is_none() => {
            Body::Text { media_type: self::media_type(&media_type), text: without_nul(&text) }
        }
        Body::Json { media_type, text } => Body::Json { media_type: self::media_type(&media_type), text },
        Body::Text { media_type, text } => {
            Body::Text { media_type: self::media_type(&media_type), text: without_nul(&text) }
        }
        Body::File { media_type, file } => {
            Body::File { media_type: self::media_type(&media_type), file: self::file(&file) }
        }
        Body::Form(pairs) => {
            Body::Form(pairs.iter().map(|pair| Pair::new(without_nul(&pair.name), without_nul(&pair.value))).collect())
        }
        Body::Multipart(mut parts) => {
            use portico_contract::call::PartContent;
            for part in &mut parts {
                part.name.retain(|c| !c.is_control() && c != '"' && c != '\\');
                part.media_type = part.media_type.as_deref().map(self::media_type);
                part.content = match &part.content {
                    PartContent::Text(text) => PartContent::Text(without_nul(text)),
                    PartContent::File(name) => PartContent::File(self::file(name)),
                };
            }
            Body::Multipart(parts)
        }
    }
}

/// No shell and no client passes it on.
fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

/// A name that means one file to every shell and stands unquoted in a part's head.
fn file(name: &str) -> String {
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "_-. /".contains(*c)).collect();
    let name = name.trim_start_matches(['-', ' ', '.', '/']).trim_end();
    if name.is_empty() { "file".to_owned() } else { name.to_owned() }
}

/// Type and subtype with what follows, or a type that fits anything.
fn media_type(text: &str) -> String {
    let text: String = text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').collect();
    let essence = text.split(';').next().unwrap_or_default().trim();
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b));
    let fits = essence.split_once('/').is_some_and(|(kind, subtype)| is_name(kind) && is_name(subtype));
    if fits { text.trim().to_owned() } else { "application/octet-stream".to_owned() }
}
