//! Ruby, with net/http.
use crate::{
    json::{self, Kind},
    multipart::base,
    writer::{Grammar, Quote, Value, Writer, braced_escape, common_escape, fields, fields_with_type, fill, is_odd},
};
use portico_contract::{
    call::{Body, Call, Part, PartContent},
    reference::{Code, Token},
};

const GRAMMAR: Grammar = Grammar {
    keywords: &["require", "do", "end", "puts"],
    comment: "# ",
    quote: |_| Quote {
        open: "\"",
        close: "\"",
        escape: |c, out| match c {
            // Of `#`, only `#{`, `#$` and `#@` mean something; none of them is written.
            '"' | '\\' | '#' => out.extend(['\\', c]),
            c if common_escape(c, out) => {}
            c if is_odd(c) => braced_escape(c, out),
            c => out.push(c),
        },
    },
};

pub(crate) fn write(call: &Call) -> Code {
    let mut w = Writer::new(&GRAMMAR);
    w.source("require \"net/http\"\n\nuri = URI(");
    w.literal(&call.url_pieces());
    w.source(")\nrequest = Net::");
    match call.method.as_str() {
        method @ ("GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS" | "TRACE") => {
            w.source(&format!("HTTP::{}{}.new(uri)\n", &method[..1], method[1..].to_ascii_lowercase()));
        }
        method => w.source(&format!("HTTPGenericRequest.new(\"{method}\", {}, true, uri)\n", call.body.is_some())),
    }
    let own_type = matches!(call.body, Some(Body::Form(_)));
    for (name, value) in if own_type { fields(call) } else { fields_with_type(call) } {
        w.source("request[");
        w.text(&name);
        w.source("] = ");
        match value {
            Value::Variable(variable) => w.source(&format!("ENV.fetch(\"{variable}\")")),
            Value::Pieces(pieces) => w.literal(&pieces),
        }
        w.source("\n");
    }
    if let Some(body) = &call.body {
        self::body(&mut w, body);
    }
    w.source(
        "\nresponse = Net::HTTP.start(uri.hostname, uri.port, use_ssl: uri.scheme == \"https\") do |http|\n  \
         http.request(request)\nend\nputs response.code, response.body\n",
    );
    w.done()
}

fn body(w: &mut Writer, body: &Body) {
    match body {
        Body::Json { text, .. } => {
            w.source("request.body = ");
            // Nothing is read in such a text, and no line of JSON is its last word.
            w.put(Token::Text, "<<~'JSON'\n");
            w.json(text, "", |kind, token| match kind {
                Kind::Key | Kind::Text => json::hidden(token, is_odd),
                _ => token.to_owned(),
            });
            w.put(Token::Text, "\nJSON\n");
        }
        Body::Text { text, .. } => {
            w.source("request.body = ");
            w.literal(&fill(text));
            w.source("\n");
        }
        Body::File { file, .. } => {
            w.source("request.body = File.binread(");
            w.literal(&fill(file));
            w.source(")\n");
        }
        Body::Form(pairs) => {
            w.source("request.set_form_data([\n");
            for pair in pairs {
                w.source("  [");
                w.text(&pair.name);
                w.source(", ");
                w.literal(&fill(&pair.value));
                w.source("],\n");
            }
            w.source("])\n");
        }
        Body::Multipart(parts) => {
            w.source("request.set_form([\n");
            for part in parts {
                self::part(w, part);
            }
            w.source("], \"multipart/form-data\")\n");
        }
    }
}

fn part(w: &mut Writer, Part { name, media_type, content }: &Part) {
    w.source("  [");
    w.text(name);
    w.source(", ");
    match content {
        PartContent::Text(text) => w.literal(&fill(text)),
        PartContent::File(file) => {
            w.source("File.open(");
            w.literal(&fill(file));
            w.source(", \"rb\")");
        }
    }
    if let Some(media_type) = media_type {
        // Without a file's name Ruby writes no type.
        let file = if let PartContent::File(file) = content { base(file) } else { "blob" };
        w.source(", { filename: ");
        w.text(file);
        w.source(", content_type: ");
        w.text(media_type);
        w.source(" }");
    }
    w.source("],\n");
}
