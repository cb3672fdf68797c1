//! The log: one stream of events on standard error, as text for people or JSON for machines.
use crate::settings::LogFormat;
use std::io::{self, IsTerminal as _};
use tracing_subscriber::EnvFilter;

/// Sends all events that pass `filter` to standard error, until the process ends.
pub(crate) fn start(filter: &str, format: LogFormat) {
    // The settings refuse what is not a filter.
    let filter = EnvFilter::builder().parse_lossy(filter);
    let events = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        LogFormat::Text => events.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => events.json().flatten_event(true).init(),
    }
}
