//! Operations as tools: a name, one object of arguments, and the call they make. Language models use them so, by the
//! Model Context Protocol.
//!
//! Parameters of all places and the body are members of one object. [`arguments`] says how each is called, and both the
//! schema of the arguments and the call are made from that.
mod arguments;
mod call;

pub use call::ToolCall;

use crate::{
    description::Description,
    limits, markdown,
    outline::{Entry, text},
    rules::{Ground, schema::Schemas},
    slug,
};
use arguments::{Argument, What};
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// As long as a name of a tool may be, and of an argument.
const NAME: usize = 64;

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Letters, digits, `_` and `-`, at most 64 of them.
    pub name: String,
    pub title: String,
    /// Plain text.
    pub description: String,
    /// Upper case.
    pub method: String,
    /// JSON Schema 2020-12 of an object; what it refers to is in it.
    pub input_schema: Value,
}

impl Description {
    /// Names of all tools in the order of the document: of the tool, and of its operation. Only what the gateway serves is
    /// one.
    pub fn tools(&self) -> Vec<(String, String)> {
        let entries = self.outline().operations.iter().filter(|entry| !entry.unroutable);
        let mut names = Names::default();
        entries.map(|entry| (names.take(&entry.slug), entry.slug.clone())).collect()
    }

    /// The operation as a tool that is called `name`.
    pub fn tool(&self, operation: &str, name: &str) -> Option<Tool> {
        let entry = self.entry(operation).filter(|entry| entry.is_ours())?;
        let arguments = arguments::of(self, entry)?;
        Some(Tool {
            name: name.to_owned(),
            title: entry.title.clone(),
            description: described(self, entry),
            method: entry.method.to_uppercase(),
            input_schema: input_schema(self, &arguments),
        })
    }

    /// The call that the arguments make, or what is wrong with them.
    pub fn tool_call(&self, operation: &str, given: &Map<String, Value>) -> Result<ToolCall, String> {
        let entry = self.entry(operation).filter(|entry| entry.is_ours());
        let entry = entry.ok_or_else(|| format!("There is no operation {operation}."))?;
        let arguments = arguments::of(self, entry).ok_or_else(|| format!("There is no operation {operation}."))?;
        call::call(self, entry, &arguments, given)
    }
}

fn described(description: &Description, entry: &Entry) -> String {
    let operation = description.root().pointer(&entry.pointer).unwrap_or(&Value::Null);
    let words = markdown::plain_up_to(text(operation, "description").unwrap_or_default(), limits::TOOL_DESCRIPTION);
    let call = format!("{} {}", entry.method.to_uppercase(), entry.path);
    let deprecated = if entry.deprecated { " Deprecated." } else { "" };
    let parts = [entry.title.as_str(), &words, &call].map(str::trim);
    let mut said: Vec<&str> = Vec::new();
    for part in parts {
        if !part.is_empty() && !said.contains(&part) {
            said.push(part);
        }
    }
    said.join("\n") + deprecated
}

fn input_schema(description: &Description, arguments: &[Argument<'_>]) -> Value {
    let mut schemas = Schemas::with_words(description.reader(), limits::TOOL_VALUES);
    let mut ground = Ground::default();
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for argument in arguments {
        let (schema, words) = match &argument.what {
            What::Parameter(parameter) => {
                let words = markdown::plain_up_to(parameter.description, limits::TOOL_WORDS);
                let place = parameter.place.title();
                let place = format!("{place} parameter {}.", parameter.name);
                (Some(&*parameter.schema), if words.is_empty() { place } else { format!("{words} ({place})") })
            }
            What::Body { content, words } => {
                let words = markdown::plain_up_to(words, limits::TOOL_WORDS);
                let sent = format!("The request's body, sent as {}.", content.media_type);
                (content.schema.as_deref(), format!("{words} {sent}").trim().to_owned())
            }
        };
        let made = match schema.filter(|_| argument.is_structured()) {
            Some(schema) => schemas.schema(schema, "", &mut ground),
            None => json!({"type": "string"}),
        };
        let mut made = match made {
            Value::Object(made) => made,
            _ => Map::new(),
        };
        made.insert("description".to_owned(), words.into());
        properties.insert(argument.name.clone(), made.into());
        if argument.required {
            required.push(Value::from(argument.name.as_str()));
        }
    }
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    let definitions = schemas.finish(&mut ground);
    if !definitions.is_empty() {
        schema["$defs"] = definitions.into();
    }
    schema
}

/// Hands every name out once.
#[derive(Default)]
struct Names {
    taken: HashSet<String>,
    unique: slug::Unique,
}

impl Names {
    fn take(&mut self, wanted: &str) -> String {
        let fits = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
        let name: String = wanted.chars().map(fits).take(NAME).collect();
        let name = if name.is_empty() { "_".to_owned() } else { name };
        if self.taken.insert(name.clone()) {
            return name;
        }
        // Room for the number.
        let short: String = name.chars().take(NAME - 8).collect();
        loop {
            let next = self.unique.take(short.clone());
            if self.taken.insert(next.clone()) {
                return next;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_valid_and_given_once() {
        let mut names = Names::default();
        let long = "x".repeat(100);
        let taken: Vec<String> =
            ["a.b~c", "a.b.c", "a_b_c", "", &long, &long, &long].into_iter().map(|name| names.take(name)).collect();
        assert_eq!(taken[..5], ["a_b_c", "a_b_c-2", "a_b_c-3", "_", &"x".repeat(64)]);
        assert!(taken.iter().all(|name| name.len() <= 64));
        let distinct: HashSet<_> = taken.iter().collect();
        assert_eq!(distinct.len(), taken.len());
    }
}
