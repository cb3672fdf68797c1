//! `portico check`: findings about an OpenAPI document, the same as an upload has, and what it changes against another.
mod against;

use super::{print, read_file};
use against::Comparison;
use clap::{Args, ValueEnum};
use portico_openapi::{Description, Finding, Severity};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fmt::Write as _, process::ExitCode};

/// As large as an upload may be.
const LIMIT: u64 = 32 * 1024 * 1024;

/// The document has errors.
const ERRORS: u8 = 1;
/// There is no document to speak of: the file cannot be read, or is not OpenAPI in JSON or YAML.
const UNREADABLE: u8 = 2;

#[derive(Args)]
#[command(after_help = "Exit codes: 0 no errors (there may be warnings); 1 errors, or breaking changes against the \
                        other document; 2 a file cannot be read, or is not an OpenAPI document in JSON or YAML.")]
pub(super) struct Arguments {
    /// The document; - for standard input
    file: String,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The document as it was before: tells what changed since, and what of that breaks callers
    #[arg(long, value_name = "FILE")]
    against: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// One line a finding: file:line:column: severity: message [code] pointer
    Text,
    /// One object with all findings
    Json,
    /// SARIF 2.1.0, as code hosting services take it
    Sarif,
}

impl Arguments {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let Self { file, format, against } = self;
        let read = |file: &str| read_file(file, LIMIT).map_err(|error| eprintln!("portico: {error:#}"));
        let Ok(bytes) = read(&file) else { return Ok(UNREADABLE.into()) };
        let reading = portico_openapi::read(&bytes);
        let description = reading.description.as_ref();
        let findings = reading.findings.as_slice();
        let comparison = match &against {
            None => None,
            Some(older) => {
                let Ok(before) = read(older) else { return Ok(UNREADABLE.into()) };
                let Some(was) = portico_openapi::read(&before).description else {
                    eprintln!(
                        "portico: {older} has errors and cannot be compared with: portico check {older} names them"
                    );
                    return Ok(UNREADABLE.into());
                };
                description.map(|is| Comparison::new((older, &before, &was), (&file, &bytes, is)))
            }
        };
        print(&match format {
            Format::Text => text(&file, findings) + &comparison.as_ref().map(Comparison::text).unwrap_or_default(),
            Format::Json => {
                let mut report = as_json(&file, description, findings);
                if let Some(comparison) = &comparison {
                    report["against"] = comparison.as_json();
                }
                format!("{report:#}\n")
            }
            Format::Sarif => {
                let results = findings.iter().map(|finding| result(&file, finding));
                let changes = comparison.iter().flat_map(Comparison::results);
                format!("{:#}\n", sarif(&results.chain(changes).collect::<Vec<_>>()))
            }
        })?;
        if let Format::Text = format {
            eprintln!("{file}: {}", summary(description, findings));
            if let Some(comparison) = &comparison {
                eprintln!("{}", comparison.summary());
            }
        }
        Ok(match description {
            Some(_) if comparison.is_some_and(|comparison| comparison.breaks()) => ERRORS.into(),
            Some(_) => ExitCode::SUCCESS,
            None if is_unreadable(findings) => UNREADABLE.into(),
            None => ERRORS.into(),
        })
    }
}

/// An error about the whole leaves nothing to speak of, unless it is that the document lacks its paths.
fn is_unreadable(findings: &[Finding]) -> bool {
    let whole = |finding: &Finding| match finding.code.as_str() {
        "missing-paths" => false,
        "unsupported-version" => true,
        _ => finding.pointer.is_empty(),
    };
    findings.iter().any(|finding| finding.severity == Severity::Error && whole(finding))
}

/// What is not at a place is about the whole, and stands at its beginning.
fn place(finding: &Finding) -> (u32, u32) {
    (finding.line.unwrap_or(1), finding.column.unwrap_or(1))
}

fn text(file: &str, findings: &[Finding]) -> String {
    let mut lines = String::new();
    for finding in findings {
        let Finding { severity, code, pointer, message, .. } = finding;
        let (line, column) = place(finding);
        let (severity, message) = (severity.as_str(), message.replace(['\r', '\n'], " "));
        // Writing to a string does not fail.
        let _ = write!(lines, "{file}:{line}:{column}: {severity}: {message} [{code}]");
        lines.push_str(if pointer.is_empty() { "\n" } else { " " });
        if !pointer.is_empty() {
            lines.push_str(&pointer.replace(['\r', '\n'], " "));
            lines.push('\n');
        }
    }
    lines
}

