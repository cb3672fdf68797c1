//! Makes the browser's half of the portal and writes the table of files that the binary carries.
//!
//! Three sources become one table, `$OUT_DIR/assets.rs`, which `src/assets.rs` includes:
//! - `app/`, compiled once more for wasm by a cargo beside this one, then bound to JavaScript by wasm-bindgen;
//! - `style/`, its layers joined in the order `style/index.css` names them;
//! - `public/`, as it is.
//!
//! What pages refer to by name carries a digest in it and may be kept for ever. No tool outside cargo is called, and no
//! toolchain is ever fetched: [`Toolchain::find`] takes what is there or says what is missing.
//! `PORTICO_SKIP_WASM=1` leaves the wasm out; pages are drawn by the server and work without it.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const TARGET: &str = "wasm32-unknown-unknown";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_FIRST: &str = "no-cache";

fn main() -> ExitCode {
    match make() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error}\n");
            ExitCode::FAILURE
        }
    }
}

fn make() -> Outcome<()> {
    let root = variable("CARGO_MANIFEST_DIR")?.join("..").canonicalize()?;
    let release = env::var("PROFILE")? == "release";
    for watched in ["app", "style", "public", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    println!("cargo::rerun-if-env-changed=PORTICO_SKIP_WASM");

    let mut table = Table::new(variable("OUT_DIR")?, release)?;
    let package = if env::var_os("PORTICO_SKIP_WASM").is_some_and(|skip| !skip.is_empty() && skip != "0") {
        "portico".to_owned()
    } else {
        add_browser_half(&root, &mut table)?
    };
    let font = table.add_hashed("inter", "woff2", fs::read(root.join("public/fonts/inter.woff2"))?)?;
    let css = stylesheet(&root.join("style"))?.replace("/fonts/inter.woff2", &font);
    let css = table.add_hashed("portico", "css", css.into_bytes())?;
    for name in ["favicon.svg", "card.png"] {
        table.add(&format!("/{name}"), fs::read(root.join("public").join(name))?, ASK_FIRST)?;
    }
    table.write(&[("PACKAGE", &package), ("STYLESHEET", &css), ("FONT", &font)])
}

/// Compiles `portico-app` for the browser; answers the name its files share.
fn add_browser_half(root: &Path, table: &mut Table) -> Outcome<String> {
    let wasm = fs::read(compile_for_browser(root, &table.out, table.release)?)?;
    let staged = table.out.join("browser");
    // Binding and compressing cost more than all else here, and an edit in style/ need not wait for them.
    let stamp = table.out.join("browser.stamp");
    let digest = digest(&wasm);
    if fs::read_to_string(&stamp).ok().as_deref() != Some(&digest) {
        match fs::remove_dir_all(&staged) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        wasm_bindgen_cli_support::Bindgen::new()
            .input_bytes("portico", wasm)
            .web(true)?
            .typescript(false)
            .keep_debug(!table.release)
            .remove_producers_section(true)
            .remove_name_section(table.release)
            .generate(&staged)
            .map_err(|error| format!("wasm-bindgen refused the browser's half: {error:#}"))?;
        fs::write(stamp, &digest)?;
    }
    let (script, module) = (fs::read(staged.join("portico.js"))?, fs::read(staged.join("portico_bg.wasm"))?);
    // One name for both files, since the page asks for `<name>.js` and `<name>_bg.wasm`.
    let name = format!("portico-{}", self::digest(&[script.as_slice(), &module].concat()));
    table.add(&format!("/pkg/{name}.js"), script, FOR_EVER)?;
    table.add(&format!("/pkg/{name}_bg.wasm"), module, FOR_EVER)?;
    let snippets = staged.join("snippets");
    if snippets.is_dir() {
        // wasm-bindgen puts a digest into the folder's name itself.
        table.add_folder("/pkg/snippets", &snippets, FOR_EVER)?;
    }
    Ok(name)
}

/// A cargo beside this one. It has its own target folder (ours is locked while this runs) and shares our jobserver.
fn compile_for_browser(root: &Path, out: &Path, release: bool) -> Outcome<PathBuf> {
    // OUT_DIR lies below <target>/<profile>/build.
    let build = out.ancestors().find(|folder| folder.ends_with("build"));
    let target = build.and_then(|build| build.parent()?.parent()).ok_or("OUT_DIR is not where cargo puts it")?;
    let target_dir = target.join("wasm");
    let profile = if release { "wasm-release" } else { "wasm-dev" };
    let toolchain = Toolchain::find()?;

    let mut build = Command::new(&toolchain.cargo);
    build
        .current_dir(root)
        .args(["rustc", "--locked", "--package", "portico-app", "--lib", "--crate-type", "cdylib"])
        .args(["--no-default-features", "--features", "hydrate", "--target", TARGET, "--profile", profile])
        .arg("--target-dir")
        .arg(&target_dir);
    // What was meant for the host's build would break this one.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let host_only = matches!(
            &*text,
            "RUSTFLAGS"
                | "CARGO_ENCODED_RUSTFLAGS"
                | "RUSTC_WRAPPER"
                | "RUSTC_WORKSPACE_WRAPPER"
                | "RUSTC_LINKER"
                | "CARGO_BUILD_TARGET"
                | "CARGO_TARGET_DIR"
        );
        if host_only || ["CARGO_FEATURE_", "CARGO_CFG_", "CARGO_PROFILE_", "DEP_"].iter().any(|p| text.starts_with(p)) {
            build.env_remove(&name);
        }
    }
    build.env("RUSTC", &toolchain.rustc);
    if toolchain.std_from_source {
        build.arg("-Zbuild-std=std,panic_abort").env("RUSTC_BOOTSTRAP", "1");
    }
    if let Some(linker) = toolchain.linker {
        build.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    let status = build.status().map_err(|error| format!("{}: {error}", toolchain.cargo.display()))?;
    if !status.success() {
        return Err("the browser's half of the portal (app/, feature `hydrate`) did not build: see above".into());
    }
    Ok(target_dir.join(TARGET).join(profile).join("portico_app.wasm"))
}

