//! PowerShell 7, with Invoke-WebRequest.
use super::java::encoded;
use crate::{
    json::{self, Kind},
    multipart::base,
    writer::{Grammar, Quote, Value, Writer, add, fields, fill, is_odd},
};
use portico_contract::{
    call::{Body, Call, Part, PartContent},
    reference::{Code, Token},
};

const GRAMMAR: Grammar = Grammar { keywords: &[], comment: "# ", quote };

/// PowerShell takes typographic quotes for quotes.
const fn is_single(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}'..='\u{201b}')
}

const fn is_double(c: char) -> bool {
    matches!(c, '"' | '\u{201c}'..='\u{201e}')
}

fn quote(text: &str) -> Quote {
    let single = Quote {
        open: "'",
        close: "'",
        escape: |c, out| {
            out.push(c);
            if is_single(c) {
                out.push(c);
            }
        },
    };
    let double = Quote {
        open: "\"",
        close: "\"",
        escape: |c, out| match c {
            '`' | '$' => out.extend(['`', c]),
            c if is_double(c) => out.extend(['`', c]),
            '\n' => out.push_str("`n"),
            '\r' => out.push_str("`r"),
            '\t' => out.push_str("`t"),
            c if is_odd(c) => add(out, format_args!("`u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        },
    };
    if text.chars().any(is_odd) { double } else { single }
}

pub(crate) fn write(call: &Call) -> Code {
    let mut w = Writer::new(&GRAMMAR);
    headers(&mut w, call);
    if let Some(body) = &call.body {
        self::body(&mut w, body);
    }
    w.source("$response = Invoke-WebRequest ");
    option(&mut w, "-CustomMethod", |w| w.text(&call.method));
    option(&mut w, "-Uri", |w| w.literal(&call.url_pieces()));
    if !fields(call).is_empty() {
        option(&mut w, "-Headers", |w| w.source("$headers"));
    }
    if let Some(media_type) = call.body.as_ref().and_then(Body::media_type) {
        option(&mut w, "-ContentType", |w| w.text(media_type));
    }
    match &call.body {
        None => {}
        Some(Body::File { file, .. }) => option(&mut w, "-InFile", |w| w.literal(&fill(file))),
        Some(_) => option(&mut w, "-Body", |w| w.source("$body")),
    }
    w.put(Token::Property, "-SkipHeaderValidation");
    w.source(" ");
    w.put(Token::Property, "-SkipHttpErrorCheck");
    w.source("\n$response.StatusCode\n$response.Content\n");
    w.done()
}

fn option(w: &mut Writer, name: &str, value: impl FnOnce(&mut Writer)) {
    w.put(Token::Property, name);
    w.source(" ");
    value(w);
    w.source(" ");
}

fn headers(w: &mut Writer, call: &Call) {
    let fields = fields(call);
    if fields.is_empty() {
        return;
    }
    w.source("$headers = @{\n");
    for (name, value) in fields {
        w.source("    ");
        w.text(&name);
        w.source(" = ");
        match value {
            Value::Variable(variable) => w.source(&format!("$env:{variable}")),
            Value::Pieces(pieces) => w.literal(&pieces),
        }
        w.source("\n");
    }
    w.source("}\n");
}

fn body(w: &mut Writer, body: &Body) {
    match body {
        Body::Json { text, .. } => {
            // Only a quote at the beginning of a line ends such a text, and no line of JSON begins with one.
            w.source("$body = [Text.Encoding]::UTF8.GetBytes(");
            w.put(Token::Text, "@'\n");
            w.json(text, "", |kind, token| match kind {
                Kind::Key | Kind::Text => json::hidden(token, is_odd),
                _ => token.to_owned(),
            });
            w.put(Token::Text, "\n'@");
            w.source(")\n");
        }
        Body::Text { text, .. } => {
            w.source("$body = [Text.Encoding]::UTF8.GetBytes(");
            w.literal(&fill(text));
            w.source(")\n");
        }
        Body::Form(pairs) => {
            w.source("$body = ");
            w.literal(&encoded(pairs));
            w.source("\n");
        }
        Body::File { .. } => {}
        Body::Multipart(parts) => {
            w.source("$body = [System.Net.Http.MultipartFormDataContent]::new()\n");
            for part in parts {
                self::part(w, part);
            }
        }
    }
}

fn part(w: &mut Writer, Part { name, media_type, content }: &Part) {
    w.source("$part = [System.Net.Http.");
    match content {
        PartContent::Text(text) => {
            w.source("StringContent]::new(");
            w.literal(&fill(text));
            w.source(")\n");
        }
        PartContent::File(file) => {
            w.source("ByteArrayContent]::new([IO.File]::ReadAllBytes((Resolve-Path ");
            w.literal(&fill(file));
            w.source(")))\n");
        }
    }
    if let Some(media_type) = media_type {
        w.source("$part.Headers.ContentType = ");
        w.text(media_type);
        w.source("\n");
    }
    w.source("$body.Add($part, ");
    w.text(name);
    if let PartContent::File(file) = content {
        w.source(", ");
        w.literal(&fill(base(file)));
    }
    w.source(")\n");
}