fn summary(description: Option<&Description>, findings: &[Finding]) -> String {
    let count = |severity, one: &str| {
        let number = findings.iter().filter(|finding| finding.severity == severity).count();
        (number > 0).then(|| format!("{number} {one}{}", if number == 1 { "" } else { "s" }))
    };
    let counts = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "hint")];
    let counts: Vec<_> = counts.into_iter().filter_map(|(severity, one)| count(severity, one)).collect();
    let counts = if counts.is_empty() { "nothing to mend".to_owned() } else { counts.join(", ") };
    description.map_or(counts.clone(), |description| {
        let operations = description.operation_count();
        format!("{} {}, {operations} operations: {counts}", description.title(), description.version())
    })
}

fn as_json(file: &str, description: Option<&Description>, findings: &[Finding]) -> Value {
    json!({
        "file": file,
        "title": description.map(Description::title),
        "version": description.map(Description::version),
        "operations": description.map(Description::operation_count),
        "findings": findings,
    })
}

fn result(file: &str, finding: &Finding) -> Value {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    sarif_result((&finding.code, level, &finding.message), file, place(finding), &finding.pointer)
}

/// One result of SARIF: code, level and message of what is wrong, and where.
fn sarif_result(
    (code, level, message): (&str, &str, &str),
    file: &str,
    (line, column): (u32, u32),
    pointer: &str,
) -> Value {
    json!({
        "ruleId": code,
        "level": level,
        "message": { "text": message },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(file) },
                "region": { "startLine": line, "startColumn": column },
            },
            "logicalLocations": [{ "fullyQualifiedName": pointer }],
        }],
    })
}

/// SARIF 2.1.0 (OASIS): one run, a rule for each code.
fn sarif(results: &[Value]) -> Value {
    let codes: BTreeSet<_> = results.iter().filter_map(|result| result["ruleId"].as_str()).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "portico check",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": codes.into_iter().map(|code| json!({ "id": code })).collect::<Vec<_>>(),
            } },
            // SARIF counts columns in UTF-16 units unless told otherwise.
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// A path as a relative reference (RFC 3986).
fn uri(file: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    file.bytes().fold(String::new(), |uri, byte| {
        if plain(byte) { uri + char::from(byte).encode_utf8(&mut [0; 4]) } else { uri + &format!("%{byte:02X}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "openapi: 3.1.0\ninfo: {title: Pets, version: 1.0.0}\npaths: {}\n";

    fn finding(severity: Severity, pointer: &str, line: Option<u32>) -> Finding {
        let (code, message) = ("some-code".to_owned(), "Two\nlines.".to_owned());
        Finding { severity, code, pointer: pointer.into(), line, column: line, message }
    }

    #[test]
    fn a_finding_is_one_line_that_editors_understand() {
        let findings = [finding(Severity::Error, "/paths/~1a", Some(3)), finding(Severity::Info, "", None)];
        let expected =
            "a.yaml:3:3: error: Two lines. [some-code] /paths/~1a\na.yaml:1:1: info: Two lines. [some-code]\n";
        assert_eq!(text("a.yaml", &findings), expected);
        assert_eq!(summary(None, &findings), "1 error, 1 hint");
    }

    #[test]
    fn sarif_names_each_rule_once_and_every_place() {
        let findings = [finding(Severity::Warning, "/info", Some(2)), finding(Severity::Error, "/paths", None)];
        let results: Vec<_> = findings.iter().map(|finding| result("my api.yaml", finding)).collect();
        let run = &sarif(&results)["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"], json!([{ "id": "some-code" }]));
        let place = &run["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "my%20api.yaml");
        assert_eq!(place["region"], json!({ "startLine": 2, "startColumn": 2 }));
        assert_eq!(run["results"][1]["level"], "error");
    }

    #[test]
    fn what_is_not_openapi_is_unreadable_and_what_is_wrong_in_it_is_not() {
        let unreadable = |text: &str| is_unreadable(&portico_openapi::read(text.as_bytes()).findings);
        assert!(unreadable("{"));
        assert!(unreadable("hello: world\n"));
        assert!(unreadable("openapi: 9.0.0\n"));
        assert!(!unreadable(GOOD));
        assert!(!unreadable(&GOOD.replace("paths: {}", "tags: []")));
        let wrong = GOOD.replace("paths: {}", "paths: {/a: {$ref: 'a.yaml'}}");
        assert!(!unreadable(&wrong));
    }
}
