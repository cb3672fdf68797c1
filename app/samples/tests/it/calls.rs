//! Calls of all kinds with values that would break out of a careless literal, and what must arrive of them.
use super::echo::Arrived;
use percent_encoding::percent_decode_str;
use portico_contract::call::{Body, Call, Pair, Part, PartContent, PathPart};
use std::collections::BTreeMap;

pub(crate) const VARIABLE: &str = "SAMPLES_KEY";
pub(crate) const SECRET: &str = "ptk_test_secret";
/// What the file named `file` holds.
pub(crate) const FILE: &[u8] = b"\x00\xff\r\n--'\"\\ bytes\n";

/// Ends of literals, expansions and escapes of all the languages.
pub(crate) const NASTY: [&str; 12] = [
    "'\"`",
    "\\ \\\\ \\' \\\" \\n \\u0022 \\u{22} \\x22 \\(1)",
    "$HOME ${HOME} $(id) #{1+1} #$0 #@a %s %{a} {{a}} {a} `id` @{id} $env:PATH",
    "a\nb\n\nc",
    "'''\"\"\"```",
    "'@\n'@ \n\"@\nJSON\n  JSON;\nEOF\n",
    "\"# \"## \"###\" r#\" */ // <!-- <?php ?> </script>",
    "ü é 漢 😀 \u{2018}\u{2019}\u{201a}\u{201b}\u{201c}\u{201d}\u{201e}",
    "\u{202e}\u{2066}\u{feff}\u{200b}\u{85}\u{1b}[31m\u{7f}\u{7}",
    "100% %41 %zz %% %n",
    "\t tab @file <file ;type=text/plain; a=b&c=d+e ;",
    "",
];

fn json() -> String {
    let mut members = serde_json::Map::new();
    for (n, text) in NASTY.into_iter().enumerate() {
        members.insert(
            format!("{n}{text}"),
            serde_json::json!([text, {"a": null, "b": true, "c": -1.5e3, "d": {}, "e": []}]),
        );
    }
    serde_json::to_string_pretty(&members).unwrap()
}

fn form() -> Vec<Pair> {
    let nasty = NASTY.into_iter().enumerate();
    let mut pairs: Vec<Pair> = nasty.map(|(n, text)| Pair::new(format!("n{n}{text}"), text)).collect();
    pairs.extend([Pair::new("twice", "first"), Pair::new("twice", "second 'one'")]);
    pairs
}

fn texts() -> Vec<Part> {
    let nasty = NASTY.into_iter().enumerate();
    nasty
        .map(|(n, text)| Part { name: format!("n{n}"), media_type: None, content: PartContent::Text(text.into()) })
        .collect()
}

fn part(name: &str, media_type: Option<&str>, content: PartContent) -> Part {
    Part { name: name.into(), media_type: media_type.map(str::to_owned), content }
}

fn multipart() -> Vec<Part> {
    let mut parts = texts();
    parts.extend([
        part("twice", None, PartContent::Text("a".into())),
        part("twice", None, PartContent::Text("b$c".into())),
        part("meta[$0]", Some("application/json"), PartContent::Text("{\"a\": \"\\\"';\\\\ $(id) #{1}\"}".into())),
        part("photo", None, PartContent::File("file".into())),
        part("typed", Some("image/png"), PartContent::File("file".into())),
    ]);
    parts
}

