//! Rules that change fields and query on the way, compiled to pieces: nothing is searched for at a request.
//!
//! Of each kind: remove, then set, then add; an API's rules before those of the operation. What a caller can choose is
//! percent-encoded before it goes anywhere, so that it ends no value and begins no other.
use crate::message::fields::Fields;
use portico_domain::{FieldRules, QueryRules};
use std::{borrow::Cow, fmt::Write as _, net::IpAddr};

/// The rules for one operation.
#[derive(Debug, Default)]
pub(crate) struct Transform {
    request: Vec<FieldRule>,
    response: Vec<FieldRule>,
    query: Vec<QueryRule>,
}

#[derive(Debug)]
enum FieldRule {
    Remove(Box<str>),
    Set(Box<str>, Text),
    Add(Box<str>, Text),
}

#[derive(Debug)]
enum QueryRule {
    Remove(Box<str>),
    /// The name as it is compared, and as it is written.
    Set(Box<str>, Box<str>, Text),
}

/// A value with what is put into it.
#[derive(Debug)]
struct Text(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Fixed(Box<str>),
    RequestId,
    App,
    Plan,
    Operation,
    ClientIp,
    Parameter(Place),
}

/// Where a path parameter stands in a path that fits its template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    segment: usize,
    /// Takes the rest of the path too.
    greedy: bool,
    /// The texts of its segment around and between parameters, from its beginning on, and which gap is this one.
    around: Box<[Box<str>]>,
    gap: usize,
}

/// What placeholders stand for in one request; empty where there is none, e.g. no app.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) app: &'a str,
    pub(crate) plan: &'a str,
    pub(crate) operation: &'a str,
    pub(crate) client_ip: IpAddr,
    /// The document's path, in canonical form.
    pub(crate) path: &'a str,
}

/// Rules that cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfit {
    /// JSON pointer below the settings of `transform`.
    pub(crate) pointer: String,
    pub(crate) problem: String,
    /// Whether it is a rule of the operation, not of the API.
    pub(crate) of_operation: bool,
}

impl Transform {
    /// `None` where nothing changes. `template` is the operation's path as the document writes it. A path parameter that
    /// the operation does not have is empty in the API's rules, which are for many operations, and a fault in its own.
    pub(crate) fn compile(
        api: &portico_domain::Transform,
        operation: Option<&portico_domain::Transform>,
        template: &str,
    ) -> Result<Option<Self>, Unfit> {
        let mut compiled = Self::default();
        for (rules, strict) in std::iter::once((api, false)).chain(operation.map(|rules| (rules, true))) {
            let texts = Texts { template, strict };
            texts.fields("request", &rules.request, &mut compiled.request)?;
            texts.fields("response", &rules.response, &mut compiled.response)?;
            texts.query(&rules.query, &mut compiled.query)?;
        }
        let Self { request, response, query } = &compiled;
        let idle = request.is_empty() && response.is_empty() && query.is_empty();
        Ok((!idle).then_some(compiled))
    }

    pub(crate) fn changes_answers(&self) -> bool {
        !self.response.is_empty()
    }

    /// What rules write goes to `added`: of a client's own fields many never reach an upstream, whatever their names.
    pub(crate) fn request(&self, fields: &mut Fields, added: &mut Fields, values: &Values<'_>) {
        for rule in &self.request {
            if let FieldRule::Remove(name) | FieldRule::Set(name, _) = rule {
                fields.remove(name);
            }
        }
        apply(&self.request, added, values);
    }

    pub(crate) fn response(&self, fields: &mut Fields, values: &Values<'_>) {
        apply(&self.response, fields, values);
    }

    /// The query by these rules, both without `?`; empty where nothing is left of it, `None` where it stays as it is.
    pub(crate) fn query(&self, query: Option<&str>, values: &Values<'_>) -> Option<String> {
        if self.query.is_empty() {
            return None;
        }
        let mut pairs: Vec<Cow<'_, str>> =
            query.into_iter().flat_map(|query| query.split('&')).map(Cow::Borrowed).collect();
        for rule in &self.query {
            let (QueryRule::Remove(name) | QueryRule::Set(name, _, _)) = rule;
            pairs.retain(|pair| !is_named(pair, name));
            if let QueryRule::Set(_, written, text) = rule {
                let value = text.write(values, Form::Query);
                if !value.is_empty() {
                    pairs.push(Cow::Owned(format!("{written}={value}")));
                }
            }
        }
        pairs.retain(|pair| !pair.is_empty());
        Some(pairs.join("&"))
    }
}

/// A value that came out empty is not written: `set` then removes, `add` does nothing.
fn apply(rules: &[FieldRule], fields: &mut Fields, values: &Values<'_>) {
    for rule in rules {
        match rule {
            FieldRule::Remove(name) => fields.remove(name),
            FieldRule::Set(name, text) => {
                fields.remove(name);
                text.push(name, fields, values);
            }
            FieldRule::Add(name, text) => text.push(name, fields, values),
        }
    }
}

