//! `portico key import`
use super::{control, print, read_file};
use crate::settings::Settings;
use clap::{Args, Subcommand};
use portico_control::{Imported, Who};
use portico_domain::AppId;
use std::process::ExitCode;

/// A million lines of 256 bytes.
const LIMIT: u64 = 256 * 1024 * 1024;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Take over keys of 20 to 128 characters from a CSV file with the columns name,key and optionally enabled
    Import(Import),
}

#[derive(Args)]
#[command(after_help = "Only digests are kept. Exit codes: 0 all keys are in; 1 some or all were refused, standard \
                        error says which and why; 2 the command line or the settings are wrong.")]
pub(super) struct Import {
    /// CSV with a header line, as Amazon API Gateway takes it too; - for standard input
    file: String,
    /// Id of the app that the keys will belong to
    #[arg(long, value_name = "ID", value_parser = app)]
    app: AppId,
    /// Import all keys or none
    #[arg(long)]
    atomic: bool,
}

fn app(text: &str) -> Result<AppId, String> {
    text.parse().map_err(|_| "not the id of an app: 32 hexadecimal digits, as the app's address shows them".to_owned())
}

impl Command {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<ExitCode> {
        let Self::Import(Import { file, app, atomic }) = self;
        let csv = read_file(&file, LIMIT)?;
        let control = control(settings).await?;
        let Imported { imported, refused, weak } = control.import_keys(&Who::CommandLine, app, &csv, atomic).await?;
        for (line, message) in &refused {
            eprintln!("{file}:{line}: {message}");
        }
        if weak > 0 {
            eprintln!("portico: warning: {weak} of the keys can be guessed with fewer than 2^128 tries; rotate them");
        }
        let refusals = if refused.is_empty() { String::new() } else { format!(", {} refused", refused.len()) };
        print(&format!("{imported} imported{refusals}\n"))?;
        Ok(if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