/// Every kind of call, by name.
pub(crate) fn all(base_url: &str) -> Vec<(&'static str, Call)> {
    let with = |method: &str, body: Body| Call {
        method: method.into(),
        base_url: base_url.into(),
        path: vec![PathPart::Text("/things".into())],
        key: Some(VARIABLE.into()),
        body: Some(body),
        ..Call::default()
    };
    let media_type = |text: &str| text.to_owned();
    let json = |method: &str, kind: &str, text: &str| {
        with(method, Body::Json { media_type: media_type(kind), text: text.to_owned() })
    };
    vec![
        (
            "fields",
            Call {
                method: "GET".into(),
                base_url: base_url.into(),
                path: vec![
                    PathPart::Text("/a$(id)!*,@:=&;~/".into()),
                    PathPart::Parameter { name: "x".into(), text: "%27%22%24%28id%29%23%7B1%7D%0A".into() },
                    PathPart::Text("/b".into()),
                ],
                query: vec![
                    Pair::new("q%5Ba%5D", "%24%7BHOME%7D%5C%60"),
                    Pair::new("empty", ""),
                    Pair::new("list", "a,b%20c"),
                    Pair::new("list", "%E6%BC%A2"),
                ],
                headers: vec![
                    Pair::new("X-Nasty", "'\"` \\ $HOME ${HOME} $(id) #{1} %s {{a}} @x ;type=a"),
                    Pair::new("X-Empty", ""),
                    Pair::new("x-api-key", "not this one"),
                ],
                cookies: vec![Pair::new("session", "a%27b%22$(id)"), Pair::new("two", "")],
                key: Some(VARIABLE.into()),
                body: None,
            },
        ),
        (
            "bare",
            Call {
                method: "GET".into(),
                base_url: base_url.into(),
                path: vec![PathPart::Text("/".into())],
                ..Call::default()
            },
        ),
        (
            "delete",
            Call {
                method: "DELETE".into(),
                base_url: base_url.into(),
                path: vec![PathPart::Text("/a".into())],
                ..Call::default()
            },
        ),
        (
            "options",
            Call {
                method: "OPTIONS".into(),
                base_url: base_url.into(),
                path: vec![PathPart::Text("/a".into())],
                ..Call::default()
            },
        ),
        ("json", json("POST", "application/json", &self::json())),
        ("json-text", json("PATCH", "application/merge-patch+json", "\"'$(id)\\\\#{1}`\\\"#\"")),
        (
            "json-numbers",
            json("PUT", "application/json", "{\"__proto__\": [12345678901234567890, 1.0, \"\\/\\ud83d\\ude00\"]}"),
        ),
        ("no-json", json("POST", "application/json", "{ a: 'b\" }\n'@")),
        ("form", with("POST", Body::Form(form()))),
        ("multipart", with("POST", Body::Multipart(multipart()))),
        ("multipart-texts", with("POST", Body::Multipart(texts()))),
        ("text", with("PUT", Body::Text { media_type: media_type("text/plain; charset=utf-8"), text: NASTY.concat() })),
        ("text-empty", with("POST", Body::Text { media_type: media_type("text/plain"), text: String::new() })),
        ("file", with("POST", Body::File { media_type: media_type("application/octet-stream"), file: "file".into() })),
    ]
}

/// Path and query.
fn target(call: &Call) -> String {
    let url = call.url();
    let host = url.find("/base").unwrap();
    url[host..].to_owned()
}

/// What is wrong with what arrived. `decoded`: targets are compared by what they mean, since Mono takes quotes and
/// brackets for characters that need no code (.NET leaves them as they are).
pub(crate) fn differences(call: &Call, arrived: &Arrived, decoded: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut compare = |what: &str, expected: &str, found: &str| {
        if expected != found {
            wrong.push(format!("{what}\n  expected {expected:?}\n  found    {found:?}"));
        }
    };
    compare("method", &call.method, &arrived.method);
    let meant = |target: &str| {
        if decoded { percent_decode_str(target).decode_utf8_lossy().into_owned() } else { target.to_owned() }
    };
    compare("target", &meant(&target(call)), &meant(&arrived.target));
    for Pair { name, value } in call.headers.iter().filter(|pair| pair.name != "x-api-key") {
        compare(name, value, arrived.field(name).unwrap_or("(absent)"));
    }
    if call.key.is_some() {
        let keys: Vec<&str> = arrived
            .fields
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("x-api-key"))
            .map(|(_, v)| v.as_str())
            .collect();
        compare("key", SECRET, &keys.join(", "));
    }
    if !call.cookies.is_empty() {
        let cookies: String = call.cookie_pieces().into_iter().map(|(_, text)| text).collect();
        compare("cookies", &cookies, arrived.field("Cookie").unwrap_or("(absent)"));
    }
    if let Some(expected) = call.body.as_ref().and_then(Body::media_type) {
        let spaceless = |text: &str| text.replace(' ', "").to_ascii_lowercase();
        let found = spaceless(arrived.field("Content-Type").unwrap_or("(absent)"));
        // fetch tells the encoding of its forms, which has no other.
        compare("media type", &spaceless(expected), &found.replace("form-urlencoded;charset=utf-8", "form-urlencoded"));
    }
    let text = String::from_utf8_lossy(&arrived.body);
    match &call.body {
        None => compare("body", "", &text),
        Some(Body::Json { text: expected, .. }) => match serde_json::from_str::<serde_json::Value>(expected) {
            Ok(value) => {
                let found: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|_| text.as_ref().into());
                compare("JSON", &meaning(&value), &meaning(&found));
            }
            Err(_) => compare("text", expected, &text),
        },
        Some(Body::Text { text: expected, .. }) => compare("text", expected, &text),
        Some(Body::File { .. }) => compare("bytes", &format!("{FILE:?}"), &format!("{:?}", arrived.body)),
        Some(Body::Form(pairs)) => {
            let found = url::form_urlencoded::parse(&arrived.body).into_owned();
            compare(
                "form",
                &by_name(pairs.iter().map(|pair| (pair.name.clone(), pair.value.clone()))),
                &by_name(found),
            );
        }
        Some(Body::Multipart(parts)) => {
            let media_type = arrived.field("Content-Type").unwrap_or_default();
            for (expected, found) in both(parts, &parsed(media_type, &arrived.body)) {
                compare("part", &expected, &found);
            }
        }
    }
    wrong
}

