//! The parts of one operation, whatever version of OpenAPI they are written in.
//!
//! Everything borrows from the author's value; only what Swagger 2.0 spreads over several places (a form, a
//! parameter's schema) is put together anew. What cannot be read is said in words and left out.
use crate::{
    limits,
    outline::{Dialect, members, text},
    refer, typed,
};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
    Cookie,
}

impl Place {
    pub(crate) const ALL: [Self; 4] = [Self::Path, Self::Query, Self::Header, Self::Cookie];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Path => "Path",
            Self::Query => "Query",
            Self::Header => "Header",
            Self::Cookie => "Cookie",
        }
    }

    fn of(text: &str) -> Option<Self> {
        Some(match text {
            "path" => Self::Path,
            "query" | "querystring" => Self::Query,
            "header" => Self::Header,
            "cookie" => Self::Cookie,
            _ => return None,
        })
    }
}

/// A parameter or a response's header.
#[derive(Clone, Debug)]
pub(crate) struct Parameter<'d> {
    pub(crate) name: &'d str,
    pub(crate) place: Place,
    pub(crate) required: bool,
    pub(crate) deprecated: bool,
    pub(crate) description: &'d str,
    pub(crate) schema: Cow<'d, Value>,
    /// The first of `examples`.
    pub(crate) example: Option<&'d Value>,
    pub(crate) examples: Vec<Example<'d>>,
    /// Where it is written as a whole in one, e.g. "application/json".
    pub(crate) media_type: Option<&'d str>,
    /// As written, behind its references.
    pub(crate) source: &'d Value,
}

#[derive(Debug)]
pub(crate) struct Body<'d> {
    pub(crate) required: bool,
    pub(crate) description: &'d str,
    pub(crate) contents: Vec<Content<'d>>,
}

#[derive(Debug, Default)]
pub(crate) struct Content<'d> {
    pub(crate) media_type: &'d str,
    pub(crate) schema: Option<Cow<'d, Value>>,
    pub(crate) examples: Vec<Example<'d>>,
    /// Whether `encoding` says of single properties how they are written.
    pub(crate) encoded: bool,
    /// Of each part of a form: its name, and how it is written.
    pub(crate) encodings: Vec<(String, Encoding<'d>)>,
    /// The schema is that of each item of a stream (3.2's `itemSchema`).
    pub(crate) stream: bool,
    /// Examples that stand elsewhere: title, description, address.
    pub(crate) linked: Vec<(&'d str, &'d str, &'d str)>,
}

#[derive(Debug)]
pub(crate) struct Encoding<'d> {
    /// Empty where it follows from the schema.
    pub(crate) media_type: &'d str,
    pub(crate) style: Option<&'d str>,
    pub(crate) explode: Option<bool>,
    pub(crate) reserved: bool,
    pub(crate) headers: Vec<Parameter<'d>>,
}

/// An example as given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Example<'d> {
    /// Its key in the document; `None` for one that stands alone.
    pub(crate) name: Option<&'d str>,
    /// For readers.
    pub(crate) title: &'d str,
    pub(crate) description: &'d str,
    pub(crate) value: &'d Value,
}

impl<'d> Example<'d> {
    fn alone(value: &'d Value) -> Self {
        Self { name: None, title: "Example", description: "", value }
    }
}

#[derive(Debug)]
pub(crate) struct Response<'d> {
    pub(crate) status: &'d str,
    pub(crate) description: &'d str,
    pub(crate) headers: Vec<Parameter<'d>>,
    pub(crate) contents: Vec<Content<'d>>,
    /// By name, behind their references.
    pub(crate) links: Vec<(&'d str, &'d Value)>,
}

/// Whether a `security` asks for something: no alternative is `{}`. What cannot be understood is taken for asking: a
/// slip must not open an operation.
pub(crate) fn asks(security: &Value) -> bool {
    match typed::security(security) {
        Ok(alternatives) => !alternatives.is_empty() && alternatives.iter().all(|schemes| !schemes.is_empty()),
        Err(_) => true,
    }
}

/// A `security` that is there: YAML's nothing is as good as none.
pub(crate) fn own_security(of: &Value) -> Option<&Value> {
    of.get("security").filter(|security| !security.is_null())
}

/// Reads the parts of operations of one document.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'d> {
    pub(crate) root: &'d Value,
    pub(crate) dialect: Dialect,
}

