//! What a reader has filled in, and the call that it means. Nothing here touches the page.
use portico_contract::{
    call::{Body, Call, Pair, Part, PartContent, PathPart},
    form::{BodyKind, CallForm, Control, Credential, CredentialKind, Input, Place},
    written::{Shape, encode, whole_query},
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The text of each control, by the name it has here: [`of_input`], [`raw`] and [`of_attribute`] make them.
pub(super) type Values = BTreeMap<String, String>;

/// Which of the bodies is sent; nothing for none.
pub(super) const BODY: &str = "body";
/// Names of credentials begin so. They are sent and neither kept nor shown in samples.
const CREDENTIAL: &str = "credential.";

pub(super) fn of_input(input: &Input) -> String {
    let place = match input.place {
        Place::Path => "path",
        Place::Query | Place::QueryString => "query",
        Place::Header => "header",
        Place::Cookie => "cookie",
        Place::Body => "field",
    };
    format!("{place}.{}", input.name)
}

/// The text of a body that is one.
pub(super) fn raw(body: usize) -> String {
    format!("raw.{body}")
}

/// A field of a body that is a form.
pub(super) fn of_attribute(body: usize, input: &Input) -> String {
    format!("field.{body}.{}", input.name)
}

/// A name, a password, a token.
pub(super) fn of_credential(credential: usize, part: &str) -> String {
    format!("{CREDENTIAL}{credential}.{part}")
}

pub(super) fn is_credential(name: &str) -> bool {
    name.starts_with(CREDENTIAL)
}

/// What the form starts with.
pub(super) fn start(form: &CallForm) -> Values {
    let mut values = Values::new();
    let mut put = |name: String, text: &str| {
        if !text.is_empty() {
            values.insert(name, text.to_owned());
        }
    };
    for input in &form.inputs {
        put(of_input(input), &input.start);
    }
    for (at, body) in form.bodies.iter().enumerate() {
        match &body.kind {
            BodyKind::Json { text, .. } | BodyKind::Text(text) => put(raw(at), text),
            BodyKind::Form(inputs) | BodyKind::Multipart(inputs) => {
                for input in inputs {
                    put(of_attribute(at, input), &input.start);
                }
            }
            BodyKind::File => {}
        }
    }
    if !form.bodies.is_empty() {
        put(BODY.to_owned(), if form.body_required || form.call.body.is_some() { "0" } else { "" });
    }
    values
}

/// Which body is chosen.
pub(super) fn body(form: &CallForm, values: &Values) -> Option<usize> {
    values.get(BODY)?.parse().ok().filter(|at| *at < form.bodies.len())
}

fn text<'a>(values: &'a Values, name: &str) -> &'a str {
    values.get(name).map(String::as_str).unwrap_or_default()
}

/// Names of inputs without which there is no address to call.
pub(super) fn missing(form: &CallForm, values: &Values) -> Vec<String> {
    let of_path = form.inputs.iter().filter(|input| input.place == Place::Path).map(of_input);
    of_path.filter(|name| text(values, name).trim().is_empty()).collect()
}

/// The call as it would be sent, but for credentials.
pub(super) fn call(form: &CallForm, values: &Values) -> Call {
    let mut call = form.call.clone();
    (call.query, call.headers, call.cookies) = (Vec::new(), Vec::new(), Vec::new());
    for input in &form.inputs {
        let typed = text(values, &of_input(input));
        let (name, shape) = (input.name.as_str(), shape(input, typed));
        match input.place {
            _ if typed.is_empty() => {}
            Place::Path => {
                let written = input.manner.in_path(name, &shape);
                for part in &mut call.path {
                    if let PathPart::Parameter { name: known, text } = part
                        && (known == name || *known == name.trim_end_matches(['+', '*']))
                    {
                        text.clone_from(&written);
                    }
                }
            }
            Place::Query => call.query.extend(input.manner.in_query(name, &shape)),
            Place::QueryString => call.query.extend(whole_query(&shape)),
            Place::Header => call.headers.push(Pair::new(name, input.manner.in_header(&shape))),
            Place::Cookie => call.cookies.extend(input.manner.in_cookie(name, &shape)),
            Place::Body => {}
        }
    }
    call.body = body(form, values).map(|at| {
        let media_type = form.bodies[at].media_type.clone();
        let typed = || text(values, &raw(at)).to_owned();
        match &form.bodies[at].kind {
            BodyKind::Json { .. } => Body::Json { media_type, text: typed() },
            BodyKind::Text(_) => Body::Text { media_type, text: typed() },
            BodyKind::File => Body::File { media_type, file: "file".to_owned() },
            BodyKind::Form(inputs) => Body::Form(fields(at, inputs, values)),
            BodyKind::Multipart(inputs) => Body::Multipart(parts(at, inputs, values)),
        }
    });
    call
}

