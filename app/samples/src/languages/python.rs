//! Python, with requests or httpx, whose calls are nearly the same.
use crate::{
    json::{self, Kind},
    multipart::base,
    writer::{Grammar, Quote, Value, Writer, add, common_escape, fields, fields_with_type, fill, is_odd},
};
use portico_contract::{
    call::{Body, Call, Pair, Part, PartContent},
    reference::Code,
};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Library {
    Requests,
    Httpx,
}

const QUOTE: Quote = Quote {
    open: "\"",
    close: "\"",
    escape: |c, out| match c {
        '"' | '\\' => out.extend(['\\', c]),
        c if common_escape(c, out) => {}
        c if is_odd(c) && u32::from(c) > 0xffff => add(out, format_args!("\\U{:08x}", u32::from(c))),
        c if is_odd(c) => add(out, format_args!("\\u{:04x}", u32::from(c))),
        c => out.push(c),
    },
};

const GRAMMAR: Grammar = Grammar { keywords: &["import", "None", "True", "False"], comment: "# ", quote: |_| QUOTE };

pub(crate) fn write(call: &Call, library: Library) -> Code {
    let mut w = Writer::new(&GRAMMAR);
    if call.key.is_some() {
        w.source("import os\n\n");
    }
    let module = if library == Library::Requests { "requests" } else { "httpx" };
    w.source(&format!("import {module}\n\nresponse = {module}."));
    let named = match call.method.as_str() {
        // httpx' functions for these take no body.
        "GET" | "DELETE" | "OPTIONS" => call.body.is_none(),
        "POST" | "PUT" | "PATCH" | "HEAD" => true,
        _ => false,
    };
    if named {
        w.source(&format!("{}(\n    ", call.method.to_ascii_lowercase()));
    } else {
        w.source(&format!("request(\n    \"{}\",\n    ", call.method));
    }
    w.literal(&call.url_pieces());
    w.source(",\n");
    headers(&mut w, call);
    if let Some(body) = &call.body {
        self::body(&mut w, body, library);
    }
    w.source(")\nprint(response.status_code, response.text)\n");
    w.done()
}

fn headers(w: &mut Writer, call: &Call) {
    let said_otherwise = match &call.body {
        Some(Body::Form(_)) => true,
        Some(Body::Json { media_type, text }) => media_type == "application/json" && is_exact(text),
        _ => false,
    };
    let fields = if said_otherwise { fields(call) } else { fields_with_type(call) };
    if fields.is_empty() {
        return;
    }
    w.source("    headers={\n");
    for (name, value) in fields {
        w.source("        ");
        w.text(&name);
        w.source(": ");
        match value {
            Value::Variable(variable) => w.source(&format!("os.environ[\"{variable}\"]")),
            Value::Pieces(pieces) => w.literal(&pieces),
        }
        w.source(",\n");
    }
    w.source("    },\n");
}

fn body(w: &mut Writer, body: &Body, library: Library) {
    let whole = if library == Library::Requests { "    data=" } else { "    content=" };
    match body {
        Body::Json { text, .. } if is_exact(text) => {
            w.source("    json=");
            w.json(text, "    ", json_as_python);
            w.source(",\n");
        }
        Body::Json { text, .. } | Body::Text { text, .. } => {
            w.source(whole);
            w.literal(&fill(text));
            // requests would write a text in Latin-1.
            w.source(".encode(),\n");
        }
        Body::File { file, .. } => {
            w.source(&format!("{whole}open("));
            w.literal(&fill(file));
            w.source(", \"rb\"),\n");
        }
        Body::Form(pairs) => {
            w.source("    data={\n");
            form(w, pairs);
            w.source("    },\n");
        }
        Body::Multipart(parts) => {
            w.source("    files=[\n");
            for part in parts {
                self::part(w, part);
            }
            w.source("    ],\n");
        }
    }
}

/// Values of the same name stand in a list.
fn form(w: &mut Writer, pairs: &[Pair]) {
    for (n, Pair { name, .. }) in pairs.iter().enumerate() {
        if pairs[..n].iter().any(|before| before.name == *name) {
            continue;
        }
        let values: Vec<&Pair> = pairs.iter().filter(|pair| pair.name == *name).collect();
        w.source("        ");
        w.text(name);
        w.source(if values.len() > 1 { ": [" } else { ": " });
        for (n, pair) in values.iter().enumerate() {
            w.source(if n > 0 { ", " } else { "" });
            w.literal(&fill(&pair.value));
        }
        w.source(if values.len() > 1 { "],\n" } else { ",\n" });
    }
}

/// A name, and a tuple of a file's name, its content and its media type.
fn part(w: &mut Writer, Part { name, media_type, content }: &Part) {
    w.source("        (");
    w.text(name);
    w.source(", (");
    match content {
        PartContent::Text(text) => {
            w.source("None, ");
            w.literal(&fill(text));
        }
        PartContent::File(file) => {
            w.literal(&fill(base(file)));
            w.source(", open(");
            w.literal(&fill(file));
            w.source(", \"rb\")");
        }
    }
    if let Some(media_type) = media_type {
        w.source(", ");
        w.text(media_type);
    }
    w.source(")),\n");
}

/// Python reads JSON's strings otherwise (`\/`, pairs of surrogates), so they are written anew.
fn json_as_python(kind: Kind, token: &str) -> String {
    match (kind, token) {
        (Kind::Word, "true") => "True".to_owned(),
        (Kind::Word, "false") => "False".to_owned(),
        (Kind::Word, "null") => "None".to_owned(),
        (Kind::Key | Kind::Text, token) => {
            let text: String = serde_json::from_str(token).unwrap_or_default();
            let mut literal = QUOTE.open.to_owned();
            text.chars().for_each(|c| (QUOTE.escape)(c, &mut literal));
            literal + QUOTE.close
        }
        (_, token) => token.to_owned(),
    }
}

/// Whether JSON, read as Python and written again, is the same: a number that is no finite float would not be.
fn is_exact(text: &str) -> bool {
    let tokens = json::tokens(text).unwrap_or_default();
    tokens.iter().all(|(kind, token)| match kind {
        Kind::Number => token.parse::<f64>().is_ok_and(f64::is_finite),
        Kind::Key | Kind::Text => serde_json::from_str::<String>(token).is_ok(),
        _ => true,
    })
}
