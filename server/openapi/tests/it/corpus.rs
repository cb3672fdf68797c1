//! Real documents, where they are at hand: every one is read or refused for a true reason, every page fits.
use super::support::count;
use portico_contract::reference::{Operation, Property, Schema, Severity};
use portico_domain::Format;
use portico_openapi::{Description, read};
use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

/// `PORTICO_CORPUS`, else `shared/corpus` beside any folder above; `None` where there is none.
pub(crate) fn corpus() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("PORTICO_CORPUS") {
        return Some(folder.into());
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().map(|above| above.join("shared/corpus")).find(|folder| folder.is_dir())
}

pub(crate) fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(documents(&path));
        } else if path.extension().is_some_and(|kind| ["json", "yaml", "yml"].iter().any(|known| kind == *known)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn every_real_document_is_read_or_refused_for_a_true_reason() {
    let Some(folder) = corpus() else { return };
    for path in documents(&folder) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        let started = std::time::Instant::now();
        let reading = read(&bytes);
        let took = started.elapsed();
        let errors: Vec<_> = reading.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
        if let Ok(only) = std::env::var("PORTICO_CORPUS_TELL") {
            println!(
                "{name}: {took:?}, {} findings, {:?}",
                reading.findings.len(),
                reading.description.as_ref().map(Description::operation_count)
            );
            for finding in reading.findings.iter().filter(|_| name.contains(&only)) {
                println!(
                    "   {:?} {} {}:{} {} {}",
                    finding.severity,
                    finding.code,
                    finding.line.unwrap_or(0),
                    finding.column.unwrap_or(0),
                    finding.pointer,
                    finding.message
                );
            }
        }
        assert_eq!(errors.is_empty(), reading.description.is_some(), "{name}: {errors:#?}");
        match name.as_str() {
            name if name.contains("multifile") => {
                assert!(
                    errors.iter().all(|error| error.code == "external-reference" && error.line.is_some()),
                    "{errors:#?}"
                );
                assert!(errors[0].message.contains(".yml") || errors[0].message.contains(".yaml"), "{errors:#?}");
            }
            _ => assert!(errors.is_empty(), "{name}: {errors:#?}"),
        }
        assert!(
            reading.findings.iter().all(|finding| finding.line.is_some() || finding.code == "more-findings"),
            "{name}"
        );
        if let Some(description) = reading.description {
            pages_fit(&name, &description);
        }
    }
}

fn pages_fit(name: &str, description: &Description) {
    let started = std::time::Instant::now();
    let (mut largest, mut slowest) = ((0, String::new()), std::time::Duration::ZERO);
    let overview = description.overview();
    assert_eq!(
        overview.operations as usize,
        overview.groups.iter().map(|group| group.operations.len()).sum::<usize>(),
        "{name}"
    );
    let slugs: Vec<String> = description.operation_slugs().map(str::to_owned).collect();
    assert_eq!(slugs.len(), description.operation_count() as usize);
    // Unoptimised, all pages of all documents would take minutes: a spread of them has to do.
    let stride = |of: usize| if cfg!(debug_assertions) { (of / 10).max(1) } else { 1 };
    for slug in slugs.iter().step_by(stride(slugs.len())) {
        let one = std::time::Instant::now();
        let operation = description.operation(slug).unwrap_or_else(|| panic!("{name}: no page for {slug}"));
        slowest = slowest.max(one.elapsed());
        assert!(operation.faults.is_empty(), "{name} {slug}: {:?}", operation.faults);
        let schemas = operation
            .body
            .iter()
            .flat_map(|body| &body.contents)
            .chain(operation.responses.iter().flat_map(|response| &response.contents));
        let shown: usize = schemas.filter_map(|content| content.schema.as_ref()).map(count).sum();
        assert!(shown <= 500, "{name} {slug}: {shown} attributes");
        let sample = description.call(slug, "https://gw.example/base", Some("PORTICO_KEY")).unwrap();
        assert!(sample.url().starts_with("https://gw.example/base/"), "{name} {slug}");
        let html = html(&operation, &description.navigation(Some(slug)));
        if html.len() > largest.0 {
            largest = (html.len(), slug.clone());
        }
    }
    let schemas: Vec<&str> = description.schema_names().collect();
    for schema in schemas.iter().step_by(stride(schemas.len())) {
        let page = description.schema(schema).unwrap_or_else(|| panic!("{name}: no page for {schema}"));
        // A page of its own has room for 6,000 elements, some nine for each attribute.
        assert!(count(&page.schema) <= 700, "{name} {schema}: {}", count(&page.schema));
    }
    let told = std::env::var("PORTICO_CORPUS_TELL").is_ok();
    if told {
        println!(
            "   all pages {:?}, slowest operation {slowest:?}, largest {} bytes: {}",
            started.elapsed(),
            largest.0,
            largest.1
        );
    }
    if largest.0 > 0 {
        let operation = description.operation(&largest.1).unwrap();
        let html = html(&operation, &description.navigation(Some(&largest.1)));
        let compressed = brotli(html.as_bytes());
        if told {
            println!("   brotli {compressed}");
        }
        assert!(compressed <= 60_000, "{name} {}: {compressed} bytes", largest.1);
    }
    assert_eq!(description.search_entries().len(), slugs.len() + description.schema_names().count());
    assert!(description.first_call("https://gw.example/base", None).is_some() || slugs.is_empty(), "{name}");
    let written = |format| description.written(format, "https://gw.example/base");
    for bytes in [written(Format::Json), written(Format::Yaml)] {
        let again = read(&bytes).description.unwrap_or_else(|| panic!("{name} in the other writing"));
        assert_eq!(again.operation_slugs().collect::<Vec<_>>(), slugs, "{name}");
        assert!(again.overview().servers.iter().all(|server| server.url == "https://gw.example/base"), "{name}");
    }
}

