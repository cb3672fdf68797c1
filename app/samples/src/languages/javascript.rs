//! `fetch` of browsers and Node.js; files and variables by Node.js.
use crate::{
    json::{self, Kind},
    multipart::base,
    writer::{Grammar, Quote, Value, Writer, common_escape, fields, fields_with_type, fill, is_odd, utf16_escape},
};
use portico_contract::{
    call::{Body, Call, Part, PartContent},
    reference::Code,
};

const GRAMMAR: Grammar = Grammar {
    keywords: &["await", "const", "from", "import", "new", "null", "true", "false"],
    comment: "// ",
    quote: |_| Quote {
        open: "\"",
        close: "\"",
        escape: |c, out| match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if common_escape(c, out) => {}
            c if is_odd(c) => utf16_escape(c, out),
            c => out.push(c),
        },
    },
};

pub(crate) fn write(call: &Call) -> Code {
    let mut w = Writer::new(&GRAMMAR);
    // fetch refuses to send one with GET.
    let body = call.body.as_ref().filter(|_| call.method != "GET");
    if reads_files(body) {
        w.source("import { readFile } from \"node:fs/promises\";\n\n");
    }
    if call.body.is_some() && body.is_none() {
        w.source("// fetch sends no body with GET; this call leaves it out.\n");
    }
    if !call.cookies.is_empty() {
        w.source("// Browsers send their own cookies instead of this field.\n");
    }
    if let Some(Body::Multipart(parts)) = body {
        form(&mut w, parts);
    }
    w.source("const response = await fetch(");
    w.literal(&call.url_pieces());
    let own_type = matches!(body, Some(Body::Form(_)));
    let fields = if body.is_none() || own_type { fields(call) } else { fields_with_type(call) };
    if call.method == "GET" && fields.is_empty() {
        w.source(");\n");
    } else {
        w.source(", {\n");
        if call.method != "GET" {
            w.source(&format!("  method: \"{}\",\n", call.method));
        }
        headers(&mut w, &fields);
        if let Some(body) = body {
            w.source("  body: ");
            self::body(&mut w, body);
            w.source(",\n");
        }
        w.source("});\n");
    }
    w.source("console.log(response.status, await response.text());\n");
    w.done()
}

fn reads_files(body: Option<&Body>) -> bool {
    match body {
        Some(Body::File { .. }) => true,
        Some(Body::Multipart(parts)) => parts.iter().any(|part| matches!(part.content, PartContent::File(_))),
        _ => false,
    }
}

fn headers(w: &mut Writer, fields: &[(String, Value)]) {
    if fields.is_empty() {
        return;
    }
    w.source("  headers: {\n");
    for (name, value) in fields {
        w.source("    ");
        w.text(name);
        w.source(": ");
        match value {
            Value::Variable(variable) => w.source(&format!("process.env.{variable}")),
            Value::Pieces(pieces) => w.literal(pieces),
        }
        w.source(",\n");
    }
    w.source("  },\n");
}

fn form(w: &mut Writer, parts: &[Part]) {
    w.source("const form = new FormData();\n");
    for Part { name, media_type, content } in parts {
        w.source("form.append(");
        w.text(name);
        w.source(", ");
        match (content, media_type) {
            (PartContent::Text(text), None) => w.literal(&fill(text)),
            (content, media_type) => {
                w.source("new Blob([");
                match content {
                    PartContent::Text(text) => w.literal(&fill(text)),
                    PartContent::File(file) => {
                        w.source("await readFile(");
                        w.literal(&fill(file));
                        w.source(")");
                    }
                }
                w.source("]");
                if let Some(media_type) = media_type {
                    w.source(", { type: ");
                    w.text(media_type);
                    w.source(" }");
                }
                w.source(")");
                if let PartContent::File(file) = content {
                    w.source(", ");
                    w.literal(&fill(base(file)));
                }
            }
        }
        w.source(");\n");
    }
    w.source("\n");
}

fn body(w: &mut Writer, body: &Body) {
    match body {
        Body::Json { text, .. } if is_exact(text) => {
            w.source("JSON.stringify(");
            w.json(text, "  ", |kind, token| match kind {
                Kind::Key | Kind::Text => json::hidden(token, is_odd),
                _ => token.to_owned(),
            });
            w.source(")");
        }
        Body::Json { text, .. } | Body::Text { text, .. } => w.literal(&fill(text)),
        Body::File { file, .. } => {
            w.source("await readFile(");
            w.literal(&fill(file));
            w.source(")");
        }
        Body::Form(pairs) => {
            w.source("new URLSearchParams([\n");
            for pair in pairs {
                w.source("    [");
                w.text(&pair.name);
                w.source(", ");
                w.literal(&fill(&pair.value));
                w.source("],\n");
            }
            w.source("  ])");
        }
        Body::Multipart(_) => w.source("form"),
    }
}

/// Whether JSON, read as JavaScript and written again, is the same: numbers beyond 15 digits would change, and the key
/// `__proto__` is none there.
fn is_exact(text: &str) -> bool {
    let tokens = json::tokens(text).unwrap_or_default();
    tokens.iter().all(|(kind, token)| match kind {
        Kind::Number => token.chars().filter(char::is_ascii_digit).count() <= 15,
        Kind::Key => serde_json::from_str::<String>(token).is_ok_and(|key| key != "__proto__"),
        _ => true,
    })
}
