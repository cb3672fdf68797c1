//! Rust, with reqwest's blocking client.
use crate::{
    json::{self, Kind},
    writer::{Grammar, Quote, Value, Writer, braced_escape, common_escape, fields, fields_with_type, fill, is_odd},
};
use portico_contract::{
    call::{Body, Call, Part, PartContent},
    reference::{Code, Token},
};

const GRAMMAR: Grammar = Grammar {
    keywords: &["use", "fn", "let", "dyn", "true", "false"],
    comment: "// ",
    quote: |_| Quote {
        open: "\"",
        close: "\"",
        escape: |c, out| match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if common_escape(c, out) => {}
            c if is_odd(c) => braced_escape(c, out),
            c => out.push(c),
        },
    },
};

pub(crate) fn write(call: &Call) -> Code {
    let mut w = Writer::new(&GRAMMAR);
    let multipart = matches!(call.body, Some(Body::Multipart(_)));
    let features = if multipart { "\"blocking\", \"multipart\"" } else { "\"blocking\"" };
    w.source(&format!("// With the features {features} of reqwest.\nuse reqwest::blocking::"));
    w.source(if multipart { "{Client, multipart};\n\n" } else { "Client;\n\n" });
    w.source("fn main() -> Result<(), Box<dyn std::error::Error>> {\n    let response = Client::new()\n        ");
    match call.method.as_str() {
        "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" => {
            w.source(&format!(".{}(", call.method.to_ascii_lowercase()));
        }
        method => w.source(&format!(".request(\"{method}\".parse()?, ")),
    }
    w.literal(&call.url_pieces());
    w.source(")\n");
    let fields = if matches!(call.body, Some(Body::Form(_))) { fields(call) } else { fields_with_type(call) };
    for (name, value) in fields {
        w.source("        .header(");
        w.text(&name);
        w.source(", ");
        match value {
            Value::Variable(variable) => w.source(&format!("std::env::var(\"{variable}\")?")),
            Value::Pieces(pieces) => w.literal(&pieces),
        }
        w.source(")\n");
    }
    if let Some(body) = &call.body {
        self::body(&mut w, body);
    }
    w.source("        .send()?;\n    println!(\"{} {}\", response.status(), response.text()?);\n    Ok(())\n}\n");
    w.done()
}

fn body(w: &mut Writer, body: &Body) {
    match body {
        Body::Json { text, .. } => {
            let hashes = hashes(text);
            w.source("        .body(");
            w.put(Token::Text, &format!("r{hashes}\""));
            w.json(text, "", |kind, token| match kind {
                Kind::Key | Kind::Text => json::hidden(token, is_odd),
                _ => token.to_owned(),
            });
            w.put(Token::Text, &format!("\"{hashes}"));
            w.source(")\n");
        }
        Body::Text { text, .. } => {
            w.source("        .body(");
            w.literal(&fill(text));
            w.source(")\n");
        }
        Body::File { file, .. } => {
            w.source("        .body(std::fs::File::open(");
            w.literal(&fill(file));
            w.source(")?)\n");
        }
        Body::Form(pairs) => {
            w.source("        .form(&[\n");
            for pair in pairs {
                w.source("            (");
                w.text(&pair.name);
                w.source(", ");
                w.literal(&fill(&pair.value));
                w.source("),\n");
            }
            w.source("        ])\n");
        }
        Body::Multipart(parts) => {
            w.source("        .multipart(\n            multipart::Form::new()");
            for part in parts {
                self::part(w, part);
            }
            w.source(",\n        )\n");
        }
    }
}

fn part(w: &mut Writer, Part { name, media_type, content }: &Part) {
    w.source("\n                ");
    let method = match (content, media_type) {
        (_, Some(_)) => ".part(",
        (PartContent::Text(_), None) => ".text(",
        (PartContent::File(_), None) => ".file(",
    };
    w.source(method);
    w.text(name);
    w.source(", ");
    if media_type.is_some() {
        w.source(if matches!(content, PartContent::Text(_)) {
            "multipart::Part::text("
        } else {
            "multipart::Part::file("
        });
    }
    let (PartContent::Text(text) | PartContent::File(text)) = content;
    w.literal(&fill(text));
    if let Some(media_type) = media_type {
        w.source(if matches!(content, PartContent::Text(_)) { ").mime_str(" } else { ")?.mime_str(" });
        w.text(media_type);
        w.source(")?");
    }
    w.source(")");
    if matches!((content, media_type), (PartContent::File(_), None)) {
        w.source("?");
    }
}

/// As many as no quote within the text is followed by.
fn hashes(text: &str) -> String {
    let runs = text.split('"').skip(1).map(|behind| behind.chars().take_while(|c| *c == '#').count());
    "#".repeat(runs.max().unwrap_or_default() + 1)
}