impl<'d> Reader<'d> {
    /// All parameters as written, behind their references, those of the path item first; each with where it stands.
    /// An operation's parameter replaces the path item's of the same name and place.
    pub(crate) fn raw_parameters(
        self,
        item: (&'d Value, &str),
        operation: (&'d Value, &str),
    ) -> Vec<(String, Result<&'d Value, refer::Lost>)> {
        let of = |(from, pointer): (&'d Value, &str)| -> Vec<(String, Result<&'d Value, refer::Lost>)> {
            let listed = from.get("parameters").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let listed = &listed[..listed.len().min(limits::PARAMETERS)];
            let place = |n: usize| refer::under(pointer, &["parameters", &n.to_string()]);
            let resolved = listed.iter().map(|one| refer::resolve(self.root, one).map(|(found, _)| found));
            resolved.enumerate().map(|(n, found)| (place(n), found)).collect()
        };
        let own = of(operation);
        let key =
            |value: &'d Value| (value.get("name").and_then(Value::as_str), value.get("in").and_then(Value::as_str));
        let replaced: std::collections::HashSet<_> =
            own.iter().filter_map(|(_, found)| found.as_ref().ok().map(|v| key(v))).collect();
        let mut all = of(item);
        all.retain(|(_, found)| found.as_ref().is_ok_and(|value| !replaced.contains(&key(value))) || found.is_err());
        all.extend(own);
        all
    }

    /// Parameters in path, query, header and cookie, and the faults of those that cannot be read.
    pub(crate) fn parameters(self, item: &'d Value, operation: &'d Value) -> (Vec<Parameter<'d>>, Vec<String>) {
        let (mut read, mut faults) = (Vec::new(), Vec::new());
        for (_, found) in self.raw_parameters((item, ""), (operation, "")) {
            match found {
                Err(lost) => faults.push(format!("A parameter is not shown: {}.", lost.words())),
                Ok(value) => match self.parameter(value) {
                    Ok(Some(parameter)) => read.push(parameter),
                    Ok(None) => {}
                    Err(fault) => faults.push(fault),
                },
            }
        }
        (read, faults)
    }

    /// `None` for Swagger 2.0's bodies and form fields, which [`Reader::body`] reads.
    pub(crate) fn parameter(self, value: &'d Value) -> Result<Option<Parameter<'d>>, String> {
        let place = text(value, "in").unwrap_or_default();
        if self.dialect == Dialect::Swagger2 && matches!(place, "body" | "formData") {
            return Ok(None);
        }
        let Some(name) = text(value, "name") else {
            return Err("A parameter is not shown: it has no name.".into());
        };
        let Some(place) = Place::of(place) else {
            let name = refer::shorten(name);
            return Err(format!("The parameter \"{name}\" is not shown: \"in\" is not path, query, header or cookie."));
        };
        Ok(Some(self.named(name, place, value)))
    }

    fn named(self, name: &'d str, place: Place, value: &'d Value) -> Parameter<'d> {
        let is = |key: &str| value.get(key) == Some(&Value::Bool(true));
        let content = members(value.get("content")).next();
        let media_type = content.map(|(media_type, _)| media_type.as_str());
        let content = content.and_then(|(_, media)| refer::resolve(self.root, media).ok()).map(|(media, _)| media);
        let schema = match value.get("schema").or_else(|| content?.get("schema")) {
            Some(schema) => Cow::Borrowed(schema),
            None if self.dialect == Dialect::Swagger2 => Cow::Owned(schema_of_parameter(value)),
            None => Cow::Owned(json!({})),
        };
        let of_content = content.into_iter().flat_map(|content| self.examples(content));
        let examples: Vec<_> = self.examples(value).into_iter().chain(of_content).collect();
        Parameter {
            name,
            place,
            required: is("required") || place == Place::Path,
            deprecated: is("deprecated"),
            description: text(value, "description").unwrap_or_default(),
            schema,
            example: examples.first().map(|example| example.value),
            examples,
            media_type,
            source: value,
        }
    }

    /// What the operation takes as its body, and what of it cannot be read.
    pub(crate) fn body(self, item: &'d Value, operation: &'d Value) -> (Option<Body<'d>>, Vec<String>) {
        if self.dialect == Dialect::Swagger2 {
            return (self.body_of_parameters(item, operation), Vec::new());
        }
        let Some(body) = operation.get("requestBody").filter(|body| !body.is_null()) else { return (None, Vec::new()) };
        match refer::resolve(self.root, body) {
            Err(lost) => (None, vec![format!("The request body is not shown: {}.", lost.words())]),
            Ok((body, _)) if !body.is_object() => {
                (None, vec!["The request body is not shown: it is not an object.".into()])
            }
            Ok((body, _)) => {
                let body = Body {
                    required: body.get("required") == Some(&Value::Bool(true)),
                    description: text(body, "description").unwrap_or_default(),
                    contents: self.contents(body),
                };
                (Some(body), Vec::new())
            }
        }
    }

    fn body_of_parameters(self, item: &'d Value, operation: &'d Value) -> Option<Body<'d>> {
        let all = self.raw_parameters((item, ""), (operation, ""));
        let place = |value: &Value| text(value, "in").map(str::to_owned);
        let values: Vec<&'d Value> = all.into_iter().filter_map(|(_, found)| found.ok()).collect();
        let consumes = self.media_types(operation, "consumes");
        if let Some(body) = values.iter().find(|value| place(value).as_deref() == Some("body")) {
            let example =
                body.get("x-example").or_else(|| members(body.get("x-examples")).next().map(|(_, value)| value));
            let content = |media_type| Content {
                media_type,
                schema: body.get("schema").map(Cow::Borrowed),
                examples: example.map(Example::alone).into_iter().collect(),
                ..Content::default()
            };
            return Some(Body {
                required: body.get("required") == Some(&Value::Bool(true)),
                description: text(body, "description").unwrap_or_default(),
                contents: consumes.into_iter().map(content).collect(),
            });
        }
        let fields: Vec<_> = values.into_iter().filter(|value| place(value).as_deref() == Some("formData")).collect();
        let (mut properties, mut required, mut file) = (Map::new(), Vec::new(), false);
        for field in &fields {
            let Some(name) = text(field, "name") else { continue };
            let mut schema = schema_of_parameter(field);
            if text(field, "type") == Some("file") {
                file = true;
                schema["type"] = "string".into();
                schema["format"] = "binary".into();
            }
            if let Some(description) = text(field, "description") {
                schema["description"] = description.into();
            }
            if field.get("required") == Some(&Value::Bool(true)) {
                required.push(Value::from(name));
            }
            properties.insert(name.to_owned(), schema);
        }
        if properties.is_empty() {
            return None;
        }
        let media_types: Vec<&str> = consumes.into_iter().filter(|media_type| media_type.contains("form")).collect();
        let media_types = match &media_types[..] {
            [] if file => vec!["multipart/form-data"],
            [] => vec!["application/x-www-form-urlencoded"],
            _ => media_types,
        };
        let body_required = !required.is_empty();
        let schema = json!({"type": "object", "properties": properties, "required": required});
        let content =
            |media_type| Content { media_type, schema: Some(Cow::Owned(schema.clone())), ..Content::default() };
        Some(Body {
            required: body_required,
            description: "",
            contents: media_types.into_iter().map(content).collect(),
        })
    }

    fn media_types(self, operation: &'d Value, key: &str) -> Vec<&'d str> {
        let listed = operation.get(key).or_else(|| self.root.get(key)).and_then(Value::as_array);
        let mut types: Vec<&str> = listed.into_iter().flatten().filter_map(Value::as_str).take(20).collect();
        if types.is_empty() {
            types.push("application/json");
        }
        types
    }

    pub(crate) fn responses(self, operation: &'d Value) -> (Vec<Response<'d>>, Vec<String>) {
        let (mut read, mut faults) = (Vec::new(), Vec::new());
        for (status, response) in members(operation.get("responses")).filter(|(status, _)| !status.starts_with("x-")) {
            match refer::resolve(self.root, response) {
                Err(lost) => {
                    faults.push(format!("The response {} is not shown: {}.", refer::shorten(status), lost.words()));
                }
                Ok((response, _)) => read.push(Response {
                    status,
                    description: text(response, "description")
                        .or_else(|| text(response, "summary"))
                        .unwrap_or_default(),
                    links: self.links(response),
                    headers: self.headers(response),
                    contents: match self.dialect {
                        Dialect::Swagger2 => self.contents_of_response(operation, response),
                        _ => self.contents(response),
                    },
                }),
            }
        }
        (read, faults)
    }

    fn headers(self, response: &'d Value) -> Vec<Parameter<'d>> {
        let headers = members(response.get("headers"));
        let read = headers.filter_map(|(name, header)| {
            let (header, _) = refer::resolve(self.root, header).ok()?;
            Some(self.named(name, Place::Header, header))
        });
        read.collect()
    }

    fn contents_of_response(self, operation: &'d Value, response: &'d Value) -> Vec<Content<'d>> {
        let Some(schema) = response.get("schema") else { return Vec::new() };
        if text(schema, "type") == Some("file") {
            let schema = Some(Cow::Owned(json!({"type": "string", "format": "binary"})));
            let media_type = self.media_types(operation, "produces")[0];
            return vec![Content { media_type, schema, ..Content::default() }];
        }
        let example = |media_type: &str| response.get("examples")?.get(media_type);
        let content = |media_type: &'d str| Content {
            media_type,
            schema: Some(Cow::Borrowed(schema)),
            examples: example(media_type).map(Example::alone).into_iter().collect(),
            ..Content::default()
        };
        self.media_types(operation, "produces").into_iter().map(content).collect()
    }

    /// Of what has a `content`: a body, an answer, a parameter.
    pub(crate) fn contents(self, of: &'d Value) -> Vec<Content<'d>> {
        let read = members(of.get("content")).filter_map(|(media_type, media)| {
            let (media, _) = refer::resolve(self.root, media).ok()?;
            let schema = match (media.get("schema"), media.get("itemSchema")) {
                (Some(schema), _) => Some(Cow::Borrowed(schema)),
                (None, Some(items)) => Some(Cow::Owned(json!({"type": "array", "items": items}))),
                (None, None) => None,
            };
            let encoded = members(media.get("encoding")).next().is_some();
            let stream = media.get("schema").is_none() && media.get("itemSchema").is_some();
            let (examples, linked) = (self.examples(media), self.linked(media));
            Some(Content { media_type, schema, examples, encoded, encodings: self.encodings(media), stream, linked })
        });
        read.collect()
    }

    /// Of parts by name, and in 3.2 by position.
    fn encodings(self, media: &'d Value) -> Vec<(String, Encoding<'d>)> {
        let named = members(media.get("encoding")).map(|(name, encoding)| (name.clone(), encoding));
        let placed = media.get("prefixEncoding").and_then(Value::as_array).into_iter().flatten().enumerate();
        let placed = placed.map(|(n, encoding)| (format!("[{n}]"), encoding));
        let each = media.get("itemEncoding").map(|encoding| ("each item".to_owned(), encoding));
        let read = |(name, encoding): (String, &'d Value)| {
            let encoding = Encoding {
                media_type: text(encoding, "contentType").unwrap_or_default(),
                style: text(encoding, "style"),
                explode: encoding.get("explode").and_then(Value::as_bool),
                reserved: encoding.get("allowReserved") == Some(&Value::Bool(true)),
                headers: self.headers(encoding),
            };
            (name, encoding)
        };
        named.chain(placed).chain(each).take(limits::PARAMETERS).map(read).collect()
    }

    /// Examples that the document only names the place of.
    fn linked(self, of: &'d Value) -> Vec<(&'d str, &'d str, &'d str)> {
        let linked = members(of.get("examples")).filter_map(|(name, example)| {
            let (example, _) = refer::resolve(self.root, example).ok()?;
            let told = text(example, "summary").unwrap_or(name);
            Some((told, text(example, "description").unwrap_or_default(), text(example, "externalValue")?))
        });
        linked.take(limits::EXAMPLES).collect()
    }

    fn links(self, response: &'d Value) -> Vec<(&'d str, &'d Value)> {
        let links = members(response.get("links"));
        let read = links.filter_map(|(name, link)| Some((name.as_str(), refer::resolve(self.root, link).ok()?.0)));
        read.take(limits::PARAMETERS).collect()
    }

    /// `examples` with their names, else `example`.
    fn examples(self, of: &'d Value) -> Vec<Example<'d>> {
        let named = members(of.get("examples")).filter_map(|(name, example)| {
            let (example, _) = refer::resolve(self.root, example).ok()?;
            let value = ["value", "dataValue", "serializedValue"].iter().find_map(|key| example.get(key))?;
            let title = text(example, "summary").unwrap_or(name);
            Some(Example {
                name: Some(name),
                title,
                description: text(example, "description").unwrap_or_default(),
                value,
            })
        });
        let mut read: Vec<_> = named.take(limits::EXAMPLES).collect();
        if read.is_empty()
            && let Some(value) = of.get("example").or_else(|| of.get("x-example"))
        {
            read.push(Example::alone(value));
        }
        read
    }
}

/// Swagger 2.0 writes a parameter's schema into the parameter itself.
fn schema_of_parameter(value: &Value) -> Value {
    let beside =
        ["name", "in", "required", "description", "collectionFormat", "allowEmptyValue", "example", "x-example"];
    let schema: Map<String, Value> = members(Some(value))
        .filter(|(key, _)| !beside.contains(&key.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    schema.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_means_that_nothing_is_asked() {
        for (security, asks) in [
            (json!([]), false),
            (json!([{}]), false),
            (json!([{"key": []}, {}]), false),
            (json!([{"a": [], "b": []}]), true),
            (json!([{"key": null}]), true),
            (json!(["key"]), true),
            (json!("none"), true),
        ] {
            assert_eq!(super::asks(&security), asks, "{security}");
        }
    }
}
