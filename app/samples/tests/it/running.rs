//! Each sample is run, and the request that arrives is compared with the call it was written from.
use super::{
    calls::{self, FILE, SECRET, VARIABLE},
    echo::Echo,
    tools::{self, Case},
};
use portico_contract::call::Body;
use portico_samples::{Language, write};
use std::{fs, io::Write as _};

/// Skips with a word on standard error where a tool is missing, so that a run tells what it did not prove.
fn arrives(language: Language) {
    let echo = Echo::start();
    let base_url = format!("http://{}/base", echo.address);
    let calls = calls::all(&base_url);
    // fetch and URLSession leave a body with GET out; no client of the others is asked to send one.
    let cases: Vec<Case> = calls.iter().map(|(name, call)| Case { name, code: write(call, language).text() }).collect();
    let folder = std::env::temp_dir().join(format!("portico-samples-{}-{}", language.as_str(), std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("file"), FILE).unwrap();
    let commands = match tools::prepare(language, &cases, &folder) {
        Ok(commands) => commands,
        Err(missing) => {
            fs::remove_dir_all(&folder).unwrap();
            // Past the capture of the test's output: a skipped proof must be seen.
            let _ = writeln!(
                std::io::stderr(),
                "skipped: samples in {} are not run, {missing} is not here",
                language.title()
            );
            return;
        }
    };
    let mut wrong = Vec::new();
    for (((name, call), case), mut command) in calls.iter().zip(&cases).zip(commands) {
        let output = command.current_dir(&folder).env(VARIABLE, SECRET).env_remove("HOME").output().unwrap();
        let arrived = echo.take();
        let mut faults: Vec<String> = match &arrived[..] {
            [one] => calls::differences(call, one, language == Language::CSharp),
            others => vec![format!("{} requests", others.len())],
        };
        // A text for JSON that is none has no way but as a text.
        if matches!(&call.body, Some(Body::Json { .. })) && faults.is_empty() && !output.status.success() {
            faults.push("ended with an error".into());
        }
        if !faults.is_empty() {
            let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            wrong.push(format!("--- {name}\n{}\n{out}{err}\n{}", faults.join("\n"), case.code));
        }
    }
    fs::remove_dir_all(&folder).unwrap();
    assert!(wrong.is_empty(), "{} of {} in {}\n{}", wrong.len(), cases.len(), language.title(), wrong.join("\n"));
}

macro_rules! each {
    ($($name:ident: $language:ident,)*) => {
        $(#[test]
        fn $name() {
            arrives(Language::$language);
        })*
    };
}

each! {
    curl_sends_the_call: Curl,
    javascript_sends_the_call: JavaScript,
    python_requests_sends_the_call: Requests,
    python_httpx_sends_the_call: Httpx,
    go_sends_the_call: Go,
    rust_sends_the_call: Rust,
    java_sends_the_call: Java,
    csharp_sends_the_call: CSharp,
    php_sends_the_call: Php,
    ruby_sends_the_call: Ruby,
    kotlin_sends_the_call: Kotlin,
    swift_sends_the_call: Swift,
    powershell_sends_the_call: PowerShell,
}
