//! Checks of whole operations, from rules to faults.
use super::*;
use portico_domain::{BodyRule, ParameterLocation, ParameterStyle, Scalar};
use std::{collections::BTreeMap, fmt::Write as _, time::Instant};

/// What a reader of documents would say that the texts of a schema stand for.
fn kind(schema: &Value) -> ValueKind {
    let mut kind = ValueKind::default();
    let named = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        several => several.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
    };
    for name in named {
        match name {
            "integer" | "number" => kind.scalars.push(Scalar::Number),
            "boolean" => kind.scalars.push(Scalar::Boolean),
            "null" => kind.scalars.push(Scalar::Null),
            "string" => kind.scalars.push(Scalar::Text),
            "array" => kind.items = Some(Box::new(self::kind(&schema["items"]))),
            _ => {
                let members = schema["properties"].as_object().into_iter().flatten();
                kind.members = Some(members.map(|(name, schema)| (name.clone(), self::kind(schema))).collect());
            }
        }
    }
    kind.scalars.sort_unstable();
    kind
}

fn rule(location: ParameterLocation, style: ParameterStyle, explode: bool, schema: &Value) -> ParameterRule {
    ParameterRule {
        name: "p".to_owned(),
        location,
        required: false,
        allow_empty: false,
        style,
        explode,
        media_type: None,
        kind: kind(schema),
        schema: schema.clone(),
    }
}

fn compiled(rules: OperationRules) -> Arc<OperationChecks> {
    compiled_with(rules, json!({}))
}

fn compiled_with(rules: OperationRules, definitions: Value) -> Arc<OperationChecks> {
    let Value::Object(definitions) = definitions else { panic!("definitions are an object") };
    let operations = BTreeMap::from([("op".to_owned(), rules)]);
    let rules = DocumentRules { requests: definitions.clone(), answers: definitions, operations, notes: Vec::new() };
    Validation::compile(&rules).unwrap().operation("op").unwrap()
}

fn with_parameter(rule: ParameterRule) -> Arc<OperationChecks> {
    compiled(OperationRules { template: "/a/{p}/b".to_owned(), parameters: vec![rule], ..OperationRules::default() })
}

fn with_body(required: bool, media: Vec<MediaRule>) -> OperationRules {
    OperationRules { body: Some(BodyRule { required, media }), ..OperationRules::default() }
}

fn json_media(schema: Value) -> MediaRule {
    MediaRule { media_type: "application/json".to_owned(), schema: Some(schema), form: None }
}

fn fields(lines: &[(&str, &str)]) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in lines {
        fields.push(name, value);
    }
    fields
}

fn told(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.message)).collect()
}

/// The faults of a value of the parameter `p`, written where it belongs.
fn faults_of(rule: ParameterRule, written: &str) -> Vec<String> {
    let location = rule.location;
    let checks = with_parameter(rule);
    let faults = match location {
        ParameterLocation::Path => checks.parameters(&format!("/a/{written}/b"), "", &Fields::new()),
        ParameterLocation::Query => checks.parameters("/", written, &Fields::new()),
        ParameterLocation::Header => checks.parameters("/", "", &fields(&[("P", written)])),
        ParameterLocation::Cookie => checks.parameters("/", "", &fields(&[("cookie", written)])),
    };
    told(&faults)
}