fn brotli(bytes: &[u8]) -> usize {
    let mut out = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
    out.write_all(bytes).unwrap();
    out.into_inner().len()
}

/// A page with markup as heavy as the portal's.
fn html(operation: &Operation, navigation: &portico_contract::reference::Navigation) -> String {
    let mut out = "<!doctype html><html lang=en><head></head><body>".repeat(20);
    for group in &navigation.groups {
        let _ = write!(
            out,
            "<details><summary><svg class=\"icon\" viewBox=\"0 0 16 16\"><use href=\"#right\"/></svg>{}<span class=\"count\">{}</span></summary><ul>",
            group.name, group.count
        );
        for line in &group.operations {
            let _ = write!(
                out,
                "<li><a href=\"/apis/some-api/operations/{}\"><span class=\"method {}\">{}</span><span>{}</span></a></li>",
                line.slug, line.method, line.method, line.title
            );
        }
    }
    out.push_str(&operation.description_html);
    operation.parameters.iter().for_each(|group| properties(&mut out, &group.properties));
    let contents = operation
        .body
        .iter()
        .flat_map(|body| &body.contents)
        .chain(operation.responses.iter().flat_map(|response| &response.contents));
    for content in contents {
        let _ = write!(out, "<h3>Body <small class=\"note\">{}</small></h3>", content.media_type);
        content.schema.iter().for_each(|of| schema(&mut out, of));
        for (token, text) in content.examples.iter().flat_map(|example| &example.code.spans) {
            let _ = write!(out, "<span class=\"{token:?}\">{text}</span>");
        }
    }
    for response in &operation.responses {
        let _ = write!(
            out,
            "<label><input type=\"radio\" name=\"tab-5\">{} {}</label>{}",
            response.status, response.reason, response.description_html
        );
        properties(&mut out, &response.headers);
    }
    out
}

fn properties(out: &mut String, list: &[Property]) {
    out.push_str("<details class=\"children\"><summary class=\"button small\"><svg class=\"icon\"><use href=\"#right\"/></svg>attributes</summary><ul class=\"schema\">");
    for property in list {
        let (anchor, name) = (&property.anchor, &property.name);
        let _ = write!(
            out,
            "<li class=\"param\" id=\"{anchor}\"><div class=\"name\"><code>{name}</code> <a class=\"anchor\" href=\"#{anchor}\" aria-label=\"Link to {name}\">#</a><div class=\"kind\"><span class=\"required\">required</span></div></div>"
        );
        schema(out, &property.schema);
        out.push_str("</li>");
    }
    out.push_str("</ul></details>");
}

fn schema(out: &mut String, schema: &Schema) {
    let _ = write!(
        out,
        "<span class=\"type\">{}</span><div class=\"about\"><div class=\"prose\">{}</div><ul class=\"chips\" aria-label=\"Constraints\">",
        schema.kind, schema.description_html
    );
    for chip in &schema.constraints {
        let _ = write!(out, "<li class=\"chip\"><b>{}</b>{}</li>", chip.label, chip.value);
    }
    for (value, words) in &schema.values {
        let _ = write!(out, "<dt><code>{value}</code></dt><dd>{words}</dd>");
    }
    out.push_str("</ul></div>");
    if !schema.properties.is_empty() {
        properties(out, &schema.properties);
    }
    for variant in schema.unions.iter().flat_map(|union| &union.variants) {
        let _ =
            write!(out, "<label><input type=\"radio\" name=\"tab-4\">{}</label><div class=\"panel\">", variant.title);
        self::schema(out, &variant.schema);
    }
}
