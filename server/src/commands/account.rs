//! `portico account create`
use super::control;
use crate::settings::Settings;
use anyhow::Context as _;
use clap::{Args, Subcommand};
use portico_control::{NewAccount, Who};
use portico_domain::Role;
use std::{io::BufRead as _, process::ExitCode};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make an account; its e-mail address is taken as verified
    Create(Create),
}

#[derive(Args)]
pub(super) struct Create {
    #[arg(long)]
    email: String,
    /// admin, publisher or developer
    #[arg(long)]
    role: Role,
    /// [default: the e-mail address up to the @]
    #[arg(long)]
    name: Option<String>,
    /// Read the password from the first line of standard input, where no list of processes shows it
    #[arg(long, required = true)]
    password_stdin: bool,
}

impl Command {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<ExitCode> {
        let Self::Create(Create { email, role, name, password_stdin: _ }) = self;
        let mut password = String::new();
        std::io::stdin().lock().read_line(&mut password).context("the password cannot be read from standard input")?;
        let password = password.trim_end_matches(['\r', '\n']).to_owned();
        anyhow::ensure!(!password.is_empty(), "standard input is empty: the password belongs there");

        let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
        let control = control(settings).await?;
        let new = NewAccount { email, name, role, password: Some(password) };
        let account = control.create_account(&Who::CommandLine, new).await?;
        eprintln!("{} is {}.", account.email, article(account.role));
        Ok(ExitCode::SUCCESS)
    }
}

fn article(role: Role) -> &'static str {
    match role {
        Role::Admin => "an admin",
        Role::Publisher => "a publisher",
        Role::Developer => "a developer",
    }
}
