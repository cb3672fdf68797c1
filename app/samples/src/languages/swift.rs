//! Swift, with URLSession.
use super::java::encoded;
use crate::{
    json::{self, Kind},
    multipart::{Chunk, boundary, chunks},
    writer::{Grammar, Quote, Value, Writer, braced_escape, common_escape, fields_with_type, fill, fixed, is_odd},
};
use portico_contract::{
    call::{Body, Call},
    reference::{Code, Token},
};

const GRAMMAR: Grammar = Grammar {
    keywords: &["import", "let", "var", "try", "await", "as", "false"],
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
    // URLSession refuses to send one with GET.
    let body = call.body.as_ref().filter(|_| call.method != "GET");
    w.source("import Foundation\n\n");
    if call.body.is_some() && body.is_none() {
        w.source("// URLSession sends no body with GET; this call leaves it out.\n");
    }
    w.source("var request = URLRequest(url: URL(string: ");
    w.literal(&call.url_pieces());
    w.source(&format!(")!)\nrequest.httpMethod = \"{}\"\n", call.method));
    if !call.cookies.is_empty() {
        w.source("request.httpShouldHandleCookies = false\n");
    }
    let mut fields = fields_with_type(call);
    if let Some(Body::Multipart(parts)) = body {
        let media_type = format!("multipart/form-data; boundary={}", boundary(parts));
        fields.push(("Content-Type".to_owned(), Value::Pieces(fixed(media_type))));
    }
    for (name, value) in fields {
        w.source("request.setValue(");
        match value {
            Value::Variable(variable) => {
                w.source(&format!("ProcessInfo.processInfo.environment[\"{variable}\"]"));
            }
            Value::Pieces(pieces) => w.literal(&pieces),
        }
        w.source(", forHTTPHeaderField: ");
        w.text(&name);
        w.source(")\n");
    }
    if let Some(body) = body {
        self::body(&mut w, body);
    }
    w.source(
        "\nlet (data, response) = try await URLSession.shared.data(for: request)\n\
         print((response as! HTTPURLResponse).statusCode, String(decoding: data, as: UTF8.self))\n",
    );
    w.done()
}

fn body(w: &mut Writer, body: &Body) {
    let data = |w: &mut Writer, pieces: &[(bool, String)]| {
        w.source("Data(");
        w.literal(pieces);
        w.source(".utf8)");
    };
    let file_data = |w: &mut Writer, file: &str| {
        w.source("try Data(contentsOf: URL(fileURLWithPath: ");
        w.literal(&fill(file));
        w.source("))");
    };
    match body {
        Body::Json { text, .. } => {
            w.source("request.httpBody = Data(");
            // Between hashes only `\#` is read, so no hash is written; three quotes never stand together in JSON.
            w.put(Token::Text, "#\"\"\"\n");
            w.json(text, "", |kind, token| match kind {
                Kind::Key | Kind::Text => json::hidden(token, |c| c == '#' || is_odd(c)),
                _ => token.to_owned(),
            });
            w.put(Token::Text, "\n\"\"\"#");
            w.source(".utf8)\n");
        }
        Body::Text { text, .. } => {
            w.source("request.httpBody = ");
            data(w, &fill(text));
            w.source("\n");
        }
        Body::Form(pairs) => {
            w.source("request.httpBody = ");
            data(w, &encoded(pairs));
            w.source("\n");
        }
        Body::File { file, .. } => {
            w.source("request.httpBody = ");
            file_data(w, file);
            w.source("\n");
        }
        Body::Multipart(parts) => {
            w.source("var body = Data()\n");
            for chunk in chunks(parts, &boundary(parts)) {
                w.source("body.append(");
                match chunk {
                    Chunk::Text(pieces) => data(w, &pieces),
                    Chunk::File(file) => file_data(w, &file),
                }
                w.source(")\n");
            }
            w.source("request.httpBody = body\n");
        }
    }
}
