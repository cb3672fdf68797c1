//! Calls for a shell. Everything from the document is quoted so that no shell and no option of curl reads it.
use crate::{
    description::Description,
    example::{self, Side},
    highlight::push,
    limits, operation,
    outline::Entry,
    part::{Body, Parameter, Place},
    schema::facets::gather,
};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use portico_contract::reference::{Code, Token};
use serde_json::Value;

/// What a value may not be within a URL; curl expands `{}` and `[]`.
const IN_VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What the text of a template may not be.
const IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'\'')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'[')
    .add(b']')
    .add(b'#')
    .add(b'?');

/// Whether the operation asks for a parameter or a body.
pub(crate) fn asks(description: &Description, entry: &Entry) -> bool {
    let root = description.root();
    let Some(operation) = root.pointer(&entry.pointer) else { return true };
    let item = root.pointer(&entry.item).unwrap_or(operation);
    let (parameters, _) = description.reader().parameters(item, operation);
    parameters.iter().any(|parameter| parameter.required)
        || description.reader().body(item, operation).0.is_some_and(|body| body.required)
}

pub(crate) fn sample(
    description: &Description,
    entry: &Entry,
    base_url: &str,
    key_variable: Option<&str>,
) -> Option<Code> {
    let root = description.root();
    let operation = root.pointer(&entry.pointer)?;
    let item = root.pointer(&entry.item).unwrap_or(operation);
    let reader = description.reader();
    let (parameters, _) = reader.parameters(item, operation);
    let (body, _) = reader.body(item, operation);

    let mut call = Call { root, code: Code::default() };
    call.begin(&entry.method);
    call.url(base_url, &entry.path, &parameters);
    if let Some(variable) = key_variable {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let fits =
            !variable.is_empty() && variable.chars().all(fits) && !variable.starts_with(|c: char| c.is_ascii_digit());
        let variable = if fits { variable } else { "PORTICO_KEY" };
        call.option("-H");
        // Double quotes: this one is for the shell to expand.
        call.push(Token::Text, &format!("\"X-API-Key: ${variable}\""));
    }
    call.headers(&parameters, key_variable.is_some());
    if let Some(body) = body {
        call.body(&body);
    }
    Some(call.code)
}

struct Call<'a> {
    root: &'a Value,
    code: Code,
}