fn shape(input: &Input, typed: &str) -> Shape {
    match input.control {
        Control::Lines => Shape::List(lines(typed)),
        Control::Json => match serde_json::from_str(typed) {
            Ok(Value::Object(members)) => {
                Shape::Object(members.into_iter().map(|(name, value)| (name, plain(&value))).collect())
            }
            Ok(Value::Array(items)) => Shape::List(items.iter().map(plain).collect()),
            _ => Shape::One(typed.to_owned()),
        },
        _ => Shape::One(typed.to_owned()),
    }
}

fn lines(typed: &str) -> Vec<String> {
    typed.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

/// Items of a list stand apart, everything nested is JSON (OpenAPI 3.1, 4.8.15).
fn fields(at: usize, inputs: &[Input], values: &Values) -> Vec<Pair> {
    let filled = inputs.iter().map(|input| (input, text(values, &of_attribute(at, input))));
    let filled = filled.filter(|(_, typed)| !typed.is_empty());
    let pairs = filled.flat_map(|(input, typed)| {
        let texts = if input.control == Control::Lines { lines(typed) } else { vec![typed.to_owned()] };
        texts.into_iter().map(|text| Pair::new(input.name.clone(), text)).collect::<Vec<_>>()
    });
    pairs.collect()
}

fn parts(at: usize, inputs: &[Input], values: &Values) -> Vec<Part> {
    let part = |input: &Input, content| Part {
        name: input.name.clone(),
        media_type: (input.control == Control::Json).then(|| "application/json".to_owned()),
        content,
    };
    let mut parts = Vec::new();
    for input in inputs {
        let typed = text(values, &of_attribute(at, input));
        match &input.control {
            // The value is the name of the file that was chosen.
            _ if typed.is_empty() => {}
            Control::File { .. } => parts.push(part(input, PartContent::File(typed.to_owned()))),
            Control::Lines => parts.extend(lines(typed).into_iter().map(|line| part(input, PartContent::Text(line)))),
            _ => parts.push(part(input, PartContent::Text(typed.to_owned()))),
        }
    }
    parts
}

/// The fields and the query of credentials that are filled in.
pub(super) fn credentials(form: &CallForm, values: &Values) -> (Vec<Pair>, Vec<Pair>) {
    let (mut fields, mut query) = (Vec::new(), Vec::new());
    for (at, Credential { kind, .. }) in form.credentials.iter().enumerate() {
        let part = |part: &str| text(values, &of_credential(at, part));
        let secret = part("secret");
        match kind {
            CredentialKind::Basic if !part("name").is_empty() || !secret.is_empty() => {
                let both = base64(format!("{}:{secret}", part("name")).as_bytes());
                fields.push(Pair::new("authorization", format!("Basic {both}")));
            }
            _ if secret.is_empty() => {}
            CredentialKind::Basic => {}
            CredentialKind::Bearer => fields.push(Pair::new("authorization", format!("Bearer {secret}"))),
            CredentialKind::Key { place: Place::Header, name } => fields.push(Pair::new(name.clone(), secret)),
            CredentialKind::Key { place: Place::Cookie, name } => {
                fields.push(Pair::new("cookie", format!("{name}={}", encode(secret))));
            }
            CredentialKind::Key { name, .. } => query.push(Pair::new(encode(name), encode(secret))),
        }
    }
    (fields, query)
}

/// RFC 4648, 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let number =
            group.iter().fold(0_usize, |number, byte| number << 8 | usize::from(*byte)) << (8 * (3 - group.len()));
        for digit in 0..4 {
            text.push(if digit <= group.len() { char::from(DIGITS[number >> (18 - 6 * digit) & 63]) } else { '=' });
        }
    }
    text
}

