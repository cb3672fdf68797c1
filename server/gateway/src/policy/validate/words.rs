//! Faults in plain words: what would be right, without repeating what was sent.
use super::{Fault, MAX_FAULTS};
use jsonschema::{
    JsonType, ValidationError,
    error::{TypeKind, ValidationErrorKind},
};
use serde_json::Value;

/// Characters of what a document says, in a message.
const MAX_SAID: usize = 300;
/// Values listed.
const MAX_LISTED: usize = 20;
/// Unions within unions whose variants are looked into.
const MAX_DEPTH: usize = 6;

/// Faults while they are gathered.
pub(super) struct Words<'r> {
    faults: Vec<Fault>,
    /// Bytes of each pointer that are the validator's own.
    inner: usize,
    /// What stands in their place.
    root: &'r str,
}

impl<'r> Words<'r> {
    pub(super) fn new(inner: usize, root: &'r str) -> Self {
        Self { faults: Vec::new(), inner, root }
    }

    pub(super) fn faults(self) -> Vec<Fault> {
        self.faults
    }

    pub(super) fn tell(&mut self, error: &ValidationError<'_>) {
        self.tell_within(error, MAX_DEPTH);
    }

    fn tell_within(&mut self, error: &ValidationError<'_>, depth: usize) {
        use ValidationErrorKind as Kind;
        if self.faults.len() >= MAX_FAULTS {
            return;
        }
        match error.kind() {
            Kind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                self.add(error, Some(name), "is required".to_owned());
            }
            Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
                for name in unexpected.iter().take(MAX_FAULTS) {
                    self.add(error, Some(name), "is not known here; leave it out".to_owned());
                }
            }
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => match closest(error, context) {
                Closest::Variant(faults) if depth > 0 => {
                    for fault in faults {
                        self.tell_within(fault, depth - 1);
                    }
                }
                Closest::Types(types) => self.add(error, None, format!("should be {types}")),
                Closest::Variant(_) | Closest::None => {
                    self.add(error, None, "fits none of the forms that the document allows here".to_owned());
                }
            },
            kind => self.add(error, None, words(kind)),
        }
    }

    fn add(&mut self, error: &ValidationError<'_>, member: Option<&str>, message: String) {
        if self.faults.len() >= MAX_FAULTS {
            return;
        }
        let inner = error.instance_path().as_str();
        let mut pointer = format!("{}{}", self.root, inner.get(self.inner..).unwrap_or_default());
        if let Some(member) = member {
            pointer.push('/');
            pointer.push_str(&shortened(&member.replace('~', "~0").replace('/', "~1")));
        }
        let fault = Fault { pointer, message };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

enum Closest<'e> {
    Variant(&'e [ValidationError<'static>]),
    /// No variant is of the type that was sent: which types there are.
    Types(String),
    None,
}

/// Of the variants of a union the one that was probably meant: of the right type, and with the fewest faults, where a
/// wrong constant counts most, since it is what tells variants apart.
fn closest<'e>(error: &ValidationError<'_>, variants: &'e [Vec<ValidationError<'static>>]) -> Closest<'e> {
    let here = error.instance_path().as_str();
    let mut types: Vec<&'static str> = Vec::new();
    let mut best: Option<(usize, &'e [ValidationError<'static>])> = None;
    for variant in variants {
        let own = |fault: &&ValidationError<'_>| fault.instance_path().as_str() == here;
        let mistyped = variant.iter().filter(own).find_map(|fault| match fault.kind() {
            ValidationErrorKind::Type { kind } => Some(kind),
            _ => None,
        });
        if let Some(kind) = mistyped {
            types.extend(names(kind));
            continue;
        }
        let weight = |fault: &ValidationError<'_>| match fault.kind() {
            ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. } => 20,
            _ => 1,
        };
        let faults: usize = variant.iter().map(weight).sum();
        if best.is_none_or(|(fewest, _)| faults < fewest) {
            best = Some((faults, variant));
        }
    }
    match best {
        Some((_, [])) | None if types.is_empty() => Closest::None,
        Some((_, faults)) if !faults.is_empty() => Closest::Variant(faults),
        _ => {
            let mut distinct = Vec::new();
            for name in types {
                if !distinct.contains(&name) {
                    distinct.push(name);
                }
            }
            Closest::Types(distinct.join(" or "))
        }
    }
}