/// Whether a pair of a query has that name once it is decoded as forms are (`+` for a space).
fn is_named(pair: &str, name: &str) -> bool {
    let written = pair.split('=').next().unwrap_or_default();
    if !written.contains(['%', '+']) {
        return written == name;
    }
    let bytes = written.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while let Some(&byte) = bytes.get(place) {
        let digit = |at: usize| bytes.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        match (byte, digit(place + 1), digit(place + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                place += 2;
            }
            (b'+', _, _) => decoded.push(b' '),
            _ => decoded.push(byte),
        }
        place += 1;
    }
    decoded == name.as_bytes()
}

/// Compiles the texts of rules.
struct Texts<'a> {
    template: &'a str,
    strict: bool,
}

impl Texts<'_> {
    fn fields(&self, way: &str, rules: &FieldRules, into: &mut Vec<FieldRule>) -> Result<(), Unfit> {
        into.extend(rules.remove.iter().map(|name| FieldRule::Remove(name.as_str().into())));
        for (name, value) in &rules.set {
            into.push(FieldRule::Set(name.as_str().into(), self.text(value, &[way, "set", name])?));
        }
        for (name, value) in &rules.add {
            into.push(FieldRule::Add(name.as_str().into(), self.text(value, &[way, "add", name])?));
        }
        Ok(())
    }

    fn query(&self, rules: &QueryRules, into: &mut Vec<QueryRule>) -> Result<(), Unfit> {
        into.extend(rules.remove.iter().map(|name| QueryRule::Remove(name.as_str().into())));
        for (name, value) in &rules.set {
            let mut written = String::new();
            encode(name, false, &mut written);
            let text = self.text(value, &["query", "set", name])?.for_query();
            into.push(QueryRule::Set(name.as_str().into(), written.into(), text));
        }
        Ok(())
    }

    fn text(&self, value: &str, place: &[&str]) -> Result<Text, Unfit> {
        let unfit = |problem: String| Unfit {
            pointer: place
                .iter()
                .fold(String::new(), |pointer, member| pointer + "/" + &member.replace('~', "~0").replace('/', "~1")),
            problem,
            of_operation: self.strict,
        };
        let mut pieces = Vec::new();
        let mut rest = value;
        while let Some((fixed, from)) = rest.split_once('{') {
            if !fixed.is_empty() {
                pieces.push(Piece::Fixed(fixed.into()));
            }
            let Some((name, after)) = from.split_once('}') else {
                return Err(unfit(format!("{{{from} is a placeholder without its end")));
            };
            let piece = match (name, name.strip_prefix("path.")) {
                ("request_id", _) => Some(Piece::RequestId),
                ("app", _) => Some(Piece::App),
                ("plan", _) => Some(Piece::Plan),
                ("operation", _) => Some(Piece::Operation),
                ("client_ip", _) => Some(Piece::ClientIp),
                (_, Some(parameter)) => match Place::of(parameter, self.template) {
                    Some(place) => Some(Piece::Parameter(place)),
                    None if self.strict => {
                        return Err(unfit(format!("{} has no parameter {parameter}", self.template)));
                    }
                    None => None,
                },
                _ => return Err(unfit(format!("{{{name}}} is not a placeholder"))),
            };
            pieces.extend(piece);
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Fixed(rest.into()));
        }
        Ok(Text(pieces))
    }
}

impl Place {
    /// Templates are read as the router reads them.
    pub(crate) fn of(parameter: &str, template: &str) -> Option<Self> {
        let path = template.split(['?', '#']).next().unwrap_or_default();
        let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        for (number, segment) in segments.iter().enumerate() {
            let (mut around, mut names): (Vec<Box<str>>, Vec<&str>) = (Vec::new(), Vec::new());
            let mut rest = *segment;
            while let Some((before, (name, after))) =
                rest.split_once('{').and_then(|(before, from)| Some((before, from.split_once('}')?)))
            {
                around.push(crate::path::canonical_literal(before).into());
                names.push(name);
                rest = after;
            }
            around.push(crate::path::canonical_literal(rest).into());
            let plain = |name: &str| name.trim_end_matches('+').trim_start_matches('*') == parameter;
            if let Some(gap) = names.iter().position(|name| *name == parameter || plain(name)) {
                let greedy = number + 1 == segments.len()
                    && names.len() == 1
                    && around.iter().all(|text| text.is_empty())
                    && (names[0].ends_with('+') || names[0].starts_with('*'));
                return Some(Self { segment: number, greedy, around: around.into(), gap });
            }
        }
        None
    }

