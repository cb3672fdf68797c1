//! `portico token create`
use super::{control, print};
use crate::settings::Settings;
use clap::{Args, Subcommand};
use portico_control::Who;
use portico_domain::EmailAddress;
use std::{process::ExitCode, time::Duration};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print a new token, and nothing else, on standard output; it is shown this once
    Create(Create),
}

#[derive(Args)]
pub(super) struct Create {
    /// Whose token it is: it may do what this account may do
    #[arg(long)]
    email: EmailAddress,
    /// What it is for, e.g. the name of a pipeline
    #[arg(long)]
    name: String,
    /// When it ends, e.g. 90d, 12h or 2w [default: never]
    #[arg(long, value_parser = span)]
    expires: Option<Duration>,
}

impl Command {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<ExitCode> {
        let Self::Create(Create { email, name, expires }) = self;
        let control = control(settings).await?;
        let token = control.create_token(&Who::CommandLine, &email, &name, expires).await?;
        print(&format!("{}\n", token.reveal()))
    }
}

/// A number with a unit: `s`, `m`, `h`, `d`, `w` or `y` (365 days).
fn span(text: &str) -> Result<Duration, String> {
    let wrong = || "a number with s, m, h, d, w or y behind it, e.g. 90d".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        'y' => 365 * 86_400,
        _ => return Err(wrong()),
    };
    let number: u32 =
        text[..text.len() - unit.len_utf8()].parse().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
    let seconds = seconds * u64::from(number);
    // A timestamp ends with the year 9999.
    if seconds > 1_000 * 365 * 86_400 { Err("at most 1000 years".into()) } else { Ok(Duration::from_secs(seconds)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_a_number_and_a_unit() {
        assert_eq!(span("90d"), Ok(Duration::from_hours(90 * 24)));
        assert_eq!(span("1y"), Ok(Duration::from_hours(365 * 24)));
        for wrong in ["", "d", "90", "-1d", "0d", "1.5h", "9é", "90 d", "4000000000y"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
