//! C#, with HttpClient.
use crate::{
    json::{self, Kind},
    multipart::base,
    writer::{Grammar, Quote, Value, Writer, add, common_escape, fields, fill, is_odd},
};
use portico_contract::{
    call::{Body, Call, Part, PartContent},
    reference::{Code, Token},
};

const GRAMMAR: Grammar = Grammar {
    keywords: &["using", "var", "new", "await", "int"],
    comment: "// ",
    quote: |_| Quote {
        open: "\"",
        close: "\"",
        escape: |c, out| match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if common_escape(c, out) => {}
            c if is_odd(c) => add(out, format_args!("\\U{:08x}", u32::from(c))),
            c => out.push(c),
        },
    },
};

pub(crate) fn write(call: &Call) -> Code {
    let mut w = Writer::new(&GRAMMAR);
    w.source("using System;\n");
    if matches!(&call.body, Some(Body::Form(_))) {
        w.source("using System.Collections.Generic;\n");
    }
    w.source(
        "using System.IO;\nusing System.Net.Http;\nusing System.Net.Http.Headers;\n\nvar client = new HttpClient();\n",
    );
    w.source(&format!("var request = new HttpRequestMessage(new HttpMethod(\"{}\"), ", call.method));
    w.literal(&call.url_pieces());
    w.source(");\n");
    let of_content = |name: &str| name.to_ascii_lowercase().starts_with("content-");
    let (later, fields): (Vec<_>, Vec<_>) = fields(call).into_iter().partition(|(name, _)| of_content(name));
    for (name, value) in &fields {
        w.source("request.Headers.TryAddWithoutValidation(");
        field(&mut w, name, value);
    }
    match &call.body {
        Some(body) => self::body(&mut w, body),
        // Fields of this kind belong to a content, be it empty.
        None if !later.is_empty() => w.source("request.Content = new ByteArrayContent(new byte[0]);\n"),
        None => {}
    }
    for (name, value) in &later {
        w.source("request.Content.Headers.TryAddWithoutValidation(");
        field(&mut w, name, value);
    }
    w.source(
        "var response = await client.SendAsync(request);\n\
         Console.WriteLine((int)response.StatusCode + \" \" + await response.Content.ReadAsStringAsync());\n",
    );
    w.done()
}

fn field(w: &mut Writer, name: &str, value: &Value) {
    w.text(name);
    w.source(", ");
    match value {
        Value::Variable(variable) => w.source(&format!("Environment.GetEnvironmentVariable(\"{variable}\")")),
        Value::Pieces(pieces) => w.literal(pieces),
    }
    w.source(");\n");
}

fn body(w: &mut Writer, body: &Body) {
    match body {
        Body::Json { text, .. } => {
            w.source("request.Content = new StringContent(");
            w.put(Token::Text, "@\"");
            w.json(text, "", |kind, token| match kind {
                // A quote is doubled in a verbatim string, and nothing else is read.
                Kind::Key | Kind::Text => json::hidden(token, is_odd).replace('"', "\"\""),
                _ => token.to_owned(),
            });
            w.put(Token::Text, "\"");
            w.source(");\n");
        }
        Body::Text { text, .. } => {
            w.source("request.Content = new StringContent(");
            w.literal(&fill(text));
            w.source(");\n");
        }
        Body::File { file, .. } => {
            w.source("request.Content = new StreamContent(File.OpenRead(");
            w.literal(&fill(file));
            w.source("));\n");
        }
        Body::Form(pairs) => {
            w.source("request.Content = new FormUrlEncodedContent(new[]\n{\n");
            for pair in pairs {
                w.source("    new KeyValuePair<string, string>(");
                w.text(&pair.name);
                w.source(", ");
                w.literal(&fill(&pair.value));
                w.source("),\n");
            }
            w.source("});\n");
        }
        Body::Multipart(parts) => {
            w.source("var form = new MultipartFormDataContent();\n");
            for (n, part) in parts.iter().enumerate() {
                self::part(w, n + 1, part);
            }
            w.source("request.Content = form;\n");
        }
    }
    if let (Some(media_type), false) = (body.media_type(), matches!(body, Body::Form(_))) {
        w.source("request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(");
        w.text(media_type);
        w.source(");\n");
    }
}

fn part(w: &mut Writer, n: usize, Part { name, media_type, content }: &Part) {
    w.source(&format!("var part{n} = new "));
    match content {
        PartContent::Text(text) => {
            w.source("StringContent(");
            w.literal(&fill(text));
            w.source(");\n");
        }
        PartContent::File(file) => {
            w.source("StreamContent(File.OpenRead(");
            w.literal(&fill(file));
            w.source("));\n");
        }
    }
    if let Some(media_type) = media_type {
        w.source(&format!("part{n}.Headers.ContentType = MediaTypeHeaderValue.Parse("));
        w.text(media_type);
        w.source(");\n");
    }
    w.source(&format!("form.Add(part{n}, "));
    w.text(name);
    if let PartContent::File(file) = content {
        w.source(", ");
        w.literal(&fill(base(file)));
    }
    w.source(");\n");
}