    /// As it stands in the path, with its percent-encoding.
    pub(crate) fn find<'a>(&self, path: &'a str) -> &'a str {
        let path = path.strip_prefix('/').unwrap_or(path);
        let start = if self.segment == 0 {
            0
        } else {
            match path.match_indices('/').nth(self.segment - 1) {
                Some((slash, _)) => slash + 1,
                None => return "",
            }
        };
        let rest = &path[start..];
        if self.greedy {
            return rest;
        }
        let segment = rest.split('/').next().unwrap_or_default();
        self.within(segment).unwrap_or_default()
    }

    /// A parameter takes one character at least, and the first text that fits ends it.
    fn within<'a>(&self, segment: &'a str) -> Option<&'a str> {
        let (first, texts) = self.around.split_first()?;
        let (end, _) = texts.split_last()?;
        let mut rest = segment.strip_prefix(&**first)?.strip_suffix(&**end)?;
        for (gap, text) in texts.iter().enumerate() {
            if gap + 1 == texts.len() {
                return (gap == self.gap).then_some(rest);
            }
            let skip = rest.chars().next()?.len_utf8();
            let at = skip + rest.get(skip..)?.find(&**text)?;
            if gap == self.gap {
                return Some(&rest[..at]);
            }
            rest = &rest[at + text.len()..];
        }
        None
    }
}

/// Where a value goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Field,
    Query,
}

impl Text {
    /// With its fixed parts percent-encoded once and for all.
    fn for_query(self) -> Self {
        let encoded = |piece| match piece {
            Piece::Fixed(text) => {
                let mut out = String::new();
                encode(&text, false, &mut out);
                Piece::Fixed(out.into())
            }
            other => other,
        };
        Self(self.0.into_iter().map(encoded).collect())
    }

    fn push(&self, name: &str, fields: &mut Fields, values: &Values<'_>) {
        // Most values are fixed.
        if let [Piece::Fixed(text)] = &*self.0 {
            fields.push(name, &**text);
            return;
        }
        let value = self.write(values, Form::Field);
        let value = value.trim();
        if !value.is_empty() {
            fields.push(name, value);
        }
    }

    fn write(&self, values: &Values<'_>, form: Form) -> String {
        let mut out = String::with_capacity(64);
        for piece in &self.0 {
            match piece {
                Piece::Fixed(text) => out.push_str(text),
                Piece::RequestId => out.push_str(values.request_id),
                Piece::App => encode(values.app, false, &mut out),
                Piece::Plan => encode(values.plan, false, &mut out),
                Piece::Operation => encode(values.operation, false, &mut out),
                Piece::ClientIp if form == Form::Query => {
                    encode(&values.client_ip.to_canonical().to_string(), false, &mut out);
                }
                Piece::ClientIp => {
                    let _ = write!(out, "{}", values.client_ip.to_canonical());
                }
                Piece::Parameter(place) => encode(place.find(values.path), true, &mut out),
            }
        }
        out
    }
}