impl Call<'_> {
    fn push(&mut self, token: Token, text: &str) {
        push(&mut self.code, token, text);
    }

    fn begin(&mut self, method: &str) {
        self.push(Token::Keyword, "curl");
        let method: String = method.chars().filter(char::is_ascii_alphabetic).take(30).collect();
        match method.to_uppercase().as_str() {
            "GET" => self.push(Token::Plain, " "),
            "HEAD" => {
                self.push(Token::Plain, " ");
                self.push(Token::Property, "--head");
                self.push(Token::Plain, " ");
            }
            method => {
                self.push(Token::Plain, " ");
                self.push(Token::Property, "-X");
                self.push(Token::Plain, &format!(" {method} "));
            }
        }
    }

    /// An option on a line of its own.
    fn option(&mut self, name: &str) {
        self.push(Token::Plain, " \\\n  ");
        self.push(Token::Property, name);
        self.push(Token::Plain, " ");
    }

    /// Text within single quotes.
    fn quoted(&mut self, token: Token, text: &str) {
        self.push(token, &text.replace('\'', "'\\''"));
    }

    fn url(&mut self, base_url: &str, template: &str, parameters: &[Parameter<'_>]) {
        self.push(Token::Text, "'");
        self.quoted(Token::Text, base_url.trim_end_matches('/'));
        let path = template.strip_prefix('/').unwrap_or(template);
        self.push(Token::Text, "/");
        let mut rest = path;
        while let Some((before, (name, after))) =
            rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        {
            self.push(Token::Text, &utf8_percent_encode(before, IN_PATH).to_string());
            let bare = name.trim_end_matches(['+', '*']).trim_start_matches(['+', '.', ';', '/']);
            let parameter =
                parameters.iter().find(|one| one.place == Place::Path && (one.name == name || one.name == bare));
            let texts = parameter.map_or_else(|| vec![bare.to_owned()], |parameter| self.texts(parameter));
            self.value(&texts, ",");
            rest = after;
        }
        self.push(Token::Text, &utf8_percent_encode(rest, IN_PATH).to_string());
        let mut sign = "?";
        for parameter in parameters.iter().filter(|one| one.place == Place::Query && one.required) {
            let name = utf8_percent_encode(parameter.name, IN_VALUE).to_string();
            let texts = self.texts(parameter);
            match parameter.separator {
                Some(separator) => {
                    self.push(Token::Text, &format!("{sign}{name}="));
                    let separator = if separator == ',' {
                        ",".into()
                    } else {
                        utf8_percent_encode(&separator.to_string(), IN_VALUE).to_string()
                    };
                    self.value(&texts, &separator);
                    sign = "&";
                }
                None => {
                    for text in texts {
                        self.push(Token::Text, &format!("{sign}{name}="));
                        self.value(&[text], "");
                        sign = "&";
                    }
                }
            }
        }
        self.push(Token::Text, "'");
    }

    fn value(&mut self, texts: &[String], separator: &str) {
        let texts: Vec<String> = texts.iter().map(|text| utf8_percent_encode(text, IN_VALUE).to_string()).collect();
        self.push(Token::Fill, &texts.join(separator));
    }

    fn texts(&self, parameter: &Parameter<'_>) -> Vec<String> {
        example::parameter_texts(&example::of_parameter(
            self.root,
            parameter.name,
            &parameter.schema,
            parameter.example,
        ))
    }

    fn headers(&mut self, parameters: &[Parameter<'_>], has_key: bool) {
        let is_token = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
        let others = ["accept", "content-type", "authorization"];
        for parameter in parameters.iter().filter(|one| one.required && is_token(one.name)) {
            let name = parameter.name.to_ascii_lowercase();
            if others.contains(&name.as_str()) || has_key && name == "x-api-key" {
                continue;
            }
            let value: String = self.texts(parameter).join(",").chars().filter(|c| !c.is_control()).collect();
            match parameter.place {
                Place::Header => {
                    self.option("-H");
                    self.push(Token::Text, "'");
                    self.quoted(Token::Text, &format!("{}: ", parameter.name));
                }
                Place::Cookie => {
                    self.option("-b");
                    self.push(Token::Text, "'");
                    self.quoted(Token::Text, &format!("{}=", parameter.name));
                }
                Place::Path | Place::Query => continue,
            }
            self.quoted(Token::Fill, &value);
            self.push(Token::Text, "'");
        }
    }

    fn body(&mut self, body: &Body<'_>) {
        let json = body.contents.iter().find(|content| operation::is_json(content.media_type));
        let Some(content) = json.or(body.contents.first()) else { return };
        let media_type: String =
            content.media_type.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(120).collect();
        let schema = content.schema.as_deref();
        match media_type.split(';').next().unwrap_or_default().trim() {
            "application/x-www-form-urlencoded" => self.form(schema, false),
            "multipart/form-data" => self.form(schema, true),
            "*/*" => self.whole(content, "application/json"),
            _ => self.whole(content, &media_type),
        }
    }

    fn whole(&mut self, content: &crate::part::Content<'_>, media_type: &str) {
        let made = || content.schema.as_deref().and_then(|schema| example::made(self.root, schema, Side::Request));
        let value = content.examples.first().map(|example| example.value.clone()).or_else(made);
        self.option("-H");
        self.push(Token::Text, "'");
        self.quoted(Token::Text, &format!("Content-Type: {media_type}"));
        self.push(Token::Text, "'");
        let binary = content.schema.as_deref().is_some_and(|schema| example::is_binary(self.root, schema));
        match value {
            Some(value) if !binary => {
                // Nothing may be left out of what is meant to be sent.
                let code = if operation::is_json(media_type) || !value.is_string() {
                    example::code(&value, 4 * limits::EXAMPLE)
                } else {
                    Code { spans: vec![(Token::Text, value.as_str().unwrap_or_default().to_owned())] }
                };
                self.option(if value.is_object() { "-d" } else { "--data-raw" });
                self.push(Token::Plain, "'");
                for (token, text) in &code.spans {
                    self.quoted(*token, text);
                }
                self.push(Token::Plain, "'");
            }
            _ => {
                self.option("--data-binary");
                self.push(Token::Text, "'@");
                self.push(Token::Fill, "file");
                self.push(Token::Text, "'");
            }
        }
    }

    fn form(&mut self, schema: Option<&Value>, multipart: bool) {
        let Some(schema) = schema else { return };
        let root = self.root;
        let facets = gather(root, &[schema]);
        let required = |name: &str| facets.required.contains(name);
        // Where nothing is required, a few simple fields show how fields are written.
        let simple = |part: &Value| {
            let facets = gather(root, &[part]);
            matches!(facets.types[..], ["string" | "integer" | "number" | "boolean"])
        };
        let none = facets.required.is_empty();
        let fits = |parts: &[&Value]| parts.first().is_some_and(|part| simple(part));
        let shown = facets.properties.iter().filter(|(name, parts)| if none { fits(parts) } else { required(name) });
        for (name, parts) in shown.take(if none { 3 } else { 20 }) {
            // curl takes a name up to the first `=`, `@` or `;`.
            let plain = name.chars().all(|c| c.is_alphanumeric() || "_-.[]$: ".contains(c)) && !name.is_empty();
            let (Some(part), true) = (parts.first(), plain) else { continue };
            let file = multipart && example::is_binary(root, part);
            self.option(match (multipart, file) {
                (true, true) => "-F",
                (true, false) => "--form-string",
                (false, _) => "--data-urlencode",
            });
            self.push(Token::Text, "'");
            self.quoted(Token::Text, &format!("{name}="));
            if file {
                self.push(Token::Text, "@");
                self.push(Token::Fill, "file");
            } else {
                let value = example::of_parameter(root, name, part, None);
                let texts = example::parameter_texts(&value);
                self.quoted(Token::Fill, &texts.join(","));
            }
            self.push(Token::Text, "'");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_cannot_end_the_quoting() {
        let mut call = Call { root: &Value::Null, code: Code::default() };
        call.quoted(Token::Text, "a'b; rm -rf /'");
        assert_eq!(call.code.text(), "a'\\''b; rm -rf /'\\''");
    }
}
