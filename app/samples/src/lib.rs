//! A call of an API, written out: as a sample in the languages that readers use.
//!
//! [`write`] takes a [`Call`] and a [`Language`] and answers with coloured [`Code`]. It is pure and total, and compiles
//! for the browser, too. Nothing in a call is trusted. [`safe`] first brings it to what every language can say, and then
//! each language quotes what it writes by rules of its own: `source` takes only text that stands in this crate, and
//! everything else goes through `literal` or `json`, which escape.
//!
//! One more language is a file in [`languages`] with its [`writer::Grammar`] and a function, a variant of [`Language`],
//! and a case in `tests/it/`, where samples are run and what arrives is compared with the call.

mod json;
mod languages;
mod multipart;
mod safe;
mod writer;

use portico_contract::{call::Call, reference::Code};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    #[default]
    Curl,
    JavaScript,
    Requests,
    Httpx,
    Go,
    Rust,
    Java,
    CSharp,
    Php,
    Ruby,
    Kotlin,
    Swift,
    PowerShell,
}

impl Language {
    pub const ALL: [Self; 13] = [
        Self::Curl,
        Self::JavaScript,
        Self::Requests,
        Self::Httpx,
        Self::Go,
        Self::Rust,
        Self::Java,
        Self::CSharp,
        Self::Php,
        Self::Ruby,
        Self::Kotlin,
        Self::Swift,
        Self::PowerShell,
    ];

    /// Its name in addresses and cookies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::JavaScript => "javascript",
            Self::Requests => "python-requests",
            Self::Httpx => "python-httpx",
            Self::Go => "go",
            Self::Rust => "rust",
            Self::Java => "java",
            Self::CSharp => "csharp",
            Self::Php => "php",
            Self::Ruby => "ruby",
            Self::Kotlin => "kotlin",
            Self::Swift => "swift",
            Self::PowerShell => "powershell",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.as_str() == text)
    }

    /// For readers; says the library where a language has several.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Curl => "cURL",
            Self::JavaScript => "JavaScript",
            Self::Requests => "Python (requests)",
            Self::Httpx => "Python (httpx)",
            Self::Go => "Go",
            Self::Rust => "Rust (reqwest)",
            Self::Java => "Java",
            Self::CSharp => "C#",
            Self::Php => "PHP",
            Self::Ruby => "Ruby",
            Self::Kotlin => "Kotlin",
            Self::Swift => "Swift",
            Self::PowerShell => "PowerShell",
        }
    }
}

/// A whole program that makes the call and prints the answer.
pub fn write(call: &Call, language: Language) -> Code {
    let call = safe::call(call);
    match language {
        Language::Curl => languages::curl::write(&call),
        Language::JavaScript => languages::javascript::write(&call),
        Language::Requests => languages::python::write(&call, languages::python::Library::Requests),
        Language::Httpx => languages::python::write(&call, languages::python::Library::Httpx),
        Language::Go => languages::go::write(&call),
        Language::Rust => languages::rust::write(&call),
        Language::Java => languages::java::write(&call),
        Language::CSharp => languages::csharp::write(&call),
        Language::Php => languages::php::write(&call),
        Language::Ruby => languages::ruby::write(&call),
        Language::Kotlin => languages::kotlin::write(&call),
        Language::Swift => languages::swift::write(&call),
        Language::PowerShell => languages::powershell::write(&call),
    }
}

/// `{"$env:NAME"}`-like text where a secret is to stand in place of the variable that holds it, in a shell's sample.
pub fn with_secret(mut code: Code, variable: &str, secret: &str) -> Code {
    for (_, text) in &mut code.spans {
        *text = text.replace(&format!("${variable}"), secret);
    }
    code
}
