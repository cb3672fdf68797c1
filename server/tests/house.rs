//! The rules of the house that no compiler knows: which crate may know which, and how files are kept.
//!
//! One more crate is one more row in [`MAY_KNOW`], put there on purpose.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// A crate of the house, and what of the house it may name in `[dependencies]`. Nobody may name the binary.
///
/// `openapi` knows `contract` because the reference pages' views are made there: one mapping instead of two.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("portico-domain", &[]),
    ("portico-contract", &[]),
    ("portico-samples", &["portico-contract"]),
    ("portico-app", &["portico-contract", "portico-samples"]),
    ("portico-openapi", &["portico-domain", "portico-contract", "portico-samples"]),
    ("portico-store", &["portico-domain"]),
    ("portico-gateway", &["portico-domain"]),
    ("portico-telemetry", &["portico-domain"]),
    ("portico-mail", &[]),
    (
        "portico-control",
        &[
            "portico-domain",
            "portico-contract",
            "portico-openapi",
            "portico-store",
            "portico-gateway",
            "portico-telemetry",
            "portico-mail",
        ],
    ),
    (
        "portico-management",
        &[
            "portico-domain",
            "portico-contract",
            "portico-openapi",
            "portico-store",
            "portico-gateway",
            "portico-telemetry",
            "portico-control",
        ],
    ),
    (
        "portico",
        &[
            "portico-app",
            "portico-domain",
            "portico-contract",
            "portico-openapi",
            "portico-store",
            "portico-gateway",
            "portico-telemetry",
            "portico-control",
            "portico-mail",
            "portico-management",
        ],
    ),
    // Linked into tests alone.
    ("portico-testing", &[]),
];

/// What a crate must not link, however many steps away.
const MUST_NOT_LINK: &[(&str, &[&str])] = &[
    ("portico-gateway", &["sqlx", "leptos", "openapiv3", "argon2"]),
    ("portico-telemetry", &["sqlx", "leptos", "openapiv3", "argon2"]),
    ("portico-mail", &["sqlx", "leptos", "openapiv3", "argon2", "axum"]),
    ("portico-domain", &["sqlx", "leptos", "openapiv3", "argon2", "tokio", "axum", "hyper"]),
    ("portico-openapi", &["sqlx", "leptos", "argon2", "tokio", "axum", "hyper"]),
    ("portico-store", &["leptos", "openapiv3", "axum"]),
    ("portico-contract", &["sqlx", "leptos", "openapiv3", "argon2", "tokio", "axum"]),
    ("portico-app", &["sqlx", "openapiv3", "argon2"]),
];