/// A cargo and rustc that can compile for the browser.
struct Toolchain {
    cargo: PathBuf,
    rustc: PathBuf,
    /// std for wasm is compiled along, where only its source is installed.
    std_from_source: bool,
    linker: Option<PathBuf>,
}

impl Toolchain {
    /// The one in use when it has the target; else one that carries std's source: its own, or Debian's `rustc-web`.
    fn find() -> Outcome<Self> {
        let own = (variable("CARGO")?, variable("RUSTC")?);
        let lib = ask(&own.1, &["--print", "target-libdir", "--target", TARGET]).unwrap_or_default();
        let is_std = |file: io::Result<fs::DirEntry>| {
            file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
        };
        if fs::read_dir(lib).is_ok_and(|mut files| files.any(is_std)) {
            return Ok(Self { cargo: own.0, rustc: own.1, std_from_source: false, linker: None });
        }
        let debian = (PathBuf::from("/usr/bin/cargo"), PathBuf::from("/usr/bin/rustc"));
        for (cargo, rustc) in [own.clone(), debian] {
            let Some(sysroot) = ask(&rustc, &["--print", "sysroot"]) else { continue };
            if cargo.is_file() && Path::new(&sysroot).join("lib/rustlib/src/rust/library/Cargo.lock").is_file() {
                // Debian's has no rust-lld, and the system's lld may be older than what this rustc emits.
                let linker = if rust_lld(&rustc)?.is_some() { None } else { rust_lld(&own.1)? };
                return Ok(Self { cargo, rustc, std_from_source: true, linker });
            }
        }
        Err(format!(
            "The browser's half of the portal needs Rust's {TARGET} target. One of these brings it:\n\n    \
             make setup\n    rustup target add {TARGET}\n\n\
             PORTICO_SKIP_WASM=1 builds a server whose pages do without it."
        )
        .into())
    }
}

fn rust_lld(rustc: &Path) -> Outcome<Option<PathBuf>> {
    let host = env::var("HOST")?;
    Ok(ask(rustc, &["--print", "sysroot"])
        .map(|sysroot| Path::new(&sysroot).join("lib/rustlib").join(host).join("bin/rust-lld"))
        .filter(|lld| lld.is_file()))
}

fn ask(program: &Path, arguments: &[&str]) -> Option<String> {
    let answer = Command::new(program).args(arguments).output().ok().filter(|answer| answer.status.success())?;
    Some(String::from_utf8(answer.stdout).ok()?.trim().to_owned())
}

