//! `portico doctor`: looks at everything a start needs, changes nothing, and says how to mend what is wrong.
use crate::{
    secret,
    settings::{SettingFlags, Settings},
};
use portico_domain::{Clock as _, SystemClock, Timestamp};
use portico_store::Store;
use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::ExitCode,
    time::Duration,
};

/// No clock that is right shows a time before this program was written.
const WRITTEN: &str = "2026-11-01T00:00:00Z";
/// Below this much free space a database soon stops taking writes.
const LITTLE_SPACE: u64 = 512 * 1024 * 1024;

/// Certificates that end within this time should have been renewed already.
const SOON: Duration = Duration::from_hours(14 * 24);

/// What was found, line by line.
#[derive(Default)]
struct Report {
    problems: u32,
}

impl Report {
    /// `Ok`: how it is. `Err`: what is wrong, and how to mend it.
    fn say(&mut self, part: &str, found: Result<String, String>) {
        let (sign, text) = match found {
            Ok(text) => ("ok     ", text),
            Err(text) => {
                self.problems += 1;
                ("problem", text)
            }
        };
        // Whoever closed standard output has read enough.
        let _ = writeln!(std::io::stdout(), "{sign}  {part:<10}  {}", text.replace('\n', "\n                     "));
    }
}

pub(super) async fn run(flags: &SettingFlags) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    match Settings::of_process(flags) {
        Ok(settings) => {
            report.say("settings", Ok(describe(&settings)));
            examine(&settings, &mut report).await;
        }
        Err(error) => report.say("settings", Err(error.to_string())),
    }
    Ok(if report.problems == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn examine(settings: &Settings, report: &mut Report) {
    report.say("data", data_dir(&settings.data_dir));
    let mut last_change = None;
    let mut store = None;
    if let Some(file) = sqlite_file(&settings.database_url)
        && !file.exists()
    {
        report.say("database", Ok(format!("{} will be made at the first start", file.display())));
    } else {
        match Store::open(&settings.database_url).await {
            Ok(opened) => {
                report.say("database", migrations(&opened).await);
                last_change = newest(&opened).await;
                store = Some(opened);
            }
            Err(error) => report.say("database", Err(error.to_string())),
        }
    }
    let found = secret::inspect(&settings.secret_file, store.as_ref()).await;
    report.say("secret", found.map_err(|error| format!("{error:#}")));
    report.say("clock", clock(SystemClock.now(), last_change));
    report.say("disk", space(&settings.data_dir));
    if let Some(directory) = &settings.gateway_tls_dir {
        report.say("tls", certificates(directory, SystemClock.now()));
    }
    let running = is_running(settings.ops_listen);
    for (part, setting, address) in [
        ("portal", "PORTICO_PORTAL_LISTEN", settings.portal_listen),
        ("gateway", "PORTICO_GATEWAY_LISTEN", settings.gateway_listen),
        ("operations", "PORTICO_OPS_LISTEN", settings.ops_listen),
    ] {
        report.say(part, listener(address, setting, running));
    }
    if let Some(store) = store {
        store.close().await;
    }
}

/// What was set, and where; defaults go without saying.
fn describe(settings: &Settings) -> String {
    let set = settings.list().iter().filter(|listed| listed.origin.as_str() != "default");
    let set: Vec<_> = set.map(|listed| format!("{} = {} ({})", listed.name, listed.value, listed.origin)).collect();
    if set.is_empty() { "all defaults".to_owned() } else { set.join("\n") }
}

fn data_dir(path: &Path) -> Result<String, String> {
    let place = path.display();
    match std::fs::metadata(path) {
        Ok(found) if !found.is_dir() => Err(format!("{place} is not a directory: set PORTICO_DATA_DIR to one")),
        Ok(found) if found.permissions().readonly() => {
            Err(format!("{place} cannot be written: give this user the right, or set PORTICO_DATA_DIR"))
        }
        Ok(found) => {
            use std::os::unix::fs::PermissionsExt as _;
            if found.permissions().mode() & 0o077 != 0 {
                return Err(format!("{place} is open to other users of this machine: chmod 700 {place}"));
            }
            Ok(place.to_string())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(format!("{place} will be made at the first start")),
        Err(error) => Err(format!("{place} cannot be looked into: {error}")),
    }
}

/// The file behind an SQLite URL.
fn sqlite_file(url: &str) -> Option<&Path> {
    let path = url.strip_prefix("sqlite://")?;
    Some(Path::new(path.split('?').next().unwrap_or(path)))
}

async fn migrations(store: &Store) -> Result<String, String> {
    let pending = store.pending_migrations().await.map_err(|error| error.to_string())?;
    if pending.is_empty() {
        return Ok("answers, up to date".to_owned());
    }
    Ok(format!("answers; the next start, or portico migrate, will apply {}", pending.join(", ")))
}

/// When the database was last changed; `None` where that cannot be told.
async fn newest(store: &Store) -> Option<Timestamp> {
    let last = store.last_change().await.ok()?;
    let changes = store.changes_after(last.checked_sub(1)?, 1).await.ok()?;
    changes.first().map(|change| change.at)
}

fn clock(now: Timestamp, last_change: Option<Timestamp>) -> Result<String, String> {
    let mend = "set the clock, and let it be kept right, e.g. by systemd-timesyncd or chrony";
    if Timestamp::parse(WRITTEN).is_some_and(|written| now < written) {
        return Err(format!("it says {now}, which is past: {mend}"));
    }
    match last_change {
        Some(last) if now.plus(Duration::from_mins(1)) < last => {
            Err(format!("it says {now}, but the database was changed at {last}: {mend}"))
        }
        _ => Ok(now.to_string()),
    }
}

/// Free space where the data directory is, or will be.
fn space(path: &Path) -> Result<String, String> {
    let there = path.ancestors().find(|ancestor| ancestor.exists()).filter(|ancestor| !ancestor.as_os_str().is_empty());
    let place = there.unwrap_or(Path::new("."));
    let found = rustix::fs::statvfs(place).map_err(|error| format!("{}: {error}", place.display()))?;
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let text = format!("{} MiB free for {}", free / (1024 * 1024), path.display());
    if free < LITTLE_SPACE {
        Err(format!("{text}: make room, or set PORTICO_DATA_DIR to another disk"))
    } else {
        Ok(text)
    }
}

/// The gateway's certificates: all can be served, and none ends soon.
fn certificates(directory: &Path, now: Timestamp) -> Result<String, String> {
    let expiries = portico_gateway::certificate_expiries(directory, now).map_err(|error| error.to_string())?;
    let soon = expiries.iter().filter(|expiry| expiry.at < now.plus(SOON));
    let soon: Vec<_> = soon.map(|expiry| format!("{} expires at {}: renew it", expiry.name, expiry.at)).collect();
    if !soon.is_empty() {
        return Err(soon.join("\n"));
    }
    let all: Vec<_> = expiries.iter().map(|expiry| format!("{} until {}", expiry.name, expiry.at)).collect();
    Ok(all.join("\n"))
}

/// Whether Portico answers there already.
fn is_running(operations: SocketAddr) -> bool {
    let ask = || {
        let wait = Duration::from_secs(1);
        let mut stream = TcpStream::connect_timeout(&operations, wait)?;
        stream.set_read_timeout(Some(wait))?;
        stream.write_all(b"GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        Ok::<_, std::io::Error>(&answer == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

fn listener(address: SocketAddr, setting: &str, running: bool) -> Result<String, String> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(format!("{address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse && running => Ok(format!("{address}: Portico is running")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            Err(format!("{address} is used by another program: stop it, or set {setting}"))
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Err(format!("{address} may not be used by this user: take a port above 1023 with {setting}"))
        }
        Err(error) => Err(format!("{address} cannot be listened on ({error}): correct {setting}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_a_problem_unless_portico_has_it() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        assert!(listener(address, "PORTICO_OPS_LISTEN", false).unwrap_err().contains("set PORTICO_OPS_LISTEN"));
        assert!(listener(address, "PORTICO_OPS_LISTEN", true).is_ok());
        drop(taken);
        assert!(!is_running(address));
    }

    #[test]
    fn a_clock_that_went_back_is_noticed() {
        let at = |text| Timestamp::parse(text).unwrap();
        assert!(clock(at("2001-01-01T00:00:00Z"), None).is_err());
        assert!(clock(at("2026-12-01T00:00:00Z"), Some(at("2026-12-02T00:00:00Z"))).is_err());
        assert!(clock(at("2026-12-01T00:00:00Z"), Some(at("2026-12-01T00:00:30Z"))).is_ok());
    }

    #[test]
    fn sqlite_files_are_found_in_their_urls() {
        assert_eq!(sqlite_file("sqlite://./data/portico.db?mode=rwc"), Some(Path::new("./data/portico.db")));
        assert_eq!(sqlite_file("postgres://db/portico"), None);
    }
}
