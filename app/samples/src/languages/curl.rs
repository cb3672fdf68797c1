//! curl in a POSIX shell; `$'…'` of bash, zsh and ksh where a text has characters that a terminal would act on.
use crate::{
    json::{self, Kind},
    writer::{Grammar, Pieces, Quote, Value, Writer, add, common_escape, fields_with_type, fill, fixed, is_odd},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use portico_contract::{
    call::{Body, Call, Part, PartContent},
    reference::{Code, Token},
};

const GRAMMAR: Grammar = Grammar { keywords: &["curl"], comment: "# ", quote };

fn quote(text: &str) -> Quote {
    // Within single quotes a shell reads nothing, and nothing but a quote ends them.
    let plain =
        Quote { open: "'", close: "'", escape: |c, out| if c == '\'' { out.push_str("'\\''") } else { out.push(c) } };
    let ansi = Quote {
        open: "$'",
        close: "'",
        escape: |c, out| match c {
            '\'' | '\\' => out.extend(['\\', c]),
            c if common_escape(c, out) => {}
            c if c.is_ascii_control() => add(out, format_args!("\\{:03o}", u32::from(c))),
            c if is_odd(c) => {
                let mut bytes = [0; 4];
                c.encode_utf8(&mut bytes).bytes().for_each(|byte| add(out, format_args!("\\{byte:03o}")));
            }
            c => out.push(c),
        },
    };
    if text.chars().any(|c| is_odd(c) && c != '\n') { ansi } else { plain }
}

pub(crate) fn write(call: &Call) -> Code {
    let mut w = Writer::new(&GRAMMAR);
    w.source("curl ");
    match (call.method.as_str(), &call.body) {
        // A body would make it a POST.
        ("GET", None) => {}
        ("HEAD", _) => {
            w.put(Token::Property, "--head");
            w.source(" ");
        }
        (method, _) => {
            w.put(Token::Property, "-X");
            w.source(&format!(" {method} "));
        }
    }
    w.literal(&brackets_encoded(call.url_pieces()));
    for (name, value) in fields_with_type(call) {
        match value {
            Value::Variable(variable) => {
                option(&mut w, "-H");
                // Double quotes: this one is for the shell to expand.
                w.put(Token::Text, &format!("\"{name}: ${variable}\""));
            }
            Value::Pieces(pieces) if name == "Cookie" => {
                option(&mut w, "-b");
                w.literal(&pieces);
            }
            // The form's own options say so.
            Value::Pieces(_) if name == "Content-Type" && matches!(call.body, Some(Body::Form(_))) => {}
            Value::Pieces(pieces) => {
                option(&mut w, "-H");
                w.literal(&field(&name, pieces));
            }
        }
    }
    if let Some(body) = &call.body {
        self::body(&mut w, body);
    }
    w.done()
}

/// curl expands `[]` and `{}` in URLs.
fn brackets_encoded(pieces: Pieces) -> Pieces {
    pieces.into_iter().map(|(is_fill, text)| (is_fill, text.replace('[', "%5B").replace(']', "%5D"))).collect()
}

fn field(name: &str, pieces: Pieces) -> Pieces {
    // With a colon and nothing behind it curl would leave the field out.
    if pieces.iter().all(|(_, text)| text.is_empty()) {
        return fixed(format!("{name};"));
    }
    let mut field = fixed(format!("{name}: "));
    field.extend(pieces);
    field
}

/// On a line of its own.
fn option(w: &mut Writer, name: &str) {
    w.source(" \\\n  ");
    w.put(Token::Property, name);
    w.source(" ");
}

fn body(w: &mut Writer, body: &Body) {
    match body {
        Body::Json { text, .. } => {
            // `-d` would read a file by what follows an `@`; JSON begins with none.
            option(w, "-d");
            w.put(Token::Text, "'");
            w.json(text, "", |kind, token| match kind {
                Kind::Key | Kind::Text => json::hidden(token, is_odd).replace('\'', "'\\''"),
                _ => token.to_owned(),
            });
            w.put(Token::Text, "'");
        }
        Body::Text { text, .. } => {
            option(w, "--data-raw");
            w.literal(&fill(text));
        }
        Body::File { file, .. } => {
            option(w, "--data-binary");
            w.literal(&[(false, "@".to_owned()), (true, file.clone())]);
        }
        Body::Form(pairs) => {
            for pair in pairs {
                option(w, "--data-urlencode");
                // curl encodes what follows the first `=` alone.
                let name = utf8_percent_encode(&pair.name, NON_ALPHANUMERIC)
                    .to_string()
                    .replace("%2D", "-")
                    .replace("%5F", "_");
                w.literal(&[(false, format!("{name}=")), (true, pair.value.clone())]);
            }
        }
        Body::Multipart(parts) => {
            for part in parts {
                self::part(w, part);
            }
        }
    }
}

fn part(w: &mut Writer, Part { name, media_type, content }: &Part) {
    let kind = media_type.as_ref().map(|media_type| format!(";type={media_type}")).unwrap_or_default();
    match content {
        PartContent::File(file) => {
            option(w, "-F");
            w.literal(&[(false, format!("{name}=@")), (true, file.clone()), (false, kind)]);
        }
        PartContent::Text(text) if kind.is_empty() => {
            option(w, "--form-string");
            w.literal(&[(false, format!("{name}=")), (true, text.clone())]);
        }
        // Quoted once more: curl would take a semicolon for the beginning of an option.
        PartContent::Text(text) => {
            option(w, "-F");
            let text = text.replace('\\', "\\\\").replace('"', "\\\"");
            w.literal(&[(false, format!("{name}=\"")), (true, text), (false, format!("\"{kind}"))]);
        }
    }
}
