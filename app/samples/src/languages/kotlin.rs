//! Kotlin on the JVM, with java.net.http.
use super::java::{publisher_of_text, reads_files};
use crate::{
    json::{self, Kind},
    multipart::boundary,
    writer::{Grammar, Quote, Value, Writer, common_escape, fields_with_type, is_odd, utf16_escape},
};
use portico_contract::{
    call::{Body, Call},
    reference::{Code, Token},
};

const GRAMMAR: Grammar = Grammar {
    keywords: &["import", "fun", "val"],
    comment: "// ",
    quote: |_| Quote {
        open: "\"",
        close: "\"",
        escape: |c, out| match c {
            '"' | '\\' | '$' => out.extend(['\\', c]),
            c if common_escape(c, out) => {}
            c if is_odd(c) => utf16_escape(c, out),
            c => out.push(c),
        },
    },
};

pub(crate) fn write(call: &Call) -> Code {
    let mut w = Writer::new(&GRAMMAR);
    w.source(
        "import java.net.URI\nimport java.net.http.HttpClient\nimport java.net.http.HttpRequest\n\
         import java.net.http.HttpRequest.BodyPublishers\nimport java.net.http.HttpResponse.BodyHandlers\n",
    );
    if reads_files(call) {
        w.source("import java.nio.file.Path\n");
    }
    w.source("\nfun main() {\n    val request = HttpRequest.newBuilder(URI.create(");
    w.literal(&call.url_pieces());
    w.source("))\n");
    for (name, value) in fields_with_type(call) {
        w.source("        .header(");
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
        w.source(&format!("        .header(\"Content-Type\", \"multipart/form-data; boundary={boundary}\")\n"));
    }
    w.source(&format!("        .method(\"{}\", ", call.method));
    match &call.body {
        None => w.source("BodyPublishers.noBody()"),
        Some(Body::Json { text, .. }) => json(&mut w, text),
        Some(body) => publisher_of_text(&mut w, body),
    }
    w.source(
        ")\n        .build()\n    val response = HttpClient.newHttpClient().send(request, BodyHandlers.ofString())\n    \
         println(\"${response.statusCode()} ${response.body()}\")\n}\n",
    );
    w.done()
}

/// In a raw string nothing but `$` is read; three quotes never stand together in JSON.
fn json(w: &mut Writer, text: &str) {
    w.source("BodyPublishers.ofString(");
    w.put(Token::Text, "\"\"\"\n");
    w.json(text, "", |kind, token| match kind {
        Kind::Key | Kind::Text => json::hidden(token, |c| c == '$' || is_odd(c)),
        _ => token.to_owned(),
    });
    w.put(Token::Text, "\n\"\"\"");
    w.source(")");
}
