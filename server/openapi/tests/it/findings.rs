//! Every finding by its code, at its place.
use portico_contract::reference::Severity;
use portico_openapi::read;

/// "severity code line:column" of all findings.
fn told(document: &str) -> Vec<String> {
    let reading = read(document.as_bytes());
    let any_error = reading.findings.iter().any(|finding| finding.severity == Severity::Error);
    assert_eq!(reading.description.is_none(), any_error, "{document}: {:#?}", reading.findings);
    let words = reading.findings.iter().map(|finding| {
        assert!(finding.message.len() > 20 && !finding.message.contains("  "), "{}", finding.message);
        format!(
            "{} {} {}:{}",
            finding.severity.as_str(),
            finding.code,
            finding.line.unwrap_or(0),
            finding.column.unwrap_or(0)
        )
    });
    words.collect()
}

const HEAD: &str = "openapi: 3.0.3\ninfo: {title: a, version: '1'}\n";

fn below_head(rest: &str) -> Vec<String> {
    told(&format!("{HEAD}{rest}"))
}

#[test]
fn documents_that_cannot_be_read() {
    for (document, finding) in [
        ("", "error empty 0:0"),
        ("{\"openapi\": \"3.0.0\",\n \"info\": }", "error unreadable-json 2:10"),
        ("{\"openapi\": \"3.0.0\"", "error unreadable-json 1:19"),
        ("a: [1\n", "error unreadable-yaml 1:4"),
        ("a: 1\n---\nb: 2\n", "error unreadable-yaml 3:1"),
        ("{\"hello\": 1}", "error not-openapi 1:1"),
        ("[1, 2]", "error not-openapi 1:1"),
        ("just words", "error not-openapi 1:1"),
        ("info: {}\nopenapi: 4.0.0\n", "error unsupported-version 2:1"),
        ("swagger: '1.2'\n", "error unsupported-version 1:1"),
        ("openapi: 3.0.0\ninfo: {title: a, version: b}\n", "error missing-paths 1:1"),
        ("openapi: 3.0.0\ninfo: {title: a, version: b}\npaths: []\n", "error paths-not-object 3:1"),
    ] {
        assert_eq!(told(document), [finding], "{document}");
    }
}

#[test]
fn the_missing_file_of_a_document_in_pieces_is_named() {
    let reading = read(
        format!("{HEAD}paths:\n  /a:\n    $ref: 'paths/a.yaml#/get'\n  /b: {{$ref: 'paths/a.yaml'}}\n").as_bytes(),
    );
    assert!(reading.description.is_none());
    let [only] = &reading.findings[..] else { panic!("{:#?}", reading.findings) };
    assert_eq!((only.code.as_str(), only.pointer.as_str()), ("external-reference", "/paths/~1a/$ref"));
    assert_eq!((only.line, only.column), (Some(5), Some(5)));
    assert!(only.message.contains("\"paths/a.yaml\" is not part of the upload"), "{}", only.message);
}