/// `style/index.css` with each import replaced by its file, comments and indentation left out.
fn stylesheet(style: &Path) -> Outcome<String> {
    let mut whole = String::new();
    for line in fs::read_to_string(style.join("index.css"))?.lines() {
        match line.strip_prefix("@import url(\"").and_then(|rest| rest.strip_suffix("\");")) {
            Some(file) => whole.push_str(&fs::read_to_string(style.join(file))?),
            None => whole.push_str(line),
        }
        whole.push('\n');
    }
    let mut bare = String::with_capacity(whole.len());
    let mut rest = whole.as_str();
    while let Some((before, comment)) = rest.split_once("/*") {
        bare.push_str(before);
        rest = comment.split_once("*/").ok_or("a comment in style/ does not end")?.1;
    }
    bare.push_str(rest);
    Ok(bare.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"))
}

/// The files of the binary, written out beside a Rust table that includes them.
struct Table {
    out: PathBuf,
    release: bool,
    /// Path and row.
    rows: Vec<(String, String)>,
    /// Digests of what the rows include.
    files: Vec<String>,
}

impl Table {
    fn new(out: PathBuf, release: bool) -> Outcome<Self> {
        fs::create_dir_all(out.join("files"))?;
        Ok(Self { out, release, rows: Vec::new(), files: Vec::new() })
    }

    /// Adds a file under a name that changes with its content; answers its path.
    fn add_hashed(&mut self, name: &str, extension: &str, bytes: Vec<u8>) -> Outcome<String> {
        let path = format!("/pkg/{name}-{}.{extension}", digest(&bytes));
        self.add(&path, bytes, FOR_EVER)?;
        Ok(path)
    }

    fn add_folder(&mut self, path: &str, folder: &Path, caching: &str) -> Outcome<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = format!("{path}/{}", entry.file_name().display());
            if entry.file_type()?.is_dir() {
                self.add_folder(&path, &entry.path(), caching)?;
            } else {
                self.add(&path, fs::read(entry.path())?, caching)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &str, bytes: Vec<u8>, caching: &str) -> Outcome<()> {
        let extension = Path::new(path).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let content_type = match extension {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "png" => "image/png",
            "svg" => "image/svg+xml",
            "wasm" => "application/wasm",
            "woff2" => "font/woff2",
            _ => return Err(format!("{path}: say in server/build.rs which content type .{extension} has").into()),
        };
        let etag = digest(&bytes);
        let file = self.out.join("files").join(&etag);
        let brotli = file.with_extension("br");
        // A page's first visit pays for every byte; woff2 is compressed already. In a dev build nothing is worth the wait.
        let compressed = self.release && extension != "woff2";
        if compressed && !brotli.is_file() {
            let mut small = Vec::new();
            let settings = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
            brotli::BrotliCompress(&mut bytes.as_slice(), &mut small, &settings)?;
            fs::write(&brotli, small)?;
        }
        fs::write(&file, bytes)?;
        let twin = if compressed { format!("Some(include_bytes!(\"files/{etag}.br\"))") } else { "None".to_owned() };
        let row = format!(
            "Asset {{ path: {path:?}, content_type: {content_type:?}, caching: {caching:?}, etag: \"\\\"{etag}\\\"\", \
             bytes: include_bytes!(\"files/{etag}\"), brotli: {twin} }},"
        );
        self.rows.push((path.to_owned(), row));
        self.files.push(etag);
        Ok(())
    }

    /// Earlier builds' files would pile up, a module of some megabytes with every edit.
    fn remove_stale(&self) -> Outcome<()> {
        for file in fs::read_dir(self.out.join("files"))? {
            let file = file?.path();
            if file.file_stem().is_none_or(|name| !self.files.iter().any(|kept| name == kept.as_str())) {
                fs::remove_file(file)?;
            }
        }
        Ok(())
    }

    fn write(mut self, names: &[(&str, &str)]) -> Outcome<()> {
        self.remove_stale()?;
        self.rows.sort();
        let mut source = String::new();
        for (name, value) in names {
            writeln!(source, "pub(crate) const {name}: &str = {value:?};")?;
        }
        writeln!(source, "static ASSETS: &[Asset] = &[")?;
        for (_, row) in &self.rows {
            writeln!(source, "    {row}")?;
        }
        writeln!(source, "];")?;
        Ok(fs::write(self.out.join("assets.rs"), source)?)
    }
}

fn variable(name: &str) -> Outcome<PathBuf> {
    Ok(env::var_os(name).ok_or_else(|| format!("cargo did not set {name}"))?.into())
}

/// FNV-1a, 64 bits: tells two builds of our own files apart; nobody hostile chooses them.
fn digest(bytes: &[u8]) -> String {
    let sum = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{sum:016x}")
}
