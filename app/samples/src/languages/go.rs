//! Go, with net/http.
use crate::{
    json::{self, Kind},
    multipart::base,
    writer::{Grammar, Pieces, Quote, Value, Writer, add, common_escape, fields_with_type, fill, is_odd},
};
use portico_contract::{
    call::{Body, Call, Pair, Part, PartContent},
    reference::{Code, Token},
};
use std::collections::BTreeSet;

const GRAMMAR: Grammar = Grammar {
    keywords: &["package", "import", "func", "if", "err", "nil", "defer", "var", "true", "false"],
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

const CHECK: &str = "\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n";

pub(crate) fn write(call: &Call) -> Code {
    let mut w = Writer::new(&GRAMMAR);
    w.source("package main\n\nimport (\n");
    for package in packages(call) {
        w.source(&format!("\t\"{package}\"\n"));
    }
    w.source(")\n\nfunc main() {\n");
    let argument = match &call.body {
        None => "nil",
        Some(Body::Multipart(_)) => "&body",
        Some(_) => "body",
    };
    if let Some(body) = &call.body {
        self::body(&mut w, body);
    }
    w.source(&format!("\trequest, err := http.NewRequest(\"{}\", ", call.method));
    w.literal(&call.url_pieces());
    w.source(&format!(", {argument})\n{CHECK}"));
    for (name, value) in fields_with_type(call) {
        w.source("\trequest.Header.Set(");
        w.text(&name);
        w.source(", ");
        match value {
            Value::Variable(variable) => w.source(&format!("os.Getenv(\"{variable}\")")),
            Value::Pieces(pieces) => w.literal(&pieces),
        }
        w.source(")\n");
    }
    if let Some(Body::Multipart(_)) = call.body {
        w.source("\trequest.Header.Set(\"Content-Type\", form.FormDataContentType())\n");
    }
    w.source("\tresponse, err := http.DefaultClient.Do(request)\n");
    w.source(CHECK);
    w.source("\tdefer response.Body.Close()\n\tanswer, err := io.ReadAll(response.Body)\n");
    w.source(CHECK);
    w.source("\tfmt.Println(response.Status, string(answer))\n}\n");
    w.done()
}

/// Go takes no import that is not used.
fn packages(call: &Call) -> BTreeSet<&'static str> {
    let mut packages = BTreeSet::from(["fmt", "io", "log", "net/http"]);
    packages.extend(call.key.as_ref().map(|_| "os"));
    match &call.body {
        None => {}
        Some(Body::Json { .. } | Body::Text { .. }) => packages.extend(["strings"]),
        Some(Body::Form(_)) => packages.extend(["net/url", "strings"]),
        Some(Body::File { .. }) => packages.extend(["os"]),
        Some(Body::Multipart(parts)) => {
            packages.extend(["bytes", "mime/multipart"]);
            packages.extend(parts.iter().filter(|part| part.media_type.is_some()).map(|_| "net/textproto"));
            packages.extend(parts.iter().filter(|part| matches!(part.content, PartContent::File(_))).map(|_| "os"));
        }
    }
    packages
}

fn body(w: &mut Writer, body: &Body) {
    match body {
        Body::Json { text, .. } => {
            w.source("\tbody := strings.NewReader(");
            w.put(Token::Text, "`");
            w.json(text, "", |kind, token| match kind {
                // Nothing ends a raw string but a backtick.
                Kind::Key | Kind::Text => json::hidden(token, |c| c == '`' || is_odd(c)),
                _ => token.to_owned(),
            });
            w.put(Token::Text, "`");
            w.source(")\n");
        }
        Body::Text { text, .. } => {
            w.source("\tbody := strings.NewReader(");
            w.literal(&fill(text));
            w.source(")\n");
        }
        Body::File { file, .. } => {
            w.source("\tbody, err := os.Open(");
            w.literal(&fill(file));
            w.source(")\n");
            w.source(CHECK);
        }
        Body::Form(pairs) => {
            w.source("\tbody := strings.NewReader(url.Values{\n");
            form(w, pairs);
            w.source("\t}.Encode())\n");
        }
        Body::Multipart(parts) => {
            w.source("\tvar body bytes.Buffer\n\tform := multipart.NewWriter(&body)\n");
            for (n, part) in parts.iter().enumerate() {
                self::part(w, n + 1, part);
            }
            w.source("\tform.Close()\n");
        }
    }
}

fn form(w: &mut Writer, pairs: &[Pair]) {
    for (n, Pair { name, .. }) in pairs.iter().enumerate() {
        if pairs[..n].iter().any(|before| before.name == *name) {
            continue;
        }
        w.source("\t\t");
        w.text(name);
        w.source(": {");
        for (n, pair) in pairs.iter().filter(|pair| pair.name == *name).enumerate() {
            w.source(if n > 0 { ", " } else { "" });
            w.literal(&fill(&pair.value));
        }
        w.source("},\n");
    }
}

fn part(w: &mut Writer, n: usize, Part { name, media_type, content }: &Part) {
    match (content, media_type) {
        (PartContent::Text(text), None) => {
            w.source("\tform.WriteField(");
            w.text(name);
            w.source(", ");
            w.literal(&fill(text));
            w.source(")\n");
        }
        (PartContent::File(file), None) => {
            w.source(&format!("\tpart{n}, err := form.CreateFormFile("));
            w.text(name);
            w.source(", ");
            w.literal(&fill(base(file)));
            w.source(")\n");
            w.source(CHECK);
            copy(w, n, content);
        }
        (content, Some(media_type)) => {
            w.source(&format!(
                "\tpart{n}, err := form.CreatePart(textproto.MIMEHeader{{\n\t\t\"Content-Disposition\": {{"
            ));
            let file = if let PartContent::File(file) = content {
                format!("; filename=\"{}\"", base(file))
            } else {
                String::new()
            };
            w.text(&format!("form-data; name=\"{name}\"{file}"));
            w.source("},\n\t\t\"Content-Type\": {");
            w.text(media_type);
            w.source("},\n\t})\n");
            w.source(CHECK);
            copy(w, n, content);
        }
    }
}

fn copy(w: &mut Writer, n: usize, content: &PartContent) {
    let file: Pieces = match content {
        PartContent::Text(text) => {
            w.source(&format!("\tio.WriteString(part{n}, "));
            w.literal(&fill(text));
            w.source(")\n");
            return;
        }
        PartContent::File(file) => fill(file),
    };
    w.source(&format!("\tfile{n}, err := os.Open("));
    w.literal(&file);
    w.source(&format!(")\n{CHECK}\tdefer file{n}.Close()\n\tio.Copy(part{n}, file{n})\n"));
}