/// Percent-encodes all but what never means anything (RFC 3986 2.3). `encoded` text keeps the escapes that it has.
fn encode(text: &str, encoded: bool, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b'%' if encoded => out.push('%'),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(path: &str) -> Values<'_> {
        Values {
            request_id: "0198",
            app: "app-1",
            plan: "gold",
            operation: "find pets",
            client_ip: "::ffff:192.0.2.7".parse().unwrap(),
            path,
        }
    }

    fn rules(json: serde_json::Value) -> portico_domain::Transform {
        serde_json::from_value(json).unwrap()
    }

    fn compile(json: serde_json::Value, template: &str) -> Transform {
        Transform::compile(&rules(json), None, template).unwrap().unwrap()
    }

    #[test]
    fn fields_are_removed_then_set_then_added() {
        let api = rules(serde_json::json!({"request": {
            "remove": ["x-old"], "set": {"x-key": "s3cret", "x-app": "{app}/{plan}"}, "add": {"accept": "text/plain"},
        }}));
        let operation =
            rules(serde_json::json!({"request": {"set": {"x-id": "{path.id}@{client_ip}"}, "remove": ["x-key"]}}));
        let transform = Transform::compile(&api, Some(&operation), "/pets/{id}").unwrap().unwrap();
        let mut fields = Fields::new();
        for (name, value) in [("X-Old", "1"), ("X-KEY", "a"), ("x-key", "b"), ("Accept", "text/html")] {
            fields.push(name, value);
        }
        let mut added = Fields::new();
        transform.request(&mut fields, &mut added, &values("/pets/a%2Cb,c"));
        let fields = fields.joined(&added);
        let shown: Vec<_> =
            fields.iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value))).collect();
        assert_eq!(
            shown,
            ["Accept: text/html", "x-app: app-1/gold", "accept: text/plain", "x-id: a%2Cb%2Cc@192.0.2.7"]
        );
    }

    #[test]
    fn an_empty_value_is_not_written() {
        let transform =
            compile(serde_json::json!({"request": {"set": {"x-app": "{app}"}, "add": {"x-more": " {app} "}}}), "/");
        let mut fields = Fields::new();
        fields.push("x-app", "forged");
        let mut added = Fields::new();
        transform.request(&mut fields, &mut added, &Values { app: "", ..values("/") });
        assert!(fields.is_empty() && added.is_empty());
    }

    #[test]
    fn a_query_is_changed_by_decoded_names() {
        let transform = compile(
            serde_json::json!({"query": {"remove": ["debug mode"], "set": {"tenant": "{app} & co", "op": "{operation}"}}}),
            "/",
        );
        for (query, changed) in [
            (None, "op=find%20pets&tenant=app-1%20%26%20co"),
            (Some("a=1&debug+mode=1&b"), "a=1&b&op=find%20pets&tenant=app-1%20%26%20co"),
            (Some("debug%20mode&%74enant=evil&tenant=evil"), "op=find%20pets&tenant=app-1%20%26%20co"),
            (Some("&&tenant"), "op=find%20pets&tenant=app-1%20%26%20co"),
        ] {
            assert_eq!(transform.query(query, &values("/")), Some(changed.to_owned()), "{query:?}");
        }
        let removing = compile(serde_json::json!({"query": {"remove": ["a"]}}), "/");
        assert_eq!(removing.query(Some("a=1&a"), &values("/")), Some(String::new()));
        let fields_only = compile(serde_json::json!({"request": {"remove": ["a"]}}), "/");
        assert_eq!(fields_only.query(Some("a=1"), &values("/")), None);
    }

    #[test]
    fn parameters_are_found_where_the_template_has_them() {
        for (template, parameter, path, value) in [
            ("/pets/{id}", "id", "/pets/7", "7"),
            ("/pets/{id}/toys/{toy}", "toy", "/pets/7/toys/ball", "ball"),
            ("/{a}", "a", "/x", "x"),
            ("/Accounts/{Sid}.json", "Sid", "/Accounts/AC1.json", "AC1"),
            ("/compare/{base}...{head}", "base", "/compare/a.b...c", "a.b"),
            ("/compare/{base}...{head}", "head", "/compare/a.b...c", "c"),
            ("/compare/{base}...{head}", "head", "/compare/a...b...c", "b...c"),
            ("/files/{path+}", "path", "/files/a/b/c", "a/b/c"),
            ("/{proxy+}", "proxy+", "/a/b", "a/b"),
            ("/a/{b}", "b", "/a", ""),
            ("/a b/{c}x", "c", "/a%20b/ycx", "yc"),
        ] {
            let place = Place::of(parameter, template).unwrap();
            assert_eq!(place.find(path), value, "{parameter} of {template} in {path}");
        }
        assert_eq!(Place::of("other", "/pets/{id}"), None);
    }

    #[test]
    fn a_parameter_that_is_not_there_is_a_fault_of_the_operations_own_rules() {
        let with = rules(serde_json::json!({"response": {"set": {"x/y": "{path.nope}"}}}));
        let unfit = Transform::compile(&rules(serde_json::json!({})), Some(&with), "/pets/{id}").unwrap_err();
        assert_eq!(unfit.pointer, "/response/set/x~1y");
        assert_eq!(unfit.problem, "/pets/{id} has no parameter nope");
        assert!(Transform::compile(&with, None, "/pets/{id}").is_ok());
        for value in ["{nope}", "{app"] {
            let wrong = rules(serde_json::json!({"request": {"add": {"x-y": value}}}));
            assert!(Transform::compile(&wrong, None, "/").is_err(), "{value}");
        }
        assert!(Transform::compile(&rules(serde_json::json!({})), None, "/").unwrap().is_none());
    }

    proptest! {
        #[test]
        fn nothing_that_a_caller_sends_adds_a_parameter_or_a_line(path in "/[ -~]{0,40}", query in "[!-~]{0,60}") {
            let transform = compile(
                serde_json::json!({"query": {"set": {"id": "{path.id}"}}, "request": {"set": {"x-id": "{path.id}"}}}),
                "/{id}",
            );
            let values = values(&path);
            if let Some(changed) = transform.query(Some(&query), &values) {
                prop_assert!(changed.split('&').filter(|pair| is_named(pair, "id")).count() <= 1);
                prop_assert!(changed.split('&').count() <= query.split('&').count() + 1);
            }
            let mut fields = Fields::new();
            transform.request(&mut Fields::new(), &mut fields, &values);
            prop_assert!(fields.get("x-id").is_none_or(|value| value.iter().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(b))));
        }
    }
}
