//! Rules of real documents, where they are at hand: all of them compile, in little time.
use portico_gateway::CompiledDocument;
use portico_openapi::{Wanted, read};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

/// `PORTICO_CORPUS`, else `shared/corpus` beside any folder above; `None` where there is none.
fn corpus() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("PORTICO_CORPUS") {
        return Some(folder.into());
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().map(|above| above.join("shared/corpus")).find(|folder| folder.is_dir())
}

fn documents(folder: &Path) -> Vec<PathBuf> {
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
fn rules_of_every_real_document_compile() {
    let Some(folder) = corpus() else { return };
    for path in documents(&folder) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // What cannot be read is another test's business.
        let Some(description) = read(&fs::read(&path).unwrap()).description else { continue };
        let started = Instant::now();
        let rules = description.rules(Wanted { requests: true, answers: true, mocks: true });
        let made = started.elapsed();
        assert_eq!(rules.operations.len(), description.routes().len(), "{name}");
        let started = Instant::now();
        let compiled = CompiledDocument::compile(&rules);
        let compiling = started.elapsed();
        if std::env::var_os("PORTICO_CORPUS_TELL").is_some() {
            let definitions = (rules.requests.len(), rules.answers.len());
            println!("{name}: made in {made:?}, compiled in {compiling:?}, {definitions:?}");
            rules.notes.iter().take(5).for_each(|note| println!("   {} {}", note.pointer, note.message));
        }
        compiled.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
