//! PHP, with its curl extension.
use super::java::encoded;
use crate::{
    json::{self, Kind},
    multipart::{Chunk, base, boundary, chunks, has_twins},
    writer::{
        Grammar, Pieces, Quote, Value, Writer, braced_escape, common_escape, fields_with_type, fill, fixed, is_odd,
    },
};
use portico_contract::{
    call::{Body, Call, Part, PartContent},
    reference::{Code, Token},
};

const GRAMMAR: Grammar = Grammar { keywords: &["php", "echo", "new", "true"], comment: "// ", quote };

fn quote(text: &str) -> Quote {
    let single = Quote {
        open: "'",
        close: "'",
        escape: |c, out| if matches!(c, '\'' | '\\') { out.extend(['\\', c]) } else { out.push(c) },
    };
    let double = Quote {
        open: "\"",
        close: "\"",
        escape: |c, out| match c {
            '"' | '\\' | '$' => out.extend(['\\', c]),
            c if common_escape(c, out) => {}
            c if is_odd(c) => braced_escape(c, out),
            c => out.push(c),
        },
    };
    if text.chars().any(is_odd) { double } else { single }
}

pub(crate) fn write(call: &Call) -> Code {
    let mut w = Writer::new(&GRAMMAR);
    w.source("<?php\n$curl = curl_init(");
    w.literal(&call.url_pieces());
    w.source(");\ncurl_setopt_array($curl, [\n");
    match call.method.as_str() {
        "GET" if call.body.is_none() => {}
        "HEAD" => w.source("    CURLOPT_NOBODY => true,\n"),
        method => w.source(&format!("    CURLOPT_CUSTOMREQUEST => '{method}',\n")),
    }
    w.source("    CURLOPT_RETURNTRANSFER => true,\n");
    headers(&mut w, call);
    if let Some(body) = &call.body {
        w.source("    CURLOPT_POSTFIELDS => ");
        self::body(&mut w, body);
        w.source(",\n");
    }
    w.source(
        "]);\n$answer = curl_exec($curl);\necho curl_getinfo($curl, CURLINFO_RESPONSE_CODE), ' ', $answer, \"\\n\";\n",
    );
    w.done()
}

/// Whether the extension writes the form itself: its names are those of an array, and its texts have no type.
fn is_plain(parts: &[Part]) -> bool {
    let typed = |part: &Part| part.media_type.is_some() && matches!(part.content, PartContent::Text(_));
    !has_twins(parts) && !parts.iter().any(typed)
}

fn headers(w: &mut Writer, call: &Call) {
    let mut fields = fields_with_type(call);
    if let Some(Body::Multipart(parts)) = call.body.as_ref()
        && !is_plain(parts)
    {
        let media_type = format!("multipart/form-data; boundary={}", boundary(parts));
        fields.push(("Content-Type".to_owned(), Value::Pieces(fixed(media_type))));
    }
    if fields.is_empty() {
        return;
    }
    w.source("    CURLOPT_HTTPHEADER => [\n");
    for (name, value) in fields {
        w.source("        ");
        match value {
            Value::Variable(variable) => w.source(&format!("'{name}: ' . getenv('{variable}')")),
            // With a colon and nothing behind it curl would leave the field out.
            Value::Pieces(pieces) if pieces.iter().all(|(_, text)| text.is_empty()) => w.text(&format!("{name};")),
            Value::Pieces(pieces) => {
                let mut field: Pieces = fixed(format!("{name}: "));
                field.extend(pieces);
                w.literal(&field);
            }
        }
        w.source(",\n");
    }
    w.source("    ],\n");
}

fn body(w: &mut Writer, body: &Body) {
    match body {
        Body::Json { text, .. } => {
            // Nothing is read in such a text, and no line of JSON begins with its last word.
            w.put(Token::Text, "<<<'JSON'\n");
            w.json(text, "", |kind, token| match kind {
                Kind::Key | Kind::Text => json::hidden(token, is_odd),
                _ => token.to_owned(),
            });
            w.put(Token::Text, "\nJSON");
        }
        Body::Text { text, .. } => w.literal(&fill(text)),
        Body::File { file, .. } => contents(w, file),
        Body::Form(pairs) => w.literal(&encoded(pairs)),
        Body::Multipart(parts) if is_plain(parts) => {
            w.source("[\n");
            for part in parts {
                self::part(w, part);
            }
            w.source("    ]");
        }
        Body::Multipart(parts) => {
            for (n, chunk) in chunks(parts, &boundary(parts)).iter().enumerate() {
                w.source(if n > 0 { "\n        . " } else { "" });
                match chunk {
                    Chunk::Text(pieces) => w.literal(pieces),
                    Chunk::File(file) => contents(w, file),
                }
            }
        }
    }
}

fn contents(w: &mut Writer, file: &str) {
    w.source("file_get_contents(");
    w.literal(&fill(file));
    w.source(")");
}

fn part(w: &mut Writer, Part { name, media_type, content }: &Part) {
    w.source("        ");
    w.text(name);
    w.source(" => ");
    match content {
        PartContent::Text(text) => w.literal(&fill(text)),
        PartContent::File(file) => {
            w.source("new CURLFile(");
            w.literal(&fill(file));
            if let Some(media_type) = media_type {
                w.source(", ");
                w.text(media_type);
                w.source(", ");
                w.literal(&fill(base(file)));
            }
            w.source(")");
        }
    }
    w.source(",\n");
}