#[test]
fn every_style_is_read() {
    use ParameterLocation::{Cookie, Header, Path, Query};
    use ParameterStyle::{DeepObject, Form, Label, Matrix, PipeDelimited, Simple, SpaceDelimited, TabDelimited};
    let one = json!({"type": "integer", "minimum": 5, "maximum": 5});
    let word = json!({"type": "string", "enum": ["a b", "a/b", "5"]});
    let list = json!({"type": "array", "items": {"type": "integer"}, "minItems": 3, "maxItems": 3});
    let words = json!({"type": "array", "items": {"enum": ["a", "b,c"]}, "minItems": 2});
    let object = json!({"type": "object", "properties": {"R": {"type": "integer"}, "G": {"type": "integer"}},
        "required": ["R", "G"], "additionalProperties": false});
    for (location, style, explode, schema, written) in [
        (Path, Simple, false, &one, "5"),
        (Path, Simple, false, &word, "a%20b"),
        (Path, Simple, false, &word, "a%2Fb"),
        (Path, Simple, false, &word, "5"),
        (Path, Simple, false, &list, "3,4,5"),
        (Path, Simple, true, &list, "3,4,5"),
        (Path, Simple, false, &words, "a,b%2Cc"),
        (Path, Simple, false, &object, "R,100,G,200"),
        (Path, Simple, true, &object, "R=100,G=200"),
        (Path, Label, false, &one, ".5"),
        (Path, Label, false, &list, ".3,4,5"),
        (Path, Label, true, &list, ".3.4.5"),
        (Path, Label, false, &object, ".R,100,G,200"),
        (Path, Label, true, &object, ".R=100.G=200"),
        (Path, Matrix, false, &one, ";p=5"),
        (Path, Matrix, false, &list, ";p=3,4,5"),
        (Path, Matrix, true, &list, ";p=3;p=4;p=5"),
        (Path, Matrix, false, &object, ";p=R,100,G,200"),
        (Path, Matrix, true, &object, ";R=100;G=200"),
        (Query, Form, true, &one, "p=5"),
        (Query, Form, true, &one, "%70=%35&other=x"),
        (Query, Form, true, &word, "p=a+b"),
        (Query, Form, true, &list, "p=3&p=4&x=1&p=5"),
        (Query, Form, true, &list, "p[]=3&p[]=4&p[]=5"),
        (Query, Form, false, &list, "p=3,4,5"),
        (Query, Form, false, &words, "p=a,b%2Cc"),
        (Query, Form, true, &object, "R=100&G=200"),
        (Query, Form, false, &object, "p=R,100,G,200"),
        (Query, SpaceDelimited, false, &list, "p=3%204%205"),
        (Query, SpaceDelimited, false, &list, "p=3+4+5"),
        (Query, SpaceDelimited, true, &list, "p=3&p=4&p=5"),
        (Query, PipeDelimited, false, &list, "p=3|4%7C5"),
        (Query, TabDelimited, false, &list, "p=3%094%095"),
        (Query, DeepObject, true, &object, "p[R]=100&p%5BG%5D=200"),
        (Header, Simple, false, &one, "5"),
        (Header, Simple, false, &list, "3, 4,5"),
        (Header, Simple, false, &object, "R,100,G,200"),
        (Header, Simple, true, &object, "R=100,G=200"),
        (Cookie, Form, true, &one, "a=1; p=5"),
        (Cookie, Form, true, &list, "p=3; p=4; p=5"),
        (Cookie, Form, false, &list, "p=3,4,5"),
        (Cookie, Form, false, &object, "p=R,100,G,200"),
    ] {
        let found = faults_of(rule(location, style, explode, schema), written);
        assert!(found.is_empty(), "{location:?} {style:?} {explode} {written}: {found:?}");
    }
    for (location, style, explode, schema, written, fault) in [
        (Path, Simple, false, &one, "x", "/path/p should be a whole number"),
        (Path, Simple, false, &one, "6", "/path/p should be at most 5"),
        (Path, Simple, false, &one, "05", "/path/p should be a whole number"),
        (Path, Simple, false, &list, "3,4", "/path/p should have at least 3 items"),
        (Path, Simple, false, &list, "3,x,5", "/path/p/1 should be a whole number"),
        (Path, Simple, false, &object, "R,100,G", "/path/p should hold names and values in turn, e.g. R,100,G,200"),
        (Path, Label, false, &one, "5", "/path/p should begin with a dot, e.g. .5"),
        (
            Path,
            Matrix,
            false,
            &one,
            ";q=5",
            "/path/p should begin with a semicolon and the parameter's name, e.g. ;id=5",
        ),
        (Query, Form, true, &one, "p=5&p=5", "/query/p should stand once"),
        (Query, Form, true, &word, "p=c", "/query/p should be one of a b, a/b, 5"),
        (Query, Form, true, &object, "R=100&x=1", "/query/p/G is required"),
        (Query, DeepObject, true, &object, "p[R]=1&p[G]=2&p[B]=3", "/query/p/B is not known here; leave it out"),
        (Query, PipeDelimited, false, &list, "p=3|x|5", "/query/p/1 should be a whole number"),
        (Header, Simple, false, &one, "6", "/header/p should be at most 5"),
        (Cookie, Form, true, &one, "p=4", "/cookie/p should be at least 5"),
    ] {
        let found = faults_of(rule(location, style, explode, schema), written);
        assert_eq!(found, [fault], "{location:?} {style:?} {explode} {written}");
    }
}