#[test]
fn what_can_be_read_is_read_and_told() {
    let ok = "responses: {'200': {description: d}}";
    for (rest, findings) in [
        ("paths: {}\n".to_owned(), vec!["warning no-operations 3:1"]),
        (format!("paths:\n  /a:\n    get: {{{ok}}}\n    get: {{{ok}}}\n"), vec!["warning duplicate-key 6:5"]),
        (
            format!("paths:\n  /a:\n    get: {{operationId: x, {ok}}}\n  /b:\n    get: {{operationId: x, {ok}}}\n"),
            vec!["warning duplicate-operation-id 7:11"],
        ),
        (format!("paths:\n  /a/{{id}}:\n    get: {{{ok}}}\n"), vec!["warning missing-path-parameter 5:5"]),
        (
            format!(
                "paths:\n  /a:\n    get:\n      parameters:\n        - {{name: id, in: path, required: true, schema: {{}}}}\n      {ok}\n"
            ),
            vec!["warning unused-path-parameter 7:12"],
        ),
        (
            format!(
                "paths:\n  /a:\n    get:\n      parameters:\n        - {{name: id, in: body, schema: {{}}}}\n        - {{in: query}}\n      {ok}\n"
            ),
            vec!["warning unknown-parameter-place 7:12", "warning parameter-without-name 8:12"],
        ),
        (
            "paths:\n  /a:\n    get:\n      responses: {'200': {$ref: '#/components/responses/No'}}\n".to_owned(),
            vec!["warning unresolved-reference 6:27"],
        ),
        (
            format!(
                "paths:\n  /a: {{get: {{{ok}}}}}\ncomponents:\n  schemas:\n    A: {{$ref: '#/components/schemas/B'}}\n    B: {{$ref: '#/components/schemas/A'}}\n"
            ),
            vec!["warning endless-reference 7:9", "warning endless-reference 8:9"],
        ),
        (format!("paths:\n  a: {{get: {{{ok}}}}}\n"), vec!["warning path-without-slash 4:3"]),
        (format!("paths:\n  /a?b=c: {{get: {{{ok}}}}}\n"), vec!["warning query-in-path 4:3"]),
        (format!("paths:\n  /a/{{b: {{get: {{{ok}}}}}\n"), vec!["warning bad-template 4:3"]),
        (format!("paths:\n  /a: {{get: {{{ok}}}}}\n  /a/: {{get: {{{ok}}}}}\n"), vec!["info trailing-slash 5:3"]),
        (format!("paths:\n  /a: {{GET: {{{ok}}}, get: {{{ok}}}}}\n"), vec!["warning unknown-method 4:8"]),
        ("paths:\n  /a: {get: {}}\n".to_owned(), vec!["info missing-responses 4:8"]),
        ("paths:\n  /a: {get: {responses: {'200': {}}}}\n".to_owned(), vec!["info undescribed-response 4:26"]),
        ("paths:\n  /a: {get: {responses: {ok: {description: d}}}}\n".to_owned(), vec!["warning unknown-status 4:26"]),
        (
            format!("paths:\n  /a: {{get: {{security: [{{k: []}}], {ok}}}}}\n"),
            vec!["warning unknown-security-scheme 4:26"],
        ),
        (
            format!(
                "paths:\n  /a: {{get: {{{ok}}}}}\ncomponents:\n  schemas:\n    A: {{enum: []}}\n    B: {{type: int}}\n    C: {{properties: {{example: {{type: x}}}}, example: {{type: x}}}}\n"
            ),
            vec!["warning empty-enum 7:9", "warning unknown-type 8:9", "warning unknown-type 9:32"],
        ),
    ] {
        assert_eq!(below_head(&rest), findings, "{rest}");
    }
    assert_eq!(
        told(
            "{\n\"openapi\": \"3.0.0\",\n\"info\": {\"version\": 1.0},\n\"paths\": {\"/a\": {\"get\": {\"responses\": {}}}}}"
        ),
        ["warning missing-title 3:1", "warning version-not-text 3:10"]
    );
    let numbered = read(b"openapi: 3.0\ninfo: {title: a, version: 1.5}\npaths: {}\n").description.unwrap();
    assert_eq!((numbered.title(), numbered.version()), ("a", "1.5"));
}