/// What an attribute's control shows of a body's text; `None` where that is no object.
pub(super) fn attribute(body: &str, input: &Input) -> Option<String> {
    let members: Map<String, Value> = serde_json::from_str(body).ok()?;
    let text = match (members.get(&input.name), &input.control) {
        (None, _) => String::new(),
        (Some(Value::Array(items)), Control::Lines) => items.iter().map(plain).collect::<Vec<_>>().join("\n"),
        (Some(value), Control::Json) => serde_json::to_string_pretty(value).unwrap_or_default(),
        (Some(value), _) => plain(value),
    };
    Some(text)
}

/// The body's text with an attribute as typed; nothing typed takes an optional one out. `Err` says why it cannot be.
pub(super) fn with_attribute(body: &str, input: &Input, typed: &str) -> Result<String, &'static str> {
    let body = if body.trim().is_empty() { "{}" } else { body };
    let mut members: Map<String, Value> = serde_json::from_str(body).map_err(|_| "The body is no JSON object.")?;
    let of_text = |typed: &str| {
        if input.text {
            return Ok(Value::String(typed.to_owned()));
        }
        serde_json::from_str(typed).map_err(|_| "This is no JSON value, such as 12, true or null.")
    };
    let value = match &input.control {
        _ if typed.is_empty() && !(input.required && input.text) => None,
        Control::Lines => Some(lines(typed).iter().map(|line| of_text(line)).collect::<Result<Value, _>>()?),
        Control::Json => Some(serde_json::from_str(typed).map_err(|_| "This is no JSON.")?),
        _ => Some(of_text(typed)?),
    };
    match value {
        Some(value) => members.insert(input.name.clone(), value),
        None => members.shift_remove(&input.name),
    };
    Ok(serde_json::to_string_pretty(&members).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_contract::{
        form::BodyForm,
        written::{Manner, Style},
    };

    fn input(place: Place, name: &str, control: Control) -> Input {
        let style = if place == Place::Path { Style::Simple } else { Style::Form };
        Input {
            place,
            name: name.into(),
            control,
            text: true,
            manner: Manner { style, explode: style == Style::Form, reserved: false },
            ..Input::default()
        }
    }

    fn form() -> CallForm {
        let attribute = |name: &str, control| input(Place::Body, name, control);
        CallForm {
            call: Call {
                method: "POST".into(),
                base_url: "https://gw.example/shop".into(),
                path: vec![
                    PathPart::Text("/pets/".into()),
                    PathPart::Parameter { name: "id".into(), text: "7".into() },
                ],
                ..Call::default()
            },
            inputs: vec![
                input(Place::Path, "id", Control::Line),
                input(Place::Query, "tag", Control::Lines),
                input(Place::Query, "where", Control::Json),
                input(Place::Header, "X-A", Control::Line),
                input(Place::Cookie, "c", Control::Line),
            ],
            bodies: vec![
                BodyForm {
                    media_type: "application/json".into(),
                    kind: BodyKind::Json { text: "{\"a\": 1}".into(), inputs: Vec::new() },
                },
                BodyForm {
                    media_type: "multipart/form-data".into(),
                    kind: BodyKind::Multipart(vec![
                        attribute("f", Control::File { many: false }),
                        attribute("m", Control::Json),
                        attribute("n", Control::Line),
                    ]),
                },
            ],
            body_required: true,
            credentials: vec![
                Credential { name: "b".into(), kind: CredentialKind::Basic },
                Credential {
                    name: "k".into(),
                    kind: CredentialKind::Key { place: Place::Query, name: "to ken".into() },
                },
            ],
        }
    }

    fn filled(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn what_is_typed_becomes_the_call() {
        let form = form();
        let mut values = start(&form);
        assert_eq!(missing(&form, &values), ["path.id"]);
        values.extend(filled(&[
            ("path.id", "a/b"),
            ("query.tag", "x\n\n y "),
            ("query.where", r#"{"n": 1, "t": "ü"}"#),
            ("header.X-A", "1"),
            ("cookie.c", "a b"),
        ]));
        let made = call(&form, &values);
        assert_eq!(made.url(), "https://gw.example/shop/pets/a%2Fb?tag=x&tag=y&n=1&t=%C3%BC");
        assert_eq!((&made.headers[0], &made.cookies[0]), (&Pair::new("X-A", "1"), &Pair::new("c", "a%20b")));
        assert_eq!(made.body, Some(Body::Json { media_type: "application/json".into(), text: "{\"a\": 1}".into() }));
        assert!(missing(&form, &values).is_empty());
        values.extend(filled(&[(BODY, "1"), ("field.1.f", "cat.png"), ("field.1.m", "[1]"), ("field.1.n", "Rex")]));
        let Some(Body::Multipart(parts)) = call(&form, &values).body else { panic!("no multipart") };
        let told: Vec<_> =
            parts.iter().map(|part| (part.name.as_str(), part.media_type.as_deref(), &part.content)).collect();
        assert_eq!(
            told,
            [
                ("f", None, &PartContent::File("cat.png".into())),
                ("m", Some("application/json"), &PartContent::Text("[1]".into())),
                ("n", None, &PartContent::Text("Rex".into())),
            ]
        );
        values.insert(BODY.into(), String::new());
        assert_eq!(call(&form, &values).body, None);
    }

    #[test]
    fn credentials_are_sent_beside_the_call() {
        let form = form();
        assert_eq!(credentials(&form, &start(&form)), (Vec::new(), Vec::new()));
        let values = filled(&[
            ("credential.0.name", "Aladdin"),
            ("credential.0.secret", "open sesame"),
            ("credential.1.secret", "s&"),
        ]);
        let (fields, query) = credentials(&form, &values);
        // The example of RFC 7617, 2.
        assert_eq!(fields, [Pair::new("authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")]);
        assert_eq!(query, [Pair::new("to%20ken", "s%26")]);
        assert!(values.keys().all(|name| is_credential(name)));
        assert_eq!((base64(b"f").as_str(), base64(b"fo").as_str(), base64(b"foo").as_str()), ("Zg==", "Zm8=", "Zm9v"));
    }

    #[test]
    fn an_attribute_and_the_bodys_text_are_one() {
        let name = Input { required: true, ..input(Place::Body, "name", Control::Line) };
        let age = Input { text: false, ..input(Place::Body, "age", Control::Line) };
        let tags = input(Place::Body, "tags", Control::Lines);
        let home = input(Place::Body, "home", Control::Json);
        let body = r#"{"name": "Rex", "age": 3, "tags": ["a", "b"], "home": {"town": "Oslo"}, "kept": [1.50]}"#;
        let shown = |input: &Input| attribute(body, input).unwrap();
        assert_eq!((shown(&name).as_str(), shown(&age).as_str(), shown(&tags).as_str()), ("Rex", "3", "a\nb"));
        assert!(shown(&home).contains("\"town\": \"Oslo\""));
        assert_eq!(attribute("[]", &name), None);
        let changed = with_attribute(body, &age, "4").unwrap();
        assert!(changed.contains("\"age\": 4") && changed.contains("kept"), "{changed}");
        assert!(!with_attribute(body, &age, "").unwrap().contains("age"));
        assert!(with_attribute(body, &name, "").unwrap().contains("\"name\": \"\""));
        assert_eq!(with_attribute("", &tags, "x\ny").unwrap().replace(['\n', ' '], ""), r#"{"tags":["x","y"]}"#);
        assert!(with_attribute(body, &age, "four").unwrap_err().contains("no JSON value"));
        assert!(with_attribute("[]", &age, "4").unwrap_err().contains("no JSON object"));
    }
}
