//! The command line.
//!
//! Each command is one file below with its arguments and `run`; one more is one more file, one more variant of
//! [`Command`] and its line in [`Command::run`]. What a program may read goes to standard output, everything for people
//! to standard error.

mod account;
mod check;
mod doctor;
mod key;
mod migrate;
mod token;

use crate::{
    house, logging,
    settings::{LogFormat, Scheme, SettingFlags, Settings, public_url_of},
};
use anyhow::Context as _;
use clap::{Parser, Subcommand};
use portico_control::Control;
use std::{
    io::{self, Write as _},
    process::ExitCode,
    sync::Arc,
};

/// A developer portal with an API gateway inside.
#[derive(Parser)]
#[command(name = "portico", version, after_help = EXIT_CODES, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    settings: SettingFlags,
    #[command(subcommand)]
    command: Option<Command>,
}

const EXIT_CODES: &str = "Exit codes: 0 done; 1 not done, standard error says why; 2 the command line or the settings \
                          are wrong. `portico check` has its own.";
/// The command line or the settings are wrong; clap's own code too.
const USAGE: u8 = 2;

#[derive(Subcommand)]
enum Command {
    /// Run portal, gateway and operations listener until SIGTERM or SIGINT (the default)
    Serve,
    /// Make accounts
    #[command(subcommand)]
    Account(account::Command),
    /// Make tokens for the management API
    #[command(subcommand)]
    Token(token::Command),
    /// Say what is wrong with an OpenAPI document
    Check(check::Arguments),
    /// Bring keys from elsewhere
    #[command(subcommand)]
    Key(key::Command),
    /// Bring the database up to date
    Migrate,
    /// Check settings, database, secret, clock, disk and listeners, and say what is wrong
    Doctor,
    /// Print the management API's OpenAPI document
    Openapi,
}

/// Reads the command line and does what it says.
pub(crate) fn run() -> ExitCode {
    let Cli { settings: flags, command } = Cli::parse();
    let outcome = command.unwrap_or(Command::Serve).run(&flags);
    outcome.unwrap_or_else(|error| {
        let usage = error.downcast_ref::<crate::settings::SettingsError>().is_some();
        for line in format!("{error:#}").lines() {
            eprintln!("portico: {line}");
        }
        if usage { USAGE.into() } else { ExitCode::FAILURE }
    })
}

impl Command {
    fn run(self, flags: &SettingFlags) -> anyhow::Result<ExitCode> {
        let settings = || Settings::of_process(flags);
        match self {
            Self::Serve => serve(settings()?),
            Self::Account(command) => wait_for(command.run(&settings()?)),
            Self::Token(command) => wait_for(command.run(&settings()?)),
            Self::Check(arguments) => arguments.run(),
            Self::Key(command) => wait_for(command.run(&settings()?)),
            Self::Migrate => wait_for(migrate::run(&settings()?)),
            Self::Doctor => wait_for(doctor::run(flags)),
            Self::Openapi => print(portico_management::openapi_json()),
        }
    }
}

/// Portal, database and rendering share these threads; the gateway has its own.
fn serve(settings: Settings) -> anyhow::Result<ExitCode> {
    logging::start(&settings.log, settings.log_format);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().on_thread_start(stand_back).build();
    runtime.context("the runtime cannot be started")?.block_on(crate::serve::serve(settings))?;
    Ok(ExitCode::SUCCESS)
}

/// Lets the gateway's threads go before the calling one where processors are scarce: pages and the writing down of counts can
/// wait some milliseconds, calls cannot.
fn stand_back() {
    // Linux has a priority for each thread. Where this is not allowed, nothing but that order is lost.
    let _ = rustix::process::nice(5);
}

/// Runs a command to its end; none of them needs more than this thread.
fn wait_for(command: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    logging::start("warn", LogFormat::Text);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("the runtime cannot be started")?.block_on(command)
}

/// The use cases, without a gateway: a server that runs beside takes every change over within a second.
async fn control(settings: &Settings) -> anyhow::Result<Arc<Control>> {
    let foundation = house::found(settings).await?;
    let urls = (
        settings
            .portal_public_url
            .clone()
            .map_or_else(|| public_url_of(Scheme::Http, settings.portal_listen).parse(), Ok)?,
        settings
            .gateway_public_url
            .clone()
            .map_or_else(|| public_url_of(settings.gateway_scheme(), settings.gateway_listen).parse(), Ok)?,
    );
    house::build(settings, &foundation, None, urls)
}

/// Writes to standard output. Whoever closed it early has read enough.
fn print(text: &str) -> anyhow::Result<ExitCode> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("standard output cannot be written")
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// A file's bytes; `-` is standard input. Reading ends behind `limit`, so that nothing endless is taken in.
fn read_file(file: &str, limit: u64) -> anyhow::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let outcome = match file {
        "-" => io::stdin().lock().take(limit + 1).read_to_end(&mut bytes),
        path => std::fs::File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes)),
    };
    outcome.with_context(|| format!("{file} cannot be read"))?;
    anyhow::ensure!(bytes.len() as u64 <= limit, "{file} is too large: at most {} MiB", limit / (1024 * 1024));
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_calls_of_the_manual_are_understood() {
        for call in [
            "portico",
            "portico serve --portal-listen 127.0.0.1:0",
            "portico --data-dir /srv/portico serve",
            "portico account create --email a@example.org --role admin --name Ada --password-stdin",
            "portico token create --email a@example.org --name ci --expires 90d",
            "portico check - --format sarif",
            "portico key import keys.csv --app 0193a1b2c3d47e5f8a9b0c1d2e3f4a5b",
            "portico migrate",
            "portico doctor",
            "portico openapi",
        ] {
            assert!(Cli::try_parse_from(call.split(' ')).is_ok(), "{call}");
        }
        for call in [
            "portico account create --email a@example.org --role admin",
            "portico account create --email a@example.org --role king --password-stdin",
            "portico token create --email a@example.org --name ci --expires soon",
            "portico check",
            "portico check a.yaml --format html",
        ] {
            assert!(Cli::try_parse_from(call.split(' ')).is_err(), "{call}");
        }
    }
}