#[test]
fn crates_know_only_whom_they_may() {
    let allowed: BTreeMap<_, _> = MAY_KNOW.iter().copied().collect();
    let mut broken = Vec::new();
    for package in house() {
        let name = text(&package["name"]);
        let Some(may_know) = allowed.get(name) else {
            broken.push(format!("{name} has no row in MAY_KNOW"));
            continue;
        };
        for dependency in list(&package["dependencies"]) {
            let other = text(&dependency["name"]);
            let of_the_house = other == "portico" || other.starts_with("portico-");
            let in_tests = dependency["kind"] == "dev";
            if of_the_house && !in_tests && !may_know.contains(&other) {
                broken.push(format!("{name} may not know {other}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn no_crate_links_what_belongs_elsewhere() {
    let metadata = metadata(&[]);
    let names: BTreeMap<_, _> =
        list(&metadata["packages"]).iter().map(|package| (text(&package["id"]), text(&package["name"]))).collect();
    let edges: BTreeMap<_, Vec<_>> = list(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| {
            (
                text(&node["id"]),
                list(&node["deps"]).iter().filter(|edge| linked(edge)).map(|edge| text(&edge["pkg"])).collect(),
            )
        })
        .collect();

    let mut broken = Vec::new();
    for (package, unwanted) in MUST_NOT_LINK {
        let start = *names.iter().find(|(_, name)| *name == package).expect("a crate of the house").0;
        let mut reached = BTreeMap::from([(start, None)]);
        let mut open = vec![start];
        while let Some(id) = open.pop() {
            for next in &edges[id] {
                if !reached.contains_key(next) {
                    reached.insert(next, Some(id));
                    open.push(next);
                }
            }
        }
        for found in reached.keys().filter(|id| unwanted.contains(&names[**id])) {
            let way: Vec<_> = std::iter::successors(Some(*found), |id| reached[id]).map(|id| names[id]).collect();
            broken.push(format!("{package} links {}: {}", names[found], way.join(" <- ")));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn migrations_are_twins() {
    let names = |engine: &str| -> BTreeSet<String> {
        files(&root().join("migrations").join(engine))
            .iter()
            .filter_map(|file| Some(file.file_name()?.to_str()?.to_owned()))
            .collect()
    };
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    assert!(!sqlite.is_empty(), "there are no migrations");
    assert_eq!(sqlite, postgres, "each migration exists for both engines, under one name");
    let numbers: BTreeSet<_> =
        sqlite.iter().filter_map(|name| name.split_once('_')).map(|(number, _)| number).collect();
    assert_eq!(numbers.len(), sqlite.len(), "each migration has a number of its own: {sqlite:?}");
}

#[test]
fn values_stand_in_tokens() {
    let mut broken = Vec::new();
    for file in files(&root().join("style")).iter().filter(|file| !file.ends_with("tokens.css")) {
        for (number, line) in fs::read_to_string(file).expect("a stylesheet").lines().enumerate() {
            let colour = ["rgb(", "rgba(", "hsl(", "oklch(", "lab("].iter().any(|function| line.contains(function))
                || line.match_indices('#').any(|(at, _)| is_hex_colour(&line[at + 1..]));
            // Hairlines and outlines are one or two pixels on every screen; all else scales with the reader's font.
            let pixels = line.match_indices("px").any(|(at, _)| {
                let digits = line[..at].trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').len();
                line[digits..at].parse::<f32>().is_ok_and(|value| value > 2.0)
            });
            if colour || pixels {
                broken.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(broken.is_empty(), "colours and sizes have a name in style/tokens.css: {broken:#?}");
}

#[test]
fn files_stay_readable() {
    let mut long = Vec::new();
    for folder in ["app", "server", "style", "end2end"] {
        for file in files(&root().join(folder)) {
            let watched =
                file.extension().is_some_and(|kind| ["rs", "css", "mjs"].iter().any(|watched| kind == *watched));
            let lines = if watched { fs::read_to_string(&file).expect("a source file").lines().count() } else { 0 };
            if lines > 700 {
                long.push(format!("{} has {lines} lines", file.display()));
            }
        }
    }
    assert!(long.is_empty(), "split by meaning: {long:#?}");
}

#[test]
fn the_lock_of_the_browser_tests_names_no_registry() {
    let lock = fs::read_to_string(root().join("end2end/package-lock.json")).expect("end2end/package-lock.json");
    assert!(!lock.contains("\"resolved\""), "write it with `npm install --omit-lockfile-registry-resolved`");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the workspace")
}

fn metadata(arguments: &[&str]) -> Value {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-linux-gnu"])
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

fn house() -> Vec<Value> {
    list(&metadata(&["--no-deps"])["packages"]).to_vec()
}

/// Build scripts' and tests' dependencies are not in the product.
fn linked(edge: &Value) -> bool {
    list(&edge["dep_kinds"]).iter().any(|kind| kind["kind"].is_null())
}

fn is_hex_colour(rest: &str) -> bool {
    let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
    let ends = rest[digits..].chars().next().is_none_or(|next| !next.is_alphanumeric() && next != '-' && next != '_');
    ends && [3, 4, 6, 8].contains(&digits)
}

/// All files below, in order, without what tools put there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if !path.is_dir() {
            found.push(path);
        } else if !["node_modules", "target"].iter().any(|made| path.ends_with(made)) {
            found.extend(files(&path));
        }
    }
    found.sort();
    found
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