fn words(kind: &ValidationErrorKind) -> String {
    use ValidationErrorKind as Kind;
    let counted = |n: &u64, one: &str, many: &str| format!("{n} {}", if *n == 1 { one } else { many });
    match kind {
        Kind::Type { kind } => format!("should be {}", names(kind).join(" or ")),
        Kind::Enum { options } => match options.as_array().map_or(&[][..], Vec::as_slice) {
            [one] => format!("should be {}", said(one)),
            several => format!("should be one of {}", listed(several)),
        },
        Kind::Constant { expected_value } => format!("should be {}", said(expected_value)),
        Kind::Minimum { limit } => format!("should be at least {limit}"),
        Kind::Maximum { limit } => format!("should be at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("should be more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("should be less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("should be a multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("should have at least {}", counted(limit, "character", "characters")),
        Kind::MaxLength { limit } => format!("should have at most {}", counted(limit, "character", "characters")),
        Kind::MinItems { limit } => format!("should have at least {}", counted(limit, "item", "items")),
        Kind::MaxItems { limit } => format!("should have at most {}", counted(limit, "item", "items")),
        Kind::AdditionalItems { limit } => {
            format!("should have at most {}", counted(&(*limit as u64), "item", "items"))
        }
        Kind::UnevaluatedItems { .. } => "holds more items than the document knows".to_owned(),
        Kind::MinProperties { limit } => format!("should have at least {}", counted(limit, "member", "members")),
        Kind::MaxProperties { limit } => format!("should have at most {}", counted(limit, "member", "members")),
        Kind::Pattern { pattern } => format!("should match the pattern {}", shortened(pattern)),
        Kind::Format { format } => format!("should be {}", format_words(format)),
        Kind::UniqueItems => "should not hold the same item twice".to_owned(),
        Kind::Contains => "should hold an item of the kind that the document asks for".to_owned(),
        Kind::PropertyNames { .. } => "has a member whose name does not fit".to_owned(),
        Kind::OneOfMultipleValid { .. } => {
            "fits several of the forms that the document allows here, and should fit exactly one".to_owned()
        }
        Kind::Not { .. } | Kind::FalseSchema => "is not allowed here".to_owned(),
        _ => "does not fit what the document asks for".to_owned(),
    }
}

fn names(kind: &TypeKind) -> Vec<&'static str> {
    match kind {
        TypeKind::Single(one) => vec![name(*one)],
        TypeKind::Multiple(several) => several.iter().map(name).collect(),
    }
}

const fn name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "a list",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "an object",
        JsonType::String => "a text",
    }
}

fn format_words(format: &str) -> &str {
    match format {
        "date-time" => "a date and time such as 2026-01-15T09:30:00Z",
        "date" => "a date such as 2026-01-15",
        "uuid" => "a UUID such as 7f3c2b9e-5a10-4d0c-9a57-2f1f0c6d8e11",
        "email" => "an e-mail address such as someone@example.com",
        "ipv4" => "an IPv4 address such as 192.0.2.1",
        "ipv6" => "an IPv6 address such as 2001:db8::1",
        "uri" => "an absolute URL such as https://example.com/",
        other => other,
    }
}

fn listed(values: &[Value]) -> String {
    let shown: Vec<String> = values.iter().take(MAX_LISTED).map(said).collect();
    let more = values.len().saturating_sub(MAX_LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    shortened(&shown.join(", ")) + &more
}

fn said(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() => shortened(text),
        other => shortened(&other.to_string()),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_SAID) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
