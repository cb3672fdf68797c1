//! How the samples of each language are run. A tool that is missing is told and its language skipped.
use portico_samples::Language;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A sample to run: a name that is good for files and packages, and its code.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) code: String,
}

impl Case {
    /// `json-text` as `sample_json_text`: a word that no library and no file beside it has.
    fn word(&self) -> String {
        format!("sample_{}", self.name.replace('-', "_"))
    }
}

/// Whether a tool is there, asked by running it.
fn has(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// `Err` names what is missing.
pub(crate) fn prepare(language: Language, cases: &[Case], folder: &Path) -> Result<Vec<Command>, &'static str> {
    let script = |ending: &str, program: &'static str| -> Vec<Command> {
        let run = |case: &Case| {
            let file = folder.join(format!("{}.{ending}", case.word()));
            fs::write(&file, &case.code).unwrap();
            let mut command = Command::new(program);
            command.arg(file);
            command
        };
        cases.iter().map(run).collect()
    };
    let there = |has: bool, what: &'static str| if has { Ok(()) } else { Err(what) };
    let commands = match language {
        Language::Curl => {
            there(has("curl", &["--version"]) && has("bash", &["--version"]), "curl and bash")?;
            script("sh", "bash")
        }
        Language::JavaScript => {
            there(has("node", &["-e", "if (!globalThis.fetch) process.exit(1)"]), "node 18")?;
            script("mjs", "node")
        }
        Language::Requests => {
            there(has("python3", &["-c", "import requests"]), "python3 with requests")?;
            script("py", "python3")
        }
        Language::Httpx => {
            there(has("python3", &["-c", "import httpx"]), "python3 with httpx")?;
            script("py", "python3")
        }
        Language::Php => {
            there(has("php", &["-r", "exit(function_exists('curl_init') ? 0 : 1);"]), "php with curl")?;
            script("php", "php")
        }
        Language::Ruby => {
            there(has("ruby", &["--version"]), "ruby")?;
            script("rb", "ruby")
        }
        Language::PowerShell => {
            there(has("pwsh", &["-Version"]), "pwsh")?;
            script("ps1", "pwsh")
        }
        Language::Go => {
            there(has("go", &["version"]), "go")?;
            go(cases, folder)
        }
        Language::Java => {
            there(has("javac", &["--version"]) && has("java", &["--version"]), "a JDK")?;
            java(cases, folder)
        }
        Language::Kotlin => {
            there(has("kotlinc", &["-version"]) && has("java", &["--version"]), "kotlinc and java")?;
            kotlin(cases, folder)
        }
        Language::CSharp => csharp(cases, folder)?,
        Language::Swift => {
            there(has("swiftc", &["--version"]), "swiftc")?;
            swift(cases, folder)
        }
        Language::Rust => return Err("reqwest, compiled"),
    };
    Ok(commands)
}

fn succeeds(command: &mut Command) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}\n{stdout}{stderr}");
}

/// One folder and one program a case, built together.
fn go(cases: &[Case], folder: &Path) -> Vec<Command> {
    fs::write(folder.join("go.mod"), "module samples\n\ngo 1.18\n").unwrap();
    let out = folder.join("bin");
    fs::create_dir_all(&out).unwrap();
    for case in cases {
        let at = folder.join(case.word());
        fs::create_dir_all(&at).unwrap();
        fs::write(at.join("main.go"), &case.code).unwrap();
    }
    let mut build = Command::new("go");
    succeeds(
        build
            .current_dir(folder)
            .env("GOFLAGS", "-mod=mod")
            .env("CGO_ENABLED", "0")
            .arg("build")
            .arg("-o")
            .arg(&out)
            .arg("./..."),
    );
    cases.iter().map(|case| Command::new(out.join(case.word()))).collect()
}

/// Classes of one name live in packages of their own.
fn java(cases: &[Case], folder: &Path) -> Vec<Command> {
    let out = folder.join("classes");
    let sources = cases.iter().map(|case| {
        let at = folder.join(format!("p_{}", case.word()));
        fs::create_dir_all(&at).unwrap();
        fs::write(at.join("Sample.java"), format!("package p_{};\n{}", case.word(), case.code)).unwrap();
        at.join("Sample.java")
    });
    let sources: Vec<PathBuf> = sources.collect();
    succeeds(Command::new("javac").args(["-encoding", "UTF-8", "-d"]).arg(&out).args(&sources));
    let run = |case: &Case| {
        let mut command = Command::new("java");
        command.arg("-cp").arg(&out).arg(format!("p_{}.Sample", case.word()));
        command
    };
    cases.iter().map(run).collect()
}

fn kotlin(cases: &[Case], folder: &Path) -> Vec<Command> {
    let out = folder.join("samples.jar");
    let sources = cases.iter().map(|case| {
        let file = folder.join(format!("{}.kt", case.word()));
        fs::write(&file, format!("package p_{}\n{}", case.word(), case.code)).unwrap();
        file
    });
    let sources: Vec<PathBuf> = sources.collect();
    succeeds(
        Command::new("kotlinc").args(&sources).args(["-jvm-target", "1.8", "-include-runtime"]).arg("-d").arg(&out),
    );
    let run = |case: &Case| {
        // kotlinc names a file's class after it: `json_text.kt` holds `Json_textKt`.
        let (first, rest) = (case.word()[..1].to_uppercase(), case.word()[1..].to_owned());
        let mut command = Command::new("java");
        command.arg("-cp").arg(&out).arg(format!("p_{}.{first}{rest}Kt", case.word()));
        command
    };
    cases.iter().map(run).collect()
}

/// Mono's compiler knows no statements outside of a method, so they get one; its runtime has the same HttpClient.
fn csharp(cases: &[Case], folder: &Path) -> Result<Vec<Command>, &'static str> {
    if !(has("mcs", &["--version"]) && has("mono", &["--version"])) {
        return Err("mcs and mono");
    }
    let run = |case: &Case| {
        let (usings, statements): (Vec<&str>, Vec<&str>) =
            case.code.split_inclusive('\n').partition(|line| line.starts_with("using "));
        let source = folder.join(format!("{}.cs", case.word()));
        let (usings, statements) = (usings.concat(), statements.concat());
        fs::write(&source, format!("{usings}using System.Threading.Tasks;\nclass Program\n{{\nstatic void Main() {{ Run().Wait(); }}\nstatic async Task Run()\n{{\n{statements}}}\n}}\n")).unwrap();
        let program = folder.join(format!("{}.exe", case.word()));
        succeeds(Command::new("mcs").arg(format!("-out:{}", program.display())).arg("-r:System.Net.Http").arg(source));
        let mut command = Command::new("mono");
        command.arg(program);
        command
    };
    Ok(cases.iter().map(run).collect())
}

/// Statements outside of a function may stand in `main.swift` alone.
fn swift(cases: &[Case], folder: &Path) -> Vec<Command> {
    let run = |case: &Case| {
        let at = folder.join(case.word());
        fs::create_dir_all(&at).unwrap();
        let linux = "import Foundation\n#if canImport(FoundationNetworking)\nimport FoundationNetworking\n#endif\n";
        fs::write(at.join("main.swift"), case.code.replacen("import Foundation\n", linux, 1)).unwrap();
        let program = at.join("program");
        succeeds(Command::new("swiftc").arg(at.join("main.swift")).arg("-o").arg(&program));
        Command::new(program)
    };
    cases.iter().map(run).collect()
}