#[test]
fn texts_stand_for_what_the_schema_says() {
    use ParameterLocation::Query;
    for (schema, written, fits) in [
        (json!({"type": "boolean"}), "p=true", true),
        (json!({"type": "boolean"}), "p=yes", false),
        (json!({"type": "number"}), "p=-1.5e3", true),
        (json!({"type": "integer"}), "p=1.0", true),
        (json!({"type": "integer"}), "p=1.5", false),
        (json!({"type": "integer"}), "p=", false),
        (json!({"type": ["integer", "null"]}), "p=", true),
        (json!({"type": ["integer", "null"]}), "p=null", true),
        (json!({"type": "string"}), "p=12", true),
        (json!({"type": "string"}), "p=true", true),
        (json!({}), "p=12", true),
        // A text that looks like a number, where both are allowed.
        (json!({"type": ["integer", "string"], "minLength": 2}), "p=12", true),
        (json!({"type": ["integer", "string"], "enum": ["12", 7]}), "p=12", true),
        (json!({"type": ["integer", "string"], "enum": ["12", 7]}), "p=7", true),
        (json!({"type": ["integer", "string"], "enum": ["12", 7]}), "p=8", false),
    ] {
        let found = faults_of(rule(Query, ParameterStyle::Form, true, &schema), written);
        assert_eq!(found.is_empty(), fits, "{schema} {written}: {found:?}");
    }
}

#[test]
fn what_is_required_must_be_there() {
    let mut needed = rule(ParameterLocation::Header, ParameterStyle::Simple, false, &json!({"type": "string"}));
    needed.name = "X-Id".to_owned();
    needed.required = true;
    let checks = with_parameter(needed);
    assert_eq!(told(&checks.parameters("/", "", &Fields::new())), ["/header/X-Id is required"]);
    assert!(checks.parameters("/", "", &fields(&[("x-id", "7")])).is_empty());

    let mut flag = rule(ParameterLocation::Query, ParameterStyle::Form, true, &json!({"type": "integer"}));
    flag.allow_empty = true;
    assert!(faults_of(flag, "p").is_empty());
}

#[test]
fn parameters_may_be_written_as_json() {
    let schema = json!({"type": "object", "required": ["a"]});
    let mut filter = rule(ParameterLocation::Query, ParameterStyle::Form, true, &schema);
    filter.media_type = Some("application/json".to_owned());
    assert!(faults_of(filter.clone(), "p=%7B%22a%22:1%7D").is_empty());
    assert_eq!(faults_of(filter.clone(), "p={}"), ["/query/p/a is required"]);
    assert_eq!(faults_of(filter, "p={"), ["/query/p should be JSON"]);
}

#[test]
fn all_faults_of_a_body_are_told_with_their_places() {
    let schema = json!({
        "type": "object",
        "required": ["name", "a/b"],
        "additionalProperties": false,
        "properties": {
            "name": {"type": "string", "minLength": 1, "pattern": "^[a-z]+$"},
            "a/b": true,
            "age": {"type": "integer", "minimum": 0},
            "born": {"type": "string", "format": "date"},
            "tags": {"type": "array", "items": {"enum": ["x", "y"]}, "uniqueItems": true, "maxItems": 3},
            "tree": {"$ref": "#/$defs/tree"}
        }
    });
    let definitions = json!({"tree": {"type": "object", "properties": {"child": {"$ref": "#/$defs/tree"}, "n": {"type": "integer"}}}});
    let checks = compiled_with(with_body(true, vec![json_media(schema)]), definitions);
    let head = fields(&[("content-type", "application/json; charset=utf-8")]);
    let check = checks.body(&head, true).unwrap().unwrap();
    let good =
        json!({"name": "rex", "a/b": null, "age": 3, "born": "2020-02-29", "tags": ["x"], "tree": {"child": {"n": 1}}});
    assert!(check.check(good.to_string().as_bytes()).is_empty());
    let bad = json!({"name": "Rex 1", "age": -1, "born": "2021-02-29", "tags": ["x", "x", "z"], "tree": {"child": {"n": "1"}}, "~": 1});
    let mut found = told(&check.check(bad.to_string().as_bytes()));
    found.sort();
    assert_eq!(
        found,
        [
            "/body/age should be at least 0",
            "/body/a~1b is required",
            "/body/born should be a date such as 2026-01-15",
            "/body/name should match the pattern ^[a-z]+$",
            "/body/tags should not hold the same item twice",
            "/body/tags/2 should be one of x, y",
            "/body/tree/child/n should be a whole number",
            "/body/~0 is not known here; leave it out",
        ]
    );
    assert_eq!(told(&check.check(b"[]")), ["/body should be an object"]);
    let words = told(&check.check(b"{\n  \"name\": }"));
    assert_eq!(words, ["/body This is not JSON that can be taken: expected value, at line 2, column 11."]);
}