#[test]
fn what_does_not_fit_takes_only_itself_away() {
    let document = "openapi: 3.1.0\ninfo:\n  title: a\n  version: '1'\n  contact: {name: Desk, email: [no]}\n  license: {identifier: MIT}\ntags:\n  - {name: Pets, description: 7}\n  - Boats\nsecurity: [{key: null}]\npaths:\n  /a:\n    get:\n      operationId: 5\n      summary: Listed\n      deprecated: soon\n      tags: [Pets]\n      security: [key]\n      responses: {'200': {description: d}}\n  /b:\n    get: {responses: {'200': {description: d}}}\ncomponents:\n  securitySchemes:\n    key: {type: apiKey, in: header, name: X-Key}\n    odd: {type: apiKey, in: body, name: k}\n    log-in: {type: oauth2, flows: {implicit: {}, deviceAuthorization: {}}}\n    tls: {type: mutualTLS}\n";
    assert_eq!(
        told(document),
        [
            "warning wrong-shape 5:25",
            "warning wrong-shape 7:1",
            "warning wrong-shape 8:18",
            "warning wrong-shape 14:7",
            "warning wrong-shape 16:7",
            "warning security-not-list 18:7",
            "warning wrong-shape 25:5",
        ]
    );
    let reading = read(document.as_bytes());
    let words = "What stands here does not fit and is left out: invalid type: integer `5`, expected a string.";
    assert!(reading.findings.iter().any(|finding| finding.message == words), "{:#?}", reading.findings);
    let description = reading.description.unwrap();
    let overview = description.overview();
    assert_eq!((overview.contact.unwrap().name.as_str(), overview.license.unwrap().text.as_str()), ("Desk", "MIT"));
    let kinds: Vec<_> = overview.security.iter().map(|scheme| scheme.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "API key in the header X-Key",
            "apiKey",
            "OAuth 2.0, device authorization, implicit",
            "Client certificate (mutual TLS)"
        ]
    );
    assert_eq!(overview.groups[0].name, "Pets");
    let page = description.operation("get-a").unwrap();
    assert_eq!((page.title.as_str(), page.deprecated), ("Listed", false));
    assert_eq!(
        page.faults,
        [
            "The operation's operationId does not fit and is left out: invalid type: integer `5`, expected a string.",
            "The operation's deprecated does not fit and is left out: invalid type: string \"soon\", expected a boolean.",
            "What is asked of callers is not shown: invalid type: string \"key\", expected a map.",
        ]
    );
    assert!(description.routes().iter().all(|route| route.secured), "no slip opens an operation");
    assert_eq!(description.operation("get-b").unwrap().security[0].schemes[0].name, "key");
}

#[test]
fn calls_that_cannot_be_told_apart_are_routed_once() {
    let path = |name: &str| {
        format!(
            "  /a/{{{name}}}:\n    get: {{parameters: [{{name: {name}, in: path, required: true, schema: {{}}}}], responses: {{}}}}\n"
        )
    };
    let reading =
        read(format!("{HEAD}paths:\n{}{}  b: {{get: {{responses: {{}}}}}}\n", path("x"), path("y")).as_bytes());
    let codes: Vec<_> = reading.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["ambiguous-path", "path-without-slash"]);
    let description = reading.description.unwrap();
    assert_eq!(description.operation_count(), 3);
    let routes: Vec<_> = description.routes().into_iter().map(|route| route.template).collect();
    assert_eq!(routes, ["/a/{x}"]);
}

#[test]
fn a_fault_stays_with_its_operation() {
    let document = format!(
        "{HEAD}paths:\n  /a:\n    get:\n      parameters: [{{$ref: '#/nowhere'}}, 7, {{name: q, in: nowhere}}]\n      requestBody: nonsense\n      responses: {{'200': {{$ref: '#/nowhere'}}, '201': {{description: d}}}}\n  /b:\n    get: {{responses: {{'200': {{description: d, content: {{application/json: {{schema: {{$ref: '#/nowhere'}}}}}}}}}}}}\n"
    );
    let description = read(document.as_bytes()).description.unwrap();
    let page = description.operation("get-a").unwrap();
    assert_eq!(page.faults.len(), 5, "{:#?}", page.faults);
    assert_eq!(page.responses.len(), 1);
    let other = description.operation("get-b").unwrap();
    assert_eq!(other.faults, Vec::<String>::new());
    let schema = other.responses[0].contents[0].schema.as_ref().unwrap();
    assert_eq!(schema.constraints[0].value, "\"#/nowhere\" does not exist in this document");
}

#[test]
fn the_list_ends() {
    let paths: String = (0..1000).map(|n| format!("  a{n}: {{get: {{responses: {{}}}}}}\n")).collect();
    let told = below_head(&format!("paths:\n{paths}"));
    assert_eq!(told.len(), 200);
    assert_eq!(told[199], "info more-findings 0:0");
}

#[test]
fn patterns_that_calls_are_not_checked_against_are_told() {
    let schema = |pattern: &str| {
        format!("paths: {{}}\ncomponents:\n  schemas:\n    A:\n      type: string\n      pattern: '{pattern}'\n")
    };
    let told = |pattern| below_head(&schema(pattern)).into_iter().find(|finding| finding.contains("pattern"));
    assert_eq!(told("^[a-z]+$"), None);
    assert_eq!(told("^(?!x)").as_deref(), Some("warning pattern-not-checked 8:7"));
}
