//! Java 17, with java.net.http.
use crate::{
    json::{self, Kind},
    multipart::{Chunk, boundary, chunks},
    writer::{Grammar, Quote, Value, Writer, add, common_escape, fields_with_type, fill, is_odd, utf16_escape},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use portico_contract::{
    call::{Body, Call, Pair, PartContent},
    reference::{Code, Token},
};

const GRAMMAR: Grammar = Grammar {
    keywords: &["import", "public", "class", "static", "void", "throws", "var", "new"],
    comment: "// ",
    quote: |_| Quote { open: "\"", close: "\"", escape },
};

/// Java reads `\u` before anything else, so it is no way to write a character that would end a line or a text.
fn escape(c: char, out: &mut String) {
    match c {
        '"' | '\\' => out.extend(['\\', c]),
        c if common_escape(c, out) => {}
        c if c.is_ascii_control() => add(out, format_args!("\\{:03o}", u32::from(c))),
        c if is_odd(c) => utf16_escape(c, out),
        c => out.push(c),
    }
}

/// What a form's value may not be as it stands.
const IN_FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

/// A form as its body is written, in pieces.
pub(super) fn encoded(pairs: &[Pair]) -> Vec<(bool, String)> {
    let encode = |text: &str| utf8_percent_encode(text, IN_FORM).to_string();
    let mut pieces = Vec::new();
    for (n, pair) in pairs.iter().enumerate() {
        let sign = if n > 0 { "&" } else { "" };
        pieces.push((false, format!("{sign}{}=", encode(&pair.name))));
        pieces.push((true, encode(&pair.value)));
    }
    pieces
}

pub(crate) fn write(call: &Call) -> Code {
    let mut w = Writer::new(&GRAMMAR);
    w.source(
        "import java.net.URI;\nimport java.net.http.HttpClient;\nimport java.net.http.HttpRequest;\n\
         import java.net.http.HttpRequest.BodyPublishers;\nimport java.net.http.HttpResponse.BodyHandlers;\n",
    );
    if reads_files(call) {
        w.source("import java.nio.file.Path;\n");
    }
    w.source("\npublic class Sample {\n    public static void main(String[] args) throws Exception {\n");
    w.source("        var request = HttpRequest.newBuilder(URI.create(");
    w.literal(&call.url_pieces());
    w.source("))\n");
    for (name, value) in fields_with_type(call) {
        w.source("            .header(");
        w.text(&name);
        w.source(", ");
        match value {
            Value::Variable(variable) => w.source(&format!("System.getenv(\"{variable}\")")),
            Value::Pieces(pieces) => w.literal(&pieces),
        }
        w.source(")\n");
    }
    if let Some(Body::Multipart(parts)) = &call.body {
        let boundary = boundary(parts);
        w.source(&format!("            .header(\"Content-Type\", \"multipart/form-data; boundary={boundary}\")\n"));
    }
    w.source(&format!("            .method(\"{}\", ", call.method));
    publisher(&mut w, call.body.as_ref());
    w.source(
        ")\n            .build();\n        var response = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());\n        \
         System.out.println(response.statusCode() + \" \" + response.body());\n    }\n}\n",
    );
    w.done()
}

pub(super) fn reads_files(call: &Call) -> bool {
    match &call.body {
        Some(Body::File { .. }) => true,
        Some(Body::Multipart(parts)) => parts.iter().any(|part| matches!(part.content, PartContent::File(_))),
        _ => false,
    }
}

fn publisher(w: &mut Writer, body: Option<&Body>) {
    match body {
        None => w.source("BodyPublishers.noBody()"),
        Some(Body::Json { text, .. }) => {
            w.source("BodyPublishers.ofString(");
            let indent = "                ";
            w.put(Token::Text, &format!("\"\"\"\n{indent}"));
            w.json(text, indent, |kind, token| match kind {
                // Escapes are read within a text block; three quotes never stand together in JSON.
                Kind::Key | Kind::Text => json::hidden(token, is_odd).replace('\\', "\\\\"),
                _ => token.to_owned(),
            });
            w.put(Token::Text, &format!("\n{indent}\"\"\""));
            w.source(")");
        }
        Some(body) => publisher_of_text(w, body),
    }
}

/// The same in Kotlin.
pub(super) fn publisher_of_text(w: &mut Writer, body: &Body) {
    match body {
        Body::Json { text, .. } | Body::Text { text, .. } => {
            w.source("BodyPublishers.ofString(");
            w.literal(&fill(text));
            w.source(")");
        }
        Body::Form(pairs) => {
            w.source("BodyPublishers.ofString(");
            w.literal(&encoded(pairs));
            w.source(")");
        }
        Body::File { file, .. } => {
            w.source("BodyPublishers.ofFile(Path.of(");
            w.literal(&fill(file));
            w.source("))");
        }
        Body::Multipart(parts) => {
            w.source("BodyPublishers.concat(");
            for (n, chunk) in chunks(parts, &boundary(parts)).iter().enumerate() {
                w.source(if n > 0 { ",\n                " } else { "\n                " });
                match chunk {
                    Chunk::Text(pieces) => {
                        w.source("BodyPublishers.ofString(");
                        w.literal(pieces);
                        w.source(")");
                    }
                    Chunk::File(file) => {
                        w.source("BodyPublishers.ofFile(Path.of(");
                        w.literal(&fill(file));
                        w.source("))");
                    }
                }
            }
            w.source(")");
        }
    }
}