/// JSON with its members in one order and its numbers written in one way.
fn meaning(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<&String, String> = members.iter().map(|(key, value)| (key, meaning(value))).collect();
            format!("{sorted:?}")
        }
        Value::Array(items) => format!("{:?}", items.iter().map(meaning).collect::<Vec<_>>()),
        Value::Number(number) => {
            number.as_u64().map_or_else(|| format!("{:?}", number.as_f64()), |n| format!("Some({n}.0)"))
        }
        other => other.to_string(),
    }
}

/// Values of one name in their order; languages sort names as they like.
fn by_name(pairs: impl Iterator<Item = (String, String)>) -> String {
    let mut sorted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs {
        sorted.entry(name).or_default().push(value);
    }
    format!("{sorted:?}")
}

/// Name, type, whether it is a file, and content of a part that arrived.
struct Found {
    head: String,
    content: Vec<u8>,
}

fn parsed(media_type: &str, body: &[u8]) -> Vec<Found> {
    let boundary = media_type.split("boundary=").nth(1).unwrap_or("(none)").trim_matches('"');
    let delimiter = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut rest = body;
    while let Some(at) = find(rest, delimiter.as_bytes()) {
        let piece = &rest[..at];
        if let Some(head) = find(piece, b"\r\n\r\n") {
            let content = piece[head + 4..].strip_suffix(b"\r\n").unwrap_or(&piece[head + 4..]);
            parts.push(Found { head: String::from_utf8_lossy(&piece[..head]).into_owned(), content: content.to_vec() });
        }
        rest = &rest[at + delimiter.len()..];
    }
    parts
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn both(parts: &[Part], found: &[Found]) -> Vec<(String, String)> {
    let mut pairs = vec![(format!("{} parts", parts.len()), format!("{} parts", found.len()))];
    for (part, found) in parts.iter().zip(found) {
        let content: &[u8] = match &part.content {
            PartContent::Text(text) => text.as_bytes(),
            PartContent::File(_) => FILE,
        };
        let head = found.head.to_ascii_lowercase();
        let named = [format!("name=\"{}\"", part.name), format!("name={}", part.name)]
            .iter()
            .any(|name| head.contains(&name.to_lowercase()));
        let is_file = matches!(part.content, PartContent::File(_));
        let mut faults = String::new();
        if !named {
            faults += " name";
        }
        if is_file && !(head.contains("filename=\"file\"") || head.contains("filename=file")) {
            faults += " filename";
        }
        if part.media_type.as_ref().is_some_and(|media_type| !head.contains(&format!("content-type: {media_type}"))) {
            faults += " type";
        }
        // Browsers' forms end lines with CRLF whatever was set (WHATWG, 4.10.21.8).
        let same = found.content == content
            || !is_file
                && String::from_utf8_lossy(&found.content).replace("\r\n", "\n")
                    == String::from_utf8_lossy(content).replace("\r\n", "\n");
        let shown = String::from_utf8_lossy(&found.content).into_owned();
        pairs.push((
            format!("{} {:?}", part.name, String::from_utf8_lossy(content)),
            format!(
                "{}{faults} {:?}",
                part.name,
                if same { String::from_utf8_lossy(content).into_owned() } else { shown }
            ),
        ));
    }
    pairs
}