#[test]
fn the_variant_that_was_meant_is_told_of() {
    let cat = json!({"type": "object", "required": ["kind", "lives"], "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}}});
    let dog = json!({"type": "object", "required": ["kind"], "properties": {"kind": {"const": "dog"}, "tricks": {"type": "array"}}});
    let schema = json!({"oneOf": [cat, dog, {"type": "string"}]});
    let checks = compiled(with_body(true, vec![json_media(schema)]));
    let head = fields(&[("content-type", "application/json")]);
    let check = checks.body(&head, true).unwrap().unwrap();
    let found = |body: &str| told(&check.check(body.as_bytes()));
    assert_eq!(found(r#"{"kind": "cat"}"#), ["/body/lives is required"]);
    assert_eq!(found(r#"{"kind": "dog", "tricks": 1}"#), ["/body/tricks should be a list"]);
    assert_eq!(found("7"), ["/body should be an object or a text"]);
    assert!(found("\"stray\"").is_empty());
}

#[test]
fn media_types_are_held_to() {
    let text = MediaRule { media_type: "text/*".to_owned(), schema: None, form: None };
    let checks = compiled(with_body(true, vec![json_media(json!({"type": "object"})), text]));
    let ask = |lines: &[(&str, &str)], has_body| checks.body(&fields(lines), has_body).map(|check| check.is_some());
    assert_eq!(ask(&[("content-type", "application/json")], true), Ok(true));
    assert_eq!(ask(&[("content-type", "text/csv")], true), Ok(false));
    let accepted = "application/json or text/*";
    let unsupported = |accepted: &str| Err(BodyRefusal::Unsupported { accepted: accepted.to_owned() });
    assert_eq!(ask(&[("content-type", "application/xml")], true), unsupported(accepted));
    assert_eq!(ask(&[], true), unsupported(accepted));
    let twice = [("content-type", "text/csv"), ("content-type", "application/json")];
    assert_eq!(ask(&twice, true), unsupported(accepted));
    let packed = [("content-type", "application/json"), ("content-encoding", "gzip")];
    assert_eq!(ask(&packed, true), unsupported("application/json or text/* without Content-Encoding"));
    let missing = Fault::new("/body", "A body is required; send application/json or text/*.");
    assert_eq!(ask(&[], false), Err(BodyRefusal::Missing(missing)));
    let optional = compiled(with_body(false, vec![json_media(json!({}))]));
    assert!(optional.body(&Fields::new(), false).unwrap().is_none());
    let silent = compiled(OperationRules::default());
    assert!(silent.body(&Fields::new(), true).unwrap().is_none());
}

#[test]
fn forms_are_objects() {
    let schema = json!({"type": "object", "required": ["amount"], "properties": {
        "amount": {"type": "integer"},
        "live": {"type": "boolean"},
        "expand": {"type": "array", "items": {"type": "string"}},
        "card": {"type": "object", "properties": {"year": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "integer"}}}},
        "lines": {"type": "array", "items": {"type": "object", "properties": {"price": {"type": "number"}}}}
    }});
    let form = Some(kind(&schema));
    let media_type = "application/x-www-form-urlencoded".to_owned();
    let checks = compiled(with_body(true, vec![MediaRule { media_type, schema: Some(schema), form }]));
    let head = fields(&[("content-type", "application/x-www-form-urlencoded")]);
    let found = |body: &str| told(&checks.body(&head, true).unwrap().unwrap().check(body.as_bytes()));
    let good = "amount=12&live=true&expand[]=a&expand[]=b+c&card[year]=2030&card%5Btags%5D[]=1&lines[0][price]=1.5&lines[1][price]=2";
    assert!(found(good).is_empty(), "{:?}", found(good));
    let written_as_json = "amount=1&card=%7B%22year%22%3A2030%7D&lines={\"price\":2}&lines={\"price\":3}";
    assert!(found(written_as_json).is_empty(), "{:?}", found(written_as_json));
    assert_eq!(found("amount=1&card={\"year\":\"x\"}"), ["/body/card/year should be a whole number"]);
    assert_eq!(found("live=1"), ["/body/amount is required", "/body/live should be true or false"]);
    assert_eq!(found("amount=1&card[year]=x"), ["/body/card/year should be a whole number"]);
    assert_eq!(found("amount=1&lines[0][price]=x"), ["/body/lines/0/price should be a number"]);
    assert_eq!(found(""), ["/body/amount is required"]);
}

#[test]
fn a_query_may_be_described_as_a_whole() {
    let schema = json!({"type": "object", "required": ["from"], "additionalProperties": false, "properties": {
        "from": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "string"}}
    }});
    let whole =
        |required, media| OperationRules { query: Some(BodyRule { required, media }), ..OperationRules::default() };
    let media_type = "application/x-www-form-urlencoded".to_owned();
    let form = MediaRule { media_type, form: Some(kind(&schema)), schema: Some(schema) };
    let checks = compiled(whole(true, vec![form.clone()]));
    let found = |query: &str| told(&checks.parameters("/", query, &Fields::new()));
    assert!(found("from=7&tags=a&tags=b").is_empty(), "{:?}", found("from=7&tags=a&tags=b"));
    assert_eq!(found(""), ["/query is required"]);
    assert_eq!(found("tags=a"), ["/query/from is required"]);
    assert_eq!(found("from=x"), ["/query/from should be a whole number"]);
    assert_eq!(found("from=1&b=2").len(), 1);
    assert_eq!(told(&compiled(whole(true, Vec::new())).parameters("/", "", &Fields::new())), ["/query is required"]);
    assert!(compiled(whole(false, vec![form])).parameters("/", "", &Fields::new()).is_empty());
}

#[test]
fn answers_are_reported_on() {
    let answer = |status, schema| AnswerRule {
        status,
        media: vec![json_media(schema)],
        fields: vec![rule(ParameterLocation::Header, ParameterStyle::Simple, false, &json!({"type": "integer"}))],
    };
    let checks = compiled(OperationRules {
        answers: vec![
            answer(AnswerStatus::Exact(200), json!({"type": "object", "required": ["id"]})),
            answer(AnswerStatus::Class(4), json!({"type": "object", "required": ["code"]})),
        ],
        ..OperationRules::default()
    });
    let head = fields(&[("content-type", "application/json"), ("p", "x")]);
    let check = checks.answer(200, &head, true);
    assert!(check.needs_body());
    assert_eq!(told(&check.check(b"{}")), ["/header/p should be a whole number", "/body/id is required"]);
    assert_eq!(
        told(&checks.answer(404, &Fields::new(), true).faults),
        ["/header/Content-Type should be application/json"]
    );
    assert_eq!(told(&checks.answer(500, &head, true).faults), ["/status The document does not know the status 500."]);
    assert!(
        !checks
            .answer(404, &fields(&[("content-type", "application/json"), ("content-encoding", "br")]), true)
            .needs_body()
    );
}

#[test]
fn hostile_rules_and_bodies_cost_little() {
    // Schemas that are nothing but each other, thousands of members, a long list of values, deep nesting.
    let mut properties = Map::new();
    for n in 0..10_000 {
        properties.insert(format!("p{n}"), json!({"type": "integer"}));
    }
    let values: Value = (0..50_000).map(|n| json!(format!("v{n}"))).collect();
    let mut deep = json!({"type": "integer"});
    for _ in 0..60 {
        deep = json!({"anyOf": [{"type": "object", "properties": {"a": deep}}, {"type": "null"}]});
    }
    let definitions = json!({
        "ring": {"$ref": "#/$defs/gnir"},
        "gnir": {"allOf": [{"$ref": "#/$defs/ring"}]},
        "wide": {"type": "object", "properties": properties, "additionalProperties": false},
        "doubling": {"anyOf": [{"$ref": "#/$defs/pair"}, {"$ref": "#/$defs/pair"}]},
        "pair": {"type": "array", "items": {"$ref": "#/$defs/doubling"}, "maxItems": 1},
    });
    let schema = json!({"type": "object", "properties": {
        "ring": {"$ref": "#/$defs/ring"},
        "wide": {"$ref": "#/$defs/wide"},
        "value": {"enum": values},
        "deep": deep,
        "doubling": {"$ref": "#/$defs/doubling"},
        "slow": {"pattern": "^(a+)+$"}
    }});
    let checks = compiled_with(with_body(true, vec![json_media(schema)]), definitions);
    let head = fields(&[("content-type", "application/json")]);
    let check = checks.body(&head, true).unwrap().unwrap();
    let started = Instant::now();
    let nested = format!("{}7{}", "[".repeat(60), "]".repeat(60));
    let body = format!(
        "{{\"ring\": {{}}, \"wide\": {{\"p9999\": 1, \"x\": 2}}, \"value\": \"v49999\", \"doubling\": {nested}, \"slow\": \"{}!\"}}",
        "a".repeat(100_000)
    );
    let found = told(&check.check(body.as_bytes()));
    // The doubling is valid nowhere, and telling why would take two to the power of sixty steps.
    assert_eq!(found, ["/body does not fit the document, and nests too many alternatives for saying where"]);
    let found = told(&check.check(body.replace(&nested, "[]").as_bytes()));
    assert!(found.contains(&"/body/wide/x is not known here; leave it out".to_owned()), "{found:?}");
    assert!(found.iter().any(|fault| fault.starts_with("/body/slow should match")), "{found:?}");

    // A million faults are told as fifty, or as one.
    let checks = compiled(with_body(true, vec![json_media(json!({"items": {"type": "string"}}))]));
    let check = checks.body(&head, true).unwrap().unwrap();
    assert_eq!(check.check(format!("[{}1]", "1,".repeat(1_000)).as_bytes()).len(), MAX_FAULTS);
    assert_eq!(check.check(format!("[{}1]", "1,".repeat(400_000)).as_bytes()).len(), 1);
    // Far above what it takes, far below what a doubling would.
    assert!(started.elapsed().as_secs() < 60);
}

#[test]
fn rules_that_do_not_compile_say_where() {
    let rules = with_body(true, vec![json_media(json!({"$ref": "#/$defs/nowhere"}))]);
    let operations = BTreeMap::from([("op".to_owned(), rules)]);
    let rules = DocumentRules { operations, ..DocumentRules::default() };
    let error = Validation::compile(&rules).unwrap_err();
    assert_eq!(error.side, "requests");
}

#[test]
#[ignore = "measures; run with --release --nocapture"]
fn time_of_a_usual_body() {
    let pet = json!({"type": "object", "required": ["id", "name"], "properties": {
        "id": {"type": "integer"}, "name": {"type": "string", "maxLength": 100}, "status": {"enum": ["sold", "free"]},
        "born": {"type": "string", "format": "date"}, "tags": {"type": "array", "items": {"type": "string"}}
    }});
    let schema = json!({"type": "object", "properties": {"pets": {"type": "array", "items": {"$ref": "#/$defs/pet"}}}});
    let rules = OperationRules {
        parameters: vec![rule(ParameterLocation::Query, ParameterStyle::Form, true, &json!({"type": "integer"}))],
        ..with_body(true, vec![json_media(schema)])
    };
    let checks = compiled_with(rules, json!({"pet": pet}));
    let mut body = "{\"pets\": [".to_owned();
    for n in 0..20 {
        let comma = if n > 0 { "," } else { "" };
        let _ = write!(
            body,
            "{comma}{{\"id\": {n}, \"name\": \"Rex the {n}th\", \"status\": \"free\", \"born\": \"2024-05-06\", \"tags\": [\"a\", \"b\"]}}"
        );
    }
    body.push_str("]}");
    let head = fields(&[("host", "api.example.com"), ("content-type", "application/json"), ("x-api-key", "ptk_")]);
    let rounds = 20_000;
    let started = Instant::now();
    for _ in 0..rounds {
        assert!(checks.parameters("/", "p=5&x=y", &head).is_empty());
    }
    let parameters = started.elapsed() / rounds;
    let started = Instant::now();
    for _ in 0..rounds {
        assert!(checks.body(&head, true).unwrap().unwrap().check(body.as_bytes()).is_empty());
    }
    println!("parameters {parameters:?}, body of {} bytes {:?}", body.len(), started.elapsed() / rounds);
}
